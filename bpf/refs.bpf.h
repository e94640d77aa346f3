/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Reference counts of every folio that migrates, whatever it is: at the check ahead of the switch and at
 * the switch itself, which freezes the count under the lock of the mapping's pages. Stage 1.
 *
 * The check ahead has no function of its own: it was passed by who comes to the switch. Kernels up to 6.10
 * have it for folios with buffers alone; since 060913999d7a ("mm: migrate: support poisoned recover from
 * migrate folio", 6.11) every folio is checked before it is copied.
 */
#ifndef MIGTRACE_REFS_BPF_H
#define MIGTRACE_REFS_BPF_H

#include "core_refs.bpf.h"
#include "isolate.bpf.h"
#include "reason.bpf.h"

BY_CPU(refs_cpus, 1, struct refs_cpu);

/* Attempts in progress, by task. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct refs_attempt);
} refs_attempts SEC(".maps");

/* By page: attempts that failed. */
struct tries_map refs_tries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, struct refs_key);
	__type(value, struct refs_value);
} refs_counts SEC(".maps");

static __always_inline struct refs_counts *refs_of(__u32 kind)
{
	__u32 at = by_cpu(1, 0);
	struct refs_cpu *cpu = bpf_map_lookup_elem(&refs_cpus, &at);
	__u64 i = kind;

	if (!cpu)
		return NULL;
	barrier_var(i); /* as site_of() has it */
	if (i >= REFS_KINDS)
		i = REFS_OTHER;
	barrier_var(i);
	return &cpu->kind[i];
}

/* Of a folio that has a mapping of a file or device. */
static __always_inline __u8 refs_kind_of_file(__u64 folio, __u64 mapping, __u64 flags)
{
	__u64 magic, bh;

	/* what else file systems keep there has not its folio where a buffer has it */
	bh = core_flags_private(flags) ? core_folio_buffers(folio) : 0;
	if (bh && core_bh_folio(bh) == folio)
		return REFS_BUFFERS;
	magic = core_mapping_magic(mapping);
	if (magic == CORE_HUGETLBFS_MAGIC)
		return REFS_OTHER;
	return magic == CORE_AIO_MAGIC ? REFS_AIO : REFS_FILE;
}

static __always_inline __u8 refs_kind_of(__u64 folio, __u64 mapping, __u64 flags)
{
	if (mapping & CORE_MAPPING_ANON || (!mapping && core_flags_swapcache(flags)))
		return core_flags_swapcache(flags) ? REFS_SWAP : REFS_ANON;
	if (!mapping || mapping & CORE_MAPPING_MOVABLE)
		return REFS_OTHER;
	return refs_kind_of_file(folio, mapping, flags);
}

/*
 * The count that allows to migrate a folio that is mapped nowhere any more: the isolation's, and those of
 * the mapping or the swap cache, of which each page has one; one for what is attached; an aio ring's own.
 */
static __always_inline __s32 refs_expected(__u64 folio, __u8 kind, __u64 flags)
{
	if (kind == REFS_OTHER)
		return 0;
	if (kind == REFS_ANON)
		return 1;
	if (core_flags_large(flags) && !core_knows_large())
		return 0; /* before 5.18 a huge page of shmem's or the swap cache's: how large is not at hand */
	return 1 + (core_flags_large(flags) ? core_large_pages(folio) : 1) +
	       (kind != REFS_SWAP && core_flags_private(flags)) + (kind == REFS_AIO);
}

/*
 * Of this task's attempt before, if it is still there, the end went by unseen: nothing is known of it. The
 * kernel leaves out the exits of calls that are under way while another program comes to their function.
 */
static __always_inline void refs_drop(__u64 task)
{
	if (!bpf_map_lookup_elem(&refs_attempts, &task))
		return;
	lost(LOSS_RECURSION);
	/* or another folio's end would be taken for its */
	bpf_map_delete_elem(&refs_attempts, &task);
}

/* 0: that of none. */
static __always_inline __u32 refs_dev(__u32 kind, __u64 mapping)
{
	return kind <= REFS_SWAP || !mapping || mapping & CORE_MAPPING_MOVABLE ?
		       0 :
		       core_dev_of_mapping(mapping);
}

static __always_inline void refs_begins(__u64 src)
{
	__u64 task = bpf_get_current_task(), mapping, flags;
	struct refs_attempt a = { .src = src };

	refs_drop(task);
	if (phase != PHASE_RECORDING)
		return;
	mapping = core_folio_mapping(src);
	flags = core_folio_flags(src);
	a.kind = refs_kind_of(src, mapping, flags);
	if (filter_refuses(refs_dev(a.kind, mapping)))
		return;
	a.expected = refs_expected(src, a.kind, flags);
	a.seen = core_folio_refs(src);
	if (bpf_map_update_elem(&refs_attempts, &task, &a, BPF_ANY))
		lost(LOSS_TABLE_FULL);
}

