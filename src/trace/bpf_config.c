// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the BPF object is told before it is loaded. Stage 2. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/privileges.h"
#include "kernel/insn.h"
#include "kernel/symbols.h"
#include "migtrace.skel.h"
#include "trace/targets.h"
#include "trace/tracer.h"

/* Ten sites with hold and wait, two of them by outcome, what is timed of a window, and the floor's. */
#define TOTALS_MAX   64
#define TOTALS_LIGHT 24 /* the migrating side, its outcomes, and what is timed of a window */

/* What lookups leave behind has histograms of its own. */
#define LEFT_HISTS 2

/* Those of all other devices (tracer__open_hists()), and of one more. */
#define TABLE_LEAST	  40
#define TABLE_LEAST_LIGHT 12

#define RT_SECTIONS_MAX 16384
#define LEAST_BLOCK	512

/* The steps whose ends are probed, a bit of enum end_step each. */
static __u32 ends(const struct tracer *t)
{
	const struct choice *c = tracer__live(t, "norefs_end");
	__u32 v = 0;

	for (int i = 0; c && i < VARIANT_PROGS && c->variant->uses[i].prog; i++)
		v |= strncmp(c->variant->uses[i].prog, "norefs_set_bh", strlen("norefs_set_bh")) ?
			     END_FLAGS :
			     END_SET_BH;
	return v;
}

static bool has_lock_clock(const struct tracer *t)
{
	for (size_t i = 0; i < probes_n; i++)
		if (tracer__chosen(t, i) && tracer__choices(t)[i].variant->clock == CLOCK_LOCK)
			return true;
	return false;
}

/* Where the kernel has each CPU's buffers looked up last. */
static void pinned_settings(struct tracer *t)
{
	static const char *const names[] = { "bh_lrus", "__per_cpu_offset" };
	struct migtrace_bpf *skel = tracer__skeleton(t);
	__u64 at[2] = { 0 };

	skel->rodata->cfg_pinned = true;
	symbols__find(KALLSYMS, names, 2, at);
	if (!at[0] || !at[1] || tracer__cpus(t) > LRU_CPUS_MAX)
		return;
	skel->rodata->cfg_lrus = at[0];
	skel->rodata->cfg_cpu_offsets = at[1];
	skel->rodata->cfg_lru_cpus = tracer__cpus(t);
}

static void drain_settings(struct tracer *t)
{
	const struct choice *all = tracer__live(t, "drain_all");
	struct migtrace_bpf *skel = tracer__skeleton(t);

	skel->rodata->cfg_drains = true;
	skel->rodata->cfg_drains_told = all && !strcmp(all->variant->name, "tracepoint");
}

/* Are there histograms without key? */
static bool has_hot(const struct tracer_opts *o, bool rt)
{
	return !rt && !o->map_size;
}

