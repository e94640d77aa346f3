// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The comparison as a table to be read in a mail: after the manner of benchstat, 80 columns.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <string.h>

#include "fmt.h"
#include "compare.h"
#include "render.h"

#define LABEL 12

#define HUGE_VALUE 1e18 /* not in any honest file; llround() has no answer beyond 2^63 */

static const char *value_cell(char cell[FMT_CELL], double v, enum row_unit unit)
{
	if (!isfinite(v) || fabs(v) > HUGE_VALUE)
		return strcpy(cell, "-");
	if (unit == UNIT_NS)
		return fmt__ns(cell, (__u64)llround(v));
	if (unit == UNIT_SHARE) { /* of a second */
		fmt__ns(cell, (__u64)llround(v));
		return strcat(cell, "/s");
	}
	if (unit == UNIT_RATE) {
		fmt__rate(cell, v);
		return strcat(cell, "/s");
	}
	return fmt__rate(cell, v);
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

static const char *change_cell(char cell[FMT_CELL], double ratio)
{
	if (isnan(ratio))
		return strcpy(cell, "");
	if (ratio >= 9999.5)
		return strcpy(cell, ">x9999");
	if (ratio >= 10.5)
		snprintf(cell, FMT_CELL, "x%.*f", ratio < 99.5 ? 1 : 0, ratio);
	else
		snprintf(cell, FMT_CELL, "%+.1f%%", 100 * (ratio - 1));
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
	if (row->verdict == ROW_UNTESTED)
		return cell;
	if (row->p_holm < 0.0005)
		return strcpy(cell, "<.001");
	snprintf(cell, FMT_CELL, "%.3f", row->p_holm);
	return cell;
}

static void print_row(FILE *f, const struct comparison *c, const struct cmp_row *row)
{
	char a[FMT_CELL], b[FMT_CELL], sa[FMT_CELL], sb[FMT_CELL], change[FMT_CELL],
		interval[FMT_CELL], p[FMT_CELL], label[FMT_CELL];

	snprintf(label, sizeof(label), "%s%s", row->metric, cmp_row__floor(c, row) ? " *" : "");
	put_line(f, "  %-14s%8s %4s %8s %4s %7s %14s %5s %s", label,
		 value_cell(a, row->median[BEFORE].value, row->unit),
		 spread_cell(sa, &row->median[BEFORE]),
		 value_cell(b, row->median[AFTER].value, row->unit),
		 spread_cell(sb, &row->median[AFTER]), change_cell(change, row->ratio),
		 interval_cell(interval, row), p_cell(p, row), row_verdict__name(row->verdict));
}

static void print_rows(FILE *f, const struct comparison *c)
{
	const char *subject = "";
	char cell[FMT_CELL];
	__u64 floor_ns = 0;
	struct para p;

	put_line(f, "%-16s%8s %4s %8s %4s %7s %14s %5s", "", c->label[BEFORE], "+-",
		 c->label[AFTER], "+-", "change", "95% interval", "p");
	for (size_t i = 0; i < c->rows_n; i++) {
		if (strcmp(subject, c->rows[i].subject) != 0)
			put_line(f, "%s", c->rows[i].subject);
		subject = c->rows[i].subject;
		print_row(f, c, &c->rows[i]);
		if (cmp_row__floor(c, &c->rows[i]) > floor_ns)
			floor_ns = cmp_row__floor(c, &c->rows[i]);
	}
	put_line(f, "%s", "");
	if (!floor_ns)
		return;
	para__begin(&p, f, LABEL, "*");
	para__add(&p,
		  "below three times what the clock reads on an empty section (%s): it is part "
		  "of both sides, so that the difference holds, but not the percentage",
		  fmt__ns(cell, floor_ns));
	para__end(&p);
}

static void print_side(FILE *f, const struct comparison *c, int side)
{
	const struct run *r = &c->sum[side];
	char runs[CMP_RUNS];
	struct para p;

	para__begin(&p, f, LABEL, c->label[side]);
	para__add(&p, "%s; %s, %s, %s tier, %.0f s;", compare__runs_words(c, side, runs),
		  r->kernel.release, r->kernel.generation, r->tool.tier, c->total[side].seconds);
	para__add(&p, "%s, %u CPUs, %u nodes, hypervisor %s", r->kernel.arch, r->kernel.cpus,
		  r->kernel.nodes, r->kernel.hypervisor);
	if (r->bench.file_system)
		para__add(&p, ";bench: %s, mover %s, %u reader%s", r->bench.file_system,
			  r->bench.mover, r->bench.readers, r->bench.readers == 1 ? "" : "s");
	para__end(&p);
	if (!c->total[side].tainted)
		return;
	para__begin(&p, f, LABEL, "LOSSES");
	para__add(&p, "%s: EVENTS WERE LOST, its counts are lower bounds (see report)",
		  c->label[side]);
	para__end(&p);
}

static void print_late(FILE *f, const struct comparison *c)
{
	struct para p;

	para__begin(&p, f, LABEL, "late refs");
	for (int side = 0; side < SIDES; side++) {
		const struct cmp_total *t = &c->total[side];

		para__add(&p, "%s%s: %llu in %llu windows", side ? ";" : "", c->label[side],
			  (unsigned long long)t->late, (unsigned long long)t->windows);
		if (c->sum[side].bench.file_system)
			para__add(&p, ", %llu file system errors",
				  (unsigned long long)t->fs_errors);
	}
	para__end(&p);
}

/* What a comparison that found nothing could have found: without it, "~" says little. */
static void print_detectable(struct para *p, const struct comparison *c)
{
	const char *subject = "";
	char cell[FMT_CELL];

	para__add(p, ";would have been found in about 4 of 5 cases, of");
	for (size_t i = 0; i < c->rows_n; i++) {
		const struct cmp_row *row = &c->rows[i];
		double percent = 100 * row->detectable / row->median[BEFORE].value;

		if (!row->tested || !isfinite(percent))
			continue;
		if (strcmp(subject, row->subject) != 0)
			para__add(p, "%s%s:", *subject ? ";" : "", row->subject);
		else
			para__add(p, ",");
		subject = row->subject;
		snprintf(cell, sizeof(cell), "%.2g%%", percent);
		para__add(p, "%s %s", row->metric, cell);
	}
}

/* What the verdict says nothing of. */
static void print_left(FILE *f, const struct comparison *c)
{
	struct para p;

	if (c->shared) {
		para__begin(&p, f, LABEL, "BOOTS");
		para__add(&p, "%zu boot%s on both sides, which is no independent sample", c->shared,
			  c->shared == 1 ? " is" : "s are");
		para__end(&p);
	}
	for (size_t i = 0; i < c->left_n; i++) {
		para__begin(&p, f, LABEL, i ? "" : "not tested:");
		para__add(&p, "%s (%s)", c->left[i].subject, c->left[i].why);
		para__end(&p);
	}
}

static void print_verdict(FILE *f, const struct comparison *c)
{
	size_t least = compare__least_runs(c);
	struct para p;

	para__begin(&p, f, LABEL, "verdict");
	if (!c->family)
		para__add(&p, "no site was measured in every run: nothing is tested");
	else if (least < 2)
		para__add(&p, "1 %s, no test: one %s a side can't tell a change from chance",
			  c->n[BEFORE] + c->n[AFTER] < c->files[BEFORE] + c->files[AFTER] ? "boot" :
											    "run",
			  c->n[BEFORE] + c->n[AFTER] < c->files[BEFORE] + c->files[AFTER] ? "boot" :
											    "run");
	else if (!compare__can_reject(c))
		para__add(&p, "too few runs to test: %zu a side%s", least,
			  c->n[BEFORE] + c->n[AFTER] < c->files[BEFORE] + c->files[AFTER] ?
				  ", runs of one boot counted once" :
				  "");
	else if (c->lower + c->higher)
		para__add(&p, "of %zu tested rows %zu better, %zu worse", c->family, c->lower,
			  c->higher);
	else
		para__add(&p, "~ nothing significant in %zu tested rows", c->family);
	if (compare__can_reject(c) && !(c->lower + c->higher))
		print_detectable(&p, c);
	for (int side = 0; side < SIDES; side++)
		if (compare__unsafe(c, side))
			para__add(&p, "; %s IS NOT SAFE, whatever its times", c->label[side]);
	para__end(&p);
	print_left(f, c);
	if (!c->family)
		return;
	para__begin(&p, f, LABEL, "tested");
	para__add(&p,
		  "hold p50, p99 and total: %zu rows; Mann-Whitney U, two-sided, Holm over all "
		  "at alpha %g; at least %zu runs a side. A run is one value, its rounds' "
		  "median. Other rows are shown, not tested. Intervals are of each row alone, not "
		  "adjusted for the family as p is",
		  c->family, c->alpha, c->fewest_runs);
	para__end(&p);
	if (isnan(c->geomean))
		return;
	para__begin(&p, f, LABEL, "geomean");
	if (c->geomean >= 9999.5)
		para__add(&p, "after / before of the tested rows: >x9999");
	else
		para__add(&p, "after / before of the tested rows: x%.3f", c->geomean);
	para__end(&p);
}

int render_compare_text(const struct comparison *c, FILE *f)
{
	struct para p;

	for (int side = 0; side < SIDES; side++)
		print_side(f, c, side);
	print_late(f, c);
	if (c->forced) {
		para__begin(&p, f, LABEL, "UNLIKE");
		para__add(&p, "compared by force: %s", c->unlike);
		para__end(&p);
	}
	put_line(f, "%s", "");
	print_rows(f, c);
	print_verdict(f, c);
	return 0;
}
