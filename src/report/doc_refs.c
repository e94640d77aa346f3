// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * References of every folio that migrates: how often they were another number than expected, at which
 * check, and whether for an instant or for good. Stage 5 (renderers).
 */
#include "report/doc.h"

#define COUNTS_SHOWN 8

static void share(struct report *r, __u64 part, __u64 all)
{
	if (all)
		doc__cell(&r->doc, "%.2f%%", 100.0 * (double)part / (double)all);
	else
		doc__cell(&r->doc, "-");
}

static void kind_row(struct report *r, unsigned int kind)
{
	const struct run_refs *v = &r->run->refs[kind];
	__u64 moved = 0;

	for (unsigned int i = 0; i < TRIES_KEPT; i++)
		moved = add_up(moved, v->tries.moved[i]);
	doc__row(&r->doc);
	doc__cell(&r->doc, "%s", refs_kind__name(kind));
	doc__count(&r->doc, v->attempts);
	doc__count(&r->doc, v->moved);
	if (v->has_early)
		doc__count(&r->doc, v->early);
	else
		doc__cell(&r->doc, "-");
	doc__count(&r->doc, v->freeze);
	share(r, v->freeze, v->passed);
	doc__count(&r->doc, v->other);
	if (r->run->has_tries) {
		doc__count(&r->doc, v->tries.tried[0]);
		doc__count(&r->doc, v->tries.tried[0] > moved ? v->tries.tried[0] - moved : 0);
	} else { /* where one call ends and the next begins was not seen */
		doc__cell(&r->doc, "-");
		doc__cell(&r->doc, "-");
	}
}

static void kinds(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "REFERENCES", .width = -11 }, { .head = "attempts", .width = 9 },
		{ .head = "moved", .width = 9 },	{ .head = "early", .width = 8 },
		{ .head = "switch", .width = 8 },	{ .head = "share", .width = 8 },
		{ .head = "other", .width = 7 },	{ .head = "folios", .width = 9 },
		{ .head = "given up", .width = 10 },	{ 0 },
	};

	doc__table(&r->doc, columns, false, "Attempts to move a folio, by its mapping");
	for (unsigned int k = 0; k < REFS_KINDS; k++)
		if (r->run->refs[k].attempts)
			kind_row(r, k);
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"early: the count of references was not as expected at the check ahead of the "
		"switch; '-': such folios have no such check here, or (other) it is not known. "
		"switch: the count was not as expected at the switch, where it is frozen; share: of "
		"all attempts that came to the switch. given up: folios that were not moved.%s",
		r->run->has_tries ? "" : " folios, '-': calls of migrate_pages were not seen.");
}

static void count_row(struct report *r, const struct run_ref *v)
{
	doc__row(&r->doc);
	doc__cell(&r->doc, "%s", refs_kind__name(v->kind));
	doc__cell(&r->doc, "%s", refs_result__name(v->check));
	doc__cell(&r->doc, "%lld", (long long)v->expected);
	if (v->seen == -1)
		doc__cell(&r->doc, "right");
	else
		doc__cell(&r->doc, "%lld", (long long)v->seen);
	doc__count(&r->doc, v->count);
	share(r, v->right, v->count);
}

static void counts(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "MISMATCH", .width = -11 },
		{ .head = "check", .width = -6, .gap = 2 },
		{ .head = "expected", .width = 10 },
		{ .head = "seen", .width = 6 },
		{ .head = "count", .width = 9 },
		{ .head = "correct at the end", .width = 19 },
		{ 0 },
	};

	if (!r->run->ref_counts_n)
		return;
	doc__table(&r->doc, columns, false, "Counts that were not as expected")->text_rows =
		COUNTS_SHOWN;
	for (size_t i = 0; i < r->run->ref_counts_n; i++)
		count_row(r, &r->run->ref_counts[i]);
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"correct at the end: the share of these whose count was as expected when the attempt "
		"ended. seen 'right': it was as expected before, too, and wrong only in between.");
}

void doc__refs(struct report *r)
{
	bool any = false;

	if (!r->run->has_refs)
		return;
	for (unsigned int k = 0; k < REFS_KINDS; k++)
		any |= r->run->refs[k].attempts != 0;
	doc__section(&r->doc, "references", NULL, "References of every folio that migrates");
	if (!any) {
		doc__block(&r->doc, DOC_FACT, "references", "no folio was to migrate");
		return;
	}
	kinds(r);
	counts(r);
	for (unsigned int k = 0; k < REFS_KINDS && r->run->has_tries; k++)
		doc__attempts(r, "attempts", refs_kind__name(k), &r->run->refs[k].tries);
}
