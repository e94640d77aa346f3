// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Intervals by subtraction: the maps only ever grow, so that one costs one read of them and the
 * programs know nothing of it. An interval's min and max are the bounds of its outermost buckets.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "record/session.h"
#include "record/snapshot.h"

/* 50 KB each here, and 100,000 are what a reader takes: who asks for more has not meant them. */
#define INTERVALS_KEPT 10000

struct intervals {
	__u64 every_ns, next_ns, last_ns;
	struct run prev;
	struct interval *v;
	size_t n;
};

struct intervals *intervals__new(double seconds)
{
	struct intervals *s = calloc(1, sizeof(*s));

	if (s)
		s->next_ns = s->every_ns = seconds * 1e9;
	return s;
}

static void subtract(struct hist *out, const struct hist *now, const struct hist *before)
{
	memset(out, 0, sizeof(*out));
	out->count = now->count - before->count;
	out->sum_ns = now->sum_ns - before->sum_ns;
	for (__u32 i = 0; i < HIST_BUCKETS; i++) {
		out->bucket[i] = now->bucket[i] - before->bucket[i];
		if (!out->bucket[i])
			continue;
		if (!out->max_ns)
			out->min_ns = hist_lower(i) > now->min_ns ? hist_lower(i) : now->min_ns;
		out->max_ns =
			hist_lower(i + 1) - 1 < now->max_ns ? hist_lower(i + 1) - 1 : now->max_ns;
	}
}

static void take(struct intervals *s, struct tracer *t, __u64 ns, bool final)
{
	struct interval *v = realloc(s->v, (s->n + 1) * sizeof(*v)), *i;
	struct run now = { 0 };
	int err;

	if (!v)
		return;
	s->v = v;
	err = snapshot__figures(t, &now, final);
	if (err) {
		log_warn("can't read an interval, the next one is longer: %s", strerror(-err));
		run__free(&now);
		return;
	}
	i = &v[s->n++];
	memset(i, 0, sizeof(*i));
	i->start_ns = s->last_ns;
	i->duration_ns = ns - s->last_ns;
	for (int site = 0; site < SITE_COUNT; site++) {
		subtract(&i->site[site].hold, &now.site[site].hold, &s->prev.site[site].hold);
		subtract(&i->site[site].wait, &now.site[site].wait, &s->prev.site[site].wait);
	}
	for (size_t c = 0; c < now.counters.n; c++)
		counters__add(&i->counters, now.counters.v[c].name,
			      now.counters.v[c].value -
				      counters__get(&s->prev.counters, now.counters.v[c].name));
	run__free(&s->prev);
	s->prev = now;
	s->last_ns = ns;
}

__u64 intervals__due(const struct intervals *s)
{
	return s->every_ns ? s->next_ns : 0;
}

void intervals__tick(struct intervals *s, struct tracer *t, __u64 ns)
{
	if (!s->every_ns || ns < s->next_ns)
		return;
	if (s->n == INTERVALS_KEPT - 1) {
		log_warn("%d intervals: the last one has all the rest", INTERVALS_KEPT);
		s->next_ns = ~0ULL;
		return;
	}
	take(s, t, ns, false);
	while (s->next_ns <=
	       ns) /* on a grid: a late interval makes the next one shorter, not later */
		s->next_ns += s->every_ns;
}

void intervals__finish(struct intervals *s, struct tracer *t, struct run *run, __u64 ns)
{
	if (!s)
		return;
	/* final, so that intervals add up to the whole */
	if (s->every_ns && ns > s->last_ns)
		take(s, t, ns, true);
	run->intervals = s->v;
	run->intervals_n = s->n;
	run__free(&s->prev);
	free(s);
}
