// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lock sites on the HTML page: holds and waits side by side, by outcome, by device; other spans; what
 * cannot be timed, with its reason instead of an empty chart.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "render_html.h"

static bool has_events(const struct run_site *s)
{
	return s->hold.count || s->wait.count;
}

static void outcome_rows(const struct html_page *p, const struct run_site *s)
{
	static const char *const words[OUTCOME_COUNT] = {
		[OUTCOME_MOVED] = "hold, page moved",
		[OUTCOME_BUSY] = "hold, buffer referenced",
		[OUTCOME_REFS] = "hold, page referenced",
		[OUTCOME_OTHER] = "hold, other end",
	};
	unsigned int i;

	for (i = 0; s->has_outcomes && i < OUTCOME_COUNT; i++)
		if (words[i] && s->by_outcome[i].count)
			figure__row(p->f, "sub", words[i], &s->by_outcome[i], run__seconds(p->run),
				    s->floor_ns);
}

static void site_table(const struct html_page *p, unsigned int i)
{
	const struct run_site *s = &p->run->site[i];
	char caption[64];

	snprintf(caption, sizeof(caption), "%s in figures", site__name(i));
	figure__table(p->f, caption, "");
	if (s->hold.count)
		figure__row(p->f, NULL, "hold", &s->hold, run__seconds(p->run), s->floor_ns);
	outcome_rows(p, s);
	if (s->wait.count)
		figure__row(p->f, NULL, "wait", &s->wait, run__seconds(p->run), s->floor_ns);
	html__table_end(p->f);
}

static void buckets(const struct html_page *p, unsigned int i)
{
	char what[64];

	snprintf(what, sizeof(what), "Histogram of %s hold", site__name(i));
	figure__buckets(p->f, p->o, what, &p->run->site[i].hold);
	snprintf(what, sizeof(what), "Histogram of %s wait", site__name(i));
	figure__buckets(p->f, p->o, what, &p->run->site[i].wait);
}

static void site(const struct html_page *p, unsigned int i)
{
	const struct run_site *s = &p->run->site[i];
	const struct svg_series hold = { "hold", &s->hold }, wait = { "wait", &s->wait };

	html__element(p->f, "h3", NULL, "%s", site__name(i));
	fputs("<p class=\"sub\">", p->f);
	html__textf(p->f, "%s", site__words(i));
	if (s->note)
		html__textf(p->f, " (%s)", s->note);
	fputs("</p>\n<div class=\"pair\">\n", p->f);
	figure__hist(p->f, site__name(i), "hold", &hold, 1, s->floor_ns);
	figure__hist(p->f, site__name(i), "wait", &wait, 1, s->floor_ns);
	fputs("</div>\n", p->f);
	site_table(p, i);
	buckets(p, i);
}

static void overview(const struct html_page *p)
{
	const struct run_site *s;
	char name[64];
	unsigned int i;

	figure__table(p->f, "All places at which the lock was taken", "");
	for (i = 0; i < 2 * SITE_COUNT; i++) {
		s = &p->run->site[i % SITE_COUNT];
		if (!(i < SITE_COUNT ? s->hold : s->wait).count)
			continue;
		snprintf(name, sizeof(name), "%s %s", site__name(i % SITE_COUNT),
			 i < SITE_COUNT ? "hold" : "wait");
		figure__row(p->f, NULL, name, i < SITE_COUNT ? &s->hold : &s->wait,
			    run__seconds(p->run), s->floor_ns);
	}
	html__table_end(p->f);
}

/* The largest, so that what the note says holds for every chart below. */
static __u64 floor_of(const struct html_page *p)
{
	__u64 floor_ns = 0;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++)
		if (has_events(&p->run->site[i]) && p->run->site[i].floor_ns > floor_ns)
			floor_ns = p->run->site[i].floor_ns;
	return floor_ns;
}

void html_part__sites(const struct html_page *p)
{
	unsigned int i, n = 0;

	for (i = 0; i < SITE_COUNT; i++)
		n += has_events(&p->run->site[i]);
	if (!n)
		return;
	html__element(p->f, "h2", NULL, "How long the lock is held and waited for");
	figure__legend(p->f, floor_of(p));
	if (n > 1)
		overview(p);
	for (i = 0; i < SITE_COUNT; i++)
		if (has_events(&p->run->site[i]))
			site(p, i);
}

static const char *reason_of(const struct run_site *s)
{
	return s->reason && *s->reason ? s->reason : "no reason recorded";
}

static void quiet(const struct html_page *p, const char *separator, enum entered entered)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < SITE_COUNT; i++) {
		if (has_events(&p->run->site[i]) || !p->run->site[i].clock ||
		    run__entered(p->run, i) != entered)
			continue;
		if (!any)
			fputs("<p>", p->f);
		any = true;
		html__textf(p->f, "%s%s", separator, site__name(i));
		separator = ", ";
	}
	if (any)
		fputs(".</p>\n", p->f);
}

