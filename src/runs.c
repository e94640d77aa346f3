// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Several run files at once, as the commands that read them need them. Stage 4 (model). */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "run.h"

static bool same_recording(const struct run *a, const struct run *b)
{
	return a->duration_ns == b->duration_ns && !strcmp(a->start, b->start) &&
	       !strcmp(a->kernel.boot_id, b->kernel.boot_id) && *a->start && *a->kernel.boot_id;
}

static bool any_twice(const struct run *runs, char *const *paths, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			if (!same_recording(&runs[j], &runs[i]))
				continue;
			log_error("'%s' and '%s' are the same recording", paths[j], paths[i]);
			return true;
		}
	return false;
}

struct run *runs__load(char *const *paths, size_t n)
{
	struct run *runs = calloc(n, sizeof(*runs));
	char err[512];

	if (!runs) {
		log_error("out of memory");
		return NULL;
	}
	for (size_t i = 0; i < n; i++)
		if (run__load(&runs[i], paths[i], err, sizeof(err))) {
			log_error("%s", err);
			runs__free(runs, n);
			return NULL;
		}
	if (!any_twice(runs, paths, n))
		return runs;
	runs__free(runs, n);
	return NULL;
}

void runs__free(struct run *runs, size_t n)
{
	for (size_t i = 0; runs && i < n; i++)
		run__free(&runs[i]);
	free(runs);
}
