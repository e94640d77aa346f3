// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What compilers and kernels make of functions' names: images of a kernel by make_image.py, and sheets of
 * kernels that others build (tests/data/names), read and chosen from. A row a case.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/symbols.h"
#include "trace/probes.h"
#include "unit.h"

#define KERNEL(name) "tests/data/kernels/" name ".facts"
#define SHEET(name)  "tests/data/names/" name ".facts"

#define MAX_PROBES 64
#define MAX_POINTS 256

static struct facts f;
static struct choice chosen[MAX_PROBES];

static int teardown(void **state)
{
	(void)state;
	facts__free(&f);
	kernel__forget_symbols();
	return 0;
}

/* What is chosen for each probe of @want, "PROBE=VARIANT POINTS" or "PROBE=- REASON", ends with NULL. */
static void expect(const char *title, const char *const *want)
{
	struct attach_point at[MAX_POINTS];

	probes__select(&f, false, NULL, chosen);
	for (; *want; want++) {
		const struct choice *c = chosen;
		char got[400];

		while (strncmp(*want, c->probe->name, strlen(c->probe->name)) ||
		       (*want)[strlen(c->probe->name)] != '=')
			assert_true(++c < chosen + probes_n);
		if (c->variant)
			snprintf(got, sizeof(got), "%s=%s %d", c->probe->name, c->variant->name,
				 probes__points(&f, c->variant, at, MAX_POINTS));
		else
			snprintf(got, sizeof(got), "%s=- %s", c->probe->name, c->reason);
		if (strcmp(got, *want))
			fail_msg("%s: '%s', not '%s'", title, got, *want);
	}
}

struct image_case {
	const char *sheet, *options;
	const char *want[7];
};

#if defined(__x86_64__)

static const char *list_name = "filter";

/* The sheet's BTF, the image's rest. */
static void read_image(const char *sheet, const char *options, bool sooner)
{
	char path[3][256], command[1024];
	struct image_files files = { path[0], { path[1] }, path[2], sooner };
	struct facts base;

	snprintf(command, sizeof(command), "python3 tests/unit/make_image.py %s %s %s", sheet,
		 tmp__path("."), options);
	if (system(command))
		fail_msg("%s", command);
	snprintf(path[0], sizeof(path[0]), "%s", tmp__path("kallsyms"));
	snprintf(path[1], sizeof(path[1]), "%s", tmp__path(list_name));
	snprintf(path[2], sizeof(path[2]), "%s", tmp__path("kcore"));
	teardown(NULL);
	assert_int_equal(facts__load(&base, sheet), 0);
	memset(&f, 0, sizeof(f));
	assert_int_equal(probes__want(&f), 0);
	memcpy(f.feature, base.feature, sizeof(f.feature));
	f.feature[FEAT_TEXT] = f.feature[FEAT_FILTER_LIST] = false;
	for (size_t i = 0; i < f.funcs_n; i++) {
		const struct fact_func *v = facts__func(&base, f.funcs[i].name);
		char inlined[FUNC_NAME + 8], added[FUNC_NAME + 8];

		snprintf(inlined, sizeof(inlined), "into=%s:", f.funcs[i].name);
		snprintf(added, sizeof(added), "add=%s ", f.funcs[i].name);
		f.funcs[i].in_btf =
			(v && v->in_btf && !strstr(options, inlined)) || strstr(options, added);
	}
	facts__free(&base);
	assert_int_equal(facts__read_image(&f, &files), 0);
}

