// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Made-up runs for the tests. Figures are plausible, not measured. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

/* A site that comes after these is in none of the runs, and what is expected of them stays as it is. */
#define SITES_KNOWN (SITE_ASSOC_LIST + 1)

#define DEV(major, minor) ((__u32)(major) << DEV_MINOR_BITS | (minor))

__u64 sample__random(__u64 *state)
{
	/* xorshift64*; state must not be 0 */
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 2685821657736338717ULL;
}

/* @n values from @base on with a tail: each step of eight times as long is eight times as rare. */
static void fill(struct hist *h, __u64 seed, __u64 n, __u64 base, __u64 spread)
{
	for (__u64 i = 0; i < n; i++) {
		__u64 r = sample__random(&seed), tail = spread;

		while ((r & 7) == 7) {
			tail *= 3;
			r >>= 3;
		}
		hist_add(h, base + (sample__random(&seed) >> 33) % tail);
	}
}

/* One in @of of @whole, each at its bucket's lower end. */
static void share(struct hist *h, const struct hist *whole, unsigned int of)
{
	for (__u32 i = 0; i < HIST_BUCKETS; i++)
		for (__u64 n = whole->bucket[i] / of; n; n--)
			hist_add(h, hist_lower(i) > whole->min_ns ? hist_lower(i) : whole->min_ns);
}

static void fill_outcome(struct run *run, unsigned int outcome, __u64 seed, __u64 n, __u64 base)
{
	struct run_site *s = &run->site[SITE_MIGRATE_NOREFS];
	struct hist h = { 0 };

	fill(&h, seed, n, base, 2000);
	hist__merge(&s->by_outcome[outcome], &h);
	hist__merge(&s->hold, &h);
}

static char **stack(size_t *n, const char *a, const char *b)
{
	char **v = calloc(2, sizeof(*v));

	v[0] = strdup(a);
	v[1] = strdup(b);
	*n = 2;
	return v;
}

static void describe(struct run *run, const char *release, const char *generation,
		     const char *evidence)
{
	run->tool.version = strdup("0.1.0");
	run->tool.tier = strdup("full");
	run->kernel.release = strdup(release);
	run->kernel.version = strdup("#1 SMP PREEMPT_DYNAMIC Debian 6.1.164-1 (2026-03-09)");
	run->kernel.arch = strdup("x86_64");
	run->kernel.generation = strdup(generation);
	run->kernel.generation_evidence = strdup(evidence);
	run->kernel.boot_id = strdup("d9c9b8e1-1d1c-4ab0-8d38-7a5e3f6d8c11");
	run->kernel.hypervisor = strdup("kvm");
	run->kernel.clocksource = strdup("kvm-clock");
	run->kernel.cpus = 2;
	run->kernel.nodes = 2;
	run->start = strdup("2026-07-12T11:20:56Z");
	run->duration_ns = 30000000000ULL;
}

static void add_site(struct run *run, enum site site, enum clock_kind clock, const char *reason)
{
	run->site[site].clock = clock;
	run->site[site].floor_ns = clock == CLOCK_BRACKET ? 120 : clock ? 41 : 0;
	run->site[site].reason = reason ? strdup(reason) : NULL;
}

static void add_worst(struct run *run)
{
	struct run_site *s = &run->site[SITE_MIGRATE_NOREFS];
	struct worst *w = &s->worst[s->worst_n++];

	w->kind = KIND_HOLD;
	w->ns = s->hold.max_ns;
	strcpy(w->comm, "kcompactd0");
	w->pid = 45;
	w->cpu = 1;
	w->dev = DEV(8, 1);
	w->mode = 1;
	w->folio_bytes = 4096;
	w->buffers = 4;
	w->outcome = OUTCOME_MOVED;
	w->stack = stack(&w->stack_n, "__buffer_migrate_folio+0x1c4", "move_to_new_folio+0x61");
	w = &s->worst[s->worst_n++];
	*w = s->worst[0];
	w->kind = s->wait.count ? KIND_WAIT : KIND_HOLD;
	w->ns = s->wait.count ? s->wait.max_ns : s->hold.max_ns / 2;
	w->mode = -1;
	w->outcome = OUTCOME_NONE;
	w->stack = NULL;
	w->stack_n = 0;
}

