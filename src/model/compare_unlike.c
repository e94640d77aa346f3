// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What must be the same in all runs of a comparison, lest it compare the tool with itself or one
 * machine with another. Stage 4 (model).
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "model/compare.h"

#define WORD FILTER_WORDS

/* One difference to the first run of all, and in how many others. */
struct difference {
	char *text;	  /* "tier (full; light" */
	const char *file; /* the first that has it */
	size_t files;
};

struct differences {
	struct difference *v;
	size_t n;
	const char *file; /* that is looked at */
	bool failed;	  /* without memory */
};

/* One more, or the same in one more file. */
static void differ(struct differences *d, const char *what, const char *name, const char *a,
		   const char *b)
{
	struct difference *v;
	char *text;

	if (asprintf(&text, "%s%s (%s; %s", what, name, a, b) < 0) {
		d->failed = true;
		return;
	}
	for (size_t i = 0; i < d->n; i++)
		if (!strcmp(d->v[i].text, text)) {
			d->v[i].files++;
			free(text);
			return;
		}
	v = realloc(d->v, (d->n + 1) * sizeof(*v));
	if (!v) {
		d->failed = true;
		free(text);
		return;
	}
	d->v = v;
	v[d->n++] = (struct difference){ text, d->file, 1 };
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

static void filter_of(const struct run *r, char *word)
{
	if (!filter__words(&r->filter, word))
		snprintf(word, WORD, "none");
}

static void load_of(const struct run *r, char *word)
{
	const struct run_bench *b = &r->bench;
	char readers[FMT_WORDS];

	if (!b->file_system)
		snprintf(word, WORD, "not bench's");
	else
		snprintf(word, WORD, "%s, mover %s, %s, %llu KiB, rounds of %g s", b->file_system,
			 b->mover, fmt__of(readers, b->readers, "reader"),
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
	{ "filter", filter_of },
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

/* Probes of @of, in the order of its file, that @a and @b attach otherwise. */
static void compare_probes(struct differences *d, const struct run *of, const struct run *a,
			   const struct run *b)
{
	char x[WORD], y[WORD];

	for (size_t i = 0; i < of->probes_n; i++) {
		variant_of(a, of->probes[i].probe, x);
		variant_of(b, of->probes[i].probe, y);
		if (strcmp(x, y) != 0)
			differ(d, "variant of ", of->probes[i].probe, x, y);
	}
}

static bool has_probe(const struct run *r, const char *probe)
{
	for (size_t i = 0; i < r->probes_n; i++)
		if (!strcmp(r->probes[i].probe, probe))
			return true;
	return false;
}

/* What is unlike between one run and the first of all. */
static void compare_one(struct differences *d, const struct run *a, const struct run *b)
{
	char x[WORD], y[WORD];

	for (size_t i = 0; i < sizeof(sameness) / sizeof(*sameness); i++) {
		sameness[i].of(a, x);
		sameness[i].of(b, y);
		if (strcmp(x, y) != 0)
			differ(d, "", sameness[i].name, x, y);
	}
	for (unsigned int site = 0; site < SITE_COUNT; site++) {
		clock_of(a, site, x);
		clock_of(b, site, y);
		if (*x && *y && strcmp(x, y) != 0) /* a site that one can't measure is not tested */
			differ(d, "clock of ", site__name(site), x, y);
	}
	compare_probes(d, a, a, b);
	/* those that only the later one has: absent is not attached */
	for (size_t i = 0; i < b->probes_n; i++) {
		variant_of(b, b->probes[i].probe, y);
		if (b->probes[i].attached && !has_probe(a, b->probes[i].probe))
			differ(d, "variant of ", b->probes[i].probe, "not attached", y);
	}
}

/* The words are those of run files, and the text is for a terminal: plain characters only. */
static void put_plain(const char *s, FILE *f)
{
	for (; *s; s++)
		fputc(*s < ' ' || *s >= 0x7f ? '?' : *s, f);
}

static char *join(const struct differences *d, bool several, const char *between)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return NULL;
	for (size_t i = 0; i < d->n; i++) {
		const struct difference *v = &d->v[i];

		fputs(i ? between : "", f);
		put_plain(v->text, f);
		if (several && v->file) {
			fputs(" in ", f);
			put_plain(v->file, f);
		}
		if (v->files > 1)
			fprintf(f, " and %zu more", v->files - 1);
		fputc(')', f);
	}
	if (fclose(f)) {
		free(text);
		return NULL;
	}
	return text;
}

/* With their versions: who builds one kernel after the other has one release for all. */
static void other_kernel(struct differences *d, const struct run *a, const struct run *b)
{
	char words[2][256];

	snprintf(words[0], sizeof(words[0]), "%s %s", a->kernel.release, a->kernel.version);
	snprintf(words[1], sizeof(words[1]), "%s %s", b->kernel.release, b->kernel.version);
	differ(d, "", "kernel within one side", words[0], words[1]);
}

char *compare__unlike(struct run *const runs[SIDES], const size_t n[SIDES],
		      char *const *const paths[SIDES], const char *between)
{
	struct differences d = { 0 };
	char *text;

	for (int side = 0; side < SIDES; side++)
		for (size_t i = 0; i < n[side]; i++) {
			d.file = paths && paths[side] ? paths[side][i] : NULL;
			if (side || i)
				compare_one(&d, &runs[BEFORE][0], &runs[side][i]);
			if (i && !run__same_kernel(&runs[side][0], &runs[side][i]))
				other_kernel(&d, &runs[side][0], &runs[side][i]);
		}
	text = d.failed ? NULL : join(&d, n[BEFORE] + n[AFTER] > 2, between);
	for (size_t i = 0; i < d.n; i++)
		free(d.v[i].text);
	free(d.v);
	return text;
}
