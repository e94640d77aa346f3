// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The lists of a run file: devices, counters, late references, losses, probes.
 * Stage: run file (reading). Lists whose entries are large in memory are bounded.
 */
#include <stdlib.h>
#include <string.h>

#include "runfile.h"

static int read_refcount(const json_t *o, const struct at *at, void *entry)
{
	struct run_refcount *r = entry;
	int ret = get__string(o, "stage", at, &r->stage);

	if (!ret)
		ret = get__s64(o, "expected", at, &r->expected);
	if (!ret)
		ret = get__s64(o, "seen", at, &r->seen);
	return ret ? ret : get__u64(o, "count", at, &r->count);
}

static int read_probe(const json_t *o, const struct at *at, void *entry)
{
	struct run_probe *p = entry;
	int ret = get__string(o, "probe", at, &p->probe);

	if (!ret)
		ret = get__opt_string(o, "variant", at, &p->variant);
	if (!ret)
		ret = get__bool(o, "attached", at, &p->attached);
	if (!ret)
		ret = get__opt_string(o, "reason", at, &p->reason);
	if (!ret)
		ret = get__u64(o, "hits", at, &p->hits);
	return ret ? ret : get__u64(o, "run_ns", at, &p->run_ns);
}

static int read_side(const json_t *event, const char *key, const struct at *at,
		     struct late_side *side)
{
	const struct at here = { .up = at, .key = key };
	json_t *o;
	int ret = get__object(event, key, at, &o);

	if (!ret)
		ret = get__comm(o, "comm", &here, side->comm, sizeof(side->comm));
	if (!ret)
		ret = get__u32(o, "pid", &here, &side->pid);
	if (!ret)
		ret = get__u32(o, "cpu", &here, &side->cpu);
	return ret ? ret : get__strings(o, "stack", &here, &side->stack, &side->stack_n);
}

static int read_event(const json_t *o, const struct at *at, void *entry)
{
	struct late_event *e = entry;
	int ret = get__string(o, "kind", at, &e->kind);

	if (!ret)
		ret = get__u64(o, "time_ns", at, &e->time_ns);
	if (!ret)
		ret = get__u64(o, "since_check_ns", at, &e->since_check_ns);
	if (!ret)
		ret = get__dev(o, "device", at, &e->dev);
	if (!ret)
		ret = get__u64(o, "block", at, &e->block);
	if (!ret)
		ret = get__string(o, "phase", at, &e->phase);
	if (!ret)
		ret = get__bool(o, "dirtied", at, &e->dirtied);
	if (!ret)
		ret = get__s64(o, "b_count", at, &e->b_count);
	if (!ret)
		ret = read_side(o, "migrator", at, &e->migrator);
	e->has_lookup = json_object_get(o, "lookup") && !json_is_null(json_object_get(o, "lookup"));
	if (!ret && e->has_lookup)
		ret = read_side(o, "lookup", at, &e->lookup);
	return ret;
}

static int read_late_counts(const json_t *o, const struct at *at, struct late *l)
{
	json_t *kinds, *behind;
	int ret = get__u64(o, "total", at, &l->total);

	if (!ret)
		ret = get__u64(o, "windows", at, &l->windows);
	if (!ret)
		ret = get__u64(o, "aborted", at, &l->aborted);
	if (!ret)
		ret = get__object(o, "by_kind", at, &kinds);
	if (!ret)
		ret = get__u64(kinds, "slow_lookup", AT_KEY(at, "by_kind"), &l->slow_lookup);
	if (!ret)
		ret = get__u64(kinds, "end_count", AT_KEY(at, "by_kind"), &l->end_count);
	if (!ret)
		ret = get__u64(kinds, "assoc_list", AT_KEY(at, "by_kind"), &l->assoc_list);
	if (!ret)
		ret = get__object(o, "lookups_behind", at, &behind);
	if (!ret)
		ret = get__u64(behind, "spin", AT_KEY(at, "lookups_behind"), &l->behind_spin);
	if (!ret)
		ret = get__u64(behind, "folio", AT_KEY(at, "lookups_behind"), &l->behind_folio);
	return ret ? ret : get__u64(o, "not_listed", at, &l->proven.not_listed);
}

/* What files of before 0.2 do not have. */
static int read_late_newer(const json_t *o, const struct at *at, struct late *l)
{
	json_t *waited;
	int ret = 0;

	l->has_waited = json_object_get(o, "lookups_waited");
	if (l->has_waited)
		ret = get__object(o, "lookups_waited", at, &waited);
	if (l->has_waited && !ret)
		ret = get__u64(waited, "spin", AT_KEY(at, "lookups_waited"), &l->waited_spin);
	if (l->has_waited && !ret)
		ret = get__u64(waited, "folio", AT_KEY(at, "lookups_waited"), &l->waited_folio);
	if (ret || !json_object_get(o, "possible"))
		return ret;
	ret = get__u64(o, "possible", at, &l->possible);
	if (!ret)
		ret = get__u64(o, "possible_not_listed", at, &l->doubtful.not_listed);
	if (!ret)
		ret = get__list(o, "possible_events", at, sizeof(*l->doubtful.v), read_event,
				(void **)&l->doubtful.v, &l->doubtful.n);
	for (size_t i = 0; !ret && i < l->doubtful.n; i++)
		l->doubtful.v[i].possible = true;
	return ret;
}

static int read_late(const json_t *root, const struct at *at, struct late *l)
{
	const struct at here = { .up = at, .key = "late_references" };
	json_t *o;
	int ret = get__object(root, "late_references", at, &o);

	if (!ret)
		ret = read_late_counts(o, &here, l);
	if (!ret)
		ret = get__list(o, "events", &here, sizeof(*l->proven.v), read_event,
				(void **)&l->proven.v, &l->proven.n);
	if (!ret)
		ret = read_late_newer(o, &here, l);
	if (!ret)
		l->watched = l->windows || json_is_true(json_object_get(o, "watched"));
	return ret;
}

