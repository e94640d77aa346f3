// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Threads beside the main one (thread.h). */
#include <signal.h>

#include "base/thread.h"

int thread__start(pthread_t *thread, void *(*run)(void *ctx), void *ctx)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	err = -pthread_create(thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return err;
}
