// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One run as a page to attach to a mail: the answer in words, what it was measured on, then figures
 * and charts; one file, no script.
 * Stage 5 (renderers).
 */
#include <string.h>

#include "render_html.h"

static bool anything(const struct run *run)
{
	__u64 n = run->late.windows | run->late.total | run->window.count | run->flag_held.count |
		  run->folio_wait.count;
	size_t i;

	for (i = 0; i < SITE_COUNT; i++)
		n |= run->site[i].hold.count | run->site[i].wait.count;
	for (i = 0; i < run->counters.n; i++)
		n |= run->counters.v[i].value;
	return n;
}

static void held(FILE *f, const struct run *run)
{
	const struct run_site *s = &run->site[SITE_MIGRATE_NOREFS];
	char n[FMT_CELL], p50[FMT_CELL], p99[FMT_CELL], max[FMT_CELL];

	fputs("<p class=\"big\">", f);
	if (s->hold.count)
		html__textf(f,
			    "private_lock was held %s times for page migration: half of the holds "
			    "took at most %s, 99 in 100 at most %s, the longest %s.",
			    figure__many(n, s->hold.count),
			    figure__at_most(p50, &s->hold, 0.5, s->floor_ns),
			    figure__at_most(p99, &s->hold, 0.99, s->floor_ns),
			    figure__at_most(max, &s->hold, 1, s->floor_ns));
	else if (s->clock)
		html__text(f, "private_lock was not held for page migration in this recording.");
	else
		html__textf(f,
			    "How long private_lock is held for page migration was not measured: "
			    "%s.",
			    s->reason && *s->reason ? s->reason : "no reason was recorded");
	fputs("</p>\n", f);
}

static void in_all(FILE *f, const struct run *run)
{
	const struct run_site *s = &run->site[SITE_MIGRATE_NOREFS],
			      *l = &run->site[SITE_FIND_GET_BLOCK];
	double seconds = run__seconds(run);
	char n[FMT_CELL], p50[FMT_CELL], p99[FMT_CELL], max[FMT_CELL];

	if (!s->hold.count && !l->wait.count)
		return;
	fputs("<p>", f);
	if (s->hold.count)
		html__textf(f, "Together that is %s ms of every second. ",
			    fmt__rate(n, (double)s->hold.sum_ns / 1e6 / seconds));
	if (l->wait.count)
		html__textf(f,
			    "Buffer lookups that needed the lock (%s) waited for it at most %s in "
			    "half of the cases, %s in 99 of 100, and %s at worst.",
			    figure__many(n, l->wait.count),
			    figure__at_most(p50, &l->wait, 0.5, l->floor_ns),
			    figure__at_most(p99, &l->wait, 0.99, l->floor_ns),
			    figure__at_most(max, &l->wait, 1, l->floor_ns));
	fputs("</p>\n", f);
}

static void answer(const struct html_page *p)
{
	const struct run *run = p->run;
	bool bad = run->late.total || run__tainted(run);

	if (!anything(run)) {
		fputs("<div class=\"answer warn\"><p class=\"big\">nothing was recorded</p></div>\n",
		      p->f);
		return;
	}
	fprintf(p->f, "<div class=\"answer %s\">\n",
		bad				       ? "bad" :
		run__verdict(run) == VERDICT_NONE_SEEN ? "good" :
							 "warn");
	if (run__tainted(run))
		html__element(
			p->f, "p", "t-bad",
			"Tainted: events were lost (see losses). Counts are lower bounds, and "
			"that something was not seen proves nothing.");
	held(p->f, run);
	in_all(p->f, run);
	fputs(run->late.total ? "<p class=\"t-bad\">" : "<p>", p->f);
	html_late(p->f, run);
	fputs("</p>\n</div>\n", p->f);
}

static void title(const struct html_page *p)
{
	const struct run *run = p->run;
	char cell[FMT_CELL];

	html__head(p->f, "migtrace: %s", or_unknown(run->kernel.release));
	html__element(p->f, "h1", NULL, "private_lock in page migration: %s",
		      or_unknown(run->kernel.release));
	fputs("<p class=\"sub\">", p->f);
	html__textf(p->f, "Recorded %s for %s by migtrace %s", or_unknown(run->start),
		    fmt__ns(cell, run->duration_ns), or_unknown(run->tool.version));
	if (run->merged > 1)
		html__textf(p->f, "; %zu recordings added up, the start is the first one's",
			    run->merged);
	fputs(".</p>\n", p->f);
}

static void kernel_facts(const struct html_page *p)
{
	const struct run *run = p->run;
	size_t i;

	html_fact(p->f, "kernel", "%s %s, %s", or_unknown(run->kernel.release),
		  or_unknown(run->kernel.arch), or_unknown(run->kernel.version));
	html_fact(p->f, "generation", "%s: %s", or_unknown(run->kernel.generation),
		  or_unknown(run->kernel.generation_evidence));
	html_fact(p->f, "machine", "%u CPU%s, %u node%s, hypervisor %s, clocksource %s",
		  run->kernel.cpus, run->kernel.cpus == 1 ? "" : "s", run->kernel.nodes,
		  run->kernel.nodes == 1 ? "" : "s", or_unknown(run->kernel.hypervisor),
		  or_unknown(run->kernel.clocksource));
	if (!run->kernel.instruments_n)
		return;
	fputs("<tr><th scope=\"row\">instruments</th><td>", p->f);
	for (i = 0; i < run->kernel.instruments_n; i++)
		html__textf(p->f, "%s%s", i ? ", " : "", run->kernel.instruments[i]);
	fputs(" (times are unlike those of a kernel without)</td></tr>\n", p->f);
}

