/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What happens around the move: isolation by compaction, which dereferences a page's mapping that
 * a truncation may be taking away (69d763fc6d3a "mm: pin address_space before dereferencing it while
 * isolating an LRU page"); pages truncated between isolation and move; attempts at one page within
 * one call of migrate_pages(). Stage 1.
 */
#ifndef MIGTRACE_ISOLATE_BPF_H
#define MIGTRACE_ISOLATE_BPF_H

#include "core.bpf.h"
#include "slots.bpf.h"

#define ISOLATE_ASYNC_MIGRATE 0x4 /* mmzone.h: the same since 3.3 */
#define ISOLATE_UNEVICTABLE   0x8

/* Calls of migrate_pages() are seen. */
const volatile bool cfg_tries = false;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct isolating);
} isolations SEC(".maps");

/* @put takes the unused new pages back; without it they are freed. */
static __always_inline void migrate_called(const void *put, __u32 why)
{
	__u64 task = bpf_get_current_task();
	struct migrate_call *c;

	if (phase != PHASE_RECORDING)
		return;
	c = migrate_call_slot(task);
	if (!c)
		return;
	c->id = bpf_ktime_get_ns();
	c->moved = 0;
	c->src = 0;
	c->gives_back = put != NULL;
	c->why = why;
	c->task = task;
}

/* Where @map has @page's attempts: its own slot, or with @claim the one that is the oldest. */
static __always_inline struct tries *tries_of(struct tries_map *map, __u64 page, bool claim)
{
	__u32 at = (__u32)(page >> 8 ^ page >> 20) & (TRIES_GROUPS - 1);
	struct tries_group *g = bpf_map_lookup_elem(map, &at);
	struct tries *old = NULL;

	if (!g)
		return NULL;
#pragma unroll
	for (int i = 0; i < SLOT_WAYS; i++) {
		struct tries *t = &g->way[i];

		if (t->page == page)
			return t;
		if (!old || t->call < old->call)
			old = t;
	}
	return claim ? old : NULL;
}

/* Which attempt at @page within @call is the one that ended with @ret, from 1 on; kept if it failed. */
static __always_inline __u64 tries_note(struct tries_map *map, __u64 page, __u64 call, int ret)
{
	struct tries *t = tries_of(map, page, true);
	__u64 n = 1;

	if (!t)
		return n;
	if (t->page == page && t->call == call)
		n += t->n;
	t->page = ret ? page : 0;
	t->call = ret ? call : 0;
	t->n = n;
	return n;
}

static __always_inline void tried_count(struct cpu_state *cpu, __u32 path, __u64 n, int ret)
{
	__u32 i = n < TRIES_KEPT ? n - 1 : TRIES_KEPT - 1;

	cpu_count(cpu, COUNTER_TRY + path * 2 * TRIES_KEPT + i);
	if (!ret)
		cpu_count(cpu, COUNTER_TRY + (path * 2 + 1) * TRIES_KEPT + i);
}

/*
 * An attempt at @page that failed, or moved it behind failed ones: which one it was. A global function to
 * be walked once.
 */
__noinline int tried_again(__u32 path, __u64 page, int ret)
{
	struct migrate_call *c = migrate_call_of_current();
	__u64 n = tries_note(&tries, page, c ? c->id : 0, ret);
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		tried_count(cpu, path, n, ret);
	return n < TRIES_KEPT ? n : TRIES_KEPT;
}

/* One more attempt at @page on @path ended with @ret. Most move at once, in whichever call it was: 1. */
static __always_inline int tried(struct cpu_state *cpu, __u32 path, __u64 page, int ret)
{
	struct tries *t = ret ? NULL : tries_of(&tries, page, false);

	if (ret || t)
		return tried_again(path, page, ret);
	tried_count(cpu, path, 1, 0);
	return 1;
}

static __always_inline void isolation_begins(__u64 cc, __u32 mode)
{
	__u64 task = bpf_get_current_task();
	struct isolating i = { .cc = cc, .taken = core_isolated(cc), .mode = mode };

	if (rare_phase == PHASE_RECORDING && bpf_map_update_elem(&isolations, &task, &i, BPF_ANY))
		lost(LOSS_TABLE_FULL);
}

static __always_inline void isolation_ends(void)
{
	__u64 task = bpf_get_current_task(), taken;
	struct isolating *i = bpf_map_lookup_elem(&isolations, &task);
	__u32 id = COUNTER_ISOLATION + ISO_TAKEN;

	if (!i)
		return;
	taken = core_isolated(i->cc);
	id += i->mode & ISOLATE_ASYNC_MIGRATE ? 1 : 0;
	id += i->mode & ISOLATE_UNEVICTABLE ? 2 : 0;
	if (taken > i->taken) /* less: it has put back what it had taken */
		count_by(id, taken - i->taken);
	bpf_map_delete_elem(&isolations, &task);
}

/* The page's lock, taken to look at its mapping, is about to be released. */
static __always_inline void isolation_looked(__u64 page)
{
	__u64 task = bpf_get_current_task(), mapping;

	if (!bpf_map_lookup_elem(&isolations, &task))
		return;
	count(COUNTER_ISOLATION + ISO_DEREFERENCED);
	mapping = core_folio_mapping(page);
	if (!mapping)
		count(COUNTER_ISOLATION + ISO_MAPPING_GONE);
	else if (core_mapping_exiting(mapping))
		count(COUNTER_ISOLATION + ISO_MAPPING_EXITING);
}

/* Of the page at its move's end: under its lock, nothing but the move takes its mapping away. */
static __always_inline void move_ended(__u64 page, bool mapped, int ret)
{
	struct cpu_state *cpu = this_cpu();
	struct migrate_call *c;

	if (rare_phase != PHASE_RECORDING || !cpu)
		return;
	cpu_count(cpu, COUNTER_ISOLATION + ISO_MOVES);
	if (!mapped)
		cpu_count(cpu, COUNTER_ISOLATION + ISO_GONE_AT_MOVE);
	c = ret ? NULL : migrate_call_of_current();
	if (c)
		c->moved = page;
}

/*
 * Where the move's arguments are not at hand at its exit: they wait in the slot of the call that it
 * belongs to. Without one, which was not seen to begin, nothing is counted.
 */
static __always_inline void move_began(__u64 dst, __u64 src)
{
	struct migrate_call *c = migrate_call_of_current();

	if (!c || rare_phase != PHASE_RECORDING)
		return;
	c->dst = dst;
	c->src = src;
}

static __always_inline void move_result(int ret)
{
	struct migrate_call *c = migrate_call_of_current();
	__u64 src;

	if (!c || !c->src)
		return;
	src = c->src;
	c->src = 0;
	move_ended(src, core_folio_mapping(c->dst) || core_folio_mapping(src), ret);
}

/*
 * migrate_pages() frees a page, whose last reference it has just dropped: the one that it has moved
 * last, or one that nobody else had any more. Which page it is stands in no register yet.
 */
static __always_inline void move_frees(void)
{
	struct migrate_call *c = migrate_call_of_current();

	if (!c || !c->gives_back || rare_phase != PHASE_RECORDING)
		return;
	if (c->id < rare_since) /* what it had moved before nobody noted */
		return;
	if (!c->moved || core_folio_refs(c->moved))
		count(COUNTER_ISOLATION + ISO_FREED);
	else
		c->moved = 0;
}

static __always_inline void move_orphan(void)
{
	if (rare_phase == PHASE_RECORDING)
		count(COUNTER_ISOLATION + ISO_ORPHANED);
}

#endif /* MIGTRACE_ISOLATE_BPF_H */
