/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Migrations of aio ring pages: how they end, and whether anybody reads or writes a ring's page
 * while it is copied. Stage 1. The kernel keeps readers out by ring_lock and completions by
 * completion_lock (fa8a53c39f3f "aio: fix race in ring buffer page lookup introduced by page
 * migration support"); a migration that finds the former taken gives up.
 *
 * Copies of one ring come one at a time, so that a count of those begun and ended tells a critical
 * section all it needs: it meets the copies that had not ended when it began and had begun when it
 * ended. Counted once each, by the section, whatever the CPUs' clocks say.
 */
#ifndef MIGTRACE_AIO_BPF_H
#define MIGTRACE_AIO_BPF_H

#include "core_aio.bpf.h"
#include "isolate.bpf.h"
#include "maps.bpf.h"
#include "reason.bpf.h"

#define EINVAL		  22
#define AIO_EVENT_SHIFT	  5 /* struct io_event is 32 bytes, as is the header before them */
#define AIO_ANY_PAGE	  ~0U
#define AIO_RING_EXPECTED 3 /* isolation, mapping, the context's own reference */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct aio_migration);
} aio_migrations SEC(".maps");

/* By context. One that is taken down leaves its entry to be recycled. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, struct aio_copies);
} aio_rings SEC(".maps");

/* Critical sections that may sleep: reads, and under PREEMPT_RT completions too. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct task_site);
	__type(value, struct aio_section);
} aio_sections SEC(".maps");

/* Whose ring's page a task copies, or has copied last. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u64);
} aio_copying SEC(".maps");

/* Completions run with interrupts off. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct aio_section);
} aio_writes SEC(".maps");

/* Outcomes. */

static __always_inline struct aio_migration *aio_of_current(void)
{
	__u64 task = bpf_get_current_task();

	return bpf_map_lookup_elem(&aio_migrations, &task);
}

static __always_inline void aio_entered(__u64 mapping, __u64 src, int mode)
{
	__u64 task = bpf_get_current_task();
	struct aio_migration m = { .src = src, .mode = mode };

	if (rare_phase != PHASE_RECORDING || filter_refuses(core_dev_of_mapping(mapping)))
		return;
	count(COUNTER_AIO_CALLS);
	if (bpf_map_update_elem(&aio_migrations, &task, &m, BPF_ANY))
		lost(LOSS_TABLE_FULL);
}

static __always_inline void aio_lock_tried(int taken)
{
	struct aio_migration *m = aio_of_current();

	if (m)
		m->tried = taken ? 2 : 1;
}

static __always_inline void aio_switching(void)
{
	struct aio_migration *m = aio_of_current();

	if (!m)
		return;
	m->switched = 1;
	m->refs = core_folio_refs(m->src);
}

static __always_inline __u32 aio_reason(const struct aio_migration *m, int ret)
{
	if (!ret)
		return REASON_OK;
	if (ret == -EINVAL)
		return m->tried || m->mode > MIGRATE_SYNC ? REASON_OTHER : REASON_CTX_GONE;
	if (ret != -EAGAIN)
		return REASON_OTHER;
	if (m->switched) {
		refcount_note(m->src, STAGE_AIO, AIO_RING_EXPECTED, m->refs);
		return REASON_REFS;
	}
	return m->tried == 2 ? REASON_SLOT_CHANGED : REASON_RING_LOCK;
}

static __always_inline void aio_exited(int ret)
{
	struct aio_migration *m = aio_of_current();
	__u64 task = bpf_get_current_task();
	struct cpu_state *cpu = this_cpu();

	if (!m || !cpu)
		return;
	cpu_count(cpu, COUNTER_REASON + PATH_AIO * REASON_COUNT + aio_reason(m, ret));
	if (cfg_tries)
		tried(cpu, PATH_AIO, m->src, ret);
	bpf_map_delete_elem(&aio_migrations, &task);
}

/* Overlaps. */

static __always_inline struct aio_section *aio_section_of(__u32 kind)
{
	struct task_site key = { .task = bpf_get_current_task(), .site = kind };
	__u32 zero = 0;

	if (kind == AIO_WRITE && !cfg_preemptible)
		return bpf_map_lookup_elem(&aio_writes, &zero);
	return bpf_map_lookup_elem(&aio_sections, &key);
}

/* The lock of @ctx's ring is about to be taken by one who reads or writes up to @nr events. */
static __always_inline void aio_section_call(__u32 kind, __u64 ctx, __u64 nr)
{
	struct task_site key = { .task = bpf_get_current_task(), .site = kind };
	struct aio_section s = { .task = key.task, .ctx = ctx, .nr = nr }, *old;

	/* which device a ring is on is known from the first copy of one of its pages on */
	if (rare_phase != PHASE_RECORDING ||
	    (filter_is_set() && !bpf_map_lookup_elem(&aio_rings, &ctx)))
		return;
	old = aio_section_of(kind);
	if (old)
		*old = s;
	else if (bpf_map_update_elem(&aio_sections, &key, &s, BPF_ANY))
		lost(LOSS_TABLE_FULL);
}

static __always_inline void aio_section_forget(__u32 kind, struct aio_section *s)
{
	struct task_site key = { .task = s->task, .site = kind };

	s->ctx = 0;
	s->held = 0;
	if (kind != AIO_WRITE || cfg_preemptible)
		bpf_map_delete_elem(&aio_sections, &key);
}

