// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A document as the text one pastes into a mail to a kernel list: ASCII, 80 columns.
 * Stage 5 (renderers).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"

#define BOLD "\033[1m"
#define RED  "\033[1;31m"
#define OFF  "\033[0m"

#define LABEL_WIDTH  12
#define STACK_INDENT 10
#define BAR	     28
#define LINE	     512

struct text {
	FILE *f;
	bool colour, any;
	enum doc_kind before; /* of the block that was printed last */
};

static void colour(const struct text *t, const char *code)
{
	if (t->colour)
		fputs(code, t->f);
}

static void heading(const struct text *t, const char *line)
{
	colour(t, BOLD);
	put_line(t->f, "%s", line);
	colour(t, OFF);
}

static void put_para(FILE *f, int indent, const char *label, const char *text)
{
	struct para para;

	para__begin(&para, f, indent, label);
	para__add(&para, "%s", text);
	para__end(&para);
}

/* What is no share of others has its meaning with it: a loss. */
static bool explained(const struct doc_item *v)
{
	return v->gloss && *v->gloss && v->share < 0;
}

static void fact(const struct text *t, const struct doc_block *b)
{
	int n = (int)strlen(b->label), indent = n < LABEL_WIDTH ? LABEL_WIDTH : n + 1;
	struct para para;

	if (b->tone == TONE_BAD)
		colour(t, RED);
	para__begin(&para, t->f, b->indent ? b->indent : indent, b->label);
	para.most = b->text_lines;
	para.tail = (int)strlen(b->tail);
	para__add(&para, "%s", b->text);
	para.most = para.tail = 0;
	para__add(&para, "%s", b->tail);
	for (size_t i = 0; i < b->items_n; i++) {
		const struct doc_item *v = &b->items[i];

		para__add(&para, "%s%s %llu%s%s%s%s",
			  !i	       ? "" :
			  explained(v) ? "; " :
					 ", ",
			  v->name, (unsigned long long)v->count, v->after ? " " : "",
			  v->after ? v->after : "", explained(v) ? ": " : "",
			  explained(v) ? v->gloss : "");
		if (v->share >= 0)
			para__add(&para, "(%.2f%%)", 100 * v->share);
	}
	para__end(&para);
	if (b->tone == TONE_BAD)
		colour(t, OFF);
}

/* @text in @most bytes, its end whole; @buf has LINE. */
static const char *shortened(const struct doc_column *c, const char *text, int most, char *buf)
{
	const char *tail = c->keep ? strrchr(text, c->keep) : NULL;
	int n = tail ? (int)strlen(tail) : most;

	if (n >= most || (int)strlen(text) <= most)
		return text;
	snprintf(buf, LINE, "%.*s%s", most - n, text, tail);
	return buf;
}

/* What fills its column does not run into the one ahead. */
static int put_cell(char *line, int at, const struct doc_column *c, const char *text)
{
	int width = abs(c->width), most = c->cut ? width - 1 : LINE;
	bool touches = at && line[at - 1] != ' ' && (c->width < 0 || (int)strlen(text) >= width);
	char buf[LINE];
	int n = snprintf(line + at, (size_t)(LINE - at), c->width < 0 ? "%*s%-*.*s" : "%*s%*.*s",
			 c->gap ?: touches, "", width, most, shortened(c, text, most, buf));

	return at + n < LINE ? at + n : LINE - 1;
}

static void row(const struct text *t, const struct doc_block *b, const struct doc_row *row)
{
	char line[LINE] = "", bar[BAR + 1], name[64];
	int at = 0, n;

	if (row->alone) {
		put_line(t->f, "%s", row->cells[0].text);
		return;
	}
	for (unsigned int i = 0; i < row->cells_n; i++) {
		const struct doc_cell *cell = &row->cells[i];
		const char *text = cell->text ? cell->text : "";

		if (b->columns[i].only == FOR_PAGE)
			continue;
		if (cell->bar >= 0) {
			n = (int)(cell->bar * BAR + 0.5);
			memset(bar, '#', sizeof(bar));
			bar[n > BAR ? BAR : n] = 0;
			text = cell->bar > 0 && !n ? "." : bar;
		} else if (!i && row->sub) {
			snprintf(name, sizeof(name), "  %s", text);
			text = name;
		}
		at = put_cell(line, at, &b->columns[i], text);
	}
	put_line(t->f, "%s", line);
	if (row->stack_n) {
		struct para para;

		para__begin(&para, t->f, STACK_INDENT, "");
		for (size_t i = 0; i < row->stack_n; i++)
			para__add(&para, "%s%s", i ? "< " : "", row->stack[i]);
		para__end(&para);
	}
}

/* With a heading of its own its columns are not one. */
static void table(const struct text *t, const struct doc_block *b)
{
	size_t most = b->text_rows ? b->text_rows : b->rows_n, shown = 0, more = 0;
	char line[LINE] = "";
	int at = 0;

	for (unsigned int i = 0; i < b->columns_n; i++)
		if (b->columns[i].only != FOR_PAGE)
			at = put_cell(line, at, &b->columns[i], b->columns[i].head);
	if (b->headed)
		heading(t, b->text);
	if (b->headed)
		put_line(t->f, "%s", line);
	else
		heading(t, line);
	for (size_t i = 0; i < b->rows_n; i++) {
		const struct doc_row *r = &b->rows[i];

		if (r->more || (shown == most && !r->alone)) {
			more++;
		} else if (shown < most) {
			/* what stands alone is a heading, and none is the last */
			row(t, b, r);
			shown += !r->alone;
		}
	}
	if (more)
		put_line(t->f, "%zu more: --format json", more);
}

/* Line by line through the filter that everything printed here passes. */
static void verbatim(const struct text *t, char *text)
{
	char *line, *rest = text;

	while ((line = strsep(&rest, "\n")) && rest)
		if (strlen(line) <= FMT_COLUMNS)
			put_line(t->f, "%s", line);
		else
			put_para(t->f, (int)strspn(line, " "), "", line);
}

/* What stands apart from the block before it; facts do so in groups. */
static bool apart(const struct text *t, const struct doc_block *b)
{
	return b->kind == DOC_TABLE || (b->kind == DOC_SECTION && b->label) ||
	       (b->kind == DOC_FACT && t->before != DOC_FACT && t->before != DOC_TITLE);
}

static void block(struct text *t, const struct doc_block *b)
{
	if (b->only == FOR_PAGE || b->kind == DOC_HEADING || (b->kind == DOC_TABLE && !b->rows_n))
		return;
	if (b->kind == DOC_SECTION && !b->label) {
		t->before = t->before == DOC_TITLE ? DOC_TITLE : DOC_SECTION;
		return;
	}
	if (t->any && apart(t, b))
		fputc('\n', t->f);
	t->before = b->kind;
	t->any = true;
	if (b->kind == DOC_TITLE)
		heading(t, b->text);
	else if (b->kind == DOC_SECTION)
		heading(t, b->label);
	else if (b->kind == DOC_FACT)
		fact(t, b);
	else if (b->kind == DOC_TABLE)
		table(t, b);
	else if (b->kind == DOC_VERBATIM)
		verbatim(t, b->text);
	else if (b->kind == DOC_PARA)
		put_para(t->f, b->indent, "", b->text);
}

int doc__put_text(struct doc *d, bool colour, FILE *f)
{
	struct text t = { .f = f, .colour = colour, .before = DOC_SECTION };
	int ret = d->failed ? -ENOMEM : 0;

	for (size_t i = 0; !ret && i < d->n; i++)
		block(&t, &d->v[i]);
	doc__free(d);
	return ret;
}
