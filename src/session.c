// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A recording, step by step. Every command that records calls this one path. */
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "session.h"
#include "slices.h"
#include "snapshot.h"

#define POLL_MS 100
#define TELL_MS 5000

static volatile sig_atomic_t stopped, hung_up;

static void on_signal(int sig)
{
	if (sig == SIGHUP)
		hung_up = 1;
	else
		stopped = 1;
}

bool session__stopped(void)
{
	return stopped;
}

static char *rfc3339(void)
{
	time_t now = time(NULL);
	char buf[32];
	struct tm tm;

	strftime(buf, sizeof(buf), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &tm));
	return strdup(buf);
}

static int parse_sites(const char *list, bool off[ROW_COUNT])
{
	char *copy, *word, *save = NULL;

	if (!list)
		return 0;
	copy = strdup(list);
	if (!copy) {
		log_error("out of memory");
		return EXIT_FAILED;
	}
	memset(off, true, ROW_COUNT * sizeof(*off));
	off[SITE_FLOOR] = false;
	word = strtok_r(copy, ",", &save);
	if (!word) { /* rather than recording nothing */
		log_error("option '--site': no name in '%s'", list);
		free(copy);
		return EXIT_USAGE;
	}
	for (; word; word = strtok_r(NULL, ",", &save)) {
		unsigned int row = row__by_name(word);

		if (row == ROW_COUNT) {
			log_error("unknown site '%s'", word);
			log_hint("'migtrace doctor' lists the sites of this kernel");
			free(copy);
			return EXIT_USAGE;
		}
		off[row] = false;
	}
	free(copy);
	return 0;
}

static int tracer_opts(const struct session_opts *o, struct tracer_opts *to)
{
	int err;

	memset(to, 0, sizeof(*to));
	to->light = o->light;
	to->stacks = o->stacks;
	to->totals = o->totals;
	to->map_size = o->map_size;
	if (o->device) {
		err = machine__device(o->device, &to->device);
		if (err) {
			log_error("unknown device '%s': %s", o->device, strerror(-err));
			log_hint("a path, a name such as sda1, or MAJ:MIN as in 'lsblk'");
			return EXIT_USAGE;
		}
	}
	return parse_sites(o->sites, to->row_off);
}

#define FORCED_MAX 16

/* "NAME=VARIANT,…" into a list; an unknown name is the user's, an impossible variant the kernel's. */
static int parse_forced(const char *list, char **copy, const char *forced[FORCED_MAX + 1])
{
	char *word, *save = NULL;
	size_t n = 0;

	*copy = list ? strdup(list) : NULL;
	for (word = *copy ? strtok_r(*copy, ",", &save) : NULL; word;
	     word = strtok_r(NULL, ",", &save)) {
		bool known = false;

		if (n == FORCED_MAX) {
			log_error("option '--probe': more than %d", FORCED_MAX);
			return EXIT_USAGE;
		}
		for (size_t i = 0; i < probes_n && strchr(word, '='); i++)
			known |= strcspn(word, "=") == strlen(probes[i].name) &&
				 !strncmp(word, probes[i].name, strlen(probes[i].name));
		if (!known) {
			log_error("option '--probe': '%s' is not PROBE=VARIANT", word);
			log_hint("'migtrace doctor' lists the probes of this kernel");
			return EXIT_USAGE;
		}
		forced[n++] = word;
	}
	return 0;
}

static int check_forced(const char *const *forced, const struct choice *c)
{
	for (; *forced; forced++)
		for (size_t i = 0; i < probes_n; i++) {
			size_t len = strlen(c[i].probe->name);

			if (strncmp(*forced, c[i].probe->name, len) || (*forced)[len] != '=' ||
			    c[i].variant)
				continue;
			log_error("probe '%s': %s", *forced, c[i].reason);
			return EXIT_CANT;
		}
	return 0;
}

