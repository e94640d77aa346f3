// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's cold lookups: blocks of the directory that are being read, and locked that long. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "load.h"

#define PAGE	   4096
#define READS	   64	       /* between two times that the cache is dropped */
#define FIRST_HASH 0x7fffffffL /* below which ext4 has the hashes of names in a position */

/*
 * A piece of the directory at a random place: ext4 reads a block at a time, and locks the buffer
 * but not its page until the device is done with it.  It needs a device that takes its time, as
 * null_blk does if told to; on a RAM disk nothing is seen locked.
 */
void cold(int nr)
{
	unsigned int seed = 1 + nr;
	char path[4096], buf[PAGE];
	int dev = open(opt.dev, O_RDONLY), dir;

	snprintf(path, sizeof(path), "%s/d", opt.dir);
	dir = open(path, O_RDONLY | O_DIRECTORY);
	if (dev < 0 || dir < 0)
		die("%s on %s (run load setup first)", path, opt.dev);
	prefer_node1();
	for (unsigned long i = 0; !stopped(); i++) {
		if (nr == 0 && i % READS == 0)
			posix_fadvise(dev, 0, 0, POSIX_FADV_DONTNEED);
		lseek(dir, (off_t)(rand_r(&seed) % FIRST_HASH) << 32, SEEK_SET);
		if (syscall(SYS_getdents64, dir, buf, sizeof(buf)) < 0)
			add(&count->read_errors, 1);
		add(&count->cold_reads, 1);
	}
}
