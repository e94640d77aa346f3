// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's mover by direct compaction: huge pages asked for where no free one is left. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "load.h"

#define HUGE_PAGES "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages"
#define HUGE	   (2UL << 20)
#define LEFT	   16 /* huge pages of the node that are left to small ones */

static long huge_pages(void)
{
	FILE *f = fopen(HUGE_PAGES, "r");
	long n;

	if (!f || fscanf(f, "%ld", &n) != 1)
		die("%s", HUGE_PAGES);
	fclose(f);
	return n;
}

/*
 * Leave the node little else than pages that are taken as huge ones: what is left is then full of
 * holes quickly, and compaction finds the workers' pages in it and nothing else.
 */
static long take_node(void)
{
	long taken;

	/* else the huge pages that khugepaged would like to have free are more than what is left */
	set_number("/proc/sys/vm/min_free_kbytes", 2048);
	if (!set_number(HUGE_PAGES, 1L << 20))
		die("%s (a kernel without NUMA or hugetlb?)", HUGE_PAGES);
	taken = huge_pages() - LEFT;
	if (taken < 0)
		die("less than %d huge pages on the node", LEFT);
	set_number(HUGE_PAGES, taken);
	return taken;
}

/*
 * Each huge page asked for beyond those is compaction's in the modes of the page allocator, first
 * asynchronous and then light, which do not wait for a page.  Those that it got are given back, and
 * the hog makes holes of them again.  Where it fails often it is put off, up to 64 requests.
 */
void move_direct(int nr)
{
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail");
	uint64_t stalls = vmstat("compact_stall");
	unsigned long node1 = 1UL << 1;
	unsigned int seed = 1;
	long taken = take_node();
	char *hog =
		mmap(NULL, LEFT * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (hog == MAP_FAILED)
		die("mmap");
	madvise(hog, LEFT * HUGE, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses: fine */
	/* preferred: what no longer fits goes to the other node, and nobody is killed for it */
	if (syscall(SYS_set_mempolicy, MPOL_PREFERRED, &node1, 8 * sizeof(node1)))
		die("set_mempolicy (a kernel without NUMA?)");
	while (!stopped()) {
		fragment(hog, LEFT * HUGE, &seed);
		for (int i = 1; i <= LEFT && !stopped(); i++)
			set_number(HUGE_PAGES, taken + i);
		count->pages = huge_pages() - taken;
		set_number(HUGE_PAGES, taken);
		add(&count->rounds, 1);
	}
	set_number(HUGE_PAGES, 0);
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	add(&count->stalls, vmstat("compact_stall") - stalls);
	(void)nr;
}
