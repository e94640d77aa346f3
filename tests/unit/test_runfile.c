// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Run files: what is written is read back the same; what was not written by us is refused. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/render.h"
#include "unit.h"

typedef void sampler(struct run *run);

static char err[512];

static char *as_json(const struct run *run)
{
	const struct render_opts o = { 0 };
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	assert_int_equal(render_json(run, &o, f), 0);
	fclose(f);
	return text;
}

static void round_trip_of(sampler *sample)
{
	const char *path = tmp__path("trip.json");
	char *before, *after;
	struct run run;

	sample(&run);
	before = as_json(&run);
	assert_int_equal(run__save(&run, path, err, sizeof(err)), 0);
	run__free(&run);
	if (run__load(&run, path, err, sizeof(err)))
		fail_msg("%s", err);
	after = as_json(&run);
	assert_string_equal(before, after);
	run__free(&run);
	free(before);
	free(after);
}

static void empty(struct run *run)
{
	memset(run, 0, sizeof(*run));
	run->kernel.cpus = 1;
}

static void filtered(struct run *run)
{
	sample__full(run);
	run->filter.device = strdup("sda");
}

static void round_trip(void **state)
{
	(void)state;
	round_trip_of(sample__full);
	round_trip_of(sample__small);
	round_trip_of(sample__migrate);
	round_trip_of(sample__cost);
	round_trip_of(sample__kara);
	round_trip_of(empty);
	round_trip_of(filtered);
}

static void fields_survive(void **state)
{
	const char *path = tmp__path("fields.json");
	struct run a, b;

	(void)state;
	sample__full(&a);
	assert_int_equal(run__save(&a, path, err, sizeof(err)), 0);
	assert_int_equal(run__load(&b, path, err, sizeof(err)), 0);
	assert_memory_equal(&a.site[0].hold, &b.site[0].hold, sizeof(struct hist));
	assert_memory_equal(&a.window, &b.window, sizeof(struct hist));
	assert_int_equal(b.rounds_n, 2);
	assert_memory_equal(&a.rounds[1].site, &b.rounds[1].site, sizeof(a.rounds[1].site));
	assert_int_equal(counters__get(&b.rounds[1].counters, "norefs_calls"), 101);
	assert_string_equal(b.bench.mover, "numa");
	assert_int_equal(b.bench.round_ns, a.bench.round_ns);
	assert_int_equal(b.kernel.instruments_n, 2);
	assert_memory_equal(&a.intervals[2].site, &b.intervals[2].site,
			    sizeof(a.intervals[2].site));
	assert_int_equal(b.devices_n, 3);
	assert_int_equal(b.devices[1].dev, a.devices[1].dev);
	assert_string_equal(b.devices[1].name, a.devices[1].name);
	assert_int_equal(b.site[0].worst[0].ns, a.site[0].worst[0].ns);
	assert_string_equal(b.site[0].worst[0].stack[1], "move_to_new_folio+0x61");
	assert_int_equal(b.site[0].worst[1].mode, -1);
	assert_string_equal(b.late.proven.v[0].lookup.comm, "find");
	assert_int_equal(b.losses[LOSS_NO_RELEASE], 3);
	assert_int_equal(b.tool.status, 0);
	assert_true(b.tool.has_status);
	assert_int_equal(b.refcounts[0].seen, 4);
	assert_false(b.probes[2].attached);
	assert_true(b.has_tries && b.has_isolations);
	assert_memory_equal(&a.tries, &b.tries, sizeof(a.tries));
	assert_int_equal(counters__get(&b.isolations, "freed"), 60);
	run__free(&a);
	run__free(&b);
}

/* The text of the sample with the first @from replaced by @to. */
static char *edited(sampler *sample, const char *from, const char *to)
{
	struct run run;
	char *text, *at, *out = NULL;

	sample(&run);
	text = as_json(&run);
	run__free(&run);
	at = strstr(text, from);
	if (!at)
		fail_msg("'%s' is not in the sample", from);
	assert_true(asprintf(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) > 0);
	free(text);
	return out;
}

