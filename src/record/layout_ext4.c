// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * ext2, 3 and 4 (layout.h): what the superblock and the descriptors of groups say, the journal's inode, and
 * the tree of directories from its root. Fields: Documentation/filesystems/ext4 of the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/layout.h"

#define SUPER_AT     1024
#define SUPER_SIZE   1024
#define ROOT_INODE   2
#define INODE_LEAST  128
#define INODE_BLOCK  40 /* i_block, 60 bytes */
#define IS_DIR(i)    ((layout__le16(i) & 0170000) == 0040000)
#define USES_EXTENTS 0x80000
#define INLINE_DATA  0x10000000
#define EXTENT_MAGIC 0xf30a
#define DEPTH_MOST   5
#define GROUPS_MOST  (1u << 20)

enum {
	COMPAT_SPARSE_SUPER2 = 0x200,
	INCOMPAT_FILETYPE = 0x2,
	INCOMPAT_META_BG = 0x10,
	INCOMPAT_64BIT = 0x80,
	INCOMPAT_JOURNAL_DEV = 0x8,
	RO_COMPAT_SPARSE_SUPER = 0x1,
	TYPE_DIR = 2, /* of an entry */
};

struct ext4 {
	struct layout *l;
	__u64 blocks, first, journal;
	__u32 size, per_group, inodes, inodes_per_group, inode_size, groups, desc_size, reserved;
	__u32 compat, incompat, ro_compat, first_meta, backup[2];
	__u64 *table; /* of each group, its block */
	/* directories that wait, and which were seen */
	__u32 *dirs;
	size_t dirs_n, dirs_room;
	__u8 *seen;
	__u64 dir_bytes, map_bytes;
};

static int read_super(struct ext4 *e)
{
	__u8 s[SUPER_SIZE];
	__u32 log;

	if (layout__get(e->l, s, sizeof(s), SUPER_AT) || layout__le16(s + 0x38) != 0xef53)
		return -ENOENT;
	log = layout__le32(s + 0x18);
	e->incompat = layout__le32(s + 0x60);
	e->compat = layout__le32(s + 0x5c);
	e->ro_compat = layout__le32(s + 0x64);
	e->per_group = layout__le32(s + 0x20);
	e->inodes = layout__le32(s);
	e->inodes_per_group = layout__le32(s + 0x28);
	if (log > 6 || !e->per_group || !e->inodes_per_group || e->incompat & INCOMPAT_JOURNAL_DEV)
		return -ENOENT;
	e->size = 1024u << log;
	e->first = layout__le32(s + 0x14);
	e->blocks = layout__le32(s + 4);
	e->desc_size = 32;
	if (e->incompat & INCOMPAT_64BIT) {
		e->blocks |= (__u64)layout__le32(s + 0x150) << 32;
		e->desc_size = layout__le16(s + 0xfe);
	}
	e->inode_size = layout__le32(s + 0x4c) ? layout__le16(s + 0x58) : INODE_LEAST;
	e->reserved = layout__le16(s + 0xce);
	e->journal = layout__le32(s + 0xe0);
	e->first_meta = layout__le32(s + 0x104);
	e->backup[0] = layout__le32(s + 0x24c);
	e->backup[1] = layout__le32(s + 0x250);
	if (e->blocks <= e->first || e->inode_size < INODE_LEAST || e->inode_size > e->size ||
	    e->desc_size < 32 || e->desc_size > e->size ||
	    (e->blocks - e->first) / e->per_group >= GROUPS_MOST)
		return -ENOENT;
	e->groups = (e->blocks - e->first + e->per_group - 1) / e->per_group;
	return 0;
}

