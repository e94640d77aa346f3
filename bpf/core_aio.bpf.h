/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* core.bpf.h for aio rings: every difference between kernels' types, one accessor each. */
#ifndef MIGTRACE_CORE_AIO_BPF_H
#define MIGTRACE_CORE_AIO_BPF_H

#include "core.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* Until "aio: Convert to folios" (6.7) an aio ring is an array of pages. */
struct kioctx___any {
	unsigned long user_id; /* also the address of the ring in its process */
	unsigned int nr_events;
	unsigned int tail;
	struct mutex ring_lock;
	spinlock_t completion_lock;
};
struct kioctx___pages {
	struct page **ring_pages;
};
struct kioctx___folios {
	struct page **ring_folios; /* a folio starts with its first page */
};

#pragma clang attribute pop

/* The aio context that a ring's mapping belongs to; 0: gone. */
static __always_inline __u64 core_aio_ctx(__u64 mapping)
{
	struct aio_inode_info___71 *info = (void *)0;
	struct address_space___68 *as = (void *)mapping;

	if (bpf_core_field_exists(info->migrate_lock)) {
		__u64 inode = (__u64)BPF_CORE_READ((struct address_space *)mapping, host);

		info = (void *)inode - bpf_core_field_offset(struct aio_inode_info___71, vfs_inode);
		return (__u64)BPF_CORE_READ(info, ctx);
	}
	if (bpf_core_field_exists(as->i_private_data))
		return (__u64)BPF_CORE_READ(as, i_private_data);
	return (__u64)BPF_CORE_READ((struct address_space___before68 *)mapping, private_data);
}

static __always_inline __u64 core_aio_ctx_of_ring_lock(__u64 lock)
{
	return lock - bpf_core_field_offset(struct kioctx___any, ring_lock);
}

static __always_inline __u64 core_aio_ctx_of_completion_lock(__u64 lock)
{
	return lock - bpf_core_field_offset(struct kioctx___any, completion_lock);
}

static __always_inline __u32 core_aio_nr_events(__u64 ctx)
{
	return BPF_CORE_READ((struct kioctx___any *)ctx, nr_events);
}

/* Where the next completion goes, an index of events. */
static __always_inline __u32 core_aio_tail(__u64 ctx)
{
	return BPF_CORE_READ((struct kioctx___any *)ctx, tail);
}

/*
 * struct page -> kernel address: where x86-64 has its two bases, which KASLR moves; 0: not known. No externs:
 * for these libbpf reads all of /proc/kallsyms, for each object, which was half of a start's time.
 */
volatile __u64 vmemmap_base_at = 0, page_offset_base_at = 0;

/* The address at which the kernel reads @page, 0 where it is not known how to tell. */
static __always_inline __u64 core_page_address(__u64 page, __u32 page_shift)
{
	__u64 map = 0, offset = 0;

	if (!vmemmap_base_at || !page_offset_base_at)
		return 0;
	bpf_probe_read_kernel(&map, sizeof(map), (void *)vmemmap_base_at);
	bpf_probe_read_kernel(&offset, sizeof(offset), (void *)page_offset_base_at);
	return offset + ((page - map) / bpf_core_type_size(struct page) << page_shift);
}

/*
 * Head and tail in the header of a context's ring (struct aio_ring, a user ABI): where the kernel
 * reads them, or where the reader has the ring mapped, unless it is just being moved.
 */
static __always_inline bool core_aio_ring(__u64 ctx, __u32 page_shift, __u32 *head, __u32 *tail)
{
	struct kioctx___folios *folios = (void *)ctx;
	__u64 pages, page = 0, ring;
	__u32 at[4] = {};

	if (bpf_core_field_exists(folios->ring_folios))
		pages = (__u64)BPF_CORE_READ(folios, ring_folios);
	else
		pages = (__u64)BPF_CORE_READ((struct kioctx___pages *)ctx, ring_pages);
	bpf_probe_read_kernel(&page, sizeof(page), (void *)pages);
	ring = page ? core_page_address(page, page_shift) : 0;
	if (ring ? bpf_probe_read_kernel(at, sizeof(at), (void *)ring) :
		   bpf_probe_read_user(at, sizeof(at),
				       (void *)BPF_CORE_READ((struct kioctx___any *)ctx, user_id)))
		return false;
	*head = at[2];
	*tail = at[3];
	return true;
}

#endif /* MIGTRACE_CORE_AIO_BPF_H */