static int load_text(const char *text, size_t size)
{
	const char *path = tmp__path("bad.json");
	struct run run;
	int ret;

	tmp__write(path, text, size);
	*err = 0;
	ret = run__load(&run, path, err, sizeof(err));
	run__free(&run);
	return ret;
}

static void check_refused(const char *what, const char *text, size_t size, const char *message)
{
	if (!load_text(text, size))
		fail_msg("%s was accepted", what);
	if (!strstr(err, message))
		fail_msg("%s: '%s' does not say '%s'", what, err, message);
	assert_non_null(strstr(err, "bad.json: "));
	assert_null(strchr(err, '\n'));
	assert_null(strchr(err, '\033'));
}

static void wrong_contents_are_refused(void **state)
{
	static const struct {
		const char *from, *to, *message;
	} cases[] = {
		{ "migtrace-run", "perf-run", "not a migtrace run file" },
		{ "\"version\":1,", "\"version\":2,", "version 2; this migtrace reads up to 1" },
		{ "\"version\":1,", "\"version\":0,", "0 is no version" },
		{ "\"version\":1,", "\"version\":\"1\",", "version: a whole number expected" },
		{ "\"sites\":{", "\"places\":{", "sites: missing" },
		{ "\"losses\":", "\"gains\":", "losses: missing" },
		{ "\"clock\":\"lock\"", "\"clock\":\"sun\"", "sites.migrate_norefs.clock: site," },
		{ "\"floor_ns\":41", "\"floor_ns\":-41",
		  "sites.migrate_norefs.floor_ns: negative" },
		{ "\"floor_ns\":41", "\"floor_ns\":4.1", "not a fraction" },
		{ "\"floor_ns\":41", "\"floor_ns\":99999999999999999999", "too big" },
		{ "\"hold\":{\"count\":1", "\"hold\":{\"count\":2",
		  "add up to 1, but count says 2" },
		{ "\"hold\":{\"count\":1", "\"hold\":{\"count\":-1", "hold.count: negative" },
		{ "[4608,5120,1]", "[4608,5120,-1]", "hold.buckets[0]: negative (-1)" },
		{ "[4608,5120,1]", "[4607,5120,1]", "no bucket of this format" },
		{ "[4608,5120,1]", "[4608,5121,1]", "no bucket of this format" },
		{ "[4608,5120,1]", "[4608,5120]", "[lower, upper, count] expected" },
		{ "[4608,5120,1]", "[4608,5120,\"1\"]", "three whole numbers" },
		{ "[4608,5120,1]", "{}", "[lower, upper, count] expected" },
		{ "[4608,5120,1]", "[4608,5120,1],[4608,5120,0]",
		  "buckets[1]: the same bucket twice" },
		{ "[4608,5120,1]", "[4608,5120,1],[512,576,0]",
		  "buckets[1]: overlaps or precedes" },
		{ "[[4608,5120,1]]", "null", "a list expected, not null" },
		{ "\"min_ns\":5000", "\"min_ns\":6000", "min_ns is above max_ns" },
		{ "\"max_ns\":5000", "\"max_ns\":9223372036854775808", "too big" },
		{ "\"worst\":[", "\"worst\":[1,", "worst[0]: an object expected" },
		{ "\"device\":\"8:1\"", "\"device\":\"8\"", "worst[0].device: not MAJOR:MINOR" },
		{ "\"8:1\":{", "\"sda\":{", "devices.sda: not MAJOR:MINOR" },
		{ "\"8:1\":{", "\"4096:1\":{", "not MAJOR:MINOR" },
		{ "\"8:1\":{", "\"\\u001b[31m\":{", "devices.?[31m: not MAJOR:MINOR" },
		{ "\"pid\":45", "\"pid\":99999999999", "worst[0].pid: too large" },
		{ "\"stack\":[\"", "\"stack\":[1,\"", "stack[0]: a text expected, not a number" },
		{ "\"attached\":true", "\"attached\":1", "probes[0].attached: true or false" },
		{ "\"counters\":{\"n\":1}", "\"counters\":{\"n\":\"1\"}",
		  "counters.n: a whole number" },
		{ "\"counters\":{\"n\":1}", "\"counters\":{\"n\":1,\"n\":2}", "a key twice" },
		{ "\"migrator\":{", "\"migrator\":[],\"m\":{",
		  "events[0].migrator: an object expected" },
		{ "\"intervals\":[", "\"intervals\":[7,", "intervals[0]: an object expected" },
		{ "\"rounds\":[]", "\"rounds\":[}", "damaged: not JSON in line" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text = edited(sample__small, cases[i].from, cases[i].to);
		check_refused(cases[i].to, text, strlen(text), cases[i].message);
		free(text);
	}
}

static void unknown_things_are_ignored(void **state)
{
	static const struct {
		const char *from, *to;
	} cases[] = {
		{ "\"rounds\":[]", "\"rounds\":[],\"weather\":{\"rain\":[null,1.5]}" },
		{ "\"floor_ns\":41", "\"floor_ns\":41,\"colour\":\"red\"" },
		{ "\"watched\":true,", "" },
		{ "\"merged\":1,", "" },
		{ "\"note\":null,", "" },
		{ "\"assoc_list\":{\n", "\"new_site\":{\n" },
	};
	char *text;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		text = edited(sample__small, cases[i].from, cases[i].to);
		if (load_text(text, strlen(text)))
			fail_msg("'%s': %s", cases[i].to, err);
		free(text);
	}
}

