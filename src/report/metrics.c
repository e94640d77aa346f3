// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The metric table, and how a row becomes series. Stage 5 (renderers). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report/metrics_put.h"
#include "report/render.h"

#define PREFIX "migtrace_"

static void hold(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].clock)
			put_hist(s, site__name(i), &s->run->site[i].hold);
}

static void wait(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (run__has_waits(s->run, i))
			put_hist(s, site__name(i), &s->run->site[i].wait);
}

static void switched_out(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].has_switched)
			put_count(s, LABELS({ "site", site__name(i) }),
				  s->run->site[i].switched_out);
}

static void contended(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].has_contended)
			put_count(s, LABELS({ "site", site__name(i) }), s->run->site[i].contended);
}

/*
 * Whether a kernel holds the lock to the end of the move shows with its first migration: until then,
 * and on those that do, "no move without the lock" is what was seen.
 */
static void window(const struct series *s)
{
	if (s->run->has_window || s->run->late.watched)
		put_hist(s, NULL, &s->run->window);
}

/* The one of this metric's name. */
static void span(const struct series *s)
{
	for (unsigned int i = 0; i < RUN_SPANS; i++)
		if (!strcmp(run_spans[i].metric, s->name + strlen(PREFIX)) && run__span(s->run, i))
			put_hist(s, NULL, run__span(s->run, i));
}

static void unlockers(const struct series *s)
{
	for (size_t i = 0; i < s->run->unlockers.n && s->run->has_buffer_locks; i++)
		put_count(s, LABELS({ "by", s->run->unlockers.v[i].name }),
			  s->run->unlockers.v[i].value);
}

static void longest_stall(const struct series *s)
{
	if (s->run->stall_ns)
		put_seconds(s, "", NULL, s->run->stall_longest_ns);
}

static void counters(const struct series *s, const char *path, const struct counters *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (path)
			put_count(s, LABELS({ "path", path }, { "result", c->v[i].name }),
				  c->v[i].value);
		else
			put_count(s, LABELS({ "result", c->v[i].name }), c->v[i].value);
}

static void migrations(const struct series *s)
{
	counters(s, path__name(PATH_NOREFS), &s->run->norefs);
	counters(s, path__name(PATH_BUFFERS), &s->run->buffers);
}

static void why(const struct series *s, const char *name, const char *path,
		const struct counters *c)
{
	__u64 moved = counters__get(c, "ok");

	put_count(s, LABELS({ "reason", name }, { "path", path }, { "result", "moved" }), moved);
	put_count(s, LABELS({ "reason", name }, { "path", path }, { "result", "failed" }),
		  counters__sum(c) - moved);
}

static void migrated_for(const struct series *s)
{
	for (size_t i = 0; i < s->run->whys_n; i++) {
		const struct run_why *v = &s->run->whys[i];

		why(s, v->why, path__name(PATH_NOREFS), &v->norefs);
		why(s, v->why, path__name(PATH_BUFFERS), &v->buffers);
	}
}

static void aio_migrations(const struct series *s)
{
	counters(s, NULL, &s->run->aio);
}

/* Of one parent the part that @less are not, never lower than it was. */
static __u64 rest(__u64 all, __u64 less, __u64 *most)
{
	__u64 v = all > less ? all - less : 0;

	if (most && v < *most)
		v = *most;
	if (most)
		*most = v;
	return v;
}

/* One that has just ended may be neither counted yet nor under way any more. */
static void stalls(const struct series *s)
{
	for (unsigned int i = 0; i < STALL_COUNT && s->run->stall_ns; i++)
		if (counters__has(&s->run->stalls_by, stall__name(i)))
			put_count(s, LABELS({ "what", stall__name(i) }),
				  rest(counters__get(&s->run->stalls_by, stall__name(i)), 0,
				       s->opts->most ? &s->opts->most->stalls[i] : NULL));
}

