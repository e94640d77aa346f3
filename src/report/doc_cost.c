// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What `migtrace bench --cost` found: what its load got done beside each tier, as shares of what it did
 * alone in the same round, and what that is a page and a lookup. Stage 5 (renderers).
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/stats.h"
#include "report/doc.h"

/* Of a turn; what is compared is a round's turn with the one alone in that round. */
typedef __u64 (*figure)(const struct run_turn *t);

static __u64 moves(const struct run_turn *t)
{
	return t->moves;
}

static __u64 lookups(const struct run_turn *t)
{
	return t->lookups;
}

static const struct run_turn *turn_of(const struct run *run, const char *what, __u32 round)
{
	for (size_t i = 0; i < run->turns_n; i++)
		if (run->turns[i].round == round && !strcmp(run->turns[i].what, what))
			return &run->turns[i];
	return NULL;
}

static double rate(const struct run_turn *t, figure of)
{
	return t && t->duration_ns ? (double)of(t) / ((double)t->duration_ns / 1e9) : 0;
}

/* The median of @what's turns. */
static double usual(const struct run *run, const char *what, figure of)
{
	double *v = calloc(run->turns_n + 1, sizeof(*v)), median;
	size_t n = 0;

	for (size_t i = 0; v && i < run->turns_n; i++)
		if (!strcmp(run->turns[i].what, what))
			v[n++] = rate(&run->turns[i], of);
	median = v ? stats__median(v, n) : NAN;
	free(v);
	return median;
}

/*
 * Over the rounds: how much of the load alone is left (by logarithms, of which the mean is taken), or
 * with @each how many ns more one of them takes, for @workers that do them one after the other.
 */
static struct estimate against_alone(const struct run *run, const char *what, figure of, bool each,
				     __u32 workers)
{
	double *v = calloc(run->turns_n + 1, sizeof(*v));
	struct estimate e = { NAN, NAN, NAN };
	size_t n = 0;

	for (size_t i = 0; v && i < run->turns_n; i++) {
		const struct run_turn *t = &run->turns[i];
		double with = rate(t, of), alone = rate(turn_of(run, TURN_ALONE, t->round), of);

		if (strcmp(t->what, what) != 0 || !(with > 0) || !(alone > 0))
			continue;
		v[n++] = each ? workers * (1e9 / with - 1e9 / alone) : log(with / alone);
	}
	if (v)
		stats__mean_interval(v, n, &e);
	free(v);
	if (!each)
		e = (struct estimate){ exp(e.value), exp(e.low), exp(e.high) };
	return e;
}

static void share_cell(struct doc *d, const struct estimate *e)
{
	if (isnan(e->value))
		doc__cell(d, "-");
	else if (isnan(e->low))
		doc__cell(d, "%.3f", e->value);
	else
		doc__cell(d, "%.3f [%.3f, %.3f]", e->value, e->low, e->high);
}

static void each_cell(struct doc *d, const struct estimate *e)
{
	if (isnan(e->value))
		doc__cell(d, "-");
	else if (isnan(e->low))
		doc__cell(d, "%+.0f", e->value);
	else
		doc__cell(d, "%+.0f [%+.0f, %+.0f]", e->value, e->low, e->high);
}

static void tier_row(struct report *r, const char *what, const char *name, figure of, __u32 workers)
{
	struct estimate e;

	doc__row(&r->doc);
	doc__cell(&r->doc, "%s", name);
	doc__rate(&r->doc, usual(r->run, what, of));
	if (!strcmp(what, TURN_ALONE)) {
		doc__cell(&r->doc, "1");
		doc__cell(&r->doc, "0");
		return;
	}
	e = against_alone(r->run, what, of, false, 1);
	share_cell(&r->doc, &e);
	e = against_alone(r->run, what, of, true, workers);
	each_cell(&r->doc, &e);
}

#define COST_COLUMNS(name, each)                                                                   \
	{                                                                                          \
		{ .head = name, .width = -14 }, { .head = "/s", .width = 9 },                      \
			{ .head = "share [95 %]", .width = 22 }, { .head = each, .width = 28 },    \
		{                                                                                  \
			0                                                                          \
		}                                                                                  \
	}