/* All of @f but what modules have, and what is traceable without being asked; the caller's. */
static char *sheet_text(void)
{
	size_t size;
	char *text;
	FILE *out = open_memstream(&text, &size);

	for (size_t i = 0; i < f.funcs_n; i++) {
		f.funcs[i].modules = 0;
		f.funcs[i].traceable &= !!(f.funcs[i].wants & WANT_ENTRY);
	}
	facts__save(&f, out);
	fclose(out);
	return text;
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of @text in order: calls come as functions do, and those as symbols do. */
static void sort_lines(char *text, char *lines[], size_t max)
{
	size_t n = 0;

	for (char *p = strtok(text, "\n"); p; p = strtok(NULL, "\n")) {
		assert_true(n + 1 < max);
		lines[n++] = p;
	}
	lines[n] = NULL;
	qsort(lines, n, sizeof(*lines), by_line);
}

/* What is read by the kernel's own table, of 6.x or, with " places", of 7.0, is what @line has. */
static void read_table(const char *sheet, const char *options, char *const line[])
{
	static char *by_table[4096];
	char *text;

	read_image(sheet, options, true);
	assert_int_equal(f.emulates_branches, !!strstr(options, "kprobe_emulate_jcc"));
	if (!strstr(options, "masked") && !strstr(options, "zero"))
		assert_int_equal(symbols__get()->image.n, 0); /* the text was not read */
	text = sheet_text();
	sort_lines(text, by_table, 4096);
	for (size_t i = 0; line[i] || by_table[i]; i++)
		if (!line[i] || !by_table[i] || strcmp(line[i], by_table[i]))
			fail_msg("%s, %s: '%s', by the table '%s'", sheet, options, line[i],
				 by_table[i]);
	free(text);
}

/* Read as text and by the kernel's own table, an image is the same. */
static void read_image_all_ways(const char *sheet, const char *options)
{
	static char *line[4096];
	char places[1024];
	char *text;

	read_image(sheet, options, false);
	assert_int_equal(f.emulates_branches, !!strstr(options, "kprobe_emulate_jcc"));
	text = sheet_text();
	sort_lines(text, line, 4096);
	read_table(sheet, options, line);
	snprintf(places, sizeof(places), "%s places", options);
	read_table(sheet, places, line);
	free(text);
	read_image(sheet, options, false);
}

#define WAYS	  "add=buffer_migrate_folio add=buffer_migrate_folio_norefs "
#define PAGE_WAYS "add=buffer_migrate_page add=buffer_migrate_page_norefs "

#define SLEEPLESS "lookup_folio=- lookups of this kernel never sleep (find_get_block_common, 6.15)"

static const struct image_case images[] = {
	{ KERNEL("6.1"),
	  "",
	  { "norefs_entry=folio 2", "migrate_norefs=site 6", "find_get_block=site 3",
	    "lookup_exit=plain 1", "assoc_list=site 31" } },
	{ KERNEL("6.1"), "add=kprobe_emulate_jcc", { "find_get_block=site 3" } },
	{ KERNEL("6.1"),
	  "cfi",
	  { "norefs_entry=folio 2", "find_get_block=site 3", "floor=site 10" } },
	/* the function is in its part only: so are its calls, and its callers tell what it was asked */
	{ KERNEL("5.10"),
	  PAGE_WAYS "name=__buffer_migrate_page:.part.0 callee=_raw_spin_lock:_raw_spin_lock",
	  { "norefs_entry=page_ways 4", "norefs_switch=page 1",
	    "migrate_norefs=bracket:migrate_page_move_mapping 2" } },
	{ KERNEL("5.10"),
	  "name=__buffer_migrate_page:.part.0",
	  { "norefs_entry=- __buffer_migrate_page: here as __buffer_migrate_page.part.0 only, "
	    "which has not its arguments" } },
	{ KERNEL("6.1"),
	  WAYS "name=__buffer_migrate_folio:.part.0",
	  { "norefs_entry=ways 4", "migrate_norefs=site 6" } },
	{ KERNEL("6.1"),
	  WAYS "name=__buffer_migrate_folio:.constprop.0.isra.0",
	  { "norefs_entry=ways 4", "migrate_norefs=site 6" } },
	{ KERNEL("6.1"),
	  WAYS "name=__buffer_migrate_folio:.llvm.3433979326929198294",
	  { "norefs_entry=ways 4", "migrate_norefs=site 6" } },
	{ KERNEL("6.1"),
	  "name=__buffer_migrate_folio:.llvm.3433979326929198294",
	  { "norefs_entry=folio:kprobe 2", "migrate_norefs=site 6" } },
	/* inlined in the way that checks, with or without being there as well */
	{ KERNEL("6.1"),
	  "add=buffer_migrate_folio into=__buffer_migrate_folio:buffer_migrate_folio_norefs",
	  { "norefs_entry=ways 4", "migrate_norefs=site 6" } },
	{ KERNEL("6.1"),
	  "add=buffer_migrate_folio too=__buffer_migrate_folio:buffer_migrate_folio_norefs",
	  { "norefs_entry=ways 4", "migrate_norefs=site 12" } },
	{ KERNEL("5.10"),
	  "add=buffer_migrate_page into=__buffer_migrate_page:buffer_migrate_page_norefs",
	  { "norefs_entry=page_ways 4" } },
	{ KERNEL("6.12"),
	  "add=__find_get_block_nonatomic into=find_get_block_common:__find_get_block",
	  { "find_get_block=site 3", "lookup_exit=both:kprobe 2" } },
	{ KERNEL("6.1"), "into=aio_free_ring:free_ioctx", { "aio_teardown=site 3" } },
	/* lookups: the plain function sees all of them only where nobody enters its part */
	{ KERNEL("6.1"),
	  "moved=__find_get_block:.part.0",
	  { "find_get_block=site 3", "lookup_exit=plain 1" } },
	{ KERNEL("6.1"),
	  "split=__find_get_block:.part.0:__getblk_gfp",
	  { "find_get_block=site 3", "lookup_exit=plain:kprobe 1" } },
	{ KERNEL("6.1"),
	  "clone=__find_get_block:.constprop.0",
	  { "find_get_block=site 6", "lookup_exit=plain:kprobe 2" } },
	{ KERNEL("6.1"),
	  "cold=__find_get_block:1ab",
	  { "find_get_block=site 3", "lookup_exit=plain 1" } },
	{ KERNEL("6.1"),
	  "inner=__find_get_block:__find_get_block_slow",
	  { "find_get_block=site 3", "lookup_exit=plain 1", SLEEPLESS } },
	{ KERNEL("6.12"),
	  "name=find_get_block_common:.llvm.5830728347752920836 cfi",
	  { "find_get_block=site 3", "lookup_exit=common:kprobe 1", "lookup_folio=site 1" } },
	{ KERNEL("6.12"),
	  "name=__folio_migrate_mapping:.llvm.1 name=folio_mc_copy:.llvm.2",
	  { "norefs_switch=inner:kprobe 1", "norefs_copy=mc:kprobe 1", "norefs_end=set_bh 2" } },
	{ KERNEL("6.12"),
	  "name=__folio_migrate_mapping:.constprop.0",
	  { "norefs_switch=- __folio_migrate_mapping: here as __folio_migrate_mapping.constprop.0 "
	    "only, which has not its arguments" } },
	{ KERNEL("6.1"),
	  "inner=__getblk_gfp:grow_dev_page inner=create_empty_buffers:folio_create_empty_buffers "
	  "inner=sync_mapping_buffers:osync_buffers_list inner=migrate_pages_batch:migrate_folio_unmap",
	  { "grow_buffers=site 3", "create_empty=site 3", "assoc_list=site 31",
	    "truncation=folio 7" } },
	{ KERNEL("6.1"),
	  "callee=_raw_spin_unlock:__SCT__queued_spin_unlock",
	  { "find_get_block=site 3", "migrate_norefs=site 6" } },
	{ KERNEL("6.1"),
	  "callee=_raw_spin_unlock:pv_queued_spin_unlock_traced",
	  { "find_get_block=site 3", "migrate_norefs=site 6" } },
	{ KERNEL("7.x"),
	  "callee=mutex_trylock:_mutex_trylock_nest_lock callee=mutex_lock:mutex_lock_nested",
	  { "aio_outcome=folio 4", "aio_overlap=ring 11" } },
	/* under a lock of another site, but not in its function */
	{ KERNEL("7.x"),
	  "into=remove_assoc_queue:drop_buffers.constprop.0",
	  { "assoc_list=site 24", "try_to_free=site 3" } },
	/* neither taken for the kernel's own, nor in its way */
	{ KERNEL("6.1"),
	  "module=__find_get_block module=buffer_migrate_folio_norefs",
	  { "norefs_entry=folio 2", "find_get_block=site 3", "lookup_exit=plain 1" } },
	{ KERNEL("6.1"),
	  "name=__find_get_block:.isra.0 module=__find_get_block",
	  { "find_get_block=site 3", "lookup_exit=plain:kprobe 1" } },
	{ KERNEL("6.1"),
	  "clone=__find_get_block:",
	  { "find_get_block=- __find_get_block: more than one function of this kernel has that name" } },
	/* the true cause, and what goes without the text */
	{ KERNEL("6.1"),
	  "zero",
	  { "find_get_block=lock 5",
	    "aio_teardown=- aio_free_ring: the kernel's text can't be read: /proc/kcore reads as "
	    "zeros" } },
	{ KERNEL("6.1"),
	  "masked",
	  { "find_get_block=lock 5",
	    "aio_teardown=- aio_free_ring: the kernel's text can't be read: /proc/kallsyms hides "
	    "the addresses (kernel.kptr_restrict, or no CAP_SYSLOG)" } },
};

/* An entry says itself that it is traceable, so that the list of all that are is not read. */
static void entries_say_it(void **state)
{
	static const struct {
		const char *sheet, *options;
	} plain[] = {
		{ KERNEL("5.10"), "" }, { KERNEL("5.10"), "old" },
		{ KERNEL("6.1"), "" },	{ KERNEL("6.1"), "sealed=f30f1efa" },
		{ KERNEL("6.12"), "" }, { KERNEL("6.12"), "sealed=660f1f00" },
		{ KERNEL("7.x"), "" },	{ KERNEL("7.x"), "sealed=0f1f40d6" },
	};

	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		list_name = "none";
		read_image(plain[i].sheet, plain[i].options, true);
		list_name = "filter";
		if (!f.feature[FEAT_FILTER_LIST])
			fail_msg("%s %s", plain[i].sheet, plain[i].options);
	}
}

