/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * A report as a document: blocks in their order, built once, printed as text (doc_text.c) or as a page
 * (doc_html.c). What is said, and every rule about a figure, is in the builders (doc_*.c); a printer
 * knows widths, marks and escapes. Everything from a run file is hostile; printers see to that.
 */
#ifndef MIGTRACE_DOC_H
#define MIGTRACE_DOC_H

#include "base/fmt.h"
#include "report/render.h"
#include "report/svg.h"

enum doc_only { FOR_BOTH, FOR_TEXT, FOR_PAGE };

enum doc_tone { TONE_PLAIN, TONE_GOOD, TONE_WARN, TONE_BAD };

enum doc_kind {
	DOC_TITLE,   /* @text; a page has it as its heading, with @label if there is one */
	DOC_SECTION, /* @label: heading in text or NULL; @text: on the page, where @id leads to it */
	DOC_HEADING,  /* @text */
	DOC_FACT,     /* @label, @text and @items, "label       words, words"; @id: its class */
	DOC_PARA,     /* @text; @label: its class on the page or NULL */
	DOC_TABLE,    /* @text: what it is; on the page, and in text if it is @headed */
	DOC_DRAWING,  /* @text: its caption */
	DOC_VERBATIM, /* @text, line by line */
	DOC_OPEN, /* on the page: a box of @label's kind, DOC_DETAILS with @text as what is seen */
	DOC_CLOSE,
};

#define DOC_DETAILS "details"
#define DOC_PAIR    "pair"

/* A number with its name: "busy 12 (0.40%)", and what the name means. */
struct doc_item {
	const char *name, *after, *gloss; /* @after: behind the number; may be NULL, as @gloss */
	__u64 count;
	double share; /* of 1; negative: not shown */
};

/* @width < 0: to the left; @gap: blanks before it; @cut: what is longer is cut, in text,
   but not from the last @keep on: of a task its id. */
struct doc_column {
	const char *head;
	int width, gap;
	bool cut;
	char keep;
	enum doc_only only;
};

struct doc_cell {
	char *text;
	enum doc_tone tone;
	double bar; /* a share of the longest: the cell is a bar; negative: it is not */
};

struct doc_row {
	bool sub, alone; /* belongs to the one above; has one cell, which heads others */
	bool more;	 /* left out in text, and counted there */
	struct doc_cell *cells;
	unsigned int cells_n;
	char *const *stack; /* the run's */
	size_t stack_n;
};

struct doc_block {
	enum doc_kind kind;
	enum doc_only only;
	enum doc_tone tone;
	bool headed;
	const char *label, *id;
	char *text;
	size_t text_n, text_room;
	char tail[24];		/* of a fact, behind its text even where that is cut */
	int indent, text_lines; /* lines of a fact in text; 0: all */
	struct doc_item *items;
	size_t items_n;
	const struct doc_column *columns; /* the last has no head */
	unsigned int columns_n;
	struct doc_row *rows;
	size_t rows_n, text_rows; /* rows shown in text; 0: all */
	void (*draw)(FILE *f, const char *title, const void *data);
	void *data;
};

struct doc {
	struct doc_block *v;
	size_t n;
	struct doc_block spare; /* what builders get when memory is short */
	bool failed;
};

void doc__free(struct doc *d);

/* Each adds a block, which is the one that the functions below add to; never NULL. */
struct doc_block *doc__block(struct doc *d, enum doc_kind kind, const char *label, const char *fmt,
			     ...) __attribute__((format(printf, 4, 5)));
