// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The comparison as a document: which side is better, by how much, how sure that is; every row, after
 * the manner of benchstat; on the page every run as well, the histograms of both sides over each other,
 * and what was compared.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "report/doc.h"

#define HUGE_VALUE 1e18 /* not in any honest file; llround() has no answer beyond 2^63 */
#define COLUMNS	   10

struct pair {
	struct report r; /* @run: one side's sum, in turns */
	const struct comparison *c;
	struct doc_column columns[COLUMNS];
};

static const char *value_cell(char cell[FMT_CELL], double v, enum row_unit unit)
{
	if (!isfinite(v) || fabs(v) > HUGE_VALUE)
		return strcpy(cell, "-");
	if (unit == UNIT_NS || unit == UNIT_SHARE) /* of a second */
		fmt__ns(cell, (__u64)llround(v));
	else
		fmt__rate(cell, v);
	return unit == UNIT_RATE || unit == UNIT_SHARE ? strcat(cell, "/s") : cell;
}

/* Half the width of the median's interval, in percent of it. */
static const char *spread_cell(char cell[FMT_CELL], const struct estimate *e)
{
	double percent = 100 * (e->high - e->low) / 2 / e->value;

	if (isnan(percent) || e->value <= 0)
		return strcpy(cell, "");
	snprintf(cell, FMT_CELL, percent < 999.5 ? "%.0f%%" : ">999%%", percent);
	return cell;
}

/* The interval of the difference, in percent of "before", as the change is. */
static const char *interval_cell(char cell[FMT_CELL], const struct cmp_row *row)
{
	double base = row->median[BEFORE].value / 100;

	*cell = 0;
	if (row->tested && !isnan(row->shift.low) && base > 0) {
		double low = row->shift.low / base, high = row->shift.high / base;
		int digits = fmax(fabs(low), fabs(high)) < 99.5 ? 1 : 0;

		if (fmax(fabs(low), fabs(high)) >= 99999.5)
			return strcpy(cell, ">99999%");
		snprintf(cell, FMT_CELL, "%+.*f..%+.*f%%", digits, low, digits, high);
	}
	return cell;
}

static const char *p_cell(char cell[FMT_CELL], const struct cmp_row *row)
{
	*cell = 0;
	if (row->verdict == ROW_UNTESTED || !isfinite(row->p_holm))
		return cell;
	snprintf(cell, FMT_CELL, row->p_holm < 0.0005 ? "<.001" : "%.3f", row->p_holm);
	return cell;
}

static void one_row(struct pair *p, const struct cmp_row *row)
{
	static const enum doc_tone tones[] = {
		[ROW_UNTESTED] = TONE_PLAIN, [ROW_SAME] = TONE_PLAIN, [ROW_LOWER] = TONE_GOOD,
		[ROW_HIGHER] = TONE_BAD,     [ROW_LESS] = TONE_PLAIN, [ROW_MORE] = TONE_PLAIN
	};
	struct doc *d = &p->r.doc;
	char cell[FMT_CELL];

	doc__row(d)->sub = true;
	doc__cell(d, "%s%s", row->metric, cmp_row__floor(p->c, row) ? " *" : "");
	for (int side = 0; side < SIDES; side++) {
		doc__cell(d, "%s", value_cell(cell, row->median[side].value, row->unit));
		doc__cell(d, "%s", spread_cell(cell, &row->median[side]));
	}
	doc__cell(d, "%s", fmt__change(cell, row->ratio));
	doc__cell(d, "%s", interval_cell(cell, row));
	doc__cell(d, "%s", p_cell(cell, row));
	doc__cell(d, "%s", row_verdict__name(row->verdict))->tone = tones[row->verdict];
}

