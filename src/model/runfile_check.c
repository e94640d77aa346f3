// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Does a run that was read agree with itself? What two members of one object say of each other is a row's
 * (.within); here is what several objects do. A recording is read while programs may still run: what
 * writes it (src/record) sees to it that it has no such fault. Stage: run file (reading).
 */
#include <stdlib.h>
#include <string.h>

#include "model/run_table.h"
#include "model/runfile_check.h"

/*
 * How far behind the end of the recording a late reference can lie: a window that is open then may still end, and is
 * waited for for a second.
 */
#define LAST_EVENT_NS 10000000000ULL

int check__contradicts(const struct at *at, const char *key, __u64 whole, __u64 parts,
		       const char *what)
{
	if (whole >= CLAMPED_TO || parts >= CLAMPED_TO)
		return 0;
	return at__fail(AT_KEY(at, key), "%llu, but %llu by %s", (unsigned long long)whole,
			(unsigned long long)parts, what);
}

int check__parts(const struct at *at, const char *key, __u64 whole, __u64 parts, const char *what)
{
	return parts > whole ? check__contradicts(at, key, whole, parts, what) : 0;
}

/* Who waited for a window came while it was open, and is counted among those behind it. */
static int check_waited(const struct late *l, const struct at *at)
{
	const struct at *behind = AT_KEY(at, "lookups_behind");

	if (!l->has_waited)
		return 0;
	return check__parts(behind, "spin", l->behind_spin, l->waited_spin, "lookups_waited") ?:
		       check__parts(behind, "folio", l->behind_folio, l->waited_folio,
				    "lookups_waited");
}

/* Of one of the two lists. */
static int check_events(const struct run *run, const struct late_events *l, const struct at *at)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].time_ns > add_up(run->duration_ns, LAST_EVENT_NS))
			return at__fail(AT_KEY(AT_INDEX(at, i), "time_ns"),
					"%llu, but duration_ns is %llu",
					(unsigned long long)l->v[i].time_ns,
					(unsigned long long)run->duration_ns);
	return 0;
}

/*
 * A window that was timed ended with the move done: it was seen to do so, or its end was not what was expected
 * (windows_unjudged, which older versions did not count, and losses).
 */
static int check_windows(const struct run *run, const struct at *at)
{
	const struct late *l = &run->late;
	__u64 most = add_up(l->windows, counters__get(&run->counters, "windows_unjudged"));

	return counters__has(&run->counters, "windows_unjudged") &&
			       run->window.count > add_up(most, check__slack(run)) ?
		       check__contradicts(at, "windows", l->windows, run->window.count,
					  "norefs_window") :
		       0;
}

/* A verdict rests on these. More may be listed than were counted when the recording ended. */
static int check_late(const struct run *run, const struct at *at)
{
	const struct late *l = &run->late;
	__u64 kinds = add_up(l->slow_lookup, l->end_count);
	__u64 events = add_up(l->proven.n, l->proven.not_listed);
	__u64 possible = add_up(l->doubtful.n, l->doubtful.not_listed);

	if (l->total != kinds)
		return check__contradicts(at, "total", l->total, kinds,
					  "slow_lookup and end_count");
	if (events < l->total)
		return check__contradicts(at, "total", l->total, events, "events and not_listed");
	if (possible < l->possible)
		return check__contradicts(at, "possible", l->possible, possible,
					  "possible_events and possible_not_listed");
	return check_waited(l, at)					   ?:
		       check_windows(run, at)				   ?:
		       check_events(run, &l->proven, AT_KEY(at, "events")) ?:
		       check_events(run, &l->doubtful, AT_KEY(at, "possible_events"));
}

static __u64 lost(const struct run *run)
{
	__u64 n = 0;

	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		n = add_up(n, run->losses[i]);
	return n;
}

__u64 check__slack(const struct run *run)
{
	return add_up(lost(run), (__u64)run->merged * run->kernel.cpus);
}

/*
 * Releases that somebody waited for are told by the kernel, not by the site's programs. These see each
 * section as well where they time by its lock (a bracket has some of them), but for one that a CPU was
 * in when the recording began, and what was lost.
 */
