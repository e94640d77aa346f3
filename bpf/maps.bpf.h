/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps, settings, and the two ways in: one more sample, one more loss. Stage 1.
 * Everything that counts is per CPU; user space adds up.
 */
#ifndef MIGTRACE_MAPS_BPF_H
#define MIGTRACE_MAPS_BPF_H

#include "event.h"

/* Settings, fixed before the load: the verifier drops the branches that are off. */
const volatile bool cfg_preemptible = false; /* PREEMPT_RT: a section may sleep and migrate */
const volatile bool cfg_pair = false;	     /* pair lookups with windows (full tier) */
const volatile bool cfg_stacks = false;
const volatile __u32 cfg_page_shift = 12;
const volatile __u32 cfg_device = 0; /* 0: every device */
/*
 * For what runs for months: no key that comes with time, as devices and counts do, and no events.
 * (Under a hard load there are 400 doubtful lookups a second, each waking the reader: 20 % of a CPU.)
 */
const volatile bool cfg_totals = false;

volatile __u32 phase = PHASE_IDLE;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, struct hist_key);
	__type(value, struct hist);
} hists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SITE_SLOTS);
	__type(key, __u32);
	__type(value, struct site_cpu);
} sites SEC(".maps");

/* PREEMPT_RT only: there the section in flight belongs to a task, not to a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct task_site);
	__type(value, struct section);
} rt_sections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct all_counters);
} counters SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 2048);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* A stack map's places are fixed by the stack's hash: what finds its own taken goes here. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks_more SEC(".maps");

/* Shared by the CPUs: an entry is raised when a migration fails, and by two tasks at once rarely. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 512);
	__type(key, struct refcount_key);
	__type(value, __u64);
} refcounts SEC(".maps");

static __always_inline void count_by(__u32 id, __u64 n)
{
	__u32 all = 0;
	__u64 i = id;
	struct all_counters *c = bpf_map_lookup_elem(&counters, &all);

	barrier_var(i); /* the register that is compared has to be the one that is used */
	if (c && i < COUNTER_COUNT)
		c->n[i] += n;
}

static __always_inline void count(__u32 id)
{
	count_by(id, 1);
}

static __always_inline void lost(__u32 reason)
{
	count(COUNTER_LOSS + reason);
}

/*
 * The caller's stack as an id, -1: not asked for or not kept. Two stacks whose hashes fall on one
 * place happen (once, the migrator's own met another: 38 of 2631 reports had both sides), so that
 * there are two maps of different size; what neither takes is counted.
 */
static __always_inline __s32 stack_keep(void *ctx)
{
	__s32 id;

	if (!cfg_stacks)
		return -1;
	id = bpf_get_stackid(ctx, &stacks, 0);
	if (id >= 0)
		return id;
	id = bpf_get_stackid(ctx, &stacks_more, 0);
	if (id >= 0)
		return id | STACK_MORE;
	count(COUNTER_STACKS_MISSING);
	return -1;
}

static __always_inline void sample(__u32 dev, __u8 site, __u8 kind, __u8 outcome, __u64 ns)
{
	struct hist_key key = { .site = site, .kind = kind, .outcome = outcome };
	struct hist *h;

	if (!cfg_totals)
		key.dev = dev;
	h = bpf_map_lookup_elem(&hists, &key);
	if (!h) {
		static const struct hist empty;

		bpf_map_update_elem(&hists, &key, &empty, BPF_NOEXIST);
		h = bpf_map_lookup_elem(&hists, &key);
		if (!h) {
			lost(LOSS_MAP_FULL);
			return;
		}
	}
	hist_add(h, ns);
}

/* Index: site * 2, + 1 for waits. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SITE_SLOTS * 2);
	__type(key, __u32);
	__type(value, struct worst_list);
} worsts SEC(".maps");

/*
 * Which place of list @i a value above its least one takes; WORST_KEPT: none. A global function, so
 * that the verifier walks the loop once and not in every program that times a hold.
 */
__noinline int worst_rank(__u32 i, __u64 ns)
{
	struct worst_list *l = bpf_map_lookup_elem(&worsts, &i);
	__u64 least = ~0ULL, next = ~0ULL;
	int at = WORST_KEPT;

	if (!l)
		return at;
	for (i = 0; i < WORST_KEPT; i++) {
		__u64 v = l->v[i].ns;

		if (v < least) {
			next = least;
			least = v;
			at = i;
		} else if (v < next) {
			next = v;
		}
	}
	l->least_ns = next < ns ? next : ns;
	return at;
}

/* A place in the list for a value above its least one, NULL otherwise (nearly always). */
static __always_inline struct worst_sample *worst_place(__u32 site, __u8 kind, __u64 ns)
{
	__u32 i = site * 2 + (kind == KIND_WAIT);
	struct worst_list *l = bpf_map_lookup_elem(&worsts, &i);
	__u64 at;

	if (!l || ns <= l->least_ns)
		return NULL;
	at = worst_rank(i, ns);
	if (at >= WORST_KEPT)
		return NULL;
	barrier_var(at); /* else the mask, which the verifier needs to see, would be dropped */
	return &l->v[at & (WORST_KEPT - 1)];
}

static __always_inline struct worst_sample *worst_note(void *ctx, __u32 site, __u8 kind, __u64 ns,
						       __u32 dev)
{
	struct worst_sample *w = worst_place(site, kind, ns);

	if (!w)
		return NULL;
	w->ns = ns;
	w->dev = dev;
	w->pid = (__u32)bpf_get_current_pid_tgid();
	w->cpu = bpf_get_smp_processor_id();
	w->mode = -1;
	w->outcome = OUTCOME_NONE;
	w->buffers = 0;
	w->stack = stack_keep(ctx);
	bpf_get_current_comm(w->comm, sizeof(w->comm));
	return w;
}

#endif /* MIGTRACE_MAPS_BPF_H */
