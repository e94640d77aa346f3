// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * A run's memory: freeing it, its counters, its devices, its losses.
 * Stage 4 (model). Adding runs up is in merge.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/run_table.h"

void counters__free(struct counters *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		free(c->v[i].name);
	if (c->v) { /* memory that is not written to is not taken */
		free(c->v);
		*c = (struct counters){ 0 };
	}
}

static void free_entries(const struct member *m, void *base)
{
	for (size_t i = 0; i < member__entries(m, base); i++)
		shape__free(m->of, member__entry(m, base, i));
}

void member__clear(const struct member *m, void *base)
{
	size_t *n = (size_t *)((char *)base + m->n);
	void **list = member__at(m, base);

	free_entries(m, base);
	if (m->type != M_ARRAY && *list) {
		free(*list);
		*list = NULL;
	}
	if (*n)
		*n = 0;
}

static void free_texts(char **v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(v[i]);
	free(v);
}

void shape__free(const struct shape *s, void *base)
{
	for (const struct member *m = s->member; m->type; m++) {
		void *at = member__at(m, base);

		switch (m->type) {
		case M_TEXT:
		case M_TIME:
			free(*(char **)at);
			break;
		case M_TEXTS:
			free_texts(*(char ***)at, member__entries(m, base));
			break;
		case M_COUNTERS:
			counters__free(at);
			break;
		case M_OBJECT:
			shape__free(m->of, at);
			break;
		case M_LIST:
		case M_ARRAY:
		case M_DEVICES:
			member__clear(m, base);
			break;
		case M_BY_NAME:
			free_entries(m, base);
			break;
		default:
			break;
		}
	}
}

void late_event__free(struct late_event *e)
{
	shape__free(&late_event_shape, e);
}

void run_stall__free(struct run_stall *s)
{
	shape__free(&run_stall_shape, s);
	memset(s, 0, sizeof(*s));
}

void run_drain__free(struct run_drain *d)
{
	shape__free(&drain_shape, d);
	memset(d, 0, sizeof(*d));
}

bool filter__words(const struct filter *f, char words[FILTER_WORDS])
{
	size_t at = 0;

	words[0] = 0;
	for (const struct member *m = filter_shape.member; m->type && at < FILTER_WORDS; m++) {
		const char *text = *(char *const *)member__at(m, f);

		if (text)
			at += snprintf(words + at, FILTER_WORDS - at, "%s%s %s", at ? ", " : "",
				       m->key, text);
	}
	return at;
}

int filter__copy(struct filter *to, const struct filter *from)
{
	int ret = 0;

	*to = *from;
	for (const struct member *m = filter_shape.member; m->type; m++) {
		char **text = member__at(m, to), *old = *text;

		*text = old ? strdup(old) : NULL;
		if (old && !*text)
			ret = -ENOMEM;
	}
	return ret;
}

void filter__free(struct filter *f)
{
	shape__free(&filter_shape, f);
}

void run__free(struct run *run)
{
	shape__free(&run_shape, run);
	memset(run, 0, sizeof(*run));
}

static void slim(const struct shape *s, void *base)
{
	for (const struct member *m = s->member; m->type; m++)
		if (m->flags & BULKY && m->type == M_BY_NAME) {
			free_entries(m, base);
			memset(member__at(m, base), 0, member__entries(m, base) * m->size);
			*((bool *)base + m->has) = false;
		} else if (m->flags & BULKY) {
			member__clear(m, base);
		} else if (m->type == M_OBJECT) {
			slim(m->of, member__at(m, base));
		} else {
			for (size_t i = 0; m->type == M_BY_NAME && i < m->names->count; i++)
				slim(m->of, member__entry(m, base, i));
		}
}

void run__slim(struct run *run)
{
	slim(&run_shape, run);
}

static struct counter *find(const struct counters *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (!strcmp(c->v[i].name, name))
			return &c->v[i];
	return NULL;
}

int counters__add(struct counters *c, const char *name, __u64 value)
{
	struct counter *v, *old = find(c, name);

	if (old) {
		old->value = add_up(old->value, value);
		return 0;
	}
	v = realloc(c->v, (c->n + 1) * sizeof(*v));
	if (!v)
		return -ENOMEM;
	c->v = v;
	v[c->n].name = strdup(name);
	if (!v[c->n].name)
		return -ENOMEM;
	v[c->n++].value = value;
	return 0;
}

void counters__drop(struct counters *c, const char *name)
{
	struct counter *v = find(c, name);

	if (!v)
		return;
	free(v->name);
	memmove(v, v + 1, (char *)(c->v + c->n) - (char *)(v + 1));
	c->n--;
}

__u64 counters__sum(const struct counters *c)
{
	__u64 sum = 0;

	for (size_t i = 0; i < c->n; i++)
		sum = add_up(sum, c->v[i].value);
	return sum;
}

