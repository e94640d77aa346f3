// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the programs of a variant go on a kernel, and what the table wants to know of one. Pure. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace/code.h"
#include "trace/probes.h"

bool attach__is_call(enum attach_how how)
{
	return how == ATTACH_CALL || how == ATTACH_RETURN || how == ATTACH_AHEAD ||
	       how == ATTACH_BEHIND || how == ATTACH_NEAR || how == ATTACH_BRANCH;
}

bool attach__is_probe(enum attach_how how)
{
	return how != ATTACH_TRACEPOINT && how != ATTACH_TIMER && how != ATTACH_TASKS;
}

static __u32 offset_of(const struct facts *f, const struct fact_call *c, enum attach_how how)
{
	if (how == ATTACH_NEAR)
		return facts__inlined(f) ? c->offset : c->ahead;
	return how == ATTACH_RETURN ? c->next :
	       how == ATTACH_AHEAD  ? c->ahead :
	       how == ATTACH_BEHIND ? c->behind :
	       how == ATTACH_BRANCH ? c->branch :
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

static bool is_attempt(const struct prog_use *use, const struct fact_call *c)
{
	return use->how != ATTACH_RETURN && use->how != ATTACH_BEHIND &&
	       use->how != ATTACH_BRANCH && !strcmp(c->callee, CALLEE_INLINE_LOCK);
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

/* Those of @use's calls that are attempts at inlined locks, or those that are not. */
static int add_calls(const struct facts *f, const struct prog_use *use, bool attempts,
		     struct points *p)
{
	int err = 0;

	for (size_t i = 0; i < f->calls_n && !err && attach__is_call(use->how); i++) {
		const struct fact_call *c = &f->calls[i];

		if (copy__in_list(use->funcs, c->func) && copy__in_list(use->callees, c->callee) &&
		    is_attempt(use, c) == attempts)
			err = add_point(p, use, c->func, offset_of(f, c, use->how), c->reg);
	}
	return err;
}

/* Each return of @func that is known, else its entry, for a kretprobe. */
static int add_exits(const struct facts *f, const struct prog_use *use, const char *func,
		     struct points *p)
{
	size_t before = p->n;
	int err = 0;

	for (size_t i = 0; i < f->calls_n && !err; i++)
		if (!strcmp(f->calls[i].func, func) && !strcmp(f->calls[i].callee, CALLEE_EXIT))
			err = add_point(p, use, func, f->calls[i].offset, 0);
	return err || p->n > before ? err : add_point(p, use, func, 0, 0);
}

/* Entry or exit: of all copies that are a whole function, or of the part that all come by. */
static int add_ends(const struct facts *f, const struct prog_use *use, struct points *p)
{
	const char *name = use->funcs[0];
	unsigned int kinds = facts__split(f, name) ? 1u << COPY_PART : WHOLE_COPY;
	int err = 0;

	if (use->how == ATTACH_FENTRY || use->how == ATTACH_FEXIT || !attach__is_probe(use->how))
		return add_point(p, use, name, 0, 0);
	for (size_t i = 0; i < f->funcs_n && !err; i++) {
		const struct fact_func *v = &f->funcs[i];

		if (!v->symbols || !(kinds & 1u << copy__kind(v->name, name)))
			continue;
		err = use->how == ATTACH_EXIT ? add_exits(f, use, v->name, p) :
						add_point(p, use, v->name, 0, 0);
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
		err = add_calls(f, &v->uses[i], true, &p);
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog && !err; i++)
		err = attach__is_call(v->uses[i].how) ? add_calls(f, &v->uses[i], false, &p) :
							add_ends(f, &v->uses[i], &p);
	return err ? err : (int)p.n;
}

struct attach_point *probes__all_points(const struct facts *f, const struct variant *v, size_t *n)
{
	/* each use has a call's place, or a function's end, once */
	size_t max = VARIANT_PROGS * (f->calls_n + f->funcs_n + 1);
	struct attach_point *out = calloc(max, sizeof(*out));

	*n = out ? probes__points(f, v, out, max) : 0;
	return out;
}

static size_t count_points(const struct attach_point *at, size_t n, const char *prog)
{
	size_t found = 0;

	for (size_t i = 0; i < n; i++)
		found += !strcmp(at[i].prog, prog);
	return found;
}

bool probes__spares(const struct facts *f, const struct variant *v, const char *prog)
{
	struct attach_point *at;
	bool apart;
	size_t n;

	if (strcmp(prog, "norefs_call"))
		return false;
	at = probes__all_points(f, v, &n);
	apart = at && count_points(at, n, "norefs_acquire") >= count_points(at, n, "norefs_call");
	free(at);
	return apart;
}

struct interest {
	int (*cb)(void *ctx, const char *name, unsigned int wants);
	void *ctx;
};

static int tell(const struct interest *in, const char *const *names, unsigned int wants)
{
	int err = 0;

	for (; !err && names && *names; names++)
		if (**names != '(') /* CALLEE_INLINE_UNLOCK and its like are no functions */
			err = in->cb(in->ctx, *names, wants);
	return err;
}

static int tell_variant(const struct interest *in, const struct variant *v)
{
	const struct other_path *there = v->unless;
	int err = 0;

	if (there)
		err = in->cb(in->ctx, there->func, there->calls ? WANT_CALLS : 0) ?:
			      tell(in, there->calls, WANT_CALLEE);
	if (there && there->since && !err)
		err = in->cb(in->ctx, there->since, 0);
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog && !err; i++) {
		const struct prog_use *use = &v->uses[i];
		unsigned int wants = attach__is_call(use->how)	    ? WANT_CALLS :
				     use->how == ATTACH_TASKS ? 0 : /* only a type */
								WANT_ENTRY;

		if (use->how == ATTACH_TRACEPOINT || use->how == ATTACH_TIMER)
			continue;
		if (use->how == ATTACH_EXIT)
			wants |= WANT_CALLS;
		err = tell(in, use->funcs, wants) ?: tell(in, use->callees, WANT_CALLEE);
	}
	return err;
}

int probes__interest(int (*cb)(void *ctx, const char *name, unsigned int wants), void *ctx)
{
	const struct interest in = { cb, ctx };
	int err = cb(ctx, CALLEE_SLOW_LOCK, WANT_CALLEE) ?: code__want(cb, ctx);

	for (size_t i = 0; i < probes_n && !err; i++)
		for (size_t j = 0; j < PROBE_VARIANTS && probes[i].variants[j].name && !err; j++)
			err = tell_variant(&in, &probes[i].variants[j]);
	return err;
}

static int want(void *ctx, const char *name, unsigned int wants)
{
	return facts__want(ctx, name, wants);
}

int probes__want(struct facts *f)
{
	f->asks = FACTS_ASKS;
	return probes__interest(want, f);
}

/* In which functions the places of a variant lie, and by which way they are come to. Pure. */

/* Does @host stand ahead of @func in one of @v's lists? What may be inlined stands behind its callers. */
static bool is_host_of(const struct variant *v, const char *host, const char *func)
{
	for (size_t i = 0; i < VARIANT_PROGS && v->uses[i].prog; i++) {
		bool seen = false;

		for (const char *const *name = v->uses[i].funcs; *name; name++) {
			if (seen && copy__kind(func, *name))
				return true;
			seen |= copy__kind(host, *name) != COPY_NONE;
		}
	}
	return false;
}

/* Which of @v's functions calls @func; NULL: none, or it is one of those that stand for themselves. */
static const char *caller(const struct facts *f, const struct variant *v, const char *func)
{
	for (size_t i = 0; i < f->calls_n; i++) {
		const struct fact_call *c = &f->calls[i];
		enum copy_kind kind;

		if (strcmp(c->callee, func))
			continue;
		copy__base(func, &kind); /* a part's caller is most often its owner */
		if (is_host_of(v, c->func, func) || kind == COPY_PART)
			return c->func;
	}
	return NULL;
}

/* What was moved away from a function stands for it. */
static const char *owner(const struct facts *f, const char *func)
{
	for (size_t i = 0; i < f->funcs_n; i++)
		if (copy__kind(func, f->funcs[i].name) == COPY_COLD && f->funcs[i].symbols)
			return f->funcs[i].name;
	return func;
}

static bool has(char (*out)[PLACE_NAME], size_t n, const char *place)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(out[i], place))
			return true;
	return false;
}

