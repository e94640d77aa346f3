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
SHARED_WORD(window_seq) = 0;

/* Only lookups ask: one of two mappings that fall on one slot is forgotten. */
#define LOCK_LEFT_SLOTS 256

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LOCK_LEFT_SLOTS);
	__type(key, __u32);
	__type(value, struct lock_release);
} last_releases SEC(".maps");

static __always_inline struct lock_release *last_release_of(__u64 mapping)
{
	__u32 at = (mapping >> 6 ^ mapping >> 14) & (LOCK_LEFT_SLOTS - 1);

	return bpf_map_lookup_elem(&last_releases, &at);
}

static __always_inline struct section *section_of(__u32 site, struct cpu_state *cpu, __u64 task)
{
	struct task_site key = { .task = task, .site = site };

	if (!cfg_preemptible)
		return &site_of(cpu, site)->cur;
	return bpf_map_lookup_elem(&rt_sections, &key);
}

static __always_inline struct section *section_create(__u32 site, struct cpu_state *cpu, __u64 task)
{
	struct task_site key = { .task = task, .site = site };
	struct section *s = section_of(site, cpu, task), empty = {};

	if (s || !cfg_preemptible)
		return s;
	bpf_map_update_elem(&rt_sections, &key, &empty, BPF_NOEXIST);
	s = bpf_map_lookup_elem(&rt_sections, &key);
	if (!s)
		lost(LOSS_MAP_FULL);
	return s;
}

/* The section is over and nobody asks about it any more: its task's slot is free. */
static __always_inline void section_drop(__u32 site, __u64 task)
{
	struct task_site key = { .task = task, .site = site };

	if (cfg_preemptible)
		bpf_map_delete_elem(&rt_sections, &key);
}

/* Do a section's times go to the histograms only at the function's exit, when the lock is free? */
static __always_inline bool section_deferred(__u32 site)
{
	return site == SITE_FIND_GET_BLOCK && cfg_pair && !cfg_preemptible;
}

static __always_inline __u32 section_phase(__u32 site)
{
	return SITE_IS_RARE(site) ? rare_phase : site == SITE_FLOOR ? floor_phase : phase;
}

/*
 * The slot is wanted, and its last section's task went on elsewhere before it came to its exit. Into
 * a histogram of its own: the exit's program can be preempted (by us) while it writes to the other,
 * and would then put back what it had read before.
 */
static __always_inline void section_leftover(__u32 site, struct section *s)
{
	__u32 dev;

	if (!section_deferred(site) || !s->pending)
		return;
	s->pending = 0;
	barrier();
	dev = cfg_totals ? 0 : s->dev ?: core_dev_of_bdev_lock(s->lock);
	sample_keyed(dev, site | KIND_HOLD << 8 | 1 << 24, s->hold_ns);
	if (s->wait_ns)
		sample_keyed(dev, site | KIND_WAIT << 8 | 1 << 24, s->wait_ns);
}

/*
 * The lock that a lock or unlock function is about to be called on: its first argument, or in the
 * register that the place's cookie names where the function was inlined.
 */
static __always_inline __u64 section_lock(struct pt_regs *ctx)
{
	__u64 reg = cfg_inlined ? bpf_get_attach_cookie(ctx) : 0, lock = 0;

	if (reg) {
		reg = (reg - 1) & 31;
		barrier_var(reg);
		bpf_probe_read_kernel(&lock, sizeof(lock), (__u64 *)ctx + reg);
	} else {
		lock = PT_REGS_PARM1(ctx);
	}
	barrier_var(lock); /* or the two ways end in one load, from here or from there */
	return lock;
}

/*
 * The call of a lookup's lock function is probed where its argument is not yet at hand: which lock, and
 * thus which device it is, its release says.
 */
static __always_inline bool section_told_late(__u32 site, const struct section *s)
{
	return site == SITE_FIND_GET_BLOCK && !s->lock;
}

