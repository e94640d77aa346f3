// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run to the JSON of migtrace-run(5).
 * Stage: run file. What is written here must be readable by runfile_read.c, whatever the kernel
 * put into a command name and however its counters were caught.
 */
#include <stdlib.h>
#include <string.h>

#include "runfile.h"

/* json_object_set_new() takes the reference even when it fails, so one flag at the end is enough. */
struct writer {
	bool failed;
	__u64 clamped;
};

static void set(struct writer *w, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		w->failed = true;
}

static void append(struct writer *w, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		w->failed = true;
}

static json_t *number(struct writer *w, __u64 value)
{
	if (value > RUNFILE_NO_END) {
		w->clamped++;
		value = RUNFILE_NO_END;
	}
	return json_integer((json_int_t)value);
}

/* A task's name and a command's arguments are bytes; what is not UTF-8 becomes \xNN. */
static json_t *text(const char *s)
{
	json_t *value = json_string(s ? s : "");
	char *copy, *to;

	if (value)
		return value;
	copy = to = malloc(4 * strlen(s) + 1);
	if (!copy)
		return NULL;
	for (; *s; s++)
		to += (unsigned char)*s < 0x80 ? sprintf(to, "%c", *s)
					       : sprintf(to, "\\x%02x", (unsigned char)*s);
	*to = 0;
	value = json_string(copy);
	free(copy);
	return value;
}

static json_t *text_or_null(const char *s)
{
	return s ? text(s) : json_null();
}

static json_t *strings(struct writer *w, char *const *v, size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		append(w, array, text(v[i]));
	return array;
}

static json_t *dev_text(__u32 dev)
{
	char buf[DEV_TEXT];

	return json_string(dev__format(dev, buf, sizeof(buf)));
}

/*
 * Count is the buckets' own sum and min and max lie in them, so that the three can't disagree even
 * when they were read one after the other from a program still running.
 */
static json_t *hist_json(struct writer *w, const struct hist *h)
{
	json_t *object = json_object(), *buckets = json_array(), *bucket;
	__u64 count = 0, min_ns = h->min_ns, max_ns = h->max_ns, end;
	unsigned int i;

	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		end = i == HIST_OVERFLOW ? RUNFILE_NO_END : hist_lower(i + 1);
		if (!count && min_ns >= end)
			min_ns = end - 1;
		if (max_ns < hist_lower(i))
			max_ns = hist_lower(i);
		count += h->bucket[i];
		bucket = json_array();
		append(w, bucket, number(w, hist_lower(i)));
		append(w, bucket, number(w, end));
		append(w, bucket, number(w, h->bucket[i]));
		append(w, buckets, bucket);
	}
	set(w, object, "count", number(w, count));
	set(w, object, "sum_ns", number(w, count ? h->sum_ns : 0));
	set(w, object, "min_ns", number(w, count ? min_ns : 0));
	set(w, object, "max_ns", number(w, count ? max_ns : 0));
	set(w, object, "buckets", buckets);
	return object;
}

static json_t *counters_json(struct writer *w, const struct counters *c)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < c->n; i++)
		set(w, object, c->v[i].name, number(w, c->v[i].value));
	return object;
}

static json_t *tool_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	set(w, o, "version", text(run->tool.version));
	set(w, o, "tier", text(run->tool.tier));
	set(w, o, "command",
	    run->tool.command_n ? strings(w, run->tool.command, run->tool.command_n) : json_null());
	set(w, o, "command_status",
	    run->tool.has_status ? json_integer(run->tool.status) : json_null());
	return o;
}

static json_t *kernel_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	set(w, o, "release", text(run->kernel.release));
	set(w, o, "version", text(run->kernel.version));
	set(w, o, "arch", text(run->kernel.arch));
	set(w, o, "generation", text(run->kernel.generation));
	set(w, o, "generation_evidence", text(run->kernel.generation_evidence));
	set(w, o, "boot_id", text(run->kernel.boot_id));
	set(w, o, "cpus", number(w, run->kernel.cpus));
	set(w, o, "nodes", number(w, run->kernel.nodes));
	set(w, o, "hypervisor", text(run->kernel.hypervisor));
	set(w, o, "clocksource", text(run->kernel.clocksource));
	return o;
}

