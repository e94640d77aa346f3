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
const volatile bool cfg_flag_era = false; /* BH_Migrate: list walkers may raise a count */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, WINDOW_SLOTS);
	__uint(map_flags, BPF_F_MMAPABLE); /* an exporter looks at all of them again and again */
	__type(key, __u32);
	__type(value, struct window_page);
} windows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 256 * 1024);
} late_records SEC(".maps");

/* When a window ended last: a lookup that came long after the last of them has nothing to look for. */
volatile __u64 window_ended_ns = 0;

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

static __always_inline bool window_is_open(const struct window_page *p)
{
	return p->w[0].state == WINDOW_OPEN || p->w[1].state == WINDOW_OPEN;
}

static __always_inline struct window_page *window_find(__u64 mapping, __u64 index)
{
	__u32 base = window_hash(mapping, index);

#pragma unroll
	for (int i = 0; i < WINDOW_WAYS; i++) {
		__u32 slot = base + i;
		struct window_page *p = bpf_map_lookup_elem(&windows, &slot);

		if (p && p->mapping == mapping && p->index == index)
			return p;
	}
	return NULL;
}

/*
 * A window's place is about to be reused: what it found goes to the counters, and only when it can no
 * longer be read here. Who looks in between misses it for that once; nobody counts it twice.
 */
static __always_inline void window_recycle(struct window *w)
{
	__u32 kind;
	__u64 late = window_late(w, cfg_pair, &kind);

	w->prev_id = w->id;
	w->prev_state = w->state;
	order();
	*(volatile __u64 *)&w->id = 0; /* before anything else changes */
	order();
	w->state = WINDOW_FREE;
	if (late)
		count_by(COUNTER_LATE_SLOW + kind, late);
}

/* What a lookup asks of a window. */
struct window_view {
	__u64 id, index, open_seq, close_seq, t_open, t_close;
	__u32 state;
	bool busy;
};

/*
 * A consistent view of @w, which another CPU may be replacing by a newer window: the id is cleared
 * first and written last. (Without this, the old window's opening with the new one's missing end
 * made an innocent lookup look late: 2 in 25,219 on a stock 7.3.)
 */
static __always_inline bool window_read(const struct window *w, struct window_view *v)
{
	v->id = *(const volatile __u64 *)&w->id;
	order();
	v->index = w->index;
	v->open_seq = w->open_seq;
	v->close_seq = w->close_seq;
	v->t_open = w->t_open;
	v->t_close = w->t_close;
	v->state = w->state;
	v->busy = w->busy;
	order();
	return v->id && *(const volatile __u64 *)&w->id == v->id;
}

/* A place for a window of (mapping, index): its own page's, a free one, or one without open window. */
static __always_inline struct window_page *window_place(struct migration *m, __u32 *slot)
{
	__u32 base = window_hash(m->mapping, m->index);
	struct window_page *found = NULL;

#pragma unroll
	for (int i = 0; i < WINDOW_WAYS; i++) {
		__u32 s = base + i;
		struct window_page *p = bpf_map_lookup_elem(&windows, &s);

		if (!p)
			continue;
		if (p->mapping == m->mapping && p->index == m->index) {
			*slot = s;
			return p;
		}
		if (!window_is_open(p) &&
		    (!found ||
		     p->w[p->current & 1].t_close < found->w[found->current & 1].t_close)) {
			found = p;
			*slot = s;
		}
	}
	if (!found)
		return NULL;
	window_recycle(&found->w[0]);
	window_recycle(&found->w[1]);
	found->mapping = m->mapping;
	found->index = m->index;
	return found;
}

static __always_inline struct window *window_of(struct migration *m)
{
	struct window_page *p;
	struct window *w;

	if (!m->window_id)
		return NULL;
	p = bpf_map_lookup_elem(&windows, &m->slot);
	if (!p)
		return NULL;
	w = &p->w[m->gen & 1];
	if (w->id != m->window_id)
		w = NULL;
	/* or the compiler repeats the comparison in callers, where the verifier can't follow it */
	barrier_var(w);
	return w;
}