static void add_late_event(struct late_events *l, __u64 block)
{
	struct late_event *e = l->v = calloc(1, sizeof(*l->v));

	l->n = 1;
	e->kind = strdup("slow_lookup");
	e->time_ns = 12345678900ULL;
	e->since_check_ns = 1234;
	e->dev = DEV(8, 1);
	e->block = block;
	e->phase = strdup("copy");
	e->dirtied = true;
	e->b_count = 1;
	e->has_lookup = true;
	strcpy(e->migrator.comm, "kcompactd0");
	e->migrator.pid = 45;
	e->migrator.cpu = 1;
	e->migrator.stack =
		stack(&e->migrator.stack_n, "__buffer_migrate_folio+0x1c4", "migrate_pages+0x9b1");
	strcpy(e->lookup.comm, "find");
	e->lookup.pid = 2345;
	e->lookup.stack = stack(&e->lookup.stack_n, "__find_get_block+0xd1", "__getblk_gfp+0x2e");
}

static void add_late(struct run *run)
{
	struct late *l = &run->late;

	l->watched = true;
	add_late_event(&l->proven, 8193);
	add_late_event(&l->doubtful, 8194);
	l->has_waited = l->doubtful.v->possible = true;
	l->doubtful.v->dirtied = false;
	l->doubtful.not_listed = 4;
	l->possible = 5;
	l->waited_spin = l->behind_spin = 1022;
	l->waited_folio = l->behind_folio = 3;
}

static void add_probe(struct run *run, const char *probe, const char *variant, const char *reason)
{
	struct run_probe *p;

	run->probes = realloc(run->probes, (run->probes_n + 1) * sizeof(*run->probes));
	p = &run->probes[run->probes_n++];
	memset(p, 0, sizeof(*p));
	p->probe = strdup(probe);
	p->variant = strdup(variant);
	p->reason = reason ? strdup(reason) : NULL;
	p->attached = !reason;
	p->hits = reason ? 0 : 594000;
	p->run_ns = reason ? 0 : 118000000;
}

static void add_device(struct run *run, __u32 dev, const char *name, unsigned int of)
{
	struct run_device *d = run__device(run, dev);

	snprintf(d->name, sizeof(d->name), "%s", name);
	share(&d->site[SITE_MIGRATE_NOREFS].hold, &run->site[SITE_MIGRATE_NOREFS].hold, of);
	share(&d->site[SITE_FIND_GET_BLOCK].hold, &run->site[SITE_FIND_GET_BLOCK].hold, of);
	share(&d->site[SITE_FIND_GET_BLOCK].wait, &run->site[SITE_FIND_GET_BLOCK].wait, of);
}

static void add_refcount(struct run *run, const char *stage, __s64 expected, __s64 seen)
{
	run->refcounts = calloc(1, sizeof(*run->refcounts));
	run->refcounts_n = 1;
	run->refcounts[0].stage = strdup(stage);
	run->refcounts[0].expected = expected;
	run->refcounts[0].seen = seen;
	run->refcounts[0].count = 100;
}

static void add_whys(struct run *run)
{
	struct run_why *v = run->whys = calloc(2, sizeof(*v));

	run->whys_n = 2;
	run->has_whys = true;
	v[0].why = strdup("compaction");
	v[0].norefs_pages = 5690;
	v[0].buffers_pages = 10;
	counters__add(&v[0].norefs, "ok", 5600);
	counters__add(&v[0].norefs, "early_refs", 1);
	counters__add(&v[0].norefs, "busy", 299);
	counters__add(&v[0].buffers, "ok", 10);
	fill(&v[0].hold, 11, 5899, 5200, 2000);
	v[1].why = strdup("contig_range");
	v[1].norefs_pages = 10;
	counters__add(&v[1].norefs, "ok", 0);
	counters__add(&v[1].norefs, "refs", 100);
	fill(&v[1].hold, 12, 100, 2200, 100);
}

static void add_intervals(struct run *run, size_t n)
{
	run->intervals = calloc(n, sizeof(*run->intervals));
	run->intervals_n = n;
	for (size_t i = 0; i < n; i++) {
		run->intervals[i].start_ns = i * 10000000000ULL;
		run->intervals[i].duration_ns = 10000000000ULL;
		if (i == 1)
			continue;
		share(&run->intervals[i].site[SITE_MIGRATE_NOREFS].hold,
		      &run->site[SITE_MIGRATE_NOREFS].hold, n > 1 ? n - 1 : 1);
		counters__add(&run->intervals[i].counters, "norefs_calls", 3000);
	}
}

