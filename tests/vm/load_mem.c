// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Memory that goes to and fro between the nodes while somebody has references to it: for an instant, for
 * good, or not at all. Half of it is a file's of tmpfs, half is anonymous.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <linux/io_uring.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE   4096UL
#define HALF   64 /* pages of each kind */
#define DIRECT 2  /* pages of a direct read */

static char *file, *anon;

static void map_memory(void)
{
	int fd = memfd_create("load", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, HALF * PAGE))
		die("memfd_create");
	file = mmap(NULL, HALF * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	anon = mmap(NULL, HALF * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file == MAP_FAILED || anon == MAP_FAILED)
		die("mmap");
	madvise(anon, HALF * PAGE, MADV_NOHUGEPAGE); /* a kernel without huge pages refuses: fine */
	memset(file, 1, HALF * PAGE);
	memset(anon, 1, HALF * PAGE);
}

static void publish(void)
{
	count->mem_pid = getpid();
	count->anon = (uint64_t)anon;
	__atomic_store_n(&count->file, (uint64_t)file, __ATOMIC_RELEASE);
}

/* The references stay until nobody moves any more: what is moved behind them would count as theirs. */
static void hold(void)
{
	while (!stopped() ||
	       (opt.mover == MOVE_MEMORY && !__atomic_load_n(&count->mem_moved, __ATOMIC_ACQUIRE)))
		usleep(10000);
}

/* Direct reads into it, and reads of it by process_vm_readv(2): both take references for an instant. */
void gup(int nr)
{
	static char copy[PAGE];
	int fd = open(opt.dev, O_RDONLY | O_DIRECT);
	struct iovec to = { copy, sizeof(copy) }, from = { NULL, sizeof(copy) };

	if (fd < 0)
		die("%s", opt.dev);
	map_memory();
	publish();
	for (size_t i = 0; !stopped(); i++) {
		char *half = i & 3 ? file : anon;

		if (pread(fd, half + i * DIRECT % HALF * PAGE, DIRECT * PAGE, 0) < 0)
			die("reading %s", opt.dev);
		from.iov_base = half + i * 7 % HALF * PAGE;
		if (process_vm_readv(getpid(), &to, 1, &from, 1, 0) < 0)
			die("process_vm_readv");
		add(&count->pins, 1 + DIRECT);
	}
	(void)nr;
}

/* As io_uring's fixed buffers; older kernels refuse those of a file's memory. */
void fixed(int nr)
{
	struct io_uring_params p = { 0 };
	struct iovec v[2];
	int fd = syscall(SYS_io_uring_setup, 4, &p);

	if (fd < 0)
		die("io_uring_setup");
	map_memory();
	v[0] = (struct iovec){ anon, HALF * PAGE };
	v[1] = (struct iovec){ file, HALF * PAGE };
	if (!syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, v, 2))
		add(&count->pins, 2 * HALF);
	else if (!syscall(SYS_io_uring_register, fd, IORING_REGISTER_BUFFERS, v, 1))
		add(&count->pins, HALF);
	else
		die("IORING_REGISTER_BUFFERS");
	publish();
	hold();
	(void)nr;
}

/* Nobody has any: not even who stores there, and waits for the move with a reference up to 5.16. */
void memory(int nr)
{
	map_memory();
	publish();
	hold();
	(void)nr;
}

/* All of it to the other node and back, in the process that it belongs to. */
void move_memory(int nr)
{
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail"), at;
	int node[2 * HALF], status[2 * HALF];
	void *page[2 * HALF];

	while (!stopped() && !(at = __atomic_load_n(&count->file, __ATOMIC_ACQUIRE)))
		usleep(1000);
	for (int to = 0; !stopped(); to = !to) {
		for (size_t i = 0; i < 2 * HALF; i++) {
			page[i] = (void *)(i < HALF ? at + i * PAGE :
						      count->anon + (i - HALF) * PAGE);
			node[i] = to;
		}
		if (syscall(SYS_move_pages, count->mem_pid, 2 * HALF, page, node, status,
			    MPOL_MF_MOVE) < 0 &&
		    !stopped())
			die("move_pages of memory (a kernel without NUMA?)");
		add(&count->rounds, 1);
	}
	__atomic_store_n(&count->mem_moved, true, __ATOMIC_RELEASE);
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	(void)nr;
}
