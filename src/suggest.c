// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * "Did you mean": the known name nearest to a mistyped word.
 * Stage: none.
 */
#include <string.h>

#include "cmd.h"

#define WORD_MAX 32

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of two words shorter than WORD_MAX. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[WORD_MAX], diagonal, above, i, j;
	size_t n = strlen(b);

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *suggest(const char *word, const char *const *names)
{
	unsigned int best = WORD_MAX, d;
	const char *found = NULL;
	size_t len = strlen(word);

	if (len < 2 || len >= WORD_MAX)
		return NULL;
	for (; *names; names++) {
		if (strlen(*names) >= WORD_MAX)
			continue;
		d = strncmp(*names, word, len) ? distance(word, *names) : 0;
		if (d < best) {
			best = d;
			found = *names;
		}
	}
	/* a third of the word mistyped is a guess too far */
	return best <= 1 + len / 4 ? found : NULL;
}
