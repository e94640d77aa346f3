// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What each CPU has counted into one run. Stage 3: libbpf ends here. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>

#include "kernel/system_info.h"
#include "migtrace.skel.h"
#include "record/snapshot.h"
#include "trace/contended.h"

/* The histograms' two maps: those that need no key (event.h, struct hot_hist) and the others. */
static void add_hist(struct run *run, const struct hist_key *k, const struct hist *h)
{
	struct run_site *s = &run->site[k->site];
	struct run_device *d = run__device(run, k->dev);

	switch (k->kind) {
	case KIND_HOLD:
		hist__merge(&s->hold, h);
		if (k->outcome)
			hist__merge(&s->by_outcome[k->outcome], h);
		if (d)
			hist__merge(&d->site[k->site].hold, h);
		break;
	case KIND_WAIT:
		hist__merge(&s->wait, h);
		if (d)
			hist__merge(&d->site[k->site].wait, h);
		break;
	case KIND_WINDOW:
		hist__merge(&run->window, h);
		break;
	case KIND_FLAG_HELD:
		hist__merge(&run->flag_held, h);
		break;
	case KIND_FOLIO_WAIT:
		hist__merge(&run->folio_wait, h);
		break;
	}
}

/* A site that was never entered has no times: what is copied for each CPU there could be is left out. */
static bool is_empty(const struct run *run, const struct hist_key *k)
{
	return k->kind <= KIND_WAIT && !run->site[k->site].acquires;
}

static int read_keyed(struct tracer *t, struct run *run)
{
	const struct keyed *k = tracer__keyed(t, KEYED_HISTS);
	int cpus = tracer__cpus(t), err = tracer__find_keyed(t, KEYED_HISTS);
	struct hist *v = calloc(cpus, sizeof(*v));
	struct hist_key key;

	if (!v)
		return -ENOMEM;
	/* what can't be read is no zero: an exporter's counters must not fall */
	for (size_t i = 0; i < k->n && !err; i++) {
		memcpy(&key, k->v[i].key, sizeof(key));
		if (key.site >= SITE_COUNT || key.outcome >= OUTCOME_COUNT || is_empty(run, &key))
			continue;
		err = tracer__read_keyed(t, k->v[i].place, v);
		for (int c = 0; c < cpus && !err; c++)
			if (v[c].count)
				add_hist(run, &key, &v[c]);
	}
	free(v);
	return err;
}

/* The histogram without key that @key's values go to, if it is for that device. */
static int read_hot(struct tracer *t, struct run *run, struct hist_key key)
{
	int cpus = tracer__cpus(t), err;
	struct hot_hist *v;

	if (is_empty(run, &key))
		return 0;
	v = calloc(cpus, sizeof(*v));
	if (!v)
		return -ENOMEM;
	err = tracer__read_hot(t, hot_index(key.site, key.kind, key.outcome), v);
	for (int c = 0; c < cpus && !err; c++) {
		key.dev = v[c].dev;
		if (v[c].h.count)
			add_hist(run, &key, &v[c].h);
	}
	free(v);
	return err;
}

static int read_hists(struct tracer *t, struct run *run)
{
	int err = read_keyed(t, run);

	for (__u8 s = 0; s < SITE_COUNT && !err; s++) {
		__u8 outcomes = site_outcomes(s);

		for (__u8 o = 0; o < outcomes && !err; o++)
			err = read_hot(
				t, run,
				(struct hist_key){ .site = s, .kind = KIND_HOLD, .outcome = o });
		if (!err)
			err = read_hot(t, run, (struct hist_key){ .site = s, .kind = KIND_WAIT });
	}
	for (__u8 kind = KIND_WINDOW; kind < KIND_COUNT && !err; kind++)
		err = read_hot(t, run, (struct hist_key){ .kind = kind });
	for (size_t i = 0; i < run->devices_n; i++)
		system_info__device_name(run->devices[i].dev, run->devices[i].name,
					 sizeof(run->devices[i].name));
	return err;
}

