/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What the unit tests share: cmocka's includes in their order, made-up runs, captured output. */
#ifndef MIGTRACE_UNIT_H
#define MIGTRACE_UNIT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "model/run.h"

/* Deterministic: the same runs in every process. */
void sample__full(struct run *run);    /* a busy 6.1 with everything but flags */
void sample__small(struct run *run);   /* each list once, in as few bytes as can be */
void sample__migrate(struct run *run); /* BH_Migrate generation: spans, sites not measurable */
void sample__cost(struct run *run);    /* bench --cost: turns, and nothing else */
void sample__kara(struct run *run);    /* peers.md 4.1, 3119 sections */

/* The same random numbers everywhere. */
__u64 sample__random(__u64 *state);

/* Runs what comes between with file descriptor @fd captured; the text is the caller's. */
void capture__begin(int fd);
char *capture__end(int fd);

/* A path in the test's own temporary folder, removed at exit; static storage, 4 at a time. */
const char *tmp__path(const char *name);
void tmp__write(const char *path, const void *data, size_t size);
char *tmp__read(const char *path, size_t *size); /* NUL-terminated, the caller's */

#endif /* MIGTRACE_UNIT_H */
