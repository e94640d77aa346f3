/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the BPF programs and the command: ids, keys, values, reasons.
 * Stage: shared. Fixed-width types only; explicit values; a retired value stays as a hole.
 */
#ifndef MIGTRACE_EVENT_H
#define MIGTRACE_EVENT_H

#include "hist.h"
#include "sites.h"
#include "stall.h"
#include "window.h"

#define SITE_NUMBER(id, ...) SITE_##id,
enum site {
	SITES(SITE_NUMBER, SITE_NUMBER) SITE_COUNT,
	/* not a site of the kernel's: the section on which a clock's floor is measured */
	SITE_FLOOR = SITE_COUNT,
	SITE_SLOTS,
};
#undef SITE_NUMBER
_Static_assert(SITE_MIGRATE_NOREFS == 0,
	       "the only site with outcomes, and hot_index() has it first");

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

/* Why a migration ended as it did, exactly one a call. The names are in src/model/names.c. */
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

/* Every way to lose a measurement. The names are in src/model/names.c. */
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

/* Per-CPU event counters. The names of those that a run has are in src/record/counters.c. */
enum counter_id {
	COUNTER_LOOKUPS_KEPT = 0, /* lookups near a migration, and those that came to their exit */
	COUNTER_LOOKUPS_TAKEN = 1,
	COUNTER_LOOKUP_WAITS = 2,   /* for the lock, of WAITS_FROM_NS or more */
	COUNTER_WAIT_BEHIND_NS = 3, /* of them: a migration had it meanwhile, */
	COUNTER_WAIT_OTHER_NS = 4,  /* or none */
	COUNTER_FOLIO_WAIT_NS = 5,
	COUNTER_WAITS_BEHIND = 6, /* the number of those behind a migration */
	/* 7 was a loss */
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
	COUNTER_UNLOCKER = 196,	 /* + enum unlocker */
	COUNTER_STALL = 199,	 /* + enum stall_what: waits of at least cfg_stall_ns that ended */
	COUNTER_PINNED_UNKEPT = 202, /* failures by blocks for which there was no room */
	COUNTER_COUNT = 203,
};

/* From where on a wait is one: what the clock reads without any is at most that (design.md §5). */
#define WAITS_FROM_NS(floor_ns) ((floor_ns) ? 3 * (floor_ns) : 1000)

/* Attempts at one page within one call of migrate_pages(): the last place is for all beyond. */
#define TRIES_KEPT 16

/* What compaction's isolation takes and meets. The names are in src/model/names.c. */
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

#define SLOT_WAYS 4 /* slots in which a task is looked for (slots.bpf.h) */

/* What is done where one program serves many probed places: place.bpf.h. */
enum place_op {
	PLACE_NONE = 0,
	PLACE_CALL, /* of a site's lock function; its return; and the call of the unlock function */
	PLACE_ACQUIRE,
	PLACE_RELEASE,
	PLACE_AIO_TRIED,
	PLACE_AIO_SWITCH,
	PLACE_AIO_COPY_START,
	PLACE_AIO_COPY_END,
	PLACE_AIO_READ_LOCKED,
	PLACE_AIO_READ_UNLOCK,
	PLACE_AIO_WRITE_CALL,
	PLACE_AIO_WRITE_LOCKED,
	PLACE_AIO_WRITE_UNLOCK,
	PLACE_MOVE_ORPHANED,
};

/* By address. User space finds a factor with which no group has more than its ways. */
#define PLACE_GROUPS 128

struct place_group {
	struct place {
		__u64 at; /* 0: free */
		__u32 op, site;
	} way[SLOT_WAYS];
};

/* Which group the place at @at is in. */
static inline __attribute__((always_inline)) __u32 place_group_of(__u64 at, __u32 factor)
{
	return at * factor >> 32 & (PLACE_GROUPS - 1);
}

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
 * A slow lookup near a migration, from the release of its lock to its exit: a slot of a table that is
 * found by its task's address, since the task may be preempted in between and return on another CPU.
 */
