/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What tests of HTML pages share. */
#ifndef MIGTRACE_PAGE_H
#define MIGTRACE_PAGE_H

#include "unit.h"

/* What a run file may hold where a name is expected. */
#define EVIL "</td><script>alert('x')</script>&\"\033[2J\n\xff\xe2\x80\xae"

/* Fails when @text has something that is fetched, runs, or is no number; frees it. */
void page__check(char *text);
/* Fails unless @text has @what. */
void page__has(const char *text, const char *what);
/* Into @dir/@name.html; frees @text. */
void page__write(const char *dir, const char *name, char *text);

#endif /* MIGTRACE_PAGE_H */
