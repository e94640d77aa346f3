/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What belongs to a task for as long as it is in a function: slots in arrays, found by the task's
 * address. An array's element is some ten instructions away and a hash's over a hundred, and eight
 * programs look for it while one page moves. Stage 1.
 *
 * A slot whose task ended with its exit unseen stays taken; four of them in one group, and the tasks
 * that fall there are counted as map_full. Calls and attempts that find no slot take the oldest
 * one's: then an attempt counts as a first one, and a page given back is not counted.
 */
#ifndef MIGTRACE_SLOTS_BPF_H
#define MIGTRACE_SLOTS_BPF_H

#include "maps.bpf.h"

#define MIGRATION_SLOTS	   1024
#define MIGRATE_CALL_SLOTS 1024
#define TRIES_GROUPS	   2048
#define LOOKUP_SLOTS	   1024

/* Of a slot's number: which group of SLOT_WAYS it is. */
const volatile __u32 cfg_migration_mask = MIGRATION_SLOTS - SLOT_WAYS;
const volatile __u32 cfg_lookup_mask = LOOKUP_SLOTS - SLOT_WAYS;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MIGRATION_SLOTS);
	__type(key, __u32);
	__type(value, struct migration);
} migrations SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MIGRATE_CALL_SLOTS);
	__type(key, __u32);
	__type(value, struct migrate_call);
} migrate_calls SEC(".maps");

/*
 * By page: attempts that failed. A page given up leaves its slot to be recycled. Every page that moves is
 * looked for, and most are not there: all its slots are one element of the array.
 */
struct tries_group {
	struct tries way[SLOT_WAYS];
};

struct tries_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TRIES_GROUPS);
	__type(key, __u32);
	__type(value, struct tries_group);
};
struct tries_map tries SEC(".maps");

/* Slow lookups near a migration that have released their lock and not yet returned. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOOKUP_SLOTS);
	__type(key, __u32);
	__type(value, struct lookup);
} lookups SEC(".maps");

/* How many migrations are in flight, the gate of many programs: one too many at times, never less. */
SHARED_WORD(migrating) = 0;

/*
 * The first of a task's slots. task_structs are aligned to cache lines and some KiB apart: what is left
 * of the middle of the product depends on all bits that tell them apart.
 */
static __always_inline __u32 slot_first(__u64 task, __u32 mask)
{
	return task * 0x61c88647 >> 20 & mask;
}

static __always_inline struct migration *migration_of(__u64 task)
{
	__u32 first = slot_first(task, cfg_migration_mask);

#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct migration *m = bpf_map_lookup_elem(&migrations, &at);

		if (m && m->task == task)
			return m;
	}
	return NULL;
}

/* For functions that serve others, too: most calls are not a migration's. */
static __always_inline struct migration *migration_of_current(void)
{
	return migrating ? migration_of(bpf_get_current_task()) : NULL;
}

/* A slot for @task, not yet published; NULL: all are taken. */
static __always_inline struct migration *migration_claim(__u64 task)
{
	__u32 first = slot_first(task, cfg_migration_mask);

#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct migration *m = bpf_map_lookup_elem(&migrations, &at);

		if (!m || m->claims || !claim(&m->claims))
			continue;
		order();
		__sync_fetch_and_add(&migrating, 1);
		return m;
	}
	return NULL;
}

static __always_inline void migration_free(struct migration *m)
{
	*(volatile __u64 *)&m->task = 0;
	order();
	__sync_fetch_and_add(&m->claims, -1);
	__sync_fetch_and_add(&migrating, -1);
}

static __always_inline struct lookup *lookup_of(__u64 task)
{
	__u32 first = slot_first(task, cfg_lookup_mask);

#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct lookup *l = bpf_map_lookup_elem(&lookups, &at);

		if (l && l->task == task)
			return l;
	}
	return NULL;
}

/* A slot for @task, as migration_claim() has them. */
static __always_inline struct lookup *lookup_claim(__u64 task)
{
	__u32 first = slot_first(task, cfg_lookup_mask);

#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct lookup *l = bpf_map_lookup_elem(&lookups, &at);

		if (l && !l->claims && claim(&l->claims))
			return l;
	}
	return NULL;
}

static __always_inline void lookup_free(struct lookup *l)
{
	*(volatile __u64 *)&l->task = 0;
	order();
	__sync_fetch_and_add(&l->claims, -1);
}

static __always_inline struct migrate_call *migrate_call_of(__u64 task)
{
	__u32 first = slot_first(task, MIGRATE_CALL_SLOTS - SLOT_WAYS);

#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct migrate_call *c = bpf_map_lookup_elem(&migrate_calls, &at);

		if (c && c->task == task)
			return c;
	}
	return NULL;
}

static __always_inline struct migrate_call *migrate_call_of_current(void)
{
	return migrate_call_of(bpf_get_current_task());
}

/* The same, or in place of the oldest: nothing tells that a call has ended. */
static __always_inline struct migrate_call *migrate_call_slot(__u64 task)
{
	struct migrate_call *old = migrate_call_of(task);
	__u32 first = slot_first(task, MIGRATE_CALL_SLOTS - SLOT_WAYS);

	if (old)
		return old;
#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		__u32 at = first | i;
		struct migrate_call *c = bpf_map_lookup_elem(&migrate_calls, &at);

		if (c && (!old || c->id < old->id))
			old = c;
	}
	return old;
}

#endif /* MIGTRACE_SLOTS_BPF_H */
