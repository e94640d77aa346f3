/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* As core.bpf.h, for what is asked of every folio that migrates (refs.bpf.h). */
#ifndef MIGTRACE_CORE_REFS_BPF_H
#define MIGTRACE_CORE_REFS_BPF_H

#include "core.bpf.h"

/* A mapping as it stands in a page: what its low bits say, the same since 2.6.32. */
#define CORE_MAPPING_ANON    1
#define CORE_MAPPING_MOVABLE 2 /* alone; with ANON: KSM's */

#define CORE_AIO_MAGIC	     0xa10a10a1 /* fs/aio.c, since 3.12 */
#define CORE_HUGETLBFS_MAGIC 0x958458f6 /* magic.h */

/* The first word of a page, and of a folio. */
static __always_inline __u64 core_folio_flags(__u64 folio)
{
	unsigned long flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags), (void *)folio);
	return flags;
}

static __always_inline bool core_flags_private(__u64 flags)
{
	return flags >> bpf_core_enum_value(enum pageflags___any, PG_private___any) & 1;
}

/* The bit of PG_swapcache means other things in files' pages, which are not swap-backed. */
static __always_inline bool core_flags_swapcache(__u64 flags)
{
	return flags >> bpf_core_enum_value(enum pageflags___any, PG_swapbacked___any) &
	       flags >> bpf_core_enum_value(enum pageflags___any, PG_swapcache___any) & 1;
}

static __always_inline __u64 core_mapping_magic(__u64 mapping)
{
	return BPF_CORE_READ((struct address_space *)mapping, host, i_sb, s_magic);
}

/* Does the file system migrate its pages itself, or by a function of the kernel's for that? */
static __always_inline bool core_mapping_migrates(__u64 mapping)
{
	const struct address_space_operations *ops =
		BPF_CORE_READ((struct address_space *)mapping, a_ops);
	struct address_space_operations___60 *now = (void *)ops;

	if (bpf_core_field_exists(now->migrate_folio))
		return BPF_CORE_READ(now, migrate_folio) != NULL;
	return BPF_CORE_READ((struct address_space_operations___before60 *)ops, migratepage) !=
	       NULL;
}

#endif /* MIGTRACE_CORE_REFS_BPF_H */
