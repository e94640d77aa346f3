/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The attached programs of a recording. Stage 2. */
#ifndef MIGTRACE_LINKS_H
#define MIGTRACE_LINKS_H

#include "trace/kprobe_events.h"
#include "trace/probes.h"

struct bpf_link;
struct migtrace_bpf;

struct links {
	struct one_link {
		struct bpf_link *link;
		const char *prog, *func;
		__u32 offset;
		__u64 missed_0; /* missed__note() before the recording */
	} * v;
	size_t n;
	/* where a program goes with its event, in one go with the others; links__enable() */
	struct event_place {
		struct attach_point at;
		size_t event, tag;
	} * places;
	size_t places_n;
	struct going *going; /* those that are being closed while the others stay */
};

/* Where and with what; @events: kprobe_events__open(). */
struct link_target {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	struct kprobe_events *events;
};

/*
 * Attaches @at's program; once where two sites share it. What may keep the kernel from a probe there
 * gets one that does nothing. A function whose name a module has, too, is found by its address. A
 * place in a kprobe event waits for links__enable(), which knows it by @tag. 0 or -errno.
 */
int links__attach(struct links *l, const struct link_target *t, const struct attach_point *at,
		  size_t tag);

/*
 * Enables the next event; its places get kprobes of their own if that is not to be. 1: there may be more,
 * 0: none, or -errno of *@failed.
 */
int links__enable(struct links *l, const struct link_target *t, const struct event_place **failed);

/*
 * Detaches all; events keep their definitions. The kernel waits for a grace period at every kprobe or
 * event (since "bpf: Fix UAF via mismatching bpf_prog/attachment RCU flavors", ef1b808e3b7c, 6.13, also
 * in stable kernels), so that some fifty take seconds one after the other, and as long as one when they
 * are closed at once.
 */
void links__close(struct links *l);
/* Detaches the programs of that name alone, in a thread of their own: nobody waits for the kernel. */
void links__drop(struct links *l, const char *const *progs);
/* The first one of that name, NULL: there is none. */
struct bpf_link *links__find(const struct links *l, const char *prog);
/* Until they are; before a fork, which has no threads. */
void links__join(struct links *l);
/* All of @from's become @l's, which has its own as well. 0 or -ENOMEM. */
int links__take(struct links *l, struct links *from);
/* Closes what another process has open as well: that one waits. */
void links__disown(struct links *l);

#endif /* MIGTRACE_LINKS_H */
