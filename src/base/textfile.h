/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The file that node_exporter's textfile collector reads: one writer at a time, replaced whole,
 * never half there. Stage: none; it knows bytes only.
 */
#ifndef MIGTRACE_TEXTFILE_H
#define MIGTRACE_TEXTFILE_H

#include <stdbool.h>
#include <stddef.h>

struct textfile {
	char *path, *lock_path;
	int lock; /* held while the file is ours; -1: none */
};

/*
 * Takes the file: PATH.lock says who has it. 0, -EBUSY when another process does, or -errno, with
 * one line in @err. Temporary files of a process that was killed are removed.
 */
int textfile__open(struct textfile *t, const char *path, char *err, size_t err_size);
/* Replaces the file by @size bytes of @text, mode 0644. 0 or -errno with @err; the old one stays. */
int textfile__write(struct textfile *t, const char *text, size_t size, char *err, size_t err_size);
/* Lets go of it; what was written stays. Fine on a zeroed one with lock -1. */
void textfile__close(struct textfile *t);

#endif /* MIGTRACE_TEXTFILE_H */
