// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What another user placed beforehand where a file is to be written: links at every name, files and
 * FIFOs. Without root there is no other user to be, and the tests are skipped.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/outfile.h"
#include "base/textfile.h"
#include "unit.h"

#define OTHER 65534

static char err[700], dir[] = "/dev/shm/migtrace-planted.XXXXXX", victim[64], path[64], old[64];

static int make(void **state)
{
	(void)state;
	if (geteuid())
		return 0;
	strcpy(dir, "/dev/shm/migtrace-planted.XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	chmod(dir, 0711);
	snprintf(victim, sizeof(victim), "%s/victim", dir);
	snprintf(path, sizeof(path), "%s/all/run", dir);
	snprintf(old, sizeof(old), "%s/all/run.old", dir);
	tmp__write(victim, "precious", 8);
	chmod(victim, 0666);
	snprintf(err, sizeof(err), "%s/all", dir);
	return mkdir(err, 0755) || chmod(err, 01777);
}

/* The victim is as it was in every test. */
static int drop(void **state)
{
	char *text, command[128];
	int differs;

	(void)state;
	if (geteuid())
		return 0;
	text = tmp__read(victim, NULL);
	differs = !text || strcmp(text, "precious") != 0;
	free(text);
	snprintf(command, sizeof(command), "rm -rf %s", dir);
	return system(command) || differs;
}

static void need_root(void)
{
	if (geteuid())
		skip();
}

static void plant_link(const char *at, const char *to)
{
	assert_int_equal(symlink(to, at), 0);
	assert_int_equal(lchown(at, OTHER, OTHER), 0);
}

static void plant_file(const char *at)
{
	tmp__write(at, "theirs", 6);
	assert_int_equal(chown(at, OTHER, OTHER), 0);
}

static unsigned int entries(void)
{
	unsigned int n = 0;
	struct dirent *e;
	DIR *d;

	snprintf(err, sizeof(err), "%s/all", dir);
	d = opendir(err);
	while (d && (e = readdir(d)))
		n += *e->d_name != '.';
	if (d)
		closedir(d);
	return n;
}

static void refused(const char *at, const char *word)
{
	struct outfile o;

	assert_int_equal(outfile__open(&o, at, err, sizeof(err)), -EPERM);
	assert_non_null(strstr(err, word));
	assert_int_equal(outfile__check(at, true, err, sizeof(err)), -EPERM);
	assert_non_null(strstr(err, word));
}

static void written(const char *at, const char *expected)
{
	struct outfile o;
	char *text;

	assert_int_equal(outfile__check(at, true, err, sizeof(err)), 0);
	assert_int_equal(outfile__open(&o, at, err, sizeof(err)), 0);
	fputs(expected, o.f);
	assert_int_equal(outfile__commit(&o, true, err, sizeof(err)), 0);
	text = tmp__read(at, NULL);
	assert_non_null(text);
	assert_string_equal(text, expected);
	free(text);
}

static void everybodys(bool sticky)
{
	snprintf(err, sizeof(err), "%s/all", dir);
	assert_int_equal(chmod(err, sticky ? 01777 : 0777), 0);
}

static void at_the_name(void **state)
{
	(void)state;
	need_root();
	for (int sticky = 0; sticky < 2; sticky++) {
		everybodys(sticky);
		plant_link(path, victim);
		refused(path, "/all/run' belongs to another user");
		unlink(path);
		plant_link(path, "/dev/null"); /* a device would be written directly */
		refused(path, "/all/run' belongs to another user");
		unlink(path);
		plant_link(path, "nowhere");
		refused(path, "/all/run' belongs to another user");
		unlink(path);
		plant_file(path);
		refused(path, "/all/run' belongs to another user");
		unlink(path);
		assert_int_equal(mkfifo(path, 0666) || lchown(path, OTHER, OTHER), 0);
		refused(path, "/all/run' belongs to another user"); /* and does not wait */
		unlink(path);
		assert_int_equal(entries(), 0);
	}
}

static void at_the_old_name(void **state)
{
	struct outfile o;

	(void)state;
	need_root();
	written(path, "first");
	plant_link(old, victim);
	assert_int_equal(outfile__check(path, true, err, sizeof(err)), -EPERM);
	assert_non_null(strstr(err, "run.old' belongs to another user"));
	assert_int_equal(outfile__check(path, false, err, sizeof(err)), 0);
	/* placed after the check it is replaced, and not followed */
	assert_int_equal(outfile__open(&o, path, err, sizeof(err)), 0);
	fputs("second", o.f);
	assert_int_equal(outfile__commit(&o, true, err, sizeof(err)), 0);
	assert_int_equal(entries(), 2);
	unlink(old);
	unlink(path);
}

static void at_temporary_names(void **state)
{
	char at[96];

	(void)state;
	need_root();
	for (int i = 0; i < 3; i++) {
		snprintf(at, sizeof(at), "%s.tmp.%d.%d", path, (int)getpid(), i);
		plant_link(at, victim);
	}
	written(path, "ours");
	assert_int_equal(entries(), 4); /* no trap was sprung and taken away by the check */
}

static void on_the_way(void **state)
{
	char link[96], at[128];

	(void)state;
	need_root();
	snprintf(link, sizeof(link), "%s/all/results", dir);
	snprintf(at, sizeof(at), "%s/run", link);
	plant_link(link, dir);
	refused(at, "on its path is a link of another user");
	unlink(link);
	assert_int_equal(symlink(dir, link), 0); /* one of our own */
	written(at, "ours");
}

static void what_is_ours(void **state)
{
	struct outfile o;
	char at[96];

	(void)state;
	need_root();
	assert_int_equal(symlink(victim, path), 0);
	written(path, "ours"); /* instead of the link */
	unlink(path);
	assert_int_equal(symlink("/dev/full", path), 0);
	assert_int_equal(outfile__open(&o, path, err, sizeof(err)), 0);
	fputs("something", o.f);
	assert_int_equal(outfile__commit(&o, true, err, sizeof(err)), -ENOSPC);
	/* where others may not write, whose it is does not matter: it could only be placed by root */
	snprintf(at, sizeof(at), "%s/run", dir);
	plant_file(at);
	written(at, "ours");
}

/* A user finds out before an hour of recording that the file of somebody else will stay. */
static void as_a_user(void **state)
{
	int status = 0;
	pid_t pid;

	(void)state;
	need_root();
	tmp__write(path, "root's", 6);
	pid = fork();
	if (!pid)
		_exit(setuid(OTHER) || outfile__check(path, true, err, sizeof(err)) != -EPERM);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void at_the_lock(void **state)
{
	struct textfile t;
	char lock[96];

	(void)state;
	need_root();
	snprintf(lock, sizeof(lock), "%s.lock", path);
	for (int i = 0; i < 4; i++) {
		if (i == 0)
			plant_link(lock, victim);
		else if (i == 1)
			assert_int_equal(link(victim, lock),
					 0); /* fs.protected_hardlinks may be 0 */
		else if (i == 2)
			assert_int_equal(mkfifo(lock, 0666), 0);
		else
			plant_file(lock);
		assert_int_equal(textfile__open(&t, path, err, sizeof(err)), -EPERM);
		assert_non_null(strstr(err, "run.lock' exists and was not created by migtrace"));
		unlink(lock);
		assert_int_equal(entries(), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_the_name, make, drop),
		cmocka_unit_test_setup_teardown(at_the_old_name, make, drop),
		cmocka_unit_test_setup_teardown(at_temporary_names, make, drop),
		cmocka_unit_test_setup_teardown(on_the_way, make, drop),
		cmocka_unit_test_setup_teardown(what_is_ours, make, drop),
		cmocka_unit_test_setup_teardown(as_a_user, make, drop),
		cmocka_unit_test_setup_teardown(at_the_lock, make, drop),
	};

	return cmocka_run_group_tests_name("planted", tests, NULL, NULL);
}
