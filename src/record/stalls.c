// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Waits that last: looked for now and then, told once when they are as long as was asked, and once more
 * when they are over (bpf/stall.bpf.h has how the programs see them). Stage 3.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "record/session.h"
#include "record/snapshot.h"

#define WAITS_MAX 256
#define TASKS_MAX 64
#define TOLD_MAX  WAITS_MAX
#define LOOK_NS	  200000000ULL

/* What was told of, and not yet that it is over. */
struct told {
	__u64 task, since;
	struct run_stall s;
	bool there; /* still, at this look */
};

struct stalls {
	struct tracer *t;
	const struct session_opts *o;
	__u64 over_ns, next_ns;
	__u64 tasks[WAITS_MAX];
	struct stall_wait wait[WAITS_MAX];
	int waits_n;
	struct stall_spin *spin; /* by CPU */
	struct stall_task task[TASKS_MAX];
	int tasks_n;
	struct told told[TOLD_MAX];
	size_t told_n;
};

struct stalls *stalls__new(struct tracer *t, const struct session_opts *o)
{
	struct stalls *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->t = t;
	s->o = o;
	s->over_ns = o->stall * 1e9;
	s->spin = calloc(tracer__cpus(t), sizeof(*s->spin));
	if (s->spin)
		return s;
	free(s);
	return NULL;
}

/* Is @task itself at the lock of @addr? Then it has not got it. */
static bool waits_for(const struct stalls *s, __u64 task, __u64 addr)
{
	for (int i = 0; i < s->waits_n; i++)
		if (s->tasks[i] == task && !s->wait[i].t_end && s->wait[i].addr == addr)
			return true;
	return false;
}

/* Does the stack of @v end in a wait for a bit, as those have who wait for the same, or for its I/O? */
static bool sleeps_at_bit(const struct stall_task *v)
{
	static const char *const waits[] = { "folio_wait_bit", "wait_on_page_bit", "__folio_lock",
					     "out_of_line_wait_on_bit", "__lock_page" };
	char buf[SYMBOL_NAME + 32];

	for (int i = 0; i < 8 && v->ip[i]; i++) {
		kernel__symbol(v->ip[i], buf, sizeof(buf));
		for (size_t w = 0; w < sizeof(waits) / sizeof(*waits); w++)
			if (!strncmp(buf, waits[w], strlen(waits[w])))
				return true;
	}
	return false;
}

/*
 * The owner of what @w waits for, by bit @bit (its buffer or folio) and @bit + 1 (the folio) of what was
 * looked for: rather one that refers to the very buffer, and that does not sleep at a bit itself.
 */
static const struct stall_task *owner_of(const struct stalls *s, const struct stall_wait *w,
					 int bit, bool *at_bit)
{
	const struct stall_task *best = NULL;
	int best_rank = -1;

	for (int i = 0; i < s->tasks_n; i++) {
		const struct stall_task *v = &s->task[i];
		bool waits = sleeps_at_bit(v);
		int rank = (v->found >> bit & 1) * 2 + !waits;

		if (!(v->found >> bit & 3) || waits_for(s, v->task, w->addr) || rank <= best_rank)
			continue;
		best = v;
		best_rank = rank;
		*at_bit = waits;
	}
	return best;
}

static int unknown_owner(struct run_stall *r, const char *why)
{
	r->owner_how = strdup(why);
	return r->owner_how ? 0 : -ENOMEM;
}

static int set_owner(struct stalls *s, struct run_stall *r, const struct stall_wait *w, int bit)
{
	const struct stall_task *v;
	bool at_bit;

	if (s->tasks_n < 0)
		return unknown_owner(r, STALL_UNASKED);
	v = owner_of(s, w, bit, &at_bit);
	if (!v)
		return unknown_owner(r, STALL_NOBODY);
	r->has_owner = true;
	snapshot__task(&r->owner, v->comm, v->pid, 0);
	r->owner_how = strdup(at_bit ? STALL_WAITS_TOO : STALL_REFERS);
	return snapshot__symbols(v->ip, 32, &r->owner.stack, &r->owner.stack_n);
}