static void add_rounds(struct run *run)
{
	run->rounds = calloc(2, sizeof(*run->rounds));
	run->rounds_n = 2;
	for (size_t i = 0; i < 2; i++) {
		run->rounds[i].start_ns = i * 3000000000ULL;
		run->rounds[i].duration_ns = 3000000000ULL;
		share(&run->rounds[i].site[SITE_FIND_GET_BLOCK].wait,
		      &run->site[SITE_FIND_GET_BLOCK].wait, 9);
		counters__add(&run->rounds[i].counters, "norefs_calls", 100 + i);
	}
	run->bench = (struct run_bench){
		.file_system = strdup("ext4"),
		.mover = strdup("numa"),
		.readers = 1,
		.block_bytes = 4096,
		.directory_bytes = 81920,
		.warmup_ns = 2000000000,
		.round_ns = 3000000000,
	};
}

static void add_contended(struct run *run)
{
	struct run_site *s = &run->site[SITE_MIGRATE_NOREFS];

	s->has_contended = true;
	s->contended = 37;
	s->owners = calloc(2, sizeof(*s->owners));
	s->owners_n = 2;
	s->owners[0].count = 30;
	s->owners[0].stack = stack(&s->owners[0].stack_n, "__buffer_migrate_folio+0x19d",
				   "move_to_new_folio+0x5a");
	s->owners[1].count = 6;
	s->owners[1].stack = stack(&s->owners[1].stack_n, "__buffer_migrate_folio+0x32d",
				   "move_to_new_folio+0x5a");
	run->site[SITE_FIND_GET_BLOCK].has_contended = true;
	run->site[SITE_AIO_TEARDOWN].has_contended = true;
	run->site[SITE_FIND_GET_BLOCK].contended = 270;
}

static void add_refs(struct run *run)
{
	run->has_refs = true;
	run->refs[REFS_FILE] = (struct run_refs){
		.attempts = 140,
		.moved = 90,
		.freeze = 40,
		.other = 10,
		.passed = 130,
		.tries = { { 100, 40 }, { 60, 30 } },
	};
	run->refs[REFS_BUFFERS] = (struct run_refs){
		.has_early = true,
		.attempts = 6010,
		.moved = 5610,
		.early = 1,
		.freeze = 100,
		.other = 299,
		.passed = 5710,
		.tries = { { 5710, 200, 100 }, { 5510, 90, 10 } },
	};
	run->ref_counts = calloc(3, sizeof(*run->ref_counts));
	run->ref_counts_n = 3;
	run->ref_counts[0] = (struct run_ref){ REFS_FILE, REFS_FREEZE, 2, 3, 40, 31 };
	run->ref_counts[1] = (struct run_ref){ REFS_BUFFERS, REFS_EARLY, 3, -1, 1, 1 };
	run->ref_counts[2] = (struct run_ref){ REFS_BUFFERS, REFS_FREEZE, 3, 4, 100, 69 };
}

static void add_drains(struct run *run)
{
	struct run_drain *d = run->drain_callers = calloc(2, sizeof(*d));

	run->has_drains = true;
	run->drain_callers_n = 2;
	counters__add(&run->drains_by, "all", 40);
	counters__add(&run->drains_by, "buffers", 1200);
	run->drains_unlisted = 30;
	d[0] = (struct run_drain){ DRAIN_ALL, "mover", strdup("do_pages_move"), 40, 0, NULL, 0 };
	d[1] = (struct run_drain){ DRAIN_BUFFERS, "kworker", strdup("x"), 1170, 0, NULL, 0 };
	counters__add(&run->drain_after[DRAIN_ALL].norefs, "ok", 600);
	counters__add(&run->drain_after[DRAIN_ALL].norefs, "busy", 100);
	counters__add(&run->drain_after[DRAIN_NONE].norefs, "ok", 5000);
	counters__add(&run->drain_after[DRAIN_ITSELF].norefs, "busy", 60);
}

static void add_pinned(struct run *run)
{
	struct run_pinned *p = run->pinned = calloc(2, sizeof(*p));

	run->has_pinned = true;
	run->pinned_n = 2;
	run->pinned_more = 5;
	run->pinned_unkept = 7;
	run->pinned_tries = 400;
	p[0] = (struct run_pinned){
		.dev = DEV(8, 1),
		.size = 4096,
		.is = strdup("superblock"),
		.tries = 210,
		.has_lru = true,
		.first_ns = 1000000,
		.last_ns = 29000000000,
		.count = 1,
	};
	p[1] = (struct run_pinned){
		.dev = DEV(253, 2),
		.size = 1024,
		.block = 8193,
		.tries = 90,
		.journal = 30,
		.has_lru = true,
		.in_lru = 60,
		.first_ns = 2000000,
		.last_ns = 3000000,
		.count = 2,
		.has_taker = true,
	};
	p[1].taker.ns = 2900000;
	p[1].taker.pid = 2345;
	strcpy(p[1].taker.comm, "find");
	p[1].taker.stack = stack(&p[1].taker.stack_n, "__find_get_block+0xd1", "__getblk_gfp+0x2e");
}

