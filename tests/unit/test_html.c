// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * HTML pages: what gets into them, what never does. With a folder as its argument it writes its pages
 * there instead, for tests/html.sh (well-formed) and tests/html-shots.sh (looks).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"
#include "report/html.h"
#include "report/render.h"
#include "report/svg.h"

typedef void sampler(struct run *run);

static char *page(sampler *sample, const struct render_opts *o)
{
	char *text = NULL;
	struct run run;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sample(&run);
	assert_int_equal(render_html(&run, o, f), 0);
	fclose(f);
	run__free(&run);
	return text;
}

static const struct render_opts plain = { .path = "run.json" };
static const struct render_opts linear = { .linear_width_ns = 5000, .linear_count = 20 };

static void replace(char **old, const char *text)
{
	free(*old);
	*old = strdup(text);
}

static void hostile_run(struct run *run)
{
	sample__full(run);
	replace(&run->kernel.release, EVIL);
	replace(&run->kernel.generation_evidence, EVIL);
	replace(&run->start, EVIL);
	replace(&run->tool.command[0], EVIL);
	replace(&run->site[SITE_TRY_TO_FREE].reason, EVIL);
	replace(&run->site[SITE_FIND_GET_BLOCK].note, EVIL);
	replace(&run->late.proven.v[0].lookup.stack[0], EVIL);
	replace(&run->late.proven.v[0].phase, EVIL);
	replace(&run->probes[0].variant, EVIL);
	replace(&run->refcounts[0].stage, EVIL);
	replace(&run->counters.v[0].name, EVIL);
	replace(&run->norefs.v[0].name, EVIL);
	strcpy(run->late.proven.v[0].lookup.comm, "<b>'\"&\n");
	strcpy(run->site[SITE_MIGRATE_NOREFS].worst[0].comm, "<script>");
	strcpy(run->devices[0].name, "<img src=x>");
}

static void empty_run(struct run *run)
{
	memset(run, 0, sizeof(*run));
}

/* Minutes in seconds, so that lines and gaps can be looked at. */
static void long_run(struct run *run)
{
	struct interval *v;
	__u64 seed = 7;
	size_t i, k;

	sample__migrate(run);
	run->intervals_n = 40;
	run->intervals = calloc(run->intervals_n, sizeof(*run->intervals));
	for (i = 0; i < run->intervals_n; i++) {
		v = &run->intervals[i];
		v->start_ns = i * 1000000000ULL;
		v->duration_ns = 1000000000ULL;
		for (k = 0; k < (i / 4 % 5 == 3 ? 0 : 200 + i * 20); k++)
			hist_add(&v->site[SITE_MIGRATE_NOREFS].hold,
				 900 + sample__random(&seed) % 400 +
					 (k % 40 ? 0 : 40000 + 3000 * i));
	}
}

/* The hold of one event in the bucket without an end, and of none. */
static void extreme_run(struct run *run)
{
	sample__small(run);
	hist_add(&run->site[0].hold, ~0ULL >> 1);
	hist_add(&run->site[0].hold, 0);
}

static void escapes(void **state)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	html__text(f, "<a href=\"x\" title='y'>&\x1b\n\t\x7f\xc3\xa4");
	html__text(f, NULL);
	html__textf(f, "%s", "<");
	fclose(f);
	assert_string_equal(text, "&lt;a href=&quot;x&quot; title=&#39;y&#39;&gt;&amp;"
				  "\\x1b\\x0a\\x09\\x7f\\xc3\\xa4&lt;");
	free(text);
}

static void pages_are_safe(void **state)
{
	sampler *samples[] = { sample__full, sample__small, sample__migrate,
			       sample__kara, hostile_run,   empty_run,
			       sample__full, long_run,	    extreme_run };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(samples) / sizeof(*samples); i++) {
		page__check(page(samples[i], &plain));
		page__check(page(samples[i], &linear));
	}
}

static void nothing_recorded_has_no_chart(void **state)
{
	char *text = page(empty_run, &plain);

	(void)state;
	assert_non_null(strstr(text, "nothing was recorded"));
	assert_null(strstr(text, "<svg"));
	free(text);
}

static void the_answer_comes_first(void **state)
{
	char *text = page(sample__full, &plain);

	(void)state;
	page__has(text, "private_lock was held 5999 times for page migration");
	page__has(text, "FOUND 27 (20 by lookup, 7 by the count at the end), up to 5 more");
	assert_true(strstr(text, "TAINTED:") < strstr(text, "private_lock was held"));
	assert_true(strstr(text, "FOUND 27") < strstr(text, "<table"));
	free(text);
	text = page(sample__migrate, &plain);
	page__has(text, "None seen: at most 1 in");
	page__has(text,
		  "1 in 1326 of the lookups that came during a window or up to 1 ms after is late");
	assert_null(strstr(text, "TAINTED"));
	free(text);
}

