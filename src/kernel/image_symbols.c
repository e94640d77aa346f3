// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Where the functions that the probes name are, and what a compiler made of them. Stage 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "kernel/func_index.h"
#include "kernel/image_table.h"
#include "kernel/symbols.h"

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

int facts__want(struct facts *f, const char *name, unsigned int wants)
{
	struct fact_func *v = func_create(f, name);

	if (v)
		v->wants |= wants;
	return v ? 0 : -ENOMEM;
}

/*
 * The row of @symbol if the probes name it or what it is a copy of; *@v NULL: they don't. 0 or -ENOMEM.
 */
static int find_row(const struct func_index *x, struct facts *f, const char *symbol,
		    struct fact_func **v)
{
	size_t dot = strcspn(symbol, ".");
	const struct fact_func *of;
	enum copy_kind kind;
	unsigned int wants;

	of = func_index__find(x, symbol, dot);
	*v = symbol[dot] ? NULL : (struct fact_func *)of;
	if (!symbol[dot] || !of || dot + strlen(symbol + dot) >= FUNC_NAME)
		return 0;
	if (copy__base(symbol, &kind) != dot || kind == COPY_PLAIN)
		return 0;
	wants = of->wants;
	/* behind those in the index, which stay where they are in it */
	*v = func_create(f, symbol);
	if (*v)
		(*v)->wants = wants;
	return *v ? 0 : -ENOMEM;
}

#define OPEN_MAX 16

/* Symbols come by address; how far one reaches says the next one. */
struct placing {
	struct facts *f;
	struct func_index x;
	size_t open[OPEN_MAX]; /* rows at @last */
	size_t open_n;
	__u64 last;
};

static void close_rows(struct placing *p, __u64 addr)
{
	for (; p->open_n; p->open_n--)
		p->f->funcs[p->open[p->open_n - 1]].size = addr - p->last;
}

static int place(void *ctx, __u64 addr, const char *name)
{
	struct placing *p = ctx;
	struct fact_func *v;
	int err;

	if (addr > p->last)
		close_rows(p, addr);
	if (addr && !p->f->image_start)
		p->f->image_start = addr;
	p->last = p->f->image_end = addr;
	if (!strcmp(name, "register_ftrace_direct"))
		p->f->feature[FEAT_TRAMPOLINES] = true;
	if (!strcmp(name, "kprobe_emulate_jcc"))
		p->f->emulates_branches = true;
	err = find_row(&p->x, p->f, name, &v);
	if (!v)
		return err;
	v->symbols++;
	v->addr = addr;
	v->size = 0;
	if (addr && p->open_n < OPEN_MAX)
		p->open[p->open_n++] = v - p->f->funcs;
	return 0;
}

/* Those of modules, which have the name and the module's. */
static void count_module(const struct func_index *x, const char *symbol)
{
	struct fact_func *v = func_index__find(x, symbol, strcspn(symbol, " "));

	if (v)
		v->modules++;
}

static int find_symbols(struct facts *f, const struct kernel_symbols *s)
{
	struct placing p = { .f = f };
	int err = func_index__make(&p.x, f);

	for (size_t i = 0; i < s->image.n && !err; i++)
		err = place(&p, s->image.v[i].addr, s->image.v[i].name);
	for (size_t i = 0; i < s->modules.n && !err; i++)
		count_module(&p.x, s->modules.v[i].name);
	func_index__free(&p.x);
	return err;
}

static void note_sleeping(struct facts *f)
{
	/* BTF may have no function of that name, or leave it out for its suffix */
	f->feature[FEAT_SLEEPING_LOOKUP] |= !!facts__copy(f, "find_get_block_common", ANY_COPY);
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
	note_sleeping(f);
	return err;
}

/* As if nothing had been read; copies keep their rows. */
static void forget_places(struct facts *f)
{
	for (size_t i = 0; i < f->funcs_n; i++)
		f->funcs[i].symbols = f->funcs[i].addr = f->funcs[i].size = 0;
	f->image_start = f->image_end = 0;
	f->feature[FEAT_TRAMPOLINES] = f->emulates_branches = false;
}

int facts__read_table(struct facts *f, struct text *t)
{
	struct placing p = { .f = f };
	int err = func_index__make(&p.x, f);

	f->feature[FEAT_TRAMPOLINES] = false;
	if (!err)
		err = image_table__each(t, place, &p);
	func_index__free(&p.x);
	f->feature[FEAT_SYMBOLS] = !err;
	if (err)
		forget_places(f);
	else
		note_sleeping(f);
	return err;
}