double run__site_seconds(const struct run *run, unsigned int site)
{
	__u64 uncounted = run->site[site].uncounted_ns;

	return uncounted < run->duration_ns ? (double)(run->duration_ns - uncounted) / 1e9 :
					      run__seconds(run);
}

#define SPAN(hist_member, has_member)                                                              \
	offsetof(struct run, hist_member), offsetof(struct run, has_member)

const struct run_span run_spans[RUN_SPANS] = {
	{ "norefs_window",
	  "after a check that passed, from the release of the lock to the end of the move",
	  "the lock is held over it", "norefs_window_seconds", SPAN(window, has_window) },
	{ "flag_held", "from the setting of BH_Migrate to its clearing",
	  "no BH_Migrate, or not of its tier", "norefs_flag_held_seconds",
	  SPAN(flag_held, has_flag_held) },
	{ "folio_lock_wait", "lookups that sleep until a folio under migration is unlocked",
	  "no lookup sleeps, or not of its tier", "folio_lock_wait_seconds",
	  SPAN(folio_wait, has_folio_wait) },
	{ "buffer_lock_wait", "migrations that sleep until a buffer is unlocked",
	  "without --buffer-locks", "buffer_lock_wait_seconds",
	  SPAN(buffer_wait, has_buffer_locks) },
	{ "buffers_locked",
	  "from the lock of a folio's first buffer to the return of the migration",
	  "without --buffer-locks", "buffers_locked_seconds",
	  SPAN(buffers_locked, has_buffer_locks) },
};

const struct hist *run__span(const struct run *run, unsigned int i)
{
	const char *base = (const char *)run;

	return *(const bool *)(base + run_spans[i].has) ?
		       (const struct hist *)(base + run_spans[i].hist) :
		       NULL;
}

double run__seconds(const struct run *run)
{
	return run->duration_ns ? (double)run->duration_ns / 1e9 : 1;
}

__u64 run_tries__given_up(const struct run_tries *t, unsigned int i)
{
	__u64 gone = add_up(t->moved[i], i + 1 < TRIES_KEPT ? t->tried[i + 1] : 0);

	return t->tried[i] > gone ? t->tried[i] - gone : 0;
}

__u64 counters__get(const struct counters *c, const char *name)
{
	const struct counter *v = find(c, name);

	return v ? v->value : 0;
}

bool counters__has(const struct counters *c, const char *name)
{
	return find(c, name);
}

int run__switch_evidence(const struct counters *c, char **text)
{
	static const char same_words[] = "lock held in ";
	__u64 locked = counters__get(c, "switch_locked");
	__u64 moves = add_up(locked, counters__get(c, "switch_unlocked"));
	char *words;

	if (!moves || (*text && strncmp(*text, same_words, strlen(same_words))))
		return 0;
	if (asprintf(&words, "%s%llu of %llu moves, when the new page took the old one's place",
		     same_words, (unsigned long long)locked, (unsigned long long)moves) < 0)
		return -ENOMEM;
	free(*text);
	*text = words;
	return 0;
}

bool run__contention(const struct run *run, struct contention *c)
{
	const struct run_site *s = &run->site[SITE_FIND_GET_BLOCK];
	const struct counters *n = &run->counters;

	*c = (struct contention){ .from_ns = WAITS_FROM_NS(s->floor_ns) };
	if (!s->clock || !counters__has(n, "lookup_waits"))
		return false;
	/* their times may have found no room */
	c->lookups = add_up(s->acquires > s->hold.count ? s->acquires : s->hold.count,
			    counters__get(n, "lookup_folio_sections"));
	c->folio = counters__get(n, "lookup_folio_waits");
	c->waited = add_up(counters__get(n, "lookup_waits"), c->folio);
	c->has_behind = counters__has(n, "lookup_wait_behind_ns");
	c->behind_ns = counters__get(n, "lookup_wait_behind_ns");
	c->has_ns = c->has_behind || counters__has(n, "lookup_wait_other_ns");
	c->ns = add_up(add_up(c->behind_ns, counters__get(n, "lookup_wait_other_ns")),
		       counters__get(n, "lookup_folio_wait_ns"));
	c->behind_ns = add_up(c->behind_ns, run->folio_wait.sum_ns);
	return true;
}

__u64 run__wait_quantile(const struct run *run, double q)
{
	const struct hist *h = &run->site[SITE_FIND_GET_BLOCK].wait;
	double longer = (1 - q) * (double)counters__get(&run->counters, "lookup_waits");

	if (longer < 0.999 || longer > (double)h->count)
		return 0;
	return hist__quantile(h, 1 - longer / (double)h->count);
}

const char *run__device_name(const struct run *run, __u32 dev)
{
	for (size_t i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev)
			return run->devices[i].name;
	return "";
}

struct run_device *run__device(struct run *run, __u32 dev)
{
	struct run_device *v;
	size_t i;

