// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What becomes a row and is tested, what a run is reduced to, and what makes runs unlike. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "unit.h"

#define RUNS 5 /* the fewest with which a family of six can reject: 2 / C(10, 5) * 6 < 0.05 */
#define MORE 6 /* and one of eight */

static void site(struct run_site *s, __u64 n, __u64 ns)
{
	s->clock = CLOCK_SITE;
	free(s->reason);
	s->reason = NULL;
	memset(&s->hold, 0, sizeof(s->hold));
	for (__u64 i = 0; i < n; i++)
		hist_add(&s->hold, ns + i);
}

/* Two sites with @n sections of about @ns each, ten seconds. */
static void make(struct run *r, __u64 n, __u64 ns)
{
	static unsigned int boots;

	sample__small(r);
	free(r->kernel.boot_id);
	assert_true(asprintf(&r->kernel.boot_id, "%08x-0000-4000-8000-000000000000", boots++) > 0);
	r->duration_ns = 10000000000ULL;
	r->site[SITE_MIGRATE_NOREFS].has_outcomes = false;
	site(&r->site[SITE_MIGRATE_NOREFS], n, ns);
	site(&r->site[SITE_FIND_GET_BLOCK], n, 2 * ns);
}

static const struct cmp_row *row(const struct comparison *c, const char *subject,
				 const char *metric)
{
	for (size_t i = 0; i < c->rows_n; i++)
		if (!strcmp(c->rows[i].subject, subject) && !strcmp(c->rows[i].metric, metric))
			return &c->rows[i];
	return NULL;
}

static const struct compare_opts opts = { .alpha = 0.05 };

struct sides {
	struct run v[SIDES][MORE];
	struct run *of[SIDES];
	size_t n[SIDES];
};

static void make_sides(struct sides *s, __u64 n, const __u64 ns[SIDES])
{
	memset(s, 0, sizeof(*s));
	for (int side = 0; side < SIDES; side++) {
		s->of[side] = s->v[side];
		s->n[side] = RUNS;
		for (int i = 0; i < RUNS; i++)
			make(&s->v[side][i], n, ns[side] + 16 * i);
	}
}

static void free_sides(struct sides *s)
{
	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < MORE; i++) /* what was not made is zeros */
			run__free(&s->v[side][i]);
}

static void a_shift_is_found_with_the_fewest_runs(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(c.family, 6);
	assert_int_equal(c.fewest_runs, RUNS);
	assert_int_equal(c.higher, 6);
	assert_int_equal(row(&c, "migrate_norefs", "hold p50")->verdict, ROW_HIGHER);
	assert_int_equal(row(&c, "migrate_norefs", "hold p90")->verdict, ROW_UNTESTED);
	assert_true(row(&c, "migrate_norefs", "hold total")->ratio > 2);
	assert_int_equal(c.sum[AFTER].site[SITE_MIGRATE_NOREFS].hold.count, RUNS * 1000);
	assert_non_null(compare__regression(&c, 50));
	assert_null(compare__regression(&c, 1000));
	compare__free(&c);
	free_sides(&s);
}

/* Of @n sections of lookups so many waited, and so much of that behind migrations. */
static void waits(struct run *r, __u64 waited, __u64 behind_ns, __u64 other_ns)
{
	counters__add(&r->counters, "lookup_waits", waited);
	counters__add(&r->counters, "lookup_wait_behind_ns", behind_ns);
	counters__add(&r->counters, "lookup_wait_other_ns", other_ns);
}

static void contention_is_tested_with_runs_enough(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	struct sides s;

	(void)state;
	for (size_t n = RUNS; n <= MORE; n++) {
		make_sides(&s, 1000, ns);
		for (int side = 0; side < SIDES; side++) {
			s.n[side] = n;
			if (n == MORE)
				make(&s.v[side][RUNS], 1000, ns[side]);
			for (size_t i = 0; i < n; i++)
				waits(&s.v[side][i], 10 + i + (side == AFTER ? 20 : 0), 100 + i,
				      300);
		}
		assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
		assert_int_equal(c.family, n == MORE ? 8 : 6);
		assert_true(row(&c, "contention", "waited per 1M")->median[BEFORE].value > 11e3);
		assert_int_equal(row(&c, "contention", "waited per 1M")->verdict,
				 n == MORE ? ROW_HIGHER : ROW_UNTESTED);
		assert_int_equal(row(&c, "contention", "% behind moves")->verdict,
				 n == MORE ? ROW_SAME : ROW_UNTESTED);
		assert_true(row(&c, "contention", "% behind moves")->median[AFTER].value > 25);
		compare__free(&c);
		free_sides(&s);
	}
}