static void images_are_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(images) / sizeof(*images); i++) {
		read_image_all_ways(images[i].sheet, images[i].options);
		expect(images[i].options, images[i].want);
	}
}

#endif

#define NOT_FOUND "takes a lock, but calls _raw_spin_unlock nowhere: inlined, and not found"
#define NOT_ASKED "itself, and this fact sheet's migtrace did not look into what it calls"

static const struct image_case sheets[] = {
	{ SHEET("6.1-slow-outofline"),
	  NULL,
	  { "norefs_entry=folio 2", "find_get_block=site 3", "lookup_exit=plain 1" } },
	{ SHEET("7.x-lockdep"),
	  NULL,
	  { "norefs_entry=folio 2", "find_get_block=site 5", "lookup_exit=common 1",
	    "aio_outcome=folio 4", "norefs_end=set_bh 2",
	    "assoc_list=- __bforget: calls _raw_spin_lock nowhere " NOT_ASKED } },
	{ SHEET("ubuntu-5.15"),
	  NULL,
	  { "norefs_entry=page_ways 4", "lookup_exit=plain 1",
	    "find_get_block=- __find_get_block_slow: " NOT_FOUND,
	    "migrate_norefs=bracket:migrate_page_move_mapping 2" } },
	{ SHEET("ubuntu-6.8"),
	  NULL,
	  { "norefs_entry=folio 2", "find_get_block=site 3", "lookup_exit=plain 1",
	    "norefs_end=flags 1" } },
	/* a stock kernel's, with what is asked now */
	{ SHEET("6.1"),
	  NULL,
	  { "norefs_entry=folio 2", "migrate_norefs=site 6", "find_get_block=site 3",
	    "assoc_list=site 31", "truncation=folio 7", "floor=site 10" } },
	/* as an older migtrace wrote them */
	{ SHEET("ubuntu-5.15-old"),
	  NULL,
	  { "norefs_entry=page_ways 4", "lookup_exit=plain 1",
	    "find_get_block=- __find_get_block: calls _raw_spin_lock nowhere " NOT_ASKED } },
	{ SHEET("ubuntu-6.8-old"),
	  NULL,
	  { "norefs_entry=folio 2", "find_get_block=lock 5", "lookup_exit=plain 1",
	    "norefs_end=flags 1" } },
};

