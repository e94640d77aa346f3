// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Bucket arithmetic over all 64 bits, merging, quantiles against the raw values. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define VALUES 20000

static void check_value(__u64 v)
{
	__u32 i = hist_index(v);

	assert_in_range(i, 0, HIST_BUCKETS - 1);
	assert_true(v >= hist_lower(i));
	if (i < HIST_OVERFLOW)
		assert_true(v < hist_lower(i + 1));
	else
		assert_true(v >> HIST_MAX_LOG2);
}

static void index_and_bounds_agree_everywhere(void **state)
{
	__u64 base, v;
	int bit, step;

	(void)state;
	for (bit = 0; bit < 64; bit++)
		for (step = 0; step < 16; step++) {
			base = (1ULL << bit) + step * ((1ULL << bit) / 16);
			for (v = base - 2; v != base + 3; v++)
				check_value(v);
		}
	check_value(~0ULL);
}

static void index_never_goes_down(void **state)
{
	__u32 i, before = 0;
	__u64 v;

	(void)state;
	for (v = 0; v < 1 << 20; v++) {
		i = hist_index(v);
		assert_true(i == before || i == before + 1);
		before = i;
	}
	for (i = 0; i < HIST_OVERFLOW; i++) {
		assert_true(hist_lower(i) < hist_lower(i + 1));
		assert_int_equal(hist_index(hist_lower(i)), i);
		assert_int_equal(hist_index(hist_lower(i + 1) - 1), i);
	}
}

static void log2_is_floor(void **state)
{
	int bit;

	(void)state;
	assert_int_equal(hist_log2(1), 0);
	for (bit = 1; bit < 64; bit++) {
		assert_int_equal(hist_log2(1ULL << bit), bit);
		assert_int_equal(hist_log2((1ULL << bit) - 1), bit - 1);
		assert_int_equal(hist_log2((1ULL << bit) | 1), bit);
	}
	assert_int_equal(hist_log2(~0ULL), 63);
}

static void eight_buckets_an_octave(void **state)
{
	int bit;

	(void)state;
	for (bit = HIST_SUB_BITS; bit < HIST_MAX_LOG2; bit++)
		assert_int_equal(hist_index(1ULL << (bit + 1)) - hist_index(1ULL << bit), HIST_SUB);
	assert_int_equal(hist_index(1ULL << HIST_MAX_LOG2), HIST_OVERFLOW);
	assert_int_equal(hist_lower(HIST_OVERFLOW), 1ULL << HIST_MAX_LOG2);
}

static void merge_is_whole(void **state)
{
	struct hist whole = { 0 }, part[3] = { { 0 } }, sum = { 0 };
	__u64 seed = 11, v;
	int i;

	(void)state;
	for (i = 0; i < 9999; i++) {
		v = sample__random(&seed) >> (sample__random(&seed) % 64);
		v >>= 16; /* so that the sum stays below 2^64 */
		hist_add(&whole, v);
		hist_add(&part[i % 3], v);
	}
	for (i = 0; i < 3; i++)
		hist__merge(&sum, &part[i]);
	assert_memory_equal(&sum, &whole, sizeof(whole));
}

static void merge_of_nothing_keeps_the_extremes(void **state)
{
	struct hist a = { 0 }, none = { 0 };

	(void)state;
	hist_add(&a, 500);
	hist__merge(&a, &none);
	assert_int_equal(a.min_ns, 500);
	hist__merge(&none, &a);
	assert_memory_equal(&none, &a, sizeof(a));
}

static void merge_saturates(void **state)
{
	struct hist a = { .count = 1, .sum_ns = ~0ULL - 1 }, b = a;

	(void)state;
	a.bucket[0] = b.bucket[0] = 1;
	hist__merge(&a, &b);
	assert_true(a.sum_ns == ~0ULL);
}

static int by_value(const void *a, const void *b)
{
	__u64 x = *(const __u64 *)a, y = *(const __u64 *)b;

	return (x > y) - (x < y);
}

static void check_quantiles(const char *name, __u64 *v, size_t n)
{
	static const double q[] = { 0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999, 0.9999, 1 };
	struct hist h = { 0 };
	double exact, got;
	size_t i, rank;

	for (i = 0; i < n; i++)
		hist_add(&h, v[i]);
	qsort(v, n, sizeof(*v), by_value);
	for (i = 0; i < sizeof(q) / sizeof(*q); i++) {
		rank = (size_t)ceil(q[i] * (double)n - 1e-9);
		exact = (double)v[rank ? rank - 1 : 0];
		got = (double)hist__quantile(&h, q[i]);
		if (exact >= (double)(1ULL << HIST_MAX_LOG2)) {
			assert_true(got == (double)v[n - 1]);
			continue;
		}
		if (fabs(got - exact) > exact * 0.0625 + 1e-9)
			fail_msg("%s: quantile %g is %g, exact %g", name, q[i], got, exact);
	}
}

static double uniform(__u64 *seed)
{
	return ((double)(sample__random(seed) >> 11) + 0.5) / 9007199254740992.0;
}

