// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a run file says of parts of its time: slices (-i) and bench's rounds, both ways, and of the
 * load that bench made.
 */
#include "runfile.h"

static json_t *times_json(struct writer *w, const struct interval *list, size_t n)
{
	json_t *array = json_array(), *o, *sites;

	for (size_t i = 0; i < n; i++) {
		const struct interval *v = &list[i];

		o = json_object();
		sites = json_object();
		for (unsigned int s = 0; s < SITE_COUNT; s++)
			put__hold_wait(w, sites, s, &v->site[s].hold, &v->site[s].wait);
		put__member(w, o, "start_ns", put__number(w, v->start_ns));
		put__member(w, o, "duration_ns", put__number(w, v->duration_ns));
		put__member(w, o, "sites", sites);
		put__member(w, o, "counters", put__counters(w, &v->counters));
		put__element(w, array, o);
	}
	return array;
}

static json_t *bench_json(struct writer *w, const struct run_bench *b)
{
	json_t *o;

	if (!b->file_system)
		return json_null();
	o = json_object();
	put__member(w, o, "file_system", put__text(b->file_system));
	put__member(w, o, "mover", put__text(b->mover));
	put__member(w, o, "readers", put__number(w, b->readers));
	put__member(w, o, "block_bytes", put__number(w, b->block_bytes));
	put__member(w, o, "directory_bytes", put__number(w, b->directory_bytes));
	put__member(w, o, "warmup_ns", put__number(w, b->warmup_ns));
	put__member(w, o, "round_ns", put__number(w, b->round_ns));
	return o;
}

void runfile__put_times(struct writer *w, json_t *root, const struct run *run)
{
	put__member(w, root, "intervals", times_json(w, run->intervals, run->intervals_n));
	put__member(w, root, "rounds", times_json(w, run->rounds, run->rounds_n));
	put__member(w, root, "bench", bench_json(w, &run->bench));
}

static int read_interval(const json_t *o, const struct at *at, void *entry)
{
	struct interval *v = entry;
	int ret = get__u64(o, "start_ns", at, &v->start_ns);

	if (!ret)
		ret = get__u64(o, "duration_ns", at, &v->duration_ns);
	if (!ret)
		ret = runfile__read_sparse_sites(o, at, v->site);
	return ret ? ret : get__counters(o, "counters", at, &v->counters);
}

static int read_times(const json_t *root, const char *key, const struct at *at, struct interval **v,
		      size_t *n)
{
	if (json_array_size(json_object_get(root, key)) > RUNFILE_MAX_INTERVALS)
		return at__fail(AT_KEY(at, key), "more than %d", RUNFILE_MAX_INTERVALS);
	return get__list(root, key, at, sizeof(**v), read_interval, (void **)v, n);
}

/* null, or absent in older files, where it was not bench that recorded. */
static int read_bench(const json_t *root, const struct at *at, struct run_bench *b)
{
	const struct at here = { .up = at, .key = "bench" };
	json_t *o = json_object_get(root, "bench");
	int ret;

	if (!o || json_is_null(o))
		return 0;
	ret = get__object(root, "bench", at, &o);
	if (!ret)
		ret = get__string(o, "file_system", &here, &b->file_system);
	if (!ret)
		ret = get__string(o, "mover", &here, &b->mover);
	if (!ret)
		ret = get__u32(o, "readers", &here, &b->readers);
	if (!ret)
		ret = get__u32(o, "block_bytes", &here, &b->block_bytes);
	if (!ret)
		ret = get__u64(o, "directory_bytes", &here, &b->directory_bytes);
	if (!ret)
		ret = get__u64(o, "warmup_ns", &here, &b->warmup_ns);
	return ret ? ret : get__u64(o, "round_ns", &here, &b->round_ns);
}

int runfile__read_times(const json_t *root, const struct at *at, struct run *run)
{
	int ret = read_times(root, "intervals", at, &run->intervals, &run->intervals_n);

	if (!ret)
		ret = read_times(root, "rounds", at, &run->rounds, &run->rounds_n);
	return ret ? ret : read_bench(root, at, &run->bench);
}
