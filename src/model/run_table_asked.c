// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The members of a run that are there only for who asks: --why, --refs, --pinned, --drains, --buffer-locks,
 * --stall. Stage 4 (model).
 */
#include "model/run_members.h"
#include "model/runfile.h"

/* A count makes an attempt fail at one of these. */
static const char *refs_check__name(unsigned int i)
{
	return i == REFS_EARLY || i == REFS_FREEZE ? refs_result__name(i) : NULL;
}

static const struct names refs_kind_keys = { refs_kind__name, REFS_KINDS, REFS_OTHER, true };
static const struct names refs_check_names = { refs_check__name, REFS_FREEZE + 1, 0, true };
/* The paths with buffers. */
static const struct names buffer_path_names = { path__name, PATH_AIO, PATH_AIO, false };
static const struct names wait_mode_names = { wait_mode__name, WAIT_MODES, WAIT_MODES, false };

static const struct member why_members[] = {
	{ "why", "The kernel's reason to migrate, or `unknown`: the call was not seen to begin.",
	  M_TEXT, MERGE_KEEP, KEY, MEMBER(run_why, why), .least = 1 },
	{ "norefs", "Those that check for references, by result.", M_COUNTERS, MERGE_ADD,
	  MEMBER(run_why, norefs) },
	{ "norefs_pages", "Of them the first attempts at a page in a call of migrate_pages().",
	  M_COUNT, MERGE_ADD, MEMBER(run_why, norefs_pages) },
	{ "buffers", "Migrations of pages with buffers, without that check.", M_COUNTERS, MERGE_ADD,
	  MEMBER(run_why, buffers) },
	{ "buffers_pages", "Of them the first attempts.", M_COUNT, MERGE_ADD,
	  MEMBER(run_why, buffers_pages) },
	{ "hold", "The histogram of holds of those with the check.", M_HIST, MERGE_ADD,
	  MEMBER(run_why, hold) },
	{ 0 },
};
SHAPE(why, "migrated_for");

static const struct member refs_members[] = {
	{ "early_checked",
	  "Whether this kernel looks at their references ahead of the switch as well.", M_BOOL,
	  MERGE_OR, MEMBER(run_refs, has_early) },
	{ "attempts", "Attempts to move a folio of this kind. The next four add up to it.", M_COUNT,
	  MERGE_ADD, MEMBER(run_refs, attempts) },
	{ "moved", "Attempts that moved the folio.", M_COUNT, MERGE_ADD, MEMBER(run_refs, moved) },
	{ "early",
	  "Attempts that ended ahead of the switch, because the count was not the expected one.",
	  M_COUNT, MERGE_ADD, MEMBER(run_refs, early) },
	{ "switch",
	  "Attempts that ended at the switch, because the count was wrong when it was to be frozen.",
	  M_COUNT, MERGE_ADD, MEMBER(run_refs, freeze), .within = "came_to_switch" },
	{ "other", "Attempts that ended for another reason.", M_COUNT, MERGE_ADD,
	  MEMBER(run_refs, other) },
	{ "came_to_switch", "Attempts that passed all checks ahead of the switch.", M_COUNT,
	  MERGE_ADD, MEMBER(run_refs, passed), .within = "attempts" },
	{ "by_attempt", "A list as in `attempts`.", M_TRIES, MERGE_ADD, MEMBER(run_refs, tries) },
	{ 0 },
};
SHAPE(refs, "references");

static const struct member ref_members[] = {
	{ "kind", "Of mapping.", M_NAMED, MERGE_KEEP, KEY, MEMBER(run_ref, kind),
	  .names = &refs_kind_keys },
	{ "check", "Which one it failed: `early` or `switch`.", M_NAMED, MERGE_KEEP, KEY,
	  MEMBER(run_ref, check), .names = &refs_check_names },
	{ "expected", "The count that allows to migrate.", M_INT, MERGE_KEEP, KEY,
	  MEMBER(run_ref, expected) },
	{ "seen", "The count that was there; -1: it was as expected whenever it was read.", M_INT,
	  MERGE_KEEP, KEY, MEMBER(run_ref, seen) },
	{ "count", "How often.", M_COUNT, MERGE_ADD, MEMBER(run_ref, count), .least = 1 },
	{ "right_at_end",
	  "How often it was as expected when it was read again at the attempt's end.", M_COUNT,
	  MERGE_ADD, MEMBER(run_ref, right), .within = "count" },
	{ 0 },
};
SHAPE(ref, "reference_counts");

