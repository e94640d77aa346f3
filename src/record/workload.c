// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The command after "--": forked before the probes go in, run once they are all live. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "record/session.h"

#define ENDS_WITHIN 500 /* of 10 ms */

static void child(char **argv, int go_fd, int err_fd)
{
	char c;
	int err;

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	if (read(go_fd, &c, 1) != 1)
		_exit(127); /* the recording failed before it began */
	execvp(argv[0], argv);
	err = errno;
	if (write(err_fd, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

int workload__fork(struct workload *w, char **argv)
{
	int go[2], err[2];

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		close(go[0]);
		close(go[1]);
		return -errno;
	}
	w->pid = fork();
	if (!w->pid) {
		close(go[1]);
		child(argv, go[0], err[1]);
	}
	close(go[0]);
	close(err[1]);
	w->go_fd = go[1];
	w->err_fd = err[0];
	return w->pid < 0 ? -errno : 0;
}

int workload__go(struct workload *w)
{
	int err = 0;

	if (write(w->go_fd, "g", 1) != 1)
		return -errno;
	close(w->go_fd);
	w->go_fd = -1;
	/* end of file: the exec closed the pipe */
	if (read(w->err_fd, &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(w->err_fd);
	w->err_fd = -1;
	return -err;
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

bool workload__ended(struct workload *w, int *status)
{
	int st;

	if (w->pid <= 0 || waitpid(w->pid, &st, WNOHANG) != w->pid)
		return false;
	w->pid = 0;
	*status = exit_code(st);
	return true;
}

/* One that does not end by SIGTERM would keep the report back, and the programs on. */
static int reap(pid_t pid)
{
	const struct timespec poll = { 0, 10000000 };
	int st = 0;

	for (int i = 0; i < ENDS_WITHIN; i++) {
		if (waitpid(pid, &st, WNOHANG) == pid)
			return st;
		nanosleep(&poll, NULL);
	}
	log_warn("the command has not ended by SIGTERM for %d s, and is killed", ENDS_WITHIN / 100);
	kill(pid, SIGKILL);
	while (waitpid(pid, &st, 0) < 0 && errno == EINTR)
		;
	return st;
}

void workload__end(struct workload *w, int *status)
{

	if (w->go_fd > 0)
		close(w->go_fd);
	if (w->err_fd > 0)
		close(w->err_fd);
	if (w->pid <= 0)
		return;
	kill(w->pid, SIGTERM);
	*status = exit_code(reap(w->pid));
	w->pid = 0;
}