static __always_inline struct refs_attempt *refs_attempt_of_current(void)
{
	__u64 task = bpf_get_current_task();

	return bpf_map_lookup_elem(&refs_attempts, &task);
}

/* @src is about to be switched, which @expected references allow; 0: as many as at the begin. */
static __always_inline void refs_freezing(__u64 src, __s32 expected)
{
	struct refs_attempt *a = refs_attempt_of_current();

	if (!a || a->src != src)
		return;
	a->frozen = expected ?: a->expected;
	a->there = core_folio_refs(src);
	a->froze = 1;
}

static __always_inline void refs_frozen(__u64 src, int ret)
{
	struct refs_attempt *a = refs_attempt_of_current();

	if (a && a->src == src && ret == -EAGAIN)
		a->froze = 2;
}

/* -EAGAIN, and the switch was not come to: by the references? @now: what they are at the end. */
static __always_inline __u32 refs_stopped(const struct refs_attempt *a, __s32 now)
{
	__u64 mapping;

	if (!a->expected || (!cfg_recount && a->kind != REFS_BUFFERS))
		return REFS_ELSE;
	if (a->seen != a->expected || now != a->expected)
		return REFS_EARLY;
	/* of a folio with buffers, or of a ring, there is more that can be in the way */
	if (a->kind == REFS_BUFFERS || a->kind == REFS_AIO)
		return REFS_ELSE;
	mapping = core_folio_mapping(a->src);
	return a->kind != REFS_FILE || !mapping || core_mapping_migrates(mapping) ? REFS_EARLY :
										    REFS_ELSE;
}

/* A global function, to be walked once. */
__noinline int refs_note(__u64 what, __u64 counts, __s32 now)
{
	__s32 expected = counts >> 32, seen = counts;
	struct refs_key key = { what >> 32, (__u32)what, expected,
				seen != expected ? seen :
				now != expected	 ? now :
						   -1 };
	struct refs_value *v = bpf_map_lookup_elem(&refs_counts, &key), none = {};

	if (!v) {
		bpf_map_update_elem(&refs_counts, &key, &none, BPF_NOEXIST);
		v = bpf_map_lookup_elem(&refs_counts, &key);
	}
	if (!v) {
		lost(LOSS_TABLE_FULL);
		return 0;
	}
	__sync_fetch_and_add(&v->count, 1);
	if (now == expected)
		__sync_fetch_and_add(&v->right, 1);
	return 0;
}

static __always_inline void refs_tried(struct refs_counts *c, __u64 page, int ret)
{
	struct migrate_call *call = migrate_call_of_current();
	__u64 n = tries_note(&refs_tries, page, call ? call->id : 0, ret);
	__u64 i = n < TRIES_KEPT ? n - 1 : TRIES_KEPT - 1;

	barrier_var(i); /* as site_of() has it */
	if (i >= TRIES_KEPT)
		return;
	barrier_var(i);
	c->tried[i]++;
	if (!ret)
		c->moved[i]++;
}

/* The folio is the one of the begin: kept as a number, where the exit's argument is a pointer. */
static __always_inline void refs_ends(int ret)
{
	__u64 task = bpf_get_current_task();
	struct refs_attempt *a = bpf_map_lookup_elem(&refs_attempts, &task);
	__u32 result = REFS_ELSE;
	struct refs_counts *c;
	__u64 src, at;
	__s32 now;

	if (!a)
		return;
	c = refs_of(a->kind);
	if (!c)
		return;
	src = a->src;
	now = core_folio_refs(src);
	if (!ret)
		result = REFS_MOVED;
	else if (ret == -EAGAIN)
		result = a->froze == 2 ? REFS_FREEZE : a->froze ? REFS_ELSE : refs_stopped(a, now);
	at = result;
	barrier_var(at); /* the verifier does not know what the compiler knows of it */
	c->result[at & (REFS_RESULTS - 1)]++;
	if (a->froze)
		c->passed++;
	if (result == REFS_EARLY)
		refs_note((__u64)a->kind << 32 | result,
			  (__u64)(__u32)a->expected << 32 | (__u32)a->seen, now);
	else if (result == REFS_FREEZE && a->frozen)
		refs_note((__u64)a->kind << 32 | result,
			  (__u64)(__u32)a->frozen << 32 | (__u32)a->there, now);
	refs_tried(c, src, ret);
	bpf_map_delete_elem(&refs_attempts, &task);
}

#endif /* MIGTRACE_REFS_BPF_H */
