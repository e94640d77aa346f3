// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What the HTML pages say in words: what a site or a reason is, late references, losses, commands.
 * For readers who have never seen the tool; migtrace(8) says the same at more length.
 * Stage 5 (renderers).
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "render_html.h"

const char *or_unknown(const char *s)
{
	return s && *s ? s : "unknown";
}

static void found(FILE *f, const struct late *l)
{
	char windows[FMT_CELL];

	html__textf(f,
		    "%llu late reference%s found (%llu in the lookup itself, %llu by the count at "
		    "the end of the move), in %s moves that were watched. A buffer was referenced "
		    "while its page was being moved: on a file system, updates can be lost.",
		    (unsigned long long)l->total, l->total == 1 ? " was" : "s were",
		    (unsigned long long)l->slow_lookup, (unsigned long long)l->end_count,
		    figure__many(windows, l->windows));
	if (l->possible)
		html__textf(f,
			    " Up to %llu more are possible: of those lookups only the acquire of "
			    "the lock lies in a window.",
			    (unsigned long long)l->possible);
}

static void none_seen(FILE *f, const struct late *l)
{
	char windows[FMT_CELL], lookups[FMT_CELL], bound[FMT_CELL];
	__u64 n = late__evidence(l);

	html__textf(f,
		    "No late reference was seen in %s windows (moves that were watched from the "
		    "check to the end). %s lookups %s; with 95%% confidence at most 1 in %s of "
		    "them could be late.",
		    figure__many(windows, l->windows), figure__many(lookups, n),
		    l->has_waited ? "wanted the lock or the folio while one was open" :
				    "came right behind one",
		    figure__many(bound, n > 3 ? n / 3 : 1));
}

void html_late(FILE *f, const struct run *run)
{
	const struct late *l = &run->late;
	const char *doubt = run__doubt(run);

	if (l->total)
		found(f, l);
	else if (!l->watched && !l->windows)
		html__text(f, "Late references were not watched for.");
	else if (l->possible)
		html__textf(f,
			    "Whether there are late references cannot be said: none was proven, "
			    "but %llu lookup%s possibly late: only the acquire of the lock lies in "
			    "a window.",
			    (unsigned long long)l->possible, l->possible == 1 ? " was" : "s were");
	else if (doubt)
		html__textf(f,
			    "Whether there are late references cannot be said: none was seen, but "
			    "%s.",
			    doubt);
	else
		none_seen(f, l);
	if (l->assoc_list)
		html__textf(f,
			    " Association lists took %llu references more, which is legitimate "
			    "here.",
			    (unsigned long long)l->assoc_list);
}

void html_fact(FILE *f, const char *name, const char *fmt, ...)
{
	char *text;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (*text) {
		html__row(f, NULL);
		html__th(f, "%s", name);
		html__td(f, "%s", text);
		html__row_end(f);
	}
	free(text);
}

void html_command(FILE *f, const struct run *run)
{
	size_t i;

	if (!run->tool.command_n)
		return;
	fputs("<code>", f);
	for (i = 0; i < run->tool.command_n; i++)
		html__textf(f, "%s%s", i ? " " : "", run->tool.command[i]);
	fputs("</code>", f);
	if (run->tool.has_status)
		html__textf(f, " (status %d)", run->tool.status);
}

bool run__any_loss(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i])
			return true;
	return false;
}

void html_losses(FILE *f, const struct run *run)
{
	const char *separator = "";
	unsigned int i;

	if (!run__any_loss(run))
		html__text(f, "none");
	for (i = 0; i < LOSS_COUNT; i++) {
		if (!run->losses[i])
			continue;
		html__textf(f, "%s%s %llu: %s%s", separator, loss__name(i),
			    (unsigned long long)run->losses[i], loss__words(i),
			    loss__taints(i) ? " (taints the figures)" : "");
		separator = "; ";
	}
}
