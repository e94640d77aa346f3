// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The probe table for tests/variants.py, which reads no C. "variants": a line "PROBE VARIANT ROW TIER
 * FUNCTION" for each row of each probe, since two rows of one can have the same name.
 * "variants SHEET light|full PROBE=VARIANT...": "PROBE ROW" for what is chosen, "-" for none.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/probes.h"

static void print_table(void)
{
	for (size_t i = 0; i < probes_n; i++)
		for (size_t v = 0; v < PROBE_VARIANTS && probes[i].variants[v].name; v++)
			printf("%s %s %zu %s %s\n", probes[i].name, probes[i].variants[v].name, v,
			       probes[i].flags & PROBE_LIGHT ? "light" : "full",
			       probes[i].variants[v].uses[0].funcs[0]);
}

static int print_chosen(const char *sheet, bool light, const char *const *forced)
{
	struct choice *chosen = calloc(probes_n, sizeof(*chosen));
	struct facts f;
	int err = chosen ? facts__load(&f, sheet) : -1;

	if (err) {
		fprintf(stderr, "%s: %s\n", sheet, strerror(-err));
		free(chosen);
		return 1;
	}
	probes__select(&f, light, forced, chosen);
	for (size_t i = 0; i < probes_n; i++) {
		const struct variant *v = chosen[i].variant;

		if (v && (!light || probes[i].flags & PROBE_LIGHT))
			printf("%s %td\n", probes[i].name, v - probes[i].variants);
		else
			printf("%s - %s\n", probes[i].name, chosen[i].reason);
	}
	facts__free(&f);
	free(chosen);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 2)
		return print_chosen(argv[1], !strcmp(argv[2], "light"), (const char **)argv + 3);
	print_table();
	return 0;
}