/* Is it what the row before has, or what is said of the site that is not tested? */
static bool said(const struct comparison *c, const struct cmp_row *row)
{
	if (row > c->rows && row[-1].unmeasured && !strcmp(row->subject, row[-1].subject) &&
	    !strcmp(row->unmeasured, row[-1].unmeasured))
		return true;
	for (size_t i = 0; i < c->left_n; i++)
		if (!strcmp(c->left[i].subject, row->subject) &&
		    !strncmp(c->left[i].why, row->unmeasured, strlen("not measured")))
			return true;
	return false;
}

static void unmeasured(struct pair *p)
{
	for (size_t i = 0; i < p->c->rows_n; i++) {
		const struct cmp_row *row = &p->c->rows[i];

		if (row->unmeasured && !said(p->c, row))
			doc__block(&p->r.doc, DOC_FACT, "-", "%s%s: %s", row->subject,
				   !strncmp(row->metric, "wait", 4)    ? ", wait" :
				   !strcmp(row->metric, CMP_CONTENDED) ? ", " CMP_CONTENDED :
									 "",
				   row->unmeasured);
	}
}

static const char *floor_words(char words[2 * FMT_CELL + 8], const struct cmp_total *t,
			       unsigned int site)
{
	char least[FMT_CELL], most[FMT_CELL];

	if (t->least_floor_ns[site] == t->floor_ns[site])
		return strcpy(words, fmt__floor(most, t->floor_ns[site]));
	snprintf(words, 2 * FMT_CELL + 8, "%s to %s", fmt__floor(least, t->least_floor_ns[site]),
		 fmt__floor(most, t->floor_ns[site]));
	return words;
}

/* Of the sites that have figures, where they are not the same in all runs. */
static void floors(struct pair *p)
{
	char words[SIDES][2 * FMT_CELL + 8];
	const char *separator = "what the clocks read on an empty section is not the same:";

	for (unsigned int i = 0; i < SITE_COUNT; i++) {
		const struct comparison *c = p->c;

		if (compare__same_floor(c, i) ||
		    !(c->sum[BEFORE].site[i].hold.count | c->sum[AFTER].site[i].hold.count))
			continue;
		if (*separator != ',')
			doc__block(&p->r.doc, DOC_FACT, "floors", "%s", separator);
		doc__add(&p->r.doc, "%s%s %s; %s", *separator == ',' ? separator : "",
			 site__name(i), floor_words(words[BEFORE], &c->total[BEFORE], i),
			 floor_words(words[AFTER], &c->total[AFTER], i));
		separator = ", ";
	}
}

static void rows(struct pair *p)
{
	const struct doc_column columns[COLUMNS] = {
		{ .head = "", .width = -16 },
		{ .head = p->c->label[BEFORE], .width = 8 },
		{ .head = "+-", .width = 4, .gap = 1 },
		{ .head = p->c->label[AFTER], .width = 8, .gap = 1 },
		{ .head = "+-", .width = 4, .gap = 1 },
		{ .head = "change", .width = 7, .gap = 1 },
		{ .head = "95% interval", .width = 14, .gap = 1 },
		{ .head = "p", .width = 5, .gap = 1 },
		{ .head = "", .width = -1, .gap = 1 },
	};
	const char *subject = "";
	struct doc *d = &p->r.doc;
	char cell[FMT_CELL];
	__u64 floor_ns = 0;
	bool alike = true;

	memcpy(p->columns, columns, sizeof(columns));
	doc__section(d, "rows", NULL, "Every figure");
	doc__table(d, p->columns, false, "Medians of the runs, and half their 95%% intervals");
	for (size_t i = 0; i < p->c->rows_n; i++) {
		const struct cmp_row *row = &p->c->rows[i];

		if (strcmp(subject, row->subject) != 0) {
			doc__row(d)->alone = true;
			doc__cell(d, "%s", row->subject);
		}
		subject = row->subject;
		one_row(p, row);
		if (!cmp_row__floor(p->c, row))
			continue;
		alike &= compare__same_floor(p->c, site__by_name(row->subject));
		if (cmp_row__floor(p->c, row) > floor_ns)
			floor_ns = cmp_row__floor(p->c, row);
	}
	if (floor_ns)
		doc__block(
			d, DOC_FACT, "*",
			"below three times what the clock reads on an empty section (%s), which is "
			"part of both sides: %s",
			fmt__ns(cell, floor_ns),
			alike ? "the difference holds, but not the percentage" :
				"not of the same size, so that neither difference nor percentage holds");
	floors(p);
	unmeasured(p);
}

