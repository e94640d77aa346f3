// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Lists of the HTML page: why migrations ended as they did, late references and the longest holds with
 * their stacks folded, counters, probes.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "render_html.h"

#define LATE_SHOWN 64
#define LATE_OPEN  8 /* beyond, rows are folded */

static void result_rows(const struct html_page *p, const char *path, const struct counters *c)
{
	double total = (double)counters__sum(c);
	char cell[FMT_CELL];
	__u64 hundredths;
	size_t i;

	for (i = 0; i < c->n; i++) {
		if (!c->v[i].value)
			continue;
		hundredths = (__u64)((double)c->v[i].value / total * 10000 + 0.5);
		html__row(p->f, NULL);
		html__td(p->f, "%s", path);
		html__th(p->f, "%s", c->v[i].name);
		html__num(p->f, "%s", fmt__count(cell, c->v[i].value));
		html__num(p->f, "%llu.%02llu%%", (unsigned long long)hundredths / 100,
			  (unsigned long long)hundredths % 100);
		html__td(p->f, "%s", reason__words(c->v[i].name));
		html__row_end(p->f);
	}
}

static void refcounts(const struct html_page *p)
{
	static const char *const heads[] = { "stage", ">expected", ">seen", ">times", NULL };
	const struct run_refcount *r;
	char cell[FMT_CELL];
	size_t i;

	if (!p->run->refcounts_n)
		return;
	html__table(p->f, "Reference counts that made a migration fail", heads);
	for (i = 0; i < p->run->refcounts_n; i++) {
		r = &p->run->refcounts[i];
		html__row(p->f, NULL);
		html__td(p->f, "%s", r->stage);
		html__num(p->f, "%lld", (long long)r->expected);
		if (r->seen == -1)
			html__num(p->f, "right again when read");
		else
			html__num(p->f, "%lld", (long long)r->seen);
		html__num(p->f, "%s", fmt__count(cell, r->count));
		html__row_end(p->f);
	}
	html__table_end(p->f);
}

static void attempts(const struct html_page *p)
{
	static const char *const heads[] = { "kind",   ">attempt",  ">pages tried",
					     ">moved", ">given up", NULL };
	const struct run_tries *t;
	char cell[FMT_CELL];
	unsigned int path, i;
	bool any = false;

	for (path = 0; path < PATH_COUNT; path++)
		for (i = 0; i < TRIES_KEPT; i++) {
			t = &p->run->tries[path];
			if (!t->tried[i])
				continue;
			if (!any) {
				html__details(p->f, "Pages by number of attempts");
				html__table(p->f,
					    "Attempts at a page in one call of the kernel's "
					    "migrate_pages()",
					    heads);
			}
			any = true;
			html__row(p->f, NULL);
			html__td(p->f, "%s", path__name(path));
			html__num(p->f, "%u%s", i + 1, i + 1 < TRIES_KEPT ? "" : " and more");
			html__num(p->f, "%s", fmt__count(cell, t->tried[i]));
			html__num(p->f, "%s", fmt__count(cell, t->moved[i]));
			html__num(p->f, "%s", fmt__count(cell, run_tries__given_up(t, i)));
			html__row_end(p->f);
		}
	if (any) {
		html__table_end(p->f);
		html__details_end(p->f);
	}
}

static void counter_table(const struct html_page *p, const char *caption, const struct counters *c)
{
	static const char *const heads[] = { "counter", ">events", NULL };
	char cell[FMT_CELL];
	size_t i;

	if (!counters__sum(c))
		return;
	html__details(p->f, "%s", caption);
	html__table(p->f, caption, heads);
	for (i = 0; i < c->n; i++) {
		if (!c->v[i].value)
			continue;
		html__row(p->f, NULL);
		html__th(p->f, "%s", c->v[i].name);
		html__num(p->f, "%s", fmt__count(cell, c->v[i].value));
		html__row_end(p->f);
	}
	html__table_end(p->f);
	html__details_end(p->f);
}

/* Both locks of a ring are there to keep its readers and writers out of the copy. */
static void rings(const struct html_page *p)
{
	const struct counters *c = &p->run->counters;
	__u64 reads = counters__get(c, "aio_overlaps_read");
	__u64 writes = counters__get(c, "aio_overlaps_completion");

	if (!counters__get(c, "aio_copies"))
		return;
	html__element(p->f, "p", reads + writes ? "t-bad" : NULL,
		      "Rings of asynchronous I/O: %llu pages copied beside %llu reads and %llu "
		      "completions; %llu reads and %llu completions met the copy of their page%s.",
		      (unsigned long long)counters__get(c, "aio_copies"),
		      (unsigned long long)counters__get(c, "aio_reads"),
		      (unsigned long long)counters__get(c, "aio_completions"),
		      (unsigned long long)reads, (unsigned long long)writes,
		      reads + writes ? ", which is a fault of the kernel" : "");
}