struct lookup {
	__u64 task;   /* 0: the slot is free, or is just being taken */
	__u64 claims; /* who takes it to 1 has it */
	__u64 lock;
	__u64 t_acquire, wait_ns;
	__u64 seq, seq_end; /* the windows' logical clock at the acquire and at the release */
	__u64 exits;	    /* of its CPU, at the release */
	__u32 cpu;
	__u32 folio; /* the lock was the folio's */
};

struct site_cpu {
	struct section cur;
	__u64 acquires, releases;
	__u64 switched_out; /* PREEMPT_RT: sections in which their task was */
	__u64 contended;    /* releases that somebody waited for; contended.bpf.h */
	__u64 least_ns[2];  /* of the longest holds and waits kept; 0: not yet enough of them */
};

/*
 * Histograms that need no key: one for each that a run of one device has. Each serves the device that
 * came first on its CPU; what others bring goes to the map with keys.
 */
enum {
	HOT_NOREFS_WAIT = OUTCOME_COUNT, /* behind that site's holds, which have outcomes */
	HOT_REST = HOT_NOREFS_WAIT + 1,	 /* what has no site */
	/* by site and without the first one; the last is the floor's */
	HOT_HOLD = HOT_REST + KIND_COUNT - KIND_WINDOW - 1,
	HOT_WAIT = HOT_HOLD + SITE_SLOTS - 1,
	HOT_HISTS = HOT_WAIT + SITE_SLOTS,
	/* of these the light tier has the first ones: without waits for folios, and other sites */
	HOT_HISTS_LIGHT = HOT_REST + KIND_FOLIO_WAIT - KIND_WINDOW,
};

struct hot_hist {
	__u64 claims;
	__u32 dev;
	__u32 ready;
	struct hist h;
};

/* Where a histogram lies among them: migrations and what has no site, holds by site, waits by site. */
static inline __attribute__((always_inline)) __u32 hot_index(__u32 site, __u32 kind, __u32 outcome)
{
	if (kind == KIND_HOLD && site == SITE_MIGRATE_NOREFS)
		return outcome;
	if (kind > KIND_WAIT)
		return HOT_REST + kind - KIND_WINDOW;
	if (kind == KIND_HOLD)
		return HOT_HOLD + site;
	return site == SITE_MIGRATE_NOREFS ? HOT_NOREFS_WAIT : HOT_WAIT + site;
}

