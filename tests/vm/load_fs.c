// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The load's file system: making it, and changing it. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "load.h"

#define EXT4_DIR_BYTES (170 * 4096)
/* in sectors of 512 bytes, so 32 KiB would be enough to outrun the 16 buffers a CPU remembers */
#define FAT_DIR_BYTES  (128 * 1024)

/* small, because the storm's mover reads all of it once a second */
#define FS_MIB "64"
#define FS_KIB "65536"

/* Run a command for its effect; what it prints (mkfs.vfat always warns) is shown if it fails. */
static void command(const char *const argv[])
{
	FILE *log = tmpfile();
	int status, c;
	pid_t pid;

	if (!log)
		die("temporary file");
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid) {
		dup2(fileno(log), 1);
		dup2(fileno(log), 2);
		execvp(argv[0], (char *const *)argv);
		die("%s", argv[0]);
	}
	if (waitpid(pid, &status, 0) < 0 || status) {
		rewind(log);
		while ((c = getc(log)) != EOF)
			putc(c, stderr);
		errno = EIO;
		die("%s failed", argv[0]);
	}
	fclose(log);
}

/* A file for each name would fill the cache with inode table blocks that nobody looks up. */
static void fill_directory(const char *path, long bytes, bool links)
{
	__u64 got, entries;
	int dir, err;

	if (mkdir(path, 0755) || (dir = open(path, O_RDONLY | O_DIRECTORY)) < 0)
		die("%s", path);
	err = bench_dir__fill(dir, bytes, links, &got, &entries);
	if (err) {
		errno = -err;
		die("create in %s", path);
	}
	close(dir);
	printf("{\"dev\":\"%s\",\"dir\":\"%s\",\"dir_bytes\":%llu,\"entries\":%llu}\n", opt.dev,
	       path, got, entries);
}

static void attach(bool ext4)
{
	if (mount(opt.dev, opt.dir, ext4 ? "ext4" : "vfat", MS_NOATIME, NULL))
		die("mount %s at %s", opt.dev, opt.dir);
}

int setup(const char *type)
{
	bool plain = !strcmp(type, "ext4-nojournal"), ext4 = plain || !strcmp(type, "ext4");
	const char *bs = opt.block_size ? opt.block_size : "4096";
	/* clang-format off */
	const char *const mke2fs[] = { "mke2fs", "-q", "-F", "-t", "ext4", "-b", bs,
				       "-E", "lazy_itable_init=0,lazy_journal_init=0",
				       "-O", plain ? "^has_journal" : "has_journal", opt.dev, FS_MIB "M", NULL };
	const char *const mkfat[] = { "mkfs.vfat", "-I", opt.dev, FS_KIB, NULL };
	/* clang-format on */
	char path[4096];

	if (!ext4 && strcmp(type, "fat")) {
		errno = EINVAL;
		die("file system '%s': it is ext4, ext4-nojournal or fat", type);
	}
	command(ext4 ? mke2fs : mkfat);
	if (mkdir(opt.dir, 0755) && errno != EEXIST)
		die("%s", opt.dir);
	attach(ext4);
	snprintf(path, sizeof(path), "%s/s", opt.dir);
	if (mkdir(path, 0755))
		die("%s", path);
	snprintf(path, sizeof(path), "%s/d", opt.dir);
	fill_directory(path,
		       opt.dir_kib ? opt.dir_kib * 1024 :
		       ext4	   ? EXT4_DIR_BYTES :
				     FAT_DIR_BYTES,
		       ext4);
	/* the journal holds on to the buffers it has not checkpointed, and busy ones never move */
	if (umount(opt.dir))
		die("umount %s", opt.dir);
	attach(ext4);
	return 0;
}

/*
 * One step of the storm on two of its names. It also lists the directory @big, whose blocks no
 * transaction holds: those that it changes itself are busy until the journal is done with them.
 */
