// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The lists of a run to JSON: devices, reference counts, late references, losses, probes.
 * Stage: run file (writing).
 */
#include "runfile.h"

/* Only sites with events: most devices see two of ten. */
void put__hold_wait(struct writer *w, json_t *sites, unsigned int site, const struct hist *hold,
		    const struct hist *wait)
{
	json_t *o;

	if (!hold->count && !wait->count)
		return;
	o = json_object();
	put__member(w, o, "hold", put__hist(w, hold));
	put__member(w, o, "wait", put__hist(w, wait));
	put__member(w, sites, site__name(site), o);
}

json_t *runfile__devices(struct writer *w, const struct run *run)
{
	json_t *all = json_object(), *o, *sites;
	const struct run_device *d;
	char key[DEV_TEXT];
	unsigned int s;
	size_t i;

	for (i = 0; i < run->devices_n; i++) {
		d = &run->devices[i];
		o = json_object();
		sites = json_object();
		for (s = 0; s < SITE_COUNT; s++)
			put__hold_wait(w, sites, s, &d->site[s].hold, &d->site[s].wait);
		put__member(w, o, "name", put__text(d->name));
		put__member(w, o, "sites", sites);
		put__member(w, all, dev__format(d->dev, key, sizeof(key)), o);
	}
	return all;
}

json_t *runfile__refcounts(struct writer *w, const struct run *run)
{
	json_t *array = json_array(), *o;
	size_t i;

	for (i = 0; i < run->refcounts_n; i++) {
		o = json_object();
		put__member(w, o, "stage", put__text(run->refcounts[i].stage));
		put__member(w, o, "expected", json_integer(run->refcounts[i].expected));
		put__member(w, o, "seen", json_integer(run->refcounts[i].seen));
		put__member(w, o, "count", put__number(w, run->refcounts[i].count));
		put__element(w, array, o);
	}
	return array;
}

/* Up to the last attempt that was made. */
static json_t *attempts_json(struct writer *w, const struct run_tries *t)
{
	json_t *array = json_array(), *o;

	for (unsigned int i = 0; i < TRIES_KEPT && t->tried[i]; i++) {
		o = json_object();
		put__member(w, o, "attempt", json_integer(i + 1));
		put__member(w, o, "tried", put__number(w, t->tried[i]));
		put__member(w, o, "moved", put__number(w, t->moved[i]));
		put__member(w, o, "given_up", put__number(w, run_tries__given_up(t, i)));
		put__element(w, array, o);
	}
	return array;
}

json_t *runfile__attempts(struct writer *w, const struct run *run)
{
	json_t *o;

	if (!run->has_tries)
		return json_null();
	o = json_object();
	for (unsigned int path = 0; path < PATH_COUNT; path++)
		put__member(w, o, path__name(path), attempts_json(w, &run->tries[path]));
	return o;
}

static json_t *side_json(struct writer *w, const struct late_side *s)
{
	json_t *o = json_object();

	put__member(w, o, "comm", put__text(s->comm));
	put__member(w, o, "pid", put__number(w, s->pid));
	put__member(w, o, "cpu", put__number(w, s->cpu));
	put__member(w, o, "stack", put__strings(w, s->stack, s->stack_n));
	return o;
}

static json_t *event_json(struct writer *w, const struct late_event *e)
{
	json_t *o = json_object();

	put__member(w, o, "kind", put__text(e->kind));
	put__member(w, o, "time_ns", put__number(w, e->time_ns));
	put__member(w, o, "since_check_ns", put__number(w, e->since_check_ns));
	put__member(w, o, "device", put__dev(e->dev));
	put__member(w, o, "block", put__number(w, e->block));
	put__member(w, o, "phase", put__text(e->phase));
	put__member(w, o, "dirtied", json_boolean(e->dirtied));
	put__member(w, o, "b_count", json_integer(e->b_count));
	put__member(w, o, "migrator", side_json(w, &e->migrator));
	put__member(w, o, "lookup", e->has_lookup ? side_json(w, &e->lookup) : json_null());
	return o;
}

static json_t *events_json(struct writer *w, const struct late_events *v)
{
	json_t *array = json_array();

	for (size_t i = 0; i < v->n; i++)
		put__element(w, array, event_json(w, &v->v[i]));
	return array;
}

static json_t *spin_folio(struct writer *w, __u64 spin, __u64 folio)
{
	json_t *o = json_object();

	put__member(w, o, "spin", put__number(w, spin));
	put__member(w, o, "folio", put__number(w, folio));
	return o;
}

json_t *runfile__late(struct writer *w, const struct late *l)
{
	json_t *o = json_object(), *kinds = json_object();

	put__member(w, kinds, "slow_lookup", put__number(w, l->slow_lookup));
	put__member(w, kinds, "end_count", put__number(w, l->end_count));
	put__member(w, kinds, "assoc_list", put__number(w, l->assoc_list));
	put__member(w, o, "watched", json_boolean(l->watched || l->windows));
	put__member(w, o, "total", put__number(w, l->total));
	put__member(w, o, "by_kind", kinds);
	put__member(w, o, "windows", put__number(w, l->windows));
	put__member(w, o, "aborted", put__number(w, l->aborted));
	put__member(w, o, "lookups_behind", spin_folio(w, l->behind_spin, l->behind_folio));
	if (l->has_waited)
		put__member(w, o, "lookups_waited", spin_folio(w, l->waited_spin, l->waited_folio));
	put__member(w, o, "events", events_json(w, &l->proven));
	put__member(w, o, "not_listed", put__number(w, l->proven.not_listed));
	put__member(w, o, "possible", put__number(w, l->possible));
	put__member(w, o, "possible_events", events_json(w, &l->doubtful));
	put__member(w, o, "possible_not_listed", put__number(w, l->doubtful.not_listed));
	return o;
}

json_t *runfile__losses(struct writer *w, const struct run *run)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		put__member(w, o, loss__name(i), put__number(w, run->losses[i]));
	return o;
}

json_t *runfile__probes(struct writer *w, const struct run *run)
{
	json_t *array = json_array(), *o;
	const struct run_probe *p;
	size_t i;

	for (i = 0; i < run->probes_n; i++) {
		p = &run->probes[i];
		o = json_object();
		put__member(w, o, "probe", put__text(p->probe));
		put__member(w, o, "variant", put__text(p->variant));
		put__member(w, o, "attached", json_boolean(p->attached));
		put__member(w, o, "reason", put__text_or_null(p->reason));
		put__member(w, o, "hits", put__number(w, p->hits));
		put__member(w, o, "run_ns", put__number(w, p->run_ns));
		put__element(w, array, o);
	}
	return array;
}
