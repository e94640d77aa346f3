// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Run files on disk: saving whole or not at all, and the layout of the text.
 * Stage: run file.
 */
#include <stdlib.h>
#include <string.h>

#include "base/outfile.h"
#include "model/run_table.h"
#include "model/runfile.h"

#define COLUMNS 100

/* How many values @v has, counted up to @limit: what is small may fit into a line. */
static size_t weight(const json_t *v, size_t limit)
{
	const char *key;
	json_t *member;
	size_t n = 1, i;

	json_array_foreach (v, i, member) {
		if (n >= limit)
			break;
		n += weight(member, limit - n);
	}
	json_object_foreach ((json_t *)v, key, member) {
		if (n >= limit)
			break;
		n += weight(member, limit - n);
	}
	return n;
}

/* The compact text of @v when it is no longer than @room, else NULL. */
static char *one_line(const json_t *v, int room)
{
	char *line;

	if (weight(v, COLUMNS) >= COLUMNS / 2)
		return NULL;
	line = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
	if (line && (int)strlen(line) > room && (json_is_array(v) || json_is_object(v))) {
		free(line);
		line = NULL;
	}
	return line;
}

/* Escaped by jansson but for DEL, which is none of JSON's control characters, and one of a terminal's. */
void runfile__put_line(const char *line, FILE *f)
{
	for (; *line; line++)
		if (*line == 0x7f)
			fputs("\\u007f", f);
		else
			fputc(*line, f);
}

static int put_value(const json_t *v, int depth, int column, FILE *f);

/* As many elements a line as fit: a histogram has dozens of buckets of three numbers each. */
static int put_array(const json_t *array, int depth, FILE *f)
{
	int column = COLUMNS, n;
	json_t *member;
	size_t i;
	char *line;

	fputc('[', f);
	json_array_foreach (array, i, member) {
		line = one_line(member, COLUMNS - depth - 2);
		n = line ? (int)strlen(line) + 1 : COLUMNS;
		if (i)
			fputc(',', f);
		if (column + n > COLUMNS) {
			fprintf(f, "\n%*s", depth + 1, "");
			column = depth + 1;
		}
		column += n;
		if (line)
			runfile__put_line(line, f);
		else if (put_value(member, depth + 1, depth + 1, f))
			return -ENOMEM;
		free(line);
	}
	fputc(']', f);
	return 0;
}

