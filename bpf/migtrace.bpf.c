// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Every program. All are off ("?") until src/probes.c chooses them; a body decodes arguments and
 * calls one handler. Targets of fentry/fexit programs and offsets of kprobes come from user space,
 * since functions were renamed and inlined over the years.
 */
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

#include "aio.bpf.h"
#include "bracket.bpf.h"
#include "core.bpf.h"
#include "isolate.bpf.h"
#include "norefs.bpf.h"
#include "lookup.bpf.h"
#include "lockclock.bpf.h"
#include "instead.bpf.h"
#include "ways.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* A site's lock sections. */
#define SECTION_STARTS(name, site, dev_of)                                                         \
	SEC("?kprobe") int name##_call(struct pt_regs *ctx)                                        \
	{                                                                                          \
		__u64 lock = section_lock(ctx);                                                    \
                                                                                                   \
		section_call(site, lock, dev_of(lock));                                            \
		return 0;                                                                          \
	}                                                                                          \
	SEC("?kprobe") int name##_acquire(struct pt_regs *ctx)                                     \
	{                                                                                          \
		section_acquire(site);                                                             \
		return 0;                                                                          \
	}

/* One about which nothing more is asked. */
#define SITE_PROGRAMS(name, site, dev_of)                                                          \
	SECTION_STARTS(name, site, dev_of)                                                         \
	SEC("?kprobe") int name##_release(struct pt_regs *ctx)                                     \
	{                                                                                          \
		section_end(ctx, site, section_lock(ctx));                                         \
		return 0;                                                                          \
	}

static __always_inline __u32 dev_of_lock(__u64 lock)
{
	return core_dev_of_mapping(core_mapping_of_lock(lock));
}

static __always_inline __u32 dev_of_nothing(__u64 lock)
{
	return 0;
}

SITE_PROGRAMS(aio_migrate, SITE_AIO_MIGRATE, core_dev_of_aio_lock)
SITE_PROGRAMS(aio_completion, SITE_AIO_COMPLETION, dev_of_nothing)
SITE_PROGRAMS(aio_teardown, SITE_AIO_TEARDOWN, core_dev_of_aio_lock)
SITE_PROGRAMS(grow_buffers, SITE_GROW_BUFFERS, dev_of_lock)
SITE_PROGRAMS(create_empty, SITE_CREATE_EMPTY, dev_of_lock)
SITE_PROGRAMS(try_to_free, SITE_TRY_TO_FREE, dev_of_lock)
SITE_PROGRAMS(dirty_folio, SITE_DIRTY_FOLIO, dev_of_lock)
SITE_PROGRAMS(assoc_list, SITE_ASSOC_LIST, dev_of_lock)
SITE_PROGRAMS(floor, SITE_FLOOR, dev_of_nothing)

/*
 * Norefs migration. 5.10's trampolines store as many bytes of an argument as its type has, and leave
 * the rest of its place as it was: a bool has to be read as one byte, or a migration without the
 * check counts as one with it.
 */

SEC("?kprobe") int norefs_call(struct pt_regs *ctx)
{
	norefs_called(0, 0);
	return 0;
}

SEC("?kprobe") int norefs_unlock(struct pt_regs *ctx)
{
	norefs_unlocking();
	return 0;
}

SEC("?kprobe") int norefs_acquire(struct pt_regs *ctx)
{
	norefs_acquired();
	return 0;
}

SEC("?kprobe") int norefs_release(struct pt_regs *ctx)
{
	norefs_released(0);
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

SECTION_STARTS(lookup, SITE_FIND_GET_BLOCK, core_dev_of_bdev_lock)

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

/* A trampoline passes six arguments on until 6.6, and this function has seven. */
SEC("?kprobe") int BPF_KPROBE(migrate_call, void *from, void *get, void *put)
{
	migrate_called(put);
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

SEC("?kprobe") int move_orphaned(struct pt_regs *ctx)
{
	move_orphan();
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

SEC("?kprobe") int aio_tried(struct pt_regs *ctx)
{
	aio_lock_tried((int)PT_REGS_RC(ctx));
	return 0;
}

SEC("?kprobe") int aio_switch(struct pt_regs *ctx)
{
	aio_switching();
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_copy_start, __u64 dst, __u64 src)
{
	aio_copy_begins(src);
	return 0;
}

SEC("?kprobe") int aio_copy_end(struct pt_regs *ctx)
{
	aio_copy_ended();
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

SEC("?kprobe") int aio_read_locked(struct pt_regs *ctx)
{
	aio_section_begins(AIO_READ);
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_read_unlock, __u64 lock)
{
	aio_section_ends(AIO_READ, core_aio_ctx_of_ring_lock(lock));
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_write_call, __u64 lock)
{
	aio_section_call(AIO_WRITE, core_aio_ctx_of_completion_lock(lock), 0);
	return 0;
}

SEC("?kprobe") int aio_write_locked(struct pt_regs *ctx)
{
	aio_section_begins(AIO_WRITE);
	return 0;
}

SEC("?kprobe") int BPF_KPROBE(aio_write_unlock, __u64 lock)
{
	aio_section_ends(AIO_WRITE, core_aio_ctx_of_completion_lock(lock));
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
