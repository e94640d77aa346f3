// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where results go: standard output, or a file that appears whole (outfile.c).
 * Stage: none. A result that was not written in full is a failure, so stdout is checked as well.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "outfile.h"

struct out {
	bool is_stdout;
	struct outfile file;
};

struct out *out__open(const char *path)
{
	struct out *out = calloc(1, sizeof(*out));
	char err[512];

	if (!out) {
		log_error("out of memory");
		return NULL;
	}
	/* a redirected /dev/stdout is a regular file, which must not be replaced under the shell */
	out->is_stdout = !path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout");
	if (!out->is_stdout && outfile__open(&out->file, path, err, sizeof(err))) {
		log_error("%s", err);
		free(out);
		return NULL;
	}
	return out;
}

FILE *out__file(struct out *out)
{
	return out->is_stdout ? stdout : out->file.f;
}

bool out__colour(const struct out *out)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return (!out || out->is_stdout) && isatty(STDOUT_FILENO) && !(no && *no) &&
	       !(term && !strcmp(term, "dumb"));
}

int out__check_stdout(void)
{
	static int failed;

	if (failed)
		return failed; /* said already */
	errno = 0;
	if (fflush(stdout) || ferror(stdout)) {
		failed = errno ? -errno : -EIO;
		log_error("standard output: %s", strerror(-failed));
	}
	return failed;
}

int out__close(struct out *out)
{
	char err[512];
	int ret;

	if (out->is_stdout) {
		ret = out__check_stdout();
	} else {
		ret = outfile__commit(&out->file, false, err, sizeof(err));
		if (ret)
			log_error("%s", err);
	}
	free(out);
	return ret;
}

void out__abort(struct out *out)
{
	if (!out)
		return;
	if (!out->is_stdout)
		outfile__abort(&out->file);
	free(out);
}
