// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Option rows: values, errors, where parsing stops, the help text. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "unit.h"

struct config {
	bool light;
	int verbose;
	const char *output;
	double seconds, percent;
	unsigned int readers;
};

#define AT(member) offsetof(struct config, member)

static const struct opt rows[] = {
	{ "light", 0, OPT_FLAG, AT(light), NULL, "less", 0, 0 },
	{ "verbose", 'v', OPT_COUNT, AT(verbose), NULL, "more messages", 0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE",
	  "a long text that goes on until it has to be broken, since eighty columns are not enough",
	  0, 0 },
	{ "duration", 'd', OPT_SECONDS, AT(seconds), "SEC", "how long", 0, 0 },
	{ "fail-above", 0, OPT_PERCENT, AT(percent), "PCT", "limit", 0, 0 },
	{ "readers", 'r', OPT_UINT, AT(readers), "N", "how many", 1, 64 },
	{ 0 },
};

static const struct cmd runs_command = {
	.name = "record",
	.summary = "record things",
	.usage = "[OPTIONS] [-- COMMAND]",
	.opts = rows,
	.trailer = "COMMAND",
	.needs = NEED_ROOT,
};
static const struct cmd takes_files = {
	.name = "report", .summary = "show things", .opts = rows, .trailer = "FILE"
};
static const struct cmd takes_none = { .name = "doctor", .summary = "ask", .opts = rows };

static struct config c;
static char *said; /* on stderr */
static char *words[16];

/* Splits @line at blanks, parses it, keeps what was printed. */
static int parse(const struct cmd *cmd, const char *line)
{
	static char copy[256];
	int argc = 0, ret;
	char *word;

	snprintf(copy, sizeof(copy), "%s %s", cmd->name, line);
	for (word = strtok(copy, " "); word; word = strtok(NULL, " "))
		words[argc++] = strcmp(word, "''") ? word : (char[]){ "" };
	words[argc] = NULL;
	memset(&c, 0, sizeof(c));
	free(said);
	capture__begin(STDERR_FILENO);
	log__command(cmd->name);
	ret = opts__parse(cmd, argc, words, &c);
	said = capture__end(STDERR_FILENO);
	return ret;
}

static void values_are_set(void **state)
{
	(void)state;
	assert_int_equal(parse(&runs_command,
			       "--light -vv -v --output=x.json -d 2m --fail-above 5% -r 7"),
			 11);
	assert_true(c.light);
	assert_int_equal(c.verbose, 3);
	assert_string_equal(c.output, "x.json");
	assert_true(c.seconds == 120);
	assert_true(c.percent == 5);
	assert_int_equal(c.readers, 7);
	assert_string_equal(said, "");
}

static void seconds_have_suffixes(void **state)
{
	static const struct {
		const char *text;
		double seconds;
	} good[] = { { "10", 10 },  { "0.5", 0.5 }, { ".25", 0.25 }, { "3.", 3 },
		     { "10s", 10 }, { "1.5m", 90 }, { "2h", 7200 } };
	static const char *const bad[] = { "0",	  "0.0", "-1",	 "1e3",	      "0x10", "inf",
					   "nan", "10x", "10 s", ".",	      "",     "1us",
					   "s",	  "+1",	 "1..2", "9999999999" };
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		snprintf(line, sizeof(line), "--duration=%s", good[i].text);
		assert_int_equal(parse(&takes_none, line), 2);
		assert_true(c.seconds == good[i].seconds);
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (strchr(bad[i], ' '))
			continue;
		snprintf(line, sizeof(line), "--duration=%s", bad[i]);
		if (parse(&takes_none, line) != -3)
			fail_msg("'%s' was taken as %g seconds", bad[i], c.seconds);
		assert_non_null(strstr(said, "migtrace: doctor: option '--duration': "));
	}
}

static void numbers_have_ranges(void **state)
{
	static const char *const bad[] = { "0",	  "65", "-1", "1x", "99999999999999999999",
					   "0x1", "1.5" };
	char line[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		snprintf(line, sizeof(line), "-r %s", bad[i]);
		assert_int_equal(parse(&takes_none, line), -3);
		assert_non_null(strstr(said, "is not a whole number from 1 to 64"));
	}
	assert_int_equal(parse(&takes_none, "-r 64"), 3);
	assert_int_equal(parse(&takes_none, "--fail-above 5%%"), -3);
	assert_int_equal(parse(&takes_none, "--fail-above -5"), -3);
}

static void check_error(const struct cmd *cmd, const char *line, const char *message)
{
	int lines = 0;
	char *s;

	if (parse(cmd, line) != -3)
		fail_msg("'%s' was accepted", line);
	if (!strstr(said, message))
		fail_msg("'%s': '%s' does not say '%s'", line, said, message);
	for (s = said; *s; s++)
		lines += *s == '\n';
	assert_int_equal(lines, 2); /* one line, one hint */
	assert_non_null(strstr(said, "\nhint: "));
}

