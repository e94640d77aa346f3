// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Statistics of a few runs: ranks, order statistics, and what they can tell.
 * Stage 4 (pure). Samples are some dozens of values at most, so ranks come from counting instead of
 * sorting; only the differences of all pairs need better. NaN has no rank: callers drop
 * such values before.
 */
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "model/stats.h"

/* A probability computed from the other end (1 - 0.95) is off by some units in the last place. */
#define ROUNDING (10 * DBL_EPSILON)

/* Doubles compare like the integers of their bits, once the negative ones are turned round. */
static uint64_t to_key(double v)
{
	uint64_t key;

	memcpy(&key, &v, sizeof(key));
	return key >> 63 ? ~key : key | 1ULL << 63;
}

static double from_key(uint64_t key)
{
	double v;

	key = key >> 63 ? key & ~(1ULL << 63) : ~key;
	memcpy(&v, &key, sizeof(v));
	return v;
}

/*
 * The value with @k others before it in ascending order. Bisects the values' bits because a median
 * has no way to report that there was no memory for a sorted copy.
 */
static double order_statistic(const double *v, size_t n, size_t k)
{
	uint64_t key = 0, bit;
	size_t i, below;

	for (bit = 1ULL << 63; bit; bit >>= 1) {
		for (i = 0, below = 0; i < n; i++)
			below += to_key(v[i]) < (key | bit);
		if (below <= k)
			key |= bit;
	}
	return from_key(key);
}

double stats__median(const double *v, size_t n)
{
	if (!n)
		return NAN;
	if (n % 2)
		return order_statistic(v, n, n / 2);
	return (order_statistic(v, n, n / 2 - 1) + order_statistic(v, n, n / 2)) / 2;
}

double stats__geomean(const double *v, size_t n)
{
	double sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!(v[i] > 0))
			return NAN;
		sum += log(v[i]);
	}
	return n ? exp(sum / (double)n) : NAN;
}

/* Values number @rank from either end, counted from 1; 0: the sample has none far enough out. */
static void set_interval(struct estimate *e, const double *v, size_t n, size_t rank)
{
	e->low = rank ? order_statistic(v, n, rank - 1) : NAN;
	e->high = rank ? order_statistic(v, n, n - rank) : NAN;
}

int stats__median_interval(const double *v, size_t n, double confidence, struct estimate *e)
{
	/* log of a binomial probability: 2^-n itself is 0 from 1075 values on */
	double log_term = -(double)n * M_LN2, below = 0;
	size_t k;

	for (k = 0; k < (n + 1) / 2; k++) {
		below += exp(log_term);
		if (!(2 * below <= 1 - confidence + ROUNDING))
			break;
		log_term += log((double)(n - k) / (double)(k + 1));
	}
	e->value = stats__median(v, n);
	set_interval(e, v, n, k);
	return 0;
}

/* The point of the normal distribution that @tail of it lies above. */
static double normal_above(double tail)
{
	double z = 0, next = 0;

	if (!(tail > 0 && tail < 1))
		return tail == 0 ? INFINITY : tail == 1 ? -INFINITY : NAN;
	if (tail > 0.5)
		return -normal_above(1 - tail);
	/* the tail is convex from 0 on, so that Newton's steps never go too far */
	do {
		z = next;
		next = z + (erfc(z * M_SQRT1_2) / 2 - tail) * sqrt(2 * M_PI) * exp(z * z / 2);
	} while (next > z);
	return z;
}

/*
 * How many ways to take @m of the @n values give each sum of their doubled ranks, 0..n(n+1). The
 * counts are below 2^53 for twice STATS_EXACT values, thus exact. NULL without memory.
 */
static double *count_sums(const unsigned int *doubled_rank, size_t n, size_t m)
{
	size_t width = n * (n + 1) + 1, i, k, sum;
	double *ways = calloc((m + 1) * width, sizeof(*ways));

	if (!ways)
		return NULL;
	ways[0] = 1;
	for (i = 0; i < n; i++)
		for (k = i < m ? i + 1 : m; k; k--)
			for (sum = doubled_rank[i]; sum < width; sum++)
				ways[k * width + sum] +=
					ways[(k - 1) * width + sum - doubled_rank[i]];
	memmove(ways, ways + m * width, width * sizeof(*ways));
	return ways;
}

