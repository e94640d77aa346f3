// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's movers: making the kernel migrate the block device's cached pages. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/fs.h>
#include <linux/mempolicy.h>

#include "bench/bench.h"
#include "load.h"

#define PAGE	  4096UL
#define HOG_BYTES (4UL << 20)

/* the device's mapping, and the pages of it to be moved */
static char *map;
static size_t map_pages;
static bool *marked;
static void **page, **list;
static int *node, *wanted, *status;
static struct spans calls; /* that moved pages, a page */

void map_device(void)
{
	int fd = open(opt.dev, O_RDONLY);
	uint64_t size;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &size))
		die("%s", opt.dev);
	map_pages = size / PAGE;
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap %s", opt.dev);
	/* a fault shall map the page asked for, and not read in its neighbours */
	madvise(map, size, MADV_RANDOM);
	marked = calloc(map_pages, sizeof(*marked));
	page = malloc(map_pages * sizeof(*page));
	node = malloc(map_pages * sizeof(*node));
	list = malloc(opt.batch * sizeof(*list));
	wanted = malloc(opt.batch * sizeof(*wanted));
	status = malloc(opt.batch * sizeof(*status));
	if (!marked || !page || !node || !list || !wanted || !status)
		die("malloc");
}

/* Mark the pages of the big directory, if the file system can tell where it is. */
static bool mark_extents(void)
{
	char path[4096];
	int fd, err;

	snprintf(path, sizeof(path), "%s/d", opt.dir);
	fd = open(path, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		die("%s (run load setup first)", path);
	err = bench_dir__mark(fd, marked, map_pages);
	close(fd);
	if (err && err != -EOPNOTSUPP) {
		errno = -err;
		die("FIEMAP of %s", path);
	}
	return !err;
}

/* Whether @buf looks like a piece of a FAT directory of long names that are mostly zeros. */
static bool fat_directory(const char *buf)
{
	static const char utf16[10] = { '0', 0, '0', 0, '0', 0, '0', 0, '0', 0 };

	for (size_t i = 0; i < PAGE; i += 32)
		if (buf[i + 11] == 0x0f && !memcmp(buf + i + 1, utf16, sizeof(utf16)))
			return true;
	return false;
}

static bool not_empty(const char *buf)
{
	return buf[0] || memcmp(buf, buf + 1, PAGE - 1);
}

/* Mark the pages whose contents @want; read past the cache, which is not to change by it. */
static void mark_contents(bool (*want)(const char *buf))
{
	static char *buf;
	const size_t chunk = 256;
	int fd = open(opt.dev, O_RDONLY | O_DIRECT);

	if (!buf)
		buf = aligned_alloc(PAGE, chunk * PAGE);
	if (fd < 0 || !buf)
		die("%s", opt.dev);
	for (size_t i = 0; i < map_pages; i += chunk) {
		ssize_t len = pread(fd, buf, chunk * PAGE, i * PAGE);

		if (len < 0)
			die("reading %s", opt.dev);
		for (size_t k = 0; k < len / PAGE; k++)
			marked[i + k] = want(buf + k * PAGE);
	}
	close(fd);
}

/*
 * The pages that the readers or the storm look up.  mincore(2) does not know them: buffers that
 * were read one by one leave their page "not up to date".  Moving the whole device instead would
 * drown them in pages that nobody wants.
 */
size_t find_pages(void ***pages)
{
	static double last;
	size_t n = 0;

	if (opt.work == WORK_STORM && now() - last > 1) {
		mark_contents(not_empty);
		last = now();
	} else if (!last) {
		if (!mark_extents())
			mark_contents(fat_directory);
		last = now();
	}
	for (size_t i = 0; i < map_pages; i++)
		if (marked[i])
			page[n++] = map + i * PAGE;
	/* only mapped pages can be moved this way */
	for (size_t i = 0; i < n; i++)
		(void)*(volatile char *)page[i];
	*pages = page;
	return n;
}

/* Pages that a second mover maps, too. */
static long move_pages(size_t n, void **pages, int *nodes, int *stat)
{
	return syscall(SYS_move_pages, 0, n, pages, nodes, stat, MPOL_MF_MOVE_ALL);
}

void move_to(size_t n, void **pages, int to)
{
	for (size_t i = 0; i < n; i += opt.batch) {
		size_t some = n - i < (size_t)opt.batch ? n - i : (size_t)opt.batch;

		for (size_t k = 0; k < some; k++)
			wanted[k] = to;
		move_pages(some, pages + i, wanted, status);
	}
}

uint64_t vmstat(const char *name)
{
	FILE *f = fopen("/proc/vmstat", "r");
	char key[128];
	uint64_t value;

	if (!f)
		die("/proc/vmstat");
	while (fscanf(f, "%127s %ju", key, &value) == 2)
		if (!strcmp(key, name)) {
			fclose(f);
			return value;
		}
	errno = ENOENT;
	die("%s in /proc/vmstat", name);
}

/* Anonymous pages that go to and fro beside the device's, as most of what is migrated is. */
static char *beside;
static bool *beside_on_1;
static size_t beside_at;

static void map_beside(void)
{
	size_t n = opt.batch;

	beside = mmap(NULL, n * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	beside_on_1 = calloc(n, sizeof(*beside_on_1));
	if (beside == MAP_FAILED || !beside_on_1)
		die("anonymous memory");
	madvise(beside, n * PAGE, MADV_NOHUGEPAGE);
	memset(beside, 1, n * PAGE);
}

/* One more page to the list; moves them once they are a call's worth. */
static void move_one(size_t *fill, void *at, int to)
{
	uint64_t begin;

	wanted[*fill] = to;
	list[(*fill)++] = at;
	if (*fill < (size_t)opt.batch)
		return;
	begin = cpu_ns();
	move_pages(*fill, list, wanted, status);
	span_add(&calls, (cpu_ns() - begin) / *fill);
	*fill = 0;
}

static void move_beside(size_t *fill)
{
	for (int i = 0; i < opt.beside; i++) {
		size_t k = beside_at++ % opt.batch;

		beside_on_1[k] = !beside_on_1[k];
		move_one(fill, beside + k * PAGE, beside_on_1[k]);
	}
}

/* Move the @n pages to the other node and back @rounds times, @opt.batch of them a call. */
static void move_all(size_t n, size_t rounds)
{
	size_t fill = 0;

	for (size_t r = 0; r < 2 * rounds; r++) { /* pages that go the same way stand together */
		int from = r & 1;

		for (size_t i = 0; i < n && !stopped(); i++) {
			if ((node[i] ^ (int)(r / 2 & 1)) != from)
				continue;
			move_one(&fill, page[i], 1 - from);
			move_beside(&fill);
		}
		/* where one that does not move stands ahead of these, they are not even tried */
		if (fill && (rounds == 1 || r == 2 * rounds - 1)) {
			move_pages(fill, list, wanted, status);
			fill = 0;
		}
	}
}

/*
 * A call waits for an RCU grace period and drains the LRU lists before it moves anything, so a call
 * moves few pages several times rather than once. It ends early when one does not move.
 */
void move_numa(int nr)
{
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail");

	map_device();
	map_beside();
	while (!stopped()) {
		void **pages;
		size_t n = find_pages(&pages);

		count->pages = n;
		if (!n) {
			errno = ENOENT;
			die("the directory's blocks on %s", opt.dev);
		}
		if (move_pages(n, pages, NULL, node))
			die("move_pages (a kernel without NUMA?)");
		move_all(n, n < (size_t)opt.batch ? opt.batch / n : 1);
		add(&count->rounds, 1);
	}
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	count->move_ns = span_median(&calls);
	(void)nr;
}

static void poke(const char *path)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, "1", 1) != 1)
		die("%s", path);
	close(fd);
}

