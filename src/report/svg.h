/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Charts as inline SVG. Stage 5; classes and colours are the stylesheet's in html_page.c. Every chart
 * says its figures in words in <desc>; the two series differ in dash and shape, not in colour alone.
 * Coordinates and labels are the same in every locale.
 */
#ifndef MIGTRACE_SVG_H
#define MIGTRACE_SVG_H

#include "base/fmt.h"
#include <stdbool.h>
#include <stdio.h>

#include "model/run.h"

#define SVG_SERIES 2

struct svg_series {
	const char *name; /* for the legend of a chart with two */
	const struct hist *h;
};

/*
 * Histogram over log time, about ten buckets a decade, and below it the cumulative curve on a scale
 * of nines. An empty series is in the legend only; nothing is drawn when all are. Values below three times
 * @floor_ns lie in a grey band.
 */
void svg__hist(FILE *f, const char *title, const struct svg_series *s, unsigned int n,
	       __u64 floor_ns);

struct svg_line {
	const char *name;
	const double *y; /* NAN: a gap */
};

/* Lines over seconds; @x[n] ascending. @ns: durations on a log scale, else events a second from 0. */
void svg__timeline(FILE *f, const char *title, const double *x, size_t n,
		   const struct svg_line *lines, unsigned int lines_n, bool ns);

/* A row of the chart of differences. */
struct svg_row {
	char label[64], verdict[32];
	bool significant;
	const double *value[SVG_SERIES];
	size_t n[SVG_SERIES];
	double base;		    /* what all is relative to: the first side's median */
	double value_at, low, high; /* the shift over @base; NAN when there is none */
};

/* Dots for runs of both sides and intervals of the shift, against a line of no difference. */
void svg__differences(FILE *f, const char *title, const char *const name[SVG_SERIES],
		      const struct svg_row *rows, size_t n);

/* What the charts are drawn with: scales, marks, axes, paths. */
/* From values to pixels; beyond its ends a value sits on them. */
struct svg_scale {
	double from, to, at_from, at_to;
	bool log;
};

double svg_scale__at(const struct svg_scale *s, double v);
/* The step of 1, 2 or 5 times a power of ten that divides @span into at most @most parts. */
double svg__step(double span, unsigned int most);

void svg__begin(FILE *f, int width, int height, const char *title);
void svg__end(FILE *f);

/* One number of an attribute or a path, with a decimal point wherever one lives. */
void svg__px(FILE *f, double v);
void svg__line(FILE *f, const char *class, double x1, double y1, double x2, double y2);
void svg__rect(FILE *f, const char *class, double x, double y, double w, double h);
/* @class: e right-aligned, m centred, d dim, s strong. */
void svg__text(FILE *f, const char *class, double x, double y, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));

/* A path is begun, gets its points (M moves there, L draws) and is ended. */
void svg__path(FILE *f, const char *class);
void svg__to(FILE *f, char how, double x, double y);
void svg__path_end(FILE *f);

enum svg_mark { MARK_CIRCLE, MARK_SQUARE, MARK_TRIANGLE, MARK_DIAMOND, MARK_BAR };
void svg__mark(FILE *f, const char *class, enum svg_mark mark, double x, double y, double r);

/* Decades, with 2 and 5 between them where there is room, from @y0 down to @y1; labels below. */
void svg__time_axis(FILE *f, const struct svg_scale *x, double y0, double y1, bool labels);

/* The label of 10^@k ns, times @factor: 1us, 20us. */
const char *svg__decade(char cell[FMT_CELL], int k, unsigned int factor);

/* A name that fits: cut after @most bytes with dots; @buf has @most + 4. */
const char *svg__short(char *buf, const char *name, size_t most);

#endif /* MIGTRACE_SVG_H */
