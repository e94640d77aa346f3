// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's asynchronous reads, and the mover of the ring that they complete into. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <linux/aio_abi.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE	   4096UL
#define DEPTH	   16
#define RING_PAGES 8 /* the kernel doubles the events asked for, and adds a header */
#define EVENTS	   (RING_PAGES * PAGE / sizeof(struct io_event) / 2)

/*
 * Direct reads of one page each, DEPTH at a time. The context's number is the address at which its
 * ring is mapped: the mover needs it, and the process that it belongs to.
 */
void aio(int nr)
{
	static struct iocb cb[DEPTH], *list[DEPTH];
	static struct io_event event[DEPTH];
	aio_context_t ctx = 0;
	int fd = open(opt.dev, O_RDONLY | O_DIRECT);
	char *buf = aligned_alloc(PAGE, DEPTH * PAGE);

	if (fd < 0 || !buf)
		die("%s", opt.dev);
	if (syscall(SYS_io_setup, EVENTS, &ctx))
		die("io_setup");
	for (int i = 0; i < DEPTH; i++) {
		cb[i].aio_lio_opcode = IOCB_CMD_PREAD;
		cb[i].aio_fildes = fd;
		cb[i].aio_buf = (uint64_t)(buf + i * PAGE);
		cb[i].aio_nbytes = PAGE;
		cb[i].aio_offset = i * PAGE;
		list[i] = &cb[i];
	}
	count->ring_pid = getpid();
	__atomic_store_n(&count->ring, ctx, __ATOMIC_RELEASE);
	while (!stopped()) {
		long n = syscall(SYS_io_submit, ctx, DEPTH, list);

		if (n <= 0)
			die("io_submit");
		if (syscall(SYS_io_getevents, ctx, n, n, event, NULL) != n)
			die("io_getevents");
		add(&count->completions, n);
	}
	(void)nr;
}

/* The ring's pages to the other node and back, in the process that they are mapped in. */
void move_ring(int nr)
{
	void *page[RING_PAGES];
	int node[RING_PAGES], status[RING_PAGES];
	uint64_t ok = vmstat("pgmigrate_success"), failed = vmstat("pgmigrate_fail"), ring;

	while (!stopped() && !(ring = __atomic_load_n(&count->ring, __ATOMIC_ACQUIRE)))
		usleep(1000);
	for (int to = 0; !stopped(); to = !to) {
		for (size_t i = 0; i < RING_PAGES; i++) {
			page[i] = (void *)(ring + i * PAGE);
			node[i] = to;
		}
		if (syscall(SYS_move_pages, count->ring_pid, RING_PAGES, page, node, status,
			    MPOL_MF_MOVE) < 0 &&
		    !stopped())
			die("move_pages of the ring (a kernel without NUMA?)");
		add(&count->rounds, 1);
	}
	add(&count->moves_ok, vmstat("pgmigrate_success") - ok);
	add(&count->moves_failed, vmstat("pgmigrate_fail") - failed);
	(void)nr;
}
