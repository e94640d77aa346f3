// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * THE members of a run: a new one is a row here, in the order of the file (of what is there only for
 * who asks: run_table_asked.c). `make members` writes
 * the schema and the manual's list from it. Stage 4 (model).
 */
#include <stdlib.h>
#include <string.h>

#include "model/run_members.h"
#include "model/runfile.h"

_Static_assert(sizeof(size_t) == 8, "a size_t member is read and written as eight bytes");

static const char *kind__name(unsigned int kind)
{
	return kind == KIND_HOLD ? "hold" : kind == KIND_WAIT ? "wait" : NULL;
}

static const struct names site_names = { site__name, SITE_COUNT, SITE_COUNT, false };
static const struct names clock_names = { clock__name, CLOCK_BRACKET + 1, 0, true };
static const struct names kind_names = { kind__name, KIND_WAIT + 1, 0, true };
static const struct names outcome_names = { outcome__name, OUTCOME_COUNT, OUTCOME_OTHER, false };
static const struct names outcome_keys = { outcome__name, OUTCOME_COUNT, OUTCOME_COUNT, false };
static const struct names refs_kind_names = { refs_kind__name, REFS_KINDS, REFS_KINDS, false };
static const struct names path_names = { path__name, PATH_COUNT, PATH_COUNT, false };
/* A reason that this version does not know may taint a verdict: it counts as a full map. */
static const struct names loss_names = { loss__name, LOSS_COUNT, LOSS_MAP_FULL, false };

/* What stands for an object itself has no key. */
static const struct member hist_members[] = { { .type = M_HIST, .merge = MERGE_ADD }, { 0 } };
SHAPE(hist, NULL);
static const struct member loss_members[] = {
	{ .type = M_COUNT, .merge = MERGE_ADD, .size = sizeof(__u64) },
	{ 0 },
};
static SHAPE(loss, NULL);
static const struct member tries_members[] = { { .type = M_TRIES, .merge = MERGE_ADD }, { 0 } };
static SHAPE(tries, NULL);

