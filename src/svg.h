/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Charts as inline SVG. Stage 5; classes and colours are the stylesheet's in html_page.c. Every chart
 * says its figures in words in <desc>; the two series differ in dash and shape, not in colour alone.
 * Coordinates and labels are the same in every locale.
 */
#ifndef MIGTRACE_SVG_H
#define MIGTRACE_SVG_H

#include <stdbool.h>
#include <stdio.h>

#include "run.h"

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

#endif /* MIGTRACE_SVG_H */
