// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Every program. All are off ("?") until src/trace/probes.c chooses them; a body decodes arguments and
 * calls one handler. Targets of fentry/fexit programs and offsets of kprobes come from user space,
 * since functions were renamed and inlined over the years.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "aio.bpf.h"
#include "bracket.bpf.h"
#include "contended.bpf.h"
#include "core.bpf.h"
#include "drains.bpf.h"
#include "isolate.bpf.h"
#include "norefs.bpf.h"
#include "lookup.bpf.h"
#include "lockclock.bpf.h"
#include "place.bpf.h"
#include "refs.bpf.h"
#include "kprobe_fallback.bpf.h"
#include "stall_look.bpf.h"
#include "ways.bpf.h"

#ifdef __TARGET_ARCH_arm64
#define SIXTH_ARGUMENT(ctx) ((__u32)(ctx)->user_regs.regs[5])
#else
#define SIXTH_ARGUMENT(ctx) ((__u32)(ctx)->r9)
#endif

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* What places.c sends here: the lock sections of most sites, and aio's rings. */
SEC("?kprobe") int place(struct pt_regs *ctx)
{
	place_reached(ctx);
	return 0;
}

/* The clock's floor: an empty section by programs like those of a page. */

SEC("?kprobe") int floor_call(struct pt_regs *ctx)
{
	section_call(SITE_FLOOR, section_lock(ctx), 0);
	return 0;
}

SEC("?kprobe") int floor_acquire(struct pt_regs *ctx)
{
	section_acquire(SITE_FLOOR, bpf_ktime_get_ns());
	return 0;
}

SEC("?kprobe") int floor_release(struct pt_regs *ctx)
{
	__u64 now = bpf_ktime_get_ns();

	section_end(ctx, SITE_FLOOR, section_lock(ctx), now);
	return 0;
}

/*
 * Norefs migration. 5.10's trampolines store as many bytes of an argument as its type has, and leave
 * the rest of its place as it was: a bool has to be read as one byte, or a migration without the
 * check counts as one with it.
 */

SEC("?kprobe") int norefs_call(struct pt_regs *ctx)
{
	norefs_called();
	return 0;
}

SEC("?kprobe") int norefs_unlock(struct pt_regs *ctx)
{
	norefs_unlocking();
	return 0;
}

SEC("?kprobe") int norefs_acquire(struct pt_regs *ctx)
{
	norefs_acquired(PT_REGS_IP(ctx));
	return 0;
}

SEC("?kprobe") int norefs_release(struct pt_regs *ctx)
{
	norefs_released();
	return 0;
}

SEC("?fentry") int BPF_PROG(norefs_enter, void *mapping, void *dst, void *src, int mode, __u8 check)
{
	norefs_entered(ctx, true, mapping, dst, src, mode, check);
	return 0;
}

SEC("?fexit")
int BPF_PROG(norefs_exit, void *mapping, void *dst, void *src, int mode, __u8 check, int ret)
{
	norefs_exited(ctx, (__u64)src, ret);
	return 0;
}

SEC("?fentry") int BPF_PROG(norefs_switch, void *mapping)
{
	norefs_switching((__u64)mapping);
	return 0;
}

SEC("?fentry") int BPF_PROG(norefs_copy)
{
	norefs_copying();
	return 0;
}

/* 5.10, 6.1: the buffers were re-pointed before the copy, so this is the end of the move. */
SEC("?fexit") int BPF_PROG(norefs_flags_end, void *dst)
{
	norefs_moved(true, dst);
	return 0;
}

/* 6.12 and later: re-pointing comes last, one call a buffer. */
SEC("?fexit") int BPF_PROG(norefs_set_bh, void *bh)
{
	norefs_repointed((__u64)bh);
	return 0;
}

/* The same where it returns to: what merely makes buffers does not come here. */
SEC("?kprobe") int norefs_set_bh_done(struct pt_regs *ctx)
{
	norefs_repointed(0);
	return 0;
}

/* The locks of its buffers. */
SEC("?kprobe") int BPF_KPROBE(buffer_wait, __u64 bh)
{
	buffer_wait_begins(ctx, bh);
	return 0;
}

SEC("?kprobe") int buffer_waited(struct pt_regs *ctx)
{
	buffer_wait_ends();
	return 0;
}

/* In the context that has unlocked it; 5.10 to 7.3 alike. */
SEC("?kprobe")
int BPF_KPROBE(buffer_wake, struct wait_queue_entry *entry, unsigned int mode, int sync,
	       struct wait_bit_key *key)
{
	if (buffers_waiting)
		buffer_wakes(ctx, (__u64)BPF_CORE_READ(entry, private),
			     (__u64)BPF_CORE_READ(key, flags));
	return 0;
}

