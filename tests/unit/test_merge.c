// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Merging runs, counters, devices, names, losses. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static const char *why;

static void replace(char **s, const char *with)
{
	free(*s);
	*s = strdup(with);
}

static void counts_add_up(void **state)
{
	struct run a, b, single;

	(void)state;
	sample__full(&single);
	sample__full(&a);
	sample__full(&b);
	b.pinned[0].has_lru = false;
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(a.merged, 2);
	assert_int_equal(a.duration_ns, 2 * single.duration_ns);
	assert_int_equal(a.site[0].hold.count, 2 * single.site[0].hold.count);
	assert_int_equal(a.site[0].hold.max_ns, single.site[0].hold.max_ns);
	assert_int_equal(a.site[0].by_outcome[OUTCOME_BUSY].count, 598);
	assert_int_equal(a.window.count, 2 * single.window.count);
	assert_int_equal(a.devices_n, 3);
	assert_int_equal(a.devices[0].site[0].hold.count, 5966);
	assert_int_equal(counters__get(&a.norefs, "ok"), 11200);
	assert_int_equal(a.refcounts_n, 1);
	assert_int_equal(a.refcounts[0].count, 200);
	assert_int_equal(a.whys_n, 2);
	assert_int_equal(counters__get(&a.whys[1].norefs, "refs"), 200);
	assert_int_equal(a.whys[0].norefs_pages, 11380);
	assert_int_equal(a.whys[0].hold.count, 11798);
	assert_true(a.has_tries && a.has_isolations);
	assert_int_equal(a.tries[PATH_NOREFS].tried[1], 400);
	assert_int_equal(run_tries__given_up(&a.tries[PATH_NOREFS], 0), 0);
	assert_int_equal(run_tries__given_up(&a.tries[PATH_NOREFS], 1), 20);
	assert_int_equal(run_tries__given_up(&a.tries[PATH_NOREFS], 2), 180);
	assert_int_equal(counters__get(&a.isolations, "mapping_gone"), 80);
	assert_true(a.has_pinned && a.pinned_n == 2 && a.pinned_more == 10);
	assert_true(!a.pinned[0].has_lru && a.pinned[1].has_lru);
	assert_int_equal(a.pinned[1].in_lru, 120);
	assert_string_equal(a.pinned[0].is, "superblock");
	assert_true(a.has_refs && a.refs[REFS_BUFFERS].has_early && !a.refs[REFS_FILE].has_early);
	assert_int_equal(a.refs[REFS_FILE].attempts, 280);
	assert_int_equal(a.refs[REFS_FILE].tries.moved[1], 60);
	assert_int_equal(a.ref_counts_n, 3);
	assert_true(a.has_drains && a.drain_callers_n == 2 && a.drains_unlisted == 60);
	assert_int_equal(a.drain_callers[1].count, 2340);
	assert_int_equal(counters__get(&a.drains_by, "buffers"), 2400);
	assert_int_equal(counters__get(&a.drain_after[DRAIN_NONE].norefs, "ok"), 10000);
	assert_int_equal(a.ref_counts[0].right, 62);
	assert_int_equal(a.probes_n, 3);
	assert_int_equal(a.probes[0].hits, 2 * 594000);
	assert_int_equal(a.late.total, 54);
	assert_int_equal(a.late.proven.n, 2);
	assert_int_equal(a.losses[LOSS_NO_RELEASE], 6);
	assert_int_equal(a.intervals_n, 0);
	assert_int_equal(a.site[0].worst_n, 4);
	assert_true(a.tool.command_n == 2 && a.tool.has_status);
	assert_true(a.site[0].has_contended && !a.site[2].has_contended);
	assert_int_equal(a.site[0].contended, 74);
	assert_int_equal(a.site[0].owners_n, 2); /* told apart by their stacks */
	assert_int_equal(a.site[0].owners[0].count, 60);
	assert_int_equal(a.site[0].owners[1].count, 12);
	run__free(&a);
	run__free(&b);
	run__free(&single);
}

static void three_are_three(void **state)
{
	struct run a, b;

	(void)state;
	sample__small(&a);
	sample__small(&b);
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(a.merged, 3);
	assert_int_equal(run__merge(&b, &a, &why), 0);
	assert_int_equal(b.merged, 4);
	assert_int_equal(b.site[0].hold.count, 4);
	run__free(&a);
	run__free(&b);
}

