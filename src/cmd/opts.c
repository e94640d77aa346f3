// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Option rows to getopt_long(3) and to a command's own struct, every value checked.
 * Stage: none. It knows no command.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"

#define OPTS_MAX    32
#define LONG_ONLY   256 /* getopt values of rows without a letter start here */
#define SECONDS_MAX 31536000.0
#define STOP(code)  (-(code)-1)

struct getopts {
	struct option longs[OPTS_MAX + 2];
	char shorts[2 * OPTS_MAX + 4];
	size_t n;
};

static int row_value(const struct cmd *cmd, size_t i)
{
	return cmd->opts[i].letter ? cmd->opts[i].letter : LONG_ONLY + (int)i;
}

static bool takes_value(const struct opt *row)
{
	return row->type != OPT_FLAG && row->type != OPT_COUNT;
}

/* Operands of one's own may come before options; a command's own options must be left alone. */
static bool runs_a_command(const struct cmd *cmd)
{
	return cmd->trailer && !strcmp(cmd->trailer, "COMMAND");
}

static void build(const struct cmd *cmd, struct getopts *g)
{
	const struct opt *row;
	char *s = g->shorts;
	size_t i;

	memset(g, 0, sizeof(*g));
	if (runs_a_command(cmd))
		*s++ = '+';
	*s++ = ':';
	for (i = 0; cmd->opts && cmd->opts[i].name && i < OPTS_MAX; i++) {
		row = &cmd->opts[i];
		g->longs[i].name = row->name;
		g->longs[i].has_arg = takes_value(row) ? required_argument : no_argument;
		g->longs[i].val = row_value(cmd, i);
		if (row->letter) {
			*s++ = row->letter;
			if (takes_value(row))
				*s++ = ':';
		}
	}
	g->longs[i].name = "help";
	g->longs[i].val = 'h';
	*s++ = 'h';
	g->n = i;
}

static const struct opt *row_by_value(const struct cmd *cmd, const struct getopts *g, int value)
{
	size_t i;

	for (i = 0; i < g->n; i++)
		if (row_value(cmd, i) == value)
			return &cmd->opts[i];
	return NULL;
}

static int usage_hint(const struct cmd *cmd)
{
	log_hint("'migtrace help %s' lists the options", cmd->name);
	return STOP(EXIT_USAGE);
}

/* Is @word no option, but a value of --format, as that of others would be? */
static bool is_format(const struct cmd *cmd, const struct getopts *g, const char *word)
{
	char *words = NULL, *save = NULL;
	size_t i = 0, size = 0;
	bool found = false;
	FILE *f;

	while (i < g->n && strcmp(g->longs[i].name, "format") != 0)
		i++;
	f = i < g->n && cmd->words ? open_memstream(&words, &size) : NULL;
	if (!f)
		return false;
	cmd->words("format", f);
	if (!fclose(f))
		for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save))
			found |= !strcmp(w, word);
	free(words);
	return found;
}

static int unknown_long(const struct cmd *cmd, const struct getopts *g, const char *arg)
{
	const char *names[OPTS_MAX + 2] = { NULL }, *close_to;
	int len = (int)strcspn(arg, "=");
	char word[64];
	size_t i;

	for (i = 0; g->longs[i].name; i++)
		names[i] = g->longs[i].name;
	log_error("unknown option '%.*s'", len, arg);
	snprintf(word, sizeof(word), "%.*s", len - 2, arg + 2);
	if (is_format(cmd, g, word)) {
		log_hint("did you mean '--format %s'?", word);
		return STOP(EXIT_USAGE);
	}
	close_to = suggest(word, names);
	if (!close_to)
		return usage_hint(cmd);
	log_hint("did you mean '--%s'? 'migtrace help %s' lists the options", close_to, cmd->name);
	return STOP(EXIT_USAGE);
}

static int bad(const struct opt *row, const char *value, const char *expected)
{
	log_error("option '--%s': '%s' is not %s", row->name, value, expected);
	return -EINVAL;
}

/* Digits with at most one point: no sign, no exponent, no hexadecimal, no "inf". */
static bool plain_number(const char *s, double *number, const char **rest)
{
	size_t n = strspn(s, "0123456789");

	if (s[n] == '.')
		n += 1 + strspn(s + n + 1, "0123456789");
	if (!n || (n == 1 && *s == '.'))
		return false;
	*number = strtod(s, NULL);
	*rest = s + n;
	return isfinite(*number);
}

