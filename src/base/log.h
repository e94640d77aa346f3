/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Exit codes, and messages on stderr: "migtrace: COMMAND: text", hints as "hint: text". */
#ifndef MIGTRACE_LOG_H
#define MIGTRACE_LOG_H

#include <stdio.h>

enum exit_code {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CANT = 3,	       /* this kernel or this user can't */
	EXIT_FOUND = 4,	       /* the thing asked about was found */
	EXIT_INCONCLUSIVE = 5, /* events lost, too few runs */
};

extern int log_level; /* 0 quiet libraries, 2 and more (-vv) lets libbpf talk */
void log__command(const char *name);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* One more line of the message ahead. */
void log_more(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Hints at all that @words prints for @option, each behind a blank: what could have been meant. */
void log_known(void (*words)(const char *option, FILE *f), const char *option);
/* -vv: that @what is done, and how long it took since the last one; NULL: begins. */
void log_step(const char *what);
/* A line that the next one overwrites: on a terminal, from the third second of the work on. */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with a bar, @share of it (0..1) full. */
void log_progress_bar(double share, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_progress_end(void); /* wipes it out; messages do so themselves */

#endif /* MIGTRACE_LOG_H */