static void unknown_loss_taints(void **state)
{
	char *text = edited(sample__small, "\"map_full\":0", "\"gremlins\":3,\"map_full\":1");
	const char *path = tmp__path("loss.json");
	struct run run;

	(void)state;
	tmp__write(path, text, strlen(text));
	free(text);
	assert_int_equal(run__load(&run, path, err, sizeof(err)), 0);
	assert_true(run__tainted(&run));
	assert_int_equal(run.losses[LOSS_MAP_FULL], 4);
	run__free(&run);
}

/* Cut after every single byte; only the last one, the newline, may go. */
static void truncated_at_every_byte(void **state)
{
	const char *path = tmp__path("cut.json");
	struct run run;
	size_t size;
	char *text;

	(void)state;
	sample__small(&run);
	text = as_json(&run);
	run__free(&run);
	size = strlen(text);
	tmp__write(path, text, size);
	free(text);
	for (size -= 2; size > 0; size--) {
		assert_int_equal(truncate(path, (off_t)size), 0);
		if (!run__load(&run, path, err, sizeof(err)))
			fail_msg("a file cut to %zu bytes was accepted", size);
		if (!strstr(err, "cut.json: truncated: the file ends in line"))
			fail_msg("cut to %zu bytes: '%s'", size, err);
	}
	assert_int_equal(truncate(path, 0), 0);
	assert_true(run__load(&run, path, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "empty file"));
}

static void garbage_is_refused(void **state)
{
	char noise[4096];
	__u64 seed = 99;
	size_t i, j;

	(void)state;
	check_refused("text", "hello", 5, "does not start with '{'");
	check_refused("a list", "[1,2]", 5, "does not start with '{'");
	check_refused("a number", "42", 2, "does not start with '{'");
	check_refused("other JSON", "{}", 2, "not a migtrace run file");
	check_refused("zeros", "\0\0\0\0", 4, "does not start with '{'");
	check_refused("two runs", "{} {}", 5, "something follows the run in line 1");
	check_refused("blanks", " \n \n", 4, "not a run file");
	check_refused("escape", "{\"\033[2J", 7, "bad.json: ");
	for (i = 0; i < 200; i++) {
		for (j = 0; j < sizeof(noise); j++)
			noise[j] = (char)sample__random(&seed);
		noise[0] = i % 2 ? '{' : noise[0];
		check_refused("noise", noise, sizeof(noise), "bad.json: ");
	}
}

