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

/* Where a number's highest bit is, by the number that has all below it, too, times a De Bruijn sequence. */
static const __u8 hist_highest[64] = {
	0,  47, 1,  56, 48, 27, 2,  60, 57, 49, 41, 37, 28, 16, 3,  61, 54, 58, 35, 52, 50, 42,
	21, 44, 38, 32, 29, 23, 17, 11, 4,  62, 46, 55, 26, 59, 40, 36, 15, 53, 34, 51, 20, 43,
	31, 22, 10, 45, 25, 39, 14, 33, 19, 30, 9,  24, 13, 18, 8,  12, 7,  6,	5,  63,
};

/*
 * floor(log2(v)) for v > 0, since BPF at -mcpu=v2 has no clz. Without a branch: of each the verifier
 * follows both ways, and 32 of them to the end of a program, since the results differ. (With comparisons
 * it went through 5800 instructions of the smallest program that times a hold, and 88000 of the largest.)
 * Nor by shifts of what the others left: x86 has one register for how far, which takes four
 * instructions each.
 */
static inline __attribute__((always_inline)) __u64 hist_log2(__u64 v)
{
	v |= v >> 1;
	v |= v >> 2;
	v |= v >> 4;
	v |= v >> 8;
	v |= v >> 16;
	v |= v >> 32;
	return hist_highest[v * 0x03f79d71b4cb0a89ULL >> 58];
}

/* Index of the bucket that holds @ns: always below HIST_BUCKETS. */
static inline __attribute__((always_inline)) __u64 hist_index(__u64 ns)
{
	__u64 shift;

	if (ns < HIST_SUB)
		return ns;
	if (ns >> HIST_MAX_LOG2)
		return HIST_OVERFLOW;
	shift = hist_log2(ns) - HIST_SUB_BITS;
	return (shift << HIST_SUB_BITS) + (ns >> shift);
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

/*
 * @v, of which the verifier does not know that it is @v: what a branch says of it is not said of the
 * other, so that the ways to a bucket are one again behind it.
 */
static inline __attribute__((always_inline)) __u64 hist_apart(__u64 v)
{
#ifdef __bpf__
	asm volatile("%0 ^= 0" : "+r"(v));
#endif
	return v;
}

/* One value into @h. Not atomic: @h belongs to one CPU or one thread. */
static inline __attribute__((always_inline)) void hist_add(struct hist *h, __u64 ns)
{
	__u64 i = hist_index(hist_apart(ns));

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
