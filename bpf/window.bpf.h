/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Windows: when a page of buffers is between its norefs check and the end of its move, and which
 * lookups fell into that time (design.md §4). Stage 1.
 *
 * A window is published under the lock, at the release of the check section, before anybody knows
 * whether the check passed: a second section withdraws it, a move confirms it. A lookup only notes
 * the logical clock while it holds the lock; it is paired when it returns, and it counts only once
 * the window it was in has moved. So what a lookup saw is decided by the lock's own order.
 */
#ifndef MIGTRACE_WINDOW_BPF_H
#define MIGTRACE_WINDOW_BPF_H

#include "section.bpf.h"
#include "slots.bpf.h"

const volatile __u32 cfg_window_mask = WINDOW_SLOTS - 1;
const volatile bool cfg_bh_migrate = false; /* BH_Migrate: list walkers may raise a count */

/* The steps of a move whose ends are probed, a bit of enum end_step each; 0: there are no windows. */
const volatile __u32 cfg_ends = 0;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WINDOW_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE); /* an exporter looks at all of them again and again */
	__type(key, __u32);
	__type(value, struct window);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} late_records SEC(".maps");

/*
 * How often a record is asked for. A kprobe's exception passes for an NMI, in which the ring's lock is only
 * tried, and another CPU has that for some instructions: one or two reports of 200 were lost on a kernel whose
 * lookups' exits are kprobes.
 */
#define LATE_RECORD_TRIES 3

/*
 * The last of a function: a record, filled by @fill(r, ...), or a loss. What is got is used up in the loop:
 * before 6.2 the verifier forgets behind it that it is not NULL.
 */
#define late_record_put(fill, ...)                                                                 \
	_Pragma("clang loop unroll(disable)") for (int i = 0; i < LATE_RECORD_TRIES; i++)          \
	{                                                                                          \
		struct late_record *r = bpf_ringbuf_reserve(&late_records, sizeof(*r), 0);         \
                                                                                                   \
		if (!r)                                                                            \
			continue;                                                                  \
		fill(r, __VA_ARGS__);                                                              \
		bpf_ringbuf_submit(r, 0);                                                          \
		return;                                                                            \
	}                                                                                          \
	lost(LOSS_EVENT_LIST)

/* Sizes of folios that windows were opened for, in pages, powers of two: a bit each. */
volatile __u64 window_sizes = 0;

/* When a window ended last: a lookup that came long after the last of them has nothing to look for. */
SHARED_WORD(window_ended_ns) = 0;

/*
 * Moves that were done when their lock was released, and whether one was not (its check had its own
 * section). After END_MOVES of the first and none of the second user space takes the programs off that
 * the steps of a move have (tracer.c): such a kernel's moves end with their section.
 */
volatile __u64 moves_held = 0, moves_slipped = 0;

/* enum end_step: which step is taken for the end, by what is known of the kernel before (src/trace/bpf_config.c). */
volatile __u32 end_step = 0;
volatile __u64 end_kept = 0, end_other = 0; /* moves of the first ones that ended with it, or not */

static __always_inline __u64 window_tick(void)
{
	/* no fetch-and-add before 5.12: the value read after it orders just as well */
	order();
	__sync_fetch_and_add(&window_seq, 1);
	order();
	return window_seq;
}

static __always_inline __u32 window_hash(__u64 mapping, __u64 index)
{
	__u64 h = (mapping >> 6) ^ (index * 0x9e3779b97f4a7c15ULL);

	return (__u32)(h ^ (h >> 29)) & cfg_window_mask & ~(WINDOW_WAYS - 1);
}

#define READ_NOW(x) (*(const volatile typeof(x) *)&(x))

/* From where on a lookup that acquires is not in @w any more; 0: not yet known. */
static __always_inline __u64 window_limit(const struct window *w)
{
	return w->slips ? READ_NOW(w->done_seq) : READ_NOW(w->close_seq);
}

