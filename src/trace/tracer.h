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

#include "trace/probes.h"

struct tracer_opts {
	bool light;
	bool stacks;
	bool why;    /* results by why the kernel migrated */
	bool pinned; /* blocks that stop migrations */
	bool refs;   /* of every folio that migrates, with or without buffers */
	bool drains; /* of LRUs, by whom, and norefs migrations behind them */
	bool totals; /* counts by site and stage only, and no events */
	bool buffer_locks;
	bool any_stacks; /* of late references or of anything else */
	bool stall_told; /* and again when it is over */
	__u64 stall_ns;	 /* a wait that takes longer is told of while it lasts; 0: none is */
	struct filter filter;
	bool row_named[ROW_COUNT];	   /* asked for by --site: in place before the start */
	bool behind;			   /* what is rarely entered may come behind the start */
	const char *const *forced;	   /* "PROBE=VARIANT", ends with NULL; or NULL */
	unsigned int map_size;		   /* entries in each map, 0: the default */
	const volatile sig_atomic_t *stop; /* non-zero: give up attaching; or NULL */
};

struct bpf_program;
struct tracer;
struct window;

/* What a recording took beside the recording itself. */
struct tracer_times {
	__u64 load_ns;	 /* of the programs, the verifier's time */
	__u64 attach_ns; /* all of them, the clock's floor not counted */
	__u64 start_ns;	 /* when it began to count, by tracer__now_ns(); 0: not yet */
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
struct tracer *tracer__try(const struct facts *f, struct choice *choices,
			   const struct tracer_opts *o, int *code, char *err, size_t err_size,
			   size_t *failed);
/* Does -errno say something of the place, and not of us, as want of memory or of rights would? retry.c */
bool tracer__is_of_place(int err);
/* The object, nothing of it loaded; NULL with errno. bpf_config.c. */
struct migtrace_bpf *tracer__open(const struct facts *f);
/* Before the load: the object's settings and the sizes of its maps. bpf_config.c. */
void tracer__configure(struct tracer *t);
/*
 * Makes every order() of @p one with a result, so that it orders (maps.bpf.h): as it is loaded, since only then it
 * has the functions that it calls.
 */
void tracer__order_memory(struct bpf_program *p);
/* Is anything of @row recorded? */
bool tracer__has_row(const struct tracer_opts *o, int row);
int tracer__possible_cpus(void);
/* What the object's maps take where there can be so many CPUs. */
__u64 tracer__map_bytes(const struct migtrace_bpf *skel, int cpus);
/* The same before anything is opened, 0: that can't be told. */
__u64 tracer__expected_bytes(const struct facts *f, const struct tracer_opts *o, int cpus);
/* -vv: how much of each program the verifier went through (5.16). */
void tracer__log_verified(const struct migtrace_bpf *skel);
/* Turns on the programs of @c that its tier has. 0 or -errno. */
int tracer__enable_choice(struct migtrace_bpf *skel, const struct facts *f, const struct choice *c,
			  bool light);
/* Where the program of several rows is told to be; those that come behind the start are among them. */
struct place_table;
const struct place_table *tracer__places(const struct tracer *t);
/*
 * For choice @i, before it is attached: what its programs have to be told that takes long to find out.
 * Another thread may be recording. bpf_config.c
 */
void tracer__tell(struct tracer *t, size_t i);
/* Time for sections that were in flight while programs were attached. */
void tracer__settle(void);
/* 0, or -errno: what is to be attached behind the start can't be. */
int tracer__start(struct tracer *t);
/* True once: all that is attached behind the start is in place, or not to be had. */
bool tracer__in_place(struct tracer *t);
/* Is something being attached just now, by a thread of its own? */
bool tracer__is_attaching(const struct tracer *t);
/* Is something attached behind the start? */
bool tracer__has_rare(const struct tracer *t);
/*
 * While it records, now and then: takes off the programs that have nothing more to tell. On a kernel that
 * holds the lock over moves all that the steps of one could say is seen when the lock is released. Not
 * while something is being attached: one thread at a time has to do with probes.
 */
void tracer__trim(struct tracer *t);
/* Until they are off. */
void tracer__join(struct tracer *t);
/* Stops counting new sections, waits (at most a second) for those in flight. All stays attached. */
void tracer__stop(struct tracer *t);
/* What is attached, in one list; what is not yet is given up. */
void tracer__gather(struct tracer *t);
/* Waits until all is detached, which the kernel takes its time for. */
void tracer__detach(struct tracer *t);
/* Deletes what tracefs then still has of it: nothing waits for that. */
void tracer__undefine(struct tracer *t);
/* Lets go of what another process holds as well, which then detaches it. */
void tracer__disown(struct tracer *t);
void tracer__close(struct tracer *t);
/* detach.c: detaches and closes; @stop (or NULL) becomes non-zero: does not wait for the former. */
void tracer__finish(struct tracer *t, const volatile sig_atomic_t *stop);

/* True when the choice is part of this recording (tier, filter). */
bool tracer__wants(const struct tracer_opts *o, const struct probe *p);
/* Is @p for an option alone, and that not given? Then nothing is said of it either. */
bool tracer__unasked(const struct tracer_opts *o, const struct probe *p);

/* Is choice @i part of this recording, attached or not? */
bool tracer__chosen(const struct tracer *t, size_t i);
/* ... and does it count? Not what came behind the start, and too late. */
bool tracer__counts(const struct tracer *t, size_t i);
/* How long of the recording it did not: what was attached behind the start. */
__u64 tracer__uncounted_ns(const struct tracer *t, size_t i);
/* Has what is told of @site by others' programs as well been counted, from the start or from later on? */
bool tracer__site_counted(const struct tracer *t, unsigned int site);
/* Of what is loaded for program @prog of choice @i, several rows' perhaps (places.h); -1: it is not. */
int tracer__program_fd(const struct tracer *t, size_t i, const char *prog);

/* The choice for the probe of that name if it is part of this recording and counts, else NULL. */
const struct choice *tracer__live(const struct tracer *t, const char *probe);

/* The programs' ELF object. The skeleton's header has a copy for each file that asks there: 0.9 MB. */
const void *tracer__object(size_t *size);

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
/*
 * Element @i of the @n that each of tracer__cpus() CPUs has in @map (BY_CPU(), bpf/maps.bpf.h), into @v or made
 * zero. 0 or -errno.
 */
struct bpf_map;
int tracer__read_each(struct tracer *t, const struct bpf_map *map, __u32 n, __u32 i, void *v);
int tracer__clear_each(struct tracer *t, const struct bpf_map *map, __u32 n, __u32 i);
/* The same of an element that all CPUs share. */
int tracer__read_shared(struct tracer *t, const struct bpf_map *map, __u32 i, void *v);
/* What each of tracer__cpus() CPUs keeps, into @v. 0 or -errno. */
struct cpu_state;
int tracer__read_cpus(struct tracer *t, struct cpu_state *v);
/* Are the locks of buffers timed? spans.c */
bool tracer__times_buffers(struct tracer *t);
/* Adds all CPUs' histogram @i (enum span_id) to @sum. 0 or -errno. spans.c */
int tracer__add_span(struct tracer *t, __u32 i, struct hist *sum);
/*
 * stall.c. Those that sleep, at most @max, with their tasks; how many. The entry of one that has ended stays
 * until it is forgotten, if it took as long as a stall.
 */
struct stall_wait;
struct stall_spin;
struct stall_task;
int tracer__stall_waits(struct tracer *t, __u64 *tasks, struct stall_wait *v, size_t max);
/*
 * Is @w, the entry of @task, of one that has gone on, since it is not asleep? On a kernel that preempts programs it
 * leaves out exits (probes.h), and nobody takes such an entry out but this, when asked again later.
 */
bool tracer__stall_is_stale(struct tracer *t, __u64 task, const struct stall_wait *w);
/* Does it still wait, as it has @since? */
bool tracer__stall_lasts(struct tracer *t, __u64 task, __u64 since);
/* @over: as it was read; not what the task waits for since. */
void tracer__stall_forget(struct tracer *t, __u64 task, const struct stall_wait *over);
/* What was last seen on each of tracer__cpus() CPUs. 0 or -errno. */
int tracer__stall_spins(struct tracer *t, struct stall_spin *v);
/* Sleeping tasks whose stack refers to one of @looks (0: none): how many of them are in @v, or -errno. */
int tracer__stall_tasks(struct tracer *t, const __u64 looks[STALL_LOOKS], struct stall_task *v,
			size_t max);
struct links;
struct links *tracer__links(struct tracer *t);
/* The median of what was measured of the floor's section, which is forgotten. 0 or -errno. hists.c */
int tracer__take_floor(struct tracer *t, __u64 *ns);
/* Counters and sections that the floor's measurement left behind; the programs are told it. 0, or -errno and @err. bpf_config.c */
int tracer__forget(struct tracer *t, char *err, size_t err_size);
/*
 * What became of migrations for enum migrate_reason @i, or WHY_UNKNOWN: by CPU, and holds of all, of which
 * only sum and buckets are kept. 0 or -errno. bpf_config.c
 */
int tracer__read_why(struct tracer *t, __u32 i, struct why *v, struct hist *hold);
/* hists.c: the places of histograms with keys, those of all devices that find none first. 0 or -errno and @err. */
int tracer__open_hists(struct tracer *t, char *err, size_t err_size);
/* Each CPU's histogram @i (hot_index()) into @v, zeros where this tier has none. 0 or -errno. hists.c */
int tracer__read_hot(struct tracer *t, __u32 i, struct hot_hist *v);
/*
 * Keys that the programs have made, and the places of their values, which do not change: what is there already is not
 * asked for anew.
 */
struct keyed {
	struct one_key {
		__u8 key[16];
		__u32 place;
	} * v;
	size_t n;
};
enum keyed_kind { KEYED_HISTS, KEYED_REFCOUNTS, KEYED_KINDS };
struct keyed *tracer__keyed(struct tracer *t, enum keyed_kind kind);
/* Adds those that have come since to tracer__keyed(). 0 or -errno. hists.c */
int tracer__find_keyed(struct tracer *t, enum keyed_kind kind);
int tracer__read_keyed(struct tracer *t, __u32 place, struct hist *v);
/* Asks anew what the kernel left out since the start; tracer__stop() does so once more. */
void tracer__note_missed(struct tracer *t);
/* How often, as last asked, it left out what is loaded for program @prog of choice @i. */
__u64 tracer__missed(const struct tracer *t, size_t i, const char *prog);
/* The choice of which the kernel shows nothing, and *@why; probes_n: none. */
size_t tracer__silent(const struct tracer *t, const char **why);
/* Attach points of choice @i that are live. */
size_t tracer__attached(const struct tracer *t, size_t i);

/* Reads the late records that have come since the last call; @cb per record. 0 or -errno. */
struct late_record;
int tracer__poll(struct tracer *t, int timeout_ms,
		 int (*cb)(void *ctx, const struct late_record *r), void *ctx);

/* Whether there is no number of CPUs, or (@object, errno) no object; says so in @err. attach.c. */
bool tracer__unopened(int cpus, bool object, char *err, size_t err_size);
/* What -errno means when it comes from setting a program's target. */
const char *tracer__errno(int ret);
/* Says in @err why loading failed with @ret (-errno); returns the exit status. attach.c. */
int tracer__refusal(int ret, char *err, size_t err_size);
/* The same for attaching: adds to @err what is missing. */
int tracer__attach_refusal(int ret, char *err, size_t err_size);

/* What libbpf says, and which one it is. */
/* From now on its messages are printed as log_level has it, and not by itself. */
void libbpf__listen(void);
const char *libbpf__version(void);

#endif /* MIGTRACE_TRACER_H */
