// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Renderers against golden files in tests/data; UPDATE_GOLDEN=1 writes them anew. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/render.h"
#include "unit.h"

#define DATA "tests/data/"

typedef int renderer(const struct run *run, const struct render_opts *o, FILE *f);
typedef void sampler(struct run *run);

static char *rendered(sampler *sample, renderer *render, const struct render_opts *o)
{
	char *text = NULL;
	struct run run;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	sample(&run);
	assert_int_equal(render(&run, o, f), 0);
	fclose(f);
	run__free(&run);
	return text;
}

/* Names the first line that differs, which a dump of two reports would bury. */
static void compare_lines(const char *name, const char *got, const char *want)
{
	int line = 1, got_n, want_n;

	while (*got || *want) {
		got_n = (int)strcspn(got, "\n");
		want_n = (int)strcspn(want, "\n");
		if (got_n != want_n || strncmp(got, want, (size_t)got_n) != 0)
			fail_msg("%s:%d:\n  got  '%.*s'\n  want '%.*s'", name, line, got_n, got,
				 want_n, want);
		got += got_n + (got[got_n] == '\n');
		want += want_n + (want[want_n] == '\n');
		line++;
	}
}

static void golden(const char *name, sampler *sample, renderer *render, const struct render_opts *o)
{
	char *got = rendered(sample, render, o), *want, path[128];

	snprintf(path, sizeof(path), DATA "%s", name);
	if (getenv("UPDATE_GOLDEN"))
		tmp__write(path, got, strlen(got));
	want = tmp__read(path, NULL);
	if (!want)
		fail_msg("%s is missing: UPDATE_GOLDEN=1 writes it", path);
	compare_lines(name, got, want);
	free(want);
	free(got);
}

static const struct render_opts plain = { .path = "run.json" };
static const struct render_opts kara = { .linear_width_ns = 5000, .linear_count = 20 };

static void text_full(void **state)
{
	(void)state;
	golden("full.txt", sample__full, render_text, &plain);
}

static void text_migrate(void **state)
{
	(void)state;
	golden("migrate.txt", sample__migrate, render_text, &plain);
}

static void text_small(void **state)
{
	(void)state;
	golden("small.txt", sample__small, render_text, &plain);
}

static void text_linear(void **state)
{
	(void)state;
	golden("cost.txt", sample__cost, render_text, &plain);
	golden("kara.txt", sample__kara, render_text, &kara);
}

static void csv_full(void **state)
{
	(void)state;
	golden("full.csv", sample__full, render_csv, &plain);
}

static void csv_migrate(void **state)
{
	(void)state;
	golden("migrate.csv", sample__migrate, render_csv, &plain);
}

static void json_small(void **state)
{
	(void)state;
	golden("small.json", sample__small, render_json, &plain);
}

/* These two are run files as well: tests/cli.sh and tests/schema.sh read them. */
static void json_full(void **state)
{
	(void)state;
	golden("full.json", sample__full, render_json, &plain);
}

static void json_migrate(void **state)
{
	(void)state;
	golden("migrate.json", sample__migrate, render_json, &plain);
}

static void check_page(const char *text)
{
	size_t column = 0;
	const char *s;

	for (s = text; *s; s++) {
		if (*s == '\n') {
			assert_true(s == text || s[-1] != ' ');
			column = 0;
			continue;
		}
		if (*s < ' ' || *s > '~')
			fail_msg("byte %d in the report", *s);
		if (++column > 80)
			fail_msg("line longer than 80 columns: '%.90s'", s - column + 1);
	}
}

static void text_is_ascii_and_80_columns(void **state)
{
	sampler *samples[] = { sample__full, sample__small, sample__migrate, sample__kara,
			       sample__cost };
	const struct render_opts *opts[] = { &plain, &kara };
	char *text;
	size_t i, j;

	(void)state;
	for (i = 0; i < 4; i++)
		for (j = 0; j < 2; j++) {
			text = rendered(samples[i], render_text, opts[j]);
			check_page(text);
			free(text);
		}
}

static void hostile_strings(struct run *run)
{
	sample__full(run);
	strcpy(run->late.proven.v[0].lookup.comm, "\033[2J\n\xff"
						  "evil");
	strcpy(run->devices[0].name, "\033]0;x\a");
	free(run->site[SITE_TRY_TO_FREE].reason);
	run->site[SITE_TRY_TO_FREE].reason = strdup("because\033[31m");
	free(run->kernel.release);
	run->kernel.release = calloc(1, 3000);
	memset(run->kernel.release, 'r', 2999);
	free(run->tool.command[0]);
	run->tool.command[0] = strdup("\033[1A\r");
}

