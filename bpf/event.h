/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the BPF programs and the command: ids, keys, values, reasons.
 * Stage: shared. Fixed-width types only; explicit values; a retired value stays as a hole.
 */
#ifndef MIGTRACE_EVENT_H
#define MIGTRACE_EVENT_H

#include "hist.h"
#include "window.h"

/* Where the lock is taken. The names are in src/names.c; the order is the report's. */
enum site {
	SITE_MIGRATE_NOREFS = 0,
	SITE_FIND_GET_BLOCK = 1,
	SITE_AIO_MIGRATE = 2,
	SITE_AIO_COMPLETION = 3,
	SITE_AIO_TEARDOWN = 4,
	SITE_GROW_BUFFERS = 5,
	SITE_CREATE_EMPTY = 6,
	SITE_TRY_TO_FREE = 7,
	SITE_DIRTY_FOLIO = 8,
	SITE_ASSOC_LIST = 9,
	SITE_COUNT = 10,
	/* not a site of the kernel's: the section on which a clock's floor is measured */
	SITE_FLOOR = 10,
	SITE_SLOTS = 11,
};

enum hist_kind {
	KIND_HOLD = 0,
	KIND_WAIT = 1,
	KIND_WINDOW = 2,     /* release of the passing check to the end of the move */
	KIND_FLAG_HELD = 3,  /* BH_Migrate set to clear */
	KIND_FOLIO_WAIT = 4, /* sleeping lookup that waited for a folio lock */
	KIND_COUNT = 5,
};

/* How the section of a migration site ended; OUTCOME_NONE at every other site. */
enum outcome {
	OUTCOME_NONE = 0,
	OUTCOME_MOVED = 1,
	OUTCOME_BUSY = 2, /* a buffer was referenced */
	OUTCOME_REFS = 3, /* folio reference count was not the expected one */
	OUTCOME_OTHER = 4,
	OUTCOME_COUNT = 5,
};

/* The two ways through __buffer_migrate_folio(), with the check of references and without; rings. */
enum migration_path { PATH_NOREFS = 0, PATH_BUFFERS = 1, PATH_AIO = 2, PATH_COUNT = 3 };

/* Why a migration ended as it did, exactly one a call. The names are in src/names.c. */
enum reason {
	REASON_OK = 0,
	REASON_NO_BUFFERS = 1, /* a migration without lock and check, of whatever result */
	REASON_EARLY_REFS = 2, /* folio references, before anything was locked */
	REASON_LOCKED = 3,     /* somebody held a buffer's lock */
	REASON_WRITEBACK = 4,  /* the same, and the folio was under writeback */
	REASON_BUSY = 5,       /* a buffer was referenced */
	REASON_JOURNAL = 6,    /* the same, and it belongs to a journal (BH_JBD) */
	REASON_REFS = 7,       /* folio references, at the switch of the mapping */
	REASON_COPY_FAULT = 8, /* the page could not be read (-EHWPOISON, 6.12 and later) */
	REASON_OTHER = 9,
	/* aio rings alone, beside ok, refs and other */
	REASON_RING_LOCK = 10,	  /* a read of the ring, or its setup, held ring_lock */
	REASON_CTX_GONE = 11,	  /* the context was being taken down */
	REASON_SLOT_CHANGED = 12, /* the page is no longer the ring's */
	REASON_COUNT = 13,
};

/* Folio reference counts that made a migration fail. */
struct refcount_key {
	__u32 stage; /* enum refcount_stage */
	__s32 expected;
	__s32 seen; /* -1: it was as expected again when it could be read */
};

enum refcount_stage { STAGE_EARLY = 0, STAGE_SWITCH = 1, STAGE_AIO = 2, STAGE_COUNT = 3 };

#define DEV_OTHER 0xffffffff /* all those for which the map has no room */

struct hist_key {
	__u32 dev; /* kernel's dev_t: major << 20 | minor; 0 when the mapping had no host; DEV_OTHER */
	__u8 site;
	__u8 kind;
	__u8 outcome;
	__u8 left; /* 1: what lookups on their way to their exit left; its writer is another program */
};

