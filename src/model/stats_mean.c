// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The mean of a few paired rounds. Stage 4 (pure). */
#include <math.h>

#include "model/stats.h"

/* Student's t at 0.975 with @df degrees of freedom: a table, and beyond it Cornish and Fisher's. */
static double student(size_t df)
{
	static const double table[] = {
		12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060,
		2.2622,	 2.2281, 2.2010, 2.1788, 2.1604, 2.1448, 2.1314, 2.1199,
	};
	const double z = 1.959964, n = (double)df;

	if (df <= sizeof(table) / sizeof(*table))
		return table[df - 1];
	return z + (pow(z, 3) + z) / (4 * n) +
	       (5 * pow(z, 5) + 16 * pow(z, 3) + 3 * z) / (96 * n * n);
}

void stats__mean_interval(const double *v, size_t n, struct estimate *e)
{
	double sum = 0, squares = 0, half;

	*e = (struct estimate){ NAN, NAN, NAN };
	for (size_t i = 0; i < n; i++)
		sum += v[i];
	if (n)
		e->value = sum / (double)n;
	if (n < 2)
		return;
	for (size_t i = 0; i < n; i++)
		squares += (v[i] - e->value) * (v[i] - e->value);
	half = student(n - 1) * sqrt(squares / (double)(n - 1) / (double)n);
	e->low = e->value - half;
	e->high = e->value + half;
}
