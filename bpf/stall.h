/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Part of event.h: the locks of buffers, and waits that last. Stage: shared.
 */
#ifndef MIGTRACE_STALL_H
#define MIGTRACE_STALL_H

/* enum migrate_mode from MIGRATE_SYNC_LIGHT on: those in which a migration may wait for a buffer. */
#define WAIT_MODES 3

/* Histograms without site and device. Each is written in one place. */
enum span_id {
	SPAN_BUFFER_WAIT = 0,	 /* + path * WAIT_MODES + mode - 1 */
	SPAN_BUFFERS_LOCKED = 6, /* + path: the first buffer locked to all unlocked */
	SPAN_COUNT = 8,
};

/* Who let a migration have a buffer that it waited for. */
enum unlocker { UNLOCKER_UNSEEN = 0, UNLOCKER_IO = 1, UNLOCKER_TASK = 2, UNLOCKER_COUNT = 3 };

/* What the kernel is doing whose stack has a frame in the code from @start to @end. */
enum code { CODE_IO_END = 1, CODE_LOOKUP = 2, CODE_MIGRATION = 4 };
#define CODE_RANGES 32
enum {
	CODE_START = 0,
	CODE_END = CODE_RANGES,
	CODE_WHAT = 2 * CODE_RANGES,
	CODE_WORDS = 3 * CODE_RANGES
};

/* What a lookup or a migration waits for. */
enum stall_what { STALL_FOLIO = 0, STALL_BUFFER = 1, STALL_SPIN = 2, STALL_COUNT = 3 };

#define NO_BLOCK (~0ULL)

/* One that sleeps: an entry by its task, until it wakes or, after a stall, until that was told. */
struct stall_wait {
	__u64 t_start;
	__u64 t_end; /* 0: under way */
	__u64 addr;  /* of the buffer, or the folio */
	__u64 folio;
	__u64 block, index;
	__u32 dev, pid, cpu;
	__s32 stack;
	__u8 what, code; /* enum stall_what, enum code */
	__u8 pad[6];
	char comm[16];
};

/* What the task on a CPU had to do with a spinlock of ours when it was last looked at. */
struct stall_spin {
	__u64 task; /* 0: nothing */
	__u64 lock; /* 0: not known which */
	__u64 since, seen;
	struct stall_look { /* that it was first seen at, and not switched out since */
		__u64 task, since, switches, first;
	} look;
	__u32 dev, pid, site;
	__s32 stack; /* of that moment */
	__u8 held;   /* else it waits */
	__u8 pad[7];
	char comm[16];
};

/* The lock that a lookup on this CPU is about to take. */
struct stall_lock {
	__u64 task, lock;
};

/* How many objects are looked for in the stacks of all tasks at once. */
#define STALL_LOOKS 8

/* A task that sleeps, and whose stack refers to one of them. */
struct stall_task {
	__u64 task;
	__u32 pid, found; /* a bit each */
	__u64 ip[32];	  /* 0: none more */
	char comm[16];
};

#endif /* MIGTRACE_STALL_H */
