// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A recording, step by step. Every command that records calls this one path. */
#include <errno.h>
#include <linux/capability.h>
#include <malloc.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/out.h"
#include "base/privileges.h"
#include "kernel/system_info.h"
#include "record/session.h"
#include "record/snapshot.h"

#define POLL_MS 100
#define TELL_MS 5000

/* @ended: nothing is counted any more; who stops us then does not want to wait for the kernel. */
static volatile sig_atomic_t stopped, hung_up, ended, impatient;
static bool hup_writes; /* export; else a terminal that is gone ends a recording as Ctrl-C does */

static void on_signal(int sig)
{
	if (sig == SIGHUP && hup_writes)
		hung_up = 1;
	else
		stopped = 1;
	if (sig != SIGHUP && ended)
		impatient = 1;
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

static int describe_tool(const struct session_opts *o, const struct tracer *t, struct run *run)
{
	/* of a load of ours the device is part of the load */
	if (!o->load && filter__copy(&run->filter, &tracer__opts(t)->filter))
		return -ENOMEM;
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

static void export_now(const struct session_opts *o, struct tracer *t, __u64 ns)
{
	struct run so_far = { 0 };
	int ret = describe_tool(o, t, &so_far);

	if (!ret)
		ret = snapshot__read(t, &so_far, false);
	so_far.duration_ns = ns;
	o->on_snapshot(o->on_snapshot_ctx, ret ? NULL : &so_far, ret);
	run__free(&so_far);
}

/*
 * Tells what was counted so far, when it is time to. (A run has 190 KB: cleared ten times a second,
 * whether or not it was wanted, that alone was 1.5 % of a guest's time.)
 */
static void export_if_due(const struct session_opts *o, struct tracer *t, __u64 ns, __u64 *next)
{
	__u64 every;

	if (!o->on_snapshot || (ns < *next && !hung_up))
		return;
	hung_up = 0;
	every = o->interval * 1e9;
	*next = (ns / every + 1) * every;
	export_now(o, t, ns);
}

static __u64 sooner(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

/*
 * Until something is due. A signal that comes while something is told does not wake the next poll:
 * this is how long it may then wait. Once a second was a quarter of what an exporter costs.
 */
static int poll_timeout_ms(const struct session_opts *o, const struct intervals *intervals,
			   __u64 ns, __u64 next)
{
	__u64 until = ns + (o->on_snapshot ? TELL_MS : POLL_MS) * 1000000ULL;

	if (o->on_snapshot)
		until = sooner(until, next);
	if (intervals__due(intervals))
		until = sooner(until, intervals__due(intervals));
	if (o->seconds > 0)
		until = sooner(until, (__u64)(o->seconds * 1e9));
	return until > ns ? (int)((until - ns) / 1000000) + 1 : 0;
}

/*
 * Attached, and the workload forked with the rights that the user gave it: from here on there are
 * maps to read and a file to write. A command may become another user and must still be ended.
 */
static void drop_rights(const struct session_opts *o)
{
	int ret =
		privileges__drop(o->command ? 1ULL << CAP_KILL : 0, o->can_write, o->can_write_ctx);

	if (ret)
		log_warn("can't drop capabilities: %s", strerror(-ret));
}

/* What a recording has besides its run, while it lasts. */
struct recording {
	const struct session_opts *o;
	struct tracer *t;
	struct run *run;
	struct workload w;
	struct late_list *late;
	struct stalls *stalls;
	struct intervals *intervals;
	__u64 start;
};

static int wait_for_end(struct recording *r)
{
	const struct session_opts *o = r->o;
	__u64 ns = 0, next = 0;

	while (!stopped) {
		export_if_due(o, r->t, ns, &next);
		if (tracer__poll(r->t, poll_timeout_ms(o, r->intervals, ns, next), late_list__add,
				 r->late))
			usleep(POLL_MS * 1000); /* nothing to wait on: not a reason to spin */
		ns = tracer__now_ns() - r->start;
		if (tracer__in_place(r->t))
			drop_rights(o);
		tracer__trim(r->t);
		late_list__settle(r->late, r->start + ns - LOOKUP_SETTLE_NS);
		stalls__tick(r->stalls);
		progress(o, ns);
		intervals__tick(r->intervals, r->t, ns);
		if (o->command && workload__ended(&r->w, &r->run->tool.status)) {
			r->run->tool.has_status = true;
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

/* What runs meanwhile: forked, or warm. 0 or -errno, which was printed. */
static int start_load(const struct session_opts *o, struct workload *w)
{
	int err;

	if (!o->command)
		return o->load ? o->load->start(o->load_ctx) : 0;
	err = workload__fork(w, o->command);
	if (err)
		log_error("can't start '%s': %s", o->command[0], strerror(-err));
	return err;
}

/* Counts; the command runs. 0 or -errno, which was printed. */
static int begin(struct recording *r)
{
	/* at the first poll the ring is mapped: not while events are lost */
	int err = tracer__poll(r->t, 0, late_list__add, r->late);

	if (err) {
		log_error("can't read late references: %s", strerror(-err));
		return err;
	}
	err = tracer__start(r->t);
	if (err)
		return err;
	log_step("recording");
	err = r->o->command ? workload__go(&r->w) : 0;
	if (err)
		log_error("can't run '%s': %s", r->o->command[0], strerror(-err));
	return err;
}

/* From the start to the end, and into the run. */
static int go_on(struct recording *r)
{
	int failed = wait_for_end(r), err = stalls__finish(r->stalls, r->run);
	const struct session_opts *o = r->o;
	struct run *run = r->run;

	r->stalls = NULL;
	/* quiet before the probes go: an emulated CPU may lose a race with the text they leave */
	if (o->load)
		o->load->stop(o->load_ctx);
	run->duration_ns = tracer__now_ns() - r->start;
	ended = 1;
	log_step(NULL);
	tracer__stop(r->t);
	if (tracer__is_attaching(r->t)) /* which has the rights that it needs */
		drop_rights(o);
	log_step("counting stopped");
	run->tool.load_ns = tracer__times(r->t).load_ns;
	run->tool.attach_ns = tracer__times(r->t).attach_ns;
	if (r->w.pid > 0) {
		workload__end(&r->w, &run->tool.status);
		run->tool.has_status = true;
	}
	tracer__poll(r->t, 0, late_list__add, r->late);
	intervals__finish(r->intervals, r->t, run, run->duration_ns);
	r->intervals = NULL;
	if (!err)
		err = snapshot__read(r->t, run, true);
	late_list__finish(r->late, run);
	r->late = NULL;
	log_step("maps read");
	if (err)
		log_error("can't read what was recorded: %s", strerror(-err));
	else if (o->on_snapshot)
		o->on_snapshot(o->on_snapshot_ctx, run, 0);
	return err ? err : failed;
}

/* With what runs meanwhile. 0 or -errno. */
static int go(struct recording *r)
{
	const struct session_opts *o = r->o;
	int err;

	if (!tracer__has_rare(r->t))
		drop_rights(o);
	r->run->start = rfc3339();
	r->start = tracer__now_ns();
	r->late = late_list__new(o->events_max ? o->events_max : 1, r->t, o, r->start);
	r->stalls = stalls__new(r->t, o);
	err = r->late && r->stalls ? begin(r) : -ENOMEM;
	if (!err)
		return go_on(r);
	if (o->load)
		o->load->stop(o->load_ctx);
	return err;
}

static int record_with(const struct session_opts *o, struct tracer *t, struct run *run)
{
	struct recording r = { .o = o, .t = t, .run = run };
	int err = describe_tool(o, t, run);

	r.intervals = intervals__new(o->on_snapshot ? 0 : o->interval);
	if (!err && !r.intervals)
		err = -ENOMEM;
	if (!err)
		err = start_load(o, &r.w);
	if (!err)
		err = go(&r);
	workload__end(&r.w, &run->tool.status);
	late_list__finish(r.late, run);
	stalls__finish(r.stalls, run);
	intervals__finish(r.intervals, t, run, 0);
	return err;
}

/* A number can be given of a device that is not there, or not yet. */
static void warn_of_device(const struct filter *f)
{
	char name[32] = "";

	if (f->dev)
		system_info__device_name(f->dev, name, sizeof(name));
	if (f->dev && !*name)
		log_warn("no device %s is there: nothing is counted until one comes", f->device);
}

static int record(const struct session_opts *o, struct tracer *t, struct run *run)
{
	int err;

	warn_of_device(&tracer__opts(t)->filter);
	err = record_with(o, t, run);
	if (err == -ENOMEM)
		log_error("out of memory");
	if (err)
		return EXIT_FAILED;
	if (!o->publish)
		return EXIT_FINE;
	err = o->publish(o->publish_ctx, run);
	return out__check_stdout() && err == EXIT_FINE ? EXIT_FAILED : err;
}

static void choose(const struct facts *f, const struct session_opts *o, const char *const *forced,
		   struct choice *choices)
{
	probes__select(f, o->light, forced, choices);
	for (size_t i = 0; o->pinned && i < probes_n; i++)
		if (probes[i].flags & PROBE_PINNED && !probes__forced(forced, &probes[i]))
			probes__prefer_kprobe(f, o->light, &choices[i]);
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
	hup_writes = o->on_snapshot;
	if (hup_writes || signal(SIGHUP, SIG_DFL) != SIG_IGN) /* nohup(1) has it ignored */
		sigaction(SIGHUP, &sa, NULL);
	else
		signal(SIGHUP, SIG_IGN);
	log_step(NULL);
	code = session__tracer_opts(o, &to);
	if (!code)
		code = session__parse_forced(o->probe, &forced_words, forced);
	to.forced = forced;
	if (!code)
		code = session__check_wanted(&to);
	if (!code && !choices) {
		log_error("out of memory");
		code = EXIT_FAILED;
	}
	if (!code)
		code = session__read_facts(&f, o->btf, !session__wants_stacks(o));
	if (!code) {
		to.stop = &stopped;
		choose(&f, o, forced, choices);
		code = session__check_required(&f, choices);
	}
	if (!code)
		code = session__check_forced(forced, choices);
	if (!code) {
		if (!session__wants_stacks(
			    o)) { /* megabytes, which libbpf can use for the kernel's types */
			kernel__forget_symbols();
			malloc_trim(0);
		}
		t = tracer__prepare(&f, choices, &to, &code, err, sizeof(err));
		if (!t)
			log_error("%s", err);
		else
			code = record(o, t, run);
	}
	tracer__finish(t, &impatient);
	facts__free(&f);
	free(choices);
	free(forced_words);
	filter__free(&to.filter);
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
