// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Fact sheets to and from text; branches found in a function's bytes. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/facts.h"
#include "unit.h"

static struct facts f;

static int load_text(const char *text)
{
	const char *path = tmp__path("sheet");

	tmp__write(path, text, strlen(text));
	return facts__load(&f, path);
}

static void save(const char *path)
{
	FILE *out = fopen(path, "w");

	assert_non_null(out);
	facts__save(&f, out);
	fclose(out);
}

static void a_sheet_survives(void **state)
{
	static const char *const names[] = { "5.10", "6.1",	  "6.12",      "7.x",
					     "rt",   "arm64-6.1", "arm64-6.12" };

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *copy = tmp__path("copy");
		char path[64], *a, *b;
		size_t a_size, b_size;

		snprintf(path, sizeof(path), "tests/data/kernels/%s.facts", names[i]);
		assert_int_equal(facts__load(&f, path), 0);
		assert_true(f.funcs_n > 20 && f.calls_n > 20);
		save(copy);
		facts__free(&f);
		assert_null(f.funcs);
		a = tmp__read(path, &a_size);
		b = tmp__read(copy, &b_size);
		assert_string_equal(a, b);
		assert_int_equal(a_size, b_size);
		free(a);
		free(b);
	}
}

static void every_fact_is_read(void **state)
{
	(void)state;
	assert_int_equal(load_text("migtrace-facts 1\n"
				   "release 6.1.0-x\n"
				   "arch x86_64\n"
				   "feature btf yes\n"
				   "feature kprobes no\n"
				   "feature of-tomorrow yes\n"
				   "text_reason /proc/kcore needs root\n"
				   "func one btf=1 traceable=0 symbols=2\n"
				   "call one 0x10 0x15 two\n"
				   "call one 0x20 0x0 (inlined store)\n"
				   "call one 0x30 0x3c (inlined lock) reg=21\n"
				   "call one 0x40 0x45 (inlined store) ahead=0x3b behind=0x52\n"
				   "something of tomorrow\n"),
			 0);
	assert_string_equal(f.release, "6.1.0-x");
	assert_string_equal(f.arch, "x86_64");
	assert_true(f.feature[FEAT_BTF]);
	assert_false(f.feature[FEAT_KPROBES]);
	assert_string_equal(f.text_reason, "/proc/kcore needs root");
	assert_int_equal(f.funcs_n, 1);
	assert_true(facts__func(&f, "one")->in_btf);
	assert_false(facts__func(&f, "one")->traceable);
	assert_int_equal(facts__func(&f, "one")->symbols, 2);
	assert_null(facts__func(&f, "two"));
	assert_int_equal(f.calls_n, 4);
	assert_int_equal(f.calls[0].offset, 0x10);
	assert_int_equal(f.calls[0].next, 0x15);
	assert_int_equal(f.calls[0].ahead, 0x10);
	assert_int_equal(f.calls[0].behind, 0x15);
	assert_string_equal(f.calls[1].callee, CALLEE_INLINE_UNLOCK);
	assert_int_equal(f.calls[1].reg, 0);
	assert_string_equal(f.calls[2].callee, CALLEE_INLINE_LOCK);
	assert_int_equal(f.calls[2].reg, 21);
	assert_int_equal(f.calls[2].ahead, 0x30);
	assert_string_equal(f.calls[3].callee, CALLEE_INLINE_UNLOCK);
	assert_int_equal(f.calls[3].ahead, 0x3b);
	assert_int_equal(f.calls[3].behind, 0x52);
	facts__free(&f);
}

