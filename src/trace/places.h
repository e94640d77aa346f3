/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Places that share one program (bpf/place.bpf.h), which finds by its address what it is to do there. The
 * probe table names a program for each thing to do all the same. Pure.
 */
#ifndef MIGTRACE_PLACES_H
#define MIGTRACE_PLACES_H

#include "trace/probes.h"

struct place_table {
	__u32 factor; /* place_group_of() */
	struct place_group group[PLACE_GROUPS];
};

/* The program that is loaded for the table's @prog: most often that one. */
const char *places__program(const char *prog);

/*
 * All those of @choices (probes_n rows) for which @wanted; the factor is looked for. 0, -ENOMEM, -ENOSPC,
 * or of *@failed: -ENOENT (an address is not known) or -EBUSY (a place has two things to do).
 */
int places__fill(struct place_table *t, const struct facts *f, const struct choice *choices,
		 bool (*wanted)(const void *ctx, size_t i), const void *ctx, size_t *failed);

/* Those of @c beside them, or once more. The same. */
int places__add(struct place_table *t, const struct facts *f, const struct choice *c);

#endif /* MIGTRACE_PLACES_H */