static int set_seconds(const struct opt *row, const char *value, double *out)
{
	static const struct {
		const char *suffix;
		double factor;
	} units[] = { { "", 1 }, { "ms", 1e-3 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
	const char *rest;
	double number;
	size_t i;

	if (plain_number(value, &number, &rest))
		for (i = 0; i < sizeof(units) / sizeof(*units); i++) {
			if (strcmp(rest, units[i].suffix))
				continue;
			*out = number * units[i].factor;
			if (*out < 1e-9)
				return bad(row, value, "more than 0 seconds");
			if (*out > SECONDS_MAX)
				return bad(row, value, "at most a year");
			return 0;
		}
	return bad(row, value, "a time such as 10, 0.5, 500ms, 10s, 2m or 1h");
}

static int set_uint(const struct opt *row, const char *value, unsigned int *out)
{
	unsigned int max = row->max ? row->max : UINT_MAX;
	char expected[64];
	unsigned long number;

	errno = 0;
	number = strtoul(value, NULL, 10);
	if (!*value || value[strspn(value, "0123456789")] || errno || number < row->min ||
	    number > max) {
		snprintf(expected, sizeof(expected), "a whole number from %u to %u", row->min, max);
		return bad(row, value, expected);
	}
	*out = (unsigned int)number;
	return 0;
}

static int set_percent(const struct opt *row, const char *value, double *out)
{
	const char *rest;

	if (!plain_number(value, out, &rest) || (*rest && strcmp(rest, "%") != 0))
		return bad(row, value, "a percentage such as 5, 2.5 or 5%");
	return 0;
}

static int set_share(const struct opt *row, const char *value, double *out)
{
	const char *rest;

	if (!plain_number(value, out, &rest) || *rest || *out <= 0 || *out >= 1)
		return bad(row, value, "a number between 0 and 1, such as 0.05");
	return 0;
}

static int set(const struct opt *row, const char *value, void *config)
{
	void *member = (char *)config + row->offset;

	switch (row->type) {
	case OPT_FLAG:
		*(bool *)member = true;
		return 0;
	case OPT_COUNT:
		++*(int *)member;
		return 0;
	case OPT_STRING:
		if (!*value)
			break;
		*(const char **)member = value;
		return 0;
	case OPT_SECONDS:
		return set_seconds(row, value, member);
	case OPT_UINT:
		return set_uint(row, value, member);
	case OPT_PERCENT:
		return set_percent(row, value, member);
	case OPT_SHARE:
		return set_share(row, value, member);
	}
	log_error("option '--%s': the value %s is empty", row->name, row->metavar);
	return -EINVAL;
}

/* getopt's '?' and ':': an unknown option, a value too many, a value missing. */
static int explain(const struct cmd *cmd, const struct getopts *g, int c, char **argv)
{
	const struct opt *row = optopt ? row_by_value(cmd, g, optopt) : NULL;
	const char *arg = argv[optind - 1];

	if (c == ':' && row)
		log_error("option '%s' needs a value %s", arg, row->metavar);
	else if (row)
		log_error("option '--%s' takes no value", row->name);
	else if (optopt == 'h')
		log_error("option '--help' takes no value");
	else if (optopt) {
		log_error("unknown option '-%c'", optopt);
		/* behind a letter in the middle of a word that is the next one still */
		for (char **word = argv + optind - 1; word <= argv + optind && *word; word++)
			if (**word == '-' && !access(*word, F_OK)) {
				log_hint("the file of that name is './%s'", *word);
				return STOP(EXIT_USAGE);
			}
	} else
		return unknown_long(cmd, g, arg);
	return usage_hint(cmd);
}

/*
 * The long option just read, as typed, when it was abbreviated: getopt_long() takes any unique
 * prefix, but a script that uses one breaks when a later release adds an option.
 */
static const char *abbreviated(const struct option *o, char **argv)
{
	const char *arg = argv[optind - 1];

	if (o->has_arg == required_argument && optarg == arg)
		arg = argv[optind - 2];
	return strcspn(arg, "=") == strlen(o->name) + 2 ? NULL : arg;
}

static bool full_only(const struct cmd *cmd, const char *name)
{
	const char *const *o = cmd->full_only;

	while (o && *o && strcmp(*o, name) != 0)
		o++;
	return o && *o;
}

/* @seen: by the rows of @cmd. */
static int check_light(const struct cmd *cmd, const bool seen[OPTS_MAX])
{
	const char *full = NULL;
	bool light = false;

	for (size_t i = 0; cmd->full_only && cmd->opts[i].name; i++) {
		light |= seen[i] && !strcmp(cmd->opts[i].name, "light");
		if (seen[i] && full_only(cmd, cmd->opts[i].name))
			full = cmd->opts[i].name;
	}
	if (!light || !full)
		return 0;
	log_error("option '--%s': not with '--light'", full);
	log_hint("leave out '--light'");
	return STOP(EXIT_USAGE);
}

static int no_operands(const struct cmd *cmd, const char *operand)
{
	log_error("unexpected operand '%s': %s takes none", operand, cmd->name);
	return usage_hint(cmd);
}

/*
 * A command of the user's is told from a slip ("record 10", "record sda") by the "--" before it. @last:
 * the value of the last option, which may be "--" as well.
 */
static int check_command(const struct cmd *cmd, int argc, char **argv, const char *last)
{
	const char *before = optind > 1 ? argv[optind - 1] : "";
	bool marked = before != last && !strcmp(before, "--");

	if (optind == argc && !marked)
		return 0;
	if (optind < argc && marked)
		return 0;
	if (optind == argc) {
		log_error("no command after '--'");
		return usage_hint(cmd);
	}
	log_error("unexpected word '%s': a command stands after '--'", argv[optind]);
	log_hint("'migtrace %s ... -- %s'; 'migtrace help %s' lists the options", cmd->name,
		 argv[optind], cmd->name);
	return STOP(EXIT_USAGE);
}

int opts__parse(const struct cmd *cmd, int argc, char **argv, void *config)
{
	bool seen[OPTS_MAX] = { false };
	const char *last = NULL;
	struct getopts g;
	int c, index;

	build(cmd, &g);
	opterr = 0;
	optind = 0; /* glibc: start afresh, also when called twice in one process */
	for (;;) {
		index = -1;
		c = getopt_long(argc, argv, g.shorts, g.longs, &index);
		if (c == -1)
			break;
		if (c == '?' || c == ':')
			return explain(cmd, &g, c, argv);
		if (index >= 0 && abbreviated(&g.longs[index], argv))
			return unknown_long(cmd, &g, abbreviated(&g.longs[index], argv));
		if (c == 'h' && !row_by_value(cmd, &g, c)) {
			opts__help(cmd, stdout);
			return STOP(EXIT_FINE);
		}
		if (set(row_by_value(cmd, &g, c), optarg, config))
			return usage_hint(cmd);
		last = optarg;
		seen[row_by_value(cmd, &g, c) - cmd->opts] = true;
	}
	if (check_light(cmd, seen))
		return STOP(EXIT_USAGE);
	if (runs_a_command(cmd) && check_command(cmd, argc, argv, last))
		return STOP(EXIT_USAGE);
	if (!cmd->trailer && optind < argc)
		return no_operands(cmd, argv[optind]);
	return optind;
}

/*
 * A command's help, made from its rows and wrapped at 80 columns; and the same for shells.
 *
 */

#define COLUMNS 80

static int option_label(const struct opt *row, char *buf, size_t size)
{
	char letter[8] = "    ";

	if (row->letter)
		snprintf(letter, sizeof(letter), "-%c, ", row->letter);
	return snprintf(buf, size, "  %s--%s%s%s", letter, row->name, row->metavar ? " " : "",
			row->metavar ? row->metavar : "");
}

/* From @column on; where it ends. */
static int wrapped(FILE *f, const char *text, int column, int indent)
{
	int word;

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
	return column;
}

static void option_line(FILE *f, const struct cmd *cmd, const struct opt *row, int indent)
{
	char label[80];
	int n = option_label(row, label, sizeof(label)), column;

	fprintf(f, "%s%*s", label, indent > n ? indent - n : 1, "");
	column = wrapped(f, row->help, indent, indent);
	if (full_only(cmd, row->name))
		wrapped(f, "(of the full tier only)", column, indent);
	fputc('\n', f);
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
	wrapped(f, sentence, 0, 0);
	fputs("\n\nOptions:\n", f);
	for (row = cmd->opts; row && row->name; row++) {
		n = option_label(row, label, sizeof(label));
		indent = n > indent ? n : indent;
	}
	n = option_label(&help, label, sizeof(label));
	indent = (n > indent ? n : indent) + 2;
	for (row = cmd->opts; row && row->name; row++)
		option_line(f, cmd, row, indent);
	option_line(f, cmd, &help, indent);
	if (cmd->needs & NEED_LOOP)
		fputs("\nNeeds root: it makes a file system of its own.\n", f);
	else if (cmd->needs & NEED_ROOT)
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

/*
 * "Did you mean": the known name nearest to a mistyped word.
 *
 */

#define WORD_MAX 32

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

/* Levenshtein distance of two words shorter than WORD_MAX. */
static unsigned int distance(const char *a, const char *b)
{
	unsigned int row[WORD_MAX], diagonal, above, i, j;
	size_t n = strlen(b);

	for (j = 0; j <= n; j++)
		row[j] = j;
	for (i = 1; a[i - 1]; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= n; j++) {
			above = row[j];
			row[j] = min3(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *suggest(const char *word, const char *const *names)
{
	unsigned int best = WORD_MAX, d;
	const char *found = NULL;
	size_t len = strlen(word);

	if (len < 2 || len >= WORD_MAX)
		return NULL;
	for (; *names; names++) {
		if (strlen(*names) >= WORD_MAX)
			continue;
		d = strncmp(*names, word, len) ? distance(word, *names) : 0;
		if (d < best) {
			best = d;
			found = *names;
		}
	}
	/* a third of the word mistyped is a guess too far */
	return best <= 1 + len / 4 ? found : NULL;
}

bool opts__stdin_once(char *const *a, size_t n, char *const *b, size_t m)
{
	size_t found = 0;

	for (size_t i = 0; i < n + m; i++)
		found += !strcmp(i < n ? a[i] : b[i - n], "-");
	if (found > 1)
		log_error("standard input ('-') is one run file, and can't be read twice");
	return found <= 1;
}
