// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The page of a comparison, from tables made by hand. With a folder as its argument it writes its pages
 * there instead, for tests/html.sh and tests/html-shots.sh.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "page.h"
#include "report/render.h"

#define RUNS 10
#define ROWS 6

struct sides {
	struct comparison c;
	struct cmp_row rows[ROWS];
	double value[ROWS][SIDES][RUNS];
	struct run before, after;
};

static void fill_row(struct sides *s, size_t i, const char *subject, const char *metric,
		     enum row_unit unit, double base, double factor)
{
	struct cmp_row *row = &s->rows[i];
	__u64 seed = i + 3;
	int side, k;

	snprintf(row->subject, sizeof(row->subject), "%s", subject);
	row->metric = metric;
	row->unit = unit;
	row->tested = i < 4;
	for (side = 0; side < SIDES; side++) {
		row->value[side] = s->value[i][side];
		for (k = 0; k < RUNS; k++)
			s->value[i][side][k] =
				base * (side ? factor : 1) *
				(0.96 + (double)(sample__random(&seed) >> 44) / 1048576 * 0.08);
		row->median[side] = (struct estimate){ base * (side ? factor : 1),
						       base * (side ? factor : 1) * 0.98,
						       base * (side ? factor : 1) * 1.02 };
	}
	row->ratio = factor;
	row->p_holm = fabs(factor - 1) > 0.05 ? 0.00043 : 0.62;
	row->shift = (struct estimate){ base * (factor - 1), base * (factor - 1.03),
					base * (factor - 0.98) };
	row->detectable = base * 0.031;
	row->verdict = fabs(factor - 1) < 0.05 ? ROW_SAME : factor < 1 ? ROW_LOWER : ROW_HIGHER;
	if (row->tested)
		return;
	row->verdict = ROW_UNTESTED;
	row->p_holm = row->detectable = NAN;
	row->shift = (struct estimate){ NAN, NAN, NAN };
}

static void tally(struct comparison *c)
{
	double product = 1;
	size_t i;

	c->family = c->lower = c->higher = 0;
	for (i = 0; i < c->rows_n; i++) {
		c->family += c->rows[i].tested;
		c->lower += c->rows[i].verdict == ROW_LOWER;
		c->higher += c->rows[i].verdict == ROW_HIGHER;
		product *= c->rows[i].tested ? c->rows[i].ratio : 1;
	}
	c->geomean = c->family ? pow(product, 1.0 / (double)c->family) : NAN;
}

/* @factors of the four tested rows, after / before. */
static void make_sides(struct sides *s, const double factors[4])
{
	memset(s, 0, sizeof(*s));
	sample__full(&s->before);
	sample__migrate(&s->after);
	memset(s->before.losses, 0, sizeof(s->before.losses));
	fill_row(s, 0, "migrate_norefs", "hold p50", UNIT_NS, 6300, factors[0]);
	fill_row(s, 1, "migrate_norefs", "hold p99", UNIT_NS, 24500, factors[1]);
	fill_row(s, 2, "migrate_norefs", "hold total", UNIT_SHARE, 38.8e6, factors[2]);
	fill_row(s, 3, "find_get_block", "hold p99", UNIT_NS, 910, factors[3]);
	fill_row(s, 4, "migrations", "moved", UNIT_RATE, 16600, 1.3);
	fill_row(s, 5, "find_get_block", "wait p99", UNIT_NS, 7940, 0.6);
	s->c = (struct comparison){ .label = { "before", "after" },
				    .n = { RUNS, RUNS },
				    .files = { RUNS, RUNS },
				    .unlike = (char *)"",
				    .runs = { &s->before, &s->after },
				    .sum = { s->before, s->after },
				    .rows = s->rows,
				    .rows_n = ROWS,
				    .fewest_runs = 5,
				    .alpha = 0.05,
				    .power = 0.8 };
	s->c.total[BEFORE].late = s->before.late.total;
	s->c.total[BEFORE].windows = s->before.late.windows;
	s->c.total[AFTER].late = s->after.late.total;
	s->c.total[AFTER].windows = s->after.late.windows;
	tally(&s->c);
}

static void free_sides(struct sides *s)
{
	run__free(&s->before);
	run__free(&s->after);
}

static char *compared(const struct comparison *c)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(render_compare_html(c, f), 0);
	fclose(f);
	return text;
}

static const double faster[4] = { 0.07, 0.64, 0.11, 1.004 };
static const double slower[4] = { 1.3, 1.9, 1.21, 1 };
static const double mixed[4] = { 0.7, 1.9, 1, 1 };
static const double same[4] = { 1, 1.01, 0.99, 1 };

