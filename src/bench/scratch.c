// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * bench's file system. Nothing of it has a name but the loop device, and that is let go by the
 * kernel with the last of us: after a SIGKILL there is nothing to clean up.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <linux/mount.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/bench.h"
#include "model/run.h"

#define LOOP_TRIES 16	      /* other users of /dev/loop-control can be faster */
#define SPARE	   (8U << 20) /* left free beside the image */

static int fail(char *err, size_t err_size, int code, const char *what, const char *name)
{
	snprintf(err, err_size, "%s%s%s: %s", what, name ? " " : "", name ? name : "",
		 strerror(code < 0 ? -code : code));
	return code < 0 ? code : -code;
}

/* A file without a name in @dir, of the wanted size and with its blocks allocated. */
static int make_image(const char *dir, __u64 bytes, char *err, size_t err_size)
{
	char path[4096];
	struct statvfs v;
	int fd, ret;

	if (statvfs(dir, &v))
		return fail(err, err_size, errno, "--dir", dir);
	if (v.f_blocks && (__u64)v.f_bavail * v.f_frsize < bytes + SPARE) {
		snprintf(err, err_size, "--dir %s: %llu MiB free, %llu needed", dir,
			 (unsigned long long)v.f_bavail * v.f_frsize >> 20,
			 (unsigned long long)(bytes + SPARE) >> 20);
		return -ENOSPC;
	}
	fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) { /* nfs, ramfs of old kernels */
		snprintf(path, sizeof(path), "%s/migtrace-bench.XXXXXX", dir);
		fd = mkostemp(path, O_CLOEXEC);
		if (fd >= 0)
			unlink(path);
	}
	if (fd < 0)
		return fail(err, err_size, errno, "--dir", dir);
	ret = posix_fallocate(fd, 0, bytes);
	if (ret == EOPNOTSUPP || ret == EINVAL)
		ret = ftruncate(fd, bytes) ? errno : 0;
	if (!ret)
		return fd;
	close(fd);
	return fail(err, err_size, ret, "--dir", dir);
}

/* Puts @image behind loop device @fd and makes sure that it is what is there now. */
static int set_loop(int fd, int image)
{
	struct loop_config c = { .fd = image, .info = { .lo_flags = LO_FLAGS_AUTOCLEAR } };
	struct loop_info64 info;
	struct stat st;

	if (ioctl(fd, LOOP_CONFIGURE, &c)) {
		if (errno != EINVAL && errno != ENOTTY)
			return -errno;
		if (ioctl(fd, LOOP_SET_FD, image)) /* before 3448914e8cc5, 5.8 */
			return -errno;
		if (ioctl(fd, LOOP_SET_STATUS64, &c.info)) {
			ioctl(fd, LOOP_CLR_FD);
			return -errno;
		}
	}
	if (fstat(image, &st) || ioctl(fd, LOOP_GET_STATUS64, &info))
		return -errno;
	return info.lo_inode == st.st_ino ? 0 : -EBUSY;
}

static int attach_loop(struct scratch *s, int image, char *err, size_t err_size)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), ret = -EBUSY, n;
	struct stat st;

	if (control < 0) {
		ret = fail(err, err_size, errno, "/dev/loop-control", "(modprobe loop)");
		return ret == -ENOENT ? -ENODEV : ret; /* this kernel has none */
	}
	for (int i = 0; i < LOOP_TRIES && ret == -EBUSY; i++) {
		n = ioctl(control, LOOP_CTL_GET_FREE);
		if (n < 0) {
			ret = -errno;
			break;
		}
		snprintf(s->device, sizeof(s->device), "/dev/loop%d", n);
		s->loop = open(s->device, O_RDWR | O_CLOEXEC);
		if (s->loop < 0) {
			ret = -errno;
			break;
		}
		ret = set_loop(s->loop, image);
		if (ret) {
			close(s->loop);
			s->loop = -1;
		}
	}
	close(control);
	if (!ret && !fstat(s->loop, &st))
		s->dev = major(st.st_rdev) << DEV_MINOR_BITS | minor(st.st_rdev);
	return ret ? fail(err, err_size, ret, "loop device", s->device) : 0;
}

/* Small blocks would be shared by few pages, lazy inode tables written in the middle of a round. */
static int make_fs(const char *device, char *err, size_t err_size)
{
	const char *const argv[] = {
		"mke2fs", "-q",	  "-F",
		"-t",	  "ext4", "-b",
		"4096",	  "-E",	  "lazy_itable_init=0,lazy_journal_init=0,nodiscard",
		device,	  NULL,
	};
	int status = 0;
	pid_t pid = fork();

	if (pid < 0)
		return fail(err, err_size, errno, "fork", NULL);
	if (!pid) {
		int null = open("/dev/null", O_RDWR);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
		execvp(argv[0], (char *const *)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!status)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		snprintf(err, err_size, "mke2fs can't be run: install e2fsprogs");
		return -ENODEV;
	}
	snprintf(err, err_size, "mke2fs failed on %s (status %d)", device, WEXITSTATUS(status));
	return -EIO;
}

/* Mounted for this process only: no path leads there, and the last file descriptor unmounts it. */
static int attach_fs(struct scratch *s, char *err, size_t err_size)
{
	int fs = syscall(SYS_fsopen, "ext4", FSOPEN_CLOEXEC), ret = 0;

	if (fs < 0)
		return fail(err, err_size, errno, "ext4", errno == ENODEV ? "(modprobe)" : NULL);
	if (syscall(SYS_fsconfig, fs, FSCONFIG_SET_STRING, "source", s->device, 0) ||
	    syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		ret = -errno;
	if (!ret) {
		s->mnt = syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC,
				 MOUNT_ATTR_NOATIME | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
		ret = s->mnt < 0 ? -errno : 0;
	}
	close(fs);
	return ret ? fail(err, err_size, ret, "mounting", s->device) : 0;
}

int scratch__make(struct scratch *s, const char *dir, __u64 bytes, char *err, size_t err_size)
{
	int image, ret;

	memset(s, 0, sizeof(*s));
	s->mnt = s->loop = -1;
	s->bytes = bytes;
	image = make_image(dir, bytes, err, err_size);
	if (image < 0)
		return image;
	ret = attach_loop(s, image, err, err_size);
	close(image); /* the loop device has its own reference */
	if (!ret)
		ret = make_fs(s->device, err, err_size);
	if (!ret)
		ret = attach_fs(s, err, err_size);
	if (ret)
		scratch__drop(s);
	return ret;
}

int scratch__remount(struct scratch *s, char *err, size_t err_size)
{
	close(s->mnt);
	s->mnt = -1;
	return attach_fs(s, err, err_size);
}

static __u64 count_of(const struct scratch *s, const char *what)
{
	unsigned long long n = 0;
	char path[128];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/fs/ext4/%s/%s", s->device + strlen("/dev/"), what);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

void scratch__errors(const struct scratch *s, __u64 *errors, __u64 *warnings)
{
	*errors = count_of(s, "errors_count");
	*warnings = count_of(s, "warning_count");
}

void scratch__drop(struct scratch *s)
{
	if (s->mnt >= 0)
		close(s->mnt);
	if (s->loop >= 0)
		close(s->loop);
	s->mnt = s->loop = -1;
}
