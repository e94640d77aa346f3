// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Turns on the chosen programs, attaches them, starts and stops counting. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/insn.h"
#include "migtrace.skel.h"
#include "trace/code.h"
#include "trace/contended.h"
#include "trace/mapped.h"
#include "trace/missed.h"
#include "trace/rare.h"
#include "trace/targets.h"
#include "trace/tracer.h"

#define FLOOR_CALLS 500

struct tracer {
	struct migtrace_bpf *skel;
	const struct facts *facts;
	struct choice *choices;
	struct tracer_opts opts;
	struct attaching at;
	struct rare rare;
	__u64 start_ns, rare_ns; /* when which counted first; 0: not yet */
	struct tracer_times times;
	int cpus;
	__u64 floor_ns[CLOCK_BRACKET + 1];
	bool trimmed, floors_off;
	size_t silent; /* the choice that is left out, since the kernel shows nothing of it */
	const char *silent_why;
	struct ring_buffer *ring;
	struct mapped mapped;
	struct keyed keyed[KEYED_KINDS];
	int (*late_cb)(void *ctx, const struct late_record *r);
	void *late_ctx;
};

bool tracer__chosen(const struct tracer *t, size_t i)
{
	return i != t->silent && t->choices[i].variant &&
	       tracer__wants(&t->opts, t->choices[i].probe);
}

/* fentry and fexit programs get their target before the load, kprobes theirs after. */
static int enable_program(struct migtrace_bpf *skel, const struct facts *f,
			  const struct prog_use *use)
{
	struct bpf_program *p =
		bpf_object__find_program_by_name(skel->obj, places__program(use->prog));

	if (!p)
		return -ENOENT;
	bpf_program__set_autoload(p, true);
	if (use->how == ATTACH_FENTRY || use->how == ATTACH_FEXIT || use->how == ATTACH_TASKS)
		return targets__set(p, f, use->funcs[0]);
	return 0;
}

int tracer__enable_choice(struct migtrace_bpf *skel, const struct facts *f, const struct choice *c,
			  bool light)
{
	const struct variant *v = c->variant;
	int ret = 0;

	bpf_program__set_autoload(skel->progs.hide, insn_blocked_bytes);
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog && !ret; i++)
		if (!light || !probes__spares(f, v, v->uses[i].prog))
			ret = enable_program(skel, f, &v->uses[i]);
	return ret;
}

static int enable_programs(struct tracer *t, char *err, size_t err_size)
{
	for (size_t i = 0; i < probes_n; i++) {
		const struct choice *c = &t->choices[i];
		int ret;

		if (!tracer__chosen(t, i) || rare__is(t, i))
			continue;
		ret = tracer__enable_choice(t->skel, t->facts, c, t->opts.light);
		if (ret) {
			snprintf(err, err_size, "probe '%s', variant '%s': %s", c->probe->name,
				 c->variant->name, tracer__errno(ret));
			return ret;
		}
	}
	return 0;
}

bool tracer__counts(const struct tracer *t, size_t i)
{
	return tracer__chosen(t, i) && (!rare__is(t, i) || t->rare.live);
}

const struct choice *tracer__live(const struct tracer *t, const char *probe)
{
	for (size_t i = 0; i < probes_n; i++)
		if (!strcmp(t->choices[i].probe->name, probe))
			return tracer__counts(t, i) ? &t->choices[i] : NULL;
	return NULL;
}

static bool chosen(const void *t, size_t i)
{
	return tracer__chosen(t, i);
}

static int attach_all(struct tracer *t, bool floor, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (tracer__chosen(t, i) && !rare__is(t, i) && !t->at.places[i] &&
		    (t->choices[i].probe->site == SITE_FLOOR) == floor) {
			tracer__tell(t, i);
			ret = attach__choice(&t->at, i, err, err_size);
		}
	return ret ?: attach__enable(&t->at, err, err_size);
}

/* Until no program runs any more that began before: they are RCU readers. Where there is no grace period for user
   space (nohz_full) they get the time that sections get. */
static void quiesce(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		tracer__settle();
}