static void clock_facts(const struct html_page *p)
{
	const struct run_site *s, *site = p->run->site;
	bool said[SITE_COUNT] = { false };
	char cell[FMT_CELL];
	unsigned int i, j;

	for (i = 0; i < SITE_COUNT; i++) {
		s = &site[i];
		if (said[i] || !s->clock)
			continue;
		html__row(p->f, NULL);
		html__th(p->f, "clock");
		fputs("<td>", p->f);
		html__textf(p->f, "%s, floor %s:", clock__name(s->clock),
			    fmt__floor(cell, s->floor_ns));
		for (j = i; j < SITE_COUNT; j++) {
			if (site[j].clock != s->clock || site[j].floor_ns != s->floor_ns)
				continue;
			said[j] = true;
			html__textf(p->f, "%s %s", j == i ? "" : ",", site__name(j));
		}
		fputs("</td>", p->f);
		html__row_end(p->f);
	}
}

static void bench_facts(const struct html_page *p)
{
	const struct run_bench *b = &p->run->bench;
	char block[FMT_CELL], directory[FMT_CELL], warm[FMT_CELL];

	if (!b->file_system)
		return;
	html_fact(p->f, "bench",
		  "%s with blocks of %s, a directory of %s, %u reader%s, mover %s, %s to warm up",
		  b->file_system, fmt__bytes(block, b->block_bytes),
		  fmt__bytes(directory, b->directory_bytes), b->readers, b->readers == 1 ? "" : "s",
		  or_unknown(b->mover), fmt__ns(warm, b->warmup_ns));
}

static void facts(const struct html_page *p)
{
	const struct run *run = p->run;
	const struct late *l = &run->late;

	html__element(p->f, "h2", NULL, "What was measured");
	fputs("<div class=\"scroll\"><table class=\"facts\"><tbody>\n", p->f);
	kernel_facts(p);
	html_fact(p->f, "recording", "%s tier%s%s", or_unknown(run->tool.tier),
		  p->o->path && run->merged <= 1 ? ", " : "",
		  p->o->path && run->merged <= 1 ? p->o->path : "");
	if (run->tool.command_n) {
		fputs("<tr><th scope=\"row\">command</th><td>", p->f);
		html_command(p->f, run);
		fputs("</td></tr>\n", p->f);
	}
	bench_facts(p);
	fputs("<tr><th scope=\"row\">losses</th><td>", p->f);
	html_losses(p->f, run);
	fputs("</td></tr>\n", p->f);
	if (run->clamped)
		html_fact(p->f, "clamped", "%llu values above 2^63-1 stand in the run file as that",
			  (unsigned long long)run->clamped);
	clock_facts(p);
	if (l->has_waited)
		html_fact(p->f, "waited",
			  "lookups that wanted the lock or the folio while a window was open: %llu "
			  "by spinlock, %llu by the folio's lock",
			  (unsigned long long)l->waited_spin, (unsigned long long)l->waited_folio);
	if (l->watched || l->windows)
		html_fact(p->f, "windows",
			  "%llu moved, %llu aborted; lookups right behind one: %llu by spinlock, "
			  "%llu by the folio's lock",
			  (unsigned long long)l->windows, (unsigned long long)l->aborted,
			  (unsigned long long)l->behind_spin, (unsigned long long)l->behind_folio);
	fputs("</tbody></table></div>\n", p->f);
}

static void reading(const struct html_page *p)
{
	static const char *const lines[] = {
		"Hold: from acquiring the lock to releasing it. Wait: from asking for it to having "
		"it, which is not zero when nobody else holds it.",
		"p50, p99: half, 99 in 100 of the events took at most that long, off by 6.25% at "
		"most. A dash: too few events to say. max is exact.",
		"ms per second: how much of every second went there, added up over the CPUs.",
		"Cumulative curves are drawn over nines, so that the tail can be seen: each line up "
		"leaves a tenth of the events above it.",
		"Window: a move watched from the check that no buffer is referenced to its end. Late "
		"reference: one that was taken in between.",
	};
	size_t i;

	html__element(p->f, "h2", NULL, "How to read this");
	fputs("<ul>\n", p->f);
	for (i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		html__element(p->f, "li", NULL, "%s", lines[i]);
	fputs("</ul>\n", p->f);
}

int render_html(const struct run *run, const struct render_opts *o, FILE *f)
{
	const struct html_page p = { .run = run, .o = o, .f = f };

	title(&p);
	answer(&p);
	facts(&p);
	html_part__sites(&p);
	html_part__spans(&p);
	html_part__unmeasurable(&p);
	html_part__migrations(&p);
	html_part__time(&p);
	html_part__rounds(&p);
	html_part__late(&p);
	html_part__worst(&p);
	html_part__devices(&p);
	html_part__probes(&p);
	reading(&p);
	html__foot(f);
	return 0;
}
