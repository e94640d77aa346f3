// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Documents: blocks, words, rows of cells.
 * Stage 5 (renderers).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"

static void block__free(struct doc_block *b)
{
	for (size_t i = 0; i < b->rows_n; i++) {
		for (unsigned int k = 0; k < b->rows[i].cells_n; k++)
			free(b->rows[i].cells[k].text);
		free(b->rows[i].cells);
	}
	free(b->rows);
	free(b->items);
	free(b->text);
	free(b->data);
	memset(b, 0, sizeof(*b));
}

void doc__free(struct doc *d)
{
	for (size_t i = 0; i < d->n; i++)
		block__free(&d->v[i]);
	free(d->v);
	block__free(&d->spare);
	memset(d, 0, sizeof(*d));
}

/* Room for one more of @size bytes behind the @n that @v has, zeroed; rooms are powers of two. */
static void *grown(struct doc *d, void *v, size_t n, size_t size)
{
	if (n & (n - 1) || d->failed)
		return d->failed ? NULL : v;
	v = realloc(v, (n ? 2 * n : 1) * size);
	d->failed = !v;
	return v;
}

static struct doc_block *last(struct doc *d)
{
	return d->n ? &d->v[d->n - 1] : &d->spare;
}

static void put_words(struct doc *d, struct doc_block *b, const char *s, size_t n)
{
	if (b->text_n + n + 1 > b->text_room) {
		size_t room = 2 * (b->text_n + n + 1);
		char *text = realloc(b->text, room);

		if (!text) {
			d->failed = true;
			return;
		}
		b->text = text;
		b->text_room = room;
	}
	memcpy(b->text + b->text_n, s, n);
	b->text_n += n;
	b->text[b->text_n] = 0;
}

static void addv(struct doc *d, struct doc_block *b, const char *fmt, va_list ap)
{
	char *text, *s;

	if (vasprintf(&text, fmt, ap) < 0) {
		d->failed = true;
		return;
	}
	s = text;
	if (*s && strchr(",;:", *s) && b->text_n) {
		put_words(d, b, s++, 1);
		s += strspn(s, " ");
	}
	if (b->text_n && *s)
		put_words(d, b, " ", 1);
	put_words(d, b, s, strlen(s));
	free(text);
}

static struct doc_block *new_block(struct doc *d, enum doc_kind kind, const char *label)
{
	struct doc_block *v = grown(d, d->v, d->n, sizeof(*v));

	if (!v)
		return &d->spare;
	d->v = v;
	v += d->n++;
	memset(v, 0, sizeof(*v));
	v->kind = kind;
	v->label = label;
	return v;
}

#define TEXT(d, b, fmt)                                                                            \
	do {                                                                                       \
		va_list ap;                                                                        \
                                                                                                   \
		va_start(ap, fmt);                                                                 \
		addv(d, b, fmt, ap);                                                               \
		va_end(ap);                                                                        \
	} while (0)

struct doc_block *doc__block(struct doc *d, enum doc_kind kind, const char *label, const char *fmt,
			     ...)
{
	struct doc_block *b = new_block(d, kind, label);

	TEXT(d, b, fmt);
	return b;
}

struct doc_block *doc__table(struct doc *d, const struct doc_column *columns, bool headed,
			     const char *fmt, ...)
{
	struct doc_block *b = new_block(d, DOC_TABLE, NULL);

	TEXT(d, b, fmt);
	b->headed = headed;
	b->columns = columns;
	while (columns[b->columns_n].head)
		b->columns_n++;
	return b;
}

void doc__section(struct doc *d, const char *id, const char *label, const char *title)
{
	doc__block(d, DOC_SECTION, label, "%s", title)->id = id;
}

struct doc_block *doc__para(struct doc *d, enum doc_only only, const char *class, const char *fmt,
			    ...)
{
	struct doc_block *b = new_block(d, DOC_PARA, class);

	b->only = only;
	TEXT(d, b, fmt);
	return b;
}

void doc__open(struct doc *d, const char *what, const char *fmt, ...)
{
	struct doc_block *b = new_block(d, DOC_OPEN, what);

	b->only = FOR_PAGE;
	TEXT(d, b, fmt);
}

void doc__close(struct doc *d)
{
	doc__block(d, DOC_CLOSE, NULL, "%s", "")->only = FOR_PAGE;
}

void doc__draw(struct doc *d, void (*draw)(FILE *f, const char *title, const void *data),
	       void *data, const char *fmt, ...)
{
	struct doc_block *b = new_block(d, DOC_DRAWING, NULL);

	b->only = FOR_PAGE;
	TEXT(d, b, fmt);
	b->draw = draw;
	if (b == &d->spare)
		free(data);
	else
		b->data = data;
}

void doc__class(struct doc *d, const char *class)
{
	last(d)->label = class;
}

void doc__only(struct doc *d, size_t from, enum doc_only only)
{
	for (; from < d->n; from++)
		d->v[from].only = only;
}

void doc__add(struct doc *d, const char *fmt, ...)
{
	TEXT(d, last(d), fmt);
}

void doc__item(struct doc *d, const struct doc_item *item)
{
	struct doc_block *b = last(d);
	struct doc_item *v = grown(d, b->items, b->items_n, sizeof(*v));

	if (!v)
		return;
	b->items = v;
	v[b->items_n++] = *item;
}

