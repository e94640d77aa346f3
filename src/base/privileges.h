/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Capabilities: what is attached counts on without any. Stage: none. */
#ifndef MIGTRACE_PRIVILEGES_H
#define MIGTRACE_PRIVILEGES_H

#include <stdbool.h>

/*
 * Gives up every capability but those of the mask @keep, and those without which what is left to do
 * fails: CAP_BPF where bpf(2) asks for it even on open maps (kernel.unprivileged_bpf_disabled before
 * c8644cd0efe7, 5.19), and CAP_DAC_OVERRIDE where @works(@ctx) is false without it; NULL: no file is
 * written. Nothing can be attached any more. 0 or -errno.
 */
int privileges__drop(unsigned long long keep, bool (*works)(void *ctx), void *ctx);
/* The same, of all; for a process that has no map to read. */
int privileges__drop_all(void);

/* Whether CAP_BPF and CAP_PERFMON, or CAP_SYS_ADMIN, are in force. */
bool privileges__may_trace(void);

/* Whether capability @cap (CAP_*) is in force. */
bool privileges__has(int cap);

#endif /* MIGTRACE_PRIVILEGES_H */
