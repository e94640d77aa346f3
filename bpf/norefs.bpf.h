/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A norefs migration from entry to exit: its sections, its window, its outcome. Stage 1.
 * Handlers find the migration by the current task and do nothing for tasks that are in none, since
 * the functions they hang on serve others too.
 */
#ifndef MIGTRACE_NOREFS_BPF_H
#define MIGTRACE_NOREFS_BPF_H

#include "buffers.bpf.h"
#include "drains.bpf.h"
#include "isolate.bpf.h"
#include "outcome.bpf.h"
#include "pinned.bpf.h"
#include "why.bpf.h"
#include "window.bpf.h"

const volatile bool cfg_wait = true;	/* the call of the lock function is probed, too */
const volatile bool cfg_behind = false; /* lookups are timed: did they wait for a migration? */

/* The current migration, unless it goes without the check and thus without lock and window. */
static __always_inline struct migration *norefs_of_current(void)
{
	struct migration *m = migration_of_current();

	return m && !m->unchecked ? m : NULL;
}

/* The same somewhere in the migration's own function. */
static __always_inline struct migration *norefs_here(void)
{
	struct migration *m = migration_of(bpf_get_current_task());

	return m && !m->unchecked ? m : NULL;
}

static __always_inline void migration_init(struct migration *m)
{
	m->stack = -1;
	__builtin_memset(&m->now, 0, sizeof(m->now));
}

static __always_inline __u32 norefs_calls(bool check)
{
	return check ? COUNTER_NOREFS_CALLS : COUNTER_BUFFERS_CALLS;
}

/* What the migration has counted so far, its call among it: at its end, all at once. */
static __always_inline void norefs_count(struct cpu_state *cpu, const struct migration *m)
{
	struct site_cpu *s = site_of(cpu, SITE_MIGRATE_NOREFS);

	s->acquires += m->now.acquires;
	s->releases += m->now.releases;
	if (cfg_preemptible)
		s->switched_out += m->now.switched_out;
	if (!m->early)
		cpu_count(cpu, norefs_calls(!m->unchecked));
}

/*
 * A migration of the current task whose exit went by unseen: a trampoline leaves out what a CPU is
 * already in. Its window has to end before anything else of this task could be taken for its end.
 */
static __always_inline void migration_drop(struct migration *m)
{
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		norefs_count(cpu, m);
	window_end(m, WINDOW_ABORTED);
	lost(LOSS_WINDOW);
	buffer_wait_over(m);
	migration_free(m);
}

/* A migration of which no more is kept: there are no buffers to move, or there was no room. */
static __always_inline void norefs_untracked(bool check, bool early, __u64 bh)
{
	if (!early)
		count(norefs_calls(check));
	if (bh)
		lost(LOSS_MAP_FULL);
	else if (!early)
		count(reason_counter(!check, REASON_NO_BUFFERS));
}

/* @typed: @mapping and @src are a trampoline's arguments, and what they point to is read directly. */
static __always_inline void norefs_entered(void *ctx, bool typed, struct address_space *mapping,
					   void *dst, void *src, int mode, bool check)
{
	__u64 task = bpf_get_current_task(), bh;
	struct migration *m = migrating ? migration_of(task) : NULL;
	bool early;
	__u32 dev;

	if (m)
		migration_drop(m);
	if (phase == PHASE_DRAINING)
		return;
	dev = typed ? core_dev_of_arg(mapping) : core_dev_of_mapping((__u64)mapping);
	if (filter_refuses(dev))
		return;
	early = phase == PHASE_IDLE;
	bh = typed ? core_arg_buffers(src) : core_folio_buffers((__u64)src);
	m = bh ? migration_claim(task) : NULL;
	if (!m) {
		norefs_untracked(check, early, bh);
		return;
	}
	migration_init(m);
	m->bh = bh;
	m->mapping = (__u64)mapping;
	m->src = (__u64)src;
	m->dst = (__u64)dst;
	m->mode = mode;
	m->unchecked = !check;
	m->early = early;
	m->dev = dev;
	m->index = typed ? core_arg_index(src) : core_folio_index((__u64)src);
	m->pages = typed ? core_arg_pages(src) : core_folio_pages((__u64)src);
	m->refs = typed ? core_arg_refs(src) : core_folio_refs((__u64)src);
	if (cfg_stacks && check)
		m->stack = stack_keep(ctx);
	if (cfg_buffer_locks)
		m->t_locked = bpf_ktime_get_ns();
	if (cfg_drains)
		m->after = drain_before();
	barrier(); /* only this task looks for it */
	*(volatile __u64 *)&m->task = task;
}