	for (i = 0; i < run->devices_n; i++)
		if (run->devices[i].dev == dev)
			return &run->devices[i];
	v = realloc(run->devices, (run->devices_n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	run->devices = v;
	v = &v[run->devices_n++];
	memset(v, 0, sizeof(*v));
	v->dev = dev;
	return v;
}

bool run__tainted(const struct run *run)
{
	unsigned int i;

	for (i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i] && loss__taints(i))
			return true;
	return false;
}

__u64 late__evidence(const struct late *l)
{
	return l->has_waited ? add_up(l->waited_spin, l->waited_folio) :
			       add_up(l->behind_spin, l->behind_folio);
}

bool late_event__permitted(const struct late_event *e)
{
	return !strcmp(e->kind, "assoc_list");
}

bool late__bounds(const struct late *l)
{
	return late__evidence(l) / 3 > 1;
}

enum entered run__entered(const struct run *run, unsigned int site)
{
	static const char *const calls[SITE_COUNT] = {
		[SITE_MIGRATE_NOREFS] = "norefs_calls",
		[SITE_FIND_GET_BLOCK] = "lookup_calls",
		[SITE_AIO_MIGRATE] = "aio_calls",
		[SITE_AIO_COMPLETION] = "aio_calls",
	};

	for (size_t i = 0; calls[site] && i < run->counters.n; i++)
		if (!strcmp(run->counters.v[i].name, calls[site]))
			return run->counters.v[i].value ? ENTERED : ENTERED_NEVER;
	return ENTERED_UNKNOWN;
}

bool run__may_hide(const struct run *run)
{
	for (unsigned int i = 0; i < LOSS_COUNT; i++)
		if (run->losses[i] && loss__hides(i))
			return true;
	return false;
}

bool run__is_light(const struct run *run)
{
	return run->tool.tier && !strcmp(run->tool.tier, "light");
}

bool run__watches_lookups(const struct run *run)
{
	bool there = false, attached = false; /* a sum has a row for each variant */

	if (late__evidence(&run->late) || run->late.behind_spin || run->late.behind_folio)
		return true;
	for (size_t i = 0; i < run->probes_n; i++)
		if (!strcmp(run->probes[i].probe, "lookup_exit")) {
			there = true;
			attached |= run->probes[i].attached;
		}
	return run->site[SITE_FIND_GET_BLOCK].clock && (attached || !there) && !run__is_light(run);
}

bool run__has_waits(const struct run *run, unsigned int site)
{
	const struct run_site *s = &run->site[site];

	return s->clock && s->clock != CLOCK_BRACKET &&
	       (s->wait.count || !s->hold.count || run->losses[LOSS_WAIT_START]) &&
	       (s->wait.count || !run__is_light(run));
}

const char *run__doubt(const struct run *run)
{
	if (run->late.possible)
		return "references were possibly late";
	if (run__may_hide(run))
		return "events were lost";
	if (!run->late.watched && !run->late.windows)
		return "moves were not watched";
	if (!run->late.windows)
		return "nothing was migrated";
	if (run__is_light(run))
		return "the light tier reads the end of each move and watches no lookup";
	if (!run__watches_lookups(run))
		return "lookups were not watched";
	if (run__entered(run, SITE_FIND_GET_BLOCK) == ENTERED_NEVER)
		return "no lookup came by the function that is probed";
	if (!late__evidence(&run->late))
		return run->late.has_waited ? "no lookup met the window of its page" :
					      "no lookup came during or after a window";
	return NULL;
}

enum verdict run__verdict(const struct run *run)
{
	if (run->late.total)
		return VERDICT_FOUND;
	return run__doubt(run) ? VERDICT_INCONCLUSIVE : VERDICT_NONE_SEEN;
}

int run_owner__by_count(const void *a, const void *b)
{
	const struct run_owner *x = a, *y = b;

	return (x->count < y->count) - (x->count > y->count);
}

int run_drain__by_count(const void *a, const void *b)
{
	const struct run_drain *x = a, *y = b;

	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	return (x->count < y->count) - (x->count > y->count);
}

static int by_tries(const void *a, const void *b)
{
	const struct run_pinned *x = a, *y = b;

	if (x->tries != y->tries)
		return x->tries > y->tries ? -1 : 1;
	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	return (x->block > y->block) - (x->block < y->block);
}

void run__sort(struct run *run)
{
	for (unsigned int i = 0; i < SITE_COUNT; i++)
		if (run->site[i].owners_n)
			qsort(run->site[i].owners, run->site[i].owners_n,
			      sizeof(*run->site[i].owners), run_owner__by_count);
	if (run->drain_callers_n)
		qsort(run->drain_callers, run->drain_callers_n, sizeof(*run->drain_callers),
		      run_drain__by_count);
	if (run->pinned_n)
		qsort(run->pinned, run->pinned_n, sizeof(*run->pinned), by_tries);
}
