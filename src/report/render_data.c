// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The comparison for programs: CSV and JSON, in base units. Stage 5 (renderers). */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/compare.h"
#include "model/runfile.h"
#include "report/render.h"

static const char *const units[] = {
	[UNIT_NS] = "ns",
	[UNIT_SHARE] = "ns/s",
	[UNIT_RATE] = "1/s",
	[UNIT_EVENTS] = "",
};

static void csv_number(FILE *f, double v)
{
	if (!isfinite(v))
		fputc(',', f);
	else
		fprintf(f, ",%.17g", v);
}

static void csv_estimate(FILE *f, const struct estimate *e)
{
	csv_number(f, e->value);
	csv_number(f, e->low);
	csv_number(f, e->high);
}

static const struct cmp_left *left_of(const struct comparison *c, const char *subject)
{
	for (size_t i = 0; i < c->left_n; i++)
		if (!strcmp(c->left[i].subject, subject))
			return &c->left[i];
	return NULL;
}

static void csv_end(FILE *f, const struct comparison *c, const struct cmp_left *why,
		    const char *unmeasured)
{
	fprintf(f, ",%zu,%zu,", c->n[BEFORE], c->n[AFTER]);
	csv__text(f, why ? why->why : "");
	fputc(',', f);
	csv__text(f, unmeasured ? unmeasured : "");
	fputc('\n', f);
}

/* A site that was asked for, and that no run has a figure of: a row that says so. */
static void csv_left(FILE *f, const struct comparison *c, const struct cmp_left *v)
{
	for (size_t i = 0; i < c->rows_n; i++)
		if (!strcmp(c->rows[i].subject, v->subject))
			return;
	fprintf(f, "%s,hold,,0,%zu,,,,%zu,,,,,,,,,,,", v->subject, c->files[BEFORE],
		c->files[AFTER]);
	csv_end(f, c, v, NULL);
}

int render_compare_csv(const struct comparison *c, FILE *f)
{
	fputs("subject,metric,unit,tested,before_runs,before,before_low,before_high,after_runs,"
	      "after,after_low,after_high,ratio,difference,difference_low,difference_high,p,p_holm,"
	      "detectable,verdict,before_boots,after_boots,not_tested,"
	      "not_measured\n",
	      f);
	for (size_t i = 0; i < c->rows_n; i++) {
		const struct cmp_row *row = &c->rows[i];
		bool tested = row->verdict != ROW_UNTESTED;

		fprintf(f, "%s,%s,%s,%d,%zu", row->subject, row->metric, units[row->unit],
			row->tested, c->files[BEFORE]);
		csv_estimate(f, &row->median[BEFORE]);
		fprintf(f, ",%zu", c->files[AFTER]);
		csv_estimate(f, &row->median[AFTER]);
		csv_number(f, row->ratio);
		csv_estimate(f, &row->shift);
		csv_number(f, tested ? row->test.p : NAN);
		csv_number(f, tested ? row->p_holm : NAN);
		csv_number(f, row->detectable);
		fprintf(f, ",%s", row_verdict__name(row->verdict));
		csv_end(f, c, row->tested ? NULL : left_of(c, row->subject), row->unmeasured);
	}
	for (size_t i = 0; i < c->left_n; i++)
		csv_left(f, c, &c->left[i]);
	return 0;
}

/* JSON has no NaN: what isn't known is null. */
static json_t *real(double v)
{
	return !isfinite(v) ? json_null() : json_real(v);
}

static json_t *values_json(struct writer *w, const double *v, size_t n)
{
	json_t *array = json_array();

	for (size_t i = 0; i < n; i++)
		put__element(w, array, real(v[i]));
	return array;
}

static json_t *estimate_json(struct writer *w, const char *name, const struct estimate *e)
{
	json_t *o = json_object();

	put__member(w, o, name, real(e->value));
	put__member(w, o, "low", real(e->low));
	put__member(w, o, "high", real(e->high));
	return o;
}

