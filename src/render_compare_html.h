/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the page of a comparison. */
#ifndef MIGTRACE_RENDER_COMPARE_HTML_H
#define MIGTRACE_RENDER_COMPARE_HTML_H

#include "compare.h"
#include "render_html.h"

/* render_compare_html_rows.c */

/* @v in the unit of @row, as text; "-" for NAN. */
const char *cmp_row__value(char cell[FMT_CELL], const struct cmp_row *row, double v);
/* @v of @row (a shift or a detectable difference) as a share of the median before; NAN without. */
double cmp_row__relative(const struct cmp_row *row, double v);
bool cmp_row__significant(const struct cmp_row *row);
/* "better", "worse", "not significant", "not tested". */
const char *cmp_row__words(const struct cmp_row *row);

void compare_part__differences(const struct comparison *c, FILE *f);
void compare_part__tested(const struct comparison *c, FILE *f);
void compare_part__shown(const struct comparison *c, FILE *f);

/* render_compare_html_answer.c */

/* Which side is better, by how much, how sure. */
void compare_part__answer(const struct comparison *c, FILE *f);

#endif /* MIGTRACE_RENDER_COMPARE_HTML_H */
