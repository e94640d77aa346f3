/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * HTML: head and foot of a page, elements, escaping. Stage 5; it knows no run.
 * A page is one file: no script, no link, nothing fetched (its policy forbids it as well). It is
 * well-formed XML, too, so that tests can read it. Everything from a run file is hostile and passes
 * html__text().
 */
#ifndef MIGTRACE_HTML_H
#define MIGTRACE_HTML_H

#include <stdio.h>

#include "base/fmt.h"

/* Escaped; bytes that are not printable ASCII become \xNN. Nothing for NULL. */
void html__text(FILE *f, const char *s);
/* Formatted, then escaped. */
void html__textf(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/*
 * The same as an element: <@tag class="@class">...</@tag>; @class may be NULL, both are ours. One ends
 * its line, the other stands in a sentence, where the end of a line would be a blank.
 */
void html__element(FILE *f, const char *tag, const char *class, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
void html__inline(FILE *f, const char *tag, const char *class, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

void html__head(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html__foot(FILE *f);

#endif /* MIGTRACE_HTML_H */
