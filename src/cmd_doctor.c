// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace doctor: what this kernel offers, what was chosen and why. A bug report carries this. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "doctor.h"
#include "session.h"
#include "snapshot.h"

struct doctor_config {
	bool json, facts, sites;
	const char *probe, *btf, *from;
	int verbose;
};

#define AT(member) offsetof(struct doctor_config, member)

static const struct opt doctor_opts[] = {
	{ "json", 0, OPT_FLAG, AT(json), NULL, "as one JSON object", 0, 0 },
	{ "facts", 0, OPT_FLAG, AT(facts), NULL, "print the fact sheet the choice is made from", 0,
	  0 },
	{ "sites", 0, OPT_FLAG, AT(sites), NULL, "list every place that takes the lock", 0, 0 },
	{ "from", 0, OPT_STRING, AT(from), "FILE", "ask a fact sheet of another kernel instead", 0,
	  0 },
	{ "probe", 0, OPT_STRING, AT(probe), "NAME=VARIANT[,...]", "see what this choice would do",
	  0, 0 },
	OPT_ROW_BTF(AT(btf)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

/* Functions with places of one probe that are listed. */
#define PLACES_MAX 32

static const char *const settings[] = {
	"/proc/sys/kernel/kptr_restrict",
	"/proc/sys/kernel/perf_event_paranoid",
	"/proc/sys/kernel/unprivileged_bpf_disabled",
	"/proc/sys/kernel/bpf_stats_enabled",
	"/sys/kernel/security/lockdown",
};

static void read_setting(const char *path, char *buf, size_t size)
{
	FILE *f = fopen(path, "re");

	snprintf(buf, size, "%s", f ? "" : errno == ENOENT ? "none" : "unreadable");
	if (f) {
		if (!fgets(buf, size, f))
			buf[0] = 0;
		fclose(f);
	}
	buf[strcspn(buf, "\n")] = 0;
}

static int load_sheet(struct diagnosis *d, const struct doctor_config *c)
{
	int err = facts__load(&d->facts, c->from);

	if (!err)
		return EXIT_FINE;
	if (err == -EINVAL)
		log_error("%s: is no fact sheet ('migtrace doctor --facts' makes one)", c->from);
	else
		log_error("can't read %s: %s", c->from, strerror(-err));
	return EXIT_FAILED;
}

/* An exit code, 0 when there is a diagnosis; messages were printed. */
static int diagnose(struct diagnosis *d, const struct doctor_config *c)
{
	int code;

	d->sheet = c->from;
	d->choices = calloc(probes_n, sizeof(*d->choices));
	d->attached = calloc(probes_n, sizeof(*d->attached));
	if (!d->choices || !d->attached) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	code = d->sheet ? load_sheet(d, c) : session__read_facts(&d->facts, c->btf);
	if (code)
		return code;
	if (!d->sheet && machine__describe(&d->machine, &d->facts)) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	d->generation = facts__generation(&d->facts, &d->evidence);
	probes__select(&d->facts, false, d->forced, d->choices);
	if (c->facts || c->sites) /* what is there is read, not tried */
		return 0;
	if (doctor__lacks(d))
		d->code = EXIT_CANT;
	else if (!d->sheet)
		doctor__try_all(d);
	if (d->sheet)
		doctor__count_points(d);
	return 0;
}

/* Where the compiler made something else of the functions: in which the places are, and by which way. */
static void print_places(const struct diagnosis *d, const struct variant *v)
{
	char place[PLACES_MAX][PLACE_NAME];
	size_t n = probes__places(&d->facts, v, place, PLACES_MAX);
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (!strpbrk(place[i], ".>"))
			continue;
		printf("%s%s", any ? ", " : "                             in ", place[i]);
		any = true;
	}
	if (any)
		putchar('\n');
}

static void print_probe(const struct diagnosis *d, size_t i)
{
	const struct choice *c = &d->choices[i];

	if (!c->variant) {
		printf("  %-15s -          %s\n", c->probe->name, c->reason);
		return;
	}
	printf("  %-15s %-10s %s", c->probe->name, c->variant->name, c->probe->what);
	if (d->code == EXIT_FINE || d->sheet)
		printf(" [%zu]", d->attached[i]);
	printf("\n");
	print_places(d, c->variant);
}

static void print_features(const struct facts *f)
{
	for (unsigned int i = 0; i < FEAT_COUNT; i++) {
		const char *why = i == FEAT_TEXT ? f->text_reason :
				  i == FEAT_BTF	 ? facts__no_btf(f) :
						   facts__lacking(i);

		if (!facts__known(f, i))
			printf("feature     %s: not known without BTF\n", feature__name(i));
		else if (f->feature[i] || !why)
			printf("feature     %s: %s\n", feature__name(i),
			       f->feature[i] ? "yes" : "no");
		else
			printf("feature     %s: no, %s\n", feature__name(i), why);
	}
}

/* This machine. */
static void print_here(const struct diagnosis *d)
{
	char value[128];

	printf("machine     %u CPUs, %u nodes, hypervisor %s, clock source %s\n",
	       d->machine.kernel.cpus, d->machine.kernel.nodes, d->machine.kernel.hypervisor,
	       d->machine.kernel.clocksource);
	printf("user        uid %u\n", geteuid());
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		read_setting(settings[i], value, sizeof(value));
		printf("setting     %s: %s\n", strrchr(settings[i], '/') + 1, value);
	}
}

