/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Blocks whose buffers stopped a norefs migration by being referenced, and who looked such a one up last
 * (--pinned). Nothing of it is in a program that was not asked for it: cfg_pinned is known to the
 * verifier. Stage 1.
 */
#ifndef MIGTRACE_PINNED_BPF_H
#define MIGTRACE_PINNED_BPF_H

#include "core.bpf.h"
#include "maps.bpf.h"

const volatile bool cfg_pinned = false;
/*
 * fs/buffer.c's bh_lrus and the offsets of the CPUs' variables, by their symbols; 0: not known. 16
 * buffers each since 241f01fbe6e1 ("fs/buffer.c: increase the buffer-head per-CPU LRU size", 4.1).
 */
const volatile __u64 cfg_lrus = 0, cfg_cpu_offsets = 0;
const volatile __u32 cfg_lru_cpus = 1;

#define LRU_SIZE 16

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PINNED_KEPT);
	__type(key, struct pinned_key);
	__type(value, struct pinned);
} pinned_blocks SEC(".maps");

/* Global functions, to be walked once each. */

/* Has a CPU @bh among the buffers that it looked up last? Others' may change meanwhile. */
__noinline int pinned_in_lru(__u64 bh)
{
	for (__u32 cpu = 0; cpu < LRU_CPUS_MAX && cpu < cfg_lru_cpus; cpu++) {
		__u64 offset = 0, lru[LRU_SIZE];

		if (bpf_probe_read_kernel(&offset, sizeof(offset),
					  (void *)(cfg_cpu_offsets + 8 * cpu)) ||
		    bpf_probe_read_kernel(lru, sizeof(lru), (void *)(cfg_lrus + offset)))
			continue;
#pragma unroll
		for (int i = 0; i < LRU_SIZE; i++)
			if (lru[i] == bh)
				return 1;
	}
	return 0;
}

/* @bh of @dev has just stopped a migration. */
__noinline int pinned_note(__u64 bh, __u32 dev)
{
	struct pinned_key key = { core_bh_block(bh), dev, core_bh_size(bh) };
	struct pinned *p = bpf_map_lookup_elem(&pinned_blocks, &key);
	__u64 now = bpf_ktime_get_ns();

	if (!p) {
		struct pinned first = { .first_ns = now, .stack = -1 };

		bpf_map_update_elem(&pinned_blocks, &key, &first, BPF_NOEXIST);
		p = bpf_map_lookup_elem(&pinned_blocks, &key);
	}
	if (!p) {
		count(COUNTER_PINNED_UNKEPT);
		return 0;
	}
	p->last_ns = now;
	p->count = core_bh_count(bh);
	__sync_fetch_and_add(&p->tries, 1);
	if (core_bh_journaled(bh))
		__sync_fetch_and_add(&p->journal, 1);
	if (cfg_lrus && pinned_in_lru(bh))
		__sync_fetch_and_add(&p->in_lru, 1);
	return 0;
}

/* Those of @head's folio that are still referenced. */
__noinline int pinned_failed(__u64 head, __u32 dev)
{
	__u64 bh = head, look;

	for (__u32 i = 0; i < cfg_folio_buffers && bh; i++) {
		look = buffer_look(bh);
		if (look & BUFFER_REFERENCED)
			pinned_note(bh, dev);
		bh = buffer_at(look);
		if (bh == head)
			return 0;
	}
	return 0;
}

/*
 * A lookup found @block: of those that have stopped a migration, who was the last? Told to a millisecond: a
 * stack for each lookup of a busy bitmap took so long on 7.3 that thousands of other lookups, preempting it
 * on its CPU, went by unseen.
 */
#define TAKEN_NS 1000000

static __always_inline void pinned_taken(void *ctx, __u32 dev, __u64 block, __u32 size)
{
	struct pinned_key key = { block, dev, size };
	struct pinned *p = bpf_map_lookup_elem(&pinned_blocks, &key);

	__u64 now = bpf_ktime_get_ns();

	if (!p || now - p->taken_ns < TAKEN_NS)
		return;
	p->taken_ns = now;
	p->pid = (__u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(p->comm, sizeof(p->comm));
	p->stack = stack_keep(ctx);
}

#endif /* MIGTRACE_PINNED_BPF_H */
