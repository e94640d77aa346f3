/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A run as Prometheus text (stage 5, renderers). THE metric table is in metrics.c: a metric is one
 * row. Exposition format 0.0.4; no timestamps, no label whose values depend on the load.
 */
#ifndef MIGTRACE_METRICS_H
#define MIGTRACE_METRICS_H

#include <stdio.h>
#include "model/run.h"

struct metrics_opts {
	double written; /* seconds since 1970 */
	bool exported;	/* by `export`, which knows of @failures */
	__u64 failures; /* writes of the textfile that did not succeed */
	bool bpf_stats; /* the kernel measures programs: their series are there at zero, too */
	/* the most that differences of two counters were so far, which were not read at one moment */
	struct metrics_most *most;
};

struct metrics_most {
	__u64 mapped, there; /* pages with a mapping: isolated, and at the move */
	__u64 stalls[STALL_COUNT];
};

/* Everything that this kernel and tier can measure, zeros included. 0 or -ENOMEM. */
int metrics__write(const struct run *run, const struct metrics_opts *o, FILE *f);

#endif /* MIGTRACE_METRICS_H */
