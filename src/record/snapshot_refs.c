// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* References of every folio that migrates (bpf/refs.bpf.h), from maps into a run. Stage 3. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "record/snapshot.h"

static void add_kind(struct run_refs *r, const struct refs_counts *c)
{
	r->passed += c->passed;
	r->moved += c->result[REFS_MOVED];
	r->early += c->result[REFS_EARLY];
	r->freeze += c->result[REFS_FREEZE];
	r->other += c->result[REFS_ELSE];
	for (int i = 0; i < TRIES_KEPT; i++) {
		r->tries.tried[i] += c->tried[i];
		r->tries.moved[i] += c->moved[i];
	}
}

/* Read while one was counted: it was tried, had come to the switch, and had ended. */
static void complete(struct run_refs *r)
{
	for (int i = 0; i < TRIES_KEPT; i++)
		r->tries.tried[i] = snapshot__whole(r->tries.tried[i], r->tries.moved[i]);
	r->attempts = r->moved + r->early + r->freeze + r->other;
	r->passed = snapshot__whole(r->passed, r->freeze);
	if (r->passed > r->attempts - r->early)
		r->passed = r->attempts - r->early;
}

static int read_kinds(struct tracer *t, struct run *run)
{
	int cpus = tracer__cpus(t), ret;
	struct refs_cpu *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	ret = tracer__read_each(t, tracer__skeleton(t)->maps.refs_cpus, 1, 0, v);
	for (int c = 0; c < cpus && !ret; c++)
		for (unsigned int k = 0; k < REFS_KINDS; k++)
			add_kind(&run->refs[k], &v[c].kind[k]);
	free(v);
	for (unsigned int k = 0; k < REFS_KINDS; k++)
		complete(&run->refs[k]);
	return ret;
}

/* By kind and check, the most frequent first. */
static int by_kind(const void *a, const void *b)
{
	const struct run_ref *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->check != y->check)
		return x->check < y->check ? -1 : 1;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return (x->seen > y->seen) - (x->seen < y->seen);
}

static int read_counts(struct tracer *t, struct run *run)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.refs_counts);
	struct refs_key key, *prev = NULL;
	struct refs_value value;

	for (; !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		struct run_ref *v = realloc(run->ref_counts, (run->ref_counts_n + 1) * sizeof(*v));

		if (!v)
			return -ENOMEM;
		run->ref_counts = v;
		if (bpf_map_lookup_elem(fd, &key, &value))
			return -errno;
		if (!value.count) /* just made, and not yet counted */
			continue;
		v[run->ref_counts_n++] = (struct run_ref){
			key.kind,     key.result,
			key.expected, key.seen,
			value.count,  value.right < value.count ? value.right : value.count,
		};
	}
	if (errno != ENOENT)
		return -errno;
	if (run->ref_counts_n)
		qsort(run->ref_counts, run->ref_counts_n, sizeof(*run->ref_counts), by_kind);
	return 0;
}

int snapshot__refs(struct tracer *t, struct run *run)
{
	bool every = tracer__skeleton(t)->rodata->cfg_recount;

	run->has_refs = tracer__live(t, "refs_move") && tracer__live(t, "refs_switch");
	if (!run->has_refs)
		return 0;
	for (unsigned int k = 0; k < REFS_KINDS; k++)
		run->refs[k].has_early = k == REFS_BUFFERS || (every && k != REFS_OTHER);
	/* the parts first: what ends meanwhile is more of the whole alone */
	return read_counts(t, run) ?: read_kinds(t, run);
}