static void settings(struct tracer *t)
{
	const struct tracer_opts *o = tracer__opts(t);
	const struct facts *f = tracer__facts(t);
	struct migtrace_bpf *skel = tracer__skeleton(t);
	const struct choice *norefs = tracer__live(t, "migrate_norefs");

	skel->rodata->cfg_inlined = facts__inlined(f);
	skel->rodata->cfg_preemptible = f->feature[FEAT_RT];
	skel->rodata->cfg_stacks = o->stacks;
	skel->rodata->cfg_totals = o->totals;
	skel->rodata->cfg_device = o->filter.dev;
	skel->rodata->cfg_bh_migrate = f->feature[FEAT_BH_MIGRATE];
	skel->rodata->cfg_recount = facts__copy(f, "folio_mc_copy", ANY_COPY);
	/*
	 * Large folios with buffers came with lookups that sleep (47dd67532303, "block/bdev: enable large
	 * folio support for large logical block sizes", 6.15, for the device's cache).
	 */
	if (!f->feature[FEAT_SLEEPING_LOOKUP] && !f->feature[FEAT_BH_MIGRATE]) {
		skel->rodata->cfg_folio_buffers = sysconf(_SC_PAGESIZE) / LEAST_BLOCK;
		skel->rodata->cfg_folio_orders = 1;
	}
	skel->rodata->cfg_page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	/* a bracket sees only the sections in which its functions run */
	skel->rodata->cfg_norefs_sections = norefs && norefs->variant->clock != CLOCK_BRACKET;
	skel->rodata->cfg_wait =
		!o->light || !norefs || !probes__spares(f, norefs->variant, "norefs_call");
	skel->rodata->cfg_behind =
		skel->rodata->cfg_norefs_sections && tracer__live(t, "find_get_block");
	skel->rodata->cfg_stall_ns = o->stall_ns;
	skel->rodata->cfg_stall_stacks = o->stall_ns && o->any_stacks;
	skel->rodata->cfg_stall_told = o->stall_told;
	skel->rodata->cfg_buffer_locks = o->buffer_locks && tracer__live(t, "buffer_locks");
	skel->rodata->cfg_tries = tracer__live(t, "migrate_call");
	skel->rodata->cfg_why = o->why && skel->rodata->cfg_tries;
	skel->rodata->cfg_ends = ends(t);
	/* the copy ahead of the re-pointing, until the kernel shows it otherwise */
	skel->bss->end_step = ends(t) & END_SET_BH ?: ends(t);
	if (o->pinned)
		pinned_settings(t);
	if (o->drains)
		drain_settings(t);
	skel->rodata->cfg_pair =
		ends(t) && tracer__live(t, "find_get_block") && tracer__live(t, "lookup_exit");
}

/* A table that nothing is looked up in: its least size, which a mask can address. */
static void without_lookups(struct migtrace_bpf *skel)
{
	bpf_map__set_max_entries(skel->maps.windows, WINDOW_WAYS);
	bpf_map__set_max_entries(skel->maps.lookups, WINDOW_WAYS);
	skel->rodata->cfg_window_mask = WINDOW_WAYS - 1;
	skel->rodata->cfg_lookup_mask = 0;
}

bool tracer__has_row(const struct tracer_opts *o, int row)
{
	for (size_t i = 0; i < probes_n; i++)
		if ((probes[i].site >= 0 ? probes[i].site : probes[i].row) == row &&
		    !(probes[i].flags & PROBE_HIDDEN) && tracer__wants(o, &probes[i]))
			return true;
	return false;
}

/*
 * A histogram with a key takes its room for every CPU that the machine could ever have, used or not. All
 * those there are: HISTS_MAX, or as many fewer as there are more CPUs, down to those of a few devices.
 */
#define HISTS_MAX      256
#define HISTS_CPUS     13568 /* that times CPUs; 256 KiB for each of 256 with all else */
#define LIGHT_CPUS     3072  /* 64 KiB */
#define RT_HISTS_LIGHT 3

static unsigned int hists(const struct tracer_opts *o, bool hot, int cpus)
{
	/* without those for the device that came first, PREEMPT_RT has room for it here */
	unsigned int more = hot ? 0 : o->light ? RT_HISTS_LIGHT : HOT_HISTS;
	unsigned int n = (o->light ? LIGHT_CPUS : HISTS_CPUS) / cpus + more, least;

	/* beside those without key: what comes in the middle of a claim, and from then on */
	if (o->totals && hot)
		return (o->light ? HOT_HISTS_LIGHT : HOT_HISTS) + LEFT_HISTS;
	if (o->totals)
		return o->light ? TOTALS_LIGHT : TOTALS_MAX;
	least = (o->light ? TABLE_LEAST_LIGHT : TABLE_LEAST) + more;
	return n > HISTS_MAX ? HISTS_MAX : n < least ? least : n;
}

