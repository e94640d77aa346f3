// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The choice of variants over fact sheets of real kernels, and over sheets made poorer here. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/probes.h"
#include "unit.h"

#define MAX_PROBES 64
#define MAX_POINTS 256

enum { K5_10, K6_1, K6_12, K7, KRT, KARM6_1, KARM6_12, KNO_BTF, KNO_FTRACE, KNO_KPROBES, KERNELS };

static const char *const sheets[KERNELS] = {
	"tests/data/kernels/5.10.facts",       "tests/data/kernels/6.1.facts",
	"tests/data/kernels/6.12.facts",       "tests/data/kernels/7.x.facts",
	"tests/data/kernels/rt.facts",	       "tests/data/kernels/arm64-6.1.facts",
	"tests/data/kernels/arm64-6.12.facts", "tests/data/kernels/no-btf.facts",
	"tests/data/kernels/no-ftrace.facts",  "tests/data/kernels/no-kprobes.facts",
};

static struct facts f;
static struct choice chosen[MAX_PROBES];

static int teardown(void **state)
{
	(void)state;
	facts__free(&f);
	return 0;
}

static void load(unsigned int kernel)
{
	facts__free(&f);
	assert_int_equal(facts__load(&f, sheets[kernel]), 0);
}

static const struct choice *find(const char *probe)
{
	for (size_t i = 0; i < probes_n; i++)
		if (!strcmp(probes[i].name, probe))
			return &chosen[i];
	fail_msg("no probe %s", probe);
	return NULL;
}

static const struct choice *pick(const char *probe)
{
	probes__select(&f, false, NULL, chosen);
	return find(probe);
}

static const struct choice *force(const char *probe, const char *word)
{
	const char *const forced[] = { word, NULL };

	probes__select(&f, false, forced, chosen);
	return find(probe);
}

/* Chosen variant of @probe; with NULL, no variant and a reason that says @what. */
static void expect(const struct choice *c, const char *variant, const char *what)
{
	const char *got = c->variant ? c->variant->name : "-";

	if (strcmp(got, variant ? variant : "-"))
		fail_msg("%s: %s (%s), not %s", c->probe->name, got, c->reason,
			 variant ? variant : "none");
	if (variant)
		assert_string_equal(c->reason, "");
	else if (!strstr(c->reason, what))
		fail_msg("%s: reason '%s' does not say '%s'", c->probe->name, c->reason, what);
}

static int points(const struct choice *c, struct attach_point *out)
{
	return probes__points(&f, c->variant, out, MAX_POINTS);
}

static struct fact_func *func(const char *name)
{
	struct fact_func *v = (struct fact_func *)facts__func(&f, name);

	assert_non_null(v);
	return v;
}

/* What the kernel loses: the function as a whole, as after a rename or inlining. */
static void without_func(const char *name)
{
	struct fact_func *v = func(name);

	v->in_btf = v->traceable = false;
	v->symbols = 0;
}

static void without_text(void)
{
	f.feature[FEAT_TEXT] = false;
	f.calls_n = 0;
	strcpy(f.text_reason, "/proc/kcore is refused (lockdown, CAP_SYS_RAWIO)");
}

