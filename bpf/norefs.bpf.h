/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A norefs migration from entry to exit: its sections, its window, its outcome. Stage 1.
 * Handlers find the migration by the current task and do nothing for tasks that are in none, since
 * the functions they hang on serve others too.
 */
#ifndef MIGTRACE_NOREFS_BPF_H
#define MIGTRACE_NOREFS_BPF_H

#include "isolate.bpf.h"
#include "reason.bpf.h"
#include "window.bpf.h"

static __always_inline struct migration *migration_of_current(void)
{
	__u64 task;

	if (!migrating)
		return NULL;
	task = bpf_get_current_task();
	return bpf_map_lookup_elem(&migrations, &task);
}

/* The same, unless it goes without the check and thus without lock and window. */
static __always_inline struct migration *norefs_of_current(void)
{
	struct migration *m = migration_of_current();

	return m && !m->plain ? m : NULL;
}

static __always_inline void norefs_entered(void *ctx, __u64 mapping, __u64 dst, __u64 src, int mode,
					   bool check)
{
	__u64 task = bpf_get_current_task();
	struct migration m = {
		.mapping = mapping,
		.src = src,
		.dst = dst,
		.mode = mode,
		.stack = -1,
		.plain = !check,
	};
	struct migration *old;
	long ret;

	if (phase != PHASE_RECORDING)
		return;
	m.dev = core_dev_of_mapping(mapping);
	if (cfg_device && m.dev != cfg_device)
		return;
	count(check ? COUNTER_NOREFS_CALLS : COUNTER_BUFFERS_CALLS);
	if (!core_folio_buffers(src)) {
		count_reason(&m, REASON_NO_BUFFERS);
		return;
	}
	m.index = core_folio_index(src);
	m.refs = core_folio_refs(src);
	if (check)
		m.stack = stack_keep(ctx);
	ret = bpf_map_update_elem(&migrations, &task, &m, BPF_NOEXIST);
	if (!ret) {
		__sync_fetch_and_add(&migrating, 1);
	} else if (ret == -EEXIST) {
		/* its last exit went by unseen: a trampoline leaves out what a CPU is already in */
		old = bpf_map_lookup_elem(&migrations, &task);
		if (old)
			window_end(old, WINDOW_ABORTED);
		lost(LOSS_WINDOW);
		bpf_map_update_elem(&migrations, &task, &m, BPF_ANY);
	} else {
		lost(LOSS_MAP_FULL);
	}
}

static __always_inline void norefs_called(__u64 lock)
{
	struct migration *m = cfg_flag_era ? norefs_of_current() : NULL;

	/* the flag was set just before, and stays over a second section */
	if (m && !m->t_flag)
		m->t_flag = bpf_ktime_get_ns();
	section_call(SITE_MIGRATE_NOREFS, lock, core_dev_of_mapping(core_mapping_of_lock(lock)));
}

/* The first buffer is about to be unlocked: the flag was cleared just before. */
static __always_inline void norefs_unlocking(void)
{
	struct migration *m = norefs_of_current();

	if (!m || !m->t_flag)
		return;
	sample(m->dev, SITE_MIGRATE_NOREFS, KIND_FLAG_HELD, OUTCOME_NONE,
	       bpf_ktime_get_ns() - m->t_flag);
	m->t_flag = 0;
}

static __always_inline void norefs_acquired(void)
{
	struct section *s = section_acquire(SITE_MIGRATE_NOREFS);
	struct migration *m = norefs_of_current();

	/* a second section: the first one's check found a buffer busy */
	if (s && m && m->released && m->window_id) {
		window_end(m, WINDOW_WITHDRAWN);
		m->t_release = 0;
	}
}

static __always_inline void norefs_hold(struct migration *m, const struct held *h)
{
	__u32 i = m->sections & 1;

	if (m->sections >= 2)
		return;
	m->hold_ns[i] = h->hold_ns;
	m->wait_ns[i] = h->wait_ns;
	m->sections++;
}

