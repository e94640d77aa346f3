// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a report has beside durations: migrations by result, reference counts, attempts, isolation,
 * sleeping lookups, aio rings, counters, late references, probes; none where nothing happened.
 * Stage 5 (renderers).
 */
#include <stdlib.h>
#include <string.h>

#include "doc.h"

#define LATE_SHOWN   3
#define LATE_ON_PAGE 64

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

static void refcounts(struct report *r)
{
	const struct run_refcount *v = r->run->refcounts;

	if (r->run->refcounts_n)
		fact(r, "references");
	for (size_t i = 0; i < r->run->refcounts_n; i++, v++) {
		doc__add(&r->doc, "%s%s: expected %lld,", i ? "; " : "", v->stage,
			 (long long)v->expected);
		if (v->seen == -1)
			doc__add(&r->doc, "correct on re-read");
		else
			doc__add(&r->doc, "saw %lld", (long long)v->seen);
		doc__add(&r->doc, "(%llux)", (unsigned long long)v->count);
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

static void attempts(struct report *r, const char *path, const struct run_tries *t)
{
	const char *separator = "";
	char words[FMT_WORDS];
	unsigned int i;

	if (!t->tried[0])
		return;
	fact(r, "attempts");
	doc__add(&r->doc, "%s, %s: moved by attempt", path, fmt__of(words, t->tried[0], "page"));
	for (i = 0; i < TRIES_KEPT; i++)
		if (t->moved[i]) {
			doc__add(&r->doc, "%s%u: %llu", separator, i + 1,
				 (unsigned long long)t->moved[i]);
			separator = ", ";
		}
	if (!*separator)
		doc__add(&r->doc, "none");
	separator = "; given up after";
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
	unsigned long long n = 0;
	const char *separator = ": ";
	char words[FMT_WORDS];
	int i;

	for (i = 0; i < ISO_DEREFERENCED; i++)
		n += isolated(r, isolation__name(i));
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
	doc__add(&r->doc, "; %s dereferenced under folio lock:",
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
	doc__add(&r->doc,
		 "at the move: %llu of %s; before it: %llu freed, %llu with only buffers left",
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
	doc__add(&r->doc, "%s copied beside %s and %s:",
		 fmt__of(words[0], counters__get(c, "aio_copies"), "page"),
		 fmt__of(words[1], counters__get(c, "aio_reads"), "read"),
		 fmt__of(words[2], counters__get(c, "aio_completions"), "completion"));
	if (reads + writes)
		doc__add(&r->doc, "THEIR PAGE'S COPY WAS MET BY READS: %llu, COMPLETIONS: %llu",
			 (unsigned long long)reads, (unsigned long long)writes);
	else
		doc__add(&r->doc, "none met the copy of its page");
	unpaired = counters__get(c, "aio_unpaired");
	if (unpaired)
		doc__add(&r->doc, "(of %llu it is not known)", (unsigned long long)unpaired);
}

void doc__migrations(struct report *r)
{
	const struct run *run = r->run;

	doc__section(&r->doc, "migrations", NULL, "How migrations ended, and why they failed");
	doc__para(&r->doc, FOR_PAGE, "sub",
		  "norefs: with the check that no buffer is referenced (block devices); buffers: "
		  "without (file data); aio: rings of asynchronous I/O.");
	results(r, "norefs", &run->norefs);
	results(r, "buffers", &run->buffers);
	results(r, "aio", &run->aio);
	refcounts(r);
	for (unsigned int path = 0; path < PATH_COUNT; path++)
		attempts(r, path__name(path), &run->tries[path]);
	isolation(r);
	truncation(r);
	sleepers(r);
	rings(r);
	if (counters__sum(&run->counters)) {
		fact(r, "counters");
		items(r, &run->counters, false);
	}
}

static const char *device_name(const struct run *run, __u32 dev)
{
	for (size_t i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev)
			return run->devices[i].name;
	return "";
}

/* The report of `watch`. */
static void late_event(struct report *r, const struct late_event *e)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f) {
		r->doc.failed = true;
		return;
	}
	render_late_text(e, device_name(r->run, e->dev), f);
	if (!fclose(f))
		doc__block(&r->doc, DOC_VERBATIM, NULL, "%s", text);
	free(text);
}

static void late_list(struct report *r, const char *id, const char *label, const char *title,
		      const struct late_events *l, size_t most)
{
	size_t i;

	if (!l->n)
		return;
	doc__section(&r->doc, id, label, title);
	for (i = 0; i < l->n && i < most; i++)
		late_event(r, &l->v[i]);
	if (i < l->n)
		doc__para(&r->doc, FOR_BOTH, "note", "%zu more: --format json", l->n - i);
	if (l->not_listed)
		doc__para(&r->doc, FOR_BOTH, "note", "%llu more were counted but not listed",
			  (unsigned long long)l->not_listed);
}

void doc__late_events(struct report *r, enum doc_only only)
{
	const struct late *l = &r->run->late;
	size_t from = r->doc.n, most = only == FOR_PAGE ? LATE_ON_PAGE : LATE_SHOWN;

	late_list(r, "late", "LATE REFERENCES", "Late references", &l->proven, most);
	late_list(r, "possible", "POSSIBLE LATE REFERENCES", "Possible late references",
		  &l->doubtful, most);
	doc__only(&r->doc, from, only);
}

static void own_cost(struct report *r)
{
	__u64 hits = 0, run_ns = 0;
	char cell[FMT_CELL], each[FMT_CELL], words[FMT_WORDS];

	for (size_t i = 0; i < r->run->probes_n; i++) {
		hits += r->run->probes[i].hits;
		run_ns += r->run->probes[i].run_ns;
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