/*
 * A lock section lies in the migration, which its task finds on any CPU: the probes ask for no register
 * and can sit a few instructions off the calls of the lock functions (ATTACH_AHEAD, ATTACH_BEHIND). Of a
 * migration whose entry was not seen nothing is known.
 */

/* A second section: the first one's check found a buffer busy. */
static __always_inline void norefs_rechecks(struct migration *m)
{
	if (!m->now.released || !m->now.window_id)
		return;
	window_end(m, WINDOW_WITHDRAWN);
	m->now.t_release = 0;
}

static __always_inline void norefs_called(void)
{
	struct migration *m = norefs_here();

	if (!m)
		return;
	m->now.inside = 0;
	norefs_rechecks(m);
	m->now.t_call = bpf_ktime_get_ns();
	/* the flag was set just before, and stays over a second section */
	if (cfg_bh_migrate && !m->now.t_flag)
		m->now.t_flag = m->now.t_call;
}

/* The first buffer is about to be unlocked: the flag was cleared just before. */
static __always_inline void norefs_unlocking(void)
{
	struct migration *m = norefs_here();

	if (!m || !m->now.t_flag)
		return;
	sample(m->dev, SITE_MIGRATE_NOREFS, KIND_FLAG_HELD, OUTCOME_NONE,
	       bpf_ktime_get_ns() - m->now.t_flag);
	m->now.t_flag = 0;
	window_unflagged(m);
}

static __always_inline void norefs_section_begins(struct migration *m)
{
	m->now.inside = 1;
	if (phase == PHASE_RECORDING) {
		m->now.inside = 2;
		m->now.acquires++;
	}
	if (cfg_preemptible)
		m->switches = section_switches(m->task);
	m->now.t_acquire = bpf_ktime_get_ns(); /* last: the hold is not our own work */
}

/*
 * @at: tells the calls apart where it is known. The address behind the lock function can be part of a
 * loop over the buffers (ATTACH_BEHIND): coming there once more is no acquire.
 */
static __always_inline void norefs_acquired(__u64 at)
{
	__u64 now = cfg_wait ? bpf_ktime_get_ns() : 0; /* the wait ends here, before our own work */
	struct migration *m = norefs_here();
	__u32 i;

	if (!m || (m->now.inside && m->acquired_at == at))
		return;
	if (m->now.released) {
		norefs_rechecks(m);
		m->now.clear = !norefs_busy(m->bh);
	}
	i = m->now.sections & 1;
	if (cfg_wait && !m->now.t_call && phase == PHASE_RECORDING)
		lost(LOSS_WAIT_START);
	m->wait_ns[i] = !cfg_wait || !m->now.t_call ? 0 :
			now > m->now.t_call	    ? now - m->now.t_call :
						      1;
	if (cfg_stall_ns && m->wait_ns[i] >= cfg_stall_ns)
		count(COUNTER_STALL + STALL_SPIN);
	m->now.t_call = 0;
	m->acquired_at = at;
	norefs_section_begins(m);
}

/* The section that ends at @now, if it is counted. */
static __always_inline void norefs_hold(struct migration *m, __u64 now)
{
	__u32 i = m->now.sections & 1;

	if (m->now.inside != 2) {
		if (!m->now.inside && phase == PHASE_RECORDING)
			lost(LOSS_NO_ACQUIRE);
		return;
	}
	m->now.releases++;
	if (cfg_preemptible && section_switches(m->task) != m->switches)
		m->now.switched_out++;
	if (now < m->now.t_acquire) {
		lost(LOSS_CLOCK_BACK);
		return;
	}
	if (m->now.sections >= 2)
		return;
	m->hold_ns[i] = now - m->now.t_acquire;
	m->now.sections++;
}

/* The counts of several buffers: clock behind it, since reading them takes long. */
static __always_inline void norefs_walk_end(struct migration *m, __u64 head)
{
	__u64 found = buffers_first(head, BUFFER_REFERENCED);
	__s32 count;

	if (!found)
		return;
	if (cfg_bh_migrate && !(found & BUFFER_UNLISTED)) /* rather one that proves something */
		found = buffers_first(head, BUFFER_UNLISTED) ?: found;
	/* as it was found: by now it may have been put, or put on a list by who had it */
	count = core_bh_count(buffer_at(found));
	window_busy(m, buffer_at(found), count > 0 ? count : 1, !(found & BUFFER_UNLISTED));
}

/*
 * What the buffers say when the lock is about to be released: have they been moved to the new folio, and
 * is one referenced, by a journal at that (2)? The first one is read at once, since most folios have no
 * other one.
 */
static __always_inline bool norefs_is_done(struct migration *m, __u32 *busy)
{
	struct core_bh bh;
	bool done;

	core_bh_read(m->bh, &bh);
	done = bh.folio == m->dst;
	*busy = bh.count > 0 || bh.next != m->bh;
	if (!*busy)
		return done;
	if (done)
		norefs_walk_end(m, m->bh);
	else
		*busy = norefs_busy(m->bh);
	return done;
}

