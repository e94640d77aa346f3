// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Where results go: standard output, or a file that appears whole (outfile.c).
 * Stage: none. A result that was not written in full is a failure, so stdout is checked as well.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/out.h"
#include "base/outfile.h"

struct out {
	bool is_stdout, keep_old;
	struct outfile file;
};

/* Results go to standard output: it is none that must be replaced under the shell. */
static bool to_stdout(const char *path)
{
	struct stat link, target, out;

	if (!path || !strcmp(path, "-") || !strcmp(path, "/dev/stdout"))
		return true;
	/* a link to it: /dev/fd/1, one of the user's own */
	return !lstat(path, &link) && S_ISLNK(link.st_mode) && !stat(path, &target) &&
	       !fstat(STDOUT_FILENO, &out) && S_ISREG(out.st_mode) && target.st_dev == out.st_dev &&
	       target.st_ino == out.st_ino;
}

bool out__spares(const char *path, char *const *inputs, size_t n)
{
	struct stat out, in;

	/* a pipe or a terminal may well be both */
	if ((to_stdout(path) ? fstat(STDOUT_FILENO, &out) : stat(path, &out)) ||
	    !S_ISREG(out.st_mode))
		return true;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(inputs[i], "-") ? stat(inputs[i], &in) : fstat(STDIN_FILENO, &in))
			continue;
		if (in.st_dev != out.st_dev || in.st_ino != out.st_ino)
			continue;
		log_error("%s%s%s would be written over '%s', which is read%s",
			  to_stdout(path) ? "" : "'", to_stdout(path) ? "standard output" : path,
			  to_stdout(path) ? "" : "'", inputs[i],
			  in.st_size ? "" : ": the redirection has emptied it");
		return false;
	}
	return true;
}

void out__note_suffix(const char *path, const char *format)
{
	static const char *const suffixes[][2] = { { ".html", "html" },
						   { ".json", "json" },
						   { ".csv", "csv" },
						   { ".prom", "prometheus" } };
	const char *dot = path ? strrchr(path, '.') : NULL;

	for (size_t i = 0; dot && i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (!strcmp(dot, suffixes[i][0]) && strcmp(format, suffixes[i][1]) != 0)
			log_warn("'%s' is written as %s, not as %s: see option '--format'", path,
				 format, suffixes[i][1]);
}

struct out *out__open(const char *path, bool keep_old)
{
	struct out *out = calloc(1, sizeof(*out));
	char err[512];

	if (!out) {
		log_error("out of memory");
		return NULL;
	}
	out->is_stdout = to_stdout(path);
	out->keep_old = keep_old;
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
	failed = outfile__flush(stdout);
	if (failed && failed != -EPIPE) /* who reads no further has seen what he wanted */
		log_error("standard output: %s", strerror(-failed));
	return failed;
}

int out__close(struct out *out)
{
	char err[512];
	int ret;

	if (out->is_stdout) {
		ret = out__check_stdout();
	} else {
		ret = outfile__commit(&out->file, out->keep_old, err, sizeof(err));
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
