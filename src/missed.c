// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kprobe layer says of the hits that it left out. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "links.h"

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

static void note(struct links *l, const char *prog, __u64 n)
{
	l->missed[l->missed_n++] = (struct missed){ prog, n };
}

int links__note_missed(struct links *l, struct kprobe_events *e, bool before)
{
	int err = kprobe_events__read_missed(e, before);

	free(l->missed);
	l->missed_n = 0;
	l->missed = calloc(l->n + e->n + 1, sizeof(*l->missed));
	if (!l->missed)
		return -ENOMEM;
	for (size_t i = 0; i < l->n; i++) {
		struct one_link *v = &l->v[i];
		/* an event's link knows of its first place only; it has none of its own */
		__u64 n = *v->func ? missed(bpf_link__fd(v->link)) : 0;

		if (before)
			v->missed_0 = n;
		note(l, v->prog, n - v->missed_0);
	}
	for (size_t i = 0; i < e->n; i++)
		note(l, e->v[i].prog, e->v[i].missed - e->v[i].missed_0);
	return err;
}

__u64 links__missed(const struct links *l, const char *prog)
{
	__u64 n = 0;

	for (size_t i = 0; i < l->missed_n; i++)
		if (!strcmp(l->missed[i].prog, prog))
			n += l->missed[i].n;
	return n;
}