void html_part__migrations(const struct html_page *p)
{
	static const char *const heads[] = {
		"kind", "end", ">pages", ">share", "which means", NULL
	};
	const struct run *run = p->run;

	if (counters__sum(&run->norefs) || counters__sum(&run->buffers) ||
	    counters__sum(&run->aio)) {
		html__element(p->f, "h2", NULL, "How migrations ended, and why they failed");
		html__element(
			p->f, "p", "sub",
			"norefs: with the check that no buffer is referenced (block devices); "
			"buffers: without (file data); aio: rings of asynchronous I/O.");
		html__table(p->f, "Migrations of pages by how they ended", heads);
		result_rows(p, "norefs", &run->norefs);
		result_rows(p, "buffers", &run->buffers);
		result_rows(p, "aio", &run->aio);
		html__table_end(p->f);
	} else if (run->refcounts_n || counters__sum(&run->counters)) {
		html__element(p->f, "h2", NULL, "Migrations");
	}
	refcounts(p);
	rings(p);
	attempts(p);
	counter_table(p, "Isolation by compaction", &run->isolations);
	counter_table(p, "Counters", &run->counters);
}

static const char *device_name(const struct run *run, __u32 dev, char *buf, size_t size)
{
	size_t i;

	for (i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev && *run->devices[i].name)
			return run->devices[i].name;
	return dev ? dev__format(dev, buf, size) : "-";
}

static void late_stacks(const struct html_page *p, const struct late_event *e)
{
	fputs("<td>", p->f);
	html__details(p->f, "stacks");
	if (e->has_lookup) {
		html__element(p->f, "p", NULL, "%s by %s/%u on CPU %u:",
			      strcmp(e->kind, "end_count") ? "Reference taken" :
							     "Lookup before the count was seen",
			      e->lookup.comm, e->lookup.pid, e->lookup.cpu);
		html__stack(p->f, e->lookup.stack, e->lookup.stack_n);
	}
	html__element(p->f, "p", NULL, "Page moved by %s/%u on CPU %u:", e->migrator.comm,
		      e->migrator.pid, e->migrator.cpu);
	html__stack(p->f, e->migrator.stack, e->migrator.stack_n);
	html__details_end(p->f);
	fputs("</td>", p->f);
}

static const char *phase_words(const char *phase)
{
	if (!strcmp(phase, "before_switch"))
		return "before the mapping switch";
	return strcmp(phase, "copy") ? "after the mapping switch" : "during the copy";
}

static void late_row(const struct html_page *p, const struct late_event *e)
{
	unsigned long long micros = e->time_ns / 1000;
	char dev[DEV_TEXT], since[FMT_CELL];

	html__row(p->f, NULL);
	html__num(p->f, "%llu.%06llu s", micros / 1000000, micros % 1000000);
	html__td(p->f, "%s", device_name(p->run, e->dev, dev, sizeof(dev)));
	html__num(p->f, "%llu", (unsigned long long)e->block);
	if (e->has_lookup)
		html__td(p->f, "%s/%u", e->lookup.comm, e->lookup.pid);
	else
		html__td(p->f, "not known");
	html__td(p->f, "%s/%u", e->migrator.comm, e->migrator.pid);
	html__num(p->f, "%s", fmt__ns(since, e->since_check_ns));
	html__td(p->f, "%s", e->has_lookup ? phase_words(e->phase) : "seen at the end");
	html__td(p->f, "b_count %lld%s%s", (long long)e->b_count,
		 e->dirtied ? "; dirtied: the update may be lost" : "",
		 strcmp(e->kind, "assoc_list") ? "" : "; by an association list, not counted");
	late_stacks(p, e);
	html__row_end(p->f);
}

static void late_table(const struct html_page *p, const char *caption, const struct late_events *l,
		       size_t from, size_t to)
{
	static const char *const heads[] = { ">at",	 "device",   ">block",
					     "taken by", "moved by", ">after the check",
					     "when",	 "buffer",   "",
					     NULL };
	size_t i;

	html__table(p->f, caption, heads);
	for (i = from; i < to; i++)
		late_row(p, &l->v[i]);
	html__table_end(p->f);
}

static void late_list(const struct html_page *p, const char *head, const char *words,
		      const char *caption, const struct late_events *l)
{
	size_t shown = l->n < LATE_SHOWN ? l->n : LATE_SHOWN;
	size_t open = shown < LATE_OPEN ? shown : LATE_OPEN;

	if (!l->n)
		return;
	html__element(p->f, "h2", NULL, "%s", head);
	html__element(p->f, "p", "sub", "%s", words);
	late_table(p, caption, l, 0, open);
	if (open < shown) {
		html__details(p->f, "%zu more", shown - open);
		late_table(p, caption, l, open, shown);
		html__details_end(p->f);
	}
	if (shown < l->n)
		html__element(p->f, "p", "note", "%zu more are in the run file.", l->n - shown);
	if (l->not_listed)
		html__element(p->f, "p", "note", "%llu more were counted but not listed.",
			      (unsigned long long)l->not_listed);
}