static void garbage_is_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"\n",
		"migtrace-facts 1",
		"migtrace-facts 2",
		"{\"release\": 1}\n",
		"migtrace-facts 1\nfunc one\n",
		"migtrace-facts 1\nfunc one btf=1\n",
		"migtrace-facts 1\nfunc one btf=x traceable=1 symbols=1\n",
		"migtrace-facts 1\nfunc ok btf=1 traceable=1 symbols=1\nfunc \n",
		"migtrace-facts 1\ncall one\n",
		"migtrace-facts 1\ncall one 0x1 0x2\n",
		"migtrace-facts 1\ncall one one one one\n",
		"migtrace-facts 1\ncall one 0x10 0x15 two ahead=here behind=0x15\n",
		"migtrace-facts 1\ncall one 0x10 0x15 two ahead=0x8\n",
		"migtrace-facts 1\ncall one 0x1 0x2 two reg=x\n",
		"migtrace-facts 1\ncall one 0x1 0x2 two ahead=x\n",
		"migtrace-facts 1\nfeature btf\n",
		"migtrace-facts 1\nfeature \n",
		"migtrace-facts 1\nrelease 6.1\nmigtrace-facts 1\nrelease 6.2\n",
		"migtrace-facts 1\nrelease 6.1\nfeature btf y",
	};
	const size_t none = 5; /* of these, no sheet at all */
	char wide[700];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (load_text(bad[i]) != (i < none ? -EINVAL : -EBADMSG))
			fail_msg("sheet %zu is taken", i);
		assert_int_equal(f.funcs_n, 0);
		assert_null(f.funcs);
		assert_null(f.calls);
	}
	assert_int_equal(facts__load(&f, tmp__path("absent")), -ENOENT);
	assert_int_equal(facts__load(&f, "/"), -EISDIR);
	assert_int_equal(load_text("migtrace-facts 2\nrelease 7.9\n"), -EPROTONOSUPPORT);
	assert_int_equal(load_text("migtrace-facts 1\r\nrelease 6.1\r\n"), 0);
	assert_string_equal(f.release, "6.1");
	facts__free(&f);
	/* names longer than any the kernel has */
	snprintf(wide, sizeof(wide), "migtrace-facts 1\nfunc %0600d btf=1 traceable=1 symbols=1\n",
		 0);
	assert_int_equal(load_text(wide), -EBADMSG);
	snprintf(wide, sizeof(wide), "migtrace-facts 1\nrelease %0600d\n", 0);
	assert_int_equal(load_text(wide), 0);
	assert_int_equal(strlen(f.release), sizeof(f.release) - 1);
	facts__free(&f);
}

static void bytes_at_random_are_survived(void **state)
{
	static const char head[] = "migtrace-facts 1\n";
	char *sheet, *copy;
	__u64 seed = 7;
	size_t size;

	(void)state;
	sheet = tmp__read("tests/data/kernels/6.1.facts", &size);
	copy = malloc(size + 1);
	assert_non_null(copy);
	for (int i = 0; i < 300; i++) {
		memcpy(copy, sheet, size + 1);
		for (int j = 0; j < 20; j++)
			copy[sizeof(head) + sample__random(&seed) % (size - sizeof(head))] =
				1 + sample__random(&seed) % 255;
		if (!load_text(copy))
			facts__free(&f);
		assert_null(f.funcs);
	}
	free(copy);
	free(sheet);
}

#if defined(__x86_64__)

#define AT 0x1000

static const struct text_target targets[] = { { "lock", 0x5000 }, { "unlock", 0x6000 } };

static struct {
	size_t target;
	__u32 offset, next;
} hits[8];
static int hits_n, answer;

static int hit(void *ctx, size_t target, __u32 offset, __u32 next)
{
	assert_ptr_equal(ctx, hits);
	assert_true(hits_n < 8);
	hits[hits_n].target = target;
	hits[hits_n].offset = offset;
	hits[hits_n++].next = next;
	return answer;
}

static void branch(unsigned char *code, size_t at, unsigned char insn, __u64 to)
{
	__s32 disp = to - (AT + at + 5);

	code[at] = insn;
	memcpy(code + at + 1, &disp, sizeof(disp));
}

static int scan(const unsigned char *code, size_t size)
{
	hits_n = answer = 0;
	return text__branches(code, size, AT, targets, 2, hit, hits);
}

static void branches_are_found(void **state)
{
	unsigned char code[64];

	(void)state;
	memset(code, 0x90, sizeof(code));
	assert_int_equal(scan(code, sizeof(code)), 0);
	branch(code, 3, 0xe8, 0x5000);
	branch(code, 20, 0xe8, 0x6000);
	branch(code, 59, 0xe9, 0x6000); /* the last five bytes */
	assert_int_equal(scan(code, sizeof(code)), 3);
	assert_int_equal(hits[0].target, 0);
	assert_int_equal(hits[0].offset, 3);
	assert_int_equal(hits[0].next, 8);
	assert_int_equal(hits[1].target, 1);
	assert_int_equal(hits[1].next, 25);
	assert_int_equal(hits[2].offset, 59);
	assert_int_equal(hits[2].next, 0); /* a tail jump never comes back */
	/* cut off in its middle, it is none */
	assert_int_equal(scan(code, sizeof(code) - 1), 2);
	assert_int_equal(scan(code, 4), 0);
	assert_int_equal(scan(code, 0), 0);
}

