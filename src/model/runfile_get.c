// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run out of the JSON of migtrace-run(5), by the table of its members, with errors that name the
 * whole path to the fault. Stage: run file (reading). Nothing here trusts the file.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "model/run_table.h"
#include "model/runfile.h"

static const struct at *root_of(const struct at *at)
{
	while (at->up)
		at = at->up;
	return at;
}

/* Keys come from the file: what is not a plain character must not reach a terminal. */
static size_t put_key(char *buf, size_t size, size_t n, const char *key)
{
	for (; *key && n + 1 < size; key++)
		buf[n++] = *key > ' ' && *key < 0x7f ? *key : '?';
	return n;
}

static size_t put_path(const struct at *at, char *buf, size_t size)
{
	size_t n;

	if (!at->up)
		return 0;
	n = put_path(at->up, buf, size);
	if (at->key) {
		if (n && n + 1 < size)
			buf[n++] = '.';
		n = put_key(buf, size, n, at->key);
	} else if (n < size) {
		n += snprintf(buf + n, size - n, "[%zu]", at->index);
	}
	return n < size ? n : size - 1;
}

void at__path(const struct at *at, char *buf, size_t size)
{
	buf[put_path(at, buf, size)] = 0;
}

int at__fail(const struct at *at, const char *fmt, ...)
{
	const struct at *root = root_of(at);
	char path[200];
	size_t n;
	va_list ap;

	at__path(at, path, sizeof(path));
	n = snprintf(root->err, root->err_size, "%s%s", path, *path ? ": " : "");
	if (n < root->err_size) {
		va_start(ap, fmt);
		vsnprintf(root->err + n, root->err_size - n, fmt, ap);
		va_end(ap);
	}
	return -EINVAL;
}

int at__no_memory(const struct at *at)
{
	at__fail(at, "out of memory");
	return -ENOMEM;
}

static const char *type_name(const json_t *v)
{
	static const char *const names[] = {
		[JSON_OBJECT] = "an object", [JSON_ARRAY] = "a list",	 [JSON_STRING] = "a text",
		[JSON_INTEGER] = "a number", [JSON_REAL] = "a fraction", [JSON_TRUE] = "true",
		[JSON_FALSE] = "false",	     [JSON_NULL] = "null",
	};

	return names[json_typeof(v)];
}

int get__typed(const json_t *v, json_type type, const char *expected, const struct at *at)
{
	if (!v)
		return at__fail(at, "missing");
	if (json_typeof(v) != type)
		return at__fail(at, "%s expected, not %s", expected, type_name(v));
	return 0;
}

static int get_int(const json_t *v, const struct at *at, __s64 *out)
{
	int ret = get__typed(v, JSON_INTEGER, "a whole number", at);

	*out = ret ? 0 : json_integer_value(v);
	return ret;
}

int get__count(const json_t *v, const struct at *at, __u64 *out)
{
	__s64 value;
	int ret = get_int(v, at, &value);

	if (!ret && value < 0)
		ret = at__fail(at, "negative (%lld)", (long long)value);
	*out = ret ? 0 : (__u64)value;
	return ret;
}

static int get_u32(const json_t *v, const struct at *at, __u32 *out)
{
	__u64 value;
	int ret = get__count(v, at, &value);

	if (!ret && value > UINT_MAX)
		ret = at__fail(at, "too large");
	*out = ret ? 0 : (__u32)value;
	return ret;
}

static int get_number(const json_t *v, const struct member *m, const struct at *at, void *out)
{
	__s64 value;
	int ret;

	if (m->type == M_COUNT) {
		ret = m->size == sizeof(__u32) ? get_u32(v, at, out) : get__count(v, at, out);
		return !ret && json_integer_value(v) < (json_int_t)m->least ?
			       at__fail(at, "%lld, but %u is the least", json_integer_value(v),
					m->least) :
			       ret;
	}
	ret = get_int(v, at, &value);
	if (m->size != sizeof(__s32))
		*(__s64 *)out = value;
	else if (!ret && (value < INT_MIN || value > INT_MAX))
		ret = at__fail(at, "%lld is out of range", (long long)value);
	else
		*(__s32 *)out = (__s32)value;
	return ret;
}

