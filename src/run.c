// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run's memory: freeing it, its counters, its devices, its losses.
 * Stage 4 (model). Adding runs up is in merge.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"

static void free_strings(char **v, size_t n)
{
	size_t i;

	for (i = 0; v && i < n; i++)
		free(v[i]);
	free(v);
}

void counters__free(struct counters *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].name);
	free(c->v);
	c->v = NULL;
	c->n = 0;
}

static void free_site(struct run_site *s)
{
	size_t i;

	free(s->reason);
	free(s->note);
	for (i = 0; i < s->worst_n; i++)
		free_strings(s->worst[i].stack, s->worst[i].stack_n);
}

void late_event__free(struct late_event *e)
{
	free(e->kind);
	free(e->phase);
	free_strings(e->migrator.stack, e->migrator.stack_n);
	free_strings(e->lookup.stack, e->lookup.stack_n);
}

void intervals__free(struct interval **v, size_t *n)
{
	for (size_t i = 0; i < *n; i++)
		counters__free(&(*v)[i].counters);
	free(*v);
	*v = NULL;
	*n = 0;
}

static void free_lists(struct run *run)
{
	size_t i;

	free(run->devices);
	counters__free(&run->counters);
	counters__free(&run->norefs);
	counters__free(&run->buffers);
	counters__free(&run->aio);
	counters__free(&run->isolations);
	for (i = 0; i < run->refcounts_n; i++)
		free(run->refcounts[i].stage);
	free(run->refcounts);
	for (i = 0; i < run->late.proven.n; i++)
		late_event__free(&run->late.proven.v[i]);
	for (i = 0; i < run->late.doubtful.n; i++)
		late_event__free(&run->late.doubtful.v[i]);
	free(run->late.proven.v);
	free(run->late.doubtful.v);
	for (i = 0; i < run->probes_n; i++) {
		free(run->probes[i].probe);
		free(run->probes[i].variant);
		free(run->probes[i].reason);
	}
	free(run->probes);
	intervals__free(&run->intervals, &run->intervals_n);
	intervals__free(&run->rounds, &run->rounds_n);
}

void run__free(struct run *run)
{
	unsigned int i;

	free(run->tool.version);
	free(run->tool.tier);
	free_strings(run->tool.command, run->tool.command_n);
	free(run->kernel.release);
	free(run->kernel.version);
	free(run->kernel.arch);
	free(run->kernel.generation);
	free(run->kernel.generation_evidence);
	free(run->kernel.boot_id);
	free(run->kernel.hypervisor);
	free(run->kernel.clocksource);
	free_strings(run->kernel.instruments, run->kernel.instruments_n);
	free_strings(run->parts, run->parts_n);
	free(run->bench.file_system);
	free(run->bench.mover);
	free(run->start);
	for (i = 0; i < SITE_COUNT; i++)
		free_site(&run->site[i]);
	free_lists(run);
	memset(run, 0, sizeof(*run));
}

static struct counter *find(const struct counters *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

int counters__add(struct counters *c, const char *name, __u64 value)
{
	struct counter *v, *old = find(c, name);

	if (old) {
		if (__builtin_add_overflow(old->value, value, &old->value))
			old->value = ~0ULL;
		return 0;
	}
	v = realloc(c->v, (c->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	c->v = v;
	v[c->n].name = strdup(name);
	if (!v[c->n].name)
		return -ENOMEM;
	v[c->n++].value = value;
	return 0;
}

__u64 counters__sum(const struct counters *c)
{
	__u64 sum = 0;

	for (size_t i = 0; i < c->n; i++)
		if (__builtin_add_overflow(sum, c->v[i].value, &sum))
			return ~0ULL;
	return sum;
}

double run__seconds(const struct run *run)
{
	return run->duration_ns ? (double)run->duration_ns / 1e9 : 1;
}

__u64 run_tries__given_up(const struct run_tries *t, unsigned int i)
{
	__u64 further = i + 1 < TRIES_KEPT ? t->tried[i + 1] : 0, gone;

	/* only a forged file's can wrap */
	return !__builtin_add_overflow(t->moved[i], further, &gone) && t->tried[i] > gone ?
		       t->tried[i] - gone :
		       0;
}

__u64 counters__get(const struct counters *c, const char *name)
{
	const struct counter *v = find(c, name);

	return v ? v->value : 0;
}

struct run_device *run__device(struct run *run, __u32 dev)
{
	struct run_device *v;
	size_t i;

	for (i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev)
			return &run->devices[i];
	v = realloc(run->devices, (run->devices_n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	run->devices = v;
	v = &v[run->devices_n++];
	memset(v, 0, sizeof(*v));
	v->dev = dev;
	return v;
}

bool run__tainted(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i] && loss__taints(i))
			return true;
	return false;
}

__u64 late__evidence(const struct late *l)
{
	return l->has_waited ? l->waited_spin + l->waited_folio : l->behind_spin + l->behind_folio;
}

enum entered run__entered(const struct run *run, unsigned int site)
{
	static const char *const calls[SITE_COUNT] = {
		[SITE_MIGRATE_NOREFS] = "norefs_calls",
		[SITE_FIND_GET_BLOCK] = "lookup_calls",
		[SITE_AIO_MIGRATE] = "aio_calls",
		[SITE_AIO_COMPLETION] = "aio_calls",
	};

	for (size_t i = 0; calls[site] && i < run->counters.n; i++)
		if (!strcmp(run->counters.v[i].name, calls[site]))
			return run->counters.v[i].value ? ENTERED : ENTERED_NEVER;
	return ENTERED_UNKNOWN;
}

static bool may_hide(const struct run *run)
{
	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i] && loss__hides(i))
			return true;
	return false;
}

const char *run__doubt(const struct run *run)
{
	if (run->late.possible)
		return "lookups were possibly late";
	if (may_hide(run))
		return "events were lost";
	if (!run->late.windows)
		return "nothing was migrated";
	if (run->tool.tier && !strcmp(run->tool.tier, "light"))
		return "the light tier reads the end of each move and watches no lookup";
	if (run__entered(run, SITE_FIND_GET_BLOCK) == ENTERED_NEVER)
		return "no lookup came by the function that is probed";
	if (!late__evidence(&run->late))
		return run->late.has_waited ? "no lookup waited for a window" :
					      "no lookup came behind a window";
	return NULL;
}

enum verdict run__verdict(const struct run *run)
{
	if (run->late.total)
		return VERDICT_FOUND;
	return run__doubt(run) ? VERDICT_INCONCLUSIVE : VERDICT_NONE_SEEN;
}
