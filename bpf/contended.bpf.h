/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * How often somebody waited when a site's lock was released: the tracepoint lock:contended_release,
 * which for spinlocks is there since 7.3 on x86 (fc6ad5eadcd1, 216c6c67f7f1). It fires in the owner,
 * for every contended lock of the system, and says which lock, not where it was released: that is the
 * return address of the unlock function's call, on the stack. No program runs on any lock function,
 * and none where nobody waits. Stage 1.
 */
#ifndef MIGTRACE_CONTENDED_BPF_H
#define MIGTRACE_CONTENDED_BPF_H

#include "section.bpf.h"

/* By the address that a site's call of the unlock function returns to: the site. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 128);
	__type(key, __u64);
	__type(value, __u32);
} contended_places SEC(".maps");

/* How often, by site and owner's stack; with --stacks. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct contended_key);
	__type(value, __u64);
} contended_owners SEC(".maps");

/*
 * How many frames are between this program and the one that released, the same for all on a kernel: 1
 * more than that, learned from the floor's section (contended.c); 0: not yet.
 */
volatile __u32 contended_depth = 0;
volatile __u32 contended_learning = 0;

#define CONTENDED_FRAMES 16
/*
 * Trampolines of others on the lock functions add a frame or two. No more than these: who was
 * interrupted in a site's unlock function has that site in its stack, far below.
 */
#define CONTENDED_ABOVE	 1
#define CONTENDED_WINDOW 4

static __always_inline void contended_owner(void *ctx, struct cpu_state *cpu, __u32 site, __u32 at)
{
	struct contended_key key = { .site = site };
	__u64 one = 1, *n;

	if (!cfg_stacks)
		return;
	key.stack = stack_keep_below(ctx, at);
	if (key.stack < 0)
		return;
	n = bpf_map_lookup_elem(&contended_owners, &key);
	if (!n) {
		if (!bpf_map_update_elem(&contended_owners, &key, &one, BPF_NOEXIST))
			return;
		n = bpf_map_lookup_elem(&contended_owners, &key); /* another CPU was first? */
	}
	if (n)
		__sync_fetch_and_add(n, 1);
	else
		cpu_count(cpu, COUNTER_STACKS_MISSING);
}

/* Before the depth is known: where among @ip is the floor's place? An interrupt's is further down. */
static __always_inline void contended_learn(struct cpu_state *cpu, const __u64 *ip)
{
	for (__u32 i = 0; i < CONTENDED_FRAMES; i++) {
		__u64 addr = ip[i];
		__u32 *site = bpf_map_lookup_elem(&contended_places, &addr);

		if (!site || *site != SITE_FLOOR)
			continue;
		site_of(cpu, SITE_FLOOR)->contended++;
		if (!contended_depth || i + 1 < contended_depth)
			contended_depth = i + 1;
		return;
	}
}

static __always_inline void contended_found(void *ctx, struct cpu_state *cpu, __u32 site,
					    __u64 lock, __u32 at)
{
	/* of a site that is in place later no more than its sections, which this is held against */
	if (SITE_IS_RARE(site) && rare_phase != PHASE_RECORDING)
		return;
	if (filter_refuses(section_dev(site, lock)))
		return;
	site_of(cpu, site)->contended++;
	contended_owner(ctx, cpu, site, at);
}

/* @lock is about to be released, or just was, and somebody waits for it. */
static __always_inline void contended_released(void *ctx, __u64 lock)
{
	__u64 ip[CONTENDED_FRAMES] = {};
	struct cpu_state *cpu = this_cpu();
	__u32 depth = contended_depth, first;

	if (!cpu)
		return;
	if (contended_learning) {
		if (bpf_get_stack(ctx, ip, sizeof(ip), 0) > 0)
			contended_learn(cpu, ip);
		return;
	}
	if (phase != PHASE_RECORDING || !depth)
		return;
	first = depth > CONTENDED_ABOVE ? depth - 1 - CONTENDED_ABOVE : 0;
	if (bpf_get_stack(ctx, ip, CONTENDED_WINDOW * sizeof(*ip), first & 0xff) <= 0)
		return;
	for (__u32 i = 0; i < CONTENDED_WINDOW; i++) {
		__u64 addr = ip[i];
		__u32 *site = bpf_map_lookup_elem(&contended_places, &addr);

		if (!site)
			continue;
		contended_found(ctx, cpu, *site, lock, first + i);
		return;
	}
}

#endif /* MIGTRACE_CONTENDED_BPF_H */
