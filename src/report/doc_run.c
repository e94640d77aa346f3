// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The report of a run as a document: what was measured, on what, and how far the figures can be
 * trusted, before the figures; on the page the answer in words before all.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "report/doc.h"

static const char *or_unknown(const char *s)
{
	return s && *s ? s : "unknown";
}

static void tainted(struct report *r)
{
	const char *separator = "";
	struct doc_block *b;
	bool hides = false;

	if (!run__tainted(r->run))
		return;
	b = doc__block(&r->doc, DOC_FACT, "TAINTED:", "events lost:");
	b->tone = TONE_BAD;
	b->indent = 9;
	for (unsigned int i = 0; i < LOSS_COUNT; i++) {
		if (!r->run->losses[i] || !loss__taints(i))
			continue;
		doc__add(&r->doc, "%s%s %llu", separator, loss__name(i),
			 (unsigned long long)r->run->losses[i]);
		separator = ", ";
		hides |= loss__hides(i);
	}
	doc__add(&r->doc, "; counts are lower bounds%s",
		 hides ? ", and to have seen none would prove nothing" : "");
}

/* What a generation does to lookups, in half a sentence; migtrace-kernels(7) says more. */
static const char *generation_words(const char *generation)
{
	if (!generation)
		return "";
	if (!strcmp(generation, "racy"))
		return " (nothing keeps lookups out while a page moves)";
	if (!strcmp(generation, "held") || !strcmp(generation, "held+sleeping"))
		return " (lookups wait while a page moves)";
	if (!strncmp(generation, "bh_migrate", strlen("bh_migrate")))
		return " (lookups fail or sleep while a page moves)";
	return "";
}

static void kernel(struct report *r)
{
	const struct run *run = r->run;
	char cpus[FMT_WORDS], nodes[FMT_WORDS];

	doc__block(&r->doc, DOC_FACT, "kernel", "%s %s, %s", or_unknown(run->kernel.release),
		   or_unknown(run->kernel.arch), or_unknown(run->kernel.version));
	doc__block(&r->doc, DOC_FACT, "generation", "%s%s: %s%s",
		   or_unknown(run->kernel.generation), generation_words(run->kernel.generation),
		   or_unknown(run->kernel.generation_evidence),
		   run->merged > 1 ? " (in the first run)" : "");
	doc__block(&r->doc, DOC_FACT, "machine", "%s, %s, hypervisor %s, clocksource %s",
		   fmt__of(cpus, run->kernel.cpus, "CPU"),
		   fmt__of(nodes, run->kernel.nodes, "node"), or_unknown(run->kernel.hypervisor),
		   or_unknown(run->kernel.clocksource));
}

/* Debugging kernels and PREEMPT_RT. */
static void instruments(struct report *r)
{
	const struct run *run = r->run;

	if (!run->kernel.instruments_n)
		return;
	doc__block(&r->doc, DOC_FACT, "instruments", "%s", run->kernel.instruments[0]);
	for (size_t i = 1; i < run->kernel.instruments_n; i++)
		doc__add(&r->doc, ", %s", run->kernel.instruments[i]);
	doc__add(&r->doc, ": times are unlike those of a kernel without these");
}

#define COMMAND_LINES 3

static void command(struct report *r)
{
	const struct run *run = r->run;
	struct doc_block *b;

	if (!run->tool.command_n)
		return;
	b = doc__block(&r->doc, DOC_FACT, "command", "%s", run->tool.command[0]);
	for (size_t i = 1; i < run->tool.command_n; i++)
		doc__add(&r->doc, "%s", run->tool.command[i]);
	b->text_lines = COMMAND_LINES;
	if (run->tool.has_status)
		snprintf(b->tail, sizeof(b->tail), "(status %d)", run->tool.status);
}

