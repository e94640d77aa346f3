// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a report says of durations: by site, by device, by interval, the longest; which clock timed
 * what, and what no clock can time here.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"

#define INTERVALS_MAX 200
#define WORST_SHOWN   3 /* holds, and as many waits */
#define TASK_WIDTH    20
#define DEVICE_WIDTH  9
#define NAME_WIDTH    13

static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999, 1 };

#define NUMBER(name, w)                                                                            \
	{                                                                                          \
		.head = name, .width = w                                                           \
	}
#define TIMES_COLUMNS(name, wide)                                                                  \
	{                                                                                          \
		{ .head = name, .width = -15 - (wide) }, NUMBER("count", 10 - (wide)),             \
			NUMBER("/s", 8), NUMBER("p50", 8), NUMBER("p90", 8), NUMBER("p99", 8),     \
			NUMBER("p99.9", 8), NUMBER("max", 8), NUMBER("ms/s", 7),                   \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static bool has_events(const struct run_site *s)
{
	return s->hold.count || s->wait.count;
}

static struct doc_row *times_row(struct report *r, const char *name, const struct hist *h,
				 __u64 floor_ns, double seconds)
{
	struct doc_row *row = doc__row(&r->doc);

	doc__cell(&r->doc, "%s", name);
	doc__count(&r->doc, h->count);
	doc__rate(&r->doc, (double)h->count / seconds);
	for (size_t i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
		doc__quantile(&r->doc, h, quantiles[i], floor_ns);
	doc__held(&r->doc, h, seconds);
	return row;
}

static void outcome_rows(struct report *r, const struct run_site *s, double seconds)
{
	for (unsigned int i = 0; s->has_outcomes && i < OUTCOME_COUNT; i++)
		if (s->by_outcome[i].count && i != OUTCOME_NONE)
			times_row(r, outcome__name(i), &s->by_outcome[i], s->floor_ns, seconds)
				->sub = true;
}

/* NULL: there is nothing to show of it. */
static const struct hist *span_of(const struct run *run, unsigned int i)
{
	const struct hist *h = run__span(run, i);

	return h && h->count ? h : NULL;
}

/* Since nobody opens a manual over a mail: what the rows are, and the columns. */
static void legend(struct report *r)
{
	struct doc *d = &r->doc;

	doc__para(d, FOR_BOTH, "note", "%s", "");
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (has_events(&r->run->site[i]))
			doc__add(d, "%s: %s.", site__name(i), site__words(i));
	for (unsigned int i = 0; i < RUN_SPANS; i++)
		if (span_of(r->run, i))
			doc__add(d, "%s: %s.", run_spans[i].name, run_spans[i].words);
	doc__para(&r->doc, FOR_BOTH, "note",
		  "HOLD: from acquire to release of the lock. WAIT: from the call to the acquire.");
	/* beside the migrations that ended so it looks like a wrong count */
	if (r->run->site[SITE_MIGRATE_NOREFS].by_outcome[OUTCOME_BUSY].count)
		doc__add(
			d,
			"busy: sections whose check found a buffer referenced; a migration checks twice.");
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"ms/s: milliseconds of each second, all CPUs added up. -: too few events to say.");
}

void doc__sites(struct report *r)
{
	static const struct doc_column hold[] = TIMES_COLUMNS("HOLD", 0),
				       wait[] = TIMES_COLUMNS("WAIT", 0),
				       other[] = TIMES_COLUMNS("OTHER SPANS", 1);
	const struct run_site *s = r->run->site;
	unsigned int i;

	doc__section(&r->doc, "times", NULL, "How long the lock is held and waited for");
	doc__table(&r->doc, hold, false, "How long the lock was held");
	for (i = 0; i < SITE_COUNT; i++) {
		if (!s[i].hold.count)
			continue;
		times_row(r, site__name(i), &s[i].hold, s[i].floor_ns,
			  run__site_seconds(r->run, i));
		outcome_rows(r, &s[i], run__site_seconds(r->run, i));
	}
	doc__table(&r->doc, wait, false, "How long the lock was waited for");
	for (i = 0; i < SITE_COUNT; i++)
		if (s[i].wait.count)
			times_row(r, site__name(i), &s[i].wait, s[i].floor_ns,
				  run__site_seconds(r->run, i));
	doc__table(&r->doc, other, false, "Other spans");
	for (i = 0; i < RUN_SPANS; i++)
		if (span_of(r->run, i))
			times_row(r, run_spans[i].name, span_of(r->run, i), 0,
				  run__seconds(r->run));
	for (i = 0; i < SITE_COUNT && !has_events(&s[i]); i++)
		;
	if (i < SITE_COUNT)
		legend(r);
}

/* "find_get_block, try_to_free" of those for which @wanted has true. */
static void site_list(struct report *r, const bool *wanted)
{
	bool any = false;

	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (wanted[i]) {
			doc__add(&r->doc, "%s%s", any ? ", " : "", site__name(i));
			any = true;
		}
}

/* Why a site that has a clock has no time. */
enum silence { NO_EVENTS, NO_CALLS, NO_SECTION, NO_TIMES };

static enum silence silence_of(const struct run *run, unsigned int site)
{
	static const enum silence of[] = {
		[ENTERED] = NO_EVENTS, [ENTERED_NEVER] = NO_CALLS, [ENTERED_UNKNOWN] = NO_SECTION
	};

	return run->site[site].acquires ? NO_TIMES : of[run__entered(run, site)];
}

static void no_events(struct report *r, const char *label, enum silence why, const char *words)
{
	bool wanted[SITE_COUNT], any = false;

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &r->run->site[i];

		wanted[i] = !has_events(s) && s->clock && silence_of(r->run, i) == why;
		any |= wanted[i];
	}
	if (!any)
		return;
	doc__block(&r->doc, DOC_FACT, label, "%s", "");
	site_list(r, wanted);
	doc__add(&r->doc, "(%s)", words);
}

