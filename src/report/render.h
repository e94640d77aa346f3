/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stage 5: a run to bytes. Renderers read struct run only; units change here and nowhere else. */
#ifndef MIGTRACE_RENDER_H
#define MIGTRACE_RENDER_H

#include <stdio.h>
#include "model/run.h"

struct render_opts {
	__u64 linear_width_ns; /* 0: log-linear; else --linear WIDTH:COUNT */
	unsigned int linear_count;
	bool colour;
	const char *path; /* run file's name for the header, or NULL */
};

/* All return 0 or -errno; write errors are found by out__close(). */
int render_text(const struct run *run, const struct render_opts *o, FILE *f);
int render_json(const struct run *run, const struct render_opts *o, FILE *f);
int render_csv(const struct run *run, const struct render_opts *o, FILE *f);
int render_prometheus(const struct run *run, const struct render_opts *o, FILE *f);
int render_html(const struct run *run, const struct render_opts *o, FILE *f);

struct comparison;
int render_compare_text(const struct comparison *c, FILE *f);
int render_compare_csv(const struct comparison *c, FILE *f);
int render_compare_json(const struct comparison *c, FILE *f);
int render_compare_html(const struct comparison *c, FILE *f);

/*
 * A text of a run file, which may hold anything: what is no printable character is '?', lest it makes a
 * line of the report, or more. A stack is a line each.
 */
void render_words(const char *s, FILE *f);
void render_stack(const struct late_side *s, FILE *f);
/* One side of either, for --json. */
struct json_t *render_side_json(const struct late_side *s);

/*
 * render_late.c: late references for `watch`. One two-sided report each, and the closing evidence:
 * windows, lookups behind them, losses, the 95 % upper bound, the generation as observed.
 */
void render_late_text(const struct late_event *e, const char *device, FILE *f);
void render_late_json(const struct late_event *e, const char *device, FILE *f);
void render_late_summary(const struct run *run, FILE *f);
void render_late_summary_json(const struct run *run, FILE *f);

/* render_stall.c: a wait that lasts, with both stacks; that it is over, one line. */
#define RULE "=================================================================="
void render_stall_text(const struct run_stall *s, const char *device, FILE *f);
void render_stall_end(const struct run_stall *s, const char *device, FILE *f);
void render_stall_json(const struct run_stall *s, const char *device, bool ended, FILE *f);

/* Cells of CSV that hold other people's words. */
/*
 * @s as one cell of RFC 4180, for terminals and spreadsheets alike: printable ASCII only, the rest is
 * '?'; what a spreadsheet would run as a formula begins with an apostrophe instead, also where another
 * separator than the comma would let a cell begin.
 */
void csv__text(FILE *f, const char *s);

#endif /* MIGTRACE_RENDER_H */
