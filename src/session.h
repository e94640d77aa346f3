/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One recording from options to a filled run, for every command that records: facts → choice →
 * tracer → (the workload) → snapshot → publishing → detaching. Prints its own errors.
 */
#ifndef MIGTRACE_SESSION_H
#define MIGTRACE_SESSION_H

#include "tracer.h"

struct session_opts {
	double seconds;	 /* 0: until a signal or the command's end */
	double interval; /* 0: no slices */
	bool light, stacks;
	bool totals;	    /* counts by site and stage only, not by device; no late events */
	const char *device; /* path, name or MAJ:MIN, or NULL: all */
	const char *sites;  /* "a,b" or NULL: all */
	const char *probe;  /* "NAME=VARIANT[,…]" or NULL */
	const char *btf;    /* file with the kernel's types, or NULL: its own */
	char **command;	    /* argv of the workload, or NULL */
	size_t events_max;  /* late references to keep with both sides */
	/* Called once a late reference is certain; NULL: only kept. */
	void (*on_late)(void *ctx, const struct late_event *e);
	void *on_late_ctx;
	unsigned int map_size; /* entries in each map, 0: the default */
	bool quiet;	       /* no progress line */
	/*
	 * bench: begins once all probes are attached, and returns when warm; has to live on; ends
	 * after the last count. The slices of @interval are its rounds. NULL: no load of ours.
	 */
	const struct session_load *load;
	void *load_ctx;
	/*
	 * export: told what was counted so far, when all is attached, every @interval, and on
	 * SIGHUP; no slices then. @err: -errno of reading it, @run is NULL then.
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

/* Rows of the options that every recording command has, for its table; @at: offset of the member. */
#define OPT_ROW_DURATION(at)                                                                       \
	{                                                                                          \
		"duration", 'd', OPT_SECONDS, at, "SEC", "stop after SEC seconds", 0, 0            \
	}
#define OPT_ROW_DEVICE(at)                                                                         \
	{                                                                                          \
		"device", 0, OPT_STRING, at, "DEV", "only this device: path, name or MAJ:MIN", 0,  \
			0                                                                          \
	}
#define OPT_ROW_FAIL_ON_RACE(at)                                                                   \
	{                                                                                          \
		"fail-on-race", 0, OPT_FLAG, at, NULL,                                             \
			"exit 4 when a late reference was found, 5 when inconclusive", 0, 0        \
	}
#define OPT_ROW_BTF(at)                                                                            \
	{                                                                                          \
		"btf", 0, OPT_STRING, at, "FILE", "the kernel's types, where it has none itself",  \
			0, 0                                                                       \
	}
#define OPT_ROW_VERBOSE(at)                                                                        \
	{                                                                                          \
		"verbose", 'v', OPT_COUNT, at, NULL, "more messages; twice: libbpf's too", 0, 0    \
	}

/* The sites that --site and the variants that --probe can name, for struct cmd. */
void session__words(const char *option, FILE *f);

/* Records into the zeroed @run and publishes it. Returns an exit code; messages were printed. */
int session__record(const struct session_opts *o, struct run *run);

/* cmd_record.c: for session_opts; @path: of the run file. */
bool record__can_write(void *path);
/* Prints the report, writes the run file. An exit code; messages were printed. */
int record__publish(const struct run *run, const char *path);

/* What a finished run says about late references: EXIT_FOUND, EXIT_INCONCLUSIVE, EXIT_FINE. */
int session__verdict(const struct run *run);

/* session_opts.c: each returns an exit code; messages were printed. */
#define FORCED_MAX 16
#define BTF_HINT                                                                                   \
	"'--btf FILE' takes it from a file: 'pahole --btf_encode_detached=FILE vmlinux' makes "    \
	"it of a kernel's debugging information; BTFHub has those of many distributions"
int session__tracer_opts(const struct session_opts *o, struct tracer_opts *to);
/* The fact sheet of this kernel, its types from @btf or NULL. */
int session__read_facts(struct facts *f, const char *btf);
/* "NAME=VARIANT,…" into a list; an unknown name is the user's, an impossible variant the kernel's. */
int session__parse_forced(const char *list, char **copy, const char *forced[FORCED_MAX + 1]);
/* The word of @forced that is about @p, or NULL. */
const char *session__forced(const char *const *forced, const struct probe *p);
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

/* late.c: candidate records to certain events. */
struct late_list;
struct late_list *late_list__new(size_t max, struct tracer *t, const struct session_opts *o,
				 __u64 start_ns);
int late_list__add(void *list, const struct late_record *r);
/* Windows that ended at or before @until_ns (CLOCK_MONOTONIC) with a reference stay anonymous. */
void late_list__settle(struct late_list *list, __u64 until_ns);
/* Moves what is certain into @run and frees the list. */
void late_list__finish(struct late_list *list, struct run *run);

#endif /* MIGTRACE_SESSION_H */