static int get_mode(const json_t *v, const struct at *at, __s32 *out)
{
	__u32 value = 0;
	int ret = json_is_null(v) ? 0 : get_u32(v, at, &value);

	*out = json_is_null(v) ? -1 : (__s32)(value & 0xff);
	return ret;
}

static int get_bool(const json_t *v, const struct at *at, bool *out)
{
	if (!json_is_boolean(v))
		return at__fail(at, v ? "true or false expected" : "missing");
	*out = json_is_true(v);
	return 0;
}

/* @words, or what @names has, as "a, b or c". */
static int fail_words(const struct member *m, const struct at *at)
{
	bool null = m->flags & NULLS;
	unsigned int count = 0;
	char list[160] = "";
	size_t n = 0;
	const char *word;

	while (m->names ? count < m->names->count : !!m->words[count])
		count++;
	for (unsigned int i = 0; i < count; i++) {
		word = m->names ? m->names->name(i) : m->words[i];
		if (word && n < sizeof(list))
			n += snprintf(list + n, sizeof(list) - n, "%s%s",
				      !n		      ? "" :
				      i == count - 1 && !null ? " or " :
								", ",
				      word);
	}
	return at__fail(at, "%s%s expected", list, null ? " or null" : "");
}

/* As strftime(3) writes "%Y-%m-%dT%H:%M:%SZ", perhaps with a fraction. In UTC, as sums sort it as text. */
static bool is_time(const char *s)
{
	const char *end;
	struct tm tm;

	end = strptime(s, "%Y-%m-%dT%H:%M:%S", &tm);
	if (!end || end - s != sizeof("2026-01-31T23:59:59") - 1)
		return false;
	if (*end == '.')
		end += 1 + strspn(end + 1, "0123456789");
	return !strcmp(end, "Z");
}

static int check_text(const struct member *m, const struct at *at, const char *s)
{
	const char *const *word = m->words;

	if (m->flags & (KEY | STRICT) && m->least && !*s)
		return at__fail(at, "empty");
	if (m->type == M_TIME && *s && !is_time(s))
		return at__fail(at, "no time such as 2026-01-31T23:59:59Z");
	while (m->flags & STRICT && *s && *word && strcmp(*word, s) != 0)
		word++;
	return m->flags & STRICT && !*word ? fail_words(m, at) : 0;
}

static int get_text(const json_t *v, const struct member *m, const struct at *at, char **out)
{
	int ret = get__typed(v, JSON_STRING, "a text", at);

	if (ret)
		return ret;
	*out = strdup(json_string_value(v));
	return *out ? check_text(m, at, *out) : at__no_memory(at);
}

static int get_chars(const json_t *v, const struct member *m, const struct at *at, char *out)
{
	int ret = get__typed(v, JSON_STRING, "a text", at);

	if (!ret)
		snprintf(out, m->size, "%s", json_string_value(v));
	return ret;
}

static int get_dev(const json_t *v, const struct at *at, __u32 *out)
{
	int ret = get__typed(v, JSON_STRING, "a text", at);

	if (!ret && !dev__parse(json_string_value(v), out))
		ret = at__fail(at, "not MAJOR:MINOR");
	return ret;
}

static int get_named(const json_t *v, const struct member *m, const struct at *at, void *out)
{
	unsigned int i;

	if (!v)
		return at__fail(at, "missing");
	i = json_is_string(v) ? names__find(m->names, json_string_value(v)) : m->names->count;
	if (i == m->names->count && m->names->strict)
		return fail_words(m, at);
	if (i == m->names->count)
		i = m->names->unknown;
	if (m->size == 1)
		*(__u8 *)out = (__u8)i;
	else
		*(unsigned int *)out = i;
	return 0;
}

static int get_texts(const json_t *v, const struct at *at, char ***out, size_t *n)
{
	json_t *text;
	size_t i;
	int ret = get__typed(v, JSON_ARRAY, "a list", at);

	if (ret || !json_array_size(v))
		return ret;
	*out = calloc(json_array_size(v), sizeof(**out));
	if (!*out)
		return at__no_memory(at);
	json_array_foreach (v, i, text) {
		ret = get__typed(text, JSON_STRING, "a text", AT_INDEX(at, i));
		if (ret)
			return ret;
		(*out)[i] = strdup(json_string_value(text));
		if (!(*out)[i])
			return at__no_memory(at);
		++*n;
	}
	return 0;
}