static __u64 isolation(const struct series *s, unsigned int i)
{
	return counters__get(&s->run->isolations, isolation__name(i));
}

/* The sum is the pages isolated. */
static void isolations(const struct series *s)
{
	static const char *const modes[] = { "sync", "async" }, *const unevictable[] = { "no",
											 "yes" };

	for (unsigned int i = 0; i < 4 && s->run->isolations.n; i++)
		put_count(s,
			  LABELS({ "mode", modes[i & 1] }, { "unevictable", unevictable[i >> 1] }),
			  isolation(s, ISO_TAKEN + i));
}

/* The sum is the mappings looked at. */
static void isolation_mappings(const struct series *s)
{
	__u64 gone = isolation(s, ISO_MAPPING_GONE), exiting = isolation(s, ISO_MAPPING_EXITING);

	if (!s->run->isolations.n)
		return;
	put_count(s, LABELS({ "found", "there" }),
		  rest(isolation(s, ISO_DEREFERENCED), gone + exiting,
		       s->opts->most ? &s->opts->most->there : NULL));
	put_count(s, LABELS({ "found", "gone" }), gone);
	put_count(s, LABELS({ "found", "exiting" }), exiting);
}

/* The sum is the moves begun. */
static void isolated_moves(const struct series *s)
{
	__u64 gone = isolation(s, ISO_GONE_AT_MOVE);

	if (!s->run->isolations.n)
		return;
	put_count(s, LABELS({ "mapping", "there" }),
		  rest(isolation(s, ISO_MOVES), gone,
		       s->opts->most ? &s->opts->most->mapped : NULL));
	put_count(s, LABELS({ "mapping", "gone" }), gone);
}

/* The sum is the pages given up without a move. */
static void isolated_not_moved(const struct series *s)
{
	if (!s->run->isolations.n)
		return;
	put_count(s, LABELS({ "reason", "freed" }), isolation(s, ISO_FREED));
	put_count(s, LABELS({ "reason", "orphaned" }), isolation(s, ISO_ORPHANED));
}

static bool full(const struct run *run)
{
	return run->tool.tier && !strcmp(run->tool.tier, "full");
}

/* Without programs on the lookups a late one is seen by the count that it leaves, or not at all. */
static void late(const struct series *s)
{
	const struct late *l = &s->run->late;

	if (!l->watched)
		return;
	if (full(s->run))
		put_count(s, LABELS({ "kind", "slow_lookup" }), l->slow_lookup);
	put_count(s, LABELS({ "kind", "end_count" }), l->end_count);
}

/* No late references, on kernels with BH_Migrate: walkers of a list may raise the count. */
static void assoc_list(const struct series *s)
{
	if (s->run->late.watched)
		put_count(s, NULL, s->run->late.assoc_list);
}

static void possible(const struct series *s)
{
	if (s->run->late.watched)
		put_count(s, NULL, s->run->late.possible);
}

static void waited(const struct series *s)
{
	const struct late *l = &s->run->late;

	if (!l->watched || !l->has_waited || !full(s->run))
		return;
	put_count(s, LABELS({ "lock", "spin" }), l->waited_spin);
	put_count(s, LABELS({ "lock", "folio" }), l->waited_folio);
}

static void contended_lookups(const struct series *s)
{
	struct contention c;

	if (!run__contention(s->run, &c))
		return;
	put_count(s, LABELS({ "lock", "spin" }), c.waited - c.folio);
	put_count(s, LABELS({ "lock", "folio" }), c.folio);
}

/* The spinlock's; of the folio's there is a histogram. */
static void wait_seconds(const struct series *s)
{
	struct contention c;

	if (!run__contention(s->run, &c) || !c.has_behind)
		return;
	put_seconds(s, "", LABELS({ "behind", "migration" }),
		    counters__get(&s->run->counters, "lookup_wait_behind_ns"));
	put_seconds(s, "", LABELS({ "behind", "other" }),
		    counters__get(&s->run->counters, "lookup_wait_other_ns"));
}

