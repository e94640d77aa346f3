// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Instructions of x86-64, and the places of a function where a probe can be a jump. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "kernel/insn.h"
#include "unit.h"

#if defined(__x86_64__)

static size_t from_hex(const char *hex, unsigned char *out, size_t max)
{
	unsigned int byte;
	size_t n = 0;
	int took;

	while (n < max && *hex != ' ' && sscanf(hex, "%2x%n", &byte, &took) == 1) {
		out[n++] = byte;
		hex += took;
	}
	return n;
}

/* Behind each instruction stand bytes that would make it longer if they were taken for its own. */
static void lengths_are_objdumps(void **state)
{
	FILE *list = fopen("tests/data/x86-64.insn", "r");
	unsigned char code[32];
	char line[256];
	int n = 0;

	(void)state;
	assert_non_null(list);
	while (fgets(line, sizeof(line), list)) {
		struct insn insn;
		size_t len;

		if (*line == '#')
			continue;
		memset(code, 0x66, sizeof(code));
		len = from_hex(line, code, 15);
		if (!insn__decode(code, sizeof(code), 0, &insn) || insn.len != len)
			fail_msg("%zu bytes: %s", insn.len, line);
		/* cut off at any byte, it is none, or one of the shorter ones it begins with */
		for (size_t cut = 0; cut < len; cut++)
			assert_false(insn__decode(code, cut, 0, &insn) && insn.len > cut);
		n++;
	}
	fclose(list);
	assert_true(n > 500);
}

static struct insn decode(const char *hex)
{
	unsigned char code[16];
	struct insn insn;

	assert_true(insn__decode(code, from_hex(hex, code, sizeof(code)), 0, &insn));
	return insn;
}

static void ways_on_are_known(void **state)
{
	/* clang-format off */
	static const struct {
		const char *hex;
		bool straight, movable, jump, branch, indirect;
		int target;
	} rows[] = {
		{ "4c89f0",	  true,	 true,	false, false, false, 0 },	/* mov */
		{ "488d5c2410",	  true,	 true,	false, false, false, 0 },	/* lea */
		{ "f6c420",	  true,	 false, false, false, false, 0 },	/* test %ah: group 3 */
		{ "f0480fba2d0000000002", true, false, false, false, false, 0 },	/* lock bts */
		{ "0f1f4000",	  true,	 false, false, false, false, 0 },	/* may become a jump */
		{ "74fe",	  false, false, false, true,  false, 0 },	/* je to itself */
		{ "0f8400010000", false, false, false, true,  false, 0x106 },
		{ "eb10",	  false, false, true,  true,  false, 0x12 },
		{ "e9fbffffff",	  false, false, true,  true,  false, 0 },
		{ "e800000000",	  false, false, false, true,  false, 5 },	/* call */
		{ "ffd0",	  false, false, false, false, false, 0 },	/* call *%rax */
		{ "ffe0",	  false, false, false, false, true,  0 },	/* jmp *%rax */
		{ "c3",		  false, false, false, false, false, 0 },
		{ "0f0b",	  false, false, false, false, false, 0 },	/* ud2 */
	};
	/* clang-format on */

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct insn insn = decode(rows[i].hex);

		assert_int_equal(insn.straight, rows[i].straight);
		assert_int_equal(insn.movable, rows[i].movable);
		assert_int_equal(insn.jump, rows[i].jump);
		assert_int_equal(insn.branch, rows[i].branch);
		assert_int_equal(insn.indirect, rows[i].indirect);
		assert_int_equal(insn.target, rows[i].target);
	}
}

static unsigned char hot[64], cold[16];

/* A function out of @hex, and what was moved out of it to 0x1000 bytes behind its start. */
static const struct text_func *function(const char *hex, const char *cold_hex)
{
	static struct text_func f;

	f = (struct text_func){
		.hot = { hot, from_hex(hex, hot, sizeof(hot)), 0 },
		.cold = { cold, from_hex(cold_hex, cold, sizeof(cold)), 0x1000 },
		.image_start = -0x10000,
		.image_end = 0x10000,
	};
	return &f;
}

static int note_next(void *ctx, size_t target, __u32 offset, __u32 next)
{
	(void)target, (void)offset;
	*(__u32 *)ctx = next;
	return 0;
}

/*
 * As in 6.1's __buffer_migrate_folio:	 0 je 0x14; 2 lea 0x7c(%rax),%rbx (4 bytes); 6 mov %rbx,%rdi;
 * 9 call; e mov; 11 ret
 */
