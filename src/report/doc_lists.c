// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a report has beside durations: migrations by result, reference counts, attempts, isolation,
 * sleeping lookups, aio rings, counters, late references, probes; none where nothing happened.
 * Stage 5 (renderers).
 */
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"

#define LATE_SHOWN   3
#define LATE_ON_PAGE 16
#define LATE_ROWS    32 /* of those with the stacks of one that is shown */

static struct doc_block *fact(struct report *r, const char *label)
{
	return doc__block(&r->doc, DOC_FACT, label, "%s", "");
}

static void items(struct report *r, const struct counters *c, bool shares)
{
	double total = (double)counters__sum(c);

	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].value)
			doc__item(&r->doc,
				  &(struct doc_item){
					  .name = c->v[i].name,
					  .gloss = shares ? reason__words(c->v[i].name) : NULL,
					  .count = c->v[i].value,
					  .share = shares ? (double)c->v[i].value / total : -1 });
}

static void results(struct report *r, const char *path, const struct counters *c)
{
	__u64 total = counters__sum(c);

	if (!total)
		return;
	fact(r, "migrations");
	doc__add(&r->doc, "%s %llu:", path, (unsigned long long)total);
	items(r, c, true);
}

/* What the reasons above mean, each once: a page has it beside each. */
static void reasons(struct report *r)
{
	const struct counters *path[] = { &r->run->norefs, &r->run->buffers, &r->run->aio };
	const char *separator = "";
	bool seen;

	for (unsigned int p = 0; p < PATH_COUNT; p++)
		for (size_t i = 0; i < path[p]->n; i++) {
			const char *name = path[p]->v[i].name, *words = reason__words(name);

			seen = !path[p]->v[i].value || !*words || !strcmp(name, "ok");
			for (unsigned int earlier = 0; earlier < p; earlier++)
				seen |= counters__get(path[earlier], name) != 0;
			if (seen)
				continue;
			if (!*separator)
				fact(r, "reasons")->only = FOR_TEXT;
			doc__add(&r->doc, "%s%s: %s", separator, name, words);
			separator = "; ";
		}
}

static void refcounts(struct report *r)
{
	const struct run_refcount *v = r->run->refcounts;
	char words[FMT_WORDS];

	if (r->run->refcounts_n)
		fact(r, "references");
	for (size_t i = 0; i < r->run->refcounts_n; i++, v++) {
		doc__add(&r->doc, "%s%s: %lld references expected,", i ? "; " : "", v->stage,
			 (long long)v->expected);
		if (v->seen == -1)
			doc__add(&r->doc, "correct on re-read");
		else
			doc__add(&r->doc, "%lld seen", (long long)v->seen);
		doc__add(&r->doc, "(%s)", fmt__of(words, v->count, "time"));
	}
}

/* What a migration means for lookups where they fail or sleep instead of spinning, and back. */
static void sleepers(struct report *r)
{
	const struct counters *c = &r->run->counters;
	__u64 refused = counters__get(c, "lookups_refused");
	__u64 waits = counters__get(c, "lookup_folio_waits");
	const struct hist *h = &r->run->folio_wait;
	char p50[FMT_CELL], max[FMT_CELL];

	if (!refused && !waits)
		return;
	fact(r, "lookups");
	doc__add(&r->doc, "%llu refused while a page moved; %llu found a folio locked,",
		 (unsigned long long)refused, (unsigned long long)waits);
	doc__add(&r->doc, "%llu of them behind a migration", (unsigned long long)h->count);
	if (h->count)
		doc__add(&r->doc, "(p50 %s, max %s)", fmt__ns(p50, hist__quantile(h, 0.5)),
			 fmt__ns(max, h->max_ns));
	doc__add(&r->doc, "; migrations that failed while a lookup waited for their folio: %llu",
		 (unsigned long long)counters__get(c, "refs_by_waiting_lookup"));
}