static void losses(struct pair *p, int side)
{
	if (p->c->total[side].tainted)
		doc__block(&p->r.doc, DOC_FACT, "LOSSES",
			   "%s: EVENTS WERE LOST, its counts are lower bounds (see report)",
			   p->c->label[side])
			->tone = TONE_BAD;
}

static void one_side(struct pair *p, int side)
{
	const struct comparison *c = p->c;
	const struct run *r = &c->sum[side];
	struct doc *d = &p->r.doc;
	char words[2][FMT_WORDS], runs[CMP_RUNS], filter[FILTER_WORDS];

	doc__block(d, DOC_FACT, c->label[side], "%s; %s, %s, %s tier, %.0f s;",
		   compare__runs_words(c, side, runs), r->kernel.release, r->kernel.generation,
		   r->tool.tier, c->total[side].seconds);
	doc__add(d, "%s, %s, %s, hypervisor %s", r->kernel.arch,
		 fmt__of(words[0], r->kernel.cpus, "CPU"),
		 fmt__of(words[1], r->kernel.nodes, "node"), r->kernel.hypervisor);
	if (r->bench.file_system)
		doc__add(d, ";bench: %s, mover %s, %s", r->bench.file_system, r->bench.mover,
			 fmt__of(words[0], r->bench.readers, "reader"));
	if (filter__words(&r->filter, filter))
		doc__add(d, ";only %s", filter);
	losses(p, side);
}

static void late(struct pair *p)
{
	struct doc_block *b = doc__block(&p->r.doc, DOC_FACT, "late refs", "%s", "");

	for (int side = 0; side < SIDES; side++) {
		const struct cmp_total *t = &p->c->total[side];
		char words[FMT_WORDS];

		if (p->r.doc.failed)
			return;
		if (t->late)
			b->tone = TONE_BAD;
		doc__add(&p->r.doc, "%s%s: %llu in %s", side ? ";" : "", p->c->label[side],
			 (unsigned long long)t->late, fmt__of(words, t->windows, "window"));
		if (!t->late && cmp_total__doubt(t))
			doc__add(&p->r.doc, ", which proves nothing: %s", cmp_total__doubt(t));
		if (p->c->sum[side].bench.file_system || t->fs_errors)
			doc__add(&p->r.doc, ", %s",
				 fmt__of(words, t->fs_errors, "file system error"));
	}
}

static void unlike(struct pair *p)
{
	if (p->c->forced)
		doc__block(&p->r.doc, DOC_FACT, "UNLIKE", "compared by force: %s", p->c->unlike);
}

/* What a comparison that found nothing could have found: without it, "~" says little. */
static void detectable(struct pair *p)
{
	const char *subject = "";

	doc__add(&p->r.doc, ";would have been found in about 4 of 5 cases, of");
	for (size_t i = 0; i < p->c->rows_n; i++) {
		const struct cmp_row *row = &p->c->rows[i];
		double percent = 100 * row->detectable / row->median[BEFORE].value;

		if (!row->tested || !isfinite(percent))
			continue;
		if (strcmp(subject, row->subject) != 0)
			doc__add(&p->r.doc, "%s%s:", *subject ? ";" : "", row->subject);
		else
			doc__add(&p->r.doc, ",");
		subject = row->subject;
		doc__add(&p->r.doc, "%s %.2g%%", row->metric, percent);
	}
}

/* What the verdict says nothing of. */
static void left(struct pair *p)
{
	const struct comparison *c = p->c;

	if (c->shared)
		doc__block(&p->r.doc, DOC_FACT, "BOOTS",
			   "%zu boot%s on both sides, which is no independent sample", c->shared,
			   c->shared == 1 ? " is" : "s are");
	for (size_t i = 0; i < c->left_n; i++)
		doc__block(&p->r.doc, DOC_FACT, "not tested:", "%s (%s)", c->left[i].subject,
			   c->left[i].why);
}

