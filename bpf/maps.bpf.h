/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Maps, settings, and the two ways in: one more sample, one more loss. Stage 1.
 * Everything that counts is per CPU; user space adds up.
 */
#ifndef MIGTRACE_MAPS_BPF_H
#define MIGTRACE_MAPS_BPF_H

#include "event.h"

/* Settings, fixed before the load: the verifier drops the branches that are off. */
const volatile bool cfg_preemptible = false; /* PREEMPT_RT: a section may sleep and migrate */
const volatile bool cfg_pair = false;	     /* pair lookups with windows (full tier) */
const volatile bool cfg_stacks = false;
const volatile __u32 cfg_page_shift = 12;
const volatile __u32 cfg_device = 0; /* 0: every device */

/* From which time on a wait is told of while it lasts (stall.bpf.h); 0: none is. */
const volatile __u64 cfg_stall_ns = 0;
const volatile bool cfg_stall_stacks = false;
const volatile bool cfg_stall_told = false; /* and once more when it is over */

/* THE filter: is what belongs to @dev left out? @dev, a call mostly, is asked only where it matters. */
#define filter_refuses(dev) (cfg_device && (dev) != cfg_device)

static __always_inline bool filter_is_set(void)
{
	return cfg_device;
}

/*
 * How many buffers a folio has at most (512: blocks of 4 KiB on 2 MiB), and of how many orders it can be.
 * The verifier goes through each step of a loop that could be taken, on kernels where eight are all that
 * there can be, too. A walk that ends before all says so.
 */
const volatile __u32 cfg_folio_buffers = 512, cfg_folio_orders = 10;
/*
 * For what runs for months: maps do not grow, as those by device and count do, and there are no events.
 * (Under a hard load there are 400 doubtful lookups a second, each waking the reader: 20 % of a CPU.)
 */
const volatile bool cfg_totals = false;

/* The compiler has put the kernel's spinlocks into the code (arm64 without preemption). */
const volatile bool cfg_inlined = false;

/*
 * A word that all CPUs write while things move: in a map of its own, and so a cache line, since the others
 * are read by every program.
 */
#define SHARED_WORD(name) volatile __u64 name SEC(".data." #name)

volatile __u32 phase = PHASE_IDLE;
/*
 * The same of what is rarely entered: its programs are attached behind the start, one after the other, and
 * count from when all are there. What had begun before that time is none of theirs.
 */
volatile __u32 rare_phase = PHASE_IDLE;
volatile __u64 rare_since = 0;
/* The floor's programs go when nobody waits for it: what they see behind its measurement is no loss. */
volatile __u32 floor_phase = PHASE_IDLE;

/*
 * What was done before this is seen by whoever sees what is done behind it, in both directions: a full
 * barrier where CPUs need one. (x86's do not: its loads overtake none but its own stores, and where that
 * matters the store is a locked add.) An add without a result, which is all that 5.10 has, orders nothing
 * on arm64; one with a result does (ldaddal, or dmb), and 5.10 refuses a program that has one, even where
 * it is never reached. So it is made one before the load, and known by what it adds (bpf_config.c).
 */
static __always_inline void order(void)
{
#ifndef __bpf__
	model_order(); /* natively, in tests/model: a place where another CPU may come in between */
#elif defined(__TARGET_ARCH_x86)
	barrier();
#else
	__u64 nothing = 0;

	asm volatile("r0 = %1\n\t"
		     "r1 = %0\n\t"
		     "lock *(u64 *)(r1 + 0) += r0"
		     :
		     : "r"(&nothing), "i"(ORDER_MARK)
		     : "r0", "r1", "memory");
#endif
}

/* Where the model lets another task of this CPU come in, too; the order of one CPU needs nothing but this. */
static __always_inline void preemptible(void)
{
#ifndef __bpf__
	model_order();
#else
	barrier();
#endif
}

