/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What a block of a device is, by the layout of the file system on it: read from the device, which may
 * be mounted, and never mounted for it. Own readers and not libext2fs: what is wanted is ten fields of
 * ext4 and FAT alike, of a file system in use, by a program without that library's dependencies.
 * Stage 3 (record); knows neither maps nor runs.
 */
#ifndef MIGTRACE_LAYOUT_H
#define MIGTRACE_LAYOUT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum block_is {
	BLOCK_UNKNOWN = 0,
	BLOCK_SUPERBLOCK, /* ext4's, or its copies; FAT's boot sector and what is reserved with it */
	BLOCK_DESCRIPTORS, /* of block groups, and what is reserved for more */
	BLOCK_BITMAP,	   /* of blocks or inodes */
	BLOCK_INODE_TABLE,
	BLOCK_DIRECTORY,
	BLOCK_JOURNAL,
	BLOCK_MAP, /* where a directory or the journal has its blocks: extents, indirect blocks */
	BLOCK_FAT, /* the file allocation table */
	BLOCK_COUNT,
};

/* superblock, descriptors, ...; NULL for BLOCK_UNKNOWN. */
const char *block_is__name(unsigned int is);

/* A run of bytes that are one thing. */
struct layout_part {
	__u64 begin, end;
	enum block_is is;
};

struct layout {
	int fd;
	const char *type; /* "ext4" (or 2, 3), "fat" */
	struct layout_part *v;
	size_t n, room;
	bool partial; /* there is more than is looked at, or it is damaged or can't be read */
};

/*
 * Reads the layout of the file system on @fd, a device or an image, into the zeroed @l. 0; -ENOENT when
 * it is neither ext4 nor FAT; -ENOMEM; -EIO when nothing of it was found. @fd stays the caller's.
 */
int layout__read(struct layout *l, int fd);
void layout__free(struct layout *l);
/* What the byte at @at belongs to. */
enum block_is layout__at(const struct layout *l, __u64 at);

/* For the readers: layout_ext4.c, layout_fat.c. -ENOENT: another file system. */
int layout__ext4(struct layout *l);
int layout__fat(struct layout *l);
/* Bytes from @at on; 0 or -EIO. */
int layout__get(const struct layout *l, void *buf, size_t size, __u64 at);
/* 0; -ENOMEM; -ENOSPC: LAYOUT_PARTS are in. */
int layout__add(struct layout *l, enum block_is is, __u64 begin, __u64 size);

static inline __u32 layout__le16(const void *p)
{
	const __u8 *b = p;

	return b[0] | b[1] << 8;
}

static inline __u32 layout__le32(const void *p)
{
	return layout__le16(p) | layout__le16((const __u8 *)p + 2) << 16;
}

/*
 * What is looked at, of one file system: blocks of directories, of maps (a directory of five blocks may
 * need one), and how many parts are kept.
 */
#define LAYOUT_DIR_BYTES (256ULL << 20)
#define LAYOUT_MAP_BYTES (LAYOUT_DIR_BYTES / 4)
#define LAYOUT_PARTS	 (1u << 22)

#endif /* MIGTRACE_LAYOUT_H */