static void tiers(struct report *r, figure of, __u32 workers)
{
	tier_row(r, TURN_ALONE, "alone", of, workers);
	tier_row(r, TURN_AGAIN, "again (A/A)", of, workers);
	tier_row(r, TURN_LIGHT, "light", of, workers);
	tier_row(r, TURN_FULL, "full", of, workers);
}

typedef __u64 (*span)(const struct run_turn *t);

static __u64 load_ns(const struct run_turn *t)
{
	return t->load_ns;
}

static __u64 attach_ns(const struct run_turn *t)
{
	return t->attach_ns;
}

static __u64 detach_ns(const struct run_turn *t)
{
	return t->detach_ns;
}

static __u64 floor_ns(const struct run_turn *t)
{
	return t->floor_ns;
}

static double usual_span(const struct run *run, const char *what, span of)
{
	double *v = calloc(run->turns_n + 1, sizeof(*v)), median;
	size_t n = 0;

	for (size_t i = 0; v && i < run->turns_n; i++)
		if (!strcmp(run->turns[i].what, what))
			v[n++] = (double)of(&run->turns[i]);
	median = v ? stats__median(v, n) : NAN;
	free(v);
	return isnan(median) ? 0 : median;
}

/* Of the last round: the kernel makes jumps of them behind our back, and has had the most time then. */
static void places(struct report *r, const char *what)
{
	const struct run_turn *last = NULL;

	for (size_t i = 0; i < r->run->turns_n; i++)
		if (!strcmp(r->run->turns[i].what, what) && r->run->turns[i].has_places)
			last = &r->run->turns[i];
	if (last)
		doc__add(&r->doc, "; kprobes: %llu jumps, %llu ftrace calls, %llu exceptions",
			 (unsigned long long)last->jumps, (unsigned long long)last->calls,
			 (unsigned long long)last->exceptions);
	else
		doc__add(&r->doc, "; kprobes: not known, the kernel's list can't be read");
}

static void setup(struct report *r, const char *what)
{
	char load[FMT_CELL], attach[FMT_CELL], detach[FMT_CELL], floor[FMT_CELL];

	doc__block(&r->doc, DOC_FACT, what, "load %s, attach %s, detach %s, floor %s",
		   fmt__ns(load, (__u64)usual_span(r->run, what, load_ns)),
		   fmt__ns(attach, (__u64)usual_span(r->run, what, attach_ns)),
		   fmt__ns(detach, (__u64)usual_span(r->run, what, detach_ns)),
		   fmt__floor(floor, (__u64)usual_span(r->run, what, floor_ns)));
	places(r, what);
}

static __u32 rounds(const struct run *run)
{
	__u32 n = 0;

	for (size_t i = 0; i < run->turns_n; i++)
		n += !strcmp(run->turns[i].what, TURN_ALONE);
	return n;
}

void doc__cost(struct report *r)
{
	static const struct doc_column of_moves[] = COST_COLUMNS("MOVES", "ns more a page [95 %]"),
				       of_lookups[] =
					       COST_COLUMNS("LOOKUPS", "ns more a lookup [95 %]");
	const struct run *run = r->run;
	char words[FMT_WORDS];

	doc__section(&r->doc, "cost", NULL, "What a recording costs here");
	doc__block(&r->doc, DOC_FACT, "turns",
		   "%s of four: the load alone, again, beside each tier",
		   fmt__of(words, rounds(run), "round"));
	setup(r, TURN_LIGHT);
	setup(r, TURN_FULL);
	doc__table(&r->doc, of_moves, false, "Pages moved");
	tiers(r, moves, 1);
	doc__table(&r->doc, of_lookups, false, "Lookups");
	tiers(r, lookups, run->bench.readers ?: 1);
	doc__para(&r->doc, FOR_BOTH, "note",
		  "share: of what the load got done alone in the same round; mean over the rounds, "
		  "with its t interval.");
	doc__para(&r->doc, FOR_BOTH, "note",
		  "The load does nothing but this: a machine that also works pays less. A/A: what "
		  "two alike differ by.");
}
