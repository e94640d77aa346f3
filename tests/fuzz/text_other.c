// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * text.c with the branches of arm64, whatever this machine is, under names of its own. The headers
 * come first: they want to know the machine.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/kernel.h"

#undef __x86_64__
#ifndef __aarch64__
#define __aarch64__ 1
#endif
#define text__open	     other__open
#define text__close	     other__close
#define text__read	     other__read
#define text__branches	     other__branches
#define text__inline_unlocks other__inline_unlocks
struct text *other__open(const char *path, const char **why);
void other__close(struct text *t);
int other__read(struct text *t, __u64 addr, void *buf, size_t size);
#include "../../src/text.c"
