/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The BH_Migrate generation (2d900efff915, 6.15; its lookups, 7ffe3de53a88, are in Debian's 6.12 too):
 * lookups that may sleep wait for the folio's lock, and hold a reference on the folio meanwhile,
 * which makes that very migration fail that they wait for. Stage 1.
 */
#ifndef MIGTRACE_GENERATION_BPF_H
#define MIGTRACE_GENERATION_BPF_H

#include "core.bpf.h"
#include "maps.bpf.h"

/* Lookups at a folio's lock, by task. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct folio_wait);
} folio_waits SEC(".maps");

/*
 * How many lookups wait for a folio, and the sum of the folios' addresses: places that folios share and
 * that stay. (Entries of a hash, made by whoever comes first, counted two who came at once as one, and
 * went down to -1 behind them.)
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct folio_waiters);
} folio_waiters SEC(".maps");

SHARED_WORD(folio_waiting) = 0; /* entries of folio_waits: the gate of the lookups */

static __always_inline struct folio_waiters *folio_waiters_of(__u64 folio)
{
	__u32 at = (folio >> 6 ^ folio >> 16) & 1023;

	return bpf_map_lookup_elem(&folio_waiters, &at);
}

/* One more waits for @folio, or with @n -1 one less. */
static __always_inline void folio_wait_count(__u64 folio, __s64 n)
{
	struct folio_waiters *w = folio_waiters_of(folio);

	if (!w)
		return;
	__sync_fetch_and_add(&w->n, n);
	__sync_fetch_and_add(&w->folios, n < 0 ? -folio : folio);
}

/* The wait of @w is over, seen or not: it is counted no longer. */
static __always_inline void folio_wait_over(struct folio_wait *w)
{
	if (w->wait_ns)
		return;
	w->wait_ns = bpf_ktime_get_ns() - w->t_start ?: 1;
	folio_wait_count(w->folio, -1);
}

static __always_inline void folio_wait_start(__u64 folio)
{
	struct folio_wait w = { .folio = folio, .t_start = bpf_ktime_get_ns() }, *old;
	__u64 task = bpf_get_current_task();

	if (phase != PHASE_RECORDING)
		return;
	old = bpf_map_lookup_elem(&folio_waits, &task);
	if (old) /* of a lookup whose way on was not seen */
		folio_wait_over(old);
	if (bpf_map_update_elem(&folio_waits, &task, &w, BPF_ANY)) {
		lost(LOSS_TABLE_FULL);
		return;
	}
	if (!old)
		__sync_fetch_and_add(&folio_waiting, 1);
	folio_wait_count(folio, 1);
}

static __always_inline void folio_wait_end(void)
{
	__u64 task = bpf_get_current_task();
	struct folio_wait *w;

	if (!folio_waiting)
		return;
	w = bpf_map_lookup_elem(&folio_waits, &task);
	if (w)
		folio_wait_over(w);
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
	folio_wait_over(w);
	ns = w->wait_ns;
	bpf_map_delete_elem(&folio_waits, &task);
	__sync_fetch_and_add(&folio_waiting, -1);
	return ns;
}

/* Is a lookup waiting for this folio's lock, and thus holding a reference? Not if that can't be told. */
static __always_inline bool folio_awaited(__u64 folio)
{
	struct folio_waiters *w = folio_waiting ? folio_waiters_of(folio) : NULL;

	return w && w->n && w->folios == w->n * folio;
}

#endif /* MIGTRACE_GENERATION_BPF_H */
