// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Depth first over the choices; see explore.h. */
#include "explore.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fake.h"

#define STACK	(256 * 1024)
#define CHOICES 4096

struct choice {
	unsigned char of, took;
};

struct actor *current;

static struct actor *actors;
static size_t actors_n;
static struct choice choices[CHOICES];
static size_t choices_n, depth;
static int left; /* preemptions */
static ucontext_t outside;
static const struct actor *on_cpu[CPUS];

static bool interrupted(int cpu)
{
	for (size_t i = 0; i < actors_n; i++)
		if (actors[i].interrupt && actors[i].started && !actors[i].done &&
		    actors[i].cpu == cpu)
			return true;
	return false;
}

static bool can_run(const struct actor *a)
{
	if (a->done || (a->waits && *a->waits))
		return false;
	if (a->interrupt)
		return a->started || (!interrupted(a->cpu) && on_cpu[a->cpu]);
	if (interrupted(a->cpu))
		return false;
	for (size_t i = 0; i < actors_n; i++)
		if (&actors[i] != a && !actors[i].interrupt && !actors[i].done &&
		    actors[i].cpu == a->cpu && actors[i].atomic)
			return false;
	return true;
}

static size_t choose(size_t n)
{
	if (n < 2)
		return 0;
	if (depth == CHOICES) {
		fprintf(stderr, "model: more than %d choices in one run\n", CHOICES);
		exit(1);
	}
	if (depth == choices_n)
		choices[choices_n++] = (struct choice){ n, 0 };
	return choices[depth++].took;
}

/* Who runs next; NULL: all are done. */
static struct actor *next(void)
{
	struct actor *can[ACTORS];
	bool goes_on = current && can_run(current);
	size_t n = 0;

	if (goes_on)
		can[n++] = current;
	for (size_t i = 0; i < actors_n && (!goes_on || left); i++)
		if (&actors[i] != current && can_run(&actors[i]))
			can[n++] = &actors[i];
	if (!n)
		return NULL;
	n = choose(n);
	if (goes_on && can[n] != current)
		left--;
	return can[n];
}

static void switch_to(struct actor *to)
{
	struct actor *from = current;

	current = to;
	if (!to->interrupt)
		on_cpu[to->cpu] = to;
	to->started = true;
	if (from != to)
		swapcontext(from ? &from->context : &outside, &to->context);
}

void step(void)
{
	struct actor *to;

	if (!current)
		return;
	fake_pass(1);
	to = next();
	if (!to) {
		fprintf(stderr, "model: nobody can go on (%s)\n", explore_way());
		exit(1);
	}
	switch_to(to);
}

void model_order(void)
{
	step();
}

void take(__u64 *lock)
{
	step();
	while (*lock) {
		current->waits = lock;
		step();
	}
	current->waits = NULL;
	*lock = 1 + (current - actors);
}

static void start(void)
{
	struct actor *to;

	current->body(current, current->arg);
	current->done = true;
	to = next();
	if (to)
		switch_to(to); /* never returns */
	current = NULL;
	setcontext(&outside);
}

void explore_run(struct actor *v, size_t n, int preemptions)
{
	static char *stacks[ACTORS];

	actors = v;
	actors_n = n;
	depth = 0;
	left = preemptions;
	memset(on_cpu, 0, sizeof(on_cpu));
	for (size_t i = 0; i < n; i++) {
		if (!stacks[i])
			stacks[i] = malloc(STACK);
		getcontext(&v[i].context);
		v[i].context.uc_stack.ss_sp = stacks[i];
		v[i].context.uc_stack.ss_size = STACK;
		makecontext(&v[i].context, start, 0);
	}
	current = NULL;
	switch_to(next());
	current = NULL;
}

bool explore_next(void)
{
	while (choices_n && choices[choices_n - 1].took + 1 == choices[choices_n - 1].of)
		choices_n--;
	if (!choices_n)
		return false;
	choices[choices_n - 1].took++;
	return true;
}

const char *explore_way(void)
{
	static char way[CHOICES + 1];

	for (size_t i = 0; i < depth; i++)
		way[i] = '0' + choices[i].took;
	way[depth] = 0;
	return way;
}

const struct actor *explore_task(int cpu)
{
	return on_cpu[cpu];
}