/* A lookup that was timed, and whose task did not come to its end on the same CPU. */
static void add_pending(struct run *run, const struct section *s)
{
	struct hist_key key = { .dev = s->dev, .site = SITE_FIND_GET_BLOCK, .kind = KIND_HOLD };
	struct hist one = { 0 };

	hist_add(&one, s->hold_ns);
	add_hist(run, &key, &one);
	if (!s->wait_ns)
		return;
	one = (struct hist){ 0 };
	hist_add(&one, s->wait_ns);
	key.kind = KIND_WAIT;
	add_hist(run, &key, &one);
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
			run->site[i].contended += v[c].site[i].contended;
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

/*
 * Those that were timed are windows that ended, but for those of which that was not seen. The times are read behind
 * the counters, and meanwhile the last ones end.
 */
static void complete_windows(struct run *run, const __u64 *c)
{
	__u64 others =
		run->losses[LOSS_WINDOW] + run->losses[LOSS_END_UNSEEN] + c[COUNTER_UNJUDGED];

	if (run->window.count > others)
		run->late.windows = snapshot__whole(run->late.windows, run->window.count - others);
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
	if (final)
		complete_windows(run, c);
	l->aborted = c[COUNTER_WINDOWS_ABORTED];
	l->behind_spin = c[COUNTER_BEHIND_SPIN];
	l->behind_folio = c[COUNTER_BEHIND_FOLIO];
	l->waited_spin = c[COUNTER_WAITED_SPIN];
	l->waited_folio = c[COUNTER_WAITED_FOLIO];
	l->possible = c[COUNTER_POSSIBLE];
	l->behind_spin = snapshot__whole(l->behind_spin, l->waited_spin);
	l->behind_folio = snapshot__whole(l->behind_folio, l->waited_folio);
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
	const struct keyed *k = tracer__keyed(t, KEYED_REFCOUNTS);
	int err = tracer__find_keyed(t, KEYED_REFCOUNTS);
	struct refcount_key key;
	struct run_refcount *v;
	__u64 count;

	for (size_t i = 0; i < k->n && !err; i++) {
		memcpy(&key, k->v[i].key, sizeof(key));
		if (!stage__name(key.stage))
			continue;
		err = tracer__read_shared(t, tracer__skeleton(t)->maps.refcount_values,
					  k->v[i].place, &count);
		if (err || !count)
			continue;
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
	if (err)
		return err;
	if (run->refcounts_n)
		qsort(run->refcounts, run->refcounts_n, sizeof(*v), by_refcount);
	return 0;
}

/* A program of several rows counts to the first of them: those in @asked were. */
static int read_program(struct tracer *t, size_t i, const char *name, fd_set *asked,
			struct run_probe *p, __u64 *misses)
{
	int fd = tracer__program_fd(t, i, name);
	struct bpf_prog_info info = { 0 };
	__u32 len = sizeof(info);

	/* the light tier does without some */
	if (fd < 0 || fd >= FD_SETSIZE || FD_ISSET(fd, asked))
		return 0;
	FD_SET(fd, asked);
	if (bpf_obj_get_info_by_fd(fd, &info, &len))
		return -errno;
	p->hits += info.run_cnt; /* zero unless kernel.bpf_stats_enabled */
	p->run_ns += info.run_time_ns;
	*misses += tracer__missed(t, i, name);
	return 0;
}

/*
 * Where the loss of program runs of @c goes. Windows rest on entry and end of a migration; of the lock
 * functions' the balance of acquires and releases decides, since most misses concern another's lock, and
 * of lookups' exits the balance of those that are kept until then. At a lock's own calls (CLOCK_SITE), and at a
 * sleeping lookup's, whole sections are missing, and in balance: while bpf(2) reads a map the kernel leaves out
 * the CPU's kprobe programs (bpf_disable_instrumentation()), and a kernel with PREEMPT_LAZY lets who reads be
 * preempted there. What is read while we count is mapped (trace/mapped.h) but for lists that somebody asked for.
 */
static enum loss loss_of(const struct choice *c)
{
	const char *name = c->probe->name;

	return !strcmp(name, "norefs_entry") || !strcmp(name, "norefs_end") ||
			       !strcmp(name, "lookup_folio") ||
			       (c->variant->clock == CLOCK_SITE &&
				(c->probe->site == SITE_FIND_GET_BLOCK ||
				 c->probe->site == SITE_MIGRATE_NOREFS)) ?
		       LOSS_PROGRAM_MISSED :
		       LOSS_RECURSION;
}

static const char too_late[] = "rarely entered, and not in place before the end";

static int read_probes(struct tracer *t, struct run *run)
{
	const struct choice *c = tracer__choices(t);
	fd_set asked;
	int err = 0;

	FD_ZERO(&asked);
	run->probes = calloc(probes_n, sizeof(*run->probes));
	if (!run->probes)
		return -ENOMEM;
	for (size_t i = 0; i < probes_n; i++) {
		struct run_probe *p = &run->probes[run->probes_n];
		bool wanted = tracer__wants(tracer__opts(t), c[i].probe);

		if (c[i].probe->flags & PROBE_HIDDEN ||
		    tracer__unasked(tracer__opts(t), c[i].probe))
			continue;
		run->probes_n++;
		p->probe = strdup(c[i].probe->name);
		p->attached = tracer__counts(t, i);
		p->variant = strdup(c[i].variant ? c[i].variant->name : "");
		p->reason = p->attached ? NULL :
					  strdup(!wanted      ? "not asked for" :
						 c[i].variant ? too_late :
								c[i].reason);
		for (int j = 0;
		     !err && p->attached && j < VARIANT_PROGS && c[i].variant->uses[j].prog; j++)
			err = read_program(t, i, c[i].variant->uses[j].prog, &asked, p,
					   &run->losses[loss_of(&c[i])]);
	}
	return err;
}

/* How long each row did not count; those without a lock of their own go by the row that they belong to. */
static void note_uncounted(struct tracer *t, struct run *run)
{
	for (size_t i = 0; i < probes_n; i++) {
		const struct probe *p = &probes[i];
		int row = p->site >= 0 ? p->site : p->row;
		bool contended =
			p->site >= 0 && p->site < SITE_COUNT && run->site[p->site].has_contended;
		__u64 ns = tracer__uncounted_ns(t, i);

		if (!tracer__counts(t, i) && !contended) /* nothing is said of it */
			continue;
		if (ns && row == ROW_ISOLATION)
			run->isolations_uncounted_ns = ns;
		else if (ns && row < SITE_COUNT)
			run->site[row].uncounted_ns = ns;
	}
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
		s->has_outcomes = site_outcomes(c[i].probe->site) > 1;
		s->has_contended = tracer__live(t, "contended") &&
				   tracer__site_counted(t, c[i].probe->site) &&
				   !o->filter.row_off[c[i].probe->site] &&
				   contended__tells(tracer__facts(t), c[i].probe->site);
		if (!tracer__wants(o, c[i].probe)) {
			s->reason = strdup(o->light && !(c[i].probe->flags & PROBE_LIGHT) ?
						   "not part of the light tier" :
						   "left out by --site");
		} else if (!c[i].variant) {
			s->reason = strdup(c[i].reason);
		} else if (!tracer__counts(t, i)) {
			s->reason = strdup(too_late);
		} else {
			s->clock = c[i].variant->clock;
			s->floor_ns = tracer__floor_ns(t, s->clock);
			s->has_switched =
				tracer__facts(t)->feature[FEAT_RT] && s->clock == CLOCK_SITE;
		}
	}
}

static int figures(struct tracer *t, struct run *run, __u64 c[COUNTER_COUNT], bool final)
{
	int err = read_cpus(t, run, c, final);

	if (!err)
		err = counters__counts(run, t, c);
	return err ? err : read_hists(t, run);
}

int snapshot__figures(struct tracer *t, struct run *run, bool final)
{
	__u64 c[COUNTER_COUNT];

	return figures(t, run, c, final);
}

/*
 * Migrations whose exit was not seen, and that nothing else of their task has shown. Not those that still wait
 * for a buffer's lock, that go without the check, or that began ahead of the recording: they have opened no
 * window, and lose nothing.
 */
static __u64 migrations_lost(struct tracer *t)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	__u64 lost = skel->data_migrating->migrating, slots;
	struct migration m;

	slots = bpf_map__max_entries(skel->maps.migrations);
	for (__u32 i = 0; i < slots && lost; i++)
		if (!bpf_map_lookup_elem(bpf_map__fd(skel->maps.migrations), &i, &m) && m.task &&
		    (m.now.t_buffer || m.unchecked || m.early))
			lost--;
	return lost;
}

