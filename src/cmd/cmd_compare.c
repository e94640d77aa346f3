// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace compare: two sides of run files as one table, with what it allows to be said. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/fmt.h"
#include "cmd/cmd.h"
#include "model/compare.h"
#include "report/render.h"

struct compare_config {
	const char *format, *output, *sites;
	double alpha, fail_above;
	bool force, fail_on_race;
};

#define AT(member) offsetof(struct compare_config, member)
#define NO_LIMIT   -1.0

static const struct opt compare_opts[] = {
	{ "format", 'f', OPT_STRING, AT(format), "FORMAT", "text (the default), csv, json or html",
	  0, 0 },
	{ "output", 'o', OPT_STRING, AT(output), "FILE", "write to FILE instead of standard output",
	  0, 0 },
	{ "alpha", 0, OPT_SHARE, AT(alpha), "A",
	  "chance of any false difference among the tested rows (0.05)", 0, 0 },
	{ "fail-above", 0, OPT_PERCENT, AT(fail_above), "PCT",
	  "exit 4 when a tested row is significantly worse by more than PCT percent, or only the "
	  "later side has late references or file system errors; 5 when that can't be told",
	  0, 0 },
	{ "fail-on-race", 0, OPT_FLAG, AT(fail_on_race), NULL,
	  "exit 4 when only the later side had late references, 5 when that can't be told", 0, 0 },
	{ "site", 0, OPT_STRING, AT(sites), "NAME[,NAME...]", "test only these sites", 0, 0 },
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
	for (unsigned int i = 0; !strcmp(option, "site") && i < SITE_COUNT; i++)
		if (site__name(i))
			fprintf(f, " %s", site__name(i));
}

