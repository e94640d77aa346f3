/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What rows of the probe table are made of, for probes.c alone. */
#ifndef MIGTRACE_PROBE_ROWS_H
#define MIGTRACE_PROBE_ROWS_H

#include "trace/probes.h"

/* Tables: their columns say more than the formatter's breaks. */
/* clang-format off */
#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

#define LOCK_CALLS   "_raw_spin_lock", "rt_spin_lock"
#define LOCK_FUNCS   LOCK_CALLS, CALLEE_INLINE_LOCK
#define UNLOCK_FUNCS                                                                               \
	"_raw_spin_unlock", "rt_spin_unlock", "__raw_callee_save___pv_queued_spin_unlock",         \
		"__raw_callee_save___native_queued_spin_unlock",                                   \
		/* 7.3, by static call (216c6c67f7f1), and what it was patched to */                       \
		"__SCT__queued_spin_unlock", "native_queued_spin_unlock_traced",                   \
		"pv_queued_spin_unlock_traced", CALLEE_INLINE_UNLOCK

#define SITE_USES(prefix, call, back, locks, ...)                                                  \
	{                                                                                          \
		{ prefix "_acquire", back, NAMES(__VA_ARGS__), locks },                            \
		{ prefix "_call", call, NAMES(__VA_ARGS__), locks },                               \
		{ prefix "_release", call, NAMES(__VA_ARGS__), NAMES(UNLOCK_FUNCS) },              \
	}

/* The call of the lock a few instructions off; its release knows the lock, and has to stay. */
#define LOOKUP_USES                                                                                \
	{                                                                                          \
		{ "lookup_acquire", ATTACH_BRANCH, NAMES(LOOKUP_HOSTS, SLOW_LOOKUP),               \
		  NAMES(LOCK_FUNCS) },                                                             \
		{ "lookup_call", ATTACH_NEAR, NAMES(LOOKUP_HOSTS, SLOW_LOOKUP),                    \
		  NAMES(LOCK_FUNCS) },                                                             \
		{ "lookup_release", ATTACH_CALL, NAMES(LOOKUP_HOSTS, SLOW_LOOKUP),                 \
		  NAMES(UNLOCK_FUNCS) },                                                           \
	}

/* The call-site clock of one site: three programs at the calls inside its functions. */
#define SITE_CLOCK_UNLESS(there, ...)                                                              \
	{                                                                                          \
		.name = "site", .clock = CLOCK_SITE, .needs = FEAT_KPROBES, .excluded_by = -1,     \
		.unless = there, .uses = __VA_ARGS__,                                              \
	}
#define SITE_CLOCK_BY(...) SITE_CLOCK_UNLESS(NULL, __VA_ARGS__)
#define SITE_CLOCK_AT(prefix, call, back, ...)                                                     \
	SITE_CLOCK_BY(SITE_USES(prefix, call, back, NAMES(LOCK_FUNCS), __VA_ARGS__))
#define SITE_CLOCK(prefix, ...) SITE_CLOCK_AT(prefix, ATTACH_CALL, ATTACH_RETURN, __VA_ARGS__)

