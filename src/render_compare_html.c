// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Two sides of runs as a page to attach to a mail: which is better, by how much, how sure; then every
 * run, the histograms of both over each other, and what was compared.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "render_compare_html.h"

static void title(const struct comparison *c, FILE *f)
{
	char before[CMP_RUNS], after[CMP_RUNS];

	html__head(f, "migtrace: %s against %s", c->label[AFTER], c->label[BEFORE]);
	html__element(f, "h1", NULL, "private_lock in page migration: %s against %s",
		      c->label[AFTER], c->label[BEFORE]);
	html__element(f, "p", "sub", "%s: %s, %s. %s: %s, %s.", c->label[BEFORE],
		      or_unknown(c->sum[BEFORE].kernel.release),
		      compare__runs_words(c, BEFORE, before), c->label[AFTER],
		      or_unknown(c->sum[AFTER].kernel.release),
		      compare__runs_words(c, AFTER, after));
}

static void both_table(const struct comparison *c, FILE *f, const char *caption)
{
	char name[SIDES][64];
	const char *const heads[] = { "", name[BEFORE], name[AFTER], NULL };
	int side;

	for (side = 0; side < SIDES; side++)
		snprintf(name[side], sizeof(name[side]), "<%s", c->label[side]);
	html__table(f, caption, heads);
}

/* One row of the table of both sides: a function that prints a side's cell. */
static void both(const struct comparison *c, FILE *f, const char *name,
		 void (*cell)(FILE *f, const struct run *run))
{
	int side;

	html__row(f, NULL);
	html__th(f, "%s", name);
	for (side = 0; side < SIDES; side++) {
		fputs("<td>", f);
		cell(f, &c->sum[side]);
		fputs("</td>", f);
	}
	html__row_end(f);
}

static void late_count(FILE *f, const struct run *run)
{
	const struct late *l = &run->late;

	if (l->total)
		html__inline(f, "span", "t-bad", "%llu found", (unsigned long long)l->total);
	else if (!l->watched && !l->windows)
		html__text(f, "not watched for");
	else if (run__doubt(run))
		html__textf(f, "cannot be said: %s", run__doubt(run));
	else
		html__text(f, "none seen");
}

static void late_bound(FILE *f, const struct run *run)
{
	__u64 n = late__evidence(&run->late);
	char cell[FMT_CELL];

	if (run__verdict(run) == VERDICT_NONE_SEEN)
		html__textf(f, "at most 1 in %s lookups that %s a window (95%% confidence)",
			    figure__many(cell, n > 3 ? n / 3 : 1),
			    run->late.has_waited ? "waited for" : "came behind");
	else
		html__text(f, "-");
}

static void windows(FILE *f, const struct run *run)
{
	html__textf(f, "%llu, and %llu lookups right behind one",
		    (unsigned long long)run->late.windows,
		    (unsigned long long)(run->late.behind_spin + run->late.behind_folio));
}

static const struct counter *fs_errors(const struct run *run)
{
	size_t i;

	for (i = 0; i < run->counters.n; i++)
		if (!strcmp(run->counters.v[i].name, "bench_fs_errors"))
			return &run->counters.v[i];
	return NULL;
}

static void errors(FILE *f, const struct run *run)
{
	const struct counter *v = fs_errors(run);

	if (v)
		html__inline(f, "span", v->value ? "t-bad" : NULL, "%llu",
			     (unsigned long long)v->value);
	else
		html__text(f, "not checked");
}

static void safety(const struct comparison *c, FILE *f)
{
	html__element(f, "h2", NULL, "Is it safe");
	both_table(c, f,
		   "Late references (a buffer is referenced while its page moves) and damage");
	both(c, f, "late references", late_count);
	both(c, f, "late, but not seen", late_bound);
	both(c, f, "windows watched", windows);
	if (fs_errors(&c->sum[BEFORE]) || fs_errors(&c->sum[AFTER]))
		both(c, f, "file system errors", errors);
	html__table_end(f);
}

static __u64 floor_of(const struct comparison *c, unsigned int site)
{
	__u64 a = c->sum[BEFORE].site[site].floor_ns, b = c->sum[AFTER].site[site].floor_ns;

	return a > b ? a : b;
}

