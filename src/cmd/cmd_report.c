// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * migtrace report: run files to text, JSON, CSV, HTML or metrics; several of one kernel as one.
 * Needs neither root nor the kernel that was measured.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd/cmd.h"
#include "report/render.h"

#define DEFAULT_RUN   "migtrace.json"
#define LINEAR_MAX    1000
#define LINEAR_MAX_NS 1000000000ULL

struct report_config {
	const char *format, *linear, *output;
};

#define AT(member) offsetof(struct report_config, member)

static const struct opt report_opts[] = {
	{ "format", 'f', OPT_STRING, AT(format), "FORMAT",
	  "text (the default), json, csv, html or prometheus", 0, 0 },
	{ "linear", 0, OPT_STRING, AT(linear), "WIDTH:COUNT",
	  "histograms of COUNT buckets of WIDTH each, such as 5us:20, and an open one", 0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE", "write to FILE instead of standard output",
	  0, 0 },
	{ 0 },
};

typedef int renderer(const struct run *run, const struct render_opts *o, FILE *f);

static const struct {
	const char *name;
	renderer *render;
	bool shows_hists; /* with buckets that --linear can choose */
} formats[] = {
	{ "text", render_text, true },
	{ "json", render_json, false },
	{ "csv", render_csv, false },
	{ "html", render_html, true },
	{ "prometheus", render_prometheus, false },
};

#define FORMATS (sizeof(formats) / sizeof(*formats))

static void report_words(const char *option, FILE *f)
{
	for (size_t i = 0; !strcmp(option, "format") && i < FORMATS; i++)
		fprintf(f, " %s", formats[i].name);
}

static renderer *find_format(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS; i++)
		if (!strcmp(formats[i].name, name))
			return formats[i].render;
	log_error("option '--format': '%s' is not available", name);
	log_known(report_words, "format");
	return NULL;
}

static bool shows_hists(renderer *how, const char *format)
{
	for (size_t i = 0; i < FORMATS; i++)
		if (formats[i].render == how && formats[i].shows_hists)
			return true;
	log_error("option '--linear': nothing of %s has buckets to choose", format);
	log_hint("it is for text and html");
	return false;
}

/* "5us:20" */
static int parse_linear(const char *word, struct render_opts *o)
{
	static const struct {
		const char *name;
		__u64 factor;
	} units[] = { { "ns:", 1 }, { "us:", 1000 }, { "ms:", 1000000 } };
	unsigned long width, count;
	char *end = NULL, *last = NULL;
	size_t i;

	errno = 0;
	width = *word >= '0' && *word <= '9' ? strtoul(word, &end, 10) : 0;
	for (i = 0; width && i < sizeof(units) / sizeof(*units); i++) {
		if (strncmp(end, units[i].name, 3) != 0 || end[3] < '0' || end[3] > '9')
			continue;
		count = strtoul(end + 3, &last, 10);
		if (errno || *last || !count || count > LINEAR_MAX ||
		    width > LINEAR_MAX_NS / units[i].factor)
			break;
		o->linear_width_ns = width * units[i].factor;
		o->linear_count = (unsigned int)count;
		return 0;
	}
	log_error("option '--linear': '%s' is not WIDTH:COUNT such as 5us:20", word);
	log_hint("WIDTH in ns, us or ms, up to 1000ms; COUNT from 1 to %d", LINEAR_MAX);
	return -EINVAL;
}

static int render(const struct run *run, renderer *how, struct render_opts *o, const char *output)
{
	struct out *out = out__open(output, runs__is_file(output));
	int ret;

	if (!out)
		return EXIT_FAILED;
	o->colour = out__colour(out);
	ret = how(run, o, out__file(out));
	if (ret) {
		log_error("%s", strerror(-ret));
		out__abort(out);
		return EXIT_FAILED;
	}
	return out__close(out) ? EXIT_FAILED : EXIT_FINE;
}

static int report_run(const struct cmd *cmd, int argc, char **argv)
{
	static char default_run[] = DEFAULT_RUN;
	char *fallback[] = { default_run };
	struct report_config c = { .format = "text" };
	struct render_opts o = { 0 };
	struct run run = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code = EXIT_FAILED;
	char **paths = argv + first;
	size_t n = (size_t)(argc - first);
	renderer *how;

	if (first < 0)
		return -first - 1;
	how = find_format(c.format);
	if (!how || (c.linear && parse_linear(c.linear, &o)) ||
	    (c.linear && !shows_hists(how, c.format)))
		return EXIT_USAGE;
	if (!n) {
		if (access(DEFAULT_RUN, F_OK)) {
			log_error("no run file given, and there is no " DEFAULT_RUN " here");
			log_hint(
				"'migtrace record' writes one; 'migtrace help report' shows the usage");
			return EXIT_USAGE;
		}
		paths = fallback;
		n = 1;
	}
	o.path = paths[0];
	if (!out__spares(c.output, paths, n) || !opts__stdin_once(paths, n, NULL, 0))
		return EXIT_USAGE;
	out__note_suffix(c.output, c.format);
	if (!runs__merge(paths, n, &run))
		code = render(&run, how, &o, c.output);
	run__free(&run);
	return code;
}

const struct cmd cmd_report = {
	.name = "report",
	.summary = "show run files as text, JSON, CSV, HTML or metrics; several are summed",
	.usage = "[OPTIONS] [RUN.json...]",
	.run = report_run,
	.opts = report_opts,
	.trailer = "FILE",
	.words = report_words,
};