static void text_filters_control_characters(void **state)
{
	char *text = rendered(hostile_strings, render_text, &plain);

	(void)state;
	check_page(text);
	assert_null(strchr(text, '\033'));
	free(text);
}

static void filtered(struct run *run)
{
	sample__full(run);
	run->filter.device = strdup("sda1");
	run->filter.sites = strdup("migrate_norefs,find_get_block");
}

static void what_alone_was_counted_is_in_the_heading(void **state)
{
	static const char *const words = "device sda1, sites migrate_norefs,find_get_block:";
	char *text = rendered(filtered, render_text, &plain);

	(void)state;
	assert_non_null(strstr(text, words));
	free(text);
	text = rendered(filtered, render_html, &plain);
	assert_non_null(strstr(text, words));
	free(text);
	text = rendered(sample__full, render_text, &plain);
	assert_null(strstr(text, "\nonly "));
	free(text);
}

static void tainted_run_says_so_first(void **state)
{
	char *text = rendered(sample__full, render_text, &plain);

	(void)state;
	assert_int_equal(strncmp(text, "TAINTED:", 8), 0);
	free(text);
	text = rendered(sample__migrate, render_text, &plain);
	assert_int_equal(strncmp(text, "migtrace:", 9), 0);
	assert_non_null(strstr(text, "None seen:"));
	free(text);
}

/*
 * The rows of his table. His buckets are 4.9 us wide and start at 6, hence the shifted labels; the
 * two of 70-75 lie in our bucket from 65.5 to 73.7 us, whose middle is in the row before.
 */
static void linear_reproduces_the_published_table(void **state)
{
	char *text = rendered(sample__kara, render_text, &kara);
	const char *rows[] = {
		"       0 - 5us           2907   93.20",
		"     5us - 10us           105   96.57",
		"    10us - 15us            36   97.72",
		"    15us - 20us            45   99.17",
		"    20us - 25us            13   99.58",
		"    45us - 50us             1   99.90",
		"    65us - 70us             2   99.97",
		"   100us   or more          1  100.00",
		"max 311us",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strstr(text, rows[i]))
			fail_msg("no '%s' in:\n%s", rows[i], text);
	free(text);
}

static void no_run_at_all(struct run *run)
{
	memset(run, 0, sizeof(*run));
}

static void long_tail(struct run *run)
{
	sample__small(run);
	for (int i = 0; i < 100000; i++)
		hist_add(&run->site[0].hold, 1000);
	hist_add(&run->site[0].hold, 1000000);
}

/* A row that leaves one event above it is not the last. */
static void all_is_said_of_the_last_row_only(void **state)
{
	char *text = rendered(long_tail, render_text, &plain), *s = text;
	int rows = 0, all = 0;

	(void)state;
	for (; (s = strstr(s, " 99.99")); s++)
		rows++;
	assert_true(rows > 0);
	for (s = strstr(text, "migrate_norefs hold:"); s && *s && *s != '\n'; s++)
		;
	for (; s && s[0] && strncmp(s, "\n\n", 2); s++)
		all += !strncmp(s, " 100.00", 7);
	assert_int_equal(all, 1);
	free(text);
}

static void many_words(struct run *run)
{
	sample__full(run);
	while (run->tool.command_n)
		free(run->tool.command[--run->tool.command_n]);
	assert_true(asprintf(&run->tool.command[0], "%0300d %0*d", 1, 60, 2) > 0);
	run->tool.command_n = 1;
	for (size_t i = 0; i < 40; i++)
		strcpy(run->tool.command[0] + 7 * i, "word12 ");
}

/* Three lines, and how it ended. */
static void a_long_command_is_cut(void **state)
{
	char *text = rendered(many_words, render_text, &plain), *s = strstr(text, "\ncommand ");
	int lines = 0;

	(void)state;
	assert_non_null(s);
	for (s++; strncmp(s, "bench", 5) != 0; s++)
		lines += *s == '\n';
	assert_int_equal(lines, 3);
	assert_int_equal(strncmp(s - 16, " ... (status 0)\n", 16), 0);
	check_page(text);
	free(text);
}

