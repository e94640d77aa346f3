// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* One place that can't be attached costs its variant, not the recording. Stage 2. */
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "trace/tracer.h"

bool tracer__is_of_place(int err)
{
	static const int errors[] = { EINVAL, ENOENT,	  EADDRNOTAVAIL, EILSEQ,
				      EBUSY,  EOPNOTSUPP, ENXIO };

	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (-err == errors[i])
			return true;
	return false;
}

/* What comes in the place of @c's variant, which was not asked for. False: nothing does, and it has to. */
static bool replace(const struct facts *f, bool light, struct choice *c, const char *why)
{
	probes__next(f, light, c, why);
	if (!c->variant && c->probe->flags & PROBE_REQUIRED)
		return false;
	if (c->variant)
		log_warn("%s; '%s' is taken", why, c->variant->name);
	else
		log_warn("%s; the probe is left out", why);
	return true;
}

struct tracer *tracer__prepare(const struct facts *f, struct choice *choices,
			       const struct tracer_opts *o, int *code, char *err, size_t err_size)
{
	struct tracer *t;
	const char *why;
	size_t i;

	/* programs are chosen and loaded anew: what is configured depends on the choices */
	do {
		t = tracer__try(f, choices, o, code, err, err_size, &i);
	} while (!t && i < probes_n &&
		 !(o->forced && probes__forced(o->forced, choices[i].probe)) &&
		 replace(f, o->light, &choices[i], err));
	if (t && (i = tracer__silent(t, &why)) < probes_n) {
		choices[i].variant = NULL;
		snprintf(choices[i].reason, sizeof(choices[i].reason), "%s", why);
	}
	return t;
}