/* A reason that this version does not know may taint a verdict: it counts as a full map. */
static int read_losses(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "losses" };
	json_t *o, *v;
	const char *name;
	unsigned int i;
	__u64 value, *sum;
	int ret = get__object(root, "losses", at, &o);

	if (ret)
		return ret;
	json_object_foreach (o, name, v) {
		ret = get__u64(o, name, &here, &value);
		if (ret)
			return ret;
		i = loss__by_name(name);
		sum = &run->losses[i < LOSS_COUNT ? i : LOSS_MAP_FULL];
		if (__builtin_add_overflow(*sum, value, sum))
			*sum = ~0ULL;
	}
	return 0;
}

int runfile__read_sparse_sites(const json_t *o, const struct at *at, struct hold_wait *v)
{
	const struct at here = { .up = at, .key = "sites" };
	json_t *sites, *site;
	const char *name;
	unsigned int i;
	int ret = get__object(o, "sites", at, &sites);

	if (ret)
		return ret;
	json_object_foreach (sites, name, site) {
		i = site__by_name(name);
		if (i == SITE_COUNT)
			continue;
		ret = runfile__read_hold_wait(site, AT_KEY(&here, name), &v[i].hold, &v[i].wait);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_devices(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "devices" };
	struct run_device *d;
	json_t *devices, *o;
	const char *key;
	__u32 dev;
	int ret = get__object(root, "devices", at, &devices);

	if (ret)
		return ret;
	if (json_object_size(devices) > RUNFILE_MAX_DEVICES)
		return at__fail(&here, "more than %d", RUNFILE_MAX_DEVICES);
	json_object_foreach (devices, key, o) {
		if (!dev__parse(key, &dev))
			return at__fail(AT_KEY(&here, key), "not MAJOR:MINOR");
		d = run__device(run, dev);
		if (!d)
			return at__no_memory(&here);
		ret = get__comm(o, "name", AT_KEY(&here, key), d->name, sizeof(d->name));
		if (!ret)
			ret = runfile__read_sparse_sites(o, AT_KEY(&here, key), d->site);
		if (ret)
			return ret;
	}
	return 0;
}

static int read_migrations(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "migrations" };
	json_t *o;
	int ret = get__object(root, "migrations", at, &o);

	if (!ret)
		ret = get__counters(o, "norefs", &here, &run->norefs);
	if (!ret)
		ret = get__counters(o, "buffers", &here, &run->buffers);
	return ret ? ret : get__counters(o, "aio", &here, &run->aio);
}

static int read_tries(const json_t *attempts, unsigned int path, const struct at *at,
		      struct run_tries *t)
{
	const struct at here = { .up = at, .key = path__name(path) };
	json_t *list, *o;
	size_t i;
	int ret = get__array(attempts, path__name(path), at, &list);

	if (ret)
		return ret;
	json_array_foreach (list, i, o) {
		__u64 n = 0;

		ret = get__u64(o, "attempt", AT_INDEX(&here, i), &n);
		if (!ret && (!n || n > TRIES_KEPT))
			ret = at__fail(AT_INDEX(&here, i), "attempt 1 to %d expected", TRIES_KEPT);
		if (!ret)
			ret = get__u64(o, "tried", AT_INDEX(&here, i), &t->tried[n - 1]);
		if (!ret)
			ret = get__u64(o, "moved", AT_INDEX(&here, i), &t->moved[n - 1]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Both are null, or absent in older files, where they were not measured. */
static int read_attempts(const json_t *root, const struct at *at, struct run *run)
{
	const struct at here = { .up = at, .key = "attempts" };
	json_t *o = json_object_get(root, "attempts");
	int ret = 0;

	run->has_tries = o && !json_is_null(o);
	if (run->has_tries)
		ret = get__object(root, "attempts", at, &o);
	for (unsigned int path = 0; !ret && run->has_tries && path < PATH_COUNT; path++)
		ret = read_tries(o, path, &here, &run->tries[path]);
	o = json_object_get(root, "isolations");
	run->has_isolations = o && !json_is_null(o);
	return ret || !run->has_isolations ?
		       ret :
		       get__counters(root, "isolations", at, &run->isolations);
}

/* A list that merging searches from its beginning for every entry. */
static int read_names(const json_t *root, const char *key, const struct at *at, size_t size,
		      entry_reader *read, void **v, size_t *n)
{
	if (json_array_size(json_object_get(root, key)) > RUNFILE_MAX_NAMES)
		return at__fail(AT_KEY(at, key), "more than %d", RUNFILE_MAX_NAMES);
	return get__list(root, key, at, size, read, v, n);
}

int runfile__read_lists(const json_t *root, const struct at *at, struct run *run)
{
	int ret = read_devices(root, at, run);

	if (!ret)
		ret = get__counters(root, "counters", at, &run->counters);
	if (!ret)
		ret = read_migrations(root, at, run);
	if (!ret)
		ret = read_attempts(root, at, run);
	if (!ret)
		ret = read_names(root, "refcounts", at, sizeof(*run->refcounts), read_refcount,
				 (void **)&run->refcounts, &run->refcounts_n);
	if (!ret)
		ret = read_late(root, at, &run->late);
	if (!ret)
		ret = read_losses(root, at, run);
	if (!ret)
		ret = read_names(root, "probes", at, sizeof(*run->probes), read_probe,
				 (void **)&run->probes, &run->probes_n);
	return ret;
}