/* A site of which there is nothing but its row in bpf/sites.h. */
#define SITE_PROBE(id, its_name, words, dev_of, there, ...)                                        \
	{                                                                                          \
		.name = #its_name, .what = words, .site = SITE_##id,                               \
		.flags = SITE_IS_RARE(SITE_##id) ? PROBE_RARE : 0,                                 \
		.variants = { SITE_CLOCK_UNLESS(there,                                             \
			SITE_USES(#its_name, ATTACH_CALL, ATTACH_RETURN, NAMES(LOCK_FUNCS),        \
				  __VA_ARGS__)) },                                                 \
	},

#define ONE(prog, how, func) { prog, how, NAMES(func), NULL }

#define VARIANT_UNLESS(variant_name, there, ...)                                                   \
	{                                                                                          \
		.name = variant_name, .needs = -1, .excluded_by = -1, .unless = there,             \
		.uses = { __VA_ARGS__ },                                                           \
	}
#define VARIANT(variant_name, ...) VARIANT_UNLESS(variant_name, NULL, __VA_ARGS__)

/*
 * Kprobes in the place of trampolines, for kernels whose functions can't have these: without function
 * tracing, without BTF of their own, arm64's before 6.4.
 */
#define KPROBES_UNLESS(variant_name, there, ...)                                                   \
	{                                                                                          \
		.name = variant_name ":kprobe", .needs = FEAT_BTF, .excluded_by = -1,              \
		.unless = there, .uses = { __VA_ARGS__ },                                          \
	}
#define KPROBES(variant_name, ...) KPROBES_UNLESS(variant_name, NULL, __VA_ARGS__)
#define NO_END_WHY "the end of the move needs a trampoline, and that the kernel's own BTF"

/* For what a compiler renamed, on a kernel on which the rest of the move has trampolines. */
#define KPROBES_RENAMED(variant_name, ...)                                                         \
	{                                                                                          \
		.name = variant_name ":kprobe", .needs = FEAT_TRAMPOLINES,                         \
		.excluded_by = FEAT_BTF_ELSEWHERE, .excluded_why = NO_END_WHY,                     \
		.uses = { __VA_ARGS__ },                                                           \
	}

#define RT_WHY	  "PREEMPT_RT has other lock functions"
#define RT_AIO_WHY                                                                                 \
	"on PREEMPT_RT both locks of aio's migration are taken by rt_spin_lock in one function"
#define FLAG_WHY  "the lock is not held over the move here (BH_Migrate)"

#define LOCK_CLOCK_UNLESS(there, ...)                                                              \
	{                                                                                          \
		.name = "lock", .clock = CLOCK_LOCK, .needs = FEAT_TRAMPOLINE_GUARD,               \
		.excluded_by = FEAT_RT, .excluded_why = RT_WHY, .unless = there,                   \
		.uses = {                                                                          \
			__VA_ARGS__,                                                               \
			ONE("lock_release", ATTACH_FENTRY, "_raw_spin_unlock"),                    \
			ONE("lock_acquire", ATTACH_FEXIT, "_raw_spin_lock"),                       \
			ONE("lock_call", ATTACH_FENTRY, "_raw_spin_lock"),                         \
		},                                                                                 \
	}
#define LOCK_CLOCK(...) LOCK_CLOCK_UNLESS(NULL, __VA_ARGS__)

#define BRACKET(func, there)                                                                       \
	{                                                                                          \
		.name = "bracket:" func, .clock = CLOCK_BRACKET, .needs = -1,                      \
		.excluded_by = FEAT_BH_MIGRATE, .excluded_why = FLAG_WHY, .unless = there,         \
		.uses = {                                                                          \
			ONE("bracket_end", ATTACH_FENTRY, "unlock_buffer"),                        \
			ONE("bracket_start", ATTACH_FENTRY, func),                                 \
		},                                                                                 \
	}

#define AIO_HOSTS    "aio_migrate_folio", "aio_migratepage"
#define AIO_COPIERS  "folio_migrate_copy", "folio_copy", "migrate_page_copy"
#define BATCH_HOSTS                                                                                \
	"migrate_pages_batch", "migrate_pages", "migrate_folio_done", "migrate_folio_unmap",       \
		"unmap_and_move", "__unmap_and_move"

/* The second ones: with lockdep. */
#define MUTEX_LOCKS  "mutex_lock", "mutex_lock_nested"
#define MUTEX_TRIES  "mutex_trylock", "_mutex_trylock_nest_lock" /* 6.16 */

/* The second one: where clang inlined the first; the folio is the first argument of both. */
#define FOLIO_WAITS  "__folio_lock", "folio_wait_bit_common"

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
			{ "aio_read_locked", ATTACH_RETURN, NAMES(reader), NAMES(MUTEX_LOCKS) },  \
			ONE(enter, how, reader),                                                   \
			{ "aio_copy_end", ATTACH_RETURN, NAMES(AIO_HOSTS), NAMES(AIO_COPIERS) },   \
			{ "aio_copy_start", ATTACH_CALL, NAMES(AIO_HOSTS), NAMES(AIO_COPIERS) },   \
		},                                                                                 \
	}

#define AIO_SWITCH(func)                                                                           \
	{ "aio_switch", ATTACH_CALL, NAMES(func),                                                  \
	  NAMES("folio_migrate_mapping", "migrate_page_move_mapping") }
