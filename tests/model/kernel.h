/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What each generation of kernels does, step by step, in our own words (kernel-facts): a migration of a
 * folio with buffers, and a lookup of a buffer; and what each of them was in truth.
 */
#ifndef MODEL_KERNEL_H
#define MODEL_KERNEL_H

#include "explore.h"
#include "programs.h"

#define BUFFERS 4

/* Behind the check: which of the steps comes when. */
enum order {
	BUFFERS_COPY_FLAGS, /* 5.10 to 6.2: the re-pointing has no function of its own to probe */
	SET_BH_COPY_FLAGS,  /* 6.3 to 6.10 */
	COPY_FLAGS_SET_BH,  /* since 6.11 */
};

struct kernel {
	const char *name;
	enum order order;
	bool held;    /* private_lock is kept over the move */
	bool flag;    /* BH_Migrate is set over the move */
	bool ignores; /* but lookups do not look at it */
	int buffers;
	bool large; /* a page each */
};

/* Which programs are attached; those of the ends by cfg_ends. */
struct probes {
	struct settings set;
	bool bracket, no_switch, no_copy;
	bool told; /* the kernel counts the programs that it leaves out */
};

struct device {
	struct address_space mapping;
	struct block_device bdev;
	struct folio folio[2];
	struct buffer_head bh[BUFFERS];
	bool referenced;   /* the first buffer, from the beginning */
	int begun, moving; /* migrations so far, and of them those that are not over */
};

enum abort { NO_ABORT, ABORT_COPY, ABORT_SWITCH };

struct migration_arg {
	struct device *dev;
	int times;	/* there and back */
	bool unchecked; /* without the check */
	enum abort abort;
	int aborts; /* that many fail, the first ones */
	/* what it was */
	int moved, windows;
	__u64 held_ns; /* at least */
};

enum truth { NOT_FOUND, INNOCENT, GREY, LATE, REFUSED };

/* A window in truth: GREY between the move's last instruction and the kernel's next step. */
struct move {
	enum truth phase;
	bool moved;
};

struct lookup_arg {
	struct device *dev;
	int block;    /* of the device's folio */
	bool sleeps;  /* takes the folio's lock */
	int exit_cpu; /* where it returns */
	int times;
	bool hits;	/* each is followed by one that needs no lock */
	bool only_hits; /* it needs none itself */
	/* what it was; of LATE ones their move tells whether it counts */
	enum truth truth[4];
	struct move *move[4];
	int behind; /* times that a migration had the lock while it waited */
	int met; /* times that a page was migrating between its wish for the lock and its release */
};

extern const struct kernel *kernel;
extern const struct probes *probes;

/* None of a move's steps is probed any more. */
extern bool steps_are_off;

/* Lookups that released or returned while another's exit was preempted on their CPU. */
extern int exits_doubted;

void device_init(struct device *d);
void kernel_forget(void);
void migrate(struct actor *a, void *migration_arg);
void look_up(struct actor *a, void *lookup_arg);
/* User space, which takes the programs off the steps of moves. */
void trim(struct actor *a, void *unused);
/* The end of an I/O on another folio; if somebody holds @device's first buffer, its reference is put. */
void interrupt(struct actor *a, void *device);

#endif /* MODEL_KERNEL_H */