static void sheets_of_others(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(sheets) / sizeof(*sheets); i++) {
		teardown(NULL);
		assert_int_equal(facts__load(&f, sheets[i].sheet), 0);
		expect(sheets[i].sheet, sheets[i].want);
	}
}

static void suffixes(void **state)
{
	static const struct {
		const char *symbol;
		size_t base;
		enum copy_kind kind;
	} all[] = {
		{ "a", 1, COPY_PLAIN },
		{ "a.cold", 1, COPY_COLD },
		{ "a.cold.12", 1, COPY_COLD },
		{ "a.part.0", 1, COPY_PART },
		{ "a.part.0.cold", 1, COPY_COLD },
		{ "a.isra.0.part.1", 1, COPY_PART },
		{ "a.constprop.0.isra.0", 1, COPY_CHANGED },
		{ "a.llvm.123", 1, COPY_SAME },
		{ "a.llvm.123.cold", 1, COPY_COLD },
		/* names of their own */
		{ "a.llvm.", 7, COPY_PLAIN },
		{ "a.part", 6, COPY_PLAIN },
		{ "a.cold.", 7, COPY_PLAIN },
		{ "a.coldly", 8, COPY_PLAIN },
		{ "a.part.0x", 9, COPY_PLAIN },
		{ "a.b", 3, COPY_PLAIN },
		{ "", 0, COPY_PLAIN },
	};
	enum copy_kind kind;

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		if (copy__base(all[i].symbol, &kind) != all[i].base || kind != all[i].kind)
			fail_msg("'%s': kind %d", all[i].symbol, kind);
	}
	assert_int_equal(copy__kind("ab.part.0", "a"), COPY_NONE);
	assert_int_equal(copy__kind("a.part.0", "ab"), COPY_NONE);
	assert_int_equal(copy__kind("a.part.0", "a"), COPY_PART);
	assert_int_equal(copy__kind("a", "a"), COPY_PLAIN);
}

