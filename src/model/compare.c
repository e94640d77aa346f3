// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The comparison's rows, as a table, and what is tested of them. Stage 4 (model). */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "model/compare.h"

enum figure { FIG_QUANTILE, FIG_MAX, FIG_TOTAL, FIG_RATE };

/* What is said of a histogram. Longer is worse: lower is better. */
struct hist_metric {
	const char *name;
	enum figure figure;
	double q;
	enum row_unit unit;
	bool tested;
};

static const struct hist_metric hold_metrics[] = {
	{ "hold p50", FIG_QUANTILE, 0.5, UNIT_NS, true },
	{ "hold p90", FIG_QUANTILE, 0.9, UNIT_NS, false },
	{ "hold p99", FIG_QUANTILE, 0.99, UNIT_NS, true },
	{ "hold p99.9", FIG_QUANTILE, 0.999, UNIT_NS, false },
	{ "hold max", FIG_MAX, 1, UNIT_NS, false },
	{ "hold total", FIG_TOTAL, 0, UNIT_SHARE, true },
	{ "sections", FIG_RATE, 0, UNIT_RATE, false },
	{ 0 },
};

static const struct hist_metric wait_metrics[] = {
	{ "wait p50", FIG_QUANTILE, 0.5, UNIT_NS, false },
	{ "wait p99", FIG_QUANTILE, 0.99, UNIT_NS, false },
	{ "wait max", FIG_MAX, 1, UNIT_NS, false },
	{ "wait total", FIG_TOTAL, 0, UNIT_SHARE, false },
	{ 0 },
};

static const struct hist_metric plain_metrics[] = {
	{ "p50", FIG_QUANTILE, 0.5, UNIT_NS, false },
	{ "p99", FIG_QUANTILE, 0.99, UNIT_NS, false },
	{ "max", FIG_MAX, 1, UNIT_NS, false },
	{ 0 },
};

/* NAN, which no rate survives, for a file that says it took no time. */
static double seconds_of(const struct run *r)
{
	return r->duration_ns ? r->duration_ns / 1e9 : NAN;
}

static double moved(const struct run *r)
{
	return (double)counters__get(&r->norefs, "ok") / seconds_of(r);
}

static double not_moved(const struct run *r)
{
	__u64 tried = counters__sum(&r->norefs) - counters__get(&r->norefs, "no_buffers");

	return (double)(tried - counters__get(&r->norefs, "ok")) / seconds_of(r);
}

static double late(const struct run *r)
{
	return r->late.watched || r->late.total ? (double)r->late.total : NAN;
}

static double late_share(const struct run *r)
{
	return r->late.windows ? 1e6 * (double)r->late.total / (double)r->late.windows : NAN;
}

/* Of a million lookups @n waited; NAN: there were too few to say. */
static double per_million(const struct contention *c, __u64 n)
{
	return c->lookups >= COMPARE_SECTIONS_LEAST ? 1e6 * (double)n / (double)c->lookups : NAN;
}

static double waited(const struct run *r)
{
	struct contention c;

	return run__contention(r, &c) ? per_million(&c, c.waited) : NAN;
}

/*
 * A wait counts from three times the floor of its recording on. Where these differ, one limit for all runs:
 * the largest, and what the histograms have from its bucket on. (5.10 against 6.1 had -76 % by the counters,
 * and +33 % with one limit.)
 */
static double waited_from(const struct run *r, __u64 from_ns)
{
	const struct hist *h = &r->site[SITE_FIND_GET_BLOCK].wait;
	struct contention c;

	if (!run__contention(r, &c))
		return NAN;
	for (__u32 i = hist_index(from_ns); i < HIST_BUCKETS; i++)
		c.folio = add_up(c.folio, h->bucket[i]);
	return per_million(&c, c.folio);
}

static void waited_alike(const struct comparison *c, struct cmp_row *row)
{
	__u64 a = c->total[BEFORE].floor_ns[SITE_FIND_GET_BLOCK];
	__u64 b = c->total[AFTER].floor_ns[SITE_FIND_GET_BLOCK];

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++)
			row->value[side][i] =
				waited_from(&c->runs[side][i], WAITS_FROM_NS(a > b ? a : b));
}

/* Without any wait there is none of it behind a migration. */
static double behind(const struct run *r)
{
	struct contention c;

	if (!run__contention(r, &c) || !c.has_behind || c.lookups < COMPARE_SECTIONS_LEAST)
		return NAN;
	return c.ns ? 100 * (double)c.behind_ns / (double)c.ns : 0;
}

static double entries(const struct run *r)
{
	return counters__has(&r->counters, "bench_entries") ?
		       (double)counters__get(&r->counters, "bench_entries") / seconds_of(r) :
		       NAN;
}

