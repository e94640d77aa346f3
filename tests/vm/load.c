// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Load for the test guests: directory lookups against page migration of the same block device.
 *
 *	load setup ext4|fat DIR [--dev DEV] [-b BLOCKSIZE]
 *		make a file system on DEV (all data on it is lost), mount it at DIR, and fill DIR/d
 *		until a read of it needs far more buffers than the 16 a CPU remembers
 *	load run --dir DIR [--dev DEV] [-d SEC] [-r READERS]
 *		 [-m numa|compact|ring|direct|sync|memory|offline|contig|none]
 *		 [-w getdents|storm|aio|truncate|cold|fsync|gup|fixed|memory|none] [-B PAGES]
 *		 [-A ANONYMOUS]
 *		do it for SEC seconds, then print one line of JSON
 *	load stall nbd DEV MIB HOLD | fill DEV N | sit FILE | move DEV SECONDS |
 *		 attach PIN...
 *		a disk in memory that does not answer while there is a file HOLD; N reads of it; FILE
 *		written back, or a page of DEV; all pages of DEV moved
 *	load symbols
 *		the kernel's functions, with where they end
 *	load range FILE NAME
 *		of one in a FILE of those
 *	load count LIST OUT
 *	load hogs COMMAND...
 *		run COMMAND beside tasks of real-time priority, one a CPU
 *
 * The mover runs on CPU 0 and everybody else on the other CPUs, so that the two sides meet on the
 * locks and not on the scheduler.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/mempolicy.h>

#include "bench/bench.h"
#include "load.h"

struct options opt = {
	.dev = "/dev/ram0",
	.seconds = 10,
	.batch = 256,
	.mover = MOVE_NUMA,
	.work = WORK_GETDENTS,
};
struct counters *count;

void die(const char *fmt, ...)
{
	int err = errno;
	va_list ap;

	fprintf(stderr, "load: ");
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, ": %s\n", strerror(err));
	exit(1);
}

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

void span_add(struct spans *s, uint64_t ns)
{
	if (!(s->n & (s->n - 1))) /* full at each power of two */
		s->ns = realloc(s->ns, (s->n ? 2 * s->n : 1) * sizeof(*s->ns));
	if (!s->ns)
		die("realloc");
	s->ns[s->n++] = ns;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

uint64_t span_median(struct spans *s)
{
	qsort(s->ns, s->n, sizeof(*s->ns), by_size);
	return s->n ? s->ns[s->n / 2] : 0;
}

bool stopped(void)
{
	return __atomic_load_n(&count->stop, __ATOMIC_RELAXED);
}

void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* Run on @cpu, or on whichever exist from there on round robin; one CPU has to do if it is alone. */
static void pin(long cpu)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	cpu_set_t set;

	if (cpus > 1 && cpu > 0)
		cpu = 1 + (cpu - 1) % (cpus - 1);
	else
		cpu = 0;
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity to CPU %ld", cpu);
}

static void start(void (*work)(int), long cpu, int nr)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(cpu);
	work(nr);
	exit(0);
}

void list_directory(int fd)
{
	long entries = bench_dir__read(fd, stopped);

	if (entries < 0) { /* a racy kernel corrupts the directory: count it and go on */
		add(&count->read_errors, 1);
		return;
	}
	add(&count->entries, entries);
	add(&count->getdents, 1);
}

static void reader(int nr)
{
	struct spans passes = { 0 };
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/d", opt.dir);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		die("%s (run load setup first)", path);
	while (!stopped()) {
		uint64_t begin = cpu_ns();

		list_directory(fd);
		span_add(&passes, cpu_ns() - begin);
	}
	if (!nr)
		count->pass_ns = span_median(&passes);
}

