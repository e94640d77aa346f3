// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns on the chosen programs, attaches them, starts and stops counting. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "cmd.h"
#include "migtrace.skel.h"
#include "tracer.h"

#define MAX_LINKS   256
#define FLOOR_CALLS 2000
#define SETTLE_NS   20000000 /* for sections that were in flight while programs were attached */

struct tracer {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	const struct choice *choices;
	struct tracer_opts opts;
	struct bpf_link *links[MAX_LINKS];
	const char *link_prog[MAX_LINKS];
	size_t links_n;
	size_t *attached; /* per probe */
	int cpus;
	__u64 floor_ns[CLOCK_BRACKET + 1];
	struct ring_buffer *ring;
	struct window_page *windows; /* mapped, windows_n of them */
	size_t windows_n;
	int (*late_cb)(void *ctx, const struct late_record *r);
	void *late_ctx;
};

bool tracer__wants(const struct tracer_opts *o, const struct probe *p)
{
	if (o->light && !(p->flags & PROBE_LIGHT))
		return false;
	return p->site >= 0 ? !o->row_off[p->site] : !p->row || !o->row_off[p->row];
}

static bool chosen(const struct tracer *t, size_t i)
{
	return t->choices[i].variant && tracer__wants(&t->opts, t->choices[i].probe);
}

/* fentry and fexit programs get their target before the load, kprobes theirs after. */
static int enable_program(struct tracer *t, const struct prog_use *use)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->skel->obj, use->prog);

	if (!p)
		return -ENOENT;
	bpf_program__set_autoload(p, true);
	if (use->how == ATTACH_FENTRY || use->how == ATTACH_FEXIT)
		return bpf_program__set_attach_target(p, 0, use->funcs[0]);
	return 0;
}

static int enable_programs(struct tracer *t, char *err, size_t err_size)
{
	for (size_t i = 0; i < probes_n; i++) {
		const struct variant *v = t->choices[i].variant;

		for (size_t j = 0; chosen(t, i) && j < VARIANT_PROGS && v->uses[j].prog; j++) {
			int ret = enable_program(t, &v->uses[j]);

			if (ret) {
				snprintf(err, err_size,
					 "probe '%s', variant '%s': program '%s': %s",
					 t->choices[i].probe->name, v->name, v->uses[j].prog,
					 tracer__errno(ret));
				return ret;
			}
		}
	}
	return 0;
}

const struct choice *tracer__live(const struct tracer *t, const char *probe)
{
	for (size_t i = 0; i < probes_n; i++)
		if (!strcmp(t->choices[i].probe->name, probe))
			return chosen(t, i) ? &t->choices[i] : NULL;
	return NULL;
}

static int attach_point(struct tracer *t, const struct attach_point *at)
{
	struct bpf_program *p = bpf_object__find_program_by_name(t->skel->obj, at->prog);
	struct bpf_link *link;

	if (t->links_n == MAX_LINKS)
		return -E2BIG;
	if (at->how == ATTACH_FENTRY || at->how == ATTACH_FEXIT) {
		/* two sites on the lock clock share its programs on the lock functions */
		for (size_t i = 0; i < t->links_n; i++)
			if (!strcmp(t->link_prog[i], at->prog))
				return 0;
		link = bpf_program__attach_trace(p);
	} else {
		LIBBPF_OPTS(bpf_kprobe_opts, ko, .offset = at->offset);
		link = bpf_program__attach_kprobe_opts(p, at->func, &ko);
	}
	if (!link)
		return -errno;
	t->link_prog[t->links_n] = at->prog;
	t->links[t->links_n++] = link;
	return 0;
}

static int attach_choice(struct tracer *t, size_t i, char *err, size_t err_size)
{
	const struct choice *c = &t->choices[i];
	struct attach_point at[64];
	int n = probes__points(t->facts, c->variant, at, 64);

	for (int j = 0; j < n; j++) {
		int ret;

		/* a preemptible kernel waits seconds for every single one */
		if (t->opts.stop && *t->opts.stop) {
			snprintf(err, err_size, "interrupted before anything was recorded");
			return -EINTR;
		}
		log_progress("attaching: %s (%zu programs so far)", c->probe->name, t->links_n);
		ret = attach_point(t, &at[j]);
		if (ret) {
			snprintf(err, err_size,
				 "probe '%s', variant '%s': can't attach '%s' to %s+0x%x: %s",
				 c->probe->name, c->variant->name, at[j].prog, at[j].func,
				 at[j].offset, strerror(-ret));
			return ret;
		}
		t->attached[i]++;
	}
	return n < 0 ? n : 0;
}