/* What is not like on other kernels is said before the figures. */
static void instruments_and_load_are_said(void **state)
{
	char *text = rendered(sample__full, render_text, &plain);

	(void)state;
	assert_non_null(strstr(text, "\ninstruments preempt_rt, lockdep: times are unlike"));
	assert_non_null(strstr(text, "\nbench       ext4 with blocks of 4K"));
	assert_true(strstr(text, "\nbench ") < strstr(text, "\nHOLD "));
	free(text);
}

/* The words of the tables are below them, once. */
static void tables_have_a_legend(void **state)
{
	char *text = rendered(sample__full, render_text, &plain), *legend;

	(void)state;
	legend = strstr(text, "\nHOLD: from acquire");
	assert_non_null(legend);
	assert_non_null(strstr(text, "\nms/s: milliseconds of each second"));
	assert_true(strstr(text, "\nWAIT ") < legend);
	assert_null(strstr(legend + 1, "\nHOLD: "));
	free(text);
	text = rendered(no_run_at_all, render_text, &plain);
	assert_null(strstr(text, "HOLD: "));
	free(text);
}

static void other_devices(struct run *run)
{
	sample__full(run);
	run->site[SITE_MIGRATE_NOREFS].worst[0].dev = run->devices[1].dev;
	run->site[SITE_MIGRATE_NOREFS].worst[1].dev = 99;
}

/* By name where it fits: one that is cut would be another's. */
static void the_longest_name_their_device(void **state)
{
	char *text = rendered(sample__full, render_text, &plain);

	(void)state;
	assert_non_null(strstr(text, " 1  sda1     sync_light"));
	free(text);
	text = rendered(other_devices, render_text, &plain);
	assert_non_null(strstr(text, " 1  253:2    sync_light"));
	assert_non_null(strstr(text, " 1  0:99     -"));
	free(text);
}

static void one_of_each(struct run *run)
{
	struct counters *const c[] = { &run->counters, &run->isolations };

	sample__full(run);
	run->kernel.cpus = run->kernel.nodes = run->clamped = run->bench.readers = 1;
	run->tries[PATH_NOREFS] = (struct run_tries){ .tried = { 1 }, .moved = { 1 } };
	for (size_t i = 0; i < 2; i++)
		for (size_t k = 0; k < c[i]->n; k++)
			c[i]->v[k].value = 1;
	for (size_t i = 0; i < run->probes_n; i++)
		run->probes[i].hits = run->probes[i].run_ns = !i;
}

/* "1 page", and never "1 pages" */
static void one_is_no_plural(void **state)
{
	static const char *const words[] = { "CPU",	    "node",	  "page",  "mapping",
					     "read",	    "completion", "value", "reader",
					     "program run", "window" };
	const struct render_opts o = { .linear_width_ns = 5000, .linear_count = 1 };
	char *text = rendered(one_of_each, render_text, &o), plural[32], *s;

	(void)state;
	assert_non_null(strstr(text, " 1 CPU, 1 node"));
	assert_non_null(strstr(text, " 1 bucket of 5us"));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		snprintf(plural, sizeof(plural), " 1 %ss", words[i]);
		s = strstr(text, plural);
		if (s)
			fail_msg("'%.40s'", s);
	}
	free(text);
}

static void empty_run_renders(void **state)
{
	char *text = rendered(no_run_at_all, render_text, &plain);

	(void)state;
	check_page(text);
	free(text);
	free(rendered(no_run_at_all, render_csv, &plain));
	free(rendered(no_run_at_all, render_json, &plain));
}

static void colour_only_on_request(void **state)
{
	const struct render_opts o = { .colour = true };
	char *text = rendered(sample__full, render_text, &o);

	(void)state;
	assert_non_null(strstr(text, "\033[1;31m"));
	free(text);
}

static void csv_has_one_width(void **state)
{
	char *text = rendered(sample__full, render_csv, &plain), *s;
	int commas = 0, rows = 0;
	bool quoted = false;

	(void)state;
	for (s = text; *s; s++) {
		if (*s == '"')
			quoted = !quoted;
		else if (*s == ',' && !quoted)
			commas++;
		else if (*s == '\n') {
			assert_int_equal(s[-1], '\r');
			assert_int_equal(commas, 15);
			commas = 0;
			rows++;
		}
	}
	/* heading, 10 sites hold and wait, 4 outcomes, 3 contended, window, 3 devices with 2 sites, of which 3 have no wait */
	assert_int_equal(rows, 1 + 20 + 4 + 3 + 1 + 9);
	free(text);
}