/* Why it can't be timed, if it can't; NULL also of a site of which nothing is known. */
static const char *reason_of(const struct run_site *s)
{
	if (s->clock || has_events(s) || !s->reason)
		return NULL;
	return *s->reason ? s->reason : "no reason recorded";
}

/* Sites that share a reason share the line. */
static void not_measurable(struct report *r)
{
	const struct run_site *site = r->run->site;
	bool said[SITE_COUNT] = { false };

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		const char *reason = reason_of(&site[i]), *other;
		bool alike[SITE_COUNT] = { false };

		if (said[i] || !reason)
			continue;
		for (unsigned int j = i; j < SITE_COUNT; j++) {
			other = reason_of(&site[j]);
			alike[j] = said[j] = said[j] || (other && !strcmp(reason, other));
		}
		doc__block(&r->doc, DOC_FACT, "not measurable:", "%s", "");
		site_list(r, alike);
		doc__add(&r->doc, ": %s", reason);
	}
}

static void clocks(struct report *r)
{
	const struct run_site *site = r->run->site;
	bool said[SITE_COUNT] = { false };
	char cell[FMT_CELL];

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		bool alike[SITE_COUNT] = { false };

		if (!has_events(&site[i]) || said[i])
			continue;
		for (unsigned int j = i; j < SITE_COUNT; j++)
			if (has_events(&site[j]) && site[j].clock == site[i].clock &&
			    site[j].floor_ns == site[i].floor_ns)
				alike[j] = said[j] = true;
		doc__block(&r->doc, DOC_FACT, "clock",
			   "%s, floor %s:", site[i].clock ? clock__name(site[i].clock) : "none",
			   fmt__floor(cell, site[i].floor_ns));
		site_list(r, alike);
	}
}

/* PREEMPT_RT: whom a long hold may be due to. */
static void owners(struct report *r)
{
	char out[FMT_CELL], holds[FMT_CELL];
	bool any = false;

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &r->run->site[i];

		if (!s->has_switched || !s->hold.count)
			continue;
		if (!any)
			doc__block(&r->doc, DOC_FACT, "owners",
				   "switched out while they held the lock:");
		doc__add(&r->doc, "%s%s %s of %s", any ? ", " : "", site__name(i),
			 fmt__count(out, s->switched_out), fmt__count(holds, s->hold.count));
		any = true;
	}
}

/* The largest, so that what a note says holds for every figure. */
static __u64 floor_of(const struct run *run)
{
	__u64 floor_ns = 0;

	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (has_events(&run->site[i]) && run->site[i].floor_ns > floor_ns)
			floor_ns = run->site[i].floor_ns;
	return floor_ns;
}

