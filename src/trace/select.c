// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The choice of variants: a pure function of a fact sheet (no kernel, no libbpf). */
#include <stdio.h>
#include <string.h>

#include "trace/probes.h"
#include "trace/tracer.h"

static bool is_return(enum attach_how how)
{
	return how == ATTACH_RETURN || how == ATTACH_BEHIND || how == ATTACH_BRANCH;
}

static bool is_place(const struct prog_use *use, const struct fact_call *c)
{
	return copy__in_list(use->funcs, c->func) && copy__in_list(use->callees, c->callee);
}

/* Calls of @use in @f: how many; *@tail: one of them that never returns to its function. */
static int count_calls(const struct facts *f, const struct prog_use *use,
		       const struct fact_call **tail)
{
	int n = 0;

	*tail = NULL;
	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];

		if (!is_place(use, c))
			continue;
		if (is_return(use->how) && !c->next)
			*tail = c;
		n++;
	}
	return n;
}

/* The first of @names of which there is something to look into, or NULL. */
static const char *first_host(const struct facts *f, const char *const *names)
{
	for (; *names; names++) {
		const struct fact_func *v = facts__copy(f, *names, ANY_COPY);

		if (v)
			return v->name;
		for (size_t i = 0; i < f->calls_n; i++) /* a sheet that was not asked for it */
			if (copy__kind(f->calls[i].func, *names))
				return f->calls[i].func;
	}
	return NULL;
}

/* One of @names, or of their copies, that more than one function has: their code was not read. */
static const char *ambiguous(const struct facts *f, const char *const *names)
{
	for (size_t i = 0; i < f->funcs_n; i++)
		if (f->funcs[i].symbols > 1 && copy__in_list(names, f->funcs[i].name))
			return f->funcs[i].name;
	return NULL;
}

/* Do @use's functions, whose calls were not found, have locks that were inlined instead? */
static bool has_inlined(const struct facts *f, const struct prog_use *use)
{
	for (size_t i = 0; i < f->calls_n; i++)
		if (copy__in_list(use->funcs, f->calls[i].func) &&
		    !strcmp(f->calls[i].callee, CALLEE_INLINE_LOCK))
			return true;
	return false;
}

/* Inlined locks among @use's places that can't be used here: says why. */
static bool inlined_usable(const struct facts *f, const struct prog_use *use, char *why,
			   size_t size)
{
	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];

		if (!copy__in_list(use->funcs, c->func))
			continue;
		if (copy__in_list(use->callees, CALLEE_INLINE_LOCK) &&
		    !strcmp(c->callee, CALLEE_UNKNOWN_LOCK)) {
			snprintf(why, size, "%s: a lock inlined there is not understood", c->func);
			return false;
		}
		if (copy__in_list(use->callees, CALLEE_INLINE_LOCK) &&
		    !strcmp(c->callee, CALLEE_HIDDEN_LOCK)) {
			snprintf(why, size, "%s: probes of others hide the lock inlined there",
				 c->func);
			return false;
		}
		if (copy__in_list(use->callees, c->callee) && c->reg && !f->feature[FEAT_COOKIES]) {
			snprintf(why, size,
				 "%s: its lock is inlined, and the kernel's programs "
				 "have no cookies (5.15)",
				 c->func);
			return false;
		}
	}
	return true;
}

/* Was an older sheet not asked for a function that @use's calls may be in? */
static bool unasked(const struct facts *f, const struct prog_use *use)
{
	for (size_t i = 1; f->asks < FACTS_ASKS && use->funcs[i]; i++)
		if (!facts__func(f, use->funcs[i]))
			return true;
	return false;
}

/* No call of @use was found in @host: says why. */
static void not_called(const struct facts *f, const struct prog_use *use, const char *host,
		       char *why, size_t size)
{
	static const char *const locks[] = { "_raw_spin_lock", "_raw_spin_lock_irqsave",
					     "mutex_lock", "mutex_lock_nested", NULL };
	const char *callee = use->callees[0];
	const char *locked = NULL;

	for (size_t i = 0; use->funcs[i] && !locked; i++)
		locked = facts__calls(f, use->funcs[i], locks) ? use->funcs[i] : NULL;

	if (strstr(callee, "spin_") && has_inlined(f, use))
		snprintf(why, size, "%s: %s is inlined there, and can't be told from other locks",
			 host, callee);
	else if (locked && strstr(callee, "unlock"))
		snprintf(why, size,
			 "%s: takes a lock, but calls %s nowhere: inlined, and not found", locked,
			 callee);
	else if (unasked(f, use))
		snprintf(why, size,
			 "%s: calls %s nowhere itself, and this fact sheet's migtrace did not look "
			 "into what it calls",
			 host, callee);
	else
		snprintf(why, size, "%s: calls %s nowhere directly on this kernel", host, callee);
}

