// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Histograms of a document: as bars by octave, or linear as in Jan Kara's table of 12 Jul 2019
 * (--linear); on the page drawn as well.
 * Stage 5 (renderers).
 */
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"

#define EMPTY_SHOWN 2			/* longer gaps become one line */
#define OCTAVES	    (HIST_MAX_LOG2 + 2) /* 0, then one for each power of two, then the overflow */

/* One line of a histogram. */
struct bar {
	char from[FMT_CELL], to[FMT_CELL]; /* @to is empty for an open end */
	__u64 count;
};

struct marks {
	__u64 rank[4];
};

static const char *const mark_names[] = { "p50", "p90", "p99", "p99.9" };

static void set_marks(struct marks *m, __u64 total)
{
	static const unsigned int permille[] = { 500, 900, 990, 999 };

	for (size_t i = 0; i < 4; i++) {
		/* too few values to have one beyond it: rank 0, which is in no bar */
		if (total < 1000 / (1000 - permille[i]))
			m->rank[i] = 0;
		else /* ceil(q * total) without overflow */
			m->rank[i] = total / 1000 * permille[i] +
				     (total % 1000 * permille[i] + 999) / 1000;
	}
}

/* The quantiles that fall into ranks @before + 1 to @upto: "p50", or "p50-p99" for several. */
static void mark(struct doc *d, const struct marks *m, __u64 before, __u64 upto)
{
	int first = -1, last = -1, i;

	for (i = 0; i < 4; i++)
		if (m->rank[i] > before && m->rank[i] <= upto) {
			first = first < 0 ? i : first;
			last = i;
		}
	doc__cell(d, "%s%s%s", first < 0 ? "" : mark_names[first], first == last ? "" : "-",
		  first == last ? "" : mark_names[last]);
}

/* 100.00 is all of them and no less. */
static void sum_percent(struct doc *d, __u64 seen, __u64 total)
{
	double percent = 100.0 * (double)seen / (double)total;

	doc__cell(d, "%.2f", seen < total && percent > 99.99 ? 99.99 : percent);
}

static void bar_row(struct doc *d, const struct bar *b, const struct marks *m, __u64 seen,
		    __u64 total, __u64 largest)
{
	doc__row(d);
	doc__cell(d, "%s", b->from);
	doc__cell(d, "%s", *b->to ? "-" : "");
	doc__cell(d, "%s", *b->to ? b->to : "or more");
	doc__count(d, b->count);
	sum_percent(d, seen + b->count, total);
	doc__cell(d, "%s", "")->bar = (double)b->count / (double)largest;
	mark(d, m, seen, seen + b->count);
}

static size_t empty_from(const struct bar *bars, size_t i, size_t n)
{
	size_t start = i;

	while (i < n && !bars[i].count)
		i++;
	return i - start;
}

static void bar_rows(struct doc *d, const struct bar *bars, size_t n, __u64 total)
{
	__u64 largest = 1, seen = 0;
	struct marks m;
	size_t i, empty;

	set_marks(&m, total);
	for (i = 0; i < n; i++)
		largest = bars[i].count > largest ? bars[i].count : largest;
	for (i = 0; i < n; i++) {
		empty = empty_from(bars, i, n);
		if (empty <= EMPTY_SHOWN) {
			bar_row(d, &bars[i], &m, seen, total, largest);
			seen += bars[i].count;
			continue;
		}
		doc__row(d);
		doc__cell(d, "...");
		doc__cell(d, "%s", "");
		doc__cell(d, "%s", "");
		doc__count(d, 0);
		sum_percent(d, seen, total);
		i += empty - 1;
	}
}

/* Octave 0 holds the value 0, octave k the values from 2^(k-1) on. */
static unsigned int octave_of(unsigned int bucket)
{
	return bucket ? hist_log2(hist_lower(bucket)) + 1 : 0;
}

static void octaves(struct doc *d, const struct hist *h)
{
	struct bar bars[OCTAVES] = { 0 };
	unsigned int i, first = OCTAVES, last = 0;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		last = octave_of(i);
		first = first < last ? first : last;
		bars[last].count += h->bucket[i];
	}
	for (i = first; i <= last; i++) {
		fmt__ns(bars[i].from, i ? 1ULL << (i - 1) : 0);
		if (i < OCTAVES - 1)
			fmt__ns(bars[i].to, 1ULL << i);
	}
	if (first <= last)
		bar_rows(d, &bars[first], last - first + 1, h->count);
}

