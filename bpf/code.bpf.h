/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What a stack says the kernel is doing. Stage 1. */
#ifndef MIGTRACE_CODE_BPF_H
#define MIGTRACE_CODE_BPF_H

#include "maps.bpf.h"

/* Filled in before anything is attached (code.c): starts, ends, enum code; an empty one is the last. */
volatile __u64 code_ranges[CODE_WORDS] = {};

#define CODE_FRAMES 32

/*
 * A stack while it is looked at: too long for one of ours. A program that is preempted or interrupted
 * there has it until it goes on, and whoever comes meanwhile takes the next one.
 */
#define CODE_STACKS 3

struct code_stack {
	__u64 claims;
	__u64 ip[CODE_FRAMES];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CODE_STACKS);
	__type(key, __u32);
	__type(value, struct code_stack);
} code_stacks SEC(".maps");

/* A global function, so that the verifier walks the loops once. */
__noinline int code_of_frame(__u64 ip)
{
	for (__u32 i = 0; i < CODE_RANGES; i++) {
		if (!code_ranges[CODE_END + i])
			break;
		if (ip >= code_ranges[CODE_START + i] && ip < code_ranges[CODE_END + i])
			return code_ranges[CODE_WHAT + i];
	}
	return 0;
}

/* A stack of this CPU's that nobody looks at; NULL: there is none. */
static __always_inline struct code_stack *code_claim(void)
{
	for (__u32 i = 0; i < CODE_STACKS; i++) {
		__u32 at = i;
		struct code_stack *s = bpf_map_lookup_elem(&code_stacks, &at);

		if (s && claim(&s->claims))
			return s;
	}
	return NULL;
}

/* What the current context is about, of enum code: all that its stack has. Where somebody waits only. */
static __always_inline __u32 code_of_stack(void *ctx)
{
	struct code_stack *s = code_claim();
	__u32 code = 0;
	long size;

	if (!s) {
		lost(LOSS_TABLE_FULL);
		return 0;
	}
	size = bpf_get_stack(ctx, s->ip, sizeof(s->ip), 0);
	for (__u32 i = 0; i < CODE_FRAMES; i++) {
		if ((long)(i * sizeof(*s->ip)) >= size)
			break;
		code |= code_of_frame(s->ip[i]);
	}
	__sync_fetch_and_add(&s->claims, -1);
	return code;
}

#endif /* MIGTRACE_CODE_BPF_H */
