/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is attached of a recording, and where. Stage 2. */
#ifndef MIGTRACE_ATTACH_H
#define MIGTRACE_ATTACH_H

#include <signal.h>

#include "trace/links.h"
#include "trace/places.h"

struct attaching {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	const struct choice *choices;
	bool light;
	const volatile sig_atomic_t *stop; /* non-zero: give up; or NULL */
	struct place_table table;
	struct kprobe_events events;
	struct links links;
	size_t *places; /* per probe */
	bool quiet;	/* without lines of progress: not the main thread */
	size_t failed;	/* the probe of which a place could not be attached; probes_n: none */
	struct missed { /* missed.h */
		const char *prog;
		__u64 n;
	} * missed;
	size_t missed_n;
	__u64 *recursion_0; /* by program, before the recording */
};

/*
 * Finds the addresses of what shares a program, of all choices for which @wanted. Before the load, which
 * fixes the factor. 0, or -errno and @err.
 */
int attach__find_places(struct attaching *a, bool (*wanted)(const void *ctx, size_t i),
			const void *ctx, char *err, size_t err_size);
/* Behind the load, before anything is attached there: tells the program. 0, or -errno and @err. */
int attach__write_places(const struct attaching *a, char *err, size_t err_size);

/* The programs of @skel are loaded: finds out by which way they are attached. */
void attach__open(struct attaching *a, struct migtrace_bpf *skel);
/* All places of choice @i, some of which wait for the other. 0, or -errno and @err. */
int attach__choice(struct attaching *a, size_t i, char *err, size_t err_size);
/* Enables those that wait in kprobe events. */
int attach__enable(struct attaching *a, char *err, size_t err_size);

#endif /* MIGTRACE_ATTACH_H */
