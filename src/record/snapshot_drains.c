// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What empties LRUs, and norefs migrations behind it (bpf/drains.bpf.h), from maps into a run. Stage 3. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "migtrace.skel.h"
#include "record/snapshot.h"

/* What is above the caller in a stack: the functions that drain, and what calls the programs there. */
static bool is_drain(const char *symbol)
{
	static const char *const names[] = {
		"lru_add_drain_all",  "__lru_add_drain_all",	   "lru_cache_disable",
		"lru_add_drain",      "lru_add_drain_cpu",	   "lru_add_drain_cpu_zone",
		"invalidate_bh_lrus", "lru_add_and_bh_lrus_drain",
	};
	size_t n = strcspn(symbol, "+. ");

	if (!strncmp(symbol, "__traceiter_", 12) || !strncmp(symbol, "__bpf_trace_", 12) ||
	    !strncmp(symbol, "bpf_", 4) || !strcmp(symbol, SYMBOL_UNKNOWN)) /* a trampoline */
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (n == strlen(names[i]) && !strncmp(symbol, names[i], n))
			return true;
	return false;
}

/* The innermost frames that say nothing of the caller go; its name is the caller's, NULL: no memory. */
static char *caller(char **stack, size_t *n)
{
	size_t skip = 0;

	while (skip < *n && is_drain(stack[skip]))
		free(stack[skip++]);
	*n -= skip;
	memmove(stack, stack + skip, *n * sizeof(*stack));
	return *n ? strndup(stack[0], strcspn(stack[0], "+")) : strdup("unknown");
}

static void name_task(struct run_drain *d, const char *comm)
{
	struct late_side side;

	snapshot__task(&side, comm, 0, 0);
	/* there are some for each CPU, and what they work on is no matter of their names */
	if (!strncmp(side.comm, "kworker/", 8))
		memset(side.comm + 7, 0, sizeof(side.comm) - 7);
	memcpy(d->comm, side.comm, sizeof(d->comm));
}

static struct run_drain *find(struct run *run, const struct run_drain *d)
{
	for (size_t i = 0; i < run->drain_callers_n; i++) {
		struct run_drain *v = &run->drain_callers[i];

		if (v->kind == d->kind && !strcmp(v->comm, d->comm) &&
		    !strcmp(v->function, d->function))
			return v;
	}
	return NULL;
}

/* Who has come there by several ways is listed once, with one of them. */
static int add(struct tracer *t, struct run *run, const struct drain_key *key,
	       const struct drain_value *value)
{
	struct run_drain d = { .kind = key->kind, .count = value->count, .folios = value->folios };
	struct run_drain *v;

	name_task(&d, key->comm);
	if (snapshot__stack(t, key->stack, &d.stack, &d.stack_n) == -ENOMEM)
		return -ENOMEM;
	d.function = caller(d.stack, &d.stack_n);
	v = d.function ? find(run, &d) : NULL;
	if (v) {
		v->count += value->count;
		v->folios += value->folios;
		run_drain__free(&d);
		return 0;
	}
	v = d.function ? realloc(run->drain_callers, (run->drain_callers_n + 1) * sizeof(*v)) :
			 NULL;
	if (!v) {
		run_drain__free(&d);
		return -ENOMEM;
	}
	run->drain_callers = v;
	v[run->drain_callers_n++] = d;
	return 0;
}

/* By kind, the most frequent first. */
/* Of each kind the first ones stay; the calls of the others are counted. */
static void keep_most(struct run *run)
{
	size_t n = run->drain_callers_n, kept[DRAIN_KINDS] = { 0 };
	struct run_drain *v = run->drain_callers;
	__u64 listed = 0, all = counters__sum(&run->drains_by);

	if (n)
		qsort(v, n, sizeof(*v), run_drain__by_count);
	run->drain_callers_n = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept[v[i].kind]++ < RUN_DRAINS) {
			listed += v[i].count;
			v[run->drain_callers_n++] = v[i];
		} else {
			run_drain__free(&v[i]);
		}
	}
	run->drains_unlisted = all > listed ? all - listed : 0;
}

static int read_callers(struct tracer *t, struct run *run)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.drain_callers), ret = 0;
	struct drain_key key, *prev = NULL;
	struct drain_value value;

	for (; !ret && !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		ret = bpf_map_lookup_elem(fd, &key, &value) ? -errno : 0;
		if (!ret && key.kind < DRAIN_KINDS)
			ret = add(t, run, &key, &value);
	}
	return ret;
}

static int add_results(struct counters *c, const __u64 *result)
{
	int ret = 0;

	for (unsigned int i = 0; i < REASON_COUNT && !ret; i++)
		if (result[i])
			ret = counters__add(c, reason__name(PATH_NOREFS, i), result[i]);
	return ret;
}

/* Which kinds are seen at all: of the others there is no number. */
static int add_sums(struct tracer *t, struct run *run, const struct drains_cpu *sum)
{
	static const char *const probe[DRAIN_KINDS] = { "drain_all", "drain_buffers",
							"drain_batch" };
	int ret = 0;

	for (unsigned int k = 0; k < DRAIN_KINDS && !ret; k++)
		if (tracer__live(t, probe[k]))
			ret = counters__add(&run->drains_by, drain__name(k), sum->drains[k]);
	run->drain_folios = sum->folios;
	for (unsigned int k = 0; k < DRAIN_CLASSES && !ret; k++)
		ret = add_results(&run->drain_after[k].norefs, sum->result[k]);
	return ret;
}

/* Callers are counted behind the sums, and read before them: what comes meanwhile is more of all alone. */
int snapshot__drains(struct tracer *t, struct run *run)
{
	int cpus = tracer__cpus(t), ret;
	struct drains_cpu *v, sum = { 0 };

	run->has_drains = tracer__opts(t)->drains;
	if (!run->has_drains)
		return 0;
	v = calloc(cpus, sizeof(*v));
	if (!v)
		return -ENOMEM;
	ret = read_callers(t, run);
	if (!ret)
		ret = tracer__read_each(t, tracer__skeleton(t)->maps.drains_cpus, 1, 0, v);
	for (int c = 0; c < cpus && !ret; c++)
		for (size_t i = 0; i < sizeof(sum) / sizeof(__u64); i++)
			((__u64 *)&sum)[i] += ((const __u64 *)&v[c])[i];
	free(v);
	ret = ret ?: add_sums(t, run, &sum);
	if (!ret)
		keep_most(run);
	return ret;
}