static void fill_sites(struct run *run)
{
	static const char inlined[] = "the compiler inlined the only function that takes the lock";

	add_site(run, SITE_MIGRATE_NOREFS, CLOCK_SITE, NULL);
	add_site(run, SITE_FIND_GET_BLOCK, CLOCK_SITE, NULL);
	add_site(run, SITE_AIO_MIGRATE, CLOCK_BRACKET, NULL);
	add_site(run, SITE_AIO_COMPLETION, CLOCK_SITE, NULL);
	add_site(run, SITE_AIO_TEARDOWN, CLOCK_SITE, NULL);
	add_site(run, SITE_GROW_BUFFERS, CLOCK_SITE, NULL);
	add_site(run, SITE_CREATE_EMPTY, CLOCK_SITE, NULL);
	add_site(run, SITE_TRY_TO_FREE, CLOCK_NONE, inlined);
	add_site(run, SITE_DIRTY_FOLIO, CLOCK_NONE, inlined);
	add_site(run, SITE_ASSOC_LIST, CLOCK_NONE, "no symbol private_lock_holder in this kernel");
	run->site[SITE_MIGRATE_NOREFS].has_outcomes = true;
	fill_outcome(run, OUTCOME_MOVED, 1, 5600, 5200);
	fill_outcome(run, OUTCOME_BUSY, 2, 299, 150);
	fill_outcome(run, OUTCOME_REFS, 3, 100, 2200);
	fill(&run->site[SITE_MIGRATE_NOREFS].wait, 4, 5999, 35, 60);
	fill(&run->site[SITE_FIND_GET_BLOCK].hold, 5, 9000, 60, 700);
	fill(&run->site[SITE_FIND_GET_BLOCK].wait, 6, 9000, 30, 40);
	fill(&run->site[SITE_AIO_MIGRATE].hold, 7, 12, 2000, 900);
	run->site[SITE_FIND_GET_BLOCK].note = strdup(
		"hold is an upper bound: the unlock is inlined, its end is the function's return");
	run->site[SITE_MIGRATE_NOREFS].acquires = run->site[SITE_MIGRATE_NOREFS].releases = 5999;
	run->site[SITE_MIGRATE_NOREFS].has_switched = true;
	run->site[SITE_MIGRATE_NOREFS].switched_out = 14;
	run->site[SITE_AIO_MIGRATE].has_switched = true;
	add_contended(run);
}

/* By compaction, of which it looked into the mapping of some; of those since: gone, freed, orphaned. */
static const __u64 isolated[ISO_COUNT] = { 0, 5000, 600, 300, 700, 40, 30, 5800, 90, 60, 20 };