static void windows(const struct series *s)
{
	if (s->run->late.watched)
		put_count(s, NULL, s->run->late.windows);
}

static void refused(const struct series *s)
{
	const char *generation = s->run->kernel.generation;

	if (full(s->run) && generation && !strncmp(generation, "bh_migrate", 10))
		put_count(s, NULL, counters__get(&s->run->counters, "lookups_refused"));
}

static void mismatches(const struct series *s)
{
	for (unsigned int stage = 0; stage < STAGE_COUNT; stage++) {
		const char *name = stage__name(stage);
		__u64 n = 0;

		if (!name || (stage == STAGE_AIO && !s->run->aio.n))
			continue;
		for (size_t i = 0; i < s->run->refcounts_n; i++)
			if (!strcmp(s->run->refcounts[i].stage, name))
				n = add_up(n, s->run->refcounts[i].count);
		put_count(s, LABELS({ "stage", name }), n);
	}
}

static void reference_attempts(const struct series *s)
{
	for (unsigned int k = 0; k < REFS_KINDS && s->run->has_refs; k++) {
		const struct run_refs *r = &s->run->refs[k];
		const __u64 n[REFS_RESULTS] = {
			[REFS_MOVED] = r->moved,
			[REFS_EARLY] = r->early,
			[REFS_FREEZE] = r->freeze,
			[REFS_ELSE] = r->other,
		};

		for (unsigned int i = 0; i < REFS_RESULTS; i++)
			if (i != REFS_EARLY || r->has_early)
				put_count(s,
					  LABELS({ "mapping", refs_kind__name(k) },
						 { "result", refs_result__name(i) }),
					  n[i]);
	}
}

static void drains(const struct series *s)
{
	for (unsigned int k = 0; k < DRAIN_KINDS && s->run->has_drains; k++)
		if (counters__has(&s->run->drains_by, drain__name(k)))
			put_count(s, LABELS({ "what", drain__name(k) }),
				  counters__get(&s->run->drains_by, drain__name(k)));
}

static void drained_migrations(const struct series *s)
{
	for (unsigned int k = 0; k <= DRAIN_NONE && s->run->has_drains; k++) {
		const struct counters *c = &s->run->drain_after[k].norefs;
		__u64 moved = counters__get(c, "ok");

		if (k < DRAIN_KINDS && !counters__has(&s->run->drains_by, drain__name(k)))
			continue; /* can't be seen here */
		put_count(s, LABELS({ "after", drain__name(k) }, { "result", "moved" }), moved);
		put_count(s, LABELS({ "after", drain__name(k) }, { "result", "failed" }),
			  counters__sum(c) - moved);
	}
}

static void pinned(const struct series *s)
{
	if (s->run->has_pinned)
		put_count(s, NULL, add_up(s->run->pinned_n, s->run->pinned_more));
}

static void losses(const struct series *s)
{
	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		put_count(s, LABELS({ "reason", loss__name(i) }), s->run->losses[i]);
}

/* All zeros where kernel.bpf_stats_enabled is off: nothing was measured. */
static bool measured_programs(const struct series *s)
{
	bool measured = s->opts->bpf_stats;

	for (size_t i = 0; i < s->run->probes_n && !measured; i++)
		measured = s->run->probes[i].hits;
	return measured;
}

/*
 * Runs that were added up may have a probe in several variants: one series all the same. @sum is all
 * of them when probe @i is the first; false when it is not, or not attached.
 */
static bool whole_program(const struct run *run, size_t i, struct run_probe *sum)
{
	*sum = run->probes[i];
	if (!sum->attached)
		return false;
	for (size_t j = 0; j < run->probes_n; j++) {
		const struct run_probe *p = &run->probes[j];

		if (j == i || !p->attached || strcmp(p->probe, sum->probe) != 0)
			continue;
		if (j < i)
			return false;
		sum->hits = add_up(sum->hits, p->hits);
		sum->run_ns = add_up(sum->run_ns, p->run_ns);
	}
	return true;
}

