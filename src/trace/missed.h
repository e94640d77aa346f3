/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How often the kernel left a program out: kprobes' and programs' own counts, since the start. Stage 2. */
#ifndef MIGTRACE_MISSED_H
#define MIGTRACE_MISSED_H

#include "trace/attach.h"

/*
 * Asks all links and programs of @a, while they are still there. @before the recording: what was left out until
 * then is none of it. 0 or -errno, and what could be read is there.
 */
int missed__note(struct attaching *a, bool before);
/* Of program @prog, as it was when last asked. */
__u64 missed__of(const struct attaching *a, const char *prog);
void missed__free(struct attaching *a);

#endif /* MIGTRACE_MISSED_H */