static int set_waiter(struct stalls *s, struct run_stall *r, const struct stall_wait *w)
{
	int err;

	r->what = strdup(stall__name(w->what));
	r->who = strdup(w->code & CODE_MIGRATION ? STALL_BY_MIGRATION : STALL_BY_LOOKUP);
	r->dev = w->dev;
	r->has_block = w->block != NO_BLOCK;
	r->block = r->has_block ? w->block : 0;
	r->index = w->index;
	snapshot__task(&r->waiter, w->comm, w->pid, w->cpu);
	err = snapshot__stack(s->t, w->stack, &r->waiter.stack, &r->waiter.stack_n);
	return err == -ENOMEM || !r->what || !r->who ? -ENOMEM : 0;
}

static struct told *find_told(struct stalls *s, __u64 task, __u64 since)
{
	for (size_t i = 0; i < s->told_n; i++)
		if (s->told[i].task == task && s->told[i].since == since)
			return &s->told[i];
	return NULL;
}

static void tell(struct stalls *s, const struct run_stall *r, bool ended)
{
	if (s->o->on_stall)
		s->o->on_stall(s->o->on_stall_ctx, r, ended);
}

/*
 * A slot for @r, which is told from now on, and is freed where there is none or making it failed (@err):
 * NULL then, and it is told the next time.
 */
static struct told *begin(struct stalls *s, __u64 task, __u64 since, struct run_stall *r, int err)
{
	struct told *v = &s->told[s->told_n];

	if (err || s->told_n == TOLD_MAX) {
		run_stall__free(r);
		return NULL;
	}
	*v = (struct told){ .task = task, .since = since, .s = *r, .there = true };
	s->told_n++;
	return v;
}

static void is_over(struct stalls *s, struct told *v, __u64 ns)
{
	v->s.wait_ns = ns;
	tell(s, &v->s, true);
	run_stall__free(&v->s);
	*v = s->told[--s->told_n];
}

/* Those that sleep and were not told of, as many as are looked for at once: their owners, by all stacks. */
static void look_for_owners(struct stalls *s, const int *fresh, int n)
{
	__u64 looks[STALL_LOOKS] = { 0 };

	for (int i = 0; i < n; i++) {
		looks[2 * i] = s->wait[fresh[i]].addr;
		looks[2 * i + 1] = s->wait[fresh[i]].folio;
	}
	s->tasks_n = n ? tracer__stall_tasks(s->t, looks, s->task, TASKS_MAX) : 0;
}

static void tell_sleepers(struct stalls *s, const int *fresh, int n, __u64 now)
{
	look_for_owners(s, fresh, n);
	for (int i = 0; i < n; i++) {
		const struct stall_wait *w = &s->wait[fresh[i]];
		struct run_stall r = { .wait_ns = now - w->t_start };
		int err = set_waiter(s, &r, w) ?: set_owner(s, &r, w, 2 * i);

		if (begin(s, s->tasks[fresh[i]], w->t_start, &r, err))
			tell(s, &r, false);
	}
}

/* One that has woken since: it may never have been told of, and is then told of as a whole. */
static void sleeper_woke(struct stalls *s, int i)
{
	const struct stall_wait *w = &s->wait[i];
	struct told *v = find_told(s, s->tasks[i], w->t_start);

	if (!v && s->o->on_stall) {
		struct run_stall r = { 0 };
		int err = set_waiter(s, &r, w) ?: unknown_owner(&r, STALL_GONE);

		v = begin(s, s->tasks[i], w->t_start, &r, err);
	}
	tracer__stall_forget(s->t, s->tasks[i], w);
	if (v)
		is_over(s, v, w->t_end - w->t_start);
}

static void look_at_sleepers(struct stalls *s, __u64 now)
{
	int fresh[STALL_LOOKS / 2], n = 0;

	s->waits_n = tracer__stall_waits(s->t, s->tasks, s->wait, WAITS_MAX);
	for (int i = 0; i < s->waits_n; i++) {
		const struct stall_wait *w = &s->wait[i];
		struct told *v = find_told(s, s->tasks[i], w->t_start);

		if (w->t_end)
			sleeper_woke(s, i);
		else if (now < w->t_start + s->over_ns ||
			 tracer__stall_is_stale(s->t, s->tasks[i], w))
			continue;
		else if (v)
			v->there = true;
		else if (n < STALL_LOOKS / 2)
			fresh[n++] = i;
	}
	tell_sleepers(s, fresh, n, now);
}