void doc__clock_facts(struct report *r)
{
	const struct run_site *site = r->run->site;

	clocks(r);
	if (floor_of(r->run))
		doc__block(
			&r->doc, DOC_FACT, "",
			"<= x: less than three times the floor; such a figure says more about the clock than about the lock. The floor is what the clock read on an empty section at the start, and the most that it adds: probes of which the kernel makes jumps later are quicker");
	owners(r);
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (has_events(&site[i]) && site[i].note)
			doc__block(&r->doc, DOC_FACT, "note", "%s: %s", site__name(i),
				   site[i].note);
	no_events(r, "no events:", NO_EVENTS, "called, and the lock was not taken");
	no_events(r, "no calls:", NO_CALLS, "never called");
	no_events(r, "no section:", NO_SECTION, "no hold seen; calls are not counted");
	no_events(r, "no times:", NO_TIMES,
		  "the lock was taken, and the times found no room, or were not over at the end");
	doc__later(r);
	not_measurable(r);
}

void doc__clocks(struct report *r)
{
	doc__section(&r->doc, "clocks", NULL, "Clocks, and what is not in the figures");
	doc__clock_facts(r);
}

static void site_histograms(struct report *r, unsigned int i)
{
	const struct run_site *s = &r->run->site[i];
	const struct svg_series hold = { "hold", &s->hold }, wait = { "wait", &s->wait };
	const char *name = site__name(i);

	doc__block(&r->doc, DOC_HEADING, NULL, "%s", name);
	doc__para(&r->doc, FOR_PAGE, "sub", "%s", site__words(i));
	if (s->note)
		doc__add(&r->doc, "(%s)", s->note);
	doc__open(&r->doc, DOC_PAIR, "%s", "");
	doc__drawn(&r->doc, name, " hold", &hold, 1, s->floor_ns);
	doc__drawn(&r->doc, name, " wait", &wait, 1, s->floor_ns);
	doc__close(&r->doc);
	doc__grey(&r->doc, s->floor_ns);
	doc__bars(&r->doc, r->o, name, " hold", &hold, 1);
	doc__bars(&r->doc, r->o, name, " wait", &wait, 1);
}

void doc__histograms(struct report *r)
{
	doc__section(&r->doc, "histograms", NULL, "Histograms");
	doc__legend(&r->doc);
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (has_events(&r->run->site[i]))
			site_histograms(r, i);
	for (unsigned int i = 0; i < RUN_SPANS; i++) {
		const struct run_span *span = &run_spans[i];
		const struct svg_series s = { "", span_of(r->run, i) };

		if (!span_of(r->run, i))
			continue;
		doc__block(&r->doc, DOC_HEADING, NULL, "%s", span->name);
		doc__para(&r->doc, FOR_PAGE, "sub", "%s", span->words);
		doc__open(&r->doc, DOC_PAIR, "%s", "");
		doc__drawn(&r->doc, span->name, "", &s, 1, 0);
		doc__close(&r->doc);
		doc__bars(&r->doc, r->o, span->name, "", &s, 1);
	}
}

static void device_row(struct report *r, const struct run_device *d, unsigned int s, bool first)
{
	const struct hist *h = &d->site[s].hold;
	__u64 floor_ns = r->run->site[s].floor_ns;
	char dev[DEV_TEXT];

	if (first && strlen(d->name) >= NAME_WIDTH) { /* cut, it would be another one */
		doc__row(&r->doc)->alone = true;
		doc__cell(&r->doc, "%s", d->name);
	}
	doc__row(&r->doc);
	doc__cell(&r->doc, "%s",
		  !first || strlen(d->name) >= NAME_WIDTH ? "" :
		  *d->name				  ? d->name :
							    "-");
	doc__cell(&r->doc, "%s",
		  !first	      ? "" :
		  !d->dev	      ? "no device" :
		  d->dev == DEV_OTHER ? "" :
					dev__format(d->dev, dev, sizeof(dev)));
	doc__cell(&r->doc, "%s", site__name(s));
	doc__count(&r->doc, h->count);
	doc__quantile(&r->doc, h, 0.5, floor_ns);
	doc__quantile(&r->doc, h, 0.99, floor_ns);
	doc__quantile(&r->doc, h, 1, floor_ns);
	doc__held(&r->doc, h, run__site_seconds(r->run, s));
}

void doc__devices(struct report *r)
{
	static const struct doc_column columns[] = { { .head = "DEVICE", .width = -NAME_WIDTH },
						     { .head = "", .width = -10 },
						     { .head = "hold, by site", .width = -15 },
						     NUMBER("count", 10),
						     NUMBER("p50", 8),
						     NUMBER("p99", 8),
						     NUMBER("max", 8),
						     NUMBER("ms/s", 7),
						     { 0 } };
	const struct run_device *d = r->run->devices;

	doc__section(&r->doc, "devices", NULL, "By device");
	doc__table(&r->doc, columns, false, "Holds by block device");
	for (size_t i = 0; i < r->run->devices_n; i++, d++) {
		bool first = true;

		for (unsigned int s = 0; s < SITE_COUNT; s++)
			if (d->site[s].hold.count) {
				device_row(r, d, s, first);
				first = false;
			}
	}
}

