// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * usage: model [-v] [SCENARIO [MORE]]
 *
 * Plays what kernels do at the programs' places, in all ways to interleave it that a bound allows, and
 * holds what the programs make of it against what it was (tests/README.md has the rules). All scenarios,
 * or those with SCENARIO in their name, with MORE preemptions. Exit 0: no rule was broken; 1: one was,
 * with the scenario and the way to it.
 */
#include "kernel.h"

#define MIGRATIONS 2
#define LOOKUPS	   2
#define HOOKS	   64

struct scenario {
	const char *name;
	const struct kernel *kernel;
	const struct probes *probes;
	int preemptions;
	int skipping; /* preemptions while each program in turn is left out once; -1: none is */
	struct {
		int times, dev;
		bool unchecked;
		enum abort abort;
		int aborts;
	} migration[MIGRATIONS];
	struct {
		int times, dev, block, cpu, exit_cpu;
		bool sleeps, hits, only_hits;
	} lookup[LOOKUPS];
	bool interrupt, referenced;
	bool trim;	  /* meanwhile the steps' programs are taken off */
	__u64 other_ends; /* moves that went by in the other order than is believed */
	bool wrong_end;	  /* what is probed is not the end */
	bool crowded;	  /* more windows than places: old ones may be lost */
};

static const struct kernel held_510 = { "5.10 to 6.2", BUFFERS_COPY_FLAGS, .held = true,
					.buffers = 1 };
static const struct kernel racy_510 = { "5.10 to 6.2, racy", BUFFERS_COPY_FLAGS, .buffers = 1 };
static const struct kernel racy_510_many = { "5.10, racy, 2 buffers", BUFFERS_COPY_FLAGS,
					     .buffers = 2 };
static const struct kernel held_66 = { "6.3 to 6.10", SET_BH_COPY_FLAGS, .held = true,
				       .buffers = 1 };
static const struct kernel racy_66 = { "6.3 to 6.10, racy", SET_BH_COPY_FLAGS, .buffers = 1 };
static const struct kernel held_612 = { "6.12", COPY_FLAGS_SET_BH, .held = true, .buffers = 1 };
static const struct kernel racy_612 = { "6.12, racy", COPY_FLAGS_SET_BH, .buffers = 1 };
static const struct kernel flag = { "BH_Migrate", COPY_FLAGS_SET_BH, .flag = true, .buffers = 1 };
static const struct kernel flag_large = { "BH_Migrate, large folio", COPY_FLAGS_SET_BH,
					  .flag = true, .buffers = 4, .large = true };
static const struct kernel flag_racy = { "BH_Migrate, ignored", COPY_FLAGS_SET_BH, .flag = true,
					 .ignores = true, .buffers = 1 };
static const struct kernel flag_racy_large = { "BH_Migrate, ignored, large folio",
					       COPY_FLAGS_SET_BH,
					       .flag = true,
					       .ignores = true,
					       .buffers = 4,
					       .large = true };

