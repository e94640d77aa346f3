// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Several run files at once, as the commands that read them need them. Stage 4 (model). */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "model/run_table.h"

/* A recording, and the file that it is in. */
struct part {
	char *identity;
	size_t file;
};

/* What is kept of every file, so that no recording counts twice. */
struct ledger {
	struct {
		char *start; /* NULL: start or boot are not stated, which two may have without being one */
		__u64 duration_ns;
		size_t merged;
		bool silent; /* a sum of an older version, which does not say of what */
	} * file;
	struct part *part;
	size_t parts_n;
	bool full; /* memory is short */
};

static void add_part(struct ledger *l, char *identity, size_t file)
{
	struct part *v = identity ? realloc(l->part, (l->parts_n + 1) * sizeof(*v)) : NULL;

	if (!v) {
		free(identity);
		l->full = true;
		return;
	}
	l->part = v;
	v[l->parts_n++] = (struct part){ identity, file };
}

/* File @i, which is @run. */
static void note(struct ledger *l, const struct run *run, size_t i)
{
	bool stated = run->start && *run->start && run->kernel.boot_id && *run->kernel.boot_id;

	l->file[i].start = stated ? strdup(run->start) : NULL;
	l->file[i].duration_ns = run->duration_ns;
	l->file[i].merged = run->merged;
	l->file[i].silent = run->merged > 1 && !run->parts_n;
	for (size_t k = 0; k < run->parts_n; k++)
		add_part(l, strdup(run->parts[k]), i);
	if (!run->parts_n && stated)
		add_part(l, run__identity(run), i);
}

static void forget(struct ledger *l, size_t n)
{
	for (size_t i = 0; l->file && i < n; i++)
		free(l->file[i].start);
	for (size_t i = 0; i < l->parts_n; i++)
		free(l->part[i].identity);
	free(l->file);
	free(l->part);
}

static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = strcmp(x->identity, y->identity);

	return order ? order : (x->file > y->file) - (x->file < y->file);
}

static void say_twice(const struct ledger *l, char *const *paths, size_t i, size_t j)
{
	bool sum_i = l->file[i].merged > 1, sum_j = l->file[j].merged > 1;

	if (!sum_i && !sum_j)
		log_error("'%s' and '%s' are the same recording", paths[i], paths[j]);
	else if (sum_i && sum_j)
		log_error("'%s' and '%s' have a recording in common", paths[i], paths[j]);
	else
		log_error("'%s' is one of the recordings that '%s' is the sum of",
			  paths[sum_i ? j : i], paths[sum_i ? i : j]);
}

/* What an older version's sum gives away is the start of the first of them. */
static bool silent_twice(const struct ledger *l, char *const *paths, size_t n, size_t i)
{
	for (size_t j = 0; j < n; j++) {
		if (i == j || !l->file[i].start || !l->file[j].start ||
		    strcmp(l->file[i].start, l->file[j].start) != 0 ||
		    l->file[j].duration_ns > l->file[i].duration_ns)
			continue;
		say_twice(l, paths, i, j);
		return true;
	}
	return false;
}

static bool any_twice(struct ledger *l, char *const *paths, size_t n)
{
	bool told = n < 2;

	if (l->full)
		log_error("out of memory");
	else if (l->parts_n)
		qsort(l->part, l->parts_n, sizeof(*l->part), compare_parts);
	for (size_t i = 1; i < l->parts_n && !l->full; i++) {
		const struct part *a = &l->part[i - 1], *b = &l->part[i];

		if (a->file == b->file || strcmp(a->identity, b->identity) != 0)
			continue;
		say_twice(l, paths, a->file, b->file);
		return true;
	}
	for (size_t i = 0; i < n && !l->full; i++) {
		if (!l->file[i].silent)
			continue;
		if (silent_twice(l, paths, n, i))
			return true;
		if (!told)
			log_warn("'%s' does not say which %zu recordings it is the sum of: another "
				 "file may be one of them",
				 paths[i], l->file[i].merged);
		told = true;
	}
	return l->full;
}

static bool load(struct run *run, const char *path, struct ledger *l, size_t i)
{
	char err[512];

	if (run__load_zeroed(run, path, err, sizeof(err))) {
		log_error("%s", err);
		return false;
	}
	note(l, run, i);
	return true;
}