static void program_seconds(const struct series *s)
{
	struct run_probe p;

	if (!measured_programs(s))
		return;
	for (size_t i = 0; i < s->run->probes_n; i++)
		if (whole_program(s->run, i, &p))
			put_seconds(s, "", LABELS({ "program", p.probe }), p.run_ns);
}

static void program_runs(const struct series *s)
{
	struct run_probe p;

	if (!measured_programs(s))
		return;
	for (size_t i = 0; i < s->run->probes_n; i++)
		if (whole_program(s->run, i, &p))
			put_count(s, LABELS({ "program", p.probe }), p.hits);
}

static void measurable(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		put_count(s, LABELS({ "site", site__name(i) }), s->run->site[i].clock != 0);
}

static void attached(const struct series *s)
{
	for (size_t i = 0; i < s->run->probes_n; i++) {
		const struct run_probe *p = &s->run->probes[i];

		put_count(s, LABELS({ "probe", p->probe }, { "variant", p->variant }), p->attached);
	}
}

static void kernel(const struct series *s)
{
	put_count(s,
		  LABELS({ "release", s->run->kernel.release },
			 { "generation", s->run->kernel.generation }),
		  1);
}

static void build(const struct series *s)
{
	put_count(s, LABELS({ "version", s->run->tool.version }), 1);
}

static void written(const struct series *s)
{
	put_name(s, "", NULL);
	fprintf(s->f, " %.3f\n", s->opts->written);
}

static void failures(const struct series *s)
{
	if (s->opts->exported)
		put_count(s, NULL, s->opts->failures);
}

