// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A histogram over log time with its cumulative curve below, of one series or two.
 * Stage 5 (renderers).
 *
 * A bar is the share of the events, so that recordings of different lengths compare. An octave's
 * eight buckets make three bars (from 1, 1.25 and 1.625 times its start), which are about as wide as
 * each other on the log scale; eight would look like saw teeth, since buckets are linear within one.
 * The curve is over nines (-log10 of the share above), where a tail shows that no bar could.
 */
#include <math.h>
#include <string.h>

#include "report/html.h"
#include "report/svg.h"

#define WIDTH	  420
#define LEFT	  60
#define RIGHT	  (WIDTH - 16)
#define LEGEND	  18
#define LANE	  12
#define PANEL	  108
#define BETWEEN	  26
#define BELOW	  20
#define NINES	  5 /* at most, on the lower panel */
#define NAME_MOST 14

struct chart {
	FILE *f;
	struct svg_series s[SVG_SERIES];
	unsigned int n;
	struct svg_scale x;
	__u64 floor_ns;
	double largest; /* share of the highest bar, rounded up */
	int nines;
	double lanes, top, low; /* y of the marks' lanes and of the panels' upper edges */
};

/* Bars: an exact value below 8 ns each, then thirds of an octave; -1 behind the last. */
static int next_bar(int bucket)
{
	int sub = bucket % HIST_SUB, octave = bucket - sub;

	if (bucket < HIST_SUB || bucket >= HIST_OVERFLOW)
		return bucket < HIST_OVERFLOW ? bucket + 1 : -1;
	return octave + (sub < 2 ? 2 : sub < 5 ? 5 : HIST_SUB);
}

static double lower_edge(int bucket)
{
	__u64 ns = hist_lower((__u32)bucket);

	return ns ? (double)ns : 0.5;
}

static double upper_edge(const struct hist *h, int next)
{
	if (next > 0)
		return lower_edge(next);
	return (double)h->max_ns * 1.1;
}

static double share(const struct hist *h, int from, int next)
{
	double n = 0;
	int i;

	for (i = from; i < (next < 0 ? HIST_BUCKETS : next); i++)
		n += (double)h->bucket[i];
	return n / (double)h->count;
}

static double largest_share(const struct hist *h)
{
	double v, largest = 0;
	int i, next;

	for (i = 0; i >= 0; i = next) {
		next = next_bar(i);
		v = share(h, i, next);
		largest = v > largest ? v : largest;
	}
	return largest;
}

static double round_up(double v)
{
	static const double stops[] = { .01, .02, .04, .06, .1, .2, .3, .4, .6, .8 };
	size_t i;

	for (i = 0; i < sizeof(stops) / sizeof(*stops); i++)
		if (v <= stops[i])
			return stops[i];
	return 1;
}

/* At least a decade wide, and a little room at both ends. */
static void set_scale(struct chart *c)
{
	double from = INFINITY, to = 0, v;
	unsigned int i;

	for (i = 0; i < c->n; i++) {
		if (!c->s[i].h->count)
			continue;
		v = (double)c->s[i].h->min_ns;
		from = v < from ? v : from;
		v = (double)c->s[i].h->max_ns;
		to = v > to ? v : to;
	}
	from = (from < 1 ? 0.5 : from) / 1.3;
	to *= 1.3;
	if (!(to > from * 10))
		to = from * 10;
	c->x = (struct svg_scale){ from, to, LEFT, RIGHT, true };
}

static void set_chart(struct chart *c)
{
	double v, largest = 0;
	__u64 most = 1;
	unsigned int i;

	set_scale(c);
	for (i = 0; i < c->n; i++) {
		if (!c->s[i].h->count)
			continue;
		v = largest_share(c->s[i].h);
		largest = v > largest ? v : largest;
		most = c->s[i].h->count > most ? c->s[i].h->count : most;
	}
	c->largest = round_up(largest);
	c->nines = (int)log10((double)most);
	c->nines = c->nines < 1 ? 1 : c->nines > NINES ? NINES : c->nines;
	c->lanes = (c->n > 1 ? LEGEND : 0) + 22;
	c->top = c->lanes + c->n * LANE + 18;
	c->low = c->top + PANEL + BETWEEN;
}

static __u64 told_apart(const struct chart *c, __u64 ns)
{
	return ns < 3 * c->floor_ns ? 3 * c->floor_ns : ns;
}