static int step(int big, const char *a, const char *b, unsigned int what)
{
	static const char data[8192];
	int fd;

	switch (what) {
	case 0:
	case 1:
	case 2:
		fd = open(a, O_CREAT | O_RDWR, 0644);
		if (fd < 0)
			return -1;
		if (pwrite(fd, data, sizeof(data), 0) < 0 || (what == 2 && fsync(fd))) {
			close(fd);
			return -1;
		}
		return close(fd);
	case 3:
		return rename(a, b);
	case 4:
		return mkdir(b, 0755);
	case 5:
		return rmdir(b);
	case 6:
		list_directory(big);
		return 0;
	default:
		return unlink(a);
	}
}

/* Names that are there already, or not yet, are what a storm is made of; anything else is news. */
static bool expected(int err)
{
	return err == ENOENT || err == EEXIST || err == ENOTEMPTY || err == EISDIR ||
	       err == ENOTDIR || err == EPERM;
}

void storm(int nr)
{
	unsigned int seed = 12345 + nr;
	char dir[4096], a[64], b[64];
	int big;

	snprintf(dir, sizeof(dir), "%s/d", opt.dir);
	big = open(dir, O_RDONLY | O_DIRECTORY);
	snprintf(dir, sizeof(dir), "%s/s", opt.dir);
	if (big < 0 || chdir(dir))
		die("%s (run load setup first)", dir);
	while (!stopped()) {
		unsigned int r = rand_r(&seed);

		snprintf(a, sizeof(a), "%d-name-%u", nr, r % 512);
		snprintf(b, sizeof(b), "%d-name-%u", nr, (r >> 9) % 512);
		if (step(big, a, b, (r >> 18) % 8) && !expected(errno))
			add(&count->storm_errors, 1);
		add(&count->storm_ops, 1);
	}
}

/* Its buffers are written, and taken off its pages: those on an inode's list leave it with them. */
static void forget_pages(int dev)
{
	if (fsync(dev))
		die("fsync of %s", opt.dev);
	errno = posix_fadvise(dev, 0, 0, POSIX_FADV_DONTNEED);
	if (errno)
		die("fadvise of %s", opt.dev);
}

/* A directory that is new at one turn, and removed at the next, after it has had an entry. */
static int turn(const char *dir)
{
	char name[128];
	int fd;

	if (!mkdir(dir, 0755))
		return 0;
	snprintf(name, sizeof(name), "%s/entry", dir);
	fd = open(name, O_CREAT | O_RDWR, 0644);
	if (fd < 0)
		return -1;
	close(fd);
	return unlink(name) || rmdir(dir);
}

/*
 * What a file system without a journal does with its buffers: writes through a mapping dirty the folio
 * (block_dirty_folio), inodes and directories keep lists of theirs, and fsync empties these. Those of
 * other directories are emptied when they are removed, or when their pages lose their buffers.
 */
void fsyncs(int nr)
{
	char dir[4096], a[64], b[64], c[64];
	unsigned int seed = 4321 + nr, rounds = 0;
	int dev = open(opt.dev, O_RDONLY);

	snprintf(dir, sizeof(dir), "%s/s", opt.dir);
	if (dev < 0 || chdir(dir))
		die("%s and %s (run load setup first)", opt.dev, dir);
	while (!stopped()) {
		unsigned int r = rand_r(&seed) % 256;
		char *page;
		int fd;

		snprintf(a, sizeof(a), "%d-sync-%u", nr, r);
		snprintf(b, sizeof(b), "%d-moved-%u", nr, r);
		fd = open(a, O_CREAT | O_RDWR, 0644);
		if (fd < 0 || ftruncate(fd, 8192))
			die("%s", a);
		page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (page == MAP_FAILED)
			die("mmap of %s", a);
		page[0] = page[4096] = (char)r;
		munmap(page, 8192);
		snprintf(c, sizeof(c), "%d-dir-%u", nr, r);
		if (fsync(fd) || rename(a, b) || (r % 4 && unlink(b)) || turn(c))
			add(&count->storm_errors, 1);
		close(fd);
		if (++rounds % 32 == 0)
			forget_pages(dev);
		add(&count->storm_ops, 1);
	}
}
