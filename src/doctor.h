/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What doctor says beside the choice. */
#ifndef MIGTRACE_DOCTOR_H
#define MIGTRACE_DOCTOR_H

#include <jansson.h>
#include <stdio.h>

#include "session.h"

struct diagnosis {
	struct facts facts;
	const char *sheet; /* that they were read from; NULL: this kernel's */
	const char *forced[FORCED_MAX + 1];
	struct choice *choices;
	const char *generation, *evidence;
	struct run machine;
	char trial[512]; /* what loading and attaching everything gave */
	bool by_events;	 /* attached so, else why not */
	int no_events;
	struct tracer *tracer; /* of the trial, until all is said */
	int code;	       /* of the trial */
	__u64 floor_ns[CLOCK_BRACKET + 1];
	size_t *attached;
};

/* A probe that has to be there, or was asked for, is not: what, in @d->trial. */
bool doctor__lacks(struct diagnosis *d);
/* Loads and attaches everything once, which is the only proof that it can be done. */
void doctor__try_all(struct diagnosis *d);
/* What would be attached where the sheet is from. */
void doctor__count_points(struct diagnosis *d);

/*
 * Every place that takes the lock, with the site that it belongs to, onto @out. An exit code; messages
 * were printed.
 */
int doctor__sites(const struct facts *f, bool json, FILE *out);

#endif /* MIGTRACE_DOCTOR_H */
