// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Does a run that was read agree with itself in what is there only for who asks: --why, --refs, --pinned,
 * --drains, --buffer-locks, --stall? Stage: run file (reading).
 */
#include <string.h>

#include "model/runfile_check.h"

static int check_buffer_locks(const struct run *run, const struct at *at)
{
	struct hist parts = { 0 };

	for (unsigned int path = 0; path < PATH_AIO; path++)
		for (unsigned int mode = 0; mode < WAIT_MODES; mode++)
			hist__merge(&parts, &run->buffer_waits[path].mode[mode]);
	if (parts.count != run->buffer_wait.count)
		return check__contradicts(at, "wait", run->buffer_wait.count, parts.count,
					  "wait_by_path");
	if (parts.count < CLAMPED_TO &&
	    memcmp(parts.bucket, run->buffer_wait.bucket, sizeof(parts.bucket)) != 0)
		return at__fail(AT_KEY(at, "wait"), "other times than wait_by_path has");
	return check__parts(at, "wait", parts.count, counters__sum(&run->unlockers), "unlocked_by");
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
	n = add_up(run->stalls_n, run->stalls_more);
	if (n > counters__sum(&run->stalls_by))
		return check__contradicts(at, "not_listed", run->stalls_more, n,
					  "under_way and not_listed, more than by has");
	for (unsigned int what = 0; what < STALL_COUNT && !ret; what++) {
		n = 0;
		for (size_t i = 0; i < run->stalls_n; i++)
			n += !strcmp(run->stalls[i].what, stall__name(what));
		ret = check__parts(AT_KEY(at, "by"), stall__name(what),
				   counters__get(&run->stalls_by, stall__name(what)), n,
				   "under_way");
	}
	for (size_t i = 0; i < run->stalls_n && !ret; i++)
		ret = check_stall(run, &run->stalls[i], AT_INDEX(AT_KEY(at, "under_way"), i));
	return ret;
}

/* Results that @all does not have, those of another version among them, @part of it does not have either. */
static int check_known(const struct counters *all, const struct counters *part, const struct at *at,
		       const char *what)
{
	int ret = 0;

	for (size_t i = 0; i < part->n && !ret; i++)
		if (!counters__has(all, part->v[i].name))
			ret = check__parts(at, part->v[i].name, 0, part->v[i].value, what);
	return ret;
}

/* What became of migrations on @path, @all of them, by why the kernel migrated. */
static int check_whys(const struct run *run, unsigned int path, const struct counters *all,
		      const struct at *at)
{
	const struct at *migrations = AT_KEY(AT_KEY(at, "migrations"), path__name(path));
	bool norefs = path == PATH_NOREFS;
	__u64 pages = 0, n;
	int ret = 0;

	for (size_t i = 0; i < run->whys_n && !ret; i++) {
		const struct run_why *w = &run->whys[i];
		const struct counters *c = norefs ? &w->norefs : &w->buffers;

		n = norefs ? w->norefs_pages : w->buffers_pages;
		pages = add_up(pages, n);
		ret = check_known(all, c, migrations, "migrated_for") ?:
			      check__parts(AT_INDEX(AT_KEY(at, "migrated_for"), i),
					   path__name(path), counters__sum(c), n,
					   norefs ? "norefs_pages" : "buffers_pages");
	}
	for (unsigned int r = 0; r < REASON_COUNT && !ret; r++) {
		const char *name = reason__name(path, r);

		n = 0;
		for (size_t i = 0; name && i < run->whys_n; i++)
			n = add_up(n, counters__get(norefs ? &run->whys[i].norefs :
							     &run->whys[i].buffers,
						    name));
		if (name)
			ret = check__parts(migrations, name, counters__get(all, name), n,
					   "migrated_for");
	}
	return ret ? ret :
		     check__parts(AT_KEY(at, "attempts"), path__name(path),
				  run->tries[path].tried[0], pages, "pages of migrated_for");
}

/* A lock is taken twice by a migration, or less often. */
static int check_why_holds(const struct run *run, const struct at *at)
{
	for (size_t i = 0; i < run->whys_n; i++)
		if (run->whys[i].hold.count / 2 > counters__sum(&run->whys[i].norefs))
			return check__contradicts(AT_INDEX(at, i), "norefs",
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
		return check__contradicts(at, "pinned_tries", run->pinned_tries, tries,
					  "pinned and pinned_unkept");
	return check__parts(at, "pinned_tries", run->pinned_tries, tries, "its blocks");
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
		return check__contradicts(at, "attempts", r->attempts, ended,
					  "moved, early, switch and other");
	if (r->early && !r->has_early)
		return at__fail(AT_KEY(at, "early"), "%llu, but early_checked is false",
				(unsigned long long)r->early);
	ret = check__parts(at, "attempts", r->attempts, add_up(r->passed, r->early),
			   "came_to_switch and early");
	if (!ret)
		ret = check__parts(at, "attempts", r->attempts, tried, "by_attempt");
	return ret ? ret : check__parts(at, "moved", r->moved, moved, "by_attempt");
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
			      check__parts(here, "early", r->early, n[k][REFS_EARLY], "reference_counts") ?:
			      check__parts(here, "switch", r->freeze, n[k][REFS_FREEZE],
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
		ret = check__parts(AT_KEY(at, "by"), drain__name(k),
				   counters__get(&run->drains_by, drain__name(k)), n, "callers");
	}
	if (!ret)
		ret = check__parts(at, "by", counters__sum(&run->drains_by), all,
				   "callers and callers_not_listed");
	n = 0;
	for (size_t i = 0; i < run->drain_callers_n; i++)
		n = add_up(n, run->drain_callers[i].folios);
	return ret ? ret : check__parts(at, "folios", run->drain_folios, n, "callers");
}

/* What became of migrations, by what they began behind: each is in one, or in none. */
static int check_drained(const struct run *run, const struct at *at)
{
	const struct at *norefs = AT_KEY(AT_KEY(at, "migrations"), path__name(PATH_NOREFS));
	const struct at *drains = AT_KEY(at, "drains");
	int ret = 0;

	for (unsigned int k = 0; k < DRAIN_CLASSES && !ret; k++) {
		const struct counters *c = &run->drain_after[k].norefs;

		ret = check_known(&run->norefs, c, norefs, "norefs_after");
		/* one that can't be seen here is none to be behind */
		if (!ret && k < DRAIN_KINDS && !counters__has(&run->drains_by, drain__name(k)))
			ret = check__parts(AT_KEY(drains, "by"), drain__name(k), 0,
					   counters__sum(c), "norefs_after");
	}
	for (size_t i = 0; i < run->norefs.n && !ret; i++) {
		const struct counter *all = &run->norefs.v[i];
		__u64 n = 0;

		for (unsigned int k = 0; k <= DRAIN_NONE; k++)
			n = add_up(n, counters__get(&run->drain_after[k].norefs, all->name));
		ret = check__parts(norefs, all->name, all->value, n, "norefs_after") ?:
			      check__parts(AT_KEY(drains, "norefs_after"), all->name, n,
					   counters__get(&run->drain_after[DRAIN_ITSELF].norefs,
							 all->name),
					   "itself");
	}
	return ret;
}

int check__asked(const struct run *run, const struct at *at)
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