static double fs_errors(const struct run *r)
{
	return counters__has(&r->counters, "bench_fs_errors") ?
		       (double)counters__get(&r->counters, "bench_fs_errors") :
		       NAN;
}

static const struct {
	const char *subject, *metric;
	enum row_unit unit;
	double (*of)(const struct run *r);
	bool neutral; /* a share of the waits rises as well when the others get shorter */
} run_metrics[] = {
	{ CMP_CONTENTION, "waited per 1M", UNIT_EVENTS, waited, false },
	{ CMP_CONTENTION, "% behind moves", UNIT_EVENTS, behind, true },
	{ "norefs migrations", "moved", UNIT_RATE, moved, false },
	{ "norefs migrations", "not moved", UNIT_RATE, not_moved, false },
	{ "late references", "found", UNIT_EVENTS, late, false },
	{ "late references", "per 1M windows", UNIT_EVENTS, late_share, false },
	{ "directory entries", "read", UNIT_RATE, entries, false },
	{ "file system errors", "found", UNIT_EVENTS, fs_errors, false },
};

static double figure(const struct hist_metric *m, const struct hist *h, double seconds)
{
	if (!(seconds > 0) && m->figure != FIG_QUANTILE && m->figure != FIG_MAX)
		return NAN;
	if (m->figure == FIG_RATE)
		return (double)h->count / seconds;
	if (m->figure == FIG_TOTAL)
		return (double)h->sum_ns / seconds;
	if (!h->count || (m->figure == FIG_QUANTILE && (1 - m->q) * (double)h->count < 0.999))
		return NAN; /* fewer values than the quantile needs: what report shows as "-" */
	return m->figure == FIG_MAX ? (double)h->max_ns : hist__interpolated(h, m->q);
}

static const struct hist *site_hist(const struct hold_wait *v, bool wait)
{
	return wait ? &v->wait : &v->hold;
}

/*
 * Whether a figure is taken of the rounds. Of all or none: a p99 of a whole run and the median of
 * its rounds' are two things, and a file with a short round would be compared by the other one.
 */
static bool by_rounds(const struct comparison *c, unsigned int site, bool wait,
		      const struct hist_metric *m)
{
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			const struct run *r = &c->runs[side][i];

			if (wait ? !run__has_waits(r, site) : !r->site[site].clock)
				continue; /* it has no value at all */
			if (!r->rounds_n || m->figure == FIG_MAX)
				return false;
			for (size_t k = 0; k < r->rounds_n; k++)
				if (isnan(figure(m, site_hist(&r->rounds[k].site[site], wait),
						 r->rounds[k].duration_ns / 1e9)))
					return false;
		}
	return true;
}

static int site_figure(const struct run *r, unsigned int site, bool wait,
		       const struct hist_metric *m, bool rounds, double *value)
{
	double seconds = r->duration_ns ? run__site_seconds(r, site) : NAN, *v;
	const struct run_site *s = &r->site[site];
	bool there = wait ? run__has_waits(r, site) : !!s->clock;

	*value = there ? figure(m, wait ? &s->wait : &s->hold, seconds) : NAN;
	if (!rounds || !there)
		return 0;
	v = calloc(r->rounds_n, sizeof(*v));
	if (!v)
		return -ENOMEM;
	for (size_t i = 0; i < r->rounds_n; i++)
		v[i] = figure(m, site_hist(&r->rounds[i].site[site], wait),
			      r->rounds[i].duration_ns / 1e9);
	*value = stats__median(v, r->rounds_n);
	free(v);
	return 0;
}

static struct cmp_row *add_row(struct comparison *c, const char *subject, const char *metric,
			       enum row_unit unit)
{
	struct cmp_row *v = realloc(c->rows, (c->rows_n + 1) * sizeof(*v)), *row;

	if (!v)
		return NULL;
	c->rows = v;
	row = &v[c->rows_n++];
	memset(row, 0, sizeof(*row));
	snprintf(row->subject, sizeof(row->subject), "%s", subject);
	row->metric = metric;
	row->unit = unit;
	row->ratio = row->p_holm = row->detectable = NAN;
	row->test.p = 1;
	row->shift = (struct estimate){ NAN, NAN, NAN };
	for (int side = 0; side < SIDES; side++) {
		row->value[side] = calloc(c->files[side], sizeof(double));
		if (!row->value[side])
			return NULL;
	}
	return row;
}

/* Takes the last row away when it has nothing but zeros to show. */
static void drop_empty(struct comparison *c)
{
	const struct cmp_row *row = &c->rows[c->rows_n - 1];

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++)
			if (!isnan(row->value[side][i]) && row->value[side][i] > 0)
				return;
	cmp_row__free(&c->rows[--c->rows_n]);
}

