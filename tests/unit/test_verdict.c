// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What a run allows to be said: "none seen", shares of all lookups, and what nobody looked at. */
#include <stdlib.h>
#include <string.h>

#include "unit.h"

static void none_seen_may_prove_nothing(void **state)
{
	struct run run = { .tool = { .tier = "full" } };

	assert_string_equal(run__doubt(&run), "moves were not watched");
	run.late.watched = true;
	assert_string_equal(run__doubt(&run), "nothing was migrated");
	run.late.windows = 10;
	assert_string_equal(run__doubt(&run), "lookups were not watched");
	run.site[SITE_FIND_GET_BLOCK].clock = CLOCK_SITE;
	assert_string_equal(run__doubt(&run), "no lookup came during or after a window");
	assert_int_equal(run__verdict(&run), VERDICT_INCONCLUSIVE);
	run.late.behind_folio = 1;
	assert_null(run__doubt(&run));
	assert_int_equal(run__verdict(&run), VERDICT_NONE_SEEN);
	run.losses[LOSS_NO_RELEASE] = 1;
	assert_string_equal(run__doubt(&run), "events were lost");
	assert_int_equal(run__verdict(&run), VERDICT_INCONCLUSIVE);
	run.late.total = 1; /* found beats lost */
	assert_int_equal(run__verdict(&run), VERDICT_FOUND);
	/* what is possible is not found, whatever else there is to say */
	run.late.total = 0;
	run.late.possible = 2;
	assert_string_equal(run__doubt(&run), "references were possibly late");
	assert_int_equal(run__verdict(&run), VERDICT_INCONCLUSIVE);
	run.late.possible = 0;
	/* a table of figures without room hides no late reference */
	run.losses[LOSS_NO_RELEASE] = 0;
	run.losses[LOSS_TABLE_FULL] = 1;
	assert_true(run__tainted(&run));
	assert_int_equal(run__verdict(&run), VERDICT_NONE_SEEN);
	/* who came behind was not in danger: where those that waited are counted, they are what counts */
	run.late.has_waited = true;
	assert_string_equal(run__doubt(&run), "no lookup met the window of its page");
	run.late.waited_spin = 1;
	assert_null(run__doubt(&run));
	counters__add(&run.counters, "lookup_calls", 0);
	assert_string_equal(run__doubt(&run), "no lookup came by the function that is probed");
	assert_int_equal(run__entered(&run, SITE_FIND_GET_BLOCK), ENTERED_NEVER);
	assert_int_equal(run__entered(&run, SITE_GROW_BUFFERS), ENTERED_UNKNOWN);
	free(run.counters.v->name);
	free(run.counters.v);
	run = (struct run){ .tool = { .tier = "light" }, .late = { .windows = 10 } };
	assert_non_null(strstr(run__doubt(&run), "light tier"));
}

/* A share of all lookups is none where a file did not count those that waited. */
static void a_share_needs_all_files(void **state)
{
	struct run a, b;
	struct contention c;
	const char *why;

	(void)state;
	sample__full(&a);
	sample__full(&b);
	assert_true(run__contention(&a, &c));
	counters__drop(&b.counters, "lookup_waits");
	assert_false(counters__has(&b.counters, "lookup_waits"));
	assert_int_equal(run__merge(&a, &b, &why), 0);
	assert_false(run__contention(&a, &c));
	run__free(&a);
	run__free(&b);
}

/* 0 of nobody who looked is no figure. */
static void waits_that_nobody_timed(void **state)
{
	struct run run = { .tool = { .tier = "full" } };
	struct run_site *s = &run.site[SITE_MIGRATE_NOREFS];

	(void)state;
	assert_false(run__has_waits(&run, SITE_MIGRATE_NOREFS));
	s->clock = CLOCK_SITE;
	assert_true(run__has_waits(&run, SITE_MIGRATE_NOREFS));
	run.tool.tier = "light";
	assert_false(run__has_waits(&run, SITE_MIGRATE_NOREFS));
	s->hold.count = s->wait.count = 1;
	assert_true(run__has_waits(&run, SITE_MIGRATE_NOREFS));
	s->wait.count = 0;
	assert_false(run__has_waits(&run, SITE_MIGRATE_NOREFS));
	s->clock = CLOCK_BRACKET;
	s->wait.count = 1;
	assert_false(run__has_waits(&run, SITE_MIGRATE_NOREFS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(none_seen_may_prove_nothing),
		cmocka_unit_test(a_share_needs_all_files),
		cmocka_unit_test(waits_that_nobody_timed),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