/* One bit of a good file flipped: refused or read, but without a stumble. */
static void flipped_bits_do_no_harm(void **state)
{
	struct run run;
	__u64 seed = 7;
	size_t size, at;
	char *text;
	int i, bit;

	(void)state;
	sample__small(&run);
	text = as_json(&run);
	run__free(&run);
	size = strlen(text);
	for (i = 0; i < 3000; i++) {
		at = sample__random(&seed) % size;
		bit = 1 << sample__random(&seed) % 8;
		text[at] = (char)(text[at] ^ bit);
		if (load_text(text, size))
			assert_non_null(strstr(err, "bad.json: "));
		text[at] = (char)(text[at] ^ bit);
	}
	free(text);
}

static void deep_nesting_is_refused(void **state)
{
	size_t size = 1 << 20, n;
	char *text = malloc(size);

	(void)state;
	memset(text, '[', size);
	check_refused("a million [", text, size, "nested too deeply");
	for (n = 0; n + 5 <= size; n += 5)
		memcpy(text + n, "{\"a\":", 5);
	check_refused("a million {", text, size, "nested too deeply");
	free(text);
}

/* Two bytes of file are forty in memory; unit.mk sets the bound to 64 MiB. */
static void few_bytes_can_not_ask_for_all_memory(void **state)
{
	size_t size = 8 << 20, n;
	char *text = malloc(size);

	(void)state;
	strcpy(text, "{\"x\":[");
	for (n = strlen(text); n + 2 <= size; n += 2)
		memcpy(text + n, "0,", 2);
	check_refused("8 MiB of zeros", text, n, "takes more than 64 MiB of memory");
	free(text);
}

/* What merging would search for hours: a megabyte of it is refused when it is read. */
static void endless_lists_are_refused(void **state)
{
	static const char *const entry[][2] = {
		{ "\"counters\":{\"n\":1}", "counters" },
		{ "\"refcounts\":[", "refcounts" },
		{ "\"probes\":[", "probes" },
	};
	char *list = malloc(1 << 20), *text;

	(void)state;
	for (size_t i = 0; i < sizeof(entry) / sizeof(*entry); i++) {
		char message[64], *at = list;

		at += sprintf(at, i ? "\"%s\":[0" : "\"%s\":{\"a\":1", entry[i][1]);
		for (int n = 0; n < 4096; n++)
			at += sprintf(at, i ? ",0" : ",\"%d\":1", n);
		strcpy(at, i ? "," : "}");
		snprintf(message, sizeof(message), "%s: more than 4096", entry[i][1]);
		text = edited(sample__small, entry[i][0], list);
		check_refused(entry[i][1], text, strlen(text), message);
		free(text);
	}
	free(list);
}

static void too_large_is_refused_unread(void **state)
{
	const char *path = tmp__path("sparse.json");
	struct run run;

	(void)state;
	tmp__write(path, "{", 1);
	assert_int_equal(truncate(path, (1LL << 30) + 1), 0);
	assert_true(run__load(&run, path, err, sizeof(err)) < 0);
	assert_non_null(strstr(err, "larger than 1 GiB"));
	unlink(path);
}

static void what_is_no_file_is_refused(void **state)
{
	struct run run;

	(void)state;
	assert_true(run__load(&run, "/tmp", err, sizeof(err)) < 0);
	assert_string_equal(err, "/tmp: is a directory");
	assert_true(run__load(&run, "/nowhere/x.json", err, sizeof(err)) < 0);
	assert_string_equal(err, "/nowhere/x.json: No such file or directory");
}

static void numbers_above_2_63_are_clamped(void **state)
{
	const char *path = tmp__path("clamp.json");
	struct run run;

	(void)state;
	sample__small(&run);
	run.duration_ns = ~0ULL;
	run.site[1].hold.sum_ns = 1ULL << 63;
	assert_int_equal(run__save(&run, path, err, sizeof(err)), 0);
	run__free(&run);
	assert_int_equal(run__load(&run, path, err, sizeof(err)), 0);
	assert_true(run.duration_ns == 9223372036854775807ULL);
	assert_true(run.site[1].hold.sum_ns == 9223372036854775807ULL);
	assert_int_equal(run.clamped, 2);
	run__free(&run);
}