/*
 * Who is to replace @w by a newer window: nobody else does then, and no lookup is writing to it. As claim(),
 * but that the window has to be over behind it as well. A lookup raises pins before it reads retiring, and we
 * do it the other way round: one of us sees the other, since both raise by a locked add, which no later load
 * overtakes.
 */
static __always_inline bool window_claim(struct window *w)
{
	if (w->claims || w->pins || w->state == WINDOW_OPEN)
		return false;
	__sync_fetch_and_add(&w->claims, 1);
	order();
	if (READ_NOW(w->claims) != 1 || READ_NOW(w->state) == WINDOW_OPEN)
		goto taken;
	__sync_fetch_and_add(&w->retiring, 1);
	order();
	if (!READ_NOW(w->pins))
		return true;
	*(volatile __u32 *)&w->retiring = 0;
taken:
	order();
	__sync_fetch_and_add(&w->claims, -1);
	return false;
}

/*
 * A window's slot is about to be reused: what it found goes to the counters, and only when it can no
 * longer be read here. Who looks in between misses it for that once; nobody counts it twice. Lookups
 * that were in it and are still on their way to their exit find it as the one that is gone.
 */
static __always_inline void window_recycle(struct window *w)
{
	struct window_found f = window_found(w);

	if (w->gone_done > w->older_done)
		*(volatile __u64 *)&w->older_done = w->gone_done;
	order();
	w->gone_mapping = w->mapping;
	w->gone_index = w->index;
	w->gone_open = w->open_seq;
	/* nobody can have been in one that opened and ended at once, under the lock */
	w->gone_done =
		w->state == WINDOW_MOVED && window_limit(w) > w->open_seq ? window_limit(w) : 0;
	order();
	*(volatile __u64 *)&w->id = 0; /* before anything else changes */
	order();
	w->state = WINDOW_FREE;
	if (f.proven)
		count_by(COUNTER_LATE_SLOW + f.kind, f.proven);
	if (f.possible)
		count_by(COUNTER_POSSIBLE, f.possible);
}

/*
 * A slot for a window of (mapping, index), which is ours alone until it is published: the one in which
 * a window ended longest ago, or any without open window. -1: none. A global function, to be walked
 * by the verifier once.
 */
__noinline int window_take(__u64 mapping, __u64 index)
{
	__u32 base = window_hash(mapping, index), at = base;
	struct window *best = NULL;

#pragma unroll
	for (int i = 0; i < WINDOW_WAYS; i++) {
		__u32 slot = base + i;
		struct window *w = bpf_map_lookup_elem(&windows, &slot);

		if (!w || w->state == WINDOW_OPEN || w->claims)
			continue;
		if (!best || w->t_close < best->t_close) {
			best = w;
			at = slot;
		}
	}
	if (!best)
		return -1;
	if (window_claim(best))
		goto found;
#pragma unroll
	for (int i = 0; i < WINDOW_WAYS; i++) {
		at = base + i;
		best = bpf_map_lookup_elem(&windows, &at);
		if (best && window_claim(best))
			goto found;
	}
	return -1;
found:
	window_recycle(best);
	return at;
}

/* What a lookup asks of a window. */
struct window_view {
	__u64 id, pages, open_seq, limit, t_open, t_close;
	__u32 state;
};

/*
 * A consistent view of @w, which another CPU may be replacing by a newer window: the id is cleared
 * first and written last. (Without this, the old window's opening with the new one's missing end
 * made an innocent lookup look late: 2 in 25,219 on a stock 7.3.)
 */
static __always_inline bool window_read(const struct window *w, __u64 mapping, __u64 index,
					struct window_view *v)
{
	v->id = READ_NOW(w->id);
	order();
	if (!v->id || w->mapping != mapping || w->index != index)
		return false;
	v->pages = w->pages;
	v->open_seq = w->open_seq;
	v->limit = window_limit(w);
	v->t_open = w->t_open;
	v->t_close = w->t_close;
	v->state = w->state;
	order();
	return READ_NOW(w->id) == v->id;
}