/* The share behind migrations rises as well when the other waits get shorter: that is not worse. */
static void a_share_is_neither_better_nor_worse(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int side = 0; side < SIDES; side++) {
		s.n[side] = MORE;
		make(&s.v[side][RUNS], 1000, ns[side]);
		for (size_t i = 0; i < MORE; i++)
			waits(&s.v[side][i], 10 + i, 100 + i, side == AFTER ? 50 : 300);
	}
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(row(&c, "contention", "% behind moves")->verdict, ROW_MORE);
	assert_int_equal(c.changed, 1);
	assert_int_equal(c.higher, 0);
	assert_null(compare__regression(&c, 0));
	compare__free(&c);
	free_sides(&s);
}

/* Each recording counts waits from three times its own floor on: beside each other they need one limit. */
static void waits_count_from_one_limit(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < RUNS; i++) {
			struct run_site *lookup = &s.v[side][i].site[SITE_FIND_GET_BLOCK];

			lookup->floor_ns = side == AFTER ? 3000 : 1000;
			memset(&lookup->wait, 0, sizeof(lookup->wait));
			for (int k = 0; k < 110; k++)
				hist_add(&lookup->wait, k < 100 ? 5000 : 20000);
			waits(&s.v[side][i], side == AFTER ? 10 : 110, 100, 300);
		}
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_false(compare__same_floor(&c, SITE_FIND_GET_BLOCK));
	assert_true(row(&c, "contention", "waited per 1M")->median[BEFORE].value > 0);
	assert_true(row(&c, "contention", "waited per 1M")->median[BEFORE].value ==
		    row(&c, "contention", "waited per 1M")->median[AFTER].value);
	compare__free(&c);
	free_sides(&s);
}

static void contention_of_older_files_has_no_row(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct contention n;
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	assert_false(run__contention(&s.v[BEFORE][0], &n));
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_null(row(&c, "contention", "waited per 1M"));
	compare__free(&c);
	free_sides(&s);
}

static void one_run_less_tests_nothing(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	s.n[AFTER] = RUNS - 1;
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(c.lower + c.higher, 0);
	for (size_t i = 0; i < c.rows_n; i++)
		assert_int_equal(c.rows[i].verdict, ROW_UNTESTED);
	compare__free(&c);
	free_sides(&s);
}

static void a_site_with_few_sections_is_not_tested(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	site(&s.v[AFTER][2].site[SITE_FIND_GET_BLOCK], 99, 1000);
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(c.family, 3);
	assert_non_null(row(&c, "find_get_block", "hold p50"));
	assert_int_equal(row(&c, "find_get_block", "hold p50")->verdict, ROW_UNTESTED);
	assert_int_equal(c.left_n, 1);
	assert_string_equal(c.left[0].subject, "find_get_block");
	assert_string_equal(c.left[0].why, "99 sections in run 3 of after, 100 needed");
	compare__free(&c);

	s.v[AFTER][2].site[SITE_FIND_GET_BLOCK].clock = CLOCK_NONE;
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(row(&c, "find_get_block", "hold p50")->verdict, ROW_UNTESTED);
	assert_true(isnan(row(&c, "find_get_block", "hold p50")->value[AFTER][2]));
	assert_int_equal(c.left_n, 1);
	assert_string_equal(c.left[0].why, "not measured in run 3 of after");
	compare__free(&c);
	free_sides(&s);
}

/* Two runs of one boot are one value, their median; a boot on both sides is counted. */
static void runs_of_one_boot_are_one(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	struct comparison c;
	char words[CMP_RUNS];
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int i = 1; i < 3; i++) {
		free(s.v[AFTER][i].kernel.boot_id);
		s.v[AFTER][i].kernel.boot_id = strdup(s.v[AFTER][0].kernel.boot_id);
	}
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(c.n[BEFORE], RUNS);
	assert_int_equal(c.n[AFTER], RUNS - 2);
	assert_int_equal(c.shared, 0);
	assert_string_equal(compare__runs_words(&c, AFTER, words),
			    "5 runs of 3 boots, which count as 3");
	assert_string_equal(compare__runs_words(&c, BEFORE, words), "5 runs");
	/* runs differ by 16 ns each: the middle one of the first three */
	assert_true(fabs(row(&c, "migrate_norefs", "hold max")->value[AFTER][0] - (3999 + 16)) < 1);
	assert_true(fabs(row(&c, "migrate_norefs", "hold max")->value[AFTER][1] - (3999 + 48)) < 1);
	compare__free(&c);
	free(s.v[AFTER][4].kernel.boot_id);
	s.v[AFTER][4].kernel.boot_id = strdup(s.v[BEFORE][1].kernel.boot_id);
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_int_equal(c.shared, 1);
	compare__free(&c);
	free_sides(&s);
}

