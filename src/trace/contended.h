/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Releases of the lock that somebody waited for. */
#ifndef MIGTRACE_CONTENDED_H
#define MIGTRACE_CONTENDED_H

#include "trace/tracer.h"

/* Can they be told of that site? Not if it releases its lock by a tail jump, or with interrupts. */
bool contended__tells(const struct facts *f, unsigned int site);

/*
 * The program is attached: makes the kernel show that it tells, on a lock that two threads of ours
 * fight for. *@why (static): it does not, else NULL. 0 or -errno.
 */
int contended__prove(struct tracer *t, const char **why);

#endif /* MIGTRACE_CONTENDED_H */
