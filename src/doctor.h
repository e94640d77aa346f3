/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What doctor says beside the choice. */
#ifndef MIGTRACE_DOCTOR_H
#define MIGTRACE_DOCTOR_H

#include <jansson.h>
#include <stdio.h>

#include "kernel.h"

/*
 * Every place that takes the lock, with the site that it belongs to, onto @out. An exit code; messages
 * were printed.
 */
int doctor__sites(const struct facts *f, bool json, FILE *out);

#endif /* MIGTRACE_DOCTOR_H */