#define LOCKS "7412 488d587c 4889df e800000000 4889e8 c3"

static const struct text_func *locks(const char *hex, const char *cold_hex)
{
	static char packed[256];
	size_t n = 0;

	for (; *hex; hex++)
		if (*hex != ' ')
			packed[n++] = *hex;
	packed[n] = 0;
	return function(packed, cold_hex);
}

static void a_place_ahead_of_a_call(void **state)
{
	(void)state;
	assert_int_equal(text__ahead(locks(LOCKS, ""), 9), 2);
	/* one instruction of five bytes alone: as near to the call as can be */
	assert_int_equal(text__ahead(locks("4889df 4c897c2408 e800000000 c3", ""), 8), 3);
	/* too few bytes behind the branch */
	assert_int_equal(text__ahead(locks("7412 4889df e800000000 c3", ""), 5), 5);
	/* an instruction that can't be moved in the jump's way, and one between jump and call */
	assert_int_equal(text__ahead(locks("4889df f6c420 e800000000 c3", ""), 6), 6);
	assert_int_equal(text__ahead(locks("4c897c2408 f6c420 e800000000 c3", ""), 8), 0);
	/* behind another call */
	assert_int_equal(text__ahead(locks("4c897c2408 e800000000 90 e800000000 c3", ""), 11), 11);
	/* not where an instruction begins; not a known one before it */
	assert_int_equal(text__ahead(locks(LOCKS, ""), 10), 10);
	assert_int_equal(text__ahead(locks("06 4c897c2408 e800000000 c3", ""), 6), 6);
}

static void nobody_else_comes_by(void **state)
{
	(void)state;
	/* to the call, or between: whoever does has not come by the place ahead */
	assert_int_equal(text__ahead(locks(LOCKS "7af4", ""), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS "7af1", ""), 9), 9);
	/* to the place itself, and behind the call: they may */
	assert_int_equal(text__ahead(locks(LOCKS "7aed", ""), 9), 2);
	assert_int_equal(text__ahead(locks(LOCKS "7af9", ""), 9), 2);
	/* out of the cold part: jmp to 6, which is 0x1000 + 5 - 0xfff bytes back */
	assert_int_equal(text__ahead(locks(LOCKS, "e901f0ffff"), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS, "e9fdefffff"), 9), 2);
	/* who knows where to: a switch; bytes that are no instruction */
	assert_int_equal(text__ahead(locks(LOCKS "ffe0", ""), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS "06", ""), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS, "06"), 9), 9);
}

/* Two recordings at once: the second one sees the first one's probes in the text. */
static void probes_of_others_are_seen(void **state)
{
	static const struct text_target lock = { "lock", 0x5000 };
	const unsigned char probed[] = { 0xcc, 0xfb, 0x3f, 0x00, 0x00, 0xc3 };
	__u32 next = 0;

	(void)state;
	/* a trap on the way to the call; one elsewhere in the function; and padding, which is none */
	assert_int_equal(text__ahead(locks("7412 cc8d587c 4889df e800000000 4889e8 c3", ""), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS "4889e8 cc 4889e8", ""), 9), 9);
	assert_int_equal(text__ahead(locks(LOCKS "cccc", ""), 9), 2);
	assert_int_equal(text__ahead(locks(LOCKS, "c3cc"), 9), 2);
	assert_int_equal(text__ahead(locks(LOCKS, "90cc"), 9), 9);
	/* jumps in their place lead out of the image */
	assert_int_equal(text__ahead(locks("7412 e900001000 df e800000000 c3", ""), 8), 8);
	assert_int_equal(text__behind(locks("e800000000 4889e8 eb00 e900001000 c3", ""), 5), 5);
	assert_int_equal(text__ahead(locks(LOCKS, "e900001000"), 9), 9);
	/* a call whose first byte a kprobe has taken */
	assert_int_equal(text__branches(probed, sizeof(probed), 0x1000, &lock, 1, note_next, &next),
			 1);
	assert_int_equal(next, 5);
}

/*
 * Behind the call at 0: 5 mov %rbp,%rax; 8 jmp 0x13; a mov; e cmp; 11 je 0x1d; 13 mov; 16 test;
 * 18 je 0xa
 */
#define CHECKS "e800000000 4889e8 eb09 488b4008 4839c5 740a 8b5060 85d2 74f0 909090 c3"

