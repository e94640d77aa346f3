// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Does a run that was read agree with itself? What two members of one object say of each other is a row's
 * (.within); here is what several objects do. A recording is read while programs may still run: what
 * writes it (src/record) sees to it that it has no such fault. Stage: run file (reading).
 */
#include <stdlib.h>
#include <string.h>

#include "model/run_table.h"
#include "model/runfile.h"

/* What was too large for a file was written as this, and adds up no more. */
#define CLAMPED_TO 9223372036854775807ULL

static int contradicts(const struct at *at, const char *key, __u64 whole, __u64 parts,
		       const char *what)
{
	if (whole >= CLAMPED_TO || parts >= CLAMPED_TO)
		return 0;
	return at__fail(AT_KEY(at, key), "%llu, but %llu by %s", (unsigned long long)whole,
			(unsigned long long)parts, what);
}

/* No more of it elsewhere, @what, than @key counts. */
static int check_parts(const struct at *at, const char *key, __u64 whole, __u64 parts,
		       const char *what)
{
	return parts > whole ? contradicts(at, key, whole, parts, what) : 0;
}

/* Who waited for a window came while it was open, and is counted among those behind it. */
static int check_waited(const struct late *l, const struct at *at)
{
	const struct at *behind = AT_KEY(at, "lookups_behind");

	if (!l->has_waited)
		return 0;
	return check_parts(behind, "spin", l->behind_spin, l->waited_spin, "lookups_waited") ?:
		       check_parts(behind, "folio", l->behind_folio, l->waited_folio,
				   "lookups_waited");
}

/* A verdict rests on these. More may be listed than were counted when the recording ended. */
static int check_late(const struct late *l, const struct at *at)
{
	__u64 kinds = add_up(l->slow_lookup, l->end_count);
	__u64 events = add_up(l->proven.n, l->proven.not_listed);
	__u64 possible = add_up(l->doubtful.n, l->doubtful.not_listed);

	if (l->total != kinds)
		return contradicts(at, "total", l->total, kinds, "slow_lookup and end_count");
	if (events < l->total)
		return contradicts(at, "total", l->total, events, "events and not_listed");
	if (possible < l->possible)
		return contradicts(at, "possible", l->possible, possible,
				   "possible_events and possible_not_listed");
	return check_waited(l, at);
}

static __u64 lost(const struct run *run)
{
	__u64 n = 0;

	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		n = add_up(n, run->losses[i]);
	return n;
}

/* By how much two counts of one thing may differ: what was lost, and one for each CPU at the end. */
static __u64 slack(const struct run *run)
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
	if (owned > (s->has_contended ? add_up(s->contended, slack(run)) : 0))
		return contradicts(at, "contended", s->contended, owned, "contended_owners");
	if (!s->has_contended || (s->clock != CLOCK_SITE && s->clock != CLOCK_LOCK))
		return 0;
	if (s->contended > add_up(most, slack(run)))
		return contradicts(at, "releases", most, s->contended, "contended");
	return 0;
}

/* Lookups that waited are of those whose wait was timed: but for one a CPU at the end, and what was lost. */
static int check_lookups(const struct run *run, const struct at *at)
{
	const struct run_site *s = &run->site[SITE_FIND_GET_BLOCK];
	__u64 waits = counters__get(&run->counters, "lookup_waits");
	__u64 folio = counters__get(&run->counters, "lookup_folio_waits");

	if (s->clock && waits > add_up(s->wait.count, slack(run)))
		return contradicts(at, "lookup_waits", waits, s->wait.count,
				   "sites.find_get_block.wait");
	if (counters__has(&run->counters, "lookup_folio_waits") &&
	    run->folio_wait.count > add_up(folio, slack(run)))
		return contradicts(at, "lookup_folio_waits", folio, run->folio_wait.count,
				   "folio_lock_wait");
	return 0;
}