size_t probes__places(const struct facts *f, const struct variant *v, char (*out)[PLACE_NAME],
		      size_t max)
{
	size_t points, n = 0;
	struct attach_point *at = probes__all_points(f, v, &points);

	for (size_t i = 0; i < points && n < max; i++) {
		const char *func = at[i].func, *from = caller(f, v, owner(f, func));

		snprintf(out[n], PLACE_NAME, "%s%s%s", from ? from : "", from ? " > " : "", func);
		n += !has(out, n, out[n]);
	}
	free(at);
	return n;
}

static bool times(const struct probe *p, const struct fact_call *c)
{
	for (size_t i = 0; i < PROBE_VARIANTS && p->variants[i].name; i++)
		for (size_t j = 0; j < VARIANT_PROGS && p->variants[i].uses[j].prog; j++) {
			const struct prog_use *use = &p->variants[i].uses[j];

			if (attach__is_call(use->how) && copy__in_list(use->funcs, c->func) &&
			    copy__in_list(use->callees, c->callee))
				return true;
		}
	return false;
}

int probes__site_at(const struct facts *f, const char *func, __u32 offset)
{
	const struct fact_call *c = f->calls;

	while (c < f->calls + f->calls_n && (c->offset != offset || strcmp(c->func, func)))
		c++;
	if (c == f->calls + f->calls_n)
		return -1;
	for (size_t i = 0; i < probes_n; i++)
		if (probes[i].site >= 0 && times(&probes[i], c))
			return probes[i].site;
	return -1;
}
