/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
#ifndef LOAD_H
#define LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mover { MOVE_NONE, MOVE_NUMA, MOVE_COMPACT, MOVE_RING, MOVE_DIRECT, MOVE_SYNC };
enum work { WORK_NONE, WORK_GETDENTS, WORK_STORM, WORK_AIO, WORK_TRUNCATE, WORK_COLD, WORK_FSYNC };

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
	uint64_t pages;	 /* pages of the device in the cache, last pass */
	uint64_t rounds; /* of the mover */
	uint64_t storm_ops;
	uint64_t storm_errors;
	uint64_t completions; /* of asynchronous reads */
	uint64_t ring;	      /* where the ring is mapped in ring_pid; 0: not yet */
	uint64_t ring_pid;
	uint64_t truncated; /* pages */
	uint64_t stalls;    /* direct compactions, of the whole system */
	uint64_t cold_reads;
	uint64_t huge; /* huge pages that direct compaction or the free lists gave */
};

extern struct options opt;
extern struct counters *count;

void die(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
double now(void);
bool stopped(void);
void add(uint64_t *counter, uint64_t n);

int setup(const char *type);
int with_hogs(char **argv);
int symbols(void);
int count_events(const char *list, const char *out);
void list_directory(int fd);
void storm(int nr);
void fsyncs(int nr);
void move_numa(int nr);
void move_compact(int nr);
uint64_t vmstat(const char *name); /* a counter of /proc/vmstat */
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