static json_t *worst_json(struct writer *w, const struct worst *v)
{
	const char *outcome = outcome__name(v->outcome);
	json_t *o = json_object();

	set(w, o, "kind", json_string(v->kind == KIND_WAIT ? "wait" : "hold"));
	set(w, o, "ns", number(w, v->ns));
	set(w, o, "comm", text(v->comm));
	set(w, o, "pid", number(w, v->pid));
	set(w, o, "cpu", number(w, v->cpu));
	set(w, o, "device", dev_text(v->dev));
	set(w, o, "mode", v->mode < 0 ? json_null() : json_integer(v->mode));
	set(w, o, "folio_bytes", number(w, v->folio_bytes));
	set(w, o, "buffers", number(w, v->buffers));
	set(w, o, "outcome", outcome ? json_string(outcome) : json_null());
	set(w, o, "stack", strings(w, v->stack, v->stack_n));
	return o;
}

static json_t *site_json(struct writer *w, const struct run_site *s)
{
	json_t *o = json_object(), *worst = json_array(), *outcomes;
	unsigned int i;

	set(w, o, "clock", s->clock ? json_string(clock__name(s->clock)) : json_null());
	set(w, o, "reason", s->clock ? json_null() : text(s->reason ? s->reason : "not recorded"));
	set(w, o, "note", text_or_null(s->note));
	set(w, o, "floor_ns", number(w, s->floor_ns));
	set(w, o, "acquires", number(w, s->acquires));
	set(w, o, "releases", number(w, s->releases));
	set(w, o, "hold", hist_json(w, &s->hold));
	set(w, o, "wait", hist_json(w, &s->wait));
	if (s->has_outcomes) {
		outcomes = json_object();
		for (i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
			set(w, outcomes, outcome__name(i), hist_json(w, &s->by_outcome[i]));
		set(w, o, "by_outcome", outcomes);
	}
	for (i = 0; i < s->worst_n; i++)
		append(w, worst, worst_json(w, &s->worst[i]));
	set(w, o, "worst", worst);
	return o;
}

static json_t *sites_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++)
		set(w, o, site__name(i), site_json(w, &run->site[i]));
	return o;
}

/* Only sites with events: most devices see two of ten. */
static void hold_wait(struct writer *w, json_t *sites, unsigned int site, const struct hist *hold,
		      const struct hist *wait)
{
	json_t *o;

	if (!hold->count && !wait->count)
		return;
	o = json_object();
	set(w, o, "hold", hist_json(w, hold));
	set(w, o, "wait", hist_json(w, wait));
	set(w, sites, site__name(site), o);
}

static json_t *devices_json(struct writer *w, const struct run *run)
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
			hold_wait(w, sites, s, &d->site[s].hold, &d->site[s].wait);
		set(w, o, "name", text(d->name));
		set(w, o, "sites", sites);
		set(w, all, dev__format(d->dev, key, sizeof(key)), o);
	}
	return all;
}

static json_t *refcounts_json(struct writer *w, const struct run *run)
{
	json_t *array = json_array(), *o;
	size_t i;

	for (i = 0; i < run->refcounts_n; i++) {
		o = json_object();
		set(w, o, "stage", text(run->refcounts[i].stage));
		set(w, o, "expected", json_integer(run->refcounts[i].expected));
		set(w, o, "seen", json_integer(run->refcounts[i].seen));
		set(w, o, "count", number(w, run->refcounts[i].count));
		append(w, array, o);
	}
	return array;
}

static json_t *side_json(struct writer *w, const struct late_side *s)
{
	json_t *o = json_object();

	set(w, o, "comm", text(s->comm));
	set(w, o, "pid", number(w, s->pid));
	set(w, o, "cpu", number(w, s->cpu));
	set(w, o, "stack", strings(w, s->stack, s->stack_n));
	return o;
}

static json_t *event_json(struct writer *w, const struct late_event *e)
{
	json_t *o = json_object();

	set(w, o, "kind", text(e->kind));
	set(w, o, "time_ns", number(w, e->time_ns));
	set(w, o, "since_check_ns", number(w, e->since_check_ns));
	set(w, o, "device", dev_text(e->dev));
	set(w, o, "block", number(w, e->block));
	set(w, o, "phase", text(e->phase));
	set(w, o, "dirtied", json_boolean(e->dirtied));
	set(w, o, "b_count", json_integer(e->b_count));
	set(w, o, "migrator", side_json(w, &e->migrator));
	set(w, o, "lookup", e->has_lookup ? side_json(w, &e->lookup) : json_null());
	return o;
}