/*
 * What the clock reads on a section that does next to nothing: do_prlimit() copies 16 bytes under
 * the task's lock. The median, since an interrupt in the section is not the clock's doing.
 */
static int measure_floor(struct tracer *t, size_t i, char *err, size_t err_size)
{
	struct rlimit r;
	int ret = attach__choice(&t->at, i, err, err_size) ?: attach__enable(&t->at, err, err_size);

	log_step("floor attached");
	if (!ret) {
		t->skel->bss->floor_phase = PHASE_RECORDING;
		for (int n = 0; n < FLOOR_CALLS; n++)
			getrlimit(RLIMIT_NOFILE, &r);
		t->skel->bss->floor_phase = PHASE_IDLE;
		ret = tracer__take_floor(t, &t->floor_ns[t->choices[i].variant->clock]);
		if (ret)
			snprintf(err, err_size, "can't read the clock's floor: %s", strerror(-ret));
	}
	/* those go when nobody waits for it: end_floors() */
	if (t->choices[i].variant->clock != CLOCK_SITE)
		links__close(&t->at.links);
	return ret;
}

/* It is attached first, since only the kernel can show that it fires: else there is no figure, and no "none". */
static int prove_contended(struct tracer *t, size_t i, char *err, size_t err_size)
{
	const char *why;
	int ret = attach__choice(&t->at, i, err, err_size);

	if (ret)
		return ret;
	ret = contended__prove(t, &why);
	if (ret) {
		snprintf(err, err_size, "probe 'contended': %s", strerror(-ret));
	} else if (why) {
		links__close(&t->at.links);
		t->at.places[i] = 0;
		t->silent = i;
		t->silent_why = why;
	}
	return ret;
}

static int measure_floors(struct tracer *t, char *err, size_t err_size)
{
	int ret = 0;

	for (size_t i = 0; i < probes_n && !ret; i++)
		if (t->choices[i].probe->site == SITE_FLOOR && tracer__chosen(t, i))
			ret = measure_floor(t, i, err, err_size);
	for (size_t i = 0; i < probes_n && !ret; i++)
		if (tracer__chosen(t, i) && !strcmp(t->choices[i].probe->name, "contended"))
			ret = prove_contended(t, i, err, err_size);
	return ret ? ret : tracer__forget(t, err, err_size);
}

struct tracer *tracer__try(const struct facts *f, struct choice *choices,
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
	t->at.light = o->light;
	t->at.stop = o->stop;
	t->at.failed = t->silent = probes_n;
	t->cpus = tracer__possible_cpus();
	t->at.places = calloc(probes_n, sizeof(*t->at.places));
	t->skel = tracer__open(f);
	if (tracer__unopened(t->cpus, !t->skel || !t->at.places, err, err_size))
		goto fail;
	tracer__configure(t);
	log_step("object opened");
	/* of all, what comes behind the start included: the factor can't be changed then */
	ret = attach__find_places(&t->at, chosen, t, err, err_size);
	*failed = t->at.failed;
	t->skel->rodata->cfg_place_factor = t->at.table.factor;
	if (ret || enable_programs(t, err, err_size))
		goto fail;
	log_step("targets of programs found");
	ret = migtrace_bpf__load(t->skel);
	if (ret) {
		*code = tracer__refusal(ret, err, err_size);
		goto fail;
	}
	t->times.load_ns = tracer__now_ns() - start;
	log_step("programs loaded");
	tracer__log_verified(t->skel);
	code__ranges(f, (__u64 *)t->skel->bss->code_ranges);
	attach__open(&t->at, t->skel);
	ret = attach__write_places(&t->at, err, err_size)  ?:
		      tracer__open_hists(t, err, err_size) ?:
							     measure_floors(t, err, err_size);
	log_step("floor measured");
	start = tracer__now_ns();
	ret = ret ?: attach_all(t, false, err, err_size);
	t->times.attach_ns = tracer__now_ns() - start;
	if (ret) {
		*code = tracer__attach_refusal(ret, err, err_size);
		*failed = t->at.failed;
		goto fail;
	}
	log_progress_end();
	log_step("attached");
	tracer__settle();
	return t;
fail:
	tracer__close(t);
	return NULL;
}

