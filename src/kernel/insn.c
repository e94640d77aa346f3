// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The one place that knows instructions of an architecture: branches, inlined locks, and on x86-64
 * how long an instruction is. Stage 0.
 */
#include <string.h>

#include "kernel/insn.h"

#if defined(__x86_64__)

#define INT3 0xcc
const char *const insn_regs_member = "orig_ax";
const bool insn_weakly_ordered = false;
const size_t insn_branch_bytes = 5, insn_step = 1, insn_jump_bytes = 5, insn_blocked_bytes = 0;
/*
 * Where retbleed is mitigated by call-depth tracking (80e4c1cd42ff, 6.2), calls are redirected to
 * the accounting code in the padding right before the callee: at most 16 bytes ahead.
 */
const size_t insn_thunk_bytes = 16;

__u64 insn__target(const unsigned char *code, __u64 addr, bool *call)
{
	__s32 disp;

	if (code[0] != 0xe8 && code[0] != 0xe9 && code[0] != INT3)
		return 0;
	*call = code[0] != 0xe9;
	memcpy(&disp, code + 1, sizeof(disp));
	return addr + insn_branch_bytes + (__s64)disp;
}

/*
 * movb $0,(%rdi) and the four bytes of no-op that fill up the seven-byte paravirt call it replaced:
 * what 5.10 patches in for queued_spin_unlock where there are no PV spinlocks. Which no-op depends
 * on the CPU (P6, K8, generic).
 */
size_t insn__unlock(const unsigned char *code, size_t size, __u8 *reg)
{
	static const unsigned char stores[][7] = {
		{ 0xc6, 0x07, 0x00, 0x0f, 0x1f, 0x40, 0x00 },
		{ 0xc6, 0x07, 0x00, 0x66, 0x66, 0x66, 0x90 },
		{ 0xc6, 0x07, 0x00, 0x90, 0x90, 0x90, 0x90 },
	};
	const size_t len = sizeof(stores[0]);

	*reg = 0;
	for (size_t i = 0; i < sizeof(stores) / len; i++)
		if (size >= len && (code[0] == stores[i][0] || code[0] == INT3) &&
		    !memcmp(code + 1, stores[i] + 1, len - 1))
			return len;
	return 0;
}

bool insn__traceable(const unsigned char *code, size_t size)
{
	/* ENDBR, and what a CPU with IBT has instead in functions of which no address is taken
	 * (gen_endbr_poison()), as of ed53a0d97192 (5.18) and as 7.x has it */
	static const unsigned char endbr[][4] = { { 0xf3, 0x0f, 0x1e, 0xfa },
						  { 0x66, 0x0f, 0x1f, 0x00 },
						  { 0x0f, 0x1f, 0x40, 0xd6 } };
	/* until a89dfde3dc3c ("x86: Remove dynamic NOP selection", 5.13) some CPUs had the second */
	static const unsigned char nops[][5] = { { 0x0f, 0x1f, 0x44, 0x00, 0x00 },
						 { 0x66, 0x66, 0x66, 0x66, 0x90 } };
	size_t at = 0;

	for (size_t i = 0; i < sizeof(endbr) / sizeof(*endbr) && !at; i++)
		if (size >= sizeof(*endbr) && !memcmp(code, endbr[i], sizeof(*endbr)))
			at = sizeof(*endbr);
	for (size_t i = 0; i < sizeof(nops) / sizeof(*nops); i++)
		if (size - at >= sizeof(*nops) && !memcmp(code + at, nops[i], sizeof(*nops)))
			return true;
	return false;
}

bool insn__lock_try(const unsigned char *code, size_t size, __u8 *reg)
{
	return false; /* ARCH_INLINE_SPIN_LOCK is not selected on x86 */
}

bool insn__blocks(const unsigned char *code, size_t size)
{
	return false;
}

/*
 * What follows an opcode, a row for each sixteen (Intel's Software Developer's Manual, volume 2,
 * appendix A). '.' nothing, m ModRM, b ModRM and a byte, z ModRM and an operand, 1 a byte, 4 an
 * operand, q an operand as wide as the register, o an address, w two bytes, f group 3, p a prefix,
 * r a displacement of one byte, R of four, x none that kernel code should have.
 */