static int run(void)
{
	/* clang-format off */
	static void (*const movers[])(int) = {
		[MOVE_NONE] = NULL,
		[MOVE_NUMA] = move_numa,
		[MOVE_COMPACT] = move_compact,
		[MOVE_RING] = move_ring,
		[MOVE_DIRECT] = move_direct,
		[MOVE_SYNC] = move_direct,
		[MOVE_MEMORY] = move_memory,
		[MOVE_OFFLINE] = move_offline,
		[MOVE_CONTIG] = move_contig,
	};
	static void (*const workers[])(int) = {
		[WORK_NONE] = NULL,
		[WORK_GETDENTS] = reader,
		[WORK_STORM] = storm,
		[WORK_AIO] = aio,
		[WORK_TRUNCATE] = trunc_files,
		[WORK_COLD] = cold,
		[WORK_FSYNC] = fsyncs,
		[WORK_GUP] = gup,
		[WORK_FIXED] = fixed,
		[WORK_MEMORY] = memory,
	};
	/* clang-format on */
	double begin;
	int status, bad = 0;

	count = mmap(NULL, sizeof(*count), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		     0);
	if (count == MAP_FAILED)
		die("mmap");
	if (opt.mover == MOVE_DIRECT || opt.mover == MOVE_SYNC)
		take_node();
	begin = now();
	if (movers[opt.mover])
		start(movers[opt.mover], 0, 0);
	for (int i = 0; workers[opt.work] && i < opt.readers; i++)
		/* one that truncates does it beside the mover: while it runs, isolated pages wait */
		start(workers[opt.work], opt.work == WORK_TRUNCATE ? i : 1 + i, i);
	/* in one sleep: each wakeup would be time of whoever is measured */
	for (double left; (left = begin + opt.seconds - now()) > 0;)
		nanosleep(&(struct timespec){ left, (left - (time_t)left) * 1e9 }, NULL);
	__atomic_store_n(&count->stop, true, __ATOMIC_RELAXED);
	while (wait(&status) > 0)
		bad |= status;
	printf("{\"seconds\":%.3f,\"move_ns\":%ju,\"pass_ns\":%ju,\"getdents\":%ju,\"entries\":%ju,\"read_errors\":%ju,"
	       "\"moves_ok\":%ju,\"moves_failed\":%ju,\"pages\":%ju,\"rounds\":%ju,\"storm_ops\":%ju,"
	       "\"storm_errors\":%ju,\"completions\":%ju,\"truncated\":%ju,\"stalls\":%ju,"
	       "\"huge\":%ju,\"cold_reads\":%ju,\"pins\":%ju}\n",
	       now() - begin, count->move_ns, count->pass_ns, count->getdents, count->entries,
	       count->read_errors, count->moves_ok, count->moves_failed, count->pages,
	       count->rounds, count->storm_ops, count->storm_errors, count->completions,
	       count->truncated, count->stalls, count->huge, count->cold_reads, count->pins);
	return bad ? 1 : 0;
}

static void usage(void)
{
	fprintf(stderr,
		"usage: load setup ext4|fat DIR [--dev DEV] [-b BLOCKSIZE] [-s KIB]\n"
		"       load run --dir DIR [--dev DEV] [-d SEC] [-r READERS]\n"
		"                [-m numa|compact|ring|direct|sync|memory|offline|contig|none]\n"
		"                [-w getdents|storm|aio|truncate|cold|fsync|gup|fixed|memory|none] [-B PAGES]\n"
		"                [-A ANONYMOUS]\n"
		"       load user UID COMMAND [ARG...]\n"
		"       load caps ,NUMBER,NUMBER, COMMAND [ARG...]\n"
		"       load ambient UID ,NUMBER,NUMBER, COMMAND [ARG...]\n");
	exit(2);
}

/* The index of @arg in @names, which ends with NULL. */
static int choice(const char *arg, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(arg, names[i]))
			return i;
	usage();
	return -1;
}