struct doc_row *doc__row(struct doc *d)
{
	static struct doc_row spare;
	struct doc_block *b = last(d);
	struct doc_row *v = grown(d, b->rows, b->rows_n, sizeof(*v));

	if (!v)
		return &spare;
	b->rows = v;
	v += b->rows_n;
	memset(v, 0, sizeof(*v));
	v->cells = calloc(b->columns_n + 1, sizeof(*v->cells));
	if (!v->cells) {
		d->failed = true;
		return &spare;
	}
	b->rows_n++;
	return v;
}

struct doc_cell *doc__cell(struct doc *d, const char *fmt, ...)
{
	static struct doc_cell spare;
	struct doc_block *b = last(d);
	struct doc_row *row = b->rows_n ? &b->rows[b->rows_n - 1] : NULL;
	struct doc_cell *cell = &spare;
	va_list ap;

	if (d->failed || !row || row->cells_n >= b->columns_n)
		return &spare;
	cell = &row->cells[row->cells_n++];
	cell->bar = -1;
	va_start(ap, fmt);
	if (vasprintf(&cell->text, fmt, ap) < 0) {
		cell->text = NULL;
		d->failed = true;
	}
	va_end(ap);
	return cell;
}

void doc__count(struct doc *d, __u64 n)
{
	char cell[FMT_CELL];

	doc__cell(d, "%s", fmt__count(cell, n));
}

void doc__rate(struct doc *d, double v)
{
	char cell[FMT_CELL];

	doc__cell(d, "%s", fmt__rate(cell, v));
}

/* The 99.9th of a hundred values is their maximum under another name. */
bool doc__quantile_known(const struct hist *h, double q)
{
	return h->count && (q >= 1 || (1 - q) * (double)h->count >= 0.999);
}

void doc__quantile(struct doc *d, const struct hist *h, double q, __u64 floor_ns)
{
	__u64 ns = q < 1 ? hist__quantile(h, q) : h->max_ns;
	char cell[FMT_CELL];

	if (!doc__quantile_known(h, q))
		doc__cell(d, "-");
	else
		doc__cell(d, "%s",
			  ns < 3 * floor_ns ? fmt__at_most(cell, 3 * floor_ns) : fmt__ns(cell, ns));
}

void doc__held(struct doc *d, const struct hist *h, double seconds)
{
	doc__rate(d, (double)h->sum_ns / 1e6 / seconds);
}

/*
 * What names mean: sites, reasons, losses. For readers who have never seen the tool; migtrace(8) says
 * the same at more length.
 *
 */

/* clang-format off */
static const struct {
	const char *name, *words;
} reasons[] = {
	{ "ok", "the page was moved" },
	{ "no_buffers", "it had no buffers: no lock, no check" },
	{ "early_refs", "the page's reference count was not the expected one, before a buffer or the lock was locked" },
	{ "locked", "a buffer was locked" },
	{ "writeback", "a buffer was locked and the page under writeback" },
	{ "busy", "a buffer was referenced" },
	{ "journal", "a buffer was referenced, and it belongs to a journal" },
	{ "refs", "the page's reference count was not the expected one when the mapping was to be switched" },
	{ "copy_fault", "the machine could not read the page" },
	{ "ring_lock_busy", "the ring was being read or set up" },
	{ "ctx_gone", "the ring's context was being taken down" },
	{ "slot_changed", "the page was no longer the ring's" },
	{ "other", "anything else" },
};

static const char *const losses[LOSS_COUNT] = {
	[LOSS_MAP_FULL] = "no room for a lock section, a migration or a lookup",
	[LOSS_NO_RELEASE] = "an acquire whose release was not seen",
	[LOSS_NO_ACQUIRE] = "a release whose acquire was not seen",
	[LOSS_CLOCK_BACK] = "an end that read earlier than its start",
	[LOSS_WAIT_START] = "the hold is exact, its wait is not known",
	[LOSS_WINDOW] = "windows or migrations whose end was not seen, or without room",
	[LOSS_EVENT_LIST] = "events counted but not listed",
	[LOSS_RECURSION] = "runs of programs that the kernel left out: so much is not counted",
	[LOSS_END_UNSEEN] = "pages that moved, the end of the move not seen",
	[LOSS_LOOKUP_EXIT] = "lookups near a migration whose exit was not seen",
	[LOSS_TABLE_FULL] = "no room in a table of figures; no late reference hides there",
	[LOSS_PROGRAM_MISSED] = "runs of programs that windows or lock sections rest on were left out",
};
/* clang-format on */

#define SITE_WORDS(id, name, words, ...) words,
const char *site__words(unsigned int site)
{
	static const char *const all[] = { SITES(SITE_WORDS, SITE_WORDS) };

	return site < SITE_COUNT ? all[site] : "";
}

const char *reason__words(const char *reason)
{
	size_t i;

	for (i = 0; i < sizeof(reasons) / sizeof(*reasons); i++)
		if (!strcmp(reasons[i].name, reason))
			return reasons[i].words;
	return "";
}

const char *loss__words(unsigned int loss)
{
	return loss < LOSS_COUNT ? losses[loss] : "";
}
