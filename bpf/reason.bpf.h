/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Why a migration of a page with buffers ended as it did. Stage 1. The function says -EAGAIN for
 * five reasons; which one it was is told from how far it came, and from what made it stop, which is
 * still there when it returns.
 */
#ifndef MIGTRACE_REASON_BPF_H
#define MIGTRACE_REASON_BPF_H

#include "core.bpf.h"
#include "generation.bpf.h"
#include "maps.bpf.h"

#define EAGAIN	     11
#define EHWPOISON    133
#define MIGRATE_SYNC 2 /* enum migrate_mode: async, sync_light, sync, and sync_no_copy to 6.1 */

/* 6.12 and later count the folio's references again between the check and the copy. */
const volatile bool cfg_recount = false;

/* Lock sections are seen: a migration that had none did not get as far as the lock. */
const volatile bool cfg_norefs_sections = false;

/* What a buffer is, in the bits that its address, a multiple of eight, has no use for. */
#define BUFFER_REFERENCED 1
#define BUFFER_UNLISTED	  2 /* referenced, and on no list, whose walker may be the one */
#define BUFFER_LOCKED	  4
#define BUFFER_BITS	  7
#define buffer_at(look)	  ((look) & ~(__u64)BUFFER_BITS)

/*
 * Global functions, which the verifier goes through once, whoever calls them, and step by step: 512
 * buffers in one loop were 20,000 instructions in each of five programs, and a recording of all rows on
 * 7.3 had 231,000 verified. A loop of 16 rounds around one of 32 steps is a thousand.
 */
#define BUFFERS_ROUND 32

/* The buffer behind @bh in its folio, and what @bh is. */
__noinline __u64 buffer_look(__u64 bh)
{
	struct core_bh b;
	__u64 bits = 0;

	core_bh_read(bh, &b);
	if (b.count > 0)
		bits = b.listed ? BUFFER_REFERENCED : BUFFER_REFERENCED | BUFFER_UNLISTED;
	if (core_state_locked(b.state))
		bits |= BUFFER_LOCKED;
	return buffer_at(b.next) | bits;
}

/* A round from @bh on. 0: all up to @head were seen; an address alone: those from there on were not. */
__noinline __u64 buffers_round(__u64 bh, __u64 head, __u64 want)
{
	for (__u64 i = 0; i < BUFFERS_ROUND; i++) {
		__u64 look = buffer_look(bh);

		if (look & want)
			return bh | (look & BUFFER_BITS);
		bh = buffer_at(look);
		if (!bh)
			break;
		if (bh == head)
			return 0;
	}
	if (!bh)
		count(COUNTER_PARTIAL);
	return bh;
}

/* The first of the buffers of @head's folio that is one of @want, and what it is; 0: none. */
__noinline __u64 buffers_first(__u64 head, __u64 want)
{
	__u64 found = head;

	for (__u64 i = 0; i < cfg_folio_buffers; i += BUFFERS_ROUND) {
		found = buffers_round(found, head, want);
		if (!found || found & BUFFER_BITS)
			return found;
	}
	count(COUNTER_PARTIAL);
	return 0;
}

/* Is a buffer of @head's folio referenced (1), by a journal at that (2)? 0: none is. */
static __always_inline int norefs_busy(__u64 head)
{
	__u64 found = buffers_first(head, BUFFER_REFERENCED);

	if (!found)
		return 0;
	return core_bh_journaled(buffer_at(found)) ? 2 : 1;
}

/* Is one of the buffers locked? The migrator has unlocked those that it had locked itself. */
static __always_inline bool norefs_locked(__u64 folio)
{
	return buffers_first(core_folio_buffers(folio), BUFFER_LOCKED);
}

static __always_inline __u64 *refcount_of(const struct refcount_key *key)
{
	__u32 *i = bpf_map_lookup_elem(&refcounts, key);

	return i ? bpf_map_lookup_elem(&refcount_values, i) : NULL;
}

static __always_inline void refcount_note(__u64 folio, __u32 stage, __s32 expected, __s32 seen)
{
	struct refcount_key key = { stage, expected, seen == expected ? -1 : seen };
	__u64 *v;

	if (folio_awaited(folio))
		count(COUNTER_WAITER_REFS);
	if (cfg_totals)
		key.expected = key.seen = 0;
	v = refcount_of(&key);
	if (!v) {
		keyed_make(refcounts, &key);
		v = refcount_of(&key);
	}
	if (v)
		__sync_fetch_and_add(v, 1);
	else
		lost(LOSS_TABLE_FULL);
}