static json_t *row_json(struct writer *w, const struct comparison *c, const struct cmp_row *row)
{
	bool tested = row->verdict != ROW_UNTESTED;
	json_t *o = json_object();

	put__member(w, o, "subject", put__text(row->subject));
	put__member(w, o, "metric", put__text(row->metric));
	put__member(w, o, "unit", put__text(units[row->unit]));
	put__member(w, o, "tested", json_boolean(row->tested));
	for (int side = 0; side < SIDES; side++) {
		json_t *s = estimate_json(w, "median", &row->median[side]);

		put__member(w, s, "values", values_json(w, row->value[side], c->n[side]));
		put__member(w, o, side == BEFORE ? "before" : "after", s);
	}
	put__member(w, o, "ratio", real(row->ratio));
	put__member(w, o, "difference", estimate_json(w, "estimate", &row->shift));
	put__member(w, o, "u", tested ? real(row->test.u) : json_null());
	put__member(w, o, "p", tested ? real(row->test.p) : json_null());
	put__member(w, o, "p_holm", tested ? real(row->p_holm) : json_null());
	put__member(w, o, "exact", tested ? json_boolean(row->test.exact) : json_null());
	put__member(w, o, "detectable", real(row->detectable));
	put__member(w, o, "not_measured",
		    row->unmeasured ? put__text(row->unmeasured) : json_null());
	put__member(w, o, "verdict",
		    tested ? put__text(row_verdict__name(row->verdict)) : json_null());
	return o;
}

static json_t *side_json(struct writer *w, const struct comparison *c, int side)
{
	const struct run *r = &c->sum[side];
	json_t *o = json_object();
	const char *doubt;

	put__member(w, o, "runs", json_integer((json_int_t)c->files[side]));
	put__member(w, o, "boots", json_integer((json_int_t)c->n[side]));
	put__member(w, o, "release", put__text(r->kernel.release));
	put__member(w, o, "version", put__text(r->kernel.version));
	put__member(w, o, "generation", put__text(r->kernel.generation));
	put__member(w, o, "tier", put__text(r->tool.tier));
	put__member(w, o, "duration_ns", put__number(w, r->duration_ns));
	put__member(w, o, "late_references", put__number(w, c->total[side].late));
	put__member(w, o, "windows", put__number(w, c->total[side].windows));
	doubt = c->total[side].late ? NULL : cmp_total__doubt(&c->total[side]);
	put__member(w, o, "none_proves_nothing", doubt ? put__text(doubt) : json_null());
	put__member(w, o, "tainted", json_boolean(c->total[side].tainted));
	return o;
}

int render_compare_json(const struct comparison *c, FILE *f)
{
	json_t *root = json_object(), *rows = json_array(), *left = json_array();
	struct writer w = { 0 };
	char *text;
	int ret = 0;

	put__member(&w, root, "format", json_string("migtrace-comparison"));
	put__member(&w, root, "version", json_integer(1));
	put__member(&w, root, "alpha", json_real(c->alpha));
	put__member(&w, root, "power", json_real(c->power));
	put__member(&w, root, "family", json_integer((json_int_t)c->family));
	put__member(&w, root, "fewest_runs", json_integer((json_int_t)c->fewest_runs));
	put__member(&w, root, "geomean", real(c->geomean));
	put__member(&w, root, "unlike", c->forced ? put__text(c->unlike) : json_null());
	put__member(&w, root, "before", side_json(&w, c, BEFORE));
	put__member(&w, root, "after", side_json(&w, c, AFTER));
	for (size_t i = 0; i < c->rows_n; i++)
		put__element(&w, rows, row_json(&w, c, &c->rows[i]));
	put__member(&w, root, "rows", rows);
	put__member(&w, root, "boots_on_both_sides", json_integer((json_int_t)c->shared));
	put__member(&w, root, "intervals_adjusted", json_false());
	for (size_t i = 0; i < c->left_n; i++) {
		json_t *o = json_object();

		put__member(&w, o, "subject", put__text(c->left[i].subject));
		put__member(&w, o, "reason", put__text(c->left[i].why));
		put__element(&w, left, o);
	}
	put__member(&w, root, "not_tested", left);
	text = w.failed ? NULL :
			  json_dumps(root,
				     JSON_INDENT(1) | JSON_ENSURE_ASCII | JSON_REAL_PRECISION(17));
	if (text) {
		runfile__put_line(text, f);
		fputc('\n', f);
	} else {
		ret = -ENOMEM;
	}
	free(text);
	json_decref(root);
	return ret;
}

/*
 * The run, merged or not, in the run file's own format, so that it can be read again.
 *
 */

int render_json(const struct run *run, const struct render_opts *o, FILE *f)
{
	(void)o;
	return runfile__write(run, f);
}
