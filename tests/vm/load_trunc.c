// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's dirty files, truncated and evicted as soon as they are written. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE	   4096
#define FILE_PAGES 512

/*
 * Dirty pages are to stay dirty, and on the node that is compacted: beyond its share of the limit
 * a node gets no more of them.  The background thread compacts in another mode than the movers.
 */
static void keep_dirty(void)
{
	set_number("/proc/sys/vm/dirty_ratio", 100);
	set_number("/proc/sys/vm/dirty_background_ratio", 90);
	set_number("/proc/sys/vm/compaction_proactiveness", 0);
}

/* Preferred: what no longer fits goes to the other node, and nobody is killed for it. */
void prefer_node1(void)
{
	unsigned long node1 = 1UL << 1;

	if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &node1, 8 * sizeof(node1)))
		die("set_mempolicy (a kernel without NUMA?)");
}

/* A page a call: a longer write gets large folios where the file system has them. */
static bool fill(int fd)
{
	static const char data[PAGE] = { 1 };

	for (int i = 0; i < FILE_PAGES && !stopped(); i++)
		if (pwrite(fd, data, PAGE, (off_t)i * PAGE) != PAGE)
			return false;
	return true;
}

/*
 * One file stays and loses its pages, which leaves its mapping alive; the other one is unlinked
 * before its last close, so that the mapping itself goes away ("exiting") while it is emptied. They
 * are not the same file, because ext4 writes out on close what was written after a truncation.
 */
void trunc_files(int nr)
{
	char kept[4096], gone[4096];
	int keep, fd;

	keep_dirty();
	prefer_node1();
	snprintf(kept, sizeof(kept), "%s/kept-%d", opt.dir, nr);
	snprintf(gone, sizeof(gone), "%s/gone-%d", opt.dir, nr);
	keep = open(kept, O_CREAT | O_RDWR | O_TRUNC, 0644);
	if (keep < 0)
		die("%s (run load setup first)", kept);
	while (!stopped()) {
		fd = open(gone, O_CREAT | O_RDWR | O_TRUNC, 0644);
		if (fd < 0)
			die("%s", gone);
		if (!fill(fd) || !fill(keep))
			add(&count->storm_errors, 1);
		if (unlink(gone) || close(fd) || ftruncate(keep, 0))
			die("truncate in %s", opt.dir);
		add(&count->truncated, 2 * FILE_PAGES);
	}
	close(keep);
	unlink(kept);
}
