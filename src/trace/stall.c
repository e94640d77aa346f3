// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the programs of bpf/stall_look.bpf.h know just now. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "migtrace.skel.h"
#include "trace/links.h"
#include "trace/tracer.h"

static bool has(const __u64 *tasks, size_t n, __u64 task)
{
	while (n && tasks[n - 1] != task)
		n--;
	return n;
}

int tracer__stall_waits(struct tracer *t, __u64 *tasks, struct stall_wait *v, size_t max)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.stalls);
	__u64 task, *prev = NULL;
	size_t n = 0;

	for (size_t keys = 0; keys < 4 * max && n < max && !bpf_map_get_next_key(fd, prev, &task);
	     keys++) {
		/* behind one that has just gone the kernel begins anew */
		if (!has(tasks, n, task) && !bpf_map_lookup_elem(fd, &task, &v[n]))
			tasks[n++] = task;
		prev = &task;
	}
	return n;
}

#define INIT_PID_NS                                                                                \
	0xeffffffc /* include/linux/proc_ns.h; of another one's tasks we do not have the numbers */

/* Is the task surely not asleep, as who waits for these locks is, or gone? */
static bool is_awake(__u32 pid)
{
	static int ours = -1;
	char path[32], text[512] = "", *end;
	struct stat st;
	FILE *f;

	if (ours < 0)
		ours = !stat("/proc/self/ns/pid", &st) && st.st_ino == INIT_PID_NS;
	if (!ours)
		return false;
	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return kill(pid, 0) && errno == ESRCH;
	end = fgets(text, sizeof(text), f) ? strrchr(text, ')') : NULL;
	fclose(f);
	return end && !strncmp(end, ") ", 2) && end[2] != 'D';
}

bool tracer__stall_lasts(struct tracer *t, __u64 task, __u64 since)
{
	struct stall_wait now;

	return !bpf_map_lookup_elem(bpf_map__fd(tracer__skeleton(t)->maps.stalls), &task, &now) &&
	       now.t_start == since && !now.t_end;
}

/* Those found awake, and when first: at the next look they may be on their way out of the function. */
#define SUSPECTS   256
#define SUSPECT_NS 50000000ULL
static struct suspect {
	__u64 task, since, seen;
} suspects[SUSPECTS];

static bool was_suspect(__u64 task, __u64 since, __u64 now)
{
	static size_t next;

	for (size_t i = 0; i < SUSPECTS; i++)
		if (suspects[i].task == task && suspects[i].since == since)
			return now >= suspects[i].seen + SUSPECT_NS;
	suspects[next++ % SUSPECTS] = (struct suspect){ task, since, now };
	return false;
}

bool tracer__stall_is_stale(struct tracer *t, __u64 task, const struct stall_wait *w)
{
	if (!is_awake(w->pid))
		return false;
	if (was_suspect(task, w->t_start, tracer__now_ns()) &&
	    tracer__stall_lasts(t, task, w->t_start))
		bpf_map_delete_elem(bpf_map__fd(tracer__skeleton(t)->maps.stalls), &task);
	return true;
}

void tracer__stall_forget(struct tracer *t, __u64 task, const struct stall_wait *over)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.stalls);
	struct stall_wait now;

	/* it may wait for something else by now, in the same place */
	if (!bpf_map_lookup_elem(fd, &task, &now) && now.t_end && now.t_start == over->t_start)
		bpf_map_delete_elem(fd, &task);
}

int tracer__stall_spins(struct tracer *t, struct stall_spin *v)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.stall_spins);
	__u32 only = 0;

	return bpf_map_lookup_elem(fd, &only, v) ? -errno : 0;
}

static int read_all(int fd, void *to, size_t size)
{
	size_t n = 0;
	ssize_t got = 1;

	while (n < size && got > 0) {
		got = read(fd, (char *)to + n, size - n);
		if (got > 0)
			n += got;
	}
	return got < 0 ? -errno : (int)n;
}

int tracer__stall_tasks(struct tracer *t, const __u64 looks[STALL_LOOKS], struct stall_task *v,
			size_t max)
{
	struct bpf_link *link = links__find(tracer__links(t), "stall_tasks");
	int fd, n;

	if (!link)
		return -ENOENT;
	memcpy((__u64 *)tracer__skeleton(t)->bss->stall_looks, looks, STALL_LOOKS * sizeof(*looks));
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0)
		return -errno;
	n = read_all(fd, v, max * sizeof(*v));
	close(fd);
	return n < 0 ? n : n / (int)sizeof(*v);
}
