/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stage 2: owner of the BPF object. prepare → start → stop → (snapshot) → finish; everything but
 * counting happens outside of start..stop. Nothing that runs survives the process: links are file
 * descriptors, nothing is pinned (but see kprobe_events.h).
 */
#ifndef MIGTRACE_TRACER_H
#define MIGTRACE_TRACER_H

#include <signal.h>
#include <time.h>

#include "probes.h"

struct tracer_opts {
	bool light;
	bool stacks;
	bool totals;			   /* counts by site and stage only, and no events */
	bool row_off[ROW_COUNT];	   /* left out by --site */
	__u32 device;			   /* 0: all */
	const char *const *forced;	   /* "PROBE=VARIANT", ends with NULL; or NULL */
	unsigned int map_size;		   /* entries in each map, 0: the default */
	const volatile sig_atomic_t *stop; /* non-zero: give up attaching; or NULL */
};

struct tracer;
struct window;

/* What a recording took beside the recording itself. */
struct tracer_times {
	__u64 load_ns;	 /* of the programs, the verifier's time */
	__u64 attach_ns; /* all of them, the clock's floor not counted */
};

#define LOOKUP_SETTLE_NS 1000000000ULL /* a lookup returns within that, or was preempted for long */

/* The clock of bpf_ktime_get_ns(). */
static inline __u64 tracer__now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/*
 * Loads and attaches what @choices (probes_n rows) name; one of which a place can't be attached, and
 * which nobody asked for, becomes the next variant of its probe, or none. On failure returns NULL, *@code
 * is the exit code and @err one line. Measures the clocks' floor on the way. retry.c.
 */
struct tracer *tracer__prepare(const struct facts *f, struct choice *choices,
			       const struct tracer_opts *o, int *code, char *err, size_t err_size);
/* One attempt at it; *@failed: the choice of which a place can't be attached, or probes_n. */
struct tracer *tracer__try(const struct facts *f, const struct choice *choices,
			   const struct tracer_opts *o, int *code, char *err, size_t err_size,
			   size_t *failed);
/* Does -errno say something of the place, and not of us, as want of memory or of rights would? retry.c */
bool tracer__is_of_place(int err);
/* The object, nothing of it loaded; NULL with errno. configure.c. */
struct migtrace_bpf *tracer__open(const struct facts *f);
/* Before the load: the object's settings and the sizes of its maps. configure.c. */
void tracer__configure(struct tracer *t);
void tracer__start(struct tracer *t);
/* Stops counting new sections, waits (at most a second) for those in flight. All stays attached. */
void tracer__stop(struct tracer *t);
/* Waits until all is detached, which the kernel takes its time for. */
void tracer__detach(struct tracer *t);
/* Deletes what tracefs then still has of it: nothing waits for that. */
void tracer__undefine(struct tracer *t);
/* Lets go of what another process holds as well, which then detaches it. */
void tracer__disown(struct tracer *t);
void tracer__close(struct tracer *t);
/* detach.c: detaches and closes; @stop (or NULL) becomes non-zero: does not wait for the former. */
void tracer__finish(struct tracer *t, const volatile sig_atomic_t *stop);

/* True when the choice is part of this recording (tier, --site). */
bool tracer__wants(const struct tracer_opts *o, const struct probe *p);

/* The choice for the probe of that name if it is part of this recording, else NULL. */
const struct choice *tracer__live(const struct tracer *t, const char *probe);

/* For snapshot.c: the skeleton's maps and programs. */
struct migtrace_bpf *tracer__skeleton(struct tracer *t);
const struct choice *tracer__choices(const struct tracer *t);
const struct tracer_opts *tracer__opts(const struct tracer *t);
const struct facts *tracer__facts(const struct tracer *t);
__u64 tracer__floor_ns(const struct tracer *t, enum clock_kind clock);
int tracer__cpus(const struct tracer *t);
struct tracer_times tracer__times(const struct tracer *t);
/* Are places attached by kprobe events? If not, -errno of its files in tracefs is in *@why. */
bool tracer__by_events(const struct tracer *t, int *why);
/* The table of windows as the programs write it, @n entries; NULL with errno when it can't be had. */
const struct window *tracer__windows(struct tracer *t, size_t *n);
/* What each of tracer__cpus() CPUs keeps, into @v. 0 or -errno. */
struct cpu_state;
int tracer__read_cpus(struct tracer *t, struct cpu_state *v);
/* The median of what was measured of the floor's section, which is forgotten. 0 or -errno. hist_maps.c */
int tracer__take_floor(struct tracer *t, __u64 *ns);
/* hist_maps.c: histograms of all the devices that the map has no room for. 0 or -errno and @err. */
int tracer__reserve_other(struct tracer *t, char *err, size_t err_size);
/* How often in all, for those of program @prog, when they were detached. */
__u64 tracer__missed(const struct tracer *t, const char *prog);
/* Attach points of choice @i that are live. */
size_t tracer__attached(const struct tracer *t, size_t i);

/* Reads the late records that have come since the last call; @cb per record. 0 or -errno. */
struct late_record;
int tracer__poll(struct tracer *t, int timeout_ms,
		 int (*cb)(void *ctx, const struct late_record *r), void *ctx);

/* Whether there is no number of CPUs, or (@object, errno) no object; says so in @err. refusal.c. */
bool tracer__unopened(int cpus, bool object, char *err, size_t err_size);
/* What -errno means when it comes from setting a program's target. */
const char *tracer__errno(int ret);
/* Says in @err why loading failed with @ret (-errno); returns the exit status. refusal.c. */
int tracer__refusal(int ret, char *err, size_t err_size);
/* The same for attaching: adds to @err what is missing. */
int tracer__attach_refusal(int ret, char *err, size_t err_size);

#endif /* MIGTRACE_TRACER_H */