/* "HOST > FUNC" and the copies' own names, once each. */
static void places_are_told(void **state)
{
	static const struct {
		const char *sheet, *probe, *places[4];
	} all[] = {
		{ SHEET("ubuntu-6.8"),
		  "find_get_block",
		  { "__find_get_block > __find_get_block_slow" } },
		{ SHEET("ubuntu-5.15"),
		  "norefs_entry",
		  { "buffer_migrate_page_norefs", "buffer_migrate_page" } },
		{ KERNEL("6.1"), "create_empty", { "create_empty_buffers" } },
	};
	char place[4][PLACE_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		const struct choice *c = chosen;
		size_t n = 0;

		teardown(NULL);
		assert_int_equal(facts__load(&f, all[i].sheet), 0);
		probes__select(&f, false, NULL, chosen);
		while (strcmp(c->probe->name, all[i].probe))
			c++;
		assert_non_null(c->variant);
		while (all[i].places[n])
			n++;
		assert_int_equal(probes__places(&f, c->variant, place, 4), n);
		while (n--)
			assert_string_equal(place[n], all[i].places[n]);
		assert_int_equal(probes__places(&f, c->variant, place, 1), 1);
	}
}

/* Without an end of the move seen, nothing opens a window. */
static void no_begin_without_an_end(void **state)
{
	static const unsigned int lack[] = { FEAT_TRAMPOLINES, FEAT_BTF_ELSEWHERE };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		teardown(NULL);
		assert_int_equal(facts__load(&f, KERNEL("6.12")), 0);
		f.feature[lack[i]] = lack[i] == FEAT_BTF_ELSEWHERE;
		probes__select(&f, false, NULL, chosen);
		for (size_t j = 0; j < probes_n; j++)
			if (!strcmp(probes[j].name, "norefs_switch") ||
			    !strcmp(probes[j].name, "norefs_copy") ||
			    !strcmp(probes[j].name, "norefs_end"))
				assert_null(chosen[j].variant);
	}
}

