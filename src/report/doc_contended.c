// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lookups that waited for the lock, and what for; its releases that somebody waited for, and who
 * released it then. Stage 5 (renderers).
 */
#include "report/doc.h"

static void waits(struct report *r, const struct contention *c)
{
	const struct run_site *s = &r->run->site[SITE_FIND_GET_BLOCK];
	__u64 p99 = run__wait_quantile(r->run, 0.99);
	char from[FMT_CELL], cell[FMT_CELL], rate[FMT_CELL];

	doc__add(&r->doc,
		 "of a million lookups %s waited (%llu of %llu): %llu for the spinlock, each %s or "
		 "longer, and %llu for a folio's lock",
		 fmt__rate(cell, 1e6 * (double)c->waited / (double)c->lookups),
		 (unsigned long long)c->waited, (unsigned long long)c->lookups,
		 (unsigned long long)(c->waited - c->folio), fmt__ns(from, c->from_ns),
		 (unsigned long long)c->folio);
	if (!c->waited || !c->has_ns)
		return;
	doc__add(&r->doc, "; together %s ms/s",
		 fmt__rate(rate,
			   (double)c->ns / 1e6 / run__site_seconds(r->run, SITE_FIND_GET_BLOCK)));
	if (c->has_behind)
		doc__add(&r->doc, ", %.1f%% of it in waits during which a migration had the lock%s",
			 c->ns ? 100.0 * (double)c->behind_ns / (double)c->ns : 0,
			 c->folio ? " (not those for folios whose migrations fail ahead of it)" :
				    "");
	else
		doc__add(&r->doc, "; whether behind migrations is not known: their lock sections "
				  "were not seen");
	if (p99)
		doc__add(&r->doc, "; p99 of the waits for the spinlock %s", fmt__ns(cell, p99));
	else if (c->waited > c->folio && s->wait.count)
		doc__add(&r->doc, "; the longest for the spinlock %s",
			 fmt__ns(cell, s->wait.max_ns));
}

void doc__contention(struct report *r)
{
	const struct run_site *s = &r->run->site[SITE_FIND_GET_BLOCK];
	struct contention c;
	bool known = run__contention(r->run, &c);

	if (known && c.lookups) {
		doc__block(&r->doc, DOC_FACT, "contention", "%s", "");
		waits(r, &c);
	} else if (!s->clock && s->reason && *s->reason) {
		doc__block(&r->doc, DOC_FACT, "contention", "not measured, lookups are not: %s",
			   s->reason);
	} else if (known) {
		doc__block(&r->doc, DOC_FACT, "contention",
			   "no lookup took the lock in this recording");
	}
}

static bool any_contended(const struct run *run)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (run->site[i].has_contended)
			return true;
	return false;
}

static void site_row(struct report *r, unsigned int i)
{
	const struct run_site *s = &r->run->site[i];

	doc__row(&r->doc);
	doc__cell(&r->doc, "%s", site__name(i));
	doc__count(&r->doc, s->contended);
	doc__rate(&r->doc, (double)s->contended / run__site_seconds(r->run, i));
	if (s->releases)
		doc__cell(&r->doc, "%.2f%%", 100.0 * (double)s->contended / (double)s->releases);
	else
		doc__cell(&r->doc, "-");
}

static void owner_row(struct report *r, const struct run_site *s, const struct run_owner *o)
{
	struct doc_row *row = doc__row(&r->doc);

	doc__count(&r->doc, o->count);
	doc__cell(&r->doc, "%.1f%%",
		  s->contended ? 100.0 * (double)o->count / (double)s->contended : 0);
	row->stack = o->stack;
	row->stack_n = o->stack_n;
}

#define OWNERS_SHOWN 3

static void owners(struct report *r, unsigned int i)
{
	static const struct doc_column columns[] = {
		{ .head = "count", .width = 10 },
		{ .head = "share", .width = 8 },
		{ 0 },
	};
	const struct run_site *s = &r->run->site[i];

	if (!s->has_contended || !s->owners_n)
		return;
	doc__open(&r->doc, DOC_DETAILS, "%s, owners at contended releases (%zu)", site__name(i),
		  s->owners_n);
	doc__table(&r->doc, columns, true, "%s, owners at contended releases", site__name(i))
		->text_rows = OWNERS_SHOWN;
	for (size_t k = 0; k < s->owners_n; k++)
		owner_row(r, s, &s->owners[k]);
	doc__close(&r->doc);
}

/* Sites that can be told and at which nobody waited are named: that, too, was measured. */
static void never(struct report *r)
{
	bool any = false;

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &r->run->site[i];

		if (!s->has_contended || s->contended)
			continue;
		if (!any)
			doc__block(&r->doc, DOC_FACT, "no waiter", "%s", "");
		doc__add(&r->doc, "%s%s", any ? ", " : "", site__name(i));
		any = true;
	}
	if (any)
		doc__add(&r->doc, "(watched: nobody waited at their releases)");
}

void doc__contended(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "CONTENDED", .width = -15 },
		{ .head = "count", .width = 10 },
		{ .head = "/s", .width = 8 },
		{ .head = "of all", .width = 8 },
		{ 0 },
	};

	if (!any_contended(r->run))
		return;
	doc__section(&r->doc, "contended", NULL, "Releases that somebody waited for");
	doc__table(&r->doc, columns, false, "Releases that somebody waited for");
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (r->run->site[i].has_contended && r->run->site[i].contended)
			site_row(r, i);
	doc__para(&r->doc, FOR_BOTH, "note",
		  "CONTENDED: releases of the lock while somebody waited for it, by who released. "
		  "of all: as a share of all releases of the site.");
	never(r);
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		owners(r, i);
}