static void sites_are_chosen_by_name(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	bool sites[SITE_COUNT] = { [SITE_FIND_GET_BLOCK] = true };
	struct compare_opts chosen = { .alpha = 0.05, .sites = sites };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	s.v[AFTER][2].site[SITE_MIGRATE_NOREFS].clock = CLOCK_NONE; /* not asked about */
	assert_int_equal(compare__run(&c, s.of, s.n, &chosen), 0);
	assert_int_equal(c.family, 3);
	assert_int_equal(c.left_n, 0);
	compare__free(&c);
	sites[SITE_AIO_MIGRATE] = true; /* asked about, and nowhere */
	assert_int_equal(compare__run(&c, s.of, s.n, &chosen), 0);
	assert_int_equal(c.left_n, 1);
	assert_string_equal(c.left[0].subject, "aio_migrate");
	compare__free(&c);
	free_sides(&s);
}

static void later_races_are_told(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	const char *why;
	struct sides s;

	(void)state;
	for (int late = 0; late < 4; late++) {
		make_sides(&s, 1000, ns);
		for (int side = 0; side < SIDES; side++)
			for (int i = 0; i < RUNS; i++) {
				s.v[side][i].late.total = 0;
				s.v[side][i].late.possible = 0;
				memset(s.v[side][i].losses, 0, sizeof(s.v[side][i].losses));
				s.v[side][i].late.windows = 100;
				s.v[side][i].late.behind_spin = 10;
				s.v[side][i].late.has_waited = false;
			}
		s.v[BEFORE][3].late.total = late & 1 ? 2 : 0;
		s.v[AFTER][1].late.total = late & 2 ? 5 : 0;
		assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
		assert_int_equal(compare__race(&c, &why), late == 2 ? RACE_LATER :
							  late == 3 ? RACE_UNKNOWN :
								      RACE_NONE);
		assert_true(!why == (late != 3));
		compare__free(&c);
		free_sides(&s);
	}
}

static void make_rounds(struct run *r)
{
	static const __u64 per_round[] = { 100, 300, 200 };

	r->rounds = calloc(3, sizeof(*r->rounds));
	r->rounds_n = 3;
	for (int i = 0; i < 3; i++) {
		r->rounds[i].duration_ns = 2000000000;
		for (__u64 k = 0; k < per_round[i]; k++)
			hist_add(&r->rounds[i].site[SITE_MIGRATE_NOREFS].hold, 5000);
	}
}

static void rounds_reduce_to_their_median(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < RUNS; i++)
			make_rounds(&s.v[side][i]);
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_true(fabs(row(&c, "migrate_norefs", "sections")->value[BEFORE][0] - 100) < 1e-9);
	assert_true(fabs(row(&c, "migrate_norefs", "hold total")->value[BEFORE][0] - 500000) <
		    1e-6);
	assert_true(fabs(row(&c, "migrate_norefs", "hold p50")->value[BEFORE][0] - 5000) < 320);
	/* no round has the 1000 sections that this needs, but every run as a whole */
	assert_true(row(&c, "migrate_norefs", "hold p99.9")->value[BEFORE][0] < 2100);
	compare__free(&c);

	/* one run without rounds, and all are taken as wholes */
	for (size_t i = 0; i < s.v[AFTER][3].rounds_n; i++)
		counters__free(&s.v[AFTER][3].rounds[i].counters);
	free(s.v[AFTER][3].rounds);
	s.v[AFTER][3].rounds = NULL;
	s.v[AFTER][3].rounds_n = 0;
	for (int side = 0; side < SIDES; side++) { /* the first of each became the sum */
		run__free(&s.v[side][0]);
		make(&s.v[side][0], 1000, 1000);
	}
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_true(row(&c, "migrate_norefs", "hold p50")->value[BEFORE][1] < 2100);
	compare__free(&c);
	free_sides(&s);
}

static void other_filters_are_unlike(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	char *unlike;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	s.v[AFTER][0].filter.device = strdup("sda");
	unlike = compare__unlike(s.of, s.n, NULL, ", ");
	assert_string_equal(unlike, "filter (none; device sda)");
	free(unlike);
	free(s.v[AFTER][0].kernel.arch);
	s.v[AFTER][0].kernel.arch = strdup("aar\nch64");
	unlike = compare__unlike(s.of, s.n, NULL, "\n");
	assert_string_equal(unlike, "architecture (x86_64; aar?ch64)\nfilter (none; device sda)");
	free(unlike);
	free_sides(&s);
}

/* Differences of nothing and of something: the shift is 0 at most, and the ranks know better. */
static void ties_do_not_turn_the_direction_round(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	struct comparison c;
	struct sides s;
	int lower = 0;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < RUNS; i++)
			site(&s.v[side][i].site[SITE_MIGRATE_NOREFS], 1000,
			     side == AFTER ? 900 : 1000);
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	for (size_t i = 0; i < c.rows_n; i++)
		lower += c.rows[i].verdict == ROW_LOWER;
	assert_int_equal(lower, 3);
	assert_int_equal(c.higher, 0);
	compare__free(&c);
	free_sides(&s);
}

