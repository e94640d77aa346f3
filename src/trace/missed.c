// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* How often the kernel left a program out. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "trace/missed.h"

#define PERF_EVENT_LINK 7 /* enum bpf_link_type */

/*
 * The head of struct bpf_link_info as of 7acf1de1b2e0 ("bpf: Add missed value to kprobe perf link info",
 * 6.7), which the headers we are built with may not have.
 */
struct kprobe_info {
	__u32 type, id, prog_id, pad;
	__u32 event, pad2; /* enum bpf_perf_event_type */
	__u64 func_name;
	__u32 name_len, offset;
	__u64 addr, missed, cookie;
	__u64 more[8]; /* what later kernels have to say */
};

/* 6.7 and later tell. */
static __u64 missed(int fd)
{
	enum { KPROBE = 3, KRETPROBE = 4 };
	struct kprobe_info v = { 0 };
	__u32 len = sizeof(v);

	if (fd < 0 || bpf_obj_get_info_by_fd(fd, &v, &len) || v.type != PERF_EVENT_LINK)
		return 0;
	return v.event == KPROBE || v.event == KRETPROBE ? v.missed : 0;
}

static void note(struct attaching *a, const char *prog, __u64 n)
{
	a->missed[a->missed_n++] = (struct missed){ prog, n };
}

/* What the kprobe layer says of the hits that it left out. */
static int note_links(struct attaching *a, bool before)
{
	int err = kprobe_events__read_missed(&a->events, before);

	for (size_t i = 0; i < a->links.n; i++) {
		struct one_link *v = &a->links.v[i];
		/* an event's link knows of its first place only; it has none of its own */
		__u64 n = *v->func ? missed(bpf_link__fd(v->link)) : 0;

		if (before)
			v->missed_0 = n;
		note(a, v->prog, n - v->missed_0);
	}
	for (size_t i = 0; i < a->events.n; i++)
		note(a, a->events.v[i].prog, a->events.v[i].missed - a->events.v[i].missed_0);
	return err;
}

/* What the programs say: bpf_prog_info.recursion_misses, since 9ed9e9ba2337 ("bpf: Count the number of times
   recursion was prevented", 5.12). */
static int note_programs(struct attaching *a, bool before)
{
	struct bpf_program *p;
	size_t i = 0;

	bpf_object__for_each_program (p, a->skel->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);
		int fd = bpf_program__fd(p);

		if (fd >= 0 && bpf_obj_get_info_by_fd(fd, &info, &len))
			return -errno;
		if (before)
			a->recursion_0[i] = info.recursion_misses;
		if (fd >= 0)
			note(a, bpf_program__name(p), info.recursion_misses - a->recursion_0[i]);
		i++;
	}
	return 0;
}

static size_t programs(const struct attaching *a)
{
	struct bpf_program *p;
	size_t n = 0;

	bpf_object__for_each_program (p, a->skel->obj)
		n++;
	return n;
}

int missed__note(struct attaching *a, bool before)
{
	size_t n = programs(a);
	int err;

	free(a->missed);
	a->missed_n = 0;
	a->missed = calloc(a->links.n + a->events.n + n + 1, sizeof(*a->missed));
	if (!a->recursion_0)
		a->recursion_0 = calloc(n + 1, sizeof(*a->recursion_0));
	if (!a->missed || !a->recursion_0)
		return -ENOMEM;
	err = note_links(a, before);
	return note_programs(a, before) ?: err;
}

__u64 missed__of(const struct attaching *a, const char *prog)
{
	__u64 n = 0;

	for (size_t i = 0; i < a->missed_n; i++)
		if (!strcmp(a->missed[i].prog, prog))
			n += a->missed[i].n;
	return n;
}

void missed__free(struct attaching *a)
{
	free(a->missed);
	free(a->recursion_0);
	a->missed = NULL;
	a->recursion_0 = NULL;
	a->missed_n = 0;
}
