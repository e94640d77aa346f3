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

/* Scalars, and lists and objects of nothing but scalars: fit for one line. */
static bool is_flat(const json_t *v)
{
	const char *key;
	json_t *member;
	size_t i;

	json_array_foreach (v, i, member)
		if (json_is_array(member) || json_is_object(member))
			return false;
	json_object_foreach ((json_t *)v, key, member)
		if (json_is_array(member) || json_is_object(member))
			return false;
	return true;
}

static int put_value(const json_t *v, int depth, int column, FILE *f);

/* One line's worth; returns its length, or -ENOMEM. */
static int put_flat(const json_t *v, FILE *f)
{
	char *line = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
	int n;

	if (!line)
		return -ENOMEM;
	n = (int)strlen(line);
	fputs(line, f);
	free(line);
	return n;
}

/* As many flat elements a line as fit: a histogram has dozens of buckets of three numbers each. */
static int put_array(const json_t *array, int depth, FILE *f)
{
	int column = COLUMNS, n;
	json_t *member;
	size_t i;
	char *line;

	fputc('[', f);
	json_array_foreach (array, i, member) {
		line = is_flat(member) ? json_dumps(member, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
		n = line ? (int)strlen(line) + 1 : COLUMNS;
		if (i)
			fputc(',', f);
		if (column + n > COLUMNS) {
			fprintf(f, "\n%*s", depth + 1, "");
			column = depth + 1;
		}
		column += n;
		if (line)
			fputs(line, f);
		else if (put_value(member, depth + 1, 0, f) < 0)
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
	int n;

	fputc('{', f);
	json_object_foreach ((json_t *)object, key, member) {
		fprintf(f, "%s\n%*s", separator, depth + 1, "");
		name = json_string(key);
		n = name ? put_flat(name, f) : -ENOMEM;
		json_decref(name);
		if (n < 0)
			return n;
		fputc(':', f);
		if (put_value(member, depth + 1, depth + n + 2, f) < 0)
			return -ENOMEM;
		separator = ",";
	}
	fputc('}', f);
	return 0;
}

static int put_value(const json_t *v, int depth, int column, FILE *f)
{
	char *line;
	bool fits;

	if (is_flat(v)) {
		line = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);
		if (!line)
			return -ENOMEM;
		fits = column + (int)strlen(line) <= COLUMNS;
		if (fits || (!json_is_array(v) && !json_is_object(v))) {
			fputs(line, f);
			free(line);
			return 0;
		}
		free(line);
	}
	return json_is_array(v) ? put_array(v, depth, f) : put_object(v, depth, f);
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
	return outfile__check(path, err, err_size);
}
