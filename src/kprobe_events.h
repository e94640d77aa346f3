/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kprobe events in tracefs: one for all places of a program. The kernel waits for grace periods by
 * events, not by places, when they are taken off: 64 places in 0.4 s instead of 6 (on PREEMPT_RT in 1.8
 * instead of 45). Several probes an event: ca89bc071d5e ("tracing/kprobe: Add multi-probe per event
 * support", 5.5). Stage 2.
 *
 * Definitions outlive their process. Those that a SIGKILL leaves are disabled and cost nothing, and
 * the next migtrace takes them off.
 */
#ifndef MIGTRACE_KPROBE_EVENTS_H
#define MIGTRACE_KPROBE_EVENTS_H

#include "event_group.h"

struct kprobe_event {
	const char *prog;
	bool retprobe;
	size_t places;
	bool done; /* enabled, or tried to: a place more would not be */
	char name[EVENT_NAME];
	__u64 missed;	/* hits left out, as of kprobe_events__read_missed() */
	__u64 missed_0; /* ... and before the recording */
};

struct kprobe_events {
	const char *tracefs; /* where it is; NULL: not to be used */
	int fd, profile;     /* its files kprobe_events, to write, and kprobe_profile; or -1 */
	int mark;  /* socket: the events are somebody's, though the owner may be gone; or -1 */
	int error; /* why not */
	struct event_owner owner;
	char group[EVENT_NAME];
	struct kprobe_event *v;
	size_t n;
	unsigned int busy; /* events whose owner is gone, and that are not off yet */
};

/* Where tracefs can be written: takes off what nobody owns any more. Else kprobe_events__usable() is false. */
void kprobe_events__open(struct kprobe_events *e);
bool kprobe_events__usable(const struct kprobe_events *e);

/*
 * A place at @offset of @func, or (@retprobe) its returns, becomes one of @prog's event's, which is not
 * enabled yet. Returns the event's number or -errno.
 */
int kprobe_events__define(struct kprobe_events *e, const char *prog, bool retprobe,
			  const char *func, unsigned int offset);
/* A perf event for event @i, not enabled. A descriptor or -errno. */
int kprobe_events__perf(const struct kprobe_events *e, size_t i);
/* Deletes event @i, of which nothing is enabled. */
void kprobe_events__delete(struct kprobe_events *e, size_t i);
/* How many hits of each event were left out so far, on any kernel. @before: of the recording. 0 or -errno. */
int kprobe_events__read_missed(struct kprobe_events *e, bool before);
/* Deletes them all. */
void kprobe_events__close(struct kprobe_events *e);
/* The same, but another process deletes them. */
void kprobe_events__disown(struct kprobe_events *e);

#endif /* MIGTRACE_KPROBE_EVENTS_H */
