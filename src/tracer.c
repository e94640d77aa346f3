// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns on the chosen programs, attaches them, starts and stops counting. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "cmd.h"
#include "insn.h"
#include "migtrace.skel.h"
#include "tracer.h"

#define FLOOR_CALLS 2000
#define SETTLE_NS   20000000 /* for sections that were in flight while programs were attached */

struct tracer {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	const struct choice *choices;
	struct tracer_opts opts;
	struct attaching at;
	struct tracer_times times;
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

static int attach_all(struct tracer *t, bool floor, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (chosen(t, i) && (t->choices[i].probe->site == SITE_FLOOR) == floor)
			ret = attach__choice(&t->at, i, err, err_size);
	return ret ?: attach__enable(&t->at, err, err_size);
}

static void settle(void)
{
	struct timespec ts = { 0, SETTLE_NS };

	nanosleep(&ts, NULL);
}

/*
 * Until no program runs any more that began before: they are RCU readers, and this is a grace period.
 * Where there is none for user space (nohz_full) they get the time that sections get.
 */
static void quiesce(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		settle();
}

/*
 * What the clock reads on a section that does next to nothing: do_prlimit() copies 16 bytes under
 * the task's lock. The median, since an interrupt in the section is not the clock's doing.
 */
static int measure_floor(struct tracer *t, size_t i, char *err, size_t err_size)
{
	struct rlimit r;
	int ret = attach__choice(&t->at, i, err, err_size) ?: attach__enable(&t->at, err, err_size);

	if (!ret) {
		t->skel->bss->phase = PHASE_RECORDING;
		for (int n = 0; n < FLOOR_CALLS; n++)
			getrlimit(RLIMIT_NOFILE, &r);
		t->skel->bss->phase = PHASE_IDLE;
		ret = tracer__take_floor(t, &t->floor_ns[t->choices[i].variant->clock]);
		if (ret)
			snprintf(err, err_size, "can't read the clock's floor: %s", strerror(-ret));
	}
	links__close(&t->at.links);
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
	t->at.facts = f;
	t->at.choices = choices;
	t->at.stop = o->stop;
	t->at.failed = probes_n;
	t->cpus = libbpf_num_possible_cpus();
	t->at.places = calloc(probes_n, sizeof(*t->at.places));
	t->skel = tracer__open(f);
	if (tracer__unopened(t->cpus, !t->skel || !t->at.places, err, err_size))
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
	attach__open(&t->at, t->skel);
	ret = tracer__reserve_other(t, err, err_size) ?: measure_floors(t, err, err_size);
	start = tracer__now_ns();
	if (!ret)
		ret = attach_all(t, false, err, err_size);
	t->times.attach_ns = tracer__now_ns() - start;
	if (ret) {
		*code = tracer__attach_refusal(ret, err, err_size);
		*failed = t->at.failed;
		goto fail;
	}
	log_progress_end();
	settle();
	return t;
fail:
	tracer__close(t);
	return NULL;
}

static void note_missed(struct tracer *t, bool before)
{
	int ret = links__note_missed(&t->at.links, &t->at.events, before);

	if (ret)
		log_warn("can't read how often programs were left out: %s", strerror(-ret));
}

void tracer__start(struct tracer *t)
{
	note_missed(t, true);
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

/* Not idle again: idle programs note the migrations that a recording may find under way. */
void tracer__stop(struct tracer *t)
{
	t->skel->bss->phase = PHASE_DRAINING;
	quiesce();
	for (int i = 0; i < 50 && in_flight(t); i++)
		settle();
	quiesce(); /* the last ones still write */
	note_missed(t, false);
}

void tracer__detach(struct tracer *t)
{
	links__close(&t->at.links);
}

void tracer__undefine(struct tracer *t)
{
	kprobe_events__close(&t->at.events);
}

void tracer__disown(struct tracer *t)
{
	links__disown(&t->at.links);
	kprobe_events__disown(&t->at.events);
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
	tracer__detach(t);
	tracer__undefine(t);
	ring_buffer__free(t->ring);
	if (t->windows)
		munmap(t->windows, windows_bytes(t));
	migtrace_bpf__destroy(t->skel);
	free(t->at.places);
	free(t->at.links.missed);
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
	return links__missed(&t->at.links, prog);
}

bool tracer__by_events(const struct tracer *t, int *why)
{
	*why = t->at.events.error;
	return kprobe_events__usable(&t->at.events);
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
	return t->at.places[i];
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
