// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Several recordings of one kernel as one run.
 * Stage 4 (model). Counts add up exactly; what can't be added (intervals) is dropped.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/run_table.h"
#include "model/runfile.h"

#define EITHER_GENERATION "held or racy"

static bool same(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* Until a migration with buffers was seen the label is open, and agrees with either. */
static bool same_generation(const struct run *a, const struct run *b)
{
	return same(a->kernel.generation, b->kernel.generation) ||
	       same(a->kernel.generation, EITHER_GENERATION) ||
	       same(b->kernel.generation, EITHER_GENERATION);
}

bool run__same_kernel(const struct run *a, const struct run *b)
{
	return same(a->kernel.release, b->kernel.release) &&
	       same(a->kernel.version, b->kernel.version);
}

static char path[128]; /* of a member, or a sentence about one */

static const char *at_member(const struct at *at)
{
	at__path(at, path, sizeof(path));
	return path;
}

/* The path to the first member that must be the same and is not; NULL when there is none. */
static const char *difference(const struct shape *s, const void *a, const void *b,
			      const struct at *at)
{
	const char *why = NULL;

	for (const struct member *m = s->member; m->type && !why; m++) {
		const struct at *here = AT_KEY(at, m->key);
		const void *x = member__at(m, a), *y = member__at(m, b);

		if (m->merge == MERGE_SAME && m->type == M_NAMED &&
		    member__small(m, x) != member__small(m, y))
			why = at_member(here);
		else if (m->merge == MERGE_SAME && m->type == M_TEXT &&
			 !same(*(char *const *)x, *(char *const *)y))
			why = at_member(here);
		else if (m->merge == MERGE_SAME && m->type == M_COUNT && *(const __u64 *)x &&
			 *(const __u64 *)y && *(const __u64 *)x != *(const __u64 *)y)
			why = at_member(here); /* 0: it is not there */
		else if (m->type == M_OBJECT)
			why = difference(m->of, x, y, here);
		for (unsigned int i = 0; m->type == M_BY_NAME && i < m->names->count && !why; i++)
			why = difference(m->of, member__entry(m, a, i), member__entry(m, b, i),
					 AT_KEY(here, m->names->name(i)));
	}
	return why;
}

static int copy_string(char **to, const char *from)
{
	*to = from ? strdup(from) : NULL;
	return from && !*to ? -ENOMEM : 0;
}

static int replace_string(char **to, const char *from)
{
	char *old = *to;
	int ret = copy_string(to, from);

	if (ret)
		*to = old;
	else
		free(old);
	return ret;
}

static int copy_texts(char ***texts, size_t *n)
{
	char **from = *texts, **to;
	size_t i, count = *n;

	*n = 0;
	*texts = to = count ? calloc(count, sizeof(*to)) : NULL;
	if (count && !to)
		return -ENOMEM;
	for (i = 0; i < count; i++, ++*n)
		if (copy_string(&to[i], from[i]))
			return -ENOMEM;
	return 0;
}

static int merge_counters(struct counters *into, const struct counters *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->n && !ret; i++) {
		const struct counter *c = &from->v[i];

		if (i < into->n && !strcmp(into->v[i].name, c->name)) /* mostly they are alike */
			into->v[i].value = add_up(into->v[i].value, c->value);
		else
			ret = counters__add(into, c->name, c->value);
	}
	return ret;
}

static int copy_counters(struct counters *c)
{
	struct counters from = *c;

	*c = (struct counters){ 0 };
	return merge_counters(c, &from);
}

/* What the copy of an entry at @to owns is to be its own. */
static int own(const struct shape *s, void *to)
{
	int ret = 0;

	for (const struct member *m = s->member; m->type; m++) {
		void *at = member__at(m, to);

		if (m->type == M_TEXT)
			ret |= copy_string(at, *(char *const *)at);
		else if (m->type == M_TEXTS)
			ret |= copy_texts(at, (size_t *)((char *)to + m->n));
		else if (m->type == M_COUNTERS)
			ret |= copy_counters(at);
		else if (m->type == M_OBJECT)
			ret |= own(m->of, at);
	}
	return ret ? -ENOMEM : 0;
}

