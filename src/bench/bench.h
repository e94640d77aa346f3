/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What `migtrace bench` measures: lookups in a large ext4 directory while the pages of its blocks
 * migrate. Beside the pipeline: the recording only sees the sections that this makes happen.
 * Unless said otherwise functions return 0, or -errno with one line in @err.
 */
#ifndef MIGTRACE_BENCH_H
#define MIGTRACE_BENCH_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * A scratch file system that nobody else can reach and that ends with the process, however that
 * ends: an ext4 on a loop device that detaches itself (LO_FLAGS_AUTOCLEAR), over a file without a
 * name, mounted in no one's namespace (fsmount(2), 93766fbd2696, 5.2).
 */
struct scratch {
	int mnt;	 /* its root directory; -1: none */
	int loop;	 /* the loop device, open */
	char device[32]; /* /dev/loopN */
	__u32 dev;	 /* as the kernel's dev_t */
	__u64 bytes;
};

/* @dir: where the file is; -EBUSY, -ENOSPC, ... say what is in the way. */
int scratch__make(struct scratch *s, const char *dir, __u64 bytes, char *err, size_t err_size);
/* Anew: the journal holds on to buffers until it has written them back, and those never move. */
int scratch__remount(struct scratch *s, char *err, size_t err_size);
/* What ext4 has found wrong with it since it was mounted. */
void scratch__errors(const struct scratch *s, __u64 *errors, __u64 *warnings);
void scratch__drop(struct scratch *s);

/*
 * bench_dir.c: the directory; the test guests' load generator links it too. Long names make it
 * large with few of them, and links do without an inode each.
 */
int bench_dir__fill(int dir, __u64 bytes, bool links, __u64 *got, __u64 *entries); /* no @err */
/* Marks the pages of the device that hold @dir's blocks. -EOPNOTSUPP where no one can tell. */
int bench_dir__mark(int dir, bool *marked, size_t pages); /* no @err */
/* Reads all of it once, or until @stopped(); entries, or -errno: it is corrupt. */
long bench_dir__read(int dir, bool (*stopped)(void));

/* Where memory can be moved to and from. */
enum mover_kind { MOVER_AUTO, MOVER_NUMA, MOVER_COMPACT };
const char *mover__name(enum mover_kind kind);

struct load_opts {
	unsigned int readers;
	enum mover_kind mover; /* AUTO becomes what this machine can */
	double warmup;	       /* seconds */
};

/* Counted by all processes of the load together. */
struct load_counts {
	__u64 reads, entries, read_errors; /* of the directory */
	__u64 blocks;			   /* of it, in reads that came to its end */
	__u64 moves;			   /* pages moved; compaction: by anybody */
	__u64 passes;			   /* of the mover over its pages */
};

/* Makes the directory that is read. */
int load__prepare(struct scratch *s, char *err, size_t err_size);
__u64 load__directory_bytes(void);

struct load;
/* Decides what is possible here. NULL with @err. */
struct load *load__new(const struct scratch *s, const struct load_opts *o, char *err,
		       size_t err_size);
enum mover_kind load__mover(const struct load *l);
/* Forks readers and mover, which end with this process. */
int load__start(struct load *l, char *err, size_t err_size);
/* False, with @err, when one of its processes has ended. */
bool load__alive(struct load *l, char *err, size_t err_size);
struct load_counts load__counts(const struct load *l);
/* Ends and frees it; what it did in all. Fine on NULL. */
struct load_counts load__stop(struct load *l);

/* What the processes of bench's load share; others use bench.h. */
struct load_work {
	const struct scratch *scratch;
	int dir;		    /* the large directory; a reader opens its own */
	int nodes[2];		    /* of memory, for MOVER_NUMA */
	struct load_counts *counts; /* shared memory */
};

/* bench_load.c */
bool load_stopped(void);
void load_count(__u64 *counter, __u64 n);

/* bench_move.c: until load_stopped(). 0 or -errno. */
int load_move_numa(const struct load_work *w);
int load_move_compact(const struct load_work *w);

#endif /* MIGTRACE_BENCH_H */
