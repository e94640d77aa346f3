// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* A directory too large for the buffers that a CPU remembers, so that reading it looks them up. */
#include <errno.h>
#include <fcntl.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/bench.h"

#define NAME_LENGTH 250
#define EXTENTS	    512
#define PAGE_BYTES  4096

int bench_dir__fill(int dir, __u64 bytes, bool links, __u64 *got, __u64 *entries)
{
	char name[NAME_LENGTH + 1], first[NAME_LENGTH + 1];
	struct stat st;
	__u64 n = 0;

	do {
		snprintf(name, sizeof(name), "%0*llu", NAME_LENGTH, (unsigned long long)n);
		if (n && links ? linkat(dir, first, dir, name, 0) :
				 mknodat(dir, name, S_IFREG | 0644, 0))
			return -errno;
		if (!n++)
			memcpy(first, name, sizeof(first));
		if (fstat(dir, &st))
			return -errno;
	} while ((__u64)st.st_size < bytes);
	*got = st.st_size;
	*entries = n;
	return 0;
}

int bench_dir__mark(int dir, bool *marked, size_t pages)
{
	struct {
		struct fiemap map;
		struct fiemap_extent extent[EXTENTS];
	} f = { .map = { .fm_length = FIEMAP_MAX_OFFSET, .fm_extent_count = EXTENTS } };

	if (ioctl(dir, FS_IOC_FIEMAP, &f))
		return errno == ENOTTY ? -EOPNOTSUPP : -errno;
	for (__u32 i = 0; i < f.map.fm_mapped_extents; i++) {
		__u64 at = f.extent[i].fe_physical, end = at + f.extent[i].fe_length;

		for (at /= PAGE_BYTES; at * PAGE_BYTES < end && at < pages; at++)
			marked[at] = true;
	}
	return 0;
}

long bench_dir__read(int dir, bool (*stopped)(void))
{
	static char buf[65536];
	long len, entries = 0;

	if (lseek(dir, 0, SEEK_SET) < 0)
		return -errno;
	while (!stopped() && (len = syscall(SYS_getdents64, dir, buf, sizeof(buf)))) {
		if (len < 0)
			return -errno;
		for (long at = 0; at < len; entries++)
			at += *(unsigned short *)(buf + at + 16); /* d_reclen */
	}
	return entries;
}
