/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A file that is either written whole or not at all: a temporary sibling, fsync, rename.
 * What another user placed where everybody may write is neither followed nor replaced. A signal that ends
 * the process takes the temporary file with it. What is replaced leaves its mode, and where possible
 * its owner, to the new file.
 * Stage: none. It prints nothing; the caller who knows the user's word does.
 */
#ifndef MIGTRACE_OUTFILE_H
#define MIGTRACE_OUTFILE_H

#include <stdbool.h>
#include <stdio.h>

struct stat;

struct outfile {
	FILE *f;
	char *path;
	int folder;	  /* that it is in, held: the way there may lead elsewhere later */
	const char *name; /* in it; the end of @path */
	char *tmp;	  /* in it; NULL when @path is a pipe or a device and is written directly */
};

/* Returns 0 or -errno, with one line that names the fault in @err. */
int outfile__open(struct outfile *o, const char *path, char *err, size_t err_size);
/*
 * Whether outfile__open(), and a commit with @keep_old, would succeed, without touching what is
 * there. Returns and says the same.
 */
int outfile__check(const char *path, bool keep_old, char *err, size_t err_size);
/*
 * Whether @st in @folder is another user's who could only place it there because everybody may
 * (as fs.protected_regular has it), or one that the folder's sticky bit keeps us from replacing.
 */
bool outfile__foreign(const struct stat *folder, const struct stat *st);
/* Writes what is buffered: 0, or -errno of that, or of a write before that failed. */
int outfile__flush(FILE *f);
/* Puts the file in place; with @keep_old what was there stays as PATH.old. Closes either way. */
int outfile__commit(struct outfile *o, bool keep_old, char *err, size_t err_size);
/*
 * @name and @suffix as the name of a file beside @name's; one that would be too long is cut, with a hash of
 * it all. To be freed; NULL without memory.
 */
char *outfile__beside(const char *name, const char *suffix);
/* Leaves nothing behind; fine on a zeroed struct. */
void outfile__abort(struct outfile *o);

#endif /* MIGTRACE_OUTFILE_H */
