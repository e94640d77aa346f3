// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The probe table. Names and their history: kernel-facts; each was seen to fire in a guest. */
#include "probe_rows.h"

/*
 * Functions that later kernels have, too, but do not come by on these ways any more. By itself a later
 * variant is chosen there; one that was asked for would count nothing, or a part.
 */
static const struct elsewhere inner = {
	"__folio_migrate_mapping", NULL,
	"this kernel's norefs migrations switch by __folio_migrate_mapping", false
};
static const struct elsewhere mc = { "folio_mc_copy", NULL,
				     "this kernel's norefs migrations copy by folio_mc_copy",
				     false };
static const struct elsewhere set_bh_first = {
	"folio_mc_copy", NULL, "this kernel re-points the buffers ahead of the copy (6.3 to 6.10)",
	true
};
static const struct elsewhere flags_first = {
	"folio_mc_copy", NULL, "this kernel re-points the buffers after folio_migrate_flags", false
};
/* In text alone: the function itself may be there as well, for nobody. */
static const struct elsewhere in_folio_way = {
	"buffer_migrate_folio_norefs", NAMES(LOCK_CALLS),
	"the compiler inlined it in buffer_migrate_folio_norefs", false
};
static const struct elsewhere in_page_way = {
	"buffer_migrate_page_norefs", NAMES(LOCK_CALLS),
	"the compiler inlined it in buffer_migrate_page_norefs", false
};
static const struct elsewhere common = { "find_get_block_common", NULL,
					 "this kernel's lookups come by find_get_block_common",
					 false };

