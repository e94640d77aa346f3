/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * HTML pages: head and foot, tables, escaping. Stage 5; it knows no run.
 * A page is one file: no script, no link, nothing fetched (its policy forbids it as well). It is
 * well-formed XML, too, so that tests can read it. Everything from a run file is hostile and passes
 * html__text().
 */
#ifndef MIGTRACE_HTML_H
#define MIGTRACE_HTML_H

#include <stdio.h>

#include "fmt.h"

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

/*
 * Tables scroll in a box of their own. @heads ends with NULL; '>' before a head makes a column of
 * numbers, '<' one of text, which only heads of other people's making need. Cells: a heading of the
 * row, text, a number.
 */
void html__table(FILE *f, const char *caption, const char *const *heads);
void html__table_end(FILE *f);
void html__row(FILE *f, const char *class);
void html__row_end(FILE *f);
void html__th(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html__td(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html__num(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* <details> with @fmt as its summary; closed by html__details_end(). */
void html__details(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void html__details_end(FILE *f);

/* A stack, innermost first, one symbol a line. */
void html__stack(FILE *f, char *const *v, size_t n);

/* "-34%", "+3.2%", "0%": a change as a share of 1; "-" when it is none. No locale in it. */
const char *html__change(char cell[FMT_CELL], double change);
/* "0.0012", "<0.0001"; "-" for NAN. */
const char *html__p_value(char cell[FMT_CELL], double p);

#endif /* MIGTRACE_HTML_H */