static int get_counters(const json_t *v, const struct at *at, struct counters *out)
{
	const char *name;
	json_t *value;
	int ret = get__typed(v, JSON_OBJECT, "an object", at);

	if (ret)
		return ret;
	if (json_object_size(v) > RUNFILE_MAX_NAMES)
		return at__fail(at, "more than %d", RUNFILE_MAX_NAMES);
	out->v = calloc(json_object_size(v) + 1, sizeof(*out->v));
	if (!out->v)
		return at__no_memory(at);
	json_object_foreach ((json_t *)v, name, value) {
		struct counter *c = &out->v[out->n]; /* keys are unique already */

		ret = get__count(value, AT_KEY(at, name), &c->value);
		if (ret)
			return ret;
		c->name = strdup(name);
		if (!c->name)
			return at__no_memory(at);
		out->n++;
	}
	return 0;
}

static int get_tries(const json_t *v, const struct at *at, struct run_tries *t)
{
	bool seen[TRIES_KEPT] = { false };
	json_t *o;
	size_t i;
	__u64 n;
	int ret = get__typed(v, JSON_ARRAY, "a list", at);

	if (ret)
		return ret;
	json_array_foreach (v, i, o) {
		const struct at *here = AT_INDEX(at, i);

		ret = get__count(json_object_get(o, "attempt"), AT_KEY(here, "attempt"), &n);
		if (!ret && (!n || n > TRIES_KEPT))
			ret = at__fail(here, "attempt 1 to %d expected", TRIES_KEPT);
		if (!ret && seen[n - 1])
			ret = at__fail(here, "attempt %llu once more", (unsigned long long)n);
		if (!ret)
			ret = get__count(json_object_get(o, "tried"), AT_KEY(here, "tried"),
					 &t->tried[n - 1]);
		if (!ret)
			ret = get__count(json_object_get(o, "moved"), AT_KEY(here, "moved"),
					 &t->moved[n - 1]);
		if (!ret && t->moved[n - 1] > t->tried[n - 1])
			ret = at__fail(AT_KEY(here, "moved"), "%llu, but tried is %llu",
				       (unsigned long long)t->moved[n - 1],
				       (unsigned long long)t->tried[n - 1]);
		if (ret)
			return ret;
		seen[n - 1] = true;
	}
	return 0;
}

/* Of @m of @s: is it no larger than what it is a part of? */
static int check_within(const struct shape *s, const struct member *m, const struct at *at,
			const void *base)
{
	const struct member *whole = s->member;
	__u64 part, of;

	if (!m->within || !member__is_there(m, base))
		return 0;
	while (strcmp(whole->key, m->within) != 0)
		whole++;
	part = *(const __u64 *)member__at(m, base);
	of = *(const __u64 *)member__at(whole, base);
	return part <= of ? 0 :
			    at__fail(AT_KEY(at, m->key), "%llu, but %s is %llu",
				     (unsigned long long)part, whole->key, (unsigned long long)of);
}

static int get_value(const json_t *v, const struct member *m, const struct at *at, void *base);

int get__shape(const json_t *v, const struct shape *s, const struct at *at, void *base)
{
	const struct member *m = s->member;
	int ret;

	if (!m->key)
		return get_value(v, m, at, base);
	for (ret = get__typed(v, JSON_OBJECT, "an object", at); m->type && !ret; m++) {
		const json_t *member = json_object_get(v, m->key);

		if (m->flags & UNLESS) {
			if (!member__is_there(m, base))
				continue;
		} else if ((!member && m->flags & (OPTIONAL | HIDDEN)) ||
			   (json_is_null(member) && m->flags & NULLS)) {
			continue;
		}
		if (m->has_size == sizeof(bool))
			*((bool *)base + m->has) = true;
		ret = get_value(member, m, AT_KEY(at, m->key), base);
	}
	for (m = s->member; m->type && !ret; m++)
		ret = check_within(s, m, at, base);
	return ret;
}

