/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A norefs migration from entry to exit: its sections, its window, its outcome. Stage 1.
 * Handlers find the migration by the current task and do nothing for tasks that are in none, since
 * the functions they hang on serve others too.
 */
#ifndef MIGTRACE_NOREFS_BPF_H
#define MIGTRACE_NOREFS_BPF_H

#include "isolate.bpf.h"
#include "outcome.bpf.h"
#include "window.bpf.h"

/* The current migration, unless it goes without the check and thus without lock and window. */
static __always_inline struct migration *norefs_of_current(void)
{
	struct migration *m = migration_of_current();

	return m && !m->plain ? m : NULL;
}

static __always_inline void migration_init(struct migration *m)
{
	m->head = 0;
	m->t_release = 0;
	m->t_flag = 0;
	m->window_id = 0;
	m->stack = -1;
	m->sections = 0;
	m->released = 0;
	m->switched = 0;
	m->moved = 0;
	m->busy = 0;
	m->assoc = 0;
	m->refused = 0;
	m->busy_exit = 0;
	m->bracket = 0;
	m->inside = 0;
	m->last = 0;
	m->busy_block = 0;
	m->busy_state = 0;
	m->busy_count = 0;
}

/*
 * A migration of the current task whose exit went by unseen: a trampoline leaves out what a CPU is
 * already in. Its window has to end before anything else of this task could be taken for its end.
 */
static __always_inline void migration_drop(struct migration *m)
{
	window_end(m, WINDOW_ABORTED);
	lost(LOSS_WINDOW);
	migration_free(m);
}

/* @typed: @mapping and @src are a trampoline's arguments, and what they point to is read directly. */
static __always_inline void norefs_entered(void *ctx, bool typed, struct address_space *mapping,
					   void *dst, void *src, int mode, bool check)
{
	__u64 task = bpf_get_current_task();
	struct cpu_state *cpu = this_cpu();
	struct migration *m = migration_of(task);
	bool early;
	__u32 dev;

	if (m)
		migration_drop(m);
	if (phase == PHASE_DRAINING || !cpu)
		return;
	dev = typed ? core_dev_of_arg(mapping) : core_dev_of_mapping((__u64)mapping);
	if (cfg_device && dev != cfg_device)
		return;
	early = phase == PHASE_IDLE;
	if (!early)
		cpu_count(cpu, check ? COUNTER_NOREFS_CALLS : COUNTER_BUFFERS_CALLS);
	if (!(typed ? core_arg_buffers(src) : core_folio_buffers((__u64)src))) {
		if (!early)
			cpu_count(cpu, reason_counter(!check, REASON_NO_BUFFERS));
		return;
	}
	m = migration_claim(task);
	if (!m) {
		cpu_count(cpu, COUNTER_LOSS + LOSS_MAP_FULL);
		return;
	}
	migration_init(m);
	m->mapping = (__u64)mapping;
	m->src = (__u64)src;
	m->dst = (__u64)dst;
	m->mode = mode;
	m->plain = !check;
	m->early = early;
	m->dev = dev;
	m->index = typed ? core_arg_index(src) : core_folio_index((__u64)src);
	m->pages = typed ? core_arg_pages(src) : core_folio_pages((__u64)src);
	m->refs = typed ? core_arg_refs(src) : core_folio_refs((__u64)src);
	if (cfg_stacks && check)
		m->stack = stack_keep(ctx);
	barrier(); /* only this task looks for it */
	*(volatile __u64 *)&m->task = task;
}

/*
 * The lock that is taken and released. The probes sit ahead of the instructions that pass it on to
 * the lock functions (ATTACH_AHEAD); a migration that had begun before the recording is not known.
 */
static __always_inline __u64 norefs_lock(const struct migration *m)
{
	return m ? m->mapping + core_private_lock_offset() : 0;
}

/* A second section: the first one's check found a buffer busy. */
static __always_inline void norefs_rechecks(struct migration *m)
{
	if (!m->released || !m->window_id)
		return;
	window_end(m, WINDOW_WITHDRAWN);
	m->t_release = 0;
}