static size_t find_format(const char *name)
{
	size_t i;

	for (i = 0; i < FORMATS && strcmp(formats[i].name, name) != 0; i++)
		;
	if (i == FORMATS) {
		log_error("option '--format': '%s' is not available", name);
		log_known(compare_words, "format");
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

/* The names of --site; false when there is one that none has, or none at all. */
static bool parse_sites(const char *list, bool chosen[SITE_COUNT])
{
	list += strspn(list, ",");
	if (!*list) {
		log_error("option '--site': no name in its list");
		return false;
	}
	while (*list) {
		size_t len = strcspn(list, ",");
		unsigned int site;

		for (site = 0; site < SITE_COUNT; site++)
			if (site__name(site) && strlen(site__name(site)) == len &&
			    !strncmp(site__name(site), list, len))
				break;
		if (site == SITE_COUNT) {
			log_error("option '--site': unknown site '%.*s'", (int)len, list);
			log_known(compare_words, "site");
			return false;
		}
		chosen[site] = true;
		list += len;
		list += strspn(list, ",");
	}
	return true;
}

/* The sample is a boot: two recordings of one are not two of them. */
static void tell_boots(const struct comparison *c)
{
	char words[CMP_RUNS];

	for (int side = 0; side < SIDES; side++)
		if (c->n[side] < c->files[side])
			log_warn("%s: %s", c->label[side], compare__runs_words(c, side, words));
	if (c->shared)
		log_warn("%zu boot%s on both sides: no independent sample%s", c->shared,
			 c->shared == 1 ? " is" : "s are", c->shared == 1 ? "" : "s");
}

static int render(const struct comparison *c, size_t format, const char *output)
{
	struct out *out = out__open(output, runs__is_file(output));
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

/* The way out, when the sites that can be tested are those that matter; @asked: of those that were asked for. */
static void hint_sites(const struct comparison *c, bool asked)
{
	char names[256] = "NAME,...";
	const char *subject = "";
	size_t n = 0;

	if (asked && !c->family) /* and none of these can */
		return;
	for (size_t i = 0; i < c->rows_n && n < sizeof(names); i++) {
		if (!c->rows[i].tested || !strcmp(subject, c->rows[i].subject) ||
		    !strcmp(c->rows[i].subject, CMP_CONTENTION))
			continue;
		subject = c->rows[i].subject;
		n += snprintf(names + n, sizeof(names) - n, "%s%s", n ? "," : "", subject);
	}
	log_hint("--site %s %s", names,
		 c->family ? "asks for what was tested" : "tests those only");
}

static int inconclusive(const struct comparison *c, bool asked)
{
	if (c->family && !compare__can_reject(c)) {
		bool boots = c->n[BEFORE] < c->files[BEFORE] || c->n[AFTER] < c->files[AFTER];
		char words[FMT_WORDS];

		log_error("inconclusive: %s a side, at least %zu needed",
			  fmt__of(words, compare__least_runs(c), boots ? "boot" : "run"),
			  c->fewest_runs);
	} else if (c->left_n) {
		log_error("inconclusive: not tested: %s (%s)%s", c->left[0].subject, c->left[0].why,
			  c->left_n > 1 ? ", and others" : "");
		hint_sites(c, asked);
	} else if (!c->family) {
		log_error("inconclusive: no site was measured in every run");
	} else if (c->total[BEFORE].tainted || c->total[AFTER].tainted) {
		log_error("inconclusive: events were lost");
	} else {
		return EXIT_FINE;
	}
	return EXIT_INCONCLUSIVE;
}

/* What --fail-above asks: found beats what can't be told. */
static int too_slow(const struct comparison *c, const struct compare_config *config)
{
	double percent = config->fail_above;
	const struct cmp_row *row = compare__regression(c, percent);
	const struct cmp_total *after = &c->total[AFTER];
	char late[FMT_WORDS], errors[FMT_WORDS];

	if (row) {
		log_error("%s %s is worse by more than %g %%", row->subject, row->metric, percent);
		return EXIT_FOUND;
	}
	if (compare__unsafe(c, AFTER) && !compare__unsafe(c, BEFORE)) {
		log_error("%s had %s and %s; %s had none", c->label[AFTER],
			  fmt__of(late, after->late, "late reference"),
			  fmt__of(errors, after->fs_errors, "file system error"), c->label[BEFORE]);
		return EXIT_FOUND;
	}
	return inconclusive(c, config->sites);
}

static int raced(const struct comparison *c)
{
	char words[FMT_WORDS];
	const char *why;

	switch (compare__race(c, &why)) {
	case RACE_NONE:
		return EXIT_FINE;
	case RACE_LATER:
		log_error("%s had %s; none was seen in %s", c->label[AFTER],
			  fmt__of(words, c->total[AFTER].late, "late reference"), c->label[BEFORE]);
		return EXIT_FOUND;
	case RACE_UNKNOWN:
		break;
	}
	log_error("inconclusive: late references: %s", why);
	return EXIT_INCONCLUSIVE;
}

static int verdict(const struct comparison *c, const struct compare_config *config)
{
	int race = config->fail_on_race ? raced(c) : EXIT_FINE, slow = EXIT_FINE;

	if (config->fail_above >= 0 && race != EXIT_FOUND)
		slow = too_slow(c, config);
	return race == EXIT_FOUND || !slow ? race : slow;
}

/* Each in a line of its own: there may be dozens. @unlike is cut up. */
static void refuse(char *unlike)
{
	char *save = NULL, *one = strtok_r(unlike, "\n", &save);

	log_error("the runs are unlike: %s", one);
	while ((one = strtok_r(NULL, "\n", &save)))
		log_more("%s", one);
	log_hint("--force compares them all the same, and says so");
}

static int compare(const struct compare_config *config, size_t format, struct run *runs[SIDES],
		   const struct operands *o, const bool *sites)
{
	struct compare_opts opts = { config->alpha, { o->paths[BEFORE], o->paths[AFTER] }, sites };
	char *unlike = compare__unlike(runs, o->n, opts.paths, "\n");
	struct comparison c;
	int code;

	if (unlike && *unlike && !config->force) {
		refuse(unlike);
		free(unlike);
		return EXIT_FAILED;
	}
	free(unlike);
	if (compare__run(&c, runs, o->n, &opts)) {
		log_error("out of memory");
		code = EXIT_FAILED;
	} else {
		tell_boots(&c);
		code = render(&c, format, config->output);
		if (code == EXIT_FINE)
			code = verdict(&c, config);
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
	bool sites[SITE_COUNT] = { false };
	size_t format;

	if (ret < 0)
		return -ret - 1;
	format = find_format(c.format);
	if (format == FORMATS || (c.sites && !parse_sites(c.sites, sites)))
		return EXIT_USAGE;
	for (int side = 0; side < SIDES; side++)
		if (!out__spares(c.output, o.paths[side], o.n[side]))
			return EXIT_USAGE;
	if (!opts__stdin_once(o.paths[BEFORE], o.n[BEFORE], o.paths[AFTER], o.n[AFTER]))
		return EXIT_USAGE;
	out__note_suffix(c.output, c.format);
	runs[BEFORE] = runs__load(o.paths[BEFORE], o.n[BEFORE]);
	if (runs[BEFORE])
		runs[AFTER] = runs__load(o.paths[AFTER], o.n[AFTER]);
	if (runs[AFTER])
		code = compare(&c, format, runs, &o, c.sites ? sites : NULL);
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
