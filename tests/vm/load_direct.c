// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's mover by direct compaction: huge pages asked for where no free one is left. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE	   4096UL
#define HUGE	   (2UL << 20)
#define NODE	   "/sys/devices/system/node/node1/"
#define HUGE_PAGES NODE "hugepages/hugepages-2048kB/nr_hugepages"

#define LEFT	 16 /* huge pages of the node that are left to small ones */
#define SPARED	 16 /* that MOVE_SYNC does not ask for */
#define ATTEMPTS 64 /* at a huge page, between two times that holes are made */
#define ENOUGH	 8  /* huge pages: more would take the free pages that compaction works with */
#define FS_MIB	 64 /* of the file system at most, as load setup makes it */
#define RUN	 4  /* a hole is of fewer pages; with 7, 6.12 hardly compacts */

static long taken; /* huge pages */

/* Write @n to the kernel's file @path; false if there is none or it refuses. */
bool set_number(const char *path, long n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld", n);
	int fd = open(path, O_WRONLY);
	bool ok = fd >= 0 && write(fd, text, len) == len;

	if (fd >= 0)
		close(fd);
	return ok;
}

static long huge_pages(void)
{
	FILE *f = fopen(HUGE_PAGES, "r");
	long n;

	if (!f || fscanf(f, "%ld", &n) != 1)
		die("%s", HUGE_PAGES);
	fclose(f);
	return n;
}

static size_t node_free(void)
{
	FILE *f = fopen(NODE "meminfo", "r");
	char line[256];
	size_t kib;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "Node 1 MemFree: %zu", &kib) == 1) {
			fclose(f);
			return kib << 10;
		}
	die(NODE "meminfo");
}

/*
 * Write all of the file system once.  A RAM disk allocates its pages as they are written, they
 * never move, and one that grows during the run would fill what is left of the node.
 */
static void fill_device(void)
{
	const size_t chunk = 1 << 20;
	char path[4096], *buf = aligned_alloc(PAGE, chunk);
	int fd;

	snprintf(path, sizeof(path), "%s/filler", opt.dir);
	fd = open(path, O_CREAT | O_RDWR | O_DIRECT, 0644);
	if (fd < 0 || !buf) /* tmpfs is not on a device */
		return;
	for (int i = 0; i < FS_MIB && write(fd, buf, chunk) > 0; i++)
		;
	close(fd);
	unlink(path);
	free(buf);
	sync();
}

/*
 * Leave the node little else than pages that are taken as huge ones: what is left is then full of
 * holes quickly, and compaction finds the workers' pages in it and nothing else.  MOVE_SYNC leaves
 * enough that nobody else gets the idea to compact it.
 */
void take_node(void)
{
	long all;

	fill_device();
	/* else the huge pages that khugepaged would like to have free are more than what is left */
	set_number("/proc/sys/vm/min_free_kbytes", 2048);
	all = opt.mover == MOVE_DIRECT ? 1L << 20 : (long)(node_free() / HUGE) - SPARED;
	if (!set_number(HUGE_PAGES, all))
		die("%s (a kernel without NUMA or hugetlb?)", HUGE_PAGES);
	taken = huge_pages() - LEFT;
	if (taken < 0) {
		errno = ENOMEM;
		die("less than %d huge pages on the node", LEFT);
	}
	set_number(HUGE_PAGES, taken);
}

/*
 * What is free of the node, with random holes.  Like fragment(), but cheaper where it is a lot:
 * the kernel faults it in at one go, and a hole is several pages.
 */
static void scatter(unsigned int *seed)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	static char *hog;
	static size_t bytes;

	if (hog)
		munmap(hog, bytes);
	/* what others give back meanwhile would make huge pages too */
	bytes = opt.mover == MOVE_DIRECT ? node_free() + LEFT / 2 * HUGE :
					   node_free() / 2 / PAGE * PAGE;
	hog = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (hog == MAP_FAILED)
		die("mmap");
	for (size_t i = 0; i < bytes;) {
		size_t hole = rand_r(seed) % RUN * PAGE;

		if (hole > bytes - i)
			hole = bytes - i;
		if (hole && madvise(hog + i, hole, MADV_DONTNEED))
			die("madvise");
		i += hole + PAGE;
	}
}

/*
 * Each huge page asked for beyond those taken is compaction's in the modes of the page allocator,
 * first asynchronous and then light, if none is free.  A failure makes the kernel put compaction
 * off, for up to 64 requests, until one succeeds: so it is not left at that.
 */
static void ask(void)
{
	long have = taken;

	for (int i = 0; i < ATTEMPTS && have < taken + ENOUGH && !stopped(); i++) {
		set_number(HUGE_PAGES, have + 1);
		have = huge_pages();
	}
	add(&count->huge, have - taken);
	set_number(HUGE_PAGES, taken);
}

/* MOVE_SYNC is the counterpart: the same node and holes, and compaction that waits for pages. */
void move_direct(int nr)
{
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail");
	uint64_t stalls = vmstat("compact_stall");
	unsigned int seed = 1;

	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0); /* a kernel without huge pages refuses: fine */
	prefer_node1();
	while (!stopped()) {
		scatter(&seed);
		if (opt.mover == MOVE_DIRECT)
			ask();
		else if (!set_number(NODE "compact", 1))
			die(NODE "compact");
		add(&count->rounds, 1);
	}
	set_number(HUGE_PAGES, 0);
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	add(&count->stalls, vmstat("compact_stall") - stalls);
	(void)nr;
}
