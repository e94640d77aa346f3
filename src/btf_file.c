// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Is a file's BTF the running kernel's? It has no release in it, and a wrong one gives plausible
 * figures out of wrong fields. But it names the kernel's functions, and where its per-CPU variables
 * lie, which are those of one source and one configuration; kallsyms knows both. Stage 0.
 */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "insn.h"
#include "kernel.h"

/* What has a name in both, sorted by it. */
struct named {
	const char *name;
	__u64 offset; /* per-CPU variables */
	bool seen;
};

struct list {
	struct named *v;
	size_t n;
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static const char *name_of(const struct btf *btf, const struct btf_type *t)
{
	const char *name = t ? btf__name_by_offset(btf, t->name_off) : NULL;

	return name ? name : "";
}

/* 0 or -ENOMEM. */
static int list_functions(const struct btf *btf, struct list *l)
{
	__u32 types = btf__type_cnt(btf);

	l->v = calloc(types, sizeof(*l->v));
	for (__u32 id = 1; l->v && id < types; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);

		if (btf_is_func(t))
			l->v[l->n++].name = name_of(btf, t);
	}
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	return l->v ? 0 : -ENOMEM;
}

static int list_percpu(const struct btf *btf, struct list *l)
{
	int id = btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;
	size_t n = t ? btf_vlen(t) : 0;

	l->v = calloc(n + 1, sizeof(*l->v));
	for (; l->v && l->n < n; l->n++) {
		const struct btf_var_secinfo *s = btf_var_secinfos(t) + l->n;

		l->v[l->n].name = name_of(btf, btf__type_by_id(btf, s->type));
		l->v[l->n].offset = s->offset;
	}
	if (l->n)
		qsort(l->v, l->n, sizeof(*l->v), by_name);
	return l->v ? 0 : -ENOMEM;
}

/* The first of @l with that name, or its end. */
static struct named *find(const struct list *l, const char *name)
{
	const struct named key = { .name = name };
	struct named *p = l->n ? bsearch(&key, l->v, l->n, sizeof(*l->v), by_name) : NULL;

	while (p && p > l->v && !strcmp(p[-1].name, name))
		p--;
	return p ? p : l->v + l->n;
}

struct places {
	size_t symbols;	    /* that kallsyms has */
	size_t same, other; /* per-CPU variables: where BTF has them, and elsewhere */
	size_t missing;	    /* functions of BTF that are not there */
};

static void compare(FILE *f, struct list *functions, const struct list *percpu, struct places *p)
{
	unsigned long long addr, base = 0, seen = 0;
	char name[SYMBOL_NAME], type;
	struct named *v;

	while (facts__next_symbol(f, &addr, &type, name)) {
		p->symbols++;
		seen |= addr;
		if (!strcmp(name, "__per_cpu_start"))
			base = addr;
		for (v = find(functions, name);
		     v < functions->v + functions->n && !strcmp(v->name, name); v++)
			v->seen = true;
	}
	rewind(f);
	while (seen && facts__next_symbol(f, &addr, &type, name)) {
		bool same = false;

		v = strchr("AaDdVv", type) ? find(percpu, name) : percpu->v + percpu->n;
		if (v == percpu->v + percpu->n)
			continue;
		for (; v < percpu->v + percpu->n && !strcmp(v->name, name); v++)
			same |= v->offset == addr - base;
		++*(same ? &p->same : &p->other);
	}
	for (v = functions->v; v < functions->v + functions->n; v++)
		p->missing += !v->seen;
}

/*
 * Of its own functions a kernel misses 2 % at most, of which the compiler has made something else; of
 * another's 11 to 39 %. Static per-CPU variables may share a name with others.
 */
static int judge(struct facts *f, const struct places *p, size_t functions, const char *kallsyms)
{
	if (p->symbols && p->missing * 20 > functions) {
		snprintf(f->unfit, sizeof(f->unfit),
			 "is another kernel's BTF: %zu of its %zu functions are not in %s",
			 p->missing, functions, kallsyms);
		return -EXDEV;
	}
	if (p->other * 10 > p->same) {
		snprintf(
			f->unfit, sizeof(f->unfit),
			"is another kernel's BTF: %zu of its %zu per-CPU variables are elsewhere in %s",
			p->other, p->same + p->other, kallsyms);
		return -EXDEV;
	}
	if (!p->same)
		snprintf(
			f->unfit, sizeof(f->unfit),
			"may be of another build of this kernel: no per-CPU variable in it has its "
			"address in %s",
			kallsyms);
	return 0;
}

int facts__check_btf(struct facts *f, const struct btf *btf, const char *kallsyms)
{
	struct list functions = { 0 }, percpu = { 0 };
	struct places p = { 0 };
	FILE *symbols = NULL;
	int err;

	if (!facts__has_member(btf, "pt_regs", insn_regs_member)) {
		snprintf(f->unfit, sizeof(f->unfit),
			 "is not the BTF of a kernel for %s (no struct pt_regs with %s)", f->arch,
			 insn_regs_member);
		return -EXDEV;
	}
	err = list_functions(btf, &functions) ?: list_percpu(btf, &percpu);
	if (!err && !functions.n) {
		snprintf(f->unfit, sizeof(f->unfit),
			 "has no functions: only a part of a kernel's BTF");
		err = -ENOEXEC;
	}
	symbols = err ? NULL : fopen(kallsyms, "re");
	if (symbols)
		compare(symbols, &functions, &percpu, &p);
	if (!err)
		err = judge(f, &p, functions.n, kallsyms);
	if (symbols)
		fclose(symbols);
	free(functions.v);
	free(percpu.v);
	return err;
}
