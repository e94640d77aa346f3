/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How the made-up surroundings of fuzz_options.c behave. */
#ifndef MIGTRACE_FUZZ_INSTEAD_H
#define MIGTRACE_FUZZ_INSTEAD_H

#include "fuzz.h"

extern bool instead__no_memory; /* for describing the machine */

#endif /* MIGTRACE_FUZZ_INSTEAD_H */