static int check_contended(const struct run *run, const struct run_site *s, const struct at *at)
{
	__u64 most = s->releases > s->hold.count ? s->releases : s->hold.count, owned = 0;

	for (size_t i = 0; i < s->owners_n; i++)
		owned = add_up(owned, s->owners[i].count);
	if (owned > (s->has_contended ? add_up(s->contended, check__slack(run)) : 0))
		return check__contradicts(at, "contended", s->contended, owned, "contended_owners");
	if (!s->has_contended || (s->clock != CLOCK_SITE && s->clock != CLOCK_LOCK))
		return 0;
	if (s->contended > add_up(most, check__slack(run)))
		return check__contradicts(at, "releases", most, s->contended, "contended");
	return 0;
}

/* Lookups that waited are of those whose wait was timed: but for one a CPU at the end, and what was lost. */
static int check_lookups(const struct run *run, const struct at *at)
{
	const struct run_site *s = &run->site[SITE_FIND_GET_BLOCK];
	__u64 waits = counters__get(&run->counters, "lookup_waits");
	__u64 folio = counters__get(&run->counters, "lookup_folio_waits");

	if (s->clock && waits > add_up(s->wait.count, check__slack(run)))
		return check__contradicts(at, "lookup_waits", waits, s->wait.count,
					  "sites.find_get_block.wait");
	if (counters__has(&run->counters, "lookup_folio_waits") &&
	    run->folio_wait.count > add_up(folio, check__slack(run)))
		return check__contradicts(at, "lookup_folio_waits", folio, run->folio_wait.count,
					  "folio_lock_wait");
	return 0;
}

/*
 * Where the table of histograms was full, the longest are known that are in none. Of a time that came while the
 * histogram was read only the bucket may be there.
 */
static int check_worst(const struct run *run, const struct run_site *s, const struct at *at)
{
	for (size_t i = 0; i < s->worst_n && !run->losses[LOSS_TABLE_FULL]; i++) {
		const struct worst *w = &s->worst[i];
		const struct hist *h = w->kind == KIND_WAIT ? &s->wait : &s->hold;

		if (hist_index(w->ns) > hist_index(h->max_ns))
			return at__fail(AT_KEY(AT_INDEX(AT_KEY(at, "worst"), i), "ns"),
					"%llu, but %s.max_ns is %llu", (unsigned long long)w->ns,
					w->kind == KIND_WAIT ? "wait" : "hold",
					(unsigned long long)h->max_ns);
	}
	return 0;
}

/* What was not counted of a recording, @key, is part of it. */
static int check_uncounted(const struct run *run, const struct at *at, const char *key, __u64 ns)
{
	return ns <= run->duration_ns ?
		       0 :
		       at__fail(AT_KEY(at, key), "%llu, but duration_ns is %llu",
				(unsigned long long)ns, (unsigned long long)run->duration_ns);
}

/* @whole, of which @parts are all that there is in @what. */
static int check_hist(const struct at *at, const struct hist *whole, const struct hist *parts,
		      const char *what)
{
	int ret = check__parts(at, "count", whole->count, parts->count, what) ?:
			  check__parts(at, "sum_ns", whole->sum_ns, parts->sum_ns, what);

	if (!ret && parts->count && hist_index(parts->max_ns) > hist_index(whole->max_ns))
		ret = at__fail(AT_KEY(at, "max_ns"), "%llu, but %llu by %s",
			       (unsigned long long)whole->max_ns, (unsigned long long)parts->max_ns,
			       what);
	for (__u32 i = 0; i < HIST_BUCKETS && !ret && whole->count < CLAMPED_TO; i++)
		if (parts->bucket[i] > whole->bucket[i] && parts->bucket[i] < CLAMPED_TO)
			ret = at__fail(AT_KEY(at, "buckets"),
				       "%llu from %llu ns on, but %llu by %s",
				       (unsigned long long)whole->bucket[i],
				       (unsigned long long)hist_lower(i),
				       (unsigned long long)parts->bucket[i], what);
	return ret;
}

