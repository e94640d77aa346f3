/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Every difference between kernels' types, one accessor each. Nothing else may name a flavour.
 * Each says which commit changed the name, so that an accessor can be deleted with its kernels.
 */
#ifndef MIGTRACE_CORE_BPF_H
#define MIGTRACE_CORE_BPF_H

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Until 600f111ef51d ("fs: Rename mapping private members", 6.8). */
struct address_space___before68 {
	spinlock_t private_lock;
	void *private_data;
};
struct address_space___68 {
	spinlock_t i_private_lock;
	void *i_private_data;
};

/* Until 224941e8379a ("use ->bd_mapping instead of ->bd_inode->i_mapping", 6.10). */
struct block_device___before610 {
	struct inode *bd_inode;
};
struct block_device___610 {
	struct address_space *bd_mapping;
};

/* Until folios (5.16): the private pointer and the index of a page-cache page. */
struct page___before516 {
	unsigned long private;
	unsigned long index;
};
struct folio___516 {
	unsigned long index;
	void *private;
};

/* PREEMPT_RT: a spinlock is an rt_mutex, its owner word carries the has-waiters bit. */
struct rt_mutex_base___rt {
	struct task_struct *owner;
};
struct spinlock___rt {
	struct rt_mutex_base___rt lock;
};

/* memdesc_flags_t since 6.18; the word is the first member of a page in every release. */
struct page___refs {
	atomic_t _refcount;
};

/* A buffer's owner list: b_assoc_map until 7.0, mapping_metadata_bhs since 7.1. */
struct buffer_head___until70 {
	struct address_space *b_assoc_map;
};
struct buffer_head___71 {
	struct mapping_metadata_bhs *b_mmb;
};

/* Since a3b0a90f1e93 ("fs: Move metadata bhs tracking to a separate struct", 7.1). */
struct mapping_metadata_bhs___71 {
	struct address_space *mapping; /* the inode's, whose list this is */
	spinlock_t lock;
};

/* aio moved to a lock of its own with 7.1; on kernels before, the type has no such member. */
struct aio_inode_info___71 {
	struct inode vfs_inode;
	spinlock_t migrate_lock;
	struct kioctx *ctx;
};

/* A large folio's size: since 5.18 (64 bit), under its present name since 4996fc547f5b (6.15). */
struct folio___since518 {
	unsigned int _folio_nr_pages;
};
struct folio___615 {
	unsigned int _nr_pages;
};

struct buffer_head___folio {
	struct folio *b_folio;
};
struct buffer_head___page {
	struct page *b_page;
};

/* mm/internal.h */
struct compact_control___any {
	unsigned int nr_migratepages;
};

/* Until 9d0ddc0cb575 ("fs: Remove aops->migratepage()", 6.0). */
struct address_space_operations___before60 {
	void *migratepage;
};
struct address_space_operations___60 {
	void *migrate_folio;
};

#pragma clang attribute pop

enum mapping_flags___any { AS_EXITING___any = 0 };
enum pageflags___any {
	PG_writeback___any = 0,
	PG_head___any = 1,
	PG_private___any = 2,
	PG_swapbacked___any = 3,
	PG_swapcache___any = 4,
};
enum bh_state_bits___any { BH_Lock___any = 0, BH_PrivateStart___any = 0 };

/* Where the private lock lies in a mapping, in bytes. */
static __always_inline __u64 core_private_lock_offset(void)
{
	struct address_space___68 *as = (void *)0;

	if (bpf_core_field_exists(as->i_private_lock))
		return bpf_core_field_offset(struct address_space___68, i_private_lock);
	return bpf_core_field_offset(struct address_space___before68, private_lock);
}

static __always_inline __u64 core_mapping_of_lock(__u64 lock)
{
	return lock - core_private_lock_offset();
}

/*
 * The device that a mapping's pages belong to: a block device's own number for its page cache
 * (i_rdev, set by bdget on 5.10 and by bdev_add since), else the file system's (s_dev). A file that
 * has pages of its own has no i_rdev: inode_init_always() clears it, init_special_inode() sets it.
 */
static __always_inline __u32 core_dev_of_mapping(__u64 mapping)
{
	struct inode *host = BPF_CORE_READ((struct address_space *)mapping, host);
	__u32 dev;

	if (!host)
		return 0;
	dev = BPF_CORE_READ(host, i_rdev);
	return dev ? dev : BPF_CORE_READ(host, i_sb, s_dev);
}

