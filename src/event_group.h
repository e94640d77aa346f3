/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Names of our kprobe events in tracefs, and which of those that are there nobody owns. Pure. */
#ifndef MIGTRACE_EVENT_GROUP_H
#define MIGTRACE_EVENT_GROUP_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

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

#endif /* MIGTRACE_EVENT_GROUP_H */