/* @lock, @dev: 0 where only the migration tells. */
static __always_inline void norefs_called(__u64 lock, __u32 dev)
{
	struct migration *m = norefs_of_current();

	if (m) {
		m->inside = 0;
		norefs_rechecks(m);
	}
	/* the flag was set just before, and stays over a second section */
	if (cfg_flag_era && m && !m->t_flag)
		m->t_flag = bpf_ktime_get_ns();
	section_call(SITE_MIGRATE_NOREFS, lock ?: norefs_lock(m), m ? m->dev : dev);
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

/* The place behind the lock function can be part of a loop (ATTACH_BEHIND): was this one here before? */
static __always_inline bool norefs_again(const struct migration *m)
{
	struct cpu_state *cpu = this_cpu();
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (m)
		return m->inside;
	s = cpu ? section_of(SITE_MIGRATE_NOREFS, cpu, task) : NULL;
	return s && s->held && s->task == task;
}

static __always_inline void norefs_acquired(void)
{
	struct migration *m = norefs_of_current();

	if (norefs_again(m))
		return;
	if (m) {
		m->inside = 1;
		norefs_rechecks(m);
	}
	section_acquire(SITE_MIGRATE_NOREFS); /* last: it ends with the clock */
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

/* @lock: 0 where only the migration tells. */
static __always_inline void norefs_released(__u64 lock)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_of_current();
	struct cpu_state *cpu = this_cpu();
	struct held h;
	/* Nothing of the move was seen yet: the lock is dropped after the check, not after the move. */
	bool checked = m && !m->switched && !m->last;
	bool counted;

	/*
	 * Walks the buffers as the check did, still under the lock, and first of all, since they are
	 * put without it.
	 */
	if (checked) {
		m->refused = norefs_busy(m->src);
		if (cfg_recount && m->sections)
			m->refs_second = core_folio_refs(m->src);
		m->released = 1;
		if (m->window_id) /* of a section before, whose successor's begin went by unseen */
			window_end(m, WINDOW_WITHDRAWN);
	}
	counted = cpu && section_release(cpu, SITE_MIGRATE_NOREFS, lock ?: norefs_lock(m), now, &h);
	if (m)
		m->inside = 0;
	if (counted && m) {
		norefs_hold(m, &h);
	} else if (counted) { /* its entry went by unseen, and so does its window */
		lost(LOSS_WINDOW);
		sample(h.dev, SITE_MIGRATE_NOREFS, KIND_HOLD, OUTCOME_OTHER, h.hold_ns);
		if (h.wait_ns)
			sample(h.dev, SITE_MIGRATE_NOREFS, KIND_WAIT, OUTCOME_NONE, h.wait_ns);
	}
	/*
	 * A busy check publishes no window: under a journal most are, a page is tried ten times in a
	 * row, and windows that are withdrawn would push out those of which lookups still have to hear.
	 */
	if (!checked || m->refused)
		return;
	m->t_release = now;
	window_open(m, now, !cfg_flag_era);
}

static __always_inline void norefs_inside(struct migration *m)
{
	if (!m->window_id && !m->switched && !m->last)
		window_open(m, bpf_ktime_get_ns(), false);
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
	if (core_lock_held(mapping + core_private_lock_offset(), bpf_get_current_task())) {
		count(COUNTER_SWITCH_LOCKED);
	} else {
		count(COUNTER_SWITCH_UNLOCKED);
		if (cfg_pair && !m->t_release) /* the begin of this window went by unseen */
			lost(LOSS_WINDOW);
	}
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
	m->last = 0; /* what ended before the copy was not the move */
	w = window_of(m);
	if (w && !w->copy_seq)
		w->copy_seq = window_tick();
}

#define END_BUFFERS                                                                                \
	128 /* no large folios where the flags come last: 512-byte blocks on a 64 KiB page */

/* The counts of several buffers: clock behind it, since reading them takes long. */
static __always_inline void norefs_walk_end(struct migration *m, __u64 head)
{
	__u64 bh = head;

	for (int i = 0; i < END_BUFFERS && bh; i++) {
		window_check_buffer(m, bh);
		bh = core_bh_next(bh);
		if (bh == head)
			return;
	}
	count(COUNTER_PARTIAL);
}

/* @typed: as above; else @dst is not at hand, and nothing but a migration can have come here. */
static __always_inline void norefs_moved(bool typed, void *dst)
{
	struct migration *m = norefs_of_current();
	__u64 head;

	if (!m || (typed && m->dst != (__u64)dst) || m->last == END_FLAGS)
		return;
	m->last = END_FLAGS;
	if (end_step != END_FLAGS)
		return;
	head = typed ? core_arg_buffers(dst) : core_folio_buffers(m->dst);
	if (head && core_bh_next(head) != head)
		norefs_walk_end(m, head);
	window_closing(m);
	if (head && core_bh_next(head) == head)
		window_check_buffer(m, head);
}

static __always_inline void norefs_repointed(__u64 bh)
{
	struct migration *m = norefs_of_current();
	struct window *w;

	if (!m || (!m->switched && m->refused))
		return;
	if (!m->switched) /* by a function that is inlined here */
		norefs_inside(m);
	if (!m->head) {
		m->head = bh;
		w = window_of(m);
		if (w && !w->after_seq)
			w->after_seq = window_tick();
	}
	if (core_bh_next(bh) == m->head) {
		m->last = END_SET_BH;
		if (end_step == END_SET_BH)
			window_closing(m);
	}
	if (end_step == END_SET_BH)
		window_check_buffer(m, bh);
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

/* @src: 0 where it is not at hand. */
static __always_inline void norefs_exited(void *ctx, __u64 src, int ret)
{
	struct migration *m = migration_of_current();
	struct cpu_state *cpu = this_cpu();
	struct window *w;
	__u8 outcome;

	if (!m || !cpu)
		return;
	if (src && m->src != src) { /* neither its exit nor our entry was seen */
		migration_drop(m);
		return;
	}
	if (m->plain)
		goto out;
	if (!ret && m->t_release && m->moved && !cfg_flag_era)
		norefs_exit_count(m);
	if (ret == -EAGAIN && m->released && !m->switched && !m->refused && !norefs_recounted(m))
		m->refused = 1;
	outcome = norefs_outcome(m, ret);
	norefs_flush(ctx, cpu, m, outcome, ret);
	w = window_of(m);
	if (w && !ret && m->t_release && w->close_seq && w->t_close >= m->t_release)
		sample(m->dev, SITE_MIGRATE_NOREFS, KIND_WINDOW, OUTCOME_NONE,
		       w->t_close - m->t_release);
	if (m->window_id)
		window_end(m, !ret	 ? window_judge(m, w) :
			      m->refused ? WINDOW_WITHDRAWN :
					   WINDOW_ABORTED);
	else if (!ret && cfg_ends && !m->early) /* none of its steps was seen */
		lost(LOSS_END_UNSEEN);
out:
	if (!m->early)
		cpu_count(cpu, reason_counter(m->plain, migration_reason(m, ret)));
	if (cfg_tries && !m->early)
		tried(m->plain ? PATH_BUFFERS : PATH_NOREFS, m->src, ret);
	migration_free(m);
}

#endif /* MIGTRACE_NOREFS_BPF_H */
