// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The histograms' two maps: those that need no key (event.h, struct hot_hist) and the others. Stage 3. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "snapshot.h"

void snapshot__add(struct run *run, const struct hist_key *k, const struct hist *h)
{
	struct run_site *s = &run->site[k->site];
	struct run_device *d = run__device(run, k->dev);

	switch (k->kind) {
	case KIND_HOLD:
		hist__merge(&s->hold, h);
		if (k->outcome)
			hist__merge(&s->by_outcome[k->outcome], h);
		if (d)
			hist__merge(&d->site[k->site].hold, h);
		break;
	case KIND_WAIT:
		hist__merge(&s->wait, h);
		if (d)
			hist__merge(&d->site[k->site].wait, h);
		break;
	case KIND_WINDOW:
		hist__merge(&run->window, h);
		break;
	case KIND_FLAG_HELD:
		hist__merge(&run->flag_held, h);
		break;
	case KIND_FOLIO_WAIT:
		hist__merge(&run->folio_wait, h);
		break;
	}
}

static int read_keyed(struct tracer *t, struct run *run)
{
	struct bpf_map *map = tracer__skeleton(t)->maps.hists;
	struct hist_key key, *prev = NULL;
	int cpus = tracer__cpus(t), fd = bpf_map__fd(map);
	struct hist *v = calloc(cpus, sizeof(*v));
	int err;

	if (!v)
		return -ENOMEM;
	/* what can't be read is no zero: an exporter's counters must not fall */
	while (!(err = bpf_map_get_next_key(fd, prev, &key) ? -errno : 0)) {
		prev = &key;
		if (key.site >= SITE_COUNT || key.outcome >= OUTCOME_COUNT)
			continue;
		err = bpf_map_lookup_elem(fd, &key, v) ? -errno : 0;
		if (err)
			break;
		for (int c = 0; c < cpus; c++)
			if (v[c].count)
				snapshot__add(run, &key, &v[c]);
	}
	free(v);
	return err == -ENOENT ? 0 : err;
}

/* One of those that all devices share for which the map has no room (DEV_OTHER). */
static int reserve(int fd, const struct hist *zero, __u8 site, __u8 kind, __u8 outcome, __u8 left)
{
	struct hist_key key = { DEV_OTHER, site, kind, outcome, left };

	return bpf_map_update_elem(fd, &key, zero, BPF_NOEXIST) ? -errno : 0;
}

int tracer__reserve_other(struct tracer *t, char *err_text, size_t err_size)
{
	/* the totals of a tier have no devices, and who asks for small maps wants them full */
	bool needed = !tracer__opts(t)->totals && !tracer__opts(t)->map_size;
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.hists), err = 0;
	struct hist *zero = calloc(tracer__cpus(t), sizeof(*zero));

	for (__u8 s = 0; s < SITE_COUNT && zero && needed && !err; s++) {
		__u8 outcomes = s == SITE_MIGRATE_NOREFS ? OUTCOME_COUNT : 1;

		for (__u8 o = 0; o < outcomes && !err; o++)
			err = reserve(fd, zero, s, KIND_HOLD, o, 0);
		if (!err)
			err = reserve(fd, zero, s, KIND_WAIT, OUTCOME_NONE, 0);
	}
	for (__u8 kind = KIND_HOLD; kind <= KIND_WAIT && zero && needed && !err; kind++)
		err = reserve(fd, zero, SITE_FIND_GET_BLOCK, kind, OUTCOME_NONE, 1);
	for (__u8 kind = KIND_WINDOW; kind < KIND_COUNT && zero && needed && !err; kind++)
		err = reserve(fd, zero,
			      kind == KIND_FOLIO_WAIT ? SITE_FIND_GET_BLOCK : SITE_MIGRATE_NOREFS,
			      kind, OUTCOME_NONE, 0);
	if (!zero)
		err = -ENOMEM;
	if (err)
		snprintf(err_text, err_size, "can't fill a map: %s", strerror(-err));
	free(zero);
	return err;
}

/* The histogram without key that @key's values go to, if it is for that device. */
static int read_hot(struct tracer *t, struct run *run, struct hist_key key)
{
	__u32 i = hot_index(key.site, key.kind, key.outcome);
	int cpus = tracer__cpus(t), err;
	struct hot_hist *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	err = bpf_map_lookup_elem(bpf_map__fd(tracer__skeleton(t)->maps.hot_hists), &i, v) ?
		      -errno :
		      0;
	for (int c = 0; c < cpus && !err; c++) {
		key.dev = v[c].dev;
		if (v[c].h.count)
			snapshot__add(run, &key, &v[c].h);
	}
	free(v);
	return err;
}

int snapshot__hists(struct tracer *t, struct run *run)
{
	int err = read_keyed(t, run);

	for (__u8 s = 0; s < SITE_COUNT && !err; s++) {
		__u8 outcomes = s == SITE_MIGRATE_NOREFS ? OUTCOME_COUNT : 1;

		for (__u8 o = 0; o < outcomes && !err; o++)
			err = read_hot(
				t, run,
				(struct hist_key){ .site = s, .kind = KIND_HOLD, .outcome = o });
		if (!err)
			err = read_hot(t, run, (struct hist_key){ .site = s, .kind = KIND_WAIT });
	}
	for (__u8 kind = KIND_WINDOW; kind < KIND_COUNT && !err; kind++)
		err = read_hot(t, run, (struct hist_key){ .kind = kind });
	for (size_t i = 0; i < run->devices_n; i++)
		machine__device_name(run->devices[i].dev, run->devices[i].name,
				     sizeof(run->devices[i].name));
	return err;
}

/* The histogram without key, where the floor's values go unless they were told not to. */
static int take_hot(struct tracer *t, __u8 kind, struct hist *sum)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.hot_hists), cpus = tracer__cpus(t), err = 0;
	struct hot_hist *v = calloc(cpus, sizeof(*v)), *zero = calloc(cpus, sizeof(*v));
	__u32 i = hot_index(SITE_FLOOR, kind, OUTCOME_NONE);

	if (!v || !zero)
		err = -ENOMEM;
	else if (bpf_map_lookup_elem(fd, &i, v) || bpf_map_update_elem(fd, &i, zero, BPF_ANY))
		err = -errno;
	for (int c = 0; c < cpus && !err; c++)
		hist__merge(sum, &v[c].h);
	free(v);
	free(zero);
	return err;
}

static int take_keyed(struct tracer *t, __u8 kind, struct hist *sum)
{
	struct hist_key key = { .site = SITE_FLOOR, .kind = kind };
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.hists), cpus = tracer__cpus(t), err = 0;
	struct hist *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	if (bpf_map_lookup_elem(fd, &key, v))
		err = errno == ENOENT ? 0 : -errno;
	for (int c = 0; c < cpus && !err; c++)
		hist__merge(sum, &v[c]);
	bpf_map_delete_elem(fd, &key);
	free(v);
	return err;
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
