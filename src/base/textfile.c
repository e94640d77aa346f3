// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One writer of a textfile, and its writes (textfile.h). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/outfile.h"
#include "base/textfile.h"

#define LOCK_TRIES 10 /* the one before us may remove its lock while we open it */

static int fail(char *err, size_t err_size, const char *path, int error)
{
	snprintf(err, err_size, "cannot write '%s': %s", path, strerror(error));
	return -error;
}

/* The lock that stands in the folder is the one that we hold. */
static bool still_there(const struct textfile *t)
{
	struct stat ours, theirs;

	return !fstat(t->lock, &ours) && !stat(t->lock_path, &theirs) &&
	       ours.st_ino == theirs.st_ino && ours.st_dev == theirs.st_dev;
}

static int busy(const struct textfile *t, char *err, size_t err_size)
{
	char pid[16] = "";
	ssize_t n = pread(t->lock, pid, sizeof(pid) - 1, 0);

	pid[n > 0 ? strspn(pid, "0123456789") : 0] = 0;
	snprintf(err, err_size, "'%s' is already written by another process%s%s", t->path,
		 *pid ? ", PID " : "", pid);
	return -EBUSY;
}

static void release(struct textfile *t)
{
	if (t->lock >= 0)
		close(t->lock);
	t->lock = -1;
}

/*
 * What is opened without O_EXCL may have been placed there: another user's file, or a second name of
 * one of ours, which the next lines would cut to nothing.
 */
static bool is_foreign_file(const struct textfile *t)
{
	char *copy = strdup(t->path);
	struct stat folder, st;
	bool seen = copy && !stat(dirname(copy), &folder) &&
		    !(t->lock < 0 ? lstat(t->lock_path, &st) : fstat(t->lock, &st));

	free(copy);
	if (!seen)
		return t->lock >= 0;
	return !S_ISREG(st.st_mode) || st.st_nlink > 1 || outfile__foreign(&folder, &st);
}

static int refuse(struct textfile *t, char *err, size_t err_size)
{
	release(t);
	snprintf(err, err_size, "cannot write '%s': '%s' exists and was not created by migtrace",
		 t->path, t->lock_path);
	return -EPERM;
}

/* True when it was not there. */
static bool open_lock(struct textfile *t)
{
	int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;

	t->lock = open(t->lock_path, flags | O_CREAT | O_EXCL, 0600);
	if (t->lock >= 0)
		return true;
	if (errno != EEXIST)
		return false;
	t->lock = open(t->lock_path, flags);
	if (t->lock < 0 && errno == ENOENT)
		errno = EAGAIN; /* it was, and is gone */
	return false;
}

static int take(struct textfile *t, char *err, size_t err_size)
{
	int error, ret;

	for (int i = 0; i < LOCK_TRIES; i++) {
		bool made = open_lock(t);

		error = errno;
		if (is_foreign_file(t))
			return refuse(t, err, err_size);
		if (t->lock < 0 && error == EAGAIN)
			continue;
		if (t->lock < 0)
			return fail(err, err_size, t->path, error);
		if (flock(t->lock, LOCK_EX | LOCK_NB)) {
			error = errno;
			ret = error == EWOULDBLOCK ? busy(t, err, err_size) :
						     fail(err, err_size, t->path, error);
			if (made && error != EWOULDBLOCK)
				unlink(t->lock_path);
			release(t);
			return ret;
		}
		if (still_there(t)) {
			if (!ftruncate(t->lock, 0))
				dprintf(t->lock, "%d\n", (int)getpid());
			return 0;
		}
		release(t);
	}
	return fail(err, err_size, t->path, EBUSY);
}

/* Is it "NAME.tmp.PID.N", as outfile.c calls it? NAME may have been cut. */
static bool leftover(const char *file, const char *name)
{
	const char *suffix = strstr(file, ".tmp."), *next;
	char *whole;
	bool is;

	while (suffix && (next = strstr(suffix + 1, ".tmp.")))
		suffix = next;
	whole = suffix ? outfile__beside(name, suffix) : NULL;
	is = whole && !strcmp(whole, file);
	free(whole);
	return is;
}

/* Whoever holds the lock owns them all. */
static void remove_leftovers(const char *path)
{
	char *copy = strdup(path), *copy2 = strdup(path), *name;
	struct dirent *e;
	DIR *dir;

	if (copy && copy2) {
		name = basename(copy);
		dir = opendir(dirname(copy2));
		while (dir && (e = readdir(dir)))
			if (leftover(e->d_name, name))
				unlinkat(dirfd(dir), e->d_name, 0);
		if (dir)
			closedir(dir);
	}
	free(copy);
	free(copy2);
}

static char *path_beside(const char *path, const char *suffix)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	char *file = outfile__beside(name, suffix), *whole;

	if (!file || asprintf(&whole, "%.*s%s", (int)(name - path), path, file) < 0)
		whole = NULL;
	free(file);
	return whole;
}

int textfile__open(struct textfile *t, const char *path, char *err, size_t err_size)
{
	int ret;

	*t = (struct textfile){ .path = strdup(path), .lock = -1 };
	t->lock_path = path_beside(path, ".lock");
	if (!t->path || !t->lock_path) {
		textfile__close(t);
		return fail(err, err_size, path, ENOMEM);
	}
	ret = outfile__check(path, false, err, err_size); /* the lock's path is its path */
	if (!ret)
		ret = take(t, err, err_size);
	if (ret)
		textfile__close(t);
	else
		remove_leftovers(path);
	return ret;
}

int textfile__write(struct textfile *t, const char *text, size_t size, char *err, size_t err_size)
{
	struct outfile o;
	int ret;

	if (t->lock < 0 || !still_there(t)) { /* the folder went away, and perhaps came back */
		release(t);
		ret = take(t, err, err_size);
		if (ret)
			return ret;
	}
	ret = outfile__open(&o, t->path, err, err_size);
	if (ret)
		return ret;
	/* larger than stdio's buffer it is written at once, and the commit would not know why not */
	if (fwrite(text, 1, size, o.f) != size || fflush(o.f) || fchmod(fileno(o.f), 0644)) {
		ret = fail(err, err_size, t->path, errno ? errno : EIO);
		outfile__abort(&o);
		return ret;
	}
	return outfile__commit(&o, false, err, err_size);
}

void textfile__close(struct textfile *t)
{
	if (t->lock >= 0 && still_there(t))
		unlink(t->lock_path);
	release(t);
	free(t->path);
	free(t->lock_path);
	*t = (struct textfile){ .lock = -1 };
}
