// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the figures of the two sides allow to be said. Stage 4 (model). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define CONFIDENCE (COMPARE_CONFIDENCE_PERCENT / 100.0)
#define POWER	   0.8

/* The values of a side that are there, at the front of @out; how many. */
static size_t present(const struct cmp_row *row, const struct comparison *c, int side, double *out)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n[side]; i++)
		if (!isnan(row->value[side][i]))
			out[n++] = row->value[side][i];
	return n;
}

size_t compare__least_runs(const struct comparison *c)
{
	return c->n[BEFORE] < c->n[AFTER] ? c->n[BEFORE] : c->n[AFTER];
}

bool compare__can_reject(const struct comparison *c)
{
	return c->family && stats__can_reject(c->n[BEFORE], c->n[AFTER], c->family, c->alpha);
}

static int test(const struct comparison *c, struct cmp_row *row, const double *a, size_t na,
		const double *b, size_t nb)
{
	int ret = stats__mann_whitney(a, na, b, nb, &row->test);

	row->p_holm = row->test.p;
	if (!compare__can_reject(c))
		return ret;
	/* U counts the pairs in which "before" is larger; with ties the shift may be 0 */
	row->verdict = row->test.u > (double)(na * nb) / 2 ? ROW_LOWER : ROW_HIGHER;
	/* what the hardest of Holm's steps would have found */
	if (!ret)
		ret = stats__detectable(a, na, b, nb, c->alpha / (double)c->family, c->power,
					&row->detectable);
	return ret;
}

static int judge_row(const struct comparison *c, struct cmp_row *row)
{
	double *v[SIDES];
	size_t n[SIDES];
	int ret = 0;

	v[BEFORE] = calloc(c->n[BEFORE] + c->n[AFTER], sizeof(double));
	if (!v[BEFORE])
		return -ENOMEM;
	v[AFTER] = v[BEFORE] + c->n[BEFORE];
	for (int side = 0; side < SIDES; side++) {
		n[side] = present(row, c, side, v[side]);
		ret |= stats__median_interval(v[side], n[side], CONFIDENCE, &row->median[side]);
	}
	if (n[BEFORE] && n[AFTER] && row->median[BEFORE].value > 0)
		row->ratio = row->median[AFTER].value / row->median[BEFORE].value;
	if (n[BEFORE] > 1 && n[AFTER] > 1)
		ret |= stats__hodges_lehmann(v[BEFORE], n[BEFORE], v[AFTER], n[AFTER], CONFIDENCE,
					     &row->shift);
	if (row->tested && n[BEFORE] > 1 && n[AFTER] > 1)
		ret |= test(c, row, v[BEFORE], n[BEFORE], v[AFTER], n[AFTER]);
	free(v[BEFORE]);
	return ret ? -ENOMEM : 0;
}

static int adjust(struct comparison *c)
{
	double *p = calloc(c->family ? c->family : 1, sizeof(*p));
	size_t k = 0;
	int ret;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < c->rows_n; i++)
		if (c->rows[i].tested)
			p[k++] = c->rows[i].test.p;
	ret = stats__holm(p, k, p);
	k = 0;
	for (size_t i = 0; i < c->rows_n && !ret; i++) {
		struct cmp_row *row = &c->rows[i];

		if (!row->tested)
			continue;
		row->p_holm = p[k++];
		if (row->p_holm > c->alpha)
			row->verdict = ROW_SAME;
		c->lower += row->verdict == ROW_LOWER;
		c->higher += row->verdict == ROW_HIGHER;
	}
	free(p);
	return ret;
}

static int ratios_mean(struct comparison *c)
{
	double *v = calloc(c->rows_n ? c->rows_n : 1, sizeof(*v));
	size_t n = 0;

	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < c->rows_n; i++)
		if (c->rows[i].tested && !isnan(c->rows[i].ratio))
			v[n++] = c->rows[i].ratio;
	c->geomean = stats__geomean(v, n);
	free(v);
	return 0;
}

/* Of all runs, also of those that can't be merged: a late reference in any of them counts. */
static void add_total(struct cmp_total *t, const struct run *r)
{
	const char *doubt = run__doubt(r);

	t->tainted |= run__tainted(r);
	/* one run that would have shown it is enough, but not beside one in which it may hide */
	if (!doubt)
		t->would_show = true;
	else if (run__tainted(r) || r->late.possible)
		t->hides = doubt;
	else
		t->doubt = doubt;
	t->late += r->late.total;
	t->windows += r->late.windows;
	t->fs_errors += counters__get(&r->counters, "bench_fs_errors");
	t->seconds += r->duration_ns / 1e9;
}

