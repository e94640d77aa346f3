/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Cells of CSV that hold other people's words. Stage 5 (renderers). */
#ifndef MIGTRACE_CSV_H
#define MIGTRACE_CSV_H

#include <stdio.h>

/*
 * @s as one cell of RFC 4180, for terminals and spreadsheets alike: printable ASCII only, the rest is
 * '?'; what a spreadsheet would run as a formula begins with an apostrophe instead, also where another
 * separator than the comma would let a cell begin.
 */
void csv__text(FILE *f, const char *s);

#endif /* MIGTRACE_CSV_H */
