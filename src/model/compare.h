/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Two sides of run files as one table (stage 4, model; pure: runs in, rows out). The sample is a
 * boot: rounds of a run file reduce to their median, and run files of one boot to theirs. What a row
 * means is one line of the table in compare.c; the statistics are stats.h's; how it looks is the
 * renderers'.
 */
#ifndef MIGTRACE_COMPARE_H
#define MIGTRACE_COMPARE_H

#include "model/run.h"
#include "model/stats.h"

#define COMPARE_CONFIDENCE_PERCENT 95 /* of all intervals */
#define COMPARE_SECTIONS_LEAST	   100 /* of a site in every run: a p99 of fewer is its largest value */
/* Tested where the runs are enough for these, too: five are for two sites alone. */
#define COMPARE_CONTENTION_ROWS	   2
#define CMP_CONTENTION		   "contention" /* their subject */
#define CMP_CONTENDED		   "contended"	/* a metric of sites */

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
	ROW_LOWER,    /* significant, and the second side is lower: better */
	ROW_HIGHER,
	ROW_LESS, /* the same of a row of which neither is better: a share */
	ROW_MORE,
};

struct cmp_row {
	char subject[32];   /* a site's name, "norefs_window", "migrations", ... */
	const char *metric; /* "hold p50", "hold total", "moved", ... */
	enum row_unit unit;
	bool tested;	      /* one of the family: hold p50, p99 and total of a site, contention */
	bool neutral;	      /* neither direction is better */
	double *value[SIDES]; /* one a boot, in the order given; NAN where it has none */
	char *unmeasured;     /* "not measured in b.json: not part of the light tier", or NULL */
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
	bool tainted;	   /* a loss was counted */
	bool would_show;   /* "none seen" proves something in one of them */
	const char *doubt; /* why it proves nothing in another */
	const char *hides; /* why a late reference may be hidden in one of them */
	size_t apart;	   /* runs that could not be added up with the first ones */
	__u64 floor_ns[SITE_COUNT], least_floor_ns[SITE_COUNT]; /* of those that have one */
};

/* Why "none" of a side proves nothing, or NULL. */
const char *cmp_total__doubt(const struct cmp_total *t);

struct comparison;
/* Do the clocks of @site read the same on an empty section in all runs? */
bool compare__same_floor(const struct comparison *c, unsigned int site);

/* What leaves the test, or never was in it, although it was measured: never silently. */
struct cmp_left {
	const char *subject; /* a site's name */
	char *why;	     /* "99 sections in b3.json, 100 needed" */
};

struct compare_opts {
	double alpha;		   /* of the whole family */
	char *const *paths[SIDES]; /* names of the run files; NULL: they are numbered */
	const bool *sites;	   /* SITE_COUNT of them: the family is of these; NULL: all */
};

struct comparison {
	const char *label[SIDES];	 /* "before" and "after", or as given */
	size_t n[SIDES];		 /* boots: the size of the sample */
	size_t files[SIDES];		 /* run files */
	size_t *boot[SIDES];		 /* of each run file: which of the boots */
	size_t shared;			 /* boots that are on both sides */
	const struct compare_opts *opts; /* during compare__run() */
	const struct run *runs[SIDES];	 /* the caller's; the first of a side is its sum now */
	struct run sum[SIDES]; /* a look at that: histograms, late references, counters of all */
	struct cmp_row *rows;
	size_t rows_n;
	struct cmp_left *left;
	size_t left_n;
	size_t family;	     /* tested rows */
	size_t fewest_runs;  /* a side, for the family to reject at all; 0 when nothing is tested */
	double alpha, power; /* as used */
	double geomean; /* of the ratios of the family's times above the floor; NAN without any */
	size_t lower, higher, changed; /* significant rows; changed: the neutral ones */
	struct cmp_total total[SIDES];
	bool forced;  /* unlike things compared all the same; @unlike says which */
	char *unlike; /* "" when nothing is */
};

/*
 * What makes the two sides, or the runs of one, unlike: all of it, as "tier (full; light)", with @between
 * between them, empty when nothing does. Tier, architecture, clocks, variants, PREEMPT_RT and debugging kernels, the load
 * of bench. @paths may be NULL. To be freed; NULL without memory.
 */
char *compare__unlike(struct run *const runs[SIDES], const size_t n[SIDES],
		      char *const *const paths[SIDES], const char *between);

/*
 * Fills @c from the runs, which have to live as long; then merges each side into its first run,
 * which becomes @sum. Returns 0 or -ENOMEM.
 */
int compare__run(struct comparison *c, struct run *const runs[SIDES], const size_t n[SIDES],
		 const struct compare_opts *o);
void compare__free(struct comparison *c);

/* compare_test.c. All return 0 or -ENOMEM. */

/* Which run files are of one boot. */
int compare__boots(struct comparison *c);
/* The values of run files, as rows have them first, to those of boots. */
int compare__reduce(struct comparison *c);
/* Whether @site is one of the family; if not, and it was measured, it says so in @left. */
int compare__admit(struct comparison *c, unsigned int site, bool *tested);
/*
 * Sets the row's @unmeasured when a run has no figure of it: @site's holds or waits, or a span's.
 */
struct cmp_source {
	unsigned int site;
	bool wait, contended;
	bool is_span;
	unsigned int span; /* of run_spans */
};
int compare__unmeasured(const struct comparison *c, const struct cmp_source *s,
			struct cmp_row *row);
/* Is @row one of contention's, that all runs have, and are they enough for these beside the @sites'? */
bool compare__admit_contention(const struct comparison *c, const struct cmp_row *row, size_t sites);
/* "run 3 of after", or the file's name; of the run file @i. */
const char *compare__file(const struct comparison *c, int side, size_t i, char *buf, size_t size);

/* "10 runs", or "10 runs of 1 boot, which count as 1": on every page. @buf: CMP_RUNS bytes. */
#define CMP_RUNS 96
const char *compare__runs_words(const struct comparison *c, int side, char *buf);

/* compare.c, for compare_test.c: the rows with their values. 0 or -ENOMEM. */
int compare__rows(struct comparison *c);
void cmp_row__free(struct cmp_row *row);

/* Boots of the smaller side, and whether the family can reject anything with those of both. */
size_t compare__least_runs(const struct comparison *c);
bool compare__can_reject(const struct comparison *c);

/* Late references, or errors of bench's file system: speed is no merit of a kernel that loses data. */
bool compare__unsafe(const struct comparison *c, int side);

/* What --fail-on-race asks: was only the later side late? */
enum cmp_race {
	RACE_NONE,    /* nothing late on the later side, and that is known */
	RACE_LATER,   /* only there */
	RACE_UNKNOWN, /* both were, or nobody can say; @why has the reason */
};
enum cmp_race compare__race(const struct comparison *c, const char **why);

/* The tested row that is significantly higher by more than @percent of its "before", or NULL. */
const struct cmp_row *compare__regression(const struct comparison *c, double percent);

/*
 * Three times the clock's floor where a median of a site's durations is below that, else 0: what the
 * clock reads on an empty section is then a good part of the figure. It is on both sides, so that
 * the difference holds, and the ratio doesn't.
 */
__u64 cmp_row__floor(const struct comparison *c, const struct cmp_row *row);

/* "better", "worse", of neutral rows "lower", "higher", "~", "" for a verdict of a row. */
const char *row_verdict__name(enum row_verdict v);

#endif /* MIGTRACE_COMPARE_H */