static const char one_byte[] = "mmmm14xxmmmm14x."
			       "mmmm14xxmmmm14xx"
			       "mmmm14pxmmmm14px"
			       "mmmm14pxmmmm14px"
			       "pppppppppppppppp"
			       "................"
			       "xxxmpppp4z1b...."
			       "rrrrrrrrrrrrrrrr"
			       "bzxbmmmmmmmmmmmm"
			       "..........x....."
			       "oooo....14......"
			       "11111111qqqqqqqq"
			       "bbw.xxbzx.w..1x."
			       "mmmmxxx.mmmmmmmm"
			       "rrrr1111RRxr...."
			       "p.pp..ff......mm";
static const char two_bytes[] = "mmmmx.....x.xm.x"
				"mmmmmmmmmmmmmmmm"
				"mmmmxxxxmmmmmmmm"
				"......x.mxbxxxxx"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"bbbbmmm.mmxxmmmm"
				"RRRRRRRRRRRRRRRR"
				"mmmmmmmmmmmmmmmm"
				"...mbmmm...mbmmm"
				"mmmmmmmmmmbmmmmm"
				"mmbmbbbm........"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm"
				"mmmmmmmmmmmmmmmm";

#define REX_W 8

struct opcode {
	size_t at;	 /* of what follows it */
	char operands;	 /* as in the tables above */
	__u8 byte;	 /* the opcode's last */
	__u8 map;	 /* 1, 2 or 3 bytes */
	bool word, wide; /* 0x66; REX.W */
	bool odd;	 /* a prefix with which the kernel moves no instruction */
};

/* Prefixes and opcode at @at. False: cut off. */
static bool opcode_read(const unsigned char *code, size_t size, size_t at, struct opcode *op)
{
	memset(op, 0, sizeof(*op));
	for (; at < size && one_byte[code[at]] == 'p'; at++) {
		op->word |= code[at] == 0x66;
		op->odd |= code[at] == 0x67 || code[at] == 0x2e || code[at] == 0xf0;
		op->wide = code[at] >> 4 == 4 && code[at] & REX_W;
	}
	if (at >= size)
		return false;
	op->map = 1;
	op->byte = code[at++];
	op->operands = one_byte[op->byte];
	if (op->byte == 0x0f) {
		if (at >= size)
			return false;
		op->map = 2;
		op->byte = code[at++];
		op->operands = two_bytes[op->byte];
		if (op->byte == 0x38 || op->byte == 0x3a) {
			if (at >= size)
				return false;
			op->map = 3;
			op->byte = code[at++];
		}
	}
	op->at = at;
	return true;
}

/* Bytes of the ModRM byte at @p, and of the address that it asks for. */
static size_t modrm_bytes(const unsigned char *p, size_t size)
{
	__u8 mod = p[0] >> 6, rm = p[0] & 7;
	size_t n = 1;

	if (mod == 3)
		return n;
	if (rm == 4) {
		if (size > 1 && mod == 0 && (p[1] & 7) == 5)
			n += 4;
		n++;
	}
	if (mod == 0 && rm == 5)
		n += 4;
	return n + (mod == 1 ? 1 : mod == 2 ? 4 : 0);
}

/* Bytes behind the opcode; 0 with *@ok false when they are cut off or not known. */
static size_t operand_bytes(const unsigned char *p, size_t size, const struct opcode *op, bool *ok)
{
	const size_t operand = op->word && !op->wide ? 2 : 4;
	size_t n = 0;

	*ok = op->operands != 'x' && op->operands != 'p';
	if (strchr("mbzf", op->operands)) {
		*ok = size > 0;
		n = *ok ? modrm_bytes(p, size) : 0;
	}
	switch (op->operands) {
	case 'f': /* of its eight instructions only the two tests have an operand */
		if (*ok && !(p[0] >> 4 & 3))
			n += op->byte & 1 ? operand : 1;
		break;
	case 'b':
	case '1':
	case 'r':
		n += 1;
		break;
	case 'z':
	case '4':
		n += operand;
		break;
	case 'q':
		n += op->wide ? 8 : operand;
		break;
	case 'o':
		n += 8;
		break;
	case 'w':
		n += 2;
		break;
	case 'R':
		n += 4;
		break;
	}
	*ok = *ok && n <= size;
	return n;
}

/*
 * A part of what the kernel's can_boost() allows (arch/x86/kernel/kprobes/core.c), the part that
 * surrounds lock calls: an instruction that is taken for movable in error costs the jump, no more.
 */