/* Every way to lose a measurement. The names are in src/names.c. */
enum loss {
	LOSS_MAP_FULL = 0,    /* a lock section, a migration or a lookup found no room */
	LOSS_NO_RELEASE = 1,  /* an acquire whose release was never seen */
	LOSS_NO_ACQUIRE = 2,  /* a release whose acquire was never seen */
	LOSS_CLOCK_BACK = 3,  /* the end read earlier than the start */
	LOSS_WAIT_START = 4,  /* the hold is exact, the start of its wait was overwritten */
	LOSS_WINDOW = 5,      /* windows opened != closed + in flight */
	LOSS_EVENT_LIST = 6,  /* an event was counted but not listed */
	LOSS_RECURSION = 7,   /* the kernel skipped a program (bpf_prog_info.recursion_misses) */
	LOSS_END_UNSEEN = 8,  /* a page moved and the end of its move was not seen */
	LOSS_LOOKUP_EXIT = 9, /* a lookup near a migration whose exit was never seen */
	LOSS_TABLE_FULL = 10, /* no room in a table of figures, which hides no late reference */
	LOSS_PROGRAM_MISSED = 11, /* LOSS_RECURSION of a program that windows rest on */
	LOSS_COUNT = 12,
};

/*
 * A recording's life as the programs see it. Attaching takes a while: until every program is in
 * place (IDLE) sections are followed but not counted. At the end new sections are no longer counted
 * while those in flight still are (DRAINING), so that acquires equal releases exactly.
 */
enum phase { PHASE_IDLE = 0, PHASE_RECORDING = 1, PHASE_DRAINING = 2 };

/* Per-CPU event counters. The names are in src/names.c. */
enum counter_id {
	COUNTER_LOOKUPS_KEPT = 0, /* lookups near a migration, and those that came to their exit */
	COUNTER_LOOKUPS_TAKEN = 1,
	/* 2 to 7 were losses */
	COUNTER_NOREFS_CALLS = 8, /* norefs migrations entered, with or without buffers */
	COUNTER_POSSIBLE = 9, /* lookups of which only the acquire lies in a window that moved */
	COUNTER_WAITED_SPIN = 10, /* of those behind a window: they came while it was open */
	COUNTER_WAITED_FOLIO = 11,
	COUNTER_PARTIAL = 12, /* walks over more buffers than a program may walk */
	COUNTER_UNJUDGED =
		13, /* moves in another order than expected, before the order was known */
	COUNTER_SWITCH_LOCKED = 14, /* lock word held when a norefs move switched the mapping */
	COUNTER_SWITCH_UNLOCKED = 15,
	COUNTER_LOOKUPS = 16,	    /* lookup calls, fast path included (where it is probed) */
	COUNTER_LOOKUPS_FOLIO = 17, /* slow lookups that took the folio lock instead */
	COUNTER_LATE_SLOW = 18,	    /* + enum late_kind: by a paired lookup */
	COUNTER_LATE_END = 19,	    /* windows that ended with a count above zero, unpaired */
	COUNTER_LATE_ASSOC = 20,
	COUNTER_WINDOWS = 21, /* windows that ended with the move done */
	COUNTER_WINDOWS_ABORTED = 22,
	COUNTER_BEHIND_SPIN = 23,
	COUNTER_BEHIND_FOLIO = 24,
	COUNTER_BUSY_ENDS = 25,	     /* windows that ended with a count above zero, all of them */
	COUNTER_REFUSED = 26,	     /* BH_Migrate: lookups that found nothing beside a migration */
	COUNTER_STACKS_MISSING = 27, /* stacks asked for and not kept */
	COUNTER_BUFFERS_CALLS = 28,  /* migrations of pages with buffers, without the check */
	COUNTER_FOLIO_WAITS = 29,    /* sleeping lookups that found the folio locked */
	COUNTER_WAITER_REFS = 30,    /* migrations failed by references while such a one waited */
	COUNTER_AIO_CALLS = 31,	     /* migrations of ring pages */
	COUNTER_REASON = 32,	     /* + enum migration_path * REASON_COUNT + enum reason */
	COUNTER_AIO_COPIES = 71,     /* ring pages copied */
	COUNTER_AIO_READS = 72,	     /* critical sections: reads of rings */
	COUNTER_AIO_WRITES = 73,     /* the same: completions */
	COUNTER_AIO_READ_OVERLAPS = 74,
	COUNTER_AIO_WRITE_OVERLAPS = 75,
	COUNTER_AIO_UNPAIRED = 76, /* sections of which it is not known whether they overlap */
	COUNTER_TRY = 77,	 /* + (path * 2 + moved) * TRIES_KEPT + number of the attempt - 1 */
	COUNTER_ISOLATION = 173, /* + enum isolation */
	COUNTER_LOSS = 184,	 /* + enum loss */
	COUNTER_COUNT = 196,
};

