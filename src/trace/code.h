/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the kernel is doing, by the functions on a stack (enum code of bpf/event.h). Stage 2. */
#ifndef MIGTRACE_CODE_H
#define MIGTRACE_CODE_H

#include "kernel/facts.h"
#include "../../bpf/event.h"

/* Tells @cb of the functions, as probes__interest() does. */
int code__want(int (*cb)(void *ctx, const char *name, unsigned int wants), void *ctx);
/* Where they are on this kernel, into the zeroed @out; those whose addresses are not known are left out. */
void code__ranges(const struct facts *f, __u64 out[CODE_WORDS]);

#endif /* MIGTRACE_CODE_H */