static void waits_by_mode(struct report *r, unsigned int path)
{
	for (unsigned int mode = 0; mode < WAIT_MODES; mode++) {
		const struct hist *h = &r->run->buffer_waits[path].mode[mode];
		char words[FMT_WORDS], p50[FMT_CELL], max[FMT_CELL];

		if (h->count)
			doc__add(&r->doc, "; %s, %s: %s (p50 %s, max %s)", path__name(path),
				 wait_mode__name(mode), fmt__of(words, h->count, "wait"),
				 fmt__ns(p50, hist__quantile(h, 0.5)), fmt__ns(max, h->max_ns));
	}
}

/* Who let migrations have the buffers that they waited for. */
static void buffer_waits(struct report *r)
{
	const struct counters *c = &r->run->unlockers;
	char words[FMT_WORDS];

	if (!r->run->has_buffer_locks)
		return;
	fact(r, "buffers");
	doc__add(&r->doc, "migrations waited for %s",
		 fmt__of(words, r->run->buffer_wait.count, "buffer"));
	if (!r->run->buffer_wait.count)
		return;
	doc__add(
		&r->doc,
		"; unlocked by I/O that completed: %llu, by a task: %llu, before the migration slept: %llu",
		(unsigned long long)counters__get(c, unlocker__name(UNLOCKER_IO)),
		(unsigned long long)counters__get(c, unlocker__name(UNLOCKER_TASK)),
		(unsigned long long)counters__get(c, unlocker__name(UNLOCKER_UNSEEN)));
	for (unsigned int path = 0; path < PATH_AIO; path++)
		waits_by_mode(r, path);
}

void doc__attempts(struct report *r, const char *label, const char *what, const struct run_tries *t)
{
	const char *separator = "moved at attempt ";
	char words[FMT_WORDS];
	unsigned int i;

	if (!t->tried[0])
		return;
	fact(r, label);
	doc__add(&r->doc, "%s, %s:", what, fmt__of(words, t->tried[0], "page"));
	for (i = 0; i < TRIES_KEPT; i++)
		if (t->moved[i]) {
			doc__add(&r->doc, "%s%u: %llu", separator, i + 1,
				 (unsigned long long)t->moved[i]);
			separator = ", ";
		}
	if (*separator == 'm')
		doc__add(&r->doc, "none moved");
	separator = "; given up after attempt";
	for (i = 0; i < TRIES_KEPT; i++)
		if (run_tries__given_up(t, i)) {
			doc__add(&r->doc, "%s %u: %llu", separator, i + 1,
				 (unsigned long long)run_tries__given_up(t, i));
			separator = ",";
		}
}

static unsigned long long isolated(const struct report *r, const char *result)
{
	return counters__get(&r->run->isolations, result);
}

static void isolation(struct report *r)
{
	const char *separator = ": ";
	char words[FMT_WORDS];
	__u64 n = 0;
	int i;

	for (i = 0; i < ISO_DEREFERENCED; i++)
		n = add_up(n, isolated(r, isolation__name(i)));
	if (!n)
		return;
	fact(r, "isolation");
	doc__add(&r->doc, "%s taken by compaction", fmt__of(words, n, "page"));
	for (i = 0; i < ISO_DEREFERENCED; i++)
		if (isolated(r, isolation__name(i))) {
			doc__add(&r->doc, "%s%s %llu", separator,
				 isolation__name(i) + sizeof("taken_") - 1,
				 isolated(r, isolation__name(i)));
			separator = ", ";
		}
	doc__add(&r->doc, "; %s looked at under the folio lock:",
		 fmt__of(words, isolated(r, "dereferenced"), "mapping"));
	doc__add(&r->doc, "%llu gone, %llu exiting", isolated(r, "mapping_gone"),
		 isolated(r, "mapping_exiting"));
}

static void truncation(struct report *r)
{
	char words[FMT_WORDS];

	if (!isolated(r, "moves"))
		return;
	fact(r, "truncated");
	doc__add(
		&r->doc,
		"%llu of %s that began to move had lost their file since they were isolated; beside "
		"these %llu were freed instead of moved, and %llu had only buffers left",
		isolated(r, "gone_at_move"), fmt__of(words, isolated(r, "moves"), "page"),
		isolated(r, "freed"), isolated(r, "orphaned"));
}

