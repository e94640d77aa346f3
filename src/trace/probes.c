// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The probe table. Names and their history: kernel-facts; each was seen to fire in a guest. */
#include "trace/probe_rows.h"

/*
 * Functions that later kernels have, too, but do not come by on these ways any more. By itself a later
 * variant is chosen there; one that was asked for would count nothing, or a part.
 */
static const struct other_path inner = {
	.func = "__folio_migrate_mapping",
	.why = "this kernel's norefs migrations switch by __folio_migrate_mapping",
};
static const struct other_path mc = {
	.func = "folio_mc_copy",
	.why = "this kernel's norefs migrations copy by folio_mc_copy",
};
static const struct other_path set_bh_first = {
	.func = "folio_mc_copy",
	.absent = true,
	.why = "this kernel re-points the buffers ahead of the copy (6.3 to 6.10)",
};
static const struct other_path flags_first = {
	.func = "folio_mc_copy",
	.why = "this kernel re-points the buffers after folio_migrate_flags",
};
/* In text alone: the function itself may be there as well, for nobody. */
static const struct other_path in_folio_way = {
	.func = "buffer_migrate_folio_norefs",
	.calls = NAMES(LOCK_CALLS),
	.why = "the compiler inlined it in buffer_migrate_folio_norefs",
};
static const struct other_path in_page_way = {
	.func = "buffer_migrate_page_norefs",
	.calls = NAMES(LOCK_CALLS),
	.why = "the compiler inlined it in buffer_migrate_page_norefs",
};
static const struct other_path disables = {
	.func = "lru_cache_disable",
	.why = "this kernel drains by lru_cache_disable as well",
};
static const struct other_path common = {
	.func = "find_get_block_common",
	.why = "this kernel's lookups come by find_get_block_common",
};

/*
 * The lock of a list (7.1) is taken under the page's. What a function does with a second one inside its
 * section can't be followed; and the lists' sections would not be all that there are.
 */
static const struct other_path nested_list = {
	.func = "try_to_free_buffers",
	.calls = NAMES(LOCK_FUNCS),
	.twice = true,
	.since = "mmb_sync",
	.why = "try_to_free_buffers: the compiler inlined remove_assoc_queue, whose lock can't be "
	       "told from the page's",
};

