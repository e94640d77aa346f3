// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The one place that knows instructions of an architecture: direct branches, inlined unlocks, and on
 * x86-64 how long an instruction is. Stage 0.
 */
#include <string.h>

#include "insn.h"

#if defined(__x86_64__)

#define INT3 0xcc

const size_t insn_branch_bytes = 5, insn_step = 1;
/*
 * Where retbleed is mitigated by call-depth tracking (80e4c1cd42ff, 6.2), calls are redirected to
 * the accounting code in the padding right before the callee: at most 16 bytes ahead.
 */
const size_t insn_thunk_bytes = 16;
const size_t insn_jump_bytes = 5;

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
size_t insn__unlock(const unsigned char *code, size_t size)
{
	static const unsigned char stores[][7] = {
		{ 0xc6, 0x07, 0x00, 0x0f, 0x1f, 0x40, 0x00 },
		{ 0xc6, 0x07, 0x00, 0x66, 0x66, 0x66, 0x90 },
		{ 0xc6, 0x07, 0x00, 0x90, 0x90, 0x90, 0x90 },
	};
	const size_t len = sizeof(stores[0]);

	for (size_t i = 0; i < sizeof(stores) / len; i++)
		if (size >= len && (code[0] == stores[i][0] || code[0] == INT3) &&
		    !memcmp(code + 1, stores[i] + 1, len - 1))
			return len;
	return 0;
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
		i->jump = op.map == 1 && (op.byte == 0xe9 || op.byte == 0xeb);
		i->target = (__s64)(at + i->len) + disp;
		return true;
	}
	if (op.map == 1 &&
	    op.byte == 0xff) { /* calls return; jumps may go to any case of a switch */
		__u8 what = code[op.at] >> 3 & 7;

		i->indirect = what == 4 || what == 5;
		i->straight = what < 2 || what == 6;
		return true;
	}
	i->trap = op.map == 1 && op.byte == INT3;
	i->straight = !ends(&op);
	i->movable = i->straight && movable(&op);
	return true;
}

#elif defined(__aarch64__)

const size_t insn_branch_bytes = 4, insn_step = 4, insn_thunk_bytes = 0, insn_jump_bytes = 0;

__u64 insn__target(const unsigned char *code, __u64 addr, bool *call)
{
	__u32 insn;

	memcpy(&insn, code, sizeof(insn));
	if ((insn & 0x7c000000) != 0x14000000) /* b, bl */
		return 0;
	*call = insn >> 31;
	return addr + (__s64)((__s32)(insn << 6) >> 4);
}

size_t insn__unlock(const unsigned char *code, size_t size)
{
	(void)code, (void)size;
	return 0; /* UNINLINE_SPIN_UNLOCK holds on every arm64 configuration we know */
}

bool insn__decode(const unsigned char *code, size_t size, size_t at, struct insn *i)
{
	(void)code, (void)size, (void)at;
	memset(i, 0, sizeof(*i));
	return false; /* nobody asks where there are no jumps to be had */
}

#else
#error "add this architecture's instructions here and its registers to vmlinux.h"
#endif