/* Holds by how they ended are all of them. */
static int check_outcomes(const struct run_site *s, const struct at *at)
{
	struct hist all = { 0 };

	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		hist__merge(&all, &s->by_outcome[i]);
	if (!s->has_outcomes)
		return 0;
	if (all.count != s->hold.count)
		return check__contradicts(at, "hold", s->hold.count, all.count, "by_outcome");
	return check_hist(AT_KEY(at, "hold"), &s->hold, &all, "by_outcome");
}

/* No value is above the longest; of those that were lost the sum may have one. */
static int check_sum(const struct run *run, const struct hist *h, const struct at *at)
{
	__u64 most;

	if (h->sum_ns >= CLAMPED_TO ||
	    __builtin_mul_overflow(add_up(h->count, check__slack(run)), h->max_ns, &most) ||
	    h->sum_ns <= most)
		return 0;
	return at__fail(AT_KEY(at, "sum_ns"), "%llu, but %llu of at most %llu",
			(unsigned long long)h->sum_ns, (unsigned long long)h->count,
			(unsigned long long)h->max_ns);
}

/* Each hold was released, and in some the owner was switched out. */
static int check_releases(const struct run *run, const struct run_site *s, const struct at *at)
{
	__u64 ends = s->releases > s->hold.count ? s->releases : s->hold.count;

	if (s->switched_out > add_up(ends, check__slack(run)))
		return check__contradicts(at, "releases", ends, s->switched_out, "switched_out");
	if (!s->releases || (s->clock != CLOCK_SITE && s->clock != CLOCK_LOCK))
		return 0;
	return s->hold.count > add_up(s->releases, check__slack(run)) ?
		       check__contradicts(at, "releases", s->releases, s->hold.count, "hold") :
		       0;
}

static int check_site(const struct run *run, const struct run_site *s, const struct at *at)
{
	return check_worst(run, s, at)						 ?:
		       check_uncounted(run, at, "uncounted_ns", s->uncounted_ns) ?:
		       check_outcomes(s, at)					 ?:
		       check_sum(run, &s->hold, AT_KEY(at, "hold"))		 ?:
		       check_sum(run, &s->wait, AT_KEY(at, "wait"))		 ?:
		       check_releases(run, s, at)				 ?:
		       check_contended(run, s, at);
}

static int check_isolations(const struct run *run, const struct at *at)
{
	__u64 moves = counters__get(&run->isolations, "moves");
	__u64 gone = counters__get(&run->isolations, "gone_at_move");

	if (gone > add_up(moves, check__slack(run)))
		return check__contradicts(AT_KEY(at, "isolations"), "moves", moves, gone,
					  "gone_at_move");
	return check_uncounted(run, at, "isolations_uncounted_ns", run->isolations_uncounted_ns);
}

/*
 * Files of older versions do not say of what they are the sum, nor is a part of such a file. CPUs are those of the
 * first of a sum's files, the possible ones the most of all.
 */
static int check_whole(const struct run *run, const struct at *at)
{
	size_t merged = run->merged ?: 1;

	if (run->parts_n && (merged == 1 || run->parts_n > merged))
		return at__fail(AT_KEY(at, "parts"), "%zu, but merged is %zu%s", run->parts_n,
				merged, merged == 1 ? ", which is no sum" : "");
	if (merged == 1 && run->tool.map_bytes && run->tool.possible_cpus < run->kernel.cpus)
		return at__fail(AT_KEY(AT_KEY(at, "tool"), "possible_cpus"),
				"%llu, but kernel.cpus is %u",
				(unsigned long long)run->tool.possible_cpus, run->kernel.cpus);
	return 0;
}

/* One begins where the one before ended, or later; and all lie in the recording, which takes @until_ns. */
static int check_times(const struct interval *v, size_t n, __u64 until_ns, const struct at *at)
{
	for (size_t i = 1; i < n; i++)
		if (v[i].start_ns < add_up(v[i - 1].start_ns, v[i - 1].duration_ns))
			return at__fail(AT_INDEX(at, i), "begins before the one ahead of it ended");
	if (n && add_up(v[n - 1].start_ns, v[n - 1].duration_ns) > until_ns)
		return at__fail(AT_INDEX(at, n - 1), "ends behind the recording, at %llu ns",
				(unsigned long long)until_ns);
	return 0;
}

