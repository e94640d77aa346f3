/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BH_Migrate era (2d900efff915, 6.15; its lookups, 7ffe3de53a88, are in Debian's 6.12 too):
 * lookups that may sleep wait for the folio's lock, and hold a reference on the folio meanwhile,
 * which makes that very migration fail that they wait for. Stage 1.
 */
#ifndef MIGTRACE_ERA_BPF_H
#define MIGTRACE_ERA_BPF_H

#include "core.bpf.h"
#include "maps.bpf.h"

/* Lookups at a folio's lock, by task. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct folio_wait);
} folio_waits SEC(".maps");

/* How many lookups wait for a folio, by folio. Entries stay at zero until they are recycled. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, __u64);
} folio_waiters SEC(".maps");

volatile __u64 folio_waiting = 0; /* entries of folio_waits: the gate of the lookups */

static __always_inline void folio_wait_start(__u64 folio)
{
	__u64 task = bpf_get_current_task(), *n, one = 1;
	struct folio_wait w = { .folio = folio, .t_start = bpf_ktime_get_ns() };

	if (phase != PHASE_RECORDING)
		return;
	if (bpf_map_update_elem(&folio_waits, &task, &w, BPF_ANY)) {
		lost(LOSS_MAP_FULL);
		return;
	}
	__sync_fetch_and_add(&folio_waiting, 1);
	n = bpf_map_lookup_elem(&folio_waiters, &folio);
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		bpf_map_update_elem(&folio_waiters, &folio, &one, BPF_ANY);
}

static __always_inline void folio_wait_end(void)
{
	__u64 task = bpf_get_current_task(), *n;
	struct folio_wait *w;

	if (!folio_waiting)
		return;
	w = bpf_map_lookup_elem(&folio_waits, &task);
	if (!w)
		return;
	w->wait_ns = bpf_ktime_get_ns() - w->t_start ?: 1;
	n = bpf_map_lookup_elem(&folio_waiters, &w->folio);
	if (n)
		__sync_fetch_and_add(n, -1);
}

/* What this task's lookup has waited, 0 if it has not; forgets it. */
static __always_inline __u64 folio_wait_take(void)
{
	__u64 task = bpf_get_current_task(), ns;
	struct folio_wait *w;

	if (!folio_waiting)
		return 0;
	w = bpf_map_lookup_elem(&folio_waits, &task);
	if (!w)
		return 0;
	ns = w->wait_ns;
	bpf_map_delete_elem(&folio_waits, &task);
	__sync_fetch_and_add(&folio_waiting, -1);
	return ns;
}

/* Is a lookup waiting for this folio's lock, and thus holding a reference? */
static __always_inline bool folio_awaited(__u64 folio)
{
	__u64 *n;

	if (!folio_waiting)
		return false;
	n = bpf_map_lookup_elem(&folio_waiters, &folio);
	return n && *n;
}

#endif /* MIGTRACE_ERA_BPF_H */
