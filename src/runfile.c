// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Run files on disk: saving whole or not at all, and the layout of the text.
 * Stage: run file.
 */
#include <stdlib.h>
#include <string.h>

#include "outfile.h"
#include "runfile.h"

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
