// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Tables of quantiles: by site, by device, by interval; which clock timed what, and what no clock
 * can time here.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "render_parts.h"

#define INTERVALS_MAX 200
#define Q	      5

static const double quantiles[Q] = { 0.5, 0.9, 0.99, 0.999, 1 };

/* Below three times what an empty section reads, a figure says more of the clock than of the lock. */
static const char *at_least_floor(char *cell, __u64 ns, __u64 floor_ns)
{
	return ns < 3 * floor_ns ? fmt__at_most(cell, 3 * floor_ns) : fmt__ns(cell, ns);
}

static const char *quantile(char *cell, const struct hist *h, double q, __u64 floor_ns)
{
	/* the 99.9th of a hundred values is their maximum under another name */
	if (q < 1 && (1 - q) * (double)h->count < 0.999)
		return strcpy(cell, "-");
	return at_least_floor(cell, q < 1 ? hist__quantile(h, q) : h->max_ns, floor_ns);
}

static const char *held(char *cell, const struct hist *h, double seconds)
{
	return fmt__rate(cell, (double)h->sum_ns / 1e6 / seconds);
}

static void table_head(const struct page *p, const char *name)
{
	page__heading(p, "%-15s%10s%8s%8s%8s%8s%8s%8s%7s", name, "count", "/s", "p50", "p90", "p99",
		      "p99.9", "max", "ms/s");
}

static void table_row(const struct page *p, const char *name, const struct hist *h, __u64 floor_ns)
{
	char count[FMT_CELL], rate[FMT_CELL], sum[FMT_CELL], q[Q][FMT_CELL];
	double seconds = run__seconds(p->run);
	int i;

	for (i = 0; i < Q; i++)
		quantile(q[i], h, quantiles[i], floor_ns);
	put_line(p->f, "%-15s%10s%8s%8s%8s%8s%8s%8s%7s", name, fmt__count(count, h->count),
		 fmt__rate(rate, (double)h->count / seconds), q[0], q[1], q[2], q[3], q[4],
		 held(sum, h, seconds));
}

static void outcome_rows(const struct page *p, const struct run_site *s)
{
	char name[16];
	unsigned int i;

	for (i = 0; s->has_outcomes && i < OUTCOME_COUNT; i++) {
		if (!s->by_outcome[i].count || i == OUTCOME_NONE)
			continue;
		snprintf(name, sizeof(name), "  %s", outcome__name(i));
		table_row(p, name, &s->by_outcome[i], s->floor_ns);
	}
}

static void hold_table(const struct page *p)
{
	const struct run_site *s;
	bool any = false;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		s = &p->run->site[i];
		if (!s->hold.count)
			continue;
		if (!any)
			table_head(p, "HOLD");
		any = true;
		table_row(p, site__name(i), &s->hold, s->floor_ns);
		outcome_rows(p, s);
	}
}

static void wait_table(const struct page *p)
{
	bool any = false;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		if (!p->run->site[i].wait.count)
			continue;
		if (!any)
			table_head(p, "WAIT");
		any = true;
		table_row(p, site__name(i), &p->run->site[i].wait, p->run->site[i].floor_ns);
	}
}

static void other_table(const struct page *p)
{
	const struct {
		const char *name;
		bool has;
		const struct hist *h;
	} rows[] = {
		{ "norefs_window", p->run->has_window, &p->run->window },
		{ "flag_held", p->run->has_flag_held, &p->run->flag_held },
		{ "folio_lock_wait", p->run->has_folio_wait, &p->run->folio_wait },
	};
	bool any = false;
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (!rows[i].has || !rows[i].h->count)
			continue;
		if (!any)
			table_head(p, "OTHER SPANS");
		any = true;
		table_row(p, rows[i].name, rows[i].h, 0);
	}
}

static bool has_events(const struct run_site *s)
{
	return s->hold.count || s->wait.count;
}

static void no_events(const struct page *p, const char *label, enum entered entered)
{
	const char *separator = "";
	struct para para;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		if (has_events(&p->run->site[i]) || !p->run->site[i].clock ||
		    run__entered(p->run, i) != entered)
			continue;
		if (!*separator)
			para__begin(&para, p->f, LABEL_WIDTH, label);
		para__add(&para, "%s%s", separator, site__name(i));
		separator = ", ";
	}
	if (*separator)
		para__end(&para);
}

void part__sites(const struct page *p)
{
	hold_table(p);
	wait_table(p);
	other_table(p);
}

static const char *reason_of(const struct run_site *s)
{
	return s->reason && *s->reason ? s->reason : "no reason recorded";
}

/* Sites that share a reason share the line. */
static void not_measurable(const struct page *p)
{
	const struct run_site *site = p->run->site;
	bool said[SITE_COUNT] = { false };
	struct para para;
	unsigned int i, j;

	for (i = 0; i < SITE_COUNT; i++) {
		if (site[i].clock || said[i] || has_events(&site[i]))
			continue;
		para__begin(&para, p->f, 16, "not measurable:");
		para__add(&para, "%s", site__name(i));
		for (j = i + 1; j < SITE_COUNT; j++) {
			if (site[j].clock || strcmp(reason_of(&site[i]), reason_of(&site[j])) != 0)
				continue;
			said[j] = true;
			para__add(&para, ", %s", site__name(j));
		}
		para__add(&para, ": %s", reason_of(&site[i]));
		para__end(&para);
	}
}

