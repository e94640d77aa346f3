/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The choice of variants on a fact sheet, for the targets that link what it takes. */
#ifndef FUZZ_CHOOSE_H
#define FUZZ_CHOOSE_H

#include "fuzz.h"
#include "trace/probes.h"

#define POINTS_MAX 256

/* Every probe of @f gets a variant, with its places, or a reason. @forced: "PROBE=VARIANT", or NULL. */
static void choose(const struct facts *f, bool light, const char *forced)
{
	const char *const list[] = { forced, NULL };
	struct choice choices[probes_n];
	struct attach_point points[POINTS_MAX];

	probes__select(f, light, list, choices);
	for (size_t i = 0; i < probes_n; i++) {
		fuzz__claim(choices[i].variant || *choices[i].reason, "no probe without a reason",
			    choices[i].probe->name);
		if (choices[i].variant)
			probes__points(f, choices[i].variant, points, POINTS_MAX);
	}
}

#endif /* FUZZ_CHOOSE_H */
