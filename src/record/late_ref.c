// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Late references as they come out of the kernel. A lookup's record is a candidate until its window
 * has moved (design.md §4); the list is bounded, the counters in the kernel are not.
 */
#include <stdlib.h>
#include <string.h>

#include "record/session.h"
#include "record/snapshot.h"

struct late_list {
	struct tracer *tracer;
	const struct session_opts *opts;
	__u64 start_ns;
	struct late_record *pending;
	size_t pending_n, max;
	struct late_events proven, possible;
	bool bh_migrate; /* possible ones count beside proven ones only (snapshot.c) */
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
	l->proven.v = calloc(max, sizeof(*l->proven.v));
	l->possible.v = calloc(max, sizeof(*l->possible.v));
	l->bh_migrate = tracer__facts(t)->feature[FEAT_BH_MIGRATE];
	if (l->pending && l->proven.v && l->possible.v)
		return l;
	free(l->pending);
	free(l->proven.v);
	free(l->possible.v);
	free(l);
	return NULL;
}

static void set_side(struct late_list *l, struct late_side *s, const char *comm, __u32 pid,
		     __u32 cpu, __s32 stack)
{
	snapshot__task(s, comm, pid, cpu);
	snapshot__stack(l->tracer, stack, &s->stack, &s->stack_n);
}

/* @to: of @l, proven or possible. */
static void list(struct late_list *l, struct late_events *to, const struct late_record *r,
		 bool dirty_end)
{
	struct late_event *e;

	if (to->n == l->max)
		return; /* counted by the kernel, listed as not_listed */
	e = &to->v[to->n++];
	e->possible = to == &l->possible;
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
	if (l->opts->on_late && (!e->possible || !l->bh_migrate || l->proven.n))
		l->opts->on_late(l->opts->on_late_ctx, e);
}

static void certain(struct late_list *l, const struct late_record *r, bool dirty_end)
{
	list(l, &l->proven, r, dirty_end);
}

/*
 * Pending and confirmed: what a count at the window's end proves. It names no lookup, or the one that had
 * not released yet; a lookup that did may still be on its way out, and is then the one that was counted.
 */
static bool by_count(const struct late_record *r)
{
	return r->confirmed;
}

/* In a pending record's maybe, beside 1: the buffer was dirty at the end; its window had moved already. */
#define MAYBE_DIRTY_END 2
#define MAYBE_MOVED	4

/*
 * The window has moved, but its own record may lie behind this one: what the count proves, it then proves
 * of this lookup. Or it lay ahead, and nothing more comes.
 */
static bool is_moved(const struct late_record *r)
{
	return r->maybe & MAYBE_MOVED;
}

static void settled(struct late_list *l, const struct late_record *r)
{
	if (is_moved(r) && r->maybe & 1)
		list(l, &l->possible, r, false);
	else
		certain(l, r, r->maybe & MAYBE_DIRTY_END);
}

/* The lookups of @r's window that wait for its end, those that are late anyhow or only may be. */
static bool take_pending(struct late_list *l, const struct late_record *r, bool maybe, bool proven)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->pending_n; i++) {
		struct late_record *p = &l->pending[i];

		if (p->window_id != r->window_id || (p->maybe & 1) != maybe || by_count(p)) {
			l->pending[keep++] = *p;
		} else if (!maybe) {
			/* the state is that of the buffer that was busy at the end, not of each one's */
			certain(l, p, p->block == r->busy_block && r->b_state & BH_STATE_DIRTY);
			proven = true;
		} else if (!proven && p->block == r->busy_block) {
			p->confirmed = 1;
			p->maybe = 1 | (r->b_state & BH_STATE_DIRTY ? MAYBE_DIRTY_END : 0);
			l->pending[keep++] = *p;
			proven = true;
		} else {
			list(l, &l->possible, p, false);
		}
	}
	l->pending_n = keep;
	return proven;
}

static void add_pending(struct late_list *l, const struct late_record *r)
{
	if (l->pending_n == l->max) { /* the oldest one's window was aborted long ago */
		if (by_count(l->pending) || is_moved(l->pending))
			settled(l, l->pending);
		memmove(l->pending, l->pending + 1, --l->pending_n * sizeof(*l->pending));
	}
	l->pending[l->pending_n++] = *r;
}

static void add_moved(struct late_list *l, const struct late_record *r)
{
	struct late_record p = *r;

	p.confirmed = 0;
	p.maybe |= MAYBE_MOVED;
	add_pending(l, &p);
}

/* The window of @r has moved: what is proven by it (window_found() counts the same). */
static void confirm(struct late_list *l, const struct late_record *r)
{
	struct late_record end = *r;
	bool proven = take_pending(l, r, false, false);

	proven = take_pending(l, r, true, proven);
	if (proven || r->busy_block == ~0ULL)
		return;
	end.kind = r->maybe ? LATE_ASSOC : LATE_END;
	end.maybe = 0;
	add_pending(l, &end);
}

/* Forgets what the count at the end of @r's window proved, if @r is what was counted; false: it was not. */
static bool drop_counted(struct late_list *l, const struct late_record *r)
{
	size_t keep = 0, n = l->pending_n;
	bool dropped = false;

	for (size_t i = 0; i < n; i++) {
		const struct late_record *p = &l->pending[i];
		bool named = p->l_comm[0];

		if (p->window_id != r->window_id || !by_count(p) ||
		    (r->maybe && (named || p->block != r->block))) {
			l->pending[keep++] = *p;
			continue;
		}
		if (named)
			list(l, &l->possible, p, false);
		dropped = true;
	}
	l->pending_n = keep;
	return dropped;
}

void late_list__settle(struct late_list *l, __u64 until_ns)
{
	size_t keep = 0;

	for (size_t i = 0; i < l->pending_n; i++)
		if ((by_count(&l->pending[i]) || is_moved(&l->pending[i])) &&
		    l->pending[i].t_ns <= until_ns)
			settled(l, &l->pending[i]);
		else
			l->pending[keep++] = l->pending[i];
	l->pending_n = keep;
}

int late_list__add(void *list_, const struct late_record *r)
{
	struct late_list *l = list_;

	if (r->kind == LATE_MOVED)
		confirm(l, r);
	else if (!r->confirmed)
		add_pending(l, r);
	else if (drop_counted(l, r))
		certain(l, r, false);
	else
		add_moved(l, r);
	return 0;
}

static void finish(struct late_events *to, const struct late_events *from, __u64 counted)
{
	*to = *from;
	to->not_listed = counted > to->n ? counted - to->n : 0;
}

void late_list__finish(struct late_list *l, struct run *run)
{
	if (!l)
		return;
	late_list__settle(l, ~0ULL);
	while (!run->late.possible && l->possible.n)
		late_event__free(&l->possible.v[--l->possible.n]);
	finish(&run->late.proven, &l->proven, run->late.total + run->late.assoc_list);
	finish(&run->late.doubtful, &l->possible, run->late.possible);
	free(l->pending);
	free(l);
}
