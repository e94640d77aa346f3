// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Per-CPU maps into one run. Stage 3: libbpf ends here. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "migtrace.skel.h"
#include "snapshot.h"

/* A lookup that was timed, and whose task did not come to its end on the same CPU. */
static void add_pending(struct run *run, const struct section *s)
{
	struct hist_key key = { .dev = s->dev, .site = SITE_FIND_GET_BLOCK, .kind = KIND_HOLD };
	struct hist one = { 0 };

	hist_add(&one, s->hold_ns);
	snapshot__add(run, &key, &one);
	if (!s->wait_ns)
		return;
	one = (struct hist){ 0 };
	hist_add(&one, s->wait_ns);
	key.kind = KIND_WAIT;
	snapshot__add(run, &key, &one);
}

/* Counters, and what each site took and released; in the end also what is still on its way. */
static int read_cpus(struct tracer *t, struct run *run, __u64 sum[COUNTER_COUNT], bool final)
{
	int cpus = tracer__cpus(t), err;
	struct cpu_state *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	/* whoever may not read it would see zeros everywhere */
	err = tracer__read_cpus(t, v);
	memset(sum, 0, COUNTER_COUNT * sizeof(*sum));
	for (int c = 0; c < cpus && !err; c++) {
		for (__u32 i = 0; i < COUNTER_COUNT; i++)
			sum[i] += v[c].count[i];
		for (__u32 i = 0; i < SITE_COUNT; i++) {
			run->site[i].acquires += v[c].site[i].acquires;
			run->site[i].releases += v[c].site[i].releases;
			run->site[i].switched_out += v[c].site[i].switched_out;
		}
		if (final && v[c].site[SITE_FIND_GET_BLOCK].cur.pending)
			add_pending(run, &v[c].site[SITE_FIND_GET_BLOCK].cur);
	}
	free(v);
	return err;
}

static void note_unreleased(struct run *run)
{
	for (__u32 i = 0; i < SITE_COUNT; i++) {
		const struct run_site *s = &run->site[i];

		if (s->acquires > s->releases + run->losses[LOSS_NO_RELEASE])
			run->losses[LOSS_NO_RELEASE] = s->acquires - s->releases;
	}
}

/* Moves in another order than was expected: in vain, if that turned out to be the kernel's. */
static void note_unjudged(struct tracer *t, struct run *run, const __u64 *c)
{
	const struct migtrace_bpf *skel = tracer__skeleton(t);

	if (skel->bss->end_step == (skel->rodata->cfg_ends & END_SET_BH ?: skel->rodata->cfg_ends))
		run->losses[LOSS_END_UNSEEN] += c[COUNTER_UNJUDGED];
}

/*
 * One window, which the kernel may be replacing just now (it clears the id first and writes it last):
 * such a one has gone to the counters, or goes there later. So do those that have only just ended.
 */
static void add_window(struct run *run, const struct window *w, __u64 until_ns)
{
	__u64 *const total[LATE_KINDS] = {
		[LATE_SLOW] = &run->late.slow_lookup,
		[LATE_END] = &run->late.end_count,
		[LATE_ASSOC] = &run->late.assoc_list,
	};
	__u64 id = __atomic_load_n(&w->id, __ATOMIC_ACQUIRE);
	struct window_found found;
	struct window copy;

	if (!id)
		return;
	copy = *w;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (__atomic_load_n(&w->id, __ATOMIC_RELAXED) != id || copy.t_close > until_ns)
		return;
	found = window_found(&copy);
	*total[found.kind] += found.proven;
	run->late.possible += found.possible;
}

/* Windows that were not yet folded into the counters by a later one in their place. */
static int read_windows(struct tracer *t, struct run *run, bool final)
{
	const struct window *w;
	__u64 until;
	size_t n;

	w = tracer__windows(t, &n);
	if (!w)
		return -errno;
	/* a lookup may still be on its way out and have something to say */
	until = final ? ~0ULL : tracer__now_ns() - LOOKUP_SETTLE_NS;
	for (size_t i = 0; i < n; i++)
		add_window(run, &w[i], until);
	return 0;
}

