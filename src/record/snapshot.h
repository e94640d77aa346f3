/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stage 3: drains the maps into a run; the last stage that sees libbpf. */
#ifndef MIGTRACE_SNAPSHOT_H
#define MIGTRACE_SNAPSHOT_H

#include "trace/tracer.h"

#define STALL_FRESH_NS 500000000ULL /* each CPU is looked at twenty times a second */

/*
 * Adds to the zeroed @run everything that the maps hold now, since the start of the recording, and
 * which probes were live. With @final the recording is over: a section without its release is lost.
 * Returns 0 or -errno.
 */
int snapshot__read(struct tracer *t, struct run *run, bool final);

/* Of it only what intervals have: the times of sections, and counters. */
int snapshot__figures(struct tracer *t, struct run *run, bool final);

/* symbols.c: a task may call itself anything; terminals and JSON want printable characters. */
void snapshot__task(struct late_side *s, const char *comm, __u32 pid, __u32 cpu);

/* Resolves stack @id into symbols, innermost first, without our own frames. Owned by the caller. */
int snapshot__stack(struct tracer *t, __s32 id, char ***stack, size_t *n);

/* symbols.c: the same of @max addresses, up to the first that is 0. 0 or -ENOMEM. */
int snapshot__symbols(const __u64 *ip, int max, char ***stack, size_t *n);

/* snapshot_worst.c: the longest holds and waits; ahead of the histograms. 0 or -errno. */
int snapshot__worst(struct tracer *t, struct run *run);
/* No longer than what the histograms, read since, have. */
void snapshot__longest(struct run *run);
/* Who released contended locks. 0 or -errno. */
int snapshot__owners(struct tracer *t, struct run *run);

/* snapshot_refs.c: references of every folio that migrated, where they were asked for. 0 or -errno. */
int snapshot__refs(struct tracer *t, struct run *run);

/* snapshot_drains.c: what empties LRUs, likewise. */
int snapshot__drains(struct tracer *t, struct run *run);

/* snapshot_pinned.c: blocks that stopped migrations, likewise. @named: what they are is looked up. */
int snapshot__pinned(struct tracer *t, struct run *run, const __u64 *c, bool named);

/* The whole, of which @part is one: what is read while programs count may have the part alone. */
static inline __u64 snapshot__whole(__u64 whole, __u64 part)
{
	return whole < part ? part : whole;
}

/* counters.c: from @c, the COUNTER_COUNT counters. Each returns 0 or -ENOMEM. */
int counters__generation(struct run *run, const struct facts *f, const __u64 *c);
/* What @t counted: counters by name, losses, migrations by reason, attempts, isolations. */
int counters__counts(struct run *run, struct tracer *t, const __u64 *c);
/* By why the kernel migrated, if that was asked for; another -errno as well. Ahead of @c. */
int counters__whys(struct run *run, struct tracer *t);
/* The locks of buffers, if they are timed; or another -errno. */
int counters__buffer_locks(struct run *run, struct tracer *t, const __u64 *c);
/* Waits that last, those under way among them. */
int counters__stalls(struct run *run, struct tracer *t, const __u64 *c);

#endif /* MIGTRACE_SNAPSHOT_H */
