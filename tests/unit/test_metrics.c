// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prometheus text: golden files, what has to hold for every histogram, and hostile names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/metrics.h"
#include "unit.h"

static char *written_with(const struct run *run, const struct metrics_opts *o)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(metrics__write(run, o, f), 0);
	fclose(f);
	return text;
}

static char *written(const struct run *run)
{
	struct metrics_opts o = { .written = 1784000000.25, .exported = true, .failures = 3 };

	return written_with(run, &o);
}

/* The value of the series that @name starts a line with, or -1. */
static double value(const char *text, const char *name)
{
	size_t n = strlen(name);
	const char *at = text;

	while (at) {
		if (!strncmp(at, name, n) && at[n] == ' ')
			return strtod(at + n, NULL);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	return -1;
}

#define HOLD "migtrace_private_lock_hold_seconds"
#define AT   "{site=\"migrate_norefs\""

static void buckets_are_cumulative_and_exact(void **state)
{
	static const __u64 ns[] = { 1, 255, 256, 257, 511, 512, 16777215, 16777216, 1ULL << 45 };
	struct run run = { 0 };
	char *text;

	(void)state;
	sample__small(&run);
	memset(&run.site[0].hold, 0, sizeof(run.site[0].hold));
	for (size_t i = 0; i < sizeof(ns) / sizeof(*ns); i++)
		hist_add(&run.site[0].hold, ns[i]);
	text = written(&run);
	assert_true(value(text, HOLD "_bucket" AT ",le=\"0.000000256\"}") == 2);
	assert_true(value(text, HOLD "_bucket" AT ",le=\"0.000000512\"}") == 5);
	assert_true(value(text, HOLD "_bucket" AT ",le=\"0.000001024\"}") == 6);
	assert_true(value(text, HOLD "_bucket" AT ",le=\"0.016777216\"}") == 7);
	assert_true(value(text, HOLD "_bucket" AT ",le=\"+Inf\"}") == 9);
	assert_true(value(text, HOLD "_count" AT "}") == 9);
	/* to the nanosecond: a double does not have that many digits */
	assert_non_null(strstr(text, HOLD "_sum" AT "} 35184.405645055\n"));
	free(text);
	run__free(&run);
}

static void a_site_without_a_clock_has_no_histogram(void **state)
{
	struct run run = { 0 };
	char *text;

	(void)state;
	sample__small(&run);
	text = written(&run);
	assert_null(strstr(text, "_bucket{site=\"assoc_list\""));
	assert_true(value(text, "migtrace_site_measurable{site=\"assoc_list\"}") == 0);
	assert_true(value(text, "migtrace_site_measurable{site=\"migrate_norefs\"}") == 1);
	assert_true(value(text, "migtrace_write_failures_total") == 3);
	free(text);
	run__free(&run);
}

static void the_light_tier_claims_nothing_of_lookups(void **state)
{
	struct run run = { 0 };
	char *text;

	(void)state;
	sample__full(&run);
	text = written(&run);
	assert_non_null(strstr(text, "kind=\"slow_lookup\""));
	assert_true(value(text, "migtrace_migrated_for_total{reason=\"contig_range\","
				"path=\"norefs\",result=\"failed\"}") == 100);
	assert_true(value(text, "migtrace_lookups_contended_total{lock=\"spin\"}") == 900);
	assert_true(value(text, "migtrace_lookup_wait_seconds_total{behind=\"migration\"}") ==
		    3e-3);
	assert_true(value(text, "migtrace_lookup_wait_seconds_total{behind=\"other\"}") == 1e-3);
	free(text);
	free(run.tool.tier);
	run.tool.tier = strdup("light");
	text = written(&run);
	assert_null(strstr(text, "kind=\"slow_lookup\""));
	assert_null(strstr(text, "lookups_refused_total"));
	assert_non_null(strstr(text, "kind=\"end_count\""));
	free(text);
	run__free(&run);
}

/* Runs that were added up may have had a probe in two variants: its programs are one series. */
static void a_probe_in_two_variants_is_one_program(void **state)
{
	struct run run = { 0 };
	struct run_probe p[] = {
		{ .probe = "aio", .variant = "ring", .attached = true, .hits = 3, .run_ns = 5 },
		{ .probe = "end", .variant = "flags", .attached = true, .hits = 7, .run_ns = 1 },
		{ .probe = "aio", .variant = "events", .attached = true, .hits = 4, .run_ns = 6 },
		{ .probe = "off", .variant = "", .attached = false },
	};
	const char *first;
	char *text;

	(void)state;
	run.probes = p;
	run.probes_n = 4;
	text = written(&run);
	assert_true(value(text, "migtrace_program_runs_total{program=\"aio\"}") == 7);
	assert_true(value(text, "migtrace_program_runs_total{program=\"end\"}") == 7);
	assert_true(value(text, "migtrace_program_run_seconds_total{program=\"aio\"}") == 11e-9);
	first = strstr(text, "runs_total{program=\"aio\"}");
	assert_null(strstr(first + 1, "runs_total{program=\"aio\"}"));
	assert_null(strstr(text, "program=\"off\""));
	assert_non_null(strstr(text, "probe=\"aio\",variant=\"events\""));
	free(text);
}

/* Labels that sum to something, and a kind that is none of late references. */
static void sums_mean_something(void **state)
{
	static const struct metrics_opts o = { 0 };
	struct metrics_most most = { .mapped = 6000 };
	struct metrics_opts kept = { .most = &most };
	struct run run = { 0 };
	__u64 taken = 0;
	char *text;

	(void)state;
	sample__full(&run);
	for (int i = 0; i < 4; i++)
		taken += counters__get(&run.isolations, isolation__name(ISO_TAKEN + i));
	text = written_with(&run, &o);
	assert_true(
		value(text, "migtrace_isolations_total{mode=\"sync\",unevictable=\"no\"}") +
			value(text,
			      "migtrace_isolations_total{mode=\"async\",unevictable=\"no\"}") +
			value(text,
			      "migtrace_isolations_total{mode=\"sync\",unevictable=\"yes\"}") +
			value(text,
			      "migtrace_isolations_total{mode=\"async\",unevictable=\"yes\"}") ==
		(double)taken);
	assert_null(strstr(text, "migtrace_isolations_total{result="));
	assert_true(value(text, "migtrace_isolated_not_moved_total{reason=\"freed\"}") ==
		    (double)counters__get(&run.isolations, "freed"));
	assert_true(value(text, "migtrace_late_references_total{kind=\"slow_lookup\"}") +
			    value(text, "migtrace_late_references_total{kind=\"end_count\"}") ==
		    (double)run.late.total);
	assert_null(strstr(text, "late_references_total{kind=\"assoc_list\"}"));
	assert_true(value(text, "migtrace_assoc_list_references_total") ==
		    (double)run.late.assoc_list);
	free(text);
	/* a difference of two counters that were not read at one moment is never lower than it was */
	text = written_with(&run, &kept);
	assert_true(value(text, "migtrace_isolated_moves_total{mapping=\"there\"}") == 6000);
	free(text);
	run__free(&run);
}

/* What a terminal or another series could be made of; and every series has the exporter's device. */
static void labels_are_plain_and_tell_exporters_apart(void **state)
{
	static const struct metrics_opts o = { .exported = true };
	struct run run = { 0 };
	char *text, *line;

	(void)state;
	sample__full(&run);
	free(run.kernel.release);
	run.kernel.release = strdup("\033[31m\xc2\x9b"
				    "6\177\t");
	run.filter.device = strdup("sda");
	text = written_with(&run, &o);
	assert_non_null(strstr(text, "release=\"?[31m?\?6?\?\""));
	for (line = text; *line; line = strchr(line, '\n') + 1)
		if (*line != '#')
			assert_memory_equal(strchr(line, '{'), "{device=\"sda\"", 13);
	free(text);
	run__free(&run);
}

static void names_are_escaped(void **state)
{
	struct run run = { 0 };
	char *text;

	(void)state;
	sample__small(&run);
	free(run.kernel.release);
	run.kernel.release = strdup("6.1\\ \"x\"\nmigtrace_forged 1");
	text = written(&run);
	assert_non_null(strstr(text, "release=\"6.1\\\\ \\\"x\\\"\\nmigtrace_forged 1\""));
	assert_null(strstr(text, "\nmigtrace_forged"));
	free(text);
	run__free(&run);
}

static void an_empty_run_is_still_a_page(void **state)
{
	struct run run = { 0 };
	char *text;

	(void)state;
	run.kernel.release = strdup("");
	run.kernel.generation = strdup("");
	run.tool.version = strdup("");
	text = written(&run);
	assert_non_null(strstr(text, "migtrace_last_write_timestamp_seconds 1784000000.250\n"));
	free(text);
	run__free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(buckets_are_cumulative_and_exact),
		cmocka_unit_test(a_site_without_a_clock_has_no_histogram),
		cmocka_unit_test(the_light_tier_claims_nothing_of_lookups),
		cmocka_unit_test(a_probe_in_two_variants_is_one_program),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(sums_mean_something),
		cmocka_unit_test(labels_are_plain_and_tell_exporters_apart),
		cmocka_unit_test(an_empty_run_is_still_a_page),
	};

	return cmocka_run_group_tests_name("metrics", tests, NULL, NULL);
}
