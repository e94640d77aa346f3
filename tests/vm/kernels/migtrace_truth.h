/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself counts about private_lock and late buffer references,
 * for the tests of migtrace.  Copied to include/linux/ of the kernel; truth.cocci
 * puts the calls into mm/migrate.c and fs/buffer.c.
 *
 * The helpers are inlined so that the calls of _raw_spin_lock/_raw_spin_unlock stay in the
 * function they were in: the tool under test looks for them there.
 */
#ifndef _LINUX_MIGTRACE_TRUTH_H
#define _LINUX_MIGTRACE_TRUTH_H

#include <linux/buffer_head.h>
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/sched/clock.h>
#include <linux/spinlock.h>

enum migtrace_site {
	MIGTRACE_MIGRATE,		/* __buffer_migrate_folio(check_refs = true) */
	MIGTRACE_LOOKUP,		/* __find_get_block_slow */
	MIGTRACE_NR_SITES,
};

struct migtrace_held {
	u64 holds;
	u64 hold_ns;
	u64 hold_max_ns;
	u64 wait_ns;
};

struct migtrace_counts {
	u64 windows;
	u64 windows_closed;
	u64 aborted;
	u64 late_refs;
	u64 late_windows;
	u64 late_refs_aborted;
	u64 busy_ends;
	u64 lookup_found;
	u64 lookup_slow_null;
	u64 lookups_behind_spin;
	u64 lookups_behind_folio;
	struct migtrace_held held[MIGTRACE_NR_SITES];
};

DECLARE_PER_CPU(struct migtrace_counts, migtrace_counts);

/* lives on the stack of the instrumented function */
struct migtrace_section {
	u64 wait_ns;
	u64 start;			/* 0: no spinlock section open */
	bool window;
};

/*
 * An open window is a bit in b_state of the page's head buffer, and the late references of that
 * window are counted in the bits above it: the buffers move from the old page to the new one
 * during the window, but the head buffer stays the same, so a lookup is caught whichever page it
 * came by.  Bits from 47 on are used by nobody.
 */
#define MIGTRACE_WINDOW		(1UL << 47)
#define MIGTRACE_LATE_SHIFT	48
#define MIGTRACE_LATE_ONE	(1UL << MIGTRACE_LATE_SHIFT)
#define MIGTRACE_STATE		(~0UL << 47)

void migtrace_window_ended(struct buffer_head *head);
bool migtrace_window_is_near(struct buffer_head *head, u64 now);

static __always_inline void migtrace_lock(struct migtrace_section *s, spinlock_t *lock)
{
	u64 called = sched_clock();

	spin_lock(lock);
	s->start = sched_clock();
	s->wait_ns = s->start - called;
}

/*
 * The clock is read right before the unlock and the counters are written right after it, so that
 * counting does not lengthen the section.  Preemption stays off until they are written: whoever
 * reads them with stop_machine() sees all of a section or nothing of it.
 */
static __always_inline void migtrace_unlock(struct migtrace_section *s, spinlock_t *lock,
					    enum migtrace_site site)
{
	struct migtrace_held *held;
	u64 ns;

	preempt_disable();
	ns = sched_clock() - s->start;
	spin_unlock(lock);
	held = this_cpu_ptr(&migtrace_counts.held[site]);
	held->holds++;
	held->hold_ns += ns;
	if (ns > held->hold_max_ns)
		held->hold_max_ns = ns;
	held->wait_ns += s->wait_ns;
	s->start = 0;
	preempt_enable();
}

/* every b_count was seen zero; called with the lock held that they were read under */
static __always_inline void migtrace_window_open(struct migtrace_section *s,
						 struct buffer_head *head)
{
	s->window = true;
	this_cpu_inc(migtrace_counts.windows);
	set_bit(MIGTRACE_LATE_SHIFT - 1, &head->b_state);
}

/*
 * Copy, flags and re-pointing are done, or the move failed.  With the fix in place the lock is
 * still held.  With the fix reverted it is not, and what a lookup does at this very moment goes
 * by the order of the atomic operations: the end is the clearing of the bit.  A lookup that is
 * between get_bh() and migtrace_ref() then is not counted as late, so late_refs is never too
 * large.  The b_counts are read before, so that a busy end is a window with a late reference
 * (but for that same lookup); read after it, they would count what came behind a finished move.
 */
static __always_inline void migtrace_window_close(struct migtrace_section *s,
						  struct buffer_head *head, bool moved)
{
	struct buffer_head *bh = head;
	unsigned long late;
	bool busy = false;

	if (!s->window)
		return;

	preempt_disable();
	do {
		busy |= atomic_read(&bh->b_count) != 0;
		bh = bh->b_this_page;
	} while (bh != head);
	late = atomic_long_fetch_andnot(MIGTRACE_STATE, (atomic_long_t *)&head->b_state);
	late >>= MIGTRACE_LATE_SHIFT;

	if (moved) {
		this_cpu_inc(migtrace_counts.windows_closed);
		this_cpu_add(migtrace_counts.late_refs, late);
		this_cpu_add(migtrace_counts.late_windows, late != 0);
		this_cpu_add(migtrace_counts.busy_ends, busy);
	} else {
		this_cpu_inc(migtrace_counts.aborted);
		this_cpu_add(migtrace_counts.late_refs_aborted, late);
	}
	migtrace_window_ended(head);
	s->window = false;
	preempt_enable();
}

/* a slow lookup holds its lock (or the folio lock, then start is 0) and found buffers */
static __always_inline void migtrace_lookup_head(struct migtrace_section *s,
						 struct buffer_head *head)
{
	bool spin = s->start != 0;

	if (!(READ_ONCE(head->b_state) & MIGTRACE_WINDOW) &&
	    !migtrace_window_is_near(head, spin ? s->start : sched_clock()))
		return;
	if (spin)
		this_cpu_inc(migtrace_counts.lookups_behind_spin);
	else
		this_cpu_inc(migtrace_counts.lookups_behind_folio);
}

/* a slow lookup has just taken its reference: late if the window is open at this instant */
static __always_inline void migtrace_ref(struct buffer_head *head)
{
	unsigned long state = READ_ONCE(head->b_state);

	do {
		if (!(state & MIGTRACE_WINDOW))
			return;
	} while (!try_cmpxchg(&head->b_state, &state, state + MIGTRACE_LATE_ONE));
}

static __always_inline void migtrace_lookup_done(struct buffer_head *ret)
{
	if (ret)
		this_cpu_inc(migtrace_counts.lookup_found);
	else
		this_cpu_inc(migtrace_counts.lookup_slow_null);
}

#endif