static void a_run_that_took_no_time_has_no_rates(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 3000 };
	struct comparison c;
	struct sides s;

	(void)state;
	make_sides(&s, 1000, ns);
	for (int side = 0; side < SIDES; side++)
		for (int i = 0; i < RUNS; i++)
			s.v[side][i].duration_ns = 0;
	assert_int_equal(compare__run(&c, s.of, s.n, &opts), 0);
	assert_null(row(&c, "migrate_norefs", "sections"));
	assert_int_equal(row(&c, "migrate_norefs", "hold p50")->verdict, ROW_UNTESTED);
	assert_int_equal(c.family, 0);
	assert_int_equal(c.left_n, 2); /* the family has a total a second, or it is none */
	assert_string_equal(c.left[0].why, "run 1 of before and 9 more files took no time");
	compare__free(&c);
	free_sides(&s);
}

static void empty_runs_have_no_family(void **state)
{
	struct run a = { 0 }, b = { 0 }, *of[SIDES] = { &a, &b };
	const size_t n[SIDES] = { 1, 1 };
	struct comparison c;

	(void)state;
	sample__small(&a);
	sample__small(&b);
	for (int i = 0; i < SITE_COUNT; i++)
		a.site[i].clock = b.site[i].clock = CLOCK_NONE;
	assert_int_equal(compare__run(&c, of, n, &opts), 0);
	assert_int_equal(c.family, 0);
	assert_int_equal(c.fewest_runs, 0);
	assert_true(isnan(c.geomean));
	compare__free(&c);
	run__free(&a);
	run__free(&b);
}

static void a_quantile_within_a_bucket(void **state)
{
	struct hist h = { 0 };

	(void)state;
	assert_true(hist__interpolated(&h, 0.5) <= 0);
	for (int i = 0; i < 1024; i++)
		hist_add(&h, 1024 + i);
	for (double q = 0.05; q < 1; q += 0.05)
		assert_true(fabs(hist__interpolated(&h, q) - (1024 + q * 1024)) < 2);
	assert_true(fabs(hist__interpolated(&h, 1) - 2047) < 1);
}

static bool alike(struct sides *s, char *text, size_t size)
{
	char *unlike = compare__unlike(s->of, s->n, NULL, ", ");

	assert_non_null(unlike);
	snprintf(text, size, "%s", unlike);
	free(unlike);
	return !*text;
}

static void what_is_unlike_is_plain_text(void **state)
{
	static const __u64 ns[SIDES] = { 1000, 1000 };
	char text[256];
	struct sides s;

	(void)state;
	make_sides(&s, 10, ns);
	assert_true(alike(&s, text, sizeof(text)));
	assert_string_equal(text, "");
	free(s.v[AFTER][0].probes[0].variant);
	s.v[AFTER][0].probes[0].variant = strdup("\033[2Jx\n\xc2\x9b");
	assert_false(alike(&s, text, sizeof(text)));
	assert_non_null(strstr(text, "; ?[2Jx?\?\?)"));
	free(s.v[AFTER][0].probes[0].variant);
	s.v[AFTER][0].probes[0].variant = NULL;
	assert_false(alike(&s, text, sizeof(text)));
	assert_non_null(strstr(text, "; unknown)"));
	free_sides(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shift_is_found_with_the_fewest_runs),
		cmocka_unit_test(contention_is_tested_with_runs_enough),
		cmocka_unit_test(contention_of_older_files_has_no_row),
		cmocka_unit_test(waits_count_from_one_limit),
		cmocka_unit_test(a_share_is_neither_better_nor_worse),
		cmocka_unit_test(one_run_less_tests_nothing),
		cmocka_unit_test(a_site_with_few_sections_is_not_tested),
		cmocka_unit_test(runs_of_one_boot_are_one),
		cmocka_unit_test(sites_are_chosen_by_name),
		cmocka_unit_test(later_races_are_told),
		cmocka_unit_test(rounds_reduce_to_their_median),
		cmocka_unit_test(other_filters_are_unlike),
		cmocka_unit_test(ties_do_not_turn_the_direction_round),
		cmocka_unit_test(a_run_that_took_no_time_has_no_rates),
		cmocka_unit_test(empty_runs_have_no_family),
		cmocka_unit_test(what_is_unlike_is_plain_text),
		cmocka_unit_test(a_quantile_within_a_bucket),
	};

	return cmocka_run_group_tests_name("compare", tests, NULL, NULL);
}
