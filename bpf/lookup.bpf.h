/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Buffer lookup: which of them came behind a migration, and which fell into its window. Stage 1.
 * A lookup is known whole only when it returns (block, result); its lock section was noted before.
 */
#ifndef MIGTRACE_LOOKUP_BPF_H
#define MIGTRACE_LOOKUP_BPF_H

#include "generation.bpf.h"
#include "pinned.bpf.h"
#include "window.bpf.h"

volatile __u64 lookups_kept = 0;  /* some ever were: the gate of the exits */
volatile __u64 waits_from_ns = 0; /* WAITS_FROM_NS, before anything is counted */

/* Can there be a window that a lookup was in or came behind? @seq: the clock at its acquire. */
static __always_inline bool lookup_armed(__u64 seq, __u64 came)
{
	return migrating || seq != window_seq || came <= window_ended_ns + WINDOW_BEHIND_NS;
}

/*
 * A counted lookup is about to release its lock: what its exit has to know of it. Until then the task
 * can be preempted and come back on another CPU, behind other lookups that have used this one's section.
 */
static __always_inline void lookup_keep(struct cpu_state *cpu, __u64 lock, __u64 t_acquire,
					__u64 wait_ns, __u64 seq)
{
	__u64 task = bpf_get_current_task(), seq_end = window_seq;
	struct lookup *l = lookups_kept ? lookup_of(task) : NULL;
	bool armed = lookup_armed(seq, t_acquire - wait_ns);

	if (l) /* its exit went by unseen */
		cpu_count(cpu, COUNTER_LOSS + LOSS_LOOKUP_EXIT);
	/*
	 * A trampoline leaves out a program that was preempted on this CPU: this lookup's exit, too, and the
	 * next one's, a hit in the CPU's own list, would be taken for it.
	 */
	if (armed && cpu->exits & 1) {
		cpu_count(cpu, COUNTER_LOSS + LOSS_LOOKUP_EXIT);
		armed = false;
	}
	if (!armed) {
		if (l) {
			cpu_count(cpu, COUNTER_LOOKUPS_TAKEN);
			lookup_free(l);
		}
		return;
	}
	if (!l) {
		l = lookup_claim(task);
		if (!l) {
			lost(LOSS_MAP_FULL);
			return;
		}
		cpu_count(cpu, COUNTER_LOOKUPS_KEPT);
		if (!lookups_kept)
			lookups_kept = 1;
	}
	l->lock = lock;
	l->t_acquire = t_acquire;
	l->wait_ns = wait_ns;
	l->seq = seq;
	l->seq_end = seq_end;
	l->exits = cpu->exits;
	l->cpu = bpf_get_smp_processor_id();
	l->folio = !lock;
	barrier(); /* only this task looks for it */
	*(volatile __u64 *)&l->task = task;
}

static __always_inline void lookup_worst(void *ctx, struct cpu_state *cpu, __u8 kind, __u64 ns,
					 __u32 dev, __u64 lock)
{
	struct worst_sample *w = worst_note(ctx, cpu, SITE_FIND_GET_BLOCK, kind, ns, dev);

	if (w && !dev)
		w->dev = core_dev_of_bdev_lock(lock);
}

/*
 * It found the lock taken. Of several who had it meanwhile a migration is looked for, the last one: had
 * that released it before, so had all others. No more is told of earlier ones, nor needed.
 */
static __always_inline void lookup_contended(struct cpu_state *cpu, __u64 lock,
					     const struct held *h)
{
	__u64 mapping = core_mapping_of_lock(lock);
	struct lock_release *l = last_release_of(mapping);
	bool behind = l && l->mapping == mapping && l->t_ns > h->t_acquire - h->wait_ns;

	cpu_count(cpu, COUNTER_LOOKUP_WAITS);
	if (behind)
		cpu_count(cpu, COUNTER_WAITS_BEHIND);
	cpu_count_by(cpu, behind ? COUNTER_WAIT_BEHIND_NS : COUNTER_WAIT_OTHER_NS, h->wait_ns);
}

/*
 * The lock is about to be released: all that can wait is left to the function's exit, since what is
 * done here is done with the lock held, and takes longer than the kernel's own section.
 */
