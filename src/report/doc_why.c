// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What became of migrations by why the kernel migrates. Stage 5 (renderers). */
#include <string.h>

#include "report/doc.h"

static void failed_items(struct report *r, const char *why, const char *path,
			 const struct counters *c)
{
	__u64 all = counters__sum(c), moved = counters__get(c, "ok");

	if (all == moved)
		return;
	doc__block(&r->doc, DOC_FACT, "not moved", "%s, %s %llu of %llu:", why, path,
		   (unsigned long long)(all - moved), (unsigned long long)all);
	for (size_t i = 0; i < c->n; i++)
		if (c->v[i].value && strcmp(c->v[i].name, "ok") != 0)
			doc__item(&r->doc, &(struct doc_item){ .name = c->v[i].name,
							       .count = c->v[i].value,
							       .share = (double)c->v[i].value /
									(double)all });
}

static void row(struct report *r, const char *why, const char *path, const struct counters *c,
		__u64 pages, const struct hist *hold)
{
	__u64 all = counters__sum(c), moved = counters__get(c, "ok");
	__u64 floor_ns = r->run->site[SITE_MIGRATE_NOREFS].floor_ns;

	if (!all)
		return;
	doc__row(&r->doc);
	doc__cell(&r->doc, "%s", why);
	doc__cell(&r->doc, "%s", path);
	doc__count(&r->doc, all);
	doc__count(&r->doc, moved);
	doc__count(&r->doc, pages);
	doc__count(&r->doc, pages > moved ? pages - moved : 0);
	if (!hold) {
		for (int i = 0; i < 3; i++)
			doc__cell(&r->doc, "-");
		return;
	}
	doc__quantile(&r->doc, hold, 0.5, floor_ns);
	doc__quantile(&r->doc, hold, 0.99, floor_ns);
	doc__held(&r->doc, hold, run__seconds(r->run));
}

void doc__why(struct report *r)
{
	static const struct doc_column columns[] = {
		{ .head = "MIGRATED FOR", .width = -15 }, { .head = "path", .width = -7, .gap = 1 },
		{ .head = "attempts", .width = 8 },	  { .head = "moved", .width = 8 },
		{ .head = "pages", .width = 8 },	  { .head = "given up", .width = 10 },
		{ .head = "hold p50", .width = 10 },	  { .head = "p99", .width = 8 },
		{ .head = "ms/s", .width = 5 },		  { 0 },
	};
	const struct run_why *v = r->run->whys;
	size_t n = r->run->whys_n;
	__u64 any = 0;

	for (size_t i = 0; i < n; i++)
		any |= counters__sum(&v[i].norefs) | counters__sum(&v[i].buffers);
	if (!any)
		return;
	doc__section(&r->doc, "why", NULL, "Why the kernel migrated");
	doc__table(&r->doc, columns, false, "Why the kernel migrated");
	for (size_t i = 0; i < n; i++) {
		row(r, v[i].why, "norefs", &v[i].norefs, v[i].norefs_pages, &v[i].hold);
		row(r, v[i].why, "buffers", &v[i].buffers, v[i].buffers_pages, NULL);
	}
	doc__para(
		&r->doc, FOR_BOTH, "note",
		"given up: pages that had not moved when the call of migrate_pages() ended. hold: of the "
		"lock, by norefs migrations.");
	for (size_t i = 0; i < n; i++) {
		failed_items(r, v[i].why, "norefs", &v[i].norefs);
		failed_items(r, v[i].why, "buffers", &v[i].buffers);
	}
}