/*
 * Memory of the readers' node with holes all over: what is allocated next falls into them. At
 * random, because compaction looks at every 32nd page only once it has met a full block.
 */
void fragment(char *hog, size_t bytes, unsigned int *seed)
{
	if (madvise(hog, bytes, MADV_DONTNEED))
		die("madvise");
	for (size_t i = 0; i < bytes; i += PAGE)
		hog[i] = 1;
	for (size_t i = 0; i < bytes; i += PAGE)
		if (rand_r(seed) & 1 && madvise(hog + i, PAGE, MADV_DONTNEED))
			die("madvise");
}

/*
 * Compaction moves pages to the end of their zone, where it finds nothing more to do. So each time
 * round the cache is dropped, and the readers bring it in again between the pages of a hog.
 */
void move_compact(int nr)
{
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail");
	unsigned long node1 = 1UL << 1;
	unsigned int seed = 1;
	int fd = open(opt.dev, O_RDONLY);
	char *hog =
		mmap(NULL, HOG_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || hog == MAP_FAILED)
		die("%s", opt.dev);
	madvise(hog, HOG_BYTES, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses: fine */
	if (syscall(SYS_set_mempolicy, MPOL_BIND, &node1, 8 * sizeof(node1)))
		die("set_mempolicy (a kernel without NUMA?)");
	while (!stopped()) {
		fragment(hog, HOG_BYTES, &seed);
		posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
		usleep(5000);
		poke("/sys/devices/system/node/node1/compact");
		add(&count->rounds, 1);
	}
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	(void)nr;
}
