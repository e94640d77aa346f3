// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Late references as they come out of the kernel. A lookup's record is a candidate until its window
 * has moved (design.md §4); the list is bounded, the counters in the kernel are not.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "snapshot.h"

struct late_list {
	struct tracer *tracer;
	const struct session_opts *opts;
	__u64 start_ns;
	struct late_record *pending;
	size_t pending_n, max;
	struct late_event *events;
	size_t events_n;
};

static const char *const kinds[] = { "slow_lookup", "end_count", "assoc_list" };
static const char *const phases[] = { "before_switch", "copy", "after_switch" };

struct late_list *late_list__new(size_t max, struct tracer *t, const struct session_opts *o,
				 __u64 start_ns)
{
	struct late_list *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->tracer = t;
	l->opts = o;
	l->start_ns = start_ns;
	l->max = max;
	l->pending = calloc(max, sizeof(*l->pending));
	l->events = calloc(max, sizeof(*l->events));
	if (l->pending && l->events)
		return l;
	free(l->pending);
	free(l->events);
	free(l);
	return NULL;
}

static void set_side(struct late_list *l, struct late_side *s, const char *comm, __u32 pid,
		     __u32 cpu, __s32 stack)
{
	/* a task may call itself anything: terminals and JSON want printable characters */
	for (size_t i = 0; i < sizeof(s->comm) - 1 && comm[i]; i++)
		s->comm[i] = isascii(comm[i]) && isprint(comm[i]) ? comm[i] : '?';
	s->pid = pid;
	s->cpu = cpu;
	snapshot__stack(l->tracer, stack, &s->stack, &s->stack_n);
}

static void certain(struct late_list *l, const struct late_record *r, bool dirty_end)
{
	struct late_event *e;

	if (l->events_n == l->max)
		return; /* counted by the kernel, listed as not_listed */
	e = &l->events[l->events_n++];
	e->kind = strdup(kinds[r->kind]);
	e->time_ns = r->t_ns > l->start_ns ? r->t_ns - l->start_ns : 0;
	e->since_check_ns = r->since_check_ns;
	e->dev = r->dev;
	e->block = r->block;
	e->phase = strdup(phases[r->phase]);
	e->b_count = r->b_count;
	e->dirtied = r->kind == LATE_SLOW && dirty_end && !(r->b_state & BH_STATE_DIRTY);
	e->has_lookup = r->l_comm[0];
	set_side(l, &e->migrator, r->m_comm, r->m_pid, r->m_cpu, r->m_stack);
	if (e->has_lookup)
		set_side(l, &e->lookup, r->l_comm, r->l_pid, r->l_cpu, r->l_stack);
	if (l->opts->on_late)
		l->opts->on_late(l->opts->on_late_ctx, e);
}

/* The window of @r has moved: its candidates are certain now, or innocent. */
static void confirm(struct late_list *l, const struct late_record *r)
{
	enum late_proof proof = r->maybe;
	size_t keep = 0;

	for (size_t i = 0; i < l->pending_n; i++) {
		struct late_record *p = &l->pending[i];

		if (p->window_id != r->window_id) {
			l->pending[keep++] = *p;
			continue;
		}
		if (p->maybe && proof == PROOF_NONE)
			continue;
		if (p->maybe && proof == PROOF_EXIT) {
			p->kind = LATE_END; /* counted once */
			proof = PROOF_NONE;
		}
		certain(l, p, r->b_state & BH_STATE_DIRTY);
	}
	l->pending_n = keep;
}

/* A window's end that names no lookup: one may still be on its way out, and is then the one. */
static bool anonymous(const struct late_record *r)
{
	return r->confirmed && !r->l_comm[0];
}

static void drop_anonymous(struct late_list *l, __u64 window_id)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->pending_n; i++)
		if (l->pending[i].window_id != window_id || !anonymous(&l->pending[i]))
			l->pending[keep++] = l->pending[i];
	l->pending_n = keep;
}

void late_list__settle(struct late_list *l, __u64 until_ns)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->pending_n; i++)
		if (anonymous(&l->pending[i]) && l->pending[i].t_ns <= until_ns)
			certain(l, &l->pending[i], false);
		else
			l->pending[keep++] = l->pending[i];
	l->pending_n = keep;
}

int late_list__add(void *list, const struct late_record *r)
{
	struct late_list *l = list;

	if (r->kind == LATE_MOVED) {
		confirm(l, r);
	} else if (r->confirmed && !anonymous(r)) {
		drop_anonymous(l, r->window_id);
		certain(l, r, false);
	} else {
		if (l->pending_n == l->max) { /* the oldest one's window was aborted long ago */
			if (anonymous(l->pending))
				certain(l, l->pending, false);
			memmove(l->pending, l->pending + 1, --l->pending_n * sizeof(*l->pending));
		}
		l->pending[l->pending_n++] = *r;
	}
	return 0;
}

void late_list__finish(struct late_list *l, struct run *run)
{
	__u64 all = run->late.total + run->late.assoc_list;

	late_list__settle(l, ~0ULL);
	run->late.events = l->events;
	run->late.events_n = l->events_n;
	run->late.not_listed = all > l->events_n ? all - l->events_n : 0;
	free(l->pending);
	free(l);
}
