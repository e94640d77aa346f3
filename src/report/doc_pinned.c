// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Blocks whose references stopped migrations: what they are, and for how long. Stage 5 (renderers). */
#include <stdlib.h>

#include "report/doc.h"

#define PINNED_SHOWN 16

static void share(struct report *r, __u64 part, __u64 all)
{
	doc__cell(&r->doc, "%.0f%%", all ? 100.0 * (double)part / (double)all : 0);
}

static void block_row(struct report *r, const struct run_pinned *p)
{
	char cell[FMT_CELL];
	struct doc_row *row = doc__row(&r->doc);

	row->sub = true;
	doc__cell(&r->doc, "%llu", (unsigned long long)p->block);
	doc__cell(&r->doc, "%s", p->is ? p->is : "-");
	doc__count(&r->doc, p->tries);
	share(r, p->journal, p->tries);
	if (p->has_lru)
		share(r, p->in_lru, p->tries);
	else
		doc__cell(&r->doc, "?");
	/* a sum has a clock for each recording */
	doc__cell(&r->doc, "%s", r->run->merged > 1 ? "-" : fmt__ns(cell, p->first_ns));
	doc__cell(&r->doc, "%s", r->run->merged > 1 ? "-" : fmt__ns(cell, p->last_ns));
	if (p->has_taker)
		doc__cell(&r->doc, "%s/%u", p->taker.comm, p->taker.pid);
	else
		doc__cell(&r->doc, "-");
	row->stack = p->taker.stack;
	row->stack_n = p->taker.stack_n;
}

void doc__pinned(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "PINNED block", .width = -14 },
		{ .head = "is", .width = -17 },
		{ .head = "tries", .width = 7 },
		{ .head = "jbd", .width = 5 },
		{ .head = "LRU", .width = 5 },
		{ .head = "first", .width = 7 },
		{ .head = "last", .width = 7 },
		{ .head = "looked up by", .width = -14, .gap = 2, .cut = true, .keep = '/' },
		{ 0 },
	};
	const struct run *run = r->run;
	char words[DEV_WORDS];

	if (!run->has_pinned)
		return;
	doc__section(&r->doc, "pinned", NULL, "Blocks whose references stopped migrations");
	if (!run->pinned_n) {
		doc__block(&r->doc, DOC_FACT, "pinned", "no block stopped a migration");
		return;
	}
	doc__table(&r->doc, columns, false, "Blocks whose references stopped migrations")
		->text_rows = PINNED_SHOWN;
	for (size_t i = 0; i < run->pinned_n; i++) {
		const struct run_pinned *p = &run->pinned[i];

		if (!i || p->dev != p[-1].dev) {
			doc__row(&r->doc)->alone = true;
			doc__cell(&r->doc, "%s",
				  dev__words(p->dev, run__device_name(run, p->dev), words));
		}
		block_row(r, p);
	}
	if (run->pinned_more)
		doc__para(&r->doc, FOR_BOTH, "note", "%s%llu more blocks are counted, not listed",
			  run->merged > 1 ? "up to " : "", (unsigned long long)run->pinned_more);
	if (run->pinned_unkept)
		doc__para(&r->doc, FOR_BOTH, "note",
			  "%llu more tries were stopped by blocks for which the table had no room",
			  (unsigned long long)run->pinned_unkept);
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"tries: migrations that the block's references stopped. jbd: the share of them at which a "
		"journal had the block; LRU: at which a CPU had it among the buffers that it looked up "
		"last, '?': not knowable. first, last: when the first and the last such try was, since "
		"the start of the recording. looked up by: the task that last did so, after the first "
		"such try; '-': nobody was seen.%s",
		run->merged > 1 ?
			" In a sum recordings have no common clock for first and last, and the task is that of the "
			"first file that has the block." :
			"");
}
