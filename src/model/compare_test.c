// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the figures of the two sides allow to be said. Stage 4 (model). */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"

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
	if (row->test.u > (double)(na * nb) / 2)
		row->verdict = row->neutral ? ROW_LESS : ROW_LOWER;
	else
		row->verdict = row->neutral ? ROW_MORE : ROW_HIGHER;
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
		c->changed += row->verdict == ROW_LESS || row->verdict == ROW_MORE;
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
		if (c->rows[i].tested && !isnan(c->rows[i].ratio) &&
		    c->rows[i].unit != UNIT_EVENTS && !cmp_row__floor(c, &c->rows[i]))
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
	else if (run__may_hide(r) || r->late.possible)
		t->hides = doubt;
	else
		t->doubt = doubt;
	t->late = add_up(t->late, r->late.total);
	t->windows = add_up(t->windows, r->late.windows);
	t->fs_errors = add_up(t->fs_errors, counters__get(&r->counters, "bench_fs_errors"));
	t->seconds += r->duration_ns / 1e9;
	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		__u64 ns = r->site[i].floor_ns;

		if (ns > t->floor_ns[i])
			t->floor_ns[i] = ns;
		if (ns && (!t->least_floor_ns[i] || ns < t->least_floor_ns[i]))
			t->least_floor_ns[i] = ns;
	}
}

