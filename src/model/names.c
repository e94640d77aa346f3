// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The words of the report, the run file and the options, one table each (design.md §2, §4, §5).
 * Stage 4 (model).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/run.h"

#define SITE_NAME(id, name, ...) #name,
static const char *const sites[] = { SITES(SITE_NAME, SITE_NAME) };

static const char *const clocks[] = {
	[CLOCK_SITE] = "site",
	[CLOCK_LOCK] = "lock",
	[CLOCK_BRACKET] = "bracket",
};

static const char *const outcomes[OUTCOME_COUNT] = {
	[OUTCOME_MOVED] = "moved",
	[OUTCOME_BUSY] = "busy",
	[OUTCOME_REFS] = "refs",
	[OUTCOME_OTHER] = "other",
};

/* clang-format off */
#define ON_NOREFS  (1u << PATH_NOREFS)
#define ON_BUFFERS (1u << PATH_BUFFERS)
#define ON_AIO	   (1u << PATH_AIO)
#define ON_BOTH	   (ON_NOREFS | ON_BUFFERS)

/* Reasons, and the paths on which a migration can end so. */
static const struct {
	const char *name;
	unsigned int paths;
} reasons[REASON_COUNT] = {
	[REASON_OK] = { "ok", ON_BOTH | ON_AIO },
	[REASON_NO_BUFFERS] = { "no_buffers", ON_BOTH },
	[REASON_EARLY_REFS] = { "early_refs", ON_BOTH },
	[REASON_LOCKED] = { "locked", ON_BOTH },
	[REASON_WRITEBACK] = { "writeback", ON_BOTH },
	[REASON_BUSY] = { "busy", ON_NOREFS },
	[REASON_JOURNAL] = { "journal", ON_NOREFS },
	[REASON_REFS] = { "refs", ON_BOTH | ON_AIO },
	[REASON_COPY_FAULT] = { "copy_fault", ON_BOTH },
	[REASON_OTHER] = { "other", ON_BOTH | ON_AIO },
	[REASON_RING_LOCK] = { "ring_lock_busy", ON_AIO },
	[REASON_CTX_GONE] = { "ctx_gone", ON_AIO },
	[REASON_SLOT_CHANGED] = { "slot_changed", ON_AIO },
};

static const char *const paths[PATH_COUNT] = {
	[PATH_NOREFS] = "norefs",
	[PATH_BUFFERS] = "buffers",
	[PATH_AIO] = "aio",
};

static const char *const isolations[ISO_COUNT] = {
	[ISO_TAKEN] = "taken_sync",
	[ISO_TAKEN + 1] = "taken_async",
	[ISO_TAKEN + 2] = "taken_sync_unevictable",
	[ISO_TAKEN + 3] = "taken_async_unevictable",
	[ISO_DEREFERENCED] = "dereferenced",
	[ISO_MAPPING_GONE] = "mapping_gone",
	[ISO_MAPPING_EXITING] = "mapping_exiting",
	[ISO_MOVES] = "moves",
	[ISO_GONE_AT_MOVE] = "gone_at_move",
	[ISO_FREED] = "freed",
	[ISO_ORPHANED] = "orphaned",
};

#define MODE_WAITS 1 /* MIGRATE_SYNC_LIGHT */

static const char *const unlockers[UNLOCKER_COUNT] = {
	[UNLOCKER_UNSEEN] = "unseen",
	[UNLOCKER_IO] = "io_completion",
	[UNLOCKER_TASK] = "task",
};

static const char *const refs_kinds[REFS_KINDS] = {
	[REFS_ANON] = "anonymous", [REFS_SWAP] = "swap_cache", [REFS_FILE] = "file",
	[REFS_BUFFERS] = "buffers", [REFS_AIO] = "aio_ring", [REFS_OTHER] = "other",
};

static const char *const refs_results[REFS_RESULTS] = {
	[REFS_MOVED] = "moved",
	[REFS_EARLY] = "early",
	[REFS_FREEZE] = "switch",
	[REFS_ELSE] = "other",
};

static const char *const drains[DRAIN_CLASSES] = {
	[DRAIN_ALL] = "all",   [DRAIN_BUFFERS] = "buffers", [DRAIN_BATCH] = "batch",
	[DRAIN_NONE] = "none", [DRAIN_ITSELF] = "itself",
};

static const char *const stages[STAGE_COUNT] = {
	[STAGE_EARLY] = "early",
	[STAGE_SWITCH] = "switch",
	[STAGE_AIO] = "aio",
};

/*
 * A loss taints when a late reference could have hidden in it (hides) or a hold is missing or false. The
 * others leave every count right: the wait alone is unknown, the event is counted but not listed,
 * and what a skipped program hides shows up as an acquire without its release.
 */
