/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the processes of bench's load share; others use bench.h. */
#ifndef MIGTRACE_BENCH_LOAD_H
#define MIGTRACE_BENCH_LOAD_H

#include "bench.h"

struct load_work {
	const struct scratch *scratch;
	int dir;		    /* the large directory; a reader opens its own */
	int nodes[2];		    /* of memory, for MOVER_NUMA */
	struct load_counts *counts; /* shared memory */
};

/* bench_load.c */
bool load_stopped(void);
void load_count(__u64 *counter, __u64 n);

/* bench_move.c: until load_stopped(). 0 or -errno. */
int load_move_numa(const struct load_work *w);
int load_move_compact(const struct load_work *w);

#endif /* MIGTRACE_BENCH_LOAD_H */
