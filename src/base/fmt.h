/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Units and lines of the text report. Everything printed passes put_line() or a paragraph, both of
 * which let only printable ASCII through: task names and run files are other people's bytes.
 */
#ifndef MIGTRACE_FMT_H
#define MIGTRACE_FMT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stdio.h>

#define FMT_COLUMNS 80
#define FMT_CELL    24

/* Three significant digits and a unit: 640ns, 1.23us, 311us, 12.3ms, 1.00s. */
const char *fmt__ns(char cell[FMT_CELL], __u64 ns);
/* "<=1.3us": rounded up to two digits, so that it stays true and seven characters long. */
const char *fmt__at_most(char cell[FMT_CELL], __u64 ns);
/* The same of a clock's floor, of which 0 says that nobody measured it. */
const char *fmt__floor(char cell[FMT_CELL], __u64 ns);
/* Three significant digits and k, M, G: 0.12, 19.8k. */
const char *fmt__rate(char cell[FMT_CELL], double value);
/* All digits up to nine of them, fmt__rate() above. */
const char *fmt__count(char cell[FMT_CELL], __u64 value);
/* 4K, 2M. */
const char *fmt__bytes(char cell[FMT_CELL], __u64 bytes);
/* "1 page", "2 pages". */
#define FMT_WORDS 48
const char *fmt__of(char words[FMT_WORDS], __u64 n, const char *one);
/* A whole number of the largest unit that divides @ns: 5us, 1500ns. */
const char *fmt__exact(char cell[FMT_CELL], __u64 ns);

/* "+3.2%", "x12.5": what makes @ratio of 1; "" for NAN. */
const char *fmt__change(char cell[FMT_CELL], double ratio);

/* One line; trailing blanks are dropped. */
void put_line(FILE *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * "label       words words ..." wrapped at 80 columns, continued under the first word. An addition
 * that starts with , ; or : is set close to what stands there. Words beyond @most lines (0: none) are
 * left out, with room for dots and a tail of @tail characters.
 */
struct para {
	FILE *f;
	int indent, column, line, most, tail;
	bool cut;
};

void para__begin(struct para *p, FILE *f, int indent, const char *label);
void para__add(struct para *p, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void para__end(struct para *p);

#endif /* MIGTRACE_FMT_H */
