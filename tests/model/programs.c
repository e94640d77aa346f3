// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The programs' own text, compiled natively: bpf/core.bpf.h's accessors and libbpf's helpers are ours,
 * and settings that the load fixes can be changed from run to run.
 */
#include "fake_core.h"
#include "programs.h"
#define const
#include "bracket.bpf.h"
#include "lookup.bpf.h"
#include "norefs.bpf.h"
#undef const

#define SLOTS_USED 8 /* few places, so that windows meet in one set */

void programs_reset(const struct settings *s, __u64 other_ends)
{
	fake_forget();
	migrating = 0;
	window_seq = 0;
	window_ended_ns = 0;
	folio_waiting = 0;
	lookups_kept = 0;
	end_kept = 0;
	end_other = other_ends;
	end_step = s->end_step;
	cfg_ends = s->ends;
	cfg_pair = s->pair;
	cfg_bh_migrate = s->bh_migrate;
	cfg_norefs_sections = s->sections;
	cfg_wait = s->wait;
	cfg_behind = s->sections && s->pair;
	steps_off = s->steps_off;
	moves_held = 0;
	moves_slipped = 0;
	cfg_recount = s->recount;
	cfg_window_mask = WINDOW_WAYS - 1;
	cfg_migration_mask = SLOTS_USED - SLOT_WAYS;
	cfg_lookup_mask = SLOTS_USED - SLOT_WAYS;
	phase = PHASE_RECORDING;
}

void programs_steps_off(void)
{
	steps_off = true;
}

void norefs_enter(struct address_space *mapping, struct folio *dst, struct folio *src, bool check)
{
	norefs_entered(NULL, true, mapping, dst, src, 0, check);
}

void norefs_call(void)
{
	norefs_called();
}

void norefs_acquire(int place)
{
	norefs_acquired(place);
}

void norefs_release(void)
{
	norefs_released();
}

void norefs_switch(struct address_space *mapping)
{
	norefs_switching((__u64)mapping);
}

void norefs_copy(void)
{
	norefs_copying();
}

void norefs_set_bh(struct buffer_head *bh)
{
	norefs_repointed((__u64)bh);
}

void norefs_flags_end(struct folio *dst)
{
	norefs_moved(true, dst);
}

void norefs_unlock(void)
{
	norefs_unlocking();
}

void norefs_exit(struct folio *src, int ret)
{
	norefs_exited(NULL, (__u64)src, ret);
}

void bracket_begin(void)
{
	norefs_bracket_start();
}

void bracket_unlock(struct buffer_head *bh)
{
	norefs_bracket_end((__u64)bh);
}

void lookup_call(struct address_space *mapping)
{
	section_call(SITE_FIND_GET_BLOCK, 0, 0); /* ATTACH_NEAR */
}

void lookup_acquire(void)
{
	section_acquire(SITE_FIND_GET_BLOCK, bpf_ktime_get_ns());
}

void lookup_release(struct address_space *mapping)
{
	lookup_released(NULL, (__u64)mapping + core_private_lock_offset());
}

void lookup_wait(struct folio *folio)
{
	folio_wait_start((__u64)folio);
}

void lookup_waited(void)
{
	folio_wait_end();
}

void lookup_folio(struct folio *folio)
{
	lookup_folio_locked((__u64)folio);
}

void lookup_exit(struct block_device *bdev, __u64 block, struct buffer_head *bh)
{
	lookup_returned(NULL, bdev, bdev->bd_dev, block, 4096, (__u64)bh);
}

