/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Slices of a recording (-i): the difference between two snapshots. */
#ifndef MIGTRACE_SLICES_H
#define MIGTRACE_SLICES_H

#include "tracer.h"

struct slices;

/* @seconds 0: no slices; all calls are then free. NULL when memory is short. */
struct slices *slices__new(double seconds);
/* When the next is due, as ns since the start; 0: never. */
__u64 slices__due(const struct slices *s);
/* Takes a slice when one is due at @ns since the start. */
void slices__tick(struct slices *s, struct tracer *t, __u64 ns);
/* Takes the last one, gives all to @run and frees @s. */
void slices__finish(struct slices *s, struct tracer *t, struct run *run, __u64 ns);

#endif /* MIGTRACE_SLICES_H */