/* What the kernel expects: the isolation's reference, the buffers', and one a page for the mapping. */
__noinline int norefs_expected(__u64 folio)
{
	return 2 + core_folio_pages(folio);
}

/* The steps of a move are no longer probed: it is done when its lock is released (window.bpf.h). */
volatile bool steps_off = false;

/*
 * -EAGAIN, and no check found a buffer busy. @refs: the folio's references at the entry; @unchecked:
 * there is no check; @past: the check was passed, or there was none and the switch was reached.
 */
__noinline int norefs_stopped(__u64 folio, __s32 refs, __u32 mode, __u32 unchecked, __u32 past)
{
	__s32 expected = norefs_expected(folio), now = core_folio_refs(folio);
	bool recounted = unchecked && (cfg_recount || steps_off);

	/* no switch is seen any more; but what was right at the entry, and waits for buffers, comes to it */
	if (past || (unchecked && steps_off && refs == expected && mode >= MIGRATE_SYNC)) {
		refcount_note(folio, STAGE_SWITCH, expected, now);
		return REASON_REFS;
	}
	if (refs != expected) {
		refcount_note(folio, STAGE_EARLY, expected, refs);
		return REASON_EARLY_REFS;
	}
	if (!unchecked && !cfg_norefs_sections) {
		int busy = norefs_busy(core_folio_buffers(folio));

		if (busy)
			return busy == 2 ? REASON_JOURNAL : REASON_BUSY;
	}
	/* in the modes that may sleep a locked buffer is waited for */
	if (mode < MIGRATE_SYNC && norefs_locked(folio))
		return core_folio_writeback(folio) ? REASON_WRITEBACK : REASON_LOCKED;
	if (now == expected && (recounted || mode < MIGRATE_SYNC))
		return REASON_OTHER;
	refcount_note(folio, recounted ? STAGE_SWITCH : STAGE_EARLY, expected, now);
	return recounted ? REASON_REFS : REASON_EARLY_REFS;
}

/*
 * -EAGAIN behind a check that our walk of the buffers did not find busy: had it passed all the same? So it
 * had if the switch was seen, and if nobody had a buffer when the lock was taken again: nobody gets one
 * while it is held. Who had one may have put it between the check and our walk: a first check that failed
 * is followed by a second, and one that passed by the switch, whatever comes of it; but where references
 * are counted once more ahead of the switch, or it is no longer probed, there may be none to be seen. After
 * a second check it had if the walk found a reference to count: a lookup that waits for the lock has one.
 * (Taking all for busy was wrong for 10 to 15 of 200 on before-6.12; a look at the exit, too, when lookups
 * come back to the page, for 2.)
 */
static __always_inline bool norefs_passed(const struct migration *m)
{
	/* a number, where the compiler knows the equal argument, which the verifier won't pass on */
	__u64 folio = *(const volatile __u64 *)&m->src;

	if (m->now.switched || m->now.clear)
		return true;
	if (m->now.sections < 2)
		return cfg_recount || steps_off;
	return (cfg_recount || steps_off) && m->refs_second != norefs_expected(folio);
}

static __always_inline __u32 migration_reason(const struct migration *m, int ret)
{
	if (!ret)
		return REASON_OK;
	if (ret == -EHWPOISON)
		return REASON_COPY_FAULT;
	if (ret != -EAGAIN)
		return REASON_OTHER;
	if (m->now.refused)
		return m->now.refused == 2 ? REASON_JOURNAL : REASON_BUSY;
	return norefs_stopped(m->src, m->refs, m->mode, m->unchecked,
			      m->now.switched || m->now.released);
}

/* The counter of @reason on the path with or without (@unchecked) the check. */
static __always_inline __u32 reason_counter(bool unchecked, __u32 reason)
{
	return COUNTER_REASON + (unchecked ? PATH_BUFFERS : PATH_NOREFS) * REASON_COUNT + reason;
}

#endif /* MIGTRACE_REASON_BPF_H */
