// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What follows from the counters alone: the generation that was seen, and why migrations ended as
 * they did. Stage 3 (snapshot).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record/snapshot.h"

/* Counters by name; those of a probe that is not live are left out: nothing would be counted. */
static const struct {
	enum counter_id id;
	const char *name, *probe;
} counter_names[] = {
	{ COUNTER_NOREFS_CALLS, "norefs_calls", NULL },
	{ COUNTER_BUFFERS_CALLS, "buffers_calls", NULL },
	{ COUNTER_SWITCH_LOCKED, "switch_locked", NULL },
	{ COUNTER_SWITCH_UNLOCKED, "switch_unlocked", NULL },
	{ COUNTER_LOOKUPS, "lookup_calls", "lookup_exit" },
	{ COUNTER_LOOKUPS_FOLIO, "lookup_folio_sections", NULL },
	{ COUNTER_REFUSED, "lookups_refused", NULL },
	{ COUNTER_FOLIO_WAITS, "lookup_folio_waits", NULL },
	{ COUNTER_FOLIO_WAIT_NS, "lookup_folio_wait_ns", "folio_wait" },
	{ COUNTER_LOOKUP_WAITS, "lookup_waits", "find_get_block" },
	{ COUNTER_WAITS_BEHIND, "lookup_waits_behind", "migrate_norefs" },
	{ COUNTER_WAIT_BEHIND_NS, "lookup_wait_behind_ns", "migrate_norefs" },
	{ COUNTER_WAIT_OTHER_NS, "lookup_wait_other_ns", "find_get_block" },
	{ COUNTER_WAITER_REFS, "refs_by_waiting_lookup", NULL },
	{ COUNTER_BUSY_ENDS, "busy_ends", NULL },
	{ COUNTER_STACKS_MISSING, "stacks_missing", NULL },
	{ COUNTER_UNJUDGED, "windows_unjudged", NULL },
	{ COUNTER_PARTIAL, "walks_partial", NULL },
	{ COUNTER_AIO_CALLS, "aio_calls", "aio_outcome" },
	{ COUNTER_AIO_COPIES, "aio_copies", "aio_overlap" },
	{ COUNTER_AIO_READS, "aio_reads", "aio_overlap" },
	{ COUNTER_AIO_WRITES, "aio_completions", "aio_overlap" },
	{ COUNTER_AIO_READ_OVERLAPS, "aio_overlaps_read", "aio_overlap" },
	{ COUNTER_AIO_WRITE_OVERLAPS, "aio_overlaps_completion", "aio_overlap" },
	{ COUNTER_AIO_UNPAIRED, "aio_unpaired", "aio_overlap" },
};

/* Racy or held is seen, not deduced: was the lock held when the mapping was switched? */
int counters__generation(struct run *run, const struct facts *f, const __u64 *c)
{
	__u64 locked = c[COUNTER_SWITCH_LOCKED], unlocked = c[COUNTER_SWITCH_UNLOCKED];
	const char *generation = "racy";
	char *copy;

	if (f->feature[FEAT_BH_MIGRATE] || !(locked + unlocked))
		return 0;
	if (!unlocked)
		generation = f->feature[FEAT_SLEEPING_LOOKUP] ? "held+sleeping" : "held";
	copy = strdup(generation);
	if (!copy)
		return -ENOMEM;
	free(run->kernel.generation);
	run->kernel.generation = copy;
	free(run->kernel.generation_evidence);
	run->kernel.generation_evidence = NULL;
	return run__switch_evidence(&run->counters, &run->kernel.generation_evidence);
}

static int reasons(struct run *run, const struct tracer *t, const __u64 *c)
{
	struct counters *const path[PATH_COUNT] = {
		[PATH_NOREFS] = &run->norefs,
		[PATH_BUFFERS] = &run->buffers,
		[PATH_AIO] = &run->aio,
	};
	bool aio = tracer__live(t, "aio_outcome");
	int err = 0;

	for (int i = 0; !err && i < PATH_COUNT * REASON_COUNT; i++) {
		const char *name = reason__name(i / REASON_COUNT, i % REASON_COUNT);

		if (name && (aio || i / REASON_COUNT != PATH_AIO))
			err = counters__add(path[i / REASON_COUNT], name, c[COUNTER_REASON + i]);
	}
	return err;
}

static void tries(struct run *run, const __u64 *c)
{
	for (int path = 0; path < PATH_COUNT; path++)
		for (int i = 0; i < TRIES_KEPT; i++) {
			const __u64 *v = c + COUNTER_TRY + path * 2 * TRIES_KEPT;

			run->tries[path].moved[i] = v[TRIES_KEPT + i];
			run->tries[path].tried[i] = snapshot__whole(v[i], v[TRIES_KEPT + i]);
		}
}

