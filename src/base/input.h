/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* A file that is read, of which "-" is standard input. Stage: none. */
#ifndef MIGTRACE_INPUT_H
#define MIGTRACE_INPUT_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline bool input__is_stdin(const char *path)
{
	return !strcmp(path, "-");
}

/* What messages call it. */
static inline const char *input__name(const char *path)
{
	return input__is_stdin(path) ? "standard input" : *path ? path : "''";
}

/* NULL and errno. Closing it leaves standard input open. */
static inline FILE *input__open(const char *path)
{
	return input__is_stdin(path) ? fdopen(dup(STDIN_FILENO), "r") : fopen(path, "re");
}

#endif /* MIGTRACE_INPUT_H */