static const struct member tool_members[] = {
	{ "version", "The version of migtrace.", M_TEXT, MEMBER(run, tool.version) },
	{ "tier", "What was attached.", M_TEXT, MERGE_SAME, STRICT, MEMBER(run, tool.tier),
	  WORDS("full", "light") },
	{ "command", "The recorded command as a list of arguments, or null.", M_TEXTS, MERGE_OWN,
	  NULLS, TEXTS(run, tool.command), HAS(run, tool.command_n) },
	{ "command_status",
	  "Its exit status, 128 plus the signal's number when it was killed, or null.", M_INT,
	  MERGE_OWN, NULLS, MEMBER(run, tool.status), HAS(run, tool.has_status) },
	{ "load_ns", "How long it took to load the programs.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run, tool.load_ns), HAS(run, tool.load_ns) },
	{ "attach_ns", "How long it took to attach them.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run, tool.attach_ns), HAS(run, tool.load_ns) },
	{ "map_bytes", "What the kernel's maps took.", M_COUNT, MERGE_MAX, HIDDEN,
	  MEMBER(run, tool.map_bytes), HAS(run, tool.map_bytes) },
	{ "possible_cpus", "CPUs that there could be, each with its part of most maps.", M_COUNT,
	  MERGE_MAX, HIDDEN, MEMBER(run, tool.possible_cpus), HAS(run, tool.map_bytes) },
	{ "detach_ns",
	  "How long it took to detach them, in files of older versions only: the file is now "
	  "written before that.",
	  M_COUNT, MERGE_KEEP, HIDDEN, MEMBER(run, tool.detach_ns), HAS(run, tool.detach_ns) },
	{ 0 },
};
static SHAPE(tool, "tool");

static const struct member filter_members[] = {
	{ "device", "The only device that was counted: its name, or MAJ:MIN.", M_TEXT, MERGE_SAME,
	  HIDDEN, MEMBER(filter, device), HAS(filter, device) },
	{ "sites", "The only sites that were counted, with commas between them.", M_TEXT,
	  MERGE_SAME, HIDDEN, MEMBER(filter, sites), HAS(filter, sites) },
	{ 0 },
};
SHAPE(filter, "filter");

static const struct member kernel_members[] = {
	{ "release", "As uname(2) gives it.", M_TEXT, MERGE_SAME, MEMBER(run, kernel.release),
	  .least = 1 },
	{ "version", "As uname(2) gives it.", M_TEXT, MERGE_SAME, MEMBER(run, kernel.version) },
	{ "arch", "The machine, as uname(2) gives it.", M_TEXT, MERGE_SAME,
	  MEMBER(run, kernel.arch), .least = 1 },
	{ "generation", "The protocol between migration and lookup.", M_TEXT, MERGE_OWN,
	  MEMBER(run, kernel.generation),
	  WORDS("racy", "held", "held or racy", "held+sleeping", "bh_migrate", "bh_migrate+mmb") },
	{ "generation_evidence", "What was seen of the kernel that says so.", M_TEXT, MERGE_OWN,
	  MEMBER(run, kernel.generation_evidence) },
	{ "boot_id",
	  "Identifies the boot. In a sum of recordings of different boots its value is the text "
	  "`several`.",
	  M_TEXT, MERGE_OWN, MEMBER(run, kernel.boot_id) },
	{ "cpus", "CPUs online.", M_COUNT, MEMBER(run, kernel.cpus), .least = 1 },
	{ "nodes", "NUMA nodes.", M_COUNT, MEMBER(run, kernel.nodes) },
	{ "hypervisor", "Its name, or what is known.", M_TEXT, MEMBER(run, kernel.hypervisor) },
	{ "clocksource", "The kernel's clock source.", M_TEXT, MEMBER(run, kernel.clocksource) },
	{ "instruments", "A list of what makes its times unlike those of other kernels.", M_TEXTS,
	  MERGE_KEEP, OPTIONAL, TEXTS(run, kernel.instruments),
	  WORDS("preempt_rt", "lockdep", "lock_stat", "kasan", "kcsan") },
	{ 0 },
};
static SHAPE(kernel, "kernel");

static const struct member worst_members[] = {
	{ "kind", "Whether it is one of the longest holds or of the longest waits.", M_NAMED,
	  MEMBER(worst, kind), .names = &kind_names },
	{ "ns", "How long it took.", M_COUNT, MEMBER(worst, ns) },
	{ "comm", "The name of the task.", M_CHARS, MEMBER(worst, comm) },
	{ "pid", "Its id.", M_COUNT, MEMBER(worst, pid) },
	{ "cpu", "Where it ran.", M_COUNT, MEMBER(worst, cpu) },
	{ "device", "The device of the mapping.", M_DEV, MEMBER(worst, dev) },
	{ "mode", "The kernel's enum migrate_mode, null outside a migration.", M_MODE,
	  MEMBER(worst, mode) },
	{ "folio_bytes", "The size of the folio.", M_COUNT, MEMBER(worst, folio_bytes) },
	{ "buffers", "How many buffers it has.", M_COUNT, MEMBER(worst, buffers) },
	{ "outcome", "How the migration ended, null where there is none.", M_NAMED, MERGE_KEEP,
	  NULLS, MEMBER(worst, outcome), .names = &outcome_names },
	{ "stack", "A list of symbols with offsets, innermost first.", M_TEXTS,
	  TEXTS(worst, stack) },
	{ 0 },
};
SHAPE(worst, "worst");

static const struct member owner_members[] = {
	{ "count", "How often.", M_COUNT, MERGE_ADD, MEMBER(run_owner, count) },
	{ "stack", "A list of symbols with offsets, innermost first.", M_TEXTS, MERGE_KEEP, KEY,
	  TEXTS(run_owner, stack) },
	{ 0 },
};
static SHAPE(owner, "contended_owners");

static const struct member site_members[] = {
	{ "clock", "How it was measured, null when it was not.", M_NAMED, MERGE_SAME, NULLS,
	  MEMBER(run_site, clock), .names = &clock_names },
	{ "reason", "Why it was not; null otherwise.", M_TEXT, MERGE_KEEP, NULLS | UNLESS,
	  MEMBER(run_site, reason), HAS(run_site, clock), .otherwise = "not recorded" },
	{ "note", "What qualifies the figures, or null.", M_TEXT, MERGE_FIRST, NULLS | OPTIONAL,
	  MEMBER(run_site, note) },
	/* the less certain of two floors: quantiles near it must not look exact */
	{ "floor_ns", "What the clock reads on an empty section.", M_COUNT, MERGE_MAX,
	  MEMBER(run_site, floor_ns) },
	{ "uncounted_ns",
	  "How much of the recording was over before the site was in place; rates are computed over "
	  "the rest.",
	  M_COUNT, MERGE_ADD, HIDDEN, MEMBER(run_site, uncounted_ns), HAS(run_site, uncounted_ns) },
	{ "acquires", "Lock sections entered.", M_COUNT, MERGE_ADD, OPTIONAL,
	  MEMBER(run_site, acquires) },
	{ "releases", "Lock sections left.", M_COUNT, MERGE_ADD, OPTIONAL,
	  MEMBER(run_site, releases) },
	{ "switched_out", "PREEMPT_RT only: those in which the owner of the lock was switched out.",
	  M_COUNT, MERGE_ADD, HIDDEN, MEMBER(run_site, switched_out), HAS(run_site, has_switched) },
	{ "contended",
	  "Releases at which somebody waited for the lock; only if the kernel reports them (7.3).",
	  M_COUNT, MERGE_AND, HIDDEN, MEMBER(run_site, contended), HAS(run_site, has_contended) },
	{ "contended_owners",
	  "A list of the stacks from which the lock was most often released while somebody waited, "
	  "with `--stacks`.",
	  M_LIST, MERGE_KEYED, HIDDEN | BULKY | HANGS, ENTRIES(run_site, owners, owners_n),
	  HAS(run_site, owners_n), .max = RUNFILE_MAX_NAMES, .of = &owner_shape },
	{ "hold", "The histogram of holds. Its count is that of lock sections, not of calls.",
	  M_HIST, MERGE_ADD, MEMBER(run_site, hold) },
	{ "wait", "The histogram of waits.", M_HIST, MERGE_ADD, MEMBER(run_site, wait) },
	{ "by_outcome",
	  "At sites that migrate only: an object of histograms by how the migration ended, of "
	  "which `hold` is the sum.",
	  M_BY_NAME, MERGE_AND, HIDDEN | NULLS | BULKY, ITEMS(run_site, by_outcome),
	  HAS(run_site, has_outcomes), .of = &hist_shape, .names = &outcome_keys },
	{ "worst",
	  "A list of the longest holds and waits, longest first. Each kind has half of it, if it has as many.",
	  M_ARRAY, MERGE_WORST, BULKY, ENTRIES(run_site, worst, worst_n), .max = RUN_WORST,
	  .of = &worst_shape },
	{ 0 },
};
static SHAPE(site, "sites");

static const struct member hold_wait_members[] = {
	{ "hold", "The histogram of holds.", M_HIST, MERGE_ADD, MEMBER(hold_wait, hold) },
	{ "wait", "The histogram of waits.", M_HIST, MERGE_ADD, MEMBER(hold_wait, wait) },
	{ 0 },
};
static SHAPE(hold_wait, "Sites of a device, interval or round");

static const struct member device_members[] = {
	{ "name", "Of the disk or partition, empty when unknown.", M_CHARS, MERGE_FIRST,
	  MEMBER(run_device, name) },
	{ "sites", "Those sites that had events.", M_BY_NAME, MERGE_ADD, SPARSE,
	  ITEMS(run_device, site), .of = &hold_wait_shape, .names = &site_names },
	{ 0 },
};
static SHAPE(device, "devices");

static const struct member migration_members[] = {
	{ "norefs", "Those that check for references.", M_COUNTERS, MERGE_ADD,
	  MEMBER(run, norefs) },
	{ "buffers", "Migrations of pages with buffers, without that check.", M_COUNTERS, MERGE_ADD,
	  MEMBER(run, buffers) },
	{ "aio", "Those of aio rings.", M_COUNTERS, MERGE_ADD, MEMBER(run, aio) },
	{ 0 },
};
static SHAPE(migration, "migrations");

static const struct member refcount_members[] = {
	{ "stage", "Where the count was looked at.", M_TEXT, MERGE_KEEP, KEY,
	  MEMBER(run_refcount, stage) },
	{ "expected", "The count that allows to migrate.", M_INT, MERGE_KEEP, KEY,
	  MEMBER(run_refcount, expected) },
	{ "seen", "The count that was there.", M_INT, MERGE_KEEP, KEY, MEMBER(run_refcount, seen) },
	{ "count", "How often.", M_COUNT, MERGE_ADD, MEMBER(run_refcount, count) },
	{ 0 },
};
static SHAPE(refcount, "refcounts");

static const struct member kinds_members[] = {
	{ "slow_lookup", "Late references that a buffer lookup took.", M_COUNT, MERGE_ADD,
	  MEMBER(late, slow_lookup) },
	{ "end_count", "Windows that ended with a reference of which no lookup is known.", M_COUNT,
	  MERGE_ADD, MEMBER(late, end_count) },
	{ "assoc_list",
	  "References that walks over lists of buffers took in a window: they are allowed, and not "
	  "part of `total`.",
	  M_COUNT, MERGE_ADD, MEMBER(late, assoc_list) },
	{ 0 },
};
static SHAPE(kinds, "by_kind");

static const struct member behind_members[] = {
	{ "spin", "By the spinlock.", M_COUNT, MERGE_ADD, MEMBER(late, behind_spin) },
	{ "folio", "By the lock of the folio.", M_COUNT, MERGE_ADD, MEMBER(late, behind_folio) },
	{ 0 },
};
static SHAPE(behind, "lookups_behind");

static const struct member waited_members[] = {
	{ "spin", "By the spinlock.", M_COUNT, MERGE_ADD, MEMBER(late, waited_spin) },
	{ "folio", "By the lock of the folio.", M_COUNT, MERGE_ADD, MEMBER(late, waited_folio) },
	{ 0 },
};
static SHAPE(waited, "lookups_waited");

static const struct member side_members[] = {
	{ "comm", "The name of the task.", M_CHARS, MEMBER(late_side, comm) },
	{ "pid", "Its id.", M_COUNT, MEMBER(late_side, pid) },
	{ "cpu", "Where it ran.", M_COUNT, MEMBER(late_side, cpu) },
	{ "stack", "A list of symbols with offsets, innermost first.", M_TEXTS,
	  TEXTS(late_side, stack) },
	{ 0 },
};
SHAPE(side, "migrator and lookup");

static const struct member late_event_members[] = {
	{ "kind", "What showed it.", M_TEXT, MERGE_KEEP, STRICT, MEMBER(late_event, kind),
	  WORDS("slow_lookup", "end_count", "assoc_list"), .least = 1 },
	{ "time_ns", "Since the start of the recording.", M_COUNT, MEMBER(late_event, time_ns) },
	{ "since_check_ns", "From the check to the reference.", M_COUNT,
	  MEMBER(late_event, since_check_ns) },
	{ "device", "The device of the mapping.", M_DEV, MEMBER(late_event, dev) },
	{ "block", "The buffer's b_blocknr.", M_COUNT, MEMBER(late_event, block) },
	{ "phase", "Of the migration.", M_TEXT, MERGE_KEEP, STRICT, MEMBER(late_event, phase),
	  WORDS("before_switch", "copy", "after_switch"), .least = 1 },
	{ "dirtied", "Whether the buffer became dirty in the window.", M_BOOL,
	  MEMBER(late_event, dirtied) },
	{ "b_count", "The buffer's b_count.", M_INT, MEMBER(late_event, b_count) },
	{ "migrator", "The task that migrates the page.", M_OBJECT, MEMBER(late_event, migrator),
	  .of = &side_shape },
	{ "lookup", "The task that looked the buffer up, null when it is not known.", M_OBJECT,
	  MERGE_KEEP, NULLS, MEMBER(late_event, lookup), HAS(late_event, has_lookup),
	  .of = &side_shape },
	{ 0 },
};
SHAPE(late_event, "events");

static const struct member late_members[] = {
	{ "watched", "Whether windows were looked for.", M_BOOL, MERGE_OR, OPTIONAL,
	  MEMBER(late, watched) },
	{ "total",
	  "Late references that are proven, each counted once: those of a lookup that acquired and "
	  "released inside a window or was seen to hold its reference at the end, and windows that "
	  "ended with a reference of which no lookup is known.",
	  M_COUNT, MERGE_ADD, MEMBER(late, total) },
	{ "by_kind", "What showed them.", M_OBJECT, MERGE_ADD, .of = &kinds_shape },
	{ "windows", "Windows that ended with the move done.", M_COUNT, MERGE_ADD,
	  MEMBER(late, windows) },
	{ "aborted", "Windows given up.", M_COUNT, MERGE_ADD, MEMBER(late, aborted) },
	{ "lookups_behind",
	  "Lookups that came while a window on their page was open or within 1 ms after it.",
	  M_OBJECT, MERGE_ADD, .of = &behind_shape },
	{ "lookups_waited",
	  "Those of them that wanted the lock while the window was open: only they could have been "
	  "late.",
	  M_OBJECT, MERGE_AND, HIDDEN, HAS(late, has_waited), .of = &waited_shape },
	{ "events",
	  "A list of the late references, without possible ones, and of what association lists took "
	  "(kind `assoc_list`), which is no part of `total`.",
	  M_LIST, MERGE_EVENTS, BULKY, ENTRIES(late, proven.v, proven.n), .of = &late_event_shape },
	{ "not_listed", "How many more of both there were.", M_COUNT, MERGE_ADD,
	  MEMBER(late, proven.not_listed) },
	{ "possible",
	  "Lookups that took the lock in a window, and released it after the window's end; the page "
	  "moved. On racy kernels also windows of which a buffer was first seen referenced when the "
	  "migration's function returned. They were late, or came right after the end. They are no "
	  "part of `total`.",
	  M_COUNT, MERGE_ADD, OPTIONAL, MEMBER(late, possible) },
	{ "possible_events", "A list of these lookups, as in `events`.", M_LIST, MERGE_EVENTS,
	  OPTIONAL | BULKY, ENTRIES(late, doubtful.v, doubtful.n), .of = &late_event_shape },
	{ "possible_not_listed", "How many more of these there were.", M_COUNT, MERGE_ADD, OPTIONAL,
	  MEMBER(late, doubtful.not_listed) },
	{ 0 },
};
static SHAPE(late, "late_references");

static const struct member probe_members[] = {
	{ "probe", "Its name.", M_TEXT, MERGE_KEEP, KEY, MEMBER(run_probe, probe), .least = 1 },
	{ "variant", "The way it was attached, empty when there was none.", M_TEXT, MERGE_KEEP, KEY,
	  MEMBER(run_probe, variant) },
	{ "attached", "Whether it was.", M_BOOL, MERGE_OR, MEMBER(run_probe, attached) },
	{ "reason", "Why not; null otherwise.", M_TEXT, MERGE_KEEP, NULLS,
	  MEMBER(run_probe, reason) },
	{ "hits",
	  "How often its programs ran; 0 unless kernel.bpf_stats_enabled was set. A program of "
	  "several probes is counted at the first of them.",
	  M_COUNT, MERGE_ADD, MEMBER(run_probe, hits) },
	{ "run_ns", "How long they ran in all; 0 likewise.", M_COUNT, MERGE_ADD,
	  MEMBER(run_probe, run_ns) },
	{ 0 },
};
static SHAPE(probe, "probes");

static const struct member interval_members[] = {
	{ "start_ns", "Since the start of the recording.", M_COUNT, MEMBER(interval, start_ns) },
	{ "duration_ns", "How long it is.", M_COUNT, MEMBER(interval, duration_ns) },
	{ "sites",
	  "Those sites that had events. Minimum and maximum are bounds of the outermost buckets.",
	  M_BY_NAME, MERGE_ADD, SPARSE, ITEMS(interval, site), .of = &hold_wait_shape,
	  .names = &site_names },
	{ "counters", "As those of the run.", M_COUNTERS, MERGE_ADD, MEMBER(interval, counters) },
	{ 0 },
};
SHAPE(interval, "intervals and rounds");

static const struct member bench_members[] = {
	{ "file_system", "On what.", M_TEXT, MEMBER(run_bench, file_system), WORDS("ext4") },
	{ "mover", "What migrates.", M_TEXT, MEMBER(run_bench, mover), WORDS("numa", "compact") },
	{ "readers", "Tasks that look buffers up.", M_COUNT, MEMBER(run_bench, readers),
	  .least = 1 },
	{ "block_bytes", "The size of a block.", M_COUNT, MEMBER(run_bench, block_bytes),
	  .least = 1024 },
	{ "directory_bytes", "The size of the directory that is read.", M_COUNT,
	  MEMBER(run_bench, directory_bytes) },
	{ "warmup_ns", "How long it ran before the first round.", M_COUNT,
	  MEMBER(run_bench, warmup_ns) },
	{ "round_ns", "How long a round was to be.", M_COUNT, MEMBER(run_bench, round_ns) },
	{ 0 },
};
static SHAPE(bench, "bench");

static const struct member turn_members[] = {
	{ "what",
	  "The load alone, the same once more, or beside a recording of the light or full tier.",
	  M_TEXT, MERGE_KEEP, STRICT, MEMBER(run_turn, what),
	  WORDS(TURN_ALONE, TURN_AGAIN, TURN_LIGHT, TURN_FULL) },
	{ "round", "Turns of one round are compared with each other.", M_COUNT,
	  MEMBER(run_turn, round) },
	{ "duration_ns", "How long it was measured.", M_COUNT, MEMBER(run_turn, duration_ns) },
	{ "moves", "Pages moved.", M_COUNT, MEMBER(run_turn, moves) },
	{ "lookups", "Blocks of the directory read, each by a lookup at least.", M_COUNT,
	  MEMBER(run_turn, lookups) },
	{ "traced", "Whether a recording ran beside it.", M_BOOL, MEMBER(run_turn, traced) },
	{ "load_ns", "How long it took to load its programs.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, load_ns), HAS(run_turn, traced) },
	{ "attach_ns", "How long it took to attach them.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, attach_ns), HAS(run_turn, traced) },
	{ "detach_ns", "How long it took to detach them.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, detach_ns), HAS(run_turn, traced) },
	{ "floor_ns", "What the clock reads on an empty section.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, floor_ns), HAS(run_turn, traced) },
	{ "jumps", "Kprobes that the kernel had replaced by jumps when the turn ended.", M_COUNT,
	  MERGE_KEEP, HIDDEN, MEMBER(run_turn, jumps), HAS(run_turn, has_places) },
	{ "calls", "Kprobes that it serves by ftrace.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, calls), HAS(run_turn, has_places) },
	{ "exceptions", "Kprobes of which each hit is an exception.", M_COUNT, MERGE_KEEP, HIDDEN,
	  MEMBER(run_turn, exceptions), HAS(run_turn, has_places) },
	{ 0 },
};
static SHAPE(turn, "cost");

static const struct member run_members[] = {
	{ "tool", "What recorded it.", M_OBJECT, MERGE_ADD, .of = &tool_shape },
	{ "kernel", "On what.", M_OBJECT, MERGE_ADD, .of = &kernel_shape },
	{ "filter",
	  "The device or the sites to which the counts are limited, if `--device` or `--site` was "
	  "given. Older versions did not say.",
	  M_OBJECT, MERGE_KEEP, HIDDEN, MEMBER(run, filter), HAS(run, filter),
	  .of = &filter_shape },
	{ "start", "When the recording started, as in RFC 3339, in UTC.", M_TIME, MERGE_FIRST,
	  MEMBER(run, start) },
	{ "duration_ns", "How long the recording took.", M_COUNT, MERGE_ADD,
	  MEMBER(run, duration_ns) },
	{ "merged", "Of how many recordings this is the sum.", M_COUNT, MERGE_ADD, OPTIONAL | ONE,
	  MEMBER(run, merged), .least = 1 },
	{ "parts",
	  "Of a sum: its recordings, each as start, boot and duration in nanoseconds, so that one of "
	  "them is not added again.",
	  M_TEXTS, MERGE_OWN, HIDDEN, TEXTS(run, parts), HAS(run, parts_n) },
	{ "sites",
	  "An object with one member for every site of migtrace(8) that the recording's version has.",
	  M_BY_NAME, MERGE_ADD, SPARSE, ITEMS(run, site), .of = &site_shape, .names = &site_names },
	{ "norefs_window",
	  "A histogram of the time, after a check that passed, from the release of the lock to the end "
	  "of the move; null where the lock is held over the move.",
	  M_HIST, MERGE_ADD, NULLS, MEMBER(run, window), HAS(run, has_window) },
	{ "flag_held",
	  "A histogram of the time for which BH_Migrate was set, failed migrations included, or "
	  "null.",
	  M_HIST, MERGE_ADD, NULLS, MEMBER(run, flag_held), HAS(run, has_flag_held) },
	{ "folio_lock_wait",
	  "A histogram of the wait of lookups that sleep on the lock of a folio under migration, or "
	  "null.",
	  M_HIST, MERGE_ADD, NULLS, MEMBER(run, folio_wait), HAS(run, has_folio_wait) },
	{ "buffer_locks", "The locks of buffers, with `--buffer-locks` only.", M_OBJECT, MERGE_AND,
	  HIDDEN, HAS(run, has_buffer_locks), .of = &buffer_locks_shape },
	{ "stalls", "Long waits of lookups and migrations, with `--stall` only.", M_OBJECT,
	  MERGE_AND, HIDDEN, HAS(run, stall_ns), .of = &stalls_shape },
	{ "devices", "An object with a member for each device.", M_DEVICES, MERGE_ADD, BULKY,
	  ENTRIES(run, devices, devices_n), .max = RUNFILE_MAX_DEVICES, .of = &device_shape },
	{ "counters", "An object of counters by name.", M_COUNTERS, MERGE_ADD,
	  MEMBER(run, counters) },
	{ "migrations", "How many migrations of each path ended with which result.", M_OBJECT,
	  MERGE_ADD, .of = &migration_shape },
	{ "attempts",
	  "Null where calls of migrate_pages() were not seen, else a list for each path; see "
	  "below.",
	  M_BY_NAME, MERGE_ADD, NULLS | OPTIONAL, ITEMS(run, tries), HAS(run, has_tries),
	  .of = &tries_shape, .names = &path_names },
	{ "migrated_for",
	  "A list: why the kernel migrated, as its enum migrate_reason has it, and what became of "
	  "it; with `--why` only.",
	  M_LIST, MERGE_AND, HIDDEN | BULKY | UNIQUE, ENTRIES(run, whys, whys_n),
	  HAS(run, has_whys), .max = RUNFILE_MAX_NAMES, .of = &why_shape },
	{ "isolations", "Null, or an object of pages by result; see migtrace(8).", M_COUNTERS,
	  MERGE_AND, NULLS | OPTIONAL, MEMBER(run, isolations), HAS(run, has_isolations) },
	{ "isolations_uncounted_ns", "How much of the recording was over before they were counted.",
	  M_COUNT, MERGE_ADD, HIDDEN | HANGS, MEMBER(run, isolations_uncounted_ns),
	  HAS(run, isolations_uncounted_ns) },
	{ "refcounts", "A list of reference counts that were not the expected ones.", M_LIST,
	  MERGE_KEYED, BULKY | UNIQUE, ENTRIES(run, refcounts, refcounts_n),
	  .max = RUNFILE_MAX_NAMES, .of = &refcount_shape },
	{ "pinned",
	  "With `--pinned`: a list of the blocks whose references stopped migrations, those that "
	  "stopped most first.",
	  M_LIST, MERGE_KEYED, HIDDEN | BULKY | UNIQUE, ENTRIES(run, pinned, pinned_n),
	  HAS(run, has_pinned), .max = RUNFILE_MAX_NAMES, .of = &pinned_shape },
	{ "pinned_not_listed", "How many more such blocks there were.", M_COUNT, MERGE_AND, HIDDEN,
	  MEMBER(run, pinned_more), HAS(run, has_pinned) },
	{ "pinned_tries",
	  "How many tries all such blocks stopped, including blocks that are not listed and those "
	  "that were not kept.",
	  M_COUNT, MERGE_AND, HIDDEN, MEMBER(run, pinned_tries), HAS(run, has_pinned) },
	{ "pinned_unkept",
	  "How many of these tries were stopped by blocks for which there was no room.", M_COUNT,
	  MERGE_AND, HIDDEN, MEMBER(run, pinned_unkept), HAS(run, has_pinned) },
	{ "references",
	  "With `--refs`: an object with a member for each kind of mapping that a folio which "
	  "migrates can be in.",
	  M_BY_NAME, MERGE_AND, HIDDEN, ITEMS(run, refs), HAS(run, has_refs), .of = &refs_shape,
	  .names = &refs_kind_names },
	{ "reference_counts",
	  "A list of reference counts that were not the expected ones, by kind of mapping, with "
	  "`--refs` only.",
	  M_LIST, MERGE_KEYED, HIDDEN | BULKY | UNIQUE, ENTRIES(run, ref_counts, ref_counts_n),
	  HAS(run, has_refs), .max = RUNFILE_MAX_NAMES, .of = &ref_shape },
	{ "drains",
	  "What emptied LRUs, and the norefs migrations right after it, with `--drains` only.",
	  M_OBJECT, MERGE_AND, HIDDEN, HAS(run, has_drains), .of = &drains_shape },
	{ "late_references", "References taken after the check.", M_OBJECT, MERGE_ADD,
	  MEMBER(run, late), .of = &late_shape },
	{ "losses", "How many events were lost, by reason; the reasons are in migtrace(8).",
	  M_BY_NAME, MERGE_ADD, ITEMS(run, losses), .of = &loss_shape, .names = &loss_names },
	{ "probes", "A list of the probes.", M_LIST, MERGE_KEYED, UNIQUE,
	  ENTRIES(run, probes, probes_n), .max = RUNFILE_MAX_NAMES, .of = &probe_shape },
	{ "intervals", "A list of intervals, empty without `--interval`.", M_LIST, MERGE_DROP,
	  BULKY, ENTRIES(run, intervals, intervals_n), .max = RUNFILE_MAX_INTERVALS,
	  .of = &interval_shape },
	{ "rounds",
	  "A list of the rounds of `migtrace bench`, of the same shape; empty when something else "
	  "recorded. Of holds and waits `migtrace compare` takes the median of a file's rounds, but "
	  "not of maxima.",
	  M_LIST, MERGE_DROP, ENTRIES(run, rounds, rounds_n), .max = RUNFILE_MAX_INTERVALS,
	  .of = &interval_shape },
	{ "bench", "The load of `migtrace bench`, or null.", M_OBJECT, MERGE_KEEP, NULLS | OPTIONAL,
	  MEMBER(run, bench), HAS(run, bench.file_system), .of = &bench_shape },
	{ "cost", "A list of the turns of `migtrace bench --cost`, whose run has nothing else.",
	  M_LIST, MERGE_DROP, HIDDEN, ENTRIES(run, turns, turns_n), HAS(run, turns_n),
	  .max = RUNFILE_MAX_INTERVALS, .of = &turn_shape },
	{ "clamped", "How many numbers are larger than can be stored.", M_COUNT, MERGE_ADD,
	  OPTIONAL, MEMBER(run, clamped) },
	{ 0 },
};
SHAPE(run, "Top level");

bool member__is_there(const struct member *m, const void *base)
{
	const char *has = (const char *)base + m->has;
	bool is = !m->has_size;

	for (size_t i = 0; i < m->has_size; i++)
		is |= has[i];
	return m->flags & UNLESS ? !is : is;
}

unsigned int names__find(const struct names *names, const char *name)
{
	unsigned int i;
	const char *own;

	for (i = 0; i < names->count; i++) {
		own = names->name(i);
		if (own && !strcmp(own, name))
			return i;
	}
	return names->count;
}
