/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Actors (tasks and interrupts) as coroutines, and all the ways to interleave them. An actor can be
 * left at each step(); how often one that could go on is left, is bounded. A run is played again from
 * its beginning for each next way.
 */
#ifndef MODEL_EXPLORE_H
#define MODEL_EXPLORE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <ucontext.h>

#define ACTORS 4

struct actor {
	void (*body)(struct actor *a, void *arg);
	void *arg;
	const char *name;
	int cpu;
	bool interrupt; /* runs in the task that its CPU is in, and to its end */
	int skip;	/* the hook, counted from 1, whose program the kernel leaves out; 0: none */

	int hooks;	    /* passed so far */
	int atomic;	    /* no other task gets the CPU */
	const __u64 *waits; /* until this is 0 */
	bool started, done;
	ucontext_t context;
	char *stack;
};

extern struct actor *current; /* NULL outside of a run */

void step(void);
/* Waits until *@lock is free, and takes it. */
void take(__u64 *lock);

/* One run of @n actors. */
void explore_run(struct actor *v, size_t n, int preemptions);
/* Is there another way? The next explore_run() goes it. */
bool explore_next(void);
/* The way gone, one letter a choice, for a failure's message. */
const char *explore_way(void);

/* The actor whose task is on @cpu. */
const struct actor *explore_task(int cpu);

#endif /* MODEL_EXPLORE_H */
