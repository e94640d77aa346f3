/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The programs of bpf/ as functions, and what they have counted when a run is over. */
#ifndef MODEL_PROGRAMS_H
#define MODEL_PROGRAMS_H

#include "fake.h"

#include "event.h"

struct settings {
	bool pair, bh_migrate, sections, recount;
	bool wait;	      /* the call of the lock function is probed */
	bool steps_off;	      /* none of a move's steps is */
	__u32 ends, end_step; /* enum end_step */
};

/* @other_ends: moves that went by in the other order. */
void programs_reset(const struct settings *s, __u64 other_ends);
/* While a run goes on: user space is about to take the programs off the steps. */
void programs_steps_off(void);

void norefs_enter(struct address_space *mapping, struct folio *dst, struct folio *src, bool check);
void norefs_call(void);
void norefs_acquire(int place);
void norefs_release(void);
void norefs_switch(struct address_space *mapping);
void norefs_copy(void);
void norefs_set_bh(struct buffer_head *bh);
void norefs_flags_end(struct folio *dst);
void norefs_unlock(void);
void norefs_exit(struct folio *src, int ret);
void bracket_begin(void);
void bracket_unlock(struct buffer_head *bh);
void lookup_call(struct address_space *mapping);
void lookup_acquire(void);
void lookup_release(struct address_space *mapping);
void lookup_wait(struct folio *folio);
void lookup_waited(void);
void lookup_folio(struct folio *folio);
void lookup_exit(struct block_device *bdev, __u64 block, struct buffer_head *bh);

/* What user space makes of it (snapshot.c). */
struct tally {
	__u64 total, possible, windows, waited, behind, unjudged;
	__u32 left_open; /* windows behind the last migration's end: their places are gone for good */
	__u64 lost[LOSS_COUNT];
	bool tainted;
	__u64 wait_behind_ns;
	__u64 hold_ns, holds; /* of migrations */
	const char *wrong;    /* a counter below zero, a place that is still taken */
};
struct tally programs_tally(void);
/* Lookups that are said to wait for @folio. */
__s64 programs_waiters(const struct folio *folio);

#endif /* MODEL_PROGRAMS_H */
