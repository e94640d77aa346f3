// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A disk that stops answering when it is told to, and tasks that then sit on a lock: who submits I/O for a
 * buffer has locked it before, and sleeps with it for as long as the disk has no tag left.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/fs.h>
#include <linux/nbd.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/mempolicy.h>

#include "load.h"

#define PAGE	 4096
#define INODES	 (1L << 20)  /* of the device: the first inodes are before this */
#define BEYOND	 (66L << 20) /* and this is behind the file system */
#define REQUESTS 1024
#define POLL_MS	 10

struct request {
	struct nbd_reply reply;
	uint32_t read; /* bytes that go with the reply */
	uint64_t from;
};

static void all(ssize_t (*rw)(int, void *, size_t), int fd, void *buf, size_t size)
{
	for (size_t n = 0; n < size;) {
		ssize_t got = rw(fd, (char *)buf + n, size - n);

		if (got <= 0)
			exit(0); /* the device is gone */
		n += got;
	}
}

static ssize_t send_some(int fd, void *buf, size_t size)
{
	return write(fd, buf, size);
}

static void take(int fd, char *disk, struct request *r)
{
	struct nbd_request q;

	all(read, fd, &q, sizeof(q));
	memset(r, 0, sizeof(*r));
	r->reply.magic = htonl(NBD_REPLY_MAGIC);
	memcpy(r->reply.handle, q.handle, sizeof(q.handle));
	r->from = be64toh(q.from);
	if ((ntohl(q.type) & 0xffff) == NBD_CMD_WRITE)
		all(read, fd, disk + r->from, ntohl(q.len));
	if ((ntohl(q.type) & 0xffff) == NBD_CMD_READ)
		r->read = ntohl(q.len);
	if ((ntohl(q.type) & 0xffff) == NBD_CMD_DISC)
		exit(0);
}

/* Answers at once, or while there is a file @hold not at all. */
static void serve(int fd, char *disk, const char *hold)
{
	static struct request r[REQUESTS];
	size_t n = 0;

	for (;;) {
		struct pollfd p = { .fd = fd, .events = POLLIN };

		if (n < REQUESTS && poll(&p, 1, POLL_MS) > 0)
			take(fd, disk, &r[n++]);
		if (!access(hold, F_OK))
			continue;
		for (size_t i = 0; i < n; i++) {
			all(send_some, fd, &r[i].reply, sizeof(r[i].reply));
			all(send_some, fd, disk + r[i].from, r[i].read);
		}
		n = 0;
	}
}

/* nbd DEV MIB HOLD */
static int disk(char **argv)
{
	size_t bytes = atol(argv[1]) << 20;
	char *memory =
		mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int dev = open(argv[0], O_RDWR), s[2];

	if (dev < 0 || memory == MAP_FAILED || socketpair(AF_UNIX, SOCK_STREAM, 0, s))
		die("%s", argv[0]);
	if (ioctl(dev, NBD_SET_BLKSIZE, 512UL) || ioctl(dev, NBD_SET_SIZE_BLOCKS, bytes / 512) ||
	    ioctl(dev, NBD_SET_SOCK, s[0]))
		die("NBD_SET on %s", argv[0]);
	if (!fork()) {
		close(s[1]);
		ioctl(dev, NBD_DO_IT);
		exit(0);
	}
	close(s[0]);
	serve(s[1], memory, argv[2]);
	return 0;
}

/* fill DEV N: as many reads of its own as the disk has tags, past the cache */
static int fill(char **argv)
{
	for (int i = 0; i < atoi(argv[1]); i++) {
		void *buf = aligned_alloc(PAGE, PAGE);

		if (fork())
			continue;
		prctl(PR_SET_NAME, "filler");
		pread(open(argv[0], O_RDONLY | O_DIRECT), buf, PAGE,
		      BEYOND + (off_t)(64 + 4 * i) * PAGE);
		exit(0);
	}
	while (wait(NULL) > 0)
		;
	return 0;
}

/* sit FILE: makes it differ, and writes it back: sleeps at the disk with what that has locked */
static int sit(char **argv)
{
	int fd = open(argv[0], O_RDWR);
	static char buf[PAGE];
	struct stat st;

	prctl(PR_SET_NAME, "sitter");
	if (fd < 0 || fstat(fd, &st))
		die("%s", argv[0]);
	if (S_ISBLK(st.st_mode) ? pwrite(fd, buf, PAGE, BEYOND) != PAGE :
				  fchmod(fd, st.st_mode ^ 0100))
		die("%s", argv[0]);
	if (fsync(fd))
		die("fsync of %s", argv[0]);
	return 0;
}

/* Where somebody may sit: the first inodes of the file system, and what is behind it. */
static long next_page(long at)
{
	return at + PAGE == INODES ? BEYOND : at + PAGE;
}

/* move DEV SECONDS: those pages of it, which are in the cache, to and fro; says when it begins */
static int move(char **argv)
{
	int fd = open(argv[0], O_RDONLY);
	unsigned long moved = 0;
	uint64_t bytes;
	double until;
	char *map;

	prctl(PR_SET_NAME, "mover");
	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes))
		die("%s", argv[0]);
	map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("mmap %s", argv[0]);
	for (long at = 0; at < (long)bytes; at = next_page(at))
		(void)*(volatile char *)(map + at);
	puts("moving");
	fflush(stdout);
	until = now() + atof(argv[1]);
	for (int node = 1; now() < until; node = 1 - node)
		for (long at = 0; at < (long)bytes && now() < until; at = next_page(at)) {
			void *page = map + at;
			int to = node, status = -1;

			syscall(SYS_move_pages, 0, 1, &page, &to, &status, MPOL_MF_MOVE);
			moved += status == node;
		}
	printf("moved %lu\n", moved);
	return 0;
}

static int bpf(int cmd, union bpf_attr *attr)
{
	return syscall(SYS_bpf, cmd, attr, sizeof(*attr));
}

/* attach PIN...: the tracing programs that are pinned there (hold.bpf.c), until it is killed */
static int attach(char **argv)
{
	for (; *argv; argv++) {
		union bpf_attr pin = { .pathname = (uintptr_t)*argv }, link = { 0 };
		int fd = bpf(BPF_OBJ_GET, &pin);

		link.raw_tracepoint.prog_fd = fd;
		if (fd < 0 || bpf(BPF_RAW_TRACEPOINT_OPEN, &link) < 0)
			die("attach %s", *argv);
	}
	puts("attached");
	fflush(stdout);
	pause();
	return 0;
}

int stall(int argc, char **argv)
{
	if (argc >= 2 && !strcmp(argv[0], "attach"))
		return attach(argv + 1);
	if (argc == 4 && !strcmp(argv[0], "nbd"))
		return disk(argv + 1);
	if (argc == 3 && !strcmp(argv[0], "fill"))
		return fill(argv + 1);
	if (argc == 2 && !strcmp(argv[0], "sit"))
		return sit(argv + 1);
	if (argc == 3 && !strcmp(argv[0], "move"))
		return move(argv + 1);
	die("stall nbd|fill|sit|move|attach");
}