int snapshot__read(struct tracer *t, struct run *run, bool final)
{
	const struct facts *f = tracer__facts(t);
	__u64 c[COUNTER_COUNT];
	int err;

	/* by why the kernel migrated, and behind which drain, first: what ends meanwhile is more of all alone */
	err = counters__whys(run, t) ?: snapshot__drains(t, run);
	if (!err && final) /* likewise: the longest of all are in the histograms, too */
		err = snapshot__worst(t, run);
	if (!err)
		err = figures(t, run, c, final);
	if (!err)
		err = system_info__describe(run, f);
	if (!err)
		err = counters__buffer_locks(run, t, c);
	if (!err)
		err = counters__stalls(run, t, c);
	if (!final) /* else that was when the recording ended */
		tracer__note_missed(t);
	if (!err) /* behind the counters, which are the losses' first values */
		err = read_probes(t, run);
	if (!err && final) {
		note_unreleased(run);
		run->losses[LOSS_WINDOW] += migrations_lost(t);
		run->losses[LOSS_LOOKUP_EXIT] += c[COUNTER_LOOKUPS_KEPT] - c[COUNTER_LOOKUPS_TAKEN];
	}
	if (!err && final) {
		snapshot__longest(run);
		err = snapshot__owners(t, run);
	}
	if (!err)
		err = read_refcounts(t, run)	     ?:
			      snapshot__refs(t, run) ?:
						       snapshot__pinned(t, run, c, final);
	if (!err)
		err = counters__generation(run, f, c);
	if (!err)
		err = read_late(t, run, c, final);
	if (err)
		return err;
	describe_sites(t, run);
	run->tool.possible_cpus = tracer__cpus(t);
	run->tool.map_bytes = tracer__map_bytes(tracer__skeleton(t), tracer__cpus(t));
	note_uncounted(t, run);
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
	__u32 slot = id & ~STACK_MORE;
	__u64 ip[STACK_DEPTH] = { 0 };

	*stack = NULL;
	*n = 0;
	if (id < 0 || bpf_map_lookup_elem(bpf_map__fd(map), &slot, ip))
		return -ENOENT;
	return snapshot__symbols(ip, STACK_DEPTH, stack, n);
}