static const struct {
	const char *name;
	bool taints, hides;
} losses[LOSS_COUNT] = {
	[LOSS_MAP_FULL] = { "map_full", true, true },
	[LOSS_NO_RELEASE] = { "no_release", true, true },
	[LOSS_NO_ACQUIRE] = { "no_acquire", true, true },
	[LOSS_CLOCK_BACK] = { "clock_back", true, true },
	[LOSS_WAIT_START] = { "wait_start", false, false },
	[LOSS_WINDOW] = { "window", true, true },
	[LOSS_EVENT_LIST] = { "event_list", false, false },
	[LOSS_RECURSION] = { "recursion", false, false },
	[LOSS_END_UNSEEN] = { "window_end_unseen", true, true },
	[LOSS_LOOKUP_EXIT] = { "lookup_exit_unseen", true, true },
	[LOSS_TABLE_FULL] = { "table_full", true, false },
	[LOSS_PROGRAM_MISSED] = { "program_missed", true, true },
};
/* clang-format on */

static unsigned int by_name(const char *const *names, unsigned int n, const char *name)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (names[i] && !strcmp(names[i], name))
			break;
	return i;
}

const char *site__name(unsigned int site)
{
	return site < SITE_COUNT ? sites[site] : NULL;
}

unsigned int site__by_name(const char *name)
{
	return by_name(sites, SITE_COUNT, name);
}

const char *row__name(unsigned int row)
{
	return row == ROW_ISOLATION ? "isolation" : site__name(row);
}

unsigned int row__by_name(const char *name)
{
	unsigned int site = site__by_name(name);

	if (site < SITE_COUNT)
		return site;
	return strcmp(name, row__name(ROW_ISOLATION)) ? ROW_COUNT : ROW_ISOLATION;
}

const char *path__name(unsigned int path)
{
	return path < PATH_COUNT ? paths[path] : NULL;
}

const char *isolation__name(unsigned int i)
{
	return i < ISO_COUNT ? isolations[i] : NULL;
}

const char *refs_kind__name(unsigned int kind)
{
	return kind < REFS_KINDS ? refs_kinds[kind] : NULL;
}

const char *refs_result__name(unsigned int result)
{
	return result < REFS_RESULTS ? refs_results[result] : NULL;
}

const char *drain__name(unsigned int i)
{
	return i < DRAIN_CLASSES ? drains[i] : NULL;
}

const char *clock__name(unsigned int clock)
{
	return (size_t)clock < sizeof(clocks) / sizeof(*clocks) ? clocks[clock] : NULL;
}

const char *outcome__name(unsigned int outcome)
{
	return outcome < OUTCOME_COUNT ? outcomes[outcome] : NULL;
}

const char *reason__name(unsigned int path, unsigned int reason)
{
	return reason < REASON_COUNT && reasons[reason].paths & 1u << path ? reasons[reason].name :
									     NULL;
}

const char *mode__name(__s32 mode)
{
	static const char *const names[] = { "async", "sync_light", "sync", "sync_no_copy" };

	return mode >= 0 && mode < 4 ? names[mode] : "-";
}

const char *wait_mode__name(unsigned int i)
{
	return i < WAIT_MODES ? mode__name(MODE_WAITS + (__s32)i) : NULL;
}

const char *stall__name(unsigned int what)
{
	static const char *const names[STALL_COUNT] = { "folio_lock", "buffer_lock",
							"private_lock" };

	return what < STALL_COUNT ? names[what] : NULL;
}

const char *unlocker__name(unsigned int i)
{
	return i < UNLOCKER_COUNT ? unlockers[i] : NULL;
}

const char *stage__name(unsigned int stage)
{
	return stage < STAGE_COUNT ? stages[stage] : NULL;
}

const char *loss__name(unsigned int loss)
{
	return loss < LOSS_COUNT ? losses[loss].name : NULL;
}

bool loss__taints(unsigned int loss)
{
	return loss < LOSS_COUNT && losses[loss].taints;
}

bool loss__hides(unsigned int loss)
{
	return loss < LOSS_COUNT && losses[loss].hides;
}

const char *dev__format(__u32 dev, char *buf, size_t size)
{
	snprintf(buf, size, "%u:%u", dev >> DEV_MINOR_BITS, dev & DEV_MINOR_MASK);
	return buf;
}

const char *dev__words(__u32 dev, const char *name, char *buf)
{
	char number[DEV_TEXT];

	dev__format(dev, number, sizeof(number));
	if (dev == DEV_OTHER || !dev)
		snprintf(buf, DEV_WORDS, "%s", dev ? "other devices" : "no device");
	else if (*name)
		snprintf(buf, DEV_WORDS, "%s (%s)", name, number);
	else
		snprintf(buf, DEV_WORDS, "device %s", number);
	return buf;
}

/* One number has one spelling: as keys "8:01" and "8:1" would be two devices. */
static bool is_number(const char *s)
{
	return *s >= '0' && *s <= '9' && (*s != '0' || s[1] < '0' || s[1] > '9');
}

bool dev__parse(const char *text, __u32 *dev)
{
	unsigned long major, minor;
	char *end;

	if (!is_number(text))
		return false;
	major = strtoul(text, &end, 10);
	if (*end != ':' || !is_number(end + 1))
		return false;
	minor = strtoul(end + 1, &end, 10);
	if (*end || major >> (32 - DEV_MINOR_BITS) || minor > DEV_MINOR_MASK)
		return false;
	*dev = (__u32)(major << DEV_MINOR_BITS | minor);
	return true;
}