static void note_missed(struct attaching *a, bool before)
{
	int ret = missed__note(a, before);

	if (ret)
		log_warn("can't read how often programs were left out: %s", strerror(-ret));
}

int tracer__start(struct tracer *t)
{
	int err;

	note_missed(&t->at, true);
	t->times.start_ns = t->start_ns = tracer__now_ns();
	t->skel->bss->phase = PHASE_RECORDING;
	if (!tracer__has_rare(t))
		t->skel->bss->rare_phase = PHASE_RECORDING;
	err = rare__start(&t->rare, t);
	if (err)
		log_error("can't attach what is rarely entered: %s", strerror(-err));
	return err;
}

bool tracer__has_rare(const struct tracer *t)
{
	bool any = false;

	for (size_t i = 0; i < probes_n; i++)
		any |= rare__is(t, i) && tracer__chosen(t, i);
	return any;
}

bool tracer__is_attaching(const struct tracer *t)
{
	return t->rare.running;
}

bool tracer__in_place(struct tracer *t)
{
	struct rare *r = &t->rare;

	if (!rare__ended(r))
		return false;
	for (size_t i = 0; i < probes_n; i++) {
		if (!rare__is(t, i) || !tracer__chosen(t, i))
			continue;
		t->choices[i] = r->choices[i];
		t->at.places[i] = r->at.places[i];
		if (r->err) {
			t->choices[i].variant = NULL;
			snprintf(t->choices[i].reason, sizeof(t->choices[i].reason), "%.200s",
				 r->why);
		}
	}
	if (r->err)
		return true;
	r->live = true;
	note_missed(&r->at, true);
	t->rare_ns = tracer__now_ns();
	t->skel->bss->rare_since = t->rare_ns;
	__atomic_store_n(&t->skel->bss->rare_phase, PHASE_RECORDING, __ATOMIC_RELEASE);
	if (log_level)
		log_info("what is rarely entered counts from %.2f s on",
			 (t->rare_ns - t->start_ns) / 1e9);
	return true;
}

__u64 tracer__uncounted_ns(const struct tracer *t, size_t i)
{
	return rare__is(t, i) && t->rare.live ? t->rare_ns - t->start_ns : 0;
}

bool tracer__site_counted(const struct tracer *t, unsigned int site)
{
	return !SITE_IS_RARE(site) || t->skel->bss->rare_phase != PHASE_IDLE;
}

int tracer__program_fd(const struct tracer *t, size_t i, const char *prog)
{
	struct migtrace_bpf *skel = rare__is(t, i) ? t->rare.skel : t->skel;
	struct bpf_program *p = NULL;

	if (tracer__counts(t, i))
		p = bpf_object__find_program_by_name(skel->obj, places__program(prog));

	return p ? bpf_program__fd(p) : -1;
}

static void end_floors(struct tracer *t)
{
	static const char *const floors[] = { "floor_call", "floor_acquire", "floor_release",
					      NULL };

	t->floors_off = true;
	links__drop(&t->at.links, floors);
}

void tracer__trim(struct tracer *t)
{
	/* by the step that they tell of, the switch first; it and the copy are in all moves alike */
	enum { ON_THE_SWITCH = 2 };
	static const char *const all[] = {
		"norefs_switch",      "norefs_switch_entry", "norefs_copy",
		"norefs_copy_entry",  "norefs_flags_end",    "norefs_flags_done",
		"norefs_set_bh_done", "norefs_set_bh",	     NULL
	};
	/* a racy kernel's phases are of interest, and it is not what runs for months */
	static const char *const but_end[] = { "norefs_switch", "norefs_switch_entry",
					       "norefs_flags_end", NULL };
	struct migtrace_bpf *skel = t->skel;
	bool held = skel->bss->moves_held >= END_MOVES && !skel->bss->moves_slipped;
	bool judged = skel->rodata->cfg_bh_migrate && skel->bss->end_step == END_SET_BH &&
		      skel->bss->end_kept >= END_MOVES;

	if (!t->floors_off && !t->rare.running)
		end_floors(t);
	if (t->trimmed || t->rare.running || !skel->rodata->cfg_norefs_sections ||
	    (!held && !judged))
		return;
	t->trimmed = true;
	skel->bss->steps_off = true;
	if (log_level)
		log_info("%s: the programs on its other steps are taken off",
			 held ? "a move ends when its lock is released" :
				"a move ends when its last buffer is re-pointed");
	/* where --refs has programs, too, a call under way would lose its exit: those stay */
	links__drop(&t->at.links, (held ? all : but_end) + (t->opts.refs ? ON_THE_SWITCH : 0));
}