static int sum_sides(struct comparison *c, struct run *const runs[SIDES])
{
	for (int side = 0; side < SIDES; side++) {
		const char *why;

		/* unlike runs, compared by force, have no sum: it is that of those like the first */
		for (size_t i = 1; i < c->files[side]; i++)
			switch (run__merge(&runs[side][0], &runs[side][i], &why)) {
			case -ENOMEM:
				return -ENOMEM;
			case 0:
				break;
			default:
				c->total[side].apart++;
			}
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
	c->unlike = compare__unlike(runs, n, o->paths, ", ");
	if (!c->unlike)
		return -ENOMEM;
	c->forced = *c->unlike;
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < n[side]; i++)
			add_total(&c->total[side], &runs[side][i]);
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
	free(row->unmeasured);
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

const char *cmp_total__doubt(const struct cmp_total *t)
{
	return t->hides ?: t->would_show ? NULL : t->doubt;
}

enum cmp_race compare__race(const struct comparison *c, const char **why)
{
	const struct cmp_total *before = &c->total[BEFORE], *after = &c->total[AFTER];

	*why = NULL;
	if (after->late && !before->late)
		return RACE_LATER;
	if (after->late)
		*why = "both sides had late references";
	else
		*why = cmp_total__doubt(after);
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

bool compare__same_floor(const struct comparison *c, unsigned int site)
{
	const struct cmp_total *a = &c->total[BEFORE], *b = &c->total[AFTER];

	return a->floor_ns[site] == b->floor_ns[site] &&
	       a->floor_ns[site] == a->least_floor_ns[site] &&
	       b->floor_ns[site] == b->least_floor_ns[site];
}

__u64 cmp_row__floor(const struct comparison *c, const struct cmp_row *row)
{
	unsigned int site = site__by_name(row->subject);
	__u64 floor_ns = 0;

	if (row->unit != UNIT_NS || site >= SITE_COUNT)
		return 0;
	for (int side = 0; side < SIDES; side++)
		if (3 * c->total[side].floor_ns[site] > floor_ns)
			floor_ns = 3 * c->total[side].floor_ns[site];
	for (int side = 0; side < SIDES; side++)
		if (row->median[side].value < (double)floor_ns)
			return floor_ns;
	return 0;
}

const char *row_verdict__name(enum row_verdict v)
{
	static const char *const names[] = { "", "~", "better", "worse", "lower", "higher" };

	return names[v];
}

/*
 * What of the runs is a sample (a boot), which sites are in the family, and what is said of those
 * that are not.
 */

#define BOOT_STATED 32 /* a boot id is longer; a merged file says "several" */
#define FILE_WORD   256

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

/* Why a site can't be tested in one run, or has no figure there, the worst first. */
enum lack { LACK_NOTHING, LACK_SECTIONS, LACK_TIME, LACK_FIGURE };

static enum lack lack_of(const struct run *r, const struct cmp_source *s)
{
	if (s->contended)
		return r->site[s->site].has_contended ? LACK_NOTHING : LACK_FIGURE;
	if (s->is_span ? !run__span(r, s->span) : !r->site[s->site].clock)
		return LACK_FIGURE;
	if (s->wait)
		return run__has_waits(r, s->site) ? LACK_NOTHING : LACK_FIGURE;
	if (!r->duration_ns)
		return LACK_TIME;
	return !s->is_span && r->site[s->site].hold.count < COMPARE_SECTIONS_LEAST ? LACK_SECTIONS :
										     LACK_NOTHING;
}

/* Of LACK_FIGURE. */
static const char *reason_of(const struct run *r, const struct cmp_source *s)
{
	if (s->contended)
		return "its kernel does not tell";
	if (s->is_span || !r->site[s->site].clock)
		return s->is_span ? run_spans[s->span].absent : r->site[s->site].reason;
	if (r->site[s->site].clock == CLOCK_BRACKET)
		return "a bracket's clock has none";
	return run__is_light(r) ? "not part of the light tier" : "none was kept";
}

struct worst_file {
	enum lack lack;
	int side;
	size_t file, others;
	bool unlike; /* the others have not as many sections */
	__u64 sections;
};

static void look_at(struct worst_file *w, const struct comparison *c, const struct cmp_source *s,
		    int side, size_t i)
{
	const struct run *r = &c->runs[side][i];
	enum lack lack = lack_of(r, s);
	__u64 n = s->is_span ? 0 : r->site[s->site].hold.count;

	if (!lack)
		return;
	w->others = lack > w->lack ? 0 : w->others + (lack == w->lack);
	if (lack != LACK_SECTIONS || lack > w->lack)
		w->unlike = false;
	else if (lack == w->lack)
		w->unlike |= n != w->sections;
	if (lack < w->lack || (lack == w->lack && (lack != LACK_SECTIONS || n >= w->sections)))
		return;
	w->lack = lack;
	w->side = side;
	w->file = i;
	w->sections = n;
}

static char *say(const struct comparison *c, const struct cmp_source *s, const struct worst_file *w)
{
	const char *reason;
	char file[FILE_WORD], more[48] = "", *text;
	int n;

	compare__file(c, w->side, w->file, file, sizeof(file));
	if (w->others)
		snprintf(more, sizeof(more),
			 w->unlike ? "; too few in %zu more file%s" : " and %zu more file%s",
			 w->others, w->others == 1 ? "" : "s");
	if (w->lack == LACK_FIGURE) {
		reason = reason_of(&c->runs[w->side][w->file], s);
		n = asprintf(&text, "not measured in %s%s%s%s", file, more, reason ? ": " : "",
			     reason ? reason : "");
	} else if (w->lack == LACK_TIME) {
		n = asprintf(&text, "%s%s took no time", file, more);
	} else {
		n = asprintf(&text, "%llu section%s in %s%s, %d needed%s",
			     (unsigned long long)w->sections, w->sections == 1 ? "" : "s", file,
			     w->unlike ? "" : more, COMPARE_SECTIONS_LEAST, w->unlike ? more : "");
	}
	return n < 0 ? NULL : text;
}

int compare__unmeasured(const struct comparison *c, const struct cmp_source *s, struct cmp_row *row)
{
	struct worst_file w = { 0 };

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++)
			if (lack_of(&c->runs[side][i], s) == LACK_FIGURE)
				look_at(&w, c, s, side, i);
	if (w.lack)
		row->unmeasured = say(c, s, &w);
	return w.lack && !row->unmeasured ? -ENOMEM : 0;
}

static int leave(struct comparison *c, unsigned int site, const struct worst_file *w)
{
	struct cmp_left *v = realloc(c->left, (c->left_n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	c->left = v;
	v += c->left_n;
	v->subject = site__name(site);
	v->why = say(c, &(struct cmp_source){ .site = site }, w);
	if (!v->why)
		return -ENOMEM;
	c->left_n++;
	return 0;
}

int compare__admit(struct comparison *c, unsigned int site, bool *tested)
{
	const bool *chosen = c->opts->sites;
	const struct cmp_source source = { .site = site };
	struct worst_file w = { 0 };
	bool entered = false;

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			const struct run_site *s = &c->runs[side][i].site[site];

			entered |= s->clock && s->hold.count;
			look_at(&w, c, &source, side, i);
		}
	*tested = w.lack == LACK_NOTHING && (!chosen || chosen[site]);
	/* where nobody entered it there was nothing to test, unless it was asked for by name */
	if (*tested || (chosen ? !chosen[site] : !entered))
		return 0;
	return leave(c, site, &w);
}

bool compare__admit_contention(const struct comparison *c, const struct cmp_row *row, size_t sites)
{
	bool some = false, all = true;

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			all &= !isnan(row->value[side][i]);
			some |= row->value[side][i] > 0;
		}
	return !strcmp(row->subject, CMP_CONTENTION) && all && some &&
	       (!c->opts->sites || c->opts->sites[SITE_FIND_GET_BLOCK]) &&
	       stats__can_reject(c->n[BEFORE], c->n[AFTER], sites + COMPARE_CONTENTION_ROWS,
				 c->alpha);
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