static void describe(const struct chart *c)
{
	char p50[FMT_CELL], p99[FMT_CELL], max[FMT_CELL], words[FMT_WORDS];
	const struct hist *h;
	unsigned int i;

	fputs("<desc>", c->f);
	for (i = 0; i < c->n; i++) {
		h = c->s[i].h;
		if (!h->count) {
			html__textf(c->f, "%s, no events. ", c->s[i].name);
			continue;
		}
		html__textf(c->f,
			    "%s%s%s: half took at most %s, 99 in 100 at most %s, "
			    "the longest %s. ",
			    c->n > 1 ? c->s[i].name : "", c->n > 1 ? ", " : "",
			    fmt__of(words, h->count, "event"),
			    fmt__ns(p50, told_apart(c, hist__quantile(h, 0.5))),
			    fmt__ns(p99, told_apart(c, hist__quantile(h, 0.99))),
			    fmt__ns(max, told_apart(c, h->max_ns)));
	}
	fputs("</desc>\n", c->f);
}

static void legend(const struct chart *c)
{
	char name[NAME_MOST + 4];
	unsigned int i;
	double x;

	for (i = 0; c->n > 1 && i < c->n; i++) {
		x = LEFT + i * (RIGHT - LEFT) / 2.0;
		svg__rect(c->f, i ? "bb" : "ba", x, 3, 14, 10);
		svg__line(c->f, i ? "lb" : "la", x + 18, 8, x + 38, 8);
		svg__text(c->f, "s", x + 43, 12, "%s%s",
			  svg__short(name, c->s[i].name, c->s[i].h->count ? NAME_MOST : 6),
			  c->s[i].h->count ? "" : ": no events");
	}
}

static void grid(const struct chart *c)
{
	static const char *const names[] = { "90%", "99%", "99.9%", "99.99%", "99.999%" };
	double y, floor_at = svg_scale__at(&c->x, 3 * (double)c->floor_ns);
	long thousandths = lround(c->largest * 1000);
	int i;

	for (i = 0; i < 2 && c->floor_ns; i++)
		svg__rect(c->f, "floor", LEFT, i ? c->low : c->top, floor_at - LEFT, PANEL);
	svg__time_axis(c->f, &c->x, c->top, c->top + PANEL, false);
	svg__time_axis(c->f, &c->x, c->low, c->low + PANEL, true);
	svg__text(c->f, "d", LEFT, c->top - 6, "share of the events in each bar");
	for (i = 0; i <= 2; i++) {
		y = c->top + PANEL - i * PANEL / 2.0;
		svg__line(c->f, i ? "grid" : "axis", LEFT, y, RIGHT, y);
		if (thousandths * i / 2 % 10)
			svg__text(c->f, "e d", LEFT - 5, y + 4, "%ld.%ld%%", thousandths * i / 20,
				  thousandths * i / 2 % 10);
		else
			svg__text(c->f, "e d", LEFT - 5, y + 4, "%ld%%", thousandths * i / 20);
	}
	svg__text(c->f, "d", LEFT, c->low - 6, "share that took at most as long");
	for (i = 0; i <= c->nines; i++) {
		y = c->low + PANEL - (i ? i : log10(2)) * PANEL / (c->nines + 0.6);
		svg__line(c->f, "grid", LEFT, y, RIGHT, y);
		svg__text(c->f, "e d", LEFT - 5, y + 4, "%s", i ? names[i - 1] : "half");
	}
	svg__line(c->f, "axis", LEFT, c->low + PANEL, RIGHT, c->low + PANEL);
	svg__line(c->f, "grid", LEFT, c->low, RIGHT, c->low);
	svg__text(c->f, "e d", LEFT - 5, c->low + 4, "all");
}

