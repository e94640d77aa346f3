// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lines, marks and axes of the charts.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "html.h"
#include "svg_draw.h"

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
