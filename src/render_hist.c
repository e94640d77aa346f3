// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Histograms as bars: by octave, or linear as in Jan Kara's table of 12 Jul 2019 (--linear).
 * Stage 5 (renderers).
 */
#include <stdlib.h>
#include <string.h>

#include "render_parts.h"

#define BAR	    28
#define EMPTY_SHOWN 2			/* longer gaps become one line */
#define OCTAVES	    (HIST_MAX_LOG2 + 2) /* 0, then one for each power of two, then the overflow */

/* One line of a histogram. */
struct bar {
	char from[FMT_CELL], to[FMT_CELL]; /* @to is empty for an open end */
	__u64 count;
};

struct marks {
	__u64 rank[4], total;
};

static const char *const mark_names[] = { "p50", "p90", "p99", "p99.9" };

static void set_marks(struct marks *m, __u64 total)
{
	static const unsigned int permille[] = { 500, 900, 990, 999 };
	size_t i;

	m->total = total;
	for (i = 0; i < 4; i++) {
		/* too few values to have one beyond it: rank 0, which is in no bar */
		if (total < 1000 / (1000 - permille[i]))
			m->rank[i] = 0;
		else /* ceil(q * total) without overflow */
			m->rank[i] = total / 1000 * permille[i] +
				     (total % 1000 * permille[i] + 999) / 1000;
	}
}

/* The quantiles that fall into ranks @before + 1 to @upto: "p50", or "p50-p99" for several. */
static void mark(const struct marks *m, __u64 before, __u64 upto, char *buf, size_t size)
{
	int first = -1, last = -1, i;

	for (i = 0; i < 4; i++)
		if (m->rank[i] > before && m->rank[i] <= upto) {
			first = first < 0 ? i : first;
			last = i;
		}
	snprintf(buf, size, "%s%s%s", first < 0 ? "" : mark_names[first], first == last ? "" : "-",
		 first == last ? "" : mark_names[last]);
}

static void put_bar(const struct page *p, const struct bar *b, const struct marks *m, __u64 *seen,
		    __u64 largest)
{
	char bar[BAR + 1], marks[24], count[FMT_CELL];
	int n = (int)((double)b->count / (double)largest * BAR + 0.5);

	memset(bar, '#', sizeof(bar));
	bar[n > BAR ? BAR : n] = 0;
	if (b->count && !n)
		strcpy(bar, ".");
	mark(m, *seen, *seen + b->count, marks, sizeof(marks));
	*seen += b->count;
	put_line(p->f, "%8s %s %-8s%10s%8.2f  %-*s %s", b->from, *b->to ? "-" : " ",
		 *b->to ? b->to : "or more", fmt__count(count, b->count),
		 100.0 * (double)*seen / (double)m->total, BAR, bar, marks);
}

static size_t empty_from(const struct bar *bars, size_t i, size_t n)
{
	size_t start = i;

	while (i < n && !bars[i].count)
		i++;
	return i - start;
}

static void put_bars(const struct page *p, const struct bar *bars, size_t n, __u64 total)
{
	__u64 largest = 1, seen = 0;
	struct marks m;
	size_t i, empty;

	set_marks(&m, total);
	for (i = 0; i < n; i++)
		largest = bars[i].count > largest ? bars[i].count : largest;
	put_line(p->f, "%19s%10s%8s", "from - below   ", "count", "cum %");
	for (i = 0; i < n; i++) {
		empty = empty_from(bars, i, n);
		if (empty <= EMPTY_SHOWN) {
			put_bar(p, &bars[i], &m, &seen, largest);
			continue;
		}
		put_line(p->f, "%8s%21s%8.2f", "...", "0", 100.0 * (double)seen / (double)total);
		i += empty - 1;
	}
}

/* Octave 0 holds the value 0, octave k the values from 2^(k-1) on. */
static unsigned int octave_of(unsigned int bucket)
{
	return bucket ? hist_log2(hist_lower(bucket)) + 1 : 0;
}

static void octaves(const struct page *p, const struct hist *h)
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
	put_bars(p, &bars[first], last - first + 1, h->count);
}

static void linear_note(const struct page *p, const struct hist *h, __u64 moved)
{
	char width[FMT_CELL];
	struct para para;

	para__begin(&para, p->f, 2, "");
	para__add(&para, "%u buckets of %s and one of what is above;", p->o->linear_count,
		  fmt__exact(width, p->o->linear_width_ns));
	if (moved)
		para__add(
			&para,
			"%llu counts (%.2f%%) were kept in buckets across an edge and went to the "
			"side of the bucket's middle",
			(unsigned long long)moved, 100.0 * (double)moved / (double)h->count);
	else
		para__add(&para, "exact: no bucket lies across an edge");
	para__end(&para);
}

static void linear(const struct page *p, const struct hist *h)
{
	__u64 width = p->o->linear_width_ns, moved;
	unsigned int n = p->o->linear_count, i;
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
		put_bars(p, bars, n + 1, h->count);
		linear_note(p, h, moved);
	}
	free(bars);
	free(count);
}

static void histogram(const struct page *p, const char *name, const char *what,
		      const struct hist *h)
{
	char mean[FMT_CELL], min[FMT_CELL], max[FMT_CELL];

	if (!h->count)
		return;
	fmt__ns(mean, h->sum_ns / h->count);
	fmt__ns(min, h->min_ns);
	fmt__ns(max, h->max_ns);
	page__heading(p, "%s%s: %llu, min %s, mean %s, max %s", name, what,
		      (unsigned long long)h->count, min, mean, max);
	if (p->o->linear_width_ns)
		linear(p, h);
	else
		octaves(p, h);
}

void part__histograms(const struct page *p)
{
	const struct run *run = p->run;
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		histogram(p, site__name(i), " hold", &run->site[i].hold);
		histogram(p, site__name(i), " wait", &run->site[i].wait);
	}
	histogram(p, "norefs_window", "", &run->window);
	histogram(p, "flag_held", "", &run->flag_held);
	histogram(p, "folio_lock_wait", "", &run->folio_wait);
}