/*
 * Makes room in a full list for @w, or says that there is none. Of the kind that has more than half of it
 * the shortest goes: who waits long is many at a time, and left no hold in the list that they waited for.
 */
static bool make_room(struct run_site *into, const struct worst *w)
{
	size_t of_kind = 0, at = RUN_WORST;
	bool own_kind;

	for (size_t i = 0; i < RUN_WORST; i++)
		of_kind += into->worst[i].kind == w->kind;
	own_kind = of_kind >= RUN_WORST / 2;
	while ((into->worst[--at].kind == w->kind) != own_kind)
		;
	if (own_kind && into->worst[at].ns >= w->ns)
		return false;
	shape__free(&worst_shape, &into->worst[at]);
	into->worst_n--;
	memmove(&into->worst[at], &into->worst[at + 1],
		(into->worst_n - at) * sizeof(*into->worst));
	return true;
}

/* The list is kept longest first. */
int run_site__add_worst(struct run_site *into, const struct worst *w)
{
	struct worst copy = *w;
	size_t at;
	int ret;

	if (into->worst_n == RUN_WORST && !make_room(into, w))
		return 0;
	at = into->worst_n;
	while (at && into->worst[at - 1].ns < w->ns)
		at--;
	ret = own(&worst_shape, &copy);
	memmove(&into->worst[at + 1], &into->worst[at],
		(into->worst_n - at) * sizeof(*into->worst));
	into->worst[at] = copy;
	into->worst_n++;
	return ret;
}

static int merge_worst(struct run_site *into, const struct run_site *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->worst_n && !ret; i++)
		ret = run_site__add_worst(into, &from->worst[i]);
	return ret;
}

static void merge_tries(struct run_tries *into, const struct run_tries *from)
{
	for (int i = 0; i < TRIES_KEPT; i++) {
		into->tried[i] = add_up(into->tried[i], from->tried[i]);
		into->moved[i] = add_up(into->moved[i], from->moved[i]);
	}
}

static int merge_shape(const struct shape *s, void *into, const void *from);

static int merge_devices(const struct member *m, struct run *into, const struct run *from)
{
	int ret = 0;

	for (size_t i = 0; i < from->devices_n && !ret; i++) {
		struct run_device *d = run__device(into, from->devices[i].dev);

		ret = d ? merge_shape(m->of, d, &from->devices[i]) : -ENOMEM;
	}
	return ret;
}

static bool same_texts(const struct member *m, const void *a, const void *b)
{
	char *const *x = *(char **const *)member__at(m, a);
	char *const *y = *(char **const *)member__at(m, b);
	size_t n = member__entries(m, a);
	bool ret = n == member__entries(m, b);

	for (size_t i = 0; i < n && ret; i++)
		ret = !strcmp(x[i], y[i]);
	return ret;
}

bool shape__same_keys(const struct shape *s, const void *a, const void *b)
{
	bool ret = true;

	for (const struct member *m = s->member; m->type && ret; m++) {
		const void *x = member__at(m, a), *y = member__at(m, b);

		if (m->flags & KEY)
			ret = m->type == M_TEXT	 ? same(*(char *const *)x, *(char *const *)y) :
			      m->type == M_TEXTS ? same_texts(m, a, b) :
						   !memcmp(x, y, m->size);
	}
	return ret;
}

static int append(const struct member *m, void *into, const void *entry)
{
	size_t *n = (size_t *)((char *)into + m->n);
	void **list = member__at(m, into), *v = realloc(*list, (*n + 1) * m->size);

	if (!v)
		return -ENOMEM;
	*list = v;
	v = member__entry(m, into, (*n)++);
	memcpy(v, entry, m->size);
	return own(m->of, v);
}

static int too_many(const struct member *m)
{
	snprintf(path, sizeof(path), "together they have more than %zu entries of %s", m->max,
		 m->key);
	return -E2BIG;
}

