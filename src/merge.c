// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Several recordings of one kernel as one run.
 * Stage 4 (model). Counts add up exactly; what can't be added (intervals) is dropped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

#define EITHER_GENERATION "held or racy"

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* Until a migration with buffers was seen the label is open, and agrees with either. */
static bool same_generation(const struct run *a, const struct run *b)
{
	return same(a->kernel.generation, b->kernel.generation) ||
	       same(a->kernel.generation, EITHER_GENERATION) ||
	       same(b->kernel.generation, EITHER_GENERATION);
}

bool run__same_kernel(const struct run *a, const struct run *b)
{
	return same(a->kernel.release, b->kernel.release) &&
	       same(a->kernel.version, b->kernel.version);
}

static const char *difference(const struct run *a, const struct run *b)
{
	static char why[64];
	unsigned int i;

	if (!same(a->kernel.release, b->kernel.release))
		return "kernel release";
	if (!same(a->kernel.version, b->kernel.version))
		return "kernel version";
	if (!same(a->kernel.arch, b->kernel.arch))
		return "architecture";
	if (!same_generation(a, b))
		return "generation";
	if (!same(a->tool.tier, b->tool.tier))
		return "tier";
	for (i = 0; i < SITE_COUNT; i++)
		if (a->site[i].clock != b->site[i].clock) {
			snprintf(why, sizeof(why), "clock of %s", site__name(i));
			return why;
		}
	return NULL;
}

static void add(__u64 *to, __u64 value)
{
	if (__builtin_add_overflow(*to, value, to))
		*to = ~0ULL;
}

static int copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int replace_string(char **to, const char *from)
{
	char *old = *to;
	int ret = copy_string(to, from);

	if (ret)
		*to = old;
	else
		free(old);
	return ret;
}

static int copy_stack(char ***to, size_t *to_n, char *const *from, size_t n)
{
	size_t i;

	*to_n = 0;
	*to = n ? calloc(n, sizeof(**to)) : NULL;
	if (n && !*to)
		return -ENOMEM;
	for (i = 0; i < n; i++, ++*to_n)
		if (copy_string(&(*to)[i], from[i]))
			return -ENOMEM;
	return 0;
}

/* The list is kept longest first, so that the shortest makes room. */
int run_site__add_worst(struct run_site *into, const struct worst *w)
{
	size_t at = into->worst_n, i;
	struct worst copy = *w;
	int ret;

	while (at && into->worst[at - 1].ns < w->ns)
		at--;
	if (at == RUN_WORST)
		return 0;
	ret = copy_stack(&copy.stack, &copy.stack_n, w->stack, w->stack_n);
	if (into->worst_n == RUN_WORST) {
		into->worst_n--;
		for (i = 0; i < into->worst[RUN_WORST - 1].stack_n; i++)
			free(into->worst[RUN_WORST - 1].stack[i]);
		free(into->worst[RUN_WORST - 1].stack);
	}
	memmove(&into->worst[at + 1], &into->worst[at],
		(into->worst_n - at) * sizeof(*into->worst));
	into->worst[at] = copy;
	into->worst_n++;
	return ret;
}

static int merge_site(struct run_site *into, const struct run_site *from)
{
	unsigned int i;
	int ret = 0;

	/* the less certain of two floors: quantiles near it must not look exact */
	if (from->floor_ns > into->floor_ns)
		into->floor_ns = from->floor_ns;
	if (!into->note && copy_string(&into->note, from->note))
		return -ENOMEM;
	add(&into->acquires, from->acquires);
	add(&into->releases, from->releases);
	into->has_switched |= from->has_switched;
	add(&into->switched_out, from->switched_out);
	hist__merge(&into->hold, &from->hold);
	hist__merge(&into->wait, &from->wait);
	into->has_outcomes |= from->has_outcomes;
	for (i = 0; i < OUTCOME_COUNT; i++)
		hist__merge(&into->by_outcome[i], &from->by_outcome[i]);
	for (i = 0; i < from->worst_n && !ret; i++)
		ret = run_site__add_worst(into, &from->worst[i]);
	return ret;
}

