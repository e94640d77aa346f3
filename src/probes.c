// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The probe table. Names and their history: kernel-facts; each was seen to fire in a guest. */
#include "probes.h"

/* Tables: their columns say more than the formatter's breaks. */
/* clang-format off */
#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define LOCK_FUNCS   "_raw_spin_lock", "rt_spin_lock"
#define UNLOCK_FUNCS                                                                               \
	"_raw_spin_unlock", "rt_spin_unlock", "__raw_callee_save___pv_queued_spin_unlock",         \
		"__raw_callee_save___native_queued_spin_unlock", CALLEE_INLINE_UNLOCK

#define SITE_USES(prefix, call, back, ...)                                                         \
	{                                                                                          \
		{ prefix "_acquire", back, NAMES(__VA_ARGS__), NAMES(LOCK_FUNCS) },                \
		{ prefix "_call", call, NAMES(__VA_ARGS__), NAMES(LOCK_FUNCS) },                   \
		{ prefix "_release", call, NAMES(__VA_ARGS__), NAMES(UNLOCK_FUNCS) },              \
	}

/* The call-site clock of one site: three programs at the calls inside its functions. */
#define SITE_CLOCK_AT(prefix, call, back, ...)                                                     \
	{                                                                                          \
		.name = "site", .clock = CLOCK_SITE, .needs = FEAT_KPROBES, .excluded_by = -1,     \
		.uses = SITE_USES(prefix, call, back, __VA_ARGS__),                                \
	}
#define SITE_CLOCK(prefix, ...) SITE_CLOCK_AT(prefix, ATTACH_CALL, ATTACH_RETURN, __VA_ARGS__)

#define ONE(prog, how, func) { prog, how, NAMES(func), NULL }

#define PLAIN(variant_name, ...)                                                                   \
	{                                                                                          \
		.name = variant_name, .needs = -1, .excluded_by = -1, .uses = { __VA_ARGS__ },     \
	}

#define GUARD_WHY "this kernel's trampolines have no recursion guard (added in 5.12)"
#define RT_WHY	  "PREEMPT_RT has other lock functions"
#define RT_AIO_WHY                                                                                 \
	"on PREEMPT_RT both locks of aio's migration are taken by rt_spin_lock in one function"
#define FLAG_WHY  "the lock is not held over the move here (BH_Migrate)"

#define LOCK_CLOCK(...)                                                                            \
	{                                                                                          \
		.name = "lock", .clock = CLOCK_LOCK, .needs = FEAT_TRAMPOLINE_GUARD,               \
		.excluded_by = FEAT_RT, .excluded_why = RT_WHY,                                    \
		.uses = {                                                                          \
			__VA_ARGS__,                                                               \
			ONE("lock_release", ATTACH_FENTRY, "_raw_spin_unlock"),                    \
			ONE("lock_acquire", ATTACH_FEXIT, "_raw_spin_lock"),                       \
			ONE("lock_call", ATTACH_FENTRY, "_raw_spin_lock"),                         \
		},                                                                                 \
	}

#define BRACKET(func)                                                                              \
	{                                                                                          \
		.name = "bracket:" func, .clock = CLOCK_BRACKET, .needs = -1,                      \
		.excluded_by = FEAT_BH_MIGRATE, .excluded_why = FLAG_WHY,                          \
		.uses = {                                                                          \
			ONE("bracket_end", ATTACH_FENTRY, "unlock_buffer"),                        \
			ONE("bracket_start", ATTACH_FENTRY, func),                                 \
		},                                                                                 \
	}

#define AIO_HOSTS    "aio_migrate_folio", "aio_migratepage"
#define AIO_COPIERS  "folio_migrate_copy", "folio_copy", "migrate_page_copy"
#define BATCH_HOSTS  "migrate_pages_batch", "migrate_pages", "migrate_folio_done"

