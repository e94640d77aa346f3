/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the parts of the check of a run that was read share. Stage: run file (reading). */
#ifndef MIGTRACE_RUNFILE_CHECK_H
#define MIGTRACE_RUNFILE_CHECK_H

#include "model/runfile.h"

/* What was too large for a file was written as this, and adds up no more. */
#define CLAMPED_TO 9223372036854775807ULL

/* "KEY: WHOLE, but PARTS by WHAT": -EINVAL; 0 where one of both is CLAMPED_TO. */
int check__contradicts(const struct at *at, const char *key, __u64 whole, __u64 parts,
		       const char *what);
/* No more of it elsewhere, @what, than @key counts. */
int check__parts(const struct at *at, const char *key, __u64 whole, __u64 parts, const char *what);
/* By how much two counts of one thing may differ: what was lost, and one for each CPU at the end. */
__u64 check__slack(const struct run *run);

/* runfile_check_asked.c: what is there only for who asks. */
int check__asked(const struct run *run, const struct at *at);

#endif /* MIGTRACE_RUNFILE_CHECK_H */
