/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The buffers' locks (BH_Lock) of a migration: how long one is waited for, who let it go, and for how
 * long all are held. Stage 1.
 */
#ifndef MIGTRACE_BUFFERS_BPF_H
#define MIGTRACE_BUFFERS_BPF_H

#include "core.bpf.h"
#include "reason.bpf.h"
#include "slots.bpf.h"
#include "stall.bpf.h"

const volatile bool cfg_buffer_locks = false;

BY_CPU(spans, SPAN_COUNT, struct hist);

static __always_inline void span_add(__u32 i, __u64 ns)
{
	__u32 at = by_cpu(SPAN_COUNT, i);
	struct hist *h = bpf_map_lookup_elem(&spans, &at);

	if (h)
		hist_add(h, ns);
}

volatile __u64 buffers_waiting = 0; /* migrations at a buffer's lock: the gate of all who wake */

static __always_inline void buffer_wait_over(struct migration *m)
{
	if (!m->now.t_buffer)
		return;
	m->now.t_buffer = 0;
	__sync_fetch_and_add(&buffers_waiting, -1);
}

/* Another task has the buffer's lock, and this mode waits for it. */
static __always_inline void buffer_wait_begins(void *ctx, __u64 bh)
{
	struct migration *m = migration_of_current();

	if (!m)
		return;
	buffer_wait_over(m);
	m->buffer = bh;
	m->now.unlocker = UNLOCKER_UNSEEN;
	__sync_fetch_and_add(&buffers_waiting, 1);
	if (cfg_stall_ns)
		stall_begins(ctx, &(struct stall_wait){ .what = STALL_BUFFER,
							.code = CODE_MIGRATION,
							.addr = bh,
							.folio = m->src,
							.block = core_bh_block(bh),
							.index = m->index,
							.dev = m->dev });
	m->now.t_buffer = bpf_ktime_get_ns();
}

static __always_inline void buffer_wait_ends(void)
{
	__u64 now = bpf_ktime_get_ns(), since;
	struct migration *m = migration_of_current();
	__u32 mode;

	if (!m || !m->now.t_buffer)
		return;
	since = m->now.t_buffer;
	buffer_wait_over(m);
	if (cfg_stall_ns)
		stall_ends(now);
	if (m->buffer == m->bh)
		m->t_locked = now; /* until then it had none */
	mode = m->mode - 1;
	if (m->early || !cfg_buffer_locks || mode >= WAIT_MODES)
		return;
	span_add(SPAN_BUFFER_WAIT + (m->unchecked ? WAIT_MODES : 0) + mode,
		 now > since ? now - since : 1);
	count(COUNTER_UNLOCKER + (m->now.unlocker < UNLOCKER_COUNT ? m->now.unlocker : 0));
}

/*
 * A waiter at a bit is woken by who has just cleared it, in his context: @task, if the bit that it waits
 * for is that in @word, which is not said. A buffer's bits are its first word.
 */
static __always_inline void buffer_wakes(void *ctx, __u64 task, __u64 word)
{
	struct migration *m = migration_of(task);

	if (!m || !m->now.t_buffer || word != m->buffer)
		return;
	m->now.unlocker = code_of_stack(ctx) & CODE_IO_END ? UNLOCKER_IO : UNLOCKER_TASK;
}

/* All of a migration's buffers were locked, and it is about to return at @now. */
static __always_inline void buffers_unlocked(const struct migration *m, __u32 reason, __u64 now)
{
	if (now < m->t_locked || reason == REASON_EARLY_REFS || reason == REASON_LOCKED ||
	    reason == REASON_WRITEBACK)
		return;
	span_add(SPAN_BUFFERS_LOCKED + (m->unchecked ? 1 : 0), now - m->t_locked);
}

#endif /* MIGTRACE_BUFFERS_BPF_H */
