// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Histograms as wholes: merging, quantiles, reduction to linear buckets.
 * Stage 4 (model). Bucket arithmetic itself is in bpf/hist.h.
 */
#include <string.h>

#include "model/run.h"
#include "model/runfile.h"

#define EVENTS_MAX ((1ULL << 63) - 1)

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
	dst->count += src->count;
	dst->sum_ns = add_up(dst->sum_ns, src->sum_ns);
	for (i = 0; i < HIST_BUCKETS; i++)
		dst->bucket[i] = add_up(dst->bucket[i], src->bucket[i]);
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

/*
 * A histogram out of a run file, believed only when it is one this program could have written.
 *
 */

/* [lower, upper, count] into *@index and *@count. */
static int read_bucket(const json_t *bucket, const struct at *at, unsigned int *index, __u64 *count)
{
	json_int_t v[3];
	json_t *number;
	__u64 end;
	size_t i;

	if (!json_is_array(bucket) || json_array_size(bucket) != 3)
		return at__fail(at, "[lower, upper, count] expected");
	json_array_foreach (bucket, i, number) {
		if (!json_is_integer(number))
			return at__fail(at, "three whole numbers expected");
		v[i] = json_integer_value(number);
		if (v[i] < 0)
			return at__fail(at, "negative (%lld)", (long long)v[i]);
	}
	*index = hist_index((__u64)v[0]);
	end = *index == HIST_OVERFLOW ? RUNFILE_NO_END : hist_lower(*index + 1);
	if ((__u64)v[0] != hist_lower(*index) || (__u64)v[1] != end)
		return at__fail(at, "%lld to %lld is no bucket of this format", (long long)v[0],
				(long long)v[1]);
	*count = (__u64)v[2];
	return 0;
}

/* Min and max in the outermost buckets or beyond them would make every quantile a guess. */
static int check_extremes(const struct hist *h, unsigned int first, unsigned int last,
			  const struct at *at)
{
	if (h->min_ns > h->max_ns)
		return at__fail(at, "min_ns is above max_ns");
	if (h->min_ns >= hist_lower(first + 1))
		return at__fail(at, "min_ns is above the lowest bucket");
	if (h->max_ns < hist_lower(last))
		return at__fail(at, "max_ns is below the highest bucket");
	return 0;
}

static int read_buckets(const json_t *buckets, const struct at *at, struct hist *h)
{
	const struct at here = { .up = at, .key = "buckets" };
	unsigned int index = 0, first = 0, last = 0;
	__u64 sum = 0, count = 0;
	json_t *bucket;
	size_t i;
	int ret;

	json_array_foreach (buckets, i, bucket) {
		ret = read_bucket(bucket, AT_INDEX(&here, i), &index, &count);
		if (ret)
			return ret;
		if (i && index == last)
			return at__fail(AT_INDEX(&here, i), "the same bucket twice");
		if (i && index < last)
			return at__fail(AT_INDEX(&here, i), "overlaps or precedes the one before");
		if (__builtin_add_overflow(sum, count, &sum))
			return at__fail(&here, "add up to more than 2^64");
		first = i ? first : index;
		last = index;
		if (count) /* memory that is not written to is not taken */
			h->bucket[index] = count;
	}
	if (sum != h->count)
		return at__fail(&here, "add up to %llu, but count says %llu",
				(unsigned long long)sum, (unsigned long long)h->count);
	return sum ? check_extremes(h, first, last, at) : 0;
}

int get__hist(const json_t *v, const struct at *at, struct hist *out)
{
	const struct {
		const char *key;
		__u64 *out;
	} counts[] = {
		{ "count", &out->count },
		{ "sum_ns", &out->sum_ns },
		{ "min_ns", &out->min_ns },
		{ "max_ns", &out->max_ns },
	};
	json_t *buckets = json_object_get(v, "buckets");
	int ret = get__typed(v, JSON_OBJECT, "an object", at);

	if (out->count) /* a device that has two names, 8:1 and 08:1 */
		memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts) && !ret; i++)
		ret = get__count(json_object_get(v, counts[i].key), AT_KEY(at, counts[i].key),
				 counts[i].out);
	if (!ret)
		ret = get__typed(buckets, JSON_ARRAY, "a list", AT_KEY(at, "buckets"));
	return ret ? ret : read_buckets(buckets, at, out);
}