static int check_site(const struct run *run, const struct run_site *s, const struct at *at)
{
	__u64 count = 0;

	for (unsigned int i = 0; i < OUTCOME_COUNT; i++)
		count = add_up(count, s->by_outcome[i].count);
	if (s->has_outcomes && count != s->hold.count)
		return contradicts(at, "hold", s->hold.count, count, "by_outcome");
	return check_contended(run, s, at);
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

/* @whole, of which @parts are all that there is in @what. */
static int check_hist(const struct at *at, const struct hist *whole, const struct hist *parts,
		      const char *what)
{
	int ret = check_parts(at, "count", whole->count, parts->count, what) ?:
			  check_parts(at, "sum_ns", whole->sum_ns, parts->sum_ns, what);

	for (__u32 i = 0; i < HIST_BUCKETS && !ret && whole->count < CLAMPED_TO; i++)
		if (parts->bucket[i] > whole->bucket[i] && parts->bucket[i] < CLAMPED_TO)
			ret = at__fail(AT_KEY(at, "buckets"),
				       "%llu from %llu ns on, but %llu by %s",
				       (unsigned long long)whole->bucket[i],
				       (unsigned long long)hist_lower(i),
				       (unsigned long long)parts->bucket[i], what);
	return ret;
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
		ret = check_parts(AT_KEY(at, "counters"), all[i].name, all[i].whole, all[i].parts,
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

static int check_buffer_locks(const struct run *run, const struct at *at)
{
	struct hist parts = { 0 };

	for (unsigned int path = 0; path < PATH_AIO; path++)
		for (unsigned int mode = 0; mode < WAIT_MODES; mode++)
			hist__merge(&parts, &run->buffer_waits[path].mode[mode]);
	if (parts.count != run->buffer_wait.count)
		return contradicts(at, "wait", run->buffer_wait.count, parts.count, "wait_by_path");
	if (parts.count < CLAMPED_TO &&
	    memcmp(parts.bucket, run->buffer_wait.bucket, sizeof(parts.bucket)) != 0)
		return at__fail(AT_KEY(at, "wait"), "other times than wait_by_path has");
	return check_parts(at, "wait", parts.count, counters__sum(&run->unlockers), "unlocked_by");
}

static int check_stall(const struct run *run, const struct run_stall *s, const struct at *at)
{
	bool spins = !strcmp(s->what, stall__name(STALL_SPIN));

	if (s->wait_ns < run->stall_ns || s->wait_ns > run->stall_longest_ns)
		return at__fail(AT_KEY(at, "wait_ns"), "%llu is not from over_ns to longest_ns",
				(unsigned long long)s->wait_ns);
	return spins || !strcmp(s->who, STALL_BY_LOOKUP) || !strcmp(s->who, STALL_BY_MIGRATION) ?
		       0 :
		       at__fail(AT_KEY(at, "who"),
				STALL_BY_LOOKUP " or " STALL_BY_MIGRATION " expected");
}

static int check_stalls(const struct run *run, const struct at *at)
{
	__u64 longest = run->stall_longest_ns, n;
	int ret = 0;

	if (longest && longest < run->stall_ns)
		return at__fail(AT_KEY(at, "longest_ns"), "%llu is less than over_ns",
				(unsigned long long)longest);
	if (longest && !counters__sum(&run->stalls_by))
		return at__fail(AT_KEY(at, "longest_ns"), "%llu, but there was none",
				(unsigned long long)longest);
	for (unsigned int what = 0; what < STALL_COUNT && !ret; what++) {
		n = 0;
		for (size_t i = 0; i < run->stalls_n; i++)
			n += !strcmp(run->stalls[i].what, stall__name(what));
		ret = check_parts(AT_KEY(at, "by"), stall__name(what),
				  counters__get(&run->stalls_by, stall__name(what)), n,
				  "under_way");
	}
	for (size_t i = 0; i < run->stalls_n && !ret; i++)
		ret = check_stall(run, &run->stalls[i], AT_INDEX(AT_KEY(at, "under_way"), i));
	return ret;
}

/* What became of migrations on @path, @all of them, by why the kernel migrated. */
static int check_whys(const struct run *run, unsigned int path, const struct counters *all,
		      const struct at *at)
{
	bool norefs = path == PATH_NOREFS;
	__u64 pages = 0, n;
	int ret = 0;

	for (size_t i = 0; i < run->whys_n && !ret; i++) {
		const struct run_why *w = &run->whys[i];
		const struct counters *c = norefs ? &w->norefs : &w->buffers;

		n = norefs ? w->norefs_pages : w->buffers_pages;
		pages = add_up(pages, n);
		ret = check_parts(AT_INDEX(AT_KEY(at, "migrated_for"), i), path__name(path),
				  counters__sum(c), n, norefs ? "norefs_pages" : "buffers_pages");
	}
	for (unsigned int r = 0; r < REASON_COUNT && !ret; r++) {
		const char *name = reason__name(path, r);

		n = 0;
		for (size_t i = 0; name && i < run->whys_n; i++)
			n = add_up(n, counters__get(norefs ? &run->whys[i].norefs :
							     &run->whys[i].buffers,
						    name));
		if (name)
			ret = check_parts(AT_KEY(AT_KEY(at, "migrations"), path__name(path)), name,
					  counters__get(all, name), n, "migrated_for");
	}
	return ret ? ret :
		     check_parts(AT_KEY(at, "attempts"), path__name(path),
				 run->tries[path].tried[0], pages, "pages of migrated_for");
}

/* A lock is taken twice by a migration, or less often. */
static int check_why_holds(const struct run *run, const struct at *at)
{
	for (size_t i = 0; i < run->whys_n; i++)
		if (run->whys[i].hold.count / 2 > counters__sum(&run->whys[i].norefs))
			return contradicts(AT_INDEX(at, i), "norefs",
					   counters__sum(&run->whys[i].norefs),
					   run->whys[i].hold.count, "hold");
	return 0;
}

static int check_pinned(const struct run *run, const struct at *at)
{
	const struct at *list = AT_KEY(at, "pinned");
	__u64 tries = add_up(run->pinned_more, run->pinned_unkept);

	for (size_t i = 0; i < run->pinned_n; i++) {
		const struct run_pinned *p = &run->pinned[i];
		const struct at *here = AT_INDEX(list, i);

		tries = add_up(tries, p->tries);
		if (p->last_ns > run->duration_ns)
			return at__fail(AT_KEY(here, "last_ns"), "behind the recording's end");
		if (p->has_taker && (p->taker.ns < p->first_ns || p->taker.ns > run->duration_ns))
			return at__fail(AT_KEY(AT_KEY(here, "last_taken"), "time_ns"),
					"not between first_ns and the recording's end");
	}
	/* one by each block that is not listed, at least */
	if (!run->pinned_more && tries < run->pinned_tries)
		return contradicts(at, "pinned_tries", run->pinned_tries, tries,
				   "pinned and pinned_unkept");
	return check_parts(at, "pinned_tries", run->pinned_tries, tries, "its blocks");
}

static int check_refs(const struct run_refs *r, const struct at *at)
{
	__u64 ended = add_up(add_up(r->moved, r->early), add_up(r->freeze, r->other)), tried = 0,
	      moved = 0;
	int ret;

	for (unsigned int i = 0; i < TRIES_KEPT; i++) {
		tried = add_up(tried, r->tries.tried[i]);
		moved = add_up(moved, r->tries.moved[i]);
	}
	if (ended != r->attempts)
		return contradicts(at, "attempts", r->attempts, ended,
				   "moved, early, switch and other");
	if (r->early && !r->has_early)
		return at__fail(AT_KEY(at, "early"), "%llu, but early_checked is false",
				(unsigned long long)r->early);
	ret = check_parts(at, "attempts", r->attempts, add_up(r->passed, r->early),
			  "came_to_switch and early");
	if (!ret)
		ret = check_parts(at, "attempts", r->attempts, tried, "by_attempt");
	return ret ? ret : check_parts(at, "moved", r->moved, moved, "by_attempt");
}

static int check_ref_counts(const struct run *run, const struct at *at)
{
	__u64 n[REFS_KINDS][REFS_RESULTS] = { 0 };
	int ret = 0;

	for (size_t i = 0; i < run->ref_counts_n; i++) {
		const struct run_ref *c = &run->ref_counts[i];

		if (c->seen == c->expected)
			return at__fail(AT_KEY(AT_INDEX(AT_KEY(at, "reference_counts"), i), "seen"),
					"%lld is what is expected", (long long)c->seen);
		n[c->kind][c->check] = add_up(n[c->kind][c->check], c->count);
	}
	for (unsigned int k = 0; k < REFS_KINDS && !ret; k++) {
		const struct at *here = AT_KEY(AT_KEY(at, "references"), refs_kind__name(k));
		const struct run_refs *r = &run->refs[k];

		ret = check_refs(r, here) ?:
			      check_parts(here, "early", r->early, n[k][REFS_EARLY], "reference_counts") ?:
			      check_parts(here, "switch", r->freeze, n[k][REFS_FREEZE],
					  "reference_counts");
	}
	return ret;
}

static int check_drains(const struct run *run, const struct at *at)
{
	__u64 all = run->drains_unlisted, n;
	int ret = 0;

	for (unsigned int k = 0; k < DRAIN_KINDS && !ret; k++) {
		n = 0;
		for (size_t i = 0; i < run->drain_callers_n; i++)
			if (run->drain_callers[i].kind == k)
				n = add_up(n, run->drain_callers[i].count);
		all = add_up(all, n);
		ret = check_parts(AT_KEY(at, "by"), drain__name(k),
				  counters__get(&run->drains_by, drain__name(k)), n, "callers");
	}
	if (!ret)
		ret = check_parts(at, "by", counters__sum(&run->drains_by), all,
				  "callers and callers_not_listed");
	n = 0;
	for (size_t i = 0; i < run->drain_callers_n; i++)
		n = add_up(n, run->drain_callers[i].folios);
	return ret ? ret : check_parts(at, "folios", run->drain_folios, n, "callers");
}

/* What became of migrations, by what they began behind: each is in one, or in none. */
static int check_drained(const struct run *run, const struct at *at)
{
	int ret = 0;

	for (unsigned int r = 0; r < REASON_COUNT && !ret; r++) {
		const char *name = reason__name(PATH_NOREFS, r);
		__u64 n = 0;

		if (!name)
			continue;
		for (unsigned int k = 0; k <= DRAIN_NONE; k++)
			n = add_up(n, counters__get(&run->drain_after[k].norefs, name));
		ret = check_parts(AT_KEY(AT_KEY(at, "migrations"), path__name(PATH_NOREFS)), name, counters__get(&run->norefs, name), n, "norefs_after") ?:
			      check_parts(AT_KEY(AT_KEY(at, "drains"), "norefs_after"), name, n,
					  counters__get(&run->drain_after[DRAIN_ITSELF].norefs,
							name),
					  "itself");
	}
	return ret;
}

/* Of what is there only for who asks. */
static int check_asked(const struct run *run, const struct at *at)
{
	int ret = 0;

	if (run->has_buffer_locks)
		ret = check_buffer_locks(run, AT_KEY(at, "buffer_locks"));
	if (!ret && run->stall_ns)
		ret = check_stalls(run, AT_KEY(at, "stalls"));
	if (!ret && run->whys_n)
		ret = check_whys(run, PATH_NOREFS, &run->norefs, at)	       ?:
			      check_whys(run, PATH_BUFFERS, &run->buffers, at) ?:
			      check_why_holds(run, AT_KEY(at, "migrated_for"));
	if (!ret && run->has_pinned)
		ret = check_pinned(run, at);
	if (!ret && run->has_drains)
		ret = check_drains(run, AT_KEY(at, "drains")) ?: check_drained(run, at);
	return ret || !run->has_refs ? ret : check_ref_counts(run, at);
}

/* What one row can't say: what follows from several members, and whether they agree. */
int runfile__check(struct run *run, const struct at *at)
{
	int ret = 0;

	run->late.watched |= !!run->late.windows; /* files of before "watched" */
	for (size_t i = 0; i < run->late.doubtful.n; i++)
		run->late.doubtful.v[i].possible = true;
	for (unsigned int i = 0; i < SITE_COUNT && !ret; i++)
		ret = check_site(run, &run->site[i], AT_KEY(AT_KEY(at, "sites"), site__name(i)));
	if (!ret)
		ret = check_late(&run->late, AT_KEY(at, "late_references")) ?:
			      check_lookups(run, AT_KEY(at, "counters"))    ?:
									      check_asked(run, at);
	if (!ret)
		ret = check_devices(run, at);
	if (!ret)
		ret = check_intervals(run, run->intervals, run->intervals_n, "intervals", at);
	return ret ? ret : check_intervals(run, run->rounds, run->rounds_n, "rounds", at);
}
