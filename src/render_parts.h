/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The parts of the text report, in the order in which render_text.c prints them. */
#ifndef MIGTRACE_RENDER_PARTS_H
#define MIGTRACE_RENDER_PARTS_H

#include "fmt.h"
#include "render.h"

#define LABEL_WIDTH 12

struct page {
	const struct run *run;
	const struct render_opts *o;
	FILE *f;
};

/* render_text.c */
void page__heading(const struct page *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* render_sites.c */
void part__sites(const struct page *p);
void part__clocks(const struct page *p);
void part__devices(const struct page *p);
void part__intervals(const struct page *p);

/* render_hist.c */
void part__histograms(const struct page *p);

/* render_field.c */
void part__field(const struct page *p);

/* render_lists.c */
void part__migrations(const struct page *p);
void part__worst(const struct page *p);
void part__probes(const struct page *p);
void part__late_events(const struct page *p);

#endif /* MIGTRACE_RENDER_PARTS_H */
