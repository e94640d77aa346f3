// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What of the runs is a sample (a boot), which sites are in the family, and what is said of those
 * that are not. Stage 4 (model).
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define SECTIONS_LEAST 100 /* of a site in every run: a p99 of fewer is its largest value */
#define BOOT_STATED    32  /* a boot id is longer; a merged file says "several" */
#define FILE_WORD      256

static bool one_boot(const struct run *a, const struct run *b)
{
	return a->kernel.boot_id && b->kernel.boot_id && strlen(a->kernel.boot_id) >= BOOT_STATED &&
	       !strcmp(a->kernel.boot_id, b->kernel.boot_id);
}

static int side_boots(struct comparison *c, int side)
{
	const struct run *r = c->runs[side];

	c->boot[side] = calloc(c->files[side], sizeof(*c->boot[side]));
	if (!c->boot[side])
		return -ENOMEM;
	for (size_t i = 0, j; i < c->files[side]; i++) {
		for (j = 0; j < i && !one_boot(&r[i], &r[j]); j++)
			;
		c->boot[side][i] = j < i ? c->boot[side][j] : c->n[side]++;
	}
	return 0;
}

int compare__boots(struct comparison *c)
{
	if (side_boots(c, BEFORE) || side_boots(c, AFTER))
		return -ENOMEM;
	for (size_t k = 0; k < c->n[BEFORE]; k++) {
		bool both = false;

		for (size_t i = 0; i < c->files[BEFORE]; i++)
			for (size_t j = 0; c->boot[BEFORE][i] == k && j < c->files[AFTER]; j++)
				both |= one_boot(&c->runs[BEFORE][i], &c->runs[AFTER][j]);
		c->shared += both;
	}
	return 0;
}

/* In place: boots are numbered by their first file, so that none is overwritten before it is read. */
static void reduce(const struct comparison *c, int side, double *value, double *one)
{
	for (size_t k = 0; k < c->n[side]; k++) {
		size_t n = 0;

		for (size_t i = 0; i < c->files[side]; i++)
			if (c->boot[side][i] == k && !isnan(value[i]))
				one[n++] = value[i];
		one[c->files[side] + k] = stats__median(one, n);
	}
	memcpy(value, one + c->files[side], c->n[side] * sizeof(*value));
}

int compare__reduce(struct comparison *c)
{
	size_t most = c->files[BEFORE] > c->files[AFTER] ? c->files[BEFORE] : c->files[AFTER];
	double *one = calloc(2 * most, sizeof(*one));

	if (!one)
		return -ENOMEM;
	for (size_t i = 0; i < c->rows_n; i++)
		for (int side = 0; side < SIDES; side++)
			reduce(c, side, c->rows[i].value[side], one);
	free(one);
	return 0;
}

const char *compare__file(const struct comparison *c, int side, size_t i, char *buf, size_t size)
{
	if (c->opts && c->opts->paths[side])
		snprintf(buf, size, "%s", c->opts->paths[side][i]);
	else
		snprintf(buf, size, "run %zu of %s", i + 1, c->label[side]);
	return buf;
}

/* Why a site can't be tested in one run, the worst first. */
enum lack { LACK_NOTHING, LACK_SECTIONS, LACK_TIME, LACK_CLOCK };

static enum lack lack_of(const struct run *r, unsigned int site)
{
	if (!r->site[site].clock)
		return LACK_CLOCK;
	if (!r->duration_ns)
		return LACK_TIME;
	return r->site[site].hold.count < SECTIONS_LEAST ? LACK_SECTIONS : LACK_NOTHING;
}

struct worst_file {
	enum lack lack;
	int side;
	size_t file, others;
	__u64 sections;
};

static void look_at(struct worst_file *w, const struct comparison *c, unsigned int site, int side,
		    size_t i)
{
	const struct run *r = &c->runs[side][i];
	enum lack lack = lack_of(r, site);
	__u64 n = r->site[site].hold.count;

	if (!lack)
		return;
	w->others += w->lack != LACK_NOTHING;
	if (lack < w->lack || (lack == w->lack && (lack != LACK_SECTIONS || n >= w->sections)))
		return;
	w->lack = lack;
	w->side = side;
	w->file = i;
	w->sections = n;
}

static char *say(const struct comparison *c, unsigned int site, const struct worst_file *w)
{
	const struct run_site *s = &c->runs[w->side][w->file].site[site];
	char file[FILE_WORD], more[48] = "", *text;
	int n;

	compare__file(c, w->side, w->file, file, sizeof(file));
	if (w->others)
		snprintf(more, sizeof(more), " and %zu more file%s", w->others,
			 w->others == 1 ? "" : "s");
	if (w->lack == LACK_CLOCK)
		n = asprintf(&text, "not measured in %s%s%s%s", file, more, s->reason ? ": " : "",
			     s->reason ? s->reason : "");
	else if (w->lack == LACK_TIME)
		n = asprintf(&text, "%s%s took no time", file, more);
	else
		n = asprintf(&text, "%llu section%s in %s%s, %d needed",
			     (unsigned long long)w->sections, w->sections == 1 ? "" : "s", file,
			     more, SECTIONS_LEAST);
	return n < 0 ? NULL : text;
}

static int leave(struct comparison *c, unsigned int site, const struct worst_file *w)
{
	struct cmp_left *v = realloc(c->left, (c->left_n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	c->left = v;
	v += c->left_n;
	v->subject = site__name(site);
	v->why = say(c, site, w);
	if (!v->why)
		return -ENOMEM;
	c->left_n++;
	return 0;
}

int compare__admit(struct comparison *c, unsigned int site, bool *tested)
{
	const bool *chosen = c->opts->sites;
	struct worst_file w = { 0 };
	bool entered = false;

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			const struct run_site *s = &c->runs[side][i].site[site];

			entered |= s->clock && s->hold.count;
			look_at(&w, c, site, side, i);
		}
	*tested = w.lack == LACK_NOTHING && (!chosen || chosen[site]);
	/* where nobody entered it there was nothing to test, unless it was asked for by name */
	if (*tested || (chosen ? !chosen[site] : !entered))
		return 0;
	return leave(c, site, &w);
}

const char *compare__runs_words(const struct comparison *c, int side, char *buf)
{
	size_t files = c->files[side], boots = c->n[side];
	int n = snprintf(buf, CMP_RUNS, "%zu run%s", files, files == 1 ? "" : "s");

	if (boots < files)
		snprintf(buf + n, CMP_RUNS - n, " of %zu boot%s, which count%s as %zu", boots,
			 boots == 1 ? "" : "s", files == 1 ? "s" : "", boots);
	return buf;
}
