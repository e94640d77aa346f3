/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Who empties the CPUs' batches of pages (each holds a reference on its folios until these are on an LRU
 * list) and their buffer LRUs (each has a b_count of what was looked up last), and what comes of norefs
 * migrations right after (--drains). Stage 1.
 *
 * lru_add_drain_all() and lru_cache_disable() ask all CPUs for both; up to 5.12 for the batches alone
 * (8cc621d2f45d, "mm: fs: invalidate BH LRU during page migration"). invalidate_bh_lrus() asks for the
 * buffers alone, and is what a norefs migration itself calls when it has found one referenced.
 */
#ifndef MIGTRACE_DRAINS_BPF_H
#define MIGTRACE_DRAINS_BPF_H

#include "slots.bpf.h"

const volatile bool cfg_drains = false;
/* Tracepoints tell who drains: at the functions' ends there is nothing more to count. */
const volatile bool cfg_drains_told = false;

#define DRAIN_NEAR_NS 1000000

BY_CPU(drains_cpus, 1, struct drains_cpu);

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, DRAIN_CALLERS);
	__type(key, struct drain_key);
	__type(value, struct drain_value);
} drain_callers SEC(".maps");

/* When one of each kind was last done. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DRAIN_KINDS);
	__type(key, __u32);
	__type(value, struct drain_left);
} drains_left SEC(".maps");

static __always_inline struct drains_cpu *drains_of_cpu(void)
{
	__u32 at = by_cpu(1, 0);

	return bpf_map_lookup_elem(&drains_cpus, &at);
}

/* By whom. What finds no room is still in the sum. */
static __always_inline void drain_caller(void *ctx, __u32 kind, __u32 folios)
{
	struct drain_value *v, none = {};
	struct drain_key key = { .kind = kind };

	key.stack = stack_take(ctx, 0);
	bpf_get_current_comm(key.comm, sizeof(key.comm));
	v = bpf_map_lookup_elem(&drain_callers, &key);
	if (!v) {
		bpf_map_update_elem(&drain_callers, &key, &none, BPF_NOEXIST);
		v = bpf_map_lookup_elem(&drain_callers, &key);
	}
	if (!v)
		return;
	__sync_fetch_and_add(&v->count, 1);
	if (folios) /* of an add of nothing the compiler makes an or, which 5.10 does not know */
		__sync_fetch_and_add(&v->folios, folios);
}

static __always_inline void drain_seen(void *ctx, __u32 kind, __u32 folios)
{
	struct drains_cpu *cpu = drains_of_cpu();

	if (!cpu || phase != PHASE_RECORDING)
		return;
	__sync_fetch_and_add(&cpu->drains[kind], 1);
	if (folios)
		__sync_fetch_and_add(&cpu->folios, folios);
	drain_caller(ctx, kind, folios);
}

static __always_inline void drain_done(__u32 kind)
{
	struct drain_left *l = bpf_map_lookup_elem(&drains_left, &kind);

	if (l)
		l->ns = bpf_ktime_get_ns();
}

/* One CPU's batch of @folios. */
static __always_inline void drain_of_batch(void *ctx, __u32 folios)
{
	drain_seen(ctx, DRAIN_BATCH, folios);
	drain_done(DRAIN_BATCH);
}

/* All CPUs were asked, and have done it. */
static __always_inline void drain_of_all(void *ctx)
{
	if (!cfg_drains_told)
		drain_seen(ctx, DRAIN_ALL, 0);
	drain_done(DRAIN_ALL);
}

static __always_inline void drain_of_buffers(void *ctx)
{
	struct migration *m = migration_of_current();

	drain_seen(ctx, DRAIN_BUFFERS, 0);
	drain_done(DRAIN_BUFFERS);
	if (m)
		m->now.drains = 1;
}

/* Which was done within a millisecond before now, of several the one that does most. A global function. */
__noinline int drain_before(void)
{
	__u64 now = bpf_ktime_get_ns();

	for (__u32 i = 0; i < DRAIN_KINDS; i++) {
		__u32 kind = i;
		struct drain_left *l = bpf_map_lookup_elem(&drains_left, &kind);

		if (l && l->ns && l->ns <= now && now - l->ns <= DRAIN_NEAR_NS)
			return i;
	}
	return DRAIN_NONE;
}

/* A norefs migration ended for @reason; @after: what drain_before() said when it began. A global function. */
__noinline int drain_result(__u32 after, __u32 reason, __u32 itself)
{
	struct drains_cpu *cpu = drains_of_cpu();
	__u64 at = after, what = reason;

	if (!cpu)
		return 0;
	barrier_var(at); /* as site_of() has it */
	barrier_var(what);
	if (at >= DRAIN_ITSELF || what >= REASON_COUNT)
		return 0;
	barrier_var(at);
	barrier_var(what);
	__sync_fetch_and_add(&cpu->result[at][what], 1);
	if (itself)
		__sync_fetch_and_add(&cpu->result[DRAIN_ITSELF][what], 1);
	return 0;
}

#endif /* MIGTRACE_DRAINS_BPF_H */