static __always_inline void norefs_released(__u64 lock)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_of_current();
	struct held h;
	bool counted = section_release(SITE_MIGRATE_NOREFS, lock, now, &h);

	if (counted && m) {
		norefs_hold(m, &h);
	} else if (counted) { /* entered before the recording began: its outcome is not known */
		sample(h.dev, SITE_MIGRATE_NOREFS, KIND_HOLD, OUTCOME_OTHER, h.hold_ns);
		if (h.wait_ns)
			sample(h.dev, SITE_MIGRATE_NOREFS, KIND_WAIT, OUTCOME_NONE, h.wait_ns);
	}
	/* Nothing of the move was seen yet: the lock is dropped after the check, not after the move. */
	if (!m || m->switched || m->window_id)
		return;
	/*
	 * Walks the buffers as the check did, still under the lock. A busy check publishes no
	 * window: under a journal most are, a page is tried ten times in a row, and windows that
	 * are withdrawn would push out those of which lookups still have to hear.
	 */
	m->refused = norefs_busy(m->src);
	m->released = 1;
	if (m->refused)
		return;
	m->t_release = now;
	window_open(m, now);
}

static __always_inline void norefs_inside(struct migration *m)
{
	if (!m->window_id && !m->switched)
		window_open(m, bpf_ktime_get_ns());
	m->refused = 0; /* if the first check was, the second passed */
	m->switched = 1;
}

static __always_inline void norefs_switching(__u64 mapping)
{
	struct migration *m = migration_of_current();

	if (!m || m->mapping != mapping)
		return;
	if (m->plain) {
		m->switched = 1;
		return;
	}
	if (core_lock_held(mapping + core_private_lock_offset(), bpf_get_current_task()))
		count(COUNTER_SWITCH_LOCKED);
	else
		count(COUNTER_SWITCH_UNLOCKED);
	norefs_inside(m);
}

static __always_inline void norefs_copying(void)
{
	struct migration *m = migration_of_current();
	struct window *w;

	if (!m)
		return;
	if (m->plain) {
		m->switched = 1;
		return;
	}
	norefs_inside(m);
	w = window_of(m);
	if (w && !w->copy_seq)
		w->copy_seq = window_tick();
}

static __always_inline void norefs_moved(__u64 dst)
{
	struct migration *m = norefs_of_current();
	struct window *w;
	__u64 head, bh;

	if (!m || m->dst != dst || m->moved)
		return;
	w = window_of(m);
	window_last_step(w);
	m->moved = 1;
	head = core_folio_buffers(dst);
	bh = head;
	/* counts and clock come last: what happens behind them and before the function returns is
	 * missed */
	for (int i = 0; i < MAX_BUFFERS && bh; i++) {
		__u64 next = core_bh_next(bh);

		window_check_buffer(m, bh);
		if (next == head)
			break;
		bh = next;
	}
	window_closing(w);
}

static __always_inline void norefs_repointed(__u64 bh)
{
	struct migration *m = norefs_of_current();
	struct window *w;
	bool last;

	if (!m || !m->switched)
		return;
	w = window_of(m);
	if (!m->head) {
		m->head = bh;
		if (w && !w->after_seq)
			w->after_seq = window_tick();
	}
	last = core_bh_next(bh) == m->head;
	if (last)
		window_last_step(w);
	window_check_buffer(m, bh);
	if (!last)
		return;
	m->moved = 1;
	window_closing(w);
}

static __always_inline __u8 norefs_outcome(const struct migration *m, int ret)
{
	if (!ret)
		return OUTCOME_MOVED;
	if (ret != -EAGAIN)
		return OUTCOME_OTHER;
	return m->refused ? OUTCOME_BUSY : OUTCOME_REFS;
}

