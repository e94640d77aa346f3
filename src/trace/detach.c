// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The end of a recording: everything is said and written, and the kernel waits for its readers before
 * it lets go of the places. Whoever closes a link last has to wait for that, even a process that is
 * killed: so it is a child, which nobody has to wait for. Stage 2.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "trace/tracer.h"

#define LOOK_MS 200

/* What is left on the terminal is the parent's, and so are its signals. */
static void step_back(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_IGN);
	for (int i = STDIN_FILENO; fd >= 0 && i <= STDERR_FILENO; i++)
		dup2(fd, i);
}

/*
 * The parent's files and mounts are nothing to a child that only closes links, whose names don't begin
 * with a slash: bench's loop device would stay as long as this process. tracefs is needed yet.
 */
static void let_go_of_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *e;
	char to[256];

	while (dir && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, to, sizeof(to) - 1);
		int fd = atoi(e->d_name);

		to[n > 0 ? n : 0] = '\0';
		if (fd > STDERR_FILENO && fd != dirfd(dir) && to[0] == '/' &&
		    strncmp(to, "/sys/", strlen("/sys/")))
			close(fd);
	}
	if (dir)
		closedir(dir);
	if (chdir("/"))
		return; /* then the folder stays in use for some seconds */
}

/*
 * @go ends when the parent has let go of its links, @done when they are closed; nobody writes to them.
 * What is left in tracefs then is disabled, and the parent does not wait for it.
 */
static void child(struct tracer *t, int go, int done)
{
	char c;

	step_back();
	let_go_of_files();
	while (read(go, &c, 1) > 0)
		;
	tracer__detach(t);
	close(done);
	tracer__undefine(t);
	_exit(0);
}

static void close_pipe(int fd[2])
{
	close(fd[0]);
	close(fd[1]);
}

/* 0, or -1: it has to be done here. */
static int fork_child(struct tracer *t, int *done)
{
	int go[2], end[2];
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return -1;
	if (pipe2(end, O_CLOEXEC)) {
		close_pipe(go);
		return -1;
	}
	pid = fork();
	if (pid < 0) {
		close_pipe(go);
		close_pipe(end);
		return -1;
	}
	if (!pid) {
		close(go[1]);
		close(end[0]);
		child(t, go[0], end[1]);
	}
	close(go[0]);
	close(end[1]);
	tracer__disown(t);
	close(go[1]);
	*done = end[0];
	return 0;
}

/* Until @done ends, or somebody does not want to wait. */
static bool wait_for(int done, const volatile sig_atomic_t *stop)
{
	struct pollfd p = { .fd = done, .events = POLLIN };

	while (!stop || !*stop) {
		log_progress("detaching: the kernel waits for its readers%s",
			     stop ? ", Ctrl-C does not" : "");
		if (poll(&p, 1, LOOK_MS) > 0)
			return true;
	}
	return false;
}

void tracer__finish(struct tracer *t, const volatile sig_atomic_t *stop)
{
	__u64 start = tracer__now_ns();
	bool ended = true;
	int done;

	if (!t)
		return;
	log_progress_end();
	tracer__join(t);
	tracer__gather(t);
	if (fork_child(t, &done)) {
		tracer__detach(t);
	} else {
		ended = wait_for(done, stop);
		close(done);
	}
	log_progress_end();
	if (log_level && ended)
		log_info("detached in %.2f s", (tracer__now_ns() - start) / 1e9);
	tracer__close(t);
}
