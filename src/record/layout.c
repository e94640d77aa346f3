// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The parts of a file system, sorted, and what is where (layout.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "record/layout.h"

static const char *const names[BLOCK_COUNT] = {
	[BLOCK_SUPERBLOCK] = "superblock", [BLOCK_DESCRIPTORS] = "descriptors",
	[BLOCK_BITMAP] = "bitmap",	   [BLOCK_INODE_TABLE] = "inode_table",
	[BLOCK_DIRECTORY] = "directory",   [BLOCK_JOURNAL] = "journal",
	[BLOCK_MAP] = "block_map",	   [BLOCK_FAT] = "allocation_table",
};

const char *block_is__name(unsigned int is)
{
	return is < BLOCK_COUNT ? names[is] : NULL;
}

int layout__get(const struct layout *l, void *buf, size_t size, __u64 at)
{
	if (at > (1ULL << 62))
		return -EIO;
	return pread(l->fd, buf, size, (off_t)at) == (ssize_t)size ? 0 : -EIO;
}

int layout__add(struct layout *l, enum block_is is, __u64 begin, __u64 size)
{
	struct layout_part *last = l->n ? &l->v[l->n - 1] : NULL;

	if (!size || begin + size < begin)
		return 0;
	if (last && last->is == is && last->end == begin) {
		last->end += size;
		return 0;
	}
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 256;
		void *v;

		if (room > LAYOUT_PARTS)
			return -ENOSPC;
		v = realloc(l->v, room * sizeof(*l->v));
		if (!v)
			return -ENOMEM;
		l->v = v;
		l->room = room;
	}
	l->v[l->n++] = (struct layout_part){ begin, begin + size, is };
	return 0;
}

static int by_begin(const void *a, const void *b)
{
	const struct layout_part *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

int layout__read(struct layout *l, int fd)
{
	int ret;

	l->fd = fd;
	ret = layout__ext4(l);
	if (ret == -ENOENT)
		ret = layout__fat(l);
	if (l->n && (ret == -EIO || ret == -ENOSPC)) { /* what was found before is right */
		l->partial = true;
		ret = 0;
	}
	if (!ret && l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_begin);
	if (ret)
		layout__free(l);
	return ret;
}

void layout__free(struct layout *l)
{
	free(l->v);
	memset(l, 0, sizeof(*l));
}

enum block_is layout__at(const struct layout *l, __u64 at)
{
	size_t low = 0, high = l->n;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (l->v[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low < l->n && l->v[low].begin <= at ? l->v[low].is : BLOCK_UNKNOWN;
}
