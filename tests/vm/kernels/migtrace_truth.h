/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel itself counts about private_lock, late buffer references, the reasons of
 * migrations, aio rings and isolation, for the tests of migtrace.  Copied to include/linux/ of
 * the kernel; the *.cocci files put the calls into mm/migrate.c, mm/compaction.c, fs/buffer.c
 * and fs/aio.c.
 *
 * The helpers are inlined so that the calls of _raw_spin_lock/_raw_spin_unlock stay in the
 * function they were in: the tool under test looks for them there.  For the same reason those
 * that take a lock of their own (aio's) are not inlined: it would find that lock as well.
 */
#ifndef _LINUX_MIGTRACE_TRUTH_H
#define _LINUX_MIGTRACE_TRUTH_H

#include <linux/buffer_head.h>
#include <linux/jbd2.h>
#include <linux/mutex.h>
#include <linux/pagemap.h>
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

/* why a __buffer_migrate_folio() ended as it did: one reason a call */
enum migtrace_reason {
	MIGTRACE_NO_BUFFERS,		/* left to migrate_folio(), of whatever result */
	MIGTRACE_EARLY_REFS,
	MIGTRACE_LOCKED,
	MIGTRACE_BUSY,
	MIGTRACE_JOURNAL,		/* busy, and the buffer belongs to a journal */
	MIGTRACE_REFS,
	MIGTRACE_OK,
	MIGTRACE_OTHER,
	MIGTRACE_NR_REASONS,
};

struct migtrace_reasons {
	u64 calls;
	u64 ended[MIGTRACE_NR_REASONS];
};

/*
 * Summed up as an array of u64.  A window that was opened has moved its page (windows_closed) or not
 * (aborted); what happened in it is counted at its end, under one name for each.
 */
struct migtrace_counts {
	u64 windows;
	u64 windows_closed;
	u64 aborted;
	u64 late_refs;
	u64 late_windows;
	u64 late_refs_aborted;
	u64 delays, delays_ns;		/* planted: how many, and how long in all */
	u64 busy_ends;
	u64 busy_ends_aborted;
	u64 lookup_found;
	u64 lookup_slow_null;
	u64 lookups_behind_spin;
	u64 lookups_behind_folio;
	struct migtrace_held held[MIGTRACE_NR_SITES];
	struct migtrace_reasons reasons[2];	/* [check_refs] */
	u64 aio_calls;
	u64 aio_ok;
	u64 aio_ring_lock_busy;
	u64 aio_ctx_gone;
	u64 aio_slot_changed;
	u64 aio_refs;
	u64 aio_other;
	u64 aio_copies;
	u64 aio_reads;
	u64 aio_completions;
	u64 aio_overlaps_read;
	u64 aio_overlaps_completion;
	u64 iso_dereferenced;
	u64 iso_gone;
	u64 iso_anon;
	u64 iso_exiting;
	u64 iso_freed;
	u64 iso_gone_at_move;
	u64 iso_orphans;
};

DECLARE_PER_CPU(struct migtrace_counts, migtrace_counts);

#define migtrace_count(name) this_cpu_inc(migtrace_counts.name)

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

extern u32 migtrace_racy, migtrace_repoint_first;
extern u32 migtrace_aio_racy, migtrace_aio_unlocked;
extern u32 migtrace_delay_ns, migtrace_pause_ns;

/* of 6.10, for migtrace_repoint_first */
void folio_migrate_copy(struct folio *newfolio, struct folio *folio);

/*
 * Spins for @ns.  Not ndelay(), whose PAUSE takes microseconds where the CPU is emulated.  Returns
 * how long it was.
 */
static __always_inline u64 migtrace_spin(u32 ns)
{
	u64 begin = sched_clock(), now;

	do {
		now = sched_clock();
	} while (now - begin < ns);
	return now - begin;
}

/* A slowdown planted in the section of the migration: what was planted is measured on the way. */
static __always_inline void migtrace_delay(void)
{
	u32 ns = READ_ONCE(migtrace_delay_ns);
	u64 spent;

	if (likely(!ns))
		return;
	spent = migtrace_spin(ns);
	this_cpu_inc(migtrace_counts.delays);
	this_cpu_add(migtrace_counts.delays_ns, spent);
}

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
 * A window made longer, before the page is copied: a race that shows in seconds, whatever else the
 * machine does.  With the fix in place the lock is held for as long, and lookups wait for it.
 */
static __always_inline void migtrace_pause(const struct migtrace_section *s)
{
	u32 ns = READ_ONCE(migtrace_pause_ns);

	if (unlikely(ns) && s->window)
		migtrace_spin(ns);
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
		if (late)
			this_cpu_inc(migtrace_counts.late_windows);
		if (busy)
			this_cpu_inc(migtrace_counts.busy_ends);
	} else {
		this_cpu_inc(migtrace_counts.aborted);
		this_cpu_add(migtrace_counts.late_refs_aborted, late);
		if (busy)
			this_cpu_inc(migtrace_counts.busy_ends_aborted);
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

static __always_inline void migtrace_called(bool check_refs)
{
	migtrace_count(reasons[check_refs].calls);
}

static __always_inline void migtrace_ended(bool check_refs, enum migtrace_reason reason)
{
	migtrace_count(reasons[check_refs].ended[reason]);
}

/* @bh: the first one of the page that is referenced */
static __always_inline enum migtrace_reason migtrace_busy(struct buffer_head *bh)
{
	return buffer_jbd(bh) ? MIGTRACE_JOURNAL : MIGTRACE_BUSY;
}

static __always_inline enum migtrace_reason migtrace_moved(int rc)
{
	if (!rc)
		return MIGTRACE_OK;
	return rc == -EAGAIN ? MIGTRACE_REFS : MIGTRACE_OTHER;
}

/*
 * Compaction has read @mapping of @folio under the folio's lock.  Where there is one it is
 * dereferenced; an anonymous folio has none either, but that is nothing gone.
 */
static __always_inline void migtrace_isolating(struct folio *folio, struct address_space *mapping)
{
	if (mapping) {
		migtrace_count(iso_dereferenced);
		if (mapping_exiting(mapping))
			migtrace_count(iso_exiting);
	} else if (!folio->mapping) {
		migtrace_count(iso_gone);
	} else {
		migtrace_count(iso_anon);
	}
}

/*
 * The sections under way on an aio ring, in its struct kioctx and under one lock for all rings.
 * There is never more than one of each kind, whatever the switches are: copies are under the ring
 * mapping's lock, reads under ring_lock and completions under completion_lock.
 */
struct migtrace_ring {
	struct mutex nobodys;		/* tried in place of ring_lock */
	bool copying;
	bool reading;
	bool completing;
	bool read_any;			/* events, and not just the header */
	bool read_wraps;
	unsigned long copy_page;
	unsigned long read_first;	/* pages, both included */
	unsigned long read_last;
	unsigned long completion_page;
	unsigned long flags;		/* of the irqs, from the begin of a read to its pages */
};

void migtrace_copy_begin(struct migtrace_ring *ring, unsigned long page);
void migtrace_copy_end(struct migtrace_ring *ring);
void migtrace_read_begin(struct migtrace_ring *ring);
void __migtrace_read_pages(struct migtrace_ring *ring, bool any, bool wraps, unsigned long first,
			   unsigned long last);
void migtrace_read_end(struct migtrace_ring *ring);
void __migtrace_completion_begin(struct migtrace_ring *ring, unsigned long page);
void migtrace_completion_end(struct migtrace_ring *ring);

/* macros, because struct kioctx and the constants are known in fs/aio.c only */
#define migtrace_ring_lock(ctx, racy) ((racy) ? &(ctx)->migtrace.nobodys : &(ctx)->ring_lock)

#define migtrace_event_page(pos) (((pos) + AIO_EVENTS_OFFSET) / AIO_EVENTS_PER_PAGE)

#define migtrace_completion_begin(ctx)						\
	__migtrace_completion_begin(&(ctx)->migtrace, migtrace_event_page((ctx)->tail))

/* @head and @tail as the ring has them, that is: as any process has written them */
#define migtrace_read_pages(ctx, head, tail, nr)				\
do {										\
	long __size = (ctx)->nr_events;						\
	long __first = (head) % __size;						\
	long __n = ((tail) % __size + __size - __first) % __size;		\
	long __last;								\
										\
	__n = max(min_t(long, nr, __n), 0L);					\
	__last = __first + max(__n - 1, 0L);					\
	__migtrace_read_pages(&(ctx)->migtrace, __n > 0, __last >= __size,	\
			      migtrace_event_page(__first),			\
			      migtrace_event_page(__last % __size));		\
} while (0)

/* declarations that decide where the code of a function is; of 6.12, for split.cocci */
#define MIGTRACE_OUT_OF_LINE()							\
	static noinline struct buffer_head *					\
	__find_get_block_slow(struct block_device *bdev, sector_t block, bool atomic)
#define MIGTRACE_PART_ONLY()							\
	static noinline int							\
	__buffer_migrate_folio(struct address_space *mapping, struct folio *dst,	\
			       struct folio *src, enum migrate_mode mode, bool check_refs) \
	__asm__("__buffer_migrate_folio.part.0")

#endif
