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
#include "session.h"
#include "snapshot.h"

struct doctor_config {
	bool json, facts;
	const char *probe, *btf;
	int verbose;
};

#define AT(member) offsetof(struct doctor_config, member)

static const struct opt doctor_opts[] = {
	{ "json", 0, OPT_FLAG, AT(json), NULL, "as one JSON object", 0, 0 },
	{ "facts", 0, OPT_FLAG, AT(facts), NULL, "print the fact sheet the choice is made from", 0,
	  0 },
	{ "probe", 0, OPT_STRING, AT(probe), "NAME=VARIANT[,...]", "see what this choice would do",
	  0, 0 },
	OPT_ROW_BTF(AT(btf)),
	OPT_ROW_VERBOSE(AT(verbose)),
	{ 0 },
};

struct diagnosis {
	struct facts facts;
	const char *forced[FORCED_MAX + 1];
	struct choice *choices;
	const char *generation, *evidence;
	struct run machine;
	char trial[512]; /* what loading and attaching everything gave */
	int code;	 /* of the trial */
	__u64 floor_ns[CLOCK_BRACKET + 1];
	size_t *attached;
};

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

/* Loads and attaches everything once, which is the only proof that it can be done. */
static void try_all(struct diagnosis *d)
{
	struct tracer_opts o = { 0 };
	struct tracer *t;

	if (!d->facts.feature[FEAT_BTF]) {
		snprintf(d->trial, sizeof(d->trial), "not tried: %s; %s", facts__lacking(FEAT_BTF),
			 BTF_HINT);
		d->code = EXIT_CANT;
		return;
	}
	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &d->choices[i];

		if (!c->variant &&
		    ((c->probe->flags & PROBE_REQUIRED) || session__forced(d->forced, c->probe))) {
			snprintf(d->trial, sizeof(d->trial), "not tried: probe '%s': %.300s",
				 c->probe->name, c->reason);
			d->code = EXIT_CANT;
			return;
		}
	}
	t = tracer__prepare(&d->facts, d->choices, &o, &d->code, d->trial, sizeof(d->trial));
	if (!t)
		return;
	for (size_t i = 0; i < probes_n; i++)
		d->attached[i] = tracer__attached(t, i);
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		d->floor_ns[c] = tracer__floor_ns(t, c);
	tracer__close(t);
	d->code = EXIT_FINE;
	snprintf(d->trial, sizeof(d->trial), "every chosen program loaded and attached");
}

/* An exit code, 0 when there is a diagnosis; messages were printed. */
static int diagnose(struct diagnosis *d, const struct doctor_config *c)
{
	int code;

	d->choices = calloc(probes_n, sizeof(*d->choices));
	d->attached = calloc(probes_n, sizeof(*d->attached));
	code = d->choices && d->attached ? session__read_facts(&d->facts, c->btf) : EXIT_FAILED;
	if (!d->choices || !d->attached || (!code && machine__describe(&d->machine, &d->facts))) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	if (code)
		return code;
	d->generation = facts__generation(&d->facts, &d->evidence);
	probes__select(&d->facts, false, d->forced, d->choices);
	if (!c->facts) /* the sheet is read, not tried */
		try_all(d);
	return 0;
}

static void print_probe(const struct diagnosis *d, size_t i)
{
	const struct choice *c = &d->choices[i];

	if (!c->variant) {
		printf("  %-15s -          %s\n", c->probe->name, c->reason);
		return;
	}
	printf("  %-15s %-10s %s", c->probe->name, c->variant->name, c->probe->what);
	if (d->code == EXIT_FINE)
		printf(" [%zu]", d->attached[i]);
	printf("\n");
}

static void print_features(const struct facts *f)
{
	for (unsigned int i = 0; i < FEAT_COUNT; i++) {
		const char *why = i == FEAT_TEXT ? f->text_reason : facts__lacking(i);

		if (!facts__known(f, i))
			printf("feature     %s: not known without BTF\n", feature__name(i));
		else if (f->feature[i] || !why)
			printf("feature     %s: %s\n", feature__name(i),
			       f->feature[i] ? "yes" : "no");
		else
			printf("feature     %s: no, %s\n", feature__name(i), why);
	}
}

