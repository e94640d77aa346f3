// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The textfile under a reader in a loop, under SIGKILL, and with a folder that goes away. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/textfile.h"
#include "unit.h"

#define REWRITES 10000
#define KILLS	 200
#define LINES	 400

static char dir[] = "/dev/shm/migtrace-textfile.XXXXXX", path[64], err[512];

static int make_dir(void **state)
{
	(void)state;
	strcpy(dir, "/dev/shm/migtrace-textfile.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof(path), "%s/m.prom", dir);
	return 0;
}

static unsigned int files_in(void)
{
	struct dirent *e;
	unsigned int n = 0;
	DIR *d = opendir(dir);

	while (d && (e = readdir(d)))
		n += *e->d_name != '.';
	if (d)
		closedir(d);
	return n;
}

static int remove_dir(void **state)
{
	char name[128];

	(void)state;
	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s%s", path, i ? ".lock" : "");
		unlink(name);
	}
	return rmdir(dir);
}

/* Page @n: the same number on each of its lines, so that a mixture shows. */
static size_t page(char *text, unsigned int n)
{
	size_t at = 0;

	for (int i = 0; i < LINES; i++)
		at += (size_t)sprintf(text + at, "migtrace_series{line=\"%03d\"} %u\n", i, n);
	return at;
}

/* The number of the page that is there; fails when it is torn, short or missing. */
static unsigned int read_page(void)
{
	FILE *f = fopen(path, "r");
	unsigned int n, first = 0;
	int line, lines = 0;
	char end;

	if (!f)
		fail_msg("%s: %s", path, strerror(errno));
	while (fscanf(f, "migtrace_series{line=\"%d\"} %u%c", &line, &n, &end) == 3) {
		if (!lines)
			first = n;
		if (line != lines || n != first || end != '\n')
			fail_msg("torn in line %d: %u, %u", lines, first, n);
		lines++;
	}
	fclose(f);
	if (lines != LINES)
		fail_msg("%d lines of %d", lines, LINES);
	return first;
}

static void writer(unsigned int from, unsigned int n)
{
	static char text[LINES * 64];
	struct textfile t;

	if (textfile__open(&t, path, err, sizeof(err)))
		_exit(2);
	for (unsigned int i = from; i < from + n; i++)
		if (textfile__write(&t, text, page(text, i), err, sizeof(err)))
			_exit(3);
	textfile__close(&t);
	_exit(0);
}

static pid_t start(unsigned int from, unsigned int n)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (!pid)
		writer(from, n);
	return pid;
}

static void wait_for_first(void)
{
	while (access(path, F_OK))
		usleep(1000);
}

static void never_torn_under_a_reader(void **state)
{
	unsigned int last = 0, n;
	int status = 0;
	pid_t pid;

	(void)state;
	pid = start(1, REWRITES);
	wait_for_first();
	while (!waitpid(pid, &status, WNOHANG)) {
		n = read_page();
		assert_true(n >= last);
		last = n;
	}
	assert_int_equal(status, 0);
	assert_int_equal(read_page(), REWRITES);
	assert_int_equal(files_in(), 1);
}

static void never_torn_by_a_kill(void **state)
{
	unsigned int seed = 1, last = 0, n;
	int status;

	(void)state;
	for (unsigned int i = 0; i < KILLS; i++) {
		pid_t pid = start(last + 1, 1u << 30);

		wait_for_first();
		usleep(rand_r(&seed) % 4000);
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		assert_true(WIFSIGNALED(status));
		n = read_page();
		assert_true(n >= last);
		last = n;
	}
	status = 0;
	waitpid(start(last + 1, 1), &status, 0); /* takes away what the killed ones left */
	assert_int_equal(status, 0);
	assert_int_equal(files_in(), 1);
}

static void one_writer_at_a_time(void **state)
{
	struct textfile a, b;
	char pid[32];

	(void)state;
	assert_int_equal(textfile__open(&a, path, err, sizeof(err)), 0);
	assert_int_equal(textfile__open(&b, path, err, sizeof(err)), -EBUSY);
	snprintf(pid, sizeof(pid), "PID %d", (int)getpid());
	assert_non_null(strstr(err, pid));
	textfile__close(&a);
	assert_int_equal(textfile__open(&b, path, err, sizeof(err)), 0);
	textfile__close(&b);
	assert_int_equal(files_in(), 0);
}

static void the_folder_goes_away_and_comes_back(void **state)
{
	struct textfile t, other;
	struct stat st;

	(void)state;
	assert_int_equal(textfile__open(&t, path, err, sizeof(err)), 0);
	assert_int_equal(textfile__write(&t, "a 1\n", 4, err, sizeof(err)), 0);
	assert_int_equal(remove_dir(state), 0);
	assert_int_equal(textfile__write(&t, "a 2\n", 4, err, sizeof(err)), -ENOENT);
	assert_int_equal(textfile__write(&t, "a 3\n", 4, err, sizeof(err)), -ENOENT);
	assert_int_equal(mkdir(dir, 0755), 0);
	assert_int_equal(textfile__write(&t, "a 4\n", 4, err, sizeof(err)), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* the lock came back with it */
	assert_int_equal(textfile__open(&other, path, err, sizeof(err)), -EBUSY);
	textfile__close(&t);
}

static void what_it_refuses(void **state)
{
	struct textfile t;

	(void)state;
	assert_int_equal(textfile__open(&t, "/nowhere/m.prom", err, sizeof(err)), -ENOENT);
	assert_non_null(strstr(err, "/nowhere/m.prom"));
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_int_equal(textfile__open(&t, path, err, sizeof(err)), 0);
	assert_int_equal(textfile__write(&t, "a 1\n", 4, err, sizeof(err)), 0);
	textfile__close(&t);
	assert_int_equal(files_in(), 1); /* the link is replaced, not followed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(never_torn_under_a_reader, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(never_torn_by_a_kill, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(one_writer_at_a_time, make_dir, remove_dir),
		cmocka_unit_test_setup_teardown(the_folder_goes_away_and_comes_back, make_dir,
						remove_dir),
		cmocka_unit_test_setup_teardown(what_it_refuses, make_dir, remove_dir),
	};

	return cmocka_run_group_tests_name("textfile", tests, NULL, NULL);
}