/* Attempts at one page within one call of migrate_pages(): the last place is for all beyond. */
#define TRIES_KEPT 16

/* What compaction's isolation takes and meets. The names are in src/names.c. */
enum isolation {
	ISO_TAKEN = 0,		 /* pages; + 1 in async modes, + 2 unevictable ones too */
	ISO_DEREFERENCED = 4,	 /* mappings read under the page's lock */
	ISO_MAPPING_GONE = 5,	 /* of these: truncated just before */
	ISO_MAPPING_EXITING = 6, /* of these: the inode is being evicted (AS_EXITING) */
	ISO_MOVES = 7,		 /* moves to a new page begun */
	ISO_GONE_AT_MOVE = 8,	 /* of these: truncated since the isolation */
	ISO_FREED = 9,		 /* not moved: nobody but the isolation had a reference left */
	ISO_ORPHANED = 10,	 /* not moved: truncated, and its buffers were left */
	ISO_COUNT = 11,
};

#define ORDER_MARK 0x6f726472 /* what order() adds */

#define STACK_DEPTH 32
#define STACK_MORE  0x40000000 /* a stack's id: in stacks_more */

/* The section in flight, or the last one. t_* are bpf_ktime_get_ns() readings. */
struct section {
	__u64 task, lock;
	__u64 t_call; /* 0: the call was not seen */
	__u64 t_acquire;
	__u64 wait_ns; /* 0: not known */
	union {
		__u64 hold_ns;	/* of the section that is @pending */
		__u64 switches; /* PREEMPT_RT, where none is: of the task, at the acquire */
	};
	__u64 seq; /* the windows' logical clock at the acquire */
	__u32 dev;
	__u8 held;
	__u8 counted;
	__u8 pending; /* timed, and not yet in a histogram */
	__u8 pad[1];
};

/*
 * A slow lookup near a migration, from the release of its lock to its exit: a place in a table that is
 * found by its task's address, since the task may be preempted in between and return on another CPU.
 */
struct lookup {
	__u64 task;   /* 0: the place is free, or is just being taken */
	__u64 claims; /* who takes it to 1 has it */
	__u64 lock;
	__u64 t_acquire, wait_ns;
	__u64 seq, seq_end; /* the windows' logical clock at the acquire and at the release */
	__u32 folio;	    /* the lock was the folio's */
	__u32 pad;
};

struct site_cpu {
	struct section cur;
	__u64 acquires, releases;
	__u64 switched_out; /* PREEMPT_RT: sections in which their task was */
	__u64 least_ns[2];  /* of the longest holds and waits kept; 0: not yet enough of them */
};

/*
 * Histograms that need no key: one for each that a run of one device has. Each serves the device that
 * came first on its CPU; what others bring goes to the map with keys.
 */
#define HOT_HISTS 29

struct hot_hist {
	__u64 claims;
	__u32 dev;
	__u32 ready;
	struct hist h;
};

/* Where a histogram lies among them: holds by site and outcome, waits by site, what has no site. */
static inline __attribute__((always_inline)) __u32 hot_index(__u32 site, __u32 kind, __u32 outcome)
{
	if (kind == KIND_HOLD)
		return site == SITE_MIGRATE_NOREFS ? outcome : OUTCOME_OTHER + site;
	return kind == KIND_WAIT ? 15 + site : 24 + kind;
}

/* The longest holds or waits of one site, per CPU; user space merges the CPUs' lists. */
#define WORST_KEPT 16

struct worst_sample {
	__u64 ns, folio;
	__u32 pid, cpu, dev;
	__s32 mode, stack;
	__u32 buffers;
	__u8 outcome, pad[7];
	char comm[16];
};

struct worst_list {
	struct worst_sample v[WORST_KEPT];
};

/* A sleeping lookup at the lock of a folio. */
struct folio_wait {
	__u64 folio;
	__u64 t_start;
	__u64 wait_ns; /* 0: still waiting */
};

struct folio_waiters {
	__u64 n, folios;
};

struct task_site {
	__u64 task;
	__u64 site;
};

/*
 * A migration of a page with buffers in flight: a place in a table that is found by its task's
 * address (slots.bpf.h).
 */
