/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a recording costs here, measured with bench's own load. */
#ifndef MIGTRACE_BENCH_COST_H
#define MIGTRACE_BENCH_COST_H

#include "bench/bench.h"
#include "kernel/facts.h"
#include "model/run.h"

#define COST_WARMUP 0.3 /* seconds before each turn */

struct cost {
	const struct facts *facts;
	struct scratch *scratch;
	const struct load_opts *load;
	double seconds;	     /* of load in each turn */
	unsigned int rounds; /* 0: as many as two minutes have room for */
};

/* Adds the turns to @run. 0 or -errno, which was printed. */
int cost__measure(const struct cost *c, struct run *run);

#endif /* MIGTRACE_BENCH_COST_H */