/* Mostly the two lists are alike: the search for an entry begins where it is in the other. */
static int merge_keyed(const struct member *m, void *into, const void *from)
{
	int ret = 0;

	for (size_t i = 0; i < member__entries(m, from) && !ret; i++) {
		const void *entry = member__entry(m, from, i);
		size_t n = member__entries(m, into), k = 0;

		while (k < n &&
		       !shape__same_keys(m->of, member__entry(m, into, (i + k) % n), entry))
			k++;
		if (k < n)
			ret = merge_shape(m->of, member__entry(m, into, (i + k) % n), entry);
		else
			ret = m->max && n >= m->max ? too_many(m) : append(m, into, entry);
	}
	return ret;
}

/* @m is the list in a struct late_events. */
static int merge_events(const struct member *m, void *into, const void *from)
{
	struct late_events *to = member__at(m, into);
	const struct late_events *v = member__at(m, from);
	int ret = 0;

	for (size_t i = 0; i < v->n && !ret; i++) {
		if (to->n >= RUN_EVENTS) {
			to->not_listed = add_up(to->not_listed, v->n - i);
			break;
		}
		ret = append(m, into, &v->v[i]);
	}
	return ret;
}

static int merge_by_name(const struct member *m, void *into, const void *from)
{
	int ret = 0;

	for (unsigned int i = 0; i < m->names->count && !ret; i++)
		ret = merge_shape(m->of, member__entry(m, into, i), member__entry(m, from, i));
	return ret;
}

static int merge_sum(const struct member *m, void *into, const void *from)
{
	void *to = member__at(m, into);
	const void *v = member__at(m, from);

	switch (m->type) {
	case M_COUNT:
		if (m->flags & ONE && !*(__u64 *)to)
			*(__u64 *)to = 1;
		*(__u64 *)to = add_up(*(__u64 *)to,
				      m->flags & ONE && !*(const __u64 *)v ? 1 : *(const __u64 *)v);
		return 0;
	case M_HIST:
		hist__merge(to, v);
		return 0;
	case M_COUNTERS:
		return merge_counters(to, v);
	case M_OBJECT:
		return merge_shape(m->of, to, v);
	case M_BY_NAME:
		return merge_by_name(m, into, from);
	case M_DEVICES:
		return merge_devices(m, into, from);
	case M_TRIES:
		merge_tries(to, v);
		return 0;
	case M_LIST:
		return merge_keyed(m, into, from);
	default:
		return -EINVAL; /* no such row: the unit tests merge each */
	}
}

static int merge_first(const struct member *m, void *to, const void *from)
{
	char **text = to;
	char *const *other = from;

	if (m->type == M_CHARS) {
		if (!*(char *)to)
			memcpy(to, from, m->size);
		return 0;
	}
	if (m->type == M_TIME) /* in UTC it sorts as text */
		return *text && *other && strcmp(*other, *text) < 0 ? replace_string(text, *other) :
								      0;
	return *text ? 0 : copy_string(text, *other);
}

static int merge_member(const struct member *m, void *into, const void *from)
{
	void *to = member__at(m, into);
	const void *v = member__at(m, from);

	switch (m->merge) {
	case MERGE_ADD:
	case MERGE_AND:
		return merge_sum(m, into, from);
	case MERGE_MAX:
		if (*(const __u64 *)v > *(__u64 *)to)
			*(__u64 *)to = *(const __u64 *)v;
		return 0;
	case MERGE_FIRST:
		return merge_first(m, to, v);
	case MERGE_OR:
		*(bool *)to |= *(const bool *)v;
		return 0;
	case MERGE_KEYED:
		return merge_keyed(m, into, from);
	case MERGE_EVENTS:
		return merge_events(m, into, from);
	case MERGE_DROP:
		if (m->type == M_COUNT)
			*(__u64 *)to = 0;
		else
			member__clear(m, into);
		return 0;
	case MERGE_WORST:
		return merge_worst(into, from);
	case MERGE_KEEP:
	case MERGE_SAME:
	case MERGE_OWN:
		break;
	}
	return 0;
}

/* @m of a sum that is to have none. */
static void leave_out(const struct member *m, void *into)
{
	if (m->type == M_LIST)
		member__clear(m, into);
	else if (m->type == M_COUNTERS)
		counters__free(member__at(m, into));
	memset((char *)into + m->has, 0, m->has_size);
}

