/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Where results go: standard output, or a file that appears whole. Prints its own errors. */
#ifndef MIGTRACE_OUT_H
#define MIGTRACE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* A file for results: stdout for NULL or "-", else created beside and renamed by out__close(). */
struct out;
/* NULL with a message printed. @keep_old: what is there stays as PATH.old. */
struct out *out__open(const char *path, bool keep_old);
/* Warns of a name that ends as those of another format than @format do. */
void out__note_suffix(const char *path, const char *format);
FILE *out__file(struct out *out);
int out__close(struct out *out); /* 0 or -errno with a message printed (full disk, closed pipe) */
/* Whether writing @path leaves @inputs ("-": standard input) alone; if not, it says which it would not. */
bool out__spares(const char *path, char *const *inputs, size_t n);
void out__abort(struct out *out); /* drops a file that was not finished; fine on NULL */
/* A terminal, and neither NO_COLOR nor TERM=dumb; NULL stands for standard output. */
bool out__colour(const struct out *out);
/* 0, or -errno with one message, however often it is called; none for a reader that went away. */
int out__check_stdout(void);

#endif /* MIGTRACE_OUT_H */
