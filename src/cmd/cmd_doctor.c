// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* migtrace doctor: what this kernel offers, what was chosen and why. A bug report carries this. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/input.h"
#include "cmd/cmd.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"
#include "trace/probes.h"
#include "trace/stops.h"
#include "trace/tracer.h"

struct diagnosis {
	struct facts facts;
	const char *sheet; /* that they were read from; NULL: this kernel's */
	const char *forced[FORCED_MAX + 1];
	struct choice *choices;
	const char *generation, *evidence;
	struct run machine;
	char trial[512]; /* what loading and attaching everything gave */
	bool by_events;	 /* attached so, else why not */
	int no_events;
	struct stops stops[STOPS_N];
	int no_stops;	       /* 0, or why they are not known */
	struct tracer *tracer; /* of the trial, until all is said */
	int code;	       /* of the trial */
	__u64 floor_ns[CLOCK_BRACKET + 1];
	size_t *attached;
};

/* A probe that has to be there, or was asked for, is not: what, in @d->trial. */
static bool lacks(struct diagnosis *d);
/* Loads and attaches everything once, which is the only proof that it can be done. */
static void try_all(struct diagnosis *d);
/* What would be attached where the sheet is from. */
static void count_points(struct diagnosis *d);

/*
 * Every place that takes the lock, with the site that it belongs to, onto @out. An exit code; messages
 * were printed.
 */
static int sites(const struct facts *f, bool json, FILE *out);

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

static int load_sheet(struct diagnosis *d, const struct doctor_config *c)
{
	int err = facts__load(&d->facts, c->from);

	if (!err && *d->facts.release)
		return EXIT_FINE;
	if (!err || err == -EBADMSG)
		log_error(
			"%s: a damaged fact sheet, or a part of one ('migtrace doctor --facts' makes one)",
			d->sheet);
	else if (err == -EPROTONOSUPPORT)
		log_error("%s: a fact sheet of a later version: use a newer migtrace", d->sheet);
	else if (err == -EINVAL)
		log_error("%s: is no fact sheet ('migtrace doctor --facts' makes one)", d->sheet);
	else
		log_error("can't read %s: %s", d->sheet, strerror(-err));
	return EXIT_FAILED;
}