/* The bracket clock: held kernels only, between two functions called under the lock. */
SEC("?fentry") int BPF_PROG(bracket_start)
{
	norefs_bracket_start();
	return 0;
}

SEC("?fentry") int BPF_PROG(bracket_end, void *bh)
{
	norefs_bracket_end((__u64)bh);
	return 0;
}

/* Buffer lookup. */

SEC("?kprobe") int lookup_call(struct pt_regs *ctx)
{
	__u64 lock = cfg_inlined ? section_lock(ctx) : 0; /* ATTACH_NEAR */

	section_call(SITE_FIND_GET_BLOCK, lock, lock ? core_dev_of_bdev_lock(lock) : 0);
	return 0;
}

SEC("?kprobe") int lookup_acquire(struct pt_regs *ctx)
{
	section_acquire(SITE_FIND_GET_BLOCK, bpf_ktime_get_ns());
	return 0;
}

SEC("?kprobe") int lookup_release(struct pt_regs *ctx)
{
	lookup_released(ctx, section_lock(ctx));
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(lookup_wait, __u64 folio)
{
	folio_wait_start(folio);
	return 0;
}

SEC("?kprobe") int lookup_waited(struct pt_regs *ctx)
{
	folio_wait_end();
	return 0;
}

/* The folio lock taken by a sleeping lookup is about to be released. */
SEC("?kprobe") int BPF_KPROBE(lookup_folio, __u64 folio)
{
	lookup_folio_locked(folio);
	return 0;
}

SEC("?fexit")
int BPF_PROG(lookup_exit, struct block_device *bdev, sector_t block, unsigned int size, __u64 ret)
{
	lookup_returned(ctx, bdev, bdev->bd_dev, block, size, ret);
	return 0;
}

SEC("?fexit")
int BPF_PROG(lookup_exit_common, struct block_device *bdev, sector_t block, unsigned int size,
	     bool atomic, __u64 ret)
{
	lookup_returned(ctx, bdev, bdev->bd_dev, block, size, ret);
	return 0;
}

/* Around the move. */

/*
 * A trampoline passes six arguments on until 6.6, and this function has seven; its sixth, the reason, has
 * no name in libbpf before 1.2.
 */
SEC("?kprobe") int BPF_KPROBE(migrate_call, void *from, void *get, void *put)
{
	migrate_called(put, SIXTH_ARGUMENT(ctx));
	return 0;
}

SEC("?fentry")
int BPF_PROG(isolate_enter, void *cc, unsigned long low, unsigned long end, unsigned int mode)
{
	isolation_begins((__u64)cc, mode);
	return 0;
}

SEC("?fexit") int BPF_PROG(isolate_exit)
{
	isolation_ends();
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(isolate_look, __u64 page)
{
	isolation_looked(page);
	return 0;
}

SEC("?fexit") int BPF_PROG(move_exit, struct page *dst, struct page *src, int mode, int ret)
{
	/* a page that moved has handed its mapping over */
	move_ended((__u64)src, dst->mapping || src->mapping, ret);
	return 0;
}

SEC("?kprobe") int move_free(struct pt_regs *ctx)
{
	move_frees();
	return 0;
}

/* Every folio's move, and its switch (--refs). */

SEC("?fentry") int BPF_PROG(refs_enter, void *dst, void *src)
{
	refs_begins((__u64)src);
	return 0;
}

SEC("?fexit") int BPF_PROG(refs_exit, void *dst, void *src, int mode, int ret)
{
	refs_ends(ret);
	return 0;
}

/* What the last argument is added to is known from the begin. */
SEC("?fentry") int BPF_PROG(refs_freeze, void *mapping, void *dst, void *src, int extra)
{
	refs_freezing((__u64)src, 0);
	return 0;
}

SEC("?fentry") int BPF_PROG(refs_freeze_inner, void *mapping, void *dst, void *src, int expected)
{
	refs_freezing((__u64)src, expected);
	return 0;
}

SEC("?fexit")
int BPF_PROG(refs_freeze_end, void *mapping, void *dst, void *src, int expected, int ret)
{
	refs_frozen((__u64)src, ret);
	return 0;
}

/* LRUs that are emptied (--drains). The tracepoints' arguments: force_all_cpus; cpu, nr_folios. */

SEC("?raw_tp") int drain_all_told(__u64 *ctx)
{
	drain_seen(ctx, DRAIN_ALL, 0);
	return 0;
}

SEC("?raw_tp") int drain_batch_told(__u64 *ctx)
{
	drain_of_batch(ctx, ctx[1]);
	return 0;
}

SEC("?fexit") int BPF_PROG(drain_all_exit)
{
	drain_of_all(ctx);
	return 0;
}

SEC("?fexit") int BPF_PROG(drain_disable_exit)
{
	drain_of_all(ctx);
	return 0;
}

SEC("?fexit") int BPF_PROG(drain_buffers_exit)
{
	drain_of_buffers(ctx);
	return 0;
}

/* aio rings: how their migrations end, and who meets the copy of a page. */

SEC("?fentry") int BPF_PROG(aio_enter, void *mapping, void *dst, void *src, int mode)
{
	aio_entered((__u64)mapping, (__u64)src, mode);
	return 0;
}

SEC("?fexit") int BPF_PROG(aio_exit, void *mapping, void *dst, void *src, int mode, int ret)
{
	aio_exited(ret);
	return 0;
}

SEC("?fentry") int BPF_PROG(aio_read_enter, __u64 ctx_, void *event, long nr)
{
	aio_section_call(AIO_READ, ctx_, nr);
	return 0;
}

/*
 * Where the function is inlined in its caller, which asks for what is left of @nr. 5.10's
 * trampolines don't let @i, a pointer to a number, be read.
 */
SEC("?kprobe")
int BPF_KPROBE(aio_read_enter_outer, __u64 ctx_, long min_nr, long nr, void *event, long *i)
{
	long have = 0;

	bpf_probe_read_kernel(&have, sizeof(have), i);
	aio_section_call(AIO_READ, ctx_, nr - have);
	return 0;
}

/* The lock clock: every spinlock in the system passes here while a watched function runs. */

SEC("?fentry")
int BPF_PROG(lock_norefs_enter, void *mapping, void *dst, void *src, int mode, __u8 check)
{
	if (check)
		lock_watch_mapping(SITE_MIGRATE_NOREFS, (__u64)mapping);
	return 0;
}

SEC("?fexit")
int BPF_PROG(lock_norefs_exit, void *mapping, void *dst, void *src, int mode, __u8 check)
{
	if (check)
		lock_watch_stop();
	return 0;
}

SEC("?fentry") int BPF_PROG(lock_lookup_enter, struct block_device *bdev)
{
	lock_watch_mapping(SITE_FIND_GET_BLOCK, core_bdev_mapping(bdev));
	return 0;
}

SEC("?fexit") int BPF_PROG(lock_lookup_exit)
{
	lock_watch_stop();
	return 0;
}

SEC("?fentry") int BPF_PROG(lock_floor_enter, struct task_struct *task)
{
	lock_watch_start(SITE_FLOOR, core_task_lock(task), 0);
	return 0;
}

SEC("?fexit") int BPF_PROG(lock_floor_exit)
{
	lock_watch_stop();
	return 0;
}

SEC("?fentry") int BPF_PROG(lock_call, void *lock)
{
	lock_called((__u64)lock);
	return 0;
}

SEC("?fexit") int BPF_PROG(lock_acquire, void *lock)
{
	lock_acquired((__u64)lock);
	return 0;
}

SEC("?fentry") int BPF_PROG(lock_release, void *lock)
{
	lock_released(ctx, (__u64)lock);
	return 0;
}

/* Waits that last. */

SEC("?fentry") int BPF_PROG(stall_folio, __u64 folio)
{
	stall_folio_begins(ctx, folio);
	return 0;
}

SEC("?fexit") int BPF_PROG(stall_folio_end)
{
	stall_ends(bpf_ktime_get_ns());
	return 0;
}

SEC("?kprobe") int stall_lock(struct pt_regs *ctx)
{
	stall_lock_called(section_lock(ctx));
	return 0;
}

SEC("?perf_event") int stall_look(struct bpf_perf_event_data *ctx)
{
	stall_looked(ctx, migration_of_current());
	return 0;
}

SEC("?iter/task") int stall_tasks(struct bpf_iter__task *ctx)
{
	struct task_struct *task = ctx->task;
	struct stall_task *v;

	if (!task)
		return 0;
	v = stall_refers(task);
	if (v)
		bpf_seq_write(ctx->meta->seq, v, sizeof(*v));
	return 0;
}

/* The tracepoint of releases that somebody waits for; its only argument is the lock. */
SEC("?raw_tp") int contended(__u64 *ctx)
{
	contended_released(ctx, ctx[0]);
	return 0;
}