/* The rows of one question have the same @has, and the first of them its name. */
static const struct member *question_of(const struct member *row)
{
	const struct member *m = run_shape.member;

	while (!m->has_size || m->has != row->has)
		m++;
	return m;
}

/* Onto @f: what only one of both was asked for. */
static void name_dropped(const struct run *into, const struct run *from, FILE *f)
{
	const struct member *last = NULL;

	for (const struct member *m = run_shape.member; m->type; m++) {
		if (m->merge != MERGE_AND || (last && m->has == last->has) ||
		    member__is_there(m, into) == member__is_there(m, from))
			continue;
		fprintf(f, "%s%s", last ? ", " : "", question_of(m)->key);
		last = m;
	}
}

static bool merge(struct run *into, const struct run *from, char *const *paths, size_t i)
{
	char dropped[128] = "";
	FILE *f = fmemopen(dropped, sizeof(dropped), "w");
	const char *why;
	int ret;

	if (f) {
		name_dropped(into, from, f);
		fclose(f);
	}
	ret = run__merge(into, from, &why);
	if (!ret && *dropped)
		log_warn("left out of the sum, since not all files up to '%s' have it: %s",
			 paths[i], dropped);
	if (ret == -EINVAL && (into->turns_n || from->turns_n)) {
		log_error("'%s' and '%s' can't be added up: files of bench --cost have no sum",
			  paths[0], paths[i]);
		log_hint("report them one by one");
	} else if (ret == -EINVAL) {
		log_error("'%s' can't be added to '%s': %s differs", paths[i], paths[0], why);
		log_hint(
			"runs are merged when kernel, tier, clocks, device and sites are the same");
	} else if (ret) {
		log_error("'%s' can't be added to '%s': %s", paths[i], paths[0], why);
		if (ret == -E2BIG)
			log_hint("add up fewer files at a time, or report them one by one");
	}
	return !ret;
}

bool runs__is_file(const char *path)
{
	char text[64] = "";
	FILE *f = path && strcmp(path, "-") ? fopen(path, "re") : NULL;

	if (!f)
		return false;
	if (!fread(text, 1, sizeof(text) - 1, f))
		*text = 0;
	fclose(f);
	return strstr(text, "\"format\":\"migtrace-run\"");
}

int runs__merge(char *const *paths, size_t n, struct run *into)
{
	struct ledger l = { .file = calloc(n, sizeof(*l.file)) };
	struct run *one = calloc(1, sizeof(*one));
	bool fine = l.file && one && load(into, paths[0], &l, 0);

	if (!l.file || !one)
		log_error("out of memory");
	for (size_t i = 1; i < n && fine; i++) {
		fine = load(one, paths[i], &l, i) && merge(into, one, paths, i);
		run__free(one);
	}
	fine = fine && !any_twice(&l, paths, n);
	if (fine && n > 1)
		run__sort(into);
	forget(&l, n);
	free(one);
	return fine ? 0 : -EINVAL;
}

/* A run is mostly buckets that are zero: pages of @to, which is zeroed, for these are not taken. */
static void move(struct run *to, struct run *from)
{
	static const char zero[512];
	size_t n;

	for (size_t at = 0; at < sizeof(*from); at += n) {
		n = sizeof(*from) - at < sizeof(zero) ? sizeof(*from) - at : sizeof(zero);
		if (memcmp((char *)from + at, zero, n) != 0)
			memcpy((char *)to + at, (char *)from + at, n);
	}
	memset(from, 0, sizeof(*from));
}

struct run *runs__load(char *const *paths, size_t n)
{
	struct ledger l = { .file = calloc(n, sizeof(*l.file)) };
	struct run *runs = calloc(n, sizeof(*runs)), *one = calloc(1, sizeof(*one));
	bool fine = l.file && runs && one;

	if (!fine)
		log_error("out of memory");
	for (size_t i = 0; i < n && fine; i++) {
		fine = load(one, paths[i], &l, i);
		run__slim(one);
		move(&runs[i], one);
	}
	if (!fine || any_twice(&l, paths, n)) {
		runs__free(runs, n);
		runs = NULL;
	}
	forget(&l, n);
	free(one);
	return runs;
}

void runs__free(struct run *runs, size_t n)
{
	for (size_t i = 0; runs && i < n; i++)
		shape__free(&run_shape, &runs[i]); /* run__free() would touch every page */
	free(runs);
}