static json_t *late_json(struct writer *w, const struct late *l)
{
	json_t *o = json_object(), *kinds = json_object(), *behind = json_object();
	json_t *events = json_array();
	size_t i;

	set(w, kinds, "slow_lookup", number(w, l->slow_lookup));
	set(w, kinds, "end_count", number(w, l->end_count));
	set(w, kinds, "assoc_list", number(w, l->assoc_list));
	set(w, behind, "spin", number(w, l->behind_spin));
	set(w, behind, "folio", number(w, l->behind_folio));
	for (i = 0; i < l->events_n; i++)
		append(w, events, event_json(w, &l->events[i]));
	set(w, o, "watched", json_boolean(l->watched || l->windows));
	set(w, o, "total", number(w, l->total));
	set(w, o, "by_kind", kinds);
	set(w, o, "windows", number(w, l->windows));
	set(w, o, "aborted", number(w, l->aborted));
	set(w, o, "lookups_behind", behind);
	set(w, o, "events", events);
	set(w, o, "not_listed", number(w, l->not_listed));
	return o;
}

static json_t *losses_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		set(w, o, loss__name(i), number(w, run->losses[i]));
	return o;
}

static json_t *probes_json(struct writer *w, const struct run *run)
{
	json_t *array = json_array(), *o;
	const struct run_probe *p;
	size_t i;

	for (i = 0; i < run->probes_n; i++) {
		p = &run->probes[i];
		o = json_object();
		set(w, o, "probe", text(p->probe));
		set(w, o, "variant", text(p->variant));
		set(w, o, "attached", json_boolean(p->attached));
		set(w, o, "reason", text_or_null(p->reason));
		set(w, o, "hits", number(w, p->hits));
		set(w, o, "run_ns", number(w, p->run_ns));
		append(w, array, o);
	}
	return array;
}

static json_t *intervals_json(struct writer *w, const struct run *run)
{
	json_t *array = json_array(), *o, *sites;
	const struct interval *v;
	unsigned int s;
	size_t i;

	for (i = 0; i < run->intervals_n; i++) {
		v = &run->intervals[i];
		o = json_object();
		sites = json_object();
		for (s = 0; s < SITE_COUNT; s++)
			hold_wait(w, sites, s, &v->site[s].hold, &v->site[s].wait);
		set(w, o, "start_ns", number(w, v->start_ns));
		set(w, o, "duration_ns", number(w, v->duration_ns));
		set(w, o, "sites", sites);
		set(w, o, "counters", counters_json(w, &v->counters));
		append(w, array, o);
	}
	return array;
}

static json_t *migrations_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	set(w, o, "norefs", counters_json(w, &run->norefs));
	set(w, o, "buffers", counters_json(w, &run->buffers));
	set(w, o, "aio", counters_json(w, &run->aio));
	return o;
}

static json_t *opt_hist_json(struct writer *w, bool has, const struct hist *h)
{
	return has ? hist_json(w, h) : json_null();
}

json_t *runfile__json(const struct run *run)
{
	struct writer w = { 0 };
	json_t *root = json_object();

	set(&w, root, "format", json_string(RUN_FORMAT));
	set(&w, root, "version", json_integer(RUN_VERSION));
	set(&w, root, "tool", tool_json(&w, run));
	set(&w, root, "kernel", kernel_json(&w, run));
	set(&w, root, "start", text(run->start));
	set(&w, root, "duration_ns", number(&w, run->duration_ns));
	set(&w, root, "merged", number(&w, run->merged ? run->merged : 1));
	set(&w, root, "sites", sites_json(&w, run));
	set(&w, root, "norefs_window", opt_hist_json(&w, run->has_window, &run->window));
	set(&w, root, "flag_held", opt_hist_json(&w, run->has_flag_held, &run->flag_held));
	set(&w, root, "folio_lock_wait", opt_hist_json(&w, run->has_folio_wait, &run->folio_wait));
	set(&w, root, "devices", devices_json(&w, run));
	set(&w, root, "counters", counters_json(&w, &run->counters));
	set(&w, root, "migrations", migrations_json(&w, run));
	set(&w, root, "refcounts", refcounts_json(&w, run));
	set(&w, root, "late_references", late_json(&w, &run->late));
	set(&w, root, "losses", losses_json(&w, run));
	set(&w, root, "probes", probes_json(&w, run));
	set(&w, root, "intervals", intervals_json(&w, run));
	set(&w, root, "rounds", json_array());
	set(&w, root, "clamped", number(&w, run->clamped + w.clamped));
	if (w.failed) {
		json_decref(root);
		return NULL;
	}
	return root;
}
