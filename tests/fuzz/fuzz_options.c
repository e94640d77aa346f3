// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The command line: lines of the input are the arguments of the real main(), with the real tables.
 * instead.c stands where anything would be recorded, opened or written.
 */
#include <signal.h>
#include <string.h>

#include "instead.h"

#define ARGS_MAX 64

int migtrace_main(int argc, char **argv); /* main.c's, under another name */

/* main() and a session take signals that libFuzzer wants. */
static void keep_signals(bool keep)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
	static struct sigaction kept[sizeof(signals) / sizeof(*signals)];

	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], keep ? NULL : &kept[i], keep ? &kept[i] : NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[4096], *argv[ARGS_MAX + 2] = { "migtrace" }, *save = NULL;
	struct captured c;
	int argc = 1, code;

	if (size >= sizeof(text))
		return -1;
	memcpy(text, data, size);
	text[size] = 0;
	for (char *arg = size ? text : NULL; arg && argc <= ARGS_MAX; arg = save) {
		save = strchr(arg, '\n');
		if (save)
			*save++ = 0;
		argv[argc++] = arg;
	}
	instead__no_memory = !(fuzz__hash(data, size) & 7);
	keep_signals(true);
	fuzz__capture();
	code = migtrace_main(argc, argv);
	c = fuzz__captured();
	keep_signals(false);
	fuzz__claim(code >= 0 && code <= 5, "the exit code is one of ours", c.err);
	/* doctor says on standard output what can't be done */
	fuzz__claim(!code || c.err_size || c.out_size, "a failure has a message", text);
	return 0;
}
