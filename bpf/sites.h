/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * THE sites: where the lock is taken, one row each, in the report's order. A row's number is its place.
 * From it follow enum site, names, words and `--site`; for a PLAIN one, of which only lock and hold
 * are asked, also its places' program (place.bpf.h) and its probe (src/trace/probes.c).
 * Stage: shared.
 */
#ifndef MIGTRACE_SITES_H
#define MIGTRACE_SITES_H

/*
 * OWN(ID, name, words): with programs and probes of its own.
 * PLAIN(ID, name, words, dev, unless, hosts...): @dev: what tells the lock's device (core.bpf.h);
 * @unless: where it can't be told from another lock (src/trace/probes.c), or NULL; @hosts: the
 * functions that take it, and behind them those that a compiler may leave out of line.
 */
/* clang-format off */
#define SITES(OWN, PLAIN)                                                                          \
	OWN(MIGRATE_NOREFS, migrate_norefs,                                                        \
	    "migration of a page whose buffers must not be referenced")                            \
	OWN(FIND_GET_BLOCK, find_get_block,                                                        \
	    "lookup of a buffer that is not in the CPU's own cache")                               \
	OWN(AIO_MIGRATE, aio_migrate, "migration of a page of an aio ring")                        \
	OWN(AIO_COMPLETION, aio_completion,                                                        \
	    "the aio ring's completion_lock during that migration")                                \
	PLAIN(AIO_TEARDOWN, aio_teardown, "end of an aio context", core_dev_of_aio_lock, NULL,     \
	      "aio_free_ring", "put_aio_ring_file", "free_ioctx")                                  \
	PLAIN(GROW_BUFFERS, grow_buffers, "attaching new buffers to a page of a block device",     \
	      core_dev_of_lock, NULL, "__getblk_slow", "__getblk_gfp", "bdev_getblk",              \
	      "grow_dev_folio", "grow_dev_page", "grow_buffers")                                   \
	PLAIN(CREATE_EMPTY, create_empty, "attaching buffers to a page of a file",                 \
	      core_dev_of_lock, NULL, "create_empty_buffers", "attach_nobh_buffers",               \
	      "folio_create_empty_buffers")                                                        \
	PLAIN(TRY_TO_FREE, try_to_free, "taking the buffers off a page", core_dev_of_lock,         \
	      &nested_list, "try_to_free_buffers")                                                 \
	PLAIN(DIRTY_FOLIO, dirty_folio, "marking a page with buffers dirty", core_dev_of_lock,     \
	      NULL, "block_dirty_folio", "__set_page_dirty_buffers")                               \
	/* the lock is the block device's, since 7.1 (a3b0a90f1e93) the list's own: mmb->lock */   \
	PLAIN(ASSOC_LIST, assoc_list, "the list of an inode's metadata buffers",                   \
	      core_dev_of_list_lock, &nested_list, "mark_buffer_dirty_inode", "__bforget",         \
	      "invalidate_inode_buffers", "remove_inode_buffers", "sync_mapping_buffers",          \
	      "fsync_buffers_list", "osync_buffers_list", "mmb_mark_buffer_dirty", "mmb_sync",     \
	      "mmb_invalidate", "drop_buffers", "remove_assoc_queue")
/* clang-format on */
#define SITE_NONE(...)

/* Is what there is of it rarely entered, and counts from when it is in place (rare_phase)? */
#define SITE_IS_RARE(site)                                                                         \
	((site) == SITE_AIO_MIGRATE || (site) == SITE_AIO_COMPLETION ||                            \
	 (site) == SITE_AIO_TEARDOWN || (site) == SITE_ASSOC_LIST)

#endif /* MIGTRACE_SITES_H */
