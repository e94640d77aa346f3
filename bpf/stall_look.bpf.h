/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The rest of stall.bpf.h: who sleeps for a folio, who spins, and who has what is waited for. Stage 1.
 *
 * Who spins can't be seen from another CPU: a timer looks at each CPU's own task, which is also how an owner
 * that runs shows its stack. An owner that sleeps is found when somebody has waited for too long: it has to
 * let go of what it has in the end, so that its stack refers to it. No program is on any taker of these
 * locks.
 */
#ifndef MIGTRACE_STALL_LOOK_BPF_H
#define MIGTRACE_STALL_LOOK_BPF_H

#include "core.bpf.h"
#include "section.bpf.h"
#include "stall.bpf.h"

/* Somebody is about to sleep for a folio's lock. Anonymous pages have no buffers. */
static __always_inline void stall_folio_begins(void *ctx, __u64 folio)
{
	__u64 mapping = core_folio_mapping(folio);
	struct stall_wait w = { .what = STALL_FOLIO, .addr = folio, .folio = folio };

	if (!mapping || mapping & 3)
		return;
	w.code = code_of_stack(ctx) & (CODE_LOOKUP | CODE_MIGRATION);
	if (!w.code)
		return;
	w.dev = core_dev_of_mapping(mapping);
	if (filter_refuses(w.dev))
		return;
	w.index = core_folio_index(folio);
	w.block = core_is_bdev(mapping) ? core_folio_block(folio) : NO_BLOCK;
	stall_begins(ctx, &w);
}

/* Spinlocks: by the timer of each CPU. */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stall_spin);
} stall_spins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stall_lock);
} stall_locks SEC(".maps");

/* A lookup's own section does not know its lock before the release. */
static __always_inline void stall_lock_called(__u64 lock)
{
	__u32 only = 0;
	struct stall_lock *l = bpf_map_lookup_elem(&stall_locks, &only);

	if (!l)
		return;
	l->task = bpf_get_current_task();
	l->lock = lock;
}

/* What this CPU's section of @site is to the task that is interrupted here. */
static __always_inline bool stall_of_section(const struct section *s, __u64 task,
					     struct stall_spin *v)
{
	__u32 only = 0;
	struct stall_lock *l;

	if (s->task != task || (!s->held && !s->t_call))
		return false;
	v->held = s->held;
	v->since = s->held ? s->t_acquire : s->t_call;
	v->lock = s->lock;
	v->dev = s->dev;
	l = v->lock ? NULL : bpf_map_lookup_elem(&stall_locks, &only);
	if (l && l->task == task)
		v->lock = l->lock;
	return true;
}

static __always_inline bool stall_of_migration(const struct migration *m, struct stall_spin *v)
{
	if (!m || m->unchecked || (!m->now.inside && !m->now.t_call))
		return false;
	v->held = m->now.inside != 0;
	v->since = v->held ? m->now.t_acquire : m->now.t_call;
	v->lock = m->mapping + core_private_lock_offset();
	v->dev = m->dev;
	v->site = SITE_MIGRATE_NOREFS;
	return true;
}

/*
 * Since when one that spins, or has the lock, has been seen to: neither runs in user space meanwhile, nor is
 * switched out. What a section's slot says can be of a task that was preempted ahead of the lock function and has
 * had its lock elsewhere: the slot stays as it was until the site is entered on this CPU again.
 */
static __always_inline __u64 stall_first(struct stall_look *l, const struct stall_spin *v,
					 __u64 task)
{
	__u64 switches = section_switches(task);

	if (l->task == task && l->since == v->since && l->switches == switches)
		return l->first;
	l->task = task;
	l->since = v->since;
	l->switches = switches;
	l->first = v->seen;
	return v->seen;
}