static __always_inline bool core_is_bdev(__u64 mapping)
{
	struct inode *host = BPF_CORE_READ((struct address_space *)mapping, host);

	return host && BPF_CORE_READ(host, i_rdev);
}

/*
 * core_arg_*: for an argument of the probed function in fentry and fexit programs, whose type the
 * verifier knows: the load is the machine's own, where a read through a helper costs sixty times that.
 */
static __always_inline __u32 core_dev_of_arg(struct address_space *mapping)
{
	struct inode *host = mapping->host;

	if (!host)
		return 0;
	return host->i_rdev ?: host->i_sb->s_dev;
}

/* The device that @lock belongs to when it is a mapping's. */
static __always_inline __u32 core_dev_of_lock(__u64 lock)
{
	return core_dev_of_mapping(core_mapping_of_lock(lock));
}

/* aio's lock: the ring mapping's private lock, since 7.1 aio_inode_info.migrate_lock. */
static __always_inline __u32 core_dev_of_aio_lock(__u64 lock)
{
	struct aio_inode_info___71 *info = (void *)0;

	if (bpf_core_field_exists(info->migrate_lock)) {
		__u64 inode = lock -
			      bpf_core_field_offset(struct aio_inode_info___71, migrate_lock) +
			      bpf_core_field_offset(struct aio_inode_info___71, vfs_inode);

		return BPF_CORE_READ((struct inode *)inode, i_sb, s_dev);
	}
	return core_dev_of_lock(lock);
}

/*
 * The lock of a list of metadata buffers: until 7.0 the private lock of their device's mapping, since
 * 7.1 one in each inode. Of the file system in any case: such an inode can be a device's file.
 */
static __always_inline __u32 core_dev_of_list_lock(__u64 lock)
{
	struct mapping_metadata_bhs___71 *mmb = (void *)0;

	if (!bpf_core_field_exists(mmb->lock))
		return core_dev_of_lock(lock);
	mmb = (void *)lock - bpf_core_field_offset(struct mapping_metadata_bhs___71, lock);
	return BPF_CORE_READ(mmb, mapping, host, i_sb, s_dev);
}

/* The device that @lock belongs to when it is a block device's: the mapping lies in its inode. */
static __always_inline __u32 core_dev_of_bdev_lock(__u64 lock)
{
	__u64 inode = core_mapping_of_lock(lock) - bpf_core_field_offset(struct inode, i_data);

	return BPF_CORE_READ((struct inode *)inode, i_rdev);
}

/* Pages that a compaction has isolated so far. */
static __always_inline __u64 core_isolated(__u64 cc)
{
	return BPF_CORE_READ((struct compact_control___any *)cc, nr_migratepages);
}

/* @mapping as it stands in a page: the low bits tell anonymous and movable pages from files'. */
static __always_inline bool core_mapping_exiting(__u64 mapping)
{
	return !(mapping & 3) &&
	       BPF_CORE_READ((struct address_space *)mapping, flags) >>
			       bpf_core_enum_value(enum mapping_flags___any, AS_EXITING___any) &
		       1;
}

static __always_inline __u64 core_folio_mapping(__u64 folio)
{
	return (__u64)BPF_CORE_READ((struct page *)folio, mapping);
}

static __always_inline __u64 core_bdev_mapping(struct block_device *bdev)
{
	struct block_device___610 *b610 = (void *)bdev;

	if (bpf_core_field_exists(b610->bd_mapping))
		return (__u64)BPF_CORE_READ(b610, bd_mapping);
	return (__u64)BPF_CORE_READ((struct block_device___before610 *)bdev, bd_inode, i_mapping);
}

static __always_inline __u64 core_arg_buffers(void *folio)
{
	if (bpf_core_type_exists(struct folio___516))
		return (__u64)((struct folio___516 *)folio)->private;
	return ((struct page___before516 *)folio)->private;
}

static __always_inline __u64 core_arg_index(void *folio)
{
	if (bpf_core_type_exists(struct folio___516))
		return ((struct folio___516 *)folio)->index;
	return ((struct page___before516 *)folio)->index;
}

static __always_inline __s32 core_arg_refs(void *folio)
{
	return ((struct page___refs *)folio)->_refcount.counter;
}

/* First buffer of a folio or page, 0 when it has none (callers know that it carries buffers). */
static __always_inline __u64 core_folio_buffers(__u64 folio)
{
	if (bpf_core_type_exists(struct folio___516))
		return (__u64)BPF_CORE_READ((struct folio___516 *)folio, private);
	return BPF_CORE_READ((struct page___before516 *)folio, private);
}