static __always_inline void norefs_section_ends(struct migration *m, __u64 now)
{
	__u32 busy;
	bool done;

	/* under the lock, and first of all, since references are put without it */
	done = norefs_is_done(m, &busy);
	if (!done && (cfg_recount || steps_off) && m->now.sections)
		m->refs_second = core_folio_refs(m->src);
	norefs_hold(m, now);
	m->now.inside = 0;
	m->now.released = 1;
	if (m->now.window_id) /* of a section before, whose successor's begin went by unseen */
		window_end(m, WINDOW_WITHDRAWN);
	if (done) {
		m->now.held = 1;
		m->now.refused = 0;
		m->now.t_release = 0;
		window_held(m, now);
		return;
	}
	/*
	 * A busy check publishes no window: under a journal most are, a page is tried ten times in a
	 * row, and windows that are withdrawn would push out those of which lookups still have to hear.
	 */
	m->now.refused = busy;
	if (busy)
		return;
	m->now.t_release = now;
	window_open(m, now, true);
}

/* For lookups that wait: read last, since our own work lengthens what they wait for. */
static __always_inline void norefs_note_release(__u64 mapping)
{
	struct lock_release *l = last_release_of(mapping);

	if (!l)
		return;
	l->mapping = mapping;
	l->t_ns = bpf_ktime_get_ns();
}

static __always_inline void norefs_released(void)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_here();

	if (!m) {
		/* its entry went by unseen, and so does its window */
		if (phase == PHASE_RECORDING && !filter_is_set())
			lost(LOSS_WINDOW);
		return;
	}
	norefs_section_ends(m, now);
	if (cfg_behind)
		norefs_note_release(m->mapping);
}

static __always_inline void norefs_inside(struct migration *m)
{
	/* where sections are seen their releases open windows */
	if (!cfg_norefs_sections && !m->now.window_id && !m->now.switched && !m->now.last)
		window_open(m, bpf_ktime_get_ns(), false);
	m->now.refused = 0; /* if the first check was, the second passed */
	m->now.switched = 1;
}

static __always_inline void norefs_switching(__u64 mapping)
{
	struct migration *m = migration_of_current();

	if (!m || m->mapping != mapping)
		return;
	if (m->unchecked) {
		m->now.switched = 1;
		return;
	}
	if (!cfg_norefs_sections) /* else their releases tell */
		count(core_lock_held(mapping + core_private_lock_offset(), m->task) ?
			      COUNTER_SWITCH_LOCKED :
			      COUNTER_SWITCH_UNLOCKED);
	norefs_inside(m);
}

static __always_inline void norefs_copying(void)
{
	struct migration *m = migration_of_current();
	struct window *w;

	if (!m)
		return;
	if (m->unchecked) {
		m->now.switched = 1;
		return;
	}
	norefs_inside(m);
	m->now.last = 0; /* what ended before the copy was not the move */
	w = window_of(m);
	if (w && !w->copy_seq)
		w->copy_seq = window_tick();
}

/* @typed: as above; else @dst is not at hand, and nothing but a migration can have come here. */
static __always_inline void norefs_moved(bool typed, void *dst)
{
	struct migration *m = norefs_of_current();
	__u64 head;

	if (!m || (typed && m->dst != (__u64)dst) || m->now.last == END_FLAGS)
		return;
	m->now.last = END_FLAGS;
	if (end_step != END_FLAGS)
		return;
	head = m->bh;
	if (core_bh_next(head) != head)
		norefs_walk_end(m, head);
	window_closing(m);
	if (core_bh_next(head) == head)
		window_check_buffer(m, head);
}

/*
 * Re-pointing is the move's last step. A page's buffers are read together behind its last one: a step that
 * an exception lengthens to 15 us is past what a reader holds by then, and each buffer read in its turn made
 * twice as many ends busy as the kernel's own reading (62 of 33, 66 of 26). A large folio has too many.
 */
static __always_inline void norefs_repointed_end(struct migration *m, __u64 bh, bool last)
{
	if (m->pages > 1) {
		if (last)
			window_closing(m);
		window_check_buffer(m, bh);
		return;
	}
	if (!last)
		return;
	if (m->now.head != bh)
		norefs_walk_end(m, m->now.head);
	window_closing(m);
	if (m->now.head == bh)
		window_check_buffer(m, bh);
}