static void long_names(struct run *run)
{
	sample__full(run);
	strcpy(run->pinned[1].taker.comm, "kworker/u8:3-ab");
	run->pinned[1].taker.pid = 4194304;
}

/* Of a task that does not fit its id is there, and not half of another one's. */
static void a_task_keeps_its_id(void **state)
{
	char *text = rendered(long_names, render_text, &plain);

	(void)state;
	assert_non_null(strstr(text, " 3.00ms  kwork/4194304\n"));
	check_page(text);
	free(text);
	text = rendered(long_names, render_html, &plain);
	assert_non_null(strstr(text, ">kworker/u8:3-ab/4194304<"));
	free(text);
}

/* What came behind the start has the rates of its own time, and a line that says so. */
static void sample_later(struct run *run)
{
	sample__full(run);
	run->duration_ns = 10000000000ULL;
	hist_add(&run->site[SITE_ASSOC_LIST].hold, 1000);
	run->site[SITE_ASSOC_LIST].clock = CLOCK_SITE;
	run->site[SITE_ASSOC_LIST].uncounted_ns = 7500000000ULL;
	run->isolations_uncounted_ns = 7500000000ULL;
	run->site[SITE_AIO_TEARDOWN].uncounted_ns = 2000000000ULL;
}

static void what_came_later_has_its_own_time(void **state)
{
	char *text = rendered(sample_later, render_text, &plain);
	struct run run;

	(void)state;
	assert_non_null(strstr(text, "counted for 8.00s of 10.0s, since they were attached "
				     "while it ran:\n            aio_teardown\n"));
	assert_non_null(strstr(text, "counted for 2.50s of 10.0s, since they were attached "
				     "while it ran:\n            assoc_list, isolation\n"));
	free(text);
	sample_later(&run);
	assert_true(run__site_seconds(&run, SITE_ASSOC_LIST) == 2.5);
	assert_true(run__site_seconds(&run, SITE_MIGRATE_NOREFS) == 10);
	run__free(&run);
}

/* What a run file holds makes no line of the report. */
static void texts_make_no_line(void **state)
{
	char frame[] = "x\nlate refs   None seen", *stack[] = { frame }, *text = NULL;
	struct run_stall stall = { .what = "buffer", .who = frame, .owner_how = frame };
	struct late_event late = { .kind = "end_count", .phase = "copy" };
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	strcpy(late.migrator.comm, "a\nlate refs");
	strcpy(stall.waiter.comm, "a\nlate refs");
	late.migrator.stack = stall.waiter.stack = stack;
	late.migrator.stack_n = stall.waiter.stack_n = 1;
	render_late_text(&late, "d\nlate refs", f);
	render_stall_text(&stall, "d\nlate refs", f);
	assert_int_equal(fclose(f), 0);
	assert_non_null(strstr(text, "?late refs"));
	assert_null(strstr(text, "\nlate refs"));
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_full),
		cmocka_unit_test(text_migrate),
		cmocka_unit_test(text_small),
		cmocka_unit_test(text_linear),
		cmocka_unit_test(csv_full),
		cmocka_unit_test(csv_migrate),
		cmocka_unit_test(json_small),
		cmocka_unit_test(json_full),
		cmocka_unit_test(json_migrate),
		cmocka_unit_test(text_is_ascii_and_80_columns),
		cmocka_unit_test(text_filters_control_characters),
		cmocka_unit_test(what_alone_was_counted_is_in_the_heading),
		cmocka_unit_test(tainted_run_says_so_first),
		cmocka_unit_test(linear_reproduces_the_published_table),
		cmocka_unit_test(all_is_said_of_the_last_row_only),
		cmocka_unit_test(a_long_command_is_cut),
		cmocka_unit_test(instruments_and_load_are_said),
		cmocka_unit_test(tables_have_a_legend),
		cmocka_unit_test(the_longest_name_their_device),
		cmocka_unit_test(one_is_no_plural),
		cmocka_unit_test(empty_run_renders),
		cmocka_unit_test(colour_only_on_request),
		cmocka_unit_test(csv_has_one_width),
		cmocka_unit_test(what_came_later_has_its_own_time),
		cmocka_unit_test(a_task_keeps_its_id),
		cmocka_unit_test(texts_make_no_line),
	};

	return cmocka_run_group_tests_name("render", tests, NULL, NULL);
}
