// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A run file as the textfile that export would have written at its end. Stage 5 (renderers). */
#include <string.h>
#include <time.h>

#include "metrics.h"
#include "render.h"

/* RFC 3339 in UTC, as record writes it; 0 when it is something else. */
static double started(const char *text)
{
	struct tm tm = { 0 };

	if (!text || !strptime(text, "%Y-%m-%dT%H:%M:%S", &tm))
		return 0;
	return (double)timegm(&tm);
}

int render_prometheus(const struct run *run, const struct render_opts *o, FILE *f)
{
	struct metrics_opts m = { .written = started(run->start) + run->duration_ns / 1e9 };

	(void)o;
	return metrics__write(run, &m, f);
}