/* An exit code, 0 when there is a diagnosis; messages were printed. */
static int diagnose(struct diagnosis *d, const struct doctor_config *c)
{
	int code;

	d->sheet = c->from ? input__name(c->from) : NULL;
	d->choices = calloc(probes_n, sizeof(*d->choices));
	d->attached = calloc(probes_n, sizeof(*d->attached));
	if (!d->choices || !d->attached) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	code = d->sheet ? load_sheet(d, c) : session__read_facts(&d->facts, c->btf, false);
	if (code)
		return code;
	if (!d->sheet && system_info__describe(&d->machine, &d->facts)) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	d->generation = facts__generation(&d->facts, &d->evidence);
	probes__select(&d->facts, false, d->forced, d->choices);
	if (c->facts || c->sites) /* what is there is read, not tried */
		return 0;
	if (lacks(d))
		d->code = EXIT_CANT;
	else if (!d->sheet)
		try_all(d);
	if (d->sheet)
		count_points(d);
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
	const struct run *m = &d->machine;
	char value[128];

	printf("machine     %u CPU%s, %u node%s, hypervisor %s, clocksource %s\n", m->kernel.cpus,
	       m->kernel.cpus == 1 ? "" : "s", m->kernel.nodes, m->kernel.nodes == 1 ? "" : "s",
	       m->kernel.hypervisor, m->kernel.clocksource);
	printf("user        uid %u\n", geteuid());
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		int err = system_info__line(settings[i], value, sizeof(value));

		printf("setting     %s: ", strrchr(settings[i], '/') + 1);
		if (err) /* "none" is a word of lockdown's own */
			printf("not known (%s: %s)\n", settings[i], strerror(-err));
		else
			printf("%s\n", value);
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

/* How many of those that a page or a lookup comes by stop the CPU. */
static void print_stops(const struct diagnosis *d)
{
	const struct stops *page = &d->stops[STOPS_PAGE], *lookup = &d->stops[STOPS_LOOKUP];

	if (d->code != EXIT_FINE)
		return;
	if (d->no_stops)
		printf("\nexceptions: not known: %s: %s", KPROBE_LIST, strerror(-d->no_stops));
	else
		printf("\nexceptions: %llu of %llu kprobes on the way of a page that moves, "
		       "%llu of %llu on a slow lookup's",
		       (unsigned long long)page->exceptions,
		       (unsigned long long)(page->exceptions + page->jumps + page->calls),
		       (unsigned long long)lookup->exceptions,
		       (unsigned long long)(lookup->exceptions + lookup->jumps + lookup->calls));
}

#define MANY_CPUS 256

/* What the maps of a tier take here, and where there are many CPUs. */
static void print_maps(const struct diagnosis *d, bool light)
{
	struct tracer_opts o = { .light = light };
	int cpus = tracer__possible_cpus();

	if (cpus < 1)
		return;
	printf("\nmaps of the %s tier: %.1f MiB for %d possible CPU%s%s; %.0f KiB a CPU where %d are "
	       "possible",
	       light ? "light" : "full",
	       (double)tracer__expected_bytes(&d->facts, &o, cpus) / (1 << 20), cpus,
	       cpus == 1 ? "" : "s", d->sheet ? ", as here" : "",
	       (double)tracer__expected_bytes(&d->facts, &o, MANY_CPUS) / 1024 / MANY_CPUS,
	       MANY_CPUS);
}

#define NOT_TRIED "not tried: "

/* The answer first: all that follows is why. */
static void print_verdict(const struct diagnosis *d)
{
	size_t skip = strncmp(d->trial, NOT_TRIED, strlen(NOT_TRIED)) ? 0 : strlen(NOT_TRIED);
	const char *why = d->trial + skip;

	if (d->code != EXIT_FINE) /* what 'record' says of itself ("needs root") has no subject */
		printf("can record %s: no, because %s%s\n", d->sheet ? "there" : "here",
		       strncmp(why, "needs ", strlen("needs ")) ? "" : "it ", why);
	else
		printf("can record %s: %s%s\n", d->sheet ? "there" : "here",
		       d->sheet ? "" : "yes, ", d->trial);
}

static void print_text(const struct diagnosis *d)
{
	print_verdict(d);
	printf("migtrace %s, libbpf %s\n", MIGTRACE_VERSION, libbpf__version());
	printf("kernel      %s %s%s%s\n", d->facts.release, d->facts.arch,
	       d->sheet ? ", by " : ", ", d->sheet ? d->sheet : d->facts.version);
	if (d->sheet && d->facts.asks < FACTS_ASKS)
		printf("            (the sheet is of an older migtrace: what that one did not look for "
		       "is said to be missing)\n");
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
	if (!d->sheet)
		print_stops(d);
	print_maps(d, false);
	print_maps(d, true);
	putchar('\n');
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

static json_t *stops_json(const struct diagnosis *d)
{
	const struct stops *page = &d->stops[STOPS_PAGE], *lookup = &d->stops[STOPS_LOOKUP];

	if (d->code != EXIT_FINE || d->no_stops)
		return json_null();
	return json_pack("{s:{s:I, s:I, s:I}, s:{s:I, s:I, s:I}}", "page", "jumps",
			 (json_int_t)page->jumps, "calls", (json_int_t)page->calls, "exceptions",
			 (json_int_t)page->exceptions, "lookup", "jumps", (json_int_t)lookup->jumps,
			 "calls", (json_int_t)lookup->calls, "exceptions",
			 (json_int_t)lookup->exceptions);
}

/* This machine, and what was measured on it. */
static void here_json(const struct diagnosis *d, json_t *all)
{
	json_t *set = json_object(), *floors = json_object(),
	       *kernel = json_object_get(all, "kernel");
	char value[128];

	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		bool known = !system_info__line(settings[i], value, sizeof(value));

		json_object_set_new(set, strrchr(settings[i], '/') + 1,
				    known ? json_string(value) : json_null());
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
	json_object_set_new(all, "kprobes", stops_json(d));
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
			"tool", MIGTRACE_VERSION, "libbpf", libbpf__version(), "sheet", d->sheet,
			"kernel", "release", d->facts.release, "version", d->facts.version, "arch",
			d->facts.arch, "generation", d->generation, "generation_evidence",
			d->evidence, "features", features, "probes", probes_json(d), "trial", "ok",
			d->code == EXIT_FINE, "message", d->trial);
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
			code = sites(&d.facts, c.json, stdout);
		else
			print(&d, &c);
	}
	out__check_stdout(); /* while errno is its own */
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

/* doctor --sites: who takes the lock, and for which of them there is a site. */

struct sites {
	const struct facts *f;
	FILE *out;	/* as text */
	json_t *places; /* or as JSON */
	unsigned int n, unattributed;
	bool *seen; /* of the sheet's calls */
};

static int add(void *ctx, const char *func, __u32 offset)
{
	struct sites *s = ctx;
	int site = probes__site_at(s->f, func, offset);
	size_t len = strcspn(func, " "); /* a module's name comes behind it */
	char place[FUNC_NAME + 32];

	snprintf(place, sizeof(place), "%.*s+0x%x%s", (int)len, func, offset, func + len);
	if (!s->places && !s->n)
		fprintf(s->out,
			"places that take a lock at 0x%x of something, as a mapping's is:\n",
			s->f->lock_offset);
	for (size_t i = 0; i < s->f->calls_n; i++)
		s->seen[i] |= s->f->calls[i].offset == offset && !strcmp(s->f->calls[i].func, func);
	s->n++;
	s->unattributed += site < 0;
	if (s->places)
		return json_array_append_new(s->places,
					     json_pack("{s:s, s:s?}", "place", place, "site",
						       site < 0 ? NULL : site__name(site))) ?
			       -ENOMEM :
			       0;
	fprintf(s->out, "  %-44s %s\n", place, site < 0 ? "not attributed" : site__name(site));
	return 0;
}

/* What the sites have, and what does not look like it: the register was filled on another way. */
static int add_rest(struct sites *s)
{
	static const char *const locks[] = { "_raw_spin_lock", "rt_spin_lock", NULL };
	int err = 0;

	for (size_t i = 0; i < s->f->calls_n && !err; i++) {
		const struct fact_call *c = &s->f->calls[i];
		int site = probes__site_at(s->f, c->func, c->offset);

		if (!s->seen[i] && copy__in_list(locks, c->callee) && site >= 0 && site__name(site))
			err = add(s, c->func, c->offset);
	}
	return err;
}

static int sites(const struct facts *f, bool json, FILE *out)
{
	struct sites s = { .f = f, .out = out, .places = json ? json_array() : NULL };
	const char *why = NULL;
	int err;

	s.seen = calloc(f->calls_n + 1, sizeof(*s.seen));
	err = s.seen ? image__lock_calls(f, KCORE, &why, add, &s) : -ENOMEM;
	if (!err)
		err = add_rest(&s);
	free(s.seen);
	if (err) {
		log_error("the places that take the lock: %s", why ? why : strerror(-err));
		json_decref(s.places);
		return why ? EXIT_CANT : EXIT_FAILED;
	}
	if (json) {
		json_t *all = json_pack("{s:i, s:i, s:o}", "lock_offset", f->lock_offset,
					"not_attributed", s.unattributed, "places", s.places);

		json_dumpf(all, out, JSON_INDENT(1) | JSON_ENSURE_ASCII);
		fputc('\n', out);
		json_decref(all);
		return EXIT_FINE;
	}
	fprintf(out, "%u places, %u of them in no site\n", s.n, s.unattributed);
	return EXIT_FINE;
}

/* doctor's trial: whether what was chosen loads and attaches. */

static bool lacks(struct diagnosis *d)
{
	if (!d->facts.feature[FEAT_BTF]) {
		snprintf(d->trial, sizeof(d->trial), NOT_TRIED "%s; %s", facts__no_btf(&d->facts),
			 BTF_HINT);
		return true;
	}
	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &d->choices[i];

		if (!c->variant &&
		    ((c->probe->flags & PROBE_REQUIRED) || probes__forced(d->forced, c->probe))) {
			snprintf(d->trial, sizeof(d->trial), NOT_TRIED "probe '%s': %.300s",
				 c->probe->name, c->reason);
			return true;
		}
	}
	return false;
}

static void try_all(struct diagnosis *d)
{
	struct tracer_opts o = { .forced = d->forced };
	struct tracer *t;

	t = tracer__prepare(&d->facts, d->choices, &o, &d->code, d->trial, sizeof(d->trial));
	if (!t)
		return;
	for (size_t i = 0; i < probes_n; i++)
		d->attached[i] = tracer__attached(t, i);
	for (int c = CLOCK_SITE; c <= CLOCK_BRACKET; c++)
		d->floor_ns[c] = tracer__floor_ns(t, c);
	d->by_events = tracer__by_events(t, &d->no_events);
	d->no_stops = stops__settled(&d->facts, d->choices, d->stops);
	d->tracer = t;
	d->code = EXIT_FINE;
	snprintf(d->trial, sizeof(d->trial), "every chosen program loaded and attached");
}

static void count_points(struct diagnosis *d)
{
	for (size_t i = 0; i < probes_n; i++)
		if (d->choices[i].variant)
			free(probes__all_points(&d->facts, d->choices[i].variant, &d->attached[i]));
	if (d->code == EXIT_FINE)
		snprintf(d->trial, sizeof(d->trial),
			 NOT_TRIED "a fact sheet says what would be chosen");
}
