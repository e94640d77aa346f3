// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Histograms as the programs have them, with a key and without one (bpf/maps.bpf.h). Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "trace/tracer.h"

/* Keys that are made before the programs run have the first places. */
struct reserving {
	int fd;
	__u32 next;
};

/* One of those that all devices share for which the map has no room (DEV_OTHER). */
static int reserve(struct reserving *r, __u8 site, __u8 kind, __u8 outcome, __u8 left)
{
	struct hist_key key = { DEV_OTHER, site, kind, outcome, left };

	if (bpf_map_update_elem(r->fd, &key, &r->next, BPF_NOEXIST))
		return -errno;
	r->next++;
	return 0;
}

static int reserve_other(struct tracer *t, struct reserving *r)
{
	bool lookups = tracer__has_row(tracer__opts(t), SITE_FIND_GET_BLOCK);
	int err = 0;

	for (__u8 s = 0; s < SITE_COUNT && !err; s++) {
		__u8 outcomes = site_outcomes(s);

		if (!tracer__has_row(tracer__opts(t), s))
			continue;
		for (__u8 how = 0; how < outcomes && !err; how++)
			err = reserve(r, s, KIND_HOLD, how, 0);
		if (!err)
			err = reserve(r, s, KIND_WAIT, OUTCOME_NONE, 0);
	}
	for (__u8 kind = KIND_HOLD; lookups && kind <= KIND_WAIT && !err; kind++)
		err = reserve(r, SITE_FIND_GET_BLOCK, kind, OUTCOME_NONE, 1);
	for (__u8 kind = KIND_WINDOW; kind < KIND_COUNT - !lookups && !err; kind++)
		err = reserve(r,
			      kind == KIND_FOLIO_WAIT ? SITE_FIND_GET_BLOCK : SITE_MIGRATE_NOREFS,
			      kind, OUTCOME_NONE, 0);
	return err;
}

/* Places from @first on are free. */
static int fill(const struct bpf_map *free, __u32 first)
{
	for (__u32 i = first; i < bpf_map__max_entries(free); i++)
		if (bpf_map_update_elem(bpf_map__fd(free), NULL, &i, 0))
			return -errno;
	return 0;
}

int tracer__open_hists(struct tracer *t, char *err_text, size_t err_size)
{
	/* the totals of a tier have no devices, and who asks for small maps wants them full */
	const struct tracer_opts *o = tracer__opts(t);
	struct migtrace_bpf *skel = tracer__skeleton(t);
	struct reserving r = { bpf_map__fd(skel->maps.hists), 0 };
	int err = o->totals || o->map_size ? 0 : reserve_other(t, &r);

	if (!err)
		err = fill(skel->maps.hists_free, r.next) ?: fill(skel->maps.refcounts_free, 0);
	if (err)
		snprintf(err_text, err_size, "can't fill a map: %s", strerror(-err));
	return err;
}

int tracer__read_hot(struct tracer *t, __u32 i, struct hot_hist *v)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	__u32 n = skel->rodata->cfg_hot_hists;

	if (i >= n) {
		memset(v, 0, tracer__cpus(t) * sizeof(*v));
		return 0;
	}
	return tracer__read_each(t, skel->maps.hot_hists, n, i, v);
}

int tracer__read_keyed(struct tracer *t, __u32 place, struct hist *v)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);

	return tracer__read_each(t, skel->maps.hist_values, skel->rodata->cfg_hists, place, v);
}

static bool is_known(const struct keyed *k, const void *key, size_t size)
{
	for (size_t i = 0; i < k->n; i++)
		if (!memcmp(k->v[i].key, key, size))
			return true;
	return false;
}

static int add_key(struct keyed *k, int fd, const struct one_key *key)
{
	struct one_key *v = realloc(k->v, (k->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	k->v = v;
	v[k->n] = *key;
	if (bpf_map_lookup_elem(fd, key->key, &v[k->n].place))
		return -errno;
	k->n++;
	return 0;
}

int tracer__find_keyed(struct tracer *t, enum keyed_kind kind)
{
	const struct migtrace_bpf *skel = tracer__skeleton(t);
	const struct bpf_map *map = kind == KEYED_HISTS ? skel->maps.hists : skel->maps.refcounts;
	struct keyed *k = tracer__keyed(t, kind);
	struct one_key key = { 0 }, before, *prev = NULL;
	int fd = bpf_map__fd(map), err = 0;

	while (!err && !bpf_map_get_next_key(fd, prev, &key)) {
		if (!is_known(k, key.key, bpf_map__key_size(map)))
			err = add_key(k, fd, &key);
		before = key;
		prev = &before;
	}
	return err ?: errno == ENOENT ? 0 : -errno;
}

/* The histogram without key, where the floor's values go unless they were told not to. */
static int take_hot(struct tracer *t, __u8 kind, struct hist *sum)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	__u32 i = hot_index(SITE_FLOOR, kind, OUTCOME_NONE), n = skel->rodata->cfg_hot_hists;
	int cpus = tracer__cpus(t);
	struct hot_hist *v = calloc(cpus, sizeof(*v));
	int err = v ? tracer__read_hot(t, i, v) : -ENOMEM;

	for (int c = 0; c < cpus && !err; c++)
		hist__merge(sum, &v[c].h);
	free(v);
	return err || i >= n ? err : tracer__clear_each(t, skel->maps.hot_hists, n, i);
}

static int take_keyed(struct tracer *t, __u8 kind, struct hist *sum)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	struct hist_key key = { .site = SITE_FLOOR, .kind = kind };
	int fd = bpf_map__fd(skel->maps.hists), cpus = tracer__cpus(t), err;
	struct hist *v;
	__u32 place;

	if (bpf_map_lookup_elem(fd, &key, &place))
		return errno == ENOENT ? 0 : -errno;
	v = calloc(cpus, sizeof(*v));
	err = v ? tracer__read_keyed(t, place, v) : -ENOMEM;
	for (int c = 0; c < cpus && !err; c++)
		hist__merge(sum, &v[c]);
	free(v);
	if (!err)
		err = tracer__clear_each(t, skel->maps.hist_values, skel->rodata->cfg_hists, place);
	if (err || bpf_map_delete_elem(fd, &key) ||
	    bpf_map_update_elem(bpf_map__fd(skel->maps.hists_free), NULL, &place, 0))
		return err ?: -errno;
	return 0;
}

int tracer__take_floor(struct tracer *t, __u64 *ns)
{
	static const __u8 kinds[] = { KIND_WAIT, KIND_HOLD };
	struct hist sum;
	int err = 0;

	for (int i = 0; i < 2 && !err; i++) {
		sum = (struct hist){ 0 };
		err = take_hot(t, kinds[i], &sum);
		if (!err)
			err = take_keyed(t, kinds[i], &sum);
	}
	*ns = err ? 0 : hist__quantile(&sum, 0.5);
	return err;
}