/* Reads hold a mutex, completions a spinlock that PREEMPT_RT replaces. */
#define AIO_OVERLAP(variant_name, enter, how, reader)                                                   \
	{                                                                                          \
		.name = variant_name, .needs = -1, .excluded_by = -1,                              \
		.uses = {                                                                          \
			{ "aio_write_unlock", ATTACH_CALL, NAMES("aio_complete"),                  \
			  NAMES("_raw_spin_unlock_irqrestore", "rt_spin_unlock") },                \
			{ "aio_write_locked", ATTACH_RETURN, NAMES("aio_complete"),                \
			  NAMES("_raw_spin_lock_irqsave", "rt_spin_lock") },                       \
			{ "aio_write_call", ATTACH_CALL, NAMES("aio_complete"),                    \
			  NAMES("_raw_spin_lock_irqsave", "rt_spin_lock") },                       \
			{ "aio_read_unlock", ATTACH_CALL, NAMES(reader), NAMES("mutex_unlock") },  \
			{ "aio_read_locked", ATTACH_RETURN, NAMES(reader), NAMES("mutex_lock") },  \
			ONE(enter, how, reader),                                                   \
			{ "aio_copy_end", ATTACH_RETURN, NAMES(AIO_HOSTS), NAMES(AIO_COPIERS) },   \
			{ "aio_copy_start", ATTACH_CALL, NAMES(AIO_HOSTS), NAMES(AIO_COPIERS) },   \
		},                                                                                 \
	}

