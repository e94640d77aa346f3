// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Kprobe events in tracefs (kprobe_events.h). Stage 2. */
#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "trace/kprobe_events.h"

/* Where it is mounted; nothing is mounted for it. */
static const char *const mounts[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };

static int open_in(const char *dir, const char *name, int flags)
{
	char path[64 + 2 * EVENT_NAME];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* All of a file that makes itself up as it is read, the caller's; NULL with errno. */
static char *slurp(int fd)
{
	size_t size = 0, room = 0;
	char *text = NULL;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return NULL;
	do {
		if (room - size < 4096) {
			char *more = realloc(text, room += 16384);

			if (!more) {
				free(text);
				return NULL;
			}
			text = more;
		}
		n = read(fd, text + size, room - size - 1);
		if (n < 0) {
			free(text);
			return NULL;
		}
		size += n;
	} while (n);
	text[size] = 0;
	return text;
}

/* A command to the kernel is a line. 0 or -errno. */
static int command(const struct kprobe_events *e, const char *line, size_t len)
{
	ssize_t n = write(e->fd, line, len);

	return n < 0 ? -errno : (size_t)n == len ? 0 : -EIO;
}

static int delete (void *ctx, const char *event)
{
	char line[3 + 2 * EVENT_NAME];
	int len = snprintf(line, sizeof(line), "-:%s\n", event);
	struct kprobe_events *e = ctx;

	/* somebody else has it in use, or the kernel is not done with it: the next one will */
	e->busy += command(e, line, len) == -EBUSY;
	return 0;
}

/* When a process began; 0: there is none, or it can't be told. */
static __u64 started(const char *proc, int *error)
{
	char stat[1024] = "";
	int fd = open_in("/proc", proc, O_RDONLY);

	*error = fd < 0 ? fd : 0;
	if (fd < 0)
		return 0;
	if (read(fd, stat, sizeof(stat) - 1) <= 0)
		*error = -ESRCH;
	close(fd);
	return owner__start(stat);
}

/*
 * A socket that is named by @o's group for as long as anybody has it open: a process that has ended may
 * have a child that deletes its events. -errno: it can't be had; EADDRINUSE: somebody has it.
 */
static int mark(const struct event_owner *o)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), err;

	if (fd < 0)
		return -errno;
	/* abstract: in no file system */
	event_group__name(o, a.sun_path + 1);
	if (!bind(fd, (struct sockaddr *)&a,
		  offsetof(struct sockaddr_un, sun_path) + 1 + strlen(a.sun_path + 1)))
		return fd;
	err = -errno;
	close(fd);
	return err;
}

/*
 * In another PID namespace it may still be there: the kernel then says EBUSY, or it finds its event gone
 * before it was enabled, and has perf's kprobes instead.
 */
static bool is_gone(void *ctx, const struct event_owner *o)
{
	char name[32];
	__u64 start;
	int error, fd;

	(void)ctx;
	snprintf(name, sizeof(name), "%d/stat", o->pid);
	start = started(name, &error);
	if (error ? error != -ENOENT && error != -ESRCH : !start || start == o->start)
		return false;
	fd = mark(o);
	if (fd >= 0)
		close(fd);
	return fd != -EADDRINUSE;
}

static void collect(struct kprobe_events *e)
{
	int fd = open_in(e->tracefs, "kprobe_events", O_RDONLY);
	char *list = fd < 0 ? NULL : slurp(fd);

	if (list)
		events__stale(list, is_gone, delete, e);
	free(list);
	if (fd >= 0)
		close(fd);
}

void kprobe_events__open(struct kprobe_events *e, const char *tag)
{
	memset(e, 0, sizeof(*e));
	e->tag = tag;
	e->fd = e->profile = e->mark = -1;
	e->owner.pid = getpid();
	e->owner.start = started("self/stat", &e->error);
	if (!e->owner.start)
		return;
	event_group__name(&e->owner, e->group);
	for (size_t i = 0; i < sizeof(mounts) / sizeof(*mounts) && e->fd < 0; i++) {
		/* O_APPEND: anything else would be the end of everybody's events */
		e->tracefs = mounts[i];
		e->fd = open_in(e->tracefs, "kprobe_events", O_WRONLY | O_APPEND);
		if (e->fd < 0 && !(i && e->fd == -ENOENT))
			e->error = e->fd;
	}
	/* it says what was missed: without it nothing is attached in this way */
	if (e->fd >= 0)
		e->profile = open_in(e->tracefs, "kprobe_profile", O_RDONLY);
	if (e->fd >= 0 && e->profile < 0) {
		e->error = e->profile;
		close(e->fd);
	}
	if (e->fd < 0 || e->profile < 0) {
		e->tracefs = NULL;
		e->fd = e->profile = -1;
		return;
	}
	e->mark = mark(&e->owner);
	collect(e);
}