/* Whom the timer has interrupted: what for is @m, the migration of the task, or NULL. */
static __always_inline void stall_looked(struct bpf_perf_event_data *ctx, const struct migration *m)
{
	struct stall_spin v = { .seen = bpf_ktime_get_ns() }, *to;
	__u64 task = bpf_get_current_task();
	struct cpu_state *cpu = this_cpu();
	bool found = stall_of_migration(m, &v);
	__u32 only = 0;

	to = bpf_map_lookup_elem(&stall_spins, &only);
	if (!to || !cpu)
		return;
	for (__u32 s = SITE_FIND_GET_BLOCK; s < SITE_COUNT && !found; s++) {
		found = stall_of_section(&site_of(cpu, s)->cur, task, &v);
		if (found)
			v.site = s;
	}
	if (found && !v.dev && v.lock && v.site == SITE_FIND_GET_BLOCK)
		v.dev = core_dev_of_bdev_lock(v.lock);
	if (!found || core_is_user(ctx) || filter_refuses(v.dev)) {
		to->look.task = 0;
		to->task = 0;
		return;
	}
	/* a stack only of what may become a stall: most sections are over at the next look */
	if (v.seen < stall_first(&to->look, &v, task) + (cfg_stall_ns >> 1)) {
		to->task = 0;
		return;
	}
	v.look = to->look;
	v.pid = (__u32)bpf_get_current_pid_tgid();
	bpf_get_current_comm(v.comm, sizeof(v.comm));
	v.stack = stall_stack(ctx);
	v.task = task;
	*to = v;
}

/* Who sleeps and has what is waited for: a look at all tasks, when user space asks. */

volatile __u64 stall_looks[STALL_LOOKS] = {};

#define STALL_WORDS 512
#define STALL_PARTS 4 /* of a stack: 16 KiB of it, from where its task went to sleep */

struct stall_scratch {
	__u64 words[STALL_WORDS];
	struct stall_task out;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct stall_scratch);
} stall_scratch SEC(".maps");

/* Which of them are among the first @n words of the scratch; into it, and a global function, for the verifier. */
__noinline int stall_search(__u32 n)
{
	__u32 only = 0;
	struct stall_scratch *s = bpf_map_lookup_elem(&stall_scratch, &only);

	if (!s)
		return 0;
	for (__u32 i = 0; i < STALL_WORDS; i++) {
		__u64 word;

		if (i >= n)
			break;
		word = s->words[i];
		if (!word)
			continue;
		for (__u32 j = 0; j < STALL_LOOKS; j++)
			if (word == stall_looks[j])
				s->out.found |= 1u << j;
	}
	return 0;
}

/* Fills in what is said of @task if it refers to anything; NULL: it does not. */
static __always_inline struct stall_task *stall_refers(struct task_struct *task)
{
	__u64 at = core_task_sp(task), end = core_task_stack(task) + STALL_PARTS * STALL_WORDS * 8;
	__u32 only = 0;
	struct stall_scratch *s = bpf_map_lookup_elem(&stall_scratch, &only);

	if (!s || core_task_runs(task) || at >= end || at < end - STALL_PARTS * STALL_WORDS * 8)
		return NULL;
	s->out.found = 0;
	for (int part = 0; part < STALL_PARTS; part++) {
		__u64 bytes = end - at;

		if (at >= end)
			break;
		if (bytes > STALL_WORDS * 8)
			bytes = STALL_WORDS * 8;
		if (bpf_probe_read_kernel(s->words, bytes, (void *)at))
			break;
		stall_search(bytes >> 3);
		at += STALL_WORDS * 8;
	}
	if (!s->out.found)
		return NULL;
	s->out.task = (__u64)task;
	s->out.pid = BPF_CORE_READ(task, pid);
	BPF_CORE_READ_STR_INTO(&s->out.comm, task, comm);
	__builtin_memset(s->out.ip, 0, sizeof(s->out.ip));
	bpf_get_task_stack(task, s->out.ip, sizeof(s->out.ip), 0);
	return &s->out;
}

#endif /* MIGTRACE_STALL_LOOK_BPF_H */
