// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Prometheus series as text. Stage 5 (renderers). */
#include <string.h>

#include "report/metrics_put.h"

#define LE_FIRST 8  /* 256 ns */
#define LE_LAST	 24 /* 16.777216 ms */
#define NSEC	 1000000000ULL

/*
 * A label's value: backslash, quote and newline are escaped. Run files may hold anything, and the text is
 * read by people, too: what is not printable ASCII is '?'.
 */
static void put_escaped(FILE *f, const char *s)
{
	for (; s && *s; s++) {
		if (*s == '\\' || *s == '"')
			fputc('\\', f);
		if (*s == '\n')
			fputs("\\n", f);
		else
			fputc(*s < ' ' || *s >= 0x7f ? '?' : *s, f);
	}
}

static void put_label(const struct series *s, char *separator, const char *name, const char *value)
{
	fprintf(s->f, "%c%s=\"", *separator, name);
	put_escaped(s->f, value);
	fputc('"', s->f);
	*separator = ',';
}

void put_name(const struct series *s, const char *suffix, const struct label *labels)
{
	char separator = '{';

	fputs(s->name, s->f);
	fputs(suffix, s->f);
	if (s->run->filter.device) /* two exporters have two of each */
		put_label(s, &separator, "device", s->run->filter.device);
	for (; labels && labels->name; labels++)
		put_label(s, &separator, labels->name, labels->value);
	if (separator == ',')
		fputc('}', s->f);
}

void put_count(const struct series *s, const struct label *labels, __u64 value)
{
	put_name(s, "", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)value);
}

void put_seconds(const struct series *s, const char *suffix, const struct label *labels, __u64 ns)
{
	put_name(s, suffix, labels);
	fprintf(s->f, " %llu.%09llu\n", (unsigned long long)(ns / NSEC),
		(unsigned long long)(ns % NSEC));
}

void put_hist(const struct series *s, const char *site, const struct hist *h)
{
	struct label labels[3] = { { "site", site }, { "le", NULL }, {} };
	struct label *le = site ? &labels[1] : &labels[0];
	__u64 below = 0;
	__u32 i = 0;
	char edge[32];

	*le = (struct label){ "le", edge };
	le[1] = (struct label){};
	for (int log2 = LE_FIRST; log2 <= LE_LAST; log2++) {
		for (; i < HIST_OVERFLOW && hist_lower(i + 1) <= 1ULL << log2; i++)
			below += h->bucket[i];
		snprintf(edge, sizeof(edge), "0.%09llu", 1ULL << log2);
		put_name(s, "_bucket", labels);
		fprintf(s->f, " %llu\n", (unsigned long long)below);
	}
	/* a running kernel may be between a count and its bucket: the buckets are what adds up */
	for (; i < HIST_BUCKETS; i++)
		below += h->bucket[i];
	strcpy(edge, "+Inf");
	put_name(s, "_bucket", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)below);
	*le = (struct label){};
	put_seconds(s, "_sum", labels, h->sum_ns);
	put_name(s, "_count", labels);
	fprintf(s->f, " %llu\n", (unsigned long long)below);
}
