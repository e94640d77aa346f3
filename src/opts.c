// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Option rows to getopt_long(3) and to a command's own struct, every value checked.
 * Stage: none. It knows no command; the help text is in opts_help.c.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"

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
	} units[] = { { "", 1 }, { "s", 1 }, { "m", 60 }, { "h", 3600 } };
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
	return bad(row, value, "a time such as 10, 0.5, 10s, 2m or 1h");
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
	else if (optopt)
		log_error("unknown option '-%c'", optopt);
	else
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
		log_error("no command behind '--'");
		return usage_hint(cmd);
	}
	log_error("unexpected word '%s': a command stands behind '--'", argv[optind]);
	log_hint("'migtrace %s ... -- %s'; 'migtrace help %s' lists the options", cmd->name,
		 argv[optind], cmd->name);
	return STOP(EXIT_USAGE);
}

int opts__parse(const struct cmd *cmd, int argc, char **argv, void *config)
{
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
	}
	if (runs_a_command(cmd) && check_command(cmd, argc, argv, last))
		return STOP(EXIT_USAGE);
	if (!cmd->trailer && optind < argc)
		return no_operands(cmd, argv[optind]);
	return optind;
}