static int attach_all(struct tracer *t, bool floor, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (chosen(t, i) && (t->choices[i].probe->site == SITE_FLOOR) == floor)
			ret = attach_choice(t, i, err, err_size);
	return ret;
}

static void detach_all(struct tracer *t)
{
	while (t->links_n) {
		log_progress("detaching: %zu programs to go", t->links_n);
		bpf_link__destroy(t->links[--t->links_n]);
	}
	log_progress_end();
}

static void settle(void)
{
	struct timespec ts = { 0, SETTLE_NS };

	nanosleep(&ts, NULL);
}

/*
 * What the clock reads on a section that does next to nothing: do_prlimit() copies 16 bytes under
 * the task's lock. The median, since an interrupt in the section is not the clock's doing.
 */
static int measure_floor(struct tracer *t, size_t i, char *err, size_t err_size)
{
	struct hist_key key = { .site = SITE_FLOOR, .kind = KIND_HOLD };
	size_t size = sizeof(struct hist) * t->cpus;
	struct hist *v = calloc(1, size), sum = { 0 };
	struct rlimit r;
	int ret;

	if (!v)
		return -ENOMEM;
	ret = attach_choice(t, i, err, err_size);
	if (!ret) {
		t->skel->bss->phase = PHASE_RECORDING;
		for (int n = 0; n < FLOOR_CALLS; n++)
			getrlimit(RLIMIT_NOFILE, &r);
		t->skel->bss->phase = PHASE_IDLE;
		ret = bpf_map__lookup_elem(t->skel->maps.hists, &key, sizeof(key), v, size, 0);
		for (int c = 0; c < t->cpus && !ret; c++)
			hist__merge(&sum, &v[c]);
		if (ret == -ENOENT) /* no section was seen */
			ret = 0;
		if (ret)
			snprintf(err, err_size, "can't read the clock's floor: %s", strerror(-ret));
		t->floor_ns[t->choices[i].variant->clock] = hist__quantile(&sum, 0.5);
		bpf_map__delete_elem(t->skel->maps.hists, &key, sizeof(key), 0);
		key.kind = KIND_WAIT;
		bpf_map__delete_elem(t->skel->maps.hists, &key, sizeof(key), 0);
	}
	detach_all(t);
	free(v);
	return ret;
}

/* Counters and sections that the floor's measurement left behind. */
static int forget(struct tracer *t, char *err, size_t err_size)
{
	size_t size = sizeof(struct all_counters) * t->cpus;
	void *zero = calloc(1, size);
	__u32 all = 0;
	int ret;

	ret = zero ? bpf_map__update_elem(t->skel->maps.counters, &all, sizeof(all), zero, size,
					  BPF_ANY) :
		     -ENOMEM;
	if (ret)
		snprintf(err, err_size, "can't reset the counters: %s", strerror(-ret));
	free(zero);
	return ret;
}

static int measure_floors(struct tracer *t, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (t->choices[i].probe->site == SITE_FLOOR && chosen(t, i))
			ret = measure_floor(t, i, err, err_size);
	return ret ? ret : forget(t, err, err_size);
}

