// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The answer at the top of a comparison: which side is better, by how much, how sure that is. All
 * tested figures are better when lower.
 * Stage 5 (renderers).
 */
#include <math.h>
#include <string.h>

#include "render_compare_html.h"

/* "95", "99.5" */
static const char *percent(char cell[FMT_CELL], double share)
{
	int tenths = isfinite(share) && fabs(share) <= 1 ? (int)lround(share * 1000) : 0;

	snprintf(cell, FMT_CELL, tenths % 10 ? "%d.%d" : "%d", tenths / 10, tenths % 10);
	return cell;
}

/* The class of the box: whether the second side may be taken. */
static const char *mood(const struct comparison *c)
{
	if (compare__unsafe(c, AFTER) || (c->higher && !c->lower && !compare__unsafe(c, BEFORE)))
		return "bad";
	if (!c->family || !compare__can_reject(c) || c->higher || c->left_n || c->shared ||
	    c->total[BEFORE].tainted || c->total[AFTER].tainted || *c->unlike)
		return "warn";
	return c->lower || compare__unsafe(c, BEFORE) ? "good" : "neutral";
}

static void safety(const struct comparison *c, FILE *f)
{
	if (compare__unsafe(c, BEFORE) && compare__unsafe(c, AFTER))
		html__text(f, "Neither is safe. ");
	else if (compare__unsafe(c, BEFORE) || compare__unsafe(c, AFTER))
		html__textf(f, "%s is safe, as far as was seen, and %s is not. ",
			    c->label[compare__unsafe(c, AFTER) ? BEFORE : AFTER],
			    c->label[compare__unsafe(c, AFTER) ? AFTER : BEFORE]);
}

/* "after is better than before: ": unless one is unsafe, which is worse whatever it takes. */
static void verdict(const struct comparison *c, FILE *f)
{
	const char *before = c->label[BEFORE], *after = c->label[AFTER];

	if (compare__unsafe(c, BEFORE) == compare__unsafe(c, AFTER))
		html__textf(f, "%s is %s than %s: it", after, c->lower ? "better" : "worse",
			    before);
	else if (compare__unsafe(c, BEFORE) && c->lower)
		html__textf(f, "%s is better: it", after);
	else
		html__text(f, after);
	html__textf(
		f,
		" holds the lock for %s, significantly so in %zu of %zu tested figures, and for "
		"%s in none.",
		c->lower ? "shorter" : "longer", c->lower + c->higher, c->family,
		c->lower ? "longer" : "shorter");
}

static void headline(const struct comparison *c, FILE *f)
{
	const char *before = c->label[BEFORE], *after = c->label[AFTER];

	fputs("<p class=\"big\">", f);
	safety(c, f);
	if (!c->family)
		html__text(f, "Nothing could be tested: no hold was timed on both sides.");
	else if (!compare__can_reject(c))
		html__textf(
			f,
			"Too few runs to say which is better: %zu of %s and %zu of %s. At least "
			"%zu of each are needed.",
			c->n[BEFORE], before, c->n[AFTER], after, c->fewest_runs);
	else if (c->lower && c->higher)
		html__textf(f,
			    "Mixed: of %zu tested figures %s is lower (better) in %zu and higher "
			    "(worse) in %zu.",
			    c->family, after, c->lower, c->higher);
	else if (c->lower || c->higher)
		verdict(c, f);
	else
		html__textf(f,
			    "No significant difference between %s and %s in any of the %zu tested "
			    "figures.",
			    before, after, c->family);
	fputs("</p>\n", f);
}

static void over_all(const struct comparison *c, FILE *f)
{
	long hundredths;

	if (!isfinite(c->geomean) || c->geomean <= 0 || c->geomean > 1e6)
		return;
	hundredths = lround(c->geomean * 100);
	html__element(f, "p", NULL,
		      "Over all tested figures the medians of %s are %ld.%02ld times those of %s "
		      "(geometric mean)%s.",
		      c->label[AFTER], hundredths / 100, hundredths % 100, c->label[BEFORE],
		      !c->lower && !c->higher ? ", which may be chance" : "");
}

static void by_how_much(const struct comparison *c, const struct cmp_row *row, FILE *f)
{
	double shift = cmp_row__relative(row, row->shift.value);
	double low = cmp_row__relative(row, row->shift.low);
	double high = cmp_row__relative(row, row->shift.high);
	char cell[FMT_CELL], before[FMT_CELL], after[FMT_CELL];

	fputs("<li>", f);
	html__inline(f, "strong", NULL, "%s %s: %s", row->subject, row->metric,
		     html__change(cell, isfinite(shift) ? shift : row->ratio - 1));
	html__textf(f, ", from %s to %s", cmp_row__value(before, row, row->median[BEFORE].value),
		    cmp_row__value(after, row, row->median[AFTER].value));
	if (isfinite(low) && isfinite(high))
		html__textf(f, " (%d%% confidence, not adjusted: %s to %s)",
			    COMPARE_CONFIDENCE_PERCENT, html__change(before, low),
			    html__change(after, high));
	html__textf(f, ", p %s", html__p_value(cell, row->p_holm));
	if (cmp_row__floor(c, row))
		html__textf(f,
			    "; below %s the clock's own time counts: the difference holds, but not "
			    "the percentage",
			    fmt__at_most(cell, cmp_row__floor(c, row)) + 2);
	fputs("</li>\n", f);
}