static void check_refused(void (*change)(struct run *run), const char *expected)
{
	struct run a, b;

	sample__full(&a);
	sample__full(&b);
	change(&b);
	assert_int_equal(run__merge(&a, &b, &why), -EINVAL);
	assert_string_equal(why, expected);
	assert_int_equal(a.site[0].hold.count, 5999);
	run__free(&a);
	run__free(&b);
}

static void other_release(struct run *run)
{
	replace(&run->kernel.release, "6.12.0");
}

static void other_build(struct run *run)
{
	replace(&run->kernel.version, "#2 SMP");
}

static void other_arch(struct run *run)
{
	replace(&run->kernel.arch, "aarch64");
}

static void other_generation(struct run *run)
{
	replace(&run->kernel.generation, "held");
}

static void other_tier(struct run *run)
{
	replace(&run->tool.tier, "light");
}

static void other_device(struct run *run)
{
	run->filter.device = strdup("sda");
}

static void other_sites(struct run *run)
{
	run->filter.sites = strdup("find_get_block");
}

static void other_clock(struct run *run)
{
	run->site[SITE_FIND_GET_BLOCK].clock = CLOCK_LOCK;
}

static void unlike_runs_are_refused(void **state)
{
	(void)state;
	check_refused(other_release, "kernel.release");
	check_refused(other_build, "kernel.version");
	check_refused(other_arch, "kernel.arch");
	check_refused(other_generation, "kernel.generation");
	check_refused(other_tier, "tool.tier");
	check_refused(other_device, "filter.device");
	check_refused(other_sites, "filter.sites");
	check_refused(other_clock, "sites.find_get_block.clock");
}

static void open_generation_takes_the_others(void **state)
{
	struct run a, b;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	replace(&a.kernel.generation, "held or racy");
	replace(&b.kernel.boot_id, "another boot");
	replace(&b.start, "2026-07-01T00:00:00Z");
	replace(&b.tool.command[1], "--readers=3");
	b.site[0].floor_ns = 99;
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_string_equal(a.kernel.generation, "racy");
	assert_string_equal(a.kernel.boot_id, "several");
	assert_string_equal(a.start, "2026-07-01T00:00:00Z");
	assert_int_equal(a.tool.command_n, 0);
	assert_false(a.tool.has_status);
	assert_int_equal(a.site[0].floor_ns, 99);
	run__free(&a);
	run__free(&b);
}

static void worst_keeps_the_longest(void **state)
{
	struct run a = { 0 }, b = { 0 };
	int i;

	(void)state;
	for (i = 0; i < RUN_WORST; i++) {
		a.site[0].worst[i].ns = 1000 - 10 * i;
		b.site[0].worst[i].ns = 1005 - 10 * i;
		b.site[0].worst[i].stack = calloc(1, sizeof(char *));
		b.site[0].worst[i].stack[0] = strdup("f+0x1");
		b.site[0].worst[i].stack_n = 1;
	}
	a.site[0].worst_n = b.site[0].worst_n = RUN_WORST;
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(a.site[0].worst_n, RUN_WORST);
	for (i = 0; i < RUN_WORST; i++)
		assert_int_equal(a.site[0].worst[i].ns, 1005 - 5 * i);
	run__free(&a);
	run__free(&b);
}

/* However long the waits are, and whichever comes first. */
static void worst_keeps_holds_beside_waits(void **state)
{
	for (int first = 0; first < 2; first++) {
		struct run_site s = { 0 };
		size_t holds = 0;

		(void)state;
		for (int i = 0; i < 2 * RUN_WORST; i++) {
			bool wait = (i < RUN_WORST) == first;
			struct worst w = { .kind = wait ? KIND_WAIT : KIND_HOLD,
					   .ns = (wait ? 1000 : 100) + i % RUN_WORST };

			assert_int_equal(run_site__add_worst(&s, &w), 0);
		}
		assert_int_equal(s.worst_n, RUN_WORST);
		for (size_t i = 0; i < RUN_WORST; i++)
			holds += s.worst[i].kind == KIND_HOLD;
		assert_int_equal(holds, RUN_WORST / 2);
		assert_int_equal(s.worst[0].ns, 1000 + RUN_WORST - 1);
		assert_int_equal(s.worst[RUN_WORST - 1].ns, 100 + RUN_WORST / 2);
	}
}

static void listed_events_are_bounded(void **state)
{
	struct run a = { 0 }, b = { 0 };
	size_t i;

	(void)state;
	b.late.proven.n = RUN_EVENTS - 1;
	b.late.proven.v = calloc(RUN_EVENTS, sizeof(*b.late.proven.v));
	for (i = 0; i < b.late.proven.n; i++)
		b.late.proven.v[i].kind = strdup("end_count");
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(a.late.proven.n, RUN_EVENTS);
	assert_int_equal(a.late.proven.not_listed, RUN_EVENTS - 2);
	run__free(&a);
	run__free(&b);
}