/* Both locks of a ring are there to keep its readers and writers out of the copy. */
static void rings(struct report *r)
{
	const struct counters *c = &r->run->counters;
	__u64 reads = counters__get(c, "aio_overlaps_read"), unpaired;
	__u64 writes = counters__get(c, "aio_overlaps_completion");
	char words[3][FMT_WORDS];

	if (!counters__get(c, "aio_copies"))
		return;
	fact(r, "aio rings");
	doc__add(&r->doc, "%s copied, beside %s and %s:",
		 fmt__of(words[0], counters__get(c, "aio_copies"), "page"),
		 fmt__of(words[1], counters__get(c, "aio_reads"), "read"),
		 fmt__of(words[2], counters__get(c, "aio_completions"), "completion"));
	if (reads + writes)
		doc__add(&r->doc, "THEIR PAGE'S COPY WAS MET BY READS: %llu, COMPLETIONS: %llu",
			 (unsigned long long)reads, (unsigned long long)writes);
	else
		doc__add(&r->doc, "none of these touched a page while it was copied");
	unpaired = counters__get(c, "aio_unpaired");
	if (unpaired)
		doc__add(&r->doc, "(of %llu it is not known)", (unsigned long long)unpaired);
}

void doc__migrations(struct report *r)
{
	const struct run *run = r->run;

	doc__section(&r->doc, "migrations", NULL, "How migrations ended, and why they failed");
	doc__para(
		&r->doc,
		counters__sum(&run->norefs) | counters__sum(&run->buffers) |
				counters__sum(&run->aio) ?
			FOR_BOTH :
			FOR_PAGE,
		"sub",
		"norefs: migrations that check that no buffer is referenced (block devices); "
		"buffers: those without that check (file data); aio: those of rings of asynchronous I/O.");
	results(r, "norefs", &run->norefs);
	results(r, "buffers", &run->buffers);
	results(r, "aio", &run->aio);
	reasons(r);
	refcounts(r);
	for (unsigned int path = 0; path < PATH_COUNT; path++)
		doc__attempts(r, "attempts", path__name(path), &run->tries[path]);
	isolation(r);
	truncation(r);
	sleepers(r);
	buffer_waits(r);
	rings(r);
	if (counters__sum(&run->counters)) {
		fact(r, "counters");
		items(r, &run->counters, false);
	}
}

void doc__as_watch(struct report *r, __u32 dev, doc_print_fn print, const void *what)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		r->doc.failed = true;
		return;
	}
	print(what, run__device_name(r->run, dev), f);
	if (!fclose(f))
		doc__block(&r->doc, DOC_VERBATIM, NULL, "%s", text);
	free(text);
}

static void print_late(const void *e, const char *device, FILE *f)
{
	render_late_text(e, device, f);
}

static bool same_stack(const struct late_side *a, const struct late_side *b)
{
	if (a->stack_n != b->stack_n)
		return false;
	for (size_t i = 0; i < a->stack_n; i++)
		if (strcmp(a->stack[i], b->stack[i]) != 0)
			return false;
	return true;
}

static bool same_way(const struct late_event *a, const struct late_event *b)
{
	return a->has_lookup == b->has_lookup && !strcmp(a->kind, b->kind) &&
	       same_stack(&a->lookup, &b->lookup) && same_stack(&a->migrator, &b->migrator);
}

static void late_row(struct report *r, const struct late_event *e)
{
	char cell[FMT_CELL], dev[DEV_WORDS];

	doc__row(&r->doc);
	doc__cell(&r->doc, "%.6f s", e->time_ns / 1e9);
	doc__cell(&r->doc, "%s", dev__words(e->dev, run__device_name(r->run, e->dev), dev));
	doc__cell(&r->doc, "%llu", (unsigned long long)e->block);
	doc__cell(&r->doc, "%s", fmt__ns(cell, e->since_check_ns));
	if (e->has_lookup)
		doc__cell(&r->doc, "%s/%u", e->lookup.comm, e->lookup.pid);
	else
		doc__cell(&r->doc, "not known");
	doc__cell(&r->doc, "%s/%u", e->migrator.comm, e->migrator.pid);
	doc__cell(&r->doc, "%s", e->dirtied ? "yes" : "no");
}

/*
 * Hundreds come the same way, and a page with the stacks of each has a hundred sheets: those that differ
 * from the one at @first in time, block and task only are rows below it. @way: of each event its first.
 */