/* Two files that are forged: what we write of both together we must read. */
static void sums_near_2_63_are_readable(void **state)
{
	const char *path = tmp__path("sum.json"), *why;
	struct run a, b;

	(void)state;
	sample__small(&a);
	sample__small(&b);
	a.site[1].hold.bucket[100] = b.site[1].hold.bucket[100] = 1ULL << 62;
	a.site[1].hold.count = b.site[1].hold.count += 1ULL << 62;
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_int_equal(run__save(&a, path, err, sizeof(err)), 0);
	run__free(&a);
	run__free(&b);
	if (run__load(&a, path, err, sizeof(err)))
		fail_msg("%s", err);
	run__free(&a);
}

static void foreign_bytes_are_written_as_text(void **state)
{
	const char *path = tmp__path("bytes.json");
	struct run run;

	(void)state;
	sample__small(&run);
	free(run.tool.command[0]);
	run.tool.command[0] = strdup("caf\xe9\n\"");
	strcpy(run.late.proven.v[0].lookup.comm, "\xff\xfe");
	assert_int_equal(run__save(&run, path, err, sizeof(err)), 0);
	run__free(&run);
	if (run__load(&run, path, err, sizeof(err)))
		fail_msg("%s", err);
	assert_string_equal(run.tool.command[0], "caf\\xe9\n\"");
	assert_string_equal(run.late.proven.v[0].lookup.comm, "\\xff\\xfe");
	run__free(&run);
}

/* A snapshot taken while programs run may be off by one; the file must still be readable. */
static void counts_caught_in_flight_are_readable(void **state)
{
	const char *path = tmp__path("flight.json");
	struct run run;

	(void)state;
	sample__small(&run);
	run.site[1].hold.count++;
	run.site[0].hold.max_ns = 3;
	run.site[0].hold.min_ns = 1 << 30;
	assert_int_equal(run__save(&run, path, err, sizeof(err)), 0);
	run__free(&run);
	if (run__load(&run, path, err, sizeof(err)))
		fail_msg("%s", err);
	assert_int_equal(run.site[1].hold.count, 2);
	run__free(&run);
}

/* A file of before there were lookups that waited, and possible ones. */
static void files_of_before_are_read(void **state)
{
	const char *path = tmp__path("old.json");
	char *text = edited(sample__small, "\"lookups_waited\":", "\"lookups_weighed\":");
	struct run run;

	tmp__write(path, text, strlen(text));
	free(text);
	assert_int_equal(run__load(&run, path, err, sizeof(err)), 0);
	assert_false(run.late.has_waited);
	assert_int_equal(late__evidence(&run.late), run.late.behind_spin + run.late.behind_folio);
	run__free(&run);
	text = edited(sample__small, "\"possible\":", "\"possibly\":");
	for (char *at = text; (at = strstr(at, "\"possible_"));) /* and the two lists of theirs */
		at[8] = 'y';
	tmp__write(path, text, strlen(text));
	free(text);
	assert_int_equal(run__load(&run, path, err, sizeof(err)), 0);
	assert_int_equal(run.late.possible + run.late.doubtful.n, 0);
	assert_int_equal(late__evidence(&run.late), run.late.waited_spin + run.late.waited_folio);
	run__free(&run);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),
		cmocka_unit_test(fields_survive),
		cmocka_unit_test(wrong_contents_are_refused),
		cmocka_unit_test(unknown_things_are_ignored),
		cmocka_unit_test(unknown_loss_taints),
		cmocka_unit_test(truncated_at_every_byte),
		cmocka_unit_test(garbage_is_refused),
		cmocka_unit_test(flipped_bits_do_no_harm),
		cmocka_unit_test(deep_nesting_is_refused),
		cmocka_unit_test(few_bytes_can_not_ask_for_all_memory),
		cmocka_unit_test(endless_lists_are_refused),
		cmocka_unit_test(too_large_is_refused_unread),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(numbers_above_2_63_are_clamped),
		cmocka_unit_test(sums_near_2_63_are_readable),
		cmocka_unit_test(foreign_bytes_are_written_as_text),
		cmocka_unit_test(files_of_before_are_read),
		cmocka_unit_test(counts_caught_in_flight_are_readable),
	};

	return cmocka_run_group_tests_name("runfile", tests, NULL, NULL);
}
