// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The metric table, and how a row becomes series. Stage 5 (renderers). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "metrics.h"

#define LE_FIRST 8  /* 256 ns */
#define LE_LAST	 24 /* 16.777216 ms */
#define NSEC	 1000000000ULL

/* What a row's function writes to: it knows the metric's name. */
struct series {
	FILE *f;
	const struct run *run;
	const struct metrics_opts *opts;
	const char *name;
};

/*
 * A label's value: backslash, quote and newline are escaped. Run files may hold anything, and the text is
 * read by people, too: what is not printable ASCII is '?'.
 */
static void put_escaped(FILE *f, const char *s)
{
	for (; s && *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', f);
		if (*s == '\n')
			fputs("\\n", f);
		else
			fputc(*s < ' ' || *s >= 0x7f ? '?' : *s, f);
	}
}

struct label {
	const char *name, *value;
};

static void put_label(const struct series *s, char *separator, const char *name, const char *value)
{
	fprintf(s->f, "%c%s=\"", *separator, name);
	put_escaped(s->f, value);
	fputc('"', s->f);
	*separator = ',';
}

/* NAME SUFFIX{labels}, without the value; a label without a name ends the list. */
static void put_name(const struct series *s, const char *suffix, const struct label *labels)
{
	char separator = '{';

	fputs(s->name, s->f);
	fputs(suffix, s->f);
	if (s->opts->device)
		put_label(s, &separator, "device", s->opts->device);
	for (; labels && labels->name; labels++)
		put_label(s, &separator, labels->name, labels->value);
	if (separator == ',')
		fputc('}', s->f);
}

#define LABELS(...) ((const struct label[]){ __VA_ARGS__, {} })

static void put_count(const struct series *s, const struct label *labels, __u64 value)
{
	put_name(s, "", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)value);
}

/* Seconds, exact to the nanosecond: a double would lose it after three months of holding. */
static void put_seconds(const struct series *s, const char *suffix, const struct label *labels,
			__u64 ns)
{
	put_name(s, suffix, labels);
	fprintf(s->f, " %llu.%09llu\n", (unsigned long long)(ns / NSEC),
		(unsigned long long)(ns % NSEC));
}

/*
 * Cumulative, at powers of two, which are edges of our buckets: nothing is interpolated. Ours have
 * an exclusive upper edge and Prometheus' an inclusive one: a value of exactly 2^n ns counts in the
 * next bucket.
 */
static void put_hist(const struct series *s, const char *site, const struct hist *h)
{
	struct label labels[3] = { { "site", site }, { "le", NULL }, {} };
	struct label *le = site ? &labels[1] : &labels[0];
	__u64 below = 0;
	__u32 i = 0;
	char edge[32];

	*le = (struct label){ "le", edge };
	le[1] = (struct label){};
	for (int log2 = LE_FIRST; log2 <= LE_LAST; log2++) {
		for (; i < HIST_OVERFLOW && hist_lower(i + 1) <= 1ULL << log2; i++)
			below += h->bucket[i];
		snprintf(edge, sizeof(edge), "0.%09llu", 1ULL << log2);
		put_name(s, "_bucket", labels);
		fprintf(s->f, " %llu\n", (unsigned long long)below);
	}
	/* a running kernel may be between a count and its bucket: the buckets are what adds up */
	for (; i < HIST_BUCKETS; i++)
		below += h->bucket[i];
	strcpy(edge, "+Inf");
	put_name(s, "_bucket", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)below);
	*le = (struct label){};
	put_seconds(s, "_sum", labels, h->sum_ns);
	put_name(s, "_count", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)below);
}

static void hold(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].clock)
			put_hist(s, site__name(i), &s->run->site[i].hold);
}

/* The bracket times a whole function, and can't tell its wait from its work. */
static void wait(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].clock && s->run->site[i].clock != CLOCK_BRACKET)
			put_hist(s, site__name(i), &s->run->site[i].wait);
}

static void switched_out(const struct series *s)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (s->run->site[i].has_switched)
			put_count(s, LABELS({ "site", site__name(i) }),
				  s->run->site[i].switched_out);
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

static void flag_held(const struct series *s)
{
	if (s->run->has_flag_held)
		put_hist(s, NULL, &s->run->flag_held);
}

static void folio_wait(const struct series *s)
{
	if (s->run->has_folio_wait)
		put_hist(s, NULL, &s->run->folio_wait);
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
				n += s->run->refcounts[i].count;
		put_count(s, LABELS({ "stage", name }), n);
	}
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
		sum->hits += p->hits;
		sum->run_ns += p->run_ns;
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

#define PREFIX "migtrace_"

static const struct metric {
	const char *name, *type, *help;
	void (*write)(const struct series *s);
} metrics[] = {
	{ "private_lock_hold_seconds", "histogram", "Time private_lock was held, by lock site.",
	  hold },
	{ "private_lock_wait_seconds", "histogram", "Time private_lock was waited for.", wait },
	{ "holds_switched_out_total", "counter",
	  "Holds in which the lock's owner was switched out (PREEMPT_RT).", switched_out },
	{ "norefs_window_seconds", "histogram",
	  "Time from the passing reference check to the end of the move, lock not held.", window },
	{ "norefs_flag_held_seconds", "histogram", "Time BH_Migrate was set.", flag_held },
	{ "folio_lock_wait_seconds", "histogram",
	  "Time sleeping lookups waited for a folio under migration.", folio_wait },
	{ "migrations_total", "counter", "Migrations of pages with buffers, by how they ended.",
	  migrations },
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
	  "Lookups that wanted the lock or the folio while a window was open.", waited },
	{ "norefs_windows_total", "counter", "Moves that were watched for late references.",
	  windows },
	{ "lookups_refused_total", "counter",
	  "Atomic buffer lookups that found nothing because of BH_Migrate.", refused },
	{ "refcount_mismatches_total", "counter",
	  "Migrations that met another reference count than expected, by stage.", mismatches },
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
