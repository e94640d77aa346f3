// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What debugfs' list of kprobes says of ours. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "trace/stops.h"
#include "unit.h"

#define MAX_PROBES 64
#define NOREFS	   0xffffffff81001000ULL
#define LOOKUP	   0xffffffff82002000ULL

static struct facts f;
static struct choice chosen[MAX_PROBES];

static void load(void)
{
	assert_int_equal(facts__load(&f, "tests/data/kernels/6.1.facts"), 0);
	for (size_t i = 0; i < f.funcs_n; i++)
		if (!strcmp(f.funcs[i].name, "__buffer_migrate_folio"))
			f.funcs[i].addr = NOREFS;
		else if (!strcmp(f.funcs[i].name, "__find_get_block"))
			f.funcs[i].addr = LOOKUP;
	probes__select(&f, false, NULL, chosen);
}

static const char *list(const char *text)
{
	const char *path = tmp__path("list");

	tmp__write(path, text, strlen(text));
	return path;
}

static void check(const struct stops *v, __u64 jumps, __u64 calls, __u64 exceptions)
{
	assert_int_equal(v->jumps, jumps);
	assert_int_equal(v->calls, calls);
	assert_int_equal(v->exceptions, exceptions);
}

static void test_list(void **state)
{
	struct stops v[STOPS_N];
	const char *path;

	(void)state;
	path = list("ffffffff810010eb  k  __buffer_migrate_folio+0xeb    [OPTIMIZED]\n"
		    "ffffffff81001107  k  __buffer_migrate_folio+0x107    [OPTIMIZED]\n"
		    "ffffffff81001123  k  __buffer_migrate_folio+0x123    \n"
		    "ffffffff8100110e  k  __buffer_migrate_folio+0x10e    [DISABLED]\n"
		    /* somebody else's in our functions */
		    "ffffffff81001001  k  __buffer_migrate_folio+0x1    \n"
		    "ffffffff8200213e  k  __find_get_block+0x13e    [OPTIMIZED]\n"
		    "ffffffff8200214d  k  __find_get_block+0x14d    \n"
		    "ffffffff820021ab  k  __find_get_block+0x1ab    \n"
		    "ffffffff84000000  k  migrate_pages+0x0    [FTRACE]\n"
		    "ffffffff85000000  r  gone+0x0  fat  [GONE]\n");
	assert_int_equal(stops__read(path, &f, chosen, v), 0);
	check(&v[STOPS_PAGE], 2, 0, 1);
	check(&v[STOPS_LOOKUP], 1, 0, 2);
	check(&v[STOPS_ALL], 3, 1, 4);
	/* all alone */
	assert_int_equal(stops__read(path, NULL, NULL, v), 0);
	check(&v[STOPS_ALL], 3, 1, 4);
	check(&v[STOPS_PAGE], 0, 0, 0);
}

/* kptr_restrict hides the addresses: none is known for ours. */
static void test_hidden(void **state)
{
	struct stops v[STOPS_N];

	(void)state;
	assert_int_equal(stops__read(list("0000000000000000  k  __find_get_block+0x13e\n"), &f,
				     chosen, v),
			 0);
	check(&v[STOPS_LOOKUP], 0, 0, 0);
	check(&v[STOPS_ALL], 0, 0, 1);
	assert_int_equal(stops__read("/nowhere", &f, chosen, v), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_hidden),
	};

	load();
	return cmocka_run_group_tests_name("stops", tests, NULL, NULL);
}
