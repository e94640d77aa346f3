// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A command's help, made from its rows and wrapped at 80 columns; and the same for shells.
 * Stage: none.
 */
#include <ctype.h>
#include <string.h>

#include "cmd.h"

#define COLUMNS 80

static int option_label(const struct opt *row, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return snprintf(buf, size, "  %s--%s%s%s", letter, row->name, row->metavar ? " " : "",
			row->metavar ? row->metavar : "");
}

static void wrapped(FILE *f, const char *text, int indent)
{
	int column = indent, word;

	for (; *text; text += word + (text[word] == ' ')) {
		word = (int)strcspn(text, " ");
		if (column > indent && column + 1 + word > COLUMNS) {
			fprintf(f, "\n%*s", indent, "");
			column = indent;
		}
		if (column > indent) {
			fputc(' ', f);
			column++;
		}
		fprintf(f, "%.*s", word, text);
		column += word;
	}
	fputc('\n', f);
}

static void option_line(FILE *f, const struct opt *row, int indent)
{
	char label[80];
	int n = option_label(row, label, sizeof(label));

	fprintf(f, "%s%*s", label, indent > n ? indent - n : 1, "");
	wrapped(f, row->help, indent);
}

void opts__help(const struct cmd *cmd, FILE *f)
{
	static const struct opt help = { .name = "help", .letter = 'h', .help = "show this text" };
	int n, indent = 0;
	const struct opt *row;
	char label[80], sentence[256];

	fprintf(f, "Usage: migtrace %s%s%s\n\n", cmd->name, cmd->usage && *cmd->usage ? " " : "",
		cmd->usage ? cmd->usage : "");
	snprintf(sentence, sizeof(sentence), "%s.", cmd->summary);
	sentence[0] = (char)toupper((unsigned char)sentence[0]);
	wrapped(f, sentence, 0);
	fputs("\nOptions:\n", f);
	for (row = cmd->opts; row && row->name; row++) {
		n = option_label(row, label, sizeof(label));
		indent = n > indent ? n : indent;
	}
	n = option_label(&help, label, sizeof(label));
	indent = (n > indent ? n : indent) + 2;
	for (row = cmd->opts; row && row->name; row++)
		option_line(f, row, indent);
	option_line(f, &help, indent);
	if (cmd->needs & NEED_ROOT)
		fputs("\nNeeds root, or the capabilities named in migtrace(8).\n", f);
}

static void words_line(const struct cmd *cmd, const char *label, const char *name,
		       const char *metavar, FILE *f)
{
	fprintf(f, "%s %s", label, metavar ? metavar : "-");
	if (metavar && cmd->words)
		cmd->words(name, f);
	fputc('\n', f);
}

void opts__words(const struct cmd *cmd, FILE *f)
{
	const struct opt *row;
	char label[80];

	for (row = cmd->opts; row && row->name; row++) {
		snprintf(label, sizeof(label), "--%s", row->name);
		words_line(cmd, label, row->name, row->metavar, f);
		if (!row->letter)
			continue;
		snprintf(label, sizeof(label), "-%c", row->letter);
		words_line(cmd, label, row->name, row->metavar, f);
	}
	fputs("--help -\n-h -\n", f);
	if (cmd->trailer)
		words_line(cmd, "-", "", cmd->trailer, f);
}