static bool has_events(const struct comparison *c, unsigned int site)
{
	const struct run_site *a = &c->sum[BEFORE].site[site], *b = &c->sum[AFTER].site[site];

	return a->hold.count || a->wait.count || b->hold.count || b->wait.count;
}

static void site_rows(const struct comparison *c, unsigned int site, FILE *f)
{
	const struct run_site *s;
	char name[64];
	int i, side;

	figure__table(f, "All runs of a side added up", "");
	for (i = 0; i < 2 * SIDES; i++) {
		side = i % 2;
		s = &c->sum[side].site[site];
		if (!(i < 2 ? s->hold : s->wait).count)
			continue;
		snprintf(name, sizeof(name), "%s, %s", i < 2 ? "hold" : "wait", c->label[side]);
		figure__row(f, NULL, name, i < 2 ? &s->hold : &s->wait, run__seconds(&c->sum[side]),
			    s->floor_ns);
	}
	html__table_end(f);
}

static void site(const struct comparison *c, unsigned int i, FILE *f)
{
	const struct render_opts plain = { 0 };
	struct svg_series hold[SIDES], wait[SIDES];
	char what[96];
	int side;

	for (side = 0; side < SIDES; side++) {
		hold[side] = (struct svg_series){ c->label[side], &c->sum[side].site[i].hold };
		wait[side] = (struct svg_series){ c->label[side], &c->sum[side].site[i].wait };
	}
	html__element(f, "h3", NULL, "%s", site__name(i));
	html__element(f, "p", "sub", "%s", site__words(i));
	fputs("<div class=\"pair\">\n", f);
	figure__hist(f, site__name(i), "hold", hold, SIDES, floor_of(c, i));
	figure__hist(f, site__name(i), "wait", wait, SIDES, floor_of(c, i));
	fputs("</div>\n", f);
	site_rows(c, i, f);
	for (side = 0; side < SIDES; side++) {
		snprintf(what, sizeof(what), "Histogram of hold (%s)", c->label[side]);
		figure__buckets(f, &plain, what, hold[side].h);
		snprintf(what, sizeof(what), "Histogram of wait (%s)", c->label[side]);
		figure__buckets(f, &plain, what, wait[side].h);
	}
}

static void sites(const struct comparison *c, FILE *f)
{
	__u64 floor_ns = 0;
	unsigned int i, n = 0;

	for (i = 0; i < SITE_COUNT; i++) {
		if (!has_events(c, i))
			continue;
		n++;
		floor_ns = floor_of(c, i) > floor_ns ? floor_of(c, i) : floor_ns;
	}
	html__element(f, "h2", NULL, "Histograms of both sides");
	if (!n) {
		html__element(f, "p", NULL, "nothing was recorded");
		return;
	}
	html__element(f, "p", NULL,
		      "Shares of each side's own events, all runs added up. %s is filled and drawn "
		      "solid; %s is an outline and dashed.",
		      c->label[BEFORE], c->label[AFTER]);
	figure__legend(f, floor_ns);
	for (i = 0; i < SITE_COUNT; i++)
		if (has_events(c, i))
			site(c, i, f);
}

static void kernel(FILE *f, const struct run *run)
{
	html__textf(f, "%s %s, %s", or_unknown(run->kernel.release), or_unknown(run->kernel.arch),
		    or_unknown(run->kernel.version));
}

static void generation(FILE *f, const struct run *run)
{
	html__textf(f, "%s: %s", or_unknown(run->kernel.generation),
		    or_unknown(run->kernel.generation_evidence));
}

static void machine(FILE *f, const struct run *run)
{
	size_t i;

	html__textf(f, "%u CPUs, %u nodes, hypervisor %s, clocksource %s", run->kernel.cpus,
		    run->kernel.nodes, or_unknown(run->kernel.hypervisor),
		    or_unknown(run->kernel.clocksource));
	for (i = 0; i < run->kernel.instruments_n; i++)
		html__textf(f, ", %s", run->kernel.instruments[i]);
}