static bool calls_usable(const struct facts *f, const struct prog_use *use, char *why, size_t size)
{
	const char *host = first_host(f, use->funcs), *twice = ambiguous(f, use->funcs);
	const struct fact_call *tail;

	if (!host)
		snprintf(why, size, "%s: no such function here", use->funcs[0]);
	else if (!f->feature[FEAT_TEXT])
		snprintf(why, size, "%s: the kernel's text can't be read: %s", host,
			 f->text_reason);
	else if (twice)
		snprintf(why, size, "%s: more than one function of this kernel has that name",
			 twice);
	else if (!inlined_usable(f, use, why, size))
		return false;
	else if (!count_calls(f, use, &tail))
		not_called(f, use, host, why, size);
	else if (tail)
		snprintf(why, size, "%s: %s is a tail jump, its return can't be probed", tail->func,
			 tail->callee);
	else
		return true;
	return false;
}

/* What is there of @name in place of a function that can be probed as a whole: says so in @why. */
static void renamed(const struct facts *f, const char *name, char *why, size_t size)
{
	const struct fact_func *v = facts__func(f, name);
	const struct fact_func *copy = facts__copy(f, name, ANY_COPY);

	if (copy && copy__kind(copy->name, name) == COPY_SAME)
		snprintf(why, size, "%s: here as %.100s, which has no trampoline", name,
			 copy->name);
	else if (copy)
		snprintf(why, size, "%s: here as %.100s only, which has not its arguments", name,
			 copy->name);
	else if (v && v->in_btf)
		snprintf(why, size, "%s: in BTF, but inlined or renamed by the compiler", name);
	else
		snprintf(why, size, "%s: no such function here", name);
}

/* Names the reason why the function @v, under its own name, can't have a probe; or is false. */
static bool not_probeable(const struct fact_func *v, char *why, size_t size)
{
	if (!v->in_btf)
		snprintf(why, size, "%s: not in BTF", v->name);
	else if (v->symbols > 1)
		snprintf(why, size, "%s: more than one function of this kernel has that name",
			 v->name);
	else if (!v->traceable)
		snprintf(why, size, "%s: not traceable (no entry in the ftrace list)", v->name);
	else
		return false;
	return true;
}

/* Is a part of the function entered past its begin, where a probe would miss it? Says so in @why. */
static bool is_split(const struct facts *f, const char *name, char *why, size_t size)
{
	const struct fact_func *part = facts__split(f, name);

	if (part)
		snprintf(why, size,
			 "%s: its callers have its begin in their code, and enter %.100s", name,
			 part->name);
	return part;
}

/* Kprobes: every copy has to have the arguments, or to end with the result. */
static bool end_usable(const struct facts *f, const struct prog_use *use, char *why, size_t size)
{
	const char *name = use->funcs[0];
	const struct fact_func *plain = facts__copy(f, name, 1u << COPY_PLAIN);
	const struct fact_func *changed = facts__copy(f, name, 1u << COPY_CHANGED);
	unsigned int kinds = use->how == ATTACH_EXIT ? WHOLE_COPY | 1u << COPY_PART :
						       1u << COPY_PLAIN | 1u << COPY_SAME;

	if (!facts__copy(f, name, kinds)) {
		renamed(f, name, why, size);
		return false;
	}
	if (changed && use->how == ATTACH_ENTRY) {
		snprintf(why, size, "%s: here as %.100s, too, which has not its arguments", name,
			 changed->name);
		return false;
	}
	if (use->how == ATTACH_ENTRY && is_split(f, name, why, size))
		return false;
	return !plain || !not_probeable(plain, why, size);
}

/* Trampolines: the function has to be there under its own name, and nowhere else. */
static bool trampoline_usable(const struct facts *f, const struct prog_use *use, char *why,
			      size_t size)
{
	const char *name = use->funcs[0];
	const struct fact_func *plain = facts__copy(f, name, 1u << COPY_PLAIN);
	const struct fact_func *other = facts__copy(f, name, 1u << COPY_SAME | 1u << COPY_CHANGED);

	if (!plain)
		renamed(f, name, why, size);
	else if (not_probeable(plain, why, size))
		return false;
	else if (other)
		snprintf(why, size, "%s: here as %.100s, too, which has no trampoline", name,
			 other->name);
	else if (is_split(f, name, why, size))
		return false;
	else if (!f->feature[FEAT_TRAMPOLINES])
		snprintf(why, size, "%s: %s", name, facts__lacking(FEAT_TRAMPOLINES));
	else if (f->feature[FEAT_BTF_ELSEWHERE])
		snprintf(why, size, "%s: a trampoline needs the kernel's own BTF, not a file's",
			 name);
	else
		return true;
	return false;
}

/* Is this kernel's path another than the variant's? @e may be NULL. */
static bool takes_other_path(const struct facts *f, const struct other_path *e)
{
	if (!e || facts__has_func(f, e->func) == e->absent)
		return false;
	if (e->since && !facts__has_func(f, e->since))
		return false;
	return !e->calls || facts__calls(f, e->func, e->calls) > e->twice;
}

static bool in_btf(const struct facts *f, const char *name)
{
	const struct fact_func *v = facts__func(f, name);

	return v && v->in_btf;
}