/* The first block of a folio of a block device; ~0: it has no buffers. */
static __always_inline __u64 core_folio_block(__u64 folio)
{
	struct buffer_head *head = (struct buffer_head *)core_folio_buffers(folio);

	return head ? BPF_CORE_READ(head, b_blocknr) : ~0ULL;
}

/* Of a task that sleeps: where its stack begins, which grows down, and how far it has come. */
static __always_inline __u64 core_task_stack(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, stack);
}

static __always_inline __u64 core_task_sp(struct task_struct *task)
{
#if defined(__TARGET_ARCH_x86)
	return BPF_CORE_READ(task, thread.sp);
#else
	return BPF_CORE_READ(task, thread.cpu_context.sp);
#endif
}

static __always_inline bool core_task_runs(struct task_struct *task)
{
	return BPF_CORE_READ(task, on_cpu);
}

/*
 * Has a perf event interrupted user space? By the place among the registers, which does not change: since 6.9 the
 * kernel's own member is 16 bits wide (FRED), and the verifier wants all 64 to be read.
 */
static __always_inline bool core_is_user(const void *ctx)
{
#if defined(__TARGET_ARCH_x86)
	return *((const volatile __u64 *)ctx + 17) & 3; /* cs */
#else
	return !(*((const volatile __u64 *)ctx + 33) & 0xf); /* pstate */
#endif
}

static __always_inline bool core_flags_large(__u64 flags)
{
	return flags >> bpf_core_enum_value(enum pageflags___any, PG_head___any) & 1;
}

/* How many pages a folio has of which it is known that there are several. */
static __always_inline __u64 core_large_pages(__u64 folio)
{
	struct folio___615 *f = (void *)folio;
	struct folio___since518 *old = (void *)folio;

	if (bpf_core_field_exists(f->_nr_pages))
		return BPF_CORE_READ(f, _nr_pages);
	if (bpf_core_field_exists(old->_folio_nr_pages))
		return BPF_CORE_READ(old, _folio_nr_pages);
	return 1;
}

static __always_inline bool core_knows_large(void)
{
	return bpf_core_field_exists(((struct folio___615 *)0)->_nr_pages) ||
	       bpf_core_field_exists(((struct folio___since518 *)0)->_folio_nr_pages);
}

/* The flags are the first word of a page, and of a folio. */
static __always_inline __u64 core_folio_pages(__u64 folio)
{
	unsigned long flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), (void *)folio);
	return core_flags_large(flags) ? core_large_pages(folio) : 1;
}

static __always_inline __u64 core_arg_pages(void *folio)
{
	return core_flags_large(*(unsigned long *)folio) ? core_large_pages((__u64)folio) : 1;
}

/* The buffers of a folio fill it, and are of one size. */
static __always_inline __u32 core_folio_nr_buffers(__u64 folio, __u32 page_shift)
{
	struct buffer_head *head = (struct buffer_head *)core_folio_buffers(folio);
	__u64 size = head ? BPF_CORE_READ(head, b_size) : 0;

	return size ? (core_folio_pages(folio) << page_shift) / size : 0;
}

static __always_inline __u64 core_folio_index(__u64 folio)
{
	if (bpf_core_type_exists(struct folio___516))
		return BPF_CORE_READ((struct folio___516 *)folio, index);
	return BPF_CORE_READ((struct page___before516 *)folio, index);
}

/* The lock that do_prlimit() takes: the group leader's, whichever thread is asked about. */
static __always_inline __u64 core_task_lock(struct task_struct *task)
{
	return (__u64)BPF_CORE_READ(task, group_leader) +
	       bpf_core_field_offset(struct task_struct, alloc_lock);
}

static __always_inline __s64 core_bh_count(__u64 bh)
{
	return BPF_CORE_READ((struct buffer_head *)bh, b_count.counter);
}

static __always_inline __u64 core_bh_block(__u64 bh)
{
	return BPF_CORE_READ((struct buffer_head *)bh, b_blocknr);
}

static __always_inline __u32 core_bh_size(__u64 bh)
{
	return BPF_CORE_READ((struct buffer_head *)bh, b_size);
}

static __always_inline __u64 core_bh_state(__u64 bh)
{
	return BPF_CORE_READ((struct buffer_head *)bh, b_state);
}

/* b_folio since d685c668b069 ("buffer: add b_folio as an alias of b_page", 6.2). */
static __always_inline __u64 core_bh_folio(__u64 bh)
{
	struct buffer_head___folio *b = (void *)bh;

	if (bpf_core_field_exists(b->b_folio))
		return (__u64)BPF_CORE_READ(b, b_folio);
	return (__u64)BPF_CORE_READ((struct buffer_head___page *)bh, b_page);
}

