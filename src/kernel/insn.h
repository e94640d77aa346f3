/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Instructions of the machine that this is built for: insn.c alone knows them. Stage 0. */
#ifndef MIGTRACE_INSN_H
#define MIGTRACE_INSN_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/* Of a direct call or jump to another function; instructions start at multiples of the step. */
extern const size_t insn_branch_bytes, insn_step;
/* How far ahead of a function a call of it may lead (insn.c says why). */
extern const size_t insn_thunk_bytes;
/* What the kernel needs to put a jump in place of a kprobe's instruction; 0: it never does. */
extern const size_t insn_jump_bytes;
/* One of struct pt_regs that no other architecture's has. */
extern const char *const insn_regs_member;
/* Memory operations of one CPU are seen by others in another order. */
extern const bool insn_weakly_ordered;

/*
 * The address to which the branch at @code (address @addr) leads; 0: it is none. @call: it returns.
 * Where a kprobe has taken the place of its first byte, what follows still says where it led: then it
 * is taken for a call, for nobody probes the tail jumps that end here.
 */
__u64 insn__target(const unsigned char *code, __u64 addr, bool *call);

/*
 * Is the store at @code (@size bytes left) an inlined queued_spin_unlock? Its length, or 0. The same
 * if a kprobe has taken the place of its first byte. *@reg says
 * where the lock's address is: 0 as a function's first argument, else one more than the register's
 * place in pt_regs.
 */
size_t insn__unlock(const unsigned char *code, size_t size, __u8 *reg);

/* The same for the first instruction of an inlined queued_spin_lock's attempt that can be probed. */
bool insn__lock_try(const unsigned char *code, size_t size, __u8 *reg);

/*
 * Does the function that @code begins have a place for ftrace, which nobody uses just now? False: it has
 * none, or that can't be told.
 */
bool insn__traceable(const unsigned char *code, size_t size);

/* Does the kernel refuse probes right behind it, unless it has one itself (insn.c says why)? */
bool insn__blocks(const unsigned char *code, size_t size);
/* How far, in bytes. */
extern const size_t insn_blocked_bytes;

/* One instruction, as far as the path to a probe is concerned. */
struct insn {
	size_t len;
	bool movable;  /* the kernel may run it out of its place, behind a jump that replaced it */
	bool straight; /* goes on to the next one and nowhere else */
	bool jump;     /* goes to @target and nowhere else */
	bool branch;   /* may go to @target, which is in bytes from the start of the code */
	bool call;     /* of a function that is expected to come back */
	bool hidden; /* under a probe that is there already: taken for one that goes on straight */
	bool ret;    /* the function's end */
	bool indirect; /* a jump that goes where can't be read here */
	bool trap;     /* padding where nothing falls through to it; else a kprobe's */
	__s64 target;
};
/* The instruction at @at of the @size bytes at @code. False: cut off, or not known here. */
bool insn__decode(const unsigned char *code, size_t size, size_t at, struct insn *i);

/*
 * the instruction at @code (@size bytes are left) as far as it moves the address at
 * @offset of something between registers, of which @regs is a set. Ways through a function are not
 * followed, only its text; so this says what code looks like.
 */
void insn__follow(const unsigned char *code, size_t size, __u32 offset, unsigned int *regs);
/* Is the register of a first argument among @regs? */
bool insn__is_argument(unsigned int regs);
extern const bool insn_follows;

#endif /* MIGTRACE_INSN_H */
