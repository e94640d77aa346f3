// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Names of our kprobe events in tracefs (event_group.h). Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "event_group.h"

#define GROUP	    "migtrace_"
#define START_FIELD 22 /* proc_pid_stat(5) */

__u64 owner__start(const char *stat)
{
	/* the second field is the command's name, with whatever is in it */
	const char *at = strrchr(stat, ')');

	for (int field = 2; at && field < START_FIELD; field++)
		at = strchr(at + 1, ' ');
	return at ? strtoull(at, NULL, 10) : 0;
}

void event_group__name(const struct event_owner *o, char name[EVENT_NAME])
{
	snprintf(name, EVENT_NAME, GROUP "%d_%llu", o->pid, (unsigned long long)o->start);
}

bool event_group__owner(const char *name, size_t len, struct event_owner *o)
{
	char copy[EVENT_NAME], again[EVENT_NAME];
	unsigned long long start;

	if (len >= sizeof(copy))
		return false;
	memcpy(copy, name, len);
	copy[len] = 0;
	if (sscanf(copy, GROUP "%d_%llu", &o->pid, &start) != 2)
		return false;
	o->start = start;
	/* just as we write it: anything else is somebody else's */
	event_group__name(o, again);
	return o->pid > 0 && !strcmp(copy, again);
}

bool event__name(const struct event_owner *o, const char *prog, bool retprobe,
		 char name[EVENT_NAME])
{
	int n = snprintf(name, EVENT_NAME, "%s%s_%d_%llu", prog, retprobe ? "_ret" : "", o->pid,
			 (unsigned long long)o->start);

	return n < EVENT_NAME;
}

bool event__profile(const char **text, char name[EVENT_NAME], __u64 *missed)
{
	unsigned long long hits, misses;

	while (**text) {
		const char *line = *text;
		size_t len = strcspn(line, "\n");

		*text += len + (line[len] == '\n');
		if (sscanf(line, " %63[^ \n] %llu %llu", name, &hits, &misses) != 3)
			continue;
		*missed = misses;
		return true;
	}
	return false;
}

/* A line that defines a kprobe is "p:GROUP/EVENT PLACE", or "r" with digits for its returns. */
static const char *defined(const char *line, size_t len, char event[2 * EVENT_NAME])
{
	const char *colon = memchr(line, ':', len), *slash, *end;

	if (!colon || (*line != 'p' && *line != 'r'))
		return NULL;
	end = colon + 1 + strcspn(colon + 1, " \n");
	slash = memchr(colon, '/', end - colon);
	if (!slash || end - colon > 2 * EVENT_NAME)
		return NULL;
	snprintf(event, 2 * EVENT_NAME, "%.*s", (int)(end - colon - 1), colon + 1);
	return event + (slash - colon - 1);
}

int events__stale(const char *list, bool (*gone)(void *ctx, const struct event_owner *o),
		  int (*cb)(void *ctx, const char *event), void *ctx)
{
	char event[2 * EVENT_NAME], last[2 * EVENT_NAME] = "";
	int err = 0;

	while (*list && !err) {
		size_t len = strcspn(list, "\n");
		const char *slash = defined(list, len, event);
		struct event_owner o;

		list += len + (list[len] == '\n');
		/* an event's places follow each other: they were defined so */
		if (!slash || !event_group__owner(event, slash - event, &o) ||
		    !strcmp(event, last) || !gone(ctx, &o))
			continue;
		strcpy(last, event);
		err = cb(ctx, event);
	}
	return err;
}