static int put_object(const json_t *object, int depth, FILE *f)
{
	const char *key, *separator = "";
	json_t *member, *name;
	char *text;
	int column, ret;

	fputc('{', f);
	json_object_foreach ((json_t *)object, key, member) {
		name = json_string(key);
		text = name ? json_dumps(name, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;
		json_decref(name);
		if (!text)
			return -ENOMEM;
		fprintf(f, "%s\n%*s", separator, depth + 1, "");
		runfile__put_line(text, f);
		fputc(':', f);
		column = depth + 2 + (int)strlen(text);
		free(text);
		ret = put_value(member, depth + 1, column, f);
		if (ret)
			return ret;
		separator = ",";
	}
	fputc('}', f);
	return 0;
}

/* @depth is the indentation of the line, @column where it has come to. */
static int put_value(const json_t *v, int depth, int column, FILE *f)
{
	char *line = one_line(v, COLUMNS - column - 1);

	if (line) {
		runfile__put_line(line, f);
		free(line);
		return 0;
	}
	if (json_is_array(v))
		return put_array(v, depth, f);
	return json_is_object(v) ? put_object(v, depth, f) : -ENOMEM;
}

int runfile__write(const struct run *run, FILE *f)
{
	json_t *root = runfile__json(run);
	int ret = -ENOMEM;

	if (root)
		ret = put_object(root, 0, f);
	json_decref(root);
	fputc('\n', f);
	return ret;
}

int run__save(const struct run *run, const char *path, char *err, size_t err_size)
{
	struct outfile o;
	int ret;

	ret = outfile__open(&o, path, err, err_size);
	if (ret)
		return ret;
	ret = runfile__write(run, o.f);
	if (ret) {
		outfile__abort(&o);
		snprintf(err, err_size, "cannot write '%s': out of memory", path);
		return ret;
	}
	return outfile__commit(&o, true, err, err_size);
}

int run__writable(const char *path, char *err, size_t err_size)
{
	return outfile__check(path, true, err, err_size);
}

/*
 * A run to the JSON of migtrace-run(5), by the table of its members.
 * Stage: run file. What is written here must be readable by runfile_get.c, whatever the kernel
 * put into a command name and however its counters were caught.
 */

void put__member(struct writer *w, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		w->failed = true;
}

void put__element(struct writer *w, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		w->failed = true;
}

json_t *put__number(struct writer *w, __u64 value)
{
	if (value > RUNFILE_NO_END) {
		w->clamped++;
		value = RUNFILE_NO_END;
	}
	return json_integer((json_int_t)value);
}

/* A task's name and a command's arguments are bytes; what is not UTF-8 becomes \xNN. */
json_t *put__text(const char *s)
{
	json_t *value;
	char *copy, *to;

	s = s ? s : "";
	value = json_string(s);
	if (value)
		return value;
	copy = to = malloc(4 * strlen(s) + 1);
	if (!copy)
		return NULL;
	for (; *s; s++)
		to += (unsigned char)*s < 0x80 ? sprintf(to, "%c", *s) :
						 sprintf(to, "\\x%02x", (unsigned char)*s);
	*to = 0;
	value = json_string(copy);
	free(copy);
	return value;
}

static json_t *texts_json(struct writer *w, char *const *v, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		put__element(w, array, put__text(v[i]));
	return array;
}

static json_t *dev_json(__u32 dev)
{
	char buf[DEV_TEXT];

	return json_string(dev__format(dev, buf, sizeof(buf)));
}

/*
 * Count is the buckets' own sum and min and max lie in them, so that the three can't disagree even
 * when they were read one after the other from a program still running.
 */
static json_t *hist_json(struct writer *w, const struct hist *h)
{
	json_t *object = json_object(), *buckets = json_array(), *bucket;
	__u64 count = 0, min_ns = h->min_ns, max_ns = h->max_ns, end;
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		end = i == HIST_OVERFLOW ? RUNFILE_NO_END : hist_lower(i + 1);
		if (!count && min_ns >= end)
			min_ns = end - 1;
		if (max_ns < hist_lower(i))
			max_ns = hist_lower(i);
		count += h->bucket[i];
		bucket = json_array();
		put__element(w, bucket, put__number(w, hist_lower(i)));
		put__element(w, bucket, put__number(w, end));
		put__element(w, bucket, put__number(w, h->bucket[i]));
		put__element(w, buckets, bucket);
	}
	if (min_ns > max_ns)
		min_ns = max_ns;
	put__member(w, object, "count", put__number(w, count));
	put__member(w, object, "sum_ns", put__number(w, count ? h->sum_ns : 0));
	put__member(w, object, "min_ns", put__number(w, count ? min_ns : 0));
	put__member(w, object, "max_ns", put__number(w, count ? max_ns : 0));
	put__member(w, object, "buckets", buckets);
	return object;
}

static json_t *counters_json(struct writer *w, const struct counters *c)
{
	json_t *object = json_object();

	for (size_t i = 0; i < c->n; i++)
		put__member(w, object, c->v[i].name, put__number(w, c->v[i].value));
	return object;
}

/* Up to the last attempt that was made. */
static json_t *tries_json(struct writer *w, const struct run_tries *t)
{
	json_t *array = json_array(), *o;

	for (unsigned int i = 0; i < TRIES_KEPT && t->tried[i]; i++) {
		o = json_object();
		put__member(w, o, "attempt", json_integer(i + 1));
		put__member(w, o, "tried", put__number(w, t->tried[i]));
		put__member(w, o, "moved", put__number(w, t->moved[i]));
		put__member(w, o, "given_up", put__number(w, run_tries__given_up(t, i)));
		put__element(w, array, o);
	}
	return array;
}

static json_t *value_json(struct writer *w, const struct member *m, const void *base);

static json_t *shape_json(struct writer *w, const struct shape *s, const void *base)
{
	const struct member *m = s->member;
	json_t *o;
	bool there;

	if (!m->key)
		return value_json(w, m, base);
	o = json_object();
	for (; m->type; m++) {
		there = member__is_there(m, base);
		if (there || !(m->flags & HIDDEN))
			put__member(w, o, m->key,
				    there || !(m->flags & NULLS) ? value_json(w, m, base) :
								   json_null());
	}
	return o;
}

