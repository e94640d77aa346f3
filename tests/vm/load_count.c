// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * load count LIST OUT: how often the kernel's own events of group mt fire and pass their filters, for
 * guest/count.sh. A line of LIST is "NAME FILTER", a filter of 0 is none. Counted by perf events, one a
 * CPU: no record is kept, so none can be lost, and none of the folders has to be made that a ring buffer
 * instance needs for every event there is (a second each). OUT.ready is there as soon as all of them
 * count; SIGTERM ends it, and OUT has lines "NAME COUNT".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/perf_event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

#define EVENTS	"/sys/kernel/tracing/events/mt/"
#define COUNTED 64

struct counted {
	char name[64];
	char filter[192];
	int *fd; /* one a CPU */
};

static int open_on(int id, int cpu, const char *filter)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr), .config = id, .disabled = 1
	};
	int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		return -1;
	if (strcmp(filter, "0") && ioctl(fd, PERF_EVENT_IOC_SET_FILTER, filter))
		return -1;
	return ioctl(fd, PERF_EVENT_IOC_ENABLE, 0) ? -1 : fd;
}

static void open_all(struct counted *c, int cpus)
{
	char path[256];
	int id = -1;
	FILE *f;

	snprintf(path, sizeof(path), EVENTS "%.63s/id", c->name);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%d", &id) != 1)
		die("%s: %s", path, strerror(errno));
	fclose(f);
	c->fd = calloc(cpus, sizeof(*c->fd));
	for (int cpu = 0; cpu < cpus; cpu++) {
		c->fd[cpu] = open_on(id, cpu, c->filter);
		if (c->fd[cpu] < 0)
			die("%s '%s', CPU %d: %s", c->name, c->filter, cpu, strerror(errno));
	}
}

static uint64_t sum(const struct counted *c, int cpus)
{
	uint64_t n, all = 0;

	for (int cpu = 0; cpu < cpus; cpu++) {
		if (read(c->fd[cpu], &n, sizeof(n)) != sizeof(n))
			die("%s: %s", c->name, strerror(errno));
		all += n;
	}
	return all;
}

static size_t read_list(const char *path, struct counted *v)
{
	FILE *f = fopen(path, "re");
	size_t n = 0;

	if (!f)
		die("%s: %s", path, strerror(errno));
	while (n < COUNTED && fscanf(f, "%63s %191[^\n]", v[n].name, v[n].filter) == 2)
		n++;
	if (!feof(f) || !n)
		die("%s: not 1 to %d lines of NAME FILTER", path, COUNTED);
	fclose(f);
	return n;
}

int count_events(const char *list, const char *out)
{
	static struct counted v[COUNTED];
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), sig;
	size_t n = read_list(list, v);
	char name[256];
	sigset_t end;
	FILE *f;

	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	sigprocmask(SIG_BLOCK, &end, NULL);
	for (size_t i = 0; i < n; i++)
		open_all(&v[i], cpus);
	snprintf(name, sizeof(name), "%s.ready", out);
	f = fopen(name, "we");
	if (!f || fclose(f))
		die("%s: %s", name, strerror(errno));
	sigwait(&end, &sig);
	for (size_t i = 0; i < n; i++)
		for (int cpu = 0; cpu < cpus; cpu++)
			ioctl(v[i].fd[cpu], PERF_EVENT_IOC_DISABLE, 0);
	snprintf(name, sizeof(name), "%s.tmp", out);
	f = fopen(name, "we");
	if (!f)
		die("%s: %s", name, strerror(errno));
	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s %llu\n", v[i].name, (unsigned long long)sum(&v[i], cpus));
	return fclose(f) || rename(name, out);
}