static void significant(const struct comparison *c, FILE *f)
{
	size_t i;

	if (!c->lower && !c->higher)
		return;
	fputs("<ul>\n", f);
	for (i = 0; i < c->rows_n; i++)
		if (cmp_row__significant(&c->rows[i]))
			by_how_much(c, &c->rows[i], f);
	fputs("</ul>\n", f);
}

/* What "no difference" is worth: the smallest one that would have been seen. */
static void detectable(const struct comparison *c, FILE *f)
{
	double v, least = INFINITY, most = 0;
	char from[FMT_CELL], to[FMT_CELL], power[FMT_CELL];
	bool several;
	size_t i;

	for (i = 0; i < c->rows_n; i++) {
		v = cmp_row__relative(&c->rows[i], c->rows[i].detectable);
		if (!c->rows[i].tested || cmp_row__significant(&c->rows[i]) || !isfinite(v))
			continue;
		least = v < least ? v : least;
		most = v > most ? v : most;
	}
	if (!isfinite(least) || !compare__can_reject(c))
		return;
	html__change(from, least);
	html__change(to, most);
	several = strcmp(from, to);
	/* without the plus sign */
	html__element(f, "p", NULL,
		      "Where no difference is significant, one of %s%s%s would have been found in "
		      "about %s of 100 such comparisons.",
		      from + (*from == '+'), several ? " to " : "",
		      several ? to + (*to == '+') : "", percent(power, c->power));
}

static void how_sure(const struct comparison *c, FILE *f)
{
	char cell[FMT_CELL], before[CMP_RUNS], after[CMP_RUNS];

	if (!c->family)
		return;
	html__element(f, "p", NULL,
		      "How sure: %s of %s and %s of %s%s. If nothing differed, "
		      "one of the %zu figures or more would still be called different in %s of 100 "
		      "comparisons at most (Mann and Whitney's test; p values are adjusted for the "
		      "number of figures, after Holm).",
		      compare__runs_words(c, BEFORE, before), c->label[BEFORE],
		      compare__runs_words(c, AFTER, after), c->label[AFTER],
		      c->n[BEFORE] == c->files[BEFORE] && c->n[AFTER] == c->files[AFTER] ?
			      ", a boot each" :
			      "",
		      c->family, percent(cell, c->alpha));
}

static void side_faults(const struct comparison *c, int side, FILE *f)
{
	const struct cmp_total *t = &c->total[side];
	char windows[FMT_CELL];

	if (t->late)
		html__textf(f, "On %s, %llu late reference%s found in %s watched moves. ",
			    c->label[side], (unsigned long long)t->late,
			    t->late == 1 ? " was" : "s were", figure__many(windows, t->windows));
	if (t->fs_errors)
		html__textf(f, "On %s, the file system had %llu error%s. ", c->label[side],
			    (unsigned long long)t->fs_errors, t->fs_errors == 1 ? "" : "s");
}

static void faults(const struct comparison *c, FILE *f)
{
	int safe = compare__unsafe(c, BEFORE) ? AFTER : BEFORE;

	if (!compare__unsafe(c, BEFORE) && !compare__unsafe(c, AFTER))
		return;
	fputs("<p class=\"t-bad\">", f);
	side_faults(c, BEFORE, f);
	side_faults(c, AFTER, f);
	html__text(f, "Buffers are referenced while their page moves, and data can be lost: "
		      "shorter times are bought with that.");
	fputs("</p>\n", f);
	if (!compare__unsafe(c, safe)) {
		fputs("<p>", f);
		html__textf(f, "On %s: ", c->label[safe]);
		html_late(f, &c->sum[safe]);
		fputs("</p>\n", f);
	}
}

static void warnings(const struct comparison *c, FILE *f)
{
	int side;

	for (side = 0; side < SIDES; side++)
		if (c->total[side].tainted)
			html__element(
				f, "p", "t-bad",
				"Tainted: in runs of %s events were lost; its counts are lower "
				"bounds.",
				c->label[side]);
	if (c->shared)
		html__element(f, "p", "t-bad",
			      "%zu boot%s on both sides, which is no independent sample.",
			      c->shared, c->shared == 1 ? " is" : "s are");
	for (size_t i = 0; i < c->left_n; i++)
		html__element(f, "p", "t-warn", "not tested: %s (%s)", c->left[i].subject,
			      c->left[i].why);
	if (*c->unlike)
		html__element(f, "p", "t-bad", "%s: the sides are unlike in %s.",
			      c->forced ? "Compared all the same" : "Careful", c->unlike);
}

void compare_part__answer(const struct comparison *c, FILE *f)
{
	fprintf(f, "<div class=\"answer %s\">\n", mood(c));
	headline(c, f);
	faults(c, f);
	warnings(c, f);
	over_all(c, f);
	significant(c, f);
	detectable(c, f);
	how_sure(c, f);
	fputs("</div>\n", f);
}