static int merge_shape(const struct shape *s, void *into, const void *from)
{
	int ret = 0;

	for (const struct member *m = s->member; m->type && !ret; m++) {
		bool both = member__is_there(m, into) && member__is_there(m, from);

		if ((m->merge == MERGE_AND && m->has_size && !both) ||
		    (m->flags & HANGS && !member__is_there(m - 1, into))) {
			leave_out(m, into);
			continue;
		}
		if (m->has_size == sizeof(bool) && m->merge == MERGE_ADD)
			*((bool *)into + m->has) |= *((const bool *)from + m->has);
		ret = merge_member(m, into, from);
	}
	return ret;
}

static int merge_identity(struct run *into, const struct run *from)
{
	size_t i;
	bool same_command = into->tool.command_n == from->tool.command_n;

	for (i = 0; same_command && i < from->tool.command_n; i++)
		same_command = same(into->tool.command[i], from->tool.command[i]);
	for (i = 0; !same_command && i < into->tool.command_n; i++)
		free(into->tool.command[i]);
	if (!same_command) {
		free(into->tool.command);
		into->tool.command = NULL;
		into->tool.command_n = 0;
	}
	if (!same_command || !from->tool.has_status || into->tool.status != from->tool.status)
		into->tool.has_status = false;
	if (same(into->kernel.generation, EITHER_GENERATION) &&
	    (replace_string(&into->kernel.generation, from->kernel.generation) ||
	     replace_string(&into->kernel.generation_evidence, from->kernel.generation_evidence)))
		return -ENOMEM;
	return same(into->kernel.boot_id, from->kernel.boot_id) ?
		       0 :
		       replace_string(&into->kernel.boot_id, "several");
}

char *run__identity(const struct run *run)
{
	char *text;

	return asprintf(&text, "%s %s %llu", run->start ? run->start : "",
			run->kernel.boot_id ? run->kernel.boot_id : "",
			(unsigned long long)run->duration_ns) < 0 ?
		       NULL :
		       text;
}

static int note_part(struct run *into, char *part)
{
	char **v = part ? realloc(into->parts, (into->parts_n + 1) * sizeof(*v)) : NULL;

	if (!v) {
		free(part);
		return -ENOMEM;
	}
	into->parts = v;
	v[into->parts_n++] = part;
	return 0;
}

int run__note_parts(struct run *into, const struct run *from)
{
	if (!into->parts_n && note_part(into, run__identity(into)))
		return -ENOMEM;
	if (!from->parts_n)
		return note_part(into, run__identity(from));
	for (size_t i = 0; i < from->parts_n; i++)
		if (note_part(into, strdup(from->parts[i])))
			return -ENOMEM;
	return 0;
}

/* Files of the first stage do not count how many lookups waited: of a sum with one it is no share of all. */
static bool counts_waits(const struct run *r)
{
	const struct run_site *s = &r->site[SITE_FIND_GET_BLOCK];

	return counters__has(&r->counters, "lookup_waits") || !(s->acquires || s->hold.count);
}

/* Nor do they count releases. */
static bool counts_releases(const struct run_site *s)
{
	return s->releases || !s->hold.count;
}

int run__merge(struct run *into, const struct run *from, const char **why)
{
	static const struct at root;
	bool share = counts_waits(into) && counts_waits(from), releases[SITE_COUNT];
	int ret;

	for (unsigned int i = 0; i < SITE_COUNT; i++)
		releases[i] = counts_releases(&into->site[i]) && counts_releases(&from->site[i]);

	*why = into->turns_n || from->turns_n ? "cost" : difference(&run_shape, into, from, &root);
	if (!*why && !same_generation(into, from))
		*why = "kernel.generation";
	if (*why)
		return -EINVAL;
	*why = "out of memory";
	ret = run__note_parts(into, from)	 ?:
		      merge_identity(into, from) ?:
						   merge_shape(&run_shape, into, from);
	if (!ret) /* of all moves, not of the first file's */
		ret = run__switch_evidence(&into->counters, &into->kernel.generation_evidence);
	for (unsigned int i = 0; i < SITE_COUNT && !ret; i++)
		if (!releases[i])
			into->site[i].releases = 0;
	if (!ret && !share)
		counters__drop(&into->counters, "lookup_waits");
	if (ret == -E2BIG)
		*why = path;
	return ret;
}