static bool movable(const struct opcode *op)
{
	if (op->odd)
		return false;
	if (op->map == 2)
		return op->byte >> 4 == 4 || (op->byte >= 0xb6 && op->byte <= 0xb7) ||
		       (op->byte >= 0xbe && op->byte <= 0xbf) || op->byte == 0xaf;
	if (op->map != 1)
		return false;
	return op->byte >> 4 == 5 || op->byte == 0xc6 || op->byte == 0xc7 ||
	       (op->byte < 0xc0 && strchr("mbz14q", op->operands));
}

/* ret, iret, hlt, ud2: nothing behind them is reached by falling through. */
static bool ends(const struct opcode *op)
{
	return op->map == 2 ?
		       op->byte == 0x0b :
		       op->map == 1 && (op->byte == 0xc2 || op->byte == 0xc3 ||
					(op->byte >= 0xca && op->byte <= 0xcf) || op->byte == 0xf4);
}

bool insn__decode(const unsigned char *code, size_t size, size_t at, struct insn *i)
{
	struct opcode op;
	__s32 disp = 0;
	size_t n;
	bool ok;

	memset(i, 0, sizeof(*i));
	if (!opcode_read(code, size, at, &op))
		return false;
	n = operand_bytes(code + op.at, size - op.at, &op, &ok);
	if (!ok)
		return false;
	i->len = op.at + n - at;
	if (op.operands == 'r' || op.operands == 'R') {
		if (op.operands == 'r')
			disp = (signed char)code[op.at];
		else
			memcpy(&disp, code + op.at, sizeof(disp));
		i->branch = true;
		i->call = op.map == 1 && op.byte == 0xe8;
		i->jump = op.map == 1 && (op.byte == 0xe9 || op.byte == 0xeb);
		i->target = (__s64)(at + i->len) + disp;
		return true;
	}
	if (op.map == 1 && op.byte == 0xff) {
		__u8 what = code[op.at] >> 3 & 7; /* calls return; jumps may go anywhere */

		i->indirect = what == 4 || what == 5;
		i->call = what == 2 || what == 3;
		i->straight = what < 2 || what == 6;
		return true;
	}
	i->trap = op.map == 1 && op.byte == INT3;
	i->ret = op.map == 1 && (op.byte & ~1) == 0xc2; /* not through a thunk (5.19) */
	i->straight = !ends(&op);
	i->movable = i->straight && movable(&op);
	return true;
}

#elif defined(__aarch64__)

const size_t insn_branch_bytes = 4, insn_step = 4, insn_thunk_bytes = 0, insn_jump_bytes = 0;
const bool insn_weakly_ordered = true;
const char *const insn_regs_member = "pstate";
const size_t insn_blocked_bytes = 128;

/* Arm Architecture Reference Manual (DDI 0487), C4.1: the encodings that are looked for. */
#define IS_B(w)	     (((w)&0x7c000000) == 0x14000000) /* b, bl */
#define IS_BL(w)     (((w)&0xfc000000) == 0x94000000)
#define IS_B_COND(w) (((w)&0xff000000) == 0x54000000)
#define IS_CB(w)     (((w)&0x7e000000) == 0x34000000) /* cbz, cbnz */
#define IS_TB(w)     (((w)&0x7e000000) == 0x36000000) /* tbz, tbnz */
#define IS_B_REG(w)  (((w)&0xfe000000) == 0xd6000000) /* br, blr, ret, with and without keys */
#define IS_TRAP(w)   (((w)&0xff000000) == 0xd4000000 || (w) >> 16 == 0) /* brk, udf */
#define KPROBE	     0xd4200080 /* brk #4, in place of what a kprobe of somebody's sits on */
#define IS_CASA(w)   (((w)&0xffe0fc00) == 0x88e07c00) /* casa Ws, Wt, [Xn] */
#define IS_LDAXR(w)  (((w)&0xfffffc00) == 0x885ffc00) /* ldaxr Wt, [Xn] */
#define IS_PRFM(w)   (((w)&0xfffffc1f) == 0xf9800011) /* prfm pstl1strm, [Xn] */
#define IS_STLRB(w)  (((w)&0xfffffc00) == 0x089ffc00) /* stlrb Wt, [Xn] */
#define IS_LOAD_X(w) (((w)&0x3f400000) == 0x08400000) /* by the kernel's mask */
#define IS_EXCL(w)   (((w)&0x3f800000) == 0x08000000) /* the same: can't have a probe itself */

