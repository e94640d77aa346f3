// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Lookups and migrations that wait for long: who, for what, and who has it. Stage 5. */
#include <jansson.h>
#include <string.h>

#include "report/doc.h"
#include "report/render.h"

static const char *what_words(const char *what)
{
	if (!strcmp(what, stall__name(STALL_FOLIO)))
		return "the lock of a folio";
	if (!strcmp(what, stall__name(STALL_BUFFER)))
		return "the lock of a buffer";
	return "private_lock";
}

static void place(const struct run_stall *s, const char *device, FILE *f)
{
	char words[DEV_WORDS];

	if (s->dev) {
		fprintf(f, " on ");
		render_words(dev__words(s->dev, device, words), f);
	}
	if (s->has_block)
		fprintf(f, ", block %llu", (unsigned long long)s->block);
	else if (strcmp(s->what, stall__name(STALL_SPIN)) != 0)
		fprintf(f, ", page %llu of its mapping", (unsigned long long)s->index);
}

static void waits(const struct run_stall *s, const char *verb, const char *in_all,
		  const char *device, FILE *f)
{
	char ns[FMT_CELL];

	render_words(s->waiter.comm, f);
	fprintf(f, "/%u (", s->waiter.pid);
	render_words(s->who, f);
	fprintf(f, ") %s %s%s for %s", verb, fmt__ns(ns, s->wait_ns), in_all, what_words(s->what));
	place(s, device, f);
}

void render_stall_text(const struct run_stall *s, const char *device, FILE *f)
{
	fprintf(f, RULE "\nmigtrace: ");
	waits(s, "has waited", "", device, f);
	fprintf(f, "\n\nwaits:\n");
	render_stack(&s->waiter, f);
	if (s->has_owner) {
		fprintf(f, "\nowner ");
		render_words(s->owner.comm, f);
		fprintf(f, "/%u: ", s->owner.pid);
	} else {
		fprintf(f, "\nowner unknown: ");
	}
	render_words(s->owner_how, f);
	fputc('\n', f);
	if (s->has_owner)
		render_stack(&s->owner, f);
	fprintf(f, RULE "\n");
}

void render_stall_end(const struct run_stall *s, const char *device, FILE *f)
{
	fprintf(f, "migtrace: ");
	waits(s, "waited", " in all", device, f);
	fprintf(f, "; it is over\n");
}

void render_stall_json(const struct run_stall *s, const char *device, bool ended, FILE *f)
{
	char dev[DEV_TEXT];
	json_t *o = json_pack("{s:s, s:s, s:s, s:I, s:s, s:s, s:o, s:I, s:o, s:o, s:s}", "type",
			      ended ? "stall_end" : "stall", "what", s->what, "who", s->who,
			      "wait_ns", (json_int_t)s->wait_ns, "dev",
			      dev__format(s->dev, dev, sizeof(dev)), "device", device, "block",
			      s->has_block ? json_integer(s->block) : json_null(), "index",
			      (json_int_t)s->index, "waiter", render_side_json(&s->waiter), "owner",
			      s->has_owner ? render_side_json(&s->owner) : json_null(), "owner_how",
			      s->owner_how);

	json_dumpf(o, f, JSON_COMPACT | JSON_ENSURE_ASCII);
	fputc('\n', f);
	json_decref(o);
}

static void print_stall(const void *s, const char *device, FILE *f)
{
	render_stall_text(s, device, f);
}

void doc__stalls(struct report *r, enum doc_only only)
{
	const struct run *run = r->run;
	const char *separator = "";
	char n[FMT_WORDS], over[FMT_CELL];

	if (!run->stall_ns)
		return;
	doc__block(&r->doc, DOC_FACT, "stalls", "%s of at least %s%s",
		   fmt__of(n, counters__sum(&run->stalls_by), "wait"), fmt__ns(over, run->stall_ns),
		   run->stalls_by.n ? ":" : "")
		->only = only;
	for (size_t i = 0; i < run->stalls_by.n; i++) {
		doc__add(&r->doc, "%s%s %llu", separator, run->stalls_by.v[i].name,
			 (unsigned long long)run->stalls_by.v[i].value);
		separator = ", ";
	}
	if (run->merged > 1)
		doc__add(&r->doc, "; those that had not ended are in the files themselves");
	else
		doc__add(&r->doc, "; %llu had not ended",
			 (unsigned long long)add_up(run->stalls_n, run->stalls_more));
	if (run->stalls_more)
		doc__add(&r->doc, "(%llu of them not listed)",
			 (unsigned long long)run->stalls_more);
}

void doc__stalls_list(struct report *r, enum doc_only only)
{
	const struct run *run = r->run;
	size_t from = r->doc.n;

	if (!run->stall_ns)
		return;
	if (run->stalls_n)
		doc__section(&r->doc, "stalls", "STALLS", "Waits that had not ended");
	for (size_t i = 0; i < run->stalls_n; i++)
		doc__as_watch(r, run->stalls[i].dev, print_stall, &run->stalls[i]);
	doc__only(&r->doc, from, only);
}