/* Sites that share a reason share the row. */
static void reasons(const struct html_page *p)
{
	static const char *const heads[] = { "not measurable here", "because", NULL };
	const struct run_site *v = p->run->site;
	bool said[SITE_COUNT] = { false }, any = false;
	unsigned int i, j;

	for (i = 0; i < SITE_COUNT; i++) {
		if (v[i].clock || said[i] || has_events(&v[i]))
			continue;
		if (!any)
			html__table(p->f, "Places that could not be timed", heads);
		any = true;
		fputs("<tr><td>", p->f);
		for (j = i; j < SITE_COUNT; j++) {
			if (v[j].clock || has_events(&v[j]) ||
			    strcmp(reason_of(&v[i]), reason_of(&v[j])) != 0)
				continue;
			said[j] = true;
			html__textf(p->f, "%s%s", j == i ? "" : ", ", site__name(j));
		}
		fputs("</td>", p->f);
		html__td(p->f, "%s", reason_of(&v[i]));
		html__row_end(p->f);
	}
	if (any)
		html__table_end(p->f);
}

void html_part__unmeasurable(const struct html_page *p)
{
	unsigned int i, n = 0;

	for (i = 0; i < SITE_COUNT; i++)
		n += !has_events(&p->run->site[i]);
	if (!n)
		return;
	html__element(p->f, "h2", NULL, "Not in the charts");
	quiet(p, "Called, and the lock was not taken: ", ENTERED);
	quiet(p, "Never called: ", ENTERED_NEVER);
	quiet(p, "Timed, and no lock section seen (calls are not counted): ", ENTERED_UNKNOWN);
	reasons(p);
}

void html_part__spans(const struct html_page *p)
{
	const struct {
		const char *name, *words;
		bool has;
		const struct hist *h;
	} spans[] = {
		{ "norefs_window", "from the release of the passing check to the end of the move",
		  p->run->has_window, &p->run->window },
		{ "flag_held", "from the setting of BH_Migrate to its clearing",
		  p->run->has_flag_held, &p->run->flag_held },
		{ "folio_lock_wait", "lookups that sleep until a folio under migration is unlocked",
		  p->run->has_folio_wait, &p->run->folio_wait },
	};
	struct svg_series s = { "", NULL };
	bool any = false;
	char what[64];
	size_t i;

	for (i = 0; i < sizeof(spans) / sizeof(*spans); i++) {
		if (!spans[i].has || !spans[i].h->count)
			continue;
		if (!any)
			html__element(p->f, "h2", NULL, "Other spans");
		any = true;
		s.h = spans[i].h;
		html__element(p->f, "h3", NULL, "%s", spans[i].name);
		html__element(p->f, "p", "sub", "%s", spans[i].words);
		fputs("<div class=\"pair\">\n", p->f);
		figure__hist(p->f, spans[i].name, "duration", &s, 1, 0);
		fputs("</div>\n", p->f);
		figure__table(p->f, spans[i].name, "");
		figure__row(p->f, NULL, spans[i].name, s.h, run__seconds(p->run), 0);
		html__table_end(p->f);
		snprintf(what, sizeof(what), "Histogram of %s", spans[i].name);
		figure__buckets(p->f, p->o, what, s.h);
	}
}

static void device_row(const struct html_page *p, const struct run_device *d, unsigned int s)
{
	const struct hist *h = &d->site[s].hold;
	__u64 floor_ns = p->run->site[s].floor_ns;
	char cell[FMT_CELL], dev[DEV_TEXT];

	html__row(p->f, NULL);
	html__th(p->f, "%s", *d->name ? d->name : "-");
	html__td(p->f, "%s", d->dev ? dev__format(d->dev, dev, sizeof(dev)) : "no host");
	html__td(p->f, "%s", site__name(s));
	html__num(p->f, "%s", fmt__count(cell, h->count));
	html__num(p->f, "%s", figure__quantile(cell, h, 0.5, floor_ns));
	html__num(p->f, "%s", figure__quantile(cell, h, 0.99, floor_ns));
	html__num(p->f, "%s", figure__quantile(cell, h, 1, floor_ns));
	html__num(p->f, "%s", fmt__rate(cell, (double)h->sum_ns / 1e6 / run__seconds(p->run)));
	html__row_end(p->f);
}

void html_part__devices(const struct html_page *p)
{
	static const char *const heads[] = { "device", "number", "hold",	   ">count", ">p50",
					     ">p99",   ">max",	 ">ms per second", NULL };
	bool any = false;
	unsigned int s;
	size_t i;

	for (i = 0; i < p->run->devices_n; i++)
		for (s = 0; s < SITE_COUNT; s++) {
			if (!p->run->devices[i].site[s].hold.count)
				continue;
			if (!any) {
				html__element(p->f, "h2", NULL, "By device");
				html__table(p->f, "Holds by block device", heads);
			}
			any = true;
			device_row(p, &p->run->devices[i], s);
		}
	if (any)
		html__table_end(p->f);
}
