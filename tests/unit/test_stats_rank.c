// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rank tests and their intervals against R 4.2.2, scipy 1.10.1, enumeration and publications, and
 * how often they reject. Each reference value has the call that gave it; the arrays there are
 * those here.
 */
#include <math.h>

#include "model/stats.h"
#include "unit.h"

#define EXACT	1e-9
#define APPROX	1e-6
#define N_OF(v) (sizeof(v) / sizeof(*(v)))
#define DRAWS	2000

static const double before[10] = { 512.3, 498.1, 530.7, 521.9, 487.2,
				   505.5, 540.1, 515.8, 493.4, 527.6 };
static const double after[10] = { 481.7, 476.4, 509.9, 500.2, 469.3,
				  490.8, 518.5, 503.1, 472.6, 485.0 };

static void check_near(const char *what, double got, double want, double bar)
{
	if (isnan(want) ? !isnan(got) : !(fabs(got - want) <= bar * fmax(1, fabs(want))))
		fail_msg("%s is %.17g, not %.17g", what, got, want);
}

static void check_estimate(const struct estimate *e, double value, double low, double high)
{
	check_near("value", e->value, value, EXACT);
	check_near("low", e->low, low, EXACT);
	check_near("high", e->high, high, EXACT);
}

/* Both ways round: u of the other side is the rest of the pairs, and p the same. */
static void check_test(const double *a, size_t na, const double *b, size_t nb, double u, double p)
{
	double bar = na > STATS_EXACT || nb > STATS_EXACT ? APPROX : EXACT;
	struct rank_test t;

	assert_int_equal(stats__mann_whitney(a, na, b, nb, &t), 0);
	assert_int_equal(t.exact, bar == EXACT);
	check_near("u", t.u, u, 0);
	check_near("p", t.p, p, bar);
	check_near("p, relative", t.p / p, 1, bar);
	assert_int_equal(stats__mann_whitney(b, nb, a, na, &t), 0);
	check_near("u from the other side", t.u, (double)(na * nb) - u, 0);
	check_near("p from the other side", t.p, p, bar);
}

static double rank_p(const double *a, size_t na, const double *b, size_t nb)
{
	struct rank_test t;

	assert_int_equal(stats__mann_whitney(a, na, b, nb, &t), 0);
	return t.p;
}

/* In R: s <- function(n, step, m, from) (((1:n) * step) %% m) + from; no ties for these m */
static void fill(double *v, int n, int step, int m, double from)
{
	int i;

	for (i = 0; i < n; i++)
		v[i] = (i + 1) * step % m + from;
}

/*
 * Permeability of the human chorioamnion at term and at 12 to 26 weeks: Hollander & Wolfe,
 * Nonparametric Statistical Methods, 1973, 69f (W = 35, one-sided P = 0.1272), data of R's
 * example(wilcox.test): wilcox.test(term, early, conf.int = TRUE).
 */
