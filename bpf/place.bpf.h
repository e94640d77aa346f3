/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * One program at many places that are rarely come by, told apart by their addresses: the kernel loads it
 * once, and waits once when it goes (kprobe_events.h). It takes some 30 instructions more than a program
 * of its own, so that what lies on a page's or a lookup's way has that. Stage 1.
 */
#ifndef MIGTRACE_PLACE_BPF_H
#define MIGTRACE_PLACE_BPF_H

#include "aio.bpf.h"
#include "section.bpf.h"

/* Where an instruction pointer stands at a kprobe: x86's trap is one byte long. */
#ifdef __TARGET_ARCH_x86
#define PLACE_BEHIND 1
#else
#define PLACE_BEHIND 0
#endif

const volatile __u32 cfg_place_factor = 1;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PLACE_GROUPS);
	__type(key, __u32);
	__type(value, struct place_group);
} places SEC(".maps");

static __always_inline const struct place *place_of(__u64 at)
{
	__u32 i = place_group_of(at, cfg_place_factor);
	const struct place_group *g = bpf_map_lookup_elem(&places, &i);

	if (!g)
		return NULL;
#pragma unroll
	for (int way = 0; way < SLOT_WAYS; way++)
		if (g->way[way].at == at)
			return &g->way[way];
	return NULL;
}

/* The lock section of a site about which nothing more is asked. */
static __always_inline void place_section(struct pt_regs *ctx, __u32 op, __u32 site, __u64 now)
{
	__u64 lock;

	if (op == PLACE_ACQUIRE) {
		section_acquire(site, now);
		return;
	}
	lock = section_lock(ctx);
	if (op == PLACE_CALL)
		section_call(site, lock, section_dev(site, lock));
	else
		section_end(ctx, site, lock, now);
}

/* An aio ring's read, completion or move. */
static __always_inline void place_aio(struct pt_regs *ctx, __u32 op)
{
	__u64 lock = PT_REGS_PARM1(ctx);

	switch (op) {
	case PLACE_AIO_TRIED:
		aio_lock_tried((int)PT_REGS_RC(ctx));
		return;
	case PLACE_AIO_SWITCH:
		aio_switching();
		return;
	case PLACE_AIO_COPY_START:
		aio_copy_begins(PT_REGS_PARM2(ctx));
		return;
	case PLACE_AIO_COPY_END:
		aio_copy_ended();
		return;
	case PLACE_AIO_READ_LOCKED:
		aio_section_begins(AIO_READ);
		return;
	case PLACE_AIO_READ_UNLOCK:
		aio_section_ends(AIO_READ, core_aio_ctx_of_ring_lock(lock));
		return;
	case PLACE_AIO_WRITE_CALL:
		aio_section_call(AIO_WRITE, core_aio_ctx_of_completion_lock(lock), 0);
		return;
	case PLACE_AIO_WRITE_LOCKED:
		aio_section_begins(AIO_WRITE);
		return;
	case PLACE_AIO_WRITE_UNLOCK:
		aio_section_ends(AIO_WRITE, core_aio_ctx_of_completion_lock(lock));
		return;
	}
}

static __always_inline void place_reached(struct pt_regs *ctx)
{
	__u64 now = bpf_ktime_get_ns(); /* a wait or a hold ends here, before our own work */
	const struct place *p = place_of(PT_REGS_IP(ctx) - PLACE_BEHIND);

	if (!p)
		return;
	if (p->op <= PLACE_RELEASE)
		place_section(ctx, p->op, p->site, now);
	else if (p->op == PLACE_MOVE_ORPHANED)
		move_orphan();
	else
		place_aio(ctx, p->op);
}

#endif /* MIGTRACE_PLACE_BPF_H */