static void quantiles_of_distributions(void **state)
{
	static __u64 v[VALUES];
	__u64 seed = 77;
	int i;

	(void)state;
	for (i = 0; i < VALUES; i++)
		v[i] = (__u64)(1000 + 9000 * uniform(&seed));
	check_quantiles("uniform", v, VALUES);
	for (i = 0; i < VALUES; i++)
		v[i] = (__u64)(-5000 * log(uniform(&seed)));
	check_quantiles("exponential", v, VALUES);
	for (i = 0; i < VALUES; i++)
		v[i] = (__u64)exp(8 + 1.5 * sqrt(-2 * log(uniform(&seed))) *
					      cos(2 * M_PI * uniform(&seed)));
	check_quantiles("lognormal", v, VALUES);
	for (i = 0; i < VALUES; i++)
		v[i] = (__u64)((i % 10 ? 700 : 300000) * (0.9 + 0.2 * uniform(&seed)));
	check_quantiles("bimodal", v, VALUES);
	for (i = 0; i < VALUES; i++)
		v[i] = 4321;
	check_quantiles("constant", v, VALUES);
}

static void quantiles_of_extremes(void **state)
{
	static const __u64 extremes[] = { 0,	      1,    7, 8, 1ULL << 40, (1ULL << 40) - 1,
					  1ULL << 63, ~0ULL };
	__u64 v[4];
	size_t i, j;

	(void)state;
	for (i = 0; i < sizeof(extremes) / sizeof(*extremes); i++) {
		for (j = 0; j < 4; j++)
			v[j] = extremes[i];
		check_quantiles("extreme", v, 4);
		check_quantiles("single", v, 1);
	}
	check_quantiles("mixed", (__u64[]){ 0, 1, 1ULL << 39, 1ULL << 63 }, 4);
}

static void quantile_of_nothing_is_zero(void **state)
{
	const struct hist h = { 0 };

	(void)state;
	assert_int_equal(hist__quantile(&h, 0.5), 0);
}

static void rank_of_exact_products(void **state)
{
	struct hist h = { 0 };
	int i;

	(void)state;
	/* 0.07 * 100 computes to slightly more than 7; the 7th value is the answer */
	for (i = 1; i <= 100; i++)
		hist_add(&h, i <= 7 ? 1 : 1000);
	assert_int_equal(hist__quantile(&h, 0.07), 1);
	assert_int_equal(hist__quantile(&h, 0.08), 1000 - 1000 % 64 + 32);
}

static void linear_is_exact_on_common_edges(void **state)
{
	struct hist h = { 0 };
	__u64 count[5];
	int i;

	(void)state;
	for (i = 0; i < 4096; i++)
		hist_add(&h, (__u64)i);
	/* 1024 divides every bucket bound from 8192 down to it */
	assert_int_equal(hist__linear(&h, 1024, 4, count), 0);
	for (i = 0; i < 4; i++)
		assert_int_equal(count[i], 1024);
	assert_int_equal(count[4], 0);
}

static void linear_keeps_every_count(void **state)
{
	struct hist h = { 0 };
	__u64 count[21], sum = 0, seed = 5, moved;
	int i;

	(void)state;
	for (i = 0; i < 5000; i++)
		hist_add(&h, sample__random(&seed) >> 44);
	hist_add(&h, 1ULL << 50);
	moved = hist__linear(&h, 5000, 20, count);
	for (i = 0; i <= 20; i++)
		sum += count[i];
	assert_int_equal(sum, 5001);
	assert_in_range(moved, 1, 600);
	assert_true(count[20] >= 1);
}

static void linear_of_a_constant_is_exact(void **state)
{
	struct hist h = { 0 };
	__u64 count[3];

	(void)state;
	/* 4999 and 5001 share no side of 5000, though one bucket holds both */
	hist_add(&h, 4999);
	assert_int_equal(hist__linear(&h, 5000, 2, count), 0);
	assert_int_equal(count[0], 1);
}

/* Of forged files: what buckets add up to must not come round to little. */
static void sums_do_not_wrap(void **state)
{
	struct hist a = { .count = (1ULL << 63) - 1, .min_ns = 5, .max_ns = 6 }, b = a;

	(void)state;
	a.bucket[5] = 1ULL << 62;
	a.bucket[6] = (1ULL << 62) - 1;
	b.bucket[7] = 1;
	b.count = 1;
	hist__merge(&a, &b);
	assert_true(a.count == (1ULL << 63) - 1);
	assert_int_equal(a.bucket[7], 0);
	hist__merge(&b, &a);
	assert_int_equal(b.count, 1);
	b.bucket[7] = 0;
	b.count = 0;
	hist__merge(&b, &a);
	assert_true(b.count == a.count && b.bucket[5] == a.bucket[5]);
	b.count = ~0ULL;
	hist__merge(&a, &b);
	assert_true(a.count == (1ULL << 63) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_and_bounds_agree_everywhere),
		cmocka_unit_test(index_never_goes_down),
		cmocka_unit_test(log2_is_floor),
		cmocka_unit_test(eight_buckets_an_octave),
		cmocka_unit_test(merge_is_whole),
		cmocka_unit_test(merge_of_nothing_keeps_the_extremes),
		cmocka_unit_test(merge_saturates),
		cmocka_unit_test(quantiles_of_distributions),
		cmocka_unit_test(quantiles_of_extremes),
		cmocka_unit_test(quantile_of_nothing_is_zero),
		cmocka_unit_test(rank_of_exact_products),
		cmocka_unit_test(linear_is_exact_on_common_edges),
		cmocka_unit_test(linear_keeps_every_count),
		cmocka_unit_test(linear_of_a_constant_is_exact),
		cmocka_unit_test(sums_do_not_wrap),
	};

	return cmocka_run_group_tests_name("hist", tests, NULL, NULL);
}