static void recording(struct report *r)
{
	const struct run *run = r->run;
	char cell[FMT_CELL], cpus[FMT_WORDS], words[FILTER_WORDS];

	doc__block(&r->doc, DOC_FACT, "recorded", "%s, %s, %s tier, migtrace %s",
		   or_unknown(run->start), fmt__ns(cell, run->duration_ns),
		   or_unknown(run->tool.tier), or_unknown(run->tool.version));
	if (run->merged > 1)
		doc__add(&r->doc, "(%zu runs merged; the start is the first one's)", run->merged);
	else if (r->o->path)
		doc__add(&r->doc, "(%s)", r->o->path);
	if (filter__words(&run->filter, words))
		doc__block(&r->doc, DOC_FACT, "only", "%s: nothing else was counted", words);
	command(r);
	if (!run->tool.map_bytes)
		return;
	doc__block(&r->doc, DOC_FACT, "maps", "%.1f MiB", (double)run->tool.map_bytes / (1 << 20));
	if (run->tool.possible_cpus)
		doc__add(&r->doc, "for %s, %.0f KiB each",
			 fmt__of(cpus, run->tool.possible_cpus, "possible CPU"),
			 (double)run->tool.map_bytes / 1024 / (double)run->tool.possible_cpus);
}

static void losses(struct report *r)
{
	char words[FMT_WORDS];
	bool any = false;

	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		any |= r->run->losses[i] != 0;
	doc__block(&r->doc, DOC_FACT, "losses", "%s", any ? "" : "none");
	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		if (r->run->losses[i])
			doc__item(&r->doc,
				  &(struct doc_item){ .name = loss__name(i),
						      .after = loss__taints(i) ? "(taints)" : NULL,
						      .gloss = loss__words(i),
						      .count = r->run->losses[i],
						      .share = -1 });
	if (r->run->clamped)
		doc__block(&r->doc, DOC_FACT, "clamped",
			   "%s above 2^63-1 written as 2^63-1 into the run file",
			   fmt__of(words, r->run->clamped, "value"));
}

/* What is not said here: a lookup in the LRU, which takes no lock and cannot be late. */
static void evidence(struct report *r)
{
	const struct late *l = &r->run->late;
	char words[FMT_WORDS];

	if (!l->watched && !l->windows && !l->total)
		return;
	doc__block(&r->doc, DOC_FACT, "evidence", "%s watched (windows), %llu more aborted%s;",
		   fmt__of(words, l->windows, "move"), (unsigned long long)l->aborted,
		   l->aborted ? " (checked, and not moved)" : "");
	if (counters__get(&r->run->counters, "windows_unjudged"))
		doc__add(&r->doc, "%llu of the first moves not judged;",
			 (unsigned long long)counters__get(&r->run->counters, "windows_unjudged"));
	if (!run__watches_lookups(r->run)) {
		doc__add(&r->doc, "lookups were not watched");
		return;
	}
	if (l->has_waited)
		doc__add(
			&r->doc,
			"lookups that met the window of their page: %llu (%llu spinlock, %llu folio lock);",
			(unsigned long long)add_up(l->waited_spin, l->waited_folio),
			(unsigned long long)l->waited_spin, (unsigned long long)l->waited_folio);
	doc__add(
		&r->doc,
		"%slookups of a page during its window or up to 1 ms after: %llu (%llu spinlock, %llu folio lock)",
		l->has_waited ? "all " : "",
		(unsigned long long)add_up(l->behind_spin, l->behind_folio),
		(unsigned long long)l->behind_spin, (unsigned long long)l->behind_folio);
}

static void none_seen(struct report *r)
{
	const struct late *l = &r->run->late;
	const char *doubt = run__doubt(r->run);
	const char *met =
		l->has_waited ? "met a window" : "came during a window or up to 1 ms after";
	__u64 n = late__evidence(l);
	char cell[FMT_CELL], words[FMT_WORDS];

	if (l->possible)
		doc__add(&r->doc, "Inconclusive: none proven, but %llu possible",
			 (unsigned long long)l->possible);
	else if (doubt)
		doc__add(&r->doc, "Inconclusive: none seen, but %s", doubt);
	else if (!late__bounds(l))
		doc__add(&r->doc, "None seen, but %s that %s: too few to say how often one is late",
			 fmt__of(words, n, "lookup"), met);
	else
		doc__add(&r->doc,
			 "None seen: at most 1 in %s of the lookups that %s is late, with 95 %% "
			 "confidence (3/%llu)",
			 fmt__count(cell, n / 3), met, (unsigned long long)n);
}

#define DEVICES_NAMED 3