void html_part__late(const struct html_page *p)
{
	late_list(p, "Late references",
		  "References to a buffer that were taken after the check that there is none and "
		  "before the end of its page's move. Stacks have the innermost function first.",
		  "Late references one by one", &p->run->late.proven);
	late_list(p, "Possible late references",
		  "Lookups that acquired the lock before the end of the move and released it "
		  "behind: they took their reference on one side of the end or on the other.",
		  "Possible late references one by one", &p->run->late.doubtful);
}

static void worst_row(const struct html_page *p, const struct worst *w)
{
	const char *outcome = outcome__name(w->outcome);
	char cell[FMT_CELL], dev[DEV_TEXT];

	html__row(p->f, NULL);
	html__num(p->f, "%s", fmt__ns(cell, w->ns));
	html__td(p->f, "%s", w->kind == KIND_WAIT ? "wait" : "hold");
	html__td(p->f, "%s/%u", w->comm, w->pid);
	html__num(p->f, "%u", w->cpu);
	html__td(p->f, "%s", device_name(p->run, w->dev, dev, sizeof(dev)));
	html__td(p->f, "%s", mode__name(w->mode));
	html__num(p->f, "%s", w->folio_bytes ? fmt__bytes(cell, w->folio_bytes) : "-");
	if (w->buffers)
		html__num(p->f, "%u", w->buffers);
	else
		html__num(p->f, "-");
	html__td(p->f, "%s", outcome ? outcome : "-");
	fputs("<td>", p->f);
	if (w->stack_n) {
		html__details(p->f, "stack");
		html__stack(p->f, w->stack, w->stack_n);
		html__details_end(p->f);
	}
	fputs("</td>", p->f);
	html__row_end(p->f);
}

void html_part__worst(const struct html_page *p)
{
	static const char *const heads[] = { ">time", "kind",	  "task", ">CPU", "device", "mode",
					     ">page", ">buffers", "end",  "",	  NULL };
	const struct run_site *s;
	bool any = false;
	char caption[64];
	unsigned int i;
	size_t w;

	for (i = 0; i < SITE_COUNT; i++) {
		s = &p->run->site[i];
		if (!s->worst_n)
			continue;
		if (!any)
			html__element(p->f, "h2", NULL, "The longest");
		any = true;
		snprintf(caption, sizeof(caption), "%s, longest holds and waits", site__name(i));
		html__details(p->f, "%s (%zu)", caption, s->worst_n);
		html__table(p->f, caption, heads);
		for (w = 0; w < s->worst_n; w++)
			worst_row(p, &s->worst[w]);
		html__table_end(p->f);
		html__details_end(p->f);
	}
}

static void own_cost(const struct html_page *p)
{
	__u64 hits = 0, run_ns = 0;
	char sum[FMT_CELL], each[FMT_CELL];
	size_t i;

	for (i = 0; i < p->run->probes_n; i++) {
		hits += p->run->probes[i].hits;
		run_ns += p->run->probes[i].run_ns;
	}
	if (hits && run_ns)
		html__element(p->f, "p", NULL, "The programs ran %llu times, %s in all, %s each.",
			      (unsigned long long)hits, fmt__ns(sum, run_ns),
			      fmt__ns(each, run_ns / hits));
}

void html_part__probes(const struct html_page *p)
{
	static const char *const heads[] = { "probe", "variant",    "state",
					     ">runs", ">time each", NULL };
	const struct run_probe *v;
	char cell[FMT_CELL];
	size_t i;

	if (!p->run->probes_n)
		return;
	html__element(p->f, "h2", NULL, "Probes");
	own_cost(p);
	html__details(p->f, "%zu probes with their variants", p->run->probes_n);
	html__table(p->f, "Probes", heads);
	for (i = 0; i < p->run->probes_n; i++) {
		v = &p->run->probes[i];
		html__row(p->f, NULL);
		html__th(p->f, "%s", v->probe);
		html__td(p->f, "%s", v->variant && *v->variant ? v->variant : "-");
		html__td(p->f, "%s",
			 v->attached ? "attached" :
			 v->reason   ? v->reason :
				       "no reason recorded");
		html__num(p->f, "%s", v->hits ? fmt__count(cell, v->hits) : "-");
		html__num(p->f, "%s",
			  v->hits && v->run_ns ? fmt__ns(cell, v->run_ns / v->hits) : "-");
		html__row_end(p->f);
	}
	html__table_end(p->f);
	html__details_end(p->f);
}