static __always_inline struct window *window_of(struct migration *m)
{
	struct window *w;

	if (!cfg_pair || !m->now.window_id)
		return NULL;
	w = bpf_map_lookup_elem(&windows, &m->slot);
	if (w && w->id != m->now.window_id)
		w = NULL;
	/* or the compiler repeats the comparison in callers, where the verifier can't follow it */
	barrier_var(w);
	return w;
}

static __always_inline __u64 window_new_id(__u64 now)
{
	return now << 8 | (bpf_get_smp_processor_id() & 0xff);
}

/*
 * The slot whose turn it is, if it can be had at once. What is pushed out may be newer than what stays:
 * of windows in which nobody can have been, that costs a little evidence and no late reference.
 */
static __always_inline struct window *window_next(const struct migration *m, __u32 *slot)
{
	__u64 turn = window_seq ^ window_seq >> 2 ^ window_seq >> 5;
	struct window *w;

	*slot = window_hash(m->mapping, m->index) + (turn & (WINDOW_WAYS - 1));
	w = bpf_map_lookup_elem(&windows, slot);
	if (!w || !window_claim(w))
		return NULL;
	window_recycle(w);
	return w;
}

/* The slot of the oldest one. */
static __always_inline struct window *window_oldest(const struct migration *m, __u32 *slot)
{
	int at = window_take(m->mapping, m->index);

	*slot = at;
	return at < 0 ? NULL : bpf_map_lookup_elem(&windows, slot);
}

/* A slot in the table for @m's window, which is filled and then published; NULL: there is none. */
static __always_inline struct window *window_slot_for(struct migration *m, bool held)
{
	struct window *w = NULL;
	__u32 slot;

	if (held)
		w = window_next(m, &slot);
	if (!w)
		w = window_oldest(m, &slot);
	if (!w) {
		lost(LOSS_WINDOW);
		return NULL;
	}
	m->slot = slot;
	w->mapping = m->mapping;
	w->index = m->index;
	w->pages = m->pages;
	if (!(window_sizes & m->pages))
		window_sizes |= m->pages;
	w->noted = 0;
	w->maybe = 0;
	w->maybe_block = 0;
	w->copy_seq = 0;
	w->after_seq = 0;
	w->done_seq = 0;
	w->dev = m->dev;
	return w;
}

static __always_inline void window_publish(struct window *w, __u64 id)
{
	*(volatile __u32 *)&w->retiring = 0;
	order();
	*(volatile __u64 *)&w->id = id;
	order();
	__sync_fetch_and_add(&w->claims, -1);
}

/*
 * @slips: lookups get the lock from now on, a flag keeps out those that look at it. Without lookups to pair it needs
 * no slot in the table: what it finds, the migration's own end counts.
 */
static __always_inline void window_open(struct migration *m, __u64 now, bool slips)
{
	__u64 id = window_new_id(now);
	struct window *w;

	if (!cfg_ends || m->early)
		return;
	m->slips = slips;
	m->t_open = now;
	m->now.t_close = 0;
	if (!cfg_pair) {
		m->now.window_id = id;
		return;
	}
	w = window_slot_for(m, false);
	if (!w)
		return;
	m->now.window_id = id;
	w->busy_block = 0;
	w->busy_exit = 0;
	w->busy = 0;
	w->assoc = 0;
	w->slips = slips;
	w->close_seq = 0;
	w->t_open = now;
	w->t_close = 0;
	w->pid = (__u32)bpf_get_current_pid_tgid();
	w->cpu = bpf_get_smp_processor_id();
	w->stack = m->stack;
	if (!cfg_totals) /* no events, nobody to name */
		bpf_get_current_comm(w->comm, sizeof(w->comm));
	w->open_seq = window_tick();
	w->state = WINDOW_OPEN;
	window_publish(w, id);
}

