// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lines, marks and axes of the charts.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/html.h"
#include "report/svg.h"

#define LABEL_ROOM 44 /* for the label of a decade */

double svg_scale__at(const struct svg_scale *s, double v)
{
	double from = s->from, to = s->to, share;

	if (s->log) {
		from = log10(from);
		to = log10(to);
		v = v > 0 ? log10(v) : from;
	}
	share = to > from ? (v - from) / (to - from) : 0;
	share = share < 0 ? 0 : share > 1 ? 1 : share;
	return s->at_from + share * (s->at_to - s->at_from);
}

double svg__step(double span, unsigned int most)
{
	static const double factors[] = { 1, 2, 5, 10 };
	double power, step = 1;
	size_t i;

	if (!(span > 0) || !isfinite(span))
		return 1;
	power = pow(10, floor(log10(span / most)));
	for (i = 0; i < sizeof(factors) / sizeof(*factors); i++) {
		step = power * factors[i];
		if (span / step <= most)
			break;
	}
	return step;
}

void svg__begin(FILE *f, int width, int height, const char *title)
{
	fprintf(f, "<svg role=\"img\" viewBox=\"0 0 %d %d\">\n<title>", width, height);
	html__text(f, title);
	fputs("</title>\n", f);
}

void svg__end(FILE *f)
{
	fputs("</svg>\n", f);
}

void svg__px(FILE *f, double v)
{
	long tenths = isfinite(v) && fabs(v) < 1e5 ? lround(v * 10) : 0;

	fprintf(f, "%s%ld", tenths < 0 ? "-" : "", labs(tenths) / 10);
	if (tenths % 10)
		fprintf(f, ".%ld", labs(tenths) % 10);
}

static void attribute(FILE *f, const char *name, double v)
{
	fprintf(f, " %s=\"", name);
	svg__px(f, v);
	fputc('"', f);
}

void svg__line(FILE *f, const char *class, double x1, double y1, double x2, double y2)
{
	fprintf(f, "<line class=\"%s\"", class);
	attribute(f, "x1", x1);
	attribute(f, "y1", y1);
	attribute(f, "x2", x2);
	attribute(f, "y2", y2);
	fputs("/>\n", f);
}

void svg__rect(FILE *f, const char *class, double x, double y, double w, double h)
{
	fprintf(f, "<rect class=\"%s\"", class);
	attribute(f, "x", x);
	attribute(f, "y", y);
	attribute(f, "width", w > 0 ? w : 0);
	attribute(f, "height", h > 0 ? h : 0);
	fputs("/>\n", f);
}

void svg__text(FILE *f, const char *class, double x, double y, const char *fmt, ...)
{
	char text[128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(f, "<text class=\"%s\"", class);
	attribute(f, "x", x);
	attribute(f, "y", y);
	fputc('>', f);
	html__text(f, text);
	fputs("</text>\n", f);
}

void svg__path(FILE *f, const char *class)
{
	fprintf(f, "<path class=\"%s\" d=\"", class);
}

void svg__to(FILE *f, char how, double x, double y)
{
	fputc(how, f);
	svg__px(f, x);
	fputc(' ', f);
	svg__px(f, y);
}

void svg__path_end(FILE *f)
{
	fputs("\"/>\n", f);
}

static void polygon(FILE *f, const char *class, const double (*p)[2], int n, double x, double y,
		    double r)
{
	int i;

	svg__path(f, class);
	for (i = 0; i < n; i++)
		svg__to(f, i ? 'L' : 'M', x + r * p[i][0], y + r * p[i][1]);
	fputc('Z', f);
	svg__path_end(f);
}

void svg__mark(FILE *f, const char *class, enum svg_mark mark, double x, double y, double r)
{
	static const double square[][2] = { { -.9, -.9 }, { .9, -.9 }, { .9, .9 }, { -.9, .9 } };
	static const double triangle[][2] = { { -1.1, .9 }, { 0, -1.1 }, { 1.1, .9 } };
	static const double diamond[][2] = { { -1.2, 0 }, { 0, -1.2 }, { 1.2, 0 }, { 0, 1.2 } };
	static const double bar[][2] = { { -.4, -1.2 }, { .4, -1.2 }, { .4, 1.2 }, { -.4, 1.2 } };

	switch (mark) {
	case MARK_CIRCLE:
		fprintf(f, "<circle class=\"%s\"", class);
		attribute(f, "cx", x);
		attribute(f, "cy", y);
		attribute(f, "r", r);
		fputs("/>\n", f);
		break;
	case MARK_SQUARE:
		polygon(f, class, square, 4, x, y, r);
		break;
	case MARK_TRIANGLE:
		polygon(f, class, triangle, 3, x, y, r);
		break;
	case MARK_DIAMOND:
		polygon(f, class, diamond, 4, x, y, r);
		break;
	case MARK_BAR:
		polygon(f, class, bar, 4, x, y, r);
		break;
	}
}

const char *svg__decade(char cell[FMT_CELL], int k, unsigned int factor)
{
	__u64 ns = factor;

	while (k-- > 0)
		ns *= 10;
	return fmt__exact(cell, ns);
}

void svg__time_axis(FILE *f, const struct svg_scale *x, double y0, double y1, bool labels)
{
	static const unsigned int factors[] = { 1, 2, 5 };
	double decades = log10(x->to) - log10(x->from), room = (x->at_to - x->at_from) / decades;
	int k, every = room < LABEL_ROOM ? 2 : 1;
	char cell[FMT_CELL];
	double v, at;
	size_t i;

	for (k = (int)floor(log10(x->from)); k <= (int)log10(x->to); k++)
		for (i = 0; i < sizeof(factors) / sizeof(*factors); i++) {
			v = factors[i] * pow(10, k);
			if (v < 1 || v < x->from * 0.999 || v > x->to * 1.001)
				continue;
			at = svg_scale__at(x, v);
			svg__line(f, i ? "faint" : "grid", at, y0, at, y1);
			if (labels && (i ? room > 4 * LABEL_ROOM : !(k % every)))
				svg__text(f, "m d", at, y1 + 14, "%s",
					  svg__decade(cell, k, factors[i]));
		}
}

const char *svg__short(char *buf, const char *name, size_t most)
{
	size_t n = strlen(name);

	if (n <= most)
		return strcpy(buf, name);
	memcpy(buf, name, most);
	strcpy(buf + most, "...");
	return buf;
}

/*
 * Lines over the seconds of a recording.
 *
 */

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