static void print_floor(const struct diagnosis *d)
{
	bool measured = false;

	printf("\nfloor: what an empty section reads:");
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		if (d->floor_ns[c]) {
			printf(" %s %llu ns", clock__name(c), (unsigned long long)d->floor_ns[c]);
			measured = true;
		}
	printf("%s", measured ? "" : " not measured");
}

/* How its kprobes were. */
static void print_attached(const struct diagnosis *d)
{
	if (d->code == EXIT_FINE)
		printf("\nattached by %s%s",
		       d->by_events ?
			       "kprobe events, one for each program's places" :
			       "a kprobe for each place, which takes longer; kprobe_events: ",
		       d->by_events ? "" : strerror(-d->no_events));
}

static void print_text(const struct diagnosis *d)
{
	printf("migtrace %s, libbpf %s\n", MIGTRACE_VERSION, libbpf_version_string());
	printf("kernel      %s %s%s%s\n", d->facts.release, d->facts.arch,
	       d->sheet ? ", by " : ", ", d->sheet ? d->sheet : d->facts.version);
	printf("generation  %s\n            (%s)\n", d->generation, d->evidence);
	if (!d->sheet)
		print_here(d);
	print_features(&d->facts);
	printf("\nprobes: name, variant or -, what it sees or why not [attach points]\n");
	for (size_t i = 0; i < probes_n; i++)
		print_probe(d, i);
	if (!d->sheet)
		print_floor(d);
	if (!d->sheet)
		print_attached(d);
	printf("\ntrial: %s\n", d->trial);
}

static json_t *places_json(const struct diagnosis *d, const struct variant *v)
{
	char place[PLACES_MAX][PLACE_NAME];
	size_t n = v ? probes__places(&d->facts, v, place, PLACES_MAX) : 0;
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(place[i]));
	return list;
}

static json_t *probes_json(const struct diagnosis *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &d->choices[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s?, s:s, s:I, s:o}", "probe", c->probe->name,
					"variant", c->variant ? c->variant->name : NULL, "reason",
					c->variant ? NULL : c->reason, "what", c->probe->what,
					"attach_points", (json_int_t)d->attached[i], "places",
					places_json(d, c->variant)));
	}
	return list;
}

