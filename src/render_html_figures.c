// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Figures of the HTML pages: quantiles, their tables, charts of histograms.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "render_html.h"

#define Q	    5
#define EMPTY_SHOWN 2	/* longer gaps of a histogram become one row */
#define METER	    120 /* px of the longest bar in a table */

static const double quantiles[Q] = { 0.5, 0.9, 0.99, 0.999, 1 };

const char *figure__many(char cell[FMT_CELL], __u64 n)
{
	static const struct {
		const char *name;
		__u64 factor;
	} scales[] = { { "billion", 1000000000 }, { "million", 1000000 }, { "thousand", 1000 } };
	__u64 tenths;
	size_t i;

	for (i = 0; i < sizeof(scales) / sizeof(*scales); i++) {
		tenths = n / (scales[i].factor / 10);
		if (n < 10000 || tenths < 10)
			continue;
		if (tenths >= 1000)
			snprintf(cell, FMT_CELL, "%llu %s", (unsigned long long)tenths / 10,
				 scales[i].name);
		else
			snprintf(cell, FMT_CELL, "%u.%u %s", (unsigned int)tenths / 10,
				 (unsigned int)tenths % 10, scales[i].name);
		return cell;
	}
	return fmt__count(cell, n);
}

const char *figure__quantile(char cell[FMT_CELL], const struct hist *h, double q, __u64 floor_ns)
{
	__u64 ns = q < 1 ? hist__quantile(h, q) : h->max_ns;

	/* the 99.9th of a hundred values is their maximum under another name */
	if (!h->count || (q < 1 && (1 - q) * (double)h->count < 0.999))
		return strcpy(cell, "-");
	return ns < 3 * floor_ns ? fmt__at_most(cell, 3 * floor_ns) : fmt__ns(cell, ns);
}

const char *figure__at_most(char cell[FMT_CELL], const struct hist *h, double q, __u64 floor_ns)
{
	__u64 ns = q < 1 ? hist__quantile(h, q) : h->max_ns;

	if (ns >= 3 * floor_ns)
		return fmt__ns(cell, ns);
	fmt__at_most(cell, 3 * floor_ns);
	memmove(cell, cell + 2, strlen(cell + 2) + 1);
	return cell;
}

void figure__table(FILE *f, const char *caption, const char *what)
{
	const char *const heads[] = { what,   ">count", ">per second", ">p50",		 ">p90",
				      ">p99", ">p99.9", ">max",	       ">ms per second", NULL };

	html__table(f, caption, heads);
}

void figure__row(FILE *f, const char *class, const char *name, const struct hist *h, double seconds,
		 __u64 floor_ns)
{
	char cell[FMT_CELL];
	int i;

	html__row(f, class);
	html__th(f, "%s", name);
	html__num(f, "%s", fmt__count(cell, h->count));
	html__num(f, "%s", fmt__rate(cell, (double)h->count / seconds));
	for (i = 0; i < Q; i++)
		html__num(f, "%s", figure__quantile(cell, h, quantiles[i], floor_ns));
	html__num(f, "%s", fmt__rate(cell, (double)h->sum_ns / 1e6 / seconds));
	html__row_end(f);
}

/* Buckets of a table; @edge has one more than @count, ~0 for an open end. */
struct buckets {
	size_t n;
	__u64 *edge, *count;
};

static void bucket_row(FILE *f, const struct buckets *b, size_t i, __u64 total, __u64 seen,
		       __u64 largest)
{
	char from[FMT_CELL], to[FMT_CELL], cell[FMT_CELL];
	__u64 share = (__u64)((double)b->count[i] / (double)total * 10000 + 0.5);
	__u64 sum = (__u64)((double)seen / (double)total * 10000);

	html__row(f, NULL);
	html__num(f, "%s", fmt__ns(from, b->edge[i]));
	html__num(f, "%s", b->edge[i + 1] == ~0ULL ? "or more" : fmt__ns(to, b->edge[i + 1]));
	html__num(f, "%s", fmt__count(cell, b->count[i]));
	html__num(f, "%llu.%02llu", (unsigned long long)share / 100,
		  (unsigned long long)share % 100);
	html__num(f, "%llu.%02llu", (unsigned long long)sum / 100, (unsigned long long)sum % 100);
	fprintf(f, "<td><span class=\"meter\" style=\"width:%dpx\"></span></td>",
		(int)((double)b->count[i] / (double)largest * METER));
	html__row_end(f);
}

