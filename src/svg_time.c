// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lines over the seconds of a recording.
 * Stage 5 (renderers).
 */
#include <math.h>

#include "html.h"
#include "svg_draw.h"

#define WIDTH	      420
#define HEIGHT	      220
#define LEFT	      56
#define RIGHT	      (WIDTH - 12)
#define TOP	      30
#define BOTTOM	      (HEIGHT - 36)
#define MARKS_AT_MOST 60 /* points; beyond, marks would hide the line */

struct plot {
	FILE *f;
	const double *x;
	size_t n;
	const struct svg_line *lines;
	unsigned int lines_n;
	bool ns;
	struct svg_scale sx, sy;
};

static const char *value(char *cell, const struct plot *p, double v)
{
	return p->ns ? fmt__ns(cell, (__u64)v) : fmt__rate(cell, v);
}

static bool range(const struct plot *p, const double *y, double *from, double *to)
{
	size_t i;

	*from = INFINITY;
	*to = -INFINITY;
	for (i = 0; i < p->n; i++) {
		if (!isfinite(y[i]))
			continue;
		*from = y[i] < *from ? y[i] : *from;
		*to = y[i] > *to ? y[i] : *to;
	}
	return *to >= *from;
}

static void set_scales(struct plot *p)
{
	double from = INFINITY, to = 0, low, high;
	unsigned int i;

	for (i = 0; i < p->lines_n; i++) {
		if (!range(p, p->lines[i].y, &low, &high))
			continue;
		from = low < from ? low : from;
		to = high > to ? high : to;
	}
	to = to > 0 ? to : 1;
	if (p->ns) {
		from = isfinite(from) && from >= 1 ? from / 1.3 : 1;
		to = to * 1.3 > from * 4 ? to * 1.3 : from * 4;
	} else {
		from = 0;
		to = ceil(to / svg__step(to, 4)) * svg__step(to, 4);
	}
	p->sx = (struct svg_scale){ 0, p->x[p->n], LEFT, RIGHT, false };
	p->sy = (struct svg_scale){ from, to, BOTTOM, TOP, p->ns };
}

static void describe(const struct plot *p)
{
	char from[FMT_CELL], to[FMT_CELL];
	double low, high;
	unsigned int i;

	fputs("<desc>", p->f);
	html__textf(p->f, "%zu intervals.", p->n);
	for (i = 0; i < p->lines_n; i++)
		if (range(p, p->lines[i].y, &low, &high))
			html__textf(p->f, " %s: from %s to %s%s.", p->lines[i].name,
				    value(from, p, low), value(to, p, high),
				    p->ns ? "" : " a second");
	fputs("</desc>\n", p->f);
}

static void y_label(const struct plot *p, double v, bool faint)
{
	double y = svg_scale__at(&p->sy, v);
	char cell[FMT_CELL];

	svg__line(p->f, faint ? "faint" : "grid", LEFT, y, RIGHT, y);
	svg__text(p->f, "e d", LEFT - 6, y + 4, "%s",
		  p->ns ? fmt__exact(cell, (__u64)(v + 0.5)) : fmt__rate(cell, v));
}

static void y_axis(const struct plot *p)
{
	double from = p->sy.from, to = p->sy.to, step = svg__step(to, 4), v;
	static const unsigned int factors[] = { 1, 2, 5 };
	bool dense = to / from < 120;
	size_t i;
	int k;

	if (!p->ns) {
		for (v = 0; v < to + step / 2; v += step)
			y_label(p, v, false);
		return;
	}
	for (k = (int)floor(log10(from)); k <= (int)log10(to); k++)
		for (i = 0; i < (dense ? 3 : 1); i++) {
			v = factors[i] * pow(10, k);
			if (v >= 1 && v >= from && v <= to)
				y_label(p, v, i > 0);
		}
}

static void x_axis(const struct plot *p)
{
	double step = svg__step(p->sx.to, 6), v, at;
	long n;

	for (v = 0; v <= p->sx.to * 1.001; v += step) {
		at = svg_scale__at(&p->sx, v);
		svg__line(p->f, "grid", at, TOP, at, BOTTOM);
		n = lround(v * 100);
		if (step >= 1)
			svg__text(p->f, "m d", at, BOTTOM + 15, "%ld s", n / 100);
		else
			svg__text(p->f, "m d", at, BOTTOM + 15, "%ld.%02ld s", n / 100, n % 100);
	}
	svg__line(p->f, "axis", LEFT, BOTTOM, RIGHT, BOTTOM);
	svg__text(p->f, "m d", (LEFT + RIGHT) / 2.0, HEIGHT - 4, "seconds since the start");
}

/* A point in the middle of its interval; a gap where there was no event. */
static void line(const struct plot *p, unsigned int i)
{
	const double *y = p->lines[i].y;
	bool open = false;
	double at;
	size_t k;

	svg__path(p->f, i ? "lb" : "la");
	svg__to(p->f, 'M', LEFT, BOTTOM); /* a path needs a point, though every y may be a gap */
	for (k = 0; k < p->n; k++) {
		at = svg_scale__at(&p->sx, (p->x[k] + p->x[k + 1]) / 2);
		if (isfinite(y[k]))
			svg__to(p->f, open ? 'L' : 'M', at, svg_scale__at(&p->sy, y[k]));
		open = isfinite(y[k]);
	}
	svg__path_end(p->f);
	for (k = 0; k < p->n && p->n <= MARKS_AT_MOST; k++) {
		at = svg_scale__at(&p->sx, (p->x[k] + p->x[k + 1]) / 2);
		if (isfinite(y[k]))
			svg__mark(p->f, i ? "mb" : "ma", i ? MARK_SQUARE : MARK_CIRCLE, at,
				  svg_scale__at(&p->sy, y[k]), 3);
	}
}

static void legend(const struct plot *p)
{
	unsigned int i;
	double x;

	for (i = 0; i < p->lines_n; i++) {
		x = LEFT + i * 130.0;
		svg__line(p->f, i ? "lb" : "la", x, 12, x + 24, 12);
		svg__mark(p->f, i ? "mb" : "ma", i ? MARK_SQUARE : MARK_CIRCLE, x + 12, 12, 3);
		svg__text(p->f, "s", x + 30, 16, "%s", p->lines[i].name);
	}
}

void svg__timeline(FILE *f, const char *title, const double *x, size_t n,
		   const struct svg_line *lines, unsigned int lines_n, bool ns)
{
	struct plot p = { .f = f, .x = x, .n = n, .lines = lines, .lines_n = lines_n, .ns = ns };
	unsigned int i;

	if (!n || !(x[n] > 0))
		return;
	set_scales(&p);
	svg__begin(f, WIDTH, HEIGHT, title);
	describe(&p);
	legend(&p);
	y_axis(&p);
	x_axis(&p);
	for (i = 0; i < lines_n; i++)
		line(&p, i);
	svg__end(f);
}