void tracer__join(struct tracer *t)
{
	links__join(&t->at.links);
}

int tracer__read_cpus(struct tracer *t, struct cpu_state *v)
{
	return tracer__read_each(t, t->skel->maps.cpus, 1, 0, v);
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
	return n + t->skel->data_migrating->migrating;
}

void tracer__note_missed(struct tracer *t)
{
	note_missed(&t->at, false);
	if (t->rare.live)
		note_missed(&t->rare.at, false);
}

/* Not idle again: idle programs note the migrations that a recording may find under way. */
void tracer__stop(struct tracer *t)
{
	t->skel->bss->phase = PHASE_DRAINING;
	if (t->skel->bss->rare_phase == PHASE_RECORDING)
		t->skel->bss->rare_phase = PHASE_DRAINING;
	quiesce();
	/* what is missed from now on, by our reading of maps too, is none of the recording's */
	tracer__note_missed(t);
	for (int i = 0; i < 50 && in_flight(t); i++)
		tracer__settle();
	quiesce(); /* the last ones still write */
}

void tracer__gather(struct tracer *t)
{
	rare__stop(&t->rare);
	if (links__take(&t->at.links, &t->rare.at.links))
		links__close(&t->rare.at.links);
}

void tracer__detach(struct tracer *t)
{
	links__close(&t->at.links);
}

void tracer__undefine(struct tracer *t)
{
	kprobe_events__close(&t->at.events);
	kprobe_events__close(&t->rare.at.events);
}

void tracer__disown(struct tracer *t)
{
	links__disown(&t->at.links);
	kprobe_events__disown(&t->at.events);
	kprobe_events__disown(&t->rare.at.events);
}

const struct window *tracer__windows(struct tracer *t, size_t *n)
{
	*n = bpf_map__max_entries(t->skel->maps.windows);
	return mapped__of(&t->mapped, t->skel->maps.windows);
}

int tracer__read_each(struct tracer *t, const struct bpf_map *map, __u32 n, __u32 i, void *v)
{
	return mapped__read(&t->mapped, map, n, i, t->cpus, v);
}

int tracer__read_shared(struct tracer *t, const struct bpf_map *map, __u32 i, void *v)
{
	return mapped__read(&t->mapped, map, bpf_map__max_entries(map), i, 1, v);
}

int tracer__clear_each(struct tracer *t, const struct bpf_map *map, __u32 n, __u32 i)
{
	return mapped__clear(&t->mapped, map, n, i, t->cpus);
}

struct keyed *tracer__keyed(struct tracer *t, enum keyed_kind kind)
{
	return &t->keyed[kind];
}

void tracer__close(struct tracer *t)
{
	if (!t)
		return;
	tracer__gather(t);
	tracer__detach(t);
	tracer__undefine(t);
	rare__close(&t->rare);
	ring_buffer__free(t->ring);
	mapped__close(&t->mapped);
	for (int i = 0; i < KEYED_KINDS; i++)
		free(t->keyed[i].v);
	migtrace_bpf__destroy(t->skel);
	free(t->at.places);
	missed__free(&t->at);
	free(t);
}

struct migtrace_bpf *tracer__skeleton(struct tracer *t)
{
	return t->skel;
}

struct links *tracer__links(struct tracer *t)
{
	return &t->at.links;
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

const struct place_table *tracer__places(const struct tracer *t)
{
	return &t->at.table;
}

__u64 tracer__missed(const struct tracer *t, size_t i, const char *prog)
{
	return missed__of(rare__is(t, i) ? &t->rare.at : &t->at, places__program(prog));
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

size_t tracer__silent(const struct tracer *t, const char **why)
{
	*why = t->silent_why;
	return t->silent;
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