static json_t *list_json(struct writer *w, const struct member *m, const void *base)
{
	json_t *array = json_array();

	for (size_t i = 0; i < member__entries(m, base); i++)
		put__element(w, array, shape_json(w, m->of, member__entry(m, base, i)));
	return array;
}

/* Most devices see two sites of ten; and of a site that the run does not know there is nothing to say. */
static bool is_empty(const struct shape *s, const void *base)
{
	for (const struct member *m = s->member; m->type; m++) {
		const void *at = member__at(m, base);

		if ((m->type == M_HIST && ((const struct hist *)at)->count) ||
		    (m->type == M_TEXT && *(char *const *)at) ||
		    (m->type == M_NAMED && member__small(m, at)))
			return false;
	}
	return true;
}

static json_t *by_name_json(struct writer *w, const struct member *m, const void *base)
{
	json_t *o = json_object();

	for (unsigned int i = 0; i < m->names->count; i++) {
		const void *entry = member__entry(m, base, i);

		if (m->names->name(i) && !(m->flags & SPARSE && is_empty(m->of, entry)))
			put__member(w, o, m->names->name(i), shape_json(w, m->of, entry));
	}
	return o;
}

static json_t *devices_json(struct writer *w, const struct member *m, const struct run *run)
{
	json_t *o = json_object();
	char key[DEV_TEXT];

	for (size_t i = 0; i < run->devices_n; i++)
		put__member(w, o, dev__format(run->devices[i].dev, key, sizeof(key)),
			    shape_json(w, m->of, &run->devices[i]));
	return o;
}

static json_t *text_json(const struct member *m, const char *s)
{
	if (!s && m->flags & NULLS && !m->otherwise)
		return json_null();
	return put__text(s ? s : m->otherwise);
}

static json_t *named_json(const struct member *m, const void *at)
{
	const char *name = m->names->name(member__small(m, at));

	return name ? json_string(name) : json_null();
}

static json_t *value_json(struct writer *w, const struct member *m, const void *base)
{
	const void *at = member__at(m, base);
	__s64 i;
	__u64 u;

	switch (m->type) {
	case M_TEXT:
	case M_TIME:
		return text_json(m, *(char *const *)at);
	case M_CHARS:
		return put__text(at);
	case M_TEXTS:
		return texts_json(w, *(char **const *)at, member__entries(m, base));
	case M_COUNT:
		u = m->size == sizeof(__u32) ? *(const __u32 *)at : *(const __u64 *)at;
		return put__number(w, !u && m->flags & ONE ? 1 : u);
	case M_INT:
	case M_MODE:
		i = m->size == sizeof(__s32) ? *(const __s32 *)at : *(const __s64 *)at;
		return m->type == M_MODE && i < 0 ? json_null() : json_integer(i);
	case M_BOOL:
		return json_boolean(*(const bool *)at);
	case M_DEV:
		return dev_json(*(const __u32 *)at);
	case M_NAMED:
		return named_json(m, at);
	case M_HIST:
		return hist_json(w, at);
	case M_COUNTERS:
		return counters_json(w, at);
	case M_OBJECT:
		return shape_json(w, m->of, at);
	case M_LIST:
	case M_ARRAY:
		return list_json(w, m, base);
	case M_BY_NAME:
		return by_name_json(w, m, base);
	case M_DEVICES:
		return devices_json(w, m, base);
	case M_TRIES:
		return tries_json(w, at);
	case M_END:
		break;
	}
	return NULL;
}

json_t *runfile__json(const struct run *run)
{
	struct writer w = { 0 };
	json_t *root = json_object(), *members = shape_json(&w, &run_shape, run);

	put__member(&w, root, "format", json_string(RUN_FORMAT));
	put__member(&w, root, "version", json_integer(RUN_VERSION));
	/* the last member, which counts what became of all others */
	put__member(&w, members, "clamped", put__number(&w, run->clamped + w.clamped));
	if (w.failed || json_object_update(root, members)) {
		json_decref(root);
		root = NULL;
	}
	json_decref(members);
	return root;
}