/* What a run's devices, intervals or rounds have of its sites: @n times an array, @size bytes apart. */
struct shares {
	const struct hold_wait *first;
	size_t n, size;
	const char *what;
};

static const struct hold_wait *share_of(const struct shares *s, size_t i, unsigned int site)
{
	return (const struct hold_wait *)((const char *)s->first + i * s->size) + site;
}

/* A section is on one device and in one interval. */
static int check_shares(const struct run *run, const struct shares *s, const struct at *at)
{
	int ret = 0;

	for (unsigned int site = 0; site < SITE_COUNT && !ret; site++) {
		const struct at *here = AT_KEY(AT_KEY(at, "sites"), site__name(site));
		struct hist hold = { 0 }, wait = { 0 };

		for (size_t i = 0; i < s->n; i++) {
			hist__merge(&hold, &share_of(s, i, site)->hold);
			hist__merge(&wait, &share_of(s, i, site)->wait);
		}
		ret = check_hist(AT_KEY(here, "hold"), &run->site[site].hold, &hold, s->what) ?:
			      check_hist(AT_KEY(here, "wait"), &run->site[site].wait, &wait,
					 s->what);
	}
	return ret;
}

struct tally {
	const char *name;
	__u64 whole, parts;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tally *)a)->name, ((const struct tally *)b)->name);
}

/* What the run does not count, a file of another version may count for its intervals. */
static int check_counters(const struct run *run, const struct interval *v, size_t n,
			  const char *what, const struct at *at)
{
	struct tally *all = calloc(run->counters.n + 1, sizeof(*all)), *t;
	int ret = all ? 0 : at__no_memory(at);

	for (size_t i = 0; i < run->counters.n && !ret; i++)
		all[i] = (struct tally){ run->counters.v[i].name, run->counters.v[i].value, 0 };
	if (!ret)
		qsort(all, run->counters.n, sizeof(*all), by_name);
	for (size_t i = 0; i < n && !ret; i++) {
		for (size_t k = 0; k < v[i].counters.n; k++) {
			struct tally key = { .name = v[i].counters.v[k].name };

			t = bsearch(&key, all, run->counters.n, sizeof(*all), by_name);
			if (t)
				t->parts = add_up(t->parts, v[i].counters.v[k].value);
		}
	}
	for (size_t i = 0; i < run->counters.n && !ret; i++)
		ret = check__parts(AT_KEY(at, "counters"), all[i].name, all[i].whole, all[i].parts,
				   what);
	free(all);
	return ret;
}

/* @v, the run's intervals or its rounds. */
static int check_intervals(const struct run *run, const struct interval *v, size_t n,
			   const char *what, const struct at *at)
{
	const struct shares s = { n ? v->site : NULL, n, sizeof(*v), what };

	return check_times(v, n, run->duration_ns, AT_KEY(at, what)) ?:
		       check_shares(run, &s, at)		     ?:
		       check_counters(run, v, n, what, at);
}

static int check_devices(const struct run *run, const struct at *at)
{
	const struct shares s = { run->devices_n ? run->devices->site : NULL, run->devices_n,
				  sizeof(*run->devices), "devices" };

	return check_shares(run, &s, at);
}

/* What one row can't say: what follows from several members, and whether they agree. */
int runfile__check(struct run *run, const struct at *at)
{
	const struct at *late = AT_KEY(at, "late_references");
	int ret;

	run->late.watched |= !!run->late.windows; /* files of before "watched" */
	for (size_t i = 0; i < run->late.doubtful.n; i++)
		run->late.doubtful.v[i].possible = true;
	ret = check_whole(run, at);
	for (unsigned int i = 0; i < SITE_COUNT && !ret; i++)
		ret = check_site(run, &run->site[i], AT_KEY(AT_KEY(at, "sites"), site__name(i)));
	if (!ret)
		ret = check_isolations(run, at)				 ?:
			      check_late(run, late)			 ?:
			      check_lookups(run, AT_KEY(at, "counters")) ?:
									   check__asked(run, at);
	if (!ret)
		ret = check_devices(run, at);
	if (!ret)
		ret = check_intervals(run, run->intervals, run->intervals_n, "intervals", at);
	return ret ? ret : check_intervals(run, run->rounds, run->rounds_n, "rounds", at);
}
