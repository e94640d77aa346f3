// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A task of real-time priority on each CPU that wants it again and again: on PREEMPT_RT it takes the
 * CPU from who holds a spinlock, a hundred times a second and for 1 % of the time.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "load.h"

#define SLEEP_NS 10000000
#define SPIN_NS	 100000

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void hog(int cpu)
{
	const struct sched_param priority = { .sched_priority = 1 };
	const struct timespec ts = { .tv_nsec = SLEEP_NS };
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setaffinity(0, sizeof(set), &set) || sched_setscheduler(0, SCHED_FIFO, &priority))
		die("hog on CPU %d", cpu);
	for (;;) {
		long long until;

		nanosleep(&ts, NULL);
		for (until = now_ns() + SPIN_NS; now_ns() < until;)
			;
	}
}

/* Runs the command beside them; its exit status. */
int with_hogs(char **argv)
{
	int cpus = sysconf(_SC_NPROCESSORS_ONLN), status;
	pid_t command;

	for (int cpu = 0; cpu < cpus; cpu++)
		if (!fork())
			hog(cpu);
	command = fork();
	if (!command) {
		execvp(argv[0], argv);
		die("%s", argv[0]);
	}
	if (command < 0 || waitpid(command, &status, 0) != command)
		die("%s", argv[0]);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1; /* the hogs end with us */
}