static void counters_by_name(void **state)
{
	struct run run = { 0 };

	(void)state;
	assert_int_equal(counters__add(&run.counters, "a", 1), 0);
	assert_int_equal(counters__add(&run.counters, "b", 0), 0);
	assert_int_equal(counters__add(&run.counters, "a", 41), 0);
	assert_int_equal(counters__get(&run.counters, "a"), 42);
	assert_int_equal(counters__get(&run.counters, "c"), 0);
	assert_int_equal(run.counters.n, 2);
	counters__add(&run.counters, "a", ~0ULL);
	assert_true(counters__get(&run.counters, "a") == ~0ULL);
	run__free(&run);
}

static void names_go_both_ways(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < SITE_COUNT; i++)
		assert_int_equal(site__by_name(site__name(i)), i);
	assert_null(site__name(SITE_COUNT));
	assert_null(clock__name(CLOCK_NONE));
	assert_null(outcome__name(OUTCOME_NONE));
	assert_null(loss__name(LOSS_COUNT));
	assert_int_equal(site__by_name("nowhere"), SITE_COUNT);
}

static void tainting_losses(void **state)
{
	static const bool taints[LOSS_COUNT] = {
		[LOSS_MAP_FULL] = true,	   [LOSS_NO_RELEASE] = true, [LOSS_NO_ACQUIRE] = true,
		[LOSS_CLOCK_BACK] = true,  [LOSS_WINDOW] = true,     [LOSS_END_UNSEEN] = true,
		[LOSS_LOOKUP_EXIT] = true, [LOSS_TABLE_FULL] = true, [LOSS_PROGRAM_MISSED] = true,
	};
	struct run run = { 0 };
	unsigned int i;

	(void)state;
	assert_false(run__tainted(&run));
	for (i = 0; i < LOSS_COUNT; i++) {
		memset(run.losses, 0, sizeof(run.losses));
		run.losses[i] = 1;
		assert_int_equal(run__tainted(&run), taints[i]);
	}
}

static void device_numbers(void **state)
{
	char buf[DEV_TEXT], words[DEV_WORDS];
	__u32 dev = 0;

	(void)state;
	assert_true(dev__parse("8:1", &dev));
	assert_int_equal(dev, 8 << 20 | 1);
	assert_string_equal(dev__format(dev, buf, sizeof(buf)), "8:1");
	assert_string_equal(dev__words(dev, "", words), "device 8:1");
	assert_string_equal(dev__words(dev, "mapper/a-name-that-is-long", words),
			    "mapper/a-name-that-is-long (8:1)");
	assert_string_equal(dev__words(0, "", words), "no device");
	assert_string_equal(dev__words(DEV_OTHER, "other", words), "other devices");
	assert_true(dev__parse("4095:1048575", &dev));
	assert_string_equal(dev__format(dev, buf, sizeof(buf)), "4095:1048575");
	assert_false(dev__parse("4096:0", &dev));
	assert_false(dev__parse("0:1048576", &dev));
	assert_false(dev__parse("8:", &dev));
	assert_false(dev__parse(":1", &dev));
	assert_false(dev__parse("8:1x", &dev));
	assert_false(dev__parse("-8:1", &dev));
	assert_false(dev__parse("8:-1", &dev));
	assert_false(dev__parse("99999999999999999999:1", &dev));
	assert_false(dev__parse("", &dev));
}

/* What a window counts for, by what is known of it when its place is reused. */
static void take_place(unsigned int *taken, __u32 i)
{
	assert_true(i < HOT_HISTS);
	assert_int_equal(taken[i]++, 0);
}

/* Of the histograms without keys: two that shared a place would be one, and nobody would know. */
static void no_two_histograms_share_a_place(void **state)
{
	unsigned int taken[HOT_HISTS] = { 0 };

	(void)state;
	for (__u32 s = 0; s < SITE_SLOTS; s++) {
		for (__u32 o = 0; o < site_outcomes(s); o++)
			take_place(taken, hot_index(s, KIND_HOLD, o));
		take_place(taken, hot_index(s, KIND_WAIT, OUTCOME_NONE));
	}
	for (__u32 kind = KIND_WINDOW; kind < KIND_COUNT; kind++)
		take_place(taken, hot_index(0, kind, OUTCOME_NONE));
	for (__u32 i = 0; i < HOT_HISTS; i++)
		assert_int_equal(taken[i], 1);
}