#define SET(e, step, ...)                                                                          \
	{                                                                                          \
		.set = {.pair = true,                                                              \
			.sections = true,                                                          \
			.wait = true,                                                              \
			.ends = e,                                                                 \
			.end_step = step,                                                          \
			##__VA_ARGS__ }                                                            \
	}
static const struct probes by_flags = SET(END_FLAGS, END_FLAGS);
static const struct probes both_flags = SET(END_FLAGS | END_SET_BH, END_FLAGS);
static const struct probes both = SET(END_FLAGS | END_SET_BH, END_SET_BH, .recount = true);
static const struct probes bh_migrate =
	SET(END_FLAGS | END_SET_BH, END_SET_BH, .recount = true, .bh_migrate = true);
static const struct probes only_set_bh = SET(END_SET_BH, END_SET_BH);
static const struct probes no_ends = SET(0, 0);
static const struct probes light_flags = {
	.set = { .sections = true, .ends = END_FLAGS, .end_step = END_FLAGS }, .no_copy = true
};
static const struct probes light_era = { .set = { .sections = true,
						  .ends = END_FLAGS | END_SET_BH,
						  .end_step = END_SET_BH,
						  .recount = true,
						  .bh_migrate = true },
					 .no_copy = true };
static const struct probes off_flags = SET(END_FLAGS, END_FLAGS, .steps_off = true);
static const struct probes off_both =
	SET(END_FLAGS | END_SET_BH, END_SET_BH, .recount = true, .steps_off = true);
static const struct probes light_off = {
	.set = { .sections = true, .ends = END_FLAGS, .end_step = END_FLAGS, .steps_off = true },
	.no_copy = true
};
static const struct probes bracket = {
	.set = { .pair = true, .ends = END_FLAGS, .end_step = END_FLAGS },
	.bracket = true,
	.told = true
};

/* clang-format off */
static const struct scenario scenarios[] = {
	{ "one move, one lookup", &racy_510, &by_flags, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "one move, two lookups", &racy_510, &by_flags, 3, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "two lookups on one CPU", &racy_510, &by_flags, 2, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "hits beside a lookup", &flag, &bh_migrate, 3, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1, .hits = true },
					      { 1, .cpu = 1, .exit_cpu = 1, .only_hits = true } } },
	{ "hits beside a lookup", &racy_510, &by_flags, 2, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1, .hits = true },
					      { 1, .cpu = 1, .exit_cpu = 1, .only_hits = true } } },
	{ "a lookup that returns elsewhere", &racy_510, &by_flags, 2, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 2 }, { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "a lookup that comes again", &racy_510, &by_flags, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 3, .cpu = 1, .exit_cpu = 1 } } },
	{ "a page that moves again and again", &racy_510, &by_flags, 2, 1,
	  .migration = { { 4 } },
	  .lookup = { { 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } }, .crowded = true },
	{ "two devices in one set", &racy_510, &by_flags, 2, -1,
	  .migration = { { 2 }, { 2, .dev = 1 } },
	  .lookup = { { 1, .cpu = 2, .exit_cpu = 2 } }, .crowded = true },
	{ "two devices in one set", &held_510, &by_flags, 2, 1,
	  .migration = { { 1 }, { 1, .dev = 1 } },
	  .lookup = { { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "two moves that fail at once", &racy_510, &by_flags, 3, -1,
	  .migration = { { 1, .abort = ABORT_SWITCH, .aborts = 1 },
			 { 1, .dev = 1, .abort = ABORT_SWITCH, .aborts = 1 } } },
	{ "two devices in one set, no lookup", &racy_510, &by_flags, 3, -1,
	  .migration = { { 1 }, { 1, .dev = 1 } } },
	{ "a window that is gone, and its place taken", &racy_510, &by_flags, 2, -1,
	  .migration = { { 1, .abort = ABORT_SWITCH, .aborts = 1 }, { 2, .dev = 1 } },
	  .lookup = { { 1, .cpu = 2, .exit_cpu = 2 } }, .crowded = true },
	{ "a buffer that is put behind the check", &held_510, &by_flags, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } },
	  .interrupt = true, .referenced = true },
	{ "a buffer that is put behind the check", &flag, &bh_migrate, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } },
	  .interrupt = true, .referenced = true },
	{ "a move that fails", &racy_510, &by_flags, 3, 1,
	  .migration = { { 2, .abort = ABORT_SWITCH, .aborts = 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "a move that fails, and three that don't", &racy_510, &by_flags, 2, 1,
	  .migration = { { 4, .abort = ABORT_SWITCH, .aborts = 1 } },
	  .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .crowded = true },
	{ "two buffers", &racy_510_many, &by_flags, 2, 1,
	  .migration = { { 1 } },
	  .lookup = { { 1, .block = 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "the end by the flags", &held_66, &both_flags, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "the end by the flags", &racy_66, &both_flags, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "the order is not the expected one", &racy_66, &both, 3, -1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "an end ahead of the copy", &racy_66, &only_set_bh, 3, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .wrong_end = true },
	{ "the order is found out", &racy_66, &both, 3, -1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .other_ends = 63 },
	{ "one move, one lookup", &held_612, &both, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "a sleeping lookup", &held_612, &both, 2, 1,
	  .migration = { { 2 } },
	  .lookup = { { 2, .cpu = 1, .exit_cpu = 1, .sleeps = true }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "two sleeping lookups", &held_612, &both, 2, 1,
	  .migration = { { 1 } },
	  .lookup = { { 2, .cpu = 1, .exit_cpu = 1, .sleeps = true },
		      { 2, .cpu = 2, .exit_cpu = 2, .sleeps = true } } },
	{ "a page that can't be read", &racy_612, &both, 3, 1,
	  .migration = { { 2, .abort = ABORT_COPY, .aborts = 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "one move, one lookup", &racy_612, &both, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "one move, two lookups", &flag, &bh_migrate, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 2, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "one move, one lookup", &flag, &bh_migrate, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 2, .cpu = 1, .exit_cpu = 1 } } },
	{ "one move, one lookup", &flag_racy, &bh_migrate, 3, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "lookups in its third page", &flag_racy_large, &bh_migrate, 2, -1,
	  .migration = { { 1 } },
	  .lookup = { { 1, .block = 2, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "lookups in its third page", &flag_large, &bh_migrate, 2, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .block = 2, .cpu = 1, .exit_cpu = 1 } } },
	{ "a sleeping lookup", &flag, &bh_migrate, 2, 1,
	  .migration = { { 2 } },
	  .lookup = { { 2, .cpu = 1, .exit_cpu = 1, .sleeps = true }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "no end can be probed", &held_510, &no_ends, 3, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "light", &racy_510, &light_flags, 3, 1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "light", &held_510, &light_flags, 3, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "light", &flag_racy, &light_era, 3, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "light, the steps off", &held_510, &light_off, 3, 1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "the steps off", &held_510, &off_flags, 3, 2,
	  .migration = { { 2 } }, .lookup = { { 2, .cpu = 1, .exit_cpu = 1 } } },
	{ "the steps off, two devices in one set", &held_510, &off_flags, 2, 1,
	  .migration = { { 1 }, { 1, .dev = 1 } },
	  .lookup = { { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "the steps off", &held_612, &off_both, 2, 1,
	  .migration = { { 2 } },
	  .lookup = { { 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "the steps off, a move that fails", &held_612, &off_both, 2, 1,
	  .migration = { { 2, .abort = ABORT_COPY, .aborts = 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "the steps off, a move that fails", &held_66, &off_flags, 2, 1,
	  .migration = { { 2, .abort = ABORT_SWITCH, .aborts = 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } } },
	{ "the steps off, and a buffer that is put behind the check", &held_510, &off_flags, 2, 1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } },
	  .interrupt = true, .referenced = true },
	{ "the steps off, and the lock not held after all", &racy_510, &off_flags, 3, -1,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .wrong_end = true },
	{ "the steps are taken off", &held_510, &by_flags, 2, 1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .trim = true },
	{ "the steps are taken off", &held_612, &both, 2, 1,
	  .migration = { { 2 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .trim = true },
	{ "without the check", &held_510, &by_flags, 2, 1,
	  .migration = { { 1, .unchecked = true }, { 1, .dev = 1 } },
	  .lookup = { { 1, .cpu = 2, .exit_cpu = 2 } } },
	{ "bracket, and the end of an I/O", &held_510, &bracket, 3, 1, .migration = { { 1 } },
	  .lookup = { { 1, .cpu = 1, .exit_cpu = 1 } }, .interrupt = true },
	{ "one move, two lookups", &held_510, &by_flags, 2, 2,
	  .migration = { { 1 } }, .lookup = { { 1, .cpu = 1, .exit_cpu = 1 }, { 1, .cpu = 2, .exit_cpu = 2 } } },
};
/* clang-format on */

static struct device devices[2];
static struct migration_arg migrations[MIGRATIONS];
static struct lookup_arg lookups[LOOKUPS];
static struct actor actors[ACTORS];
static size_t actors_n;

static struct actor *add_actor(const char *name, void (*body)(struct actor *, void *), void *arg,
			       int cpu)
{
	struct actor *a = &actors[actors_n++];

	*a = (struct actor){ .name = name, .body = body, .arg = arg, .cpu = cpu };
	return a;
}

static void prepare(const struct scenario *s, size_t who, int skip)
{
	kernel = s->kernel;
	probes = s->probes;
	kernel_forget();
	device_init(&devices[0]);
	device_init(&devices[1]);
	programs_reset(&probes->set, s->other_ends);
	actors_n = 0;
	for (int i = 0; i < MIGRATIONS; i++) {
		migrations[i] = (struct migration_arg){
			.dev = &devices[s->migration[i].dev],
			.times = s->migration[i].times,
			.unchecked = s->migration[i].unchecked,
			.abort = s->migration[i].abort,
			.aborts = s->migration[i].aborts,
		};
		if (s->migration[i].times)
			add_actor("migration", migrate, &migrations[i], i);
	}
	for (int i = 0; i < LOOKUPS; i++) {
		lookups[i] = (struct lookup_arg){
			.dev = &devices[s->lookup[i].dev],
			.block = s->lookup[i].block,
			.sleeps = s->lookup[i].sleeps,
			.exit_cpu = s->lookup[i].exit_cpu,
			.times = s->lookup[i].times,
			.hits = s->lookup[i].hits,
			.only_hits = s->lookup[i].only_hits,
		};
		if (s->lookup[i].times)
			add_actor("lookup", look_up, &lookups[i], s->lookup[i].cpu);
	}
	if (s->interrupt)
		add_actor("interrupt", interrupt, &devices[0], 0)->interrupt = true;
	if (s->trim)
		add_actor("trim", trim, NULL, 2);
	devices[0].referenced = s->referenced;
	devices[0].bh[0].b_count = s->referenced;
	actors[who].skip = skip;
}

/* What the run was in truth. */
struct truth_sum {
	__u64 late, grey, innocent, refused, moved, windows, held_ns, behind, met;
};

static struct truth_sum truths(void)
{
	struct truth_sum t = { 0 };

	for (int i = 0; i < LOOKUPS; i++) {
		t.behind += lookups[i].behind;
		t.met += lookups[i].met;
		for (int j = 0; j < lookups[i].times; j++) {
			bool counts = lookups[i].move[j] && lookups[i].move[j]->moved;

			t.late += lookups[i].truth[j] == LATE && counts;
			t.grey += lookups[i].truth[j] == GREY && counts;
			t.innocent += lookups[i].truth[j] == INNOCENT;
			t.refused += lookups[i].truth[j] == REFUSED && counts;
		}
	}
	for (int i = 0; i < MIGRATIONS; i++) {
		t.moved += migrations[i].unchecked ? 0 : migrations[i].moved;
		t.windows += migrations[i].windows;
		t.held_ns += migrations[i].held_ns;
	}
	return t;
}

static bool races(const struct kernel *k)
{
	return k->ignores || (!k->held && !k->flag);
}

/* The first rule that was broken, NULL: none was. */
static const char *broken(const struct scenario *s, bool skipped, struct tally t,
			  struct truth_sum is)
{
	bool watched = s->probes->set.ends;
	/* before it is known which step ends a move nothing is said of it, and that is said */
	bool learning = t.unjudged;

	if (t.wrong)
		return t.wrong;
	for (int i = 0; i < 4; i++)
		if (programs_waiters(&devices[i / 2].folio[i % 2]) != 0)
			return "the count of those that wait for a folio is wrong";
	if ((__s64)t.total < 0 || (__s64)t.possible < 0)
		return "a counter is below zero";
	if (t.total > is.late + is.grey)
		return "an innocent lookup was reported";
	/*
	 * Who acquires while BH_Migrate is set and looks at it when it is clear again finds its buffer
	 * rightly, and can't be told from who did not look: such count beside proven ones only.
	 */
	if (!races(s->kernel) && (t.total || (t.possible && !s->kernel->flag)))
		return "a kernel without the race is said to have it, or possibly";
	/* a later lookup's exit can be taken for one that was left out: that hides, and invents nothing */
	if (watched && s->probes->set.pair && !t.tainted && !learning && !exits_doubted &&
	    t.total + t.possible < is.late)
		return "a late lookup was neither reported nor tainted";
	if (!watched && (t.total || t.possible || t.windows))
		return "windows without an end";
	if (s->wrong_end)
		return t.windows || (is.moved && !t.tainted) ? "a window without its end" : NULL;
	if (s->crowded && t.lost[LOSS_WINDOW])
		return NULL;
	if (!skipped && t.left_open)
		return "a window is left open";
	if (!skipped && !learning && t.tainted && !exits_doubted)
		return "a loss that nothing caused";
	if (!skipped && !learning && watched && t.windows != is.windows)
		return "windows are not the kernel's";
	if (t.waited > t.behind)
		return "more lookups waited than came behind";
	if (!skipped && t.waited > is.met)
		return "more lookups are said to have met a window than met a migration";
	if (watched && s->probes->set.pair && !skipped && !learning && !exits_doubted &&
	    is.late + is.refused > t.waited)
		return "a lookup inside a window is not among those that waited";
	if (s->probes->set.pair && s->probes->set.sections && !skipped && !s->wrong_end &&
	    !t.lost[LOSS_WAIT_START] && !t.wait_behind_ns != !is.behind)
		return "a lookup waited behind a migration, or none did, and the other was said";
	if (s->probes->bracket && !skipped && t.hold_ns < is.held_ns)
		return "a bracket ended early";
	return NULL;
}

struct summary {
	__u64 ways, late, grey, total, possible, tainted;
};

static int explore(const struct scenario *s, size_t who, int skip, int preemptions,
		   struct summary *sum, bool *passed)
{
	do {
		struct truth_sum is;
		struct tally t;
		const char *rule;

		prepare(s, who, skip);
		explore_run(actors, actors_n, preemptions);
		*passed |= actors[who].hooks >= skip;
		is = truths();
		t = programs_tally();
		t.tainted |= skip && s->probes->told;
		rule = broken(s, skip, t, is);
		if (rule) {
			printf("model: %s\n  %s, %s; left out: %s's %d; way %s\n"
			       "  late %llu, just behind %llu, innocent %llu, windows %llu; found %llu, "
			       "possible %llu, windows %llu, tainted %d\n",
			       rule, s->name, s->kernel->name, skip ? actors[who].name : "nobody",
			       skip, explore_way(), is.late, is.grey, is.innocent, is.windows,
			       t.total, t.possible, t.windows, t.tainted);
			return 1;
		}
		sum->ways++;
		sum->late += is.late;
		sum->grey += is.grey;
		sum->total += t.total;
		sum->possible += t.possible;
		sum->tainted += t.tainted;
	} while (explore_next());
	return 0;
}

static int play(const struct scenario *s, bool verbose, struct summary *all)
{
	struct summary sum = { 0 };
	bool passed = false;
	int err = explore(s, 0, 0, s->preemptions, &sum, &passed);

	for (size_t who = 0; !err && s->skipping >= 0 && who < actors_n; who++) {
		passed = true;
		for (int skip = 1; !err && passed && skip <= HOOKS; skip++) {
			passed = false;
			err = explore(s, who, skip, s->skipping, &sum, &passed);
		}
	}
	if (verbose)
		printf("%-36s %-34s %8llu ways: late %llu, just behind %llu; found %llu, "
		       "possible %llu; tainted %llu\n",
		       s->name, s->kernel->name, sum.ways, sum.late, sum.grey, sum.total,
		       sum.possible, sum.tainted);
	all->ways += sum.ways;
	all->late += sum.late;
	all->total += sum.total;
	all->possible += sum.possible;
	all->tainted += sum.tainted;
	return err;
}

int main(int argc, char **argv)
{
	bool verbose = argc > 1 && !strcmp(argv[1], "-v");
	const char *only = argc > 1 + verbose ? argv[1 + verbose] : "";
	int more = argc > 2 + verbose ? atoi(argv[2 + verbose]) : 0;
	struct summary all = { 0 };
	size_t n = 0;

	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		struct scenario s = scenarios[i];

		if (!strstr(s.name, only))
			continue;
		n++;
		s.preemptions += more;
		if (play(&s, verbose, &all))
			return 1;
	}
	printf("model: %zu scenarios, %llu interleavings: %llu late references, %llu found and %llu "
	       "possible, %llu interleavings tainted, no rule broken\n",
	       n, all.ways, all.late, all.total, all.possible, all.tainted);
	return 0;
}