static void linear_note(struct doc *d, const struct render_opts *o, const struct hist *h,
			__u64 moved)
{
	char width[FMT_CELL], words[FMT_WORDS];

	doc__para(d, FOR_BOTH, "note", "%s of %s and one of what is above;",
		  fmt__of(words, o->linear_count, "bucket"), fmt__exact(width, o->linear_width_ns))
		->indent = 2;
	if (moved)
		doc__add(
			d,
			"%s (%.2f%%) kept in a bucket across an edge, put to the side of the bucket's "
			"middle",
			fmt__of(words, moved, "count"), 100.0 * (double)moved / (double)h->count);
	else
		doc__add(d, "exact: no bucket lies across an edge");
}

static void linear(struct doc *d, const struct render_opts *o, const struct hist *h)
{
	__u64 width = o->linear_width_ns, moved;
	unsigned int n = o->linear_count, i;
	__u64 *count = calloc(n + 1, sizeof(*count));
	struct bar *bars = calloc(n + 1, sizeof(*bars));

	if (count && bars) {
		moved = hist__linear(h, width, n, count);
		for (i = 0; i <= n; i++) {
			bars[i].count = count[i];
			fmt__exact(bars[i].from, width * i);
			if (i < n)
				fmt__exact(bars[i].to, width * (i + 1));
		}
		bar_rows(d, bars, n + 1, h->count);
		linear_note(d, o, h, moved);
	} else {
		d->failed = true;
	}
	free(bars);
	free(count);
}

static const struct doc_column columns[] = {
	{ .head = "from", .width = 8 },
	{ .head = "-", .width = -1, .gap = 1, .only = FOR_TEXT },
	{ .head = "below", .width = -8, .gap = 1 },
	{ .head = "count", .width = 10 },
	{ .head = "cum %", .width = 8 },
	{ .head = "", .width = -28, .gap = 2 },
	{ .head = "", .width = -1, .gap = 1 },
	{ 0 }
};

/* @of: " (before)", which of two. */
static void bars(struct doc *d, const struct render_opts *o, const char *name, const char *what,
		 const char *of, const struct hist *h)
{
	char mean[FMT_CELL], min[FMT_CELL], max[FMT_CELL];

	doc__open(d, DOC_DETAILS, "%s%s%s as a table", name, what, of);
	doc__table(d, columns, true, "%s%s%s: %llu, min %s, mean %s, max %s", name, what, of,
		   (unsigned long long)h->count, fmt__ns(min, h->min_ns),
		   fmt__ns(mean, h->sum_ns / h->count), fmt__ns(max, h->max_ns));
	if (o->linear_width_ns)
		linear(d, o, h);
	else
		octaves(d, h);
	doc__close(d);
}

struct drawing {
	struct svg_series s[SVG_SERIES];
	unsigned int n;
	__u64 floor_ns;
};

static void draw(FILE *f, const char *title, const void *data)
{
	const struct drawing *v = data;

	svg__hist(f, title, v->s, v->n, v->floor_ns);
}

void doc__drawn(struct doc *d, const char *name, const char *what, const struct svg_series *s,
		unsigned int n, __u64 floor_ns)
{
	struct drawing *v = calloc(1, sizeof(*v));
	bool any = false;

	if (!v) {
		d->failed = true;
		return;
	}
	for (; v->n < n; v->n++) {
		v->s[v->n] = s[v->n];
		any |= s[v->n].h->count != 0;
	}
	v->floor_ns = floor_ns;
	if (any)
		doc__draw(d, draw, v, "%s%s", name, what);
	else
		free(v);
}

void doc__bars(struct doc *d, const struct render_opts *o, const char *name, const char *what,
	       const struct svg_series *s, unsigned int n)
{
	char of[64] = "";

	for (unsigned int i = 0; i < n; i++) {
		if (n > 1)
			snprintf(of, sizeof(of), " (%s)", s[i].name);
		if (s[i].h->count)
			bars(d, o, name, what, of, s[i].h);
	}
}

void doc__legend(struct doc *d)
{
	doc__para(d, FOR_PAGE, "note",
		  "Time is logarithmic. Above the bars: circle p50, triangle p99, diamond p99.9, "
		  "upright bar the longest.");
}

void doc__grey(struct doc *d, __u64 floor_ns)
{
	char cell[FMT_CELL];

	if (floor_ns)
		doc__para(d, FOR_PAGE, "note",
			  "Grey: below %s, three times what the clock reads on an empty section; "
			  "there a figure is the clock's, not the lock's.",
			  fmt__at_most(cell, 3 * floor_ns) + 2);
}