static void add_cpus(struct tally *t, __u64 count[COUNTER_COUNT])
{
	__s64 open[SITE_COUNT] = { 0 };

	for (__u32 c = 0; c < CPUS; c++) {
		struct cpu_state *cpu = bpf_map_lookup_elem(&cpus, &c);

		for (int i = 0; i < COUNTER_COUNT; i++)
			count[i] += cpu->count[i];
		for (int i = 0; i < SITE_COUNT; i++)
			open[i] += cpu->site[i].acquires - cpu->site[i].releases;
	}
	for (int i = 0; i < LOSS_COUNT; i++)
		t->lost[i] = count[COUNTER_LOSS + i];
	for (int i = 0; i < SITE_COUNT; i++)
		if (open[i] > 0 && (__u64)open[i] > t->lost[LOSS_NO_RELEASE])
			t->lost[LOSS_NO_RELEASE] = open[i];
	t->lost[LOSS_LOOKUP_EXIT] += count[COUNTER_LOOKUPS_KEPT] - count[COUNTER_LOOKUPS_TAKEN];
	t->lost[LOSS_WINDOW] += migrating;
	if (end_kept + end_other < END_MOVES || end_kept > end_other)
		t->lost[LOSS_END_UNSEEN] += count[COUNTER_UNJUDGED];
}

static void add_windows(struct tally *t)
{
	for (__u32 i = 0; i < WINDOW_WAYS; i++) {
		struct window *w = bpf_map_lookup_elem(&windows, &i);
		struct window_found f = window_found(w);

		if (w->id)
			t->total += f.kind == LATE_ASSOC ? 0 : f.proven;
		if (w->id)
			t->possible += f.possible;
		if ((__s64)w->noted < 0 || (__s64)w->maybe < 0)
			t->wrong = "a window's counter is below zero";
		t->left_open += w->state == WINDOW_OPEN;
		if (w->pins || w->claims)
			t->wrong = "a window is still pinned or claimed";
	}
}

static void check_places(struct tally *t)
{
	for (__u32 i = 0; i < SLOTS_USED; i++) {
		struct migration *m = bpf_map_lookup_elem(&migrations, &i);
		struct lookup *l = bpf_map_lookup_elem(&lookups, &i);

		if (m->claims > 1 || l->claims > 1)
			t->wrong = "a place is claimed twice";
	}
	if (fake_out() != fake_used(&hists) + fake_used(&refcounts))
		t->wrong = "a place of a histogram or count is lost, or has two keys";
	if (folio_waiting)
		t->wrong = "the gate of the waiting lookups is not closed";
}

static void add_holds(struct tally *t)
{
	for (__u32 i = OUTCOME_MOVED; i < OUTCOME_COUNT; i++)
		for (int c = 0; c < CPUS; c++) {
			__u32 at = c * HOT_HISTS + hot_index(SITE_MIGRATE_NOREFS, KIND_HOLD, i);
			struct hot_hist *h = bpf_map_lookup_elem(&hot_hists, &at);

			t->holds += h->h.count;
			t->hold_ns += h->h.sum_ns;
		}
}

__s64 programs_waiters(const struct folio *folio)
{
	return folio_waiters_of((__u64)folio)->n;
}

struct tally programs_tally(void)
{
	struct tally t = { 0 };
	__u64 count[COUNTER_COUNT] = { 0 };

	add_cpus(&t, count);
	t.total = count[COUNTER_LATE_SLOW] + count[COUNTER_LATE_END];
	t.possible = count[COUNTER_POSSIBLE];
	t.windows = count[COUNTER_WINDOWS];
	t.waited = count[COUNTER_WAITED_SPIN] + count[COUNTER_WAITED_FOLIO];
	t.behind = count[COUNTER_BEHIND_SPIN] + count[COUNTER_BEHIND_FOLIO];
	t.wait_behind_ns = count[COUNTER_WAIT_BEHIND_NS];
	t.unjudged = count[COUNTER_UNJUDGED];
	add_windows(&t);
	check_places(&t);
	add_holds(&t);
	for (int i = 0; i < LOSS_COUNT; i++)
		if (i != LOSS_WAIT_START && i != LOSS_EVENT_LIST && t.lost[i])
			t.tainted = true;
	return t;
}
