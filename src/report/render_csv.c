// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * One row a histogram, for spreadsheets and scripts: RFC 4180, columns in migtrace(8).
 * Stage 5 (renderers). Raw nanoseconds: no figure is replaced by its clock's floor here.
 */
#include <stdbool.h>
#include <string.h>

#include "report/render.h"

#define EOL "\r\n"

struct csv {
	const struct run *run;
	FILE *f;
};

static void number(FILE *f, __u64 value)
{
	fprintf(f, ",%llu", (unsigned long long)value);
}

static void figures(FILE *f, const struct hist *h)
{
	static const double quantiles[] = { 0.5, 0.9, 0.99, 0.999 };
	size_t i;

	number(f, h->count);
	number(f, h->sum_ns);
	/* no smallest and no largest of nothing: 0 would be a measurement */
	if (!h->count) {
		fputs(",,,,,,", f);
		return;
	}
	number(f, h->min_ns);
	for (i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
		number(f, hist__quantile(h, quantiles[i]));
	number(f, h->max_ns);
}

/* @site is NULL for spans that belong to no site; @h is NULL where nothing can be measured. */
static void row(const struct csv *c, const char *scope, const char *device, const char *name,
		const char *kind, const struct run_site *site, const struct hist *h)
{
	const char *clock = site && site->clock ? clock__name(site->clock) : "";

	csv__text(c->f, scope);
	fputc(',', c->f);
	csv__text(c->f, device);
	fprintf(c->f, ",%s,%s,%s", name, kind, clock);
	if (site && h)
		number(c->f, site->floor_ns);
	else
		fputc(',', c->f);
	number(c->f, c->run->duration_ns);
	if (h)
		figures(c->f, h);
	else
		fputs(",,,,,,,,", c->f);
	fputc(',', c->f);
	if (site && !site->clock)
		csv__text(c->f, site->reason ? site->reason : "");
	else if (site && site->note)
		csv__text(c->f, site->note);
	fputs(EOL, c->f);
}

/* A count without times: how often somebody waited when the site released the lock. */
static void contended_row(const struct csv *c, unsigned int i)
{
	if (!c->run->site[i].has_contended)
		return;
	fprintf(c->f, "all,,%s,contended,contended,", site__name(i));
	number(c->f, c->run->duration_ns);
	number(c->f, c->run->site[i].contended);
	fputs(",,,,,,,," EOL, c->f);
}

static void site_rows(const struct csv *c, unsigned int i)
{
	const struct run_site *s = &c->run->site[i];
	const char *name = site__name(i);
	bool measured = s->clock || s->hold.count || s->wait.count;
	char kind[24];
	unsigned int o;

	if (!measured && !s->reason) /* nothing is known of it */
		return;
	row(c, "all", "", name, "hold", s, measured ? &s->hold : NULL);
	row(c, "all", "", name, "wait", s,
	    run__has_waits(c->run, i) || s->wait.count ? &s->wait : NULL);
	for (o = OUTCOME_NONE + 1; o < OUTCOME_COUNT && s->has_outcomes && measured; o++) {
		snprintf(kind, sizeof(kind), "hold_%s", outcome__name(o));
		row(c, "all", "", name, kind, s, &s->by_outcome[o]);
	}
	contended_row(c, i);
}

static void device_rows(const struct csv *c, const struct run_device *d)
{
	char dev[DEV_TEXT];
	unsigned int i;

	dev__format(d->dev, dev, sizeof(dev));
	for (i = 0; i < SITE_COUNT; i++) {
		if (!d->site[i].hold.count && !d->site[i].wait.count)
			continue;
		row(c, dev, d->name, site__name(i), "hold", &c->run->site[i], &d->site[i].hold);
		/* or they are those of a device for which there was no room */
		if (d->site[i].wait.count)
			row(c, dev, d->name, site__name(i), "wait", &c->run->site[i],
			    &d->site[i].wait);
	}
}

int render_csv(const struct run *run, const struct render_opts *o, FILE *f)
{
	const struct csv c = { .run = run, .f = f };
	unsigned int i;
	size_t d;

	(void)o;
	fputs("scope,device,site,kind,clock,floor_ns,duration_ns,count,sum_ns,min_ns,p50_ns,p90_ns,"
	      "p99_ns,p999_ns,max_ns,note" EOL,
	      f);
	for (i = 0; i < SITE_COUNT; i++)
		site_rows(&c, i);
	for (i = 0; i < RUN_SPANS; i++)
		if (run__span(run, i))
			row(&c, "all", "", run_spans[i].name, "span", NULL, run__span(run, i));
	for (d = 0; d < run->devices_n; d++)
		device_rows(&c, &run->devices[d]);
	return 0;
}

/* Cells of CSV (csv.h). */

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
