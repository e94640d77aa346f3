// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Checks that every HTML page has to pass. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "page.h"

/* The text between the marks is made up of safe elements and escaped text alone. */
static void check_safe(const char *text)
{
	static const char *const never[] = { "<script", "http:",  "https:",	 "url(",
					     "@import", "<link",  "javascript:", "<img",
					     "alert('", "onload", "<b>" };
	const char *s;
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(*never); i++)
		if (strstr(text, never[i]))
			fail_msg("'%s' in the page: ...%.80s", never[i], strstr(text, never[i]));
	for (s = text; *s; s++)
		if ((*s < ' ' || *s > '~') && *s != '\n')
			fail_msg("byte 0x%02x in the page", (unsigned char)*s);
}

static bool letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Words of a number that is none, which no word of the pages is. */
static void check_numbers(const char *text)
{
	static const char *const never[] = { "nan", "NaN", "inf", "Infinity" };
	const char *s;
	size_t i, n;

	for (i = 0; i < sizeof(never) / sizeof(*never); i++) {
		n = strlen(never[i]);
		for (s = text; (s = strstr(s, never[i])); s += n)
			if ((s == text || !letter(s[-1])) && !letter(s[n]))
				fail_msg("%s in the page: %.60s", never[i],
					 s > text + 30 ? s - 30 : s);
	}
}

void page__check(char *text)
{
	check_safe(text);
	check_numbers(text);
	assert_non_null(strstr(text, "default-src 'none'"));
	assert_non_null(strstr(text, "</html>\n"));
	free(text);
}

void page__has(const char *text, const char *what)
{
	if (!strstr(text, what))
		fail_msg("no '%s' in the page", what);
}

void page__write(const char *dir, const char *name, char *text)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s.html", dir, name);
	tmp__write(path, text, strlen(text));
	free(text);
}