static void clock_line(const struct page *p, const bool *timed, unsigned int first, bool *said)
{
	const struct run_site *site = p->run->site, *s = &site[first];
	const char *separator = "";
	struct para para;
	char cell[FMT_CELL];
	unsigned int i;

	para__begin(&para, p->f, LABEL_WIDTH, "clock");
	para__add(&para, "%s, floor %s:", s->clock ? clock__name(s->clock) : "none",
		  fmt__floor(cell, s->floor_ns));
	for (i = first; i < SITE_COUNT; i++) {
		if (!timed[i] || site[i].clock != s->clock || site[i].floor_ns != s->floor_ns)
			continue;
		said[i] = true;
		para__add(&para, "%s%s", separator, site__name(i));
		separator = ", ";
	}
	para__end(&para);
}

/* PREEMPT_RT: whom a long hold may be due to. */
static void owners(const struct page *p)
{
	char out[FMT_CELL], holds[FMT_CELL];
	const char *separator = "";
	struct para para;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &p->run->site[i];

		if (!s->has_switched || !s->hold.count)
			continue;
		if (!*separator) {
			para__begin(&para, p->f, LABEL_WIDTH, "owners");
			para__add(&para, "switched out while they held the lock: ");
		}
		para__add(&para, "%s%s %s of %s", separator, site__name(i),
			  fmt__count(out, s->switched_out), fmt__count(holds, s->hold.count));
		separator = ", ";
	}
	if (*separator)
		para__end(&para);
}

void part__clocks(const struct page *p)
{
	bool timed[SITE_COUNT], said[SITE_COUNT] = { false }, floor = false;
	const struct run_site *site = p->run->site;
	struct para para;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		timed[i] = has_events(&site[i]);
		floor |= timed[i] && site[i].floor_ns;
	}
	fputc('\n', p->f);
	for (i = 0; i < SITE_COUNT; i++)
		if (timed[i] && !said[i])
			clock_line(p, timed, i, said);
	if (floor)
		put_line(p->f,
			 "%*s<= x: below three floors; a floor is what an empty section reads",
			 LABEL_WIDTH, "");
	owners(p);
	for (i = 0; i < SITE_COUNT; i++) {
		if (!timed[i] || !site[i].note)
			continue;
		para__begin(&para, p->f, LABEL_WIDTH, "note");
		para__add(&para, "%s: %s", site__name(i), site[i].note);
		para__end(&para);
	}
	no_events(p, "no events:", ENTERED);
	no_events(p, "no calls:", ENTERED_NEVER);
	no_events(p, "no section:", ENTERED_UNKNOWN);
	not_measurable(p);
}

static void device_row(const struct page *p, const struct run_device *d, unsigned int s, bool first)
{
	char dev[DEV_TEXT], count[FMT_CELL], sum[FMT_CELL], q[3][FMT_CELL];
	const struct hist *h = &d->site[s].hold;
	__u64 floor_ns = p->run->site[s].floor_ns;

	quantile(q[0], h, 0.5, floor_ns);
	quantile(q[1], h, 0.99, floor_ns);
	quantile(q[2], h, 1, floor_ns);
	put_line(p->f, "%-13.12s%-10s%-15s%10s%8s%8s%8s%7s", first ? *d->name ? d->name : "-" : "",
		 first ? d->dev ? dev__format(d->dev, dev, sizeof(dev)) : "no host" : "",
		 site__name(s), fmt__count(count, h->count), q[0], q[1], q[2],
		 held(sum, h, run__seconds(p->run)));
}

void part__devices(const struct page *p)
{
	const struct run_device *d;
	bool first, any = false;
	unsigned int s;
	size_t i;

	for (i = 0; i < p->run->devices_n; i++) {
		d = &p->run->devices[i];
		first = true;
		for (s = 0; s < SITE_COUNT; s++) {
			if (!d->site[s].hold.count)
				continue;
			if (!any)
				page__heading(p, "%-13s%-10s%-15s%10s%8s%8s%8s%7s", "DEVICE", "",
					      "hold", "count", "p50", "p99", "max", "ms/s");
			any = true;
			device_row(p, d, s, first);
			first = false;
		}
	}
}

static void interval_row(const struct page *p, const struct interval *v, unsigned int s, bool first)
{
	char start[FMT_CELL] = "", count[FMT_CELL], rate[FMT_CELL], sum[FMT_CELL], q[3][FMT_CELL];
	double seconds = v->duration_ns ? (double)v->duration_ns / 1e9 : 1;
	const struct hist *h = &v->site[s].hold;
	__u64 floor_ns = p->run->site[s].floor_ns;

	if (first)
		snprintf(start, sizeof(start), "%.1fs", (double)v->start_ns / 1e9);
	quantile(q[0], h, 0.5, floor_ns);
	quantile(q[1], h, 0.99, floor_ns);
	quantile(q[2], h, 1, floor_ns);
	put_line(p->f, "%8s  %-15s%10s%8s%8s%8s%8s%7s", start, site__name(s),
		 fmt__count(count, h->count), fmt__rate(rate, (double)h->count / seconds), q[0],
		 q[1], q[2], held(sum, h, seconds));
}

void part__intervals(const struct page *p)
{
	const struct run *run = p->run;
	bool first;
	unsigned int s;
	size_t i;

	if (!run->intervals_n)
		return;
	page__heading(p, "%8s  %-15s%10s%8s%8s%8s%8s%7s", "INTERVAL", "hold", "count", "/s", "p50",
		      "p99", "max", "ms/s");
	for (i = 0; i < run->intervals_n && i < INTERVALS_MAX; i++) {
		first = true;
		for (s = 0; s < SITE_COUNT; s++) {
			if (!run->intervals[i].site[s].hold.count)
				continue;
			interval_row(p, &run->intervals[i], s, first);
			first = false;
		}
		if (first)
			put_line(p->f, "%7.1fs  no events",
				 (double)run->intervals[i].start_ns / 1e9);
	}
	if (i < run->intervals_n)
		put_line(p->f, "%zu more: --format json", run->intervals_n - i);
}