static void bucket_rows(FILE *f, const struct buckets *b)
{
	__u64 total = 0, seen = 0, largest = 1;
	size_t i, empty;

	for (i = 0; i < b->n; i++) {
		total += b->count[i];
		largest = b->count[i] > largest ? b->count[i] : largest;
	}
	for (i = 0; i < b->n && total; i++) {
		for (empty = i; empty < b->n && !b->count[empty]; empty++)
			;
		empty -= i;
		if (empty > EMPTY_SHOWN) {
			fputs("<tr><td class=\"n\">...</td><td></td><td class=\"n\">0</td>"
			      "<td></td><td></td><td></td></tr>\n",
			      f);
			i += empty - 1;
			continue;
		}
		seen += b->count[i];
		bucket_row(f, b, i, total, seen, largest);
	}
}

/* Octaves from the first used to the last: 0 apart, then each power of two. */
static void octaves(const struct hist *h, struct buckets *b)
{
	unsigned int i, k, first = HIST_MAX_LOG2 + 1, last = 0;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		k = i ? hist_log2(hist_lower(i)) + 1 : 0;
		first = k < first ? k : first;
		last = k;
		b->count[k] += h->bucket[i];
	}
	b->n = last >= first ? last - first + 1 : 0;
	memmove(b->count, b->count + first, b->n * sizeof(*b->count));
	for (i = 0; i <= b->n; i++) {
		k = first + i;
		b->edge[i] = !k ? 0 : k > HIST_MAX_LOG2 + 1 ? ~0ULL : 1ULL << (k - 1);
	}
}

static __u64 linear(const struct hist *h, const struct render_opts *o, struct buckets *b)
{
	__u64 moved = hist__linear(h, o->linear_width_ns, o->linear_count, b->count);
	unsigned int i;

	b->n = o->linear_count + 1;
	for (i = 0; i < b->n; i++)
		b->edge[i] = o->linear_width_ns * i;
	b->edge[b->n] = ~0ULL;
	return moved;
}

void figure__buckets(FILE *f, const struct render_opts *o, const char *what, const struct hist *h)
{
	static const char *const heads[] = {
		">from", ">below", ">count", ">%", ">sum %", "", NULL
	};
	size_t room = (o->linear_width_ns ? o->linear_count : HIST_MAX_LOG2) + 3;
	struct buckets b = { .edge = calloc(room, sizeof(__u64)),
			     .count = calloc(room, sizeof(__u64)) };
	char min[FMT_CELL], mean[FMT_CELL], max[FMT_CELL];
	__u64 moved = 0;

	if (h->count && b.edge && b.count) {
		if (o->linear_width_ns)
			moved = linear(h, o, &b);
		else
			octaves(h, &b);
		html__details(f, "%s as a table", what);
		html__element(f, "p", "note", "%llu events; shortest %s, mean %s, longest %s.",
			      (unsigned long long)h->count, fmt__ns(min, h->min_ns),
			      fmt__ns(mean, h->sum_ns / h->count), fmt__ns(max, h->max_ns));
		html__table(f, what, heads);
		bucket_rows(f, &b);
		html__table_end(f);
		if (moved)
			html__element(f, "p", "note",
				      "%llu counts were kept in buckets across an edge and went to "
				      "the side of the bucket's middle.",
				      (unsigned long long)moved);
		html__details_end(f);
	}
	free(b.edge);
	free(b.count);
}

void figure__hist(FILE *f, const char *site, const char *what, const struct svg_series *s,
		  unsigned int n, __u64 floor_ns)
{
	char title[96];
	__u64 any = 0;
	unsigned int i;

	for (i = 0; i < n; i++)
		any |= s[i].h->count;
	if (!any)
		return;
	snprintf(title, sizeof(title), "%s: %s", site, what);
	fputs("<figure>", f);
	html__element(f, "figcaption", NULL, "%s", title);
	svg__hist(f, title, s, n, floor_ns);
	fputs("</figure>\n", f);
}

void figure__legend(FILE *f, __u64 floor_ns)
{
	char cell[FMT_CELL];

	fputs("<p class=\"note\">", f);
	html__textf(f, "Time is logarithmic. Above the bars: circle p50, triangle p99, diamond "
		       "p99.9, upright bar the longest.");
	if (floor_ns)
		html__textf(
			f,
			" Grey: below %s, three times what the clock reads on an empty section; "
			"there a figure is the clock's, not the lock's.",
			fmt__at_most(cell, 3 * floor_ns) + 2);
	fputs("</p>\n", f);
}