/* The devices of those that are listed, each once. */
static void devices_of(struct report *r, const struct late_events *l)
{
	char words[DEV_WORDS];
	__u32 named[DEVICES_NAMED];
	unsigned int n = 0, j;

	for (size_t i = 0; i < l->n; i++) {
		for (j = 0; j < n && named[j] != l->v[i].dev; j++)
			;
		if (j < n || late_event__permitted(&l->v[i]))
			continue;
		if (n == DEVICES_NAMED) {
			doc__add(&r->doc, "and others");
			return;
		}
		named[n++] = l->v[i].dev;
		doc__add(&r->doc, "%s%s", n > 1 ? ", " : "of ",
			 dev__words(l->v[i].dev, run__device_name(r->run, l->v[i].dev), words));
	}
}

static void found(struct report *r)
{
	const struct late *l = &r->run->late;

	doc__add(&r->doc, "FOUND %llu (%llu by lookup, %llu by the count at the end)",
		 (unsigned long long)l->total, (unsigned long long)l->slow_lookup,
		 (unsigned long long)l->end_count);
	if (l->possible)
		doc__add(&r->doc, ", up to %llu more possible", (unsigned long long)l->possible);
	doc__add(
		&r->doc,
		"; what was written through these references may be lost: keep the run file, and check the file systems");
	devices_of(r, &l->proven);
}

/* On the page it is part of the answer. */
static void late(struct report *r, enum doc_only only)
{
	const struct late *l = &r->run->late;
	struct doc_block *b = doc__block(&r->doc, DOC_FACT, "late refs", "%s", "");

	b->only = only;
	if (l->total)
		b->tone = TONE_BAD;
	if (l->total)
		found(r);
	else if (!l->watched && !l->windows)
		doc__add(&r->doc, "not watched");
	else
		none_seen(r);
	if (l->assoc_list)
		doc__add(&r->doc, "; association lists took %llu more, which is legitimate here",
			 (unsigned long long)l->assoc_list);
}

static bool anything(const struct run *run)
{
	__u64 n = run->late.windows | run->late.total | run->window.count | run->flag_held.count |
		  run->folio_wait.count | run->pinned_n;

	for (unsigned int i = 0; i < SITE_COUNT; i++)
		n |= run->site[i].hold.count | run->site[i].wait.count;
	for (unsigned int i = 0; i < REFS_KINDS; i++)
		n |= run->refs[i].attempts;
	return n | counters__sum(&run->counters) | counters__sum(&run->isolations) |
	       counters__sum(&run->stalls_by) | counters__sum(&run->drains_by) |
	       counters__sum(&run->norefs) | counters__sum(&run->buffers) |
	       counters__sum(&run->aio);
}

/* For sentences that say "at most": without a sign, and never a dash. */
static const char *at_most(char cell[FMT_CELL], const struct hist *h, double q, __u64 floor_ns)
{
	__u64 ns = q < 1 ? hist__quantile(h, q) : h->max_ns;

	if (ns >= 3 * floor_ns)
		return fmt__ns(cell, ns);
	return fmt__at_most(cell, 3 * floor_ns) + 2;
}

/* What the tables say as well, and no more: a quantile of too few values is none. */
static void quantiles(struct report *r, const struct hist *h, __u64 floor_ns)
{
	char cell[FMT_CELL];

	if (doc__quantile_known(h, 0.5))
		doc__add(&r->doc, "half of the times at most about %s,",
			 at_most(cell, h, 0.5, floor_ns));
	if (doc__quantile_known(h, 0.99))
		doc__add(&r->doc, "99 in 100 at most about %s,", at_most(cell, h, 0.99, floor_ns));
	doc__add(&r->doc, "the longest %s.", at_most(cell, h, 1, floor_ns));
}

static void held(struct report *r)
{
	const struct run_site *s = &r->run->site[SITE_MIGRATE_NOREFS];
	const struct hist *h = &s->hold;
	char n[FMT_WORDS], share[FMT_CELL];

	if (h->count) {
		doc__para(&r->doc, FOR_PAGE, "big",
			  "private_lock was held %s for page migration, %s ms of every second:",
			  fmt__of(n, h->count, "time"),
			  fmt__rate(share, (double)h->sum_ns / 1e6 / run__seconds(r->run)));
		quantiles(r, h, s->floor_ns);
	} else if (s->clock) {
		doc__para(&r->doc, FOR_PAGE, "big",
			  "private_lock was not held for page migration in this recording.");
	} else {
		doc__para(&r->doc, FOR_PAGE, "big",
			  "How long private_lock is held for page migration was not measured: %s.",
			  s->reason && *s->reason ? s->reason : "no reason was recorded");
	}
}

