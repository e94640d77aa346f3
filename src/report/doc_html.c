// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A document as a page to attach to a mail: one file, no script; contents, tables, charts. A part in
 * which nothing happened is left out.
 * Stage 5 (renderers).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/doc.h"
#include "report/html.h"

#define METER  120 /* px of the longest bar in a table */
#define NARROW 5   /* columns for which a telephone has room */
#define DEPTH  8   /* of boxes in boxes */

static const char *const tones[] = {
	[TONE_PLAIN] = NULL, [TONE_GOOD] = "t-good", [TONE_WARN] = "t-warn", [TONE_BAD] = "t-bad"
};

struct page {
	FILE *f;
	bool facts;		 /* in their table */
	const char *open[DEPTH]; /* boxes, by what closes them */
	unsigned int depth;
	const char *headed; /* the text above, which a table need not say again */
};

/* Is there anything in the section that begins at @i? */
static bool has_content(const struct doc *d, size_t i)
{
	for (i++; i < d->n && d->v[i].kind != DOC_SECTION; i++) {
		const struct doc_block *b = &d->v[i];

		if (b->only == FOR_TEXT)
			continue;
		if (b->kind == DOC_FACT || b->kind == DOC_DRAWING || b->kind == DOC_VERBATIM ||
		    (b->kind == DOC_TABLE && b->rows_n) || (b->kind == DOC_PARA && !b->label))
			return true;
	}
	return false;
}

static void contents(FILE *f, const struct doc *d)
{
	fputs("<nav aria-label=\"Contents\"><ul>\n", f);
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].kind == DOC_SECTION && d->v[i].only != FOR_TEXT && has_content(d, i)) {
			fprintf(f, "<li><a href=\"#%s\">", d->v[i].id);
			html__text(f, d->v[i].text);
			fputs("</a></li>\n", f);
		}
	fputs("</ul></nav>\n", f);
}

static void title(const struct page *p, const struct doc *d)
{
	size_t i = 0;

	while (i < d->n && d->v[i].kind != DOC_TITLE)
		i++;
	if (i == d->n)
		return;
	if (d->v[i].label) {
		html__head(p->f, "migtrace: %s", d->v[i].label);
		html__element(p->f, "h1", NULL, "%s: %s", d->v[i].text, d->v[i].label);
	} else {
		html__head(p->f, "%s", d->v[i].text);
		html__element(p->f, "h1", NULL, "%s", d->v[i].text);
	}
}

/* A table in the cell, so that numbers stand under each other. */
static void items(FILE *f, const struct doc_block *b)
{
	fputs("<table class=\"items\"><tbody>\n", f);
	for (size_t i = 0; i < b->items_n; i++) {
		const struct doc_item *v = &b->items[i];

		fputs("<tr>", f);
		html__inline(f, "th", NULL, "%s", v->name);
		html__inline(f, "td", "n", "%llu", (unsigned long long)v->count);
		if (v->share >= 0)
			html__inline(f, "td", "n", "%.2f%%", 100 * v->share);
		else
			html__inline(f, "td", NULL, "%s", v->after ? v->after : "");
		html__inline(f, "td", "sub", "%s", v->gloss ? v->gloss : "");
		fputs("</tr>\n", f);
	}
	fputs("</tbody></table>\n", f);
}

/* What is part of the answer is a sentence there. */
static void fact(struct page *p, const struct doc_block *b)
{
	size_t n = strcspn(b->label, ":");

	if (p->depth && !p->facts) {
		html__element(p->f, "p", tones[b->tone] ?: b->id, "%.*s: %s", (int)n, b->label,
			      b->text);
		return;
	}
	if (!p->facts)
		fputs("<div class=\"scroll\"><table class=\"facts\"><tbody>\n", p->f);
	p->facts = true;
	fputs("<tr>", p->f);
	html__inline(p->f, "th", NULL, "%.*s", (int)n, b->label);
	fputs("<td>", p->f);
	if (tones[b->tone])
		html__inline(p->f, "span", tones[b->tone], "%s", b->text);
	else
		html__textf(p->f, "%s%s%s", b->text, *b->tail ? " " : "", b->tail);
	if (b->items_n)
		items(p->f, b);
	fputs("</td></tr>\n", p->f);
}

static void cell(FILE *f, const struct doc_column *c, const struct doc_cell *v, bool first)
{
	const char *tag = first ? "th" : "td", *class = c->width > 0 ? "n" : NULL;

	if (v && v->bar >= 0)
		fprintf(f, "<td><span class=\"meter\" style=\"width:%dpx\"></span></td>",
			(int)(v->bar * METER));
	else if (v && tones[v->tone])
		html__inline(f, tag, tones[v->tone], "%s", v->text ? v->text : "");
	else
		html__inline(f, tag, class, "%s", v && v->text ? v->text : "");
}

static void stack(FILE *f, const struct doc_row *row, unsigned int columns)
{
	fprintf(f,
		"<tr class=\"stack\"><td colspan=\"%u\"><details><summary>stack</summary>\n<pre>",
		columns);
	for (size_t i = 0; i < row->stack_n; i++)
		html__textf(f, "%s%s", i ? " < " : "", row->stack[i]);
	fputs("</pre></details></td></tr>\n", f);
}

