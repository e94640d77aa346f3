/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Stage 3: drains the maps into a run; the last stage that sees libbpf. */
#ifndef MIGTRACE_SNAPSHOT_H
#define MIGTRACE_SNAPSHOT_H

#include "tracer.h"

/*
 * Adds to the zeroed @run everything that the maps hold now, since the start of the recording, and
 * which probes were live. With @final the recording is over: a section without its release is lost.
 * Returns 0 or -errno.
 */
int snapshot__read(struct tracer *t, struct run *run, bool final);

/* hist_maps.c: every histogram, by site and by device. 0 or -errno. */
int snapshot__hists(struct tracer *t, struct run *run);
/* One of them, @h, to where its @key says. */
struct hist_key;
struct hist;
void snapshot__add(struct run *run, const struct hist_key *key, const struct hist *h);

/* Resolves stack @id into symbols, innermost first, without our own frames. Owned by the caller. */
int snapshot__stack(struct tracer *t, __s32 id, char ***stack, size_t *n);

/* observed.c: from @c, the COUNTER_COUNT counters. Each returns 0 or -ENOMEM. */
int observed__generation(struct run *run, const struct facts *f, const __u64 *c);
/* What @t counted: counters by name, losses, migrations by reason, attempts, isolations. */
int observed__counts(struct run *run, const struct tracer *t, const __u64 *c);

/* machine.c: what kernel and machine this is, into @run->kernel. 0 or -ENOMEM. */
int machine__describe(struct run *run, const struct facts *f);
/* machine.c: the number that a file such as a sysctl's begins with, -1 without one. */
int machine__number(const char *path);
/* machine.c: "sda1" for 8:1 from sysfs, "" when unknown. */
void machine__device_name(__u32 dev, char *name, size_t size);
/* machine.c: dev_t of a path, a name ("sda1") or "MAJ:MIN"; 0 or -errno. */
int machine__device(const char *word, __u32 *dev);

#endif /* MIGTRACE_SNAPSHOT_H */
