/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two sides of run files as one table (stage 4, model; pure: runs in, rows out). The sample is a
 * run file, that is a boot; its rounds reduce to their median. What a row means is one line of the
 * table in compare.c; the statistics are stats.h's; how it looks is the renderers'.
 */
#ifndef MIGTRACE_COMPARE_H
#define MIGTRACE_COMPARE_H

#include "run.h"
#include "stats.h"

#define COMPARE_CONFIDENCE_PERCENT 95 /* of all intervals */

enum side { BEFORE, AFTER, SIDES };

enum row_unit {
	UNIT_NS,     /* a duration */
	UNIT_SHARE,  /* ns a second: held or waited in all */
	UNIT_RATE,   /* events a second */
	UNIT_EVENTS, /* a number of them */
};

enum row_verdict {
	ROW_UNTESTED, /* shown only: outside of the family, or too few runs to reject anything */
	ROW_SAME,     /* not significant: "~" */
	ROW_LOWER,    /* significant, and the second side is lower (for all tested rows: better) */
	ROW_HIGHER,
};

struct cmp_row {
	char subject[32];   /* a site's name, "norefs_window", "migrations", ... */
	const char *metric; /* "hold p50", "hold total", "moved", ... */
	enum row_unit unit;
	bool tested;	      /* one of the family: hold p50, p99 and total of a site */
	double *value[SIDES]; /* one a run file, in the order given; NAN where it has none */
	struct estimate median[SIDES];
	double ratio;	       /* of the medians, after / before; NAN without a "before" */
	struct rank_test test; /* of tested rows with several runs a side */
	double p_holm;	       /* the same p, adjusted for the family; NAN when untested */
	struct estimate shift; /* Hodges-Lehmann, after - before; NAN when not computed */
	double detectable;     /* difference that would have been found in 4 of 5 cases, or NAN */
	enum row_verdict verdict;
};

/* Of all runs of a side. */
struct cmp_total {
	__u64 late, windows, fs_errors;
	double seconds;
	bool tainted; /* a loss was counted */
};

struct comparison {
	const char *label[SIDES];      /* "before" and "after", or as given */
	size_t n[SIDES];	       /* run files */
	const struct run *runs[SIDES]; /* the caller's; the first of a side is its sum now */
	struct run sum[SIDES]; /* a look at that: histograms, late references, counters of all */
	struct cmp_row *rows;
	size_t rows_n;
	size_t family;	     /* tested rows */
	size_t fewest_runs;  /* a side, for the family to reject at all; 0 when nothing is tested */
	double alpha, power; /* as used */
	double geomean;	     /* of the ratios of the family that have one; NAN without any */
	size_t lower, higher; /* significant rows */
	struct cmp_total total[SIDES];
	bool forced;	  /* unlike things compared all the same; @unlike says which */
	char unlike[256]; /* "" when nothing is */
};

/*
 * What makes the two sides, or the runs of one, unlike, as "tier (full, light), ..." in @text;
 * empty when nothing does. Tier, architecture, clocks, variants, PREEMPT_RT and debugging kernels,
 * the load of bench. Returns true when alike.
 */
bool compare__alike(struct run *const runs[SIDES], const size_t n[SIDES], char *text, size_t size);

/*
 * Fills @c from the runs, which have to live as long; then merges each side into its first run,
 * which becomes @sum. @alpha: of the whole family. Returns 0 or -ENOMEM.
 */
int compare__run(struct comparison *c, struct run *const runs[SIDES], const size_t n[SIDES],
		 double alpha);
void compare__free(struct comparison *c);

/* compare.c, for compare_test.c: the rows with their values. 0 or -ENOMEM. */
int compare__rows(struct comparison *c);
void cmp_row__free(struct cmp_row *row);

/* Runs of the smaller side, and whether the family can reject anything with them. */
size_t compare__least_runs(const struct comparison *c);
bool compare__can_reject(const struct comparison *c);

/* Late references, or errors of bench's file system: speed is no merit of a kernel that loses data. */
bool compare__unsafe(const struct comparison *c, int side);

/* The tested row that is significantly higher by more than @percent of its "before", or NULL. */
const struct cmp_row *compare__regression(const struct comparison *c, double percent);

/*
 * Three times the clock's floor where a median of a site's durations is below that, else 0: what the
 * clock reads on an empty section is then a good part of the figure. It is on both sides, so that
 * the difference holds, and the ratio doesn't.
 */
__u64 cmp_row__floor(const struct comparison *c, const struct cmp_row *row);

/* "better", "worse", "~", "" for a verdict of a row. */
const char *row_verdict__name(enum row_verdict v);

#endif /* MIGTRACE_COMPARE_H */
