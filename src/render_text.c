// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The report one pastes into a mail to a kernel list: what was measured, on what, and how far the
 * figures can be trusted, before the figures. ASCII, 80 columns.
 * Stage 5 (renderers).
 */
#include <stdarg.h>
#include <string.h>

#include "render_parts.h"

#define BOLD "\033[1m"
#define RED  "\033[1;31m"
#define OFF  "\033[0m"

static void colour(const struct page *p, const char *code)
{
	if (p->o->colour)
		fputs(code, p->f);
}

void page__heading(const struct page *p, const char *fmt, ...)
{
	char line[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	fputc('\n', p->f);
	colour(p, BOLD);
	put_line(p->f, "%s", line);
	colour(p, OFF);
}

static const char *or_unknown(const char *s)
{
	return s && *s ? s : "unknown";
}

static void losses(struct para *para, const struct run *run, bool tainting)
{
	const char *separator = "";
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++) {
		if (!run->losses[i] || (tainting && !loss__taints(i)))
			continue;
		para__add(para, "%s%s %llu%s", separator, loss__name(i),
			  (unsigned long long)run->losses[i],
			  tainting || !loss__taints(i) ? "" : " (taints)");
		separator = ", ";
	}
}

static void title(const struct page *p)
{
	struct para para;

	if (run__tainted(p->run)) {
		colour(p, RED);
		para__begin(&para, p->f, 9, "TAINTED:");
		para__add(&para, "events lost:");
		losses(&para, p->run, true);
		para__add(&para, "; counts are lower bounds, none seen is no proof");
		para__end(&para);
		colour(p, OFF);
	}
	colour(p, BOLD);
	put_line(p->f, "migtrace: private_lock in the migration and lookup of buffer_heads");
	colour(p, OFF);
}

static void kernel(const struct page *p)
{
	const struct run *run = p->run;
	struct para para;

	para__begin(&para, p->f, LABEL_WIDTH, "kernel");
	para__add(&para, "%s %s, %s", or_unknown(run->kernel.release), or_unknown(run->kernel.arch),
		  or_unknown(run->kernel.version));
	para__end(&para);
	para__begin(&para, p->f, LABEL_WIDTH, "generation");
	para__add(&para, "%s: %s", or_unknown(run->kernel.generation),
		  or_unknown(run->kernel.generation_evidence));
	para__end(&para);
	para__begin(&para, p->f, LABEL_WIDTH, "machine");
	para__add(&para, "%u CPU%s, %u node%s, hypervisor %s, clocksource %s", run->kernel.cpus,
		  run->kernel.cpus == 1 ? "" : "s", run->kernel.nodes,
		  run->kernel.nodes == 1 ? "" : "s", or_unknown(run->kernel.hypervisor),
		  or_unknown(run->kernel.clocksource));
	para__end(&para);
}

static void recording(const struct page *p)
{
	const struct run *run = p->run;
	struct para para;
	char cell[FMT_CELL];
	size_t i;

	para__begin(&para, p->f, LABEL_WIDTH, "recorded");
	para__add(&para, "%s, %s, %s tier, migtrace %s", or_unknown(run->start),
		  fmt__ns(cell, run->duration_ns), or_unknown(run->tool.tier),
		  or_unknown(run->tool.version));
	if (run->merged > 1)
		para__add(&para, "(%zu runs merged; the start is the first one's)", run->merged);
	else if (p->o->path)
		para__add(&para, "(%s)", p->o->path);
	para__end(&para);
	if (!run->tool.command_n)
		return;
	para__begin(&para, p->f, LABEL_WIDTH, "command");
	for (i = 0; i < run->tool.command_n; i++)
		para__add(&para, "%s", run->tool.command[i]);
	if (run->tool.has_status)
		para__add(&para, "(status %d)", run->tool.status);
	para__end(&para);
}

/* What is not said here: a lookup in the LRU, which takes no lock and cannot be late. */
static void evidence(struct para *para, const struct late *l)
{
	para__add(para, "windows: %llu (%llu aborted);", (unsigned long long)l->windows,
		  (unsigned long long)l->aborted);
	if (l->has_waited)
		para__add(para, "lookups that waited for one: %llu (%llu spin, %llu folio);",
			  (unsigned long long)(l->waited_spin + l->waited_folio),
			  (unsigned long long)l->waited_spin, (unsigned long long)l->waited_folio);
	para__add(para, "lookups behind one: %llu (%llu spin, %llu folio)",
		  (unsigned long long)(l->behind_spin + l->behind_folio),
		  (unsigned long long)l->behind_spin, (unsigned long long)l->behind_folio);
}

static void none_seen(struct para *para, const struct run *run)
{
	const struct late *l = &run->late;
	const char *doubt = run__doubt(run);
	__u64 n = late__evidence(l);
	char cell[FMT_CELL];

	if (l->possible)
		para__add(para, "Inconclusive: none proven, but %llu possible;",
			  (unsigned long long)l->possible);
	else if (doubt)
		para__add(para, "Inconclusive: none seen, but %s;", doubt);
	else
		para__add(para, "None seen;");
	evidence(para, l);
	if (!doubt)
		para__add(para, "; 95 %% upper bound: 1 in %s of those that %s (3/%llu)",
			  fmt__count(cell, n > 3 ? n / 3 : 1),
			  l->has_waited ? "waited" : "came behind", (unsigned long long)n);
}

static void found(struct para *para, const struct late *l)
{
	para__add(para, "FOUND %llu", (unsigned long long)l->total);
	if (l->possible)
		para__add(para, ", up to %llu more possible", (unsigned long long)l->possible);
	para__add(para, ": %llu by lookup, %llu by the count at the end;",
		  (unsigned long long)l->slow_lookup, (unsigned long long)l->end_count);
	evidence(para, l);
}

static void late(const struct page *p)
{
	const struct late *l = &p->run->late;
	struct para para;

	para__begin(&para, p->f, LABEL_WIDTH, "late refs");
	if (l->total)
		found(&para, l);
	else if (!l->watched && !l->windows) {
		para__add(&para, "not watched");
	} else {
		none_seen(&para, p->run);
	}
	if (l->assoc_list)
		para__add(&para, "; association lists took %llu more, which is legitimate here",
			  (unsigned long long)l->assoc_list);
	para__end(&para);
}

static bool any_loss(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i])
			return true;
	return false;
}

static void header(const struct page *p)
{
	struct para para;

	title(p);
	kernel(p);
	recording(p);
	para__begin(&para, p->f, LABEL_WIDTH, "losses");
	if (any_loss(p->run))
		losses(&para, p->run, false);
	else
		para__add(&para, "none");
	para__end(&para);
	if (p->run->clamped) {
		para__begin(&para, p->f, LABEL_WIDTH, "clamped");
		para__add(&para, "%llu values above 2^63-1 stand in the run file as 2^63-1",
			  (unsigned long long)p->run->clamped);
		para__end(&para);
	}
	if (p->run->late.total)
		colour(p, RED);
	late(p);
	if (p->run->late.total)
		colour(p, OFF);
}

int render_text(const struct run *run, const struct render_opts *o, FILE *f)
{
	const struct page p = { .run = run, .o = o, .f = f };

	header(&p);
	part__sites(&p);
	part__clocks(&p);
	part__migrations(&p);
	part__histograms(&p);
	part__devices(&p);
	part__intervals(&p);
	part__worst(&p);
	part__late_events(&p);
	part__probes(&p);
	return 0;
}