void sample__full(struct run *run)
{
	memset(run, 0, sizeof(*run));
	describe(run, "6.1.0-44-amd64", "racy",
		 "lock held in 0 of 5600 moves, when the new page took the old one's place");
	run->tool.command = stack(&run->tool.command_n, "./load", "--readers=2");
	run->tool.has_status = true;
	fill_sites(run);
	run->has_window = true;
	fill(&run->window, 8, 5600, 3300, 1500);
	add_worst(run);
	add_late(run);
	run->late.total = 27;
	run->late.slow_lookup = 20;
	run->late.end_count = 7;
	run->late.windows = 5600;
	run->late.aborted = 100;
	run->late.behind_spin = 4040; /* and the folio's */
	run->late.proven.not_listed = 26;
	run->losses[LOSS_NO_RELEASE] = 3;
	run->losses[LOSS_RECURSION] = 12;
	add_device(run, DEV(8, 1), "sda1", 2);
	add_device(run, DEV(253, 2), "mapper/very-long-name", 3);
	add_device(run, 0, "", 6);
	counters__add(&run->counters, "norefs_calls", 6000);
	counters__add(&run->counters, "lookup_calls", 909000);
	counters__add(&run->counters, "lookup_waits", 900);
	counters__add(&run->counters, "lookup_wait_behind_ns", 3000000);
	counters__add(&run->counters, "lookup_wait_other_ns", 1000000);
	counters__add(&run->norefs, "ok", 5600);
	counters__add(&run->norefs, "early_refs", 1);
	counters__add(&run->norefs, "busy", 299);
	counters__add(&run->norefs, "refs", 100);
	counters__add(&run->buffers, "ok", 10);
	counters__add(&run->aio, "ok", 12);
	add_refcount(run, "switch", 3, 4);
	add_whys(run);
	add_refs(run);
	add_drains(run);
	add_pinned(run);
	run->has_tries = run->has_isolations = true;
	run->tries[PATH_NOREFS] = (struct run_tries){ { 5700, 200, 100 }, { 5500, 90, 10 } };
	run->tries[PATH_BUFFERS] = (struct run_tries){ { 10 }, { 10 } };
	run->tries[PATH_AIO] = (struct run_tries){ { 12 }, { 12 } };
	for (unsigned int i = 0; i < ISO_COUNT; i++)
		counters__add(&run->isolations, isolation__name(i), isolated[i]);
	counters__add(&run->counters, "aio_copies", 12);
	counters__add(&run->counters, "aio_reads", 70);
	counters__add(&run->counters, "aio_completions", 500);
	add_probe(run, "norefs_entry", "folio", NULL);
	add_probe(run, "find_get_block", "site", NULL);
	add_probe(run, "try_to_free", "",
		  "the compiler inlined the only function that takes the lock");
	add_intervals(run, 3);
	add_rounds(run);
	run->kernel.instruments = stack(&run->kernel.instruments_n, "preempt_rt", "lockdep");
}

void sample__small(struct run *run)
{
	memset(run, 0, sizeof(*run));
	describe(run, "6.1.0", "held", "locked");
	run->tool.command = stack(&run->tool.command_n, "a", "b c");
	for (unsigned int i = 0; i < SITES_KNOWN; i++)
		add_site(run, i, i < 2 ? CLOCK_LOCK : CLOCK_NONE, i < 2 ? NULL : "no");
	run->site[0].has_outcomes = true;
	hist_add(&run->site[0].by_outcome[OUTCOME_MOVED], 5000);
	hist_add(&run->site[0].hold, 5000);
	hist_add(&run->site[1].hold, 7);
	hist_add(&run->site[1].hold, 1ULL << 41);
	hist_add(&run->site[1].wait, 0);
	add_worst(run);
	add_late(run);
	run->late.windows = 1;
	run->late.total = run->late.slow_lookup = 1;
	hist_add(&run__device(run, DEV(8, 1))->site[0].hold, 5000);
	counters__add(&run->counters, "n", 1);
	counters__add(&run->norefs, "ok", 1);
	add_refcount(run, "s", 1, -2);
	add_probe(run, "p", "v", NULL);
	add_intervals(run, 1);
}

static void set_stack(struct late_side *s, const char *comm, __u32 pid, const char *top,
		      const char *below)
{
	snprintf(s->comm, sizeof(s->comm), "%s", comm);
	s->pid = pid;
	s->stack = calloc(2, sizeof(*s->stack));
	s->stack[s->stack_n++] = strdup(top);
	s->stack[s->stack_n++] = strdup(below);
}

static void add_stall(struct run *run, unsigned int what, bool owner)
{
	struct run_stall *s = &run->stalls[run->stalls_n++];

	s->what = strdup(stall__name(what));
	s->who = strdup(STALL_BY_MIGRATION);
	s->wait_ns = 10200000000;
	s->dev = 8 << DEV_MINOR_BITS | 1;
	s->has_block = what == STALL_BUFFER;
	s->block = s->has_block ? 4711 : 0;
	s->index = 4711;
	s->has_owner = owner;
	s->owner_how = strdup(owner ? STALL_REFERS : STALL_NOBODY);
	set_stack(&s->waiter, "kcompactd0", 38, "__lock_buffer+0x2e", "migrate_pages+0x6dc");
	if (owner)
		set_stack(&s->owner, "fsync", 4242, "blk_mq_get_tag+0x10c", "submit_bh+0x1a");
}

static void add_stalls(struct run *run)
{
	run->stall_ns = 10000000000;
	run->stall_longest_ns = 10200000000;
	counters__add(&run->stalls_by, "folio_lock", 2);
	counters__add(&run->stalls_by, "buffer_lock", 1);
	counters__add(&run->stalls_by, "private_lock", 0);
	run->stalls = calloc(2, sizeof(*run->stalls));
	add_stall(run, STALL_BUFFER, true);
	add_stall(run, STALL_FOLIO, false);
}