/*
 * Index of the folio that @bh belongs to. While it is moved from one to the other both have the same;
 * the one that it has left may be freed, and be anything, by the time we look at it.
 */
static __always_inline __u64 core_bh_index(__u64 bh)
{
	__u64 folio = core_bh_folio(bh), index = core_folio_index(folio), now = core_bh_folio(bh);

	return now == folio ? index : core_folio_index(now);
}

static __always_inline __u64 core_bh_next(__u64 bh)
{
	return (__u64)BPF_CORE_READ((struct buffer_head *)bh, b_this_page);
}

static __always_inline bool core_bh_on_list(__u64 bh)
{
	struct buffer_head___71 *b71 = (void *)bh;

	if (bpf_core_field_exists(b71->b_mmb))
		return BPF_CORE_READ(b71, b_mmb) != NULL;
	return BPF_CORE_READ((struct buffer_head___until70 *)bh, b_assoc_map) != NULL;
}

/* Of a buffer, read at once: a read takes as long as ten times as many bytes. */
struct core_bh {
	__u64 next, folio, state;
	__s64 count;
	bool listed; /* core_bh_on_list() */
};

static __always_inline void core_bh_read(__u64 bh, struct core_bh *v)
{
	__u32 count_at = bpf_core_field_offset(struct buffer_head, b_count);
	struct buffer_head___folio *b = (void *)0;
	struct buffer_head___71 *b71 = (void *)0;
	char all[112] __attribute__((aligned(8))); /* as far as it is read */

	if (count_at > sizeof(all) - sizeof(__u64)) { /* nowhere yet */
		v->next = core_bh_next(bh);
		v->folio = core_bh_folio(bh);
		v->state = core_bh_state(bh);
		v->count = core_bh_count(bh);
		v->listed = core_bh_on_list(bh);
		return;
	}
	bpf_probe_read_kernel(all, count_at + sizeof(__u32), (void *)bh);
	v->next = *(__u64 *)(all + bpf_core_field_offset(struct buffer_head, b_this_page));
	v->folio =
		bpf_core_field_exists(b->b_folio) ?
			*(__u64 *)(all +
				   bpf_core_field_offset(struct buffer_head___folio, b_folio)) :
			*(__u64 *)(all + bpf_core_field_offset(struct buffer_head___page, b_page));
	v->state = *(__u64 *)(all + bpf_core_field_offset(struct buffer_head, b_state));
	v->count = *(__s32 *)(all + count_at);
	v->listed =
		bpf_core_field_exists(b71->b_mmb) ?
			*(__u64 *)(all + bpf_core_field_offset(struct buffer_head___71, b_mmb)) :
			*(__u64 *)(all + bpf_core_field_offset(struct buffer_head___until70,
							       b_assoc_map));
}

static __always_inline bool core_state_locked(__u64 state)
{
	return state >> bpf_core_enum_value(enum bh_state_bits___any, BH_Lock___any) & 1;
}

/* jbd2's BH_JBD, "has an attached journal head", is the first of the file systems' own bits. */
static __always_inline bool core_bh_journaled(__u64 bh)
{
	return core_bh_state(bh) >>
		       bpf_core_enum_value(enum bh_state_bits___any, BH_PrivateStart___any) &
	       1;
}

static __always_inline __s32 core_folio_refs(__u64 folio)
{
	return BPF_CORE_READ((struct page___refs *)folio, _refcount.counter);
}

static __always_inline bool core_folio_writeback(__u64 folio)
{
	unsigned long flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), (void *)folio);
	return flags >> bpf_core_enum_value(enum pageflags___any, PG_writeback___any) & 1;
}

/*
 * Is @lock held, as seen by a task that would be its holder? Non-RT: the low byte of the queued
 * spinlock (1 held, 3 held with paravirt waiters); on every configuration it is the lock's first
 * byte. RT: the owner is @task, whatever the has-waiters bit says.
 */
static __always_inline bool core_lock_held(__u64 lock, __u64 task)
{
	struct spinlock___rt *rt = (void *)lock;
	__u8 low = 0;

	if (bpf_core_type_exists(struct spinlock___rt) && bpf_core_field_exists(rt->lock.owner))
		return ((__u64)BPF_CORE_READ(rt, lock.owner) & ~1ULL) == task;
	bpf_probe_read_kernel(&low, sizeof(low), (void *)lock);
	return low != 0;
}

#endif /* MIGTRACE_CORE_BPF_H */
