// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Differences of two sides, a row each: a dot for every run, the shift with its interval, a line where
 * nothing differs. All is a ratio to the first side's median, 1 where nothing differs; small ones are
 * labelled as changes in percent.
 * Stage 5 (renderers).
 */
#include <math.h>

#include "report/html.h"
#include "report/svg.h"

#define WIDTH	    860
#define LEFT	    222
#define RIGHT	    (WIDTH - 132)
#define TOP	    46
#define ROW	    52
#define BELOW	    44
#define LINEAR_LOW  0.35 /* beyond, the scale is logarithmic: a half is as far as the double */
#define LINEAR_HIGH 2.2
#define LOWEST	    0.02 /* of the log scale; a dot beyond is an arrow at the edge */
#define HIGHEST	    50
#define TICKS	    8
#define LABEL_MOST  34
#define NAME_MOST   22

struct plot {
	FILE *f;
	const char *const *name;
	const struct svg_row *rows;
	size_t n;
	struct svg_scale x;
};

static void widen(double v, double *from, double *to)
{
	if (!isfinite(v))
		return;
	*from = v < *from ? v : *from;
	*to = v > *to ? v : *to;
}

static bool has_base(const struct svg_row *r)
{
	return isfinite(r->base) && r->base > 0;
}

static double ratio(const struct svg_row *r, unsigned int side, size_t i)
{
	return has_base(r) ? r->value[side][i] / r->base : NAN;
}

static void set_scale(struct plot *p)
{
	double from = 0.95, to = 1.05, step;
	unsigned int side;
	size_t i, k;

	for (i = 0; i < p->n; i++) {
		widen(1 + p->rows[i].low, &from, &to);
		widen(1 + p->rows[i].high, &from, &to);
		widen(1 + p->rows[i].value_at, &from, &to);
		for (side = 0; side < SVG_SERIES; side++)
			for (k = 0; k < p->rows[i].n[side]; k++)
				widen(ratio(&p->rows[i], side, k), &from, &to);
	}
	p->x = (struct svg_scale){ from, to, LEFT, RIGHT, from < LINEAR_LOW || to > LINEAR_HIGH };
	if (p->x.log) {
		p->x.from = (from < LOWEST ? LOWEST : from) / 1.15;
		p->x.to = (to > HIGHEST ? HIGHEST : to) * 1.15;
		return;
	}
	step = svg__step(to - from, TICKS);
	p->x.from = 1 + floor((from - 1) / step) * step;
	p->x.to = 1 + ceil((to - 1) / step) * step;
}

static void describe(const struct plot *p)
{
	char shift[FMT_CELL], low[FMT_CELL], high[FMT_CELL];
	const struct svg_row *r;
	size_t i;

	fputs("<desc>", p->f);
	html__textf(p->f, "Change from %s to %s, as a share of the median of %s.", p->name[0],
		    p->name[1], p->name[0]);
	for (i = 0; i < p->n; i++) {
		r = &p->rows[i];
		html__textf(p->f, " %s: ", r->label);
		if (isfinite(r->value_at))
			html__textf(p->f, "%s", fmt__change(shift, 1 + r->value_at));
		if (isfinite(r->low) && isfinite(r->high))
			html__textf(p->f, ", interval %s to %s", fmt__change(low, 1 + r->low),
				    fmt__change(high, 1 + r->high));
		html__textf(p->f, "%s%s.", isfinite(r->value_at) ? "; " : "", r->verdict);
	}
	fputs("</desc>\n", p->f);
}

static void legend(const struct plot *p)
{
	static const double x[] = { 6, 300, 600 };
	char name[NAME_MOST + 4];

	svg__mark(p->f, "da", MARK_CIRCLE, x[0], 10, 4);
	svg__text(p->f, "", x[0] + 10, 14, "%s, a run each",
		  svg__short(name, p->name[0], NAME_MOST));
	svg__mark(p->f, "db", MARK_DIAMOND, x[1], 10, 4);
	svg__text(p->f, "", x[1] + 10, 14, "%s, a run each",
		  svg__short(name, p->name[1], NAME_MOST));
	svg__line(p->f, "iv", x[2], 10, x[2] + 30, 10);
	svg__mark(p->f, "pt", MARK_SQUARE, x[2] + 15, 10, 4);
	svg__text(p->f, "", x[2] + 38, 14, "difference and its interval");
}

static void tick(const struct plot *p, double v, double bottom, const char *label)
{
	double at = svg_scale__at(&p->x, v);

	svg__line(p->f, "grid", at, TOP, at, bottom);
	svg__text(p->f, "m d", at, bottom + 16, "%s", label);
}