/*
 * Takes what @claims says is free: 0. Before 5.12 programs have no compare and exchange: of those who raise
 * a counter at once, at most one reads a 1 behind it, and keeps it there.
 */
static __always_inline bool claim(__u64 *claims)
{
	__sync_fetch_and_add(claims, 1);
	order();
	if (*(volatile __u64 *)claims == 1)
		return true;
	__sync_fetch_and_add(claims, -1);
	return false;
}

/*
 * What each CPU has for itself and is read while we count lies in arrays that user space has mapped, one
 * CPU's part behind the other's: no per-CPU maps, which bpf(2) reads. Until it has, no kprobe's program runs
 * on its CPU (bpf_disable_instrumentation()), and since 6.13 the reader can be preempted there
 * (PREEMPT_LAZY): of 39,936 lookups 191 went uncounted behind an exporter's back, in balance. As many
 * instructions as a per-CPU map's: that is a call, and here asking for the CPU is one.
 */
#define BY_CPU(name, n, of)                                                                        \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_ARRAY);                                                  \
		__uint(map_flags, BPF_F_MMAPABLE);                                                 \
		__uint(max_entries, CPU_PARTS(n)); /* of one CPU; times CPUs before the load */    \
		__type(key, __u32);                                                                \
		__type(value, of);                                                                 \
	} name SEC(".maps")
#ifdef __bpf__
#define CPU_PARTS(n) (n)
#else
#define CPU_PARTS(n) ((n)*CPUS)
#endif

/* Where this CPU has number @i of @n. */
static __always_inline __u32 by_cpu(__u32 n, __u32 i)
{
	return bpf_get_smp_processor_id() * n + i;
}

/* Sections and counters. */
BY_CPU(cpus, 1, struct cpu_state);

/* So many has each CPU; none on PREEMPT_RT, and for maps of a size that was asked for. */
const volatile __u32 cfg_hot_hists = HOT_HISTS;
BY_CPU(hot_hists, HOT_HISTS, struct hot_hist);

/* What has a key has a place with it, which it takes out of those that are free: its values are in an array. */
#define KEYED(name, n, key_of)                                                                     \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_HASH);                                                   \
		__uint(max_entries, n);                                                            \
		__type(key, key_of);                                                               \
		__type(value, __u32);                                                              \
	} name SEC(".maps");                                                                       \
	struct {                                                                                   \
		__uint(type, BPF_MAP_TYPE_QUEUE);                                                  \
		__uint(max_entries, n);                                                            \
		__type(value, __u32);                                                              \
	} name##_free SEC(".maps")

/*
 * A place for @key; none if all are taken. In an exception (int3) a queue's lock is only tried, since 6.6 and in
 * stable trees: who finds it held by another CPU tries again.
 */
#define EBUSY	    16
#define KEYED_TRIES 4
#define keyed_make(name, key)                                                                      \
	({                                                                                         \
		__u32 place_ = 0;                                                                  \
		long err_ = -EBUSY;                                                                \
                                                                                                   \
		for (int try_ = 0; try_ < KEYED_TRIES && err_ == -EBUSY; try_++)                   \
			err_ = bpf_map_pop_elem(&name##_free, &place_);                            \
		if (!err_ && bpf_map_update_elem(&name, key, &place_, BPF_NOEXIST)) {              \
			err_ = -EBUSY; /* another CPU was first: it goes back */                   \
			for (int try_ = 0; try_ < KEYED_TRIES && err_ == -EBUSY; try_++)           \
				err_ = bpf_map_push_elem(&name##_free, &place_, 0);                \
		}                                                                                  \
	})

#define HISTS 256
KEYED(hists, HISTS, struct hist_key);

const volatile __u32 cfg_hists = HISTS;
BY_CPU(hist_values, HISTS, struct hist);

/* PREEMPT_RT only: there the section in flight belongs to a task, not to a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, struct task_site);
	__type(value, struct section);
} rt_sections SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 2048);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks SEC(".maps");

/* A stack map's slots are fixed by the stack's hash: what finds its own taken goes here. */
struct {
	__uint(type, BPF_MAP_TYPE_STACK_TRACE);
	__uint(max_entries, 8192);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, STACK_DEPTH * sizeof(__u64));
} stacks_more SEC(".maps");

/* Shared by the CPUs: an entry is raised when a migration fails, and by two tasks at once rarely. */
#define REFCOUNTS 512
KEYED(refcounts, REFCOUNTS, struct refcount_key);

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, REFCOUNTS);
	__type(key, __u32);
	__type(value, __u64);
} refcount_values SEC(".maps");

