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
#include "insn.h"
#include "links.h"
#include "migtrace.skel.h"
#include "tracer.h"

#define FLOOR_CALLS 2000
#define SETTLE_NS   20000000 /* for sections that were in flight while programs were attached */

struct tracer {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	const struct choice *choices;
	struct tracer_opts opts;
	struct links links;
	struct tracer_times times;
	size_t *attached; /* per probe */
	size_t failed;	  /* the probe of which a place could not be attached; probes_n: none */
	int cpus;
	__u64 floor_ns[CLOCK_BRACKET + 1];
	struct ring_buffer *ring;
	struct window *windows; /* mapped, windows_n of them */
	size_t windows_n;
	int (*late_cb)(void *ctx, const struct late_record *r);
	void *late_ctx;
};

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
	bpf_program__set_autoload(t->skel->progs.hide, insn_blocked_bytes);
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

static int attach_points(struct tracer *t, size_t i, const struct attach_point *at, size_t n,
			 char *err, size_t err_size)
{
	const struct choice *c = &t->choices[i];

	for (size_t j = 0; j < n; j++) {
		int ret;

		/* a preemptible kernel waits seconds for every single one */
		if (t->opts.stop && *t->opts.stop) {
			snprintf(err, err_size, "interrupted before anything was recorded");
			return -EINTR;
		}
		log_progress("attaching: %s (%zu programs so far)", c->probe->name, t->links.n);
		ret = links__attach(&t->links, t->skel, t->facts, &at[j]);
		if (ret) {
			snprintf(err, err_size,
				 "probe '%s', variant '%s': can't attach '%s' to %s+0x%x: %s",
				 c->probe->name, c->variant->name, at[j].prog, at[j].func,
				 at[j].offset, strerror(-ret));
			if (tracer__is_of_place(ret))
				t->failed = i;
			return ret;
		}
		t->attached[i]++;
	}
	return 0;
}

static int attach_choice(struct tracer *t, size_t i, char *err, size_t err_size)
{
	struct attach_point *at;
	size_t n;
	int ret;

	at = probes__all_points(t->facts, t->choices[i].variant, &n);
	ret = at ? attach_points(t, i, at, n, err, err_size) : -ENOMEM;
	free(at);
	return ret;
}

static int attach_all(struct tracer *t, bool floor, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (chosen(t, i) && (t->choices[i].probe->site == SITE_FLOOR) == floor)
			ret = attach_choice(t, i, err, err_size);
	return ret;
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
	struct rlimit r;
	int ret = attach_choice(t, i, err, err_size);

	if (!ret) {
		t->skel->bss->phase = PHASE_RECORDING;
		for (int n = 0; n < FLOOR_CALLS; n++)
			getrlimit(RLIMIT_NOFILE, &r);
		t->skel->bss->phase = PHASE_IDLE;
		ret = tracer__take_floor(t, &t->floor_ns[t->choices[i].variant->clock]);
		if (ret)
			snprintf(err, err_size, "can't read the clock's floor: %s", strerror(-ret));
	}
	links__close(&t->links);
	return ret;
}

/* Counters and sections that the floor's measurement left behind. */
static int forget(struct tracer *t, char *err, size_t err_size)
{
	struct cpu_state *zero = calloc(t->cpus, sizeof(*zero));
	__u32 only = 0;
	__u64 task;
	int ret;

	ret = zero ? bpf_map__update_elem(t->skel->maps.cpus, &only, sizeof(only), zero,
					  sizeof(*zero) * t->cpus, BPF_ANY) :
		     -ENOMEM;
	if (ret)
		snprintf(err, err_size, "can't reset the counters: %s", strerror(-ret));
	/* a task that was in the floor's function when its programs went is watched no longer */
	t->skel->bss->watching = 0;
	while (!bpf_map__get_next_key(t->skel->maps.lock_watches, NULL, &task, sizeof(task)) &&
	       !bpf_map__delete_elem(t->skel->maps.lock_watches, &task, sizeof(task), 0))
		;
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

struct tracer *tracer__try(const struct facts *f, const struct choice *choices,
			   const struct tracer_opts *o, int *code, char *err, size_t err_size,
			   size_t *failed)
{
	struct tracer *t = calloc(1, sizeof(*t));
	__u64 start = tracer__now_ns();
	int ret;

	*failed = probes_n;
	*code = EXIT_FAILED;
	snprintf(err, err_size, "out of memory");
	if (!t)
		return NULL;
	t->facts = f;
	t->choices = choices;
	t->opts = *o;
	t->failed = probes_n;
	t->cpus = libbpf_num_possible_cpus();
	t->attached = calloc(probes_n, sizeof(*t->attached));
	t->skel = tracer__open(f);
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
	t->times.load_ns = tracer__now_ns() - start;
	ret = tracer__reserve_other(t, err, err_size) ?: measure_floors(t, err, err_size);
	start = tracer__now_ns();
	if (!ret)
		ret = attach_all(t, false, err, err_size);
	t->times.attach_ns = tracer__now_ns() - start;
	if (ret) {
		*code = tracer__attach_refusal(ret, err, err_size);
		*failed = t->failed;
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

int tracer__read_cpus(struct tracer *t, struct cpu_state *v)
{
	__u32 only = 0;

	return bpf_map_lookup_elem(bpf_map__fd(t->skel->maps.cpus), &only, v) ? -errno : 0;
}

static __u64 in_flight(struct tracer *t)
{
	struct cpu_state *v = calloc(t->cpus, sizeof(*v));
	__u64 n = 0;

	if (!v || tracer__read_cpus(t, v))
		goto out;
	for (int c = 0; c < t->cpus; c++) {
		for (__u32 s = 0; s < SITE_COUNT; s++)
			n += v[c].site[s].acquires - v[c].site[s].releases;
		n += v[c].count[COUNTER_LOOKUPS_KEPT] - v[c].count[COUNTER_LOOKUPS_TAKEN];
	}
out:
	free(v);
	return n + t->skel->bss->migrating;
}

void tracer__stop(struct tracer *t)
{
	__u64 start;

	t->skel->bss->phase = PHASE_DRAINING;
	for (int i = 0; i < 50 && in_flight(t); i++)
		settle();
	links__note_missed(&t->links);
	start = tracer__now_ns();
	log_progress("detaching %zu programs", t->links.n);
	links__close(&t->links);
	log_progress_end();
	t->times.detach_ns = tracer__now_ns() - start;
	t->skel->bss->phase = PHASE_IDLE;
}

static size_t windows_bytes(const struct tracer *t)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (t->windows_n * sizeof(*t->windows) + page - 1) / page * page;
}

/* Mapped once: mapping and unmapping its 270 pages costs more than reading them. */
const struct window *tracer__windows(struct tracer *t, size_t *n)
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
	links__close(&t->links);
	ring_buffer__free(t->ring);
	if (t->windows)
		munmap(t->windows, windows_bytes(t));
	migtrace_bpf__destroy(t->skel);
	free(t->attached);
	free(t->links.missed);
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

__u64 tracer__missed(const struct tracer *t, const char *prog)
{
	return links__missed(&t->links, prog);
}

struct tracer_times tracer__times(const struct tracer *t)
{
	return t->times;
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