#define AIO_TRIED(func) { "aio_tried", ATTACH_RETURN, NAMES(func), NAMES(MUTEX_TRIES) }
#define AIO_OUTCOME(variant_name, func)                                                            \
	VARIANT(variant_name, ONE("aio_exit", ATTACH_FEXIT, func), AIO_SWITCH(func),               \
	      ONE("aio_enter", ATTACH_FENTRY, func), AIO_TRIED(func))

#define ISOLATE_LOOK(host)                                                                         \
	{ "isolate_look", ATTACH_CALL, NAMES(host), NAMES("folio_unlock", "unlock_page") }
#define ISOLATION(variant_name, look_host)                                                         \
	VARIANT(variant_name,                                                                      \
	      ONE("isolate_exit", ATTACH_FEXIT, "isolate_migratepages_block"),                     \
	      ISOLATE_LOOK(look_host),                                                             \
	      ONE("isolate_enter", ATTACH_FENTRY, "isolate_migratepages_block"))

#define MOVE_ENDS                                                                                  \
	{ "move_free", ATTACH_AHEAD, NAMES(BATCH_HOSTS), NAMES("__folio_put", "__put_page") },     \
	{ "move_orphaned", ATTACH_CALL, NAMES(BATCH_HOSTS), NAMES("try_to_free_buffers") }
#define TRUNCATION(variant_name, mover)                                                            \
	VARIANT(variant_name, MOVE_ENDS,                                                           \
	      ONE("move_exit", ATTACH_FEXIT, mover))

#define REFS_MOVE(variant_name, mover)                                                             \
	VARIANT(variant_name, ONE("refs_exit", ATTACH_FEXIT, mover),                               \
	      ONE("refs_enter", ATTACH_FENTRY, mover))
#define REFS_SWITCH(variant_name, switcher)                                                        \
	VARIANT_UNLESS(variant_name, &inner, ONE("refs_freeze_end", ATTACH_FEXIT, switcher),       \
		     ONE("refs_freeze", ATTACH_FENTRY, switcher))

/* Where the tracepoint counts, they say when it is done. */
#define DRAIN_ENDS                                                                                 \
	ONE("drain_disable_exit", ATTACH_FEXIT, "lru_cache_disable"),                              \
	ONE("drain_all_exit", ATTACH_FEXIT, "lru_add_drain_all")

/* The last ones: when the compiler inlined the others in them. */
#define NOREFS_HOSTS                                                                               \
	"__buffer_migrate_folio", "__buffer_migrate_page", "buffer_migrate_folio_norefs",          \
		"buffer_migrate_page_norefs"
/* Where the buffers are locked, with the check and without. */
#define BUFFER_HOSTS                                                                               \
	NOREFS_HOSTS, "buffer_migrate_folio", "buffer_migrate_page", "buffer_migrate_lock_buffers"
#define LOOKUP_HOSTS "find_get_block_common", "__find_get_block", "__find_get_block_nonatomic"
/* Where a lookup takes its lock, when the compiler did not inline it (Ubuntu 5.8 to 6.8). */
#define SLOW_LOOKUP  "__find_get_block_slow"

/*
 * The two functions through which every migration with buffers comes, which is what the flag in
 * __buffer_migrate_folio() says. Their addresses are in tables: no compiler can do without them.
 */
#define NOREFS_WAYS(variant_name, norefs, unchecked)                                               \
	VARIANT(variant_name, ONE("norefs_way_exit", ATTACH_FEXIT, norefs),                        \
	      ONE("unchecked_way_exit", ATTACH_FEXIT, unchecked),                                  \
	      ONE("unchecked_way_enter", ATTACH_FENTRY, unchecked),                                \
	      ONE("norefs_way_enter", ATTACH_FENTRY, norefs))
#define NOREFS_WAYS_BY_KPROBES(variant_name, norefs, unchecked)                                    \
	KPROBES(variant_name, ONE("norefs_return", ATTACH_EXIT, norefs),                             \
		ONE("norefs_return", ATTACH_EXIT, unchecked),                                      \
		ONE("unchecked_way_entry", ATTACH_ENTRY, unchecked),                               \
		ONE("norefs_way_entry", ATTACH_ENTRY, norefs))
/* clang-format on */

#endif /* MIGTRACE_PROBE_ROWS_H */
