/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The kernel's own table of its image's symbols. Stage 0. */
#ifndef MIGTRACE_IMAGE_TABLE_H
#define MIGTRACE_IMAGE_TABLE_H

#include "kernel/facts.h"

/* A function; other than 0 ends the walk. */
typedef int image_symbol_cb(void *ctx, __u64 addr, const char *name);

/*
 * Every function in the image by its address, as /proc/kallsyms has it. 0, or what @cb returned; -ENOENT
 * or -EINVAL: the table is not to be had, or not understood, and what @cb was told does not count.
 */
int image_table__each(struct text *t, image_symbol_cb *cb, void *ctx);

#endif /* MIGTRACE_IMAGE_TABLE_H */