static __always_inline void window_open(struct migration *m, __u64 now)
{
	struct window_page *p = window_place(m, &m->slot);
	struct window *w;

	if (!p) {
		lost(LOSS_WINDOW);
		return;
	}
	m->gen = (p->current + 1) & 1;
	w = &p->w[m->gen & 1];
	window_recycle(w);
	m->window_id = now << 8 | (bpf_get_smp_processor_id() & 0xff);
	w->index = m->index;
	w->noted = 0;
	w->maybe = 0;
	w->busy_exit = 0;
	w->busy = 0;
	w->assoc = 0;
	w->copy_seq = 0;
	w->after_seq = 0;
	w->close_seq = 0;
	w->t_open = now;
	w->t_close = 0;
	w->pid = (__u32)bpf_get_current_pid_tgid();
	w->cpu = bpf_get_smp_processor_id();
	w->stack = m->stack;
	w->dev = m->dev;
	if (!cfg_totals) /* no events, nobody to name */
		bpf_get_current_comm(w->comm, sizeof(w->comm));
	w->open_seq = window_tick();
	w->state = WINDOW_OPEN;
	p->current = m->gen;
	order();
	*(volatile __u64 *)&w->id = m->window_id;
}

/*
 * What the end of a window adds to the list of events: a reference that only the count shows, or
 * the confirmation of lookups that have already reported theirs.
 */
static __always_inline void window_report(const struct migration *m, const struct window *w)
{
	struct late_record *r;

	if (cfg_totals || (!window_busy(w, cfg_pair) && !w->noted))
		return; /* nor are its doubtful lookups late */
	r = bpf_ringbuf_reserve(&late_records, sizeof(*r), 0);
	if (!r) {
		lost(LOSS_EVENT_LIST);
		return;
	}
	__builtin_memset(r, 0, sizeof(*r));
	r->window_id = w->id;
	r->t_ns = w->t_close;
	r->since_check_ns = w->t_close - w->t_open;
	r->block = m->busy_block;
	r->b_state = m->busy_state;
	r->b_count = m->busy_count;
	r->dev = w->dev;
	r->kind = w->noted || w->maybe ? LATE_MOVED : m->assoc ? LATE_ASSOC : LATE_END;
	r->maybe = m->busy ? PROOF_COUNT : m->busy_exit && !w->noted ? PROOF_EXIT : PROOF_NONE;
	r->phase = PHASE_AFTER_SWITCH;
	r->confirmed = 1;
	r->m_pid = w->pid;
	r->m_cpu = w->cpu;
	r->m_stack = w->stack;
	r->l_stack = -1;
	__builtin_memcpy(r->m_comm, w->comm, sizeof(r->m_comm));
	bpf_ringbuf_submit(r, 0);
}

static __always_inline void window_end(struct migration *m, __u32 state)
{
	struct window *w = window_of(m);

	if (!m->window_id)
		return;
	m->window_id = 0;
	if (!w) {
		lost(LOSS_WINDOW);
		return;
	}
	if (!w->t_close)
		w->t_close = bpf_ktime_get_ns();
	if (w->t_close > window_ended_ns)
		window_ended_ns = w->t_close;
	if (!w->close_seq)
		w->close_seq = window_tick();
	w->busy = m->busy;
	w->busy_exit = m->busy_exit;
	w->assoc = m->assoc;
	w->state = state;
	/*
	 * A lookup raises noted before it reads the state; we write the state before we read noted.
	 * The tick's locked instruction keeps the two in order: one of us sees the other.
	 */
	window_tick();
	if (state == WINDOW_ABORTED)
		count(COUNTER_WINDOWS_ABORTED);
	if (state != WINDOW_MOVED)
		return;
	count(COUNTER_WINDOWS);
	if (window_busy(w, cfg_pair))
		count(COUNTER_BUSY_ENDS);
	window_report(m, w);
}

/* The move's last step has just returned; what is left is to read the counts. */
static __always_inline void window_last_step(struct window *w)
{
	if (w && !w->t_close)
		w->t_close = bpf_ktime_get_ns();
}

/* Copy, flags and re-pointing are done; lock or flag is still held: nobody is late from here on. */
static __always_inline void window_closing(struct window *w)
{
	if (w && !w->close_seq)
		w->close_seq = window_tick();
}

/* One buffer at the end of its move: a count above zero is proof by itself. */
static __always_inline void window_check_buffer(struct migration *m, __u64 bh)
{
	if (core_bh_count(bh) <= 0)
		return;
	m->busy = 1;
	m->busy_block = core_bh_block(bh);
	m->busy_state = core_bh_state(bh);
	m->busy_count = core_bh_count(bh);
	if (cfg_flag_era && core_bh_on_list(bh))
		m->assoc = 1;
	else
		m->assoc = 0;
}

#endif /* MIGTRACE_WINDOW_BPF_H */
