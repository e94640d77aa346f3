// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* In which functions the places of a variant lie, and by which way they are come to. Pure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "probes.h"

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
