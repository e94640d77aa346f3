/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The attached programs of a recording. Stage 2. */
#ifndef MIGTRACE_LINKS_H
#define MIGTRACE_LINKS_H

#include "probes.h"

struct bpf_link;
struct migtrace_bpf;

struct links {
	struct one_link {
		struct bpf_link *link;
		const char *prog, *func;
		__u32 offset;
	} * v;
	size_t n;
	struct missed {
		const char *prog;
		__u64 n;
	} * missed; /* links__note_missed() */
	size_t missed_n;
};

/*
 * Attaches @at's program of @skel; once where two sites share it. What may keep the kernel of @f from
 * a probe there gets one that does nothing. A function whose name a module has, too, is found by its
 * address. 0 or -errno.
 */
int links__attach(struct links *l, struct migtrace_bpf *skel, const struct facts *f,
		  const struct attach_point *at);

/*
 * Detaches all. The kernel waits for a grace period at every kprobe (since "bpf: Fix UAF via
 * mismatching bpf_prog/attachment RCU flavors", ef1b808e3b7c, 6.13, also in stable kernels), so that
 * some fifty take seconds one after the other, and as long as one when they are closed at once.
 */
void links__close(struct links *l);

/* missed.c: how often the kprobe layer left a program out, asked while the links are still there. */
void links__note_missed(struct links *l);
__u64 links__missed(const struct links *l, const char *prog);

#endif /* MIGTRACE_LINKS_H */