static const struct metric {
	const char *name, *type, *help;
	void (*write)(const struct series *s);
} metrics[] = {
	{ "private_lock_hold_seconds", "histogram", "Time private_lock was held, by lock site.",
	  hold },
	{ "private_lock_wait_seconds", "histogram", "Time private_lock was waited for.", wait },
	{ "holds_switched_out_total", "counter",
	  "Holds in which the lock's owner was switched out (PREEMPT_RT).", switched_out },
	{ "contended_releases_total", "counter",
	  "Releases of private_lock at which somebody waited for it, by who released.", contended },
	{ "norefs_window_seconds", "histogram",
	  "Time from the passing reference check to the end of the move, lock not held.", window },
	{ "norefs_flag_held_seconds", "histogram", "Time BH_Migrate was set.", span },
	{ "folio_lock_wait_seconds", "histogram",
	  "Time sleeping lookups waited for a folio under migration.", span },
	{ "buffer_lock_wait_seconds", "histogram",
	  "Time migrations waited for the lock of a buffer.", span },
	{ "buffers_locked_seconds", "histogram",
	  "Time from the lock of a folio's first buffer to the return of the migration.", span },
	{ "buffer_unlocks_total", "counter",
	  "Waits of migrations for the lock of a buffer, by who unlocked it.", unlockers },
	{ "stalls_total", "counter",
	  "Waits of lookups and migrations that took longer than asked for, by what for.", stalls },
	{ "stall_longest_seconds", "gauge", "The longest of them under way.", longest_stall },
	{ "migrations_total", "counter", "Migrations of pages with buffers, by how they ended.",
	  migrations },
	{ "migrated_for_total", "counter",
	  "Migrations of pages with buffers, by why the kernel migrated and whether they moved.",
	  migrated_for },
	{ "aio_migrations_total", "counter", "Migrations of aio ring pages, by how they ended.",
	  aio_migrations },
	{ "late_references_total", "counter",
	  "References to a buffer taken after the check, while its page moved.", late },
	{ "assoc_list_references_total", "counter",
	  "References to a buffer taken meanwhile by a walker of a list of buffers, which may.",
	  assoc_list },
	{ "late_references_possible_total", "counter",
	  "Lookups of which only the acquire of the lock lies before the end of the move.",
	  possible },
	{ "lookups_waited_total", "counter",
	  "Lookups that wanted the lock or the folio while the window of their page was open.",
	  waited },
	{ "lookups_contended_total", "counter", "Lookups that found the lock taken, by which.",
	  contended_lookups },
	{ "lookup_wait_seconds_total", "counter",
	  "Time of these waits for the spinlock, by whether a migration had it meanwhile.",
	  wait_seconds },
	{ "norefs_windows_total", "counter", "Moves that were watched for late references.",
	  windows },
	{ "lookups_refused_total", "counter",
	  "Atomic buffer lookups that found nothing because of BH_Migrate.", refused },
	{ "refcount_mismatches_total", "counter",
	  "Migrations that met another reference count than expected, by stage.", mismatches },
	{ "pinned_blocks", "gauge",
	  "Blocks whose references have stopped a migration so far (--pinned).", pinned },
	{ "reference_attempts_total", "counter",
	  "Attempts to move any folio (--refs), by how they ended; early, switch: by its references.",
	  reference_attempts },
	{ "lru_drains_total", "counter", "Times that LRUs were emptied (--drains), by which.",
	  drains },
	{ "norefs_after_drain_total", "counter",
	  "Norefs migrations (--drains), by what they began within a millisecond behind.",
	  drained_migrations },
	{ "isolations_total", "counter", "Pages isolated for compaction, by mode.", isolations },
	{ "isolation_mappings_total", "counter",
	  "Mappings looked at under the page's lock while isolating, by what was found.",
	  isolation_mappings },
	{ "isolated_moves_total", "counter",
	  "Moves of isolated pages, by whether the page was truncated since.", isolated_moves },
	{ "isolated_not_moved_total", "counter",
	  "Isolated pages that were given up without a move.", isolated_not_moved },
	{ "lost_events_total", "counter", "Events that could not be counted, by reason.", losses },
	{ "program_run_seconds_total", "counter",
	  "Time spent in the programs of a probe (kernel.bpf_stats_enabled).", program_seconds },
	{ "program_runs_total", "counter",
	  "Runs of the programs of a probe (kernel.bpf_stats_enabled).", program_runs },
	{ "site_measurable", "gauge", "Whether the lock site can be timed here: 1, or 0.",
	  measurable },
	{ "probe_attached", "gauge", "Whether the probe is attached: 1, or 0.", attached },
	{ "kernel_info", "gauge", "The kernel, and its generation as observed.", kernel },
	{ "build_info", "gauge", "The version of migtrace.", build },
	{ "write_failures_total", "counter", "Writes of this file that failed.", failures },
	{ "last_write_timestamp_seconds", "gauge", "When this was written.", written },
};

/* A metric without any series has no header either. */
int metrics__write(const struct run *run, const struct metrics_opts *o, FILE *f)
{
	for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++) {
		const struct metric *m = &metrics[i];
		char *text = NULL, name[64];
		size_t size = 0;
		struct series s = { open_memstream(&text, &size), run, o, name };

		if (!s.f)
			return -ENOMEM;
		snprintf(name, sizeof(name), PREFIX "%s", m->name);
		m->write(&s);
		fclose(s.f);
		if (size)
			fprintf(f, "# HELP %s %s\n# TYPE %s %s\n%s", name, m->help, name, m->type,
				text);
		free(text);
	}
	return 0;
}

/* A run file as the textfile that export would have written at its end. */

/* RFC 3339 in UTC, as record writes it; 0 when it is something else. */
static double started(const char *text)
{
	struct tm tm = { 0 };

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	return (double)timegm(&tm);
}

int render_prometheus(const struct run *run, const struct render_opts *o, FILE *f)
{
	struct metrics_opts m = { .written = started(run->start) + run->duration_ns / 1e9 };

	(void)o;
	return metrics__write(run, &m, f);
}