static int merge_devices(struct run *into, const struct run *from)
{
	const struct run_device *src;
	struct run_device *dst;
	unsigned int s;
	size_t i;

	for (i = 0; i < from->devices_n; i++) {
		src = &from->devices[i];
		dst = run__device(into, src->dev);
		if (!dst)
			return -ENOMEM;
		if (!*dst->name)
			memcpy(dst->name, src->name, sizeof(dst->name));
		for (s = 0; s < SITE_COUNT; s++) {
			hist__merge(&dst->site[s].hold, &src->site[s].hold);
			hist__merge(&dst->site[s].wait, &src->site[s].wait);
		}
	}
	return 0;
}

static int merge_counters(struct counters *into, const struct counters *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		if (counters__add(into, from->v[i].name, from->v[i].value))
			return -ENOMEM;
	return 0;
}

static void merge_tries(struct run *into, const struct run *from)
{
	into->has_tries |= from->has_tries;
	into->has_isolations |= from->has_isolations;
	for (int path = 0; path < PATH_COUNT; path++)
		for (int i = 0; i < TRIES_KEPT; i++) {
			add(&into->tries[path].tried[i], from->tries[path].tried[i]);
			add(&into->tries[path].moved[i], from->tries[path].moved[i]);
		}
}

static int merge_refcount(struct run *into, const struct run_refcount *r)
{
	struct run_refcount *v;
	size_t i;

	for (i = 0; i < into->refcounts_n; i++) {
		v = &into->refcounts[i];
		if (same(v->stage, r->stage) && v->expected == r->expected && v->seen == r->seen) {
			add(&v->count, r->count);
			return 0;
		}
	}
	v = realloc(into->refcounts, (i + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	into->refcounts = v;
	v[i] = *r;
	into->refcounts_n++;
	return copy_string(&v[i].stage, r->stage);
}

static int merge_probe(struct run *into, const struct run_probe *p)
{
	struct run_probe *v;
	int ret = 0;
	size_t i;

	for (i = 0; i < into->probes_n; i++) {
		v = &into->probes[i];
		if (same(v->probe, p->probe) && same(v->variant, p->variant)) {
			v->attached |= p->attached;
			add(&v->hits, p->hits);
			add(&v->run_ns, p->run_ns);
			return 0;
		}
	}
	v = realloc(into->probes, (i + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	into->probes = v;
	v[i] = *p;
	into->probes_n++;
	ret |= copy_string(&v[i].probe, p->probe);
	ret |= copy_string(&v[i].variant, p->variant);
	ret |= copy_string(&v[i].reason, p->reason);
	return ret ? -ENOMEM : 0;
}

static int copy_event(struct late_event *to, const struct late_event *from)
{
	int ret = 0;

	*to = *from;
	ret |= copy_string(&to->kind, from->kind);
	ret |= copy_string(&to->phase, from->phase);
	ret |= copy_stack(&to->migrator.stack, &to->migrator.stack_n, from->migrator.stack,
			  from->migrator.stack_n);
	ret |= copy_stack(&to->lookup.stack, &to->lookup.stack_n, from->lookup.stack,
			  from->lookup.stack_n);
	return ret ? -ENOMEM : 0;
}

static int merge_events(struct late_events *into, const struct late_events *from)
{
	struct late_event *v;

	add(&into->not_listed, from->not_listed);
	for (size_t i = 0; i < from->n; i++) {
		if (into->n >= RUN_EVENTS) {
			add(&into->not_listed, from->n - i);
			break;
		}
		v = realloc(into->v, (into->n + 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		into->v = v;
		if (copy_event(&v[into->n++], &from->v[i]))
			return -ENOMEM;
	}
	return 0;
}

static int merge_late(struct late *into, const struct late *from)
{
	into->has_waited &= from->has_waited;
	into->watched |= from->watched;
	add(&into->total, from->total);
	add(&into->slow_lookup, from->slow_lookup);
	add(&into->end_count, from->end_count);
	add(&into->assoc_list, from->assoc_list);
	add(&into->possible, from->possible);
	add(&into->windows, from->windows);
	add(&into->aborted, from->aborted);
	add(&into->behind_spin, from->behind_spin);
	add(&into->behind_folio, from->behind_folio);
	add(&into->waited_spin, from->waited_spin);
	add(&into->waited_folio, from->waited_folio);
	return merge_events(&into->proven, &from->proven) ?:
		       merge_events(&into->doubtful, &from->doubtful);
}

static int merge_identity(struct run *into, const struct run *from)
{
	size_t i;
	bool same_command = into->tool.command_n == from->tool.command_n;

	for (i = 0; same_command && i < from->tool.command_n; i++)
		same_command = same(into->tool.command[i], from->tool.command[i]);
	for (i = 0; !same_command && i < into->tool.command_n; i++)
		free(into->tool.command[i]);
	if (!same_command) {
		free(into->tool.command);
		into->tool.command = NULL;
		into->tool.command_n = 0;
	}
	if (!same_command || !from->tool.has_status || into->tool.status != from->tool.status)
		into->tool.has_status = false;
	if (same(into->kernel.generation, EITHER_GENERATION) &&
	    (replace_string(&into->kernel.generation, from->kernel.generation) ||
	     replace_string(&into->kernel.generation_evidence, from->kernel.generation_evidence)))
		return -ENOMEM;
	if (!same(into->kernel.boot_id, from->kernel.boot_id) &&
	    replace_string(&into->kernel.boot_id, "several"))
		return -ENOMEM;
	/* RFC 3339 in UTC sorts as text */
	if (from->start && into->start && strcmp(from->start, into->start) < 0)
		return replace_string(&into->start, from->start);
	return 0;
}

static int merge_lists(struct run *into, const struct run *from)
{
	int ret = 0;
	size_t i;

	for (i = 0; i < SITE_COUNT; i++)
		ret |= merge_site(&into->site[i], &from->site[i]);
	ret |= merge_devices(into, from);
	ret |= merge_counters(&into->counters, &from->counters);
	ret |= merge_counters(&into->norefs, &from->norefs);
	ret |= merge_counters(&into->buffers, &from->buffers);
	ret |= merge_counters(&into->aio, &from->aio);
	ret |= merge_counters(&into->isolations, &from->isolations);
	merge_tries(into, from);
	for (i = 0; i < from->refcounts_n; i++)
		ret |= merge_refcount(into, &from->refcounts[i]);
	for (i = 0; i < from->probes_n; i++)
		ret |= merge_probe(into, &from->probes[i]);
	ret |= merge_late(&into->late, &from->late);
	return ret;
}

int run__merge(struct run *into, const struct run *from, const char **why)
{
	unsigned int i;

	*why = difference(into, from);
	if (*why)
		return -EINVAL;
	*why = "out of memory";
	if (run__note_parts(into, from))
		return -ENOMEM;
	if (merge_identity(into, from) || merge_lists(into, from))
		return -ENOMEM;
	intervals__free(&into->intervals, &into->intervals_n);
	intervals__free(&into->rounds, &into->rounds_n);
	add(&into->duration_ns, from->duration_ns);
	into->has_window |= from->has_window;
	into->has_flag_held |= from->has_flag_held;
	into->has_folio_wait |= from->has_folio_wait;
	hist__merge(&into->window, &from->window);
	hist__merge(&into->flag_held, &from->flag_held);
	hist__merge(&into->folio_wait, &from->folio_wait);
	for (i = 0; i < LOSS_COUNT; i++)
		add(&into->losses[i], from->losses[i]);
	add(&into->clamped, from->clamped);
	into->merged = (into->merged ? into->merged : 1) + (from->merged ? from->merged : 1);
	return 0;
}
