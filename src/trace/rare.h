/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What is rarely entered (PROBE_RARE): half of the programs, and nobody's recording waits for them. A
 * thread loads and attaches them behind the start; they count from when all of them are in place. Stage 2.
 */
#ifndef MIGTRACE_RARE_H
#define MIGTRACE_RARE_H

#include <pthread.h>

#include "trace/attach.h"

struct tracer;

struct rare {
	struct tracer *t;
	struct migtrace_bpf *skel; /* its maps are those of the tracer's */
	struct attaching at;
	struct choice *choices; /* as they turn out here; probes_n of them */
	pthread_t thread;
	bool running;		    /* not joined yet */
	bool done;		    /* it has come to its end: atomic */
	volatile sig_atomic_t stop; /* it is to give up */
	bool live;		    /* all is in place, and counts */
	bool over;		    /* what is not in place by now has counted nothing */
	int err;
	char why[512]; /* not empty: what is to be said of it */
};

/* Is choice @i to be attached behind the start? */
bool rare__is(const struct tracer *t, size_t i);
/* Begins; nothing is begun where nothing is rare. 0 or -errno. */
int rare__start(struct rare *r, struct tracer *t);
/* True once, when the thread has come to its end: nothing is left to attach. */
bool rare__ended(struct rare *r);
/* Waits for the thread, which gives up. */
void rare__stop(struct rare *r);
/* After rare__stop(). */
void rare__close(struct rare *r);

#endif /* MIGTRACE_RARE_H */