struct tracer *tracer__prepare(const struct facts *f, const struct choice *choices,
			       const struct tracer_opts *o, int *code, char *err, size_t err_size)
{
	struct tracer *t = calloc(1, sizeof(*t));
	int ret;

	*code = EXIT_FAILED;
	snprintf(err, err_size, "out of memory");
	if (!t)
		return NULL;
	t->facts = f;
	t->choices = choices;
	t->opts = *o;
	t->cpus = libbpf_num_possible_cpus();
	t->attached = calloc(probes_n, sizeof(*t->attached));
	t->skel = tracer__open();
	if (tracer__unopened(t->cpus, !t->skel || !t->attached, err, err_size))
		goto fail;
	tracer__configure(t);
	if (enable_programs(t, err, err_size))
		goto fail;
	ret = migtrace_bpf__load(t->skel);
	if (ret) {
		*code = tracer__refusal(ret, err, err_size);
		goto fail;
	}
	ret = measure_floors(t, err, err_size);
	if (!ret)
		ret = attach_all(t, false, err, err_size);
	if (ret) {
		*code = tracer__attach_refusal(ret, err, err_size);
		goto fail;
	}
	log_progress_end();
	settle();
	return t;
fail:
	tracer__close(t);
	return NULL;
}

void tracer__start(struct tracer *t)
{
	t->skel->bss->phase = PHASE_RECORDING;
}

static __u64 in_flight(struct tracer *t)
{
	struct site_cpu *v = calloc(t->cpus, sizeof(*v));
	__u64 n = 0;

	for (__u32 s = 0; v && s < SITE_COUNT; s++)
		if (!bpf_map__lookup_elem(t->skel->maps.sites, &s, sizeof(s), v,
					  sizeof(*v) * t->cpus, 0))
			for (int c = 0; c < t->cpus; c++)
				n += v[c].acquires - v[c].releases;
	free(v);
	return n + t->skel->bss->migrating;
}

void tracer__stop(struct tracer *t)
{
	t->skel->bss->phase = PHASE_DRAINING;
	for (int i = 0; i < 50 && in_flight(t); i++)
		settle();
	detach_all(t);
	t->skel->bss->phase = PHASE_IDLE;
}

static size_t windows_bytes(const struct tracer *t)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (t->windows_n * sizeof(*t->windows) + page - 1) / page * page;
}

/* Mapped once: mapping and unmapping its 270 pages costs more than reading them. */
const struct window_page *tracer__windows(struct tracer *t, size_t *n)
{
	void *p = t->windows;

	if (!p) {
		t->windows_n = bpf_map__max_entries(t->skel->maps.windows);
		p = mmap(NULL, windows_bytes(t), PROT_READ, MAP_SHARED,
			 bpf_map__fd(t->skel->maps.windows), 0);
		if (p == MAP_FAILED)
			return NULL;
		t->windows = p;
	}
	*n = t->windows_n;
	return p;
}

void tracer__close(struct tracer *t)
{
	if (!t)
		return;
	detach_all(t);
	ring_buffer__free(t->ring);
	if (t->windows)
		munmap(t->windows, windows_bytes(t));
	migtrace_bpf__destroy(t->skel);
	free(t->attached);
	free(t);
}

struct migtrace_bpf *tracer__skeleton(struct tracer *t)
{
	return t->skel;
}

const struct choice *tracer__choices(const struct tracer *t)
{
	return t->choices;
}

const struct tracer_opts *tracer__opts(const struct tracer *t)
{
	return &t->opts;
}

const struct facts *tracer__facts(const struct tracer *t)
{
	return t->facts;
}

__u64 tracer__floor_ns(const struct tracer *t, enum clock_kind clock)
{
	return t->floor_ns[clock];
}

int tracer__cpus(const struct tracer *t)
{
	return t->cpus;
}

size_t tracer__attached(const struct tracer *t, size_t i)
{
	return t->attached[i];
}

static int ring_record(void *ctx, void *data, size_t size)
{
	struct tracer *t = ctx;

	if (size < sizeof(struct late_record))
		return 0;
	return t->late_cb(t->late_ctx, data);
}

int tracer__poll(struct tracer *t, int timeout_ms,
		 int (*cb)(void *ctx, const struct late_record *r), void *ctx)
{
	int ret;

	t->late_cb = cb;
	t->late_ctx = ctx;
	if (!t->ring)
		t->ring = ring_buffer__new(bpf_map__fd(t->skel->maps.late_records), ring_record, t,
					   NULL);
	if (!t->ring)
		return -errno;
	ret = ring_buffer__poll(t->ring, timeout_ms);
	return ret < 0 && ret != -EINTR ? ret : 0;
}