static const struct member taker_members[] = {
	{ "time_ns", "Since the start of the recording.", M_COUNT, MEMBER(run_pinned, taker.ns) },
	{ "comm", "The name of the task.", M_CHARS, MEMBER(run_pinned, taker.comm) },
	{ "pid", "Its id.", M_COUNT, MEMBER(run_pinned, taker.pid) },
	{ "stack", "A list of symbols with offsets, innermost first, with `--stacks`.", M_TEXTS,
	  .at = offsetof(struct run_pinned, taker.stack),
	  .n = offsetof(struct run_pinned, taker.stack_n) },
	{ 0 },
};
static SHAPE(taker, "last_taken");

static const struct member pinned_members[] = {
	{ "device", "The device.", M_DEV, MERGE_KEEP, KEY, MEMBER(run_pinned, dev) },
	{ "block", "The buffer's b_blocknr.", M_COUNT, MERGE_KEEP, KEY, MEMBER(run_pinned, block) },
	{ "block_bytes", "The unit that it is in.", M_COUNT, MERGE_KEEP, KEY,
	  MEMBER(run_pinned, size), .least = 512 },
	{ "is",
	  "What the block is by the layout of ext4 or FAT on the device, null where that does not "
	  "say.",
	  M_TEXT, MERGE_FIRST, NULLS, MEMBER(run_pinned, is),
	  WORDS("superblock", "descriptors", "bitmap", "inode_table", "directory", "journal",
		"block_map", "allocation_table") },
	{ "tries", "How many attempts to migrate the block's page its references stopped.", M_COUNT,
	  MERGE_ADD, MEMBER(run_pinned, tries), .least = 1 },
	{ "journal", "Of them, those at which a journal had it.", M_COUNT, MERGE_ADD,
	  MEMBER(run_pinned, journal), .within = "tries" },
	{ "in_lru",
	  "Of them, those at which a CPU had it among the buffers that it looked up last; missing "
	  "where that is not knowable.",
	  M_COUNT, MERGE_AND, HIDDEN, MEMBER(run_pinned, in_lru), HAS(run_pinned, has_lru),
	  .within = "tries" },
	{ "first_ns", "When the first try was, since the start of the recording.", M_COUNT,
	  MERGE_KEEP, MEMBER(run_pinned, first_ns), .within = "last_ns" },
	{ "last_ns", "The last one.", M_COUNT, MERGE_MAX, MEMBER(run_pinned, last_ns) },
	{ "b_count", "The buffer's b_count at the last one.", M_INT, MERGE_KEEP,
	  MEMBER(run_pinned, count) },
	{ "last_taken",
	  "The last lookup of the block after its first try; null where none was seen.", M_OBJECT,
	  MERGE_KEEP, NULLS, HAS(run_pinned, has_taker), .of = &taker_shape },
	{ 0 },
};
SHAPE(pinned, "pinned");

static const struct names drain_kind_names = { drain__name, DRAIN_KINDS, DRAIN_BATCH, true };
static const struct names drain_class_names = { drain__name, DRAIN_CLASSES, DRAIN_CLASSES, false };

static const struct member drain_members[] = {
	{ "what", "What it emptied.", M_NAMED, MERGE_KEEP, KEY, MEMBER(run_drain, kind),
	  .names = &drain_kind_names },
	{ "comm", "The name of the task; all of the kernel's workers are `kworker`.", M_CHARS,
	  MERGE_KEEP, KEY, MEMBER(run_drain, comm) },
	{ "function", "The function that asked for it, or `unknown`: its stack was not kept.",
	  M_TEXT, MERGE_KEEP, KEY, MEMBER(run_drain, function), .least = 1 },
	{ "count", "How often.", M_COUNT, MERGE_ADD, MEMBER(run_drain, count) },
	{ "folios", "How many folios were in these batches.", M_COUNT, MERGE_ADD,
	  MEMBER(run_drain, folios) },
	{ "stack",
	  "A list of symbols with offsets, from that function on. It is an example: there may be "
	  "other ways to the function.",
	  M_TEXTS, TEXTS(run_drain, stack) },
	{ 0 },
};
SHAPE(drain, "callers");

/* What stands for the object itself has no key. */
static const struct member after_members[] = {
	{ .type = M_COUNTERS, .merge = MERGE_ADD, MEMBER(run_after, norefs) },
	{ 0 },
};
static SHAPE(after, NULL);