/* Tables of what is not recorded have one place; those of what is, a part for each CPU (BY_CPU()). */
static void shrink(struct migtrace_bpf *skel, const struct tracer_opts *o, bool lock_clock,
		   int cpus)
{
	if (!lock_clock)
		bpf_map__set_max_entries(skel->maps.lock_watches, 1);
	if (!tracer__has_row(o, SITE_FIND_GET_BLOCK))
		bpf_map__set_max_entries(skel->maps.folio_waits, 1);
	bpf_map__set_max_entries(skel->maps.spans,
				 tracer__has_row(o, ROW_BUFFER_LOCKS) ? SPAN_COUNT * cpus : 1);
	if (!tracer__has_row(o, ROW_BUFFER_LOCKS) && !o->stall_ns) {
		bpf_map__set_max_entries(skel->maps.code_stacks, 1);
		bpf_map__set_value_size(skel->maps.code_stacks, sizeof(__u64));
	}
	if (!o->stall_ns) {
		bpf_map__set_max_entries(skel->maps.stalls, 1);
		bpf_map__set_value_size(skel->maps.stall_scratch, sizeof(__u64));
	}
	if (!tracer__has_row(o, ROW_ISOLATION))
		bpf_map__set_max_entries(skel->maps.isolations, 1);
	bpf_map__set_max_entries(skel->maps.whys, o->why ? WHY_COUNT * cpus : 1);
	if (!o->why)
		bpf_map__set_max_entries(skel->maps.why_holds, 1);
	if (o->light || !tracer__has_row(o, SITE_AIO_MIGRATE)) {
		bpf_map__set_max_entries(skel->maps.aio_rings, 1);
		bpf_map__set_max_entries(skel->maps.aio_sections, 1);
		bpf_map__set_max_entries(skel->maps.aio_copying, 1);
	}
	if (!o->pinned)
		bpf_map__set_max_entries(skel->maps.pinned_blocks, 1);
	bpf_map__set_max_entries(skel->maps.drains_cpus, o->drains ? cpus : 1);
	bpf_map__set_max_entries(skel->maps.refs_cpus, o->refs ? cpus : 1);
	if (!o->drains) {
		bpf_map__set_max_entries(skel->maps.drain_callers, 1);
		bpf_map__set_max_entries(skel->maps.drains_left, 1);
	}
	if (!o->refs) {
		bpf_map__set_max_entries(skel->maps.refs_attempts, 1);
		bpf_map__set_max_entries(skel->maps.refs_tries, 1);
		bpf_map__set_max_entries(skel->maps.refs_counts, 1);
	}
}

static void hist_sizes(struct migtrace_bpf *skel, unsigned int keyed, unsigned int hot, int cpus)
{
	bpf_map__set_max_entries(skel->maps.hists, keyed);
	bpf_map__set_max_entries(skel->maps.hists_free, keyed);
	bpf_map__set_max_entries(skel->maps.hist_values, keyed * cpus);
	skel->rodata->cfg_hists = keyed;
	bpf_map__set_max_entries(skel->maps.hot_hists, hot ? hot * cpus : 1);
	skel->rodata->cfg_hot_hists = hot;
}

/* What the sizes of maps depend on beside the options. */
struct needs {
	bool rt, lock_clock;
	bool pair; /* lookups with windows */
};

static void sizes(struct migtrace_bpf *skel, const struct tracer_opts *o, const struct needs *n,
		  int cpus)
{
	bool hot = has_hot(o, n->rt);

	if (n->rt)
		bpf_map__set_max_entries(skel->maps.rt_sections, RT_SECTIONS_MAX);
	bpf_map__set_max_entries(skel->maps.cpus, cpus);
	hist_sizes(skel, o->map_size ?: hists(o, hot, cpus),
		   !hot	    ? 0 :
		   o->light ? HOT_HISTS_LIGHT :
			      HOT_HISTS,
		   cpus);
	if (o->light)
		bpf_map__set_max_entries(skel->maps.worsts, 2 * (SITE_MIGRATE_NOREFS + 1));
	shrink(skel, o, n->lock_clock, cpus);
	if (o->map_size) {
		/* the windows' table is addressed by a mask */
		unsigned int slots = o->map_size < WINDOW_WAYS ? WINDOW_WAYS : o->map_size;

		slots = 1U << (31 - __builtin_clz(slots));
		bpf_map__set_max_entries(skel->maps.migrations, o->map_size);
		skel->rodata->cfg_migration_mask =
			((1U << (31 - __builtin_clz(o->map_size))) - 1) & -SLOT_WAYS;
		bpf_map__set_max_entries(skel->maps.refcounts, o->map_size);
		bpf_map__set_max_entries(skel->maps.refcounts_free, o->map_size);
		bpf_map__set_max_entries(skel->maps.refcount_values, o->map_size);
		bpf_map__set_max_entries(skel->maps.stacks, o->map_size);
		bpf_map__set_max_entries(skel->maps.windows, slots);
		bpf_map__set_max_entries(skel->maps.lookups, slots);
		skel->rodata->cfg_lookup_mask = (slots - 1) & -SLOT_WAYS;
		skel->rodata->cfg_window_mask = slots - 1;
	}
	if (!n->pair)
		without_lookups(skel);
	if (!o->any_stacks) {
		bpf_map__set_max_entries(skel->maps.stacks, 1);
		bpf_map__set_max_entries(skel->maps.stacks_more, 1);
	}
	if (!o->stacks)
		bpf_map__set_max_entries(skel->maps.contended_owners, 1);
}

