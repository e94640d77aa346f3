// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Files that are written whole or not at all (outfile.h).
 * Stage: none. migtrace runs as root, possibly in a directory others can write to, hence the
 * refusal to follow a link that somebody placed under the temporary name.
 */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "outfile.h"

#define TMP_TRIES 100

static int fail(const char *what, const char *path, int error, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s '%s': %s", what, path, strerror(error));
	return -error;
}

/* A sibling, since rename(2) does not cross file systems; a leftover of a dead process is skipped. */
static int open_sibling(struct outfile *o)
{
	int fd, i;

	for (i = 0; i < TMP_TRIES; i++) {
		free(o->tmp);
		if (asprintf(&o->tmp, "%s.tmp.%d.%d", o->path, (int)getpid(), i) < 0) {
			o->tmp = NULL;
			return -ENOMEM;
		}
		fd = open(o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/* Pipes and devices (/dev/full, a FIFO) can't be renamed over and are written directly. */
static int open_target(struct outfile *o)
{
	struct stat st;
	int fd;

	if (stat(o->path, &st) || S_ISREG(st.st_mode))
		return open_sibling(o);
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	fd = open(o->path, O_WRONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int outfile__open(struct outfile *o, const char *path, char *err, size_t err_size)
{
	int fd, ret = -ENOMEM;

	memset(o, 0, sizeof(*o));
	o->path = strdup(path);
	if (!o->path)
		return fail("cannot write", path, ENOMEM, err, err_size);
	fd = open_target(o);
	if (fd < 0) {
		/* the last name tried was not created by us and must not be unlinked */
		free(o->tmp);
		o->tmp = NULL;
		ret = fd;
	} else {
		o->f = fdopen(fd, "w");
		if (o->f)
			return 0;
		close(fd);
	}
	outfile__abort(o);
	return fail("cannot write", path, -ret, err, err_size);
}

int outfile__check(const char *path, char *err, size_t err_size)
{
	struct outfile o;
	struct stat st;
	int ret;

	/* opening a FIFO and closing it again would be the end of the file to its reader */
	if (!stat(path, &st) && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return access(path, W_OK) ? fail("cannot write", path, errno, err, err_size) : 0;
	ret = outfile__open(&o, path, err, err_size);
	if (!ret)
		outfile__abort(&o);
	return ret;
}

/* The rename itself must survive a power cut; a file system that can't say is no failure. */
static void sync_directory(const char *path)
{
	char *copy = strdup(path);
	int fd;

	if (!copy)
		return;
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(copy);
}

static int put_in_place(struct outfile *o, bool keep_old)
{
	char *old = NULL;
	int ret = 0;

	if (keep_old && asprintf(&old, "%s.old", o->path) < 0)
		return -ENOMEM;
	if (old && rename(o->path, old) && errno != ENOENT)
		ret = -errno;
	if (!ret && rename(o->tmp, o->path)) {
		ret = -errno;
		if (old)
			rename(old, o->path);
	}
	free(old);
	return ret;
}

int outfile__commit(struct outfile *o, bool keep_old, char *err, size_t err_size)
{
	int ret = 0;

	/* stdio forgets the errno of an earlier write; flushing what is left fails the same way */
	errno = 0;
	if (fflush(o->f) || ferror(o->f))
		ret = errno ? -errno : -EIO;
	if (!ret && o->tmp && fsync(fileno(o->f)))
		ret = -errno;
	if (fclose(o->f) && !ret)
		ret = -errno;
	o->f = NULL;
	if (!ret && o->tmp) {
		ret = put_in_place(o, keep_old);
		if (!ret) {
			sync_directory(o->path);
			free(o->tmp);
			o->tmp = NULL;
		}
	}
	if (ret)
		fail("cannot write", o->path, -ret, err, err_size);
	outfile__abort(o);
	return ret;
}

void outfile__abort(struct outfile *o)
{
	if (o->f)
		fclose(o->f);
	if (o->tmp)
		unlink(o->tmp);
	free(o->tmp);
	free(o->path);
	memset(o, 0, sizeof(*o));
}