static __always_inline void norefs_sample(void *ctx, const struct migration *m, __u8 kind, __u64 ns,
					  __u8 outcome, int ret)
{
	struct worst_sample *w;

	sample(m->dev, SITE_MIGRATE_NOREFS, kind, kind == KIND_HOLD ? outcome : OUTCOME_NONE, ns);
	w = worst_note(ctx, SITE_MIGRATE_NOREFS, kind, ns, m->dev);
	if (!w)
		return;
	w->mode = m->mode;
	w->outcome = outcome;
	w->buffers = norefs_buffers(ret ? m->src : m->dst);
	w->folio = core_folio_bytes(ret ? m->src : m->dst, w->buffers);
}

static __always_inline void norefs_flush(void *ctx, const struct migration *m, __u8 outcome,
					 int ret)
{
	for (int i = 0; i < 2; i++) {
		/* a section that was followed by another ended because a buffer was busy */
		__u8 how = i + 1 < m->sections ? OUTCOME_BUSY : outcome;

		if (i >= m->sections)
			break;
		norefs_sample(ctx, m, KIND_HOLD, m->hold_ns[i], how, ret);
		if (m->wait_ns[i])
			norefs_sample(ctx, m, KIND_WAIT, m->wait_ns[i], how, ret);
	}
}

/*
 * Racy kernels only (the check section was released before the move, and there is no flag): between
 * our reading of the counts and the end of the flags step lies the trampoline's way out, through
 * which 4 to 7 % of the references on `before` slipped. The function's exit comes right behind, past
 * unlock_buffer() alone; a count seen there and not before is kept apart from paired lookups
 * (end_count). Never on held or BH_Migrate kernels: there lock or flag is released in between.
 */
static __always_inline void norefs_exit_count(struct migration *m)
{
	if (!m->busy && norefs_busy(m->dst))
		m->busy_exit = 1;
}

static __always_inline void norefs_exited(void *ctx, int ret)
{
	__u64 task = bpf_get_current_task();
	struct migration *m = bpf_map_lookup_elem(&migrations, &task);
	struct window *w;
	__u8 outcome;

	if (!m)
		return;
	if (m->plain)
		goto out;
	if (!ret && m->t_release && m->moved && !cfg_flag_era)
		norefs_exit_count(m);
	/* without a recount a check that passed goes on to the switch, whatever comes of it */
	if (!cfg_recount && ret == -EAGAIN && m->released && !m->switched && !m->refused)
		m->refused = 1;
	outcome = norefs_outcome(m, ret);
	norefs_flush(ctx, m, outcome, ret);
	w = window_of(m);
	if (w && !ret && m->t_release && w->close_seq && w->t_close >= m->t_release)
		sample(m->dev, SITE_MIGRATE_NOREFS, KIND_WINDOW, OUTCOME_NONE,
		       w->t_close - m->t_release);
	if (m->window_id)
		window_end(m, !ret ? WINDOW_MOVED : m->refused ? WINDOW_WITHDRAWN : WINDOW_ABORTED);
out:
	count_reason(m, migration_reason(m, ret));
	if (cfg_tries)
		tried(m->plain ? PATH_BUFFERS : PATH_NOREFS, m->src, ret);
	bpf_map_delete_elem(&migrations, &task);
	__sync_fetch_and_add(&migrating, -1);
}

/*
 * Bracket: the first function called under the lock starts a section (the check before it, a walk
 * over b_count, is not in it), the first unlock_buffer() ends it.
 */
static __always_inline void norefs_bracket_start(void)
{
	struct migration *m = norefs_of_current();

	if (!m || m->bracket)
		return;
	section_call(SITE_MIGRATE_NOREFS, m->mapping + core_private_lock_offset(), m->dev);
	section_acquire(SITE_MIGRATE_NOREFS);
	m->bracket = 1;
}

static __always_inline void norefs_bracket_end(void)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_of_current();
	struct held h;

	if (!m || m->bracket != 1)
		return;
	m->bracket = 2;
	if (!section_release(SITE_MIGRATE_NOREFS, m->mapping + core_private_lock_offset(), now, &h))
		return;
	h.wait_ns = 0; /* the wait lies before the bracket */
	norefs_hold(m, &h);
}

#endif /* MIGTRACE_NOREFS_BPF_H */
