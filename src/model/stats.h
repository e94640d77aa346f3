/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Statistics of a few runs (stage 4, pure: numbers in, numbers out). The sample is a boot, never an
 * event, so that samples are small, not normal, and may have ties: ranks, not means.
 * Nothing here needs sorted input or changes it. Functions that return int: 0, or -ENOMEM.
 */
#ifndef MIGTRACE_STATS_H
#define MIGTRACE_STATS_H

#include <stdbool.h>
#include <stddef.h>

/* NAN when @n is 0. */
double stats__median(const double *v, size_t n);

/* The @n-th root of the product; values of 0 and below have none: NAN. NAN when @n is 0. */
double stats__geomean(const double *v, size_t n);

/* An estimate and its interval; low and high are NAN where @n is too small for the confidence. */
struct estimate {
	double value, low, high;
};

/*
 * The median with a distribution-free interval: order statistics whose binomial coverage is at
 * least @confidence (the classical sign-test interval; benchstat's may end one value earlier on
 * the right, as with 8 values).
 */
int stats__median_interval(const double *v, size_t n, double confidence, struct estimate *e);

/*
 * The mean with its t interval at 95 %: for differences or logarithms of a few paired rounds. low and
 * high are NAN below two values.
 */
void stats__mean_interval(const double *v, size_t n, struct estimate *e);

/* Mann & Whitney, Ann. Math. Statist. 18 (1947) 50-60. */
struct rank_test {
	double u; /* pairs (a, b) with a > b, ties one half */
	double p; /* two-sided; 1 when either side is empty or all values are equal */
	bool exact;
};

/*
 * Exact up to STATS_EXACT values a side, ties included (the distribution of the rank sum over all
 * splits of the pooled midranks; two-sided: all splits at least as far from the middle). Beyond,
 * the normal approximation with the correction for ties and for continuity.
 */
#define STATS_EXACT 25
int stats__mann_whitney(const double *a, size_t na, const double *b, size_t nb,
			struct rank_test *t);

/*
 * Hodges & Lehmann, Ann. Math. Statist. 34 (1963) 598-611: the median of all differences b - a, and
 * the interval of differences that the test above would not reject, from its distribution without
 * ties (exact up to STATS_EXACT, normal beyond).
 */
int stats__hodges_lehmann(const double *a, size_t na, const double *b, size_t nb, double confidence,
			  struct estimate *e);

/* Holm, Scand. J. Statist. 6 (1979) 65-70: @p to adjusted values, at most 1; may be the same array. */
int stats__holm(const double *p, size_t n, double *adjusted);

/* All b - a without a table of them, which a thousand runs a side would make a million. */
struct stats_sides {
	double *a, *b; /* ascending: stats__sort() */
	size_t na, nb;
};

void stats__sort(double *v, size_t n);
double stats__difference(const struct stats_sides *s, size_t k); /* with @k others before it */

/* The smallest n at which n values a side can reject at all in a family of @family at @alpha. */
size_t stats__fewest_runs(size_t family, double alpha);

/* Whether @na and @nb values can, which is less to ask of the smaller side the more the other has. */
bool stats__can_reject(size_t na, size_t nb, size_t family, double alpha);

/*
 * The most pairs (a, b) in the wrong order with which the test at @alpha still calls b larger; -1 when
 * it never does. Without ties.
 */
int stats__critical_pairs(size_t na, size_t nb, double alpha, long *most);

/*
 * the smallest difference that the test at @alpha finds in a share @power of comparisons
 * like this one, by simulation over the values' own spread. NAN when a side has fewer than 2 values, or
 * when the test can reject nothing. The same values give the same answer.
 */
int stats__detectable(const double *a, size_t na, const double *b, size_t nb, double alpha,
		      double power, double *difference);

#endif /* MIGTRACE_STATS_H */