static void hollander_and_wolfe(void **state)
{
	static const double term[] = { 0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46 };
	static const double early[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	struct estimate e;

	(void)state;
	check_test(term, 10, early, 5, 35, 0.2544122544122544);
	assert_int_equal(stats__hodges_lehmann(early, 5, term, 10, 0.95, &e), 0);
	check_estimate(&e, 0.305, -0.15, 0.76);
}

static void exact_without_ties(void **state)
{
	static const double a[] = { 1.1, 2.3, 3.7, 4.2, 5.9, 8.8, 9.6 };
	static const double b[] = { 3.1, 4.4, 6.2, 7.5, 9.9, 10.3, 11.8, 12.0, 15.5 };
	double v[50];

	(void)state;
	/* R: wilcox.test(before, after); wilcox.test(a, b) */
	check_test(before, 10, after, 10, 83, 0.011496243694386109);
	check_test(a, N_OF(a), b, N_OF(b), 12, 0.041783216783216788);
	/* R: wilcox.test(s(25, 37, 101, 0), s(25, 53, 103, 20.5), exact = TRUE) */
	fill(v, 25, 37, 101, 0);
	fill(v + 25, 25, 53, 103, 20.5);
	check_test(v, 25, v + 25, 25, 204, 0.035308347044833412);
	/* R: wilcox.test(1:25, 26:50, exact = TRUE) */
	fill(v, 50, 1, 51, 0);
	check_test(v, 25, v + 25, 25, 0, 1.5821457204897235e-14);
}

/*
 * The critical values of u, two-sided at 5 %, 4..20 a side: the table found in textbooks, e.g.
 * Siegel, Nonparametric Statistics, 1956, table K; R: qwilcox(0.025, n, n) - 1.
 */
static void critical_values_of_u(void **state)
{
	static const int critical[] = { 0,  2,	5,  8,	13, 17, 23,  30, 37,
					45, 55, 64, 75, 87, 99, 113, 127 };
	double a[20], b[20];
	int n, i, u, left, wins;
	double p[2];

	(void)state;
	for (n = 4; n <= 20; n++) {
		for (u = 0; u < 2; u++) {
			left = critical[n - 4] + u;
			for (i = 0; i < n; i++, left -= wins) {
				wins = left < n ? left : n; /* of this a against all of b */
				a[i] = 100 * wins + 50 + i;
				b[i] = 100 * (i + 1);
			}
			p[u] = rank_p(a, (size_t)n, b, (size_t)n);
		}
		if (!(p[0] <= 0.05 && p[1] > 0.05))
			fail_msg("%d a side: %g at the critical value, %g next", n, p[0], p[1]);
	}
}

/*
 * Enumeration of all splits in Python:
 *   v = a + b; r2 = [2 * sum(y < x for y in v) + v.count(x) + 1 for x in v]
 *   m = len(a) * (len(v) + 1); o = abs(sum(r2[:len(a)]) - m)
 *   s = [abs(sum(c) - m) >= o for c in itertools.combinations(r2, len(a))]; sum(s) / len(s)
 * R's packages coin, wilcox_test(distribution = "exact"), and exactRankTests, wilcox.exact(),
 * give the same.
 */
static void exact_with_ties(void **state)
{
	static const double a[] = { 1, 2, 2, 3, 3, 3, 4, 5, 5, 7 };
	static const double b[] = { 3, 4, 5, 5, 6, 6, 7, 7, 8, 9 };
	static const double few[] = { 1, 1, 2, 2, 2 };
	static const double some[] = { 1, 2, 2, 3, 3, 3, 3 };

	(void)state;
	check_test(a, 10, b, 10, 16, 1470 / 184756.0);
	check_test(few, 5, some, 7, 7, 88 / 792.0);
}

static void approximate_without_ties(void **state)
{
	double v[70];
	int i;

	(void)state;
	/* R: wilcox.test(a, b, exact = FALSE), a <- s(30, 37, 101, 0), b <- s(40, 53, 103, 15.5) */
	fill(v, 30, 37, 101, 0);
	fill(v + 30, 40, 53, 103, 15.5);
	check_test(v, 30, v + 30, 40, 463, 0.105241522007928);
	/* R: wilcox.test(a, b[1:3], exact = FALSE) */
	check_test(v, 30, v + 30, 3, 44, 0.97502134687311481);
	/* R: wilcox.test(a, a + 200, exact = FALSE) */
	for (i = 0; i < 30; i++)
		v[30 + i] = v[i] + 200;
	check_test(v, 30, v + 30, 30, 0, 3.0198593591621506e-11);
}

static void approximate_with_ties(void **state)
{
	double v[70];
	int i;

	(void)state;
	/*
	 * R: wilcox.test(a %/% 10, b %/% 10, exact = FALSE), a and b of the test above; Python:
	 * mannwhitneyu(a // 10, b // 10, method='asymptotic', use_continuity=True)
	 */
	fill(v, 30, 37, 101, 0);
	fill(v + 30, 40, 53, 103, 15.5);
	for (i = 0; i < 70; i++)
		v[i] = floor(v[i] / 10);
	check_test(v, 30, v + 30, 40, 482.5, 0.16315536298642794);
	/* R: wilcox.test(rep(1:2, c(29, 1)), rep(1:2, c(1, 29)), exact = FALSE) */
	for (i = 0; i < 60; i++)
		v[i] = 1 + (i == 29 || i > 30);
	check_test(v, 30, v + 30, 30, 30, 8.0362950222636156e-13);
}

static void nothing_to_compare_has_p_1(void **state)
{
	double same[70];
	int i;

	(void)state;
	for (i = 0; i < 70; i++)
		same[i] = 42.5;
	check_test(same, 10, same, 10, 50, 1);
	check_test(same, 30, same, 40, 600, 1);
	check_test(same, 1, same, 1, 0.5, 1);
	check_test((double[]){ 1 }, 1, (double[]){ 2 }, 1, 0, 1);
	check_test((double[]){ 2 }, 1, (double[]){ 1, 3 }, 2, 1, 1);
	check_test(same, 5, NULL, 0, 0, 1);
	check_test(same, 26, NULL, 0, 0, 1);
	check_test(NULL, 0, NULL, 0, 0, 1);
}

static void hodges_lehmann_exact(void **state)
{
	struct estimate e;
	double v[50];

	(void)state;
	/* R: wilcox.test(after, before, conf.int = TRUE, conf.level = ...) */
	assert_int_equal(stats__hodges_lehmann(before, 10, after, 10, 0.95, &e), 0);
	check_estimate(&e, -21.7, -39.9, -5.5);
	assert_int_equal(stats__hodges_lehmann(before, 10, after, 10, 0.8, &e), 0);
	check_estimate(&e, -21.7, -34.1, -12.1);
	assert_int_equal(stats__hodges_lehmann(before, 10, after, 10, 0.99, &e), 0);
	check_estimate(&e, -21.7, -45.9, 2.1);
	/* R: a and b of exact_without_ties(), wilcox.test(b, a, exact = TRUE, conf.int = TRUE) */
	fill(v, 25, 37, 101, 0);
	fill(v + 25, 25, 53, 103, 20.5);
	assert_int_equal(stats__hodges_lehmann(v, 25, v + 25, 25, 0.95, &e), 0);
	check_estimate(&e, 17.5, 1.5, 35.5);
}

static void hodges_lehmann_approximate(void **state)
{
	struct estimate e;
	double v[70];

	(void)state;
	/*
	 * R: a and b of approximate_without_ties(); median(outer(b, a, "-")) and the steps that
	 * wilcox.test(b, a, exact = FALSE, conf.int = TRUE, tol.root = 1e-12) searches for
	 */
	fill(v, 30, 37, 101, 0);
	fill(v + 30, 40, 53, 103, 15.5);
	assert_int_equal(stats__hodges_lehmann(v, 30, v + 30, 40, 0.95, &e), 0);
	check_estimate(&e, 12.5, -2.5, 27.5);
	assert_int_equal(stats__hodges_lehmann(v, 30, v + 30, 40, 0.99, &e), 0);
	check_estimate(&e, 12.5, -7.5, 33.5);
	/* the same with a <- s(26, 37, 101, 0), b <- s(4, 53, 103, 15.5) */
	assert_int_equal(stats__hodges_lehmann(v, 26, v + 30, 4, 0.95, &e), 0);
	check_estimate(&e, -3.5, -38.5, 31.5);
	/* 26 against 1 can not reject: R gives the extremes all the same */
	assert_int_equal(stats__hodges_lehmann(v, 26, v + 30, 1, 0.95, &e), 0);
	check_estimate(&e, e.value, NAN, NAN);
}

static void hodges_lehmann_of_too_few(void **state)
{
	static const double a[] = { 1, 2, 4, 8 }, b[] = { 16, 32, 64, 128 };
	struct estimate e;

	(void)state;
	assert_int_equal(stats__hodges_lehmann(a, 4, b, 0, 0.95, &e), 0);
	check_estimate(&e, NAN, NAN, NAN);
	assert_int_equal(stats__hodges_lehmann(NULL, 0, b, 4, 0.95, &e), 0);
	check_estimate(&e, NAN, NAN, NAN);
	assert_int_equal(stats__hodges_lehmann(a, 1, b, 1, 0.95, &e), 0);
	check_estimate(&e, 15, NAN, NAN);
	assert_int_equal(stats__hodges_lehmann(a, 3, b, 3, 0.95, &e), 0);
	check_estimate(&e, 30, NAN, NAN);
	/* 2 of 20 splits are exactly the 10 %; R: wilcox.test(b, a, conf.int = TRUE, ...) */
	assert_int_equal(stats__hodges_lehmann(a, 3, b, 3, 0.9, &e), 0);
	check_estimate(&e, 30, 12, 63);
	assert_int_equal(stats__hodges_lehmann(a, 4, b, 4, 0.95, &e), 0);
	check_estimate(&e, 43.5, 8, 127);
	assert_int_equal(stats__hodges_lehmann(a, 4, b, 4, 1, &e), 0);
	check_estimate(&e, 43.5, NAN, NAN);
}

static double uniform(__u64 *seed)
{
	return ((double)(sample__random(seed) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(__u64 *seed)
{
	return sqrt(-2 * log(uniform(seed))) * cos(2 * M_PI * uniform(seed));
}

/* Of DRAWS comparisons of 10 against 10, how many reject at 5 %. @step above 0 makes ties. */
static int count_rejected(__u64 seed, double shift, double step)
{
	int draw, i, rejected = 0;
	double v[20];

	for (draw = 0; draw < DRAWS; draw++) {
		for (i = 0; i < 20; i++) {
			v[i] = normal(&seed) + (i < 10 ? 0 : shift);
			if (step > 0)
				v[i] = floor(v[i] / step);
		}
		rejected += rank_p(v, 10, v + 10, 10) <= 0.05;
	}
	return rejected;
}

static void errors_are_as_rare_as_promised(void **state)
{
	int most = (int)(DRAWS * (0.05 + 3 * sqrt(0.05 * 0.95 / DRAWS)));

	(void)state;
	assert_in_range(count_rejected(1, 0, 0), DRAWS / 50, most);
	assert_in_range(count_rejected(2, 0, 0.5), DRAWS / 50, most);
	assert_in_range(count_rejected(3, 0, 2), DRAWS / 100, most);
}

static void shifts_are_found(void **state)
{
	(void)state;
	assert_in_range(count_rejected(4, 4, 0), DRAWS * 999 / 1000, DRAWS);
	assert_in_range(count_rejected(5, -4, 0.5), DRAWS * 999 / 1000, DRAWS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hollander_and_wolfe),
		cmocka_unit_test(exact_without_ties),
		cmocka_unit_test(critical_values_of_u),
		cmocka_unit_test(exact_with_ties),
		cmocka_unit_test(approximate_without_ties),
		cmocka_unit_test(approximate_with_ties),
		cmocka_unit_test(nothing_to_compare_has_p_1),
		cmocka_unit_test(hodges_lehmann_exact),
		cmocka_unit_test(hodges_lehmann_approximate),
		cmocka_unit_test(hodges_lehmann_of_too_few),
		cmocka_unit_test(errors_are_as_rare_as_promised),
		cmocka_unit_test(shifts_are_found),
	};

	return cmocka_run_group_tests_name("stats_rank", tests, NULL, NULL);
}
