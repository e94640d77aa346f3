// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Cells of CSV (csv.h). Stage 5 (renderers). */
#include <stdbool.h>
#include <string.h>

#include "csv.h"

/* Excel's and LibreOffice's; a file may be read with ; or | between its cells, and unquoted. */
#define FORMULA	  "=+-@"
#define SEPARATOR ",;|\"'"

void csv__text(FILE *f, const char *s)
{
	bool quote = s[strcspn(s, ",;|\"'")], start = true;

	if (quote)
		fputc('"', f);
	for (; *s; s++) {
		char c = *s >= ' ' && *s < 0x7f ? *s : '?';

		if (start && strchr(FORMULA, c))
			fputc('\'', f);
		if (c == '"')
			fputc('"', f);
		fputc(c, f);
		start = strchr(SEPARATOR, c) || (start && c == ' ');
	}
	if (quote)
		fputc('"', f);
}