static void late_others(struct report *r, const struct late_events *l, const size_t *way,
			size_t first, enum doc_only only)
{
	static const struct doc_column columns[] = { { .head = "at" },
						     { .head = "device" },
						     { .head = "block", .width = 1 },
						     { .head = "after the check", .width = 1 },
						     { .head = "reference by" },
						     { .head = "migrated by" },
						     { .head = "dirtied" },
						     { 0 } };
	size_t n = 0, shown = 0;

	for (size_t i = first + 1; i < l->n; i++)
		n += way[i] == first;
	if (!n)
		return;
	if (only == FOR_TEXT) {
		doc__para(&r->doc, only, "note", "%zu more with the same stacks", n);
		return;
	}
	doc__open(&r->doc, DOC_DETAILS, "%zu more with the same stacks", n);
	doc__table(&r->doc, columns, false, "%zu more with the same stacks", n);
	for (size_t i = first + 1; i < l->n && shown < LATE_ROWS; i++) {
		if (way[i] != first)
			continue;
		late_row(r, &l->v[i]);
		shown++;
	}
	if (shown < n)
		doc__para(&r->doc, FOR_PAGE, "note", "%zu more: --format json", n - shown);
	doc__close(&r->doc);
}

/* Of each event the first one that came the same way, or @l->n when @most ways came before it. */
static size_t late_ways(const struct late_events *l, size_t *way, size_t most)
{
	size_t heads[LATE_ON_PAGE], n = 0, unshown = 0, j;

	for (size_t i = 0; i < l->n; i++) {
		for (j = 0; j < n && !same_way(&l->v[heads[j]], &l->v[i]); j++)
			;
		if (j == n && n < most)
			heads[n++] = i;
		way[i] = j < n ? heads[j] : l->n;
		unshown += j == n;
	}
	return unshown;
}

static void late_list(struct report *r, const char *id, const char *label, const char *title,
		      const struct late_events *l, enum doc_only only)
{
	size_t *way, unshown;

	if (!l->n && !l->not_listed)
		return;
	way = calloc(l->n + 1, sizeof(*way));
	if (!way) {
		r->doc.failed = true;
		return;
	}
	unshown = late_ways(l, way, only == FOR_PAGE ? LATE_ON_PAGE : LATE_SHOWN);
	doc__section(&r->doc, id, label, title);
	for (size_t i = 0; i < l->n; i++) {
		if (way[i] != i)
			continue;
		doc__as_watch(r, l->v[i].dev, print_late, &l->v[i]);
		late_others(r, l, way, i, only);
	}
	if (unshown)
		doc__para(&r->doc, FOR_BOTH, "note", "%zu more came other ways: --format json",
			  unshown);
	if (l->not_listed)
		doc__para(&r->doc, FOR_BOTH, "note", "%llu more were counted but not listed",
			  (unsigned long long)l->not_listed);
	free(way);
}

/* Of those that are proven the ones of association lists, which are permitted, or the others. */
static void proven_list(struct report *r, const char *id, const char *label, const char *title,
			bool permitted, enum doc_only only)
{
	const struct late *l = &r->run->late;
	struct late_events some = { .v = calloc(l->proven.n + 1, sizeof(*some.v)) };
	__u64 counted = permitted ? l->assoc_list : l->total;

	if (!some.v) {
		r->doc.failed = true;
		return;
	}
	for (size_t i = 0; i < l->proven.n; i++)
		if (late_event__permitted(&l->proven.v[i]) == permitted)
			some.v[some.n++] = l->proven.v[i];
	some.not_listed = counted > some.n ? counted - some.n : 0;
	if (!permitted || some.n)
		late_list(r, id, label, title, &some, only);
	free(some.v);
}

void doc__late_events(struct report *r, enum doc_only only)
{
	const struct late *l = &r->run->late;
	size_t from = r->doc.n;

	proven_list(r, "late", "LATE REFERENCES", "Late references", false, only);
	proven_list(r, "lists", "ASSOCIATION LISTS",
		    "References by association lists, which are no fault", true, only);
	late_list(r, "possible", "POSSIBLE LATE REFERENCES", "Possible late references",
		  &l->doubtful, only);
	doc__only(&r->doc, from, only);
}

