/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A run: everything one recording says, in plain memory. Stage 4 (model); it knows neither maps
 * nor formats. snapshot.c fills it from a kernel, runfile.c from a file; every renderer reads it.
 * Counts are events, durations nanoseconds, unless a name says otherwise.
 */
#ifndef MIGTRACE_RUN_H
#define MIGTRACE_RUN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "../../bpf/event.h"

#define RUN_FORMAT  "migtrace-run"
#define RUN_VERSION 1
#define RUN_WORST   16
#define RUN_PINNED  128	 /* blocks; the rest are counted */
#define RUN_OWNERS  16	 /* of contended releases, a site */
#define RUN_DRAINS  32	 /* callers of each kind; the calls of the rest are counted */
#define RUN_EVENTS  1024 /* late references listed after merging; the rest are counted */

/* The kernel's dev_t, which is not that of user space. */
#define DEV_MINOR_BITS 20
#define DEV_MINOR_MASK ((1u << DEV_MINOR_BITS) - 1)

enum clock_kind { CLOCK_NONE = 0, CLOCK_SITE = 1, CLOCK_LOCK = 2, CLOCK_BRACKET = 3 };

/*
 * What --site chooses by name: the sites, and rows of the report that time no lock. Behind ROW_COUNT:
 * what has an option of its own, without which it is not there.
 */
enum row { ROW_ISOLATION = SITE_SLOTS, ROW_COUNT, ROW_BUFFER_LOCKS = ROW_COUNT, ROW_STALLS };

/* Sums of what a kernel counted never get near 2^64; those of a forged file stay there, and do not wrap. */
static inline __u64 add_up(__u64 a, __u64 b)
{
	return __builtin_add_overflow(a, b, &a) ? ~0ULL : a;
}

/* A named counter; @name is owned. */
struct counter {
	char *name;
	__u64 value;
};

struct counters {
	struct counter *v;
	size_t n;
};

/* One of the longest holds or waits of a site. */
struct worst {
	__u8 kind; /* KIND_HOLD or KIND_WAIT */
	__u64 ns;
	char comm[16];
	__u32 pid, cpu, dev;
	__s32 mode; /* enum migrate_mode, -1 where there is none */
	__u64 folio_bytes;
	__u32 buffers;
	__u8 outcome;
	char **stack; /* symbol+0xoffset, innermost first; may be NULL */
	size_t stack_n;
};

/* Who released a lock that somebody waited for. */
struct run_owner {
	__u64 count;
	char **stack; /* symbol+0xoffset, innermost first; may be NULL */
	size_t stack_n;
};

struct run_site {
	enum clock_kind clock;
	char *reason;	/* why not measurable, when clock is CLOCK_NONE */
	char *note;	/* what qualifies the figures ("hold is an upper bound: …"), or NULL */
	__u64 floor_ns; /* what the clock reads on an empty section */
	__u64 uncounted_ns; /* of the recording, before the row was in place */
	__u64 acquires, releases;
	bool has_switched;  /* PREEMPT_RT, where a holder can be switched out */
	__u64 switched_out; /* holds in which it was */
	bool has_contended; /* false: not told by this kernel */
	__u64 contended;    /* releases that somebody waited for */
	struct run_owner *owners;
	size_t owners_n;
	struct hist hold, wait;
	bool has_outcomes;
	struct hist by_outcome[OUTCOME_COUNT]; /* holds; index OUTCOME_NONE is unused */
	struct worst worst[RUN_WORST];
	size_t worst_n;
};

struct hold_wait {
	struct hist hold, wait;
};

struct run_device {
	__u32 dev;
	char name[32]; /* disk or partition name, "" when unknown */
	struct hold_wait site[SITE_COUNT];
};

struct run_probe {
	char *probe, *variant, *reason; /* reason may be NULL when attached */
	bool attached;
	__u64 hits, run_ns;
};

/* Attempts at one page within one call of migrate_pages(), by path. */
struct run_tries {
	__u64 tried[TRIES_KEPT]; /* pages that were tried at least 1 + index times */
	__u64 moved[TRIES_KEPT]; /* pages that this attempt moved; the last place: and all beyond */
};