static void waited(struct report *r)
{
	const struct run_site *s = &r->run->site[SITE_FIND_GET_BLOCK];
	char n[FMT_CELL];

	if (!s->wait.count)
		return;
	doc__para(&r->doc, FOR_PAGE, NULL,
		  "Buffer lookups that needed the lock (%s) waited for it:",
		  fmt__count(n, s->wait.count));
	quantiles(r, &s->wait, s->floor_ns);
}

static void answer(struct report *r)
{
	const struct run *run = r->run;
	bool bad = run->late.total || run__tainted(run);

	doc__open(&r->doc,
		  !anything(run)			 ? "answer warn" :
		  bad					 ? "answer bad" :
		  counters__sum(&run->stalls_by)	 ? "answer warn" :
		  run__verdict(run) == VERDICT_NONE_SEEN ? "answer good" :
							   "answer warn",
		  "%s", "");
	tainted(r);
	doc__block(&r->doc, DOC_TITLE, or_unknown(run->kernel.release),
		   "migtrace: private_lock in the migration and lookup of buffer_heads");
	if (!anything(run)) {
		doc__para(&r->doc, FOR_PAGE, "big", "nothing was recorded");
		doc__stalls(r, FOR_PAGE);
	} else {
		if (run->late.total) /* then nothing else matters as much */
			late(r, FOR_PAGE);
		held(r);
		waited(r);
		if (!run->late.total)
			late(r, FOR_PAGE);
		doc__stalls(r, FOR_PAGE);
	}
	doc__close(&r->doc);
}

static void bench(struct report *r)
{
	const struct run_bench *b = &r->run->bench;
	char block[FMT_CELL], directory[FMT_CELL], warm[FMT_CELL], readers[FMT_WORDS];

	if (b->file_system)
		doc__block(&r->doc, DOC_FACT, "bench",
			   "%s with blocks of %s, a directory of %s, %s, mover %s, %s to warm up",
			   b->file_system, fmt__bytes(block, b->block_bytes),
			   fmt__bytes(directory, b->directory_bytes),
			   fmt__of(readers, b->readers, "reader"), or_unknown(b->mover),
			   fmt__ns(warm, b->warmup_ns));
}

void doc__measured(struct report *r)
{
	kernel(r);
	instruments(r);
	recording(r);
	bench(r);
	losses(r);
	late(r, FOR_TEXT);
	evidence(r);
	doc__stalls(r, FOR_TEXT);
	doc__contention(r);
}

/* What was found stands directly below the answer, which in text is part of what was measured. */
static void header(struct report *r)
{
	answer(r);
	doc__late_events(r, FOR_PAGE);
	doc__stalls_list(r, FOR_PAGE);
	doc__section(&r->doc, "measured", NULL, "What was measured");
	doc__measured(r);
	doc__late_events(r, FOR_TEXT);
	doc__stalls_list(r, FOR_TEXT);
}

void doc__reading(struct report *r)
{
	doc__para(&r->doc, FOR_PAGE, NULL,
		  "Window: a move watched from the check that no buffer is referenced to its end. "
		  "Late reference: one that was taken in between.");
}

static void build_cost(struct report *r)
{
	doc__block(&r->doc, DOC_TITLE, or_unknown(r->run->kernel.release),
		   "migtrace: what a recording costs");
	doc__section(&r->doc, "measured", NULL, "What was measured");
	kernel(r);
	instruments(r);
	recording(r);
	bench(r);
	doc__cost(r);
}

static void build(struct report *r)
{
	if (r->run->turns_n) {
		build_cost(r);
		return;
	}
	header(r);
	doc__sites(r);
	doc__contended(r);
	doc__clocks(r);
	doc__migrations(r);
	doc__why(r);
	doc__pinned(r);
	doc__refs(r);
	doc__drains(r);
	doc__histograms(r);
	doc__devices(r);
	doc__intervals(r);
	doc__worst(r);
	doc__probes(r);
	doc__section(&r->doc, "reading", NULL, "How to read this");
	doc__reading(r);
}

int render_text(const struct run *run, const struct render_opts *o, FILE *f)
{
	struct report r = { .run = run, .o = o };

	build(&r);
	return doc__put_text(&r.doc, o->colour, f);
}

int render_html(const struct run *run, const struct render_opts *o, FILE *f)
{
	struct report r = { .run = run, .o = o };

	build(&r);
	return doc__put_page(&r.doc, f);
}