/* Fewer boots than run files on a side. */
static bool grouped(const struct comparison *c)
{
	return c->n[BEFORE] + c->n[AFTER] < c->files[BEFORE] + c->files[AFTER];
}

static bool significant(const struct comparison *c)
{
	return c->lower + c->higher + c->changed;
}

static void verdict(struct pair *p)
{
	const struct comparison *c = p->c;
	size_t least = compare__least_runs(c);
	struct doc *d = &p->r.doc;

	doc__block(d, DOC_FACT, "verdict", "%s", "")->id = "big";
	if (!c->family)
		doc__add(d,
			 "nothing is tested: none of the sites has what a test needs in every run");
	else if (least < 2)
		doc__add(d, "1 %s, no test: one %s a side can't tell a change from chance",
			 grouped(c) ? "boot" : "run", grouped(c) ? "boot" : "run");
	else if (!compare__can_reject(c))
		doc__add(d, "too few runs to test: %zu a side%s", least,
			 grouped(c) ? ", runs of one boot counted once" : "");
	else if (significant(c))
		doc__add(d, "of %zu tested rows %zu better, %zu worse", c->family, c->lower,
			 c->higher);
	else
		doc__add(d, "~ nothing significant in %zu tested rows", c->family);
	if (c->changed)
		doc__add(d, ", %zu changed, which is neither", c->changed);
	if (compare__can_reject(c) && !significant(c))
		detectable(p);
	for (int side = 0; side < SIDES; side++)
		if (compare__unsafe(c, side))
			doc__add(d, "; %s IS NOT SAFE, whatever its times", c->label[side]);
	left(p);
}

/* Contention has rows beside the sites': are they of the family, or how many runs would that take? */
static void contention(struct pair *p)
{
	const struct comparison *c = p->c;
	const struct cmp_row *row = NULL;

	for (size_t i = 0; i < c->rows_n && !(row && row->tested); i++)
		if (!strcmp(c->rows[i].subject, CMP_CONTENTION))
			row = &c->rows[i];
	if (row && !row->tested && compare__can_reject(c) &&
	    !stats__can_reject(c->n[BEFORE], c->n[AFTER], c->family + COMPARE_CONTENTION_ROWS,
			       c->alpha))
		doc__add(&p->r.doc, "; contention is tested from %zu runs a side on",
			 stats__fewest_runs(c->family + COMPARE_CONTENTION_ROWS, c->alpha));
	else if (row && row->tested)
		doc__add(&p->r.doc, "; contention's among them");
}

static void how_sure(struct pair *p)
{
	const struct comparison *c = p->c;
	char cell[FMT_CELL];

	if (!c->family)
		return;
	doc__block(&p->r.doc, DOC_FACT, compare__can_reject(c) ? "tested" : "to test",
		   "hold p50, p99 and total: %zu rows; Mann-Whitney U, two-sided, Holm over all at "
		   "alpha %g; at least %zu runs a side, or fewer beside more. A run is one value, "
		   "its rounds' median. Other rows are shown, not tested. Intervals are of each "
		   "row alone, not adjusted for the family as p is",
		   c->family, c->alpha, c->fewest_runs);
	contention(p);
	if (isnan(c->geomean))
		return;
	snprintf(cell, sizeof(cell), c->geomean < 9999.5 ? "x%.3f" : ">x9999", c->geomean);
	doc__block(&p->r.doc, DOC_FACT, "geomean",
		   "after / before of those rows of holds that have no *: %s", cell);
}