static void row(FILE *f, const struct doc_block *b, const struct doc_row *row, unsigned int columns)
{
	if (row->alone) {
		fprintf(f, "<tr class=\"head\"><th colspan=\"%u\">", columns);
		html__text(f, row->cells[0].text);
		fputs("</th></tr>\n", f);
		return;
	}
	fputs(row->sub ? "<tr class=\"sub\">" : "<tr>", f);
	for (unsigned int i = 0; i < b->columns_n; i++)
		if (b->columns[i].only != FOR_TEXT)
			cell(f, &b->columns[i], i < row->cells_n ? &row->cells[i] : NULL, !i);
	fputs("</tr>\n", f);
	if (row->stack_n)
		stack(f, row, columns);
}

static void table(FILE *f, const struct doc_block *b, const char *headed)
{
	unsigned int columns = 0;

	/* above the box: within, it would be as wide as the table, and lie beyond the edge itself */
	if (b->columns_n > NARROW)
		html__element(f, "p", "note more", "Scroll sideways for more columns.");
	/* whoever has no mouse scrolls with the arrow keys, for which the box must take the focus */
	fputs("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"", f);
	html__text(f, b->text);
	fputs("\"><table>\n", f);
	if (!headed || strncmp(headed, b->text, strlen(b->text)) != 0)
		html__inline(f, "caption", NULL, "%s", b->text);
	fputs("<thead><tr>", f);
	for (unsigned int i = 0; i < b->columns_n; i++) {
		if (b->columns[i].only == FOR_TEXT)
			continue;
		html__inline(f, "th", b->columns[i].width > 0 ? "n" : NULL, "%s",
			     b->columns[i].head);
		columns++;
	}
	fputs("</tr></thead>\n<tbody>\n", f);
	for (size_t i = 0; i < b->rows_n; i++)
		row(f, b, &b->rows[i], columns);
	fputs("</tbody></table></div>\n", f);
}

static void open_box(struct page *p, const struct doc_block *b)
{
	bool details = !strcmp(b->label, DOC_DETAILS);

	if (details) {
		fputs("<details>", p->f);
		html__element(p->f, "summary", NULL, "%s", b->text);
	} else {
		fprintf(p->f, "<div class=\"%s\">\n", b->label);
	}
	if (p->depth < DEPTH)
		p->open[p->depth++] = details ? "</details>\n" : "</div>\n";
}

static void drawing(FILE *f, const struct doc_block *b)
{
	if (b->label) /* as of tables */
		html__element(f, "p", "note more", "Scroll sideways to see all of the chart.");
	fprintf(f, "<figure%s tabindex=\"0\">", b->label ? " class=\"wide\"" : "");
	html__element(f, "figcaption", NULL, "%s", b->text);
	b->draw(f, b->text, b->data);
	fputs("</figure>\n", f);
}

static void verbatim(FILE *f, char *text)
{
	char *line, *rest = text;

	fputs("<pre>", f);
	while ((line = strsep(&rest, "\n")) && rest) {
		/* a rule parts reports in a terminal; here the box does, and a narrow one would break it */
		if (*line == '=' && strspn(line, "=") == strlen(line))
			continue;
		html__text(f, line);
		fputc('\n', f);
	}
	fputs("</pre>\n", f);
}

static void block(struct page *p, const struct doc_block *b)
{
	if (p->facts && b->kind != DOC_FACT) {
		fputs("</tbody></table></div>\n", p->f);
		p->facts = false;
	}
	if (b->kind == DOC_SECTION || b->kind == DOC_HEADING || b->kind == DOC_OPEN)
		p->headed = b->text;
	switch (b->kind) {
	case DOC_TITLE:
		break;
	case DOC_SECTION:
		fprintf(p->f, "<h2 id=\"%s\">", b->id);
		html__text(p->f, b->text);
		fputs("</h2>\n", p->f);
		break;
	case DOC_HEADING:
		html__element(p->f, "h3", NULL, "%s", b->text);
		break;
	case DOC_FACT:
		fact(p, b);
		break;
	case DOC_PARA:
		html__element(p->f, "p", b->label, "%s", b->text);
		break;
	case DOC_TABLE:
		if (b->rows_n)
			table(p->f, b, p->headed);
		p->headed = NULL;
		break;
	case DOC_DRAWING:
		drawing(p->f, b);
		break;
	case DOC_VERBATIM:
		verbatim(p->f, b->text);
		break;
	case DOC_OPEN:
		open_box(p, b);
		break;
	case DOC_CLOSE:
		fputs(p->open[--p->depth], p->f);
		break;
	}
}

int doc__put_page(struct doc *d, FILE *f)
{
	struct page p = { .f = f };
	int ret = d->failed ? -ENOMEM : 0;
	bool skipped = false, listed = false;

	if (!ret)
		title(&p, d);
	for (size_t i = 0; !ret && i < d->n; i++) {
		if (d->v[i].only == FOR_TEXT)
			continue;
		if (d->v[i].kind == DOC_SECTION)
			skipped = !has_content(d, i);
		if (skipped)
			continue;
		if (d->v[i].kind == DOC_SECTION && !listed) /* below the answer */
			contents(f, d);
		listed |= d->v[i].kind == DOC_SECTION;
		block(&p, &d->v[i]);
	}
	if (!ret)
		block(&p, &(struct doc_block){ .kind = DOC_TITLE });
	html__foot(f);
	doc__free(d);
	return ret;
}
