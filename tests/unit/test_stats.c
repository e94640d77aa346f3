// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Medians, families of tests and what a number of runs can tell, against R 4.2.2. Each reference
 * value has the call that gave it; a and b there are the arrays here.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "model/stats.h"
#include "unit.h"

#define EXACT	1e-9
#define N_OF(v) (sizeof(v) / sizeof(*(v)))

static void check_near(const char *what, double got, double want, double bar)
{
	if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= bar * fmax(1, fabs(want))))
		fail_msg("%s is %.17g, not %.17g", what, got, want);
}

static void median_of_odd_even_and_none(void **state)
{
	(void)state;
	assert_true(isnan(stats__median(NULL, 0)));
	check_near("one", stats__median((double[]){ 7 }, 1), 7, 0);
	check_near("odd", stats__median((double[]){ 5, -3, 9 }, 3), 5, 0);
	check_near("even", stats__median((double[]){ 4, 1, 8, 2 }, 4), 3, 0);
	check_near("ties", stats__median((double[]){ 2, 1, 2, 2 }, 4), 2, 0);
	check_near("below 0", stats__median((double[]){ -1, -2.5, -1e300, -4 }, 4), -3.25, 0);
	check_near("zeros", stats__median((double[]){ 0.0, -0.0, 0.0 }, 3), 0, 0);
	check_near("wide", stats__median((double[]){ -INFINITY, 1e-320, INFINITY }, 3), 1e-320, 0);
}

static void geomean_of_ratios(void **state)
{
	(void)state;
	/* R: exp(mean(log(c(0.9, 1.1, 2.5, 1e-3, 7)))) */
	check_near("geomean", stats__geomean((double[]){ 0.9, 1.1, 2.5, 1e-3, 7 }, 5),
		   0.44435968338800563, EXACT);
	check_near("one", stats__geomean((double[]){ 3 }, 1), 3, EXACT);
	check_near("wide", stats__geomean((double[]){ 1e300, 1e300, 1e-300 }, 3), 1e100, EXACT);
	assert_true(isnan(stats__geomean((double[]){ 1, 0 }, 2)));
	assert_true(isnan(stats__geomean((double[]){ 1, -1 }, 2)));
	assert_true(isnan(stats__geomean(NULL, 0)));
}

static void mean_interval_is_students(void **state)
{
	struct estimate e;
	double v[40];

	(void)state;
	/* R: t.test(1:5)$conf.int, t.test(c(1, 3))$conf.int */
	stats__mean_interval((double[]){ 1, 2, 3, 4, 5 }, 5, &e);
	check_near("five", e.value, 3, 0);
	check_near("five, low", e.low, 1.036757, 1e-4);
	check_near("five, high", e.high, 4.963243, 1e-4);
	stats__mean_interval((double[]){ 1, 3 }, 2, &e);
	check_near("two", e.low, -10.706205, 1e-5);
	/* beyond the table; R: t.test(rep(c(0, 2), 20))$conf.int */
	for (int i = 0; i < 40; i++)
		v[i] = i % 2 * 2;
	stats__mean_interval(v, 40, &e);
	check_near("forty, low", e.low, 0.676110, 1e-4);
	check_near("forty, high", e.high, 1.323890, 1e-4);
	stats__mean_interval((double[]){ 7 }, 1, &e);
	check_near("one", e.value, 7, 0);
	assert_true(isnan(e.low) && isnan(e.high));
	stats__mean_interval(NULL, 0, &e);
	assert_true(isnan(e.value));
}

