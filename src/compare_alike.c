// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What must be the same in all runs of a comparison, lest it compare the tool with itself or one
 * machine with another. Stage 4 (model).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "compare.h"

#define WORD 96

struct text {
	char *at;
	size_t left;
};

static void say(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The words are those of run files, and the text is for a terminal: plain characters only. */
static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->at, t->left, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->left)
		n = t->left ? (int)t->left - 1 : 0;
	for (t->left -= n; n; n--, t->at++)
		if (*t->at < ' ' || *t->at >= 0x7f)
			*t->at = '?';
}

static void tier_of(const struct run *r, char *word)
{
	snprintf(word, WORD, "%s", r->tool.tier);
}

static void arch_of(const struct run *r, char *word)
{
	snprintf(word, WORD, "%s", r->kernel.arch);
}

static void clocksource_of(const struct run *r, char *word)
{
	snprintf(word, WORD, "%s", r->kernel.clocksource);
}

static void instruments_of(const struct run *r, char *word)
{
	size_t at = 0;

	snprintf(word, WORD, "none");
	for (size_t i = 0; i < r->kernel.instruments_n && at < WORD; i++)
		at += snprintf(word + at, WORD - at, "%s%s", i ? "+" : "",
			       r->kernel.instruments[i]);
	/* files of older versions say it in the kernel's own words only */
	if (!r->kernel.instruments_n && strstr(r->kernel.version, "PREEMPT_RT"))
		snprintf(word, WORD, "preempt_rt");
}

static void load_of(const struct run *r, char *word)
{
	const struct run_bench *b = &r->bench;

	if (!b->file_system)
		snprintf(word, WORD, "not bench's");
	else
		snprintf(word, WORD, "%s, mover %s, %u readers, %llu KiB, rounds of %g s",
			 b->file_system, b->mover, b->readers,
			 (unsigned long long)b->directory_bytes >> 10, b->round_ns / 1e9);
}

static const struct {
	const char *name;
	void (*of)(const struct run *r, char *word);
} sameness[] = {
	{ "tier", tier_of },
	{ "architecture", arch_of },
	{ "clock source", clocksource_of },
	{ "debugging or real-time kernel", instruments_of },
	{ "load", load_of },
};

static void clock_of(const struct run *r, unsigned int site, char *word)
{
	const char *name = clock__name(r->site[site].clock);

	snprintf(word, WORD, "%s", name ? name : "");
}

static void variant_of(const struct run *r, const char *probe, char *word)
{
	snprintf(word, WORD, "not attached");
	for (size_t i = 0; i < r->probes_n; i++)
		if (!strcmp(r->probes[i].probe, probe) && r->probes[i].attached)
			snprintf(word, WORD, "%s",
				 r->probes[i].variant ? r->probes[i].variant : "unknown");
}

/* One more difference behind those that begin at @begin. */
static void differ(struct text *t, const char *begin, const char *what, const char *name,
		   const char *a, const char *b)
{
	say(t, "%s%s%s (%s; %s)", t->at > begin ? ", " : "", what, name, a, b);
}

/* What is unlike between one run and the first of all. */
static void compare_one(struct text *t, const char *begin, const struct run *a, const struct run *b)
{
	char x[WORD], y[WORD];

	for (size_t i = 0; i < sizeof(sameness) / sizeof(*sameness); i++) {
		sameness[i].of(a, x);
		sameness[i].of(b, y);
		if (strcmp(x, y) != 0)
			differ(t, begin, "", sameness[i].name, x, y);
	}
	for (unsigned int site = 0; site < SITE_COUNT; site++) {
		clock_of(a, site, x);
		clock_of(b, site, y);
		if (*x && *y && strcmp(x, y) != 0) /* a site that one can't measure has no row */
			differ(t, begin, "clock of ", site__name(site), x, y);
	}
	for (size_t i = 0; i < a->probes_n; i++) {
		variant_of(a, a->probes[i].probe, x);
		variant_of(b, a->probes[i].probe, y);
		if (strcmp(x, y) != 0)
			differ(t, begin, "variant of ", a->probes[i].probe, x, y);
	}
}

bool compare__alike(struct run *const runs[SIDES], const size_t n[SIDES], char *text, size_t size)
{
	struct text t = { text, size };

	*text = 0;
	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < n[side] && t.at == text; i++) {
			if (side || i)
				compare_one(&t, text, &runs[BEFORE][0], &runs[side][i]);
			if (i && !run__same_kernel(&runs[side][0], &runs[side][i]))
				differ(&t, text, "", "kernel within one side",
				       runs[side][0].kernel.release, runs[side][i].kernel.release);
		}
	return !*text;
}
