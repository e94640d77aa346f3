/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Buffer lookup: which of them came behind a migration, and which fell into its window. Stage 1.
 * A lookup is known whole only when it returns (block, result); its lock section was noted before.
 */
#ifndef MIGTRACE_LOOKUP_BPF_H
#define MIGTRACE_LOOKUP_BPF_H

#include "window.bpf.h"

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

	if (!section_deferred(SITE_FIND_GET_BLOCK)) {
		section_end(ctx, SITE_FIND_GET_BLOCK, lock);
		return;
	}
	if (!cpu || !section_release(cpu, SITE_FIND_GET_BLOCK, lock, now, &h))
		return;
	s = section_of(SITE_FIND_GET_BLOCK, cpu, 0);
	s->hold_ns = h.hold_ns;
	s->dev = h.dev;
	s->pending = 1;
	worst_note(ctx, cpu, SITE_FIND_GET_BLOCK, KIND_HOLD, h.hold_ns, h.dev);
	worst_note(ctx, cpu, SITE_FIND_GET_BLOCK, KIND_WAIT, h.wait_ns, h.dev);
}

/* Slot of a sleeping lookup: same life as a section, but the lock is the folio's. */
static __always_inline void lookup_folio_locked(void)
{
	struct cpu_state *cpu = this_cpu();
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (!cpu || phase != PHASE_RECORDING)
		return;
	s = section_create(SITE_FIND_GET_BLOCK, cpu, task);
	if (!s || s->held)
		return;
	section_leftover(SITE_FIND_GET_BLOCK, s);
	s->task = task;
	s->lock = 0;
	s->folio = 1;
	s->t_acquire = bpf_ktime_get_ns();
	s->wait_ns = folio_wait_take();
	s->seq = window_seq;
	s->counted = 1;
	s->fresh = 1;
}

/* Page-cache index of @block with blocks of @size bytes. */
static __always_inline __u64 lookup_index(__u64 block, __u32 size)
{
	__u32 bits = hist_log2(size);

	return bits <= cfg_page_shift ? block >> (cfg_page_shift - bits) :
					block << (bits - cfg_page_shift);
}

