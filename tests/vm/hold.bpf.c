// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * In a guest: keeps a move that is under way from going on, and so whatever it has locked. AT is called
 * under private_lock up to 6.14: folio_migrate_mapping, and where there is folio_mc_copy (6.11), that.
 * fentry, since behind a kprobe's program the kernel runs no other of a perf event on that CPU
 * (bpf_prog_active), which is how `watch --stall` sees an owner.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* For how long the next move is to be kept; 0: not at all. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} hold_ns SEC(".maps");

static long look(__u32 i, void *until)
{
	return bpf_ktime_get_ns() >= *(__u64 *)until;
}

SEC("fentry/" AT) int hold_at(void *ctx)
{
	__u32 only = 0;
	__u64 *ns = bpf_map_lookup_elem(&hold_ns, &only), until;

	if (!ns || !*ns)
		return 0;
	until = bpf_ktime_get_ns() + __sync_lock_test_and_set(ns, 0);
	for (int i = 0; i < 64 && bpf_ktime_get_ns() < until; i++)
		bpf_loop(1 << 20, look, &until, 0);
	return 0;
}