static bool variant_usable(const struct facts *f, const struct variant *v, char *why, size_t size)
{
	if (!f->feature[FEAT_BTF]) { /* no program finds a field without */
		snprintf(why, size, "%s", facts__no_btf(f));
		return false;
	}
	if (v->needs >= 0 && !f->feature[v->needs]) {
		snprintf(why, size, "%s", facts__lacking(v->needs));
		return false;
	}
	if (v->excluded_by >= 0 && f->feature[v->excluded_by]) {
		snprintf(why, size, "%s", v->excluded_why);
		return false;
	}
	if (takes_other_path(f, v->unless)) {
		snprintf(why, size, "%s", v->unless->why);
		return false;
	}
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog; i++) {
		const struct prog_use *use = &v->uses[i];

		bool call = attach__is_call(use->how);
		bool kprobe = call || use->how == ATTACH_ENTRY || use->how == ATTACH_EXIT;

		if (kprobe && !f->feature[FEAT_KPROBES]) {
			snprintf(why, size, "%s", facts__lacking(FEAT_KPROBES));
			return false;
		}
		if (use->how == ATTACH_TASKS && !in_btf(f, use->funcs[0])) {
			snprintf(why, size, "%s: not in BTF", use->funcs[0]);
			return false;
		}
		if (!attach__is_probe(use->how)) /* that a tracepoint is there is a feature */
			continue;
		if (!(call   ? calls_usable :
		      kprobe ? end_usable :
			       trampoline_usable)(f, use, why, size))
			return false;
	}
	return true;
}

/* The reason of a probe without variant: the first one's, since that is the one wanted most. */
static void select_one(const struct facts *f, const struct probe *p, bool light, const char *want,
		       size_t first, struct choice *c)
{
	char why[200];

	c->probe = p;
	c->variant = NULL;
	for (size_t i = first; i < PROBE_VARIANTS && p->variants[i].name; i++) {
		const struct variant *v = &p->variants[i];

		if (want && strcmp(want, v->name))
			continue;
		if (v->only_light && !light && !want)
			continue;
		if (v->only_light && !light) {
			snprintf(why, sizeof(why), "of the light tier alone");
		} else if (light && v->clock == CLOCK_LOCK) {
			snprintf(why, sizeof(why), "the lock clock is not part of the light tier");
		} else if (variant_usable(f, v, why, sizeof(why))) {
			c->variant = v;
			c->reason[0] = 0;
			return;
		}
		/* Prefer a later variant's more specific reason. */
		if (!c->reason[0] ||
		    (strstr(c->reason, "no such function") && !strstr(why, "no such function")))
			snprintf(c->reason, sizeof(c->reason), "%s", why);
	}
	if (want && !c->reason[0])
		snprintf(c->reason, sizeof(c->reason), "no variant '%.60s'", want);
}

void probes__select(const struct facts *f, bool light, const char *const *forced,
		    struct choice *out)
{
	for (size_t i = 0; i < probes_n; i++) {
		size_t len = strlen(probes[i].name);
		const char *want = NULL;

		for (const char *const *w = forced; w && *w; w++)
			if (!strncmp(*w, probes[i].name, len) && (*w)[len] == '=')
				want = *w + len + 1;
		out[i].reason[0] = 0;
		select_one(f, &probes[i], light, want, 0, &out[i]);
	}
}

void probes__next(const struct facts *f, bool light, struct choice *c, const char *why)
{
	size_t next = c->variant - c->probe->variants + 1;

	snprintf(c->reason, sizeof(c->reason), "%s", why);
	select_one(f, c->probe, light, NULL, next, c);
}

static bool by_kprobe(const struct variant *v)
{
	const char *way = strchr(v->name, ':');

	return way && !strcmp(way, ":kprobe");
}

void probes__prefer_kprobe(const struct facts *f, bool light, struct choice *c)
{
	struct choice next = *c;

	while (next.variant && !by_kprobe(next.variant))
		probes__next(f, light, &next, "");
	if (!next.variant)
		return;
	*c = next;
	c->reason[0] = 0;
}

const char *probes__forced(const char *const *forced, const struct probe *p)
{
	size_t len = strlen(p->name);

	for (; *forced; forced++)
		if (!strncmp(*forced, p->name, len) && (*forced)[len] == '=')
			return *forced;
	return NULL;
}

bool tracer__unasked(const struct tracer_opts *o, const struct probe *p)
{
	return (p->flags & PROBE_REFS && !o->refs) || (p->flags & PROBE_DRAINS && !o->drains);
}

bool tracer__wants(const struct tracer_opts *o, const struct probe *p)
{
	if (tracer__unasked(o, p))
		return false;
	if (o->light && !(p->flags & PROBE_LIGHT))
		return false;
	if (p->row == ROW_BUFFER_LOCKS)
		return o->buffer_locks || o->stall_ns;
	if (p->row == ROW_STALLS)
		return o->stall_ns;
	/* a page that was truncated has no device any more, and what it is about are such pages */
	if (p->row == ROW_ISOLATION && o->filter.dev)
		return false;
	return p->site >= 0 ? !o->filter.row_off[p->site] : !p->row || !o->filter.row_off[p->row];
}
