// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* arm64's instructions, and the locks and returns in its code, on any machine. */
#include <errno.h>
#include <string.h>

#include "kernel/insn.h"
#include "text_arm64.h"
#include "unit.h"

#define NOP	 0xd503201f
#define RET	 0xd65f03c0
#define STRAIGHT 0xaa1303e4 /* mov x4, x19 */
#define KPROBE	 0xd4200080 /* brk #4 */

static __u32 code[64];
static size_t words;

static struct text_place found[16];
static int found_n, answer;

static int note(void *ctx, const struct text_place *p)
{
	(void)ctx;
	assert_true(found_n < 16);
	found[found_n++] = *p;
	return answer;
}

/* A function out of words; branches are added by branch(). */
static void function(const __u32 *w, size_t n)
{
	memcpy(code, w, n * sizeof(*w));
	words = n;
	found_n = answer = 0;
}

#define FUNCTION(...)                                                                              \
	function((const __u32[]){ __VA_ARGS__ }, sizeof((__u32[]){ __VA_ARGS__ }) / sizeof(__u32))

static size_t bytes(void)
{
	return words * sizeof(*code);
}

static const unsigned char *text(void)
{
	return (const unsigned char *)code;
}

static struct insn decode(__u32 w)
{
	struct insn i;

	FUNCTION(NOP, w);
	assert_true(arm__decode(text(), bytes(), 4, &i));
	assert_int_equal(i.len, 4);
	return i;
}

static void ways_on_are_known(void **state)
{
	/* clang-format off */
	static const struct {
		__u32 w;
		bool straight, jump, branch, call, ret, indirect;
		int target;
	} rows[] = { /* at 4, as objdump has them */
		{ 0x14000002, false, true,  true,  false, false, false, 0xc },	/* b +8 */
		{ 0x17ffffff, false, true,  true,  false, false, false, 0 },	/* b -4 */
		{ 0x94000004, false, false, true,  true,  false, false, 0x14 },	/* bl */
		{ 0x54000041, false, false, true,  false, false, false, 0xc },	/* b.ne */
		{ 0x34fff740, false, false, true,  false, false, false, 0x4 - 0x118 }, /* cbz w0 */
		{ 0x350000c2, false, false, true,  false, false, false, 0x1c },	/* cbnz w2 */
		{ 0x371003a4, false, false, true,  false, false, false, 0x78 },	/* tbnz w4, #2 */
		{ 0x3617ff00, false, false, true,  false, false, false, 0x4 - 0x20 }, /* tbz */
		{ 0xd61f0220, false, false, false, false, false, true,	0 },	/* br x17 */
		{ 0xd63f0220, false, false, false, true,  false, false, 0 },	/* blr x17 */
		{ 0xd73f0a20, false, false, false, true,  false, false, 0 },	/* blraa x17, x0 */
		{ RET,	      false, false, false, false, true,	 false, 0 },
		{ 0xd65f0bff, false, false, false, false, true,	 false, 0 },	/* retaa */
		{ 0xd69f03e0, false, false, false, false, false, false, 0 },	/* eret */
		{ 0xd4210000, false, false, false, false, false, false, 0 },	/* brk #0x800 */
		{ 0x00000000, false, false, false, false, false, false, 0 },	/* udf */
		{ KPROBE,     true,  false, false, false, false, false, 0 },
		{ NOP,	      true,  false, false, false, false, false, 0 },
		{ 0x88e37e82, true,  false, false, false, false, false, 0 },	/* casa */
		{ 0xd50343df, true,  false, false, false, false, false, 0 },	/* msr daifset, #3 */
	};
	/* clang-format on */
	struct insn i;

	(void)state;
	for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
		i = decode(rows[n].w);
		if (i.straight != rows[n].straight || i.jump != rows[n].jump ||
		    i.branch != rows[n].branch || i.call != rows[n].call || i.ret != rows[n].ret ||
		    i.indirect != rows[n].indirect || i.target != rows[n].target)
			fail_msg("%08x: straight %d jump %d branch %d call %d ret %d to %lld",
				 rows[n].w, i.straight, i.jump, i.branch, i.call, i.ret,
				 (long long)i.target);
		assert_int_equal(i.hidden, rows[n].w == KPROBE);
	}
	assert_false(arm__decode(text(), bytes(), 2, &i));
	assert_false(arm__decode(text(), bytes(), 8, &i));
	assert_false(arm__decode(text(), 3, 0, &i));
}

/*
 * As Debian's 6.1 has it in __buffer_migrate_folio, the way to exclusives patched out:
 *    0 nop; 4 mov; 8 casa w3, w2, [x20]; c mov w0, w3; 10 cbnz w0, 2c; 14 mov; 18 stlrb w0, [x1];
 *   1c ret; 20 prfm [x20]; 24 ldaxr w0, [x20]; 28 cbz w0, 14; 2c mov w1, w0; 30 bl; 34 b 14
 */
#define HELD_AT 0x14
#define SLOW_AT 0x30
#define LOCKED                                                                                     \
	NOP, 0x2a0103e3, 0x88e37e82, 0x2a0303e0, 0x350000e0, STRAIGHT, 0x089ffc20, RET,            \
		0xf9800291, 0x885ffe80, 0x34ffff60, 0x2a0003e1, 0x94001000, 0x17fffff8

static int lock(void)
{
	found_n = 0;
	return arm__inline_lock(text(), bytes(), SLOW_AT, note, NULL);
}

