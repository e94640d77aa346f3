// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The run, merged or not, in the run file's own format, so that it can be read again.
 * Stage 5 (renderers).
 */
#include "render.h"
#include "runfile.h"

int render_json(const struct run *run, const struct render_opts *o, FILE *f)
{
	(void)o;
	return runfile__write(run, f);
}
