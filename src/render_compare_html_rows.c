// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Rows of a comparison: the chart of the tested ones, tables of all.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>

#include "render_compare_html.h"

#define HUGE_VALUE 1e18 /* not in any honest file; a cast beyond 2^64 is undefined */

const char *cmp_row__value(char cell[FMT_CELL], const struct cmp_row *row, double v)
{
	char figure[FMT_CELL - 5];

	if (!isfinite(v) || fabs(v) > HUGE_VALUE) {
		snprintf(cell, FMT_CELL, "-");
		return cell;
	}
	if (v < 0) /* a bound of an interval */
		v = 0;
	if (row->unit == UNIT_NS)
		return fmt__ns(cell, (__u64)(v + 0.5));
	if (row->unit == UNIT_EVENTS) /* a median of two may be half an event */
		return v < 1000 && v != floor(v) ? fmt__rate(cell, v) :
						   fmt__count(cell, (__u64)(v + 0.5));
	fmt__rate(cell, row->unit == UNIT_SHARE ? v / 1e6 : v);
	snprintf(figure, sizeof(figure), "%.*s", (int)sizeof(figure) - 1, cell);
	snprintf(cell, FMT_CELL, "%s%s", figure, row->unit == UNIT_SHARE ? "ms/s" : "/s");
	return cell;
}

double cmp_row__relative(const struct cmp_row *row, double v)
{
	double base = row->median[BEFORE].value;

	return isfinite(v) && isfinite(base) && base > 0 ? v / base : NAN;
}

bool cmp_row__significant(const struct cmp_row *row)
{
	return row->verdict == ROW_LOWER || row->verdict == ROW_HIGHER;
}

const char *cmp_row__words(const struct cmp_row *row)
{
	switch (row->verdict) {
	case ROW_LOWER:
		return "better";
	case ROW_HIGHER:
		return "worse";
	case ROW_SAME:
		return "not significant";
	case ROW_UNTESTED:
		break;
	}
	return row->tested ? "too few runs" : "not tested";
}

static void chart_row(const struct comparison *c, const struct cmp_row *from, struct svg_row *to)
{
	int side;

	snprintf(to->label, sizeof(to->label), "%s %s", from->subject, from->metric);
	snprintf(to->verdict, sizeof(to->verdict), "%s", cmp_row__words(from));
	to->significant = cmp_row__significant(from);
	to->base = from->median[BEFORE].value;
	to->value_at = cmp_row__relative(from, from->shift.value);
	to->low = cmp_row__relative(from, from->shift.low);
	to->high = cmp_row__relative(from, from->shift.high);
	for (side = 0; side < SIDES; side++) {
		to->value[side] = from->value[side];
		to->n[side] = from->value[side] ? c->n[side] : 0;
	}
}

void compare_part__differences(const struct comparison *c, FILE *f)
{
	struct svg_row *rows = calloc(c->rows_n ? c->rows_n : 1, sizeof(*rows));
	size_t i, n = 0;

	for (i = 0; rows && i < c->rows_n; i++)
		if (c->rows[i].tested)
			chart_row(c, &c->rows[i], &rows[n++]);
	if (n) {
		html__element(f, "h2", NULL, "Every run, and the differences");
		fputs("<figure class=\"wide\" tabindex=\"0\" role=\"region\" "
		      "aria-label=\"Chart of the tested figures\">",
		      f);
		svg__differences(f, "Tested figures: runs of both sides and their difference",
				 c->label, rows, n);
		fputs("</figure>\n", f);
	}
	free(rows);
}

static void median(const struct cmp_row *row, int side, FILE *f)
{
	const struct estimate *e = &row->median[side];
	char cell[FMT_CELL], low[FMT_CELL], high[FMT_CELL];

	fputs("<td class=\"n\">", f);
	html__textf(f, "%s", cmp_row__value(cell, row, e->value));
	if (isfinite(e->low) && isfinite(e->high)) {
		fputs("<br/><span class=\"note\">", f);
		html__textf(f, "%s to %s", cmp_row__value(low, row, e->low),
			    cmp_row__value(high, row, e->high));
		fputs("</span>", f);
	}
	fputs("</td>", f);
}

