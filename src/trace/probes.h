/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * THE probe table: what is attached where, in which order of preference, and the pure choice over a
 * fact sheet. A new variant is one row here and (perhaps) one program in bpf/.
 */
#ifndef MIGTRACE_PROBES_H
#define MIGTRACE_PROBES_H

#include "kernel/facts.h"
#include "model/run.h"

enum attach_how {
	ATTACH_NONE = 0,
	ATTACH_FENTRY, /* BPF trampoline at the function's entry */
	ATTACH_FEXIT,
	ATTACH_ENTRY, /* kprobe at the entry, where a trampoline can't pass the arguments on */
	ATTACH_EXIT, /* kprobe on each return if they are known, else a kretprobe, which can miss */
	ATTACH_CALL, /* kprobe on each direct call of a callee inside the function */
	ATTACH_RETURN, /* kprobe on the instruction such a call returns to */
	/*
	 * The same two where the kernel can make jumps of them, a few instructions off: for programs
	 * that read no register, and know the acquire when others come by its place.
	 */
	ATTACH_AHEAD,
	ATTACH_BEHIND,
	/* as AHEAD; but at the call where inlined locks make the program ask for a register */
	ATTACH_NEAR,
	ATTACH_BRANCH,	   /* as RETURN, but a few instructions behind if that saves an exception */
	ATTACH_TRACEPOINT, /* of that name; its arguments as they are */
	ATTACH_TIMER,	   /* now and then on each CPU, whatever it does */
	ATTACH_TASKS,	   /* for each task, when user space asks */
};

/* One program of a variant. */
struct prog_use {
	const char *prog;
	enum attach_how how;
	/*
	 * Where; calls: every one of these that contains the call, at least one; else one. Each stands
	 * for all its copies. Behind a site's functions stand those that the compiler may or may not
	 * have inlined in them, and that hold the lock in their place.
	 */
	const char *const *funcs;
	const char *const *callees; /* calls: any of these */
};

#define VARIANT_PROGS 8

/* What shows that a kernel's path is another: a function or, with @calls, that it calls one of these. */
struct other_path {
	const char *func;
	const char *const *calls;
	const char *why;
	bool absent;	   /* that the function is not there */
	bool twice;	   /* that it calls them at two places or more */
	const char *since; /* another function that such kernels have, or NULL */
};

struct variant {
	const char *name;
	enum clock_kind clock; /* CLOCK_NONE for probes that time nothing */
	int needs;	       /* enum feature, or -1 */
	int excluded_by;       /* enum feature, or -1 */
	const char *excluded_why;
	bool only_light;
	const struct other_path *unless;
	struct prog_use uses[VARIANT_PROGS];
};

enum probe_flag {
	PROBE_REQUIRED = 1, /* record refuses to run without it */
	PROBE_LIGHT = 2,    /* part of the light tier */
	PROBE_HIDDEN = 4,   /* calibration, not the kernel's business */
	PROBE_RARE = 8,	    /* rarely entered: nobody waits until it is in place (rare.h) */
	PROBE_PAGE = 16,    /* its places are on the way of a page that moves */
	PROBE_REFS = 32,    /* for --refs alone */
	PROBE_DRAINS = 64,  /* for --drains alone */
	PROBE_PINNED = 128, /* --pinned makes its programs long enough to be preempted in */
};

#define PROBE_VARIANTS 8

struct probe {
	const char *name;
	const char *what;
	int site; /* enum site this probe times, or -1 */
	int row;  /* site -1: the site or row whose choice by --site it follows; 0: always there */
	unsigned int flags;
	struct variant variants[PROBE_VARIANTS];
};

extern const struct probe probes[];
extern const size_t probes_n;

/* What was chosen for one probe: the variant, or NULL and why not. */
struct choice {
	const struct probe *probe;
	const struct variant *variant;
	char reason[256];
};

/*
 * Chooses for every probe of the table (@out has probes_n rows) the first usable variant. Pure:
 * reads the fact sheet only. @light: none that sits on lock functions. @forced names variants as
 * "PROBE=VARIANT" and ends with NULL, or is NULL.
 */
void probes__select(const struct facts *f, bool light, const char *const *forced,
		    struct choice *out);

/*
 * The variant that @c has can't be attached, @why: the next usable one behind it takes its place, or none
 * and @why is the reason.
 */
void probes__next(const struct facts *f, bool light, struct choice *c, const char *why);

/*
 * Takes the variant by kprobe in place of the one that was chosen, if there is one. Its programs are not
 * preempted; while one of a trampoline is, the kernel leaves out the other runs of that program on its CPU
 * (__bpf_prog_enter_recur(), and PREEMPT_LAZY, 6.13, preempts there).
 */
void probes__prefer_kprobe(const struct facts *f, bool light, struct choice *c);

/* The word of @forced that is about @p, or NULL. */
const char *probes__forced(const char *const *forced, const struct probe *p);

/* One place where a program of a chosen variant goes. */
struct attach_point {
	const char *prog;
	enum attach_how how;
	const char *func;
	__u32 offset;
	__u8 cookie; /* tells the program in which register an inlined lock's address is */
};
/* The points of @v on the kernel of @f into @out; returns how many (at most @max), -E2BIG. */
int probes__points(const struct facts *f, const struct variant *v, struct attach_point *out,
		   size_t max);
/* The same, all of them, the caller's; NULL: no memory. */
struct attach_point *probes__all_points(const struct facts *f, const struct variant *v, size_t *n);

/*
 * Does the light tier do without program @prog of @v? Without the call of the norefs migration's lock,
 * which only its wait needs, if each acquire has a place of its own: else it tells that one is a new one.
 */
bool probes__spares(const struct facts *f, const struct variant *v, const char *prog);

#define PLACE_NAME (2 * FUNC_NAME + 8)

/*
 * The functions that @v's calls are in, each once: "FUNC", or "HOST > FUNC" where one of its hosts calls
 * it. Returns how many, at most @max.
 */
size_t probes__places(const struct facts *f, const struct variant *v, char (*out)[PLACE_NAME],
		      size_t max);

/* The site that the lock taken by the call at @offset of @func belongs to, or -1. */
int probes__site_at(const struct facts *f, const char *func, __u32 offset);

/* Does @how stand on calls inside a function? */
bool attach__is_call(enum attach_how how);
/* Is it at a function at all, which has to be one that can be probed? */
bool attach__is_probe(enum attach_how how);

/*
 * Every function name that the table mentions, for the reader of facts; some more than once. @wants:
 * WANT_*.
 */
int probes__interest(int (*cb)(void *ctx, const char *name, unsigned int wants), void *ctx);

/* The same into @f, for facts__read(). 0 or -ENOMEM. */
int probes__want(struct facts *f);

#endif /* MIGTRACE_PROBES_H */
