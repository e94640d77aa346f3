// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * migtrace bench --cost: what a recording costs on this machine. The load alone, the same once more, and
 * beside a recording of each tier, in turns. A recorder is a process of its own, which attaches and
 * detaches while no load runs.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "bench/bench_cost.h"
#include "trace/stops.h"
#include "trace/tracer.h"

#define SLEEP_NS   50000000
#define POLL_MS	   100
#define LIMIT_NS   105000000000ULL /* without --rounds no round begins later */
#define ROUNDS	   6
#define ROUNDS_MIN 3

/* What a recorder says when all is attached, and when all is detached. */
struct word {
	__u64 load_ns, attach_ns, floor_ns, detach_ns;
	int code; /* not EXIT_FINE: @err says why */
	char err[400];
};

struct recorder {
	pid_t pid;
	int ask, answer; /* pipes: a byte for each step; a struct word */
};

static int ignore_late(void *ctx, const struct late_record *r)
{
	(void)ctx;
	(void)r;
	return 0;
}

/* Until the other side wants the next step, or has ended. @t: recording meanwhile; or NULL. */
static void wait_for_word(int ask, struct tracer *t)
{
	struct pollfd p = { .fd = ask, .events = POLLIN };
	char step;

	while (t && !poll(&p, 1, 0))
		if (tracer__poll(t, POLL_MS, ignore_late, NULL))
			usleep(POLL_MS * 1000);
	while (read(ask, &step, 1) < 0 && errno == EINTR)
		;
}

static int say(int answer, const struct word *w)
{
	return write(answer, w, sizeof(*w)) == sizeof(*w) ? 0 : -EPIPE;
}

static __u64 floor_of(const struct tracer *t)
{
	return tracer__floor_ns(t, CLOCK_SITE) ?: tracer__floor_ns(t, CLOCK_LOCK);
}

/* The recorder's process: the terminal's signals are its parent's, whose end ends it in order. */
static void record(const struct facts *f, bool light, __u32 device, int ask, int answer)
{
	struct choice *choices = calloc(probes_n, sizeof(*choices));
	const struct tracer_opts o = { .light = light, .filter.dev = device };
	struct word w = { .code = EXIT_FAILED, .err = "out of memory" };
	struct tracer *t = NULL;
	__u64 start;

	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	/* who asks may be gone: what is attached is taken off all the same */
	signal(SIGPIPE, SIG_IGN);
	if (choices) {
		probes__select(f, light, NULL, choices);
		t = tracer__prepare(f, choices, &o, &w.code, w.err, sizeof(w.err));
	}
	if (t) {
		w.code = EXIT_FINE;
		w.load_ns = tracer__times(t).load_ns;
		w.attach_ns = tracer__times(t).attach_ns;
		w.floor_ns = floor_of(t);
	}
	if (say(answer, &w) || !t)
		_exit(!t);
	wait_for_word(ask, NULL);
	tracer__start(t);
	wait_for_word(ask, t);
	tracer__stop(t);
	start = tracer__now_ns();
	tracer__detach(t);
	w.detach_ns = tracer__now_ns() - start;
	tracer__undefine(t);
	say(answer, &w);
	_exit(0);
}

static int hear(struct recorder *r, struct word *w)
{
	size_t got = 0;

	while (got < sizeof(*w)) {
		ssize_t n = read(r->answer, (char *)w + got, sizeof(*w) - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			log_error("the recorder has ended");
			return -EPIPE;
		}
		got += n;
	}
	if (w->code == EXIT_FINE)
		return 0;
	log_error("%s", w->err);
	return -ENOTSUP;
}

static int next_step(const struct recorder *r)
{
	return write(r->ask, "", 1) == 1 ? 0 : -EPIPE;
}

static int fork_recorder(struct recorder *r, const struct cost *c, bool light)
{
	int ask[2], answer[2];

	if (pipe2(ask, O_CLOEXEC) || pipe2(answer, O_CLOEXEC))
		return -errno;
	r->pid = fork();
	if (!r->pid) {
		close(ask[1]);
		close(answer[0]);
		close(c->scratch->mnt); /* all of that ends with its parent */
		close(c->scratch->loop);
		record(c->facts, light, c->scratch->dev, ask[0], answer[1]);
	}
	close(ask[0]);
	close(answer[1]);
	r->ask = ask[1];
	r->answer = answer[0];
	return r->pid < 0 ? -errno : 0;
}

