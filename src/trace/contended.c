// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Releases of the lock that somebody waited for (bpf/contended.bpf.h): where they are, and the
 * proof that the kernel says so. Stage 2.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "base/thread.h"
#include "migtrace.skel.h"
#include "trace/contended.h"

#define PROOF_NS     100000000ULL /* two threads at one lock, at most that long */
#define PROOF_POLL   2000000
#define PROOF_ENOUGH 5 /* of them one is not from an interrupt's stack */

#define SILENT_WHY                                                                                 \
	"the tracepoint did not fire at a lock that two threads fought for: this kernel or its "   \
	"hypervisor has no waiters that queue"
#define ALONE_WHY "with one CPU nobody waits for a spinlock"

/* Released in another way than the floor's lock, by which it is proven that the kernel tells. */
static bool is_plain_unlock(const char *callee)
{
	return strstr(callee, "spin_unlock") && !strstr(callee, "irqrestore");
}

static int add_place(struct tracer *t, const struct fact_call *c, __u32 site, size_t *n)
{
	const struct fact_func *func = facts__func(tracer__facts(t), c->func);
	__u64 addr = func && func->addr ? func->addr + c->next : 0;

	if (!addr)
		return 0;
	++*n;
	return bpf_map__update_elem(tracer__skeleton(t)->maps.contended_places, &addr, sizeof(addr),
				    &site, sizeof(site), BPF_ANY);
}

bool contended__tells(const struct facts *f, unsigned int site)
{
	bool any = false;

	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];

		if (!is_plain_unlock(c->callee) ||
		    probes__site_at(f, c->func, c->offset) != (int)site)
			continue;
		if (!c->next) /* a tail jump: the caller's caller would be seen */
			return false;
		any = true;
	}
	return any;
}

static bool wanted(const struct tracer *t, unsigned int site)
{
	return site == SITE_FLOOR || (site < SITE_COUNT && !tracer__opts(t)->filter.row_off[site] &&
				      contended__tells(tracer__facts(t), site));
}

/* The addresses that wanted sites' unlocks return to. *@n: without the floor's. 0 or -errno. */
static int fill(struct tracer *t, size_t *n)
{
	const struct facts *f = tracer__facts(t);
	size_t floors = 0;
	int ret = 0;

	*n = 0;
	for (size_t i = 0; i < f->calls_n && !ret; i++) {
		const struct fact_call *c = &f->calls[i];
		int site = is_plain_unlock(c->callee) ? probes__site_at(f, c->func, c->offset) : -1;

		if (site >= 0 && c->next && wanted(t, site))
			ret = add_place(t, c, site, site == SITE_FLOOR ? &floors : n);
	}
	return ret;
}

static int forget_floor(struct tracer *t)
{
	struct bpf_map *map = tracer__skeleton(t)->maps.contended_places;
	__u64 addr, next;
	__u32 site;
	int ret = bpf_map__get_next_key(map, NULL, &addr, sizeof(addr)), more;

	for (; !ret; addr = next, ret = more) {
		more = bpf_map__get_next_key(map, &addr, &next, sizeof(next));
		if (!bpf_map__lookup_elem(map, &addr, sizeof(addr), &site, sizeof(site), 0) &&
		    site == SITE_FLOOR)
			bpf_map__delete_elem(map, &addr, sizeof(addr), 0);
	}
	return ret == -ENOENT ? 0 : ret;
}

static void *fight(void *stop)
{
	struct rlimit r;

	while (!*(volatile bool *)stop)
		getrlimit(RLIMIT_NOFILE, &r);
	return NULL;
}

static __u64 seen(struct tracer *t)
{
	struct cpu_state *v = calloc(tracer__cpus(t), sizeof(*v));
	__u64 n = 0;

	if (v && !tracer__read_cpus(t, v))
		for (int c = 0; c < tracer__cpus(t); c++)
			n += v[c].site[SITE_FLOOR].contended;
	free(v);
	return n;
}

/* Two threads at the lock of do_prlimit(), which is their group leader's. */
static bool fires(struct tracer *t)
{
	const struct timespec pause = { 0, PROOF_POLL };
	__u64 until = tracer__now_ns() + PROOF_NS;
	struct migtrace_bpf *skel = tracer__skeleton(t);
	volatile bool stop = false;
	pthread_t thread[2];
	int n = 0;

	skel->bss->contended_learning = 1;
	while (n < 2 && !thread__start(&thread[n], fight, (void *)&stop))
		n++;
	while (n == 2 && seen(t) < PROOF_ENOUGH && tracer__now_ns() < until)
		nanosleep(&pause, NULL);
	stop = true;
	while (n)
		pthread_join(thread[--n], NULL);
	skel->bss->contended_learning = 0;
	return skel->bss->contended_depth && seen(t) >= PROOF_ENOUGH;
}

static bool alone(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) < 2;
}

int contended__prove(struct tracer *t, const char **why)
{
	size_t n;
	int ret = fill(t, &n);

	*why = NULL;
	if (ret)
		return ret;
	if (!n)
		*why = "none of its sites is recorded, or can be told by a return address";
	else if (alone())
		*why = ALONE_WHY;
	else if (!fires(t))
		*why = SILENT_WHY;
	return forget_floor(t);
}