/* The class of the box: whether the second side may be taken. */
static const char *mood(const struct comparison *c)
{
	if (compare__unsafe(c, AFTER) || (c->higher && !c->lower && !compare__unsafe(c, BEFORE)))
		return "answer bad";
	if (!c->family || !compare__can_reject(c) || c->higher || c->left_n || c->shared ||
	    c->total[BEFORE].tainted || c->total[AFTER].tainted || c->total[BEFORE].hides ||
	    c->total[AFTER].hides || *c->unlike)
		return "answer warn";
	return c->lower || compare__unsafe(c, BEFORE) ? "answer good" : "answer";
}

/* In text these are among what they follow from. */
static void answer(struct pair *p)
{
	struct doc *d = &p->r.doc;
	size_t from = d->n;

	doc__open(d, mood(p->c), "%s", "");
	doc__block(d, DOC_TITLE, NULL, "migtrace: private_lock in page migration, %s against %s",
		   p->c->label[BEFORE], p->c->label[AFTER]);
	verdict(p);
	late(p);
	losses(p, BEFORE);
	losses(p, AFTER);
	unlike(p);
	doc__close(d);
	doc__only(d, from, FOR_PAGE);
}

struct differences {
	const char *label[SIDES];
	size_t n;
	struct svg_row rows[];
};

static void draw_differences(FILE *f, const char *title, const void *data)
{
	const struct differences *v = data;

	svg__differences(f, title, v->label, v->rows, v->n);
}

static double relative(const struct cmp_row *row, double v)
{
	double base = row->median[BEFORE].value;

	return isfinite(v) && isfinite(base) && base > 0 ? v / base : NAN;
}

static void chart_row(const struct comparison *c, const struct cmp_row *from, struct svg_row *to)
{
	snprintf(to->label, sizeof(to->label), "%s %s", from->subject, from->metric);
	snprintf(to->verdict, sizeof(to->verdict), "%s", row_verdict__name(from->verdict));
	to->significant = from->verdict > ROW_SAME;
	to->base = from->median[BEFORE].value;
	to->value_at = relative(from, from->shift.value);
	to->low = relative(from, from->shift.low);
	to->high = relative(from, from->shift.high);
	for (int side = 0; side < SIDES; side++) {
		to->value[side] = from->value[side];
		to->n[side] = from->value[side] ? c->n[side] : 0;
	}
}

static void differences(struct pair *p)
{
	const struct comparison *c = p->c;
	struct differences *v = calloc(1, sizeof(*v) + c->rows_n * sizeof(v->rows[0]));

	if (!v) {
		p->r.doc.failed = true;
		return;
	}
	memcpy(v->label, c->label, sizeof(v->label));
	for (size_t i = 0; i < c->rows_n; i++)
		if (c->rows[i].tested)
			chart_row(c, &c->rows[i], &v->rows[v->n++]);
	if (!v->n) {
		free(v);
		return;
	}
	doc__section(&p->r.doc, "differences", NULL, "Every run, and the differences");
	doc__draw(&p->r.doc, draw_differences, v, "Tested figures: runs of both sides");
	doc__class(&p->r.doc, "wide");
}

static __u64 floor_of(const struct comparison *c, unsigned int site)
{
	__u64 a = c->total[BEFORE].floor_ns[site], b = c->total[AFTER].floor_ns[site];

	return a > b ? a : b;
}

static void site_histograms(struct pair *p, unsigned int i)
{
	const struct comparison *c = p->c;
	const struct run_site *a = &c->sum[BEFORE].site[i], *b = &c->sum[AFTER].site[i];
	const struct svg_series hold[] = { { c->label[BEFORE], &a->hold },
					   { c->label[AFTER], &b->hold } };
	const struct svg_series wait[] = { { c->label[BEFORE], &a->wait },
					   { c->label[AFTER], &b->wait } };
	const char *name = site__name(i);
	struct doc *d = &p->r.doc;

	if (!(a->hold.count | a->wait.count | b->hold.count | b->wait.count))
		return;
	doc__block(d, DOC_HEADING, NULL, "%s", name);
	doc__para(d, FOR_PAGE, "sub", "%s", site__words(i));
	doc__open(d, DOC_PAIR, "%s", "");
	doc__drawn(d, name, " hold", hold, SIDES, floor_of(c, i));
	doc__drawn(d, name, " wait", wait, SIDES, floor_of(c, i));
	doc__close(d);
	doc__grey(d, floor_of(c, i));
	doc__bars(d, p->r.o, name, " hold", hold, SIDES);
	doc__bars(d, p->r.o, name, " wait", wait, SIDES);
}

