// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The command table and its dispatch.
 * Stage: none; adding a command is a row here and a file cmd_NAME.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/privileges.h"
#include "cmd/cmd.h"

#ifndef MIGTRACE_VERSION
#define MIGTRACE_VERSION "unknown"
#endif

#define COMMANDS_MAX 32

static int run_help(const struct cmd *cmd, int argc, char **argv);

static void help_words(const char *option, FILE *f);

struct help_config {
	bool words;
};

static const struct opt help_opts[] = {
	{ "words", 0, OPT_FLAG, offsetof(struct help_config, words), NULL,
	  "print what can be on the command line, for shells to complete", 0, 0 },
	{ 0 },
};

static const struct cmd cmd_help = {
	.name = "help",
	.summary = "list the commands, or the options of one",
	.usage = "[OPTIONS] [COMMAND]",
	.run = run_help,
	.opts = help_opts,
	.trailer = "NAME",
	.words = help_words,
};

const struct cmd *const commands[] = {
	&cmd_record, &cmd_watch,  &cmd_report, &cmd_bench, &cmd_compare,
	&cmd_export, &cmd_doctor, &cmd_help,   NULL,
};

static const struct cmd *find(const char *name)
{
	const struct cmd *const *c;

	for (c = commands; *c; c++)
		if (!strcmp((*c)->name, name))
			return *c;
	return NULL;
}

static void overview(FILE *f)
{
	const struct cmd *const *c;

	fputs("Usage: migtrace COMMAND [ARGUMENT]...\n\n"
	      "Measures how long mapping->private_lock is held, and waited for, while the pages\n"
	      "of buffer_heads are migrated, and finds references taken after the check.\n\n"
	      "Commands:\n",
	      f);
	for (c = commands; *c; c++)
		fprintf(f, "  %-8s %s\n", (*c)->name, (*c)->summary);
	fputs("\n'migtrace help COMMAND' shows the options of one; 'man migtrace' is the manual.\n"
	      "'migtrace --version' prints the version.\n",
	      f);
}

/* Operands of help are the commands. */
static void help_words(const char *option, FILE *f)
{
	const struct cmd *const *c;

	for (c = commands; !*option && *c; c++)
		fprintf(f, " %s", (*c)->name);
}

static void overview_words(FILE *f)
{
	fputs("--version -\n-V -\n--help -\n-h -\n- COMMAND", f);
	help_words("", f);
	fputc('\n', f);
}

static int unknown_command(const char *name)
{
	const char *names[COMMANDS_MAX], *close_to;
	size_t n;

	for (n = 0; commands[n] && n < COMMANDS_MAX - 1; n++)
		names[n] = commands[n]->name;
	names[n] = NULL;
	log_error("unknown command '%s'", name);
	close_to = suggest(name, names);
	if (close_to)
		log_hint("did you mean 'migtrace %s'?", close_to);
	else
		log_hint("'migtrace help' lists the commands");
	return EXIT_USAGE;
}

static int run_help(const struct cmd *cmd, int argc, char **argv)
{
	struct help_config c = { 0 };
	int first = opts__parse(cmd, argc, argv, &c);
	const struct cmd *topic;

	if (first < 0)
		return -first - 1;
	if (first == argc) {
		(c.words ? overview_words : overview)(stdout);
		return EXIT_FINE;
	}
	if (first + 1 < argc) {
		log_error("unexpected operand '%s': one command at a time", argv[first + 1]);
		return EXIT_USAGE;
	}
	topic = find(argv[first]);
	if (!topic)
		return unknown_command(argv[first]);
	(c.words ? opts__words : opts__help)(topic, stdout);
	return EXIT_FINE;
}

/*
 * Capabilities of the program's file are lent to whoever may run it, to attach: a report of a file
 * that is not his to read is none of it.
 */
static void drop_lent_rights(const struct cmd *cmd)
{
	if (getauxval(AT_SECURE) && !(cmd->needs & NEED_ROOT) && cmd != &cmd_doctor)
		privileges__drop_all();
}

static int dispatch(int argc, char **argv)
{
	const struct cmd *cmd;

	if (argc < 2) {
		overview(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("migtrace " MIGTRACE_VERSION);
		return EXIT_FINE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		overview(stdout);
		return EXIT_FINE;
	}
	if (argv[1][0] == '-') {
		log_error("unknown option '%s' before the command", argv[1]);
		log_hint("'migtrace help' lists the commands");
		return EXIT_USAGE;
	}
	cmd = find(argv[1]);
	if (!cmd)
		return unknown_command(argv[1]);
	log__command(cmd->name);
	drop_lent_rights(cmd);
	return cmd->run(cmd, argc - 1, argv + 1);
}

/*
 * A file opened under a number below 3 would receive what is printed. /dev/null opened for reading
 * keeps the number busy and still makes a write to a closed stdout the error that it is.
 */
static void fill_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static void ignore(int sig)
{
	(void)sig;
}

/* As head(1)'s other writers end: without a word, once all that was to be kept is. */
static void end_as_by_pipe(void)
{
	signal(SIGPIPE, SIG_DFL);
	raise(SIGPIPE);
}

int main(int argc, char **argv)
{
	/* a handler, not SIG_IGN: exec resets it, so a recorded command gets the default back */
	struct sigaction sa = { .sa_handler = ignore, .sa_flags = SA_RESTART };
	int code, ret;

	fill_standard_files();
	sigaction(SIGPIPE, &sa, NULL);
	/* a file larger than allowed is a write that fails, with a temporary file to remove */
	sigaction(SIGXFSZ, &sa, NULL);
	code = dispatch(argc, argv);
	ret = out__check_stdout();
	if (ret == -EPIPE && (code == EXIT_FINE || code == EXIT_FAILED || code == EXIT_CANT))
		end_as_by_pipe();
	/* what was asked about and found, or can't be told, is said by the status alone, too */
	return ret && (code == EXIT_FINE || code == EXIT_CANT) ? EXIT_FAILED : code;
}