static void end_recorder(struct recorder *r)
{
	close(r->ask);
	close(r->answer);
	while (r->pid > 0 && waitpid(r->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* How many kprobes there are by what the kernel made of them; false where it does not say. */
static bool read_places(struct run_turn *v)
{
	struct stops all[STOPS_N];

	if (stops__read(KPROBE_LIST, NULL, NULL, all))
		return false;
	v->jumps = all[STOPS_ALL].jumps;
	v->calls = all[STOPS_ALL].calls;
	v->exceptions = all[STOPS_ALL].exceptions;
	return true;
}

static int run_for(struct load *l, __u64 ns)
{
	const struct timespec pause = { 0, SLEEP_NS };
	__u64 until = tracer__now_ns() + ns;
	char err[256];

	while (tracer__now_ns() < until) {
		if (!load__alive(l, err, sizeof(err))) {
			log_error("%s", err);
			return -ECHILD;
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* One stretch of load: what it got done between its warming up and its end. */
static int measure(const struct cost *c, struct run_turn *v)
{
	char err[256];
	struct load *l = load__new(c->scratch, c->load, err, sizeof(err));
	struct load_counts from = { 0 }, to = { 0 };
	__u64 start = 0;
	int ret = l ? load__start(l, err, sizeof(err)) : -ENODEV;

	if (ret)
		log_error("%s", err);
	if (!ret)
		ret = run_for(l, COST_WARMUP * 1e9);
	if (!ret) {
		from = load__counts(l);
		start = tracer__now_ns();
		ret = run_for(l, c->seconds * 1e9);
	}
	if (!ret) {
		v->duration_ns = tracer__now_ns() - start;
		to = load__counts(l);
		v->has_places = v->traced && read_places(v);
	}
	load__stop(l);
	v->moves = to.moves - from.moves;
	v->lookups = to.blocks - from.blocks;
	return ret;
}

static int traced_turn(const struct cost *c, bool light, struct run_turn *v)
{
	struct word w = { 0 };
	struct recorder r;
	int ret = fork_recorder(&r, c, light);

	if (ret)
		return ret;
	v->traced = true;
	ret = hear(&r, &w) ?: next_step(&r) ?: measure(c, v) ?: next_step(&r) ?: hear(&r, &w);
	v->load_ns = w.load_ns;
	v->attach_ns = w.attach_ns;
	v->floor_ns = w.floor_ns;
	v->detach_ns = w.detach_ns;
	end_recorder(&r);
	return ret;
}

static struct run_turn *add_turn(struct run *run, const char *what, unsigned int round)
{
	struct run_turn *v = realloc(run->turns, (run->turns_n + 1) * sizeof(*v));

	if (!v)
		return NULL;
	run->turns = v;
	v += run->turns_n++;
	*v = (struct run_turn){ .what = strdup(what), .round = round };
	return v->what ? v : NULL;
}

/* All four, the first one another each time: what drifts then drifts for all. */
static int round_of(const struct cost *c, struct run *run, unsigned int round)
{
	static const char *const names[] = { TURN_ALONE, TURN_LIGHT, TURN_AGAIN, TURN_FULL };
	int ret = 0;

	for (unsigned int i = 0; i < 4 && !ret; i++) {
		unsigned int k = (i + round) % 4;
		struct run_turn *v = add_turn(run, names[k], round);

		if (!v)
			return -ENOMEM;
		log_progress("round %u of %u: %s", round + 1, c->rounds ? c->rounds : ROUNDS,
			     names[k]);
		ret = k & 1 ? traced_turn(c, k == 1, v) : measure(c, v);
	}
	return ret;
}

int cost__measure(const struct cost *c, struct run *run)
{
	unsigned int rounds = c->rounds ? c->rounds : ROUNDS;
	__u64 start = tracer__now_ns();
	int ret = 0;

	for (unsigned int i = 0; i < rounds && !ret; i++) {
		if (!c->rounds && i >= ROUNDS_MIN && tracer__now_ns() - start > LIMIT_NS)
			break;
		ret = round_of(c, run, i);
	}
	log_progress_end();
	run->duration_ns = tracer__now_ns() - start;
	return ret;
}