/* What became of migrations for one of the kernel's reasons to migrate. */
struct run_why {
	char *why;			   /* "compaction" */
	struct counters norefs, buffers;   /* reason -> migrations of pages with buffers */
	__u64 norefs_pages, buffers_pages; /* first attempts at a page in a call */
	struct hist hold;		   /* of norefs */
};

struct run_refcount {
	char *stage;
	__s64 expected, seen;
	__u64 count;
};

/* Attempts at the folios of one kind of mapping (--refs). The results add up to the attempts. */
struct run_refs {
	bool has_early; /* this kernel checks their references ahead of the switch, too */
	__u64 attempts, moved, early, freeze, other;
	__u64 passed; /* came to the switch; of them @freeze failed there by their references */
	struct run_tries tries;
};

/* A reference count that made such attempts fail. */
struct run_ref {
	unsigned int kind, check; /* enum refs_kind; REFS_EARLY or REFS_FREEZE */
	__s64 expected, seen;	  /* -1: right whenever it was read */
	__u64 count, right;	  /* of these, right when the attempt ended */
};

/* A block whose buffer was referenced when its page should have migrated (--pinned). */
struct run_pinned {
	__u32 dev, size;
	__u64 block;
	char *is;	      /* by the file system's layout: superblock, ...; NULL: not known */
	__u64 tries, journal; /* that it stopped; of them while a journal had it */
	bool has_lru;	      /* false: where the kernel has the LRUs is not known */
	__u64 in_lru;	      /* of them while a CPU had it among the buffers it looked up last */
	__u64 first_ns, last_ns; /* failures, since the start */
	__s64 count;		 /* b_count at the last of them */
	bool has_taker;
	struct {
		__u64 ns; /* since the start */
		char comm[16];
		__u32 pid;
		char **stack; /* symbol+0xoffset, innermost first; may be NULL */
		size_t stack_n;
	} taker; /* the last lookup since the first failure */
};

/* Who emptied LRUs (--drains). */
struct run_drain {
	unsigned int kind; /* enum drain, below DRAIN_KINDS */
	char comm[16];
	char *function;	     /* that asked for it */
	__u64 count, folios; /* of batches */
	char **stack; /* of one of them: symbol+0xoffset, from that function on; may be NULL */
	size_t stack_n;
};

/* One side of a late reference. */
struct late_side {
	char comm[16];
	__u32 pid, cpu;
	char **stack;
	size_t stack_n;
};

struct late_event {
	char *kind;	      /* slow_lookup, end_count, assoc_list */
	bool possible;	      /* only its acquire lies in the window */
	__u64 time_ns;	      /* since the start of the recording */
	__u64 since_check_ns; /* from the release of the check section to the reference */
	__u32 dev;
	__u64 block; /* buffer's b_blocknr */
	char *phase; /* before_switch, copy, after_switch */
	bool dirtied;
	__s64 b_count;
	bool has_lookup; /* false: only the migrator's side is known (end_count) */
	struct late_side migrator, lookup;
};

/* What is said of the owner of what a stall waits for. */
#define STALL_HOLDS	"it holds the lock"
#define STALL_REFERS	"it sleeps, and its stack refers to it"
#define STALL_WAITS_TOO "it refers to it, and waits as well: for I/O that it began, or for the lock"
#define STALL_NOBODY                                                                               \
	"no stack of a task that sleeps refers to it: I/O under way that nobody waits for, or a "  \
	"task that runs"
#define STALL_UNASKED "this kernel can't be asked for its tasks"
#define STALL_GONE    "it was over before it was looked for"
#define STALL_NO_SITE "none of the sites that are probed holds the lock"
#define STALL_NO_LOCK "which lock is waited for was not seen"

#define STALL_BY_LOOKUP	   "lookup"
#define STALL_BY_MIGRATION "migration"

/* A lookup or migration that waits for long. */
struct run_stall {
	char *what; /* stall__name() */
	char *who;  /* STALL_BY_*; of the spinlock the site */
	__u64 wait_ns;
	__u32 dev;
	bool has_block;
	__u64 block, index; /* index of the page in its mapping, of a file's: there is no block */
	struct late_side waiter;
	bool has_owner;
	struct late_side owner;
	char *owner_how; /* STALL_*: how it is known, or why not */
};

