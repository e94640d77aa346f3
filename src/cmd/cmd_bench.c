// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace bench: a reproducible load on a file system of its own, recorded in rounds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bench/bench_cost.h"
#include "cmd/cmd.h"
#include "kernel/system_info.h"
#include "record/session.h"

#define IMAGE_BYTES (64ULL << 20) /* ext4 with a journal, and room to spare */
#define ROUNDS_MAX  1000
#define READERS_MAX 1024
#define POLL_MS	    100
#define ROUND_PART  0.8 /* of its time, for a round to count */

struct bench_config {
	double seconds, warmup;
	unsigned int rounds, readers;
	const char *dir, *mover, *output, *btf;
	bool light, cost;
	int verbose;
};

#define AT(member) offsetof(struct bench_config, member)

static const struct opt bench_opts[] = {
	{ "duration", 'd', OPT_SECONDS, AT(seconds), "SEC",
	  "length of each round (3), or turn of --cost (2)", 0, 0 },
	{ "rounds", 0, OPT_UINT, AT(rounds), "N", "rounds to record (5; --cost: in two minutes)", 1,
	  ROUNDS_MAX },
	{ "warmup", 0, OPT_SECONDS, AT(warmup), "SEC", "load before the first round (2)", 0, 0 },
	{ "readers", 0, OPT_UINT, AT(readers), "N", "processes that read the directory (1)", 1,
	  READERS_MAX },
	{ "mover", 0, OPT_STRING, AT(mover), "KIND",
	  "what moves the pages: numa, compact, or auto: numa where there are two nodes", 0, 0 },
	{ "dir", 0, OPT_STRING, AT(dir), "DIR",
	  "where the scratch file is, which has no name and ends with us (/var/tmp)", 0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE",
	  "write the run file here (migtrace.json; an old one is kept as .old)", 0, 0 },
	{ "light", 0, OPT_FLAG, AT(light), NULL,
	  "only the migrating side: nothing on lookups or lock functions", 0, 0 },
	{ "cost", 0, OPT_FLAG, AT(cost), NULL,
	  "what a recording costs here: the load alone and beside each tier, two minutes", 0, 0 },
	OPT_ROW_BTF(AT(btf)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

struct bench {
	const struct bench_config *c;
	struct load_opts load_opts;
	struct scratch scratch;
	struct load *load;
	struct load_counts before, counts; /* at the first round; until the last */
	__u64 errors, warnings;		   /* of ext4 */
};

static void bench_words(const char *option, FILE *f)
{
	for (enum mover_kind m = MOVER_AUTO; !strcmp(option, "mover") && m <= MOVER_COMPACT; m++)
		fprintf(f, " %s", mover__name(m));
}

static int parse_mover(const char *word, enum mover_kind *kind)
{
	for (*kind = MOVER_AUTO; *kind <= MOVER_COMPACT; ++*kind)
		if (!strcmp(word, mover__name(*kind)))
			return 0;
	log_error("option '--mover': '%s' is not numa, compact or auto", word);
	return -EINVAL;
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec - begin->tv_sec + (now.tv_nsec - begin->tv_nsec) / 1e9;
}

static bool alive(void *ctx)
{
	struct bench *b = ctx;
	char err[256];

	if (load__alive(b->load, err, sizeof(err)))
		return true;
	log_progress_end();
	log_error("%s", err);
	return false;
}

static int start(void *ctx)
{
	struct bench *b = ctx;
	struct timespec begin;
	char err[256];
	int ret = load__start(b->load, err, sizeof(err));

	if (ret) {
		log_error("%s", err);
		return ret;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (seconds_since(&begin) < b->c->warmup && !session__stopped()) {
		if (!alive(b))
			return -ECHILD;
		log_progress("warming up");
		usleep(POLL_MS * 1000);
	}
	b->before = load__counts(b->load);
	return 0;
}

static void stop(void *ctx)
{
	struct bench *b = ctx;

	b->counts = load__stop(b->load);
	b->load = NULL;
	scratch__errors(&b->scratch, &b->errors, &b->warnings);
}

static const struct session_load bench_load = { start, alive, stop };

/* The intervals are the rounds, but for a last one that ended early or is what was left over. */
static void keep_rounds(struct run *run, double seconds)
{
	run->rounds = run->intervals;
	run->rounds_n = run->intervals_n;
	run->intervals = NULL;
	run->intervals_n = 0;
	while (run->rounds_n &&
	       run->rounds[run->rounds_n - 1].duration_ns < ROUND_PART * seconds * 1e9)
		counters__free(&run->rounds[--run->rounds_n].counters);
}

static int describe_load(const struct bench *b, struct run *run)
{
	run->bench = (struct run_bench){
		.file_system = strdup("ext4"),
		.mover = strdup(mover__name(b->load_opts.mover)),
		.readers = b->c->readers,
		.block_bytes = 4096,
		.directory_bytes = load__directory_bytes(),
		.warmup_ns = b->c->warmup * 1e9,
		.round_ns = b->c->seconds * 1e9,
	};
	return run->bench.file_system && run->bench.mover ? 0 : -ENOMEM;
}

static int describe(const struct bench *b, struct run *run)
{
	const struct {
		const char *name;
		__u64 value;
	} counts[] = {
		{ "bench_reads", b->counts.reads - b->before.reads },
		{ "bench_entries", b->counts.entries - b->before.entries },
		{ "bench_read_errors", b->counts.read_errors - b->before.read_errors },
		{ "bench_fs_errors", b->errors },
		{ "bench_fs_warnings", b->warnings },
	};

	for (size_t i = 0; i < sizeof(counts) / sizeof(*counts); i++)
		if (counters__add(&run->counters, counts[i].name, counts[i].value))
			return -ENOMEM;
	return describe_load(b, run);
}

static int publish(void *ctx, struct run *run)
{
	struct bench *b = ctx;

	keep_rounds(run, b->c->seconds);
	if (describe(b, run)) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	if (!run->rounds_n) {
		log_error("stopped in the first of %u rounds: no run file is written",
			  b->c->rounds);
		return EXIT_FAILED;
	}
	if (run->rounds_n < b->c->rounds)
		log_warn("%s %zu of %u rounds", session__stopped() ? "stopped after" : "only",
			 run->rounds_n, b->c->rounds);
	return record__publish(run, b->c->output);
}

static int record(struct bench *b, struct run *run)
{
	char device[DEV_TEXT];
	struct session_opts o = {
		.seconds = b->c->seconds * b->c->rounds,
		.interval = b->c->seconds,
		.light = b->c->light,
		.btf = b->c->btf,
		.events_max = 256,
		.filter.device = (char *)dev__format(b->scratch.dev, device, sizeof(device)),
		.load = &bench_load,
		.load_ctx = b,
		.publish = publish,
		.publish_ctx = b,
		.can_write = record__can_write,
		.can_write_ctx = (void *)b->c->output,
	};

	return session__record(&o, run);
}

/* No recording of ours is kept: what is said is what it did to the load. */
static int describe_cost(const struct bench *b, const struct facts *f, struct run *run)
{
	char now[32];
	time_t t = time(NULL);
	struct tm tm;

	strftime(now, sizeof(now), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&t, &tm));
	run->start = strdup(now);
	run->tool.version = strdup(MIGTRACE_VERSION);
	run->tool.tier = strdup("full");
	run->merged = 1;
	if (!run->start || !run->tool.version || !run->tool.tier)
		return -ENOMEM;
	return system_info__describe(run, f) ?: describe_load(b, run);
}

static int cost(struct bench *b, struct run *run)
{
	struct facts f = { 0 };
	const struct cost c = {
		.facts = &f,
		.scratch = &b->scratch,
		.load = &b->load_opts,
		.seconds = b->c->seconds,
		.rounds = b->c->rounds,
	};
	int code = session__read_facts(&f, b->c->btf, false), ret;

	load__stop(b->load); /* each turn has its own */
	b->load = NULL;
	if (code)
		return code;
	if (describe_cost(b, &f, run)) {
		log_error("out of memory");
		code = EXIT_FAILED;
	} else {
		ret = cost__measure(&c, run);
		code = !ret	       ? record__publish(run, b->c->output) :
		       ret == -ENOTSUP ? EXIT_CANT :
					 EXIT_FAILED;
	}
	facts__free(&f);
	return code;
}

static int bench(const struct bench_config *c, struct bench *b, struct run *run)
{
	char err[512];
	int ret;

	if (geteuid()) { /* before a loop device says so in its own words */
		log_error("needs root: it makes a file system on a loop device");
		return EXIT_CANT;
	}
	ret = scratch__make(&b->scratch, c->dir, IMAGE_BYTES, err, sizeof(err));
	if (!ret)
		ret = load__prepare(&b->scratch, err, sizeof(err));
	if (!ret) {
		b->load = load__new(&b->scratch, &b->load_opts, err, sizeof(err));
		ret = b->load ? 0 : -ENODEV;
	}
	if (ret) {
		log_error("%s", err);
		return ret == -ENODEV || ret == -EPERM ? EXIT_CANT : EXIT_FAILED;
	}
	b->load_opts.mover = load__mover(b->load);
	return c->cost ? cost(b, run) : record(b, run);
}

/* What only one of the two can do, and what each does unless told otherwise. */
static int fill_in(struct bench_config *c)
{
	if (c->cost && c->light) {
		log_error("option '--light': --cost measures both tiers");
		return EXIT_USAGE;
	}
	if (c->cost && c->warmup) {
		log_error("option '--warmup': --cost warms up before each turn");
		return EXIT_USAGE;
	}
	c->seconds = c->seconds ?: c->cost ? 2 : 3;
	c->warmup = c->warmup ?: c->cost ? COST_WARMUP : 2;
	if (!c->cost && !c->rounds)
		c->rounds = 5;
	return EXIT_FINE;
}

static int bench_run(const struct cmd *cmd, int argc, char **argv)
{
	struct bench_config c = {
		.readers = 1,
		.dir = "/var/tmp",
		.mover = "auto",
		.output = "migtrace.json",
	};
	struct bench b = { .c = &c, .scratch = { .mnt = -1, .loop = -1 } };
	int first = opts__parse(cmd, argc, argv, &c), code;
	struct run run = { 0 };

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	code = fill_in(&c);
	if (code)
		return code;
	b.load_opts = (struct load_opts){ .readers = c.readers };
	if (parse_mover(c.mover, &b.load_opts.mover))
		return EXIT_USAGE;
	code = record__check_output(c.output);
	if (code)
		return code;
	code = bench(&c, &b, &run);
	load__stop(b.load);
	scratch__drop(&b.scratch);
	run__free(&run);
	return code;
}

const struct cmd cmd_bench = {
	.name = "bench",
	.summary = "record a reproducible load on a scratch file system, in rounds, to compare",
	.usage = "[OPTIONS]",
	.run = bench_run,
	.opts = bench_opts,
	.words = bench_words,
	.needs = NEED_ROOT | NEED_LOOP,
};