static void log_ticks(const struct plot *p, double bottom)
{
	static const struct {
		double v;
		const char *label;
	} ticks[] = { { .02, "1/50" }, { .05, "1/20" }, { .1, "1/10" }, { .2, "1/5" },
		      { .5, "half" },  { 1, "same" },	{ 2, "twice" }, { 5, "5 x" },
		      { 10, "10 x" },  { 20, "20 x" },	{ 50, "50 x" } };
	size_t i;

	for (i = 0; i < sizeof(ticks) / sizeof(*ticks); i++)
		if (ticks[i].v >= p->x.from && ticks[i].v <= p->x.to)
			tick(p, ticks[i].v, bottom, ticks[i].label);
}

static void axis(const struct plot *p, double bottom)
{
	double step = svg__step(p->x.to - p->x.from, TICKS), v, same = svg_scale__at(&p->x, 1);
	char cell[FMT_CELL];

	if (p->x.log)
		log_ticks(p, bottom);
	for (v = p->x.from; !p->x.log && v < p->x.to + step / 2; v += step)
		tick(p, v, bottom, fmt__change(cell, fabs(v - 1) < step / 4 ? 1 : v));
	svg__line(p->f, "zero", same, TOP - 6, same, bottom);
	svg__text(p->f, "m s", same, TOP - 10, "no difference");
	svg__text(p->f, "d", LEFT, bottom + 34,
		  "to the left: lower, that is better, but of shares");
	svg__text(p->f, "e d", RIGHT, bottom + 34, "to the right: higher, worse");
}

/* Beyond the scale's ends a dot is an arrow at the edge. */
static void dots(const struct plot *p, const struct svg_row *r, unsigned int side, double y)
{
	double v;
	size_t i;

	for (i = 0; i < r->n[side]; i++) {
		v = ratio(r, side, i);
		if (!isfinite(v))
			continue;
		if (v > p->x.to * 1.0001)
			svg__text(p->f, "e s", RIGHT + 4, y + 4, ">");
		else if (v < p->x.from * 0.9999)
			svg__text(p->f, "s", LEFT - 4, y + 4, "<");
		else
			svg__mark(p->f, side ? "db" : "da", side ? MARK_DIAMOND : MARK_CIRCLE,
				  svg_scale__at(&p->x, v), y, 3.5);
	}
}

static void interval(const struct plot *p, const struct svg_row *r, double y)
{
	double low = svg_scale__at(&p->x, 1 + r->low), high = svg_scale__at(&p->x, 1 + r->high);

	if (isfinite(r->low) && isfinite(r->high)) {
		svg__line(p->f, "iv", low, y, high, y);
		svg__line(p->f, "iv", low, y - 4, low, y + 4);
		svg__line(p->f, "iv", high, y - 4, high, y + 4);
	}
	if (isfinite(r->value_at))
		svg__mark(p->f, "pt", MARK_SQUARE, svg_scale__at(&p->x, 1 + r->value_at), y, 4);
}

static void row(const struct plot *p, const struct svg_row *r, double y)
{
	char label[LABEL_MOST + 4], cell[FMT_CELL];

	svg__line(p->f, "faint", 0, y + ROW, WIDTH, y + ROW);
	svg__text(p->f, r->significant ? "s" : "", 0, y + 24, "%s",
		  svg__short(label, r->label, LABEL_MOST));
	if (!has_base(r)) {
		svg__text(p->f, "d", LEFT + 8, y + 30, "no median of %s to compare with",
			  svg__short(label, p->name[0], LABEL_MOST));
		return;
	}
	dots(p, r, 0, y + 12);
	dots(p, r, 1, y + 25);
	interval(p, r, y + 39);
	if (isfinite(r->value_at))
		svg__text(p->f, "s", RIGHT + 14, y + 24, "%s", fmt__change(cell, 1 + r->value_at));
	svg__text(p->f, r->significant ? "s" : "d", RIGHT + 14, y + 40, "%s", r->verdict);
}

void svg__differences(FILE *f, const char *title, const char *const name[SVG_SERIES],
		      const struct svg_row *rows, size_t n)
{
	struct plot p = { .f = f, .name = name, .rows = rows, .n = n };
	double bottom = TOP + (double)n * ROW;
	size_t i;

	if (!n)
		return;
	set_scale(&p);
	svg__begin(f, WIDTH, (int)bottom + BELOW, title);
	describe(&p);
	legend(&p);
	axis(&p, bottom);
	for (i = 0; i < n; i++)
		row(&p, &rows[i], TOP + (double)i * ROW);
	svg__end(f);
}
