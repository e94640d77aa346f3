/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Entry and exit of a migration with buffers where the one function behind both ways can't be probed:
 * a compiler made parts or copies of it, which have not its arguments. The ways are two functions that
 * pass everything on and differ in the check alone. Stage 1.
 */
#ifndef MIGTRACE_WAYS_BPF_H
#define MIGTRACE_WAYS_BPF_H

#include <bpf/bpf_tracing.h>

#include "norefs.bpf.h"

#define WAY_PROGRAMS(name, check)                                                                  \
	SEC("?fentry")                                                                             \
	int BPF_PROG(name##_enter, void *mapping, void *dst, void *src, int mode)                  \
	{                                                                                          \
		norefs_entered(ctx, true, mapping, dst, src, mode, check);                         \
		return 0;                                                                          \
	}                                                                                          \
	SEC("?fexit")                                                                              \
	int BPF_PROG(name##_exit, void *mapping, void *dst, void *src, int mode, int ret)          \
	{                                                                                          \
		norefs_exited(ctx, (__u64)src, ret);                                               \
		return 0;                                                                          \
	}                                                                                          \
	SEC("?kprobe")                                                                             \
	int BPF_KPROBE(name##_entry, void *mapping, void *dst, void *src, int mode)                \
	{                                                                                          \
		norefs_entered(ctx, false, mapping, dst, src, mode, check);                        \
		return 0;                                                                          \
	}

WAY_PROGRAMS(norefs_way, true)
WAY_PROGRAMS(unchecked_way, false)

#endif /* MIGTRACE_WAYS_BPF_H */