struct doc_block *doc__table(struct doc *d, const struct doc_column *columns, bool headed,
			     const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void doc__section(struct doc *d, const char *id, const char *label, const char *title);
struct doc_block *doc__para(struct doc *d, enum doc_only only, const char *class, const char *fmt,
			    ...) __attribute__((format(printf, 4, 5)));
void doc__open(struct doc *d, const char *what, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void doc__close(struct doc *d);
/* @data is the document's from now on: free()d with it. */
void doc__draw(struct doc *d, void (*draw)(FILE *f, const char *title, const void *data),
	       void *data, const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Of the last block, its class on the page; of all from @from on, what they are for. */
void doc__class(struct doc *d, const char *class);
void doc__only(struct doc *d, size_t from, enum doc_only only);

/* More words; those that start with , ; or : are set close to what stands there. */
void doc__add(struct doc *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void doc__item(struct doc *d, const struct doc_item *item);

struct doc_row *doc__row(struct doc *d);
struct doc_cell *doc__cell(struct doc *d, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void doc__count(struct doc *d, __u64 n);
void doc__rate(struct doc *d, double v);
/* Below three floors a figure is the clock's; "-" where there are too few values for the quantile. */
void doc__quantile(struct doc *d, const struct hist *h, double q, __u64 floor_ns);
void doc__held(struct doc *d, const struct hist *h, double seconds); /* ms/s */

bool doc__quantile_known(const struct hist *h, double q);

/* Both free @d. 0 or -ENOMEM. */
int doc__put_text(struct doc *d, bool colour, FILE *f);
int doc__put_page(struct doc *d, FILE *f);

struct report {
	struct doc doc;
	const struct run *run;
	const struct render_opts *o;
};

/* doc_run.c: of the kernel, the machine and the recording; what words mean, on the page */
void doc__measured(struct report *r);
void doc__reading(struct report *r);

/*
 * doc_hist.c: one chart for all of @s, on the page; then each as bars, which a page folds. Of several
 * each has a name. @what: " hold".
 */
void doc__drawn(struct doc *d, const char *name, const char *what, const struct svg_series *s,
		unsigned int n, __u64 floor_ns);
void doc__bars(struct doc *d, const struct render_opts *o, const char *name, const char *what,
	       const struct svg_series *s, unsigned int n);
void doc__legend(struct doc *d); /* what the marks of charts mean */
void doc__grey(struct doc *d,
	       __u64 floor_ns); /* what the grey band does, below charts that have one */

/* doc_tables.c */
void doc__sites(struct report *r);
void doc__clocks(struct report *r);
void doc__clock_facts(struct report *r); /* its facts, without a section */
void doc__histograms(struct report *r);
void doc__devices(struct report *r);
void doc__intervals(struct report *r);
void doc__worst(struct report *r);

/* doc_cost.c: of bench --cost, whose run has nothing else to say */
void doc__cost(struct report *r);

/* doc_contended.c: the one line on lookups that waited; releases that somebody waited for */
void doc__contention(struct report *r);
void doc__contended(struct report *r);

/* doc_why.c: by why the kernel migrates */
void doc__why(struct report *r);

/* render_stall.c */
/* Their number, as part of the answer; and those under way, directly behind it. */
void doc__stalls(struct report *r, enum doc_only only);
void doc__stalls_list(struct report *r, enum doc_only only);

/* doc_pinned.c */
void doc__pinned(struct report *r);

/* doc_refs.c */
void doc__refs(struct report *r);
void doc__drains(struct report *r);

/* doc_lists.c */
void doc__attempts(struct report *r, const char *label, const char *what,
		   const struct run_tries *t);
/* What watch prints of one of its events, as it is: @print is given @what and the name of @dev. */
typedef void (*doc_print_fn)(const void *what, const char *device, FILE *f);
void doc__as_watch(struct report *r, __u32 dev, doc_print_fn print, const void *what);
void doc__migrations(struct report *r);
void doc__late_events(struct report *r, enum doc_only only);
void doc__later(struct report *r); /* what came behind the start */
void doc__probes(struct report *r);

/* what a name means, in half a sentence; "" when unknown */
const char *site__words(unsigned int site);
const char *reason__words(const char *reason);
const char *loss__words(unsigned int loss);

#endif /* MIGTRACE_DOC_H */