/* A side's sum is of the runs that can be added up. */
static void apart(struct pair *p, int side)
{
	size_t n = p->c->total[side].apart;

	if (n)
		doc__para(&p->r.doc, FOR_PAGE, "note",
			  "%zu of %s can't be added up with its first, and %s left out.", n,
			  p->c->label[side], n == 1 ? "is" : "are");
}

static void histograms(struct pair *p)
{
	size_t from = p->r.doc.n;

	doc__section(&p->r.doc, "histograms", NULL, "Histograms of both sides");
	doc__para(&p->r.doc, FOR_PAGE, "sub",
		  "Shares of each side's own events, all runs added up. %s is filled and drawn "
		  "solid; %s is an outline and dashed.",
		  p->c->label[BEFORE], p->c->label[AFTER]);
	for (int side = 0; side < SIDES; side++)
		apart(p, side);
	doc__legend(&p->r.doc);
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		site_histograms(p, i);
	doc__only(&p->r.doc, from, FOR_PAGE);
}

/* What the report says of each side's sum. */
static void sides_in_full(struct pair *p)
{
	size_t from = p->r.doc.n;

	doc__section(&p->r.doc, "sides", NULL, "Each side in full");
	for (int side = 0; side < SIDES; side++) {
		p->r.run = &p->c->sum[side];
		doc__block(&p->r.doc, DOC_HEADING, NULL, "%s", p->c->label[side]);
		apart(p, side);
		doc__measured(&p->r);
		doc__clock_facts(&p->r);
	}
	doc__only(&p->r.doc, from, FOR_PAGE);
}

static void reading(struct pair *p)
{
	static const char *const lines[] = {
		"A sample is a boot of the machine, never a single event: a million events of one boot "
		"say little about the next boot. Runs of one boot count as one, their median.",
		"95% interval: of Hodges' and Lehmann's estimate, the median of all differences "
		"between a run of one side and a run of the other, as a share of the first side's "
		"median. +-: half the interval of a median. Each is of its figure alone, not "
		"adjusted for their number.",
		"p: how often chance alone would make a difference at least as large, adjusted for "
		"the number of tested figures. ~: not significant, which does not mean that there "
		"is no difference; it means that it is probably smaller than what would have been "
		"found.",
	};

	doc__section(&p->r.doc, "reading", NULL, "How to read this");
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++)
		doc__para(&p->r.doc, FOR_PAGE, NULL, "%s", lines[i]);
	doc__reading(&p->r);
}

static void build(struct pair *p)
{
	struct doc *d = &p->r.doc;
	size_t from;

	answer(p);
	doc__section(d, "compared", NULL, "What was compared");
	for (int side = 0; side < SIDES; side++)
		one_side(p, side);
	from = d->n;
	late(p);
	unlike(p);
	doc__only(d, from, FOR_TEXT);
	differences(p);
	rows(p);
	from = d->n;
	verdict(p);
	doc__only(d, from, FOR_TEXT);
	how_sure(p);
	histograms(p);
	sides_in_full(p);
	reading(p);
}

int render_compare_text(const struct comparison *c, FILE *f)
{
	const struct render_opts plain = { 0 };
	struct pair p = { .r.o = &plain, .c = c };

	build(&p);
	return doc__put_text(&p.r.doc, false, f);
}

int render_compare_html(const struct comparison *c, FILE *f)
{
	const struct render_opts plain = { 0 };
	struct pair p = { .r.o = &plain, .c = c };

	build(&p);
	return doc__put_page(&p.r.doc, f);
}