static double seconds_of(const struct interval *v)
{
	return v->duration_ns ? (double)v->duration_ns / 1e9 : 1;
}

/* Without what passed before @site counted. */
static double counted_seconds(const struct report *r, const struct interval *v, unsigned int site)
{
	__u64 from = r->run->site[site].uncounted_ns, end = v->start_ns + v->duration_ns;

	if (r->run->merged > 1 || from <= v->start_ns || from >= end)
		return seconds_of(v);
	return (double)(end - from) / 1e9;
}

static void interval_rows(struct report *r, const struct interval *v, const char *name)
{
	bool first = true;

	for (unsigned int s = 0; s < SITE_COUNT; s++) {
		double seconds = counted_seconds(r, v, s);
		const struct hist *h = &v->site[s].hold;
		__u64 floor_ns = r->run->site[s].floor_ns;

		if (!h->count)
			continue;
		doc__row(&r->doc);
		doc__cell(&r->doc, "%s", first ? name : "");
		doc__cell(&r->doc, "%s", site__name(s));
		doc__count(&r->doc, h->count);
		doc__rate(&r->doc, (double)h->count / seconds);
		doc__quantile(&r->doc, h, 0.5, floor_ns);
		doc__quantile(&r->doc, h, 0.99, floor_ns);
		doc__quantile(&r->doc, h, 1, floor_ns);
		doc__held(&r->doc, h, seconds);
		first = false;
	}
	if (first) {
		doc__row(&r->doc);
		doc__cell(&r->doc, "%s", name);
		doc__cell(&r->doc, "no events");
	}
}

/* A site's curves, one value an interval; x has the end as well. */
struct curves {
	bool durations;
	size_t n;
	double *x, *p50, *p99, *rate, room[];
};

static void draw_curves(FILE *f, const char *title, const void *data)
{
	const struct curves *c = data;
	const struct svg_line durations[] = { { "p50", c->p50 }, { "p99", c->p99 } };
	const struct svg_line rate = { "holds a second", c->rate };

	svg__timeline(f, title, c->x, c->n, c->durations ? durations : &rate, c->durations ? 2 : 1,
		      c->durations);
}

static void curves(struct report *r, unsigned int s, bool durations)
{
	const struct interval *v = r->run->intervals;
	size_t n = r->run->intervals_n, i;
	struct curves *c = calloc(1, sizeof(*c) + 4 * (n + 1) * sizeof(double));

	if (!c) {
		r->doc.failed = true;
		return;
	}
	*c = (struct curves){ durations,	  n, c->room, c->room + n + 1, c->room + 2 * n + 1,
			      c->room + 3 * n + 1 };
	for (i = 0; i < n; i++) {
		const struct hist *h = &v[i].site[s].hold;

		c->x[i] = (double)v[i].start_ns / 1e9;
		c->p50[i] = h->count ? (double)hist__quantile(h, 0.5) : NAN;
		c->p99[i] = h->count ? (double)hist__quantile(h, 0.99) : NAN;
		c->rate[i] = (double)h->count / seconds_of(&v[i]);
	}
	c->x[n] = (double)(v[n - 1].start_ns + v[n - 1].duration_ns) / 1e9;
	doc__draw(&r->doc, draw_curves, c, "%s: %s", site__name(s),
		  durations ? "hold over time" : "holds a second");
}

static bool in_intervals(const struct run *run, unsigned int s)
{
	for (size_t i = 0; i < run->intervals_n; i++)
		if (run->intervals[i].site[s].hold.count)
			return true;
	return false;
}