static __always_inline struct cpu_state *this_cpu(void)
{
	__u32 at = by_cpu(1, 0);

	return bpf_map_lookup_elem(&cpus, &at);
}

static __always_inline struct site_cpu *site_of(struct cpu_state *cpu, __u32 site)
{
	__u64 i = site;

	if (__builtin_constant_p(site))
		return &cpu->site[site];
	barrier_var(i); /* the register that is compared has to be the one that is used, */
	if (i >= SITE_SLOTS)
		i = SITE_FLOOR;
	barrier_var(i); /* and not before it is compared */
	return &cpu->site[i];
}

static __always_inline void cpu_count_by(struct cpu_state *cpu, __u32 id, __u64 n)
{
	__u64 i = id;

	if (!__builtin_constant_p(id))
		barrier_var(i);
	if (i < COUNTER_COUNT)
		cpu->count[i] += n;
}

static __always_inline void cpu_count(struct cpu_state *cpu, __u32 id)
{
	cpu_count_by(cpu, id, 1);
}

/* The same for who has no @cpu at hand. */
static __always_inline void count_by(__u32 id, __u64 n)
{
	struct cpu_state *cpu = this_cpu();

	if (cpu)
		cpu_count_by(cpu, id, n);
}

static __always_inline void count(__u32 id)
{
	count_by(id, 1);
}

static __always_inline void lost(__u32 reason)
{
	count(COUNTER_LOSS + reason);
}

/*
 * The caller's stack without its first @skip frames as an id, -1: not asked for or not kept. Two
 * stacks whose hashes fall on one slot happen (once, the migrator's own met another: 38 of 2631
 * reports had both sides), so that there are two maps of different size; what neither takes is counted.
 */
static __always_inline __s32 stack_take(void *ctx, __u32 skip)
{
	__s32 id;

	id = bpf_get_stackid(ctx, &stacks, skip & 0xff);
	if (id >= 0)
		return id;
	id = bpf_get_stackid(ctx, &stacks_more, skip & 0xff);
	if (id >= 0)
		return id | STACK_MORE;
	count(COUNTER_STACKS_MISSING);
	return -1;
}

static __always_inline __s32 stack_keep_below(void *ctx, __u32 skip)
{
	return cfg_stacks ? stack_take(ctx, skip) : -1;
}

static __always_inline __s32 stack_keep(void *ctx)
{
	return stack_keep_below(ctx, 0);
}

static __always_inline struct hist *hist_of(const struct hist_key *key)
{
	__u32 *i = bpf_map_lookup_elem(&hists, key), at;

	if (!i)
		return NULL;
	at = by_cpu(cfg_hists, *i);
	return bpf_map_lookup_elem(&hist_values, &at);
}

/* One value whose histogram is found by its key. A global function: out of the way of the others. */
__noinline int sample_keyed(__u32 dev, __u32 what, __u64 ns)
{
	struct hist_key key = {
		.dev = dev,
		.site = what & 0xff,
		.kind = what >> 8 & 0xff,
		.outcome = what >> 16 & 0xff,
		.left = what >> 24,
	};
	struct hist *h;

	h = hist_of(&key);
	if (!h) {
		keyed_make(hists, &key);
		h = hist_of(&key);
	}
	if (!h) { /* made beforehand (src/trace/hists.c) */
		key.dev = DEV_OTHER;
		h = hist_of(&key);
		if (!h) {
			lost(LOSS_TABLE_FULL);
			return 0;
		}
	}
	hist_add(h, ns);
	return 0;
}

