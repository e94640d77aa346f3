// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Places that share a program: all of every kernel's are in the table, wherever the kernel lies. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "trace/places.h"
#include "unit.h"

#define MAX_PROBES 64
#define BOOTS	   40

static const char *const sheets[] = {
	"tests/data/kernels/5.10.facts",      "tests/data/kernels/6.1.facts",
	"tests/data/kernels/6.12.facts",      "tests/data/kernels/7.x.facts",
	"tests/data/kernels/rt.facts",	      "tests/data/kernels/arm64-6.1.facts",
	"tests/data/kernels/arm64-6.12.facts"
};

static struct facts f;
static struct choice chosen[MAX_PROBES];
static struct place_table t;

static int teardown(void **state)
{
	(void)state;
	facts__free(&f);
	return 0;
}

/* A sheet has no addresses: functions lie some hundred bytes to kilobytes apart. */
static void load(size_t sheet, __u64 *seed)
{
	__u64 addr = 0xffffffff81000000ULL + (sample__random(seed) % 512 << 21);

	facts__free(&f);
	assert_int_equal(facts__load(&f, sheets[sheet]), 0);
	for (size_t i = 0; i < f.funcs_n; i++) {
		f.funcs[i].addr = addr;
		addr += 0x2000 + (sample__random(seed) % 4096 << 4);
	}
	probes__select(&f, false, NULL, chosen);
}

static bool wanted(const void *ctx, size_t i)
{
	(void)ctx;
	return chosen[i].variant && !(chosen[i].probe->flags & PROBE_HIDDEN);
}

static const struct place *find(__u64 at)
{
	const struct place_group *g = &t.group[place_group_of(at, t.factor)];

	for (int i = 0; i < SLOT_WAYS; i++)
		if (g->way[i].at == at)
			return &g->way[i];
	return NULL;
}

/* How many of choice @i are in the table, as they should be. */
static size_t check_choice(size_t i)
{
	size_t n, found = 0;
	struct attach_point *at = probes__all_points(&f, chosen[i].variant, &n);

	for (size_t j = 0; j < n; j++) {
		const struct place *p;

		if (strcmp(places__program(at[j].prog), "place"))
			continue;
		p = find(facts__func(&f, at[j].func)->addr + at[j].offset);
		assert_non_null(p);
		if (strstr(at[j].prog, "_call") && probes[i].site >= 0)
			assert_int_equal(p->op, PLACE_CALL);
		if (strstr(at[j].prog, "_acquire"))
			assert_int_equal(p->op, PLACE_ACQUIRE);
		if (strstr(at[j].prog, "_release"))
			assert_int_equal(p->op, PLACE_RELEASE);
		if (probes[i].site >= 0)
			assert_int_equal(p->site, probes[i].site);
		found++;
	}
	free(at);
	return found;
}

static void test_kernels(void **state)
{
	__u64 seed = 1;
	size_t failed;

	(void)state;
	assert_true(probes_n <= MAX_PROBES);
	for (size_t k = 0; k < sizeof(sheets) / sizeof(*sheets) * BOOTS; k++) {
		size_t found = 0;

		load(k % (sizeof(sheets) / sizeof(*sheets)), &seed);
		assert_int_equal(places__fill(&t, &f, chosen, wanted, NULL, &failed), 0);
		for (size_t i = 0; i < probes_n; i++)
			if (wanted(NULL, i))
				found += check_choice(i);
		assert_true(found > 30);
		assert_null(find(f.funcs[0].addr + 1));
	}
}

/* What lies on a page's or a lookup's way, and the floor, have programs of their own. */
static void test_own(void **state)
{
	static const char *const own[] = {
		"norefs_call", "norefs_release", "lookup_acquire", "lookup_return", "floor_call",
		"move_free",   "isolate_look",	 "migrate_call",   "place",	    "aio_enter",
		"hide"
	};

	(void)state;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		assert_string_equal(places__program(own[i]), own[i]);
	assert_string_equal(places__program("dirty_folio_release"), "place");
	assert_string_equal(places__program("aio_write_unlock"), "place");
}

static void test_errors(void **state)
{
	struct place_table before;
	__u64 seed = 2;
	size_t failed, i = 0;

	(void)state;
	load(1, &seed);
	while (strcmp(probes[i].name, "try_to_free"))
		i++;
	assert_int_equal(places__fill(&t, &f, chosen, wanted, NULL, &failed), 0);
	/* once more changes nothing */
	before = t;
	assert_int_equal(places__add(&t, &f, &chosen[i]), 0);
	assert_memory_equal(&t, &before, sizeof(t));
	for (size_t k = 0; k < f.funcs_n; k++)
		if (!strcmp(f.funcs[k].name, "try_to_free_buffers"))
			f.funcs[k].addr = 0;
	assert_int_equal(places__fill(&t, &f, chosen, wanted, NULL, &failed), -ENOENT);
	assert_int_equal(failed, i);
	/* the call of the unlock function where that of the lock function returns to */
	load(1, &seed);
	for (size_t k = 0; k < f.calls_n; k++)
		if (!strcmp(f.calls[k].func, "try_to_free_buffers") &&
		    !strcmp(f.calls[k].callee, "_raw_spin_unlock"))
			for (size_t l = 0; l < f.calls_n; l++)
				if (!strcmp(f.calls[l].func, "try_to_free_buffers") &&
				    !strcmp(f.calls[l].callee, "_raw_spin_lock"))
					f.calls[k].offset = f.calls[l].next;
	assert_int_equal(places__fill(&t, &f, chosen, wanted, NULL, &failed), -EBUSY);
	assert_int_equal(failed, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels),
		cmocka_unit_test(test_own),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests_name("places", tests, NULL, teardown);
}