#define INTERVAL_COLUMNS(name)                                                                     \
	{                                                                                          \
		{ .head = name, .width = 8 }, { .head = "hold, by site", .width = -15, .gap = 2 }, \
			NUMBER("count", 10), NUMBER("/s", 8), NUMBER("p50", 8), NUMBER("p99", 8),  \
			NUMBER("max", 8), NUMBER("ms/s", 7),                                       \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static void rounds(struct report *r)
{
	static const struct doc_column columns[] = INTERVAL_COLUMNS("round");
	char name[24];

	if (!r->run->rounds_n)
		return;
	doc__section(&r->doc, "rounds", NULL, "Rounds");
	doc__para(&r->doc, FOR_PAGE, "sub",
		  "Rounds of one benchmark are not samples of their own: of holds and waits a "
		  "comparison takes their median.");
	doc__table(&r->doc, columns, false, "Holds by round")->only = FOR_PAGE;
	for (size_t i = 0; i < r->run->rounds_n && i < INTERVALS_MAX; i++) {
		snprintf(name, sizeof(name), "%zu", i + 1);
		interval_rows(r, &r->run->rounds[i], name);
	}
}

void doc__intervals(struct report *r)
{
	static const struct doc_column columns[] = INTERVAL_COLUMNS("INTERVAL");
	const struct run *run = r->run;
	char name[24];
	size_t i;

	doc__section(&r->doc, "intervals", NULL, "Over time");
	for (unsigned int s = 0; s < SITE_COUNT; s++) {
		if (!in_intervals(run, s))
			continue;
		doc__open(&r->doc, DOC_PAIR, "%s", "");
		curves(r, s, true);
		curves(r, s, false);
		doc__close(&r->doc);
	}
	doc__table(&r->doc, columns, false, "Holds by interval");
	for (i = 0; i < run->intervals_n && i < INTERVALS_MAX; i++) {
		snprintf(name, sizeof(name), "%.1fs", (double)run->intervals[i].start_ns / 1e9);
		interval_rows(r, &run->intervals[i], name);
	}
	if (i < run->intervals_n)
		doc__para(&r->doc, FOR_BOTH, "note", "%zu more: --format json",
			  run->intervals_n - i);
	rounds(r);
}

/*
 * The device's name, or its number where none is known or it is too long: cut, nvme0n1p12 would be
 * another device. "-" for none.
 */
static const char *device(const struct run *run, __u32 dev, char buf[DEV_TEXT])
{
	const char *name = run__device_name(run, dev);

	if (*name && strlen(name) < DEVICE_WIDTH)
		return name;
	return dev ? dev__format(dev, buf, DEV_TEXT) : "-";
}

static struct doc_row *worst_row(struct report *r, const struct worst *w)
{
	char cell[FMT_CELL], pid[16], task[TASK_WIDTH], dev[DEV_TEXT];
	const char *outcome = outcome__name(w->outcome);
	struct doc_row *row = doc__row(&r->doc);

	snprintf(pid, sizeof(pid), "/%u", w->pid);
	snprintf(task, sizeof(task), "%.*s%s", (int)(TASK_WIDTH - 1 - strlen(pid)), w->comm, pid);
	doc__cell(&r->doc, "%s", fmt__ns(cell, w->ns));
	doc__cell(&r->doc, "%s", w->kind == KIND_WAIT ? "wait" : "hold");
	doc__cell(&r->doc, "%s", task);
	doc__cell(&r->doc, "%u", w->cpu);
	doc__cell(&r->doc, "%s", device(r->run, w->dev, dev));
	doc__cell(&r->doc, "%s", mode__name(w->mode));
	doc__cell(&r->doc, "%s", w->folio_bytes ? fmt__bytes(cell, w->folio_bytes) : "-");
	if (w->buffers)
		doc__cell(&r->doc, "%u", w->buffers);
	else
		doc__cell(&r->doc, "-");
	doc__cell(&r->doc, "%s", outcome ? outcome : "-");
	row->stack = w->stack;
	row->stack_n = w->stack_n;
	return row;
}

void doc__worst(struct report *r)
{
	static const struct doc_column columns[] = {
		NUMBER("time", 8),
		{ .head = "kind", .width = -5, .gap = 2 },
		{ .head = "task", .width = -20 },
		NUMBER("CPU", 4),
		{ .head = "device", .width = -DEVICE_WIDTH, .gap = 2 },
		{ .head = "mode", .width = -13 },
		NUMBER("folio", 5),
		NUMBER("bufs", 6),
		{ .head = "end", .width = -1, .gap = 1 },
		{ 0 }
	};
	unsigned int i;

	doc__section(&r->doc, "longest", NULL, "The longest");
	for (i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &r->run->site[i];
		unsigned int holds = 0, waits = 0;

		if (!s->worst_n)
			continue;
		doc__open(&r->doc, DOC_DETAILS, "%s, longest (%zu)", site__name(i), s->worst_n);
		doc__table(&r->doc, columns, true, "%s, longest", site__name(i));
		for (size_t w = 0; w < s->worst_n; w++) {
			unsigned int *n = s->worst[w].kind == KIND_WAIT ? &waits : &holds;

			worst_row(r, &s->worst[w])->more = (*n)++ >= WORST_SHOWN;
		}
		doc__close(&r->doc);
	}
}