/* This machine, and what was measured on it. */
static void here_json(const struct diagnosis *d, json_t *all)
{
	json_t *set = json_object(), *floors = json_object(),
	       *kernel = json_object_get(all, "kernel");
	char value[128];

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		read_setting(settings[i], value, sizeof(value));
		json_object_set_new(set, strrchr(settings[i], '/') + 1, json_string(value));
	}
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		if (d->floor_ns[c])
			json_object_set_new(floors, clock__name(c), json_integer(d->floor_ns[c]));
	json_object_set_new(kernel, "cpus", json_integer(d->machine.kernel.cpus));
	json_object_set_new(kernel, "nodes", json_integer(d->machine.kernel.nodes));
	json_object_set_new(kernel, "hypervisor", json_string(d->machine.kernel.hypervisor));
	json_object_set_new(kernel, "clocksource", json_string(d->machine.kernel.clocksource));
	json_object_set_new(all, "uid", json_integer(geteuid()));
	json_object_set_new(all, "kprobe_events",
			    d->code == EXIT_FINE ? json_boolean(d->by_events) : json_null());
	json_object_set_new(all, "settings", set);
	json_object_set_new(all, "floor_ns", floors);
}

static void print_json(const struct diagnosis *d)
{
	json_t *features = json_object(), *all;

	for (unsigned int i = 0; i < FEAT_COUNT; i++)
		json_object_set_new(features, feature__name(i),
				    facts__known(&d->facts, i) ? json_boolean(d->facts.feature[i]) :
								 json_null());
	all = json_pack("{s:s, s:s, s:s?, s:{s:s, s:s, s:s, s:s, s:s}, s:o, s:o, s:{s:b, s:s}}",
			"tool", MIGTRACE_VERSION, "libbpf", libbpf_version_string(), "sheet",
			d->sheet, "kernel", "release", d->facts.release, "version",
			d->facts.version, "arch", d->facts.arch, "generation", d->generation,
			"generation_evidence", d->evidence, "features", features, "probes",
			probes_json(d), "trial", "ok", d->code == EXIT_FINE, "message", d->trial);
	if (!d->sheet)
		here_json(d, all);
	json_dumpf(all, stdout, JSON_INDENT(1) | JSON_ENSURE_ASCII);
	putchar('\n');
	json_decref(all);
}

static void print(const struct diagnosis *d, const struct doctor_config *c)
{
	if (c->facts)
		facts__save(&d->facts, stdout);
	else if (c->json)
		print_json(d);
	else
		print_text(d);
}

/* Options of which one would go without effect. */
static bool fits_together(const struct doctor_config *c)
{
	if (c->from && c->sites)
		log_error("option '--sites': a fact sheet has not the kernel's text");
	else if (c->from && c->btf)
		log_error("option '--btf': a fact sheet has been read already, with its types");
	else if (c->facts && (c->json || c->sites))
		log_error("option '--facts': a fact sheet is printed alone, in its own format");
	else if (c->probe && (c->facts || c->sites))
		log_error("option '--probe': nothing is chosen for a list of facts or places");
	else
		return true;
	return false;
}

static int doctor_run(const struct cmd *cmd, int argc, char **argv)
{
	struct doctor_config c = { 0 };
	struct diagnosis d = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;
	char *words;

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	if (!fits_together(&c))
		return EXIT_USAGE;
	code = session__parse_forced(c.probe, &words, d.forced);
	if (code) {
		free(words);
		return code;
	}
	code = diagnose(&d, &c);
	if (!code) {
		code = d.code;
		if (c.sites)
			code = doctor__sites(&d.facts, c.json, stdout);
		else
			print(&d, &c);
	}
	fflush(stdout);
	tracer__finish(d.tracer, NULL);
	run__free(&d.machine);
	facts__free(&d.facts);
	free(d.choices);
	free(d.attached);
	free(words);
	return code;
}

const struct cmd cmd_doctor = {
	.name = "doctor",
	.summary = "what this kernel offers, what would be chosen, and why not more",
	.usage = "[OPTIONS]",
	.run = doctor_run,
	.opts = doctor_opts,
	.words = session__words,
};
