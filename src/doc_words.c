// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What names mean: sites, reasons, losses. For readers who have never seen the tool; migtrace(8) says
 * the same at more length.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "doc.h"

/* clang-format off */
static const char *const sites[SITE_COUNT] = {
	[SITE_MIGRATE_NOREFS] = "migration of a page whose buffers must not be referenced",
	[SITE_FIND_GET_BLOCK] = "lookup of a buffer that is not in the CPU's own cache",
	[SITE_AIO_MIGRATE] = "migration of a page of an aio ring",
	[SITE_AIO_COMPLETION] = "the aio ring's completion_lock during that migration",
	[SITE_AIO_TEARDOWN] = "end of an aio context",
	[SITE_GROW_BUFFERS] = "attaching new buffers to a page of a block device",
	[SITE_CREATE_EMPTY] = "attaching buffers to a page of a file",
	[SITE_TRY_TO_FREE] = "taking the buffers off a page",
	[SITE_DIRTY_FOLIO] = "marking a page with buffers dirty",
	[SITE_ASSOC_LIST] = "the list of an inode's metadata buffers",
};

static const struct {
	const char *name, *words;
} reasons[] = {
	{ "ok", "the page was moved" },
	{ "no_buffers", "it had no buffers: no lock, no check" },
	{ "early_refs", "page referenced, before anything was locked" },
	{ "locked", "a buffer was locked" },
	{ "writeback", "a buffer was locked and the page under writeback" },
	{ "busy", "a buffer was referenced" },
	{ "journal", "a buffer was referenced, and it belongs to a journal" },
	{ "refs", "page referenced, when the mapping was to be switched" },
	{ "copy_fault", "the machine could not read the page" },
	{ "ring_lock_busy", "the ring was being read or set up" },
	{ "ctx_gone", "the ring's context was being taken down" },
	{ "slot_changed", "the page was no longer the ring's" },
	{ "other", "anything else" },
};

static const char *const losses[LOSS_COUNT] = {
	[LOSS_MAP_FULL] = "no room for a lock section, a migration or a lookup",
	[LOSS_NO_RELEASE] = "an acquire whose release was not seen",
	[LOSS_NO_ACQUIRE] = "a release whose acquire was not seen",
	[LOSS_CLOCK_BACK] = "an end that read earlier than its start",
	[LOSS_WAIT_START] = "the hold is exact, its wait is not known",
	[LOSS_WINDOW] = "windows opened and neither closed nor in flight at the end",
	[LOSS_EVENT_LIST] = "events counted but not listed",
	[LOSS_RECURSION] = "the kernel skipped a program that was already running",
	[LOSS_END_UNSEEN] = "pages that moved and the end of whose move was not seen",
	[LOSS_LOOKUP_EXIT] = "lookups near a migration whose exit was not seen",
	[LOSS_TABLE_FULL] = "no room in a table of figures; no late reference hides there",
	[LOSS_PROGRAM_MISSED] = "the kernel skipped a program that windows rest on",
};
/* clang-format on */

const char *site__words(unsigned int site)
{
	return site < SITE_COUNT ? sites[site] : "";
}

const char *reason__words(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(reasons[i].name, reason))
			return reasons[i].words;
	return "";
}

const char *loss__words(unsigned int loss)
{
	return loss < LOSS_COUNT ? losses[loss] : "";
}