static int isolations(struct run *run, const struct tracer *t, const __u64 *c)
{
	bool taken = tracer__live(t, "isolation"), moved = tracer__live(t, "truncation");
	const __u64 *v = c + COUNTER_ISOLATION;
	int err = 0;

	run->has_isolations = taken || moved;
	for (int i = 0; !err && i < ISO_COUNT; i++)
		if (i < ISO_MOVES ? taken : moved)
			err = counters__add(
				&run->isolations, isolation__name(i),
				i == ISO_MOVES ? snapshot__whole(v[i], v[ISO_GONE_AT_MOVE]) : v[i]);
	return err;
}

/* Of @w's path: all results that it can have, if there was any. */
static int why_results(struct counters *c, const struct why_path *w, int path)
{
	__u64 any = 0;
	int err = 0;

	for (int i = 0; i < REASON_COUNT; i++)
		any |= w->result[i];
	for (int i = 0; any && !err && i < REASON_COUNT; i++)
		if (i != REASON_NO_BUFFERS && reason__name(path, i))
			err = counters__add(c, reason__name(path, i), w->result[i]);
	return err;
}

/* The rest of it, from its buckets. */
static void complete(struct hist *h)
{
	for (__u32 i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		if (!h->count)
			h->min_ns = hist_lower(i);
		h->count += h->bucket[i];
		h->max_ns = hist_lower(i + 1) - 1;
	}
}

