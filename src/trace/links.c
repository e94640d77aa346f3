// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaching programs one by one, detaching them all at once. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"
#include "kernel/insn.h"
#include "migtrace.skel.h"
#include "trace/links.h"
#include "trace/tracer.h"

#define CLOSERS_MAX 64
#define TIMER_HZ    20

#define KPROBE_SOURCE "/sys/bus/event_source/devices/kprobe/"

static bool has_link(const struct links *l, const char *func, __u32 offset)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].offset == offset && !strcmp(l->v[i].func, func))
			return true;
	return false;
}

static int push(struct links *l, const struct one_link *link)
{
	struct one_link *v = realloc(l->v, (l->n + 1) * sizeof(*v));

	if (!v)
		return -ENOMEM;
	l->v = v;
	v[l->n++] = *link;
	return 0;
}

static int add(struct links *l, struct bpf_link *link, const struct attach_point *at)
{
	const struct one_link v = { link, at->prog, at->func, at->offset, 0 };
	int err = push(l, &v);

	if (err)
		bpf_link__destroy(link);
	return err;
}

/* The number in one of the kprobe source's files, behind @prefix; -errno. */
static int source_number(const char *name, const char *prefix)
{
	char path[128], text[32] = "";
	int number = -EINVAL;
	FILE *f;

	snprintf(path, sizeof(path), KPROBE_SOURCE "%s", name);
	f = fopen(path, "re");
	if (!f)
		return -errno;
	if (fgets(text, sizeof(text), f) && !strncmp(text, prefix, strlen(prefix)))
		number = atoi(text + strlen(prefix));
	fclose(f);
	return number;
}

/* libbpf finds functions by name; here it would be two's (EADDRNOTAVAIL). */
static struct bpf_link *attach_by_address(struct bpf_program *p, __u64 addr, bool retprobe,
					  __u64 cookie)
{
	LIBBPF_OPTS(bpf_perf_event_opts, po, .bpf_cookie = cookie);
	int type = source_number("type", ""), bit = source_number("format/retprobe", "config:");
	struct perf_event_attr attr = { .size = sizeof(attr), .kprobe_addr = addr };
	struct bpf_link *link;
	int fd;

	if (type < 0 || bit < 0) {
		errno = EINVAL;
		return NULL;
	}
	attr.type = type;
	attr.config = retprobe ? 1ULL << bit : 0;
	fd = syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event_opts(p, fd, &po);
	if (!link) {
		int err = errno;

		close(fd);
		errno = err;
	}
	return link;
}

static bool is_trampoline(const struct attach_point *at)
{
	return at->how == ATTACH_FENTRY || at->how == ATTACH_FEXIT;
}

static bool is_retprobe(const struct attach_point *at)
{
	return at->how == ATTACH_EXIT && !at->offset;
}

/* A clock of each CPU's own. Of those that come later nothing is seen. */
static int attach_timer(struct links *l, struct bpf_program *p, const struct attach_point *at)
{
	struct perf_event_attr attr = { .size = sizeof(attr),
					.type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_CPU_CLOCK,
					.freq = 1,
					.sample_freq = TIMER_HZ };
	int err = 0, cpus = tracer__possible_cpus();

	for (int cpu = 0; cpu < cpus && !err; cpu++) {
		int fd = syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
		struct bpf_link *link;

		if (fd < 0 && errno == ENODEV) /* it is not online */
			continue;
		if (fd < 0)
			return -errno;
		link = bpf_program__attach_perf_event(p, fd);
		err = link ? add(l, link, at) : -errno;
		if (!link)
			close(fd);
	}
	return err;
}

static int attach(struct links *l, const struct link_target *t, const struct attach_point *at)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->skel->obj, at->prog);
	const struct fact_func *func = facts__func(t->facts, at->func);
	bool retprobe = is_retprobe(at);
	struct bpf_link *link;

	if (at->how == ATTACH_TIMER)
		return attach_timer(l, p, at);
	if (is_trampoline(at)) {
		/* two sites on the lock clock share its programs on the lock functions */
		for (size_t i = 0; i < l->n; i++)
			if (!strcmp(l->v[i].prog, at->prog))
				return 0;
		link = bpf_program__attach_trace(p);
	} else if (at->how == ATTACH_TASKS) {
		link = bpf_program__attach_iter(p, NULL);
	} else if (at->how == ATTACH_TRACEPOINT) {
		link = bpf_program__attach_raw_tracepoint(p, at->func);
	} else if (func && func->modules && func->addr) {
		link = attach_by_address(p, func->addr + at->offset, retprobe, at->cookie);
	} else {
		LIBBPF_OPTS(bpf_kprobe_opts, ko, .offset = at->offset, .bpf_cookie = at->cookie,
			    .retprobe = retprobe);

		link = bpf_program__attach_kprobe_opts(p, at->func, &ko);
	}
	return link ? add(l, link, at) : -errno;
}

/* The last instruction before @offset for which the kernel may refuse a probe at @at, or NULL. */
static const struct fact_call *blocker(const struct facts *f, const struct attach_point *at,
				       __u32 offset)
{
	const struct fact_call *found = NULL;

	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];

		if (!strcmp(c->func, at->func) && !strcmp(c->callee, CALLEE_BLOCKER) &&
		    c->offset < offset && at->offset - c->offset <= insn_blocked_bytes &&
		    (!found || c->offset > found->offset))
			found = c;
	}
	return found;
}

/*
 * In an event all places have the same program and no cookie. What is found by address, or hides an
 * instruction, has to be there at once or can't be told by name. False: by a kprobe of its own, which
 * also says what is wrong with the place.
 */
