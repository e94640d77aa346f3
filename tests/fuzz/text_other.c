// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * text.c with arm64's instructions, whatever this machine is, under names of its own. The headers
 * come first: they want to know the machine.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../src/insn.h"
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
#define text__ahead	     other__ahead
#define text__behind	     other__behind
#define insn_branch_bytes    other_branch_bytes
#define insn_step	     other_step
#define insn_thunk_bytes     other_thunk_bytes
#define insn_jump_bytes	     other_jump_bytes
#define insn__target	     other__target
#define insn__unlock	     other__unlock
#define insn__decode	     other__decode
struct text *other__open(const char *path, const char **why);
void other__close(struct text *t);
int other__read(struct text *t, __u64 addr, void *buf, size_t size);
__u32 other__ahead(const struct text_func *f, __u32 call);
__u32 other__behind(const struct text_func *f, __u32 next);
__u64 other__target(const unsigned char *code, __u64 addr, bool *call);
size_t other__unlock(const unsigned char *code, size_t size);
bool other__decode(const unsigned char *code, size_t size, size_t at, struct insn *i);
/* from here on these are the names of objects that nobody has declared */
extern const size_t other_branch_bytes, other_step, other_thunk_bytes, other_jump_bytes;
#include "../../src/insn.c"
#include "../../src/text.c"