static __always_inline void lookup_released(void *ctx, __u64 lock)
{
	__u64 now = bpf_ktime_get_ns();
	struct cpu_state *cpu = this_cpu();
	struct section *s;
	struct held h;

	if (!cpu || !section_release(cpu, SITE_FIND_GET_BLOCK, lock, now, &h))
		return;
	if (h.wait_ns >= waits_from_ns)
		lookup_contended(cpu, lock, &h);
	if (cfg_pair)
		lookup_keep(cpu, lock, h.t_acquire, h.wait_ns, h.seq);
	if (!section_deferred(SITE_FIND_GET_BLOCK)) {
		section_sample(ctx, cpu, SITE_FIND_GET_BLOCK, &h);
		return;
	}
	s = section_of(SITE_FIND_GET_BLOCK, cpu, 0);
	s->hold_ns = h.hold_ns;
	s->dev = h.dev;
	s->lock = lock;
	s->pending = 1;
	lookup_worst(ctx, cpu, KIND_HOLD, h.hold_ns, h.dev, lock);
	lookup_worst(ctx, cpu, KIND_WAIT, h.wait_ns, h.dev, lock);
}

/* A sleeping lookup, which has the folio's lock in place of the spinlock. */
static __always_inline void lookup_folio_locked(__u64 folio)
{
	__u64 wait_ns = folio_wait_take();
	struct cpu_state *cpu = this_cpu();

	if (!cpu || phase != PHASE_RECORDING ||
	    filter_refuses(core_dev_of_mapping(core_folio_mapping(folio))))
		return;
	cpu_count(cpu, COUNTER_LOOKUPS_FOLIO);
	if (wait_ns) {
		cpu_count(cpu, COUNTER_FOLIO_WAITS);
		cpu_count_by(cpu, COUNTER_FOLIO_WAIT_NS, wait_ns);
	}
	if (cfg_pair)
		lookup_keep(cpu, 0, bpf_ktime_get_ns(), wait_ns, window_seq);
}

/* Page-cache index of @block with blocks of @size bytes. */
static __always_inline __u64 lookup_index(__u64 block, __u32 size)
{
	__u32 bits = hist_log2(size);

	return bits <= cfg_page_shift ? block >> (cfg_page_shift - bits) :
					block << (bits - cfg_page_shift);
}

static __always_inline void late_fill(struct late_record *r, void *ctx, const struct lookup *l,
				      const struct window *w, bool maybe, __u64 block, __u64 bh)
{
	__builtin_memset(r, 0, sizeof(*r));
	r->window_id = w->id;
	r->t_ns = l->t_acquire;
	r->since_check_ns = l->t_acquire > w->t_open ? l->t_acquire - w->t_open : 0;
	r->block = block;
	r->b_state = core_bh_state(bh);
	r->b_count = core_bh_count(bh);
	r->dev = w->dev;
	r->kind = LATE_SLOW;
	r->confirmed = READ_NOW(w->state) == WINDOW_MOVED;
	r->phase = w->after_seq && l->seq >= w->after_seq ? LATE_PHASE_AFTER_SWITCH :
		   w->copy_seq && l->seq >= w->copy_seq	  ? LATE_PHASE_COPY :
							    LATE_PHASE_BEFORE_SWITCH;
	r->maybe = maybe;
	r->busy_block = ~0ULL;
	r->m_pid = w->pid;
	r->m_cpu = w->cpu;
	r->m_stack = w->stack;
	__builtin_memcpy(r->m_comm, w->comm, sizeof(r->m_comm));
	r->l_pid = (__u32)bpf_get_current_pid_tgid();
	r->l_cpu = bpf_get_smp_processor_id();
	r->l_stack = stack_keep(ctx);
	bpf_get_current_comm(r->l_comm, sizeof(r->l_comm));
}

static __always_inline void late_report(void *ctx, const struct lookup *l, const struct window *w,
					bool maybe, __u64 block, __u64 bh)
{
	if (cfg_totals)
		return;
	late_record_put(late_fill, ctx, l, w, maybe, block, bh);
}

static __always_inline bool window_can_tell(__u32 state)
{
	return state == WINDOW_OPEN || state == WINDOW_MOVED || state == WINDOW_ABORTED;
}

static __always_inline bool lookup_inside(const struct lookup *l, const struct window_view *w)
{
	return window_can_tell(w->state) && l->seq >= w->open_seq &&
	       (!w->limit || l->seq < w->limit);
}

enum meeting { MEETS_BEHIND = 1, MEETS_WAITED = 2 };

/* When did it come? While the window was open (it wanted the lock meanwhile), or right behind. */
static __always_inline __u32 lookup_behind(const struct lookup *l, const struct window_view *w)
{
	__u64 wanted = l->t_acquire - l->wait_ns;
	/* a folio stays locked until the whole batch is done: what counts is when it came */
	__u64 came = l->folio ? wanted : l->t_acquire;

	if (!window_can_tell(w->state) || l->t_acquire < w->t_open)
		return 0;
	if (w->t_close && came > w->t_close + WINDOW_BEHIND_NS)
		return 0;
	return !w->t_close || wanted <= w->t_close ? MEETS_BEHIND | MEETS_WAITED : MEETS_BEHIND;
}