static int sum_sides(struct comparison *c, struct run *const runs[SIDES])
{
	for (int side = 0; side < SIDES; side++) {
		const char *why;

		for (size_t i = 0; i < c->files[side]; i++)
			add_total(&c->total[side], &runs[side][i]);
		/* unlike runs, compared by force, have no sum: it is that of those like the first */
		for (size_t i = 1; i < c->files[side]; i++)
			if (run__merge(&runs[side][0], &runs[side][i], &why) == -ENOMEM)
				return -ENOMEM;
		c->sum[side] = runs[side][0];
	}
	return 0;
}

int compare__run(struct comparison *c, struct run *const runs[SIDES], const size_t n[SIDES],
		 const struct compare_opts *o)
{
	int ret;

	memset(c, 0, sizeof(*c));
	c->alpha = o->alpha;
	c->opts = o;
	c->power = POWER;
	for (int side = 0; side < SIDES; side++) {
		c->label[side] = side == BEFORE ? "before" : "after";
		c->files[side] = n[side];
		c->runs[side] = runs[side];
	}
	c->unlike = compare__unlike(runs, n, o->paths);
	if (!c->unlike)
		return -ENOMEM;
	c->forced = *c->unlike;
	ret = compare__boots(c);
	if (!ret)
		ret = compare__rows(c);
	if (!ret)
		ret = compare__reduce(c);
	c->opts = NULL;
	c->fewest_runs = stats__fewest_runs(c->family, c->alpha);
	for (size_t i = 0; i < c->rows_n && !ret; i++)
		ret = judge_row(c, &c->rows[i]);
	if (!ret && compare__can_reject(c))
		ret = adjust(c);
	if (!ret)
		ret = ratios_mean(c);
	return ret ? ret : sum_sides(c, runs);
}

void cmp_row__free(struct cmp_row *row)
{
	for (int side = 0; side < SIDES; side++)
		free(row->value[side]);
	memset(row, 0, sizeof(*row));
}

void compare__free(struct comparison *c)
{
	for (size_t i = 0; i < c->rows_n; i++)
		cmp_row__free(&c->rows[i]);
	free(c->rows);
	for (size_t i = 0; i < c->left_n; i++)
		free(c->left[i].why);
	free(c->left);
	free(c->unlike);
	for (int side = 0; side < SIDES; side++)
		free(c->boot[side]);
	memset(c, 0, sizeof(*c));
}

bool compare__unsafe(const struct comparison *c, int side)
{
	return c->total[side].late || c->total[side].fs_errors;
}

enum cmp_race compare__race(const struct comparison *c, const char **why)
{
	const struct cmp_total *before = &c->total[BEFORE], *after = &c->total[AFTER];

	*why = NULL;
	if (after->late && !before->late)
		return RACE_LATER;
	if (after->late)
		*why = "both sides had late references";
	else if (after->hides)
		*why = after->hides;
	else if (!after->would_show)
		*why = after->doubt;
	return *why ? RACE_UNKNOWN : RACE_NONE;
}

const struct cmp_row *compare__regression(const struct comparison *c, double percent)
{
	for (size_t i = 0; i < c->rows_n; i++) {
		const struct cmp_row *row = &c->rows[i];

		if (row->verdict == ROW_HIGHER &&
		    (isnan(row->ratio) || row->ratio > 1 + percent / 100))
			return row;
	}
	return NULL;
}

__u64 cmp_row__floor(const struct comparison *c, const struct cmp_row *row)
{
	unsigned int site = site__by_name(row->subject);
	__u64 floor_ns = 0;

	if (row->unit != UNIT_NS || site >= SITE_COUNT)
		return 0;
	for (int side = 0; side < SIDES; side++)
		if (3 * c->sum[side].site[site].floor_ns > floor_ns)
			floor_ns = 3 * c->sum[side].site[site].floor_ns;
	for (int side = 0; side < SIDES; side++)
		if (row->median[side].value < (double)floor_ns)
			return floor_ns;
	return 0;
}

const char *row_verdict__name(enum row_verdict v)
{
	static const char *const names[] = { "", "~", "better", "worse" };

	return names[v];
}
