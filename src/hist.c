// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Histograms as wholes: merging, quantiles, reduction to linear buckets.
 * Stage 4 (model). Bucket arithmetic itself is in bpf/hist.h.
 */
#include <string.h>

#include "run.h"

#define EVENTS_MAX ((1ULL << 63) - 1)

/* Sums of what a kernel counted never get near 2^64; those of a forged file must not wrap. */
static void add(__u64 *to, __u64 value)
{
	if (__builtin_add_overflow(*to, value, to))
		*to = ~0ULL;
}

/*
 * A histogram never holds more events than a run file can say, nor do its buckets together: what
 * adds them up need not expect to wrap. Only forged files come near it: @src is left out then.
 */
void hist__merge(struct hist *dst, const struct hist *src)
{
	unsigned int i;

	if (!src->count || src->count > EVENTS_MAX || dst->count > EVENTS_MAX - src->count)
		return;
	if (!dst->count || src->min_ns < dst->min_ns)
		dst->min_ns = src->min_ns;
	if (!dst->count || src->max_ns > dst->max_ns)
		dst->max_ns = src->max_ns;
	add(&dst->count, src->count);
	add(&dst->sum_ns, src->sum_ns);
	for (i = 0; i < HIST_BUCKETS; i++)
		add(&dst->bucket[i], src->bucket[i]);
}

/* ceil(q * count) in 1..count; 0.07 * 100 must be rank 7 although it computes to a little more. */
static __u64 rank_of(double q, __u64 count)
{
	long double exact = (long double)q * count * (1 - 1e-15L);
	__u64 rank;

	if (!(exact > 0))
		return 1;
	if (exact >= count)
		return count;
	rank = (__u64)exact;
	return rank < exact ? rank + 1 : rank;
}

static __u64 clamp_to(const struct hist *h, __u64 ns)
{
	if (ns < h->min_ns)
		return h->min_ns;
	return ns > h->max_ns ? h->max_ns : ns;
}

__u64 hist__quantile(const struct hist *h, double q)
{
	__u64 rank, seen = 0, lower;
	unsigned int i;

	if (!h->count)
		return 0;
	rank = rank_of(q, h->count);
	for (i = 0; i < HIST_OVERFLOW; i++) {
		seen += h->bucket[i];
		if (seen >= rank) {
			lower = hist_lower(i);
			return clamp_to(h, lower + (hist_lower(i + 1) - lower) / 2);
		}
	}
	return h->max_ns;
}

double hist__interpolated(const struct hist *h, double q)
{
	double rank = q * (double)h->count, low, high;
	__u64 seen = 0;

	for (unsigned int i = 0; i < HIST_OVERFLOW; i++) {
		if (!h->bucket[i] || (double)(seen + h->bucket[i]) < rank) {
			seen += h->bucket[i];
			continue;
		}
		low = clamp_to(h, hist_lower(i));
		high = clamp_to(h, hist_lower(i + 1));
		return low + (high - low) * (rank - (double)seen) / (double)h->bucket[i];
	}
	return h->max_ns;
}

__u64 hist__linear(const struct hist *h, __u64 width_ns, unsigned int n, __u64 *count)
{
	__u64 lower, upper, moved = 0, first, last, at;
	unsigned int i;

	memset(count, 0, (n + 1) * sizeof(*count));
	for (i = 0; i < HIST_BUCKETS; i++) {
		if (!h->bucket[i])
			continue;
		/* min and max are exact, so they narrow the outermost buckets */
		lower = clamp_to(h, hist_lower(i));
		upper = clamp_to(h, i == HIST_OVERFLOW ? h->max_ns : hist_lower(i + 1) - 1);
		first = lower / width_ns;
		last = upper / width_ns;
		at = first == last ? first : (lower + (upper - lower) / 2) / width_ns;
		if (first != last && first < n)
			moved += h->bucket[i];
		count[at < n ? at : n] += h->bucket[i];
	}
	return moved;
}
