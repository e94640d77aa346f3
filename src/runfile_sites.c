// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The sites of a run file, and the sites within its devices and intervals.
 * Stage: run file (reading). A site that the file does not know is not measurable, with that reason.
 */
#include <stdlib.h>
#include <string.h>

#include "runfile.h"

static int read_clock(const json_t *o, const struct at *at, struct run_site *s)
{
	const json_t *clock = json_object_get(o, "clock");

	if (!clock)
		return at__fail(AT_KEY(at, "clock"), "missing");
	if (json_is_null(clock))
		return get__string(o, "reason", at, &s->reason);
	if (json_is_string(clock))
		s->clock = clock__by_name(json_string_value(clock));
	if (s->clock == CLOCK_NONE)
		return at__fail(AT_KEY(at, "clock"), "site, lock, bracket or null expected");
	return 0;
}

static int read_mode(const json_t *o, const struct at *at, __s32 *mode)
{
	__u32 value;
	int ret;

	*mode = -1;
	if (json_is_null(json_object_get(o, "mode")))
		return 0;
	ret = get__u32(o, "mode", at, &value);
	if (!ret)
		*mode = (__s32)(value & 0xff);
	return ret;
}

static int read_worst_kind(const json_t *o, const struct at *at, struct worst *w)
{
	const char *kind = json_string_value(json_object_get(o, "kind"));
	const char *outcome = json_string_value(json_object_get(o, "outcome"));
	unsigned int i = outcome ? outcome__by_name(outcome) : OUTCOME_NONE;

	if (!kind || (strcmp(kind, "hold") != 0 && strcmp(kind, "wait") != 0))
		return at__fail(AT_KEY(at, "kind"), "hold or wait expected");
	w->kind = *kind == 'w' ? KIND_WAIT : KIND_HOLD;
	w->outcome = i < OUTCOME_COUNT ? (__u8)i : OUTCOME_OTHER;
	return 0;
}

static int read_worst(const json_t *o, const struct at *at, struct worst *w)
{
	int ret = json_is_object(o) ? 0 : at__fail(at, "an object expected");

	if (!ret)
		ret = read_worst_kind(o, at, w);
	if (!ret)
		ret = get__u64(o, "ns", at, &w->ns);
	if (!ret)
		ret = get__comm(o, "comm", at, w->comm, sizeof(w->comm));
	if (!ret)
		ret = get__u32(o, "pid", at, &w->pid);
	if (!ret)
		ret = get__u32(o, "cpu", at, &w->cpu);
	if (!ret)
		ret = get__dev(o, "device", at, &w->dev);
	if (!ret)
		ret = read_mode(o, at, &w->mode);
	if (!ret)
		ret = get__u64(o, "folio_bytes", at, &w->folio_bytes);
	if (!ret)
		ret = get__u32(o, "buffers", at, &w->buffers);
	if (!ret)
		ret = get__strings(o, "stack", at, &w->stack, &w->stack_n);
	return ret;
}

static int read_worst_list(const json_t *o, const struct at *at, struct run_site *s)
{
	const struct at here = { .up = at, .key = "worst" };
	json_t *list, *v;
	size_t i;
	int ret = get__array(o, "worst", at, &list);

	if (ret)
		return ret;
	if (json_array_size(list) > RUN_WORST)
		return at__fail(&here, "more than %d entries", RUN_WORST);
	json_array_foreach (list, i, v) {
		s->worst_n = i + 1; /* a half-read entry is freed with the run */
		ret = read_worst(v, AT_INDEX(&here, i), &s->worst[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_outcomes(const json_t *o, const struct at *at, struct run_site *s)
{
	const struct at here = { .up = at, .key = "by_outcome" };
	json_t *outcomes = json_object_get(o, "by_outcome");
	unsigned int i;
	int ret;

	if (!outcomes || json_is_null(outcomes))
		return 0;
	ret = get__object(o, "by_outcome", at, &outcomes);
	s->has_outcomes = true;
	for (i = OUTCOME_NONE + 1; i < OUTCOME_COUNT && !ret; i++)
		if (json_object_get(outcomes, outcome__name(i)))
			ret = get__hist(outcomes, outcome__name(i), &here, &s->by_outcome[i]);
	return ret;
}

int runfile__read_hold_wait(const json_t *site, const struct at *at, struct hist *hold,
			    struct hist *wait)
{
	int ret = get__hist(site, "hold", at, hold);

	return ret ? ret : get__hist(site, "wait", at, wait);
}

static int read_site(const json_t *o, const struct at *at, struct run_site *s)
{
	int ret = read_clock(o, at, s);

	if (!ret)
		ret = get__opt_string(o, "note", at, &s->note);
	if (!ret)
		ret = get__u64(o, "floor_ns", at, &s->floor_ns);
	if (!ret)
		ret = get__opt_u64(o, "acquires", at, &s->acquires);
	if (!ret)
		ret = get__opt_u64(o, "releases", at, &s->releases);
	s->has_switched = json_object_get(o, "switched_out");
	if (!ret)
		ret = get__opt_u64(o, "switched_out", at, &s->switched_out);
	if (!ret)
		ret = runfile__read_hold_wait(o, at, &s->hold, &s->wait);
	if (!ret)
		ret = read_outcomes(o, at, s);
	if (!ret)
		ret = read_worst_list(o, at, s);
	return ret;
}

int runfile__read_sites(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "sites" };
	json_t *sites, *site;
	unsigned int i;
	int ret = get__object(root, "sites", at, &sites);

	for (i = 0; i < SITE_COUNT && !ret; i++) {
		if (json_object_get(sites, site__name(i))) {
			ret = get__object(sites, site__name(i), &here, &site);
			if (!ret)
				ret = read_site(site, AT_KEY(&here, site__name(i)), &run->site[i]);
			continue;
		}
		run->site[i].reason = strdup("not in the run file");
		if (!run->site[i].reason)
			ret = at__no_memory(&here);
	}
	return ret;
}
