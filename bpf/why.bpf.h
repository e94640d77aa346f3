/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What became of migrations by why the kernel migrates, the last but one argument of migrate_pages(): it
 * stays in the slot of the task's call. Stage 1. An allocation for a new page can compact, and thus
 * call it once more; what the outer call moves then goes to the inner one's reason.
 */
#ifndef MIGTRACE_WHY_BPF_H
#define MIGTRACE_WHY_BPF_H

#include "slots.bpf.h"

/* Asked for, and calls of migrate_pages() are seen. */
const volatile bool cfg_why = false;

BY_CPU(whys, WHY_COUNT, struct why);

/*
 * Holds of norefs. All CPUs' are in one: for each it would take a tenth of what all maps do, and a
 * migration takes long enough for two atomic adds more. Min and max are those of its buckets.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WHY_COUNT);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct hist);
} why_holds SEC(".maps");

static __always_inline void why_hold(__u32 why, __u64 ns)
{
	struct hist *h = bpf_map_lookup_elem(&why_holds, &why);
	__u64 i = hist_index(hist_apart(ns));

	if (!h)
		return;
	__sync_fetch_and_add(&h->sum_ns, ns);
	barrier_var(i);
	if (i < HIST_BUCKETS)
		__sync_fetch_and_add(&h->bucket[i], 1);
}

#define WHY_UNCHECKED 0x100 /* without the check */
#define WHY_FIRST     0x200 /* the first attempt at its page in that call */

/*
 * A migration ended: enum reason and the bits above, and how long its lock sections were, 0: there was
 * none. A global function, to be walked once.
 */
__noinline int why_note(__u32 what, __u64 hold_ns, __u64 second_ns)
{
	struct migrate_call *c = migrate_call_of_current();
	__u32 key = c && c->why < WHY_UNKNOWN ? c->why : WHY_UNKNOWN, at = by_cpu(WHY_COUNT, key);
	struct why *w = bpf_map_lookup_elem(&whys, &at);
	__u64 result = what & 0xff;
	struct why_path *p;

	if (!w)
		return 0;
	p = what & WHY_UNCHECKED ? &w->path[PATH_BUFFERS] : &w->path[PATH_NOREFS];
	barrier_var(result);
	if (result < REASON_COUNT)
		p->result[result]++;
	if (what & WHY_FIRST)
		p->pages++;
	if (hold_ns)
		why_hold(key, hold_ns);
	if (second_ns)
		why_hold(key, second_ns);
	return 0;
}

#endif /* MIGTRACE_WHY_BPF_H */