static void median_interval_has_the_binomial_ranks(void **state)
{
	/* R: qbinom((1 - confidence) / 2, n, 0.5); 0: no such interval */
	static const struct {
		int n, rank;
		double confidence;
	} known[] = {
		{ 1, 0, 0.95 },		{ 5, 0, 0.95 },
		{ 6, 1, 0.95 },		{ 7, 1, 0.95 },
		{ 8, 1, 0.95 },		{ 9, 2, 0.95 },
		{ 10, 2, 0.95 },	{ 11, 2, 0.95 },
		{ 12, 3, 0.95 },	{ 17, 5, 0.95 },
		{ 20, 6, 0.95 },	{ 25, 8, 0.95 },
		{ 50, 18, 0.95 },	{ 100, 40, 0.95 },
		{ 1000, 469, 0.95 },	{ 5000, 2431, 0.95 },
		{ 7, 0, 0.99 },		{ 10, 1, 0.99 },
		{ 12, 2, 0.99 },	{ 100, 37, 0.99 },
		{ 5, 1, 1 - 2 / 32.0 }, /* exactly reached */
	};
	static double v[5000];
	struct estimate e;
	size_t i;
	int j, n, rank;

	(void)state;
	for (i = 0; i < N_OF(known); i++) {
		n = known[i].n;
		rank = known[i].rank;
		for (j = 0; j < n; j++)
			v[j] = (j * 7919 + 3) % n + 1; /* 1..n, shuffled: 7919 is prime */
		assert_int_equal(stats__median_interval(v, (size_t)n, known[i].confidence, &e), 0);
		check_near("median", e.value, (n + 1) / 2.0, EXACT);
		check_near("low", e.low, rank ? rank : NAN, EXACT);
		check_near("high", e.high, rank ? n + 1 - rank : NAN, EXACT);
	}
	assert_int_equal(stats__median_interval(NULL, 0, 0.95, &e), 0);
	assert_true(isnan(e.value) && isnan(e.low) && isnan(e.high));
	assert_int_equal(stats__median_interval(v, 5, 1, &e), 0);
	assert_true(e.value == 3 && isnan(e.low) && isnan(e.high));
}

static void check_holm(const double *p, const double *want, size_t n)
{
	double got[8];
	size_t i;

	assert_int_equal(stats__holm(p, n, got), 0);
	for (i = 0; i < n; i++)
		check_near("adjusted p", got[i], want[i], EXACT);
	memcpy(got, p, n * sizeof(*p));
	assert_int_equal(stats__holm(got, n, got), 0);
	for (i = 0; i < n; i++)
		check_near("adjusted p in place", got[i], want[i], EXACT);
}

/* R: p.adjust(p, "holm"); the first is the worked example known from textbooks */
static void holm_adjusts(void **state)
{
	(void)state;
	check_holm((double[]){ 0.01, 0.04, 0.03, 0.005 }, (double[]){ 0.03, 0.06, 0.06, 0.02 }, 4);
	check_holm((double[]){ 0.5, 0.02, 0.02, 0.9, 0.001, 0.7 },
		   (double[]){ 1, 0.1, 0.1, 1, 0.006, 1 }, 6);
	check_holm((double[]){ 0.011, 0.02, 0.03, 0.012, 0.2, 0.0001, 0.0051 },
		   (double[]){ 0.055, 0.06, 0.06, 0.055, 0.2, 0.0007, 0.0306 }, 7);
	check_holm((double[]){ 0.04 }, (double[]){ 0.04 }, 1);
	check_holm((double[]){ 1, 1 }, (double[]){ 1, 1 }, 2);
	assert_int_equal(stats__holm(NULL, 0, NULL), 0);
}

/* R: n <- 1; while (family * 2 / choose(2 * n, n) > alpha) n <- n + 1; n */
static void fewest_runs_of_families(void **state)
{
	static const struct {
		size_t family, at_5, at_1;
	} known[] = { { 0, 0, 0 },  { 1, 4, 5 },  { 2, 5, 6 },	{ 3, 5, 6 },  { 4, 5, 6 },
		      { 10, 6, 7 }, { 13, 6, 7 }, { 30, 7, 8 }, { 90, 8, 9 }, { 1000, 9, 11 } };
	size_t i;

	(void)state;
	for (i = 0; i < N_OF(known); i++) {
		assert_int_equal(stats__fewest_runs(known[i].family, 0.05), known[i].at_5);
		assert_int_equal(stats__fewest_runs(known[i].family, 0.01), known[i].at_1);
	}
	assert_int_equal(stats__fewest_runs(1, 0.1), 3); /* exactly reached: 2 of 20 splits */
	assert_int_equal(stats__fewest_runs(1, 1), 1);
	assert_true(stats__fewest_runs(1, 0) == SIZE_MAX);
}

/* What is promised is what happens: so many runs a side, all apart, are rejected after Holm. */
static void fewest_runs_do_reject(void **state)
{
	double a[30], b[30], p[200];
	size_t family, i, n, less;
	struct rank_test t;

	(void)state;
	for (i = 0; i < 30; i++) {
		a[i] = (double)i;
		b[i] = (double)(i + 100);
	}
	for (family = 1; family <= 200; family++) {
		n = stats__fewest_runs(family, 0.05);
		for (less = 0; less < 2 && n > less; less++) {
			assert_int_equal(stats__mann_whitney(a, n - less, b, n - less, &t), 0);
			for (i = 0; i < family; i++)
				p[i] = i ? 1 : t.p;
			assert_int_equal(stats__holm(p, family, p), 0);
			assert_int_equal(p[0] <= 0.05, !less);
		}
	}
}