/* Variant and number of points per kernel; "-" is none. A new probe needs a row. */
static const struct wanted {
	const char *probe;
	struct {
		const char *variant;
		int points;
	} on[KERNELS];
} table[] = {
	{ "norefs_entry",
	  { { "page", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio:kprobe", 4 },
	    { "folio", 2 },
	    { "folio:kprobe", 2 },
	    { "folio:kprobe", 2 },
	    { "folio", 2 } } },
	{ "norefs_switch",
	  { { "page", 1 },
	    { "folio", 1 },
	    { "inner", 1 },
	    { "inner", 1 },
	    { "folio", 1 },
	    { "folio:kprobe", 1 },
	    { "inner", 1 },
	    { "folio:kprobe", 1 },
	    { "folio:kprobe", 1 },
	    { "folio", 1 } } },
	{ "norefs_copy",
	  { { "page", 1 },
	    { "folio", 1 },
	    { "mc", 1 },
	    { "mc", 1 },
	    { "folio", 1 },
	    { "folio:kprobe", 1 },
	    { "mc", 1 },
	    { "folio:kprobe", 1 },
	    { "folio:kprobe", 1 },
	    { "folio", 1 } } },
	{ "norefs_end",
	  { { "states", 1 },
	    { "flags", 1 },
	    { "set_bh", 2 },
	    { "set_bh", 2 },
	    { "flags", 1 },
	    { "flags:kprobe", 1 },
	    { "set_bh", 2 },
	    { "flags:kprobe", 2 },
	    { "flags:kprobe", 2 },
	    { "flags", 1 } } },
	{ "flag_held",
	  { { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "site", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "migrate_norefs",
	  { { "site", 6 },
	    { "site", 6 },
	    { "site", 6 },
	    { "site", 7 },
	    { "site", 6 },
	    { "site", 4 },
	    { "site", 4 },
	    { "site", 6 },
	    { "site", 6 },
	    { "lock", 5 } } },
	{ "find_get_block",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 5 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 5 },
	    { "site", 3 },
	    { "site", 3 },
	    { "lock", 5 } } },
	{ "lookup_exit",
	  { { "plain", 1 },
	    { "plain", 1 },
	    { "common", 1 },
	    { "common", 1 },
	    { "plain", 1 },
	    { "plain:kprobe", 1 },
	    { "common", 1 },
	    { "plain:kprobe", 1 },
	    { "plain:kprobe", 1 },
	    { "plain", 1 } } },
	{ "lookup_folio",
	  { { "-", 0 },
	    { "-", 0 },
	    { "site", 1 },
	    { "site", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "site", 1 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "folio_wait",
	  { { "-", 0 },
	    { "-", 0 },
	    { "site", 2 },
	    { "site", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "site", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "buffer_locks",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "stall_folio",
	  { { "page", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "-", 0 },
	    { "folio", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "folio", 2 } } },
	{ "stall_owner",
	  { { "tasks", 1 },
	    { "tasks", 1 },
	    { "tasks", 1 },
	    { "tasks", 1 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "stall_spin",
	  { { "timer", 2 },
	    { "timer", 2 },
	    { "timer", 2 },
	    { "timer", 2 },
	    { "-", 0 },
	    { "timer", 2 },
	    { "timer", 2 },
	    { "timer", 2 },
	    { "timer", 2 },
	    { "-", 0 } } },
	{ "migrate_call",
	  { { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "pages", 1 },
	    { "-", 0 } } },
	{ "isolation",
	  { { "page", 4 },
	    { "folio", 4 },
	    { "folio", 5 },
	    { "folio", 5 },
	    { "folio", 4 },
	    { "folio:kprobe", 4 },
	    { "folio", 6 },
	    { "folio:kprobe", 4 },
	    { "folio:kprobe", 4 },
	    { "-", 0 } } },
	{ "truncation",
	  { { "page", 6 },
	    { "folio", 7 },
	    { "folio", 5 },
	    { "folio", 11 },
	    { "folio", 7 },
	    { "folio:kprobe", 8 },
	    { "folio", 7 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "aio_outcome",
	  { { "page", 4 },
	    { "folio", 4 },
	    { "folio", 4 },
	    { "folio", 4 },
	    { "folio", 4 },
	    { "folio:kprobe", 4 },
	    { "folio", 4 },
	    { "folio:kprobe", 4 },
	    { "folio:kprobe", 4 },
	    { "-", 0 } } },
	{ "aio_overlap",
	  { { "events", 10 },
	    { "ring", 8 },
	    { "events", 13 },
	    { "ring", 11 },
	    { "ring", 8 },
	    { "-", 0 },
	    { "-", 0 },
	    { "ring:kprobe", 8 },
	    { "ring:kprobe", 8 },
	    { "-", 0 } } },
	{ "aio_migrate",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "aio_completion",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "refs_move",
	  { { "page", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "folio", 2 },
	    { "-", 0 },
	    { "folio", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "refs_switch",
	  { { "page", 2 },
	    { "folio", 2 },
	    { "inner", 2 },
	    { "inner", 2 },
	    { "folio", 2 },
	    { "-", 0 },
	    { "inner", 2 },
	    { "-", 0 },
	    { "-", 0 },
	    { "folio", 2 } } },
	{ "drain_all",
	  { { "function", 1 },
	    { "functions", 2 },
	    { "functions", 2 },
	    { "tracepoint", 3 },
	    { "functions", 2 },
	    { "functions:kprobe", 2 },
	    { "functions", 2 },
	    { "functions:kprobe", 2 },
	    { "functions:kprobe", 2 },
	    { "functions", 2 } } },
	{ "drain_buffers",
	  { { "function", 1 },
	    { "function", 1 },
	    { "function", 1 },
	    { "function", 1 },
	    { "function", 1 },
	    { "function:kprobe", 1 },
	    { "function", 1 },
	    { "function:kprobe", 1 },
	    { "function:kprobe", 1 },
	    { "function", 1 } } },
	{ "drain_batch",
	  { { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "tracepoint", 1 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "aio_teardown",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "grow_buffers",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 4 },
	    { "site", 4 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "create_empty",
	  { { "site", 6 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "try_to_free",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "dirty_folio",
	  { { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 3 },
	    { "site", 4 },
	    { "site", 4 },
	    { "site", 3 },
	    { "site", 3 },
	    { "-", 0 } } },
	{ "assoc_list",
	  { { "site", 28 },
	    { "site", 31 },
	    { "site", 31 },
	    { "site", 24 },
	    { "site", 31 },
	    { "site", 33 },
	    { "site", 32 },
	    { "site", 31 },
	    { "site", 31 },
	    { "-", 0 } } },
	{ "contended",
	  { { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "tracepoint", 1 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 },
	    { "-", 0 } } },
	{ "floor",
	  { { "site", 5 },
	    { "site", 10 },
	    { "site", 10 },
	    { "site", 10 },
	    { "site", 10 },
	    { "site", 6 },
	    { "site", 6 },
	    { "site", 9 },
	    { "site", 9 },
	    { "lock", 5 } } },
};

static void each_kernel_gets_its_variants(void **state)
{
	struct attach_point at[MAX_POINTS];

	(void)state;
	for (size_t i = 0; i < probes_n; i++)
		if (i == sizeof(table) / sizeof(*table) || strcmp(table[i].probe, probes[i].name))
			fail_msg("%s has no row in the table above, or another place",
				 probes[i].name);
	assert_int_equal(sizeof(table) / sizeof(*table), probes_n);
	for (unsigned int k = 0; k < KERNELS; k++) {
		load(k);
		probes__select(&f, false, NULL, chosen);
		for (size_t i = 0; i < probes_n; i++) {
			const char *want = table[i].on[k].variant;
			const struct choice *c = &chosen[i];

			assert_string_equal(table[i].probe, c->probe->name);
			if (strcmp(c->variant ? c->variant->name : "-", want))
				fail_msg("%s: %s: %s (%s), not %s", sheets[k], c->probe->name,
					 c->variant ? c->variant->name : "-", c->reason, want);
			if (!c->variant) {
				assert_true(c->reason[0]);
				continue;
			}
			assert_string_equal(c->reason, "");
			if (points(c, at) != table[i].on[k].points)
				fail_msg("%s: %s: %d points, not %d", sheets[k], c->probe->name,
					 points(c, at), table[i].on[k].points);
		}
	}
}

/* On later kernels functions are left that the path does not come by any more. */
static void forced_off_the_path(void **state)
{
	static const struct {
		const char *word, *why;
	} passed[] = {
		{ "norefs_switch=folio", "switch by __folio_migrate_mapping" },
		{ "norefs_switch=folio:kprobe", "switch by __folio_migrate_mapping" },
		{ "norefs_copy=folio", "copy by folio_mc_copy" },
		{ "norefs_copy=folio:kprobe", "copy by folio_mc_copy" },
		{ "norefs_end=flags", "after folio_migrate_flags" },
		{ "norefs_end=flags:kprobe", "after folio_migrate_flags" },
		{ "lookup_exit=plain", "come by find_get_block_common" },
		{ "lookup_exit=plain:kprobe", "come by find_get_block_common" },
	};
	static const unsigned int newer[] = { K6_12, K7, KARM6_12 };
	char probe[32];

	(void)state;
	for (size_t k = 0; k < sizeof(newer) / sizeof(*newer); k++) {
		load(newer[k]);
		for (size_t i = 0; i < sizeof(passed) / sizeof(*passed); i++) {
			snprintf(probe, sizeof(probe), "%.*s", (int)strcspn(passed[i].word, "="),
				 passed[i].word);
			expect(force(probe, passed[i].word), NULL, passed[i].why);
		}
	}
	load(K6_12);
	expect(force("migrate_norefs", "migrate_norefs=bracket:folio_migrate_mapping"), NULL,
	       "switch by __folio_migrate_mapping");
	/* nor does a kernel without trampolines come to them by itself */
	f.feature[FEAT_TRAMPOLINES] = false;
	expect(pick("norefs_switch"), NULL, "no trampolines");
	expect(pick("norefs_copy"), NULL, "no trampolines");
	load(K6_1);
	expect(force("norefs_switch", "norefs_switch=folio:kprobe"), "folio:kprobe", NULL);
	expect(force("lookup_exit", "lookup_exit=plain:kprobe"), "plain:kprobe", NULL);
}

static void the_lock_clock_of_lookups_is_where_they_are(void **state)
{
	static const struct {
		unsigned int kernel;
		const char *func;
	} at[] = { { K6_1, "__find_get_block" },
		   { K6_12, "find_get_block_common" },
		   { K7, "find_get_block_common" } };

	(void)state;
	for (size_t i = 0; i < sizeof(at) / sizeof(*at); i++) {
		load(at[i].kernel);
		assert_string_equal(
			force("find_get_block", "find_get_block=lock")->variant->uses[0].funcs[0],
			at[i].func);
	}
	/* not the other one, which would see some of them */
	func("find_get_block_common")->traceable = false;
	expect(force("find_get_block", "find_get_block=lock"), NULL, "not traceable");
}

static void required_probes_are_there(void **state)
{
	(void)state;
	for (unsigned int k = 0; k < KERNELS; k++) {
		load(k);
		probes__select(&f, false, NULL, chosen);
		for (size_t i = 0; i < probes_n; i++)
			if (probes[i].flags & PROBE_REQUIRED)
				assert_non_null(chosen[i].variant);
	}
}

static void generations(void **state)
{
	static const char *const want[KERNELS] = {
		"held or racy", "held or racy",	 "held+sleeping", "bh_migrate+mmb", "held or racy",
		"held or racy", "held+sleeping", "held or racy",  "held or racy",   "held or racy",
	};
	const char *why;

	(void)state;
	for (unsigned int k = 0; k < KERNELS; k++) {
		load(k);
		assert_string_equal(facts__generation(&f, &why), want[k]);
		assert_non_null(why);
	}
	f.feature[FEAT_BTF] = false;
	assert_string_equal(facts__generation(&f, &why), "unknown");
	f.feature[FEAT_BTF] = f.feature[FEAT_BH_MIGRATE] = true;
	assert_string_equal(facts__generation(&f, &why), "bh_migrate");
}

static void points_are_where_the_sheet_says(void **state)
{
	struct attach_point at[MAX_POINTS];
	const struct fact_call *lock;
	const struct choice *c;
	int calls = 0, returns = 0;

	(void)state;
	load(K6_1);
	for (lock = f.calls; strcmp(lock->callee, "_raw_spin_lock"); lock++)
		;
	c = pick("migrate_norefs");
	assert_int_equal(points(c, at), 6);
	for (int i = 0; i < 6; i++) {
		assert_string_equal(at[i].func, "__buffer_migrate_folio");
		calls += at[i].how == ATTACH_AHEAD;
		returns += at[i].how == ATTACH_BEHIND;
	}
	assert_int_equal(calls, 4);
	assert_int_equal(returns, 2);
	/* in the variant's order: acquire after the lock calls, then the calls themselves */
	assert_string_equal(at[0].prog, "norefs_acquire");
	assert_int_equal(at[0].offset, lock->behind);
	assert_true(lock->behind > lock->next);
	assert_string_equal(at[2].prog, "norefs_call");
	assert_int_equal(at[2].offset, lock->ahead);
	assert_true(lock->ahead < lock->offset);
	assert_string_equal(at[4].prog, "norefs_release");

	c = pick("norefs_entry");
	assert_int_equal(points(c, at), 2);
	assert_int_equal(at[0].how, ATTACH_FEXIT);
	assert_int_equal(at[1].how, ATTACH_FENTRY);
	assert_int_equal(at[1].offset, 0);
	assert_int_equal(probes__points(&f, c->variant, at, 2), 2);
	assert_int_equal(probes__points(&f, c->variant, at, 1), -E2BIG);
	assert_int_equal(probes__points(&f, pick("migrate_norefs")->variant, at, 5), -E2BIG);
}

static void no_kprobes_means_trampolines(void **state)
{
	struct attach_point at[MAX_POINTS];

	(void)state;
	load(K6_1);
	f.feature[FEAT_KPROBES] = false;
	expect(pick("migrate_norefs"), "lock", NULL);
	assert_int_equal(find("migrate_norefs")->variant->clock, CLOCK_LOCK);
	assert_int_equal(points(find("migrate_norefs"), at), 5);
	expect(find("find_get_block"), "lock", NULL);
	expect(find("floor"), "lock", NULL);
	expect(find("aio_migrate"), NULL, "CONFIG_KPROBE_EVENTS");
	expect(find("dirty_folio"), NULL, "CONFIG_KPROBE_EVENTS");
	expect(find("norefs_entry"), "folio", NULL);

	/* 5.10: no guard against recursion either */
	load(K5_10);
	f.feature[FEAT_KPROBES] = false;
	expect(pick("migrate_norefs"), "bracket:migrate_page_move_mapping", NULL);
	assert_int_equal(find("migrate_norefs")->variant->clock, CLOCK_BRACKET);
	assert_int_equal(points(find("migrate_norefs"), at), 2);
	expect(find("find_get_block"), NULL, "CONFIG_KPROBE_EVENTS");

	/* the sleeping lookup's own function */
	load(K6_12);
	f.feature[FEAT_KPROBES] = false;
	expect(pick("find_get_block"), "lock", NULL);
	points(find("find_get_block"), at);
	assert_string_equal(at[0].func, "find_get_block_common");
	expect(find("lookup_folio"), NULL, "CONFIG_KPROBE_EVENTS");
}

/* What can't be preempted, where there is it (--pinned). */
static void kprobes_come_first(void **state)
{
	struct choice c;

	(void)state;
	load(K7);
	c = *pick("lookup_exit");
	expect(&c, "common", NULL);
	probes__prefer_kprobe(&f, false, &c);
	expect(&c, "common:kprobe", NULL);
	load(K6_1);
	c = *pick("lookup_exit");
	probes__prefer_kprobe(&f, false, &c);
	expect(&c, "plain:kprobe", NULL);
	f.feature[FEAT_KPROBES] = false;
	c = *pick("lookup_exit");
	probes__prefer_kprobe(&f, false, &c);
	expect(&c, "plain", NULL);
	/* none that can be used at all */
	c = *pick("migrate_norefs");
	probes__prefer_kprobe(&f, false, &c);
	expect(&c, "lock", NULL);
}

static void no_text_means_no_call_sites(void **state)
{
	(void)state;
	load(K6_1);
	without_text();
	expect(pick("migrate_norefs"), "lock", NULL);
	expect(find("aio_teardown"), NULL,
	       "aio_free_ring: the kernel's text can't be read: "
	       "/proc/kcore is refused");
	load(KRT);
	without_text();
	expect(pick("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
	expect(find("find_get_block"), NULL, "text can't be read");
}

static void light_is_never_on_lock_functions(void **state)
{
	(void)state;
	load(K6_1);
	probes__select(&f, true, NULL, chosen);
	expect(find("migrate_norefs"), "site", NULL);
	without_text();
	probes__select(&f, true, NULL, chosen);
	expect(find("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
	f.feature[FEAT_KPROBES] = false;
	probes__select(&f, true, (const char *const[]){ "migrate_norefs=lock", NULL }, chosen);
	expect(find("migrate_norefs"), NULL, "not part of the light tier");
}

/* The wait alone needs the call; but where two acquires are told apart by it, it stays. */
static void light_does_without_the_wait(void **state)
{
	const struct variant *site;
	__u32 first = 0;

	(void)state;
	load(K6_1);
	site = pick("migrate_norefs")->variant;
	assert_true(probes__spares(&f, site, "norefs_call"));
	assert_false(probes__spares(&f, site, "norefs_acquire"));
	assert_false(probes__spares(&f, pick("find_get_block")->variant, "lookup_call"));
	for (size_t i = 0; i < f.calls_n; i++) {
		struct fact_call *c = &f.calls[i];

		if (strcmp(c->func, "__buffer_migrate_folio") ||
		    strcmp(c->callee, "_raw_spin_lock"))
			continue;
		first = first ? first : c->behind;
		c->behind = first;
	}
	assert_false(probes__spares(&f, site, "norefs_call"));
}

/* Buffers that are merely made pass folio_set_bh, too: light is at its call in the migration. */
static void light_is_on_no_making_of_buffers(void **state)
{
	(void)state;
	load(K7);
	probes__select(&f, true, NULL, chosen);
	expect(find("norefs_end"), "set_bh:site", NULL);
	expect(pick("norefs_end"), "set_bh", NULL);
	expect(force("norefs_end", "norefs_end=set_bh:site"), NULL, "of the light tier alone");
	load(K6_1);
	probes__select(&f, true, NULL, chosen);
	expect(find("norefs_end"), "flags", NULL);
}

static void brackets_are_for_held_locks_only(void **state)
{
	(void)state;
	load(K7);
	f.feature[FEAT_KPROBES] = f.feature[FEAT_TRAMPOLINE_GUARD] = false;
	expect(pick("migrate_norefs"), NULL, "CONFIG_KPROBE_EVENTS");
	expect(force("migrate_norefs", "migrate_norefs=bracket:folio_mc_copy"), NULL, "BH_Migrate");
	load(K6_12);
	f.feature[FEAT_KPROBES] = f.feature[FEAT_TRAMPOLINE_GUARD] = false;
	expect(pick("migrate_norefs"), "bracket:folio_mc_copy", NULL);
	without_func("folio_mc_copy");
	/* the inner function is what this kernel calls, but a bracket has to be there at all */
	probes__select(&f, false, NULL, chosen);
	assert_true(!find("migrate_norefs")->variant ||
		    !strncmp(find("migrate_norefs")->variant->name, "bracket:", 8));
}

static void no_btf_means_no_trampolines(void **state)
{
	(void)state;
	load(K6_1);
	f.feature[FEAT_BTF] = false;
	for (size_t i = 0; i < f.funcs_n; i++)
		f.funcs[i].in_btf = false;
	/* nor anything else: no program finds a field */
	for (size_t i = 0; i < probes_n; i++)
		expect(pick(probes[i].name), NULL,
		       "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)");
	expect(force("migrate_norefs", "migrate_norefs=lock"), NULL, "no BTF");

	/* from a file: all but what has only a trampoline */
	load(K6_1);
	f.feature[FEAT_BTF_ELSEWHERE] = true;
	expect(pick("norefs_entry"), "folio:kprobe", NULL);
	expect(find("lookup_exit"), "plain:kprobe", NULL);
	expect(find("migrate_norefs"), "site", NULL);
	expect(find("aio_overlap"), "ring:kprobe", NULL);
	expect(force("migrate_norefs", "migrate_norefs=lock"), NULL,
	       "a trampoline needs the kernel's own BTF");
	func("__find_get_block")->in_btf = false;
	expect(pick("lookup_exit"), NULL, "__find_get_block: not in BTF");
}

static void reasons_name_the_function(void **state)
{
	(void)state;
	load(K6_1);
	without_func("buffer_migrate_folio");
	without_func("buffer_migrate_folio_norefs");
	func("__buffer_migrate_folio")->traceable = false;
	expect(pick("norefs_entry"), NULL, "__buffer_migrate_folio: not traceable");
	func("__buffer_migrate_folio")->symbols = 0;
	expect(pick("norefs_entry"), NULL, "inlined or renamed by the compiler");
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].func, "__buffer_migrate_folio"))
			strcpy(f.calls[i].func, "elsewhere");
	expect(pick("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
	without_func("__buffer_migrate_folio");
	expect(pick("norefs_entry"), NULL, "__buffer_migrate_folio: no such function here");

	load(K6_1);
	func("_raw_spin_unlock")->traceable = false;
	expect(force("migrate_norefs", "migrate_norefs=lock"), NULL,
	       "_raw_spin_unlock: not traceable");

	/* calls that are there no more, and one that became a tail jump */
	load(K6_1);
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].func, "aio_free_ring"))
			strcpy(f.calls[i].func, "elsewhere");
	expect(pick("aio_teardown"), NULL, "this fact sheet's migtrace did not look into");
	f.asks = FACTS_ASKS;
	expect(pick("aio_teardown"), NULL, "aio_free_ring: calls _raw_spin_lock nowhere directly");
	load(K6_1);
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].func, "aio_free_ring"))
			f.calls[i].next = 0;
	expect(pick("aio_teardown"), NULL, "is a tail jump");
}

/* A site's lock under another's: both are told while each has its own function. */
static void locks_under_locks(void **state)
{
	(void)state;
	load(K7);
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].func, "remove_assoc_queue"))
			strcpy(f.calls[i].func, "try_to_free_buffers");
	without_func("remove_assoc_queue");
	expect(pick("assoc_list"), NULL, "try_to_free_buffers: the compiler inlined remove_assoc");
	expect(find("try_to_free"), NULL, "try_to_free_buffers: the compiler inlined remove_assoc");
	expect(find("create_empty"), "site", NULL);
	/* twice, but in the code of a kernel that has one lock alone */
	without_func("mmb_sync");
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].func, "mmb_sync"))
			strcpy(f.calls[i].func, "elsewhere");
	expect(pick("try_to_free"), "site", NULL);
}

static void rt_has_other_locks(void **state)
{
	(void)state;
	load(KRT);
	expect(force("migrate_norefs", "migrate_norefs=lock"), NULL,
	       "PREEMPT_RT has other lock functions");
	expect(pick("aio_migrate"), NULL, "PREEMPT_RT both locks");
	expect(find("aio_completion"), NULL, "PREEMPT_RT both locks");
	expect(find("migrate_norefs"), "site", NULL);
	f.feature[FEAT_KPROBES] = false;
	expect(pick("find_get_block"), NULL, "CONFIG_KPROBE_EVENTS");
	expect(find("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
	/* the same sheet without the feature: nothing else stands against the lock clock but calls */
	load(K6_1);
	f.feature[FEAT_RT] = true;
	f.feature[FEAT_KPROBES] = false;
	expect(pick("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
}

/* Debian's arm64: locks are inlined, and 6.1's functions can have no trampolines. */
static void arm64_locks_are_inlined(void **state)
{
	struct attach_point at[MAX_POINTS];
	const struct choice *c;

	(void)state;
	load(KARM6_1);
	expect(force("norefs_entry", "norefs_entry=folio"), NULL, "no trampolines on functions");
	expect(pick("aio_migrate"), NULL, "_raw_spin_lock is inlined there");
	expect(find("aio_overlap"), NULL, "_raw_spin_unlock_irqrestore is inlined there");
	c = find("migrate_norefs");
	assert_int_equal(points(c, at), 4);
	/* the attempt first: a probe on it is what lets others sit behind it */
	assert_string_equal(at[0].prog, "norefs_call");
	assert_string_equal(at[1].prog, "norefs_acquire");
	assert_true(at[1].offset - at[0].offset < 32 * 4);
	assert_int_equal(at[0].cookie, 20 + 1);
	/* each return, at the address where it is */
	c = find("norefs_entry");
	assert_int_equal(points(c, at), 4);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(at[i].how, ATTACH_EXIT);
		assert_true(at[i].offset > 0);
	}
	assert_int_equal(at[3].how, ATTACH_ENTRY);

	/* where returns can't be told, a kretprobe: one point, at the entry */
	load(K6_1);
	c = force("norefs_entry", "norefs_entry=folio:kprobe");
	assert_int_equal(points(c, at), 2);
	assert_int_equal(at[0].how, ATTACH_EXIT);
	assert_int_equal(at[0].offset, 0);
}

static void inlined_locks_need_more(void **state)
{
	(void)state;
	load(KARM6_1);
	f.feature[FEAT_COOKIES] = false;
	expect(pick("find_get_block"), NULL,
	       "its lock is inlined, and the kernel's programs have no");
	load(KARM6_1);
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].callee, CALLEE_INLINE_LOCK))
			strcpy(f.calls[i].callee, CALLEE_UNKNOWN_LOCK);
	expect(pick("find_get_block"), NULL, "a lock inlined there is not understood");
	expect(find("migrate_norefs"), NULL, "a lock inlined there is not understood");
	for (size_t i = 0; i < f.calls_n; i++)
		if (!strcmp(f.calls[i].callee, CALLEE_UNKNOWN_LOCK))
			strcpy(f.calls[i].callee, CALLEE_HIDDEN_LOCK);
	expect(pick("find_get_block"), NULL, "probes of others hide the lock");
	f.feature[FEAT_BTF] = false;
	expect(force("norefs_entry", "norefs_entry=folio:kprobe"), NULL, "no BTF");
}

static void a_variant_can_be_forced(void **state)
{
	const char *const two[] = { "floor=lock", "migrate_norefs=bracket:folio_migrate_mapping",
				    NULL };

	(void)state;
	load(K6_1);
	expect(force("migrate_norefs", "migrate_norefs=lock"), "lock", NULL);
	expect(find("find_get_block"), "site", NULL);
	expect(force("migrate_norefs", "migrate_norefs=site"), "site", NULL);
	probes__select(&f, false, two, chosen);
	expect(find("floor"), "lock", NULL);
	expect(find("migrate_norefs"), "bracket:folio_migrate_mapping", NULL);
	/* a forced variant that can't be used is not replaced by another */
	expect(force("norefs_entry", "norefs_entry=page"), NULL,
	       "__buffer_migrate_page: no such function here");
	expect(force("migrate_norefs", "migrate_norefs=sundial"), NULL, "no variant 'sundial'");
	expect(force("migrate_norefs", "migrate_norefs="), NULL, "no variant ''");
	/* neither a prefix nor a longer name is this probe */
	expect(force("norefs_entry", "norefs=page"), "folio", NULL);
	expect(force("aio_migrate", "aio_migrate_x=lock"), "site", NULL);
}

static int count_name(void *ctx, const char *name, unsigned int wants)
{
	size_t *n = ctx;

	assert_true(name[0] && name[0] != '(');
	assert_true(strlen(name) < sizeof(((struct fact_func *)0)->name));
	++*n;
	return 0;
}

static int stop_at_second(void *ctx, const char *name, unsigned int wants)
{
	size_t *n = ctx;

	return ++*n == 2 ? -ENOMEM : 0;
}

static void the_table_asks_for_what_it_uses(void **state)
{
	size_t n = 0;

	(void)state;
	assert_int_equal(probes__interest(count_name, &n), 0);
	assert_true(n > 60);
	n = 0;
	assert_int_equal(probes__interest(stop_at_second, &n), -ENOMEM);
	assert_int_equal(n, 2);
	assert_true(probes_n <= MAX_PROBES);
}

/* The programs count by what bpf/event.h says of a site, the command attaches by what the table says. */
static void rare_sites_are_the_same_for_both(void **state)
{
	unsigned int rare = 0;

	(void)state;
	for (size_t i = 0; i < probes_n; i++) {
		if (probes[i].site < 0 || probes[i].site >= SITE_COUNT)
			continue;
		assert_int_equal(!!(probes[i].flags & PROBE_RARE), SITE_IS_RARE(probes[i].site));
		rare += SITE_IS_RARE(probes[i].site);
	}
	assert_int_equal(rare, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rare_sites_are_the_same_for_both),
		cmocka_unit_test(each_kernel_gets_its_variants),
		cmocka_unit_test(forced_off_the_path),
		cmocka_unit_test(the_lock_clock_of_lookups_is_where_they_are),
		cmocka_unit_test(required_probes_are_there),
		cmocka_unit_test(generations),
		cmocka_unit_test(points_are_where_the_sheet_says),
		cmocka_unit_test(no_kprobes_means_trampolines),
		cmocka_unit_test(kprobes_come_first),
		cmocka_unit_test(no_text_means_no_call_sites),
		cmocka_unit_test(light_is_never_on_lock_functions),
		cmocka_unit_test(light_does_without_the_wait),
		cmocka_unit_test(light_is_on_no_making_of_buffers),
		cmocka_unit_test(brackets_are_for_held_locks_only),
		cmocka_unit_test(no_btf_means_no_trampolines),
		cmocka_unit_test(reasons_name_the_function),
		cmocka_unit_test(locks_under_locks),
		cmocka_unit_test(rt_has_other_locks),
		cmocka_unit_test(arm64_locks_are_inlined),
		cmocka_unit_test(inlined_locks_need_more),
		cmocka_unit_test(a_variant_can_be_forced),
		cmocka_unit_test(the_table_asks_for_what_it_uses),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, teardown);
}