static __always_inline void late_report(void *ctx, const struct section *s, const struct window *w,
					bool maybe, __u64 block, __u64 bh)
{
	struct late_record *r;

	if (cfg_totals)
		return;
	r = bpf_ringbuf_reserve(&late_records, sizeof(*r), 0);
	if (!r) {
		lost(LOSS_EVENT_LIST);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->window_id = w->id;
	r->t_ns = s->t_acquire;
	r->since_check_ns = s->t_acquire > w->t_open ? s->t_acquire - w->t_open : 0;
	r->block = block;
	r->b_state = core_bh_state(bh);
	r->b_count = core_bh_count(bh);
	r->dev = w->dev;
	if (maybe && !w->busy && w->busy_exit) {
		/* as window_late() counts it: once, and apart */
		r->kind = LATE_END;
		r->confirmed = w->state == WINDOW_MOVED && !w->noted && w->maybe == 1;
	} else {
		r->kind = LATE_SLOW;
		r->confirmed = w->state == WINDOW_MOVED && (!maybe || w->busy);
	}
	r->phase = w->after_seq && s->seq >= w->after_seq ? PHASE_AFTER_SWITCH :
		   w->copy_seq && s->seq >= w->copy_seq	  ? PHASE_COPY :
							    PHASE_BEFORE_SWITCH;
	r->maybe = maybe;
	r->m_pid = w->pid;
	r->m_cpu = w->cpu;
	r->m_stack = w->stack;
	__builtin_memcpy(r->m_comm, w->comm, sizeof(r->m_comm));
	r->l_pid = (__u32)bpf_get_current_pid_tgid();
	r->l_cpu = bpf_get_smp_processor_id();
	r->l_stack = stack_keep(ctx);
	bpf_get_current_comm(r->l_comm, sizeof(r->l_comm));
	bpf_ringbuf_submit(r, 0);
}

static __always_inline bool lookup_inside(const struct section *s, const struct window_view *w)
{
	return w->state != WINDOW_FREE && w->state != WINDOW_WITHDRAWN && s->seq >= w->open_seq &&
	       (!w->close_seq || s->seq < w->close_seq);
}

static __always_inline bool lookup_behind(const struct section *s, const struct window_view *w)
{
	/* a folio stays locked until the whole batch is done: what counts is when it came */
	__u64 came = s->folio ? s->t_acquire - s->wait_ns : s->t_acquire;

	return w->state != WINDOW_FREE && w->state != WINDOW_WITHDRAWN &&
	       s->t_acquire >= w->t_open && (!w->t_close || came <= w->t_close + WINDOW_BEHIND_NS);
}

/*
 * The reference was taken between acquire and release. If the window was still open at the release,
 * it was taken inside; if it closed in between, only the count at the end of the move can tell (on
 * `before`, taking the acquire alone for proof found 105 % of what the kernel counted).
 */
static __always_inline void lookup_note(void *ctx, const struct section *s, struct window *w,
					const struct window_view *copy, __u64 block, __u64 bh)
{
	bool maybe = copy->close_seq && (!s->seq_end || s->seq_end >= copy->close_seq);

	__sync_fetch_and_add(maybe ? &w->maybe : &w->noted, 1);
	order();
	if (*(volatile __u64 *)&w->id == copy->id) {
		late_report(ctx, s, w, maybe, block, bh);
		return;
	}
	/* replaced by a newer window just now, which remembers how this one ended */
	__sync_fetch_and_add(maybe ? &w->maybe : &w->noted, -1);
	if (w->prev_id != copy->id)
		lost(LOSS_WINDOW);
	else if (w->prev_state == WINDOW_MOVED && (!maybe || copy->busy))
		count(COUNTER_LATE_SLOW);
}

/* One of the page's windows and this lookup; true when the lookup came behind it. */
static __always_inline bool lookup_meets(void *ctx, const struct section *s, struct window *w,
					 __u64 index, __u64 block, __u64 bh)
{
	struct window_view copy;
	bool inside;

	if (!window_read(w, &copy) || copy.index != index)
		return false;
	inside = !s->folio && lookup_inside(s, &copy); /* a folio lock keeps the migrator out */
	if (!inside)
		return lookup_behind(s, &copy);
	if (!bh)
		return true; /* refused */
	lookup_note(ctx, s, w, &copy, block, bh);
	return true;
}

/* @mapping: the block device's. */
static __always_inline void lookup_pair(void *ctx, struct cpu_state *cpu, const struct section *s,
					__u64 mapping, __u64 block, __u32 size, __u64 bh, __u32 dev)
{
	__u64 index = lookup_index(block, size);
	struct window_page *p = window_find(mapping, index);
	bool behind;

	if (!p)
		return;
	behind = lookup_meets(ctx, s, &p->w[0], index, block, bh);
	behind |= lookup_meets(ctx, s, &p->w[1], index, block, bh);
	if (!behind)
		return;
	cpu_count(cpu, s->folio ? COUNTER_BEHIND_FOLIO : COUNTER_BEHIND_SPIN);
	if (s->folio && s->wait_ns)
		sample(dev, SITE_FIND_GET_BLOCK, KIND_FOLIO_WAIT, OUTCOME_NONE, s->wait_ns);
}

/* The lock that was taken lies in the mapping; to read that of @bdev takes longer. */
static __always_inline __u64 lookup_mapping(const struct section *s, struct block_device *bdev)
{
	return s->lock ? core_mapping_of_lock(s->lock) : core_bdev_mapping(bdev);
}

/* What lookup_released() left to do. */
static __always_inline void lookup_flush(const struct section *s)
{
	sample(s->dev, SITE_FIND_GET_BLOCK, KIND_HOLD, OUTCOME_NONE, s->hold_ns);
	if (s->wait_ns)
		sample(s->dev, SITE_FIND_GET_BLOCK, KIND_WAIT, OUTCOME_NONE, s->wait_ns);
}

/* Can there be a window that this lookup was in or came behind? */
static __always_inline bool lookup_armed(const struct section *s)
{
	return migrating || s->t_acquire - s->wait_ns <= window_ended_ns + WINDOW_BEHIND_NS;
}

/* @size: 0 where it is not known what was looked for. */
static __always_inline void lookup_returned(void *ctx, struct block_device *bdev, __u32 dev,
					    __u64 block, __u32 size, __u64 bh)
{
	struct cpu_state *cpu = this_cpu();
	__u64 task = bpf_get_current_task();
	struct section *s, mine;
	bool ours;

	if (!cpu)
		return;
	ours = !cfg_device || dev == cfg_device;
	if (ours && phase == PHASE_RECORDING)
		cpu_count(cpu, COUNTER_LOOKUPS);
	s = section_of(SITE_FIND_GET_BLOCK, cpu, task);
	if (!s || !s->fresh || s->task != task)
		return;
	s->fresh = 0;
	mine = *s; /* who is preempted behind this finds another's section in its place */
	if (section_deferred(SITE_FIND_GET_BLOCK) && mine.pending) {
		s->pending = 0;
		barrier();
		lookup_flush(&mine);
	}
	if (ours && mine.counted) {
		if (mine.folio)
			cpu_count(cpu, COUNTER_LOOKUPS_FOLIO);
		if (mine.folio && mine.wait_ns)
			cpu_count(cpu, COUNTER_FOLIO_WAITS);
		/*
		 * Whether in a window or not: BH_Migrate is also set while a check fails and is tried
		 * again, and a little longer than a window; and between the switch of the mapping
		 * and the move of the buffers the new page has none.
		 */
		if (cfg_flag_era && !mine.folio && !bh && migrating)
			cpu_count(cpu, COUNTER_REFUSED);
		if (size && lookup_armed(&mine))
			lookup_pair(ctx, cpu, &mine, lookup_mapping(&mine, bdev), block, size, bh,
				    dev);
	}
	section_drop(SITE_FIND_GET_BLOCK, task);
}

/*
 * The same where only the result is at hand: a buffer says itself what was looked for. A lookup that
 * found nothing can't be late, and is not counted among those behind a window, nor to a device.
 */
static __always_inline void lookup_left_with(void *ctx, struct buffer_head *bh)
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