static void windows_become_references(void **state)
{
	static const struct {
		struct window w;
		__u64 proven, possible;
		__u32 kind;
	} row[] = {
		{ { .state = WINDOW_MOVED }, 0, 0, 0 },
		{ { .state = WINDOW_MOVED, .noted = 2 }, 2, 0, LATE_SLOW },
		{ { .state = WINDOW_MOVED, .noted = 1, .busy = 1, .assoc = 1 }, 1, 0, LATE_SLOW },
		/* a doubtful lookup is proven by the count of its own buffer, and only one is */
		{ { .state = WINDOW_MOVED, .maybe = 1 }, 0, 1, 0 },
		{ { .state = WINDOW_MOVED, .maybe = 1, .busy = 1 }, 1, 0, LATE_SLOW },
		{ { .state = WINDOW_MOVED, .maybe = 3, .busy = 1 }, 1, 2, LATE_SLOW },
		{ { .state = WINDOW_MOVED, .maybe = 1, .busy = 1, .busy_block = 7 },
		  1,
		  1,
		  LATE_END },
		/* who is proven anyhow may be the one whose reference is counted */
		{ { .state = WINDOW_MOVED, .noted = 1, .maybe = 2, .busy = 1 }, 1, 2, LATE_SLOW },
		{ { .state = WINDOW_MOVED, .busy = 1 }, 1, 0, LATE_END },
		{ { .state = WINDOW_MOVED, .busy = 1, .assoc = 1 }, 1, 0, LATE_ASSOC },
		/* a count at the function's exit proves nothing */
		{ { .state = WINDOW_MOVED, .busy_exit = 1 }, 0, 1, 0 },
		{ { .state = WINDOW_MOVED, .busy_exit = 1, .maybe = 1 }, 0, 1, 0 },
		/* nothing is late in a window that was not one */
		{ { .state = WINDOW_WITHDRAWN, .noted = 1, .maybe = 1 }, 0, 0, 0 },
		{ { .state = WINDOW_ABORTED, .noted = 1, .busy = 1 }, 0, 0, 0 },
		{ { .state = WINDOW_UNSEEN, .noted = 1, .busy = 1 }, 0, 0, 0 },
		{ { .state = WINDOW_OPEN, .noted = 1 }, 0, 0, 0 },
	};

	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct window_found f = window_found(&row[i].w);

		assert_int_equal(f.proven, row[i].proven);
		assert_int_equal(f.possible, row[i].possible);
		if (f.proven)
			assert_int_equal(f.kind, row[i].kind);
	}
}

/* What a forged file says of attempts comes to no more than was tried. */
static void given_up_does_not_wrap(void **state)
{
	struct run_tries t = { .tried = { 11400, ~0ULL - 1 }, .moved = { 11000, 180 } };

	(void)state;
	assert_int_equal(run_tries__given_up(&t, 0), 0);
	assert_true(run_tries__given_up(&t, 1) == ~0ULL - 181);
}

/* An entry of a list that the first run lacks: what it holds is copied, and the run that it is of can go. */
static void what_one_side_has_is_its_own(void **state)
{
	struct run a, b;
	__u64 ok;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	replace(&b.whys[0].why, "another");
	ok = counters__get(&b.whys[0].norefs, "ok");
	assert_int_equal(run__merge(&a, &b, &why), 0);
	run__free(&b);
	assert_int_equal(a.whys_n, 3);
	assert_string_equal(a.whys[2].why, "another");
	assert_int_equal(counters__get(&a.whys[2].norefs, "ok"), ok);
	run__free(&a);
}

/* What only one side was asked for is of neither. */
static void what_one_side_lacks_is_not_there(void **state)
{
	struct run a, b;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	a.stall_ns = 0;
	b.stall_ns = 2000000000;
	b.site[0].has_contended = b.site[0].has_outcomes = b.has_whys = false;
	b.has_isolations = false;
	a.isolations_uncounted_ns = 7;
	assert_true(a.site[0].has_contended && a.site[0].owners_n && a.whys_n);
	assert_true(a.has_isolations && a.isolations.n);
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(a.stall_ns, 0);
	/* owners of releases that are not counted, outcomes of a part of the holds, reasons of half the time */
	assert_true(!a.site[0].has_contended && !a.site[0].owners_n);
	assert_false(a.site[0].has_outcomes);
	assert_true(!a.has_whys && !a.whys_n);
	assert_true(!a.has_isolations && !a.isolations.n && !a.isolations_uncounted_ns);
	run__free(&a);
	run__free(&b);
}