/* How many outcomes holds are kept by at @site: 1: they are not. */
static inline __attribute__((always_inline)) __u32 site_outcomes(__u32 site)
{
	return site == SITE_MIGRATE_NOREFS ? OUTCOME_COUNT : 1;
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

/* Releases that somebody waited for, by the owner's stack. */
struct contended_key {
	__u32 site;
	__s32 stack;
};

/* When a migration last released the lock of a mapping, written with that lock held. */
struct lock_release {
	__u64 mapping, t_ns;
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
 * A migration of a page with buffers in flight: a slot of a table that is found by its task's
 * address (slots.bpf.h).
 */
struct migration {
	__u64 task;   /* 0: the slot is free, or is just being taken */
	__u64 claims; /* who takes it to 1 has it */
	__u64 mapping, src, dst, index;
	__u64 bh;	   /* first buffer, at the entry */
	__u64 acquired_at; /* behind which of the calls the lock was acquired */
	__u64 switches;	   /* PREEMPT_RT: of the task, at the acquire */
	__u64 t_open;	   /* of the window */
	__u64 t_locked;	   /* the first buffer's lock; cfg_buffer_locks */
	__u64 buffer;	   /* that is or was waited for */
	__u64 hold_ns[2], wait_ns[2];
	__u32 slot, pages; /* of the folio */
	__u32 dev, mode;
	__u64 busy_block, busy_state;
	__s64 busy_count;
	__s32 refs;	   /* of the folio, at the entry */
	__s32 refs_second; /* and at the walk behind a second check */
	__s32 stack;
	__u8 unchecked; /* without the check: only its reason is of interest */
	__u8 early;	/* it began before the recording: of it only holds are counted */
	__u8 slips; /* of the window: nothing but the function's exit tells when the kernel was done */
	__u8 after;			 /* enum drain; cfg_drains */
	struct migration_state {	 /* all zero at the entry */
		__u64 head, next;	 /* first buffer re-pointed, and the one behind the last */
		__u64 t_call, t_acquire; /* of the section in flight; 0: not seen */
		__u64 t_release;	 /* of the check section, 0: none yet */
		__u64 t_close;		 /* of the window; 0: not yet */
		__u64 t_flag;		 /* BH_Migrate set; 0: not, or cleared again */
		__u64 t_buffer;		 /* at the lock of @buffer since; 0: not */
		__u64 window_id;
		__u8 sections, released, switched, moved;
		__u8 busy, assoc;
		__u8 refused; /* the last section's check found a buffer referenced; 2: by a journal */
		__u8 busy_exit;
		__u8 bracket; /* 1: started, 2: ended; the lock's release is not seen */
		__u8 inside;  /* of a lock section; 2: which is counted */
		__u8 last;  /* enum end_step: the last step of the move seen, 0: the copy or none */
		__u8 held;  /* the move was done when the lock was released */
		__u8 clear; /* no buffer was referenced when the lock was taken again */
		__u8 acquires, releases; /* counted ones */
		__u8 switched_out;	 /* PREEMPT_RT: of them, those in which the task was */
		__u8 unlocker;		 /* of @buffer, the last one */
		__u8 drains;		 /* it emptied the buffer LRUs itself; cfg_drains */
		__u8 pad[6];
	} now;
};

/* A call of migrate_pages(): a slot by its task's address, recycled by the oldest. */
struct migrate_call {
	__u64 task;
	__u64 id;	  /* when it began */
	__u64 moved;	  /* the page moved last */
	__u64 src, dst;	  /* of the move in progress, where its exit does not know them */
	__u32 gives_back; /* unused new pages go back to the caller: what is freed is old */
	__u32 why;	  /* the kernel's enum migrate_reason */
};

/*
 * Why the kernel migrates: values of its enum migrate_reason, whose names its BTF has, and one for calls
 * that were not seen to begin.
 */
#define WHY_UNKNOWN 11
#define WHY_COUNT   12

/* What became of it, for one of these. */
struct why {
	struct why_path {
		__u64 pages; /* first attempts; read before the results, and counted behind them */
		__u64 result[REASON_COUNT];
	} path[PATH_BUFFERS + 1];
};

/* Attempts at one page that failed. */
struct tries {
	__u64 page;
	__u64 call; /* id of the migrate_pages() they belong to */
	__u64 n;
};

/* A block whose buffer was referenced when a page should have migrated (--pinned). */
#define PINNED_KEPT  1024
/* Of so many CPUs the blocks looked up last are looked at. */
#define LRU_CPUS_MAX 512

struct pinned_key {
	__u64 block; /* b_blocknr */
	__u32 dev, size;
};

struct pinned {
	__u64 tries;	       /* that it stopped */
	__u64 journal, in_lru; /* of them while a journal, or a CPU's LRU, had it */
	__u64 first_ns, last_ns;
	__u64 taken_ns; /* last lookup since the first of them; 0: none was seen */
	__s64 count;	/* b_count at the last */
	__s32 stack;
	__u32 pid;
	char comm[16];
};

/*
 * Of every folio that migrates (--refs): whose mapping it is in, and how an attempt at it ended. The names
 * are in src/model/names.c.
 */
enum refs_kind {
	REFS_ANON = 0,	  /* anonymous, not in the swap cache */
	REFS_SWAP = 1,	  /* in the swap cache */
	REFS_FILE = 2,	  /* a file's, or a device's, without buffers */
	REFS_BUFFERS = 3, /* the same, with buffers */
	REFS_AIO = 4,	  /* an aio ring's */
	REFS_OTHER = 5,	  /* hugetlbfs', drivers', truncated: what to expect is not known */
	REFS_KINDS = 6,
};

enum refs_result {
	REFS_MOVED = 0,
	REFS_EARLY = 1,	 /* another count than expected, at the check ahead of the switch */
	REFS_FREEZE = 2, /* that, at the switch, under the lock of the mapping's pages */
	REFS_ELSE = 3,	 /* whatever else it was */
	REFS_RESULTS = 4,
};

/* An attempt in progress, by task. */
struct refs_attempt {
	__u64 src;
	__s32 expected, seen; /* at the begin; expected 0: not known */
	__s32 frozen, there;  /* the same two at the switch */
	__u8 kind, aio;
	__u8 froze; /* the switch: 1: was come to, 2: and failed */
	__u8 pad[5];
};

/* Attempts at one kind that ended, per CPU. What is a part is read before the whole, and counted behind it. */
struct refs_counts {
	__u64 moved[TRIES_KEPT], tried[TRIES_KEPT];
	__u64 passed; /* came to the switch */
	__u64 result[REFS_RESULTS];
};

struct refs_cpu {
	struct refs_counts kind[REFS_KINDS];
};

/* A count that made an attempt fail. */
struct refs_key {
	__u32 kind, result;
	__s32 expected;
	__s32 seen; /* at the check, or else at the attempt's end; -1: right both times */
};

struct refs_value {
	__u64 count, right; /* of which it was right when the attempt ended */
};

/*
 * What empties LRUs (--drains), that which does most first; and what a norefs migration came behind: one of
 * these, none, or what it did itself. The names are in src/model/names.c.
 */
enum drain {
	DRAIN_ALL = 0,	   /* all CPUs' batches of pages, and since 5.13 their buffer LRUs */
	DRAIN_BUFFERS = 1, /* all CPUs' buffer LRUs */
	DRAIN_BATCH = 2,   /* one CPU's batch of pages */
	DRAIN_KINDS = 3,
	DRAIN_NONE = 3,
	DRAIN_ITSELF = 4,
	DRAIN_CLASSES = 5,
};

#define DRAIN_CALLERS 2048

struct drain_key {
	__u32 kind;
	__s32 stack;
	char comm[16];
};

struct drain_value {
	__u64 count, folios; /* of batches */
};

/* A cache line each: every CPU writes it. */
struct drain_left {
	__u64 ns;
	__u64 pad[7];
};

struct drains_cpu {
	__u64 drains[DRAIN_KINDS];
	__u64 folios;
	__u64 result[DRAIN_CLASSES][REASON_COUNT];
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
_Static_assert(COUNTER_UNLOCKER == COUNTER_LOSS + LOSS_COUNT, "no loss lost");
_Static_assert(COUNTER_STALL == COUNTER_UNLOCKER + UNLOCKER_COUNT, "no unlocker lost");
_Static_assert(COUNTER_PINNED_UNKEPT == COUNTER_STALL + STALL_COUNT, "no stall lost");
_Static_assert(SPAN_BUFFERS_LOCKED == PATH_AIO * WAIT_MODES, "every path with buffers and mode");
_Static_assert(SPAN_COUNT == SPAN_BUFFERS_LOCKED + PATH_AIO, "every path with buffers");

/* All that one CPU keeps: one lookup for a program. Its neighbour's begins on another cache line. */
struct cpu_state {
	struct site_cpu site[SITE_SLOTS];
	__u64 count[COUNTER_COUNT];
	__u64 exits; /* lookups' exits that were begun or ended: odd while one is under way, or preempted */
	__u64 pad[2];
};
_Static_assert(sizeof(struct cpu_state) % 64 == 0, "CPUs share no cache line");
_Static_assert(sizeof(struct aio_migration) == 16 && sizeof(struct aio_section) == 48,
	       "these have no implicit padding");
_Static_assert(sizeof(struct migration) % 8 == 0, "migration has no implicit padding");
_Static_assert(sizeof(struct pinned_key) == 16 && sizeof(struct drain_key) == 24, "map keys");
_Static_assert(sizeof(struct refs_attempt) == 32, "refs_attempt has no implicit padding");
_Static_assert(sizeof(struct hist_key) == 8, "hist_key is a map key");
_Static_assert(sizeof(struct section) == 64 && sizeof(struct worst_sample) == 64, "nor have these");

#endif /* MIGTRACE_EVENT_H */
