/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How a row of the metric table writes its series. Stage 5 (renderers). */
#ifndef MIGTRACE_METRICS_PUT_H
#define MIGTRACE_METRICS_PUT_H

#include "report/metrics.h"

/* What a row's function writes to: it knows the metric's name. */
struct series {
	FILE *f;
	const struct run *run;
	const struct metrics_opts *opts;
	const char *name;
};

struct label {
	const char *name, *value;
};

#define LABELS(...) ((const struct label[]){ __VA_ARGS__, {} })

/* NAME SUFFIX{labels}, without the value; a label without a name ends the list. */
void put_name(const struct series *s, const char *suffix, const struct label *labels);
void put_count(const struct series *s, const struct label *labels, __u64 value);
/* Seconds, exact to the nanosecond: a double would lose it after three months of holding. */
void put_seconds(const struct series *s, const char *suffix, const struct label *labels, __u64 ns);
/*
 * Cumulative, at powers of two, which are edges of our buckets: nothing is interpolated. Ours have
 * an exclusive upper edge and Prometheus' an inclusive one: a value of exactly 2^n ns counts in the
 * next bucket.
 */
void put_hist(const struct series *s, const char *site, const struct hist *h);

#endif /* MIGTRACE_METRICS_PUT_H */
