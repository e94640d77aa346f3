/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The kernel's symbols, read once and kept: for the reader of its image and for stacks. Stage 0. */
#ifndef MIGTRACE_SYMBOLS_H
#define MIGTRACE_SYMBOLS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define KALLSYMS "/proc/kallsyms"

struct symbol {
	__u64 addr; /* 0 for who may not see it */
	char *name; /* a module's goes on with " [MODULE]" */
};

struct symbols {
	struct symbol *v; /* functions, by address */
	size_t n;
};

/* Of the image, and of modules (and what the kernel lists as such: programs, trampolines). */
struct kernel_symbols {
	struct symbols image, modules;
};

/*
 * Those in @path, if none were read before: once rights are dropped, addresses are hidden. 0, or
 * -errno of a file that is there and can't be read.
 */
int symbols__read(const char *path);
const struct kernel_symbols *symbols__get(void);
/* Where the image has @names, @n of them, variables too; 0: not, or not for us. By any thread. */
void symbols__find(const char *path, const char *const *names, size_t n, __u64 *addr);
/* Does @path show addresses to us? */
bool symbols__visible(const char *path);

#endif /* MIGTRACE_SYMBOLS_H */