static int add_site_rows(struct comparison *c, unsigned int site, bool wait, bool family)
{
	const struct hist_metric *m = wait ? wait_metrics : hold_metrics;
	const struct cmp_source source = { .site = site, .wait = wait };
	bool rounds;

	for (; m->name; m++) {
		struct cmp_row *row = add_row(c, site__name(site), m->name, m->unit);

		if (!row || compare__unmeasured(c, &source, row))
			return -ENOMEM;
		row->tested = family && m->tested;
		c->family += row->tested;
		rounds = by_rounds(c, site, wait, m);
		for (int side = 0; side < SIDES; side++)
			for (size_t i = 0; i < c->files[side]; i++)
				if (site_figure(&c->runs[side][i], site, wait, m, rounds,
						&row->value[side][i]))
					return -ENOMEM;
		if (!row->tested)
			drop_empty(c);
	}
	return 0;
}

/* Entered in any run of either side: where it was not, nothing can be shown. */
static bool site_anywhere(const struct comparison *c, unsigned int site)
{
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++)
			if (c->runs[side][i].site[site].clock &&
			    c->runs[side][i].site[site].hold.count)
				return true;
	return false;
}

/* Not tested: a count of the waits that there were, whose length is the wait's row. */
static int add_contended(struct comparison *c, unsigned int site)
{
	struct cmp_row *row = add_row(c, site__name(site), CMP_CONTENDED, UNIT_RATE);
	const struct cmp_source source = { .site = site, .contended = true };

	if (!row || compare__unmeasured(c, &source, row))
		return -ENOMEM;
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			const struct run *r = &c->runs[side][i];
			const struct run_site *s = &r->site[site];

			row->value[side][i] =
				s->has_contended && r->duration_ns ?
					(double)s->contended / run__site_seconds(r, site) :
					NAN;
		}
	drop_empty(c);
	return 0;
}

static int add_sites(struct comparison *c)
{
	int ret = 0;

	for (unsigned int site = 0; site < SITE_COUNT && !ret; site++) {
		bool tested;

		if (!site__name(site))
			continue;
		ret = compare__admit(c, site, &tested);
		if (!ret && site_anywhere(c, site))
			ret = add_site_rows(c, site, false, tested) ?:
				      add_site_rows(c, site, true, false);
		if (!ret)
			ret = add_contended(c, site);
	}
	return ret;
}

static int add_run_hist(struct comparison *c, unsigned int which, const struct hist_metric *m)
{
	const struct cmp_source source = { .is_span = true, .span = which };
	struct cmp_row *row = add_row(c, run_spans[which].name, m->name, m->unit);

	if (!row || compare__unmeasured(c, &source, row))
		return -ENOMEM;
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < c->files[side]; i++) {
			const struct run *r = &c->runs[side][i];
			const struct hist *h = run__span(r, which);

			row->value[side][i] = h ? figure(m, h, seconds_of(r)) : NAN;
		}
	drop_empty(c);
	return 0;
}

static int add_run_rows(struct comparison *c)
{
	const struct cmp_source lookups = { .site = SITE_FIND_GET_BLOCK };
	size_t sites = c->family;

	for (unsigned int k = 0; k < RUN_SPANS; k++)
		for (const struct hist_metric *m = plain_metrics; m->name; m++)
			if (add_run_hist(c, k, m))
				return -ENOMEM;
	for (size_t k = 0; k < sizeof(run_metrics) / sizeof(*run_metrics); k++) {
		struct cmp_row *row = add_row(c, run_metrics[k].subject, run_metrics[k].metric,
					      run_metrics[k].unit);
		bool any = false;

		if (!row || (!strcmp(row->subject, CMP_CONTENTION) &&
			     compare__unmeasured(c, &lookups, row)))
			return -ENOMEM;
		for (int side = 0; side < SIDES; side++)
			for (size_t i = 0; i < c->files[side]; i++) {
				row->value[side][i] = run_metrics[k].of(&c->runs[side][i]);
				any |= !isnan(row->value[side][i]);
			}
		if (run_metrics[k].of == waited && !compare__same_floor(c, SITE_FIND_GET_BLOCK))
			waited_alike(c, row);
		if (!any) {
			cmp_row__free(&c->rows[--c->rows_n]);
			continue;
		}
		row->neutral = run_metrics[k].neutral;
		row->tested = compare__admit_contention(c, row, sites);
		c->family += row->tested;
	}
	return 0;
}

int compare__rows(struct comparison *c)
{
	int ret = add_sites(c);

	return ret ? ret : add_run_rows(c);
}