static void other_branches_are_not(void **state)
{
	unsigned char code[32];

	(void)state;
	memset(code, 0x90, sizeof(code));
	branch(code, 0, 0xe8, 0x5001);	/* into the function */
	branch(code, 8, 0xe8, 0x7000);	/* to another one */
	branch(code, 16, 0xeb, 0x5000); /* a short jump has no such target */
	branch(code, 24, 0xe8,
	       0x100005000); /* four bytes of displacement wrap: same bytes as below */
	hits_n = 0;
	assert_int_equal(scan(code, 24), 0);
	assert_int_equal(scan(code, sizeof(code)), 1);
	/* backwards */
	memset(code, 0x90, sizeof(code));
	hits_n = answer = 0;
	branch(code, 4, 0xe8, 0x800);
	assert_int_equal(text__branches(code, sizeof(code), AT,
					&(struct text_target){ "before", 0x800 }, 1, hit, hits),
			 1);
}

static void call_depth_thunks_are_resolved(void **state)
{
	unsigned char code[16];

	(void)state;
	for (int ahead = 0; ahead <= 20; ahead++) {
		memset(code, 0x90, sizeof(code));
		branch(code, 0, 0xe8, 0x6000 - ahead);
		assert_int_equal(scan(code, sizeof(code)), ahead <= 16);
		if (ahead <= 16)
			assert_int_equal(hits[0].target, 1);
	}
	/* an exact target wins over the padding of the one behind it */
	{
		const struct text_target close[] = { { "b", 0x5010 }, { "a", 0x5008 } };

		memset(code, 0x90, sizeof(code));
		branch(code, 0, 0xe8, 0x5008);
		hits_n = answer = 0;
		assert_int_equal(text__branches(code, sizeof(code), AT, close, 2, hit, hits), 1);
		assert_int_equal(hits[0].target, 1);
	}
}

static void a_callback_can_stop(void **state)
{
	unsigned char code[16];

	(void)state;
	memset(code, 0x90, sizeof(code));
	branch(code, 0, 0xe8, 0x5000);
	branch(code, 8, 0xe8, 0x6000);
	hits_n = 0;
	answer = -ENOMEM;
	assert_int_equal(text__branches(code, sizeof(code), AT, targets, 2, hit, hits), -ENOMEM);
	assert_int_equal(hits_n, 1);
}

static int place(void *ctx, const struct text_place *p)
{
	return hit(ctx, 0, p->offset, p->next);
}

static void inlined_unlocks_are_found(void **state)
{
	static const unsigned char fills[][4] = {
		{ 0x0f, 0x1f, 0x40, 0x00 },
		{ 0x66, 0x66, 0x66, 0x90 },
		{ 0x90, 0x90, 0x90, 0x90 },
	};
	static const unsigned char store[] = { 0xc6, 0x07, 0x00 };
	unsigned char code[24];

	(void)state;
	for (size_t i = 0; i < sizeof(fills) / sizeof(fills[0]); i++) {
		memset(code, 0xcc, sizeof(code));
		memcpy(code + 5, store, 3);
		memcpy(code + 8, fills[i], 4);
		hits_n = answer = 0;
		assert_int_equal(text__inline_unlocks(code, sizeof(code), place, hits), 1);
		assert_int_equal(hits[0].offset, 5);
		assert_int_equal(hits[0].next, 12);
		assert_int_equal(hits[0].target, 0);
		/* cut short */
		assert_int_equal(text__inline_unlocks(code, 11, place, hits), 0);
		answer = -ENOMEM;
		assert_int_equal(text__inline_unlocks(code, sizeof(code), place, hits), -ENOMEM);
		/* a store of another value, and a bare store that is no patched call */
		code[7] = 1;
		assert_int_equal(text__inline_unlocks(code, sizeof(code), place, hits), 0);
		code[7] = 0;
		code[11] ^= 0x01;
		assert_int_equal(text__inline_unlocks(code, sizeof(code), place, hits), 0);
	}
}

#endif

static void text_that_cannot_be_read(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_null(text__open(tmp__path("absent"), &why));
	assert_string_equal(why, "no /proc/kcore (CONFIG_PROC_KCORE)");
	tmp__write(tmp__path("kcore"), "garbage", 7);
	assert_null(text__open(tmp__path("kcore"), &why));
	assert_string_equal(why, "/proc/kcore is not an ELF core file");
	text__close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sheet_survives),
		cmocka_unit_test(every_fact_is_read),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(bytes_at_random_are_survived),
#if defined(__x86_64__)
		cmocka_unit_test(branches_are_found),
		cmocka_unit_test(other_branches_are_not),
		cmocka_unit_test(call_depth_thunks_are_resolved),
		cmocka_unit_test(a_callback_can_stop),
		cmocka_unit_test(inlined_unlocks_are_found),
#endif
		cmocka_unit_test(text_that_cannot_be_read),
	};

	return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