static void a_lock_by_compare_and_swap(void **state)
{
	(void)state;
	FUNCTION(LOCKED);
	assert_int_equal(lock(), 1);
	assert_int_equal(found_n, 1);
	assert_string_equal(found[0].what, CALLEE_INLINE_LOCK);
	assert_int_equal(found[0].offset, 8);
	assert_int_equal(found[0].next, HELD_AT);
	assert_int_equal(found[0].reg, 20 + 1);
	/* who waited goes on elsewhere: 34 ldr; 38 b 14 */
	FUNCTION(LOCKED, 0x17fffff7);
	code[13] = 0xf94016e2;
	assert_int_equal(lock(), 1);
	assert_int_equal(found_n, 2);
	assert_int_equal(found[0].next, HELD_AT);
	assert_int_equal(found[1].next, 0x34);
	assert_int_equal(found[1].offset, 8);
}

static void a_lock_by_exclusives(void **state)
{
	(void)state;
	FUNCTION(LOCKED);
	code[0] = 0x14000008; /* b 20: what the kernel leaves where the CPU has no other */
	assert_int_equal(lock(), 1);
	assert_int_equal(found_n, 1);
	assert_int_equal(found[0].offset, 0x20); /* not on the exclusive load */
	assert_int_equal(found[0].next, HELD_AT);
	assert_int_equal(found[0].reg, 20 + 1);
	/* a prefetch of something else */
	code[8] = 0xf9800271;
	lock();
	assert_string_equal(found[0].what, CALLEE_UNKNOWN_LOCK);
}

static void a_lock_that_is_not_understood(void **state)
{
	static const struct {
		size_t at;
		__u32 w;
	} spoil[] = {
		{ 3, 0x94001000 },  /* a call between attempt and decision */
		{ 3, RET },	    /* a way out */
		{ 4, 0x35000060 },  /* a decision about something else */
		{ 4, STRAIGHT },    /* none */
		{ 3, 0x17ffffc0 },  /* a jump out of the function */
		{ 2, STRAIGHT },    /* no attempt */
		{ 12, 0x14001000 }, /* the slow path does not come back */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spoil) / sizeof(spoil[0]); i++) {
		FUNCTION(LOCKED);
		code[spoil[i].at] = spoil[i].w;
		lock();
		assert_int_equal(found_n, 1);
		if (strcmp(found[0].what, CALLEE_UNKNOWN_LOCK))
			fail_msg("%zu: %s", i, found[0].what);
		assert_int_equal(found[0].offset, SLOW_AT);
	}
	/* under a probe of somebody else; beside one it is found */
	FUNCTION(LOCKED);
	code[2] = KPROBE;
	lock();
	assert_string_equal(found[0].what, CALLEE_HIDDEN_LOCK);
	FUNCTION(LOCKED);
	code[1] = KPROBE;
	lock();
	assert_string_equal(found[0].what, CALLEE_INLINE_LOCK);
	answer = -ENOMEM;
	assert_int_equal(lock(), -ENOMEM);
}

static void unlocks_and_blockers(void **state)
{
	(void)state;
	FUNCTION(LOCKED);
	assert_int_equal(arm__inline_unlocks(text(), bytes(), note, NULL), 1);
	assert_int_equal(found[0].offset, 0x18);
	assert_int_equal(found[0].next, 0x1c);
	assert_int_equal(found[0].reg, 1 + 1);
	/* casa, which the kernel takes for the begin of a sequence; not a real one, nor its end */
	found_n = 0;
	assert_int_equal(arm__blockers(text(), bytes(), note, NULL), 1);
	assert_int_equal(found[0].offset, 8);
	FUNCTION(0xc8dffe60); /* ldar: the same */
	assert_true(arm__blocks(text(), bytes()));
	FUNCTION(0xf8a13280); /* ldseta */
	assert_false(arm__blocks(text(), bytes()));
	assert_false(arm__blocks(text(), 3));
}

static int exits(void)
{
	struct text_func f = { .hot = { text(), bytes(), 0 } };

	return arm__exits(&f, note, NULL);
}

static void returns(void **state)
{
	(void)state;
	FUNCTION(LOCKED);
	assert_int_equal(exits(), 1);
	assert_int_equal(found[0].offset, 0x1c);
	code[3] = RET;
	found_n = 0;
	assert_int_equal(exits(), 2);
	/* ways out that are no returns: a tail jump, and who knows where */
	FUNCTION(LOCKED);
	code[3] = 0x14001000;
	assert_int_equal(exits(), 0);
	FUNCTION(LOCKED);
	code[3] = 0xd61f0220;
	assert_int_equal(exits(), 0);
}

static void calls(void **state)
{
	static const struct text_target targets[] = { { "slow", 0x1000 + SLOW_AT + 0x4000 } };
	struct text_func f = { .hot = { text(), 0, 0 } };

	(void)state;
	FUNCTION(LOCKED);
	f.hot.size = bytes();
	assert_int_equal(arm__branches(text(), bytes(), 0x1000, targets, 0, NULL, NULL), 0);
	/* no probe becomes a jump there */
	assert_int_equal(arm__ahead(&f, SLOW_AT), SLOW_AT);
	assert_int_equal(arm__behind(&f, SLOW_AT + 4), SLOW_AT + 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ways_on_are_known),
		cmocka_unit_test(a_lock_by_compare_and_swap),
		cmocka_unit_test(a_lock_by_exclusives),
		cmocka_unit_test(a_lock_that_is_not_understood),
		cmocka_unit_test(unlocks_and_blockers),
		cmocka_unit_test(returns),
		cmocka_unit_test(calls),
	};

	return cmocka_run_group_tests_name("arm64", tests, NULL, NULL);
}