static int add_why(struct run *run, const char *name, const struct why *w, const struct hist *hold)
{
	struct run_why *v = realloc(run->whys, (run->whys_n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	run->whys = v;
	v += run->whys_n++;
	*v = (struct run_why){
		.why = strdup(name),
		.norefs_pages = w->path[PATH_NOREFS].pages,
		.buffers_pages = w->path[PATH_BUFFERS].pages,
		.hold = *hold,
	};
	complete(&v->hold);
	if (!v->why)
		return -ENOMEM;
	return why_results(&v->norefs, &w->path[PATH_NOREFS], PATH_NOREFS) ?:
		       why_results(&v->buffers, &w->path[PATH_BUFFERS], PATH_BUFFERS);
}

static void sum_why(struct why *sum, const struct why *v, int cpus)
{
	memset(sum, 0, sizeof(*sum));
	for (int c = 0; c < cpus; c++) {
		for (int path = 0; path <= PATH_BUFFERS; path++) {
			for (int i = 0; i < REASON_COUNT; i++)
				sum->path[path].result[i] += v[c].path[path].result[i];
			sum->path[path].pages += v[c].path[path].pages;
		}
	}
}

static bool any_result(const struct why *w)
{
	__u64 any = 0;

	for (int i = 0; i < REASON_COUNT; i++)
		any |= w->path[PATH_NOREFS].result[i] | w->path[PATH_BUFFERS].result[i];
	return any;
}

/*
 * Those that this kernel has are there from the start, since a metric is to be; any other that comes, too,
 * by its number. NULL: this one need not be.
 */
static const char *why_name(const struct tracer *t, int i, bool came, char buf[FACT_WHY_NAME])
{
	if (i < WHY_UNKNOWN && *tracer__facts(t)->why[i])
		return tracer__facts(t)->why[i];
	snprintf(buf, FACT_WHY_NAME, i == WHY_UNKNOWN ? "unknown" : "reason_%d", i);
	return came || i == WHY_UNKNOWN ? buf : NULL;
}

int counters__whys(struct run *run, struct tracer *t)
{
	bool asked = tracer__opts(t)->why && tracer__live(t, "migrate_call");
	struct why *v = calloc(tracer__cpus(t), sizeof(*v)), sum;
	char buf[FACT_WHY_NAME];
	int err = v ? 0 : -ENOMEM;
	struct hist hold;
	const char *name;

	run->has_whys = asked;
	for (int i = 0; asked && !err && i < WHY_COUNT; i++) {
		err = tracer__read_why(t, i, v, &hold);
		if (err)
			break;
		sum_why(&sum, v, tracer__cpus(t));
		name = why_name(t, i, any_result(&sum), buf);
		if (name)
			err = add_why(run, name, &sum, &hold);
	}
	free(v);
	return err;
}

/* Whom a lookup waited for is seen by both sides' lock sections, and a bracket has none. */
static bool is_counted(const struct tracer *t, const char *probe, enum counter_id id)
{
	const struct choice *c = probe ? tracer__live(t, probe) : NULL;

	if (id == COUNTER_WAITS_BEHIND || id == COUNTER_WAIT_BEHIND_NS)
		return c && c->variant->clock != CLOCK_BRACKET && tracer__live(t, "find_get_block");
	return !probe || c;
}

int counters__counts(struct run *run, struct tracer *t, const __u64 *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(counter_names) / sizeof(counter_names[0]); i++)
		if (is_counted(t, counter_names[i].probe, counter_names[i].id))
			err = counters__add(&run->counters, counter_names[i].name,
					    c[counter_names[i].id]);
	for (int i = 0; i < LOSS_COUNT; i++)
		run->losses[i] = c[COUNTER_LOSS + i];
	if (!err)
		err = reasons(run, t, c);
	run->has_tries = tracer__live(t, "migrate_call");
	if (run->has_tries)
		tries(run, c);
	return err ? err : isolations(run, t, c);
}

static int buffer_spans(struct run *run, struct tracer *t)
{
	int err = 0;

	for (unsigned int path = 0; path < PATH_AIO && !err; path++) {
		for (unsigned int mode = 0; mode < WAIT_MODES && !err; mode++) {
			struct hist *h = &run->buffer_waits[path].mode[mode];

			err = tracer__add_span(t, SPAN_BUFFER_WAIT + path * WAIT_MODES + mode, h);
			hist__merge(&run->buffer_wait, h);
		}
		if (!err)
			err = tracer__add_span(t, SPAN_BUFFERS_LOCKED + path, &run->buffers_locked);
	}
	return err;
}

int counters__buffer_locks(struct run *run, struct tracer *t, const __u64 *c)
{
	int err = 0;

	run->has_buffer_locks = tracer__times_buffers(t);
	for (unsigned int i = 0; i < UNLOCKER_COUNT && run->has_buffer_locks && !err; i++)
		err = counters__add(&run->unlockers, unlocker__name(i), c[COUNTER_UNLOCKER + i]);
	return err || !run->has_buffer_locks ? err : buffer_spans(run, t);
}

/* One under way for @ns; those of the other kind are the programs' when they end. */
static void under_way(struct run *run, unsigned int what, __u64 ns, __u64 n[STALL_COUNT])
{
	if (what >= STALL_COUNT || ns < run->stall_ns)
		return;
	n[what]++;
	/* of a recording that has ended they are listed, with their ages at its end */
	if (!run->stalls_n && ns > run->stall_longest_ns)
		run->stall_longest_ns = ns;
}

#define STALLS_READ 1024

static int stalls_under_way(struct run *run, struct tracer *t, __u64 n[STALL_COUNT])
{
	struct stall_wait *w = calloc(STALLS_READ, sizeof(*w));
	struct stall_spin *s = calloc(tracer__cpus(t), sizeof(*s));
	__u64 *tasks = calloc(STALLS_READ, sizeof(*tasks)), now = tracer__now_ns();
	__u64 end = tracer__times(t).start_ns + run->duration_ns;
	int waits = 0, err = w && s && tasks ? 0 : -ENOMEM;

	if (run->duration_ns && now > end) /* it has ended: not how long they wait since */
		now = end;
	if (!err)
		waits = tracer__stall_waits(t, tasks, w, STALLS_READ);
	for (int i = 0; i < waits; i++)
		if (!w[i].t_end && now >= w[i].t_start + run->stall_ns &&
		    !tracer__stall_is_stale(t, tasks[i], &w[i]))
			under_way(run, w[i].what, now > w[i].t_start ? now - w[i].t_start : 0, n);
	if (!err && !tracer__stall_spins(t, s))
		for (int c = 0; c < tracer__cpus(t); c++)
			if (s[c].task && !s[c].held && now < s[c].seen + STALL_FRESH_NS)
				under_way(run, STALL_SPIN, s[c].seen - s[c].since, n);
	free(tasks);
	free(s);
	free(w);
	return err;
}

/* @n of @what, those among them that were listed a moment ago and can't be seen any more. */
static __u64 raised(struct run *run, unsigned int what, __u64 n)
{
	__u64 listed = 0;

	for (size_t i = 0; i < run->stalls_n; i++) {
		if (strcmp(run->stalls[i].what, stall__name(what)) != 0)
			continue;
		listed++;
		if (run->stalls[i].wait_ns > run->stall_longest_ns)
			run->stall_longest_ns = run->stalls[i].wait_ns;
	}
	return n < listed ? listed : n;
}

int counters__stalls(struct run *run, struct tracer *t, const __u64 *c)
{
	static const char *const probe[STALL_COUNT] = {
		[STALL_FOLIO] = "stall_folio",
		[STALL_BUFFER] = "buffer_locks",
		[STALL_SPIN] = "stall_spin",
	};
	__u64 n[STALL_COUNT], last = 0;
	int err;

	run->stall_ns = tracer__opts(t)->stall_ns;
	if (!run->stall_ns)
		return 0;
	for (unsigned int i = 0; i < STALL_COUNT; i++)
		n[i] = c[COUNTER_STALL + i];
	err = stalls_under_way(run, t, n);
	for (unsigned int i = 0; i < STALL_COUNT; i++)
		last += n[i] - c[COUNTER_STALL + i];
	run->stalls_more = last > run->stalls_n ? last - run->stalls_n : 0;
	for (unsigned int i = 0; i < STALL_COUNT && !err; i++) {
		n[i] = raised(run, i, n[i]);
		if (n[i] || tracer__live(t, probe[i])) /* 0 of what nobody looked at is no figure */
			err = counters__add(&run->stalls_by, stall__name(i), n[i]);
	}
	return err;
}
