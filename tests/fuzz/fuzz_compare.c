// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * `migtrace compare` as it is, on run files from somebody else: the input's parts, separated by
 * NUL, are the files, by turns of the one side and of the other. A single one is on both sides.
 */
#include <string.h>

#include "cmd/cmd.h"
#include "fuzz.h"

#define FILES_MAX (FUZZ_SLOTS)

const bool fuzz__parts = true;

struct sides {
	const char *path[2][FILES_MAX];
	size_t n[2];
};

static void split(struct sides *s, const uint8_t *data, size_t size)
{
	const uint8_t *part;
	size_t part_size;

	memset(s, 0, sizeof(*s));
	for (unsigned int i = 0; i < FILES_MAX; i++) {
		part = fuzz__part(&data, &size, &part_size);
		if (!part)
			break;
		s->path[i % 2][s->n[i % 2]++] = fuzz__file(i, part, part_size);
	}
	if (!s->n[1])
		s->path[1][s->n[1]++] = s->path[0][0];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const formats[] = { "text", "csv", "json", "html" };
	char *argv[FILES_MAX + 8];
	uint32_t choice = fuzz__hash(data, size);
	struct captured c;
	struct sides s;
	int argc = 0, code;

	split(&s, data, size);
	argv[argc++] = "compare";
	argv[argc++] = "--format";
	argv[argc++] = (char *)formats[choice & 3];
	argv[argc++] = "--fail-above=1";
	if (choice & 12) /* most of the time: files that were changed at random are seldom alike */
		argv[argc++] = "--force";
	for (int side = 0; side < 2; side++) {
		for (size_t i = 0; i < s.n[side]; i++)
			argv[argc++] = (char *)s.path[side][i];
		if (!side)
			argv[argc++] = "--";
	}
	argv[argc] = NULL;
	fuzz__capture();
	code = cmd_compare.run(&cmd_compare, argc, argv);
	c = fuzz__captured();
	fuzz__claim(code != EXIT_USAGE, "these arguments are right", c.err);
	fuzz__claim_no_null(c.out, c.out_size, data, size);
	fuzz__claim_no_null(c.err, c.err_size, data, size);
	fuzz__claim_plain(c.err, c.err_size, "messages are plain text");
	if (!(choice & 3))
		fuzz__claim_plain(c.out, c.out_size, "the table is plain text");
	return 0;
}
