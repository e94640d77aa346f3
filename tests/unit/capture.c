// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Captured output and temporary files. */
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

static int saved[3]; /* by descriptor; captures may nest */
static char folder[64];

static FILE *stream_of(int fd)
{
	return fd == STDOUT_FILENO ? stdout : stderr;
}

void capture__begin(int fd)
{
	FILE *f = tmpfile();

	assert_non_null(f);
	fflush(stream_of(fd));
	saved[fd] = dup(fd);
	dup2(fileno(f), fd);
	fclose(f);
}

char *capture__end(int fd)
{
	char *text;
	off_t size;

	fflush(stream_of(fd));
	size = lseek(fd, 0, SEEK_END);
	text = calloc(1, (size_t)size + 1);
	assert_non_null(text);
	assert_int_equal(pread(fd, text, (size_t)size, 0), size);
	dup2(saved[fd], fd);
	close(saved[fd]);
	return text;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

const char *tmp__path(const char *name)
{
	static char path[4][256];
	static unsigned int next;

	if (!*folder) {
		strcpy(folder, "/tmp/migtrace-unit.XXXXXX");
		assert_non_null(mkdtemp(folder));
		atexit(remove_folder);
	}
	next = (next + 1) % 4;
	snprintf(path[next], sizeof(path[next]), "%s/%s", folder, name);
	return path[next];
}

void tmp__write(const char *path, const void *data, size_t size)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, size, f), size);
	assert_int_equal(fclose(f), 0);
}

char *tmp__read(const char *path, size_t *size)
{
	FILE *f = fopen(path, "r");
	char *text;
	long n;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	n = ftell(f);
	rewind(f);
	text = calloc(1, (size_t)n + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)n, f), n);
	fclose(f);
	if (size)
		*size = (size_t)n;
	return text;
}
