// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The longest holds and waits, and who released what somebody waited for, from maps into a run. Stage 3. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "model/run_table.h"
#include "record/snapshot.h"

static int add_worst(struct tracer *t, struct run_site *s, __u8 kind, const struct worst_sample *v)
{
	struct worst w = {
		.kind = kind,
		.ns = v->ns,
		.pid = v->pid,
		.cpu = v->cpu,
		.dev = v->dev,
		.mode = v->mode,
		.folio_bytes = v->folio,
		.buffers = v->buffers,
		.outcome = v->outcome,
	};

	int err;

	memcpy(w.comm, v->comm, sizeof(w.comm));
	snapshot__stack(t, v->stack, &w.stack, &w.stack_n);
	err = run_site__add_worst(s, &w);
	for (size_t i = 0; i < w.stack_n; i++)
		free(w.stack[i]);
	free(w.stack);
	return err;
}

int snapshot__worst(struct tracer *t, struct run *run)
{
	int cpus = tracer__cpus(t), fd = bpf_map__fd(tracer__skeleton(t)->maps.worsts), err = 0;
	__u32 lists = bpf_map__max_entries(tracer__skeleton(t)->maps.worsts);
	struct worst_list *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (__u32 i = 0; i < SITE_COUNT * 2 && i < lists && !err; i++) {
		err = bpf_map_lookup_elem(fd, &i, v) ? -errno : 0;
		for (int j = 0; j < cpus * WORST_KEPT && !err; j++) {
			const struct worst_sample *w = &v[j / WORST_KEPT].v[j % WORST_KEPT];

			if (w->ns)
				err = add_worst(t, &run->site[i / 2], i & 1 ? KIND_WAIT : KIND_HOLD,
						w);
		}
	}
	free(v);
	return err;
}

/*
 * No entry is longer than its histogram's longest. That may have been written back by a program that another one
 * had interrupted. Where the table was full there is no histogram, and the list is all that is known.
 */
void snapshot__longest(struct run *run)
{
	for (__u32 i = 0; i < SITE_COUNT; i++) {
		struct run_site *s = &run->site[i];
		size_t kept = 0;

		for (size_t k = 0; k < s->worst_n; k++) {
			struct worst *w = &s->worst[k];
			struct hist *h = w->kind == KIND_WAIT ? &s->wait : &s->hold;

			if (!h->count && !run->losses[LOSS_TABLE_FULL]) {
				shape__free(&worst_shape, w); /* on its way to the histogram */
				continue;
			}
			if (h->count && w->ns > h->max_ns)
				h->max_ns = w->ns;
			s->worst[kept++] = *w;
		}
		s->worst_n = kept;
	}
}

static int add_owner(struct tracer *t, struct run_site *s, __s32 stack, __u64 count)
{
	struct run_owner *v = realloc(s->owners, (s->owners_n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	s->owners = v;
	v += s->owners_n++;
	*v = (struct run_owner){ .count = count };
	return snapshot__stack(t, stack, &v->stack, &v->stack_n) == -ENOMEM ? -ENOMEM : 0;
}

static void keep_most(struct run_site *s)
{
	if (s->owners_n)
		qsort(s->owners, s->owners_n, sizeof(*s->owners), run_owner__by_count);
	while (s->owners_n > RUN_OWNERS) {
		struct run_owner *o = &s->owners[--s->owners_n];

		for (size_t i = 0; i < o->stack_n; i++)
			free(o->stack[i]);
		free(o->stack);
	}
}

int snapshot__owners(struct tracer *t, struct run *run)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.contended_owners), ret = 0;
	struct contended_key key, *prev = NULL;
	__u64 count;

	for (; !ret && !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		if (key.site >= SITE_COUNT)
			continue;
		ret = bpf_map_lookup_elem(fd, &key, &count) ? -errno : 0;
		if (!ret)
			ret = add_owner(t, &run->site[key.site], key.stack, count);
	}
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		keep_most(&run->site[i]);
	return ret;
}
