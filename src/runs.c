// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Several run files at once, as the commands that read them need them. Stage 4 (model). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run.h"

char *run__identity(const struct run *run)
{
	char *text;

	return asprintf(&text, "%s %s %llu", run->start ? run->start : "",
			run->kernel.boot_id ? run->kernel.boot_id : "",
			(unsigned long long)run->duration_ns) < 0 ?
		       NULL :
		       text;
}

/* What two runs have without being one. */
static bool is_stated(const struct run *run)
{
	return run->start && *run->start && run->kernel.boot_id && *run->kernel.boot_id;
}

/* A sum of an older version, which does not say of what. */
static bool is_silent(const struct run *run)
{
	return run->merged > 1 && !run->parts_n;
}

static int note_part(struct run *into, char *part)
{
	char **v = part ? realloc(into->parts, (into->parts_n + 1) * sizeof(*v)) : NULL;

	if (!v) {
		free(part);
		return -ENOMEM;
	}
	into->parts = v;
	v[into->parts_n++] = part;
	return 0;
}

int run__note_parts(struct run *into, const struct run *from)
{
	if (!into->parts_n && note_part(into, run__identity(into)))
		return -ENOMEM;
	if (!from->parts_n)
		return note_part(into, run__identity(from));
	for (size_t i = 0; i < from->parts_n; i++)
		if (note_part(into, strdup(from->parts[i])))
			return -ENOMEM;
	return 0;
}

/* A recording, and the file that it is in. */
struct part {
	const char *identity;
	size_t file;
};

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->identity, y->identity);

	return order ? order : (x->file > y->file) - (x->file < y->file);
}

static void say_twice(const struct run *runs, char *const *paths, size_t i, size_t j)
{
	if (runs[i].merged <= 1 && runs[j].merged <= 1)
		log_error("'%s' and '%s' are the same recording", paths[i], paths[j]);
	else if (runs[i].merged <= 1 || runs[j].merged <= 1)
		log_error("'%s' is one of the recordings that '%s' is the sum of",
			  paths[runs[i].merged <= 1 ? i : j], paths[runs[i].merged <= 1 ? j : i]);
	else
		log_error("'%s' and '%s' have a recording in common", paths[i], paths[j]);
}

/* All recordings of all files, sorted. Their number, or -ENOMEM; *@own are strings to be freed. */
static ssize_t collect(const struct run *runs, size_t n, struct part **parts, char **own)
{
	size_t all = n, k = 0;

	for (size_t i = 0; i < n; i++)
		all += runs[i].parts_n;
	*parts = calloc(all, sizeof(**parts));
	for (size_t i = 0; *parts && i < n; i++) {
		for (size_t j = 0; j < runs[i].parts_n; j++)
			(*parts)[k++] = (struct part){ runs[i].parts[j], i };
		if (runs[i].parts_n || !is_stated(&runs[i]))
			continue;
		own[i] = run__identity(&runs[i]);
		if (!own[i])
			return -ENOMEM;
		(*parts)[k++] = (struct part){ own[i], i };
	}
	if (!*parts)
		return -ENOMEM;
	qsort(*parts, k, sizeof(**parts), compare_parts);
	return (ssize_t)k;
}

/* What an older version's sum gives away is the start of the first of them. */
static bool silent_twice(const struct run *runs, char *const *paths, size_t n)
{
	bool told = false;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n && is_silent(&runs[i]); j++) {
			if (i == j)
				continue;
			if (is_stated(&runs[i]) && is_stated(&runs[j]) &&
			    !strcmp(runs[i].start, runs[j].start) &&
			    runs[j].duration_ns <= runs[i].duration_ns) {
				say_twice(runs, paths, i, j);
				return true;
			}
			if (!told)
				log_warn("'%s' does not say which %zu recordings it is the sum of: "
					 "another file may be one of them",
					 paths[i], runs[i].merged);
			told = true;
		}
	return false;
}

static bool any_twice(const struct run *runs, char *const *paths, size_t n)
{
	char **own = calloc(n, sizeof(*own));
	struct part *parts = NULL;
	ssize_t k = own ? collect(runs, n, &parts, own) : -ENOMEM;
	bool twice = k < 0;

	if (twice)
		log_error("out of memory");
	for (ssize_t i = 1; i < k && !twice; i++) {
		twice = parts[i - 1].file != parts[i].file &&
			!strcmp(parts[i - 1].identity, parts[i].identity);
		if (twice)
			say_twice(runs, paths, parts[i - 1].file, parts[i].file);
	}
	for (size_t i = 0; own && i < n; i++)
		free(own[i]);
	free(own);
	free(parts);
	return twice || silent_twice(runs, paths, n);
}

struct run *runs__load(char *const *paths, size_t n)
{
	struct run *runs = calloc(n, sizeof(*runs));
	char err[512];

	if (!runs) {
		log_error("out of memory");
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (run__load(&runs[i], paths[i], err, sizeof(err))) {
			log_error("%s", err);
			runs__free(runs, n);
			return NULL;
		}
	if (!any_twice(runs, paths, n))
		return runs;
	runs__free(runs, n);
	return NULL;
}

void runs__free(struct run *runs, size_t n)
{
	for (size_t i = 0; runs && i < n; i++)
		run__free(&runs[i]);
	free(runs);
}