static void a_place_behind_a_call(void **state)
{
	(void)state;
	/* the head of the loop that checks the buffers */
	assert_int_equal(text__behind(locks(CHECKS, ""), 5), 0x13);
	/* right there */
	assert_int_equal(text__behind(locks("e800000000 4c897c2408 c3", ""), 5), 5);
	/* into the jump's bytes, or right behind them, which the kernel counts, too */
	assert_int_equal(text__behind(locks("e800000000 4c897c2408 90 7afa c3", ""), 5), 5);
	assert_int_equal(text__behind(locks("e800000000 4889df 4889df 90 7afa c3", ""), 5), 5);
	/* not past a branch, a call or the function's end */
	assert_int_equal(text__behind(locks("e800000000 4889df 7402 4c897c2408 c3", ""), 5), 5);
	assert_int_equal(text__behind(locks("e800000000 90 e800000000 4c897c2408 c3", ""), 5), 5);
	assert_int_equal(text__behind(locks("e800000000 90 eb70", ""), 5), 5);
	assert_int_equal(text__behind(locks("e800000000 90 c3 4c897c2408", ""), 5), 5);
	/* not for ever */
	assert_int_equal(text__behind(locks("e800000000 90 ebfd", ""), 5), 5);
}

static void a_branch_behind_a_call(void **state)
{
	(void)state;
	/* mov (%r15),%rax; test $0x20,%ah; je: no room for a jump ahead of it */
	assert_int_equal(text__branch(locks("e800000000 498b07 f6c420 7402 9090 c3", ""), 5), 0xb);
	/* others come to it, too */
	assert_int_equal(text__branch(locks("e800000000 498b07 f6c420 7402 9090 7af7 c3", ""), 5),
			 5);
	/* a jump has room at once; a call, the end */
	assert_int_equal(text__branch(locks("e800000000 4c897c2408 7402 9090 c3", ""), 5), 5);
	assert_int_equal(text__branch(locks("e800000000 498b07 e800000000 c3", ""), 5), 5);
	assert_int_equal(text__branch(locks("e800000000 498b07 c3", ""), 5), 5);
}

#endif

static int note_exit(void *ctx, const struct text_place *p)
{
	__u32 *first = ctx;

	if (!*first)
		*first = p->offset;
	return strcmp(p->what, CALLEE_EXIT);
}

static int exits(const char *hex, const char *cold, __u32 *first)
{
	unsigned char code[64], cold_code[64];
	struct text_func f = { .hot = { code, 0, 0 }, .cold = { cold_code, 0, 0x100 } };

	*first = 0;
	f.hot.size = from_hex(hex, code, sizeof(code));
	f.cold.size = from_hex(cold, cold_code, sizeof(cold_code));
	return text__exits(&f, note_exit, first);
}

static void returns_are_found(void **state)
{
	__u32 first;

	(void)state;
	/* test %edi,%edi; je +2; xor %eax,%eax; ret; int3; pop %rbx; ret; int3 */
	assert_int_equal(exits("85ff740231c0c3cc5bc3cc", "", &first), 2);
	assert_int_equal(first, 6);
	/* the same with a tail jump, and a jump that can't be followed */
	assert_int_equal(exits("85ff740231c0e9000100005bc3", "", &first), 0);
	assert_int_equal(exits("85ff740231c0ffe05bc3", "", &first), 0);
	/* je into the cold part: none; one that comes back; one that returns itself, one that goes on */
	assert_int_equal(exits("85ff0f84f800000031c0c3", "", &first), 0);
	assert_int_equal(exits("85ff0f84f800000031c0c3", "90e902ffffff", &first), 1);
	assert_int_equal(first, 10);
	assert_int_equal(exits("85ff0f84f800000031c0c3", "90c3", &first), 0);
	assert_int_equal(exits("85ff0f84f800000031c0c3", "90e900100000", &first), 0);
	/* through a thunk, and under a probe that hides what stood there */
	assert_int_equal(exits("31c0e900010000", "", &first), 0);
	assert_int_equal(exits("85ff7402ccc0c3cc5bc3", "", &first), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(lengths_are_objdumps),
		cmocka_unit_test(ways_on_are_known),
		cmocka_unit_test(a_place_ahead_of_a_call),
		cmocka_unit_test(nobody_else_comes_by),
		cmocka_unit_test(a_place_behind_a_call),
		cmocka_unit_test(a_branch_behind_a_call),
		cmocka_unit_test(probes_of_others_are_seen),
		cmocka_unit_test(returns_are_found),
#endif
	};

	return cmocka_run_group_tests_name("insn", tests, NULL, NULL);
}
