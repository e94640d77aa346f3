/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* In the place of bpf/core.bpf.h: the same accessors for the objects of fake.h. */
#ifndef MIGTRACE_CORE_BPF_H
#define MIGTRACE_CORE_BPF_H

#include <bpf/bpf_helpers.h>

static inline __u64 core_private_lock_offset(void)
{
	return offsetof(struct address_space, owner);
}

static inline __u64 core_mapping_of_lock(__u64 lock)
{
	return lock - core_private_lock_offset();
}

static inline __u32 core_dev_of_mapping(__u64 mapping)
{
	return 1;
}

static inline __u32 core_dev_of_bdev_lock(__u64 lock)
{
	return 1;
}

static inline __u32 core_dev_of_lock(__u64 lock)
{
	return 1;
}

static inline __u32 core_dev_of_aio_lock(__u64 lock)
{
	return 1;
}

static inline __u32 core_dev_of_list_lock(__u64 lock)
{
	return 1;
}

static inline __u32 core_dev_of_arg(void *mapping)
{
	return 1;
}

static inline __u64 core_folio_buffers(__u64 folio)
{
	return (__u64)((struct folio *)folio)->private;
}

static inline __u64 core_arg_buffers(void *folio)
{
	return core_folio_buffers((__u64)folio);
}

static inline __u64 core_folio_index(__u64 folio)
{
	return ((struct folio *)folio)->index;
}

static inline __u64 core_arg_index(void *folio)
{
	return core_folio_index((__u64)folio);
}

static inline __u32 core_bh_size(__u64 bh)
{
	return ((struct buffer_head *)bh)->b_size;
}

static inline __s32 core_folio_refs(__u64 folio)
{
	return ((struct folio *)folio)->refs;
}

static inline __s32 core_arg_refs(void *folio)
{
	return core_folio_refs((__u64)folio);
}

static inline __u64 core_folio_pages(__u64 folio)
{
	return ((struct folio *)folio)->pages;
}

static inline __u64 core_folio_mapping(__u64 folio)
{
	return (__u64)((struct folio *)folio)->mapping;
}

static inline __u64 core_arg_pages(void *folio)
{
	return core_folio_pages((__u64)folio);
}

static inline __u32 core_folio_nr_buffers(__u64 folio, __u32 page_shift)
{
	return core_folio_pages(folio);
}

static inline bool core_folio_writeback(__u64 folio)
{
	return false;
}

static inline __u64 core_bh_folio(__u64 bh)
{
	return (__u64)((struct buffer_head *)bh)->b_folio;
}

static inline __u64 core_bh_index(__u64 bh)
{
	return core_folio_index(core_bh_folio(bh));
}

static inline __s64 core_bh_count(__u64 bh)
{
	return bh ? ((struct buffer_head *)bh)->b_count : 0; /* a read that fails */
}

static inline __u64 core_bh_block(__u64 bh)
{
	return bh ? ((struct buffer_head *)bh)->b_blocknr : 0; /* a read that fails */
}

static inline __u64 core_bh_state(__u64 bh)
{
	return 0;
}

static inline __u64 core_bh_next(__u64 bh)
{
	return (__u64)((struct buffer_head *)bh)->b_this_page;
}

struct core_bh {
	__u64 next, folio, state;
	__s64 count;
	bool listed;
};

static inline void core_bh_read(__u64 bh, struct core_bh *v)
{
	v->next = core_bh_next(bh);
	v->folio = core_bh_folio(bh);
	v->state = ((struct buffer_head *)bh)->locked;
	v->count = core_bh_count(bh);
	v->listed = false;
}

static inline bool core_state_locked(__u64 state)
{
	return state;
}

static inline bool core_bh_journaled(__u64 bh)
{
	return false;
}

static inline bool core_bh_on_list(__u64 bh)
{
	return false;
}

static inline bool core_lock_held(__u64 lock, __u64 task)
{
	return *(__u64 *)lock;
}

static inline __u64 core_isolated(__u64 cc)
{
	return 0;
}

static inline bool core_mapping_exiting(__u64 mapping)
{
	return false;
}

static inline __u64 core_bdev_mapping(struct block_device *bdev)
{
	return (__u64)bdev->mapping;
}

#endif /* MIGTRACE_CORE_BPF_H */
