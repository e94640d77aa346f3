// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the functions that the probes name are, and what a compiler made of them. Stage 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel.h"
#include "probes.h"
#include "symbols.h"

static struct fact_func *func_create(struct facts *f, const char *name)
{
	struct fact_func *v = (struct fact_func *)facts__func(f, name);

	if (v)
		return v;
	v = realloc(f->funcs, (f->funcs_n + 1) * sizeof(*v));
	if (!v)
		return NULL;
	f->funcs = v;
	v += f->funcs_n++;
	memset(v, 0, sizeof(*v));
	snprintf(v->name, sizeof(v->name), "%s", name);
	return v;
}

static int want_func(void *ctx, const char *name, unsigned int wants)
{
	struct fact_func *v = func_create(ctx, name);

	if (v)
		v->wants |= wants;
	return v ? 0 : -ENOMEM;
}

int facts__want(struct facts *f)
{
	f->asks = FACTS_ASKS;
	return probes__interest(want_func, f);
}

/* The names that probes want, by the alphabet: a kernel has a thousand symbols for each. */
struct index {
	size_t *row; /* of @f->funcs */
	size_t n;
	const struct facts *f;
};

static int index_make(struct index *x, const struct facts *f)
{
	*x = (struct index){ calloc(f->funcs_n + 1, sizeof(*x->row)), 0, f };
	for (size_t i = 0; x->row && i < f->funcs_n; i++) {
		size_t at = x->n++;

		for (; at && strcmp(f->funcs[x->row[at - 1]].name, f->funcs[i].name) > 0; at--)
			x->row[at] = x->row[at - 1];
		x->row[at] = i;
	}
	return x->row ? 0 : -ENOMEM;
}

static struct fact_func *index_find(const struct index *x, const char *name)
{
	size_t lo = 0, hi = x->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = strcmp(x->f->funcs[x->row[mid]].name, name);

		if (!order)
			return &x->f->funcs[x->row[mid]];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return NULL;
}

/*
 * The row of @symbol if the probes name it or what it is a copy of; *@v NULL: they don't. 0 or -ENOMEM.
 */
static int find_row(const struct index *x, struct facts *f, const char *symbol,
		    struct fact_func **v)
{
	char name[FUNC_NAME];
	enum copy_kind kind;
	unsigned int wants;
	size_t base;

	*v = index_find(x, symbol);
	if (*v || !strchr(symbol, '.') || strlen(symbol) >= sizeof(name))
		return 0;
	base = copy__base(symbol, &kind);
	snprintf(name, sizeof(name), "%.*s", (int)base, symbol);
	*v = kind == COPY_PLAIN ? NULL : index_find(x, name);
	if (!*v)
		return 0;
	wants = (*v)->wants;
	*v = func_create(f,
			 symbol); /* behind those in the index, which stay where they are in it */
	if (*v)
		(*v)->wants = wants;
	return *v ? 0 : -ENOMEM;
}

/* The image's symbol @i: where it is and how far the next one. */
static void place(struct fact_func *v, const struct symbols *s, size_t i)
{
	size_t next = i + 1;

	v->symbols++;
	if (!s->v[i].addr)
		return;
	while (next < s->n && s->v[next].addr == s->v[i].addr)
		next++;
	v->addr = s->v[i].addr;
	v->size = next < s->n ? s->v[next].addr - v->addr : 0;
}

/* Those of modules, which have the name and the module's. */
static void count_module(const struct index *x, const char *symbol)
{
	char name[FUNC_NAME];
	struct fact_func *v;

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(symbol, " "), symbol);
	v = index_find(x, name);
	if (v)
		v->modules++;
}

static int find_symbols(struct facts *f, const struct kernel_symbols *s)
{
	struct fact_func *v;
	struct index x;
	int err = index_make(&x, f);

	for (size_t i = 0; i < s->image.n && !err; i++) {
		if (!strcmp(s->image.v[i].name, "register_ftrace_direct"))
			f->feature[FEAT_TRAMPOLINES] = true;
		err = find_row(&x, f, s->image.v[i].name, &v);
		if (v)
			place(v, &s->image, i);
	}
	for (size_t i = 0; i < s->modules.n && !err; i++)
		count_module(&x, s->modules.v[i].name);
	free(x.row);
	return err;
}

int facts__read_symbols(struct facts *f, const char *path)
{
	const struct kernel_symbols *s = symbols__get();
	int err = symbols__read(path);

	f->unreadable = err && err != -ENOMEM ? path : NULL;
	f->feature[FEAT_SYMBOLS] = s->image.n && s->image.v[s->image.n - 1].addr;
	f->feature[FEAT_TRAMPOLINES] =
		!s->image.n; /* who may not see it will be told by the kernel */
	if (!err)
		err = find_symbols(f, s);
	/* BTF may have no function of that name, or leave it out for its suffix */
	f->feature[FEAT_SLEEPING_LOOKUP] |= !!facts__copy(f, "find_get_block_common", ANY_COPY);
	return err;
}
