/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the HTML report, and what it shares with the page of a comparison. */
#ifndef MIGTRACE_RENDER_HTML_H
#define MIGTRACE_RENDER_HTML_H

#include "html.h"
#include "render.h"
#include "svg.h"

struct html_page {
	const struct run *run;
	const struct render_opts *o;
	FILE *f;
};

/* render_html_figures.c */

/* Never 0. */
/* "74.3 thousand", "1.2 million"; all digits below ten thousand. */
const char *figure__many(char cell[FMT_CELL], __u64 n);
/* Below three floors a figure is the clock's; "-" where there are too few values for the quantile. */
const char *figure__quantile(char cell[FMT_CELL], const struct hist *h, double q, __u64 floor_ns);
/* The same for sentences that say "at most": without a sign, and never a dash. */
const char *figure__at_most(char cell[FMT_CELL], const struct hist *h, double q, __u64 floor_ns);
/* count, /s, quantiles, max, ms/s; a row of it; @class may be NULL. */
void figure__table(FILE *f, const char *caption, const char *what);
void figure__row(FILE *f, const char *class, const char *name, const struct hist *h, double seconds,
		 __u64 floor_ns);
/* The histogram as a table, folded. */
void figure__buckets(FILE *f, const struct render_opts *o, const char *what, const struct hist *h);
/* <figure> with the chart of one or two histograms; nothing when all are empty. */
void figure__hist(FILE *f, const char *site, const char *what, const struct svg_series *s,
		  unsigned int n, __u64 floor_ns);
/* What the marks and the grey band mean. */
void figure__legend(FILE *f, __u64 floor_ns);

/* render_html_words.c */

/* What a site, a reason or a loss is, in half a sentence; "" when unknown. */
const char *site__words(unsigned int site);
const char *reason__words(const char *reason);
const char *loss__words(unsigned int loss);
/* Late references in one or two sentences. */
void html_late(FILE *f, const struct run *run);
/* A row of the table of facts: its heading and text; nothing when @text is "" or NULL. */
void html_fact(FILE *f, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
const char *or_unknown(const char *s);
void html_command(FILE *f, const struct run *run);
void html_losses(FILE *f, const struct run *run);
bool run__any_loss(const struct run *run);

/* render_html_sites.c */
void html_part__sites(const struct html_page *p);
void html_part__unmeasurable(const struct html_page *p);
void html_part__spans(const struct html_page *p);
void html_part__devices(const struct html_page *p);

/* render_html_time.c */
void html_part__time(const struct html_page *p);
void html_part__rounds(const struct html_page *p);

/* render_html_lists.c */
void html_part__migrations(const struct html_page *p);
void html_part__late(const struct html_page *p);
void html_part__worst(const struct html_page *p);
void html_part__probes(const struct html_page *p);

#endif /* MIGTRACE_RENDER_HTML_H */