/* Published before anything else is done: it is to be as long as the copy, not as our program. */
static __always_inline void aio_copy_begins(__u64 src)
{
	__u64 mapping = core_folio_mapping(src), ctx = core_aio_ctx(mapping), n;
	__u64 task = bpf_get_current_task();
	struct aio_copies *c = bpf_map_lookup_elem(&aio_rings, &ctx);

	if (rare_phase != PHASE_RECORDING || filter_refuses(core_dev_of_mapping(mapping)))
		return;
	if (!c) {
		static const struct aio_copies none;

		bpf_map_update_elem(&aio_rings, &ctx, &none, BPF_NOEXIST);
		c = bpf_map_lookup_elem(&aio_rings, &ctx);
	}
	if (!c) {
		lost(LOSS_TABLE_FULL);
		return;
	}
	n = c->begun + 1;
	c->page[n & (AIO_COPIES_KEPT - 1)] = core_folio_index(src);
	order();
	*(volatile __u64 *)&c->begun = n;
	count(COUNTER_AIO_COPIES);
	bpf_map_update_elem(&aio_copying, &task, &ctx, BPF_ANY);
}

static __always_inline void aio_copy_ended(void)
{
	__u64 task = bpf_get_current_task(), *ctx = bpf_map_lookup_elem(&aio_copying, &task);
	struct aio_copies *c = ctx ? bpf_map_lookup_elem(&aio_rings, ctx) : NULL;

	if (c)
		*(volatile __u64 *)&c->ended = c->begun;
}

static __always_inline __u32 aio_page_of_event(__u32 event)
{
	return (event + 1) >> (cfg_page_shift - AIO_EVENT_SHIFT);
}

/* The events that a read will take, as pages: from the ring's header, as the kernel does just now. */
static __always_inline void aio_read_range(struct aio_section *s)
{
	__u32 size = core_aio_nr_events(s->ctx), head = 0, tail = 0, n;

	if (!size || !core_aio_ring(s->ctx, cfg_page_shift, &head, &tail)) {
		s->last = AIO_ANY_PAGE;
		return;
	}
	head %= size;
	tail %= size;
	if (head == tail || !s->nr)
		return;
	n = head < tail ? tail - head : tail + size - head;
	if (s->nr < n)
		n = s->nr;
	s->first = aio_page_of_event(head);
	s->last = aio_page_of_event((head + n - 1) % size);
}

/* The copies that had ended are read last: what our own program takes is not part of the section. */
static __always_inline void aio_section_begins(__u32 kind)
{
	struct aio_section *s = aio_section_of(kind);
	struct aio_copies *c;

	if (!s || !s->ctx || s->task != bpf_get_current_task())
		return;
	if (kind == AIO_READ) {
		aio_read_range(s);
	} else {
		s->first = aio_page_of_event(core_aio_tail(s->ctx));
		s->last = s->first;
	}
	s->held = 1;
	c = bpf_map_lookup_elem(&aio_rings, &s->ctx);
	s->ended = c ? *(volatile __u64 *)&c->ended : 0;
}

/*
 * How many of @ctx's copies a section has met, when @ended had ended at its begin, on page 0 or
 * @first to @last; < 0: too many to tell. A global function, so that the verifier walks it once.
 */
__noinline int aio_overlaps(__u64 ctx, __u64 ended, __u32 first, __u32 last)
{
	struct aio_copies *c = bpf_map_lookup_elem(&aio_rings, &ctx);
	__u64 begun;
	int n = 0;

	if (!c)
		return 0;
	begun = *(volatile __u64 *)&c->begun;
	if (begun < ended || begun - ended > AIO_COPIES_KEPT)
		return -1;
	for (__u64 i = 1; i <= AIO_COPIES_KEPT && ended + i <= begun; i++) {
		__u32 page = c->page[(ended + i) & (AIO_COPIES_KEPT - 1)];
		bool inside = last == AIO_ANY_PAGE ? false :
			      first <= last	   ? page >= first && page <= last :
						     page >= first || page <= last;

		if (page && last == AIO_ANY_PAGE)
			count(COUNTER_AIO_UNPAIRED);
		n += !page || inside;
	}
	return n;
}

static __always_inline void aio_section_ends(__u32 kind, __u64 ctx)
{
	struct aio_section *s = aio_section_of(kind);
	int n;

	if (!s || !s->held || s->ctx != ctx || s->task != bpf_get_current_task()) {
		/* a lock that is not of an aio context has no ring either */
		if (rare_phase == PHASE_RECORDING && bpf_map_lookup_elem(&aio_rings, &ctx))
			count(COUNTER_AIO_UNPAIRED);
		return;
	}
	n = aio_overlaps(s->ctx, s->ended, s->first, s->last);
	count(kind == AIO_READ ? COUNTER_AIO_READS : COUNTER_AIO_WRITES);
	if (n < 0)
		count(COUNTER_AIO_UNPAIRED);
	else
		count_by(kind == AIO_READ ? COUNTER_AIO_READ_OVERLAPS : COUNTER_AIO_WRITE_OVERLAPS,
			 n);
	aio_section_forget(kind, s);
}

#endif /* MIGTRACE_AIO_BPF_H */