/* A stack never has an address, nor the name of what lies ahead of something else. */
static void symbols_of_stacks(void **state)
{
	static const char kallsyms[] = "ffffffff81000000 T _text\n"
				       "ffffffff81000100 t one\n"
				       "ffffffff81000180 D data\n"
				       "ffffffff81000200 T _etext\n"
				       "ffffffffc0000000 t ext4_getblk\t[ext4]\n"
				       "ffffffffc0000800 t ext4_last\t[ext4]\n"
				       "ffffffffc0002000 t other\t[other]\n";
	static const struct {
		__u64 addr;
		const char *symbol;
	} all[] = {
		{ 0xffffffff81000103, "one+0x3" },
		{ 0xffffffff81000190, "one+0x90" },
		{ 0xffffffffc000003b, "ext4_getblk+0x3b [ext4]" },
		{ 0xffffffffc0000900, "ext4_last+0x100 [ext4]" },
		{ 0xffffffffc0001000, "?" }, /* what came later, on a page of its own */
		{ 0xffffffffc0002001, "other+0x1 [other]" },
		{ 0xffffffff81020000, "?" },
		{ 0xffffffff82000000, "?" },
		{ 0x1000, "?" },
	};
	char got[SYMBOL_NAME];

	(void)state;
	teardown(NULL);
	tmp__write(tmp__path("kallsyms"), kallsyms, sizeof(kallsyms) - 1);
	assert_int_equal(symbols__read(tmp__path("kallsyms")), 0);
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++) {
		kernel__symbol(all[i].addr, got, sizeof(got));
		if (strcmp(got, all[i].symbol))
			fail_msg("%llx: '%s', not '%s'", (unsigned long long)all[i].addr, got,
				 all[i].symbol);
	}
	kernel__forget_symbols();
}

/* A place that the kernel refuses costs its variant. */
static void the_next_variant(void **state)
{
	struct choice c;

	(void)state;
	teardown(NULL);
	assert_int_equal(facts__load(&f, KERNEL("6.1")), 0);
	probes__select(&f, false, NULL, chosen);
	for (c = chosen[0]; strcmp(c.probe->name, "migrate_norefs");
	     c = chosen[c.probe - probes + 1])
		;
	assert_string_equal(c.variant->name, "site");
	probes__next(&f, false, &c, "refused");
	assert_string_equal(c.variant->name, "lock");
	assert_string_equal(c.reason, "");
	probes__next(&f, false, &c, "refused");
	assert_string_equal(c.variant->name, "bracket:folio_migrate_mapping");
	probes__next(&f, false, &c, "refused");
	assert_null(c.variant);
	assert_string_equal(c.reason, "refused");
	/* nor is the lock clock part of the light tier then */
	c = chosen[c.probe - probes];
	probes__next(&f, true, &c, "refused");
	assert_string_equal(c.variant->name, "bracket:folio_migrate_mapping");
}

static void kinds_of_types(void **state)
{
	char why[120] = "";
	size_t size;
	char *data = tmp__read("tests/data/names/newkind.btf", &size);
	const char *path = tmp__path("btf");

	(void)state;
	assert_true(facts__newer_btf("tests/data/names/newkind.btf", why, sizeof(why)));
	assert_string_equal(
		why, "has types of kind 20, which came after this libbpf (it knows kinds to 19)");
	/* cut off, the same kind in a place that is no type, one that is known, another file */
	for (size_t n = 0; n + sizeof("\0int\0new") < size; n++) {
		tmp__write(path, data, n);
		assert_false(facts__newer_btf(path, why, sizeof(why)));
	}
	data[47] = 0x10;
	tmp__write(path, data, size);
	assert_false(facts__newer_btf(path, why, sizeof(why)));
	assert_false(facts__newer_btf("tests/data/small.json", why, sizeof(why)));
	assert_false(facts__newer_btf("/nowhere", why, sizeof(why)));
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suffixes),
		cmocka_unit_test(sheets_of_others),
		cmocka_unit_test(places_are_told),
		cmocka_unit_test(no_begin_without_an_end),
		cmocka_unit_test(symbols_of_stacks),
		cmocka_unit_test(the_next_variant),
		cmocka_unit_test(kinds_of_types),
#if defined(__x86_64__)
		cmocka_unit_test(entries_say_it),
		cmocka_unit_test(images_are_understood),
#endif
	};

	return cmocka_run_group_tests_name("names", tests, NULL, teardown);
}
