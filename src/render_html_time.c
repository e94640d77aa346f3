// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The HTML page over time: intervals of a recording (-i) as lines and as a table, rounds of bench.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>

#include "render_html.h"

#define ROWS_MAX 200

static double seconds_of(const struct interval *v)
{
	return v->duration_ns ? (double)v->duration_ns / 1e9 : 1;
}

/* The site's curves, one value an interval; x has the end as well. */
struct curves {
	double *x, *p50, *p99, *rate;
};

static bool curves__fill(struct curves *c, const struct run *run, unsigned int s)
{
	const struct interval *v = run->intervals;
	size_t n = run->intervals_n, i;

	c->x = calloc(4 * (n + 1), sizeof(double));
	if (!c->x)
		return false;
	c->p50 = c->x + n + 1;
	c->p99 = c->p50 + n;
	c->rate = c->p99 + n;
	for (i = 0; i < n; i++) {
		const struct hist *h = &v[i].site[s].hold;

		c->x[i] = (double)v[i].start_ns / 1e9;
		c->p50[i] = h->count ? (double)hist__quantile(h, 0.5) : NAN;
		c->p99[i] = h->count ? (double)hist__quantile(h, 0.99) : NAN;
		c->rate[i] = (double)h->count / seconds_of(&v[i]);
	}
	c->x[n] = (double)(v[n - 1].start_ns + v[n - 1].duration_ns) / 1e9;
	return true;
}

static void charts(const struct html_page *p, unsigned int s)
{
	const struct run *run = p->run;
	char title[96];
	struct curves c;

	if (!curves__fill(&c, run, s))
		return;
	const struct svg_line durations[] = { { "p50", c.p50 }, { "p99", c.p99 } };
	const struct svg_line rate = { "holds a second", c.rate };

	fputs("<div class=\"pair\">\n<figure>", p->f);
	snprintf(title, sizeof(title), "%s: hold over time", site__name(s));
	html__element(p->f, "figcaption", NULL, "%s", title);
	svg__timeline(p->f, title, c.x, run->intervals_n, durations, 2, true);
	fputs("</figure>\n<figure>", p->f);
	snprintf(title, sizeof(title), "%s: holds a second", site__name(s));
	html__element(p->f, "figcaption", NULL, "%s", title);
	svg__timeline(p->f, title, c.x, run->intervals_n, &rate, 1, false);
	fputs("</figure>\n</div>\n", p->f);
	free(c.x);
}

static void slice_row(const struct html_page *p, const struct interval *v, const struct hist *h,
		      const char *name, __u64 floor_ns)
{
	char cell[FMT_CELL];

	html__row(p->f, NULL);
	html__td(p->f, "%s", name);
	html__num(p->f, "%s", fmt__ns(cell, v->start_ns));
	html__num(p->f, "%s", fmt__ns(cell, v->duration_ns));
	html__num(p->f, "%s", fmt__count(cell, h->count));
	html__num(p->f, "%s", fmt__rate(cell, (double)h->count / seconds_of(v)));
	html__num(p->f, "%s", figure__quantile(cell, h, 0.5, floor_ns));
	html__num(p->f, "%s", figure__quantile(cell, h, 0.99, floor_ns));
	html__num(p->f, "%s", figure__quantile(cell, h, 1, floor_ns));
	html__num(p->f, "%s", fmt__rate(cell, (double)h->sum_ns / 1e6 / seconds_of(v)));
	html__row_end(p->f);
}

static void slice_table(const struct html_page *p, const char *caption)
{
	static const char *const heads[] = { "",       ">start",      ">length",
					     ">count", ">per second", ">p50",
					     ">p99",   ">max",	      ">ms per second",
					     NULL };

	html__table(p->f, caption, heads);
}

static bool in_intervals(const struct run *run, unsigned int s)
{
	size_t i;

	for (i = 0; i < run->intervals_n; i++)
		if (run->intervals[i].site[s].hold.count)
			return true;
	return false;
}

static void table(const struct html_page *p, unsigned int s)
{
	const struct run *run = p->run;
	char name[32];
	size_t i;

	html__details(p->f, "%s hold, by interval", site__name(s));
	slice_table(p, "Holds by interval");
	for (i = 0; i < run->intervals_n && i < ROWS_MAX; i++) {
		snprintf(name, sizeof(name), "%zu", i + 1);
		slice_row(p, &run->intervals[i], &run->intervals[i].site[s].hold, name,
			  run->site[s].floor_ns);
	}
	html__table_end(p->f);
	if (i < run->intervals_n)
		html__element(p->f, "p", "note", "%zu more intervals are in the run file.",
			      run->intervals_n - i);
	html__details_end(p->f);
}

void html_part__time(const struct html_page *p)
{
	unsigned int s;

	if (!p->run->intervals_n)
		return;
	html__element(p->f, "h2", NULL, "Over time");
	for (s = 0; s < SITE_COUNT; s++) {
		if (!in_intervals(p->run, s))
			continue;
		charts(p, s);
		table(p, s);
	}
}

void html_part__rounds(const struct html_page *p)
{
	const struct run *run = p->run;
	char name[64];
	unsigned int s;
	size_t i;

	if (!run->rounds_n)
		return;
	html__element(p->f, "h2", NULL, "Rounds");
	html__element(p->f, "p", "sub",
		      "Rounds of one benchmark are not samples of their own: a comparison takes "
		      "their median.");
	slice_table(p, "Holds by round");
	for (i = 0; i < run->rounds_n && i < ROWS_MAX; i++)
		for (s = 0; s < SITE_COUNT; s++) {
			if (!run->rounds[i].site[s].hold.count)
				continue;
			snprintf(name, sizeof(name), "%zu, %s", i + 1, site__name(s));
			slice_row(p, &run->rounds[i], &run->rounds[i].site[s].hold, name,
				  run->site[s].floor_ns);
		}
	html__table_end(p->f);
}
