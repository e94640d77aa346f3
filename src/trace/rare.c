// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Rows that are rarely entered (rare.h). */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/thread.h"
#include "migtrace.skel.h"
#include "trace/missed.h"
#include "trace/rare.h"
#include "trace/tracer.h"

#define SETTLE_NS 20000000 /* for sections that were in flight while programs were attached */

void tracer__settle(void)
{
	struct timespec ts = { 0, SETTLE_NS };

	nanosleep(&ts, NULL);
}

/* All rare rows count from one time: one that has to be there at the start takes the others along. */
static bool any_forced(const struct tracer_opts *o)
{
	for (size_t i = 0; o->forced && i < probes_n; i++)
		if (probes[i].flags & PROBE_RARE && probes__forced(o->forced, &probes[i]))
			return true;
	return false;
}

bool rare__is(const struct tracer *t, size_t i)
{
	const struct tracer_opts *o = tracer__opts(t);
	const struct probe *p = &probes[i];
	int row = p->site >= 0 ? p->site : p->row;

	/* --refs has programs on a function that rare ones share, and misses the exit of a call under way
	   when they come to it */
	return o->behind && p->flags & PROBE_RARE && !o->row_named[row] && !o->refs &&
	       !any_forced(o);
}

/* Of the tracer's object the maps: settings in them are read-only by now, and known to the verifier. */
static int share_maps(struct rare *r)
{
	struct bpf_object *from = tracer__skeleton(r->t)->obj;
	struct bpf_map *map;
	int err = 0;

	bpf_object__for_each_map(map, r->skel->obj)
	{
		struct bpf_map *same = bpf_object__find_map_by_name(from, bpf_map__name(map));

		err = same ? bpf_map__reuse_fd(map, bpf_map__fd(same)) : -ENOENT;
		if (err)
			break;
	}
	return err;
}

static bool wanted(const struct rare *r, size_t i)
{
	return rare__is(r->t, i) && r->choices[i].variant &&
	       tracer__wants(tracer__opts(r->t), r->choices[i].probe);
}

static int load(struct rare *r)
{
	int err = 0;

	r->skel = tracer__open(tracer__facts(r->t));
	if (!r->skel)
		return -errno;
	for (size_t i = 0; i < probes_n && !err; i++)
		if (wanted(r, i))
			err = tracer__enable_choice(r->skel, tracer__facts(r->t), &r->choices[i],
						    tracer__opts(r->t)->light);
	err = err ?: share_maps(r) ?: migtrace_bpf__load(r->skel);
	if (err)
		snprintf(r->why, sizeof(r->why), "can't load what is rarely entered: %s",
			 strerror(-err));
	return err;
}

static int add_places(struct rare *r, size_t i)
{
	int err = places__add(&r->at.table, r->at.facts, &r->choices[i]);

	if (!err)
		return 0;
	snprintf(r->why, sizeof(r->why), "probe '%s': its places find no room: %s",
		 r->choices[i].probe->name, strerror(-err));
	r->at.failed = i; /* another variant has others */
	return err;
}

/* One attempt. 0, or -errno, and @r->at.failed is the probe of which a place can't be attached. */
static int attach(struct rare *r)
{
	int err = load(r);

	r->at.failed = probes_n;
	if (err)
		return err;
	attach__open(&r->at, r->skel);
	/* another variant may have come in the place of one that was known before */
	r->at.table = *tracer__places(r->t);
	for (size_t i = 0; i < probes_n && !err; i++)
		if (wanted(r, i))
			err = add_places(r, i);
	err = err ?: attach__write_places(&r->at, r->why, sizeof(r->why));
	for (size_t i = 0; i < probes_n && !err; i++)
		if (wanted(r, i)) {
			tracer__tell(r->t, i);
			err = attach__choice(&r->at, i, r->why, sizeof(r->why));
		}
	return err ?: attach__enable(&r->at, r->why, sizeof(r->why));
}

static void undo(struct rare *r)
{
	links__close(&r->at.links);
	kprobe_events__close(&r->at.events);
	memset(r->at.places, 0, probes_n * sizeof(*r->at.places));
	migtrace_bpf__destroy(r->skel);
	r->skel = NULL;
}

static void *run(void *arg)
{
	struct rare *r = arg;

	for (;;) {
		struct choice *c;

		r->err = attach(r);
		if (!r->err) {
			tracer__settle();
			break;
		}
		undo(r);
		if (r->stop || r->at.failed == probes_n)
			break;
		c = &r->choices[r->at.failed];
		probes__next(tracer__facts(r->t), tracer__opts(r->t)->light, c, r->why);
	}
	__atomic_store_n(&r->done, true, __ATOMIC_RELEASE);
	return NULL;
}

int rare__start(struct rare *r, struct tracer *t)
{
	int err;

	r->t = t;
	if (!tracer__has_rare(t))
		return 0;
	r->choices = calloc(probes_n, sizeof(*r->choices));
	r->at.places = calloc(probes_n, sizeof(*r->at.places));
	if (!r->choices || !r->at.places)
		return -ENOMEM;
	memcpy(r->choices, tracer__choices(t), probes_n * sizeof(*r->choices));
	r->at.facts = tracer__facts(t);
	r->at.choices = r->choices;
	r->at.light = tracer__opts(t)->light;
	r->at.stop = &r->stop;
	r->at.quiet = true;
	err = thread__start(&r->thread, run, r);
	r->running = !err;
	return err;
}

bool rare__ended(struct rare *r)
{
	if (!r->running || !__atomic_load_n(&r->done, __ATOMIC_ACQUIRE))
		return false;
	pthread_join(r->thread, NULL);
	r->running = false;
	if (r->err)
		log_warn("%s; it is left out", r->why);
	for (size_t i = 0; !r->err && i < probes_n; i++)
		if (rare__is(r->t, i) && *r->choices[i].reason && tracer__chosen(r->t, i))
			log_warn("%s; %s", r->choices[i].reason,
				 r->choices[i].variant ? "another variant is taken" :
							 "the probe is left out");
	return true;
}

void rare__stop(struct rare *r)
{
	r->stop = 1;
	if (r->running)
		pthread_join(r->thread, NULL);
	r->running = false;
}

void rare__close(struct rare *r)
{
	kprobe_events__close(&r->at.events);
	migtrace_bpf__destroy(r->skel);
	free(r->at.places);
	missed__free(&r->at);
	free(r->choices);
	memset(r, 0, sizeof(*r));
}