struct migration {
	__u64 task;   /* 0: the place is free, or is just being taken */
	__u64 claims; /* who takes it to 1 has it */
	__u64 mapping, src, dst, index;
	__u64 head;	 /* first buffer re-pointed */
	__u64 t_release; /* of the check section, 0: none yet */
	__u64 hold_ns[2], wait_ns[2];
	__u64 window_id;
	__u32 slot, pages; /* of the folio */
	__u32 dev, mode;
	__s32 stack;
	__u64 busy_block, busy_state;
	__s64 busy_count;
	__u8 sections, released, switched, moved;
	__u8 busy, assoc;
	__u8 refused; /* the last section's check found a buffer referenced; 2: by a journal */
	__u8 busy_exit;
	__s32 refs;	   /* of the folio, at the entry */
	__s32 refs_second; /* and at the walk behind a second check */
	__u8 plain;	   /* without the check: only its reason is of interest */
	__u8 bracket; /* 1: started, 2: ended; the lock's release is not seen, and t_release stays 0 */
	__u8 inside; /* of a lock section */
	__u8 last; /* enum end_step: the last step of the move that was seen, 0: the copy or none */
	__u8 early; /* it began before the recording: of it only holds are counted */
	__u8 pad[3];
	__u64 t_flag; /* BH_Migrate set; 0: not, or cleared again */
};

/* A call of migrate_pages(): a place by its task's address, recycled by the oldest. */
struct migrate_call {
	__u64 task;
	__u64 id;	  /* when it began */
	__u64 moved;	  /* the page moved last */
	__u64 src, dst;	  /* of the move in progress, where its exit does not know them */
	__u32 gives_back; /* unused new pages go back to the caller: what is freed is old */
	__u32 pad;
};

/* Attempts at one page that failed. */
struct tries {
	__u64 page;
	__u64 call; /* id of the migrate_pages() they belong to */
	__u64 n;
};

/* isolate_migratepages_block() in progress, by task. */
struct isolating {
	__u64 cc, taken;
	__u32 mode, pad;
};

/* An aio ring page in migration, by task. */
struct aio_migration {
	__u64 src;
	__s32 refs; /* at the switch */
	__u8 tried; /* ring_lock was tried; 2: and taken */
	__u8 switched;
	__u8 mode; /* enum migrate_mode */
	__u8 pad;
};

#define AIO_COPIES_KEPT 32

/* What was copied of one context's ring: its copies are one at a time, under the mapping's lock. */
struct aio_copies {
	__u64 begun, ended;
	__u32 page[AIO_COPIES_KEPT]; /* of copy N: index N % AIO_COPIES_KEPT */
};

enum aio_kind { AIO_READ = 0, AIO_WRITE = 1 };

/* A critical section that reads or writes a ring. */
struct aio_section {
	__u64 task, ctx;
	__u64 ended;	   /* copies that had ended when it began */
	__u32 first, last; /* pages of the events it touches; page 0 besides. first > last: wraps */
	__u64 nr;	   /* events that a read has room for */
	__u32 held, pad;
};

_Static_assert(COUNTER_AIO_COPIES == COUNTER_REASON + PATH_COUNT * REASON_COUNT, "no reason lost");
_Static_assert(COUNTER_ISOLATION == COUNTER_TRY + PATH_COUNT * 2 * TRIES_KEPT, "every attempt");
_Static_assert(COUNTER_LOSS == COUNTER_ISOLATION + ISO_COUNT, "no counter lost");
_Static_assert(COUNTER_COUNT == COUNTER_LOSS + LOSS_COUNT, "no loss lost");

/* All that one CPU keeps: one lookup for a program, one call for who reads it. */
struct cpu_state {
	struct site_cpu site[SITE_SLOTS];
	__u64 count[COUNTER_COUNT];
};
_Static_assert(sizeof(struct aio_migration) == 16, "aio_migration has no implicit padding");
_Static_assert(sizeof(struct aio_section) == 48, "aio_section has no implicit padding");
_Static_assert(sizeof(struct migration) % 8 == 0, "migration has no implicit padding");
_Static_assert(sizeof(struct hist_key) == 8, "hist_key is a map key");
_Static_assert(sizeof(struct section) == 64, "section has no implicit padding");
_Static_assert(sizeof(struct worst_sample) == 64, "worst_sample has no implicit padding");

#endif /* MIGTRACE_EVENT_H */
