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

int observed__reasons(struct run *run, const __u64 *c)
{
	struct counters *const path[PATH_COUNT] = {
		[PATH_NOREFS] = &run->norefs,
		[PATH_BUFFERS] = &run->buffers,
	};
	int err = 0;

	for (int i = 0; !err && i < PATH_COUNT * REASON_COUNT; i++)
		err = counters__add(path[i / REASON_COUNT], reason__name(i % REASON_COUNT),
				    c[COUNTER_REASON + i]);
	return err;
}