static void print_text(const struct diagnosis *d)
{
	bool measured = false;
	char value[128];

	printf("migtrace %s, libbpf %s\n", MIGTRACE_VERSION, libbpf_version_string());
	printf("kernel      %s %s, %s\n", d->facts.release, d->facts.arch, d->facts.version);
	printf("generation  %s\n            (%s)\n", d->generation, d->evidence);
	printf("machine     %u CPUs, %u nodes, hypervisor %s, clock source %s\n",
	       d->machine.kernel.cpus, d->machine.kernel.nodes, d->machine.kernel.hypervisor,
	       d->machine.kernel.clocksource);
	printf("user        uid %u\n", geteuid());
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		read_setting(settings[i], value, sizeof(value));
		printf("setting     %s: %s\n", strrchr(settings[i], '/') + 1, value);
	}
	print_features(&d->facts);
	printf("\nprobes: name, variant or -, what it sees or why not [attach points]\n");
	for (size_t i = 0; i < probes_n; i++)
		print_probe(d, i);
	printf("\nfloor: what an empty section reads:");
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		if (d->floor_ns[c]) {
			printf(" %s %llu ns", clock__name(c), (unsigned long long)d->floor_ns[c]);
			measured = true;
		}
	printf("%s\ntrial: %s\n", measured ? "" : " not measured", d->trial);
}

static json_t *probes_json(const struct diagnosis *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &d->choices[i];

		json_array_append_new(
			list, json_pack("{s:s, s:s?, s:s?, s:s, s:I}", "probe", c->probe->name,
					"variant", c->variant ? c->variant->name : NULL, "reason",
					c->variant ? NULL : c->reason, "what", c->probe->what,
					"attach_points", (json_int_t)d->attached[i]));
	}
	return list;
}

static void print_json(const struct diagnosis *d)
{
	json_t *features = json_object(), *set = json_object(), *floors = json_object(), *all;
	char value[128];

	for (unsigned int i = 0; i < FEAT_COUNT; i++)
		json_object_set_new(features, feature__name(i),
				    facts__known(&d->facts, i) ? json_boolean(d->facts.feature[i]) :
								 json_null());
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		read_setting(settings[i], value, sizeof(value));
		json_object_set_new(set, strrchr(settings[i], '/') + 1, json_string(value));
	}
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		if (d->floor_ns[c])
			json_object_set_new(floors, clock__name(c), json_integer(d->floor_ns[c]));
	all = json_pack(
		"{s:s, s:s, s:{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s}, s:i, s:o, s:o, "
		"s:o, s:o, s:{s:b, s:s}}",
		"tool", MIGTRACE_VERSION, "libbpf", libbpf_version_string(), "kernel", "release",
		d->facts.release, "version", d->facts.version, "arch", d->facts.arch, "generation",
		d->generation, "generation_evidence", d->evidence, "cpus", d->machine.kernel.cpus,
		"nodes", d->machine.kernel.nodes, "hypervisor", d->machine.kernel.hypervisor,
		"clocksource", d->machine.kernel.clocksource, "uid", geteuid(), "features",
		features, "settings", set, "floor_ns", floors, "probes", probes_json(d), "trial",
		"ok", d->code == EXIT_FINE, "message", d->trial);
	json_dumpf(all, stdout, JSON_INDENT(1));
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

static int doctor_run(const struct cmd *cmd, int argc, char **argv)
{
	struct doctor_config c = { 0 };
	struct diagnosis d = { 0 };
	int first = opts__parse(cmd, argc, argv, &c), code;
	char *words;

	if (first < 0)
		return -first - 1;
	log_level = c.verbose;
	code = session__parse_forced(c.probe, &words, d.forced);
	if (code) {
		free(words);
		return code;
	}
	code = diagnose(&d, &c);
	if (!code) {
		code = d.code;
		print(&d, &c);
	}
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
