// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* doctor's trial: whether what was chosen loads and attaches. */
#include <stdio.h>
#include <stdlib.h>

#include "cmd.h"
#include "doctor.h"

bool doctor__lacks(struct diagnosis *d)
{
	if (!d->facts.feature[FEAT_BTF]) {
		snprintf(d->trial, sizeof(d->trial), "not tried: %s; %s", facts__no_btf(&d->facts),
			 BTF_HINT);
		return true;
	}
	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &d->choices[i];

		if (!c->variant &&
		    ((c->probe->flags & PROBE_REQUIRED) || session__forced(d->forced, c->probe))) {
			snprintf(d->trial, sizeof(d->trial), "not tried: probe '%s': %.300s",
				 c->probe->name, c->reason);
			return true;
		}
	}
	return false;
}

void doctor__try_all(struct diagnosis *d)
{
	struct tracer_opts o = { .forced = d->forced };
	struct tracer *t;

	t = tracer__prepare(&d->facts, d->choices, &o, &d->code, d->trial, sizeof(d->trial));
	if (!t)
		return;
	for (size_t i = 0; i < probes_n; i++)
		d->attached[i] = tracer__attached(t, i);
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		d->floor_ns[c] = tracer__floor_ns(t, c);
	d->by_events = tracer__by_events(t, &d->no_events);
	d->tracer = t;
	d->code = EXIT_FINE;
	snprintf(d->trial, sizeof(d->trial), "every chosen program loaded and attached");
}

void doctor__count_points(struct diagnosis *d)
{
	for (size_t i = 0; i < probes_n; i++)
		if (d->choices[i].variant)
			free(probes__all_points(&d->facts, d->choices[i].variant, &d->attached[i]));
	snprintf(d->trial, sizeof(d->trial), "not tried: a fact sheet says what would be chosen");
}
