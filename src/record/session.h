/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One recording from options to a filled run, for every command that records: facts → choice →
 * tracer → (the workload) → snapshot → publishing → detaching. Prints its own errors.
 */
#ifndef MIGTRACE_SESSION_H
#define MIGTRACE_SESSION_H

#include "trace/tracer.h"

struct session_opts {
	double seconds;	 /* 0: until a signal or the command's end */
	double interval; /* 0: no intervals */
	bool light, stacks, why;
	bool pinned;  /* blocks that stop migrations */
	bool refs;    /* references of every folio that migrates */
	bool drains;  /* of LRUs, and migrations behind them */
	bool totals;  /* counts by site and stage only, not by device; no late events */
	double stall; /* seconds from which on a wait is told of while it lasts; 0: none is */
	/* @ended: it was told of before, and is over. NULL: those at the end alone are kept. */
	void (*on_stall)(void *ctx, const struct run_stall *s, bool ended);
	void *on_stall_ctx;
	bool buffer_locks;    /* how long migrations wait for those, and hold them */
	struct filter filter; /* as the user has it: device may be a path */
	const char *probe;    /* "NAME=VARIANT[,…]" or NULL */
	const char *btf;      /* file with the kernel's types, or NULL: its own */
	char **command;	      /* argv of the workload, or NULL */
	size_t events_max;    /* late references to keep with both sides */
	/* Called once a late reference is certain; NULL: only kept. */
	void (*on_late)(void *ctx, const struct late_event *e);
	void *on_late_ctx;
	unsigned int map_size; /* entries in each map, 0: the default */
	bool quiet;	       /* no progress line */
	/*
	 * bench: begins once all probes are attached, and returns when warm; has to live on; ends
	 * after the last count. The intervals of @interval are its rounds. NULL: no load of ours.
	 */
	const struct session_load *load;
	void *load_ctx;
	/*
	 * export: told what was counted so far, when all is attached, every @interval, and on
	 * SIGHUP; no intervals then. @err: -errno of reading it, @run is NULL then.
	 */
	void (*on_snapshot)(void *ctx, const struct run *run, int err);
	void *on_snapshot_ctx;
	/*
	 * The run is finished: prints it, writes it, before anything is detached, which takes the kernel
	 * seconds. What it returns is the exit code.
	 */
	int (*publish)(void *ctx, struct run *run);
	void *publish_ctx;
	/* Whether the file can be written with the rights in force; NULL: there is none. */
	bool (*can_write)(void *ctx);
	void *can_write_ctx;
};

/* Each prints its own errors; -errno from start, false from alive: the recording has failed. */
struct session_load {
	int (*start)(void *ctx);
	bool (*alive)(void *ctx);
	void (*stop)(void *ctx); /* what it still did is counted, and its time */
};

/* Whether Ctrl-C or SIGTERM came; for what waits outside of session__record(). */
bool session__stopped(void);

/* The sites that --site and the variants that --probe can name, for struct cmd. */
void session__words(const char *option, FILE *f);

/* Records into the zeroed @run and publishes it. Returns an exit code; messages were printed. */
int session__record(const struct session_opts *o, struct run *run);

/* What a finished run says about late references: EXIT_FOUND, EXIT_INCONCLUSIVE, EXIT_FINE. */
int session__verdict(const struct run *run);

/* Are there stacks to be told, of whatever? */
static inline bool session__wants_stacks(const struct session_opts *o)
{
	return o->stacks || o->drains || (o->stall > 0 && !o->totals);
}

/* session_opts.c: each returns an exit code; messages were printed. */
#define FORCED_MAX 16
#define BTF_HINT                                                                                   \
	"'--btf FILE' takes it from a file: 'pahole --btf_encode_detached=FILE vmlinux' makes "    \
	"it of a kernel's debugging information; BTFHub has those of many distributions"
int session__tracer_opts(const struct session_opts *o, struct tracer_opts *to);
/* The fact sheet of this kernel, its types from @btf or NULL; @sooner: facts__read(). */
int session__read_facts(struct facts *f, const char *btf, bool sooner);
/* "NAME=VARIANT,…" into a list; an unknown name is the user's, an impossible variant the kernel's. */
int session__parse_forced(const char *list, char **copy, const char *forced[FORCED_MAX + 1]);
/* What was forced would be left out without a word. */
int session__check_wanted(const struct tracer_opts *o);
int session__check_forced(const char *const *forced, const struct choice *c);
/* The first thing that the recording can't do without, if it is missing. */
int session__check_required(const struct facts *f, const struct choice *c);

/* workload.c: forks @argv, which waits until workload__go(). 0 or -errno. */
struct workload {
	int pid, go_fd, err_fd;
};
int workload__fork(struct workload *w, char **argv);
/* Lets it run. 0, or -errno of its exec. */
int workload__go(struct workload *w);
/* True when it has ended; *@status is its exit code, 128 + signal when killed. */
bool workload__ended(struct workload *w, int *status);
/* Ends it when it still runs, and reaps it. */
void workload__end(struct workload *w, int *status);

/* late_ref.c: candidate records to certain events. */
struct late_list;
struct late_list *late_list__new(size_t max, struct tracer *t, const struct session_opts *o,
				 __u64 start_ns);
int late_list__add(void *list, const struct late_record *r);
/* Windows that ended at or before @until_ns (CLOCK_MONOTONIC) with a reference stay anonymous. */
void late_list__settle(struct late_list *list, __u64 until_ns);
/* Moves what is certain into @run and frees the list, which may be NULL. */
void late_list__finish(struct late_list *list, struct run *run);

/* stalls.c: waits that last. */
struct stalls;
struct stalls *stalls__new(struct tracer *t, const struct session_opts *o);
/* Looks for them if it is time to, and tells on_stall. */
void stalls__tick(struct stalls *s);
/* What has not ended becomes @run's; frees @s, which may be NULL. 0 or -ENOMEM. */
int stalls__finish(struct stalls *s, struct run *run);

/* Intervals of a recording (-i): the difference between two snapshots. */
struct intervals;

/* @seconds 0: no intervals; all calls are then free. NULL when memory is short. */
struct intervals *intervals__new(double seconds);
/* When the next is due, as ns since the start; 0: never. */
__u64 intervals__due(const struct intervals *s);
/* Takes an interval when one is due at @ns since the start. */
void intervals__tick(struct intervals *s, struct tracer *t, __u64 ns);
/* Takes the last one, gives all to @run and frees @s, which may be NULL. */
void intervals__finish(struct intervals *s, struct tracer *t, struct run *run, __u64 ns);

#endif /* MIGTRACE_SESSION_H */