/*
 * Is this the exit of the lookup that left @l? Surely if nothing else came by on its CPU since. Who was
 * preempted in between may have had its exit left out because of another's that was preempted, too; then
 * this is the exit of a later one, which took no lock.
 */
static __always_inline bool lookup_is_own(const struct lookup *l)
{
	struct cpu_state *cpu = this_cpu();

	return cpu && cpu->exits == l->exits + 1 && l->cpu == (__u32)bpf_get_smp_processor_id();
}

/*
 * The reference was taken between acquire and release. If the window was still open at the release,
 * it was taken inside; if it closed in between, only the count at the end of the move can tell (on
 * `before`, taking the acquire alone for proof found 105 % of what the kernel counted). True: the window
 * is just being replaced, and the lookup was counted elsewhere.
 */
static __always_inline bool lookup_note(void *ctx, const struct lookup *l, struct window *w,
					const struct window_view *view, __u64 block, __u64 bh)
{
	__u64 closed;
	bool maybe;

	__sync_fetch_and_add(&w->pins, 1);
	order();
	if (READ_NOW(w->retiring) || READ_NOW(w->id) != view->id) {
		/* just being replaced, and so are its counts */
		__sync_fetch_and_add(&w->pins, -1);
		if (view->state == WINDOW_MOVED)
			count(COUNTER_POSSIBLE);
		else if (view->state == WINDOW_OPEN)
			lost(LOSS_WINDOW);
		return true;
	}
	closed = READ_NOW(w->close_seq);
	maybe = !lookup_is_own(l) || (closed && l->seq_end >= closed);
	if (maybe)
		w->maybe_block = block;
	__sync_fetch_and_add(maybe ? &w->maybe : &w->noted, 1);
	order();
	late_report(ctx, l, w, maybe, block, bh);
	__sync_fetch_and_add(&w->pins, -1);
	return false;
}

/* The windows that were here before the present one: true if the lookup was in the last of them. */
static __always_inline bool lookup_missed(const struct lookup *l, const struct window *w,
					  __u64 mapping, __u64 index)
{
	__u64 done = READ_NOW(w->gone_done);

	if (done && w->gone_mapping == mapping && w->gone_index == index &&
	    l->seq >= w->gone_open && l->seq < done) {
		count(COUNTER_POSSIBLE);
		return true;
	}
	if (l->seq < READ_NOW(w->older_done))
		lost(LOSS_WINDOW);
	return false;
}

/* The windows of a folio of @pages at @index, and a lookup that found nothing there. Global as below. */
__noinline int lookup_met_pages(__u64 mapping, __u64 index, __u64 pages)
{
	struct lookup *l = lookup_of(bpf_get_current_task());
	__u32 base = window_hash(mapping, index), met = 0;

	if (!l)
		return 0;
	for (__u32 i = 0; i < WINDOW_WAYS; i++) {
		__u32 slot = base + i;
		struct window *w = bpf_map_lookup_elem(&windows, &slot);
		struct window_view view;

		if (w && window_read(w, mapping, index, &view) && view.pages == pages)
			met |= lookup_inside(l, &view) ? MEETS_BEHIND | MEETS_WAITED :
							 lookup_behind(l, &view);
	}
	return met;
}

/*
 * A lookup that found nothing, as those do that are refused: which folio its block belongs to is not
 * known, but windows of which sizes there have been. A global function, to be walked once.
 */
__noinline int lookup_met_nothing(__u64 mapping, __u64 index)
{
	__u32 met = 0;

	for (__u32 order = 0; order < cfg_folio_orders; order++)
		if (window_sizes >> order & 1)
			met |= lookup_met_pages(mapping, index >> order << order, 1ULL << order);
	return met;
}

/*
 * The windows of the folio at @index and this lookup. A folio's lock keeps the migrator out: who had it
 * was in no window.
 */
static __always_inline __u32 lookup_meets(void *ctx, const struct lookup *l, __u64 mapping,
					  __u64 index, __u64 block, __u64 bh)
{
	__u32 base = window_hash(mapping, index), met = 0;
	bool could = !l->folio;

#pragma unroll
	for (int i = 0; i < WINDOW_WAYS; i++) {
		__u32 slot = base + i;
		struct window *w = bpf_map_lookup_elem(&windows, &slot);
		struct window_view view;
		bool gone = false;

		if (!w)
			continue;
		if (window_read(w, mapping, index, &view)) {
			bool inside = lookup_inside(l, &view);

			if (inside && could)
				gone = lookup_note(ctx, l, w, &view, block, bh);
			met |= inside ? MEETS_BEHIND | MEETS_WAITED : lookup_behind(l, &view);
		}
		if (could && !gone && lookup_missed(l, w, mapping, index))
			met = MEETS_BEHIND | MEETS_WAITED;
	}
	return met;
}