/* As kernel/bpf has them: what an entry takes beside its value, a bucket, a ring's own pages. */
#define ENTRY_BYTES  64
#define BUCKET_BYTES 16
#define RING_BYTES   (3 * 4096)

static __u64 map_bytes(const struct bpf_map *map, int cpus)
{
	__u64 n = bpf_map__max_entries(map), value = (bpf_map__value_size(map) + 7) & ~7ULL;

	switch (bpf_map__type(map)) {
	case BPF_MAP_TYPE_RINGBUF:
		return n + RING_BYTES;
	case BPF_MAP_TYPE_PERCPU_ARRAY:
		return n * value * cpus;
	case BPF_MAP_TYPE_ARRAY:
	case BPF_MAP_TYPE_QUEUE:
		return n * value;
	default:
		return n * (ENTRY_BYTES + BUCKET_BYTES + bpf_map__key_size(map) + value);
	}
}

__u64 tracer__map_bytes(const struct migtrace_bpf *skel, int cpus)
{
	const struct bpf_map *map;
	__u64 sum = 0;

	bpf_object__for_each_map(map, skel->obj) sum += map_bytes(map, cpus);
	return sum;
}

/* Their numbers go up to there: where some in between can't be, those have their parts as well. */
int tracer__possible_cpus(void)
{
	char text[256] = "";
	FILE *f = fopen("/sys/devices/system/cpu/possible", "re");
	int n = libbpf_num_possible_cpus(), ids;
	const char *last = text;

	if (f && !fgets(text, sizeof(text), f))
		*text = 0;
	if (f)
		fclose(f);
	last += strcspn(last, "\n");
	while (last > text && last[-1] >= '0' && last[-1] <= '9')
		last--;
	ids = atoi(last) + 1;
	return n > 0 && ids > n ? ids : n;
}

__u64 tracer__expected_bytes(const struct facts *f, const struct tracer_opts *o, int cpus)
{
	struct needs needs = { f->feature[FEAT_RT], false,
			       tracer__has_row(o, SITE_FIND_GET_BLOCK) };
	struct migtrace_bpf *skel = tracer__open(f);
	__u64 bytes = 0;

	if (skel) {
		sizes(skel, o, &needs, cpus);
		bytes = tracer__map_bytes(skel, cpus);
	}
	migtrace_bpf__destroy(skel);
	return bytes;
}

/*
 * Named, it is the only BTF that fields are looked up in. Unnamed, libbpf goes on to all modules'
 * for a type that this kernel does not have, and may not do so without CAP_SYS_ADMIN. But it then
 * holds it twice: 18 MB at most instead of 12.
 */
struct migtrace_bpf *tracer__open(const struct facts *f)
{
	LIBBPF_OPTS(bpf_object_open_opts, o, .btf_custom_path = f->btf);

	targets__listen();
	if (*f->types_path)
		o.btf_custom_path = f->types_path;
	else if (!f->btf && !privileges__has(CAP_SYS_ADMIN) && !access(KERNEL_BTF, R_OK))
		o.btf_custom_path = KERNEL_BTF;

	return migtrace_bpf__open_opts(&o);
}

#define INSN_SET 0xb7 /* dst = imm */
#define INSN_ADD 0xdb /* lock *(u64 *)(dst + off) += src; imm BPF_FETCH: src = the old value */
#define FETCH	 1    /* BPF_FETCH, not in the headers of 5.10 */

