/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * The contract between the BPF programs and the command: ids, keys, values, reasons.
 * Stage: shared. Fixed-width types only; explicit values; a retired value stays as a hole.
 */
#ifndef MIGTRACE_EVENT_H
#define MIGTRACE_EVENT_H

#include "hist.h"

/* Where the lock is taken. The names are in src/names.c; the order is the report's. */
enum site {
	SITE_MIGRATE_NOREFS = 0,
	SITE_FIND_GET_BLOCK = 1,
	SITE_AIO_MIGRATE = 2,
	SITE_AIO_COMPLETION = 3,
	SITE_AIO_TEARDOWN = 4,
	SITE_GROW_BUFFERS = 5,
	SITE_CREATE_EMPTY = 6,
	SITE_TRY_TO_FREE = 7,
	SITE_DIRTY_FOLIO = 8,
	SITE_ASSOC_LIST = 9,
	SITE_COUNT = 10,
	/* not a site of the kernel's: the section on which a clock's floor is measured */
	SITE_FLOOR = 10,
	SITE_SLOTS = 11,
};

enum hist_kind {
	KIND_HOLD = 0,
	KIND_WAIT = 1,
	KIND_WINDOW = 2,      /* release of the passing check to the end of the move */
	KIND_FLAG_HELD = 3,   /* BH_Migrate set to clear */
	KIND_FOLIO_WAIT = 4,  /* sleeping lookup that waited for a folio lock */
	KIND_COUNT = 5,
};

/* How the section of a migration site ended; OUTCOME_NONE at every other site. */
enum outcome {
	OUTCOME_NONE = 0,
	OUTCOME_MOVED = 1,
	OUTCOME_BUSY = 2,  /* a buffer was referenced */
	OUTCOME_REFS = 3,  /* folio reference count was not the expected one */
	OUTCOME_OTHER = 4,
	OUTCOME_COUNT = 5,
};

struct hist_key {
	__u32 dev; /* kernel's dev_t: major << 20 | minor; 0 when the mapping had no host */
	__u8 site;
	__u8 kind;
	__u8 outcome;
	__u8 pad;
};

/* Every way to lose a measurement. The names are in src/names.c. */
enum loss {
	LOSS_MAP_FULL = 0,	/* a histogram or a migration's state found no room */
	LOSS_NO_RELEASE = 1,	/* an acquire whose release was never seen */
	LOSS_NO_ACQUIRE = 2,	/* a release whose acquire was never seen */
	LOSS_CLOCK_BACK = 3,	/* the end read earlier than the start */
	LOSS_WAIT_START = 4,	/* the hold is exact, the start of its wait was overwritten */
	LOSS_WINDOW = 5,	/* windows opened != closed + in flight */
	LOSS_EVENT_LIST = 6,	/* an event was counted but not listed */
	LOSS_RECURSION = 7,	/* the kernel skipped a program (bpf_prog_info.recursion_misses) */
	LOSS_COUNT = 8,
};

#endif /* MIGTRACE_EVENT_H */