static __u32 word(const unsigned char *code)
{
	__u32 w;

	memcpy(&w, code, sizeof(w));
	return w;
}

/* The signed field of @bits at @low, in instructions, as bytes. */
static __s64 displacement(__u32 w, unsigned int low, unsigned int bits)
{
	return (__s64)((__s32)(w << (32 - low - bits)) >> (32 - bits)) * 4;
}

__u64 insn__target(const unsigned char *code, __u64 addr, bool *call)
{
	__u32 w = word(code);

	if (!IS_B(w))
		return 0;
	*call = IS_BL(w);
	return addr + displacement(w, 0, 26);
}

static __u8 base_register(__u32 w)
{
	return (w >> 5 & 31) + 1;
}

/*
 * Without preemption arm64 inlines its spinlocks (ARCH_INLINE_SPIN_LOCK; queued ones since
 * c11090474d70, 4.19): Debian has no _raw_spin_lock at all. A release of one byte is what unlocks.
 */
size_t insn__unlock(const unsigned char *code, size_t size, __u8 *reg)
{
	if (size < sizeof(__u32) || !IS_STLRB(word(code)))
		return 0;
	*reg = base_register(word(code));
	return sizeof(__u32);
}

bool insn__traceable(const unsigned char *code, size_t size)
{
	return false; /* one or two no-ops, which stand elsewhere as well */
}

/*
 * Compare and swap, or in its place an exclusive load and store where the CPU has none (no probe may
 * sit between these two, nor on one of them; but the kernel fetches the line ahead of them).
 */
bool insn__lock_try(const unsigned char *code, size_t size, __u8 *reg)
{
	if (size < 2 * sizeof(__u32))
		return false;
	*reg = base_register(word(code));
	return IS_CASA(word(code)) || (IS_PRFM(word(code)) && IS_LDAXR(word(code + 4)) &&
				       base_register(word(code + 4)) == *reg);
}

/*
 * Inside of an exclusive sequence no probe may sit, and the kernel looks for its begin up to 32
 * instructions back (arch/arm64/kernel/probes/decode-insn.c). It takes compare-and-swaps and ordered
 * loads for one. What it reads is the code as it is: where a probe sits, a breakpoint.
 */
bool insn__blocks(const unsigned char *code, size_t size)
{
	return size >= sizeof(__u32) && IS_LOAD_X(word(code)) && !IS_EXCL(word(code));
}

/* br goes anywhere, blr comes back, ret, eret and drps end; with pointer authentication 8 higher. */
static void decode_register(__u32 w, struct insn *i)
{
	__u32 what = w >> 21 & 7;

	i->indirect = what == 0;
	i->call = what == 1;
	i->ret = what == 2;
}

bool insn__decode(const unsigned char *code, size_t size, size_t at, struct insn *i)
{
	__s64 disp = 0;
	__u32 w;

	memset(i, 0, sizeof(*i));
	if (at % sizeof(w) || size < sizeof(w) || at > size - sizeof(w))
		return false;
	w = word(code + at);
	i->len = sizeof(w);
	if (IS_B_REG(w)) {
		decode_register(w, i);
		return true;
	}
	if (IS_B(w))
		disp = displacement(w, 0, 26);
	else if (IS_B_COND(w) || IS_CB(w))
		disp = displacement(w, 5, 19);
	else if (IS_TB(w))
		disp = displacement(w, 5, 14);
	else
		i->straight = w == KPROBE || !IS_TRAP(w);
	i->hidden = w == KPROBE;
	i->branch = !i->straight && !IS_TRAP(w);
	i->jump = IS_B(w) && !IS_BL(w);
	i->call = IS_BL(w);
	i->target = i->branch ? (__s64)at + disp : 0;
	return true;
}

#else
#error "add this architecture's instructions here and its registers to vmlinux.h"
#endif

/* Which registers hold the address of one member of something, line by line. */

#if defined(__x86_64__)

const bool insn_follows = true;

/* Registers by their number in instructions: di is a first argument, calls keep bx, bp, r12 to r15. */
#define DI   7
#define KEPT (1u << 3 | 1u << 5 | 0xf000u)

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