static const struct member drains_members[] = {
	{ "by",
	  "How often LRUs were emptied: `all`, every CPU's batches of pages and, since 5.13, buffer "
	  "LRUs; `buffers`, every CPU's buffer LRU; `batch`, one CPU's batch of pages. Those that "
	  "this kernel does not show are missing.",
	  M_COUNTERS, MERGE_ADD, MEMBER(run, drains_by) },
	{ "folios", "How many folios were in all batches.", M_COUNT, MERGE_ADD,
	  MEMBER(run, drain_folios) },
	{ "callers", "A list of who did it.", M_LIST, MERGE_KEYED, UNIQUE,
	  ENTRIES(run, drain_callers, drain_callers_n), .max = RUNFILE_MAX_NAMES,
	  .of = &drain_shape },
	{ "callers_not_listed", "How many drains were by callers that are not listed.", M_COUNT,
	  MERGE_ADD, MEMBER(run, drains_unlisted) },
	{ "norefs_after",
	  "Norefs migrations by result, for each kind of drain that had ended within a millisecond "
	  "before they began; if there were several kinds, the one that the member `by` lists first "
	  "counts. `none`: there was "
	  "no drain in that time. `itself`: of all these, the migrations that emptied the buffer LRUs "
	  "themselves.",
	  M_BY_NAME, MERGE_ADD, ITEMS(run, drain_after), .of = &after_shape,
	  .names = &drain_class_names },
	{ 0 },
};
SHAPE(drains, "drains");

static const struct member buffer_mode_members[] = {
	{ .type = M_BY_NAME,
	  .merge = MERGE_ADD,
	  ITEMS(buffer_waits, mode),
	  .of = &hist_shape,
	  .names = &wait_mode_names },
	{ 0 },
};
static SHAPE(buffer_mode, NULL);

static const struct member buffer_locks_members[] = {
	{ "wait",
	  "A histogram of the wait of migrations for a buffer's lock, of those that had to wait.",
	  M_HIST, MERGE_ADD, MEMBER(run, buffer_wait) },
	{ "wait_by_path",
	  "The same for each path with buffers: a histogram for each migrate mode in which a "
	  "migration waits.",
	  M_BY_NAME, MERGE_ADD, ITEMS(run, buffer_waits), .of = &buffer_mode_shape,
	  .names = &buffer_path_names },
	{ "unlocked_by",
	  "What ended these waits: the completion of a read or write; another task; or `unseen`: the "
	  "buffer was unlocked before the migration slept.",
	  M_COUNTERS, MERGE_ADD, MEMBER(run, unlockers) },
	{ "held",
	  "A histogram of the time from the lock of a folio's first buffer to the return of "
	  "the migration. Only migrations that had locked all buffers count.",
	  M_HIST, MERGE_ADD, MEMBER(run, buffers_locked) },
	{ 0 },
};
SHAPE(buffer_locks, "buffer_locks");

static const struct member run_stall_members[] = {
	{ "what", "What it waits for.", M_TEXT, MERGE_KEEP, STRICT, MEMBER(run_stall, what),
	  WORDS("folio_lock", "buffer_lock", "private_lock"), .least = 1 },
	{ "who", "`lookup` or `migration`; the name of the site, if the wait is for the spinlock.",
	  M_TEXT, MEMBER(run_stall, who) },
	{ "wait_ns", "For how long, at the end of the recording.", M_COUNT,
	  MEMBER(run_stall, wait_ns) },
	{ "device", "The device of the mapping.", M_DEV, MEMBER(run_stall, dev) },
	{ "block",
	  "The buffer's b_blocknr, or that of the folio's first one; null where there is none.",
	  M_COUNT, MERGE_KEEP, NULLS, MEMBER(run_stall, block), HAS(run_stall, has_block) },
	{ "index", "Of the page in its mapping.", M_COUNT, MEMBER(run_stall, index) },
	{ "waiter", "The task that waits.", M_OBJECT, MEMBER(run_stall, waiter),
	  .of = &side_shape },
	{ "owner",
	  "The task that has it, null when it is not known. Of one that sleeps `cpu` is 0 and says "
	  "nothing.",
	  M_OBJECT, MERGE_KEEP, NULLS, MEMBER(run_stall, owner), HAS(run_stall, has_owner),
	  .of = &side_shape },
	{ "owner_how", "How that is known, or why it is not.", M_TEXT,
	  MEMBER(run_stall, owner_how) },
	{ 0 },
};
SHAPE(run_stall, "under_way");

static const struct member stalls_members[] = {
	{ "over_ns", "From which time on a wait is a stall.", M_COUNT, MERGE_SAME,
	  MEMBER(run, stall_ns), .least = 1 },
	{ "by",
	  "How many there were, by what was waited for; without what is not watched on this kernel or "
	  "in this tier.",
	  M_COUNTERS, MERGE_ADD, MEMBER(run, stalls_by) },
	{ "longest_ns", "The longest that had not ended, 0 when there was none.", M_COUNT,
	  MERGE_MAX, MEMBER(run, stall_longest_ns) },
	{ "under_way", "A list of those that had not ended.", M_LIST, MERGE_DROP,
	  ENTRIES(run, stalls, stalls_n), .max = RUNFILE_MAX_NAMES, .of = &run_stall_shape },
	{ "not_listed", "How many more had not ended.", M_COUNT, MERGE_DROP, OPTIONAL,
	  MEMBER(run, stalls_more) },
	{ 0 },
};
SHAPE(stalls, "stalls");
