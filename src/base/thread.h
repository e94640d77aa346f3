/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef MIGTRACE_THREAD_H
#define MIGTRACE_THREAD_H

#include <pthread.h>

/*
 * A thread that no signal is delivered to: they are the main thread's, whose poll they end.
 * 0 or -errno.
 */
int thread__start(pthread_t *thread, void *(*run)(void *ctx), void *ctx);

#endif /* MIGTRACE_THREAD_H */