/* The last uses: a kernel that doesn't try ring_lock has one reason less. */
#define AIO_OUTCOME(variant_name, func, ...)                                                       \
	PLAIN(variant_name, ONE("aio_exit", ATTACH_FEXIT, func),                                   \
	      { "aio_switch", ATTACH_CALL, NAMES(func),                                            \
		NAMES("folio_migrate_mapping", "migrate_page_move_mapping") },                     \
	      ONE("aio_enter", ATTACH_FENTRY, func), ##__VA_ARGS__)
#define AIO_TRIED(func) { "aio_tried", ATTACH_RETURN, NAMES(func), NAMES("mutex_trylock") }

#define ISOLATION(variant_name, look_host)                                                         \
	PLAIN(variant_name,                                                                        \
	      ONE("isolate_exit", ATTACH_FEXIT, "isolate_migratepages_block"),                     \
	      { "isolate_look", ATTACH_CALL, NAMES(look_host), NAMES("folio_unlock", "unlock_page") }, \
	      ONE("isolate_enter", ATTACH_FENTRY, "isolate_migratepages_block"))

#define TRUNCATION(variant_name, mover)                                                            \
	PLAIN(variant_name,                                                                        \
	      { "move_free", ATTACH_AHEAD, NAMES(BATCH_HOSTS), NAMES("__folio_put", "__put_page") }, \
	      { "move_orphaned", ATTACH_CALL, NAMES(BATCH_HOSTS), NAMES("try_to_free_buffers") },  \
	      ONE("move_exit", ATTACH_FEXIT, mover))

#define NOREFS_HOSTS "__buffer_migrate_folio", "__buffer_migrate_page"
#define LOOKUP_HOSTS "find_get_block_common", "__find_get_block"

const struct probe probes[] = {
	{
		.name = "norefs_entry",
		.what = "entry and exit of the norefs migration",
		.site = -1,
		.flags = PROBE_REQUIRED | PROBE_LIGHT,
		.variants = {
			PLAIN("folio", ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_folio"),
			      ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_folio")),
			PLAIN("page", ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_page"),
			      ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_page")),
		},
	},
	{
		.name = "norefs_switch",
		.what = "the move of the mapping's entry to the new page",
		.site = -1,
		.flags = PROBE_LIGHT,
		.variants = {
			/* ≥ 6.12's norefs path calls the inner function, past folio_migrate_mapping */
			PLAIN("inner", ONE("norefs_switch", ATTACH_FENTRY, "__folio_migrate_mapping")),
			PLAIN("folio", ONE("norefs_switch", ATTACH_FENTRY, "folio_migrate_mapping")),
			PLAIN("page", ONE("norefs_switch", ATTACH_FENTRY, "migrate_page_move_mapping")),
		},
	},
	{
		.name = "norefs_copy",
		.what = "the copy of the data",
		.site = -1,
		.variants = {
			PLAIN("mc", ONE("norefs_copy", ATTACH_FENTRY, "folio_mc_copy")),
			PLAIN("folio", ONE("norefs_copy", ATTACH_FENTRY, "folio_copy")),
			PLAIN("page", ONE("norefs_copy", ATTACH_FENTRY, "migrate_page_copy")),
		},
	},
	{
		.name = "norefs_end",
		.what = "the end of the move, still under lock or flag",
		.site = -1,
		.flags = PROBE_LIGHT,
		.variants = {
			PLAIN("set_bh", ONE("norefs_set_bh", ATTACH_FEXIT, "folio_set_bh")),
			PLAIN("flags", ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags")),
			PLAIN("states", ONE("norefs_flags_end", ATTACH_FEXIT, "migrate_page_states")),
		},
	},
	{
		.name = "flag_held",
		.what = "the clearing of BH_Migrate, set over the move",
		.site = -1,
		.flags = PROBE_LIGHT,
		.variants = {
			{
				.name = "site", .needs = FEAT_BH_MIGRATE, .excluded_by = -1,
				.uses = { { "norefs_unlock", ATTACH_CALL, NAMES(NOREFS_HOSTS),
					    NAMES("unlock_buffer") } },
			},
		},
	},
	{
		.name = "migrate_norefs",
		.what = "lock sections of the norefs migration",
		.site = SITE_MIGRATE_NOREFS,
		.flags = PROBE_LIGHT,
		.variants = {
			SITE_CLOCK_AT("norefs", ATTACH_AHEAD, ATTACH_BEHIND, NOREFS_HOSTS),
			LOCK_CLOCK(ONE("lock_norefs_exit", ATTACH_FEXIT, "__buffer_migrate_folio"),
				   ONE("lock_norefs_enter", ATTACH_FENTRY, "__buffer_migrate_folio")),
			BRACKET("folio_mc_copy"),
			BRACKET("folio_migrate_mapping"),
			BRACKET("migrate_page_move_mapping"),
		},
	},
	{
		.name = "find_get_block",
		.what = "lock sections of the buffer lookup",
		.site = SITE_FIND_GET_BLOCK,
		.variants = {
			SITE_CLOCK("lookup", LOOKUP_HOSTS),
			LOCK_CLOCK(ONE("lock_lookup_exit", ATTACH_FEXIT, "find_get_block_common"),
				   ONE("lock_lookup_enter", ATTACH_FENTRY, "find_get_block_common")),
			LOCK_CLOCK(ONE("lock_lookup_exit", ATTACH_FEXIT, "__find_get_block"),
				   ONE("lock_lookup_enter", ATTACH_FENTRY, "__find_get_block")),
		},
	},
	{
		.name = "lookup_exit",
		.what = "result of a buffer lookup, to pair it with a window",
		.site = -1,
		.row = SITE_FIND_GET_BLOCK,
		.variants = {
			PLAIN("common", ONE("lookup_exit_common", ATTACH_FEXIT, "find_get_block_common")),
			PLAIN("plain", ONE("lookup_exit", ATTACH_FEXIT, "__find_get_block")),
		},
	},
	{
		.name = "lookup_folio",
		.what = "sleeping lookups, which take the folio lock instead",
		.site = -1,
		.row = SITE_FIND_GET_BLOCK,
		.variants = {
			{
				.name = "site", .needs = FEAT_KPROBES, .excluded_by = -1,
				.uses = { { "lookup_folio", ATTACH_CALL, NAMES("find_get_block_common"),
					    NAMES("folio_unlock") } },
			},
		},
	},
	{
		.name = "folio_wait",
		.what = "the wait of sleeping lookups for a folio's lock",
		.site = -1,
		.row = SITE_FIND_GET_BLOCK,
		.variants = {
			{
				.name = "site", .needs = FEAT_KPROBES, .excluded_by = -1,
				.uses = {
					{ "lookup_waited", ATTACH_RETURN,
					  NAMES("find_get_block_common"), NAMES("__folio_lock") },
					{ "lookup_wait", ATTACH_CALL,
					  NAMES("find_get_block_common"), NAMES("__folio_lock") },
				},
			},
		},
	},
	{
		.name = "migrate_call",
		.what = "calls of migrate_pages, to count the attempts at a page in each",
		.site = -1,
		.variants = { PLAIN("pages", ONE("migrate_call", ATTACH_ENTRY, "migrate_pages")) },
	},
	{
		.name = "isolation",
		.what = "compaction's isolation of pages, which looks at their mappings",
		.site = -1,
		.row = ROW_ISOLATION,
		.variants = {
			ISOLATION("folio", "isolate_migratepages_block"),
			ISOLATION("page", "__isolate_lru_page"),
		},
	},
	{
		.name = "truncation",
		.what = "pages truncated between isolation and move",
		.site = -1,
		.row = ROW_ISOLATION,
		.variants = {
			TRUNCATION("folio", "move_to_new_folio"),
			TRUNCATION("page", "move_to_new_page"),
		},
	},
	{
		.name = "aio_outcome",
		.what = "how migrations of aio ring pages end",
		.site = -1,
		.row = SITE_AIO_MIGRATE,
		.flags = PROBE_LIGHT,
		.variants = {
			AIO_OUTCOME("folio", "aio_migrate_folio", AIO_TRIED("aio_migrate_folio")),
			AIO_OUTCOME("page", "aio_migratepage", AIO_TRIED("aio_migratepage")),
			AIO_OUTCOME("untried", "aio_migrate_folio"),
		},
	},
	{
		.name = "aio_overlap",
		.what = "reads of aio rings and completions that meet the copy of a ring page",
		.site = -1,
		.row = SITE_AIO_MIGRATE,
		.variants = {
			AIO_OVERLAP("ring", "aio_read_enter", ATTACH_FENTRY, "aio_read_events_ring"),
			AIO_OVERLAP("events", "aio_read_enter_outer", ATTACH_ENTRY, "aio_read_events"),
		},
	},
	{
		.name = "aio_migrate",
		.what = "ring mapping's lock while an aio ring page migrates",
		.site = SITE_AIO_MIGRATE,
		.variants = {
			{
				.name = "site", .clock = CLOCK_SITE, .needs = FEAT_KPROBES,
				.excluded_by = FEAT_RT, .excluded_why = RT_AIO_WHY,
				.uses = SITE_USES("aio_migrate", ATTACH_CALL, ATTACH_RETURN,
						  "aio_migrate_folio", "aio_migratepage"),
			},
		},
	},
	{
		.name = "aio_completion",
		.what = "completion_lock during the copy of an aio ring page",
		.site = SITE_AIO_COMPLETION,
		.variants = {
			{
				.name = "site", .clock = CLOCK_SITE, .needs = FEAT_KPROBES,
				.excluded_by = FEAT_RT, .excluded_why = RT_AIO_WHY,
				.uses = {
					{ "aio_completion_release", ATTACH_CALL,
					  NAMES("aio_migrate_folio", "aio_migratepage"),
					  NAMES("_raw_spin_unlock_irqrestore") },
					{ "aio_completion_acquire", ATTACH_RETURN,
					  NAMES("aio_migrate_folio", "aio_migratepage"),
					  NAMES("_raw_spin_lock_irqsave") },
					{ "aio_completion_call", ATTACH_CALL,
					  NAMES("aio_migrate_folio", "aio_migratepage"),
					  NAMES("_raw_spin_lock_irqsave") },
				},
			},
		},
	},
	{
		.name = "aio_teardown",
		.what = "ring mapping's lock when an aio context goes",
		.site = SITE_AIO_TEARDOWN,
		.variants = { SITE_CLOCK("aio_teardown", "aio_free_ring") },
	},
	{
		.name = "grow_buffers",
		.what = "attaching new buffers to a block device's page",
		.site = SITE_GROW_BUFFERS,
		.variants = { SITE_CLOCK("grow_buffers", "__getblk_slow", "__getblk_gfp", "bdev_getblk") },
	},
	{
		.name = "create_empty",
		.what = "create_empty_buffers",
		.site = SITE_CREATE_EMPTY,
		.variants = { SITE_CLOCK("create_empty", "create_empty_buffers", "attach_nobh_buffers") },
	},
	{
		.name = "try_to_free",
		.what = "try_to_free_buffers",
		.site = SITE_TRY_TO_FREE,
		.variants = { SITE_CLOCK("try_to_free", "try_to_free_buffers") },
	},
	{
		.name = "dirty_folio",
		.what = "dirtying a page with buffers",
		.site = SITE_DIRTY_FOLIO,
		.variants = { SITE_CLOCK("dirty_folio", "block_dirty_folio", "__set_page_dirty_buffers") },
	},
	{
		.name = "assoc_list",
		.what = "lists of an inode's buffers (the lock is the block device's)",
		.site = SITE_ASSOC_LIST,
		.variants = { SITE_CLOCK("assoc_list", "mark_buffer_dirty_inode", "__bforget",
					 "invalidate_inode_buffers", "remove_inode_buffers",
					 "sync_mapping_buffers", "fsync_buffers_list") },
	},
	{
		.name = "floor",
		.what = "what the clock reads on a section of one small copy (getrlimit)",
		.site = SITE_FLOOR,
		.flags = PROBE_HIDDEN | PROBE_LIGHT,
		.variants = {
			SITE_CLOCK("floor", "do_prlimit"),
			LOCK_CLOCK(ONE("lock_floor_exit", ATTACH_FEXIT, "do_prlimit"),
				   ONE("lock_floor_enter", ATTACH_FENTRY, "do_prlimit")),
		},
	},
};

const size_t probes_n = sizeof(probes) / sizeof(probes[0]);

static const char *const hosts[] = {
	NOREFS_HOSTS, LOOKUP_HOSTS, "aio_migrate_folio", "aio_migratepage", "aio_free_ring",
	"__getblk_slow", "__getblk_gfp", "bdev_getblk", "create_empty_buffers",
	"attach_nobh_buffers", "try_to_free_buffers", "block_dirty_folio",
	"__set_page_dirty_buffers", "mark_buffer_dirty_inode", "__bforget",
	"invalidate_inode_buffers", "remove_inode_buffers", "sync_mapping_buffers",
	"fsync_buffers_list", "do_prlimit", "aio_complete", "aio_read_events_ring",
	"aio_read_events", "isolate_migratepages_block", "__isolate_lru_page", BATCH_HOSTS, NULL,
};

static const char *const callees[] = {
	LOCK_FUNCS, "_raw_spin_unlock", "rt_spin_unlock",
	"__raw_callee_save___pv_queued_spin_unlock", "__raw_callee_save___native_queued_spin_unlock",
	"_raw_spin_lock_irqsave", "_raw_spin_unlock_irqrestore", "folio_unlock",
	"unlock_buffer", "__folio_lock", "mutex_trylock", "mutex_lock", "mutex_unlock",
	"folio_migrate_mapping", "migrate_page_move_mapping", AIO_COPIERS, "unlock_page",
	"__folio_put", "__put_page", "try_to_free_buffers", NULL,
};
/* clang-format on */

const char *const *probes__hosts(void)
{
	return hosts;
}

const char *const *probes__callees(void)
{
	return callees;
}