static bool is_power_of(__u32 n, __u32 base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

static bool has_super(const struct ext4 *e, __u32 group)
{
	if (!group)
		return true;
	if (e->compat & COMPAT_SPARSE_SUPER2)
		return group == e->backup[0] || group == e->backup[1];
	return !(e->ro_compat & RO_COMPAT_SPARSE_SUPER) || is_power_of(group, 3) ||
	       is_power_of(group, 5) || is_power_of(group, 7);
}

static bool outside(const struct ext4 *e, __u64 block, __u64 n)
{
	return block >= e->blocks || n > e->blocks - block;
}

static int add(struct ext4 *e, enum block_is is, __u64 block, __u64 n)
{
	if (outside(e, block, n))
		return 0; /* damaged, or read while it changed */
	return layout__add(e->l, is, block * e->size, n * e->size);
}

static __u64 group_begin(const struct ext4 *e, __u32 group)
{
	return e->first + (__u64)group * e->per_group;
}

/* Blocks of descriptors that follow a superblock, if not in groups of their own (META_BG). */
static __u32 old_descriptors(const struct ext4 *e)
{
	__u32 each = e->size / e->desc_size, n = (e->groups + each - 1) / each;

	return e->incompat & INCOMPAT_META_BG && e->first_meta < n ? e->first_meta : n;
}

/* Where the descriptors of @group are in. */
static __u64 descriptor_block(const struct ext4 *e, __u32 group)
{
	__u32 each = e->size / e->desc_size, n = group / each;

	if (!(e->incompat & INCOMPAT_META_BG) || n < e->first_meta)
		return e->first + 1 + n;
	return group_begin(e, n * each) + has_super(e, n * each);
}

static int add_super(struct ext4 *e, __u32 group)
{
	__u32 each = e->size / e->desc_size, n = old_descriptors(e);
	__u64 begin = group_begin(e, group);
	bool super = has_super(e, group);
	int ret = 0;

	if (super)
		ret = add(e, BLOCK_SUPERBLOCK, begin, 1) ?:
			      add(e, BLOCK_DESCRIPTORS, begin + 1, n + e->reserved);
	if (ret || !(e->incompat & INCOMPAT_META_BG) || group / each < e->first_meta)
		return ret;
	/* the first, the second and the last of the groups that a block describes have it */
	if (group % each == 0 || group % each == 1 || group % each == each - 1)
		ret = add(e, BLOCK_DESCRIPTORS, begin + super, 1);
	return ret;
}

static __u64 desc_block(const struct ext4 *e, const __u8 *d, size_t low, size_t high)
{
	__u64 v = layout__le32(d + low);

	return e->desc_size >= 64 ? v | (__u64)layout__le32(d + high) << 32 : v;
}

static int add_groups(struct ext4 *e)
{
	__u64 tables = ((__u64)e->inodes_per_group * e->inode_size + e->size - 1) / e->size;
	__u32 each = e->size / e->desc_size;
	__u8 *block = malloc(e->size);
	int ret = block ? 0 : -ENOMEM;

	for (__u32 g = 0; g < e->groups && !ret; g++) {
		const __u8 *d = block + g % each * e->desc_size;

		if (g % each == 0 &&
		    layout__get(e->l, block, e->size, descriptor_block(e, g) * e->size))
			ret = -EIO;
		if (ret)
			break;
		e->table[g] = desc_block(e, d, 8, 0x28);
		ret = add_super(e, g)						 ?:
			      add(e, BLOCK_BITMAP, desc_block(e, d, 0, 0x20), 1) ?:
			      add(e, BLOCK_BITMAP, desc_block(e, d, 4, 0x24), 1) ?:
			      add(e, BLOCK_INODE_TABLE, e->table[g], tables);
	}
	free(block);
	return ret;
}

static int read_inode(const struct ext4 *e, __u32 inode, __u8 *out)
{
	__u32 group = (inode - 1) / e->inodes_per_group, i = (inode - 1) % e->inodes_per_group;

	if (!inode || group >= e->groups)
		return -EIO;
	return layout__get(e->l, out, INODE_LEAST,
			   e->table[group] * e->size + (__u64)i * e->inode_size);
}

/* Told of each run of blocks that an inode has. */
typedef int (*run_cb)(struct ext4 *e, __u64 block, __u64 n);

/* A damaged tree may lead back to itself: what is read of all of them is bounded. */
static int read_map(struct ext4 *e, __u64 block, __u8 *map)
{
	if (outside(e, block, 1) || e->map_bytes >= LAYOUT_MAP_BYTES)
		return -EIO;
	e->map_bytes += e->size;
	return add(e, BLOCK_MAP, block, 1) ?: layout__get(e->l, map, e->size, block * e->size);
}

static int walk_extents(struct ext4 *e, const __u8 *node, size_t size, unsigned int depth,
			run_cb cb)
{
	__u32 n = layout__le16(node + 2);
	int ret = 0;
	__u8 *next;

	if (layout__le16(node) != EXTENT_MAGIC || layout__le16(node + 6) > depth ||
	    12 * (n + 1) > size)
		return -EIO;
	if (!layout__le16(node + 6)) { /* leaves; above 32768: not yet written */
		for (__u32 i = 1; i <= n && !ret; i++) {
			const __u8 *x = node + 12 * i;
			__u32 len = layout__le16(x + 4);

			ret = cb(e, (__u64)layout__le16(x + 6) << 32 | layout__le32(x + 8),
				 len > 32768 ? len - 32768 : len);
		}
		return ret;
	}
	next = malloc(e->size);
	if (!next)
		return -ENOMEM;
	for (__u32 i = 1; i <= n && !ret; i++) {
		const __u8 *x = node + 12 * i;
		__u64 block = (__u64)layout__le16(x + 8) << 32 | layout__le32(x + 4);

		ret = read_map(e, block, next) ?:
			      walk_extents(e, next, e->size, layout__le16(node + 6) - 1u, cb);
	}
	free(next);
	return ret;
}

/* The blocks behind @block at @depth: 0: itself; a hole is none. */
static int walk_indirect(struct ext4 *e, __u64 block, unsigned int depth, run_cb cb)
{
	__u8 *next;
	int ret;

	if (!block)
		return 0;
	if (!depth)
		return cb(e, block, 1);
	next = malloc(e->size);
	if (!next)
		return -ENOMEM;
	ret = read_map(e, block, next);
	for (__u32 i = 0; i < e->size / 4 && !ret; i++)
		ret = walk_indirect(e, layout__le32(next + 4 * i), depth - 1, cb);
	free(next);
	return ret;
}

static int walk_inode(struct ext4 *e, const __u8 *inode, run_cb cb)
{
	__u32 flags = layout__le32(inode + 32);
	const __u8 *block = inode + INODE_BLOCK;
	int ret = 0;

	if (flags & INLINE_DATA)
		return 0;
	if (flags & USES_EXTENTS)
		return walk_extents(e, block, 60, DEPTH_MOST, cb);
	for (unsigned int i = 0; i < 15 && !ret; i++)
		ret = walk_indirect(e, layout__le32(block + 4 * i), i < 12 ? 0 : i - 11, cb);
	return ret;
}

static int add_journal(struct ext4 *e, __u64 block, __u64 n)
{
	return outside(e, block, n) ? -EIO : add(e, BLOCK_JOURNAL, block, n);
}

static int add_journal_inode(struct ext4 *e)
{
	__u8 inode[INODE_LEAST];
	int ret;

	if (!e->journal)
		return 0;
	ret = read_inode(e, (__u32)e->journal, inode) ?: walk_inode(e, inode, add_journal);
	if (ret != -EIO)
		return ret;
	e->l->partial = true;
	return 0;
}

static int push(struct ext4 *e, __u32 inode)
{
	if (!inode || inode > e->inodes || e->seen[inode / 8] & 1 << inode % 8)
		return 0;
	if (e->dirs_n == e->dirs_room) {
		size_t room = e->dirs_room ? 2 * e->dirs_room : 64;
		void *v = realloc(e->dirs, room * sizeof(*e->dirs));

		if (!v)
			return -ENOMEM;
		e->dirs = v;
		e->dirs_room = room;
	}
	e->seen[inode / 8] |= 1 << inode % 8;
	e->dirs[e->dirs_n++] = inode;
	return 0;
}

/* Without types in the entries each inode is asked. */
static bool leads_to_dir(const struct ext4 *e, const __u8 *entry)
{
	__u8 inode[INODE_LEAST];

	if (e->incompat & INCOMPAT_FILETYPE)
		return entry[7] == TYPE_DIR;
	return !read_inode(e, layout__le32(entry), inode) && IS_DIR(inode);
}

/* An index block of a large directory has one entry that is as long as itself, and leads nowhere. */
static int read_entries(struct ext4 *e, const __u8 *block)
{
	int ret = 0;

	for (__u32 at = 0; at + 12 <= e->size && !ret;) {
		const __u8 *entry = block + at;
		__u32 len = layout__le16(entry + 4);

		if (len == 0 || len == 65535) /* of blocks of 64 KiB */
			len = e->size;
		if (len < 8 || len > e->size - at)
			break;
		if (layout__le32(entry) && leads_to_dir(e, entry))
			ret = push(e, layout__le32(entry));
		at += len;
	}
	return ret;
}

static int add_directory(struct ext4 *e, __u64 block, __u64 n)
{
	int ret = outside(e, block, n) ? -EIO : add(e, BLOCK_DIRECTORY, block, n);
	__u8 *buf = malloc(e->size);

	if (!buf)
		return -ENOMEM;
	for (__u64 i = 0; i < n && !ret; i++) {
		e->dir_bytes += e->size;
		ret = e->dir_bytes > LAYOUT_DIR_BYTES ?
			      -EIO :
			      layout__get(e->l, buf, e->size, (block + i) * e->size);
		ret = ret ?: read_entries(e, buf);
	}
	free(buf);
	return ret;
}

static int add_directories(struct ext4 *e)
{
	__u8 inode[INODE_LEAST];
	int ret;

	e->seen = calloc(e->inodes / 8 + 1, 1);
	ret = e->seen ? push(e, ROOT_INODE) : -ENOMEM;
	while (e->dirs_n && !ret) {
		__u32 at = e->dirs[--e->dirs_n];
		int err = read_inode(e, at, inode);

		if (!err && IS_DIR(inode))
			err = walk_inode(e, inode, add_directory);
		if (err == -EIO)
			e->l->partial = true;
		ret = err == -EIO ? 0 : err;
		if (e->dir_bytes > LAYOUT_DIR_BYTES)
			break;
	}
	return ret;
}

int layout__ext4(struct layout *l)
{
	struct ext4 e = { .l = l };
	int ret = read_super(&e);

	if (ret)
		return ret;
	l->type = "ext4";
	e.table = calloc(e.groups, sizeof(*e.table));
	ret = e.table ? add_groups(&e) : -ENOMEM;
	ret = ret ?: add_journal_inode(&e) ?: add_directories(&e);
	free(e.table);
	free(e.dirs);
	free(e.seen);
	return ret;
}
