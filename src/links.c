// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Attaching programs one by one, detaching them all at once. Stage 2. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "insn.h"
#include "links.h"
#include "migtrace.skel.h"

#define CLOSERS_MAX 64

static bool has_link(const struct links *l, const char *func, __u32 offset)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->offset[i] == offset && !strcmp(l->func[i], func))
			return true;
	return false;
}

static int attach(struct links *l, struct migtrace_bpf *skel, const struct attach_point *at)
{
	struct bpf_program *p = bpf_object__find_program_by_name(skel->obj, at->prog);
	struct bpf_link *link;

	if (l->n == LINKS_MAX)
		return -E2BIG;
	if (at->how == ATTACH_FENTRY || at->how == ATTACH_FEXIT) {
		/* two sites on the lock clock share its programs on the lock functions */
		for (size_t i = 0; i < l->n; i++)
			if (!strcmp(l->prog[i], at->prog))
				return 0;
		link = bpf_program__attach_trace(p);
	} else {
		LIBBPF_OPTS(bpf_kprobe_opts, ko, .offset = at->offset, .bpf_cookie = at->cookie,
			    .retprobe = at->how == ATTACH_EXIT && !at->offset);

		link = bpf_program__attach_kprobe_opts(p, at->func, &ko);
	}
	if (!link)
		return -errno;
	l->prog[l->n] = at->prog;
	l->func[l->n] = at->func;
	l->offset[l->n] = at->offset;
	l->link[l->n++] = link;
	return 0;
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
	int err = attach(l, skel, at);

	for (; err == -EINVAL && b; b = blocker(f, at, b->offset)) {
		struct attach_point hide = { "hide", ATTACH_CALL, b->func, b->offset, 0 };

		if (has_link(l, b->func, b->offset))
			continue;
		/* another one may be in its way, too */
		err = links__attach(l, skel, f, &hide) ?: attach(l, skel, at);
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
		bpf_link__destroy(c->links->link[i]);
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
	l->n = 0;
}
