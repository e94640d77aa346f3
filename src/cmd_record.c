// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace record: attach, record, print the summary, write the run file. */
#include <stdio.h>

#include "cmd.h"
#include "render.h"
#include "session.h"

struct record_config {
	double seconds, interval;
	const char *output, *device, *sites, *probe;
	bool light, stacks, fail_on_race;
	unsigned int map_size;
	int verbose;
};

#define AT(member) offsetof(struct record_config, member)

static const struct opt record_opts[] = {
	{ "duration", 'd', OPT_SECONDS, AT(seconds), "SEC", "stop after SEC seconds", 0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE",
	  "write the run file here (migtrace.json; an old one is kept as .old)", 0, 0 },
	{ "interval", 'i', OPT_SECONDS, AT(interval), "SEC", "also keep a slice every SEC seconds",
	  0, 0 },
	{ "light", 0, OPT_FLAG, AT(light), NULL,
	  "only the migrating side: nothing on lookups or lock functions", 0, 0 },
	{ "device", 0, OPT_STRING, AT(device), "DEV", "only this device: path, name or MAJ:MIN", 0,
	  0 },
	{ "site", 0, OPT_STRING, AT(sites), "NAME[,NAME...]", "only these sites", 0, 0 },
	{ "stacks", 0, OPT_FLAG, AT(stacks), NULL, "keep kernel stacks of late references", 0, 0 },
	{ "probe", 0, OPT_STRING, AT(probe), "NAME=VARIANT",
	  "use this variant of a probe, as listed by doctor", 0, 0 },
	{ "map-size", 0, OPT_UINT, AT(map_size), "N",
	  "at most N entries in each map; what finds no room is counted as lost", 1, 1 << 20 },
	{ "fail-on-race", 0, OPT_FLAG, AT(fail_on_race), NULL,
	  "exit 4 when a late reference was found, 5 when inconclusive", 0, 0 },
	{ "verbose", 'v', OPT_COUNT, AT(verbose), NULL, "more messages; twice: libbpf's too", 0,
	  0 },
	{ 0 },
};

static int record_run(const struct cmd *cmd, int argc, char **argv)
{
	struct record_config c = { .output = "migtrace.json" };
	struct render_opts ro = { 0 };
	struct session_opts o = { 0 };
	struct run run = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;
	char err[512];

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	o.seconds = c.seconds;
	o.interval = c.interval;
	o.light = c.light;
	o.stacks = c.stacks;
	o.device = c.device;
	o.sites = c.sites;
	o.probe = c.probe;
	o.events_max = 256;
	o.map_size = c.map_size;
	o.command = first < argc ? argv + first : NULL;
	if (run__writable(c.output, err, sizeof(err))) { /* not after an hour of recording */
		log_error("%s", err);
		return EXIT_FAILED;
	}
	code = session__record(&o, &run);
	if (code == EXIT_FINE) {
		ro.path = c.output;
		ro.colour = out__colour(NULL);
		render_text(&run, &ro, stdout);
		if (run__save(&run, c.output, err, sizeof(err))) {
			log_error("%s", err);
			code = EXIT_FAILED;
		}
	}
	if (code == EXIT_FINE && c.fail_on_race)
		code = session__verdict(&run);
	run__free(&run);
	return code;
}

const struct cmd cmd_record = {
	.name = "record",
	.summary = "record lock sections and migrations until Ctrl-C, a time, or a command's end",
	.usage = "[OPTIONS] [-- COMMAND [ARG...]]",
	.run = record_run,
	.opts = record_opts,
	.trailer = "COMMAND",
	.needs = NEED_ROOT,
};
