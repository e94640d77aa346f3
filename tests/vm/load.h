/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mover {
	MOVE_NONE,
	MOVE_NUMA,
	MOVE_COMPACT,
	MOVE_RING,
	MOVE_DIRECT,
	MOVE_SYNC,
	MOVE_MEMORY,
	MOVE_OFFLINE,
	MOVE_CONTIG,
};
enum work {
	WORK_NONE,
	WORK_GETDENTS,
	WORK_STORM,
	WORK_AIO,
	WORK_TRUNCATE,
	WORK_COLD,
	WORK_FSYNC,
	WORK_GUP,
	WORK_FIXED,
	WORK_MEMORY
};

struct options {
	const char *dev;
	const char *dir; /* mount point; d is the big directory in it, s the storm's */
	const char *block_size;
	long dir_kib; /* size of the big directory, 0: the file system's default */
	double seconds;
	int readers; /* processes that do the work */
	int batch;   /* pages per move_pages(2) call */
	int beside;  /* anonymous pages that move with each of the device's */
	enum mover mover;
	enum work work;
};

/* shared by all processes of a run */
struct counters {
	bool stop;
	uint64_t getdents; /* complete reads of the directory */
	uint64_t entries;
	uint64_t read_errors;
	uint64_t moves_ok; /* pgmigrate_success, of the whole system */
	uint64_t moves_failed;
	uint64_t pages;	  /* pages of the device in the cache, last pass */
	uint64_t rounds;  /* of the mover */
	uint64_t move_ns; /* of a page, and */
	uint64_t pass_ns; /* of a read of the directory: CPU time of the task, medians */
	uint64_t storm_ops;
	uint64_t storm_errors;
	uint64_t completions; /* of asynchronous reads */
	uint64_t ring;	      /* where the ring is mapped in ring_pid; 0: not yet */
	uint64_t ring_pid;
	uint64_t file, anon; /* where the memory that moves is in mem_pid; 0: not yet */
	uint64_t mem_pid;
	bool mem_moved;	    /* for the last time */
	uint64_t pins;	    /* taken of it, for an instant or for good */
	uint64_t truncated; /* pages */
	uint64_t stalls;    /* direct compactions, of the whole system */
	uint64_t cold_reads;
	uint64_t huge; /* huge pages that direct compaction or the free lists gave */
};

/* what one thing took, each time */
struct spans {
	uint64_t *ns;
	size_t n;
};

extern struct options opt;
extern struct counters *count;

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
double now(void);
uint64_t cpu_ns(void); /* of this task: no sleep, and nothing of the other CPU's */
void span_add(struct spans *s, uint64_t ns);
uint64_t span_median(struct spans *s); /* 0: there is none */
bool stopped(void);
void add(uint64_t *counter, uint64_t n);

int setup(const char *type);
int with_hogs(char **argv);
int symbols(void);
int range(const char *path, const char *name);
int stall(int argc, char **argv);
int count_events(const char *list, const char *out);
void list_directory(int fd);
void storm(int nr);
void fsyncs(int nr);
void move_numa(int nr);
void move_compact(int nr);
void move_offline(int nr);
void move_contig(int nr);
void map_device(void);
void move_to(size_t n, void **pages, int node);
size_t find_pages(void ***pages);  /* of the device, that the work looks up; map_device() first */
uint64_t vmstat(const char *name); /* a counter of /proc/vmstat */
void gup(int nr);
void fixed(int nr);
void memory(int nr);
void move_memory(int nr);
void aio(int nr);
void move_ring(int nr);
void fragment(char *hog, size_t bytes, unsigned int *seed);
void prefer_node1(void);
void cold(int nr);
void trunc_files(int nr);
void take_node(void); /* before move_direct() */
void move_direct(int nr);
bool set_number(const char *path, long n);

#endif