/* Tables: their columns say more than the formatter's breaks. */
/* clang-format off */
const struct probe probes[] = {
	{
		.name = "norefs_entry",
		.what = "entry and exit of the norefs migration",
		.site = -1,
		.flags = PROBE_REQUIRED | PROBE_LIGHT | PROBE_PAGE | PROBE_PINNED,
		.variants = {
			VARIANT_UNLESS("folio", &in_folio_way,
				     ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_folio"),
				     ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_folio")),
			VARIANT_UNLESS("page", &in_page_way,
				     ONE("norefs_exit", ATTACH_FEXIT, "__buffer_migrate_page"),
				     ONE("norefs_enter", ATTACH_FENTRY, "__buffer_migrate_page")),
			NOREFS_WAYS("ways", "buffer_migrate_folio_norefs", "buffer_migrate_folio"),
			NOREFS_WAYS("page_ways", "buffer_migrate_page_norefs", "buffer_migrate_page"),
			KPROBES_UNLESS("folio", &in_folio_way,
				       ONE("norefs_return", ATTACH_EXIT, "__buffer_migrate_folio"),
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
		.flags = PROBE_LIGHT | PROBE_PAGE,
		.variants = {
			/* ≥ 6.12's norefs path calls the inner function, past folio_migrate_mapping */
			VARIANT("inner", ONE("norefs_switch", ATTACH_FENTRY, "__folio_migrate_mapping")),
			VARIANT_UNLESS("folio", &inner,
				     ONE("norefs_switch", ATTACH_FENTRY, "folio_migrate_mapping")),
			VARIANT("page", ONE("norefs_switch", ATTACH_FENTRY, "migrate_page_move_mapping")),
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
		.flags = PROBE_PAGE,
		.variants = {
			VARIANT("mc", ONE("norefs_copy", ATTACH_FENTRY, "folio_mc_copy")),
			VARIANT_UNLESS("folio", &mc, ONE("norefs_copy", ATTACH_FENTRY, "folio_copy")),
			VARIANT("page", ONE("norefs_copy", ATTACH_FENTRY, "migrate_page_copy")),
			KPROBES_RENAMED("mc", ONE("norefs_copy_entry", ATTACH_ENTRY, "folio_mc_copy")),
			KPROBES_UNLESS("folio", &mc, ONE("norefs_copy_entry", ATTACH_ENTRY, "folio_copy")),
		},
	},
	{
		.name = "norefs_end",
		.what = "the end of the move, still under lock or flag",
		.site = -1,
		.flags = PROBE_LIGHT | PROBE_PAGE,
		.variants = {
			/* both: which of them comes last is seen, not believed (window.bpf.h) */
			{
				/* what merely makes buffers calls folio_set_bh, too */
				.name = "set_bh:site", .needs = FEAT_KPROBES, .excluded_by = -1,
				.only_light = true, .unless = &set_bh_first,
				.uses = {
					{ "norefs_set_bh_done", ATTACH_RETURN, NAMES(NOREFS_HOSTS),
					  NAMES("folio_set_bh") },
					ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags"),
				},
			},
			VARIANT_UNLESS("set_bh", &set_bh_first,
				     ONE("norefs_set_bh", ATTACH_FEXIT, "folio_set_bh"),
				     ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags")),
			VARIANT_UNLESS("flags", &flags_first,
				     ONE("norefs_flags_end", ATTACH_FEXIT, "folio_migrate_flags")),
			VARIANT("states", ONE("norefs_flags_end", ATTACH_FEXIT, "migrate_page_states")),
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
		.flags = PROBE_PAGE,
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
		.flags = PROBE_LIGHT | PROBE_PAGE,
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
			SITE_CLOCK_BY(LOOKUP_USES),
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
		.flags = PROBE_PINNED,
		.row = SITE_FIND_GET_BLOCK,
		.variants = {
			VARIANT("common", ONE("lookup_exit_common", ATTACH_FEXIT, "find_get_block_common")),
			/* inlined in both that call it, so that neither's arguments say all */
			KPROBES_UNLESS("both", &common,
				       ONE("lookup_return", ATTACH_EXIT, "__find_get_block"),
				       ONE("lookup_return", ATTACH_EXIT, "__find_get_block_nonatomic")),
			VARIANT_UNLESS("plain", &common,
				     ONE("lookup_exit", ATTACH_FEXIT, "__find_get_block")),
			KPROBES("common", ONE("lookup_return", ATTACH_EXIT, "find_get_block_common")),
			KPROBES_UNLESS("plain", &common,
				       ONE("lookup_return", ATTACH_EXIT, "__find_get_block")),
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
					  NAMES(FOLIO_WAITS) },
					{ "lookup_wait", ATTACH_CALL,
					  NAMES("find_get_block_common", SLOW_LOOKUP),
					  NAMES(FOLIO_WAITS) },
				},
			},
		},
	},
	{
		.name = "buffer_locks",
		.what = "the wait of migrations for the locks of buffers",
		.site = -1,
		.row = ROW_BUFFER_LOCKS,
		.flags = PROBE_LIGHT,
		.variants = {
			{
				.name = "site", .needs = FEAT_KPROBES, .excluded_by = -1,
				.uses = {
					ONE("buffer_wake", ATTACH_ENTRY, "wake_bit_function"),
					{ "buffer_waited", ATTACH_RETURN, NAMES(BUFFER_HOSTS),
					  NAMES("__lock_buffer") },
					{ "buffer_wait", ATTACH_CALL, NAMES(BUFFER_HOSTS),
					  NAMES("__lock_buffer") },
				},
			},
		},
	},
	{
		.name = "stall_folio",
		.what = "waits for the lock of a folio, while they last",
		.site = -1,
		.row = ROW_STALLS,
		.flags = PROBE_LIGHT,
		.variants = {
			VARIANT("folio", ONE("stall_folio_end", ATTACH_FEXIT, "__folio_lock"),
			      ONE("stall_folio", ATTACH_FENTRY, "__folio_lock")),
			VARIANT("page", ONE("stall_folio_end", ATTACH_FEXIT, "__lock_page"),
			      ONE("stall_folio", ATTACH_FENTRY, "__lock_page")),
		},
	},
	{
		.name = "stall_owner",
		.what = "tasks that sleep and have what is waited for",
		.site = -1,
		.row = ROW_STALLS,
		.flags = PROBE_LIGHT,
		.variants = {
			VARIANT("tasks", ONE("stall_tasks", ATTACH_TASKS, "bpf_iter_task")),
		},
	},
	{
		.name = "stall_spin",
		.what = "waits for the spinlock, while they last",
		.site = -1,
		.row = ROW_STALLS,
		.variants = {
			{
				.name = "timer", .needs = FEAT_KPROBES,
				.excluded_by = FEAT_RT, .excluded_why = RT_WHY,
				.uses = {
					ONE("stall_look", ATTACH_TIMER, "cpu-clock"),
					{ "stall_lock", ATTACH_CALL, NAMES(LOOKUP_HOSTS, SLOW_LOOKUP),
					  NAMES(LOCK_FUNCS) },
				},
			},
		},
	},
	{
		.name = "migrate_call",
		.what = "calls of migrate_pages, to count the attempts at a page in each",
		.site = -1,
		.variants = { VARIANT("pages", ONE("migrate_call", ATTACH_ENTRY, "migrate_pages")) },
	},
	{
		.name = "isolation",
		.what = "compaction's isolation of pages, which looks at their mappings",
		.site = -1,
		.row = ROW_ISOLATION,
		.flags = PROBE_RARE,
		.variants = {
			ISOLATION("folio", "isolate_migratepages_block"),
			ISOLATION("page", "__isolate_lru_page"),
			KPROBES("folio", ONE("isolate_return", ATTACH_EXIT, "isolate_migratepages_block"),
				ISOLATE_LOOK("isolate_migratepages_block"),
				ONE("isolate_entry", ATTACH_ENTRY, "isolate_migratepages_block")),
		},
	},
	{
		.name = "truncation",
		.what = "pages truncated between isolation and move",
		.site = -1,
		.row = ROW_ISOLATION,
		.flags = PROBE_RARE,
		.variants = {
			TRUNCATION("folio", "move_to_new_folio"),
			TRUNCATION("page", "move_to_new_page"),
			KPROBES("folio", MOVE_ENDS, ONE("move_return", ATTACH_EXIT, "move_to_new_folio"),
				ONE("move_entry", ATTACH_ENTRY, "move_to_new_folio")),
		},
	},
	{
		.name = "aio_outcome",
		.what = "how migrations of aio ring pages end",
		.site = -1,
		.row = SITE_AIO_MIGRATE,
		.flags = PROBE_LIGHT | PROBE_RARE,
		.variants = {
			AIO_OUTCOME("folio", "aio_migrate_folio"),
			AIO_OUTCOME("page", "aio_migratepage"),
			KPROBES("folio", ONE("aio_return", ATTACH_EXIT, "aio_migrate_folio"),
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
		.flags = PROBE_RARE,
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
		.flags = PROBE_RARE,
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
		.flags = PROBE_RARE,
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
		.name = "refs_move",
		.what = "attempts at every folio that migrates, and its references (--refs)",
		.site = -1,
		.flags = PROBE_REFS,
		.variants = {
			REFS_MOVE("folio", "move_to_new_folio"),
			REFS_MOVE("page", "move_to_new_page"),
		},
	},
	{
		.name = "refs_switch",
		.what = "the switch of every folio that migrates, which freezes its references (--refs)",
		.site = -1,
		.flags = PROBE_REFS,
		.variants = {
			VARIANT("inner", ONE("refs_freeze_end", ATTACH_FEXIT, "__folio_migrate_mapping"),
			      ONE("refs_freeze_inner", ATTACH_FENTRY, "__folio_migrate_mapping")),
			REFS_SWITCH("folio", "folio_migrate_mapping"),
			REFS_SWITCH("page", "migrate_page_move_mapping"),
		},
	},
	{
		.name = "drain_all",
		.what = "what empties the LRU batches and buffer LRUs of all CPUs (--drains)",
		.site = -1,
		.flags = PROBE_DRAINS | PROBE_LIGHT,
		.variants = {
			{
				.name = "tracepoint", .needs = FEAT_LRU_DRAINS, .excluded_by = -1,
				.uses = {
					DRAIN_ENDS,
					ONE("drain_all_told", ATTACH_TRACEPOINT, "mm_lru_add_drain_all_tp"),
				},
			},
			VARIANT("functions", DRAIN_ENDS),
			/* up to 5.12 */
			VARIANT_UNLESS("function", &disables,
				     ONE("drain_all_exit", ATTACH_FEXIT, "lru_add_drain_all")),
			KPROBES("functions",
				ONE("drain_all_return", ATTACH_EXIT, "lru_cache_disable"),
				ONE("drain_all_return", ATTACH_EXIT, "lru_add_drain_all")),
		},
	},
	{
		.name = "drain_buffers",
		.what = "what empties the buffer LRUs of all CPUs (--drains)",
		.site = -1,
		.flags = PROBE_DRAINS | PROBE_LIGHT,
		.variants = {
			VARIANT("function", ONE("drain_buffers_exit", ATTACH_FEXIT, "invalidate_bh_lrus")),
			KPROBES("function", ONE("drain_buffers_return", ATTACH_EXIT, "invalidate_bh_lrus")),
		},
	},
	{
		.name = "drain_batch",
		.what = "one CPU's LRU batch that is emptied before it is full (--drains)",
		.site = -1,
		.flags = PROBE_DRAINS | PROBE_LIGHT,
		.variants = {
			{
				.name = "tracepoint", .needs = FEAT_LRU_DRAINS, .excluded_by = -1,
				.uses = { ONE("drain_batch_told", ATTACH_TRACEPOINT,
					      "mm_lru_add_drain_tp") },
			},
		},
	},
	SITES(SITE_NONE, SITE_PROBE)
	{
		.name = "contended",
		.what = "releases of the lock that somebody waited for",
		.site = -1,
		.flags = PROBE_LIGHT,
		.variants = {
			{
				.name = "tracepoint", .needs = FEAT_CONTENDED, .excluded_by = -1,
				.uses = { ONE("contended", ATTACH_TRACEPOINT, "contended_release") },
			},
		},
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
