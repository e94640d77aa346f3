/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The `lock` clock: programs on the lock functions themselves, gated by what the current task is
 * doing. Exact and independent of call sites, at the price that every spinlock in the system pays
 * a trampoline while it is on. Never on kernels whose trampolines have no recursion guard (5.10;
 * added by ca06f55b9002 "bpf: Add per-program recursion prevention mechanism", 5.12): the hash
 * lookups below take raw spinlocks themselves.
 */
#ifndef MIGTRACE_LOCKCLOCK_BPF_H
#define MIGTRACE_LOCKCLOCK_BPF_H

#include "lookup.bpf.h"
#include "norefs.bpf.h"

struct lock_watch {
	__u64 lock;
	__u32 site, dev;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u64);
	__type(value, struct lock_watch);
} lock_watches SEC(".maps");

SHARED_WORD(watching) = 0; /* the gate: nobody is in a watched function */

/* From here on the current task's use of @lock is a section of @site. */
static __always_inline void lock_watch_start(__u32 site, __u64 lock, __u32 dev)
{
	__u64 task = bpf_get_current_task();
	struct lock_watch w = { .lock = lock, .site = site, .dev = dev };

	if (bpf_map_update_elem(&lock_watches, &task, &w, BPF_ANY))
		lost(LOSS_MAP_FULL);
	else
		__sync_fetch_and_add(&watching, 1);
}

static __always_inline void lock_watch_stop(void)
{
	__u64 task = bpf_get_current_task();

	if (!bpf_map_delete_elem(&lock_watches, &task))
		__sync_fetch_and_add(&watching, -1);
}

static __always_inline struct lock_watch *lock_watched(__u64 lock)
{
	struct lock_watch *w;
	__u64 task;

	if (!watching)
		return NULL;
	task = bpf_get_current_task();
	w = bpf_map_lookup_elem(&lock_watches, &task);
	return w && w->lock == lock ? w : NULL;
}

static __always_inline void lock_watch_mapping(__u32 site, __u64 mapping)
{
	lock_watch_start(site, mapping + core_private_lock_offset(), core_dev_of_mapping(mapping));
}

static __always_inline void lock_called(__u64 lock)
{
	struct lock_watch *w = lock_watched(lock);

	if (!w)
		return;
	if (w->site == SITE_MIGRATE_NOREFS)
		norefs_called();
	else
		section_call(w->site, lock, w->dev);
}

static __always_inline void lock_acquired(__u64 lock)
{
	struct lock_watch *w = lock_watched(lock);

	if (!w)
		return;
	if (w->site == SITE_MIGRATE_NOREFS)
		norefs_acquired(0);
	else
		section_acquire(w->site, bpf_ktime_get_ns());
}

static __always_inline void lock_released(void *ctx, __u64 lock)
{
	struct lock_watch *w = lock_watched(lock);

	if (!w)
		return;
	if (w->site == SITE_MIGRATE_NOREFS)
		norefs_released();
	else if (w->site == SITE_FIND_GET_BLOCK)
		lookup_released(ctx,
				*(volatile __u64 *)&w->lock); /* a number: @lock is a pointer */
	else
		section_end(ctx, w->site, lock, bpf_ktime_get_ns());
}

#endif /* MIGTRACE_LOCKCLOCK_BPF_H */