static __always_inline void window_fill(struct late_record *r, const struct migration *m, __u64 id)
{
	__builtin_memset(r, 0, sizeof(*r));
	r->window_id = id;
	r->t_ns = m->now.t_close;
	r->since_check_ns = m->now.t_close - m->t_open;
	if (m->now.busy) { /* else they are those of a move before */
		r->block = m->busy_block;
		r->b_state = m->busy_state;
		r->b_count = m->busy_count;
	}
	r->dev = m->dev;
	r->kind = LATE_MOVED;
	r->busy_block = m->now.busy ? m->busy_block : ~0ULL;
	r->maybe = m->now.assoc;
	r->phase = LATE_PHASE_AFTER_SWITCH;
	r->confirmed = 1;
	r->m_pid = (__u32)bpf_get_current_pid_tgid();
	r->m_cpu = bpf_get_smp_processor_id();
	r->m_stack = m->stack;
	r->l_stack = -1;
	bpf_get_current_comm(r->m_comm, sizeof(r->m_comm));
}

/*
 * What the end of a window adds to the list of events: what became of the lookups that have already
 * reported theirs, and a reference that only the count shows.
 */
static __always_inline void window_report(const struct migration *m, __u64 id, bool noted)
{
	if (cfg_totals || (!m->now.busy && !noted))
		return;
	late_record_put(window_fill, m, id);
}

/* A window that is in no table: what it found is counted at once. */
static __always_inline void window_count(const struct migration *m)
{
	if (m->now.busy)
		count(COUNTER_LATE_SLOW + (m->now.assoc ? LATE_ASSOC : LATE_END));
	else if (m->now.busy_exit)
		count(COUNTER_POSSIBLE);
}

/* The table's part of a window's end. Did lookups note something in it? */
static __always_inline bool window_settle(struct migration *m, struct window *w, __u32 state)
{
	w->t_close = m->now.t_close;
	if (!w->close_seq)
		w->close_seq = window_tick();
	if (w->slips && !w->done_seq)
		w->done_seq = window_tick();
	w->busy = m->now.busy;
	w->busy_exit = m->now.busy_exit;
	w->busy_block = m->busy_block;
	w->assoc = m->now.assoc;
	order(); /* who sees the state sees these */
	w->state = state;
	/*
	 * A lookup raises noted before it reads the state; we write the state before we read noted.
	 * The tick's locked instruction keeps the two in order: one of us sees the other.
	 */
	window_tick();
	return READ_NOW(w->noted) || READ_NOW(w->maybe);
}

static __always_inline void window_end(struct migration *m, __u32 state)
{
	struct window *w = window_of(m);
	__u64 id = m->now.window_id;
	bool noted = false;

	if (!id)
		return;
	m->now.window_id = 0;
	if (cfg_pair && !w) {
		lost(LOSS_WINDOW);
		return;
	}
	if (!m->now.t_close)
		m->now.t_close = bpf_ktime_get_ns();
	if (cfg_pair && m->now.t_close > window_ended_ns)
		window_ended_ns = m->now.t_close;
	if (w)
		noted = window_settle(m, w, state);
	if (state == WINDOW_ABORTED)
		count(COUNTER_WINDOWS_ABORTED);
	if (state != WINDOW_MOVED)
		return;
	count(COUNTER_WINDOWS);
	if (m->now.busy)
		count(COUNTER_BUSY_ENDS);
	if (!cfg_pair)
		window_count(m);
	window_report(m, id, noted);
}

/*
 * The move was done when its lock was released, at @now: nobody can have been in this window, whose begin
 * and end are one reading of the clock. It is there for the lookups that came behind it, and for the
 * counts of the buffers, which were read under the lock.
 */
