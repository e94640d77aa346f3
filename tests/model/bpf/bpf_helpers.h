/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* In the place of libbpf's header of that name: what the programs call, over memory of our own. */
#ifndef MODEL_BPF_HELPERS_H
#define MODEL_BPF_HELPERS_H

#include "fake.h"

#define SEC(name)
#define __uint(name, val) int(*name)[val]
#define __type(name, val) typeof(val) *name
#undef __always_inline
#define __always_inline inline __attribute__((always_inline))
#define __noinline	static __attribute__((noinline, unused))
#define barrier()	asm volatile("" ::: "memory")
#define barrier_var(v)	asm volatile("" : "+r"(v))

/* Other CPUs come in ahead of one, too: what was read before may be old by then. */
#define __sync_fetch_and_add(p, v) (model_order(), (__sync_fetch_and_add)(p, v))

enum {
	BPF_MAP_TYPE_HASH,
	BPF_MAP_TYPE_ARRAY,
	BPF_MAP_TYPE_PERCPU_HASH,
	BPF_MAP_TYPE_PERCPU_ARRAY,
	BPF_MAP_TYPE_QUEUE,
	BPF_MAP_TYPE_STACK_TRACE,
	BPF_MAP_TYPE_RINGBUF,
};
enum { BPF_ANY, BPF_NOEXIST };
#define BPF_F_MMAPABLE 1024

#define FAKE_KIND(m)                                                                               \
	(sizeof(*(m)->type) / sizeof(int) == BPF_MAP_TYPE_ARRAY	       ? FAKE_ARRAY :              \
	 sizeof(*(m)->type) / sizeof(int) == BPF_MAP_TYPE_PERCPU_ARRAY ? FAKE_CPU_ARRAY :          \
	 sizeof(*(m)->type) / sizeof(int) == BPF_MAP_TYPE_PERCPU_HASH  ? FAKE_CPU_HASH :           \
									 FAKE_HASH)
#define FAKE_MAP(m)                                                                                \
	({                                                                                         \
		static struct fake_map *of;                                                        \
                                                                                                   \
		of    ?:                                                                           \
			(of = fake_map(m, FAKE_KIND(m), sizeof(*(m)->key), sizeof(*(m)->value),    \
				       sizeof(*(m)->max_entries) / sizeof(int)));                  \
	})
#define bpf_map_lookup_elem(m, k)	fake_lookup(FAKE_MAP(m), k)
#define bpf_map_update_elem(m, k, v, f) fake_update(FAKE_MAP(m), k, v, (f) == BPF_NOEXIST)
#define bpf_map_delete_elem(m, k)	fake_delete(FAKE_MAP(m), k)
#define bpf_map_pop_elem(m, v)		(model_order(), fake_pop(v))
#define bpf_map_push_elem(m, v, f)	(model_order(), fake_push(v))

#define bpf_ktime_get_ns()		      fake_clock()
#define bpf_get_current_task()		      fake_task()
#define bpf_get_current_pid_tgid()	      (fake_task() >> 6)
#define bpf_get_smp_processor_id()	      fake_cpu()
#define bpf_get_current_comm(buf, size)	      memcpy(buf, "task", 5)
#define bpf_get_stackid(ctx, map, flags)      (-1)
#define bpf_get_stack(ctx, buf, size, flags)  (-1)
#define bpf_ringbuf_reserve(map, size, flags) fake_reserve(size)
#define bpf_ringbuf_submit(record, flags)     fake_submit(record)
#define bpf_get_attach_cookie(ctx)	      0ULL

static inline long bpf_probe_read_kernel(void *to, size_t size, const void *from)
{
	memcpy(to, from, size);
	return 0;
}

struct pt_regs {
	unsigned long first;
};
#define PT_REGS_PARM1(ctx) ((ctx)->first)

#define BPF_CORE_READ(p, member) ((p)->member)

#endif /* MODEL_BPF_HELPERS_H */
