// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Messages for people, all on stderr: "migtrace: COMMAND: text", and "hint: text" for the way out.
 * Stage: none; every other file may call it. It knows nothing of kernels, runs or formats.
 */
#include <stdarg.h>
#include <stdio.h>

#include "cmd.h"

int log_level;
static const char *command;

void log__command(const char *name)
{
	command = name;
}

static void __attribute__((format(printf, 2, 0))) say(const char *kind, const char *fmt, va_list ap)
{
	flockfile(stderr);
	fputs("migtrace: ", stderr);
	if (command)
		fprintf(stderr, "%s: ", command);
	fputs(kind, stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	funlockfile(stderr);
}

void log_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void log_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("warning: ", fmt, ap);
	va_end(ap);
}

void log_info(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

void log_hint(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("hint: ", stderr);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
}