static int check_twice(const struct member *m, const struct at *at, const void *base)
{
	size_t n = m->flags & UNIQUE ? member__entries(m, base) : 0;

	for (size_t i = 1; i < n; i++)
		for (size_t k = 0; k < i; k++)
			if (shape__same_keys(m->of, member__entry(m, base, i),
					     member__entry(m, base, k)))
				return at__fail(AT_INDEX(at, i), "is [%zu] once more", k);
	return 0;
}

static int get_list(const json_t *v, const struct member *m, const struct at *at, void *base)
{
	size_t *n = (size_t *)((char *)base + m->n), i;
	json_t *entry;
	int ret = get__typed(v, JSON_ARRAY, "a list", at);

	if (ret || !json_array_size(v))
		return ret;
	if (m->max && json_array_size(v) > m->max)
		return at__fail(at, "more than %zu", m->max);
	if (m->type == M_LIST) {
		void **first = member__at(m, base);

		*first = calloc(json_array_size(v), m->size);
		if (!*first)
			return at__no_memory(at);
	}
	json_array_foreach (v, i, entry) {
		*n = i + 1; /* a half-read entry is freed with the run */
		ret = get__shape(entry, m->of, AT_INDEX(at, i), member__entry(m, base, i));
		if (ret)
			return ret;
	}
	return check_twice(m, at, base);
}

/* Names that are unknown may fall on one that is known, and numbers add up. */
static int get_sum(const json_t *v, const struct at *at, __u64 *sum)
{
	__u64 value;
	int ret = get__count(v, at, &value);

	*sum = add_up(*sum, value);
	return ret;
}

static int get_by_name(const json_t *v, const struct member *m, const struct at *at, void *base)
{
	const char *name;
	json_t *entry;
	int ret = get__typed(v, JSON_OBJECT, "an object", at);

	if (ret)
		return ret;
	json_object_foreach ((json_t *)v, name, entry) {
		const struct at *here = AT_KEY(at, name);
		unsigned int i = names__find(m->names, name);

		if (i == m->names->count)
			i = m->names->unknown;
		if (i == m->names->count)
			continue;
		ret = m->of->member->type == M_COUNT ?
			      get_sum(entry, here, member__entry(m, base, i)) :
			      get__shape(entry, m->of, here, member__entry(m, base, i));
		if (ret)
			return ret;
	}
	return 0;
}

static int get_devices(const json_t *v, const struct member *m, const struct at *at,
		       struct run *run)
{
	struct run_device *d;
	const char *key;
	json_t *device;
	__u32 dev;
	int ret = get__typed(v, JSON_OBJECT, "an object", at);

	if (!ret && json_object_size(v) > m->max)
		ret = at__fail(at, "more than %zu", m->max);
	if (ret)
		return ret;
	json_object_foreach ((json_t *)v, key, device) {
		const struct at *here = AT_KEY(at, key);

		if (!dev__parse(key, &dev))
			return at__fail(here, "not MAJOR:MINOR");
		d = run__device(run, dev);
		if (!d)
			return at__no_memory(at);
		ret = get__shape(device, m->of, here, d);
		if (ret)
			return ret;
	}
	return 0;
}

static int get_value(const json_t *v, const struct member *m, const struct at *at, void *base)
{
	void *out = member__at(m, base);

	switch (m->type) {
	case M_TEXT:
	case M_TIME:
		return get_text(v, m, at, out);
	case M_CHARS:
		return get_chars(v, m, at, out);
	case M_TEXTS:
		return get_texts(v, at, out, (size_t *)((char *)base + m->n));
	case M_COUNT:
	case M_INT:
		return get_number(v, m, at, out);
	case M_MODE:
		return get_mode(v, at, out);
	case M_BOOL:
		return get_bool(v, at, out);
	case M_DEV:
		return get_dev(v, at, out);
	case M_NAMED:
		return get_named(v, m, at, out);
	case M_HIST:
		return get__hist(v, at, out);
	case M_COUNTERS:
		return get_counters(v, at, out);
	case M_OBJECT:
		return get__shape(v, m->of, at, out);
	case M_LIST:
	case M_ARRAY:
		return get_list(v, m, at, base);
	case M_BY_NAME:
		return get_by_name(v, m, at, base);
	case M_DEVICES:
		return get_devices(v, m, at, base);
	case M_TRIES:
		return get_tries(v, at, out);
	case M_END:
		break;
	}
	return -EINVAL;
}
