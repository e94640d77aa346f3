// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace watch: a two-sided report per late reference as it happens, evidence at the end. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"
#include "report/render.h"

struct watch_config {
	struct session_opts session;
	bool json, fail_on_race;
	int verbose;
};

#define AT(member) offsetof(struct watch_config, member)

static const struct opt watch_opts[] = {
	OPT_ROW_DURATION(AT(session.seconds)),
	{ "json", 0, OPT_FLAG, AT(json), NULL, "one JSON object a line", 0, 0 },
	OPT_ROWS_FILTER(watch_config, session.filter),
	OPT_ROW_STALL(AT(session.stall)),
	OPT_ROW_BTF(AT(session.btf)),
	OPT_ROW_FAIL_ON_RACE(AT(fail_on_race)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

static void watch_late(void *ctx, const struct late_event *e)
{
	const struct watch_config *c = ctx;
	char device[32];

	system_info__device_name(e->dev, device, sizeof(device));
	if (c->json)
		render_late_json(e, device, stdout);
	else
		render_late_text(e, device, stdout);
	fflush(stdout);
}

static void watch_stall(void *ctx, const struct run_stall *s, bool ended)
{
	const struct watch_config *c = ctx;
	char device[32];

	system_info__device_name(s->dev, device, sizeof(device));
	if (c->json)
		render_stall_json(s, device, ended, stdout);
	else if (ended)
		render_stall_end(s, device, stdout);
	else
		render_stall_text(s, device, stdout);
	fflush(stdout);
}

static int publish(void *ctx, struct run *run)
{
	const struct watch_config *c = ctx;

	if (c->json)
		render_late_summary_json(run, stdout);
	else
		render_late_summary(run, stdout);
	return c->fail_on_race ? session__verdict(run) : EXIT_FINE;
}

static int watch_run(const struct cmd *cmd, int argc, char **argv)
{
	struct watch_config c = {
		.session = { .stacks = true,
			     .quiet = true,
			     .events_max = 4096,
			     .on_late = watch_late,
			     .on_late_ctx = &c,
			     .on_stall = watch_stall,
			     .on_stall_ctx = &c,
			     .publish = publish,
			     .publish_ctx = &c },
	};
	struct run run = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	c.session.command = first < argc ? argv + first : NULL;
	code = session__record(&c.session, &run);
	run__free(&run);
	return code;
}

const struct cmd cmd_watch = {
	.name = "watch",
	.summary = "report late references as they happen, both sides",
	.usage = "[OPTIONS] [-- COMMAND [ARG...]]",
	.run = watch_run,
	.opts = watch_opts,
	.trailer = "COMMAND",
	.needs = NEED_ROOT,
};