/* The same of all ways to split values without ties; *@all: how many ways there are. */
static double *untied_sums(size_t na, size_t nb, double *all)
{
	unsigned int doubled[2 * STATS_EXACT];
	size_t i, n = na + nb;
	double *ways;

	for (i = 0; i < n; i++)
		doubled[i] = (unsigned int)(2 * (i + 1));
	ways = count_sums(doubled, n, na);
	*all = 0;
	for (i = 0; ways && i <= n * (n + 1); i++)
		*all += ways[i];
	return ways;
}

/* The sides together, ranked: doubled so that the mean rank of ties stays an integer. */
struct ranking {
	unsigned int doubled[2 * STATS_EXACT]; /* only where the exact test applies */
	double sum_a;			       /* of the doubled ranks of the first side */
	double ties;			       /* sum of t^3 - t over groups of t equal values */
};

static void rank_values(struct ranking *r, const double *a, size_t na, const double *b, size_t nb)
{
	size_t i, j, n = na + nb, below, equal;
	double v, other;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++) {
		v = i < na ? a[i] : b[i - na];
		for (j = 0, below = 0, equal = 0; j < n; j++) {
			other = j < na ? a[j] : b[j - na];
			below += other < v;
			equal += other == v;
		}
		if (n <= 2 * STATS_EXACT)
			r->doubled[i] = (unsigned int)(2 * below + equal + 1);
		if (i < na)
			r->sum_a += (double)(2 * below + equal + 1);
		r->ties += (double)equal * (double)equal - 1;
	}
}

/* Share of all splits whose rank sum is as far from the mean as this one's; negative: no memory. */
static double exact_p(const struct ranking *r, size_t na, size_t nb)
{
	size_t n = na + nb, last = n * (n + 1), sum;
	double mean = (double)na * (double)(n + 1), all = 0, far = 0;
	double *ways = count_sums(r->doubled, n, na);

	if (!ways)
		return -1;
	for (sum = 0; sum <= last; sum++) {
		all += ways[sum];
		if (fabs((double)sum - mean) >= fabs(r->sum_a - mean))
			far += ways[sum];
	}
	free(ways);
	return far / all;
}

static double normal_variance(double na, double nb, double ties)
{
	double n = na + nb;

	return na * nb / 12 * (n + 1 - ties / (n * (n - 1)));
}

static double normal_p(const struct rank_test *t, double na, double nb, double ties)
{
	double variance = normal_variance(na, nb, ties);
	double distance = fabs(t->u - na * nb / 2) - 0.5;

	if (!(variance > 0 && distance > 0))
		return 1;
	return erfc(distance / sqrt(2 * variance));
}

int stats__mann_whitney(const double *a, size_t na, const double *b, size_t nb, struct rank_test *t)
{
	struct ranking r;

	*t = (struct rank_test){ .p = 1, .exact = na <= STATS_EXACT && nb <= STATS_EXACT };
	if (!na || !nb)
		return 0;
	rank_values(&r, a, na, b, nb);
	t->u = (r.sum_a - (double)na * (double)(na + 1)) / 2;
	t->p = t->exact ? exact_p(&r, na, nb) : normal_p(t, (double)na, (double)nb, r.ties);
	return t->p < 0 ? -ENOMEM : 0;
}

/*
 * How many differences from either end the interval begins, from the distribution of u: its
 * quantile as R's qwilcox() has it. 0 where even the outermost differences are too near.
 */
static int exact_rank(size_t na, size_t nb, double alpha, size_t *rank)
{
	double *ways, all, below = 0;
	size_t i;

	ways = untied_sums(na, nb, &all);
	if (!ways)
		return -ENOMEM;
	for (i = 0; i < na * nb; i++) {
		below += ways[na * (na + 1) + 2 * i];
		if (below / all >= alpha / 2 - ROUNDING)
			break;
	}
	if (!i && 2 / all <= alpha + ROUNDING)
		i = 1;
	free(ways);
	*rank = i;
	return 0;
}

/* The same from the normal approximation, with the test's correction for continuity. */
static size_t normal_rank(double na, double nb, double alpha)
{
	double deviation = sqrt(normal_variance(na, nb, 0));
	double rank = ceil(na * nb / 2 - 0.5 - normal_above(alpha / 2) * deviation);

	return rank >= 1 && rank <= na * nb ? (size_t)rank : 0;
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = to_key(*(const double *)a), y = to_key(*(const double *)b);

	return (x > y) - (x < y);
}

