/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Commands and options as tables (main.c, opts.c), messages (log.c), exit codes (design.md §6). */
#ifndef MIGTRACE_CMD_H
#define MIGTRACE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum exit_code {
	EXIT_FINE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_CANT = 3,	       /* this kernel or this user can't */
	EXIT_FOUND = 4,	       /* the thing asked about was found */
	EXIT_INCONCLUSIVE = 5, /* events lost, too few runs */
};

enum opt_type {
	OPT_FLAG,    /* bool */
	OPT_STRING,  /* const char * */
	OPT_SECONDS, /* double, > 0; accepts 10, 0.5, 10s, 2m, 1h */
	OPT_UINT,    /* unsigned int, min..max */
	OPT_PERCENT, /* double, >= 0; accepts 5, 2.5, 5% */
	OPT_SHARE,   /* double, 0 < x < 1 */
	OPT_COUNT,   /* int, one more each time: -v, -vv */
};

/* One option of one command: fills the member at @offset of that command's own struct. */
struct opt {
	const char *name; /* long name without dashes */
	char letter;	  /* short name or 0 */
	enum opt_type type;
	size_t offset;
	const char *metavar;
	const char *help;
	unsigned int min, max; /* OPT_UINT */
};

enum cmd_need {
	NEED_NOTHING = 0,
	NEED_ROOT = 1, /* may load tracing programs */
};

struct cmd {
	const char *name;
	const char *summary; /* one line, lower case, no full stop */
	const char *usage;   /* what follows "migtrace NAME" */
	int (*run)(const struct cmd *cmd, int argc, char **argv);
	const struct opt *opts; /* ends with a row without name */
	const char *trailer;	/* "COMMAND", "FILE", or NULL when no operands are taken */
	unsigned int needs;
	/* Prints the values that an option ("": an operand) can take, each behind a blank. */
	void (*words)(const char *option, FILE *f);
};

extern const struct cmd *const commands[]; /* ends with NULL */

/*
 * Parses argv[1..] by @cmd's rows into @config. Stops at "--"; where the trailer is COMMAND also at
 * the first operand, elsewhere options may follow operands (argv is permuted). Option names are
 * never abbreviated. Returns the index of the first operand, or -exit code -1 (-1: print nothing
 * more, exit 0 after --help; -3: usage error already printed).
 */
int opts__parse(const struct cmd *cmd, int argc, char **argv, void *config);
void opts__help(const struct cmd *cmd, FILE *f);
/*
 * For shells: a line "OPTION VALUE WORD..." for each row and its letter, "-" for no value, WORDs only
 * where no other can be; operands are the OPTION "-".
 */
void opts__words(const struct cmd *cmd, FILE *f);

/* The name in @names (NULL at the end) that @word probably meant, or NULL. */
const char *suggest(const char *word, const char *const *names);

extern const struct cmd cmd_record, cmd_report, cmd_doctor, cmd_watch, cmd_bench, cmd_compare,
	cmd_export;

/* log.c: messages on stderr as "migtrace: COMMAND: text", hints as "hint: text". */
extern int log_level; /* 0 quiet libraries, 2 and more (-vv) lets libbpf talk */
void log__command(const char *name);
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* A line that the next one overwrites: on a terminal, from the third second of the work on. */
void log_progress(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* The same with a bar, @share of it (0..1) full. */
void log_progress_bar(double share, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void log_progress_end(void); /* wipes it out; messages do so themselves */

/* A file for results: stdout for NULL or "-", else created beside and renamed by out__close(). */
struct out;
struct out *out__open(const char *path); /* NULL with a message printed */
FILE *out__file(struct out *out);
int out__close(struct out *out); /* 0 or -errno with a message printed (full disk, closed pipe) */
/* Whether writing @path leaves @inputs ("-": standard input) alone; if not, it says which it would not. */
bool out__spares(const char *path, char *const *inputs, size_t n);
void out__abort(struct out *out); /* drops a file that was not finished; fine on NULL */
/* A terminal, and neither NO_COLOR nor TERM=dumb; NULL stands for standard output. */
bool out__colour(const struct out *out);
/* 0, or -errno with one message, however often it is called; none for a reader that went away. */
int out__check_stdout(void);

#endif /* MIGTRACE_CMD_H */
