// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the BPF object is told before it is loaded. Stage 2. */
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "insn.h"
#include "migtrace.skel.h"
#include "privileges.h"
#include "tracer.h"

/*
 * Ten sites with hold and wait, two of them by outcome, what is timed of a window, and the floor's.
 * A histogram takes its room for every CPU that the machine could ever have, used or not.
 */
#define TOTALS_MAX 64

/* What lookups leave behind has histograms of its own. */
#define LEFT_HISTS 2

#define RT_SECTIONS_MAX 16384

/* Are there locks whose address is not in the register of a first argument? */
static bool inlined(const struct facts *f)
{
	for (size_t i = 0; i < f->calls_n; i++)
		if (f->calls[i].reg)
			return true;
	return false;
}

/* The steps whose ends are probed, a bit of enum end_step each. */
static __u32 ends(const struct tracer *t)
{
	const struct choice *c = tracer__live(t, "norefs_end");
	__u32 v = 0;

	for (int i = 0; c && i < VARIANT_PROGS && c->variant->uses[i].prog; i++)
		v |= strcmp(c->variant->uses[i].prog, "norefs_set_bh") ? END_FLAGS : END_SET_BH;
	return v;
}

static void settings(struct tracer *t)
{
	const struct tracer_opts *o = tracer__opts(t);
	const struct facts *f = tracer__facts(t);
	struct migtrace_bpf *skel = tracer__skeleton(t);
	const struct choice *norefs = tracer__live(t, "migrate_norefs");

	skel->rodata->cfg_weakly_ordered = insn_weakly_ordered;
	skel->rodata->cfg_inlined = inlined(f);
	skel->rodata->cfg_preemptible = f->feature[FEAT_RT];
	skel->rodata->cfg_stacks = o->stacks;
	skel->rodata->cfg_totals = o->totals;
	skel->rodata->cfg_hot = !f->feature[FEAT_RT] && !o->map_size;
	skel->rodata->cfg_device = o->device;
	skel->rodata->cfg_flag_era = f->feature[FEAT_BH_MIGRATE];
	skel->rodata->cfg_recount = facts__copy(f, "folio_mc_copy", ANY_COPY);
	skel->rodata->cfg_page_shift = __builtin_ctzl(sysconf(_SC_PAGESIZE));
	/* a bracket sees only the sections in which its functions run */
	skel->rodata->cfg_norefs_sections = norefs && norefs->variant->clock != CLOCK_BRACKET;
	skel->rodata->cfg_tries = tracer__live(t, "migrate_call");
	skel->rodata->cfg_ends = ends(t);
	/* the copy ahead of the re-pointing, until the kernel shows it otherwise */
	skel->bss->end_step = ends(t) & END_SET_BH ?: ends(t);
	skel->rodata->cfg_pair =
		ends(t) && tracer__live(t, "find_get_block") && tracer__live(t, "lookup_exit");
}

static void sizes(struct tracer *t)
{
	const struct tracer_opts *o = tracer__opts(t);
	struct migtrace_bpf *skel = tracer__skeleton(t);

	if (tracer__facts(t)->feature[FEAT_RT])
		bpf_map__set_max_entries(skel->maps.rt_sections, RT_SECTIONS_MAX);
	/* beside those without key: what comes in the middle of a claim, and from then on */
	if (o->totals && !o->map_size)
		bpf_map__set_max_entries(skel->maps.hists, skel->rodata->cfg_hot ?
								   HOT_HISTS + LEFT_HISTS :
								   TOTALS_MAX);
	if (o->map_size) {
		/* the windows' table is addressed by a mask */
		unsigned int slots = o->map_size < WINDOW_WAYS ? WINDOW_WAYS : o->map_size;

		slots = 1U << (31 - __builtin_clz(slots));
		bpf_map__set_max_entries(skel->maps.hists, o->map_size);
		bpf_map__set_max_entries(skel->maps.migrations, o->map_size);
		skel->rodata->cfg_migration_mask = (1U << (31 - __builtin_clz(o->map_size))) - 1;
		bpf_map__set_max_entries(skel->maps.refcounts, o->map_size);
		bpf_map__set_max_entries(skel->maps.stacks, o->map_size);
		bpf_map__set_max_entries(skel->maps.windows, slots);
		bpf_map__set_max_entries(skel->maps.lookups, slots);
		skel->rodata->cfg_lookup_mask = slots - 1;
		skel->rodata->cfg_window_mask = slots - 1;
	}
	if (!o->stacks) {
		bpf_map__set_max_entries(skel->maps.stacks, 1);
		bpf_map__set_max_entries(skel->maps.stacks_more, 1);
	}
}

/*
 * Named, it is the only BTF that fields are looked up in. Unnamed, libbpf goes on to all modules'
 * for a type that this kernel does not have, and may not do so without CAP_SYS_ADMIN. But it then
 * holds it twice: 18 MB at most instead of 12.
 */
struct migtrace_bpf *tracer__open(const struct facts *f)
{
	LIBBPF_OPTS(bpf_object_open_opts, o, .btf_custom_path = f->btf);

	if (!f->btf && !privileges__has(CAP_SYS_ADMIN) && !access(KERNEL_BTF, R_OK))
		o.btf_custom_path = KERNEL_BTF;

	return migtrace_bpf__open_opts(&o);
}

#define INSN_SET 0xb7 /* dst = imm */
#define INSN_ADD 0xdb /* lock *(u64 *)(dst + off) += src; imm BPF_FETCH: src = the old value */
#define FETCH	 1    /* BPF_FETCH, not in the headers of 5.10 */

/* order() with a result, so that it orders (maps.bpf.h). */
static void order_memory(struct bpf_program *p)
{
	size_t n = bpf_program__insn_cnt(p);
	struct bpf_insn *v = malloc(n * sizeof(*v));

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

void tracer__configure(struct tracer *t)
{
	struct bpf_program *p;

	if (insn_weakly_ordered)
		bpf_object__for_each_program (p, tracer__skeleton(t)->obj)
			order_memory(p);
	settings(t);
	sizes(t);
}