static void parse(int argc, char **argv)
{
	/* clang-format off */
	static const char *const movers[] = { "none", "numa", "compact", "ring", "direct", "sync",
					      "memory", "offline", "contig", NULL };
	static const char *const works[] = { "none", "getdents", "storm", "aio", "truncate", "cold",
					     "fsync", "gup", "fixed", "memory", NULL };
	/* clang-format on */
	static const struct option longs[] = {
		{ "dev", required_argument, NULL, 'D' },
		{ "dir", required_argument, NULL, 'P' },
		{},
	};
	int c;

	while ((c = getopt_long(argc, argv, "d:r:m:w:b:B:A:s:", longs, NULL)) != -1) {
		switch (c) {
		case 'D':
			opt.dev = optarg;
			break;
		case 'P':
			opt.dir = optarg;
			break;
		case 's':
			opt.dir_kib = atol(optarg);
			break;
		case 'd':
			opt.seconds = atof(optarg);
			break;
		case 'r':
			opt.readers = atoi(optarg);
			if (opt.readers < 1)
				usage();
			break;
		case 'b':
			opt.block_size = optarg;
			break;
		case 'B':
			opt.batch = atoi(optarg);
			break;
		case 'A':
			opt.beside = atoi(optarg);
			break;
		case 'm':
			opt.mover = choice(optarg, movers);
			break;
		case 'w':
			opt.work = choice(optarg, works);
			break;
		default:
			usage();
		}
	}
	if (!opt.readers)
		opt.readers = opt.work == WORK_TRUNCATE ? 4 : opt.work == WORK_COLD ? 32 : 1;
	if (opt.batch < 1 || opt.seconds <= 0)
		usage();
}

/* busybox in the guest has no way to become another user without its own entry in passwd */
static int as_user(char **argv)
{
	uid_t uid = atoi(argv[0]);

	if (setgid(uid) || setuid(uid))
		die("user %s", argv[0]);
	execvp(argv[1], argv + 1);
	die("%s", argv[1]);
}

/* root's rights after an exec are those of the bounding set: keep only the capabilities named */
static int with_caps(char **argv)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++) {
		char number[16];
		const char *at;

		snprintf(number, sizeof(number), ",%d,", cap);
		at = strstr(argv[0], number);
		if (!at && prctl(PR_CAPBSET_DROP, cap, 0, 0, 0))
			die("PR_CAPBSET_DROP %d", cap);
	}
	execvp(argv[1], argv + 1);
	die("%s", argv[1]);
}

/* An ordinary user with some capabilities, which an exec leaves in force. */
static int with_ambient(char **argv)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { 0 };
	uid_t uid = atoi(argv[0]);
	char *save = NULL;

	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) || setgid(uid) || setuid(uid))
		die("user %s", argv[0]);
	for (char *n = strtok_r(argv[1], ",", &save); n; n = strtok_r(NULL, ",", &save))
		d[atoi(n) / 32].permitted |= 1U << atoi(n) % 32;
	for (int i = 0; i < 2; i++)
		d[i].effective = d[i].inheritable = d[i].permitted;
	if (syscall(SYS_capset, &h, d))
		die("capset");
	for (int cap = 0; cap < 64; cap++)
		if (d[cap / 32].permitted & 1U << cap % 32 &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0))
			die("PR_CAP_AMBIENT_RAISE %d", cap);
	execvp(argv[2], argv + 2);
	die("%s", argv[2]);
}

int main(int argc, char **argv)
{
	if (argc > 3 && !strcmp(argv[1], "user"))
		return as_user(argv + 2);
	if (argc > 4 && !strcmp(argv[1], "ambient"))
		return with_ambient(argv + 2);
	if (argc > 3 && !strcmp(argv[1], "caps"))
		return with_caps(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "hogs"))
		return with_hogs(argv + 2);
	if (argc > 2 && !strcmp(argv[1], "stall"))
		return stall(argc - 2, argv + 2);
	if (argc == 2 && !strcmp(argv[1], "symbols"))
		return symbols();
	if (argc == 4 && !strcmp(argv[1], "range"))
		return range(argv[2], argv[3]);
	if (argc == 4 && !strcmp(argv[1], "count"))
		return count_events(argv[2], argv[3]);
	parse(argc, argv);
	argc -= optind;
	argv += optind;
	if (argc == 3 && !strcmp(argv[0], "setup")) {
		opt.dir = argv[2];
		return setup(argv[1]);
	}
	if (argc == 1 && !strcmp(argv[0], "run") && opt.dir)
		return run();
	usage();
}