static void detectable_difference(void **state)
{
	double a[10] = { 512.3, 498.1, 530.7, 521.9, 487.2, 505.5, 540.1, 515.8, 493.4, 527.6 };
	double b[10] = { 481.7, 476.4, 509.9, 500.2, 469.3, 490.8, 518.5, 503.1, 472.6, 485.0 };
	double c[10] = { 7, 7, 7, 7, 7, 7, 7, 7, 7, 7 };
	double d, same, more, strict;

	(void)state;
	assert_int_equal(stats__detectable(a, 10, b, 10, 0.05, 0.8, &d), 0);
	/* about 2.9 sigma * sqrt(1 / 10 + 1 / 10), sigma 16.5: tests/stats_check.py has it exactly */
	assert_true(d > 18 && d < 27);
	assert_int_equal(stats__detectable(a, 10, b, 10, 0.05, 0.8, &same), 0);
	assert_true(d == same);
	assert_int_equal(stats__detectable(a, 10, b, 10, 0.05, 0.95, &more), 0);
	assert_int_equal(stats__detectable(a, 10, b, 10, 0.01, 0.8, &strict), 0);
	assert_true(more > d && strict > d);
	for (size_t i = 0; i < 10; i++) {
		a[i] = 8 * a[i] - 512;
		b[i] = 8 * b[i];
	}
	assert_int_equal(stats__detectable(a, 10, b, 10, 0.05, 0.8, &more), 0);
	check_near("eight times the spread", more, 8 * d, 1e-6);
	assert_int_equal(stats__detectable(c, 10, c, 10, 0.05, 0.8, &d), 0);
	assert_true(d >= 0 && d <= 0);
	assert_int_equal(stats__detectable(a, 3, b, 3, 0.05, 0.8, &d), 0);
	assert_true(isnan(d)); /* 2 of 20 splits are more than 5 % */
	assert_int_equal(stats__detectable(a, 1, b, 10, 0.05, 0.8, &d), 0);
	assert_true(isnan(d));
	assert_int_equal(stats__detectable(a, 10, b, 1, 0.05, 0.8, &d), 0);
	assert_true(isnan(d));
	assert_int_equal(stats__detectable(NULL, 0, NULL, 0, 0.05, 0.8, &d), 0);
	assert_true(isnan(d));
}

static void unequal_sides_can_reject(void **state)
{
	static double v[400];
	double d;
	long most;

	(void)state;
	for (size_t family = 1; family <= 60; family++)
		for (size_t n = 1; n <= 12; n++)
			assert_int_equal(stats__can_reject(n, n, family, 0.05),
					 n >= stats__fewest_runs(family, 0.05));
	assert_false(stats__can_reject(4, 4, 3, 0.05)); /* 2 / 70 */
	assert_true(stats__can_reject(4, 20, 6, 0.05)); /* 2 / 10626 */
	assert_true(stats__can_reject(20, 4, 6, 0.05));
	assert_true(stats__can_reject(2, 40, 1, 0.05)); /* 2 / 861 */
	assert_false(stats__can_reject(1, 30, 1, 0.05));
	assert_false(stats__can_reject(0, 30, 1, 0.05));
	assert_true(stats__can_reject(2000, 2000, 60, 1e-9));
	/* R: qwilcox(0.025, 10, 10) - 1 */
	assert_int_equal(stats__critical_pairs(10, 10, 0.05, &most), 0);
	assert_int_equal(most, 23);
	assert_int_equal(stats__critical_pairs(3, 3, 0.05, &most), 0);
	assert_int_equal(most, -1);
	for (size_t i = 0; i < 400; i++)
		v[i] = (double)(i * 7919 % 1000);
	assert_int_equal(stats__detectable(v, 200, v + 200, 200, 0.05, 0.8, &d), 0);
	/* 2.8 * sigma * sqrt(2 / 200), sigma 1000 / sqrt(12), and the ranks' 3/pi or better */
	assert_true(d > 65 && d < 95);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(median_of_odd_even_and_none),
		cmocka_unit_test(geomean_of_ratios),
		cmocka_unit_test(mean_interval_is_students),
		cmocka_unit_test(median_interval_has_the_binomial_ranks),
		cmocka_unit_test(holm_adjusts),
		cmocka_unit_test(fewest_runs_of_families),
		cmocka_unit_test(fewest_runs_do_reject),
		cmocka_unit_test(detectable_difference),
		cmocka_unit_test(unequal_sides_can_reject),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
