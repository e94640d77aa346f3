// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Files that are written whole or not at all (outfile.h).
 * Stage: none. migtrace runs as root, possibly in a folder others can write to: the kernel's own
 * guard (fs.protected_symlinks) knows sticky folders and the end of a path only, and may be off.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/outfile.h"

/*
 * The temporary file that a signal has to take with it; one at a time is written. Blocked while the
 * name changes hands: after the exchange in put_in_place() it is that of the user's old file.
 */
static struct {
	volatile sig_atomic_t armed;
	int folder;
	char name[NAME_MAX + 1];
} pending;

static const int deadly[] = {
	SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGXCPU, SIGALRM, SIGUSR1, SIGUSR2
};

#define DEADLY (sizeof(deadly) / sizeof(*deadly))

static void on_deadly(int sig)
{
	if (pending.armed)
		unlinkat(pending.folder, pending.name, 0);
	signal(sig, SIG_DFL);
	raise(sig); /* delivered when this returns */
}

/* Where the default is death; whoever recorded or exports has a handler of his own, and comes back. */
static void watch_signals(void)
{
	struct sigaction sa = { .sa_handler = on_deadly }, old;

	for (size_t i = 0; i < DEADLY; i++)
		if (!sigaction(deadly[i], NULL, &old) && old.sa_handler == SIG_DFL)
			sigaction(deadly[i], &sa, NULL);
}

static void pending__block(sigset_t *before)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < DEADLY; i++)
		sigaddset(&set, deadly[i]);
	sigprocmask(SIG_BLOCK, &set, before);
}

static void pending__unblock(const sigset_t *before)
{
	sigprocmask(SIG_SETMASK, before, NULL);
}

static void pending__set(int folder, const char *name)
{
	watch_signals();
	if (strlen(name) >= sizeof(pending.name))
		return;
	strcpy(pending.name, name);
	pending.folder = folder;
	pending.armed = 1;
}

static void pending__forget(void)
{
	pending.armed = 0;
}

#define TMP_TRIES 100

static int fail(const char *what, const char *path, int error, char *err, size_t err_size)
{
	snprintf(err, err_size, "%s '%s': %s", what, path, strerror(error));
	return -error;
}

static int fail_foreign(const char *path, const char *suffix, char *err, size_t err_size)
{
	snprintf(err, err_size,
		 "cannot write '%s': '%s%s' belongs to another user, in a folder that others can "
		 "write to",
		 path, path, suffix);
	return -EPERM;
}

/* -EPERM is step_into()'s: opening a path ends with any other error. */
static int fail_folder(const char *path, int ret, char *err, size_t err_size)
{
	if (ret != -EPERM)
		return fail("cannot write", path, -ret, err, err_size);
	snprintf(err, err_size,
		 "cannot write '%s': on its path is a link of another user, in a folder that "
		 "others can write to",
		 path);
	return ret;
}

static bool is_foreign_file(const struct stat *folder, const struct stat *st)
{
	return folder->st_mode & S_IWOTH && st->st_uid && st->st_uid != geteuid() &&
	       st->st_uid != folder->st_uid;
}

bool outfile__foreign(const struct stat *folder, const struct stat *st)
{
	bool kept =
		folder->st_mode & S_ISVTX && st->st_uid != geteuid() && folder->st_uid != geteuid();

	return kept || is_foreign_file(folder, st);
}

static bool foreign(int folder, const char *name)
{
	struct stat dir, st;

	return !fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) && !fstat(folder, &dir) &&
	       outfile__foreign(&dir, &st);
}

/* The folder @name in @folder; a link that comes between the look and the step is not followed. */
static int step_into(int folder, const char *name)
{
	int flags = O_PATH | O_DIRECTORY | O_CLOEXEC, fd;
	struct stat dir, st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) || fstat(folder, &dir))
		return -errno;
	if (!S_ISLNK(st.st_mode))
		flags |= O_NOFOLLOW;
	else if (is_foreign_file(&dir, &st))
		return -EPERM;
	fd = openat(folder, name, flags);
	return fd < 0 ? -errno : fd;
}

/* The folder of @path, which ends at @name, component by component: each may be a link. */
static int open_folder(const char *path, const char *name)
{
	int fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC), next;
	char step[NAME_MAX + 1];
	size_t len;

	if (fd < 0)
		return -errno;
	for (path += strspn(path, "/"); path < name; path += len + strspn(path + len, "/")) {
		len = strcspn(path, "/");
		snprintf(step, sizeof(step), "%.*s", (int)len, path);
		next = len > NAME_MAX ? -ENAMETOOLONG : step_into(fd, step);
		close(fd);
		if (next < 0)
			return next;
		fd = next;
	}
	return fd;
}