bool kprobe_events__usable(const struct kprobe_events *e)
{
	return e->tracefs;
}

static int event_of(struct kprobe_events *e, const char *prog, bool retprobe)
{
	char tagged[EVENT_NAME];
	struct kprobe_event *v;

	for (size_t i = 0; i < e->n; i++)
		if (e->v[i].retprobe == retprobe && !strcmp(e->v[i].prog, prog))
			return i;
	v = realloc(e->v, (e->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	e->v = v;
	v += e->n;
	*v = (struct kprobe_event){ .prog = prog, .retprobe = retprobe };
	if (snprintf(tagged, sizeof(tagged), "%s%s", prog, e->tag) >= EVENT_NAME ||
	    !event__name(&e->owner, tagged, retprobe, v->name))
		return -ENAMETOOLONG;
	return e->n++;
}

int kprobe_events__define(struct kprobe_events *e, const char *prog, bool retprobe,
			  const char *func, unsigned int offset)
{
	int i = event_of(e, prog, retprobe), len, err;
	char line[512];

	if (i < 0)
		return i;
	if (e->v[i].done)
		return -EBUSY;
	len = snprintf(line, sizeof(line), "%c:%s/%s %s+0x%x\n", retprobe ? 'r' : 'p', e->group,
		       e->v[i].name, func, offset);
	if (len >= (int)sizeof(line))
		return -ENAMETOOLONG;
	err = command(e, line, len);
	if (err)
		return err;
	e->v[i].places++;
	return i;
}

int kprobe_events__perf(const struct kprobe_events *e, size_t i)
{
	struct perf_event_attr attr = { .size = sizeof(attr), .type = PERF_TYPE_TRACEPOINT };
	char path[32 + 2 * EVENT_NAME], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "events/%s/%s/id", e->group, e->v[i].name);
	fd = open_in(e->tracefs, path, O_RDONLY);
	if (fd < 0)
		return fd;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	attr.config = strtoull(text, NULL, 10);
	if (!attr.config)
		return -EIO;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void kprobe_events__delete(struct kprobe_events *e, size_t i)
{
	char event[2 * EVENT_NAME];

	if (!e->v[i].places)
		return;
	snprintf(event, sizeof(event), "%s/%s", e->group, e->v[i].name);
	delete (e, event);
	e->v[i].places = 0;
}

int kprobe_events__read_missed(struct kprobe_events *e, bool before)
{
	char *text = e->n ? slurp(e->profile) : NULL, name[EVENT_NAME];
	const char *at = text;
	__u64 missed;

	if (e->n && !text)
		return -errno;
	for (size_t i = 0; i < e->n; i++)
		e->v[i].missed = 0;
	while (at && event__profile(&at, name, &missed))
		for (size_t i = 0; i < e->n; i++)
			if (!strcmp(e->v[i].name, name))
				e->v[i].missed += missed;
	for (size_t i = 0; before && i < e->n; i++)
		e->v[i].missed_0 = e->v[i].missed;
	free(text);
	return 0;
}

void kprobe_events__close(struct kprobe_events *e)
{
	for (size_t i = 0; i < e->n; i++)
		kprobe_events__delete(e, i);
	kprobe_events__disown(e);
}

void kprobe_events__disown(struct kprobe_events *e)
{
	if (kprobe_events__usable(e)) {
		close(e->fd);
		close(e->profile);
		if (e->mark >= 0)
			close(e->mark);
	}
	free(e->v);
	memset(e, 0, sizeof(*e));
}

/* Names of our kprobe events in tracefs. Pure. */

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