static bool share(struct links *l, const struct link_target *t, const struct attach_point *at,
		  size_t tag)
{
	const struct fact_func *func = facts__func(t->facts, at->func);
	struct event_place *v;
	int event;

	if (!kprobe_events__usable(t->events) || is_trampoline(at) || !attach__is_probe(at->how) ||
	    at->cookie || (func && func->modules))
		return false;
	v = realloc(l->places, (l->places_n + 1) * sizeof(*v));
	if (!v)
		return false;
	l->places = v;
	event = kprobe_events__define(t->events, at->prog, is_retprobe(at), at->func, at->offset);
	if (event < 0)
		return false;
	v[l->places_n++] = (struct event_place){ *at, event, tag };
	return true;
}

static int attach_own(struct links *l, const struct link_target *t, const struct attach_point *at)
{
	const struct fact_call *b = blocker(t->facts, at, at->offset);
	int err = attach(l, t, at);

	for (; err == -EINVAL && b; b = blocker(t->facts, at, b->offset)) {
		struct attach_point hide = { "hide", ATTACH_CALL, b->func, b->offset, 0 };

		if (has_link(l, b->func, b->offset))
			continue;
		/* another one may be in its way, too */
		err = attach_own(l, t, &hide) ?: attach(l, t, at);
	}
	return err;
}

int links__attach(struct links *l, const struct link_target *t, const struct attach_point *at,
		  size_t tag)
{
	return share(l, t, at, tag) ? 0 : attach_own(l, t, at);
}

/* 0 or -errno. */
static int enable(struct links *l, const struct link_target *t, size_t event)
{
	struct kprobe_event *e = &t->events->v[event];
	struct attach_point at = { e->prog, ATTACH_CALL, "", 0, 0 };
	int fd = kprobe_events__perf(t->events, event);
	struct bpf_program *p;
	struct bpf_link *link;
	int err;

	if (fd < 0)
		return fd;
	p = bpf_object__find_program_by_name(t->skel->obj, e->prog);
	link = bpf_program__attach_perf_event_opts(p, fd, NULL);
	if (link)
		return add(l, link, &at);
	err = -errno;
	close(fd);
	return err;
}

int links__enable(struct links *l, const struct link_target *t, const struct event_place **failed)
{
	size_t i = 0;
	int err;

	while (i < t->events->n && (!t->events->v[i].places || t->events->v[i].done))
		i++;
	if (i >= t->events->n)
		return 0;
	t->events->v[i].done = true;
	err = enable(l, t, i);
	if (!err)
		return 1;
	if (log_level)
		log_info("kprobe event '%s': %s; a kprobe for each of its places",
			 t->events->v[i].name, strerror(-err));
	kprobe_events__delete(t->events, i);
	for (size_t j = 0; j < l->places_n; j++) {
		if (l->places[j].event != i)
			continue;
		*failed = &l->places[j];
		err = attach_own(l, t, &l->places[j].at);
		if (err)
			return err;
	}
	return 1;
}

static void forget(struct links *l)
{
	free(l->v);
	free(l->places);
	l->v = NULL;
	l->places = NULL;
	l->n = l->places_n = 0;
}

int links__take(struct links *l, struct links *from)
{
	while (from->n) {
		int err = push(l, &from->v[from->n - 1]);

		if (err)
			return err;
		from->n--;
	}
	forget(from);
	return 0;
}

struct closer {
	struct links *links;
	size_t next;
};

static void *close_some(void *arg)
{
	struct closer *c = arg;

	for (;;) {
		size_t i = __atomic_fetch_add(&c->next, 1, __ATOMIC_RELAXED);

		if (i >= c->links->n)
			return NULL;
		bpf_link__destroy(c->links->v[i].link);
	}
}

static void close_all(struct links *l)
{
	struct closer c = { .links = l };
	pthread_t thread[CLOSERS_MAX];
	int n = 0;

	while (n < CLOSERS_MAX && n + 1 < (int)l->n && !thread__start(&thread[n], close_some, &c))
		n++;
	close_some(&c);
	while (n)
		pthread_join(thread[--n], NULL);
	forget(l);
}

struct going {
	struct links links;
	pthread_t thread;
	struct going *next;
};

static void *close_going(void *going)
{
	close_all(&((struct going *)going)->links);
	return NULL;
}

static bool is_of(const char *const *progs, const char *prog)
{
	while (*progs && strcmp(*progs, prog))
		progs++;
	return *progs;
}

void links__drop(struct links *l, const char *const *progs)
{
	struct going *g = calloc(1, sizeof(*g));
	size_t keep = 0;

	if (!g || !(g->links.v = calloc(l->n + 1, sizeof(*l->v)))) {
		free(g);
		return; /* then they stay */
	}
	for (size_t i = 0; i < l->n; i++)
		if (is_of(progs, l->v[i].prog))
			g->links.v[g->links.n++] = l->v[i];
		else
			l->v[keep++] = l->v[i];
	l->n = keep;
	if (thread__start(&g->thread, close_going, g)) {
		close_all(&g->links);
		free(g);
	} else {
		g->next = l->going;
		l->going = g;
	}
}

struct bpf_link *links__find(const struct links *l, const char *prog)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->v[i].prog, prog))
			return l->v[i].link;
	return NULL;
}

void links__join(struct links *l)
{
	while (l->going) {
		struct going *g = l->going;

		l->going = g->next;
		pthread_join(g->thread, NULL);
		free(g);
	}
}

void links__close(struct links *l)
{
	links__join(l);
	close_all(l);
}

void links__disown(struct links *l)
{
	for (size_t i = 0; i < l->n; i++)
		bpf_link__destroy(l->v[i].link);
	forget(l);
}