/* @bh: 0 where it is not at hand, but it is known that they come in the ring's order. */
static __always_inline void norefs_repointed(__u64 bh)
{
	struct migration *m = norefs_of_current();
	struct window *w;
	bool last;

	if (!m || (!m->now.switched && m->now.refused))
		return;
	if (!m->now.switched) /* by a function that is inlined here, or is no longer probed */
		norefs_inside(m);
	if (!bh)
		bh = m->now.next ?: m->bh;
	if (!m->now.head) {
		m->now.head = bh;
		w = window_of(m);
		if (w && !w->after_seq)
			w->after_seq = window_tick();
	}
	m->now.next = core_bh_next(bh);
	last = m->now.next == m->now.head;
	if (last)
		m->now.last = END_SET_BH;
	if (end_step == END_SET_BH)
		norefs_repointed_end(m, bh, last);
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
	if (!m->now.busy && norefs_busy(m->bh))
		m->now.busy_exit = 1;
}

/* Racy or held is seen, not deduced: was the move done when its lock was released? */
static __always_inline void norefs_saw_move(struct cpu_state *cpu, const struct migration *m)
{
	cpu_count(cpu, m->now.held ? COUNTER_SWITCH_LOCKED : COUNTER_SWITCH_UNLOCKED);
	if (!m->now.held && !moves_slipped)
		moves_slipped = 1;
	if (m->now.held && moves_held < END_MOVES)
		__sync_fetch_and_add(&moves_held, 1);
}

/* The window of a migration that ended with @ret. */
static __always_inline void norefs_window_ends(struct migration *m, int ret)
{
	if (m->now.window_id && !ret && m->now.t_release && m->now.t_close >= m->now.t_release)
		sample(m->dev, SITE_MIGRATE_NOREFS, KIND_WINDOW, OUTCOME_NONE,
		       m->now.t_close - m->now.t_release);
	if (m->now.window_id)
		window_end(m, !ret	     ? window_judge(m) :
			      m->now.refused ? WINDOW_WITHDRAWN :
					       WINDOW_ABORTED);
	else if (!ret && cfg_ends && !m->early) /* none of its steps was seen */
		lost(LOSS_END_UNSEEN);
}

/*
 * Its reason, its number among the attempts at its page, and for what the kernel migrated. It returned at
 * @now, where cfg_buffer_locks asks for that.
 */
static __always_inline void norefs_result(struct cpu_state *cpu, const struct migration *m, int ret,
					  __u64 now)
{
	__u32 what = migration_reason(m, ret);
	int n;

	cpu_count(cpu, reason_counter(m->unchecked, what));
	if (cfg_buffer_locks)
		buffers_unlocked(m, what, now);
	if (cfg_drains && !m->unchecked)
		drain_result(m->after, what, m->now.drains);
	if (!cfg_tries)
		return;
	n = tried(cpu, m->unchecked ? PATH_BUFFERS : PATH_NOREFS, m->src, ret);
	if (!cfg_why)
		return;
	what |= (m->unchecked ? WHY_UNCHECKED : 0) | (n == 1 ? WHY_FIRST : 0);
	why_note(what, m->now.sections > 0 ? m->hold_ns[0] : 0,
		 m->now.sections > 1 ? m->hold_ns[1] : 0);
}

/* @src: 0 where it is not at hand. */
static __always_inline void norefs_exited(void *ctx, __u64 src, int ret)
{
	__u64 now = cfg_buffer_locks ? bpf_ktime_get_ns() : 0;
	struct migration *m = migration_of(bpf_get_current_task());
	struct cpu_state *cpu = this_cpu();

	if (!m || !cpu)
		return;
	if (src && m->src != src) { /* neither its exit nor our entry was seen */
		migration_drop(m);
		return;
	}
	norefs_count(cpu, m);
	if (m->unchecked)
		goto out;
	if (!ret && m->now.t_release && m->now.moved && !cfg_bh_migrate)
		norefs_exit_count(m);
	if (ret == -EAGAIN && m->now.released && !m->now.refused && !norefs_passed(m))
		m->now.refused = 1;
	norefs_flush(ctx, cpu, m, norefs_outcome(m, ret), ret);
	if (!ret && m->now.released)
		norefs_saw_move(cpu, m);
	if (!ret && m->now.held)
		window_held_end(cpu, m);
	else
		norefs_window_ends(m, ret);
out:
	if (!m->early)
		norefs_result(cpu, m, ret, now);
	if (cfg_pinned && !m->early && !m->unchecked && ret == -EAGAIN && m->now.refused)
		pinned_failed(m->bh, m->dev);
	if (m->now.t_buffer) { /* how that wait ended went by unseen */
		buffer_wait_over(m);
		if (cfg_stall_ns)
			stall_ends(bpf_ktime_get_ns());
	}
	migration_free(m);
}

#endif /* MIGTRACE_NOREFS_BPF_H */
