// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The statistics of compare, asked by another implementation (tests/stats_check.py): a line
 * "ALPHA POWER NA NB value..." in, a line "u p difference low high detectable" out.
 */
#include <stdio.h>
#include <stdlib.h>

#include "model/stats.h"

#define MOST 64

static int ask(double alpha, double power, const double *a, size_t na, const double *b, size_t nb)
{
	struct rank_test t;
	struct estimate e;
	double d;

	if (stats__mann_whitney(a, na, b, nb, &t) ||
	    stats__hodges_lehmann(a, na, b, nb, 0.95, &e) ||
	    stats__detectable(a, na, b, nb, alpha, power, &d))
		return 1;
	printf("%.17g %.17g %.17g %.17g %.17g %.17g\n", t.u, t.p, e.value, e.low, e.high, d);
	return 0;
}

int main(void)
{
	double alpha, power, a[MOST], b[MOST];
	size_t na, nb;

	while (scanf("%lf %lf %zu %zu", &alpha, &power, &na, &nb) == 4) {
		if (na > MOST || nb > MOST)
			return 1;
		for (size_t i = 0; i < na + nb; i++)
			if (scanf("%lf", i < na ? &a[i] : &b[i - na]) != 1)
				return 1;
		if (ask(alpha, power, a, na, b, nb))
			return 1;
	}
	return 0;
}
