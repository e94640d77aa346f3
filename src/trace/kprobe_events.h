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

#include <stddef.h>
#include <stdbool.h>
#include <linux/types.h>

/* Names of our kprobe events in tracefs, and which of those that are there nobody owns. Pure. */
#define EVENT_NAME 64 /* MAX_EVENT_NAME_LEN */

/* A process is told by its number and the clock tick in which it began: numbers come again. */
struct event_owner {
	int pid;
	__u64 start;
};

/* The tick in which the process of this /proc/PID/stat began; 0 when it does not say. */
__u64 owner__start(const char *stat);

/* The group of all of @o's events: "migtrace_PID_START". */
void event_group__name(const struct event_owner *o, char name[EVENT_NAME]);
/* Is @name, @len long, such a group? Whose, into @o. */
bool event_group__owner(const char *name, size_t len, struct event_owner *o);

/*
 * One of @o's events, for program @prog. Its owner is in it as well: kprobe_profile has events' names
 * without groups. False: it has no room.
 */
bool event__name(const struct event_owner *o, const char *prog, bool retprobe,
		 char name[EVENT_NAME]);

/* The next line of kprobe_profile at *@text: an event's name, and its misses. False: there is none. */
bool event__profile(const char **text, char name[EVENT_NAME], __u64 *missed);

/*
 * The events in @list, what kprobe_events says, that are of our kind and of whose owner @gone is true;
 * each once, as "GROUP/EVENT". Stops at what @cb returns if it is not 0.
 */
int events__stale(const char *list, bool (*gone)(void *ctx, const struct event_owner *o),
		  int (*cb)(void *ctx, const char *event), void *ctx);

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
	const char *tag; /* behind the programs' names in those of the events */
	char group[EVENT_NAME];
	struct kprobe_event *v;
	size_t n;
	unsigned int busy; /* events whose owner is gone, and that are not off yet */
};

/*
 * Where tracefs can be written: takes off what nobody owns any more. Else kprobe_events__usable() is false.
 * @tag: another one for each list of this process's in which a program can be.
 */
void kprobe_events__open(struct kprobe_events *e, const char *tag);
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
