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

	if (!m || m->now.bracket)
		return;
	m->now.bracket = 1;
	m->wait_ns[m->now.sections & 1] = 0; /* it lies before the bracket */
	norefs_section_begins(m);
}

static __always_inline void norefs_bracket_end(__u64 bh)
{
	__u64 now = bpf_ktime_get_ns();
	struct migration *m = norefs_of_current();
	__u64 folio;

	if (!m || m->now.bracket != 1)
		return;
	/* the end of a read or a write, in an interrupt, unlocks buffers of other folios */
	folio = core_bh_folio(bh);
	if (folio != m->src && folio != m->dst)
		return;
	m->now.bracket = 2;
	norefs_hold(m, now);
	m->now.inside = 0;
}

#endif /* MIGTRACE_BRACKET_BPF_H */
