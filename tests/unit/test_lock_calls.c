// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Calls of a lock function on a lock at some distance, found in a function's bytes. */
#include <stdio.h>
#include <string.h>

#include "kernel/facts.h"
#include "kernel/insn.h"
#include "trace/probes.h"
#include "unit.h"

static __u32 hits[8];
static size_t hits_n;

static int hit(void *ctx, __u32 offset)
{
	(void)ctx;
	assert_true(hits_n < 8);
	hits[hits_n++] = offset;
	return 0;
}

#if defined(__x86_64__)

#define ADDR 0x1000
#define LOCK 0x9000

/* L: a call of the lock function, C: of another one; else bytes in hex. */
static void assemble(const char *text, unsigned char *code, size_t *size)
{
	unsigned int byte;

	for (*size = 0; *text; text += 2 + (text[2] == ' ')) {
		if (*text == 'L' || *text == 'C') {
			__s32 disp = (*text == 'L' ? LOCK : 0x5000) - (ADDR + *size + 5);

			code[*size] = 0xe8;
			memcpy(code + *size + 1, &disp, sizeof(disp));
			*size += 5;
			continue;
		}
		assert_int_equal(sscanf(text, "%2x", &byte), 1);
		code[(*size)++] = byte;
	}
}

static void the_lock_is_followed(void **state)
{
	static const struct {
		const char *code; /* LL, CC: see above */
		__u32 offset;
		size_t n;
		__u32 at[2];
	} all[] = {
		{ "488d7b7c LL c3", 0x7c, 1, { 4 } },			/* lea 0x7c(%rbx),%rdi */
		{ "488d7b7c LL c3", 0x78, 0, { 0 } },			/* of another lock */
		{ "4883c77c LL c3", 0x7c, 1, { 4 } },			/* add $0x7c,%rdi */
		{ "4881c788010000 LL c3", 0x188, 1, { 7 } },		/* add $0x188,%rdi */
		{ "4883ef7c LL c3", 0x7c, 0, { 0 } },			/* sub */
		{ "498dbc2488010000 LL c3", 0x188, 1, { 8 } },		/* lea 0x188(%r12),%rdi */
		{ "4c8d637c 4c89e7 LL 4c89e7 LL", 0x7c, 2, { 7, 15 } }, /* kept in %r12 */
		{ "4c8d637c 4c89e7 CC LL", 0x7c, 0, { 0 } },		/* a call takes %rdi */
		{ "488d7b7c 31ff LL", 0x7c, 0, { 0 } },			/* xor %edi,%edi */
		{ "488d7b7c 488b7808 LL", 0x7c, 0, { 0 } },		/* mov 8(%rax),%rdi */
		{ "488d7b7c 5f LL", 0x7c, 0, { 0 } },			/* pop %rdi */
		{ "4c8d637c 415c 4c89e7 LL", 0x7c, 0, { 0 } },		/* pop %r12 */
		{ "488d7b7c 4889f8 4889c7 LL", 0x7c, 1, { 10 } },	/* there and back */
		{ "488d7b7c CC", 0x7c, 0, { 0 } },
		{ "488d7b7c 06 LL", 0x7c, 0, { 0 } }, /* what is not known ends it */
		{ "LL", 0x7c, 0, { 0 } },
	};
	const struct text_target lock = { "lock", LOCK };
	unsigned char code[64];
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		assemble(all[i].code, code, &size);
		for (size_t cut = 0; cut <= size;
		     cut++) { /* cut off anywhere: no more than whole */
			hits_n = 0;
			assert_int_equal(text__lock_calls(code, cut, ADDR, &lock, 1, all[i].offset,
							  hit, NULL),
					 0);
			if (hits_n > all[i].n || (cut == size && hits_n != all[i].n))
				fail_msg("'%s' to %zu: %zu hits", all[i].code, cut, hits_n);
			for (size_t j = 0; j < hits_n; j++)
				assert_int_equal(hits[j], all[i].at[j]);
		}
	}
}

#endif

static void places_belong_to_sites(void **state)
{
	struct facts f;

	(void)state;
	assert_int_equal(facts__load(&f, "tests/data/kernels/6.1.facts"), 0);
	assert_int_equal(probes__site_at(&f, "__find_get_block", 0x148), SITE_FIND_GET_BLOCK);
	assert_int_equal(probes__site_at(&f, "mark_buffer_dirty_inode", 0x74), SITE_ASSOC_LIST);
	assert_int_equal(probes__site_at(&f, "__find_get_block", 0x149), -1);
	assert_int_equal(probes__site_at(&f, "elsewhere", 0x148), -1);
	/* a call that no site times */
	assert_int_equal(probes__site_at(&f, "__find_get_block", 0x2d5), -1);
	facts__free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#if defined(__x86_64__)
		cmocka_unit_test(the_lock_is_followed),
#endif
		cmocka_unit_test(places_belong_to_sites),
	};

	(void)hit;
	return cmocka_run_group_tests_name("lock_calls", tests, NULL, NULL);
}
