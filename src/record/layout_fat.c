// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * FAT12, 16 and 32 (layout.h): what the boot sector says, and the tree of directories from its root by
 * their chains in the allocation table. Fields: include/uapi/linux/msdos_fs.h of the kernel.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/layout.h"

#define ENTRY	   32
#define ATTR_DIR   0x10
#define ATTR_LABEL 0x08 /* long names have it, too */

struct fat {
	struct layout *l;
	__u32 sector, cluster, reserved, fats, root_entries, bits; /* @cluster: bytes */
	__u64 sectors, fat_sectors, root, data, clusters; /* @root, @data: bytes from the begin */
	__u32 root_cluster;
	__u32 *dirs;
	size_t dirs_n, dirs_room;
	__u8 *seen, *buf;
	__u64 dir_bytes;
};

static bool is_power_of_2(__u32 n)
{
	return n && !(n & (n - 1));
}

static int read_boot(struct fat *f)
{
	__u8 s[512];
	__u64 head;

	if (layout__get(f->l, s, sizeof(s), 0))
		return -ENOENT;
	f->sector = layout__le16(s + 11);
	f->cluster = s[13] * f->sector;
	f->reserved = layout__le16(s + 14);
	f->fats = s[16];
	f->root_entries = layout__le16(s + 17);
	f->sectors = layout__le16(s + 19) ?: layout__le32(s + 32);
	f->fat_sectors = layout__le16(s + 22) ?: layout__le32(s + 36);
	if (layout__le16(s + 510) != 0xaa55 || !is_power_of_2(f->sector) || f->sector < 512 ||
	    f->sector > 4096 || !is_power_of_2(s[13]) || !f->reserved || !f->fats || f->fats > 4 ||
	    s[21] < 0xf0 || !f->fat_sectors)
		return -ENOENT;
	f->root = (f->reserved + f->fats * f->fat_sectors) * f->sector;
	head = f->root + ((__u64)f->root_entries * ENTRY + f->sector - 1) / f->sector * f->sector;
	f->data = head;
	if (f->sectors * f->sector <= head)
		return -ENOENT;
	f->clusters = (f->sectors * f->sector - head) / f->cluster;
	f->bits = f->clusters < 4085 ? 12 : f->clusters < 65525 ? 16 : 32;
	if (!layout__le16(s + 22)) /* as the kernel has it */
		f->bits = 32;
	f->root_cluster = f->bits == 32 ? layout__le32(s + 44) : 0;
	return 0;
}

/* The cluster behind @cluster, 0: there is none. */
static __u32 next(const struct fat *f, __u32 cluster)
{
	__u64 at = (__u64)f->reserved * f->sector + (__u64)cluster * f->bits / 8;
	__u8 v[4] = { 0 };
	__u32 n;

	if (layout__get(f->l, v, f->bits == 32 ? 4 : 2, at))
		return 0;
	n = f->bits == 32 ? layout__le32(v) & 0x0fffffff : layout__le16(v);
	if (f->bits == 12)
		n = cluster & 1 ? n >> 4 : n & 0xfff;
	return n >= 2 && n < f->clusters + 2 ? n : 0;
}

static int push(struct fat *f, __u32 cluster)
{
	if (cluster < 2 || cluster >= f->clusters + 2)
		return 0;
	if (f->dirs_n == f->dirs_room) {
		size_t room = f->dirs_room ? 2 * f->dirs_room : 64;
		void *v = realloc(f->dirs, room * sizeof(*f->dirs));

		if (!v)
			return -ENOMEM;
		f->dirs = v;
		f->dirs_room = room;
	}
	f->dirs[f->dirs_n++] = cluster;
	return 0;
}

static int read_entries(struct fat *f, const __u8 *buf, size_t size)
{
	int ret = 0;

	for (size_t at = 0; at + ENTRY <= size && buf[at] && !ret; at += ENTRY) {
		const __u8 *v = buf + at;

		if (v[0] == 0xe5 || v[0] == '.' || v[11] & ATTR_LABEL || !(v[11] & ATTR_DIR))
			continue;
		ret = push(f,
			   layout__le16(v + 26) | (f->bits == 32 ? layout__le16(v + 20) << 16 : 0));
	}
	return ret;
}

/* The clusters of a directory; what was seen before ends it, also where a damaged chain goes round. */
static int add_chain(struct fat *f, __u32 cluster)
{
	int ret = 0;

	for (; cluster && !ret; cluster = next(f, cluster)) {
		__u64 at = f->data + (__u64)(cluster - 2) * f->cluster;

		if (f->seen[cluster / 8] & 1 << cluster % 8)
			break;
		f->seen[cluster / 8] |= 1 << cluster % 8;
		f->dir_bytes += f->cluster;
		if (f->dir_bytes > LAYOUT_DIR_BYTES || layout__get(f->l, f->buf, f->cluster, at)) {
			f->l->partial = true;
			break;
		}
		ret = layout__add(f->l, BLOCK_DIRECTORY, at, f->cluster) ?:
			      read_entries(f, f->buf, f->cluster);
	}
	return ret;
}

/* Of FAT12 and 16: a place of its own. */
static int add_root(struct fat *f)
{
	size_t size = (size_t)f->root_entries * ENTRY;
	__u8 *buf = malloc(size);
	int ret;

	if (!buf)
		return -ENOMEM;
	ret = layout__add(f->l, BLOCK_DIRECTORY, f->root, f->data - f->root) ?:
		      layout__get(f->l, buf, size, f->root)		     ?:
		      read_entries(f, buf, size);
	free(buf);
	return ret;
}

static int add_directories(struct fat *f)
{
	int ret;

	f->seen = calloc(f->clusters / 8 + 2, 1);
	f->buf = malloc(f->cluster);
	if (!f->seen || !f->buf)
		return -ENOMEM;
	ret = f->bits == 32 ? push(f, f->root_cluster) : f->root_entries ? add_root(f) : 0;
	while (f->dirs_n && !ret)
		ret = add_chain(f, f->dirs[--f->dirs_n]);
	return ret;
}

int layout__fat(struct layout *l)
{
	struct fat f = { .l = l };
	__u64 fat;
	int ret = read_boot(&f);

	if (ret)
		return ret;
	l->type = "fat";
	fat = (__u64)f.reserved * f.sector;
	ret = layout__add(l, BLOCK_SUPERBLOCK, 0, fat)					?:
		      layout__add(l, BLOCK_FAT, fat, f.fats * f.fat_sectors * f.sector) ?:
		      add_directories(&f);
	free(f.dirs);
	free(f.seen);
	free(f.buf);
	return ret;
}