void sample__migrate(struct run *run)
{
	memset(run, 0, sizeof(*run));
	describe(run, "7.1-amd64", "bh_migrate+mmb", "enum bh_state_bits has BH_Migrate");
	for (unsigned int i = 0; i < SITES_KNOWN; i++)
		add_site(run, i, i < 2 ? CLOCK_BRACKET : CLOCK_NONE,
			 i < 2 ? NULL : "left out by --site");
	fill(&run->site[SITE_MIGRATE_NOREFS].hold, 1, 4000, 100, 350);
	run->has_window = run->has_flag_held = run->has_folio_wait = true;
	fill(&run->window, 2, 4000, 3300, 1500);
	fill(&run->flag_held, 3, 4000, 4300, 1500);
	fill(&run->folio_wait, 4, 40, 900, 90000);
	add_stalls(run);
	run->has_buffer_locks = true;
	fill(&run->buffer_waits[PATH_NOREFS].mode[1], 5, 30, 20000, 900000);
	fill(&run->buffer_waits[PATH_BUFFERS].mode[0], 6, 10, 5000, 40000);
	hist__merge(&run->buffer_wait, &run->buffer_waits[PATH_NOREFS].mode[1]);
	hist__merge(&run->buffer_wait, &run->buffer_waits[PATH_BUFFERS].mode[0]);
	counters__add(&run->unlockers, "unseen", 1);
	counters__add(&run->unlockers, "io_completion", 27);
	counters__add(&run->unlockers, "task", 12);
	fill(&run->buffers_locked, 7, 4000, 6000, 2500);
	run->late.watched = true;
	run->late.windows = 4000;
	run->late.behind_spin = 3;
	run->late.behind_folio = 3977;
	run->late.assoc_list = 2;
	counters__add(&run->norefs, "ok", 4000);
}

/* Three rounds in which light leaves 0.9 and full 0.5 of the load, each a little more the later. */
void sample__cost(struct run *run)
{
	static const struct {
		const char *what;
		__u64 moves, lookups;
	} kinds[] = {
		{ TURN_ALONE, 100000, 400000 },
		{ TURN_LIGHT, 90000, 396000 },
		{ TURN_AGAIN, 101000, 404000 },
		{ TURN_FULL, 50000, 300000 },
	};

	memset(run, 0, sizeof(*run));
	describe(run, "6.1.0-44-amd64", "held or racy", "BTF");
	for (unsigned int i = 0; i < SITES_KNOWN; i++)
		add_site(run, i, CLOCK_NONE, "not recorded");
	run->bench = (struct run_bench){ strdup("ext4"), strdup("numa"), 2,	    4096,
					 81920,		 300000000,	 1000000000 };
	run->turns = calloc(12, sizeof(*run->turns));
	run->turns_n = 12;
	for (unsigned int i = 0; i < 12; i++) {
		bool traced = i & 1;

		run->turns[i] = (struct run_turn){
			.what = strdup(kinds[i % 4].what),
			.round = i / 4,
			.traced = traced,
			.duration_ns = 1000000000,
			.moves = kinds[i % 4].moves + 500 * traced * (i / 4),
			.lookups = kinds[i % 4].lookups,
			.load_ns = traced ? 800000000 : 0,
			.attach_ns = traced ? 300000000 : 0,
			.detach_ns = traced ? 90000000 : 0,
			.floor_ns = traced ? 45 : 0,
			.has_places = traced,
			.jumps = traced ? 3 : 0,
			.calls = 0,
			.exceptions = traced ? 12 : 0,
		};
	}
}

void sample__kara(struct run *run)
{
	static const struct {
		unsigned int from_us, n;
	} rows[] = {
		{ 2, 2907 }, { 6, 105 }, { 11, 36 }, { 16, 45 }, { 21, 13 }, { 26, 4 },
		{ 31, 2 },   { 36, 2 },	 { 41, 1 },  { 46, 1 },	 { 70, 2 },
	};
	struct hist *h = &run->site[SITE_MIGRATE_NOREFS].hold;
	unsigned int n;

	memset(run, 0, sizeof(*run));
	describe(run, "5.2.0-rc7-default", "held",
		 "lock held in 3119 of 3119 moves, when the new page took the old one's place");
	add_site(run, SITE_MIGRATE_NOREFS, CLOCK_LOCK, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		for (n = 0; n < rows[i].n; n++) /* his buckets are 4.9 us wide, not 5 */
			hist_add(h, rows[i].from_us * 1000 + 1700);
	hist_add(h, 311000);
}
