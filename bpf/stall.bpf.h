/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Lookups and migrations that wait for long, told while they do: those that sleep, for a folio or a buffer.
 * They leave an entry with their stack, which does not change until they wake. Stage 1.
 */
#ifndef MIGTRACE_STALL_BPF_H
#define MIGTRACE_STALL_BPF_H

#include "code.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct stall_wait);
} stalls SEC(".maps");

/* Of those that wait for long there are few, unlike of what cfg_stacks is about. */
static __always_inline __s32 stall_stack(void *ctx)
{
	return cfg_stall_stacks ? stack_take(ctx, 0) : -1;
}

static __always_inline void stall_begins(void *ctx, struct stall_wait *w)
{
	__u64 task = bpf_get_current_task();

	if (phase != PHASE_RECORDING)
		return;
	w->t_start = bpf_ktime_get_ns();
	w->pid = (__u32)bpf_get_current_pid_tgid();
	w->cpu = bpf_get_smp_processor_id();
	w->stack = stall_stack(ctx);
	bpf_get_current_comm(w->comm, sizeof(w->comm));
	if (bpf_map_update_elem(&stalls, &task, w, BPF_ANY))
		lost(LOSS_TABLE_FULL);
}

static __always_inline void stall_ends(__u64 now)
{
	__u64 task = bpf_get_current_task();
	struct stall_wait *w = bpf_map_lookup_elem(&stalls, &task);

	if (!w || w->t_end)
		return;
	if (now >= w->t_start + cfg_stall_ns) {
		count(COUNTER_STALL + (w->what < STALL_COUNT ? w->what : 0));
		if (cfg_stall_told) {
			w->t_end = now; /* who tells takes it out */
			return;
		}
	}
	bpf_map_delete_elem(&stalls, &task);
}

#endif /* MIGTRACE_STALL_BPF_H */
