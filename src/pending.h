/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The temporary file that a signal takes along. Stage: none; outfile.c's. */
#ifndef MIGTRACE_PENDING_H
#define MIGTRACE_PENDING_H

#include <signal.h>

/* One file at a time; @folder stays open until pending__forget(). Both with signals blocked. */
void pending__set(int folder, const char *name);
void pending__forget(void);

/* While a name changes hands. */
void pending__block(sigset_t *before);
void pending__unblock(const sigset_t *before);

#endif /* MIGTRACE_PENDING_H */
