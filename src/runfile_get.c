// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Typed members of a JSON object, with errors that name the whole path to the fault.
 * Stage: run file (reading). Nothing here trusts the file.
 */
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "runfile.h"

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

int at__fail(const struct at *at, const char *fmt, ...)
{
	const struct at *root = root_of(at);
	char path[200] = "";
	size_t n;
	va_list ap;

	path[put_path(at, path, sizeof(path))] = 0;
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

static int get(const json_t *object, const char *key, json_type type, const char *expected,
	       const struct at *at, json_t **out)
{
	const struct at here = { .up = at, .key = key };

	*out = json_object_get(object, key);
	if (!*out)
		return at__fail(&here, "missing");
	if (json_typeof(*out) != type)
		return at__fail(&here, "%s expected, not %s", expected, type_name(*out));
	return 0;
}

int get__object(const json_t *object, const char *key, const struct at *at, json_t **out)
{
	return get(object, key, JSON_OBJECT, "an object", at, out);
}

int get__array(const json_t *object, const char *key, const struct at *at, json_t **out)
{
	return get(object, key, JSON_ARRAY, "a list", at, out);
}

int get__s64(const json_t *object, const char *key, const struct at *at, __s64 *out)
{
	json_t *v;
	int ret = get(object, key, JSON_INTEGER, "a whole number", at, &v);

	if (!ret)
		*out = json_integer_value(v);
	return ret;
}

int get__u64(const json_t *object, const char *key, const struct at *at, __u64 *out)
{
	__s64 value = 0;
	int ret = get__s64(object, key, at, &value);

	if (ret)
		return ret;
	if (value < 0)
		return at__fail(AT_KEY(at, key), "negative (%lld)", (long long)value);
	*out = (__u64)value;
	return 0;
}

int get__u32(const json_t *object, const char *key, const struct at *at, __u32 *out)
{
	__u64 value = 0;
	int ret = get__u64(object, key, at, &value);

	if (ret)
		return ret;
	if (value > UINT_MAX)
		return at__fail(AT_KEY(at, key), "too large");
	*out = (__u32)value;
	return 0;
}

int get__opt_u64(const json_t *object, const char *key, const struct at *at, __u64 *out)
{
	return json_object_get(object, key) ? get__u64(object, key, at, out) : 0;
}

int get__bool(const json_t *object, const char *key, const struct at *at, bool *out)
{
	const json_t *v = json_object_get(object, key);

	if (!json_is_boolean(v))
		return at__fail(AT_KEY(at, key), v ? "true or false expected" : "missing");
	*out = json_is_true(v);
	return 0;
}

int get__string(const json_t *object, const char *key, const struct at *at, char **out)
{
	json_t *v;
	int ret = get(object, key, JSON_STRING, "a text", at, &v);

	if (ret)
		return ret;
	*out = strdup(json_string_value(v));
	return *out ? 0 : at__no_memory(at);
}

int get__opt_string(const json_t *object, const char *key, const struct at *at, char **out)
{
	const json_t *v = json_object_get(object, key);

	return v && !json_is_null(v) ? get__string(object, key, at, out) : 0;
}

int get__comm(const json_t *object, const char *key, const struct at *at, char *out, size_t size)
{
	json_t *v;
	int ret = get(object, key, JSON_STRING, "a text", at, &v);

	if (!ret)
		snprintf(out, size, "%s", json_string_value(v));
	return ret;
}

int get__dev(const json_t *object, const char *key, const struct at *at, __u32 *out)
{
	json_t *v;
	int ret = get(object, key, JSON_STRING, "a text", at, &v);

	if (!ret && !dev__parse(json_string_value(v), out))
		ret = at__fail(AT_KEY(at, key), "not MAJOR:MINOR");
	return ret;
}

int get__strings(const json_t *object, const char *key, const struct at *at, char ***out, size_t *n)
{
	const struct at here = { .up = at, .key = key };
	json_t *array, *v;
	size_t i;
	int ret = get__array(object, key, at, &array);

	if (ret || !json_array_size(array))
		return ret;
	*out = calloc(json_array_size(array), sizeof(**out));
	if (!*out)
		return at__no_memory(at);
	json_array_foreach (array, i, v) {
		if (!json_is_string(v))
			return at__fail(AT_INDEX(&here, i), "a text expected, not %s",
					type_name(v));
		(*out)[i] = strdup(json_string_value(v));
		if (!(*out)[i])
			return at__no_memory(at);
		++*n;
	}
	return 0;
}

int get__counters(const json_t *object, const char *key, const struct at *at, struct counters *out)
{
	const struct at here = { .up = at, .key = key };
	json_t *counters, *v;
	const char *name;
	__u64 value;
	int ret = get__object(object, key, at, &counters);

	if (ret)
		return ret;
	if (json_object_size(counters) > RUNFILE_MAX_NAMES)
		return at__fail(&here, "more than %d", RUNFILE_MAX_NAMES);
	out->v = calloc(json_object_size(counters) + 1, sizeof(*out->v));
	if (!out->v)
		return at__no_memory(at);
	json_object_foreach (counters, name, v) {
		ret = get__u64(counters, name, &here, &value);
		if (ret)
			return ret;
		/* keys are unique already */
		out->v[out->n].name = strdup(name);
		if (!out->v[out->n].name)
			return at__no_memory(at);
		out->v[out->n++].value = value;
	}
	return 0;
}

int get__list(const json_t *root, const char *key, const struct at *at, size_t size,
	      entry_reader *read, void **v, size_t *n)
{
	const struct at here = { .up = at, .key = key };
	json_t *list, *o;
	size_t i;
	int ret = get__array(root, key, at, &list);

	if (ret || !json_array_size(list))
		return ret;
	*v = calloc(json_array_size(list), size);
	if (!*v)
		return at__no_memory(&here);
	json_array_foreach (list, i, o) {
		if (!json_is_object(o))
			return at__fail(AT_INDEX(&here, i), "an object expected");
		*n = i + 1;
		ret = read(o, AT_INDEX(&here, i), (char *)*v + i * size);
		if (ret)
			return ret;
	}
	return 0;
}
