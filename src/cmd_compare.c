// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace compare: two sides of run files as one table, with what it allows to be said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "compare.h"
#include "render.h"

struct compare_config {
	const char *format, *output;
	double alpha, fail_above;
	bool force;
};

#define AT(member)  offsetof(struct compare_config, member)
#define NO_LIMIT    -1.0
#define BOOT_STATED 32 /* a boot id is longer; a merged file says "several" */

static const struct opt compare_opts[] = {
	{ "format", 'f', OPT_STRING, AT(format), "FORMAT", "text (the default), csv, json or html",
	  0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE", "write to FILE instead of standard output",
	  0, 0 },
	{ "alpha", 0, OPT_SHARE, AT(alpha), "A",
	  "chance of any false difference among the tested rows (0.05)", 0, 0 },
	{ "fail-above", 0, OPT_PERCENT, AT(fail_above), "PCT",
	  "exit 4 when a tested row is significantly worse by more than PCT percent, 5 when "
	  "that can't be told",
	  0, 0 },
	{ "force", 0, OPT_FLAG, AT(force), NULL, "compare unlike things all the same", 0, 0 },
	{ 0 },
};

static const struct {
	const char *name;
	int (*render)(const struct comparison *c, FILE *f);
} formats[] = {
	{ "text", render_compare_text },
	{ "csv", render_compare_csv },
	{ "json", render_compare_json },
	{ "html", render_compare_html },
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

static void compare_words(const char *option, FILE *f)
{
	for (size_t i = 0; !strcmp(option, "format") && i < FORMATS; i++)
		fprintf(f, " %s", formats[i].name);
}

static size_t find_format(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS && strcmp(formats[i].name, name) != 0; i++)
		;
	if (i == FORMATS) {
		log_error("option '--format': '%s' is not available", name);
		log_hint("available are text, csv, json and html");
	}
	return i;
}

struct operands {
	char **paths[SIDES];
	size_t n[SIDES];
};

/*
 * The first "--" separates the sides before options are parsed, so that options may stand on either
 * of them. Two files need none.
 */
static int parse(const struct cmd *cmd, int argc, char **argv, struct compare_config *c,
		 struct operands *o)
{
	int split = 1, first;

	while (split < argc && strcmp(argv[split], "--") != 0)
		split++;
	first = opts__parse(cmd, split, argv, c);
	if (first < 0)
		return first;
	o->paths[BEFORE] = argv + first;
	o->n[BEFORE] = split - first;
	for (int i = split + 1; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			log_error("more than one '--': there are two sides");
			return -EXIT_USAGE - 1;
		}
	if (split < argc) { /* argv[split] stands where a command's name does */
		first = opts__parse(cmd, argc - split, argv + split, c);
		if (first < 0)
			return first;
		o->paths[AFTER] = argv + split + first;
		o->n[AFTER] = argc - split - first;
	} else if (o->n[BEFORE] == 2) {
		o->paths[AFTER] = o->paths[BEFORE] + 1;
		o->n[BEFORE] = o->n[AFTER] = 1;
	}
	if (o->n[BEFORE] && o->n[AFTER])
		return 0;
	log_error(split < argc ? "no run file %s the '--'" :
				 "two run files, or '--' between two groups, expected%s",
		  split < argc ? (o->n[BEFORE] ? "after" : "before") : "");
	log_hint("migtrace compare before1.json before2.json -- after1.json after2.json");
	return -EXIT_USAGE - 1;
}

/* The sample is a boot: two recordings of one are not two of them. */
static void warn_same_boot(const struct run *runs, size_t n, const char *side)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			if (strlen(runs[i].kernel.boot_id) < BOOT_STATED ||
			    strcmp(runs[i].kernel.boot_id, runs[j].kernel.boot_id) != 0)
				continue;
			log_warn("several runs of '%s' are of one boot: they count as independent "
				 "and may not be",
				 side);
			return;
		}
}

static int render(const struct comparison *c, size_t format, const char *output)
{
	struct out *out = out__open(output);
	int ret;

	if (!out)
		return EXIT_FAILED;
	ret = formats[format].render(c, out__file(out));
	if (ret) {
		log_error("%s", strerror(-ret));
		out__abort(out);
		return EXIT_FAILED;
	}
	return out__close(out) ? EXIT_FAILED : EXIT_FINE;
}

/* What --fail-above asks. */
static int verdict(const struct comparison *c, double percent)
{
	const struct cmp_row *row = compare__regression(c, percent);

	if (row) {
		log_error("%s %s is worse by more than %g %%", row->subject, row->metric, percent);
		return EXIT_FOUND;
	}
	if (!c->family) {
		log_error("inconclusive: no site was measured in every run");
		return EXIT_INCONCLUSIVE;
	}
	if (!compare__can_reject(c)) {
		log_error("inconclusive: %zu runs a side, at least %zu needed",
			  compare__least_runs(c), c->fewest_runs);
		return EXIT_INCONCLUSIVE;
	}
	if (c->total[BEFORE].tainted || c->total[AFTER].tainted) {
		log_error("inconclusive: events were lost");
		return EXIT_INCONCLUSIVE;
	}
	return EXIT_FINE;
}

static int compare(const struct compare_config *config, size_t format, struct run *runs[SIDES],
		   const struct operands *o)
{
	struct comparison c;
	char unlike[sizeof(c.unlike)];
	int code;

	if (!compare__alike(runs, o->n, unlike, sizeof(unlike)) && !config->force) {
		log_error("the runs are unlike: %s", unlike);
		log_hint("--force compares them all the same, and says so");
		return EXIT_FAILED;
	}
	if (compare__run(&c, runs, o->n, config->alpha)) {
		log_error("out of memory");
		code = EXIT_FAILED;
	} else {
		code = render(&c, format, config->output);
		if (code == EXIT_FINE && config->fail_above >= 0)
			code = verdict(&c, config->fail_above);
	}
	compare__free(&c);
	return code;
}

static int compare_run(const struct cmd *cmd, int argc, char **argv)
{
	struct compare_config c = { .format = "text", .alpha = 0.05, .fail_above = NO_LIMIT };
	struct run *runs[SIDES] = { NULL };
	struct operands o = { 0 };
	int ret = parse(cmd, argc, argv, &c, &o), code = EXIT_FAILED;
	size_t format;

	if (ret < 0)
		return -ret - 1;
	format = find_format(c.format);
	if (format == FORMATS)
		return EXIT_USAGE;
	runs[BEFORE] = runs__load(o.paths[BEFORE], o.n[BEFORE]);
	if (runs[BEFORE])
		runs[AFTER] = runs__load(o.paths[AFTER], o.n[AFTER]);
	if (runs[AFTER]) {
		warn_same_boot(runs[BEFORE], o.n[BEFORE], "before");
		warn_same_boot(runs[AFTER], o.n[AFTER], "after");
		code = compare(&c, format, runs, &o);
	}
	runs__free(runs[BEFORE], o.n[BEFORE]);
	runs__free(runs[AFTER], o.n[AFTER]);
	return code;
}

const struct cmd cmd_compare = {
	.name = "compare",
	.summary = "compare two sides of run files, and say what is significant",
	.usage = "[OPTIONS] BEFORE.json... -- AFTER.json...",
	.run = compare_run,
	.opts = compare_opts,
	.trailer = "FILE",
	.words = compare_words,
};
