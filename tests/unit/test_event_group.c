// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Names of kprobe events, whose they are, and what kprobe_profile says of them. */
#include <stdio.h>
#include <string.h>

#include "trace/kprobe_events.h"
#include "unit.h"

static const struct event_owner mine = { 4194304, 18446744073709551615ULL };

static void test_start(void **state)
{
	(void)state;
	assert_int_equal(owner__start("77 (migtrace) S 1 77 77 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 "
				      "0 123456 9 10\n"),
			 123456);
	/* a name can have spaces and parentheses in it */
	assert_int_equal(owner__start("77 (a) S 1) S 1 77 77 0 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 "
				      "0 99 9 10\n"),
			 99);
	assert_int_equal(owner__start("77 (migtrace) S 1 77"), 0);
	assert_int_equal(owner__start(""), 0);
}

static void test_group(void **state)
{
	static const char *const others[] = {
		"kprobes",	 "migtrace",	  "migtrace_",
		"migtrace_1",	 "migtrace_1_",	  "migtrace_1_2_3",
		"migtrace_01_2", "migtrace_-1_2", "migtrace_0_2",
		"migtrace_1_ 2", "migtrace_1_2 ", "xmigtrace_1_2",
		"migtrace_+1_2", "migtrace_1_-2", "migtrace_a_2",
		"Migtrace_1_2",	 "migtrace_1_2x", "",
	};
	char name[EVENT_NAME];
	struct event_owner o;

	(void)state;
	event_group__name(&mine, name);
	assert_string_equal(name, "migtrace_4194304_18446744073709551615");
	assert_true(event_group__owner(name, strlen(name), &o));
	assert_int_equal(o.pid, mine.pid);
	assert_true(o.start == mine.start);
	assert_true(event_group__owner("migtrace_1_2/x", strlen("migtrace_1_2"), &o));
	assert_int_equal(o.pid, 1);
	assert_int_equal(o.start, 2);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (event_group__owner(others[i], strlen(others[i]), &o))
			fail_msg("'%s' is not ours", others[i]);
	memset(name, '1', sizeof(name));
	memcpy(name, "migtrace_", 9);
	assert_false(event_group__owner(name, sizeof(name), &o));
}

static void test_event(void **state)
{
	char name[EVENT_NAME];

	(void)state;
	assert_true(event__name(&mine, "lookup_return", false, name));
	assert_string_equal(name, "lookup_return_4194304_18446744073709551615");
	assert_true(event__name(&mine, "lookup_return", true, name));
	assert_string_equal(name, "lookup_return_ret_4194304_18446744073709551615");
	/* cut, it could be another's */
	assert_true(event__name(&mine, "a2345678901234567890123456789012345", false, name) ||
		    strlen(name) == EVENT_NAME - 1);
	assert_false(event__name(&mine, "a23456789012345678901234567890123456", false, name));
}

static void test_profile(void **state)
{
	static const char text[] =
		"  lookup_call_12_34                                         10               0\n"
		"  lookup_call_12_34                                          7               5\n"
		"nonsense\n"
		"  a_name_of_which_there_is_no_end_and_that_fills_all_it_has_1_345 1 2\n"
		"  last 18446744073709551615 18446744073709551614";
	char name[EVENT_NAME];
	const char *at = text;
	__u64 missed;

	(void)state;
	assert_true(event__profile(&at, name, &missed));
	assert_string_equal(name, "lookup_call_12_34");
	assert_int_equal(missed, 0);
	assert_true(event__profile(&at, name, &missed));
	assert_int_equal(missed, 5);
	assert_true(event__profile(&at, name, &missed));
	assert_int_equal(strlen(name), EVENT_NAME - 1);
	assert_int_equal(missed, 2);
	assert_true(event__profile(&at, name, &missed));
	assert_string_equal(name, "last");
	assert_true(missed == 18446744073709551614ULL);
	assert_false(event__profile(&at, name, &missed));
}

struct stale {
	char events[512];
	int stop;
};

static bool gone(void *ctx, const struct event_owner *o)
{
	(void)ctx;
	return o->pid != 10 || o->start != 20;
}

static int note(void *ctx, const char *event)
{
	struct stale *s = ctx;

	strcat(s->events, event);
	strcat(s->events, " ");
	return s->stop;
}

static void test_stale(void **state)
{
	/* 10 lives since 20: what 10 left that began at 19 is nobody's */
	static const char list[] = "p:migtrace_10_20/lookup_call_10_20 __find_get_block+0x44\n"
				   "p:migtrace_10_19/lookup_call_10_19 __find_get_block+0x44\n"
				   "p:migtrace_10_19/lookup_call_10_19 __find_get_block+0x84\n"
				   "p:mt/migtrace_10_19 vfs_read+0x0 a=%di:x64\n"
				   "p:kprobes/migtrace vfs_read+0x0\n"
				   "r16:migtrace_11_20/lookup_left_ret_11_20 __find_get_block+0\n"
				   "e:migtrace_12_20/eprobe a.b\n"
				   "u:migtrace_13_20/uprobe /bin/sh:0x10\n"
				   "p:no_group vfs_read\n"
				   "p:\n"
				   "\n"
				   "p:migtrace_14_20/x vfs_read";
	struct stale s = { 0 };

	(void)state;
	assert_int_equal(events__stale(list, gone, note, &s), 0);
	assert_string_equal(s.events, "migtrace_10_19/lookup_call_10_19 "
				      "migtrace_11_20/lookup_left_ret_11_20 migtrace_14_20/x ");
	s = (struct stale){ .stop = -1 };
	assert_int_equal(events__stale(list, gone, note, &s), -1);
	assert_string_equal(s.events, "migtrace_10_19/lookup_call_10_19 ");
	assert_int_equal(events__stale("", gone, note, &s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_start), cmocka_unit_test(test_group),
		cmocka_unit_test(test_event), cmocka_unit_test(test_profile),
		cmocka_unit_test(test_stale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
