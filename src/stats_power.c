// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a comparison could have found, by simulation. Stage 4 (pure).
 *
 * Other comparisons are drawn like the one at hand: both sides' values from all of its residuals, with
 * replacement, times a spread of its own. A shift of the second side is found from that difference on
 * which lies behind all but the critical number of pairs, so that each drawn comparison gives the one
 * shift from which on it is found, and the wanted share is their quantile.
 *
 * The spread's own doubt counts: a handful of values may have come out too close together, and then
 * so does every answer of a formula that takes their spread for the truth (by 10 points of power at
 * 5 values a side). Each comparison is therefore drawn with another spread, N - 2 degrees of freedom
 * over a chi-squared variable of as many, which for normal values is exact.
 */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "stats.h"

#define DRAWS	    2000
#define DRAWS_LEAST 400
#define LISTED	    10000
#define DRAWN_PAIRS 4000000.0 /* in all: hundreds of runs a side cost no more time than 25 */

/* xorshift64* (Vigna, 2016): the same files must give the same page. */
static uint64_t draw_bits(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

/* In (0, 1). */
static double draw_share(uint64_t *state)
{
	return ((double)(draw_bits(state) >> 11) + 0.5) / 9007199254740992.0;
}

static double draw_normal(uint64_t *state)
{
	double radius = sqrt(-2 * log(draw_share(state)));

	return radius * cos(2 * M_PI * draw_share(state));
}

/* Sums of squares of normal ones: the sides are some dozens of values. */
static double draw_chi_squared(uint64_t *state, size_t degrees)
{
	double sum = 0, v;

	for (size_t i = 0; i < degrees / 2; i++)
		sum -= 2 * log(draw_share(state));
	if (degrees % 2) {
		v = draw_normal(state);
		sum += v * v;
	}
	return sum;
}

static void swap(double *a, double *b)
{
	double v = *a;

	*a = *b;
	*b = v;
}

/* The value with @k others before it in ascending order; @v is reordered (Hoare's selection). */
static double select_value(double *v, size_t n, size_t k)
{
	size_t low = 0, high = n;

	for (;;) {
		double pivot = v[low + (high - low) / 2];
		size_t below = low, above = high, i = low;

		while (i < above)
			if (v[i] < pivot)
				swap(&v[below++], &v[i++]);
			else if (pivot < v[i])
				swap(&v[i], &v[--above]);
			else
				i++;
		if (k < below)
			high = below;
		else if (k >= above)
			low = above;
		else
			return pivot;
	}
}

static double mean(const double *v, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += v[i] / (double)n;
	return sum;
}

struct draws {
	double *residual, *value, *found;
	double *pair; /* NULL where they are too many to be listed faster than to be bisected */
	size_t na, nb;
	uint64_t state;
};

/* The shift from which on one comparison like this is found. */
static double draw_threshold(struct draws *d, size_t rank)
{
	size_t n = d->na + d->nb, freedom = n - 2;
	double spread = sqrt((double)n / draw_chi_squared(&d->state, freedom));

	for (size_t i = 0; i < n; i++)
		d->value[i] = spread * d->residual[draw_bits(&d->state) % n];
	if (!d->pair) {
		stats__sort(d->value, d->na);
		stats__sort(d->value + d->na, d->nb);
		return stats__difference(
			&(struct stats_sides){
				.a = d->value + d->na, .b = d->value, .na = d->nb, .nb = d->na },
			rank);
	}
	for (size_t i = 0; i < d->na; i++)
		for (size_t j = 0; j < d->nb; j++)
			d->pair[i * d->nb + j] = d->value[i] - d->value[d->na + j];
	return select_value(d->pair, d->na * d->nb, rank);
}

static void set_residuals(struct draws *d, const double *a, const double *b)
{
	double n = (double)(d->na + d->nb), middle[2] = { mean(a, d->na), mean(b, d->nb) };

	for (size_t i = 0; i < d->na; i++)
		d->residual[i] = a[i] - middle[0];
	for (size_t j = 0; j < d->nb; j++)
		d->residual[d->na + j] = b[j] - middle[1];
	/* tails that so few values don't show; of normal ones 1 point of power too many at 5 a side */
	for (size_t i = 0; i < d->na + d->nb; i++)
		d->residual[i] *= 1 + 3 / (n * n);
}

static double detect(struct draws *d, size_t draws, long most, double power)
{
	/* all pairs but @most in order: the largest ones are not needed */
	size_t rank = d->na * d->nb - 1 - (size_t)most;
	double v;

	for (size_t i = 0; i < draws; i++)
		d->found[i] = draw_threshold(d, rank);
	v = select_value(d->found, draws, (size_t)((double)draws * power));
	return v > 0 ? v : 0;
}

int stats__detectable(const double *a, size_t na, const double *b, size_t nb, double alpha,
		      double power, double *difference)
{
	double most_draws = DRAWN_PAIRS / ((double)na * (double)nb);
	size_t draws = most_draws > DRAWS	? DRAWS :
		       most_draws > DRAWS_LEAST ? (size_t)most_draws :
						  DRAWS_LEAST;
	struct draws d = { .na = na, .nb = nb, .state = 0x9e3779b97f4a7c15ULL };
	bool listed = na * nb <= LISTED;
	long most;
	int ret;

	*difference = NAN;
	if (na < 2 || nb < 2)
		return 0;
	ret = stats__critical_pairs(na, nb, alpha, &most);
	if (ret || most < 0)
		return ret;
	d.residual = calloc(2 * (na + nb) + (listed ? na * nb : 0) + draws, sizeof(double));
	if (!d.residual)
		return -ENOMEM;
	d.value = d.residual + na + nb;
	d.found = d.value + na + nb;
	d.pair = listed ? d.found + draws : NULL;
	set_residuals(&d, a, b);
	*difference = detect(&d, draws, most, power);
	free(d.residual);
	return 0;
}
