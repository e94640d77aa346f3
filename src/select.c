// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The choice of variants: a pure function of a fact sheet (no kernel, no libbpf). */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "probes.h"

static bool in_list(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static bool is_call(enum attach_how how)
{
	return how == ATTACH_CALL || how == ATTACH_RETURN || how == ATTACH_AHEAD ||
	       how == ATTACH_BEHIND;
}

static bool is_return(enum attach_how how)
{
	return how == ATTACH_RETURN || how == ATTACH_BEHIND;
}

/* Calls of @use in @f: how many; *@tail set when one of them never returns to the function. */
static int count_calls(const struct facts *f, const struct prog_use *use, bool *tail)
{
	int n = 0;

	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];

		if (!in_list(use->funcs, c->func) || !in_list(use->callees, c->callee))
			continue;
		if (is_return(use->how) && !c->next)
			*tail = true;
		n++;
	}
	return n;
}

/* The first of @names that exists here, or NULL. */
static const char *first_symbol(const struct facts *f, const char *const *names)
{
	for (; *names; names++) {
		const struct fact_func *v = facts__func(f, *names);

		if (v && v->symbols)
			return *names;
	}
	return NULL;
}

/* Does @host, whose calls were not found, have locks that were inlined instead? */
static bool has_inlined(const struct facts *f, const char *host)
{
	for (size_t i = 0; i < f->calls_n; i++)
		if (!strcmp(f->calls[i].func, host) &&
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

		if (!in_list(use->funcs, c->func))
			continue;
		if (in_list(use->callees, CALLEE_INLINE_LOCK) &&
		    !strcmp(c->callee, CALLEE_UNKNOWN_LOCK)) {
			snprintf(why, size, "%s: a lock inlined there is not understood", c->func);
			return false;
		}
		if (in_list(use->callees, CALLEE_INLINE_LOCK) &&
		    !strcmp(c->callee, CALLEE_HIDDEN_LOCK)) {
			snprintf(why, size, "%s: probes of others hide the lock inlined there",
				 c->func);
			return false;
		}
		if (in_list(use->callees, c->callee) && c->reg && !f->feature[FEAT_COOKIES]) {
			snprintf(why, size,
				 "%s: its lock is inlined, and the kernel's programs "
				 "have no cookies (5.15)",
				 c->func);
			return false;
		}
	}
	return true;
}

static bool calls_usable(const struct facts *f, const struct prog_use *use, char *why, size_t size)
{
	const char *host = first_symbol(f, use->funcs);
	bool tail = false;

	if (!host)
		snprintf(why, size, "%s: no such function here", use->funcs[0]);
	else if (!f->feature[FEAT_TEXT])
		snprintf(why, size, "%s: the kernel's text can't be read: %s", host,
			 f->text_reason);
	else if (!inlined_usable(f, use, why, size))
		return false;
	else if (!count_calls(f, use, &tail) && strstr(use->callees[0], "spin_") &&
		 has_inlined(f, host))
		snprintf(why, size, "%s: %s is inlined there, and can't be told from other locks",
			 host, use->callees[0]);
	else if (!count_calls(f, use, &tail))
		snprintf(why, size, "%s: calls %s nowhere directly on this kernel", host,
			 use->callees[0]);
	else if (tail)
		snprintf(why, size, "%s: %s is a tail jump, its return can't be probed", host,
			 use->callees[0]);
	else
		return true;
	return false;
}

/* Names the reason why @name can't have a probe, or is false. */
static bool not_probeable(const struct facts *f, const char *name, char *why, size_t size)
{
	const struct fact_func *v = facts__func(f, name);

	if (!v || (!v->in_btf && !v->symbols))
		snprintf(why, size, "%s: no such function here", name);
	else if (!v->in_btf)
		snprintf(why, size, "%s: not in BTF", name);
	else if (!v->symbols)
		snprintf(why, size, "%s: in BTF, but inlined or renamed by the compiler", name);
	else if (!v->traceable)
		snprintf(why, size, "%s: not traceable (no entry in the ftrace list)", name);
	else
		return false;
	return true;
}

static bool entry_usable(const struct facts *f, const struct prog_use *use, char *why, size_t size)
{
	return !not_probeable(f, use->funcs[0], why, size);
}

static bool trampoline_usable(const struct facts *f, const struct prog_use *use, char *why,
			      size_t size)
{
	if (not_probeable(f, use->funcs[0], why, size))
		return false;
	if (!f->feature[FEAT_TRAMPOLINES])
		snprintf(why, size, "%s: %s", use->funcs[0], facts__lacking(FEAT_TRAMPOLINES));
	else if (f->feature[FEAT_BTF_ELSEWHERE])
		snprintf(why, size, "%s: a trampoline needs the kernel's own BTF, not a file's",
			 use->funcs[0]);
	else
		return true;
	return false;
}

/* Does this kernel's path lie elsewhere than the variant's? @e may be NULL. */
static bool is_elsewhere(const struct facts *f, const struct elsewhere *e)
{
	const struct fact_func *v = e ? facts__func(f, e->func) : NULL;

	return v && (v->in_btf || v->symbols);
}

