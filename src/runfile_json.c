// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run to the JSON of migtrace-run(5).
 * Stage: run file. What is written here must be readable by runfile_read.c, whatever the kernel
 * put into a command name and however its counters were caught.
 */
#include <stdlib.h>
#include <string.h>

#include "runfile.h"

void put__member(struct writer *w, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value))
		w->failed = true;
}

void put__element(struct writer *w, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value))
		w->failed = true;
}

json_t *put__number(struct writer *w, __u64 value)
{
	if (value > RUNFILE_NO_END) {
		w->clamped++;
		value = RUNFILE_NO_END;
	}
	return json_integer((json_int_t)value);
}

/* A task's name and a command's arguments are bytes; what is not UTF-8 becomes \xNN. */
json_t *put__text(const char *s)
{
	json_t *value;
	char *copy, *to;

	s = s ? s : "";
	value = json_string(s);
	if (value)
		return value;
	copy = to = malloc(4 * strlen(s) + 1);
	if (!copy)
		return NULL;
	for (; *s; s++)
		to += (unsigned char)*s < 0x80 ? sprintf(to, "%c", *s) :
						 sprintf(to, "\\x%02x", (unsigned char)*s);
	*to = 0;
	value = json_string(copy);
	free(copy);
	return value;
}

json_t *put__text_or_null(const char *s)
{
	return s ? put__text(s) : json_null();
}

json_t *put__strings(struct writer *w, char *const *v, size_t n)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		put__element(w, array, put__text(v[i]));
	return array;
}

json_t *put__dev(__u32 dev)
{
	char buf[DEV_TEXT];

	return json_string(dev__format(dev, buf, sizeof(buf)));
}

/*
 * Count is the buckets' own sum and min and max lie in them, so that the three can't disagree even
 * when they were read one after the other from a program still running.
 */
json_t *put__hist(struct writer *w, const struct hist *h)
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
		put__element(w, bucket, put__number(w, hist_lower(i)));
		put__element(w, bucket, put__number(w, end));
		put__element(w, bucket, put__number(w, h->bucket[i]));
		put__element(w, buckets, bucket);
	}
	if (min_ns > max_ns)
		min_ns = max_ns;
	put__member(w, object, "count", put__number(w, count));
	put__member(w, object, "sum_ns", put__number(w, count ? h->sum_ns : 0));
	put__member(w, object, "min_ns", put__number(w, count ? min_ns : 0));
	put__member(w, object, "max_ns", put__number(w, count ? max_ns : 0));
	put__member(w, object, "buckets", buckets);
	return object;
}

json_t *put__counters(struct writer *w, const struct counters *c)
{
	json_t *object = json_object();
	size_t i;

	for (i = 0; i < c->n; i++)
		put__member(w, object, c->v[i].name, put__number(w, c->v[i].value));
	return object;
}

static json_t *tool_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	put__member(w, o, "version", put__text(run->tool.version));
	put__member(w, o, "tier", put__text(run->tool.tier));
	put__member(w, o, "command",
		    run->tool.command_n ? put__strings(w, run->tool.command, run->tool.command_n) :
					  json_null());
	put__member(w, o, "command_status",
		    run->tool.has_status ? json_integer(run->tool.status) : json_null());
	if (!run->tool.load_ns)
		return o;
	put__member(w, o, "load_ns", put__number(w, run->tool.load_ns));
	put__member(w, o, "attach_ns", put__number(w, run->tool.attach_ns));
	if (run->tool.detach_ns)
		put__member(w, o, "detach_ns", put__number(w, run->tool.detach_ns));
	return o;
}

static json_t *kernel_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	put__member(w, o, "release", put__text(run->kernel.release));
	put__member(w, o, "version", put__text(run->kernel.version));
	put__member(w, o, "arch", put__text(run->kernel.arch));
	put__member(w, o, "generation", put__text(run->kernel.generation));
	put__member(w, o, "generation_evidence", put__text(run->kernel.generation_evidence));
	put__member(w, o, "boot_id", put__text(run->kernel.boot_id));
	put__member(w, o, "cpus", put__number(w, run->kernel.cpus));
	put__member(w, o, "nodes", put__number(w, run->kernel.nodes));
	put__member(w, o, "hypervisor", put__text(run->kernel.hypervisor));
	put__member(w, o, "clocksource", put__text(run->kernel.clocksource));
	put__member(w, o, "instruments",
		    put__strings(w, run->kernel.instruments, run->kernel.instruments_n));
	return o;
}

