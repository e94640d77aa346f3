// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Messages for people, all on stderr: "migtrace: COMMAND: text", and "hint: text" for the way out.
 * Stage: none; every other file may call it. It knows nothing of kernels, runs or formats.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define BAR_CELLS   20
#define STEPS_LEVEL 2
#define PATIENCE_S  2 /* anything shorter than this shows no progress */

int log_level;
static const char *command;
static struct {
	time_t since; /* of the work in progress; 0: none */
	bool shown;
} progress;

void log__command(const char *name)
{
	command = name;
}

/*
 * File names, and words of run files and kernels, may hold what a terminal takes for an order: control
 * characters, also those that UTF-8 writes as 0xc2 0x80 to 0x9f. Letters of all languages stay. A message
 * is one line.
 */
static void __attribute__((format(printf, 1, 0))) put_plain(const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	for (char *s = text; *s; s++) {
		if (*s == (char)0xc2 && (unsigned char)s[1] >= 0x80 && (unsigned char)s[1] < 0xa0)
			*s = s[1] = '?';
		fputc((unsigned char)*s < ' ' || *s == 0x7f ? '?' : *s, stderr);
	}
	free(text);
}

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *fmt, va_list ap)
{
	log_progress_end();
	flockfile(stderr);
	fputs("migtrace: ", stderr);
	if (command)
		fprintf(stderr, "%s: ", command);
	fputs(kind, stderr);
	put_plain(fmt, ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

/* Whether a line of progress is due; it is begun then. */
static bool progress_line(void)
{
	struct timespec now;

	if (!isatty(STDERR_FILENO) || clock_gettime(CLOCK_MONOTONIC_COARSE, &now))
		return false;
	if (!progress.since)
		progress.since = now.tv_sec;
	if (now.tv_sec - progress.since < PATIENCE_S)
		return false;
	progress.shown = true;
	fputs("\r\033[Kmigtrace: ", stderr);
	return true;
}

void log_progress_bar(double share, const char *fmt, ...)
{
	int full = share < 0 ? 0 : share > 1 ? BAR_CELLS : (int)(share * BAR_CELLS);
	char bar[BAR_CELLS + 1];
	va_list ap;

	if (!progress_line())
		return;
	memset(bar, '.', BAR_CELLS);
	memset(bar, '#', full);
	bar[BAR_CELLS] = 0;
	fprintf(stderr, "[%s] ", bar);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void log_progress(const char *fmt, ...)
{
	va_list ap;

	if (!progress_line())
		return;
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
}

void log_progress_end(void)
{
	if (progress.shown)
		fputs("\r\033[K", stderr);
	progress.since = 0;
	progress.shown = false;
}

#define MESSAGE(name, kind)                                                                        \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		say(kind, fmt, ap);                                                                \
		va_end(ap);                                                                        \
	}
MESSAGE(log_error, "")
MESSAGE(log_warn, "warning: ")
MESSAGE(log_info, "")

void log_step(const char *what)
{
	static struct timespec last;
	struct timespec now;

	if (log_level < STEPS_LEVEL || clock_gettime(CLOCK_MONOTONIC, &now))
		return;
	if (what && last.tv_sec)
		log_info("%.3f s: %s",
			 (double)(now.tv_sec - last.tv_sec) + (now.tv_nsec - last.tv_nsec) / 1e9,
			 what);
	last = now;
}

#define LINE(name, head)                                                                           \
	void name(const char *fmt, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		fputs(head, stderr);                                                               \
		put_plain(fmt, ap);                                                                \
		fputc('\n', stderr);                                                               \
		va_end(ap);                                                                        \
	}
LINE(log_more, "  ")
LINE(log_hint, "hint: ")

void log_known(void (*words)(const char *option, FILE *f), const char *option)
{
	fputs("hint: known are", stderr);
	words(option, stderr);
	fputc('\n', stderr);
}
