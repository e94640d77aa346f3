// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * insn.c and text.c for arm64, whatever this machine is, under names of their own. The
 * headers come first: they want to know the machine.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text_arm64.h"

#undef __x86_64__
#ifndef __aarch64__
#define __aarch64__ 1
#endif
#define insn_branch_bytes   arm__branch_bytes
#define insn_step	    arm__step
#define insn_thunk_bytes    arm__thunk_bytes
#define insn_jump_bytes	    arm__jump_bytes
#define insn_blocked_bytes  arm__blocked_bytes
#define insn_weakly_ordered arm__weakly_ordered
#define insn_regs_member    arm__regs_member
#define insn__target	    arm__target
#define insn__unlock	    arm__unlock
#define insn__lock_try	    arm__lock_try
#define insn__traceable	    arm__traceable
#define insn__blocks	    arm__blocks
#define insn__decode	    arm__decode
#define insn_follows	    arm__follows
#define insn__follow	    arm__follow
#define insn__is_argument   arm__is_argument
#include "../../src/kernel/insn.c"

#define text__open	     arm__open
#define text__close	     arm__close
#define text__read	     arm__read
#define text__note	     arm__note
#define text__branches	     arm__branches
#define text__branch	     arm__branch
#define text__ahead	     arm__ahead
#define text__behind	     arm__behind
#define text__inline_unlocks arm__inline_unlocks
#define text__inline_lock    arm__inline_lock
#define text__blockers	     arm__blockers
#define text__exits	     arm__exits
struct text *arm__open(const char *path, const char **why);
void arm__close(struct text *t);
char *arm__note(struct text *t, const char *name);
int arm__read(struct text *t, __u64 addr, void *buf, size_t size);
#include "../../src/kernel/text.c"