static void recording(FILE *f, const struct run *run)
{
	char cell[FMT_CELL];

	html__textf(f, "%s in all, the first %s; %s tier, migtrace %s",
		    fmt__ns(cell, run->duration_ns), or_unknown(run->start),
		    or_unknown(run->tool.tier), or_unknown(run->tool.version));
}

static void bench(FILE *f, const struct run *run)
{
	const struct run_bench *b = &run->bench;
	char block[FMT_CELL], directory[FMT_CELL];

	if (b->file_system)
		html__textf(f, "%s, blocks of %s, directory of %s, %u readers, mover %s",
			    b->file_system, fmt__bytes(block, b->block_bytes),
			    fmt__bytes(directory, b->directory_bytes), b->readers,
			    or_unknown(b->mover));
	else
		html__text(f, "not from migtrace bench");
}

static void clocks(FILE *f, const struct run *run)
{
	const char *separator = "";
	char cell[FMT_CELL];
	unsigned int i;

	for (i = 0; i < SITE_COUNT; i++) {
		if (!run->site[i].clock || !(run->site[i].hold.count | run->site[i].wait.count))
			continue;
		html__textf(f, "%s%s: %s, floor %s", separator, site__name(i),
			    clock__name(run->site[i].clock),
			    fmt__floor(cell, run->site[i].floor_ns));
		separator = "; ";
	}
	if (!*separator)
		fputs("-", f);
}

static void facts(const struct comparison *c, FILE *f)
{
	html__element(f, "h2", NULL, "What was compared");
	both_table(c, f, "Facts of both sides");
	both(c, f, "kernel", kernel);
	both(c, f, "generation", generation);
	both(c, f, "machine", machine);
	both(c, f, "recorded", recording);
	both(c, f, "command", html_command);
	if (c->sum[BEFORE].bench.file_system || c->sum[AFTER].bench.file_system)
		both(c, f, "bench", bench);
	both(c, f, "clocks", clocks);
	both(c, f, "losses", html_losses);
	html__table_end(f);
}

static void reading(FILE *f)
{
	static const char *const lines[] = {
		"Hold: from acquiring the lock to releasing it. Wait: from asking for it to having "
		"it. Both are better when lower.",
		"p50, p99: half, 99 in 100 of the events took at most that long. Total: how much of "
		"every second the lock was held in all.",
		"A sample is a boot of the machine, never a single event: a million events of one boot "
		"say little about the next boot. Runs of one boot count as one, their median.",
		"Difference: Hodges' and Lehmann's estimate, the median of all differences between a "
		"run of one side and a run of the other, as a share of the first side's median.",
		"p: how often chance alone would make a difference at least as large, adjusted for "
		"the number of tested figures.",
		"Detectable: the smallest difference that this many runs, with this much "
		"spread, would have shown in most cases. No difference found does not mean that "
		"there is none; it means that it is probably smaller than this.",
		"Cumulative curves are drawn over nines, so that the tail can be seen: each line up "
		"leaves a tenth of the events above it.",
		"In the grey: a median is below three times what the clock reads on an empty "
		"section. That is part of both sides: the difference in time holds, its percentage "
		"does not.",
		"Window: the time from the kernel's check that no buffer of a page is referenced to "
		"the end of the page's move. norefs: the migration that makes this check.",
		"Late reference: a reference to a buffer that was taken after the kernel had checked "
		"that there is none, while its page was being moved. It can lose data.",
	};
	size_t i;

	html__element(f, "h2", NULL, "How to read this");
	fputs("<ul>\n", f);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		html__element(f, "li", NULL, "%s", lines[i]);
	html__element(f, "li", NULL,
		      "Intervals are for %d%% confidence, each of its figure alone: they are not "
		      "adjusted for the number of figures, as p is.",
		      COMPARE_CONFIDENCE_PERCENT);
	fputs("</ul>\n", f);
}

int render_compare_html(const struct comparison *c, FILE *f)
{
	title(c, f);
	compare_part__answer(c, f);
	safety(c, f);
	compare_part__differences(c, f);
	compare_part__tested(c, f);
	sites(c, f);
	compare_part__shown(c, f);
	facts(c, f);
	reading(f);
	html__foot(f);
	return 0;
}
