// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What empties LRUs, whose references stop migrations: how often, by whom, and what came of the norefs
 * migrations right behind it. Stage 5 (renderers).
 */
#include <string.h>

#include "report/doc.h"

#define CALLERS_SHOWN 5

static void share(struct report *r, __u64 part, __u64 all)
{
	if (all)
		doc__cell(&r->doc, "%.1f%%", 100.0 * (double)part / (double)all);
	else
		doc__cell(&r->doc, "-");
}

/* Of a kind that this kernel does not show: why. */
static const char *reason(const struct run *run, const char *kind)
{
	for (size_t i = 0; i < run->probes_n; i++) {
		const struct run_probe *p = &run->probes[i];

		if (!strncmp(p->probe, "drain_", 6) && !strcmp(p->probe + 6, kind) && p->reason)
			return p->reason;
	}
	return "its probe is not attached";
}

static void kinds(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "DRAINS", .width = -8 },
		{ .head = "count", .width = 9 },
		{ .head = "/s", .width = 9 },
		{ .head = "folios", .width = 9 },
		{ 0 },
	};
	const struct run *run = r->run;

	if (run->drains_by.n)
		doc__table(&r->doc, columns, false, "What emptied LRUs");
	for (size_t i = 0; i < run->drains_by.n; i++) {
		const struct counter *c = &run->drains_by.v[i];

		doc__row(&r->doc);
		doc__cell(&r->doc, "%s", c->name);
		doc__count(&r->doc, c->value);
		doc__rate(&r->doc, (double)c->value / run__seconds(run));
		if (!strcmp(c->name, drain__name(DRAIN_BATCH)))
			doc__count(&r->doc, run->drain_folios);
		else
			doc__cell(&r->doc, "-");
	}
	for (unsigned int k = 0; k < DRAIN_KINDS; k++)
		if (!counters__has(&run->drains_by, drain__name(k)))
			doc__block(&r->doc, DOC_FACT, "not seen", "%s: %s", drain__name(k),
				   reason(run, drain__name(k)));
	doc__para(&r->doc, FOR_BOTH, "note",
		  "all: every CPU's batches of pages and, from 5.13 on, buffer LRUs; buffers: "
		  "every CPU's buffer LRU, by a migration that found a buffer referenced or by "
		  "others; batch: one CPU's batch of pages; folios: how many "
		  "were in all of these batches.");
}

static void caller_row(struct report *r, const struct run_drain *d)
{
	struct doc_row *row = doc__row(&r->doc);

	doc__cell(&r->doc, "%s", drain__name(d->kind));
	doc__count(&r->doc, d->count);
	share(r, d->count, counters__get(&r->run->drains_by, drain__name(d->kind)));
	doc__cell(&r->doc, "%s", d->comm);
	doc__cell(&r->doc, "%s", d->function);
	row->stack = d->stack;
	row->stack_n = d->stack_n;
}

static void callers(struct report *r, unsigned int kind)
{
	static const struct doc_column columns[] = {
		{ .head = "DRAINED", .width = -8 },
		{ .head = "count", .width = 9 },
		{ .head = "share", .width = 7 },
		{ .head = "by", .width = -16, .gap = 2 },
		{ .head = "in", .width = -30, .cut = true },
		{ 0 },
	};
	bool any = false;

	for (size_t i = 0; i < r->run->drain_callers_n; i++) {
		if (r->run->drain_callers[i].kind != kind)
			continue;
		if (!any)
			doc__table(&r->doc, columns, false, "Who emptied them: %s",
				   drain__name(kind))
				->text_rows = CALLERS_SHOWN;
		any = true;
		caller_row(r, &r->run->drain_callers[i]);
	}
}

static __u64 by_references(const struct counters *c)
{
	static const char *const names[] = { "early_refs", "busy", "journal", "refs" };
	__u64 n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		n = add_up(n, counters__get(c, names[i]));
	return n;
}

static void results(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "NOREFS AFTER", .width = -12 },
		{ .head = "attempts", .width = 9 },
		{ .head = "moved", .width = 9 },
		{ .head = "share", .width = 7 },
		{ .head = "failed", .width = 8 },
		{ .head = "by references", .width = 15 },
		{ 0 },
	};
	bool any = false;

	for (unsigned int k = 0; k < DRAIN_CLASSES; k++)
		any |= counters__sum(&r->run->drain_after[k].norefs) != 0;
	if (!any) {
		doc__block(&r->doc, DOC_FACT, "norefs", "no migration to compare");
		return;
	}
	doc__table(&r->doc, columns, false, "Norefs migrations behind them");
	for (unsigned int k = 0; k < DRAIN_CLASSES; k++) {
		const struct counters *c = &r->run->drain_after[k].norefs;
		__u64 n = counters__sum(c), moved = counters__get(c, "ok");

		if (k < DRAIN_KINDS && !counters__has(&r->run->drains_by, drain__name(k)))
			continue;
		doc__row(&r->doc);
		doc__cell(&r->doc, "%s", drain__name(k));
		doc__count(&r->doc, n);
		doc__count(&r->doc, moved);
		share(r, moved, n);
		doc__count(&r->doc, n - moved);
		doc__count(&r->doc, by_references(c));
	}
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"all, buffers, batch: attempts that began within 1 ms after a drain of that kind; of "
		"several kinds the one that stands first here counts. none: no drain in the millisecond before. "
		"itself: of all these attempts, those "
		"that emptied the buffer LRUs themselves, having found a buffer referenced.");
}

void doc__drains(struct report *r)
{
	if (!r->run->has_drains)
		return;
	doc__section(&r->doc, "drains", NULL, "What empties LRUs, and migrations behind it");
	kinds(r);
	for (unsigned int k = 0; k < DRAIN_KINDS; k++)
		callers(r, k);
	if (r->run->drains_unlisted)
		doc__para(&r->doc, FOR_BOTH, "note", "%llu more by callers that are not listed",
			  (unsigned long long)r->run->drains_unlisted);
	if (r->run->drains_by.n)
		results(r);
}
