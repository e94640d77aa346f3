// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace record: attach, record, print the summary, write the run file. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"
#include "record/session.h"
#include "report/render.h"

struct record_config {
	struct session_opts session;
	const char *output;
	bool fail_on_race;
	int verbose;
};

#define AT(member) offsetof(struct record_config, member)

static const struct opt record_opts[] = {
	OPT_ROW_DURATION(AT(session.seconds)),
	{ "output", 'o', OPT_STRING, AT(output), "FILE",
	  "write the run file here (migtrace.json; an old one is kept as .old)", 0, 0 },
	{ "interval", 'i', OPT_SECONDS, AT(session.interval), "SEC",
	  "also keep an interval every SEC seconds", 0, 0 },
	{ "light", 0, OPT_FLAG, AT(session.light), NULL,
	  "only the migrating side: nothing on lookups or lock functions", 0, 0 },
	OPT_ROWS_FILTER(record_config, session.filter),
	OPT_ROW_SITES(AT(session.filter.sites)),
	OPT_ROW_STALL(AT(session.stall)),
	OPT_ROW_BUFFER_LOCKS(AT(session.buffer_locks)),
	{ "stacks", 0, OPT_FLAG, AT(session.stacks), NULL,
	  "keep kernel stacks of late references and of the longest holds", 0, 0 },
	{ "why", 0, OPT_FLAG, AT(session.why), NULL,
	  "count results and holds by why the kernel migrated", 0, 0 },
	{ "pinned", 0, OPT_FLAG, AT(session.pinned), NULL,
	  "also the blocks whose references stop migrations, and what they are", 0, 0 },
	{ "refs", 0, OPT_FLAG, AT(session.refs), NULL,
	  "also the references of every folio that migrates, with or without buffers", 0, 0 },
	{ "drains", 0, OPT_FLAG, AT(session.drains), NULL,
	  "also who empties the CPUs' LRUs, and what comes of migrations right after", 0, 0 },
	{ "probe", 0, OPT_STRING, AT(session.probe), "NAME=VARIANT[,...]",
	  "use this variant of a probe, not the first possible", 0, 0 },
	{ "map-size", 0, OPT_UINT, AT(session.map_size), "N",
	  "at most N entries in each of six maps; what finds no room is counted as lost", 1,
	  1 << 20 },
	OPT_ROW_BTF(AT(session.btf)),
	OPT_ROW_FAIL_ON_RACE(AT(fail_on_race)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

int record__check_output(const char *path)
{
	char err[512];

	if (!strcmp(path, "-")) {
		log_error("option '--output': '-' is standard output, where the report goes");
		log_hint("-o FILE, and 'migtrace report -f json FILE' writes it there");
		return EXIT_USAGE;
	}
	if (!run__writable(path, err, sizeof(err)))
		return EXIT_FINE;
	log_error("%s", err);
	log_hint("-o FILE writes the run file elsewhere");
	return EXIT_FAILED;
}

bool record__can_write(void *path)
{
	char err[512];

	return !run__writable(path, err, sizeof(err));
}

int record__publish(const struct run *run, const char *path)
{
	struct render_opts ro = { .path = path, .colour = out__colour(NULL) };
	char err[512];

	render_text(run, &ro, stdout);
	if (!run__save(run, path, err, sizeof(err)))
		return EXIT_FINE;
	log_error("%s", err);
	return EXIT_FAILED;
}

static int publish(void *ctx, struct run *run)
{
	const struct record_config *c = ctx;
	int code = record__publish(run, c->output);

	return code == EXIT_FINE && c->fail_on_race ? session__verdict(run) : code;
}

static int record_run(const struct cmd *cmd, int argc, char **argv)
{
	struct record_config c = { .output = "migtrace.json", .session = { .events_max = 256 } };
	struct run run = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	c.session.command = first < argc ? argv + first : NULL;
	code = record__check_output(c.output); /* not after an hour of recording */
	if (code)
		return code;
	c.session.can_write = record__can_write;
	c.session.can_write_ctx = (void *)c.output;
	c.session.publish = publish;
	c.session.publish_ctx = &c;
	code = session__record(&c.session, &run);
	run__free(&run);
	return code;
}

static const char *const full_only[] = { "why", "refs", NULL };

const struct cmd cmd_record = {
	.name = "record",
	.summary = "record lock sections and migrations until Ctrl-C, a time, or a command's end",
	.usage = "[OPTIONS] [-- COMMAND [ARG...]]",
	.run = record_run,
	.opts = record_opts,
	.words = session__words,
	.full_only = full_only,
	.trailer = "COMMAND",
	.needs = NEED_ROOT,
};