void tracer__order_memory(struct bpf_program *p)
{
	size_t n = bpf_program__insn_cnt(p);
	struct bpf_insn *v = insn_weakly_ordered ? malloc(n * sizeof(*v)) : NULL;

	if (!v)
		return; /* nor will the load have memory */
	memcpy(v, bpf_program__insns(p), n * sizeof(*v));
	for (size_t i = 2; i < n; i++)
		if (v[i].code == INSN_ADD && v[i - 2].code == INSN_SET &&
		    v[i - 2].imm == ORDER_MARK)
			v[i].imm |= FETCH;
	bpf_program__set_insns(p, v, n);
	free(v);
}

const void *tracer__object(size_t *size)
{
	return migtrace_bpf__elf_bytes(size);
}

void tracer__configure(struct tracer *t)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	struct needs needs = { tracer__facts(t)->feature[FEAT_RT], has_lock_clock(t), false };

	settings(t);
	needs.pair = skel->rodata->cfg_pair;
	sizes(skel, tracer__opts(t), &needs, tracer__cpus(t));
}

void tracer__tell(struct tracer *t, size_t i)
{
	static const char *const names[] = { "vmemmap_base", "page_offset_base" };
	struct migtrace_bpf *skel = tracer__skeleton(t);
	__u64 at[2] = { 0 };

	if (strcmp(probes[i].name, "aio_overlap") || strcmp(tracer__facts(t)->arch, "x86_64"))
		return;
	symbols__find(KALLSYMS, names, 2, at);
	skel->bss->vmemmap_base_at = at[0];
	skel->bss->page_offset_base_at = at[1];
}

/* From where on lookups have waited for their lock, now that the floor is known. */
static void tell_floor(struct tracer *t)
{
	const struct choice *c = tracer__live(t, "find_get_block");

	if (c)
		tracer__skeleton(t)->bss->waits_from_ns =
			WAITS_FROM_NS(tracer__floor_ns(t, c->variant->clock));
}

int tracer__forget(struct tracer *t, char *err, size_t err_size)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);
	int ret = tracer__clear_each(t, skel->maps.cpus, 1, 0);
	__u64 task;

	if (ret)
		snprintf(err, err_size, "can't reset the counters: %s", strerror(-ret));
	/* a task that was in the floor's function when its programs went is watched no longer */
	skel->data_watching->watching = 0;
	while (!bpf_map__get_next_key(skel->maps.lock_watches, NULL, &task, sizeof(task)) &&
	       !bpf_map__delete_elem(skel->maps.lock_watches, &task, sizeof(task), 0))
		;
	tell_floor(t);
	return ret;
}

/* The other way round: what was counted. */
int tracer__read_why(struct tracer *t, __u32 i, struct why *v, struct hist *hold)
{
	struct migtrace_bpf *skel = tracer__skeleton(t);

	/* holds first: a migration that ends meanwhile is a result without them, not the reverse */
	return tracer__read_shared(t, skel->maps.why_holds, i, hold) ?:
		       tracer__read_each(t, skel->maps.whys, WHY_COUNT, i, v);
}

/* The library that loads the programs: what it says, and which one it is. */

void tracer__log_verified(const struct migtrace_bpf *skel)
{
	struct bpf_program *p;
	__u64 sum = 0;
	size_t n = 0;

	bpf_object__for_each_program (p, skel->obj) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (log_level < 2 || bpf_program__fd(p) < 0 ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &len))
			continue;
		log_info("program %s: %u instructions verified", bpf_program__name(p),
			 info.verified_insns);
		sum += info.verified_insns;
		n++;
	}
	if (n)
		log_info("%zu programs: %llu instructions verified", n, sum);
}

/* libbpf speaks when asked: -vv its warnings, -vvv all. */
static int __attribute__((format(printf, 2, 0)))
print_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (log_level < 2 || (level == LIBBPF_DEBUG && log_level < 3))
		return 0;
	return vfprintf(stderr, fmt, args);
}

void libbpf__listen(void)
{
	libbpf_set_print(print_message);
}

const char *libbpf__version(void)
{
	return libbpf_version_string();
}