/* How long a site was not yet in place, of those that have figures. */
static __u64 uncounted(const struct run_site *s)
{
	return s->clock || s->hold.count || s->acquires ? s->uncounted_ns : 0;
}

/* What was not yet in place when the recording began: a line for all those of one time. */
void doc__later(struct report *r)
{
	__u64 last = 0, next, isolations = r->run->isolations_uncounted_ns;
	char counted[FMT_CELL], all[FMT_CELL];

	for (;; last = next) {
		const char *separator = "";

		next = isolations > last ? isolations : ~0ULL;
		for (unsigned int i = 0; i < SITE_COUNT; i++)
			if (uncounted(&r->run->site[i]) > last &&
			    uncounted(&r->run->site[i]) < next)
				next = uncounted(&r->run->site[i]);
		if (next == ~0ULL || next > r->run->duration_ns)
			return;
		doc__block(&r->doc, DOC_FACT,
			   "later:", "counted for %s of %s, since they were attached while it ran:",
			   fmt__ns(counted, r->run->duration_ns - next),
			   fmt__ns(all, r->run->duration_ns));
		for (unsigned int i = 0; i < SITE_COUNT; i++)
			if (uncounted(&r->run->site[i]) == next) {
				doc__add(&r->doc, "%s%s", separator, site__name(i));
				separator = ", ";
			}
		if (isolations == next)
			doc__add(&r->doc, "%s%s", separator, row__name(ROW_ISOLATION));
	}
}

static void own_cost(struct report *r)
{
	__u64 hits = 0, run_ns = 0;
	char cell[FMT_CELL], each[FMT_CELL], words[FMT_WORDS];

	for (size_t i = 0; i < r->run->probes_n; i++) {
		hits = add_up(hits, r->run->probes[i].hits);
		run_ns = add_up(run_ns, r->run->probes[i].run_ns);
	}
	if (!hits || !run_ns)
		return;
	fact(r, "own cost");
	doc__add(&r->doc, "%s, %s in all, %s each", fmt__of(words, hits, "program run"),
		 fmt__ns(cell, run_ns), fmt__ns(each, run_ns / hits));
}

/* Of each probe, where somebody counted (sysctl kernel.bpf_stats_enabled). */
static void each_cost(struct report *r)
{
	static const struct doc_column columns[] = { { .head = "probe" },
						     { .head = "variant" },
						     { .head = "runs", .width = 1 },
						     { .head = "time each", .width = 1 },
						     { 0 } };
	char cell[FMT_CELL];

	doc__table(&r->doc, columns, false, "Cost of each probe")->only = FOR_PAGE;
	for (size_t i = 0; i < r->run->probes_n; i++) {
		const struct run_probe *v = &r->run->probes[i];

		if (!v->hits || !v->run_ns)
			continue;
		doc__row(&r->doc);
		doc__cell(&r->doc, "%s", v->probe);
		doc__cell(&r->doc, "%s", v->variant && *v->variant ? v->variant : "-");
		doc__count(&r->doc, v->hits);
		doc__cell(&r->doc, "%s", fmt__ns(cell, v->run_ns / v->hits));
	}
}

void doc__probes(struct report *r)
{
	const struct run_probe *v;
	const char *separator = "";
	size_t i;

	if (!r->run->probes_n)
		return;
	doc__section(&r->doc, "probes", NULL, "Probes");
	fact(r, "probes");
	for (i = 0; i < r->run->probes_n; i++) {
		v = &r->run->probes[i];
		if (!v->attached)
			continue;
		doc__add(&r->doc, "%s%s%s%s", separator, v->probe,
			 v->variant && *v->variant ? "=" : "", v->variant ? v->variant : "");
		separator = ", ";
	}
	if (!*separator)
		doc__add(&r->doc, "none attached");
	for (i = 0; i < r->run->probes_n; i++) {
		v = &r->run->probes[i];
		if (!v->attached)
			doc__block(&r->doc, DOC_FACT, "no probe", "%s: %s", v->probe,
				   v->reason ? v->reason : "no reason recorded");
	}
	own_cost(r);
	each_cost(r);
}