/* Rows of a sorted table: what is below @key in the row of one a is so in that of the next. */
static size_t below(const struct stats_sides *d, uint64_t key)
{
	size_t count = 0, j = 0;

	for (size_t i = 0; i < d->na; i++) {
		while (j < d->nb && to_key(d->b[j] - d->a[i]) < key)
			j++;
		count += j;
	}
	return count;
}

double stats__difference(const struct stats_sides *d, size_t k)
{
	uint64_t key = 0;

	for (uint64_t bit = 1ULL << 63; bit; bit >>= 1)
		if (below(d, key | bit) <= k)
			key |= bit;
	return from_key(key);
}

void stats__sort(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), compare_keys);
}

int stats__hodges_lehmann(const double *a, size_t na, const double *b, size_t nb, double confidence,
			  struct estimate *e)
{
	struct stats_sides d = { .na = na, .nb = nb };
	size_t rank = 0, n = na * nb;
	int ret = 0;

	*e = (struct estimate){ .value = NAN, .low = NAN, .high = NAN };
	if (!n)
		return 0;
	d.a = calloc(na + nb, sizeof(*d.a));
	if (!d.a)
		return -ENOMEM;
	d.b = d.a + na;
	memcpy(d.a, a, na * sizeof(*a));
	memcpy(d.b, b, nb * sizeof(*b));
	stats__sort(d.a, na);
	stats__sort(d.b, nb);
	if (na <= STATS_EXACT && nb <= STATS_EXACT)
		ret = exact_rank(na, nb, 1 - confidence, &rank);
	else
		rank = normal_rank((double)na, (double)nb, 1 - confidence);
	if (!ret) {
		e->value = stats__difference(&d, n / 2);
		if (n % 2 == 0)
			e->value = (stats__difference(&d, n / 2 - 1) + e->value) / 2;
		e->low = rank ? stats__difference(&d, rank - 1) : NAN;
		e->high = rank ? stats__difference(&d, n - rank) : NAN;
	}
	free(d.a);
	return ret;
}

int stats__holm(const double *p, size_t n, double *adjusted)
{
	double *single = calloc(n ? n : 1, 2 * sizeof(*single)), *whole = single + n;
	size_t i, j, left;

	if (!single)
		return -ENOMEM;
	/* each against those that are not yet rejected when its turn comes */
	for (i = 0; i < n; i++) {
		for (j = 0, left = 0; j < n; j++)
			left += p[j] >= p[i];
		single[i] = fmin(1, p[i] * (double)left);
	}
	/* and none below one whose turn came earlier */
	for (i = 0; i < n; i++)
		for (j = 0; j < n; j++)
			if (p[j] <= p[i])
				whole[i] = fmax(whole[i], single[j]);
	if (n)
		memcpy(adjusted, whole, n * sizeof(*whole));
	free(single);
	return 0;
}

size_t stats__fewest_runs(size_t family, double alpha)
{
	double splits = 2; /* of 2n values into halves */
	size_t n = 1;

	if (!family)
		return 0;
	if (!(alpha > 0))
		return SIZE_MAX;
	/* rounds like the test's own p times Holm's factor: what is promised here will happen */
	while (2 / splits * (double)family > alpha) {
		splits *= (double)(4 * n + 2) / (double)(n + 1);
		n++;
	}
	return n;
}

bool stats__can_reject(size_t na, size_t nb, size_t family, double alpha)
{
	double splits = 1;

	if (!na || !nb)
		return false;
	for (size_t i = 1; i <= na && isfinite(splits); i++)
		splits *= (double)(nb + i) / (double)i;
	/* the same rounding as above, which is the test's own */
	return 2 / splits * (double)family <= alpha * (1 + ROUNDING);
}

int stats__critical_pairs(size_t na, size_t nb, double alpha, long *most)
{
	double *ways, all, below = 0;
	size_t i;

	*most = -1;
	if (na > STATS_EXACT || nb > STATS_EXACT) {
		double pairs = (double)na * (double)nb;
		double distance =
			normal_above(alpha / 2) * sqrt(normal_variance((double)na, (double)nb, 0));

		if (pairs / 2 - 0.5 - distance >= 0)
			*most = (long)(pairs / 2 - 0.5 - distance);
		return 0;
	}
	ways = untied_sums(na, nb, &all);
	if (!ways)
		return -ENOMEM;
	for (i = 0; i < na * nb; i++) {
		below += ways[na * (na + 1) + 2 * i];
		if (2 * below / all > alpha * (1 + ROUNDING))
			break;
		*most = (long)i;
	}
	free(ways);
	return 0;
}

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
