// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace watch: a two-sided report per late reference as it happens, evidence at the end. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "render.h"
#include "session.h"
#include "snapshot.h"

struct watch_config {
	double seconds;
	bool json, fail_on_race;
	const char *device;
	int verbose;
};

#define AT(member) offsetof(struct watch_config, member)

static const struct opt watch_opts[] = {
	{ "duration", 'd', OPT_SECONDS, AT(seconds), "SEC", "stop after SEC seconds", 0, 0 },
	{ "json", 0, OPT_FLAG, AT(json), NULL, "one JSON object a line", 0, 0 },
	{ "device", 0, OPT_STRING, AT(device), "DEV", "only this device: path, name or MAJ:MIN", 0,
	  0 },
	{ "fail-on-race", 0, OPT_FLAG, AT(fail_on_race), NULL,
	  "exit 4 when a late reference was found, 5 when inconclusive", 0, 0 },
	{ "verbose", 'v', OPT_COUNT, AT(verbose), NULL, "more messages; twice: libbpf's too", 0,
	  0 },
	{ 0 },
};

static void watch_late(void *ctx, const struct late_event *e)
{
	struct watch_config *c = ctx;

	char device[32];

	machine__device_name(e->dev, device, sizeof(device));
	if (c->json)
		render_late_json(e, device, stdout);
	else
		render_late_text(e, device, stdout);
	fflush(stdout);
}

static int watch_run(const struct cmd *cmd, int argc, char **argv)
{
	struct watch_config c = { 0 };
	struct session_opts o = { 0 };
	struct run run = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	o.seconds = c.seconds;
	o.device = c.device;
	o.stacks = true;
	o.quiet = true;
	o.events_max = 4096;
	o.on_late = watch_late;
	o.on_late_ctx = &c;
	o.command = first < argc ? argv + first : NULL;
	code = session__record(&o, &run);
	if (code == EXIT_FINE) {
		if (c.json)
			render_late_summary_json(&run, stdout);
		else
			render_late_summary(&run, stdout);
		if (c.fail_on_race)
			code = session__verdict(&run);
	}
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
