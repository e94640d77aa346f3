// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What is not a histogram: migrations by result, counters, the longest holds, late references,
 * probes.
 * Stage 5 (renderers).
 */
#include <stdlib.h>
#include <string.h>

#include "render_parts.h"

#define WORST_SHOWN 5
#define LATE_SHOWN  3
#define TASK_WIDTH  20

static void results(const struct page *p, const char *label, const char *path,
		    const struct counters *c)
{
	__u64 total = counters__sum(c);
	const char *separator = "";
	struct para para;
	size_t i;

	if (!total)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, label);
	para__add(&para, "%s %llu:", path, (unsigned long long)total);
	for (i = 0; i < c->n; i++) {
		if (!c->v[i].value)
			continue;
		para__add(&para, "%s%s %llu (%.2f%%)", separator, c->v[i].name,
			  (unsigned long long)c->v[i].value,
			  100.0 * (double)c->v[i].value / (double)total);
		separator = ", ";
	}
	para__end(&para);
}

static void counters(const struct page *p)
{
	const struct counters *c = &p->run->counters;
	const char *separator = "";
	struct para para;
	size_t i;

	if (!counters__sum(c))
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "counters");
	for (i = 0; i < c->n; i++) {
		if (!c->v[i].value)
			continue;
		para__add(&para, "%s%s %llu", separator, c->v[i].name,
			  (unsigned long long)c->v[i].value);
		separator = ", ";
	}
	para__end(&para);
}

void part__migrations(const struct page *p)
{
	const struct run *run = p->run;

	if (counters__sum(&run->norefs) || counters__sum(&run->buffers) ||
	    counters__sum(&run->aio) || run->refcounts_n || counters__sum(&run->counters))
		fputc('\n', p->f);
	results(p, "migrations", "norefs", &run->norefs);
	results(p, "migrations", "buffers", &run->buffers);
	results(p, "migrations", "aio", &run->aio);
	part__field(p);
	counters(p);
}

/* The kernel's enum migrate_mode; MIGRATE_SYNC_NO_COPY was the fourth until 6.12. */
static void stack(const struct page *p, char *const *v, size_t n)
{
	struct para para;
	size_t i;

	if (!n)
		return;
	para__begin(&para, p->f, 10, "");
	for (i = 0; i < n; i++)
		para__add(&para, "%s%s", i ? "< " : "", v[i]);
	para__end(&para);
}

static void worst_row(const struct page *p, const struct worst *w)
{
	char ns[FMT_CELL], pid[16], task[TASK_WIDTH], dev[DEV_TEXT], bytes[FMT_CELL],
		buffers[16] = "-";
	const char *outcome = outcome__name(w->outcome);

	snprintf(pid, sizeof(pid), "/%u", w->pid);
	snprintf(task, sizeof(task), "%.*s%s", (int)(TASK_WIDTH - 1 - strlen(pid)), w->comm, pid);
	if (w->buffers)
		snprintf(buffers, sizeof(buffers), "%u", w->buffers);
	put_line(p->f, "%8s  %-5s%-20s%4u  %-9s%-13s%5s%6s %s", fmt__ns(ns, w->ns),
		 w->kind == KIND_WAIT ? "wait" : "hold", task, w->cpu,
		 w->dev ? dev__format(w->dev, dev, sizeof(dev)) : "-", mode__name(w->mode),
		 w->folio_bytes ? fmt__bytes(bytes, w->folio_bytes) : "-", buffers,
		 outcome ? outcome : "-");
	stack(p, w->stack, w->stack_n);
}

void part__worst(const struct page *p)
{
	const struct run_site *s;
	unsigned int i;
	size_t w;

	for (i = 0; i < SITE_COUNT; i++) {
		s = &p->run->site[i];
		if (!s->worst_n)
			continue;
		page__heading(p, "%s, longest", site__name(i));
		put_line(p->f, "%8s  %-5s%-20s%4s  %-9s%-13s%5s%6s %s", "time", "kind", "task",
			 "CPU", "device", "mode", "folio", "bufs", "end");
		for (w = 0; w < s->worst_n && w < WORST_SHOWN; w++)
			worst_row(p, &s->worst[w]);
		if (w < s->worst_n)
			put_line(p->f, "%zu more: --format json", s->worst_n - w);
	}
}

static const char *device_name(const struct run *run, __u32 dev)
{
	size_t i;

	for (i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev)
			return run->devices[i].name;
	return "";
}

static void put_wrapped(const struct page *p, const char *line)
{
	struct para para;

	if (strlen(line) <= FMT_COLUMNS) {
		put_line(p->f, "%s", line);
		return;
	}
	para__begin(&para, p->f, (int)strspn(line, " "), "");
	para__add(&para, "%s", line);
	para__end(&para);
}

/* The report of `watch`, line by line through the filter that everything printed here passes. */
static void late_event(const struct page *p, const struct late_event *e)
{
	char *text = NULL, *line, *rest;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return;
	render_late_text(e, device_name(p->run, e->dev), f);
	if (!fclose(f))
		for (rest = text; (line = strsep(&rest, "\n")) && rest;)
			put_wrapped(p, line);
	free(text);
}

static void late_list(const struct page *p, const char *heading, const struct late_events *l)
{
	__u64 more;
	size_t i;

	if (!l->n)
		return;
	page__heading(p, "%s", heading);
	for (i = 0; i < l->n && i < LATE_SHOWN; i++)
		late_event(p, &l->v[i]);
	more = l->n - i;
	if (more)
		put_line(p->f, "%llu more: --format json", (unsigned long long)more);
	if (l->not_listed)
		put_line(p->f, "%llu more were counted but not listed",
			 (unsigned long long)l->not_listed);
}

void part__late_events(const struct page *p)
{
	late_list(p, "LATE REFERENCES", &p->run->late.proven);
	late_list(p, "POSSIBLE LATE REFERENCES", &p->run->late.doubtful);
}

static void program_time(const struct page *p)
{
	__u64 hits = 0, run_ns = 0;
	struct para para;
	char cell[FMT_CELL], each[FMT_CELL];
	size_t i;

	for (i = 0; i < p->run->probes_n; i++) {
		hits += p->run->probes[i].hits;
		run_ns += p->run->probes[i].run_ns;
	}
	if (!hits || !run_ns)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "own cost");
	para__add(&para, "%llu program runs, %s in all, %s each", (unsigned long long)hits,
		  fmt__ns(cell, run_ns), fmt__ns(each, run_ns / hits));
	para__end(&para);
}

void part__probes(const struct page *p)
{
	const struct run *run = p->run;
	const struct run_probe *v;
	const char *separator = "";
	struct para para;
	size_t i;

	if (!run->probes_n)
		return;
	fputc('\n', p->f);
	para__begin(&para, p->f, LABEL_WIDTH, "probes");
	for (i = 0; i < run->probes_n; i++) {
		v = &run->probes[i];
		if (!v->attached)
			continue;
		para__add(&para, "%s%s%s%s", separator, v->probe,
			  v->variant && *v->variant ? "=" : "", v->variant ? v->variant : "");
		separator = ", ";
	}
	if (!*separator)
		para__add(&para, "none attached");
	para__end(&para);
	for (i = 0; i < run->probes_n; i++) {
		v = &run->probes[i];
		if (v->attached)
			continue;
		para__begin(&para, p->f, LABEL_WIDTH, "no probe");
		para__add(&para, "%s: %s", v->probe, v->reason ? v->reason : "no reason recorded");
		para__end(&para);
	}
	program_time(p);
}