/* The first to come decides whose device a histogram without key is for: once, and for good. */
static __always_inline bool hot_claim(struct hot_hist *h, __u32 dev)
{
	__sync_fetch_and_add(&h->claims, 1);
	if (*(volatile __u64 *)&h->claims != 1)
		return false;
	h->dev = dev;
	barrier(); /* only this CPU reads it */
	h->ready = 1;
	return true;
}

static __always_inline void sample(__u32 dev, __u8 site, __u8 kind, __u8 outcome, __u64 ns)
{
	__u32 i = hot_index(site, kind, outcome), at;
	struct hot_hist *h = NULL;

	if (cfg_totals)
		dev = 0;
	if (i < cfg_hot_hists) {
		at = by_cpu(cfg_hot_hists, i);
		h = bpf_map_lookup_elem(&hot_hists, &at);
	}
	if (h && (h->ready ? h->dev == dev : hot_claim(h, dev)))
		hist_add(&h->h, ns);
	else
		sample_keyed(dev, site | kind << 8 | outcome << 16, ns);
}

/* Index: site * 2, + 1 for waits. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SITE_SLOTS * 2);
	__type(key, __u32);
	__type(value, struct worst_list);
} worsts SEC(".maps");

/*
 * Which slot of list @i a value above its least one takes; WORST_KEPT: none. A global function, so
 * that the verifier walks the loop once and not in every program that times a hold.
 */
__noinline int worst_rank(__u32 i, __u64 ns)
{
	struct worst_list *l = bpf_map_lookup_elem(&worsts, &i);
	struct cpu_state *cpu = this_cpu();
	__u32 list = i;
	__u64 least = ~0ULL, next = ~0ULL;
	int at = WORST_KEPT;

	if (!l || !cpu)
		return at;
	for (i = 0; i < WORST_KEPT; i++) {
		__u64 v = l->v[i].ns;

		if (v < least) {
			next = least;
			least = v;
			at = i;
		} else if (v < next) {
			next = v;
		}
	}
	site_of(cpu, list / 2)->least_ns[list & 1] = next < ns ? next : ns;
	return at;
}

/* A slot of the list for a value above its least one, NULL otherwise (nearly always). */
static __always_inline struct worst_sample *worst_slot(struct cpu_state *cpu, __u32 site, __u8 kind,
						       __u64 ns)
{
	__u32 i = site * 2 + (kind == KIND_WAIT);
	struct worst_list *l;
	__u64 at;

	if (ns <= site_of(cpu, site)->least_ns[kind == KIND_WAIT])
		return NULL;
	l = bpf_map_lookup_elem(&worsts, &i);
	at = worst_rank(i, ns);
	if (!l || at >= WORST_KEPT)
		return NULL;
	barrier_var(at); /* else the mask, which the verifier needs to see, would be dropped */
	return &l->v[at & (WORST_KEPT - 1)];
}

static __always_inline struct worst_sample *worst_note(void *ctx, struct cpu_state *cpu, __u32 site,
						       __u8 kind, __u64 ns, __u32 dev)
{
	struct worst_sample *w = worst_slot(cpu, site, kind, ns);

	if (!w)
		return NULL;
	w->ns = ns;
	w->dev = dev;
	w->pid = (__u32)bpf_get_current_pid_tgid();
	w->cpu = bpf_get_smp_processor_id();
	w->mode = -1;
	w->outcome = OUTCOME_NONE;
	w->buffers = 0;
	w->stack = stack_keep(ctx);
	bpf_get_current_comm(w->comm, sizeof(w->comm));
	return w;
}

#endif /* MIGTRACE_MAPS_BPF_H */
