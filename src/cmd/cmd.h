/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Commands and options as tables: main.c, opts.c. */
#ifndef MIGTRACE_CMD_H
#define MIGTRACE_CMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/log.h"
#include "base/out.h"

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
	NEED_LOOP = 2, /* may make and mount a loop device: root alone */
};

struct cmd {
	const char *name;
	const char *summary; /* one line, lower case, no full stop */
	const char *usage;   /* what follows "migtrace NAME" */
	int (*run)(const struct cmd *cmd, int argc, char **argv);
	const struct opt *opts; /* ends with a row without name */
	const char *trailer;	/* "COMMAND", "FILE", or NULL when no operands are taken */
	unsigned int needs;
	const char *const *full_only; /* options that are refused beside --light; NULL at the end */
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
/* "-" is among the @n files of @a and the @m of @b at most once; if not, that is printed. */
bool opts__stdin_once(char *const *a, size_t n, char *const *b, size_t m);
/*
 * For shells: a line "OPTION VALUE WORD..." for each row and its letter, "-" for no value, WORDs only
 * where no other can be; operands are the OPTION "-".
 */
void opts__words(const struct cmd *cmd, FILE *f);

/* The name in @names (NULL at the end) that @word probably meant, or NULL. */
const char *suggest(const char *word, const char *const *names);

/* Rows of the options that every recording command has, for its table; @at: offset of the member. */
#define OPT_ROW_DURATION(at)                                                                       \
	{                                                                                          \
		"duration", 'd', OPT_SECONDS, at, "SEC", "stop after SEC seconds", 0, 0            \
	}
/* What every recording command can leave out, into the struct filter @f of @config. */
#define OPT_ROWS_FILTER(config, f)                                                                 \
	{                                                                                          \
		"device", 0, OPT_STRING, offsetof(struct config, f.device), "DEV",                 \
			"only this device: path, name or MAJ:MIN", 0, 0                            \
	}
#define OPT_ROW_SITES(at)                                                                          \
	{                                                                                          \
		"site", 0, OPT_STRING, at, "NAME[,NAME...]",                                       \
			"only these sites, in place before COMMAND; all: every one of them", 0, 0  \
	}
#define OPT_ROW_BUFFER_LOCKS(at)                                                                   \
	{                                                                                          \
		"buffer-locks", 0, OPT_FLAG, at, NULL,                                             \
			"also how long migrations wait for buffers' locks, and hold them", 0, 0    \
	}
#define OPT_ROW_STALL(at)                                                                          \
	{                                                                                          \
		"stall", 0, OPT_SECONDS, at, "SEC",                                                \
			"also lookups and migrations that wait SEC or longer: for what, owner", 0, \
			0                                                                          \
	}
#define OPT_ROW_FAIL_ON_RACE(at)                                                                   \
	{                                                                                          \
		"fail-on-race", 0, OPT_FLAG, at, NULL,                                             \
			"exit 4 when a late reference was found, 5 when inconclusive", 0, 0        \
	}
#define OPT_ROW_BTF(at)                                                                            \
	{                                                                                          \
		"btf", 0, OPT_STRING, at, "FILE", "the kernel's types, where it has none itself",  \
			0, 0                                                                       \
	}
#define OPT_ROW_VERBOSE(at)                                                                        \
	{                                                                                          \
		"verbose", 'v', OPT_COUNT, at, NULL, "more messages; twice: libbpf's too", 0, 0    \
	}

/* cmd_record.c: can a run file go to @path? An exit code; messages were printed. */
int record__check_output(const char *path);
/* For session_opts; @path: of the run file. */
struct run;
bool record__can_write(void *path);
/* Prints the report, writes the run file. An exit code; messages were printed. */
int record__publish(const struct run *run, const char *path);

extern const struct cmd cmd_record, cmd_report, cmd_doctor, cmd_watch, cmd_bench, cmd_compare,
	cmd_export;

#endif /* MIGTRACE_CMD_H */
