/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kprobes in the place of the trampolines in migtrace.bpf.c, for kernels whose functions can't have
 * any (arm64 until 6.4, and those without function tracing or without BTF of their own). Exits are
 * probed at the function's returns, where its arguments are gone. Stage 1.
 */
#ifndef MIGTRACE_KPROBE_FALLBACK_BPF_H
#define MIGTRACE_KPROBE_FALLBACK_BPF_H

#include <bpf/bpf_tracing.h>

#include "aio.bpf.h"
#include "drains.bpf.h"
#include "isolate.bpf.h"
#include "lookup.bpf.h"
#include "norefs.bpf.h"

SEC("?kprobe")
int BPF_KPROBE(norefs_entry, void *mapping, void *dst, void *src, int mode, bool check)
{
	norefs_entered(ctx, false, mapping, dst, src, mode, check);
	return 0;
}

SEC("?kprobe") int norefs_return(struct pt_regs *ctx)
{
	norefs_exited(ctx, 0, (int)PT_REGS_RC(ctx));
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(norefs_switch_entry, __u64 mapping)
{
	norefs_switching(mapping);
	return 0;
}

SEC("?kprobe") int norefs_copy_entry(struct pt_regs *ctx)
{
	norefs_copying();
	return 0;
}

SEC("?kprobe") int norefs_flags_done(struct pt_regs *ctx)
{
	norefs_moved(false, NULL);
	return 0;
}

SEC("?kprobe") int lookup_return(struct pt_regs *ctx)
{
	lookup_result(ctx, (struct buffer_head *)PT_REGS_RC(ctx));
	return 0;
}

SEC("?kprobe")
int BPF_KPROBE(isolate_entry, __u64 cc, unsigned long low, unsigned long end, unsigned int mode)
{
	isolation_begins(cc, mode);
	return 0;
}

SEC("?kprobe") int isolate_return(struct pt_regs *ctx)
{
	isolation_ends();
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(move_entry, __u64 dst, __u64 src)
{
	move_began(dst, src);
	return 0;
}

SEC("?kprobe") int move_return(struct pt_regs *ctx)
{
	move_result((int)PT_REGS_RC(ctx));
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_entry, __u64 mapping, void *dst, __u64 src, int mode)
{
	aio_entered(mapping, src, mode);
	return 0;
}

SEC("?kprobe") int aio_return(struct pt_regs *ctx)
{
	aio_exited((int)PT_REGS_RC(ctx));
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_read_entry, __u64 ctx_, void *event, long nr)
{
	aio_section_call(AIO_READ, ctx_, nr);
	return 0;
}

SEC("?kprobe") int drain_all_return(struct pt_regs *ctx)
{
	drain_of_all(ctx);
	return 0;
}

SEC("?kprobe") int drain_buffers_return(struct pt_regs *ctx)
{
	drain_of_buffers(ctx);
	return 0;
}

/* In place of an instruction that would keep the kernel from a probe behind it (links.c). */
SEC("?kprobe") int hide(struct pt_regs *ctx)
{
	return 0;
}

#endif /* MIGTRACE_KPROBE_FALLBACK_BPF_H */