char *outfile__beside(const char *name, const char *suffix)
{
	size_t len = strlen(name), room = NAME_MAX - strlen(suffix);
	uint32_t hash = 2166136261u; /* FNV-1a: two long names that begin alike are two */
	char *text;

	if (len <= room)
		return asprintf(&text, "%s%s", name, suffix) < 0 ? NULL : text;
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ (unsigned char)name[i]) * 16777619u;
	for (len = room - 9; len && ((unsigned char)name[len] & 0xc0) == 0x80; len--)
		; /* not within a character */
	return asprintf(&text, "%.*s~%08x%s", (int)len, name, hash, suffix) < 0 ? NULL : text;
}

/* Opened under @o->tmp, which goes with a signal from now on; or -1. */
static int create_pending(const struct outfile *o)
{
	sigset_t before;
	int fd, error;

	pending__block(&before);
	fd = openat(o->folder, o->tmp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	error = errno;
	if (fd >= 0)
		pending__set(o->folder, o->tmp);
	pending__unblock(&before);
	errno = error;
	return fd;
}

/* A sibling, since rename(2) does not cross file systems; a leftover of a dead process is skipped. */
static int open_sibling(struct outfile *o)
{
	char suffix[48];
	int fd, i;

	for (i = 0; i < TMP_TRIES; i++) {
		free(o->tmp);
		snprintf(suffix, sizeof(suffix), ".tmp.%d.%d", (int)getpid(), i);
		o->tmp = outfile__beside(o->name, suffix);
		if (!o->tmp)
			return -ENOMEM;
		fd = create_pending(o);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

/*
 * Who may read what is replaced may read what replaces it, and nobody else: as if it had been written
 * in place. A group that can't be kept has no rights to a file of another one.
 */
static int keep_mode(int fd, const struct stat *st)
{
	mode_t mode = st->st_mode & 0777;

	if (fchown(fd, st->st_uid, st->st_gid) && fchown(fd, -1, st->st_gid))
		mode &= ~S_IRWXG;
	return fchmod(fd, mode);
}

/*
 * /dev/stderr and its like lead to a file that we have open already: what is replaced would be the link, for
 * everybody on the machine. Below /proc nothing can be replaced at all.
 */
static bool leads_to_open(const struct outfile *o, const struct stat *target)
{
	struct stat link, st;
	struct statfs fs;

	if (!fstatfs(o->folder, &fs) && fs.f_type == PROC_SUPER_MAGIC)
		return true;
	if (fstatat(o->folder, o->name, &link, AT_SYMLINK_NOFOLLOW) || !S_ISLNK(link.st_mode))
		return false;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (!fstat(fd, &st) && st.st_dev == target->st_dev && st.st_ino == target->st_ino)
			return true;
	return false;
}

/*
 * Pipes and devices (/dev/full, a FIFO) can't be renamed over and are written directly: those that
 * were looked at, should there be others in their place now.
 */
static int open_target(struct outfile *o)
{
	struct stat st, opened;
	int fd;

	if (!*o->name)
		return -EISDIR;
	if (fstatat(o->folder, o->name, &st, 0))
		return open_sibling(o);
	if (S_ISREG(st.st_mode)) {
		if (leads_to_open(o, &st))
			return -ELOOP;
		fd = open_sibling(o);
		if (fd < 0 || !keep_mode(fd, &st))
			return fd;
		fd = (close(fd), -errno);
		unlinkat(o->folder, o->tmp, 0);
		return fd;
	}
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	fd = openat(o->folder, o->name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (!fstat(fd, &opened) && opened.st_dev == st.st_dev && opened.st_ino == st.st_ino)
		return fd;
	close(fd);
	return -ESTALE;
}

static int set_path(struct outfile *o, const char *path)
{
	const char *slash;

	*o = (struct outfile){ .path = strdup(path), .folder = -1 };
	if (!o->path)
		return -ENOMEM;
	slash = strrchr(o->path, '/');
	o->name = slash ? slash + 1 : o->path;
	if (strlen(o->name) > NAME_MAX)
		return -ENAMETOOLONG;
	o->folder = open_folder(o->path, o->name);
	return o->folder < 0 ? o->folder : 0;
}

int outfile__open(struct outfile *o, const char *path, char *err, size_t err_size)
{
	int fd, ret = set_path(o, path);

	if (ret || foreign(o->folder, o->name)) {
		outfile__abort(o);
		return ret ? fail_folder(path, ret, err, err_size) :
			     fail_foreign(path, "", err, err_size);
	}
	fd = open_target(o);
	if (fd >= 0) {
		o->f = fdopen(fd, "w");
		if (o->f)
			return 0;
		close(fd);
		fd = -ENOMEM;
	} else {
		/* the last name tried is not ours, or no more, and must not be unlinked */
		pending__forget();
		free(o->tmp);
		o->tmp = NULL;
	}
	outfile__abort(o);
	if (fd != -ELOOP)
		return fail("cannot write", path, -fd, err, err_size);
	snprintf(err, err_size,
		 "cannot write '%s': it leads to a file that is open already: name that", path);
	return fd;
}

/* Where the file that is there would go there is a folder. */
static bool old_is_folder(const struct outfile *o)
{
	char *old = outfile__beside(o->name, ".old");
	struct stat st;
	bool is = old && !fstatat(o->folder, old, &st, AT_SYMLINK_NOFOLLOW) && S_ISDIR(st.st_mode);

	free(old);
	return is;
}

static bool foreign_old(const struct outfile *o)
{
	char *old = outfile__beside(o->name, ".old");
	bool is = old && foreign(o->folder, old);

	free(old);
	return is;
}

/* Opening a FIFO and closing it again would be the end of the file to its reader. */
static int check_direct(const struct outfile *o, char *err, size_t err_size)
{
	if (foreign(o->folder, o->name))
		return fail_foreign(o->path, "", err, err_size);
	if (faccessat(o->folder, o->name, W_OK, AT_EACCESS))
		return fail("cannot write", o->path, errno, err, err_size);
	return 0;
}

int outfile__check(const char *path, bool keep_old, char *err, size_t err_size)
{
	struct outfile o;
	struct stat st;
	int ret = set_path(&o, path);
	bool direct = !ret && !fstatat(o.folder, o.name, &st, 0) && !S_ISREG(st.st_mode) &&
		      !S_ISDIR(st.st_mode);

	if (ret)
		fail_folder(path, ret, err, err_size);
	else if (direct)
		ret = check_direct(&o, err, err_size);
	else if (keep_old && foreign_old(&o))
		ret = fail_foreign(path, ".old", err, err_size);
	else if (keep_old && old_is_folder(&o)) {
		snprintf(err, err_size, "cannot write '%s': '%s.old' is a folder", path, path);
		ret = -EISDIR;
	}
	outfile__abort(&o);
	if (ret || direct)
		return ret;
	ret = outfile__open(&o, path, err, err_size);
	outfile__abort(&o);
	return ret;
}

/* The rename itself must survive a power cut; a file system that can't say is no failure. */
static void sync_folder(const struct outfile *o)
{
	int fd = openat(o->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	fsync(fd);
	close(fd);
}

/* As put_in_place() with an old one, where the file system can't exchange two (NFS): in two steps. */
static int replace(struct outfile *o, const char *old)
{
	int ret = 0;

	if (renameat(o->folder, o->name, o->folder, old))
		return -errno;
	if (renameat(o->folder, o->tmp, o->folder, o->name)) {
		ret = -errno;
		renameat(o->folder, old, o->folder, o->name);
	}
	return ret;
}

/* There is a whole file under the name at every moment, and the older one goes only at the end. */
static int put_in_place(struct outfile *o, bool keep_old)
{
	char *old;
	int ret = 0;

	if (!keep_old || faccessat(o->folder, o->name, F_OK, AT_SYMLINK_NOFOLLOW))
		return renameat(o->folder, o->tmp, o->folder, o->name) ? -errno : 0;
	old = outfile__beside(o->name, ".old");
	if (!old)
		return -ENOMEM;
	if (renameat2(o->folder, o->tmp, o->folder, o->name, RENAME_EXCHANGE)) {
		ret = errno == EINVAL || errno == ENOSYS ? replace(o, old) : -errno;
	} else if (renameat(o->folder, o->tmp, o->folder, old)) {
		ret = -errno;
		renameat2(o->folder, o->tmp, o->folder, o->name, RENAME_EXCHANGE);
	}
	free(old);
	return ret;
}

int outfile__flush(FILE *f)
{
	errno = 0;
	if (!fflush(f) && !ferror(f))
		return 0;
	/* stdio forgets the errno of an earlier write, behind which nothing may be left: one more fails the same way */
	if (!errno && write(fileno(f), "\n", 1) >= 0)
		errno = EIO;
	return -errno;
}

int outfile__commit(struct outfile *o, bool keep_old, char *err, size_t err_size)
{
	sigset_t before;
	int ret = outfile__flush(o->f);

	if (!ret && o->tmp && fsync(fileno(o->f)))
		ret = -errno;
	if (fclose(o->f) && !ret)
		ret = -errno;
	o->f = NULL;
	if (!ret && o->tmp) {
		pending__block(&before);
		ret = put_in_place(o, keep_old);
		if (!ret)
			pending__forget();
		pending__unblock(&before);
		if (!ret) {
			sync_folder(o);
			free(o->tmp);
			o->tmp = NULL;
		}
	}
	if (ret)
		fail("cannot write", o->path, -ret, err, err_size);
	outfile__abort(o);
	return ret;
}

void outfile__abort(struct outfile *o)
{
	if (o->f)
		fclose(o->f);
	if (o->tmp) {
		unlinkat(o->folder, o->tmp, 0);
		pending__forget();
	}
	if (o->path && o->folder >= 0)
		close(o->folder);
	free(o->tmp);
	free(o->path);
	memset(o, 0, sizeof(*o));
}