static json_t *worst_json(struct writer *w, const struct worst *v)
{
	const char *outcome = outcome__name(v->outcome);
	json_t *o = json_object();

	put__member(w, o, "kind", json_string(v->kind == KIND_WAIT ? "wait" : "hold"));
	put__member(w, o, "ns", put__number(w, v->ns));
	put__member(w, o, "comm", put__text(v->comm));
	put__member(w, o, "pid", put__number(w, v->pid));
	put__member(w, o, "cpu", put__number(w, v->cpu));
	put__member(w, o, "device", put__dev(v->dev));
	put__member(w, o, "mode", v->mode < 0 ? json_null() : json_integer(v->mode));
	put__member(w, o, "folio_bytes", put__number(w, v->folio_bytes));
	put__member(w, o, "buffers", put__number(w, v->buffers));
	put__member(w, o, "outcome", outcome ? json_string(outcome) : json_null());
	put__member(w, o, "stack", put__strings(w, v->stack, v->stack_n));
	return o;
}

static json_t *site_json(struct writer *w, const struct run_site *s)
{
	json_t *o = json_object(), *worst = json_array(), *outcomes;
	unsigned int i;

	put__member(w, o, "clock", s->clock ? json_string(clock__name(s->clock)) : json_null());
	put__member(w, o, "reason",
		    s->clock ? json_null() : put__text(s->reason ? s->reason : "not recorded"));
	put__member(w, o, "note", put__text_or_null(s->note));
	put__member(w, o, "floor_ns", put__number(w, s->floor_ns));
	put__member(w, o, "acquires", put__number(w, s->acquires));
	put__member(w, o, "releases", put__number(w, s->releases));
	if (s->has_switched)
		put__member(w, o, "switched_out", put__number(w, s->switched_out));
	put__member(w, o, "hold", put__hist(w, &s->hold));
	put__member(w, o, "wait", put__hist(w, &s->wait));
	if (s->has_outcomes) {
		outcomes = json_object();
		for (i = OUTCOME_NONE + 1; i < OUTCOME_COUNT; i++)
			put__member(w, outcomes, outcome__name(i), put__hist(w, &s->by_outcome[i]));
		put__member(w, o, "by_outcome", outcomes);
	}
	for (i = 0; i < s->worst_n; i++)
		put__element(w, worst, worst_json(w, &s->worst[i]));
	put__member(w, o, "worst", worst);
	return o;
}

static json_t *sites_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++)
		put__member(w, o, site__name(i), site_json(w, &run->site[i]));
	return o;
}

static json_t *migrations_json(struct writer *w, const struct run *run)
{
	json_t *o = json_object();

	put__member(w, o, "norefs", put__counters(w, &run->norefs));
	put__member(w, o, "buffers", put__counters(w, &run->buffers));
	put__member(w, o, "aio", put__counters(w, &run->aio));
	return o;
}

static json_t *opt_hist_json(struct writer *w, bool has, const struct hist *h)
{
	return has ? put__hist(w, h) : json_null();
}

json_t *runfile__json(const struct run *run)
{
	struct writer w = { 0 };
	json_t *root = json_object();

	put__member(&w, root, "format", json_string(RUN_FORMAT));
	put__member(&w, root, "version", json_integer(RUN_VERSION));
	put__member(&w, root, "tool", tool_json(&w, run));
	put__member(&w, root, "kernel", kernel_json(&w, run));
	put__member(&w, root, "start", put__text(run->start));
	put__member(&w, root, "duration_ns", put__number(&w, run->duration_ns));
	put__member(&w, root, "merged", put__number(&w, run->merged ? run->merged : 1));
	if (run->parts_n)
		put__member(&w, root, "parts", put__strings(&w, run->parts, run->parts_n));
	put__member(&w, root, "sites", sites_json(&w, run));
	put__member(&w, root, "norefs_window", opt_hist_json(&w, run->has_window, &run->window));
	put__member(&w, root, "flag_held", opt_hist_json(&w, run->has_flag_held, &run->flag_held));
	put__member(&w, root, "folio_lock_wait",
		    opt_hist_json(&w, run->has_folio_wait, &run->folio_wait));
	put__member(&w, root, "devices", runfile__devices(&w, run));
	put__member(&w, root, "counters", put__counters(&w, &run->counters));
	put__member(&w, root, "migrations", migrations_json(&w, run));
	put__member(&w, root, "attempts", runfile__attempts(&w, run));
	put__member(&w, root, "isolations",
		    run->has_isolations ? put__counters(&w, &run->isolations) : json_null());
	put__member(&w, root, "refcounts", runfile__refcounts(&w, run));
	put__member(&w, root, "late_references", runfile__late(&w, &run->late));
	put__member(&w, root, "losses", runfile__losses(&w, run));
	put__member(&w, root, "probes", runfile__probes(&w, run));
	runfile__put_times(&w, root, run);
	put__member(&w, root, "clamped", put__number(&w, run->clamped + w.clamped));
	if (w.failed) {
		json_decref(root);
		return NULL;
	}
	return root;
}
