// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The load's movers that want a range of memory empty: blocks of it that go offline, and pages of 1 GiB,
 * which are made of what is there (alloc_contig_range). Both have to find the device's pages in it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE	 4096UL
#define GIB	 (1UL << 30)
#define MEMORY	 "/sys/devices/system/memory/"
#define GIGANTIC "/sys/devices/system/node/node1/hugepages/hugepages-1048576kB/nr_hugepages"
#define BLOCKS	 64	      /* a round's; the device's pages lie in fewer */
#define STEP	 (64UL << 20) /* of a hog */
#define HOG_MAX	 (2 * GIB)
#define SMALL	 (256UL << 20) /* of single pages, which fill what holes there are below */
#define ENOUGH	 64 /* of them in the range: from now on all that is allocated lies there */

/*
 * Node 1 has 4 to 7 GiB: its begin and its end are the kernel's own, from when it booted. Where the pages
 * are brought: past a sixteenth of it, or into the first whole GiB that is clean.
 */
static uint64_t begin = 4 * GIB + GIB / 4, end = 5 * GIB;

/* Where the page at @at lies in memory; 0: it is not mapped. */
static uint64_t address_of(const void *at)
{
	static int fd = -1;
	uint64_t entry = 0;

	if (fd < 0)
		fd = open("/proc/self/pagemap", O_RDONLY);
	if (pread(fd, &entry, sizeof(entry), (uintptr_t)at / PAGE * sizeof(entry)) != sizeof(entry))
		die("/proc/self/pagemap");
	return entry >> 63 ? (entry & ((1ULL << 55) - 1)) * PAGE : 0;
}

static bool inside(const void *at)
{
	uint64_t a = address_of(at);

	return a >= begin && a < end;
}

static uint64_t block_bytes(void)
{
	FILE *f = fopen(MEMORY "block_size_bytes", "r");
	uint64_t v;

	if (!f || fscanf(f, "%jx", &v) != 1 || !v)
		die(MEMORY "block_size_bytes");
	fclose(f);
	return v;
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A page that is pinned for good keeps the kernel trying until a signal comes. */
static bool set_state(uint64_t block, const char *state)
{
	const struct itimerval soon = { .it_value = { .tv_usec = 500000 } }, never = { 0 };
	char path[96];
	int fd, n;

	snprintf(path, sizeof(path), MEMORY "memory%ju/state", block);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		return false;
	setitimer(ITIMER_REAL, &soon, NULL);
	n = write(fd, state, strlen(state));
	setitimer(ITIMER_REAL, &never, NULL);
	close(fd);
	return n > 0;
}

static bool note(uint64_t *blocks, int *n, uint64_t block)
{
	for (int i = 0; i < *n; i++)
		if (blocks[i] == block)
			return false;
	if (*n == BLOCKS)
		return false;
	blocks[(*n)++] = block;
	return true;
}

static char *reserve(size_t bytes, int advice)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		die("anonymous memory");
	madvise(p, bytes, advice);
	return p;
}

/* Takes node 1's memory up to where that begins, for good. */
static void fill_up(void)
{
	unsigned long node1 = 1UL << 1;
	char *hog = reserve(HOG_MAX, MADV_HUGEPAGE);

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &node1, 8 * sizeof(node1)))
		die("set_mempolicy (a kernel without NUMA?)");
	for (size_t at = 0; at + STEP <= HOG_MAX && !stopped(); at += STEP) {
		memset(hog + at, 1, STEP);
		if (inside(hog + at + STEP - PAGE))
			break;
	}
}

/*
 * The device's pages into the range, by way of the other node: what they leave on this one, and what else is
 * free below, is taken meanwhile.
 */
static size_t place(void ***pages)
{
	static char *small;
	size_t n = find_pages(pages), in = 0;

	if (!small)
		small = reserve(SMALL, MADV_NOHUGEPAGE);
	move_to(n, *pages, 0);
	for (size_t at = 0; at < SMALL && in < ENOUGH && !stopped(); at += PAGE) {
		small[at] = 1;
		in += inside(small + at);
	}
	n = find_pages(pages);
	move_to(n, *pages, 1);
	madvise(small, SMALL, MADV_DONTNEED);
	in = 0;
	for (size_t i = 0; i < n; i++)
		in += inside((*pages)[i]);
	count->pages = in;
	return n;
}

/* The blocks of memory that they lie in go offline, and come back. */
void move_offline(int nr)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	uint64_t bytes = block_bytes();

	sigaction(SIGALRM, &sa, NULL);
	map_device();
	fill_up();
	while (!stopped()) {
		uint64_t blocks[BLOCKS];
		void **page;
		int tried = 0;
		size_t n = place(&page);

		for (size_t i = 0; i < n && !stopped(); i++) {
			uint64_t at = address_of(page[i]);

			if (!inside(page[i]) || !note(blocks, &tried, at / bytes) ||
			    !set_state(at / bytes, "offline"))
				continue;
			add(&count->rounds, 1);
			if (!set_state(at / bytes, "online"))
				die("memory%ju stays offline", at / bytes);
		}
	}
	(void)nr;
}

/* A page of 1 GiB is made of where they lie, and given back. */
void move_contig(int nr)
{
	begin = 5 * GIB;
	end = 6 * GIB;
	map_device();
	fill_up();
	while (!stopped()) {
		void **page;

		place(&page);
		if (set_number(GIGANTIC, 1) && set_number(GIGANTIC, 0))
			add(&count->rounds, 1);
	}
	(void)nr;
}