static void every_list_is_there(void **state)
{
	static const char *const parts[] = { "the compiler inlined the only function",
					     "no symbol private_lock_holder",
					     "<tr class=\"sub\"><th>busy</th>",
					     "__find_get_block+0xd1",
					     "26 more were counted but not listed",
					     "kcompactd0/45",
					     "sda1",
					     "Over time",
					     "3 references expected, 4 seen (100 times)",
					     "Rounds",
					     "norefs_window",
					     "find_get_block wait" };
	char *text = page(sample__full, &plain);
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		page__has(text, parts[i]);
	free(text);
}

/* Nothing is without a way to it, and nothing leads nowhere (tests/html.sh follows every link). */
static void contents_lead_everywhere(void **state)
{
	char *text = page(sample__full, &plain), *s = text;
	int heads = 0, links = 0;

	(void)state;
	for (; (s = strstr(s, "<h2 id=")); s++)
		heads++;
	for (s = text; (s = strstr(s, "<a href=\"#")); s++)
		links++;
	assert_true(heads > 8);
	assert_int_equal(heads, links);
	free(text);
}

/* Found, they come before everything but the answer, and nobody has to unfold their stacks. */
static void what_was_found_comes_first(void **state)
{
	char *text = page(sample__full, &plain), *late, *stack, *stall;

	(void)state;
	late = strstr(text, "<h2 id=\"late\"");
	assert_non_null(late);
	assert_true(late < strstr(text, "<table"));
	stack = strstr(late, "__getblk_gfp+0x2e");
	assert_non_null(stack);
	assert_true(stack < strstr(late, "<details"));
	assert_null(strstr(stack, "<h2 id=\"late\""));
	free(text);
	text = page(sample__migrate, &plain);
	assert_null(strstr(text, "id=\"late\""));
	stall = strstr(text, "<h2 id=\"stalls\"");
	assert_non_null(stall);
	assert_true(strstr(text, "3 waits of at least 10.0s") < stall);
	assert_true(stall < strstr(text, "<table"));
	free(text);
}

/* A part in which nothing happened has no heading and no table. */
static void what_is_empty_is_left_out(void **state)
{
	static const char *const parts[] = { "intervals", "rounds", "longest", "late" };
	char *text = page(sample__migrate, &plain), id[32];

	(void)state;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		snprintf(id, sizeof(id), "#%s\"", parts[i]);
		if (strstr(text, id))
			fail_msg("contents name %s", id);
	}
	assert_null(strstr(text, "<tbody>\n</tbody>"));
	free(text);
	text = page(sample__full, &plain);
	page__has(text, "#devices\"");
	assert_null(strstr(text, "<tbody>\n</tbody>"));
	free(text);
}

/* A figure is in the same unit on the page as in the text: cell by cell, row by row. */
static void units_are_the_texts(void **state)
{
	char *text = page(sample__full, &plain);

	(void)state;
	page__has(
		text,
		"<th>find_get_block</th><td class=\"n\">9000</td><td class=\"n\">300</td>"
		"<td class=\"n\">464ns</td><td class=\"n\">736ns</td><td class=\"n\">3.20us</td>"
		"<td class=\"n\">17.4us</td><td class=\"n\">49.0us</td><td class=\"n\">0.17</td>");
	free(text);
}

static void linear_rows(void **state)
{
	char *text = page(sample__kara, &linear);

	(void)state;
	page__has(text, "<th class=\"n\">0</th><td>5us</td><td class=\"n\">2907</td>"
			"<td class=\"n\">93.20</td>");
	free(text);
}

static void charts_say_their_figures(void **state)
{
	char *text = NULL;
	struct hist h = { 0 }, none = { 0 };
	const struct svg_series s[] = { { "A", &h }, { "B", &none } };
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	svg__hist(f, "nothing", &s[1], 1, 0);
	fflush(f);
	assert_int_equal(size, 0);
	hist_add(&h, 5000);
	svg__hist(f, "a < b", s, 2, 41);
	fclose(f);
	page__has(text, "role=\"img\"");
	page__has(text, "<title>a &lt; b</title>");
	page__has(text, "<desc>A, 1 event: half took at most 5.00us, 99 in 100 at most 5.00us, the "
			"longest 5.00us. B, no events. </desc>");
	free(text);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(pages_are_safe),
		cmocka_unit_test(nothing_recorded_has_no_chart),
		cmocka_unit_test(the_answer_comes_first),
		cmocka_unit_test(every_list_is_there),
		cmocka_unit_test(contents_lead_everywhere),
		cmocka_unit_test(what_was_found_comes_first),
		cmocka_unit_test(what_is_empty_is_left_out),
		cmocka_unit_test(units_are_the_texts),
		cmocka_unit_test(linear_rows),
		cmocka_unit_test(charts_say_their_figures),
	};

	if (argc > 1) {
		page__write(argv[1], "full", page(sample__full, &plain));
		page__write(argv[1], "hostile", page(hostile_run, &plain));
		page__write(argv[1], "empty", page(empty_run, &plain));
		page__write(argv[1], "long", page(long_run, &linear));
		page__write(argv[1], "extreme", page(extreme_run, &plain));
		return 0;
	}
	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