static void names(const struct cmp_row *row, FILE *f)
{
	html__th(f, "%s %s", row->subject, row->metric);
	median(row, BEFORE, f);
	median(row, AFTER, f);
}

/* Without several runs a side there is no shift: the ratio of what there is. */
static void change(const struct cmp_row *row, FILE *f)
{
	double shift = cmp_row__relative(row, row->shift.value);
	char cell[FMT_CELL], low[FMT_CELL], high[FMT_CELL];

	fputs("<td class=\"n\">", f);
	html__text(f, html__change(cell, isfinite(shift) ? shift : row->ratio - 1));
	if (isfinite(shift) && isfinite(row->shift.low) && isfinite(row->shift.high)) {
		fputs("<br/><span class=\"note\">", f);
		html__textf(f, "%s to %s",
			    html__change(low, cmp_row__relative(row, row->shift.low)),
			    html__change(high, cmp_row__relative(row, row->shift.high)));
		fputs("</span>", f);
	}
	fputs("</td>", f);
}

/* Heads with the sides' own names in them. */
struct heads {
	char name[SIDES][48];
	const char *v[8];
};

static const char *const *heads(const struct comparison *c, struct heads *h, bool tested)
{
	const char *const all[] = { "figure",
				    h->name[BEFORE],
				    h->name[AFTER],
				    ">difference",
				    tested ? ">p" : NULL,
				    ">detectable",
				    "verdict",
				    NULL };
	int side;
	size_t i;

	for (side = 0; side < SIDES; side++)
		snprintf(h->name[side], sizeof(h->name[side]), ">%s", c->label[side]);
	for (i = 0; i < sizeof(all) / sizeof(*all); i++)
		h->v[i] = all[i];
	return h->v;
}

static void verdict(const struct comparison *c, const struct cmp_row *row, FILE *f)
{
	static const char *const classes[] = { [ROW_UNTESTED] = "t-warn",
					       [ROW_LOWER] = "t-good",
					       [ROW_HIGHER] = "t-bad",
					       [ROW_SAME] = NULL };

	fputs("<td class=\"nw\">", f);
	html__inline(f, "span", classes[row->verdict], "%s", cmp_row__words(row));
	if (cmp_row__floor(c, row))
		fputs("<br/><span class=\"note\">in the grey</span>", f);
	fputs("</td>", f);
}

void compare_part__tested(const struct comparison *c, FILE *f)
{
	double found;
	const struct cmp_row *row;
	struct heads h;
	char cell[FMT_CELL];
	size_t i;

	if (!c->family)
		return;
	html__table(
		f,
		"Tested figures: medians of the runs, and below each its own 95% interval, not adjusted",
		heads(c, &h, true));
	for (i = 0; i < c->rows_n; i++) {
		row = &c->rows[i];
		if (!row->tested)
			continue;
		html__row(f, NULL);
		names(row, f);
		change(row, f);
		html__num(f, "%s", html__p_value(cell, row->p_holm));
		found = cmp_row__relative(row, row->detectable);
		html__num(f, "%s", isfinite(found) ? html__change(cell, found) + (found > 0) : "-");
		verdict(c, row, f);
		html__row_end(f);
	}
	html__table_end(f);
}

void compare_part__shown(const struct comparison *c, FILE *f)
{
	const struct cmp_row *row;
	struct heads h;
	bool any = false;
	size_t i;

	for (i = 0; i < c->rows_n; i++) {
		row = &c->rows[i];
		if (row->tested ||
		    (!isfinite(row->median[BEFORE].value) && !isfinite(row->median[AFTER].value)))
			continue;
		if (!any) {
			html__element(f, "h2", NULL, "Shown, not tested");
			html__element(
				f, "p", "sub",
				"These are no part of the verdict: how often something "
				"happened, or how long where nobody asked beforehand. Intervals "
				"are of each figure alone, not adjusted for their number.");
			html__table(f, "Figures that are shown and not tested",
				    heads(c, &h, false));
		}
		any = true;
		html__row(f, NULL);
		names(row, f);
		change(row, f);
		html__row_end(f);
	}
	if (any)
		html__table_end(f);
}
