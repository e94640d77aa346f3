/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Maps, clock, tasks and CPUs as the programs see them, and the kernel's objects that they read. */
#ifndef MODEL_FAKE_H
#define MODEL_FAKE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CPUS 3

enum fake_kind { FAKE_ARRAY, FAKE_CPU_ARRAY, FAKE_HASH, FAKE_CPU_HASH };

struct fake_map;
struct fake_map *fake_map(void *decl, enum fake_kind kind, size_t key, size_t value, size_t n);
void *fake_lookup(struct fake_map *m, const void *key);
int fake_update(struct fake_map *m, const void *key, const void *value, bool is_new);
int fake_delete(struct fake_map *m, const void *key);
size_t fake_used(void *decl); /* keys in a hash */
/* The free places of all queues together. */
int fake_pop(__u32 *place);
int fake_push(const __u32 *place);
size_t fake_out(void);	/* that are taken */
void fake_forget(void); /* all that is in maps, and the records */

void *fake_reserve(size_t size);
void fake_submit(void *record);
size_t fake_records(void *const **v);

__u64 fake_clock(void);
void fake_pass(__u64 ns);
__u64 fake_task(void);
int fake_cpu(void);

/* A barrier in a program: another CPU may come in between. */
void model_order(void);

/* The kernel's objects, with what the programs read of them. */
struct inode {
	int unused;
};
struct task_struct {
	__u64 nvcsw, nivcsw;
};
struct folio;
struct move;
struct address_space {
	__u64 owner; /* of the private lock: an actor, 0: free */
	__u64 left;  /* how often migrations have released it */
	struct folio *cached;
};
struct block_device {
	__u32 bd_dev;
	struct address_space *mapping;
};
struct buffer_head {
	__s64 b_count;
	__u64 b_blocknr, b_size;
	struct buffer_head *b_this_page;
	struct folio *b_folio;
	struct block_device *b_bdev;
	bool locked, flag; /* BH_Lock, BH_Migrate */
	struct move *move; /* head: kernel.h */
};
struct folio {
	struct buffer_head *private;
	__u64 index, pages;
	__s32 refs; /* beyond those that a migration expects */
	struct address_space *mapping;
	__u64 lock;
};

#endif /* MODEL_FAKE_H */
