// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the programs of the chosen variants go, one place after the other. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/privileges.h"
#include "kernel/system_info.h"
#include "migtrace.skel.h"
#include "trace/attach.h"
#include "trace/tracer.h"

void attach__open(struct attaching *a, struct migtrace_bpf *skel)
{
	a->skel = skel;
	kprobe_events__open(&a->events, a->quiet ? "_rare" : "");
	if (log_level && a->events.busy && !a->quiet)
		log_info("%u kprobe events of a migtrace that has ended are still being detached",
			 a->events.busy);
}

int attach__find_places(struct attaching *a, bool (*wanted)(const void *ctx, size_t i),
			const void *ctx, char *err, size_t err_size)
{
	size_t i;
	int ret = places__fill(&a->table, a->facts, a->choices, wanted, ctx, &i);

	if (!ret)
		return 0;
	snprintf(err, err_size, "probe '%s', variant '%s': can't tell its places apart: %s",
		 a->choices[i].probe->name, a->choices[i].variant->name, strerror(-ret));
	if (tracer__is_of_place(ret))
		a->failed = i;
	return ret;
}

int attach__write_places(const struct attaching *a, char *err, size_t err_size)
{
	int fd = bpf_map__fd(a->skel->maps.places);

	for (__u32 i = 0; i < PLACE_GROUPS; i++) {
		if (!a->table.group[i].way[0].at)
			continue;
		if (bpf_map_update_elem(fd, &i, &a->table.group[i], BPF_ANY)) {
			snprintf(err, err_size, "can't fill a map: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

/* A preemptible kernel waits seconds for every single one. */
static bool interrupted(const struct attaching *a, char *err, size_t err_size)
{
	if (!a->stop || !*a->stop)
		return false;
	snprintf(err, err_size, "interrupted before anything was recorded");
	return true;
}

/* The place @at of probe @i can't be attached, by -errno. */
static int refused(struct attaching *a, size_t i, const struct attach_point *at, int ret, char *err,
		   size_t err_size)
{
	const struct choice *c = &a->choices[i];

	snprintf(err, err_size, "probe '%s', variant '%s': can't attach '%s' to %s+0x%x: %s",
		 c->probe->name, c->variant->name, at->prog, at->func, at->offset, strerror(-ret));
	if (tracer__is_of_place(ret))
		a->failed = i;
	return ret;
}

static struct link_target target(struct attaching *a)
{
	return (struct link_target){ a->skel, a->facts, &a->events };
}

static int attach_points(struct attaching *a, size_t i, struct attach_point *at, size_t n,
			 char *err, size_t err_size)
{
	struct link_target where = target(a);

	for (size_t j = 0; j < n; j++) {
		int ret;

		if (a->light && probes__spares(a->facts, a->choices[i].variant, at[j].prog))
			continue;
		if (interrupted(a, err, err_size))
			return -EINTR;
		if (!a->quiet)
			log_progress("attaching: %s (%zu places so far)", a->choices[i].probe->name,
				     a->links.n + a->links.places_n);
		at[j].prog = places__program(at[j].prog);
		ret = links__attach(&a->links, &where, &at[j], i);
		if (ret)
			return refused(a, i, &at[j], ret, err, err_size);
		a->places[i]++;
	}
	return 0;
}

int attach__choice(struct attaching *a, size_t i, char *err, size_t err_size)
{
	struct attach_point *at;
	size_t n;
	int ret;

	at = probes__all_points(a->facts, a->choices[i].variant, &n);
	ret = at ? attach_points(a, i, at, n, err, err_size) : -ENOMEM;
	free(at);
	return ret;
}

int attach__enable(struct attaching *a, char *err, size_t err_size)
{
	struct link_target where = target(a);
	const struct event_place *p;
	int ret;

	do {
		if (interrupted(a, err, err_size))
			return -EINTR;
		if (!a->quiet)
			log_progress("attaching: %zu places (%zu events so far)", a->links.places_n,
				     a->links.n);
		ret = links__enable(&a->links, &where, &p);
	} while (ret > 0);
	return ret ? refused(a, p->tag, &p->at, ret, err, err_size) : 0;
}

/* Why a kernel did not take the programs, in words that say what to do. */

/* Under it the verifier knows no helper that reads kernel memory, and says EINVAL, not EPERM. */
static bool locked_down(void)
{
	FILE *f = fopen("/sys/kernel/security/lockdown", "re");
	char line[128] = "";

	if (f) {
		if (!fgets(line, sizeof(line), f))
			line[0] = 0;
		fclose(f);
	}
	return strstr(line, "[confidentiality]");
}

const char *tracer__errno(int ret)
{
	return ret == -ESRCH ? "can't read the kernel's BTF" : strerror(-ret);
}

bool tracer__unopened(int cpus, bool object, char *err, size_t err_size)
{
	if (cpus < 0)
		snprintf(err, err_size, "can't read the number of CPUs: %s", strerror(-cpus));
	else if (object)
		snprintf(err, err_size, "can't open the programs: %s", strerror(errno));
	return cpus < 0 || object;
}

int tracer__refusal(int ret, char *err, size_t err_size)
{
	if (locked_down()) {
		snprintf(err, err_size,
			 "kernel lockdown 'confidentiality' forbids tracing programs "
			 "that read kernel memory (%s)",
			 strerror(-ret));
		return EXIT_CANT;
	}
	if (ret != -EPERM) { /* -EACCES is the verifier's */
		snprintf(err, err_size,
			 "can't load the programs: %s (-vv shows the verifier's log)",
			 strerror(-ret));
		return EXIT_FAILED;
	}
	if (!privileges__may_trace())
		snprintf(err, err_size,
			 "needs root, or CAP_BPF and CAP_PERFMON: the kernel "
			 "refused to load tracing programs (%s)",
			 strerror(-ret));
	else
		snprintf(err, err_size,
			 "this kernel refuses tracing programs even to root (%s): lockdown, "
			 "a sandbox, or, before 5.11, the limit on locked memory (ulimit -l)",
			 strerror(-ret));
	return EXIT_CANT;
}

/* Debian's kernels know a fourth level, at which perf_event_open(2) is for CAP_SYS_ADMIN only. */
int tracer__attach_refusal(int ret, char *err, size_t err_size)
{
	int level = system_info__number("/proc/sys/kernel/perf_event_paranoid");
	size_t used = strlen(err);

	if (ret != -EACCES && ret != -EPERM)
		return EXIT_FAILED;
	if (level > 2)
		snprintf(err + used, err_size - used,
			 ": needs CAP_SYS_ADMIN, or kernel.perf_event_paranoid at 2 (it is %d)",
			 level);
	return EXIT_CANT;
}
