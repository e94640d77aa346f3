// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What follows from the counters alone: the generation that was seen, and why migrations ended as
 * they did. Stage 3 (snapshot).
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

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
int observed__generation(struct run *run, const struct facts *f, const __u64 *c)
{
	__u64 locked = c[COUNTER_SWITCH_LOCKED], unlocked = c[COUNTER_SWITCH_UNLOCKED];
	const char *generation = "racy";
	char *evidence, *copy;

	if (f->feature[FEAT_BH_MIGRATE] || !(locked + unlocked))
		return 0;
	if (!unlocked)
		generation = f->feature[FEAT_SLEEPING_LOOKUP] ? "held+sleeping" : "held";
	if (asprintf(&evidence, "lock held at %llu of %llu switches of the mapping",
		     (unsigned long long)locked, (unsigned long long)(locked + unlocked)) < 0)
		return -ENOMEM;
	copy = strdup(generation);
	if (!copy) {
		free(evidence);
		return -ENOMEM;
	}
	free(run->kernel.generation);
	free(run->kernel.generation_evidence);
	run->kernel.generation = copy;
	run->kernel.generation_evidence = evidence;
	return 0;
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

			run->tries[path].tried[i] = v[i];
			run->tries[path].moved[i] = v[TRIES_KEPT + i];
		}
}

static int isolations(struct run *run, const struct tracer *t, const __u64 *c)
{
	bool taken = tracer__live(t, "isolation"), moved = tracer__live(t, "truncation");
	int err = 0;

	run->has_isolations = taken || moved;
	for (int i = 0; !err && i < ISO_COUNT; i++)
		if (i < ISO_MOVES ? taken : moved)
			err = counters__add(&run->isolations, isolation__name(i),
					    c[COUNTER_ISOLATION + i]);
	return err;
}

int observed__counts(struct run *run, const struct tracer *t, const __u64 *c)
{
	int err = 0;

	for (size_t i = 0; !err && i < sizeof(counter_names) / sizeof(counter_names[0]); i++)
		if (!counter_names[i].probe || tracer__live(t, counter_names[i].probe))
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
