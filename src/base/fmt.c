// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Units and lines of the text report.
 * Stage 5 (renderers). Nanoseconds become something else here and nowhere before.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"

#define NSEC 1000000000ULL

struct unit {
	const char *name;
	double factor;
};

static const struct unit times[] = { { "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 } };
static const struct unit plain[] = { { "", 1 },	    { "k", 1e3 },  { "M", 1e6 }, { "G", 1e9 },
				     { "T", 1e12 }, { "P", 1e15 }, { "E", 1e18 } };

#define TIMES (int)(sizeof(times) / sizeof(*times))
#define PLAIN (int)(sizeof(plain) / sizeof(*plain))

/* The unit in which three digits are enough; 999.6us would round to 1000us and is 1.00ms. */
static const char *scaled(char *cell, double value, const struct unit *units, int n, bool whole)
{
	int i = 0, digits;
	double x;

	while (i < n - 1 && value >= 999.5 * units[i].factor)
		i++;
	x = value / units[i].factor;
	digits = x < 9.995 ? 2 : x < 99.95 ? 1 : 0;
	if (!i && whole)
		digits = 0;
	snprintf(cell, FMT_CELL, "%.*f%s", digits, x, units[i].name);
	return cell;
}

const char *fmt__ns(char cell[FMT_CELL], __u64 ns)
{
	if (ns >= 10000 * NSEC) /* no lock was held for three hours: the file is not honest */
		return strcpy(cell, ">9999s");
	return scaled(cell, (double)ns, times, TIMES, true);
}

const char *fmt__rate(char cell[FMT_CELL], double value)
{
	return scaled(cell, value, plain, PLAIN, value == 0);
}

const char *fmt__count(char cell[FMT_CELL], __u64 value)
{
	if (value > 999999999)
		return fmt__rate(cell, (double)value);
	snprintf(cell, FMT_CELL, "%llu", (unsigned long long)value);
	return cell;
}

const char *fmt__floor(char cell[FMT_CELL], __u64 ns)
{
	return ns ? fmt__ns(cell, ns) : "not measured";
}

const char *fmt__at_most(char cell[FMT_CELL], __u64 ns)
{
	__u64 step = 1;
	int i = 0;
	double x;

	if (ns >= 10000 * NSEC)
		ns = 10000 * NSEC;
	while (ns / step > 99 || (ns / step == 99 && ns % step))
		step *= 10;
	ns = (ns + step - 1) / step * step;
	while (i < TIMES - 1 && (double)ns >= 1000 * times[i].factor)
		i++;
	x = (double)ns / times[i].factor;
	snprintf(cell, FMT_CELL, "<=%.*f%s", i && x < 10 ? 1 : 0, x, times[i].name);
	return cell;
}

const char *fmt__bytes(char cell[FMT_CELL], __u64 bytes)
{
	static const char suffix[] = " KMGTPE";
	int i = 0;

	while (suffix[i + 1] && ((bytes && bytes % 1024 == 0) || bytes > 99999)) {
		bytes /= 1024;
		i++;
	}
	snprintf(cell, FMT_CELL, "%llu%.*s", (unsigned long long)bytes, i ? 1 : 0, suffix + i);
	return cell;
}

const char *fmt__of(char words[FMT_WORDS], __u64 n, const char *one)
{
	snprintf(words, FMT_WORDS, "%llu %s%s", (unsigned long long)n, one, n == 1 ? "" : "s");
	return words;
}

const char *fmt__exact(char cell[FMT_CELL], __u64 ns)
{
	int i = 0;
	__u64 factor = 1;

	while (ns && i < TIMES - 1 && ns % (factor * 1000) == 0) {
		factor *= 1000;
		i++;
	}
	snprintf(cell, FMT_CELL, "%llu%s", (unsigned long long)(ns / factor),
		 ns ? times[i].name : "");
	return cell;
}

const char *fmt__change(char cell[FMT_CELL], double ratio)
{
	if (isnan(ratio))
		return strcpy(cell, "");
	if (ratio >= 9999.5)
		return strcpy(cell, ">x9999");
	if (ratio >= 10.5)
		snprintf(cell, FMT_CELL, "x%.*f", ratio < 99.5 ? 1 : 0, ratio);
	else
		snprintf(cell, FMT_CELL, "%+.1f%%", 100 * (ratio - 1));
	return cell;
}

static char safe(char c)
{
	return c >= ' ' && c < 0x7f ? c : '?';
}

static void put_safe(FILE *f, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		fputc(safe(s[i]), f);
}

void put_line(FILE *f, const char *fmt, ...)
{
	char line[512];
	va_list ap;
	size_t n;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	n = strlen(line);
	while (n && line[n - 1] == ' ')
		n--;
	put_safe(f, line, n);
	fputc('\n', f);
}

void para__begin(struct para *p, FILE *f, int indent, const char *label)
{
	int n = (int)strlen(label);

	*p = (struct para){ .f = f, .indent = indent, .column = indent, .line = 1 };
	put_safe(f, label, (size_t)n);
	if (n && n >= indent) {
		fputc('\n', f);
		n = 0;
	}
	fprintf(f, "%*s", indent - n, "");
}

#define DOTS 4

/* Lines end a column early, which leaves room for a comma: one at the word's end does not count. */
static bool fits(const struct para *p, const char *word, int n)
{
	int needs = n - (n > 1 && strchr(",;:", word[n - 1])), room = FMT_COLUMNS;

	if (p->most && p->line == p->most)
		room -= DOTS + p->tail + 1;
	return p->column == p->indent || p->column + 1 + needs < room;
}

static void put_word(struct para *p, const char *word, int n)
{
	if (!fits(p, word, n)) {
		p->cut = p->most && p->line == p->most;
		fprintf(p->f, p->cut ? " ..." : "\n%*s", p->indent, "");
		p->column = p->cut ? p->column + DOTS : p->indent;
		p->line++;
		if (p->cut)
			return;
	}
	if (p->column > p->indent) {
		fputc(' ', p->f);
		p->column++;
	}
	put_safe(p->f, word, (size_t)n);
	p->column += n;
}

void para__add(struct para *p, const char *fmt, ...)
{
	const char *s;
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	s = text;
	if (*s && strchr(",;:", *s) && p->column < FMT_COLUMNS) {
		fputc(*s++, p->f);
		p->column++;
	}
	for (p->cut = false; *s && !p->cut; s += n) {
		s += strspn(s, " \t\r\n");
		n = (int)strcspn(s, " \t\r\n");
		/* a word without end, say a path, is cut at the edge of the page */
		if (n >= FMT_COLUMNS - p->indent)
			n = FMT_COLUMNS - p->indent - 1;
		if (n)
			put_word(p, s, n);
	}
	free(text);
}

void para__end(struct para *p)
{
	fputc('\n', p->f);
}
