// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * HTML: escaping, elements.
 * Stage 5 (renderers).
 */
#include <stdarg.h>
#include <stdlib.h>

#include "html.h"

static void put(FILE *f, unsigned char c)
{
	switch (c) {
	case '&':
		fputs("&amp;", f);
		break;
	case '<':
		fputs("&lt;", f);
		break;
	case '>':
		fputs("&gt;", f);
		break;
	case '"':
		fputs("&quot;", f);
		break;
	case '\'':
		fputs("&#39;", f);
		break;
	default:
		/* not even UTF-8 passes: it can turn the direction of a line around */
		if (c >= ' ' && c < 0x7f)
			fputc(c, f);
		else
			fprintf(f, "\\x%02x", c);
	}
}

void html__text(FILE *f, const char *s)
{
	for (; s && *s; s++)
		put(f, (unsigned char)*s);
}

static void textv(FILE *f, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0)
		return;
	html__text(f, text);
	free(text);
}

/* The functions below differ in what stands around the text. */
#define TEXT(f, fmt)                                                                               \
	do {                                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		textv(f, fmt, ap);                                                                 \
		va_end(ap);                                                                        \
	} while (0)

void html__textf(FILE *f, const char *fmt, ...)
{
	TEXT(f, fmt);
}

static void open_tag(FILE *f, const char *tag, const char *class)
{
	if (class)
		fprintf(f, "<%s class=\"%s\">", tag, class);
	else
		fprintf(f, "<%s>", tag);
}

void html__element(FILE *f, const char *tag, const char *class, const char *fmt, ...)
{
	open_tag(f, tag, class);
	TEXT(f, fmt);
	fprintf(f, "</%s>\n", tag);
}

void html__inline(FILE *f, const char *tag, const char *class, const char *fmt, ...)
{
	open_tag(f, tag, class);
	TEXT(f, fmt);
	fprintf(f, "</%s>", tag);
}
