// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bench's load: one process that moves, on the first CPU, and the readers on the others, so that
 * the two sides meet on the locks and not on the scheduler.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/privileges.h"
#include "bench/bench.h"

#define DIRECTORY	"d"
#define DIRECTORY_BYTES (80U << 10) /* 20 blocks; a CPU remembers 16 buffers */
#define BLOCK_BYTES	4096

struct shared {
	bool stop;
	struct load_counts counts;
};

struct load {
	struct load_opts o;
	struct load_work work;
	struct shared *shared;
	pid_t *pids; /* the mover first; 0: not there */
	size_t pids_n;
	int errors[2]; /* a pipe: -errno of a process that can't go on */
};

static struct shared *shared; /* of the process that asks load_stopped() */

bool load_stopped(void)
{
	return __atomic_load_n(&shared->stop, __ATOMIC_RELAXED);
}

void load_count(__u64 *counter, __u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

const char *mover__name(enum mover_kind kind)
{
	static const char *const names[] = { "auto", "numa", "compact" };

	return names[kind];
}

/* "0-1,4": the first two of them in @nodes; how many were found. */
static int memory_nodes(int nodes[2])
{
	FILE *f = fopen("/sys/devices/system/node/has_memory", "re");
	int from, to, n = 0;
	char sep = ',';

	while (f && n < 2 && sep == ',' && fscanf(f, "%d", &from) == 1) {
		to = from;
		if (fscanf(f, "-%d", &to) != 1)
			to = from;
		for (; from <= to && n < 2; from++)
			nodes[n++] = from;
		if (fscanf(f, "%c", &sep) != 1)
			break;
	}
	if (f)
		fclose(f);
	return n;
}

static int choose_mover(struct load *l, char *err, size_t err_size)
{
	int nodes = memory_nodes(l->work.nodes);

	if (l->o.mover == MOVER_NUMA && nodes < 2) {
		snprintf(err, err_size, "--mover numa: this machine has memory on one node only");
		return -ENODEV;
	}
	if (l->o.mover == MOVER_AUTO)
		l->o.mover = nodes < 2 ? MOVER_COMPACT : MOVER_NUMA;
	if (l->o.mover == MOVER_COMPACT && access("/proc/sys/vm/compact_memory", W_OK)) {
		snprintf(err, err_size, "/proc/sys/vm/compact_memory: %s%s", strerror(errno),
			 errno == ENOENT ? " (a kernel without CONFIG_COMPACTION)" : "");
		return -ENODEV;
	}
	return 0;
}

struct load *load__new(const struct scratch *s, const struct load_opts *o, char *err,
		       size_t err_size)
{
	struct load *l = calloc(1, sizeof(*l));

	snprintf(err, err_size, "out of memory");
	if (!l)
		return NULL;
	l->o = *o;
	l->work.scratch = s;
	l->errors[0] = l->errors[1] = l->work.dir = -1;
	l->pids_n = 1 + o->readers;
	l->pids = calloc(l->pids_n, sizeof(*l->pids));
	l->shared = mmap(NULL, sizeof(*l->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (!l->pids || l->shared == MAP_FAILED || choose_mover(l, err, err_size)) {
		load__stop(l);
		return NULL;
	}
	l->work.counts = &l->shared->counts;
	return l;
}

enum mover_kind load__mover(const struct load *l)
{
	return l->o.mover;
}

__u64 load__directory_bytes(void)
{
	return DIRECTORY_BYTES;
}

int load__prepare(struct scratch *s, char *err, size_t err_size)
{
	__u64 got, entries;
	int dir, ret;

	ret = mkdirat(s->mnt, DIRECTORY, 0755) ? -errno : 0;
	dir = openat(s->mnt, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!ret && dir >= 0)
		ret = bench_dir__fill(dir, DIRECTORY_BYTES, true, &got, &entries);
	if (ret)
		snprintf(err, err_size, "filling the directory: %s", strerror(-ret));
	if (dir >= 0)
		close(dir);
	return ret ? ret : scratch__remount(s, err, err_size);
}

/* The @nr-th of the CPUs that this process may use, round robin past the mover's. */
static void pin(size_t nr)
{
	cpu_set_t may, one;
	size_t n;

	if (sched_getaffinity(0, sizeof(may), &may))
		return;
	n = CPU_COUNT(&may);
	if (nr && n > 1)
		nr = 1 + (nr - 1) % (n - 1);
	else
		nr = 0;
	CPU_ZERO(&one);
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &may) && !nr--) {
			CPU_SET(cpu, &one);
			break;
		}
	sched_setaffinity(0, sizeof(one), &one);
}

static int read_directory(const struct load_work *w)
{
	int dir = openat(w->scratch->mnt, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	long n;

	if (dir < 0)
		return -errno;
	while (!load_stopped()) {
		n = bench_dir__read(dir, load_stopped);
		/* a racy kernel corrupts the directory: it is counted, and goes on */
		load_count(n < 0 ? &w->counts->read_errors : &w->counts->reads, 1);
		if (n <= 0)
			continue;
		load_count(&w->counts->entries, n);
		if (!load_stopped())
			load_count(&w->counts->blocks, DIRECTORY_BYTES / BLOCK_BYTES);
	}
	return 0;
}

/*
 * The child keeps the programs' descriptors, and that is well: after a SIGKILL the kernel closes the
 * parent's before it tells the child, so that the load is gone before the probes are.
 */
static void be_child(struct load *l, size_t nr, pid_t parent)
{
	int ret;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	signal(SIGINT, SIG_IGN); /* the terminal's Ctrl-C is the recording's, which then stops us */
	signal(SIGTERM, SIG_IGN); /* so is one to the whole group: rounds that are complete count */
	pin(nr);
	privileges__drop_all(); /* all that it opens is root's, as it is itself */
	if (nr)
		ret = read_directory(&l->work);
	else
		ret = l->o.mover == MOVER_NUMA ? load_move_numa(&l->work) :
						 load_move_compact(&l->work);
	if (ret && write(l->errors[1], &ret, sizeof(ret)) < 0)
		_exit(2);
	_exit(ret != 0);
}

int load__start(struct load *l, char *err, size_t err_size)
{
	pid_t parent = getpid();

	shared = l->shared;
	l->work.dir = openat(l->work.scratch->mnt, DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->work.dir < 0 || pipe2(l->errors, O_CLOEXEC | O_NONBLOCK)) {
		snprintf(err, err_size, "starting the load: %s", strerror(errno));
		return -errno;
	}
	for (size_t i = 0; i < l->pids_n; i++) {
		l->pids[i] = fork();
		if (!l->pids[i])
			be_child(l, i, parent);
		if (l->pids[i] < 0) {
			l->pids[i] = 0;
			snprintf(err, err_size, "starting the load: %s", strerror(errno));
			return -errno;
		}
	}
	return 0;
}

bool load__alive(struct load *l, char *err, size_t err_size)
{
	for (size_t i = 0; i < l->pids_n; i++) {
		int ret = 0;

		if (waitpid(l->pids[i], NULL, WNOHANG) != l->pids[i])
			continue;
		l->pids[i] = 0;
		if (read(l->errors[0], &ret, sizeof(ret)) != sizeof(ret))
			ret = 0;
		snprintf(err, err_size, "the load's %s ended: %s", i ? "reader" : "mover",
			 ret ? strerror(-ret) : "killed");
		return false;
	}
	return true;
}

struct load_counts load__counts(const struct load *l)
{
	return l->shared->counts;
}

struct load_counts load__stop(struct load *l)
{
	struct load_counts counts = { 0 };

	if (!l)
		return counts;
	if (l->shared && l->shared != MAP_FAILED)
		__atomic_store_n(&l->shared->stop, true, __ATOMIC_RELAXED);
	for (size_t i = 0; l->pids && i < l->pids_n; i++)
		if (l->pids[i])
			while (waitpid(l->pids[i], NULL, 0) < 0 && errno == EINTR)
				;
	if (l->work.dir >= 0)
		close(l->work.dir);
	for (int i = 0; i < 2; i++)
		if (l->errors[i] >= 0)
			close(l->errors[i]);
	if (l->shared && l->shared != MAP_FAILED) {
		counts = l->shared->counts;
		munmap(l->shared, sizeof(*l->shared));
	}
	free(l->pids);
	free(l);
	return counts;
}
