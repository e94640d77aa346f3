/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The times of a norefs migration's lock sections, by how it ended. Stage 1. */
#ifndef MIGTRACE_OUTCOME_BPF_H
#define MIGTRACE_OUTCOME_BPF_H

#include "reason.bpf.h"

static __always_inline __u8 norefs_outcome(const struct migration *m, int ret)
{
	if (!ret)
		return OUTCOME_MOVED;
	if (ret != -EAGAIN)
		return OUTCOME_OTHER;
	return m->now.refused ? OUTCOME_BUSY : OUTCOME_REFS;
}

static __always_inline void norefs_sample(void *ctx, struct cpu_state *cpu,
					  const struct migration *m, __u8 kind, __u64 ns,
					  __u8 outcome, int ret)
{
	struct worst_sample *w;

	sample(m->dev, SITE_MIGRATE_NOREFS, kind, kind == KIND_HOLD ? outcome : OUTCOME_NONE, ns);
	w = worst_note(ctx, cpu, SITE_MIGRATE_NOREFS, kind, ns, m->dev);
	if (!w)
		return;
	w->mode = m->mode;
	w->outcome = outcome;
	w->buffers = core_folio_nr_buffers(ret ? m->src : m->dst, cfg_page_shift);
	w->folio = m->pages << cfg_page_shift;
}

static __always_inline void norefs_flush(void *ctx, struct cpu_state *cpu,
					 const struct migration *m, __u8 outcome, int ret)
{
	for (int i = 0; i < 2; i++) {
		/* a section that was followed by another ended because a buffer was busy */
		__u8 how = i + 1 < m->now.sections ? OUTCOME_BUSY : outcome;

		if (i >= m->now.sections)
			break;
		norefs_sample(ctx, cpu, m, KIND_HOLD, m->hold_ns[i], how, ret);
		if (m->wait_ns[i])
			norefs_sample(ctx, cpu, m, KIND_WAIT, m->wait_ns[i], how, ret);
	}
}

#endif /* MIGTRACE_OUTCOME_BPF_H */