static void bars(const struct chart *c, unsigned int series)
{
	const struct hist *h = c->s[series].h;
	double x1, base = c->top + PANEL, y, v, last = -1;
	int i, next;

	svg__path(c->f, series ? "bb" : "ba");
	for (i = 0; i >= 0; i = next) {
		next = next_bar(i);
		v = share(h, i, next);
		if (!(v > 0))
			continue;
		/* a bar too low to be seen is still there */
		y = base - (v / c->largest * PANEL < 0.8 ? 0.8 : v / c->largest * PANEL);
		x1 = svg_scale__at(&c->x, lower_edge(i));
		if (last < 0)
			svg__to(c->f, 'M', x1, base);
		else if (x1 > last + 0.01) {
			svg__to(c->f, 'L', last, base);
			svg__to(c->f, 'L', x1, base);
		}
		svg__to(c->f, 'L', x1, y);
		last = svg_scale__at(&c->x, upper_edge(h, next));
		svg__to(c->f, 'L', last, y);
	}
	svg__to(c->f, 'L', last, base);
	svg__path_end(c->f);
}

/* The y of a cumulative share; all of it is the upper edge. */
static double nines_at(const struct chart *c, double f)
{
	double nines = f < 1 ? -log10(1 - f) : c->nines + 0.6;

	if (nines > c->nines + 0.5 && f < 1)
		nines = c->nines + 0.5;
	return c->low + PANEL - nines * PANEL / (c->nines + 0.6);
}

static void curve(const struct chart *c, unsigned int series)
{
	const struct hist *h = c->s[series].h;
	__u64 seen = 0;
	double from, to;
	int i;

	svg__path(c->f, series ? "lb" : "la");
	svg__to(c->f, 'M', svg_scale__at(&c->x, (double)h->min_ns), c->low + PANEL);
	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		/* the outermost buckets are only as wide as what they hold */
		from = fmax(lower_edge(i), (double)h->min_ns);
		to = fmin(i < HIST_OVERFLOW ? lower_edge(i + 1) : INFINITY, (double)h->max_ns);
		if (seen)
			svg__to(c->f, 'L', svg_scale__at(&c->x, from),
				nines_at(c, (double)seen / (double)h->count));
		seen += h->bucket[i];
		svg__to(c->f, 'L', svg_scale__at(&c->x, to),
			nines_at(c, (double)seen / (double)h->count));
	}
	svg__path_end(c->f);
}

/* Quantiles above the bars; a label that would touch one before is left out, the longest's never. */
static void quantiles(const struct chart *c, unsigned int series)
{
	static const struct {
		const char *name;
		double q;
		enum svg_mark mark;
	} q[] = { { "max", 1, MARK_BAR },
		  { "p50", 0.5, MARK_CIRCLE },
		  { "p99", 0.99, MARK_TRIANGLE },
		  { "p99.9", 0.999, MARK_DIAMOND } };
	const struct hist *h = c->s[series].h;
	double y = c->lanes + series * LANE, at[4];
	unsigned int i, j;

	at[0] = svg_scale__at(&c->x, (double)h->max_ns);
	at[1] = svg_scale__at(&c->x, (double)hist__quantile(h, 0.5));
	svg__line(c->f, series ? "lb" : "la", at[1], y, at[0], y);
	for (i = 0; i < 4; i++) {
		at[i] = i ? svg_scale__at(&c->x, (double)hist__quantile(h, q[i].q)) : at[0];
		if (q[i].q < 1 && (1 - q[i].q) * (double)h->count < 0.999) {
			at[i] = -WIDTH;
			continue;
		}
		svg__mark(c->f, series ? "mb" : "ma", q[i].mark, at[i], y, 4);
		for (j = 0; j < i && fabs(at[i] - at[j]) > 32; j++)
			;
		if (j == i && (!series || !c->s[0].h->count))
			svg__text(c->f, "m d", at[i] > RIGHT - 8 ? RIGHT - 8 : at[i], y - 7, "%s",
				  q[i].name);
		else
			at[i] = i ? -WIDTH : at[i];
	}
}

void svg__hist(FILE *f, const char *title, const struct svg_series *s, unsigned int n,
	       __u64 floor_ns)
{
	struct chart c = { .f = f, .floor_ns = floor_ns };
	bool any = false;
	unsigned int i;

	for (i = 0; i < n; i++) {
		c.s[c.n++] = s[i];
		any = any || s[i].h->count;
	}
	if (!any)
		return;
	set_chart(&c);
	svg__begin(f, WIDTH, (int)(c.low + PANEL + BELOW), title);
	describe(&c);
	legend(&c);
	grid(&c);
	for (i = 0; i < c.n; i++) {
		if (!c.s[i].h->count)
			continue;
		bars(&c, i);
		curve(&c, i);
		quantiles(&c, i);
	}
	svg__end(f);
}
