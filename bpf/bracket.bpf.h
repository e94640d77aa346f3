/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The bracket clock: a norefs section between two functions that are called under its lock. Stage 1. */
#ifndef MIGTRACE_BRACKET_BPF_H
#define MIGTRACE_BRACKET_BPF_H

#include "norefs.bpf.h"

/*
 * Bracket: the first function called under the lock starts a section (the check before it, a walk
 * over b_count, is not in it), the first unlock_buffer() ends it.
 */
static __always_inline void norefs_bracket_start(void)
{
	struct migration *m = norefs_of_current();

	if (!m || m->bracket)
		return;
	section_call(SITE_MIGRATE_NOREFS, norefs_lock(m), m->dev);
	section_acquire(SITE_MIGRATE_NOREFS);
	m->bracket = 1;
}

static __always_inline void norefs_bracket_end(__u64 bh)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_of_current();
	struct cpu_state *cpu = this_cpu();
	struct held h;
	__u64 folio;

	if (!m || m->bracket != 1)
		return;
	/* the end of a read or a write, in an interrupt, unlocks buffers of other folios */
	folio = core_bh_folio(bh);
	if (folio != m->src && folio != m->dst)
		return;
	m->bracket = 2;
	if (!cpu || !section_release(cpu, SITE_MIGRATE_NOREFS, norefs_lock(m), now, &h))
		return;
	h.wait_ns = 0; /* the wait lies before the bracket */
	norefs_hold(m, &h);
}

#endif /* MIGTRACE_BRACKET_BPF_H */
