// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * HTML pages: escaping, elements, tables, figures as text.
 * Stage 5 (renderers).
 */
#include <math.h>
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

void html__table(FILE *f, const char *caption, const char *const *heads)
{
	/* whoever has no mouse scrolls with the arrow keys, for which the box must take the focus */
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", f);
	html__text(f, caption);
	fputs("\"><table>\n<caption>", f);
	html__text(f, caption);
	fputs("</caption>\n<thead><tr>", f);
	for (; *heads; heads++) {
		fputs(**heads == '>' ? "<th scope=\"col\" class=\"n\">" : "<th scope=\"col\">", f);
		html__text(f, *heads + (**heads == '>' || **heads == '<'));
		fputs("</th>", f);
	}
	fputs("</tr></thead>\n<tbody>\n", f);
}

void html__table_end(FILE *f)
{
	fputs("</tbody></table></div>\n", f);
}

void html__row(FILE *f, const char *class)
{
	open_tag(f, "tr", class);
}

void html__row_end(FILE *f)
{
	fputs("</tr>\n", f);
}

void html__th(FILE *f, const char *fmt, ...)
{
	fputs("<th scope=\"row\">", f);
	TEXT(f, fmt);
	fputs("</th>", f);
}

void html__td(FILE *f, const char *fmt, ...)
{
	fputs("<td>", f);
	TEXT(f, fmt);
	fputs("</td>", f);
}

void html__num(FILE *f, const char *fmt, ...)
{
	fputs("<td class=\"n\">", f);
	TEXT(f, fmt);
	fputs("</td>", f);
}

void html__details(FILE *f, const char *fmt, ...)
{
	fputs("<details><summary>", f);
	TEXT(f, fmt);
	fputs("</summary>\n", f);
}

void html__details_end(FILE *f)
{
	fputs("</details>\n", f);
}

void html__stack(FILE *f, char *const *v, size_t n)
{
	size_t i;

	fputs("<pre>", f);
	for (i = 0; i < n; i++) {
		html__text(f, v[i]);
		fputc('\n', f);
	}
	if (!n)
		fputs("(no stack)\n", f);
	fputs("</pre>\n", f);
}

const char *html__change(char cell[FMT_CELL], double change)
{
	double percent = fabs(change) * 100;
	const char *sign = change < 0 ? "-" : "+";
	long tenths;

	if (!isfinite(change)) {
		snprintf(cell, FMT_CELL, "-");
		return cell;
	}
	if (percent > 99999) {
		snprintf(cell, FMT_CELL, "%sover 99999%%", sign);
		return cell;
	}
	tenths = lround(percent * 10);
	if (!tenths)
		snprintf(cell, FMT_CELL, "0%%");
	else if (tenths < 100)
		snprintf(cell, FMT_CELL, "%s%u.%u%%", sign, (unsigned char)(tenths / 10),
			 (unsigned char)(tenths % 10));
	else
		snprintf(cell, FMT_CELL, "%s%ld%%", sign, lround(percent));
	return cell;
}

const char *html__p_value(char cell[FMT_CELL], double p)
{
	if (!isfinite(p))
		snprintf(cell, FMT_CELL, "-");
	else if (p < 0.0001)
		snprintf(cell, FMT_CELL, "<0.0001");
	else if (p >= 0.9995)
		snprintf(cell, FMT_CELL, "1");
	else if (p < 0.01)
		snprintf(cell, FMT_CELL, "0.%04ld", lround(p * 10000));
	else
		snprintf(cell, FMT_CELL, "0.%03ld", lround(p * 1000));
	return cell;
}