static bool variant_usable(const struct facts *f, const struct variant *v, char *why, size_t size)
{
	if (!f->feature[FEAT_BTF]) { /* no program finds a field without */
		snprintf(why, size, "%s", facts__lacking(FEAT_BTF));
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
	if (is_elsewhere(f, v->unless)) {
		snprintf(why, size, "%s", v->unless->why);
		return false;
	}
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog; i++) {
		const struct prog_use *use = &v->uses[i];

		bool kprobe =
			is_call(use->how) || use->how == ATTACH_ENTRY || use->how == ATTACH_EXIT;

		if (kprobe && !f->feature[FEAT_KPROBES]) {
			snprintf(why, size, "%s", facts__lacking(FEAT_KPROBES));
			return false;
		}
		if (!(is_call(use->how) ? calls_usable :
		      kprobe		? entry_usable :
					  trampoline_usable)(f, use, why, size))
			return false;
	}
	return true;
}

/* The reason of a probe without variant: the first one's, since that is the one wanted most. */
static void select_one(const struct facts *f, const struct probe *p, bool light, const char *want,
		       struct choice *c)
{
	char why[200];

	c->probe = p;
	c->variant = NULL;
	c->reason[0] = 0;
	for (size_t i = 0; i < PROBE_VARIANTS && p->variants[i].name; i++) {
		const struct variant *v = &p->variants[i];

		if (want && strcmp(want, v->name))
			continue;
		if (light && v->clock == CLOCK_LOCK) {
			snprintf(why, sizeof(why), "the lock clock is not part of the light tier");
		} else if (variant_usable(f, v, why, sizeof(why))) {
			c->variant = v;
			c->reason[0] = 0;
			return;
		}
		/* "no such function here" says least: a later variant may know better */
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
		select_one(f, &probes[i], light, want, &out[i]);
	}
}

static __u32 offset_of(const struct fact_call *c, enum attach_how how)
{
	return how == ATTACH_RETURN ? c->next :
	       how == ATTACH_AHEAD  ? c->ahead :
	       how == ATTACH_BEHIND ? c->behind :
				      c->offset;
}

/* Two calls can have the same place behind them: where their ways have met. */
static bool has_point(const struct attach_point *points, size_t n, const struct attach_point *p)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(points[i].prog, p->prog) && !strcmp(points[i].func, p->func) &&
		    points[i].offset == p->offset)
			return true;
	return false;
}

/* The callees whose places @use goes to. */
static const char *const *callees_of(const struct prog_use *use)
{
	static const char *const exits[] = { CALLEE_EXIT, NULL };
	static const char *const none[] = { NULL };

	return use->how == ATTACH_EXIT ? exits : is_call(use->how) ? use->callees : none;
}

/* The places of @use that @c is one of. */
static bool is_place(const struct prog_use *use, const struct fact_call *c)
{
	return in_list(use->funcs, c->func) && in_list(callees_of(use), c->callee);
}

static bool is_attempt(const struct prog_use *use, const struct fact_call *c)
{
	return !is_return(use->how) && !strcmp(c->callee, CALLEE_INLINE_LOCK);
}

struct points {
	struct attach_point *out;
	size_t n, max;
};

static int add_point(struct points *p, const struct prog_use *use, const char *func, __u32 offset,
		     __u8 cookie)
{
	struct attach_point at = { use->prog, use->how, func, offset, cookie };

	if (has_point(p->out, p->n, &at))
		return 0;
	if (p->n == p->max)
		return -E2BIG;
	p->out[p->n++] = at;
	return 0;
}

/* Those of @use's places that are attempts at inlined locks, or those that are not. */
static int add_places(const struct facts *f, const struct prog_use *use, bool attempts,
		      struct points *p)
{
	int err = 0;

	for (size_t i = 0; i < f->calls_n && !err; i++) {
		const struct fact_call *c = &f->calls[i];

		if (is_place(use, c) && is_attempt(use, c) == attempts)
			err = add_point(p, use, c->func, offset_of(c, use->how), c->reg);
	}
	return err;
}

/*
 * Attempts at inlined locks come first: arm64 takes their compare-and-swap for the begin of an exclusive
 * sequence, and refuses probes up to 32 instructions behind it; but not when it finds a probe there.
 */
int probes__points(const struct facts *f, const struct variant *v, struct attach_point *out,
		   size_t max)
{
	struct points p = { out, 0, max };
	int err = 0;

	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog && !err; i++)
		err = add_places(f, &v->uses[i], true, &p);
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog && !err; i++) {
		const struct prog_use *use = &v->uses[i];
		size_t before = p.n;

		err = add_places(f, use, false, &p);
		if (!err && p.n == before && !is_call(use->how))
			err = add_point(&p, use, use->funcs[0], 0, 0);
	}
	return err ? err : (int)p.n;
}

static int list_interest(const char *const *names, int (*cb)(void *ctx, const char *name),
			 void *ctx)
{
	int err = 0;

	for (; !err && names && *names; names++)
		if (**names != '(') /* CALLEE_INLINE_UNLOCK and its like are no functions */
			err = cb(ctx, *names);
	return err;
}

int probes__interest(int (*cb)(void *ctx, const char *name), void *ctx)
{
	int err = list_interest(probes__callees(), cb, ctx);

	for (size_t i = 0; i < probes_n && !err; i++)
		for (size_t j = 0; j < PROBE_VARIANTS && probes[i].variants[j].name && !err; j++)
			for (size_t k = 0; k < VARIANT_PROGS && !err; k++) {
				const struct prog_use *use = &probes[i].variants[j].uses[k];

				if (use->prog)
					err = list_interest(use->funcs, cb, ctx);
			}
	return err;
}
