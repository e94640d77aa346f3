// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaching programs one by one, detaching them all at once. Stage 2. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "insn.h"
#include "links.h"
#include "migtrace.skel.h"

#define CLOSERS_MAX 64

#define KPROBE_SOURCE "/sys/bus/event_source/devices/kprobe/"

static bool has_link(const struct links *l, const char *func, __u32 offset)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].offset == offset && !strcmp(l->v[i].func, func))
			return true;
	return false;
}

static int add(struct links *l, struct bpf_link *link, const struct attach_point *at)
{
	struct one_link *v;

	if (!(l->n & (l->n + 1)) || !l->v) {
		v = realloc(l->v, ((l->n + 1) * 2) * sizeof(*v));
		if (!v) {
			bpf_link__destroy(link);
			return -ENOMEM;
		}
		l->v = v;
	}
	l->v[l->n++] = (struct one_link){ link, at->prog, at->func, at->offset };
	return 0;
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

static int attach(struct links *l, struct migtrace_bpf *skel, const struct facts *f,
		  const struct attach_point *at)
{
	struct bpf_program *p = bpf_object__find_program_by_name(skel->obj, at->prog);
	const struct fact_func *func = facts__func(f, at->func);
	bool retprobe = at->how == ATTACH_EXIT && !at->offset;
	struct bpf_link *link;

	if (at->how == ATTACH_FENTRY || at->how == ATTACH_FEXIT) {
		/* two sites on the lock clock share its programs on the lock functions */
		for (size_t i = 0; i < l->n; i++)
			if (!strcmp(l->v[i].prog, at->prog))
				return 0;
		link = bpf_program__attach_trace(p);
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

int links__attach(struct links *l, struct migtrace_bpf *skel, const struct facts *f,
		  const struct attach_point *at)
{
	const struct fact_call *b = blocker(f, at, at->offset);
	int err = attach(l, skel, f, at);

	for (; err == -EINVAL && b; b = blocker(f, at, b->offset)) {
		struct attach_point hide = { "hide", ATTACH_CALL, b->func, b->offset, 0 };

		if (has_link(l, b->func, b->offset))
			continue;
		/* another one may be in its way, too */
		err = links__attach(l, skel, f, &hide) ?: attach(l, skel, f, at);
	}
	return err;
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

void links__close(struct links *l)
{
	struct closer c = { .links = l };
	pthread_t thread[CLOSERS_MAX];
	sigset_t all, old;
	int n = 0;

	/* signals are the main thread's */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	while (n < CLOSERS_MAX && n + 1 < (int)l->n &&
	       !pthread_create(&thread[n], NULL, close_some, &c))
		n++;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	close_some(&c);
	while (n)
		pthread_join(thread[--n], NULL);
	free(l->v);
	memset(l, 0, sizeof(*l));
}
