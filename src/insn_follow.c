// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Which registers hold the address of one member of something, line by line. Stage 0. */
#include <string.h>

#include "insn.h"

#if defined(__x86_64__)

const bool insn_follows = true;

/* Registers by their number in instructions: di is a first argument, calls keep bx, bp, r12 to r15. */
#define DI   7
#define KEPT (1u << 3 | 1u << 5 | 0xf000u)

#define REX_W 8
#define REX_R 4
#define REX_B 1

/* Of an instruction with a ModRM byte: what it names. */
struct operands {
	unsigned int reg, rm;
	bool memory;
	__s32 disp; /* of the memory operand */
	size_t len;
};

/* @p: the ModRM byte, @size bytes left. False: cut off. */
static bool operands(const unsigned char *p, size_t size, unsigned char rex, struct operands *o)
{
	unsigned int mod;
	size_t at = 1;

	if (!size)
		return false;
	mod = p[0] >> 6;
	o->reg = (p[0] >> 3 & 7) | (rex & REX_R ? 8 : 0);
	o->rm = (p[0] & 7) | (rex & REX_B ? 8 : 0);
	o->memory = mod != 3;
	o->disp = 0;
	if (o->memory && (p[0] & 7) == 4)
		at++;
	o->len = at + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
	if (o->len > size)
		return false;
	if (mod == 1)
		o->disp = (signed char)p[at];
	else if (mod == 2)
		memcpy(&o->disp, p + at, sizeof(o->disp));
	return true;
}

static void set(unsigned int *regs, unsigned int reg, bool holds)
{
	*regs = holds ? *regs | 1u << reg : *regs & ~(1u << reg);
}

/* add of a number: the address that was there goes away, or comes to be. */
static void follow_add(const unsigned char *p, size_t size, unsigned char rex, bool byte,
		       __s32 offset, unsigned int *regs)
{
	struct operands o;
	__s32 imm;

	if (!operands(p, size, rex, &o) || o.memory || o.len + (byte ? 1 : 4) > size)
		return;
	if (byte)
		imm = (signed char)p[o.len];
	else
		memcpy(&imm, p + o.len, sizeof(imm));
	set(regs, o.rm, !(o.reg & 7) && imm == offset);
}

void insn__follow(const unsigned char *code, size_t size, __u32 offset, unsigned int *regs)
{
	unsigned char rex = size && code[0] >> 4 == 4 ? code[0] : 0;
	const unsigned char *op = code + !!rex;
	size_t left = size - !!rex;
	struct operands o;

	if (size < 2)
		return;
	if (*op == 0xe8) {
		*regs &= KEPT;
	} else if (*op >> 3 == 0x58 >> 3) { /* pop */
		set(regs, (*op & 7) | (rex & REX_B ? 8 : 0), false);
	} else if (*op == 0x81 || *op == 0x83) {
		follow_add(op + 1, left - 1, rex, *op == 0x83, offset, regs);
	} else if (*op == 0x8d && operands(op + 1, left - 1, rex, &o)) { /* lea */
		set(regs, o.reg, rex & REX_W && o.memory && o.disp == (__s32)offset);
	} else if (*op == 0x89 && operands(op + 1, left - 1, rex, &o) && !o.memory) { /* mov */
		set(regs, o.rm, *regs & 1u << o.reg);
	} else if (*op == 0x8b && operands(op + 1, left - 1, rex, &o)) {
		set(regs, o.reg, !o.memory && *regs & 1u << o.rm);
	} else if ((*op == 0x31 || *op == 0x33) && operands(op + 1, left - 1, rex, &o) &&
		   !o.memory) {
		set(regs, *op == 0x31 ? o.rm : o.reg, false); /* xor */
	}
}

bool insn__is_argument(unsigned int regs)
{
	return regs & 1u << DI;
}

#else

const bool insn_follows = false; /* locks are inlined, and no call says where one is taken */

void insn__follow(const unsigned char *code, size_t size, __u32 offset, unsigned int *regs)
{
}

bool insn__is_argument(unsigned int regs)
{
	return false;
}

#endif