/* The device that a site's @lock belongs to; 0: a lock of no device. */
static __always_inline __u32 section_dev(__u32 site, __u64 lock)
{
	if (site == SITE_MIGRATE_NOREFS || site == SITE_FIND_GET_BLOCK)
		return core_dev_of_lock(lock);
	if (site == SITE_AIO_MIGRATE)
		return core_dev_of_aio_lock(lock);
#define DEV_OF_SITE(id, name, words, dev_of, ...)                                                  \
	if (site == SITE_##id)                                                                     \
		return dev_of(lock);
	SITES(SITE_NONE, DEV_OF_SITE)
#undef DEV_OF_SITE
	return 0;
}

/* The lock function is about to be called on @lock, which belongs to device @dev; 0: not yet known. */
static __always_inline void section_call(__u32 site, __u64 lock, __u32 dev)
{
	struct cpu_state *cpu = this_cpu();
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (!cpu)
		return;
	s = section_create(site, cpu, task);
	if (!s)
		return;
	if (s->held && s->counted)
		cpu_count(cpu, COUNTER_LOSS + LOSS_NO_RELEASE);
	section_leftover(site, s);
	s->task = task;
	s->lock = lock;
	s->dev = dev;
	s->held = 0;
	s->t_call = bpf_ktime_get_ns();
}

/* How often a task was switched out, of its own accord or not. */
static __always_inline __u64 section_switches(__u64 task)
{
	struct task_struct *t = (struct task_struct *)task;

	return BPF_CORE_READ(t, nvcsw) + BPF_CORE_READ(t, nivcsw);
}

/*
 * The lock function returned, at @now: the wait ends there, before our own work. The section in flight,
 * NULL when there was no room for one.
 */
static __always_inline struct section *section_acquire(__u32 site, __u64 now)
{
	struct cpu_state *cpu = this_cpu();
	__u64 task = bpf_get_current_task();
	struct section *s;

	if (!cpu)
		return NULL;
	s = section_create(site, cpu, task);
	if (!s)
		return NULL;
	/*
	 * Behind an inlined lock is the code that goes on, and others may come to it. The call is
	 * not missing: the attempt runs without preemption right before.
	 */
	if (cfg_inlined && (s->task != task || !s->t_call))
		return NULL;
	if (s->task != task || !s->t_call) {
		if (section_phase(site) == PHASE_RECORDING)
			cpu_count(cpu, COUNTER_LOSS + LOSS_WAIT_START);
		section_leftover(site, s);
		s->task = task;
		s->lock = 0;
		s->dev = 0;
		s->wait_ns = 0;
	} else {
		s->wait_ns = now > s->t_call ? now - s->t_call : 1;
	}
	s->t_call = 0;
	s->held = 1;
	/* the floor is measured on a lock of no device */
	s->counted = section_phase(site) == PHASE_RECORDING &&
		     (!filter_refuses(s->dev) || site == SITE_FLOOR || section_told_late(site, s));
	if (s->counted && !(filter_is_set() && section_told_late(site, s)))
		site_of(cpu, site)->acquires++;
	s->seq = window_seq;
	if (cfg_preemptible)
		s->switches = section_switches(task);
	s->t_acquire = bpf_ktime_get_ns();
	return s;
}

/* What section_release() found out. */
struct held {
	__u64 hold_ns, wait_ns; /* wait_ns 0: its start was lost */
	__u64 seq, t_acquire;
	__u32 dev; /* 0: the lock says (section_told_late()) */
};

/*
 * The unlock function is about to be called on @lock at @now. True with *@h filled when this ends a
 * counted section.
 */
static __always_inline bool section_release(struct cpu_state *cpu, __u32 site, __u64 lock,
					    __u64 now, struct held *h)
{
	__u64 task = bpf_get_current_task(), start, switches;
	struct section *s;
	bool counted, late;

	s = section_of(site, cpu, task);
	if (s && s->held && s->lock && s->lock != lock)
		return false; /* the function releases another lock as well */
	if (!s || !s->held || s->task != task) {
		if (section_phase(site) == PHASE_RECORDING)
			cpu_count(cpu, COUNTER_LOSS + LOSS_NO_ACQUIRE);
		return false;
	}
	counted = s->counted;
	late = section_told_late(site, s);
	if (filter_is_set() && late && counted) {
		counted = !filter_refuses(core_dev_of_bdev_lock(lock));
		if (counted)
			site_of(cpu, site)->acquires++;
	}
	start = s->t_acquire;
	switches = cfg_preemptible ? s->switches : 0;
	s->held = 0;
	h->hold_ns = now - start;
	h->wait_ns = s->wait_ns;
	h->seq = s->seq;
	h->t_acquire = start;
	if (s->lock || !lock || (late && section_deferred(site)))
		h->dev = s->dev;
	else
		h->dev = late ? core_dev_of_bdev_lock(lock) : section_dev(site, lock);
	section_drop(site, task);
	if (!counted)
		return false;
	site_of(cpu, site)->releases++;
	/* only now it is known whose lock it was */
	if (cfg_stall_ns && h->wait_ns >= cfg_stall_ns && site != SITE_FLOOR)
		cpu_count(cpu, COUNTER_STALL + STALL_SPIN);
	if (cfg_preemptible && section_switches(task) != switches)
		site_of(cpu, site)->switched_out++;
	if (now >= start)
		return true;
	cpu_count(cpu, COUNTER_LOSS + LOSS_CLOCK_BACK);
	return false;
}

static __always_inline void section_sample(void *ctx, struct cpu_state *cpu, __u32 site,
					   const struct held *h)
{
	sample(h->dev, site, KIND_HOLD, OUTCOME_NONE, h->hold_ns);
	worst_note(ctx, cpu, site, KIND_HOLD, h->hold_ns, h->dev);
	if (!h->wait_ns)
		return;
	sample(h->dev, site, KIND_WAIT, OUTCOME_NONE, h->wait_ns);
	worst_note(ctx, cpu, site, KIND_WAIT, h->wait_ns, h->dev);
}

/* The whole of it, for a site about which nothing more is asked. */
static __always_inline void section_end(void *ctx, __u32 site, __u64 lock, __u64 now)
{
	struct cpu_state *cpu = this_cpu();
	struct held h;

	if (cpu && section_release(cpu, site, lock, now, &h))
		section_sample(ctx, cpu, site, &h);
}

#endif /* MIGTRACE_SECTION_BPF_H */
