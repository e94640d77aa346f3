// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bench's movers: the pages of a directory's blocks in the device's cache, between two NUMA nodes
 * by move_pages(2), or by compaction where there is only one.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/bench.h"

#define PAGE_BYTES 4096UL
#define BATCH	   256 /* pages of a call: it waits for a grace period before it moves any */
#define HOG_BYTES  (4UL << 20)
#define SETTLE_US  5000 /* for the readers to bring the pages back */

struct pages {
	void **at;
	int *node;
	size_t n;
};

/* The pages of the directory's blocks, mapped from the device; only those that move do any good. */
static int find_pages(const struct scratch *s, int dir, struct pages *p)
{
	size_t all = s->bytes / PAGE_BYTES, n = 0;
	bool *marked = calloc(all, sizeof(*marked));
	char *map;
	int ret;

	p->at = calloc(all, sizeof(*p->at));
	p->node = calloc(all, sizeof(*p->node));
	if (!marked || !p->at || !p->node)
		return -ENOMEM;
	map = mmap(NULL, s->bytes, PROT_READ, MAP_SHARED, s->loop, 0);
	if (map == MAP_FAILED)
		return -errno;
	/* a fault is to map the page asked for, and not to read in its neighbours */
	madvise(map, s->bytes, MADV_RANDOM);
	ret = bench_dir__mark(dir, marked, all);
	for (size_t i = 0; i < all && !ret; i++)
		if (marked[i])
			p->at[n++] = map + i * PAGE_BYTES;
	p->n = n;
	free(marked);
	return ret ? ret : n ? 0 : -ENOENT;
}

/* The pages of a call, and how many of them are now where they were to go. */
static void move_call(const struct load_work *w, size_t n, void **list, const int *wanted)
{
	int status[BATCH];
	size_t moved = 0;

	if (syscall(SYS_move_pages, 0, n, list, wanted, status, MPOL_MF_MOVE) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		moved += status[i] == wanted[i];
	load_count(&w->counts->moves, moved);
}

/* Moves the pages that are on @from to @to, again and again until a call's worth is full. */
static void move_some(const struct load_work *w, const struct pages *p, size_t times)
{
	const int *nodes = w->nodes;
	void *list[BATCH];
	int wanted[BATCH];
	size_t fill = 0;

	for (size_t r = 0; r < 2 * times; r++) { /* pages that go the same way stand together */
		int from = r & 1;

		for (size_t i = 0; i < p->n && !load_stopped(); i++) {
			int on = (p->node[i] == nodes[1]) ^ (int)(r / 2 & 1);

			if (p->node[i] < 0 || on != from)
				continue;
			wanted[fill] = nodes[1 - from];
			list[fill++] = p->at[i];
			if (fill < BATCH)
				continue;
			move_call(w, fill, list, wanted);
			fill = 0;
		}
	}
	if (fill)
		move_call(w, fill, list, wanted);
}

int load_move_numa(const struct load_work *w)
{
	struct pages p;
	int ret = find_pages(w->scratch, w->dir, &p);

	while (!ret && !load_stopped()) {
		for (size_t i = 0; i < p.n; i++) /* only what is mapped can be moved this way */
			(void)*(volatile char *)p.at[i];
		if (syscall(SYS_move_pages, 0, p.n, p.at, NULL, p.node, 0))
			return -errno;
		move_some(w, &p, p.n < BATCH ? BATCH / p.n : 1);
		load_count(&w->counts->passes, 1);
	}
	return ret;
}

/* Memory with holes all over, at random: what is read next falls into them. */
static int make_holes(char *hog, unsigned int *seed)
{
	if (madvise(hog, HOG_BYTES, MADV_DONTNEED))
		return -errno;
	for (size_t i = 0; i < HOG_BYTES; i += PAGE_BYTES)
		hog[i] = 1;
	for (size_t i = 0; i < HOG_BYTES; i += PAGE_BYTES)
		if (rand_r(seed) & 1 && madvise(hog + i, PAGE_BYTES, MADV_DONTNEED))
			return -errno;
	return 0;
}

/* Pages that the kernel has moved, for whomever. */
static __u64 moved_in_all(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	unsigned long long n = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "pgmigrate_success %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

static int compact(void)
{
	int fd = open("/proc/sys/vm/compact_memory", O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, "1", 1) == 1 ? 0 : -errno;
	close(fd);
	return ret;
}

/*
 * Compaction moves pages to the end of their zone, where it finds nothing more to do: each time the
 * device's cache is dropped, and the readers bring it in again between the pages of a hog.
 */
int load_move_compact(const struct load_work *w)
{
	char *hog =
		mmap(NULL, HOG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int seed = 1;
	__u64 before;
	int ret = hog == MAP_FAILED ? -errno : 0;

	if (!ret)
		madvise(hog, HOG_BYTES, MADV_NOHUGEPAGE); /* refused without huge pages: fine */
	while (!ret && !load_stopped()) {
		ret = make_holes(hog, &seed);
		posix_fadvise(w->scratch->loop, 0, 0, POSIX_FADV_DONTNEED);
		usleep(SETTLE_US);
		before = moved_in_all();
		if (!ret)
			ret = compact();
		load_count(&w->counts->moves, moved_in_all() - before);
		load_count(&w->counts->passes, 1);
	}
	return ret;
}
