// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A fact sheet from a bug report: reading it, choosing variants on it in both tiers, writing it and
 * reading that. What is between the input's sheet and its NUL forces variants.
 */
#include <stdlib.h>
#include <string.h>

#include "choose.h"

#define FORCED_MAX 128

static char *save(const struct facts *f, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	facts__save(f, out);
	fclose(out);
	return text;
}

/* Once written, it stays what it is. */
static void survives(struct facts *f)
{
	size_t first_size, second_size;
	char *first = save(f, &first_size), *second;

	facts__free(f);
	fuzz__claim(!facts__load(f, fuzz__file(0, first, first_size)), "ours is read again", first);
	second = save(f, &second_size);
	fuzz__claim_same(first, first_size, second, second_size, "ours is read as what it was");
	free(first);
	free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *sheet, *words;
	size_t sheet_size, words_size = 0;
	char forced[FORCED_MAX] = "";
	const char *evidence;
	struct facts f;

	sheet = fuzz__part(&data, &size, &sheet_size);
	words = fuzz__part(&data, &size, &words_size);
	if (words && words_size < sizeof(forced))
		memcpy(forced, words, words_size);
	if (facts__load(&f, fuzz__file(0, sheet, sheet_size)))
		return 0;
	facts__generation(&f, &evidence);
	choose(&f, false, forced);
	choose(&f, true, forced);
	survives(&f);
	facts__free(&f);
	return 0;
}