struct late_events {
	struct late_event *v;
	size_t n;
	__u64 not_listed; /* counted, but not among them */
};

/* By an association list, whose walker may raise a count while a page moves: BH_Migrate kernels. */
bool late_event__permitted(const struct late_event *e);

struct late {
	bool watched; /* windows were looked for; a count above zero says so as well */
	__u64 total, slow_lookup, end_count, assoc_list; /* what is proven */
	__u64 possible; /* lookups of which only the acquire lies in a window */
	__u64 windows, aborted, behind_spin, behind_folio;
	bool has_waited; /* false: from a version that did not count them */
	__u64 waited_spin, waited_folio;
	struct late_events proven, doubtful; /* listed */
};

struct interval {
	__u64 start_ns, duration_ns; /* since the start of the recording */
	struct hold_wait site[SITE_COUNT];
	struct counters counters;
};

/* What `migtrace bench` did, which is part of what is compared. */
struct run_bench {
	char *file_system; /* NULL: not from bench */
	char *mover;	   /* numa or compact */
	__u32 readers, block_bytes;
	__u64 directory_bytes, warmup_ns, round_ns;
};

/* A turn of `migtrace bench --cost`: a stretch of its load, alone or beside a recording. */
#define TURN_ALONE "alone"
#define TURN_AGAIN "again" /* alone, too: what two alike differ by */
#define TURN_LIGHT "light"
#define TURN_FULL  "full"

struct run_turn {
	char *what; /* TURN_* */
	__u32 round;
	bool traced;
	__u64 duration_ns, moves, lookups;
	__u64 load_ns, attach_ns, detach_ns, floor_ns; /* @traced */
	bool has_places;			       /* false: the kernel's list can't be read */
	__u64 jumps, calls, exceptions; /* kprobes that were made jumps, ftrace calls, neither */
};

/*
 * What alone is counted, as the options ask: here the option writes, from here the programs are
 * configured, and the run file, every report's heading and compare have it. NULL: everything.
 */
struct filter {
	char *device; /* by its name, or MAJ:MIN */
	char *sites;  /* "a,b" */
	/* what is resolved of it, and not in the file */
	__u32 dev; /* 0: all */
	bool row_off[ROW_COUNT];
};

struct run {
	struct {
		char *version;
		char *tier; /* full or light */
		char **command;
		size_t command_n;
		bool has_status;
		int status;			/* wait(2) exit code, 128 + signal when killed */
		__u64 map_bytes, possible_cpus; /* of the kernel's maps; 0: not known */
		__u64 load_ns, attach_ns;	/* of the programs; 0: not known */
		__u64 detach_ns;		/* older files': today's are written before that */
	} tool;
	struct {
		char *release, *version, *arch, *generation, *generation_evidence, *boot_id;
		char *hypervisor, *clocksource;
		char **instruments; /* what makes its times unlike others': preempt_rt, lockdep, kasan */
		size_t instruments_n;
		__u32 cpus, nodes;
	} kernel;
	struct filter filter;
	char *start; /* RFC 3339 */
	__u64 duration_ns;
	struct run_site site[SITE_COUNT];
	bool has_window, has_flag_held, has_folio_wait; /* false: null in the file */
	struct hist window, flag_held, folio_wait;
	bool has_buffer_locks; /* asked for, and to be had */
	struct hist buffer_wait, buffers_locked;
	struct buffer_waits {
		struct hist mode[WAIT_MODES];
	} buffer_waits[PATH_AIO];  /* by path: their sum is buffer_wait */
	__u64 stall_ns;		   /* from which time on a wait is a stall; 0: not looked for */
	__u64 stall_longest_ns;	   /* of those under way */
	struct counters stalls_by; /* what was waited for -> stalls */
	struct run_stall *stalls;  /* that had not ended */
	size_t stalls_n;
	__u64 stalls_more;	   /* that are not among them */
	struct counters unlockers; /* who ended them -> waits */
	struct run_device *devices;
	size_t devices_n;
	struct counters counters, norefs, buffers, aio; /* the latter three: reason -> migrations */
	bool has_tries, has_isolations;
	struct run_tries tries[PATH_COUNT];
	struct run_why *whys; /* those that came */
	size_t whys_n;
	bool has_whys;
	struct counters isolations;    /* result -> pages */
	__u64 isolations_uncounted_ns; /* of the recording, before they were in place */
	struct run_refcount *refcounts;
	size_t refcounts_n;
	bool has_pinned;
	struct run_pinned *pinned; /* the most stubborn first */
	size_t pinned_n;
	__u64 pinned_more;   /* blocks not listed */
	__u64 pinned_unkept; /* failures by blocks for which there was no room */
	__u64 pinned_tries;  /* all failures, a block each */
	bool has_refs;
	struct run_refs refs[REFS_KINDS];
	struct run_ref *ref_counts;
	size_t ref_counts_n;
	bool has_drains;
	struct counters drains_by; /* kind -> how often; without those that can't be seen here */
	__u64 drain_folios;	   /* of the batches */
	struct run_drain *drain_callers;
	size_t drain_callers_n;
	__u64 drains_unlisted;
	struct run_after {
		struct counters norefs; /* reason -> migrations */
	} drain_after[DRAIN_CLASSES];	/* by what they began behind, enum drain */
	struct late late;
	__u64 losses[LOSS_COUNT];
	struct run_probe *probes;
	size_t probes_n;
	struct interval *intervals, *rounds; /* of -i, and bench's rounds */
	size_t intervals_n, rounds_n;
	struct run_bench bench;
	struct run_turn *turns; /* of bench --cost, which has nothing else */
	size_t turns_n;
	size_t merged; /* how many run files this is the sum of; 0 or 1 for a recording */
	char **parts;  /* of a sum: which recordings, as run__identity() has them */
	size_t parts_n;
	__u64 clamped; /* values above 2^63-1, which JSON readers wrap, stored as 2^63-1 */
};