/* The recorder has the most frequent first, and a report shows only these. */
static void a_sum_is_sorted(void **state)
{
	struct run a, b;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	b.pinned[1].block = 77;
	b.pinned[1].tries = b.pinned[1].journal = 1000000;
	b.site[0].owners[0].count = 500000;
	free(b.site[0].owners[0].stack[0]);
	b.site[0].owners[0].stack[0] = strdup("big+0x1");
	assert_int_equal(run__merge(&a, &b, &why), 0);
	run__sort(&a);
	assert_int_equal(a.pinned[0].block, 77);
	assert_int_equal(a.site[0].owners[0].count, 500000);
	assert_string_equal(a.site[0].owners[0].stack[0], "big+0x1");
	for (size_t i = 1; i < a.drain_callers_n; i++)
		assert_true(run_drain__by_count(&a.drain_callers[i - 1], &a.drain_callers[i]) <= 0);
	run__free(&a);
	run__free(&b);
}

/* Of all moves, whichever file comes first. */
static void a_sums_evidence_is_its_own(void **state)
{
	struct run a, b;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	assert_int_equal(counters__add(&a.counters, "switch_unlocked", 3), 0);
	assert_int_equal(counters__add(&b.counters, "switch_unlocked", 5), 0);
	free(a.kernel.generation_evidence);
	a.kernel.generation_evidence = NULL;
	assert_int_equal(run__switch_evidence(&a.counters, &a.kernel.generation_evidence), 0);
	assert_non_null(strstr(a.kernel.generation_evidence, "lock held in 0 of 3 moves"));
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_non_null(strstr(a.kernel.generation_evidence, "lock held in 0 of 8 moves"));
	run__free(&a);
	run__free(&b);
}

/* Two files that say 2^63-1 each: what is made of their sum is large, and not what is left of it at 2^64. */
static void sums_of_sums_do_not_wrap(void **state)
{
	static const char *const names[] = {
		"lookup_waits",		 "lookup_folio_waits",	 "lookup_folio_sections",
		"lookup_wait_behind_ns", "lookup_wait_other_ns", "lookup_folio_wait_ns",
	};
	const __u64 most = (1ULL << 63) - 1;
	struct contention c;
	struct run v[3];

	(void)state;
	for (int i = 0; i < 3; i++) {
		sample__small(&v[i]);
		v[i].late.has_waited = true;
		v[i].late.waited_spin = v[i].late.waited_folio = most;
		v[i].late.behind_spin = v[i].late.behind_folio = most;
		v[i].folio_wait.sum_ns = most;
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++)
			counters__add(&v[i].counters, names[k], most);
		if (i)
			assert_int_equal(run__merge(&v[0], &v[i], &why), 0);
	}
	assert_true(late__evidence(&v[0].late) == ~0ULL);
	v[0].late.has_waited = false;
	assert_true(late__evidence(&v[0].late) == ~0ULL);
	assert_true(run__contention(&v[0], &c));
	assert_true(c.lookups == ~0ULL && c.waited == ~0ULL && c.folio == ~0ULL);
	assert_true(c.ns == ~0ULL && c.behind_ns == ~0ULL);
	assert_true(counters__sum(&v[0].counters) == ~0ULL);
	for (int i = 0; i < 3; i++)
		run__free(&v[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_add_up),
		cmocka_unit_test(three_are_three),
		cmocka_unit_test(unlike_runs_are_refused),
		cmocka_unit_test(open_generation_takes_the_others),
		cmocka_unit_test(worst_keeps_the_longest),
		cmocka_unit_test(worst_keeps_holds_beside_waits),
		cmocka_unit_test(listed_events_are_bounded),
		cmocka_unit_test(counters_by_name),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(tainting_losses),
		cmocka_unit_test(device_numbers),
		cmocka_unit_test(no_two_histograms_share_a_place),
		cmocka_unit_test(windows_become_references),
		cmocka_unit_test(given_up_does_not_wrap),
		cmocka_unit_test(what_one_side_has_is_its_own),
		cmocka_unit_test(what_one_side_lacks_is_not_there),
		cmocka_unit_test(a_sum_is_sorted),
		cmocka_unit_test(a_sums_evidence_is_its_own),
		cmocka_unit_test(sums_of_sums_do_not_wrap),
	};

	return cmocka_run_group_tests_name("merge", tests, NULL, NULL);
}