static int read_late(struct tracer *t, struct run *run, const __u64 *c, bool final)
{
	struct late *l = &run->late;
	int err;

	l->watched = tracer__skeleton(t)->rodata->cfg_ends;
	l->has_waited = true;
	l->slow_lookup = c[COUNTER_LATE_SLOW];
	l->end_count = c[COUNTER_LATE_END];
	l->assoc_list = c[COUNTER_LATE_ASSOC];
	l->windows = c[COUNTER_WINDOWS];
	l->aborted = c[COUNTER_WINDOWS_ABORTED];
	l->behind_spin = c[COUNTER_BEHIND_SPIN];
	l->behind_folio = c[COUNTER_BEHIND_FOLIO];
	l->waited_spin = c[COUNTER_WAITED_SPIN];
	l->waited_folio = c[COUNTER_WAITED_FOLIO];
	l->possible = c[COUNTER_POSSIBLE];
	err = read_windows(t, run, final);
	l->total = l->slow_lookup + l->end_count;
	/*
	 * Who acquires while BH_Migrate is set, and looks at it when it has just been cleared, finds its
	 * buffer rightly. It can't be told from who does not look: if nobody was seen to do that, nobody
	 * is suspected of it.
	 */
	if (tracer__facts(t)->feature[FEAT_BH_MIGRATE] && !l->total)
		l->possible = 0;
	return err;
}

static int by_refcount(const void *a, const void *b)
{
	const struct run_refcount *x = a, *y = b;
	int stage = strcmp(x->stage, y->stage);

	if (stage)
		return stage;
	if (x->expected != y->expected)
		return x->expected < y->expected ? -1 : 1;
	return (x->seen > y->seen) - (x->seen < y->seen);
}

static int read_refcounts(struct tracer *t, struct run *run)
{
	int fd = bpf_map__fd(tracer__skeleton(t)->maps.refcounts);
	struct refcount_key key, *prev = NULL;
	struct run_refcount *v;
	__u64 count;

	for (; !bpf_map_get_next_key(fd, prev, &key); prev = &key) {
		if (!stage__name(key.stage))
			continue;
		if (bpf_map_lookup_elem(fd, &key, &count))
			return -errno;
		v = realloc(run->refcounts, (run->refcounts_n + 1) * sizeof(*v));
		if (!v)
			return -ENOMEM;
		run->refcounts = v;
		v += run->refcounts_n;
		*v = (struct run_refcount){ strdup(stage__name(key.stage)), key.expected, key.seen,
					    count };
		if (!v->stage)
			return -ENOMEM;
		run->refcounts_n++;
	}
	if (errno != ENOENT)
		return -errno;
	if (run->refcounts_n)
		qsort(run->refcounts, run->refcounts_n, sizeof(*v), by_refcount);
	return 0;
}

static int read_program(struct tracer *t, const char *name, struct run_probe *p, __u64 *misses)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(tracer__skeleton(t)->obj, name);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	if (!prog)
		return 0;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(prog), &info, &len))
		return -errno;
	p->hits += info.run_cnt; /* zero unless kernel.bpf_stats_enabled */
	p->run_ns += info.run_time_ns;
	*misses += info.recursion_misses + tracer__missed(t, name);
	return 0;
}

/*
 * Where the loss of program runs of @p goes. Windows rest on entry and end of a migration; of the lock
 * functions' the balance of acquires and releases decides, since most misses concern another's lock, and
 * of lookups' exits the balance of those that are kept until then.
 */
static enum loss loss_of(const struct probe *p)
{
	return !strcmp(p->name, "norefs_entry") || !strcmp(p->name, "norefs_end") ?
		       LOSS_PROGRAM_MISSED :
		       LOSS_RECURSION;
}

static int read_probes(struct tracer *t, struct run *run)
{
	const struct choice *c = tracer__choices(t);
	int err = 0;

	run->probes = calloc(probes_n, sizeof(*run->probes));
	if (!run->probes)
		return -ENOMEM;
	for (size_t i = 0; i < probes_n; i++) {
		struct run_probe *p = &run->probes[run->probes_n];
		bool wanted = tracer__wants(tracer__opts(t), c[i].probe);

		if (c[i].probe->flags & PROBE_HIDDEN)
			continue;
		run->probes_n++;
		p->probe = strdup(c[i].probe->name);
		p->attached = wanted && c[i].variant;
		p->variant = strdup(c[i].variant ? c[i].variant->name : "");
		p->reason = p->attached ? NULL : strdup(wanted ? c[i].reason : "not asked for");
		for (int j = 0;
		     !err && p->attached && j < VARIANT_PROGS && c[i].variant->uses[j].prog; j++)
			err = read_program(t, c[i].variant->uses[j].prog, p,
					   &run->losses[loss_of(c[i].probe)]);
	}
	return err;
}

static int add_worst(struct tracer *t, struct run_site *s, __u8 kind, const struct worst_sample *v)
{
	struct worst w = {
		.kind = kind,
		.ns = v->ns,
		.pid = v->pid,
		.cpu = v->cpu,
		.dev = v->dev,
		.mode = v->mode,
		.folio_bytes = v->folio,
		.buffers = v->buffers,
		.outcome = v->outcome,
	};

	int err;

	memcpy(w.comm, v->comm, sizeof(w.comm));
	snapshot__stack(t, v->stack, &w.stack, &w.stack_n);
	err = run_site__add_worst(s, &w);
	for (size_t i = 0; i < w.stack_n; i++)
		free(w.stack[i]);
	free(w.stack);
	return err;
}