/* The first thing that the recording can't do without, if it is missing. */
static int check_required(const struct facts *f, const struct choice *c)
{
	if (!f->feature[FEAT_BTF]) {
		log_error(
			"this kernel has no BTF (/sys/kernel/btf/vmlinux): CONFIG_DEBUG_INFO_BTF");
		return EXIT_CANT;
	}
	for (size_t i = 0; i < probes_n; i++) {
		if (!(c[i].probe->flags & PROBE_REQUIRED) || c[i].variant)
			continue;
		log_error("probe '%s' is not possible on this kernel: %s", c[i].probe->name,
			  c[i].reason);
		log_hint("'migtrace doctor' shows what is");
		return EXIT_CANT;
	}
	return 0;
}

static void progress(const struct session_opts *o, __u64 ns)
{
	double rounds = o->load ? round(o->seconds / o->interval) : 0;

	if (o->quiet)
		return;
	if (o->load)
		log_progress_bar(ns / 1e9 / o->seconds, "round %.0f of %.0f, %.0f s left",
				 fmin(floor(ns / 1e9 / o->interval) + 1, rounds), rounds,
				 fmax(0, ceil(o->seconds - ns / 1e9)));
	else if (o->seconds > 0)
		log_progress("recording, %.0f of %.0f s", ns / 1e9, o->seconds);
	else
		log_progress("recording, %.0f s, Ctrl-C ends", ns / 1e9);
}

static int describe_tool(const struct session_opts *o, struct run *run)
{
	run->tool.version = strdup(MIGTRACE_VERSION);
	run->tool.tier = strdup(o->light ? "light" : "full");
	run->merged = 1;
	for (char **a = o->command; a && *a; a++) {
		char **v = realloc(run->tool.command, (run->tool.command_n + 1) * sizeof(*v));

		if (!v)
			return -ENOMEM;
		run->tool.command = v;
		v[run->tool.command_n++] = strdup(*a);
	}
	return run->tool.version && run->tool.tier ? 0 : -ENOMEM;
}

/* Tells what was counted so far, when it is time to. */
static void tell(const struct session_opts *o, struct tracer *t, __u64 ns, __u64 *next)
{
	struct run so_far = { 0 };
	__u64 every;
	int ret;

	if (!o->on_snapshot || (ns < *next && !hung_up))
		return;
	hung_up = 0;
	every = o->interval * 1e9;
	*next = (ns / every + 1) * every;
	ret = describe_tool(o, &so_far);
	if (!ret)
		ret = snapshot__read(t, &so_far, false);
	so_far.duration_ns = ns;
	o->on_snapshot(o->on_snapshot_ctx, ret ? NULL : &so_far, ret);
	run__free(&so_far);
}