static void errors_name_the_option(void **state)
{
	(void)state;
	check_error(&runs_command, "--foo", "migtrace: record: unknown option '--foo'\n");
	check_error(&runs_command, "--foo=bar", "unknown option '--foo'\n");
	check_error(&runs_command, "-x", "unknown option '-x'\n");
	check_error(&runs_command, "-vx", "unknown option '-x'\n");
	check_error(&runs_command, "--duration", "option '--duration' needs a value SEC");
	check_error(&runs_command, "-d", "option '-d' needs a value SEC");
	check_error(&runs_command, "--light=1", "option '--light' takes no value");
	check_error(&runs_command, "--verbose=1", "option '--verbose' takes no value");
	check_error(&runs_command, "--help=x", "option '--help' takes no value");
	check_error(&runs_command, "--output=", "option '--output': the value FILE is empty");
	check_error(&runs_command, "--durations 3", "did you mean '--duration'?");
}

static void names_are_never_abbreviated(void **state)
{
	(void)state;
	check_error(&runs_command, "--dur 3", "unknown option '--dur'");
	check_error(&runs_command, "--dur=3", "did you mean '--duration'?");
	check_error(&runs_command, "--lig", "did you mean '--light'?");
	check_error(&runs_command, "--l", "unknown option '--l'");
	assert_int_equal(parse(&runs_command, "--duration 3"), 3);
	assert_int_equal(parse(&runs_command, "--output --light"), 3);
	assert_string_equal(c.output, "--light");
}

static void a_command_keeps_its_options(void **state)
{
	(void)state;
	assert_int_equal(parse(&runs_command, "-v -- ls -l --foo"), 3);
	assert_string_equal(words[3], "ls");
	check_error(&runs_command, "-v ls -l --foo",
		    "unexpected word 'ls': a command stands after '--'");
	check_error(&runs_command, "--", "no command after '--'");
	assert_int_equal(parse(&runs_command, ""), 1);
}

static void files_may_come_first(void **state)
{
	int first;

	(void)state;
	first = parse(&takes_files, "a.json --light b.json -o x");
	assert_int_equal(first, 4);
	assert_true(c.light);
	assert_string_equal(words[4], "a.json");
	assert_string_equal(words[5], "b.json");
	first = parse(&takes_files, "a.json -- --light");
	assert_false(c.light);
	assert_string_equal(words[first + 1], "--light");
}

static void operands_where_none_belong(void **state)
{
	(void)state;
	check_error(&takes_none, "-v now", "unexpected operand 'now': doctor takes none");
	check_error(&takes_none, "-- now", "unexpected operand 'now': doctor takes none");
}

static void help_is_made_from_the_rows(void **state)
{
	size_t column = 0;
	char *text, *s;

	(void)state;
	capture__begin(STDOUT_FILENO);
	assert_int_equal(parse(&runs_command, "--help"), -1);
	text = capture__end(STDOUT_FILENO);
	assert_non_null(strstr(text, "Usage: migtrace record [OPTIONS] [-- COMMAND]\n"));
	assert_non_null(strstr(text, "\nRecord things.\n"));
	assert_non_null(strstr(text, "  -d, --duration SEC    how long\n"));
	assert_non_null(strstr(text, "      --light           less\n"));
	assert_non_null(strstr(text, "  -h, --help "));
	assert_non_null(strstr(text, "Needs root"));
	for (s = text; *s; s++) {
		column = *s == '\n' ? 0 : column + 1;
		assert_true(column <= 80);
	}
	free(text);
}

static void some_words(const char *option, FILE *f)
{
	if (!strcmp(option, "output"))
		fputs(" this that", f);
}

static void words_are_made_from_the_rows(void **state)
{
	struct cmd cmd = runs_command;
	char *text;

	(void)state;
	cmd.words = some_words;
	capture__begin(STDOUT_FILENO);
	opts__words(&cmd, stdout);
	text = capture__end(STDOUT_FILENO);
	assert_string_equal(text, "--light -\n--verbose -\n-v -\n"
				  "--output FILE this that\n-o FILE this that\n"
				  "--duration SEC\n-d SEC\n--fail-above PCT\n"
				  "--readers N\n-r N\n--help -\n-h -\n- COMMAND\n");
	free(text);
	capture__begin(STDOUT_FILENO);
	opts__words(&takes_none, stdout);
	text = capture__end(STDOUT_FILENO);
	assert_non_null(strstr(text, "\n-h -\n"));
	assert_null(strstr(text, "\n- "));
	free(text);
}

static void suggestions_are_near(void **state)
{
	static const char *const names[] = { "record", "report", "watch", "doctor", NULL };

	(void)state;
	assert_string_equal(suggest("recrod", names), "record");
	assert_string_equal(suggest("rep", names), "report");
	assert_string_equal(suggest("docter", names), "doctor");
	assert_null(suggest("frobnicate", names));
	assert_null(suggest("x", names));
	assert_null(suggest("a-word-much-longer-than-any-command-could-be", names));
}

static int teardown(void **state)
{
	(void)state;
	free(said);
	said = NULL;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_set),
		cmocka_unit_test(seconds_have_suffixes),
		cmocka_unit_test(numbers_have_ranges),
		cmocka_unit_test(errors_name_the_option),
		cmocka_unit_test(names_are_never_abbreviated),
		cmocka_unit_test(a_command_keeps_its_options),
		cmocka_unit_test(files_may_come_first),
		cmocka_unit_test(operands_where_none_belong),
		cmocka_unit_test(help_is_made_from_the_rows),
		cmocka_unit_test(words_are_made_from_the_rows),
		cmocka_unit_test(suggestions_are_near),
	};

	return cmocka_run_group_tests_name("opts", tests, NULL, teardown);
}