static __always_inline void window_held(struct migration *m, __u64 now)
{
	__u64 id = window_new_id(now);
	struct window *w;

	m->now.t_close = now;
	m->t_open = m->now.t_acquire ?: now;
	if (!cfg_ends || m->early || m->now.window_id)
		return;
	if (cfg_pair) {
		w = window_slot_for(m, true);
		if (!w)
			return;
		w->busy = m->now.busy;
		w->busy_exit = 0;
		w->busy_block = m->busy_block;
		w->assoc = m->now.assoc;
		w->slips = 0;
		w->t_open = m->t_open;
		w->t_close = now;
		w->open_seq = window_tick();
		w->close_seq = w->open_seq;
		w->state = WINDOW_MOVED;
		if (now > window_ended_ns)
			window_ended_ns = now;
		window_publish(w, id);
	}
	m->now.window_id = id;
}

/* The same at the function's exit, which has the result. */
static __always_inline void window_held_end(struct cpu_state *cpu, struct migration *m)
{
	__u64 id = m->now.window_id;

	m->now.window_id = 0;
	if (!id)
		return;
	cpu_count(cpu, COUNTER_WINDOWS);
	if (!m->now.busy)
		return;
	cpu_count(cpu, COUNTER_BUSY_ENDS);
	if (!cfg_pair)
		window_count(m);
	window_report(m, id, false);
}

/*
 * A move is done. Was its end seen, and behind all else? While the first moves tell which step comes
 * last, none is held against the other: if the kernel has the other order, what was believed before
 * counts for nothing, and if not, user space takes those for lost that did not fit.
 */
static __always_inline __u32 window_judge(const struct migration *m)
{
	bool open = end_kept + end_other < END_MOVES;

	if (m->now.window_id && m->now.last == end_step && m->now.t_close) {
		if (open)
			__sync_fetch_and_add(&end_kept, 1);
		return WINDOW_MOVED;
	}
	if (!open || m->now.last == end_step || !(m->now.last & cfg_ends)) {
		lost(LOSS_END_UNSEEN);
		return WINDOW_UNSEEN;
	}
	__sync_fetch_and_add(&end_other, 1);
	count(COUNTER_UNJUDGED);
	if (end_kept + end_other >= END_MOVES && end_other > end_kept)
		end_step = m->now.last;
	return WINDOW_UNSEEN;
}

/*
 * Copy, flags and re-pointing are done; lock or flag is still held: nobody is late from here on. A single
 * buffer's count is read behind this: whoever took a reference in between did so before the kernel went on.
 */
static __always_inline void window_closing(struct migration *m)
{
	struct window *w;

	m->now.moved = 1;
	if (!m->now.window_id || m->now.t_close)
		return;
	m->now.t_close = bpf_ktime_get_ns();
	w = window_of(m);
	if (w) {
		w->t_close = m->now.t_close;
		w->close_seq = window_tick();
	}
}

/*
 * The flag was cleared. Between the end of the last step and this nobody but the flag keeps a lookup out, and a kernel
 * whose lookups ignore it has them late: 2 of 100 came there, and were not even possible.
 */
static __always_inline void window_unflagged(struct migration *m)
{
	struct window *w = window_of(m);

	if (w && w->slips && w->close_seq && !w->done_seq)
		w->done_seq = window_tick();
}

/*
 * A buffer that is referenced at the end of its move: a count above zero is proof by itself, unless a list's
 * walker may be the one (@listed). Of several one that proves something stays.
 */
static __always_inline void window_busy(struct migration *m, __u64 bh, __s32 count, bool listed)
{
	bool assoc = cfg_bh_migrate && listed;

	if (m->now.busy && (assoc || !m->now.assoc))
		return;
	m->now.busy = 1;
	m->now.assoc = assoc;
	m->busy_block = core_bh_block(bh);
	m->busy_state = core_bh_state(bh);
	m->busy_count = count;
}

static __always_inline void window_check_buffer(struct migration *m, __u64 bh)
{
	__s32 count = core_bh_count(bh);

	if (count > 0)
		window_busy(m, bh, count, core_bh_on_list(bh));
}

#endif /* MIGTRACE_WINDOW_BPF_H */