static void comparison_page(const double factors[4], const char *sentence)
{
	struct sides s;
	char *text;

	make_sides(&s, factors);
	text = compared(&s.c);
	page__has(text, sentence);
	page__has(text, "Other rows are shown, not tested");
	assert_true(strstr(text, sentence) < strstr(text, "<table"));
	page__check(text);
	free_sides(&s);
}

static void comparison_verdicts(void **state)
{
	(void)state;
	comparison_page(faster, "of 4 tested rows 3 better, 0 worse; before IS NOT SAFE");
	comparison_page(slower, "of 4 tested rows 0 better, 3 worse; before IS NOT SAFE");
	comparison_page(mixed, "of 4 tested rows 1 better, 1 worse");
	comparison_page(same, "~ nothing significant in 4 tested rows");
	comparison_page(same, "of migrate_norefs: hold p50 3.1%, hold p99 3.1%");
	comparison_page(faster, "late refs: before: 27 in 5600 windows");
}

static void comparison_warns(void **state)
{
	struct sides s;
	char *text;

	(void)state;
	make_sides(&s, same);
	s.c.n[BEFORE] = s.c.n[AFTER] = 3;
	s.c.files[BEFORE] = s.c.files[AFTER] = 3;
	s.c.total[AFTER].tainted = s.c.forced = true;
	s.c.unlike = (char *)"tier (full, light)";
	s.c.label[BEFORE] = "<script>" EVIL;
	s.c.label[AFTER] = ">a label that is much longer than there is room in any of the charts";
	s.c.total[AFTER].fs_errors = 2;
	s.after = s.c.sum[AFTER];
	text = compared(&s.c);
	page__has(text, "too few runs to test: 3 a side");
	page__has(text, "EVENTS WERE LOST");
	page__has(text, "tier (full, light)");
	page__has(text, "2 file system errors");
	page__check(text);
	free_sides(&s);
}

/* A clock with a floor above a median says so beside the verdict. */
static void comparison_in_the_floor(void **state)
{
	struct sides s;
	char *text;

	(void)state;
	make_sides(&s, faster);
	text = compared(&s.c);
	assert_null(strstr(text, "hold p50 *"));
	free(text);
	s.c.total[AFTER].floor_ns[SITE_MIGRATE_NOREFS] = 2500;
	text = compared(&s.c);
	page__has(text, "<th>hold p50 *</th>");
	page__has(text, "what the clock reads on an empty section (7.50us)");
	page__check(text);
	free_sides(&s);
}

/* Nothing at all, and rows whose every number is none. */
static void comparison_of_nothing(void **state)
{
	struct sides s;
	size_t i;
	int k;

	(void)state;
	make_sides(&s, same);
	for (i = 0; i < ROWS; i++) {
		for (k = 0; k < RUNS; k++)
			s.value[i][BEFORE][k] = s.value[i][AFTER][k] = NAN;
		s.rows[i].median[BEFORE] = s.rows[i].median[AFTER] = s.rows[i].shift =
			(struct estimate){ NAN, NAN, NAN };
		s.rows[i].ratio = s.rows[i].p_holm = s.rows[i].detectable = NAN;
	}
	s.c.geomean = NAN;
	page__check(compared(&s.c));
	s.c.rows_n = s.c.family = s.c.lower = s.c.higher = s.c.fewest_runs = 0;
	memset(s.c.sum, 0, sizeof(s.c.sum));
	page__check(compared(&s.c));
	free_sides(&s);
}

static int write_pages(const char *dir)
{
	struct sides s;

	make_sides(&s, faster);
	page__write(dir, "compare", compared(&s.c));
	s.c.label[BEFORE] = EVIL;
	s.c.left = &(struct cmp_left){ "grow_buffers", (char *)"3 sections in " EVIL };
	s.c.left_n = s.c.shared = 1;
	page__write(dir, "compare-hostile", compared(&s.c));
	free_sides(&s);
	make_sides(&s, mixed);
	page__write(dir, "compare-mixed", compared(&s.c));
	free_sides(&s);
	make_sides(&s, same);
	page__write(dir, "compare-same", compared(&s.c));
	free_sides(&s);
	return 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comparison_verdicts),
		cmocka_unit_test(comparison_warns),
		cmocka_unit_test(comparison_in_the_floor),
		cmocka_unit_test(comparison_of_nothing),
	};

	if (argc > 1)
		return write_pages(argv[1]);
	return cmocka_run_group_tests_name("html_compare", tests, NULL, NULL);
}
