// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Files written whole or not at all; units and lines of the text report. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fmt.h"
#include "base/outfile.h"
#include "cmd/cmd.h"
#include "unit.h"

static char err[512];

static void save_text(const char *path, const char *text, bool keep_old)
{
	struct outfile o;

	assert_int_equal(outfile__open(&o, path, err, sizeof(err)), 0);
	fputs(text, o.f);
	assert_int_equal(outfile__commit(&o, keep_old, err, sizeof(err)), 0);
}

static void check_text(const char *path, const char *expected)
{
	char *text = tmp__read(path, NULL);

	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static int entries(const char *folder)
{
	DIR *dir = opendir(folder);
	int n = -2; /* . and .. */

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static const char *folder(const char *name)
{
	const char *path = tmp__path(name);

	assert_int_equal(mkdir(path, 0755), 0);
	return path;
}

static void the_old_one_is_kept(void **state)
{
	(void)state;
	folder("old");
	save_text(tmp__path("old/run"), "first", true);
	assert_int_equal(entries(tmp__path("old")), 1);
	save_text(tmp__path("old/run"), "second", true);
	save_text(tmp__path("old/run"), "third", true);
	check_text(tmp__path("old/run"), "third");
	check_text(tmp__path("old/run.old"), "second");
	assert_int_equal(entries(tmp__path("old")), 2);
	save_text(tmp__path("old/run"), "fourth", false);
	check_text(tmp__path("old/run.old"), "second");
}

static void an_abort_leaves_nothing(void **state)
{
	struct outfile o;

	(void)state;
	folder("abort");
	save_text(tmp__path("abort/run"), "first", true);
	assert_int_equal(outfile__open(&o, tmp__path("abort/run"), err, sizeof(err)), 0);
	fputs("half", o.f);
	assert_int_equal(entries(tmp__path("abort")), 2);
	outfile__abort(&o);
	assert_int_equal(entries(tmp__path("abort")), 1);
	check_text(tmp__path("abort/run"), "first");
}

/* Somebody placed a link under every name we might choose. */
static void links_are_not_followed(void **state)
{
	char trap[300];
	int i;

	(void)state;
	folder("trap");
	save_text(tmp__path("trap/victim"), "precious", false);
	for (i = 0; i < 3; i++) {
		snprintf(trap, sizeof(trap), "%s.tmp.%d.%d", tmp__path("trap/run"), (int)getpid(),
			 i);
		assert_int_equal(symlink(tmp__path("trap/victim"), trap), 0);
	}
	save_text(tmp__path("trap/run"), "ours", true);
	check_text(tmp__path("trap/victim"), "precious");
	check_text(tmp__path("trap/run"), "ours");
}

static void unwritable_places_are_named(void **state)
{
	struct outfile o;

	(void)state;
	folder("dir");
	assert_int_equal(outfile__open(&o, "/nowhere/run.json", err, sizeof(err)), -ENOENT);
	assert_string_equal(err, "cannot write '/nowhere/run.json': No such file or directory");
	assert_int_equal(outfile__open(&o, tmp__path("dir"), err, sizeof(err)), -EISDIR);
	assert_int_equal(outfile__check("/proc/x", true, err, sizeof(err)), -ENOENT);
	assert_int_equal(outfile__check("/dev/null", true, err, sizeof(err)), 0);
	assert_int_equal(outfile__check(tmp__path("fresh"), true, err, sizeof(err)), 0);
	assert_int_equal(access(tmp__path("fresh"), F_OK), -1);
}

static void a_full_disk_is_noticed(void **state)
{
	struct outfile o;

	(void)state;
	assert_int_equal(outfile__open(&o, "/dev/full", err, sizeof(err)), 0);
	fputs("something", o.f);
	assert_int_equal(outfile__commit(&o, true, err, sizeof(err)), -ENOSPC);
	assert_string_equal(err, "cannot write '/dev/full': No space left on device");
	assert_int_equal(access("/dev/full.old", F_OK), -1);
}

static void a_long_path_is_an_error(void **state)
{
	char path[5000];
	struct outfile o;

	(void)state;
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	assert_int_equal(outfile__open(&o, path, err, sizeof(err)), -ENAMETOOLONG);
}

static void times(void **state)
{
	static const struct {
		__u64 ns;
		const char *text, *at_most;
	} cases[] = {
		{ 0, "0ns", "<=0ns" },
		{ 7, "7ns", "<=7ns" },
		{ 123, "123ns", "<=130ns" },
		{ 999, "999ns", "<=1.0us" },
		{ 1000, "1.00us", "<=1.0us" },
		{ 1234, "1.23us", "<=1.3us" },
		{ 9994, "9.99us", "<=10us" },
		{ 9996, "10.0us", "<=10us" },
		{ 99960, "100us", "<=100us" },
		{ 311000, "311us", "<=320us" },
		{ 999600, "1.00ms", "<=1.0ms" },
		{ 1500000000, "1.50s", "<=1.5s" },
		{ 1ULL << 40, "1100s", "<=1100s" },
	};
	char cell[FMT_CELL];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		assert_string_equal(fmt__ns(cell, cases[i].ns), cases[i].text);
		assert_string_equal(fmt__at_most(cell, cases[i].ns), cases[i].at_most);
	}
	assert_true(strlen(fmt__ns(cell, ~0ULL)) < FMT_CELL);
	assert_true(strlen(fmt__at_most(cell, ~0ULL)) < FMT_CELL);
	assert_string_equal(fmt__floor(cell, 640), "640ns");
	assert_string_equal(fmt__floor(cell, 0), "not measured");
}

static void other_units(void **state)
{
	char cell[FMT_CELL];

	(void)state;
	assert_string_equal(fmt__rate(cell, 0), "0");
	assert_string_equal(fmt__rate(cell, 0.125), "0.12");
	assert_string_equal(fmt__rate(cell, 19810), "19.8k");
	assert_string_equal(fmt__count(cell, 999999999), "999999999");
	assert_string_equal(fmt__count(cell, 23577082468ULL), "23.6G");
	assert_string_equal(fmt__bytes(cell, 4096), "4K");
	assert_string_equal(fmt__bytes(cell, 2 << 20), "2M");
	assert_string_equal(fmt__bytes(cell, 1000), "1000");
	assert_string_equal(fmt__exact(cell, 0), "0");
	assert_string_equal(fmt__exact(cell, 5000), "5us");
	assert_string_equal(fmt__exact(cell, 1500), "1500ns");
}

static void paragraphs_wrap(void **state)
{
	char *text = NULL;
	struct para p;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	para__begin(&p, f, 6, "note");
	para__add(&p, "%s",
		  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	para__add(&p, ", and\033 more");
	para__end(&p);
	fclose(f);
	assert_string_equal(text,
			    "note  aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			    "aaaaaaaaaaa,\n      and? more\n");
	free(text);
}

static void colour_needs_a_terminal(void **state)
{
	struct out *out = out__open(NULL, false);

	(void)state;
	/* under the test runner standard output is a file */
	assert_false(out__colour(out));
	assert_false(out__colour(NULL));
	assert_ptr_equal(out__file(out), stdout);
	out__abort(out);
}

/* stdio has forgotten why, and has nothing left to flush: one more write tells. */
static void a_failure_of_before_has_its_reason(void **state)
{
	char *said;
	pid_t pid;

	(void)state;
	capture__begin(STDERR_FILENO);
	pid = fork();
	if (!pid) {
		if (!freopen("/dev/full", "w", stdout))
			_exit(1);
		setvbuf(stdout, NULL, _IONBF, 0);
		fputs("x", stdout);
		_exit(out__check_stdout() != -ENOSPC);
	}
	assert_int_equal(waitpid(pid, &(int){ 0 }, 0), pid);
	said = capture__end(STDERR_FILENO);
	assert_string_equal(said, "migtrace: standard output: No space left on device\n");
	free(said);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_old_one_is_kept),
		cmocka_unit_test(an_abort_leaves_nothing),
		cmocka_unit_test(links_are_not_followed),
		cmocka_unit_test(unwritable_places_are_named),
		cmocka_unit_test(a_full_disk_is_noticed),
		cmocka_unit_test(a_long_path_is_an_error),
		cmocka_unit_test(times),
		cmocka_unit_test(other_units),
		cmocka_unit_test(paragraphs_wrap),
		cmocka_unit_test(colour_needs_a_terminal),
		cmocka_unit_test(a_failure_of_before_has_its_reason),
	};

	return cmocka_run_group_tests_name("out", tests, NULL, NULL);
}
