/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Log-linear histogram: bucket arithmetic, compiled into the BPF programs and into the command.
 * Stage: shared. It knows neither maps nor libbpf, so the unit tests run it natively.
 *
 * Eight buckets an octave with exact integer bounds, 1 ns to 2^40 ns (about 18 minutes), one
 * overflow bucket above. Values below 8 ns have a bucket each. A quantile taken at the middle of a
 * bucket is off by at most half a bucket, 1/16 of the value.
 */
#ifndef MIGTRACE_HIST_H
#define MIGTRACE_HIST_H

#define HIST_SUB_BITS 3 /* 8 buckets an octave */
#define HIST_SUB      (1 << HIST_SUB_BITS)
#define HIST_MAX_LOG2 40
#define HIST_BUCKETS  ((HIST_MAX_LOG2 - HIST_SUB_BITS) * HIST_SUB + HIST_SUB + 1)
#define HIST_OVERFLOW (HIST_BUCKETS - 1)

/* All durations in nanoseconds. min_ns is meaningless while count is 0. */
struct hist {
	__u64 count;
	__u64 sum_ns;
	__u64 min_ns;
	__u64 max_ns;
	__u64 bucket[HIST_BUCKETS];
};

/* floor(log2(v)) for v > 0; branch-free steps, since BPF at -mcpu=v2 has no clz. */
static inline __attribute__((always_inline)) __u32 hist_log2(__u64 v)
{
	__u32 r = 0, s;

	s = (v > 0xffffffffULL) << 5;
	v >>= s;
	r |= s;
	s = (v > 0xffff) << 4;
	v >>= s;
	r |= s;
	s = (v > 0xff) << 3;
	v >>= s;
	r |= s;
	s = (v > 0xf) << 2;
	v >>= s;
	r |= s;
	s = (v > 0x3) << 1;
	v >>= s;
	r |= s;
	return r | (__u32)(v >> 1);
}

/* Index of the bucket that holds @ns: always below HIST_BUCKETS. */
static inline __attribute__((always_inline)) __u32 hist_index(__u64 ns)
{
	__u32 shift;

	if (ns < HIST_SUB)
		return (__u32)ns;
	if (ns >> HIST_MAX_LOG2)
		return HIST_OVERFLOW;
	shift = hist_log2(ns) - HIST_SUB_BITS;
	return (shift << HIST_SUB_BITS) + (__u32)(ns >> shift);
}

/* Lowest value of bucket @idx, in ns; the bucket ends before hist_lower(idx + 1). */
static inline __attribute__((always_inline)) __u64 hist_lower(__u32 idx)
{
	__u32 shift;

	if (idx < HIST_SUB)
		return idx;
	if (idx >= HIST_OVERFLOW)
		return idx == HIST_OVERFLOW ? 1ULL << HIST_MAX_LOG2 : ~0ULL;
	shift = (idx >> HIST_SUB_BITS) - 1;
	return (__u64)(HIST_SUB + (idx & (HIST_SUB - 1))) << shift;
}

/* One value into @h. Not atomic: @h belongs to one CPU or one thread. */
static inline __attribute__((always_inline)) void hist_add(struct hist *h, __u64 ns)
{
	__u32 i = hist_index(ns);

	if (!h->count || ns < h->min_ns)
		h->min_ns = ns;
	if (ns > h->max_ns)
		h->max_ns = ns;
	h->count++;
	h->sum_ns += ns;
	if (i < HIST_BUCKETS) /* always true; said again for the verifier */
		h->bucket[i]++;
}

#endif /* MIGTRACE_HIST_H */