/* Tables: their columns say more than the formatter's breaks. */
/* clang-format off */
const struct probe probes[] = {
	{
		.name = "norefs_entry",
		.what = "entry and exit of the norefs migration",
		.site = -1,
		.flags = PROBE_REQUIRED | PROBE_LIGHT,
		.variants = {
			PLAIN_UNLESS("folio", &in_folio_way,
				     ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_folio"),
				     ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_folio")),
			PLAIN_UNLESS("page", &in_page_way,
				     ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_page"),
				     ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_page")),
			NOREFS_WAYS("ways", "buffer_migrate_folio_norefs", "buffer_migrate_folio"),
			NOREFS_WAYS("page_ways", "buffer_migrate_page_norefs", "buffer_migrate_page"),
			KPROBES_UNLESS("folio", &in_folio_way,
				       ONE("norefs_left", ATTACH_EXIT, "__buffer_migrate_folio"),
				       ONE("norefs_entry", ATTACH_ENTRY, "__buffer_migrate_folio")),
			NOREFS_WAYS_BY_KPROBES("ways", "buffer_migrate_folio_norefs",
					       "buffer_migrate_folio"),
			NOREFS_WAYS_BY_KPROBES("page_ways", "buffer_migrate_page_norefs",
					       "buffer_migrate_page"),
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
			PLAIN_UNLESS("folio", &inner,
				     ONE("norefs_switch", ATTACH_FENTRY, "folio_migrate_mapping")),
			PLAIN("page", ONE("norefs_switch", ATTACH_FENTRY, "migrate_page_move_mapping")),
			KPROBES_RENAMED("inner", ONE("norefs_switch_entry", ATTACH_ENTRY,
						     "__folio_migrate_mapping")),
			KPROBES_UNLESS("folio", &inner,
				       ONE("norefs_switch_entry", ATTACH_ENTRY, "folio_migrate_mapping")),
		},
	},
	{
		.name = "norefs_copy",
		.what = "the copy of the data",
		.site = -1,
		.variants = {
			PLAIN("mc", ONE("norefs_copy", ATTACH_FENTRY, "folio_mc_copy")),
			PLAIN_UNLESS("folio", &mc, ONE("norefs_copy", ATTACH_FENTRY, "folio_copy")),
			PLAIN("page", ONE("norefs_copy", ATTACH_FENTRY, "migrate_page_copy")),
			KPROBES_RENAMED("mc", ONE("norefs_copy_entry", ATTACH_ENTRY, "folio_mc_copy")),
			KPROBES_UNLESS("folio", &mc, ONE("norefs_copy_entry", ATTACH_ENTRY, "folio_copy")),
		},
	},
	{
		.name = "norefs_end",
		.what = "the end of the move, still under lock or flag",
		.site = -1,
		.flags = PROBE_LIGHT,
		.variants = {
			/* both: which of them comes last is seen, not believed (window.bpf.h) */
			PLAIN_UNLESS("set_bh", &set_bh_first,
				     ONE("norefs_set_bh", ATTACH_FEXIT, "folio_set_bh"),
				     ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags")),
			PLAIN_UNLESS("flags", &flags_first,
				     ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags")),
			PLAIN("states", ONE("norefs_flags_end", ATTACH_FEXIT, "migrate_page_states")),
			/* where it returns to: nothing else is between its exit and that */
			KPROBES_UNLESS("flags", &flags_first,
				       { "norefs_flags_done", ATTACH_RETURN, NAMES(NOREFS_HOSTS),
					 NAMES("folio_migrate_flags") }),
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
			BRACKET("folio_mc_copy", NULL),
			BRACKET("folio_migrate_mapping", &inner),
			BRACKET("migrate_page_move_mapping", NULL),
		},
	},
	{
		.name = "find_get_block",
		.what = "lock sections of the buffer lookup",
		.site = SITE_FIND_GET_BLOCK,
		.variants = {
			SITE_CLOCK("lookup", LOOKUP_HOSTS, SLOW_LOOKUP),
			LOCK_CLOCK(ONE("lock_lookup_exit", ATTACH_FEXIT, "find_get_block_common"),
				   ONE("lock_lookup_enter", ATTACH_FENTRY, "find_get_block_common")),
			LOCK_CLOCK_UNLESS(&common,
					  ONE("lock_lookup_exit", ATTACH_FEXIT, "__find_get_block"),
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
			/* inlined in both that call it, so that neither's arguments say all */
			KPROBES_UNLESS("both", &common,
				       ONE("lookup_left", ATTACH_EXIT, "__find_get_block"),
				       ONE("lookup_left", ATTACH_EXIT, "__find_get_block_nonatomic")),
			PLAIN_UNLESS("plain", &common,
				     ONE("lookup_exit", ATTACH_FEXIT, "__find_get_block")),
			KPROBES("common", ONE("lookup_left", ATTACH_EXIT, "find_get_block_common")),
			KPROBES_UNLESS("plain", &common,
				       ONE("lookup_left", ATTACH_EXIT, "__find_get_block")),
		},
	},
	{
		.name = "lookup_folio",
		.what = "sleeping lookups, which take the folio lock instead",
		.site = -1,
		.row = SITE_FIND_GET_BLOCK,
		.variants = {
			{
				.name = "site", .needs = FEAT_SLEEPING_LOOKUP, .excluded_by = -1,
				.uses = { { "lookup_folio", ATTACH_CALL,
					    NAMES("find_get_block_common", SLOW_LOOKUP),
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
				.name = "site", .needs = FEAT_SLEEPING_LOOKUP, .excluded_by = -1,
				.uses = {
					{ "lookup_waited", ATTACH_RETURN,
					  NAMES("find_get_block_common", SLOW_LOOKUP),
					  NAMES("__folio_lock") },
					{ "lookup_wait", ATTACH_CALL,
					  NAMES("find_get_block_common", SLOW_LOOKUP),
					  NAMES("__folio_lock") },
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
			KPROBES("folio", ONE("isolate_left", ATTACH_EXIT, "isolate_migratepages_block"),
				ISOLATE_LOOK("isolate_migratepages_block"),
				ONE("isolate_entry", ATTACH_ENTRY, "isolate_migratepages_block")),
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
			KPROBES("folio", MOVE_ENDS, ONE("move_left", ATTACH_EXIT, "move_to_new_folio"),
				ONE("move_entry", ATTACH_ENTRY, "move_to_new_folio")),
		},
	},
	{
		.name = "aio_outcome",
		.what = "how migrations of aio ring pages end",
		.site = -1,
		.row = SITE_AIO_MIGRATE,
		.flags = PROBE_LIGHT,
		.variants = {
			AIO_OUTCOME("folio", "aio_migrate_folio"),
			AIO_OUTCOME("page", "aio_migratepage"),
			KPROBES("folio", ONE("aio_left", ATTACH_EXIT, "aio_migrate_folio"),
				AIO_SWITCH("aio_migrate_folio"),
				ONE("aio_entry", ATTACH_ENTRY, "aio_migrate_folio"),
				AIO_TRIED("aio_migrate_folio")),
		},
	},
	{
		.name = "aio_overlap",
		.what = "reads of aio rings and completions that meet the copy of a ring page",
		.site = -1,
		.row = SITE_AIO_MIGRATE,
		.variants = {
			AIO_OVERLAP("ring", "aio_read_enter", ATTACH_FENTRY, "aio_read_events_ring"),
			AIO_OVERLAP("ring:kprobe", "aio_read_entry", ATTACH_ENTRY, "aio_read_events_ring"),
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
				/* not LOCK_FUNCS: inlined, completion_lock looks the same */
				.uses = SITE_USES("aio_migrate", ATTACH_CALL, ATTACH_RETURN, NAMES(LOCK_CALLS),
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
		.variants = { SITE_CLOCK("aio_teardown", "aio_free_ring", "put_aio_ring_file", "free_ioctx") },
	},
	{
		.name = "grow_buffers",
		.what = "attaching new buffers to a block device's page",
		.site = SITE_GROW_BUFFERS,
		.variants = { SITE_CLOCK("grow_buffers", "__getblk_slow", "__getblk_gfp", "bdev_getblk",
					 "grow_dev_folio", "grow_dev_page", "grow_buffers") },
	},
	{
		.name = "create_empty",
		.what = "create_empty_buffers",
		.site = SITE_CREATE_EMPTY,
		.variants = { SITE_CLOCK("create_empty", "create_empty_buffers", "attach_nobh_buffers",
					 "folio_create_empty_buffers") },
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
					 "sync_mapping_buffers", "fsync_buffers_list",
					 "osync_buffers_list") },
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
/* clang-format on */
