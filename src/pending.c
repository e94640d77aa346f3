// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The temporary file that a signal takes along (pending.h). Stage: none. */
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "pending.h"

/*
 * The temporary file that a signal has to take with it; one at a time is written. Blocked while the
 * name changes hands: after the exchange in put_in_place() it is that of the user's old file.
 */
static struct {
	volatile sig_atomic_t armed;
	int folder;
	char name[NAME_MAX + 1];
} pending;

static const int deadly[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2
};

#define DEADLY (sizeof(deadly) / sizeof(*deadly))

static void on_deadly(int sig)
{
	if (pending.armed)
		unlinkat(pending.folder, pending.name, 0);
	signal(sig, SIG_DFL);
	raise(sig); /* delivered when this returns */
}

/* Where the default is death; whoever recorded or exports has a handler of his own, and comes back. */
static void watch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_deadly }, old;

	for (size_t i = 0; i < DEADLY; i++)
		if (!sigaction(deadly[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(deadly[i], &sa, NULL);
}

void pending__block(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < DEADLY; i++)
		sigaddset(&set, deadly[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

void pending__unblock(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

void pending__set(int folder, const char *name)
{
	watch_signals();
	if (strlen(name) >= sizeof(pending.name))
		return;
	strcpy(pending.name, name);
	pending.folder = folder;
	pending.armed = 1;
}

void pending__forget(void)
{
	pending.armed = 0;
}