#define FILTER_WORDS 512
/* "device sda1, sites a,b"; false: everything is counted. */
bool filter__words(const struct filter *f, char words[FILTER_WORDS]);
/* Copies of the texts. 0 or -ENOMEM. */
int filter__copy(struct filter *to, const struct filter *from);
void filter__free(struct filter *f); /* its texts */

/* Frees what @run owns and clears it; fine on a zeroed run. */
void run__free(struct run *run);

void late_event__free(struct late_event *e);
void run_stall__free(struct run_stall *s); /* what it owns; fine on a zeroed one */
void run_drain__free(struct run_drain *d); /* likewise */

/*
 * Pages given up after 1 + @i attempts: neither moved by it nor tried again. At the last place, and
 * where an attempt was still to come when the recording ended, an upper bound.
 */
__u64 run_tries__given_up(const struct run_tries *t, unsigned int i);

void counters__free(struct counters *c); /* leaves it empty */
/* Adds @value to the counter @name, creating it at the end. Returns 0 or -ENOMEM. */
int counters__add(struct counters *c, const char *name, __u64 value);
void counters__drop(struct counters *c, const char *name);
__u64 counters__sum(const struct counters *c);
/* Value of @name, 0 when absent. */
__u64 counters__get(const struct counters *c, const char *name);
bool counters__has(const struct counters *c, const char *name);

/* Lookups that found the lock, or the folio's, taken. */
struct contention {
	__u64 lookups, waited; /* that took either lock, and those of them that waited for it */
	__u64 folio;	       /* of those that waited: for the folio's lock */
	__u64 ns, behind_ns;   /* all of it, and of waits during which a migration had the lock */
	__u64 from_ns;	       /* what counts as a wait for the spinlock */
	bool has_behind;       /* false: the migrations' sections were not seen */
	bool has_ns;	       /* false: a file without the times */
};

/*
 * What a run's counters say of its generation: of how many moves the lock was held when the new page took the
 * old one's place. @text is replaced if there were any, and it says that already or nothing yet. 0 or -ENOMEM.
 */
int run__switch_evidence(const struct counters *c, char **text);

/* False when it was not counted: no clock on lookups, or a file of an older version. */
bool run__contention(const struct run *run, struct contention *c);
/*
 * The @q quantile of the waits for the spinlock alone, in ns: of those of the histogram that are as
 * many as were counted, the longest. 0: there were too few.
 */
__u64 run__wait_quantile(const struct run *run, double q);