static int read_worst(struct tracer *t, struct run *run)
{
	int cpus = tracer__cpus(t), fd = bpf_map__fd(tracer__skeleton(t)->maps.worsts), err = 0;
	struct worst_list *v = calloc(cpus, sizeof(*v));

	if (!v)
		return -ENOMEM;
	for (__u32 i = 0; i < SITE_COUNT * 2 && !err; i++) {
		err = bpf_map_lookup_elem(fd, &i, v) ? -errno : 0;
		for (int j = 0; j < cpus * WORST_KEPT && !err; j++) {
			const struct worst_sample *w = &v[j / WORST_KEPT].v[j % WORST_KEPT];

			if (w->ns)
				err = add_worst(t, &run->site[i / 2], i & 1 ? KIND_WAIT : KIND_HOLD,
						w);
		}
	}
	free(v);
	return err;
}

static void describe_sites(struct tracer *t, struct run *run)
{
	const struct choice *c = tracer__choices(t);
	const struct tracer_opts *o = tracer__opts(t);

	for (size_t i = 0; i < probes_n; i++) {
		struct run_site *s;

		if (c[i].probe->site < 0 || c[i].probe->site >= SITE_COUNT)
			continue;
		s = &run->site[c[i].probe->site];
		s->has_outcomes = c[i].probe->site == SITE_MIGRATE_NOREFS;
		if (!tracer__wants(o, c[i].probe)) {
			s->reason = strdup(o->light && !(c[i].probe->flags & PROBE_LIGHT) ?
						   "not part of the light tier" :
						   "left out by --site");
		} else if (!c[i].variant) {
			s->reason = strdup(c[i].reason);
		} else {
			s->clock = c[i].variant->clock;
			s->floor_ns = tracer__floor_ns(t, s->clock);
			s->has_switched =
				tracer__facts(t)->feature[FEAT_RT] && s->clock == CLOCK_SITE;
		}
	}
}

int snapshot__read(struct tracer *t, struct run *run, bool final)
{
	const struct facts *f = tracer__facts(t);
	__u64 c[COUNTER_COUNT];
	int err;

	err = read_cpus(t, run, c, final);
	if (!err)
		err = machine__describe(run, f);
	if (!err)
		err = observed__counts(run, t, c);
	if (!err)
		err = snapshot__hists(t, run);
	if (!err)
		err = read_probes(t, run);
	if (!err && final) {
		note_unreleased(run);
		/* whose exit was not seen, and that nothing else of the task has shown */
		run->losses[LOSS_WINDOW] += tracer__skeleton(t)->bss->migrating;
		run->losses[LOSS_LOOKUP_EXIT] += c[COUNTER_LOOKUPS_KEPT] - c[COUNTER_LOOKUPS_TAKEN];
	}
	if (!err && final)
		err = read_worst(t, run);
	if (!err)
		err = read_refcounts(t, run);
	if (!err)
		err = observed__generation(run, f, c);
	if (!err)
		err = read_late(t, run, c, final);
	if (err)
		return err;
	describe_sites(t, run);
	note_unjudged(t, run, c);
	/* a held kernel's window lies inside the section: there is nothing unlocked to time */
	run->has_flag_held = tracer__live(t, "flag_held");
	run->has_folio_wait = tracer__live(t, "folio_wait");
	run->has_window = f->feature[FEAT_BH_MIGRATE] || c[COUNTER_SWITCH_UNLOCKED];
	return 0;
}

int snapshot__stack(struct tracer *t, __s32 id, char ***stack, size_t *n)
{
	struct bpf_map *map = id & STACK_MORE ? tracer__skeleton(t)->maps.stacks_more :
						tracer__skeleton(t)->maps.stacks;
	__u32 place = id & ~STACK_MORE;
	__u64 ip[STACK_DEPTH] = { 0 };
	char buf[SYMBOL_NAME + 32];

	*stack = NULL;
	*n = 0;
	if (id < 0 || bpf_map_lookup_elem(bpf_map__fd(map), &place, ip))
		return -ENOENT;
	*stack = calloc(STACK_DEPTH, sizeof(char *));
	for (int i = 0; *stack && i < STACK_DEPTH && ip[i]; i++) {
		kernel__symbol(ip[i], buf, sizeof(buf));
		/* what has no symbol on top are trampolines and our own programs */
		if (!*n && (!strcmp(buf, SYMBOL_UNKNOWN) || !strncmp(buf, "bpf_", 4)))
			continue;
		(*stack)[(*n)++] = strdup(buf);
	}
	return *stack ? 0 : -ENOMEM;
}