/* @mapping: the block device's. */
static __always_inline void lookup_pair(void *ctx, struct cpu_state *cpu, const struct lookup *l,
					__u64 mapping, __u64 block, __u32 size, __u64 bh, __u32 dev)
{
	__u32 met = bh ? lookup_meets(ctx, l, mapping, core_bh_index(bh), block, bh) :
			 (__u32)lookup_met_nothing(mapping, lookup_index(block, size));

	if (!met)
		return;
	cpu_count(cpu, l->folio ? COUNTER_BEHIND_FOLIO : COUNTER_BEHIND_SPIN);
	if (met & MEETS_WAITED)
		cpu_count(cpu, l->folio ? COUNTER_WAITED_FOLIO : COUNTER_WAITED_SPIN);
	if (l->folio && l->wait_ns)
		sample(dev, SITE_FIND_GET_BLOCK, KIND_FOLIO_WAIT, OUTCOME_NONE, l->wait_ns);
}

/* The lock that was taken lies in the mapping; to read that of @bdev takes longer. */
static __always_inline __u64 lookup_mapping(const struct lookup *l, struct block_device *bdev)
{
	return l->lock ? core_mapping_of_lock(l->lock) : core_bdev_mapping(bdev);
}

/* What lookup_released() left to do, unless another task has used the section since. */
static __always_inline void lookup_flush(struct cpu_state *cpu, __u64 task, __u32 dev)
{
	struct section *s, mine;

	if (!section_deferred(SITE_FIND_GET_BLOCK))
		return;
	s = section_of(SITE_FIND_GET_BLOCK, cpu, task);
	if (!s->pending || s->task != task)
		return;
	mine = *s; /* who is preempted behind this finds another's section in its place */
	s->pending = 0;
	barrier();
	if (!dev)
		dev = mine.dev ?: core_dev_of_bdev_lock(mine.lock);
	sample(dev, SITE_FIND_GET_BLOCK, KIND_HOLD, OUTCOME_NONE, mine.hold_ns);
	if (mine.wait_ns)
		sample(dev, SITE_FIND_GET_BLOCK, KIND_WAIT, OUTCOME_NONE, mine.wait_ns);
}

static __always_inline void lookup_judge(void *ctx, struct cpu_state *cpu,
					 struct block_device *bdev, __u32 dev, __u64 block,
					 __u32 size, __u64 bh)
{
	__u64 task = bpf_get_current_task();
	struct lookup *l;

	if (!filter_refuses(dev) && phase == PHASE_RECORDING)
		cpu_count(cpu, COUNTER_LOOKUPS);
	if (cfg_pinned && bh && size && phase == PHASE_RECORDING)
		pinned_taken(ctx, dev, block, size);
	lookup_flush(cpu, task, dev);
	l = lookups_kept ? lookup_of(task) : NULL;
	if (!l)
		return;
	/*
	 * Whether in a window or not: BH_Migrate is also set while a check fails and is tried
	 * again, and a little longer than a window; and between the switch of the mapping
	 * and the move of the buffers the new page has none.
	 */
	if (cfg_bh_migrate && !l->folio && !bh && migrating)
		cpu_count(cpu, COUNTER_REFUSED);
	if (size)
		lookup_pair(ctx, cpu, l, lookup_mapping(l, bdev), block, size, bh, dev);
	lookup_free(l);
	cpu_count(cpu, COUNTER_LOOKUPS_TAKEN);
}

/* @size: 0 where it is not known what was looked for. */
static __always_inline void lookup_returned(void *ctx, struct block_device *bdev, __u32 dev,
					    __u64 block, __u32 size, __u64 bh)
{
	struct cpu_state *cpu = this_cpu();

	if (!cpu)
		return;
	*(volatile __u64 *)&cpu->exits += 1;
	preemptible();
	lookup_judge(ctx, cpu, bdev, dev, block, size, bh);
	barrier();
	*(volatile __u64 *)&cpu->exits += 1;
}

/*
 * The same where only the result is at hand: a buffer says itself what was looked for. A lookup that
 * found nothing can't be late, and is not counted among those behind a window, nor to a device.
 */
static __always_inline void lookup_result(void *ctx, struct buffer_head *bh)
{
	struct block_device *bdev;

	if (!bh) {
		lookup_returned(ctx, NULL, 0, 0, 0, 0);
		return;
	}
	bdev = BPF_CORE_READ(bh, b_bdev);
	lookup_returned(ctx, bdev, BPF_CORE_READ(bdev, bd_dev), BPF_CORE_READ(bh, b_blocknr),
			BPF_CORE_READ(bh, b_size), (__u64)bh);
}

#endif /* MIGTRACE_LOOKUP_BPF_H */