static bool is_fresh(const struct stall_spin *v, __u64 now)
{
	return v->task && now < v->seen + STALL_FRESH_NS;
}

static int set_spinner(struct stalls *s, struct run_stall *r, int cpu, __u64 now)
{
	const struct stall_spin *w = &s->spin[cpu], *v = NULL;
	int err;

	r->what = strdup(stall__name(STALL_SPIN));
	r->who = strdup(site__name(w->site) ?: "?");
	r->dev = w->dev;
	snapshot__task(&r->waiter, w->comm, w->pid, cpu);
	err = snapshot__stack(s->t, w->stack, &r->waiter.stack, &r->waiter.stack_n);
	if (err == -ENOMEM || !r->what || !r->who)
		return -ENOMEM;
	for (int c = 0; c < tracer__cpus(s->t) && !v; c++)
		if (is_fresh(&s->spin[c], now) && s->spin[c].held && w->lock &&
		    s->spin[c].lock == w->lock)
			v = &s->spin[c];
	if (!v)
		return unknown_owner(r, w->lock ? STALL_NO_SITE : STALL_NO_LOCK);
	r->dev = r->dev ?: v->dev;
	r->has_owner = true;
	snapshot__task(&r->owner, v->comm, v->pid, v - s->spin);
	r->owner_how = strdup(STALL_HOLDS);
	err = snapshot__stack(s->t, v->stack, &r->owner.stack, &r->owner.stack_n);
	return err == -ENOMEM || !r->owner_how ? -ENOMEM : 0;
}

static void look_at_spinners(struct stalls *s, __u64 now)
{
	if (tracer__stall_spins(s->t, s->spin))
		return;
	for (int cpu = 0; cpu < tracer__cpus(s->t); cpu++) {
		const struct stall_spin *w = &s->spin[cpu];
		/* as far as it was seen, which is behind @now where the others took long to be looked at */
		struct run_stall r = { .wait_ns = (now > w->seen ? now : w->seen) - w->since };
		struct told *v;
		int err;

		if (!is_fresh(w, now) || w->held || w->seen < w->since + s->over_ns)
			continue;
		v = find_told(s, w->task, w->since);
		if (v) {
			v->there = true;
			continue;
		}
		err = set_spinner(s, &r, cpu, now);
		if (begin(s, w->task, w->since, &r, err))
			tell(s, &r, false);
	}
}

static void look(struct stalls *s, __u64 now)
{
	for (size_t i = 0; i < s->told_n; i++)
		s->told[i].there = false;
	look_at_sleepers(s, now);
	look_at_spinners(s, now);
	for (size_t i = s->told_n; i-- > 0;) { /* the programs kept no time for these */
		struct told *v = &s->told[i];

		/* or of so many it was not among those that were read */
		if (!v->there && !tracer__stall_lasts(s->t, v->task, v->since))
			is_over(s, v, now - v->since);
	}
}

void stalls__tick(struct stalls *s)
{
	__u64 now = tracer__now_ns();

	if (!s->over_ns || !s->o->on_stall || now < s->next_ns)
		return;
	s->next_ns = now + LOOK_NS;
	look(s, now);
}

/* What had not ended is the run's. */
static int keep(struct stalls *s, struct run *run)
{
	run->stalls = calloc(s->told_n + 1, sizeof(*run->stalls));
	if (!run->stalls)
		return -ENOMEM;
	for (size_t i = 0; i < s->told_n; i++)
		run->stalls[run->stalls_n++] = s->told[i].s;
	s->told_n = 0;
	return 0;
}

int stalls__finish(struct stalls *s, struct run *run)
{
	__u64 now = tracer__now_ns();
	int err = 0;

	if (!s)
		return 0;
	if (s->over_ns) {
		size_t told;

		do { /* a look finds the owners of a few */
			told = s->told_n;
			look(s, now);
		} while (s->told_n > told);
		for (size_t i = 0; i < s->told_n; i++)
			s->told[i].s.wait_ns = now - s->told[i].since;
		err = keep(s, run);
	}
	while (s->told_n)
		run_stall__free(&s->told[--s->told_n].s);
	free(s->spin);
	free(s);
	return err;
}
