/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One lock section, from the call of the lock function over its return to the call of the unlock
 * function: the clocks `site` and `lock` end here. Stage 1.
 *
 * The section in flight sits in a per-CPU slot of its site: between acquire and release a spinlock
 * keeps the task on its CPU. Between call and acquire it does not, so the acquire checks whose call
 * the slot remembers; if another task's, the wait is lost (and counted), the hold is not. Under
 * PREEMPT_RT the slot is found by task.
 *
 * The clock is read last on the way in and first on the way out: the programs' own time inside the
 * section is not measured, though it does lengthen the section.
 */
#ifndef MIGTRACE_SECTION_BPF_H
#define MIGTRACE_SECTION_BPF_H

#include "maps.bpf.h"
#include "core.bpf.h"

/* The windows' logical clock (window.bpf.h): counts openings and ends. */
volatile __u64 window_seq = 0;

static __always_inline struct section *section_of(__u32 site, struct site_cpu *cpu, __u64 task)
{
	struct task_site key = { .task = task, .site = site };

	if (!cfg_preemptible)
		return &cpu->cur;
	return bpf_map_lookup_elem(&rt_sections, &key);
}

static __always_inline struct section *section_create(__u32 site, struct site_cpu *cpu, __u64 task)
{
	struct task_site key = { .task = task, .site = site };
	struct section *s = section_of(site, cpu, task), empty = {};

	if (s)
		return s;
	bpf_map_update_elem(&rt_sections, &key, &empty, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&rt_sections, &key);
	if (!s)
		lost(LOSS_MAP_FULL);
	return s;
}

/* The section is over and nobody asks about it any more: its task's place is free. */
static __always_inline void section_drop(__u32 site, __u64 task)
{
	struct task_site key = { .task = task, .site = site };

	if (cfg_preemptible)
		bpf_map_delete_elem(&rt_sections, &key);
}

/* The lock function is about to be called on @lock, which belongs to device @dev. */
static __always_inline void section_call(__u32 site, __u64 lock, __u32 dev)
{
	struct site_cpu *cpu = bpf_map_lookup_elem(&sites, &site);
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (!cpu)
		return;
	s = section_create(site, cpu, task);
	if (!s)
		return;
	if (s->held && s->counted)
		lost(LOSS_NO_RELEASE);
	s->task = task;
	s->lock = lock;
	s->dev = dev;
	s->held = 0;
	s->fresh = 0;
	s->folio = 0;
	s->t_call = bpf_ktime_get_ns();
}

/* The lock function returned. The section in flight, NULL when there was no room for one. */
static __always_inline struct section *section_acquire(__u32 site)
{
	__u64 now = bpf_ktime_get_ns(); /* the wait ends here, before our own work */
	struct site_cpu *cpu = bpf_map_lookup_elem(&sites, &site);
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (!cpu)
		return NULL;
	s = section_create(site, cpu, task);
	if (!s)
		return NULL;
	if (s->task != task || !s->t_call) {
		if (phase == PHASE_RECORDING)
			lost(LOSS_WAIT_START);
		s->task = task;
		s->lock = 0;
		s->wait_ns = 0;
	} else {
		s->wait_ns = now > s->t_call ? now - s->t_call : 1;
	}
	s->t_call = 0;
	s->held = 1;
	/* the floor is measured on a lock of no device */
	s->counted = phase == PHASE_RECORDING &&
		     (!cfg_device || s->dev == cfg_device || site == SITE_FLOOR);
	if (s->counted)
		cpu->acquires++;
	s->fresh = 1;
	s->seq = window_seq;
	s->seq_end = 0;
	s->t_acquire = bpf_ktime_get_ns();
	return s;
}

/* What section_release() found out. */
struct held {
	__u64 hold_ns, wait_ns; /* wait_ns 0: its start was lost */
	__u32 dev;
};

/*
 * The unlock function is about to be called on @lock at @now. True with *@h filled when this ends a
 * counted section.
 */
static __always_inline bool section_release(__u32 site, __u64 lock, __u64 now, struct held *h)
{
	struct site_cpu *cpu = bpf_map_lookup_elem(&sites, &site);
	__u64 task = bpf_get_current_task(), seq = window_seq, start;
	struct section *s;
	bool counted;

	if (!cpu)
		return false;
	s = section_of(site, cpu, task);
	if (s && s->held && s->lock && s->lock != lock)
		return false; /* the function releases another lock as well */
	if (!s || !s->held || s->task != task) {
		if (phase == PHASE_RECORDING)
			lost(LOSS_NO_ACQUIRE);
		return false;
	}
	start = s->t_acquire;
	s->seq_end = seq;
	s->held = 0;
	h->hold_ns = now - start;
	h->wait_ns = s->wait_ns;
	h->dev = s->lock ? s->dev : core_dev_of_mapping(core_mapping_of_lock(lock));
	counted = s->counted;
	if (site != SITE_FIND_GET_BLOCK || !cfg_pair)
		section_drop(site, task);
	if (!counted)
		return false;
	cpu->releases++;
	if (now >= start)
		return true;
	lost(LOSS_CLOCK_BACK);
	return false;
}

/* The whole of it, for a site about which nothing more is asked. */
static __always_inline void section_end(void *ctx, __u32 site, __u64 lock)
{
	__u64 now = bpf_ktime_get_ns();
	struct held h;

	if (!section_release(site, lock, now, &h))
		return;
	sample(h.dev, site, KIND_HOLD, OUTCOME_NONE, h.hold_ns);
	worst_note(ctx, site, KIND_HOLD, h.hold_ns, h.dev);
	if (!h.wait_ns)
		return;
	sample(h.dev, site, KIND_WAIT, OUTCOME_NONE, h.wait_ns);
	worst_note(ctx, site, KIND_WAIT, h.wait_ns, h.dev);
}

#endif /* MIGTRACE_SECTION_BPF_H */