/* The name of @dev in @run, "" where it has none. */
const char *run__device_name(const struct run *run, __u32 dev);
/* Device @dev of @run, created when absent (earlier pointers die); NULL when memory is short. */
struct run_device *run__device(struct run *run, __u32 dev);

/*
 * Adds @from's counts to @into (histograms bucket by bucket, counters by name). Both must come
 * from one kernel: release, version, arch, generation, tier and the clocks of every site must
 * agree. Intervals belong to one recording each and are dropped.
 * Returns 0, -ENOMEM, or -EINVAL with *@why naming the first thing that differs (static storage).
 */
int run__merge(struct run *into, const struct run *from, const char **why);

/*
 * "START BOOT-ID DURATION_NS", which tells a recording from all others; to be freed, NULL
 * without memory. run__note_parts(), before a merge: @into is the sum of these, too. 0 or -ENOMEM.
 */
char *run__identity(const struct run *run);
int run__note_parts(struct run *into, const struct run *from);

/* Without what only a report shows: devices, intervals, worst cases, outcomes of a site. */
void run__slim(struct run *run);

/* Histograms of a whole run that belong to no site: for every report, comparison and metric. */
struct run_span {
	const char *name, *words;
	const char *absent; /* why a run may have none */
	const char *metric; /* without the prefix */
	size_t hist, has;   /* in struct run */
};
#define RUN_SPANS 5
extern const struct run_span run_spans[RUN_SPANS];
const struct hist *run__span(const struct run *run, unsigned int i); /* NULL: it has none */

double run__seconds(const struct run *run); /* its duration; never 0 */
/* The same without what passed before @site counted. */
double run__site_seconds(const struct run *run, unsigned int site);

/* One build of one kernel. */
bool run__same_kernel(const struct run *a, const struct run *b);

/* The most frequent first, and of drains by kind: for qsort(3). */
int run_owner__by_count(const void *a, const void *b);
int run_drain__by_count(const void *a, const void *b);
/* A sum's lists of which the recorder's have the most frequent first, too. */
void run__sort(struct run *run);

/* Puts a copy of @w into the site's list if it is long enough for it. 0 or -ENOMEM. */
int run_site__add_worst(struct run_site *site, const struct worst *w);

/*
 * What a run says about late references: found beats lost; nothing behind a window, or a loss that
 * taints, is inconclusive (design.md §4).
 */
/*
 * Lookups that could have been late and were not: of those that wanted lock or folio while a window was
 * open. 3/this is the 95 % bound. Older versions counted those that came up to 1 ms behind, too.
 */
__u64 late__evidence(const struct late *l);
/* Are they enough for a bound, 1 in 2 or less? */
bool late__bounds(const struct late *l);

/*
 * Was the function that takes a site's lock entered at all? A compiler can have moved its callers
 * elsewhere, and then nothing said of the site means anything.
 */
enum entered { ENTERED_UNKNOWN, ENTERED, ENTERED_NEVER };
enum entered run__entered(const struct run *run, unsigned int site);

enum verdict { VERDICT_NONE_SEEN, VERDICT_FOUND, VERDICT_INCONCLUSIVE };
enum verdict run__verdict(const struct run *run);

/* Recorded with --light, or by an export without --full. */
bool run__is_light(const struct run *run);

/* Lookups are held against windows: not in the light tier, nor where their lock or exit is not probed. */
bool run__watches_lookups(const struct run *run);

/* The waits of @site are timed, also where there are none: 0 of nobody who looked is no figure. */
bool run__has_waits(const struct run *run, unsigned int site);

/* A loss was counted in which a late reference could hide. */
bool run__may_hide(const struct run *run);

/* Why "none seen" would prove nothing in this run, as half a sentence; NULL when it does. */
const char *run__doubt(const struct run *run);

/* True when a loss that taints a verdict was counted (design.md §4). */
bool run__tainted(const struct run *run);

/* dst += src, bucket by bucket; merging is exact: merge = whole. */
void hist__merge(struct hist *dst, const struct hist *src);
/*
 * The @q quantile (0..1) in ns: middle of the bucket that holds rank ceil(q * count), clamped to
 * [min_ns, max_ns]. 0 when the histogram is empty. Error at most 6.25 % (half a bucket).
 */
__u64 hist__quantile(const struct hist *h, double q);