static __u64 sooner(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/*
 * Until something is due. A signal that comes while something is told does not wake the next poll:
 * this is how long it may then wait. Once a second was a quarter of what an exporter costs.
 */
static int patience_ms(const struct session_opts *o, const struct slices *slices, __u64 ns,
		       __u64 next)
{
	__u64 until = ns + (o->on_snapshot ? TELL_MS : POLL_MS) * 1000000ULL;

	if (o->on_snapshot)
		until = sooner(until, next);
	if (slices__due(slices))
		until = sooner(until, slices__due(slices));
	if (o->seconds > 0)
		until = sooner(until, (__u64)(o->seconds * 1e9));
	return until > ns ? (int)((until - ns) / 1000000) + 1 : 0;
}

static int wait_for_end(const struct session_opts *o, struct tracer *t, struct workload *w,
			struct run *run, struct slices *slices, struct late_list *late, __u64 start)
{
	__u64 ns = 0, next = 0;

	while (!stopped) {
		tell(o, t, ns, &next);
		if (tracer__poll(t, patience_ms(o, slices, ns, next), late_list__add, late))
			usleep(POLL_MS * 1000); /* nothing to wait on: not a reason to spin */
		ns = tracer__now_ns() - start;
		late_list__settle(late, start + ns - LOOKUP_SETTLE_NS);
		progress(o, ns);
		slices__tick(slices, t, ns);
		if (o->command && workload__ended(w, &run->tool.status)) {
			run->tool.has_status = true;
			break;
		}
		if (o->load && !stopped && !o->load->alive(o->load_ctx))
			return -ECHILD;
		if (o->seconds > 0 && ns >= o->seconds * 1e9)
			break;
	}
	log_progress_end();
	return 0;
}

static int record_with(const struct session_opts *o, struct tracer *t, struct run *run)
{
	struct workload w = { 0 };
	struct late_list *late;
	struct slices *slices;
	__u64 start;
	int err = 0, failed;

	if (describe_tool(o, run) || !(slices = slices__new(o->on_snapshot ? 0 : o->interval)))
		return -ENOMEM;
	if (o->command)
		err = workload__fork(&w, o->command);
	else if (o->load)
		err = o->load->start(o->load_ctx);
	if (err)
		return err;
	run->start = rfc3339();
	start = tracer__now_ns();
	late = late_list__new(o->events_max ? o->events_max : 1, t, o, start);
	if (!late)
		return -ENOMEM;
	tracer__start(t);
	if (o->command && (err = workload__go(&w))) {
		log_error("can't run '%s': %s", o->command[0], strerror(-err));
		workload__end(&w, &run->tool.status);
		late_list__finish(late, run);
		slices__finish(slices, t, run, 0);
		return err;
	}
	failed = wait_for_end(o, t, &w, run, slices, late, start);
	/* quiet before the probes go: an emulated CPU may lose a race with the text they leave */
	if (o->load)
		o->load->stop(o->load_ctx);
	run->duration_ns = tracer__now_ns() - start;
	tracer__stop(t);
	if (w.pid > 0) {
		workload__end(&w, &run->tool.status);
		run->tool.has_status = true;
	}
	tracer__poll(t, 0, late_list__add, late);
	slices__finish(slices, t, run, run->duration_ns);
	err = snapshot__read(t, run, true);
	late_list__finish(late, run);
	if (err)
		log_error("can't read what was recorded: %s", strerror(-err));
	else if (o->on_snapshot)
		o->on_snapshot(o->on_snapshot_ctx, run, 0);
	return err ? err : failed;
}

int session__record(const struct session_opts *o, struct run *run)
{
	struct choice *choices = calloc(probes_n, sizeof(*choices));
	const char *forced[FORCED_MAX + 1] = { NULL };
	struct tracer_opts to;
	char *forced_words = NULL;
	struct tracer *t = NULL;
	struct facts f = { 0 };
	char err[512];
	int code;

	struct sigaction sa = { .sa_handler = on_signal };

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (o->on_snapshot)
		sigaction(SIGHUP, &sa, NULL);
	code = tracer_opts(o, &to);
	if (!code)
		code = parse_forced(o->probe, &forced_words, forced);
	if (!code && (!choices || facts__read(&f))) {
		log_error("out of memory");
		code = EXIT_FAILED;
	}
	if (!code) {
		to.forced = forced;
		to.stop = &stopped;
		probes__select(&f, o->light, to.forced, choices);
		code = check_required(&f, choices);
	}
	if (!code)
		code = check_forced(forced, choices);
	if (!code) {
		t = tracer__prepare(&f, choices, &to, &code, err, sizeof(err));
		if (!t)
			log_error("%s", err);
		else
			code = record_with(o, t, run) ? EXIT_FAILED : EXIT_FINE;
	}
	tracer__close(t);
	facts__free(&f);
	free(choices);
	free(forced_words);
	return code;
}

int session__verdict(const struct run *run)
{
	static const int codes[] = {
		[VERDICT_NONE_SEEN] = EXIT_FINE,
		[VERDICT_FOUND] = EXIT_FOUND,
		[VERDICT_INCONCLUSIVE] = EXIT_INCONCLUSIVE,
	};

	return codes[run__verdict(run)];
}