/*
 * The @q quantile, as if a bucket's values were spread evenly over it: for comparing histograms,
 * where the middle of a bucket would make a small shift either nothing or 12.5 %. 0 when empty.
 */
double hist__interpolated(const struct hist *h, double q);

/*
 * Reduces @h to @n buckets of @width_ns from 0 on, in @count[0..@n]; @count[@n] is the open end.
 * A bucket that straddles an edge goes where its middle lies: returns how many counts did.
 */
__u64 hist__linear(const struct hist *h, __u64 width_ns, unsigned int n, __u64 *count);

/* Names of design.md §2, §6, §7; NULL or the enum's count when unknown. */
const char *site__name(unsigned int site);
unsigned int site__by_name(const char *name);	 /* SITE_COUNT when unknown */
const char *path__name(unsigned int path);	 /* enum migration_path: norefs buffers aio */
const char *row__name(unsigned int row);	 /* NULL for what has none */
unsigned int row__by_name(const char *name);	 /* enum site or enum row; ROW_COUNT when unknown */
const char *isolation__name(unsigned int i);	 /* enum isolation: taken_sync, mapping_gone, ... */
const char *refs_kind__name(unsigned int kind);	 /* enum refs_kind: anonymous, file, ... */
const char *refs_result__name(unsigned int i);	 /* enum refs_result: moved early switch other */
const char *drain__name(unsigned int i);	 /* enum drain: all buffers batch none itself */
const char *clock__name(unsigned int clock);	 /* NULL for CLOCK_NONE */
const char *outcome__name(unsigned int outcome); /* moved busy refs other */
/* Why a migration on @path (enum migration_path) ended; NULL when it can't end so there. */
const char *reason__name(unsigned int path, unsigned int reason);
const char *
stall__name(unsigned int what); /* enum stall_what: folio_lock buffer_lock private_lock */
const char *unlocker__name(unsigned int i);  /* enum unlocker: io_completion task unseen */
const char *wait_mode__name(unsigned int i); /* migrate_mode - 1: sync_light sync sync_no_copy */
const char *mode__name(__s32 mode);	     /* enum migrate_mode; "-" for another */
const char *stage__name(unsigned int stage); /* of a reference count: early switch aio */
const char *loss__name(unsigned int loss);
bool loss__taints(unsigned int loss);
/* Could a late reference have hidden in it? */
bool loss__hides(unsigned int loss);

/* "MAJ:MIN"; DEV_TEXT bytes are enough. Parsing takes nothing else. */
#define DEV_TEXT 16
const char *dev__format(__u32 dev, char *buf, size_t size);
bool dev__parse(const char *text, __u32 *dev);
/* In words: "sda1 (8:1)", "device 8:1" where @name is empty, "other devices", "no device". DEV_WORDS bytes. */
#define DEV_WORDS 64
const char *dev__words(__u32 dev, const char *name, char *buf);

/*
 * Run files (runfile.c). Both return 0 or -errno and put one line that names the fault into
 * @err (@err_size bytes). Writing goes to a temporary sibling, fsync, rename; an old @path is kept
 * as @path.old. Reading refuses another format, a higher version, a truncated or hostile file.
 */
int run__save(const struct run *run, const char *path, char *err, size_t err_size);
int run__writable(const char *path, char *err, size_t err_size); /* would run__save() get there */
int run__load(struct run *run, const char *path, char *err, size_t err_size);
/* The same into zeroed memory; pages for what the file does not have stay untouched. */
int run__load_zeroed(struct run *run, const char *path, char *err, size_t err_size);

/*
 * runs.c: @n run files, "-" is standard input; print the fault when one can't be read, or when two
 * are or have the same recording. runs__merge() adds them up in @into, which is zeroed, one after
 * the other, so that memory is that of two; 0 or -EINVAL, and @into is freed by the caller.
 * runs__load() keeps what is to be compared, run__slim(); NULL when it fails. runs__free() is fine
 * on NULL.
 */
int runs__merge(char *const *paths, size_t n, struct run *into);
/* Is there a run file at @path, by how it begins? */
bool runs__is_file(const char *path);
struct run *runs__load(char *const *paths, size_t n);
void runs__free(struct run *runs, size_t n);

#endif /* MIGTRACE_RUN_H */
