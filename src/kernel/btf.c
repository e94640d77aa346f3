// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What the kernel's BTF says, for the fact sheet. Stage 0. */
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/facts.h"
#include "kernel/func_index.h"
#include "kernel/insn.h"

/* What is asked of it beside the functions that probes name; found in one walk over all its types. */
enum asked {
	ASKED_STATES,
	ASKED_HELPERS,
	ASKED_WHY,
	ASKED_MAPPING,
	ASKED_PROG,
	ASKED_MMB,
	ASKED_COMMON,
	ASKED_KASAN,
	ASKED_KCSAN,
	ASKED_RT,
	ASKED_CONTENDED,
	ASKED_DRAIN,
	ASKED_DRAIN_ALL,
	ASKED_COUNT,
};

static const struct {
	const char *name;
	unsigned int kind;
} asked[ASKED_COUNT] = {
	[ASKED_STATES] = { "bh_state_bits", BTF_KIND_ENUM },
	[ASKED_HELPERS] = { "bpf_func_id", BTF_KIND_ENUM },
	[ASKED_WHY] = { "migrate_reason", BTF_KIND_ENUM },
	[ASKED_MAPPING] = { "address_space", BTF_KIND_STRUCT },
	[ASKED_PROG] = { "bpf_prog", BTF_KIND_STRUCT },
	[ASKED_MMB] = { "mapping_metadata_bhs", BTF_KIND_STRUCT },
	[ASKED_COMMON] = { "find_get_block_common", BTF_KIND_FUNC },
	[ASKED_KASAN] = { "kasan_report", BTF_KIND_FUNC },
	[ASKED_KCSAN] = { "__kcsan_check_access", BTF_KIND_FUNC },
	[ASKED_RT] = { "rt_spin_lock", BTF_KIND_FUNC },
	[ASKED_CONTENDED] = { "btf_trace_contended_release", BTF_KIND_TYPEDEF },
	[ASKED_DRAIN] = { "btf_trace_mm_lru_add_drain_tp", BTF_KIND_TYPEDEF },
	[ASKED_DRAIN_ALL] = { "btf_trace_mm_lru_add_drain_all_tp", BTF_KIND_TYPEDEF },
};

/* Ids into @id (0: none); which functions there are, into @f. 0 or -ENOMEM. */
static int walk(struct facts *f, const struct btf *btf, const struct btf_type *id[ASKED_COUNT])
{
	__u32 n = btf__type_cnt(btf);
	struct func_index x;
	int err = func_index__make(&x, f);

	for (__u32 i = 1; !err && i < n; i++) {
		const struct btf_type *t = btf__type_by_id(btf, i);
		unsigned int kind = btf_kind(t);
		struct fact_func *v = NULL;
		const char *name;

		if (kind != BTF_KIND_FUNC && kind != BTF_KIND_STRUCT && kind != BTF_KIND_ENUM &&
		    kind != BTF_KIND_TYPEDEF)
			continue;
		name = btf__name_by_offset(btf, t->name_off);
		if (kind == BTF_KIND_FUNC)
			v = func_index__find(&x, name, strlen(name));
		if (v)
			v->in_btf = true;
		if (v && !f->btf && !v->btf_id)
			v->btf_id = i;
		for (int a = 0; a < ASKED_COUNT; a++)
			if (!id[a] && asked[a].kind == kind && asked[a].name[0] == name[0] &&
			    !strcmp(asked[a].name, name))
				id[a] = t;
	}
	func_index__free(&x);
	return err;
}

static bool has_constant(const struct btf *btf, const struct btf_type *t, const char *constant)
{
	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), constant))
			return true;
	return false;
}

/* MR_NUMA_MISPLACED as "numa_misplaced", which is the kernel's own word in mm_migrate_pages. */
static void read_whys(struct facts *f, const struct btf *btf, const struct btf_type *t)
{
	for (int i = 0; t && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, btf_enum(t)[i].name_off);
		__u32 value = btf_enum(t)[i].val;
		char *p;

		if (value >= FACT_WHYS || strncmp(name, "MR_", 3) || !strcmp(name, "MR_TYPES"))
			continue;
		snprintf(f->why[value], FACT_WHY_NAME, "%s", name + 3);
		for (p = f->why[value]; *p; p++)
			*p = *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a' : *p;
	}
}

static const struct btf_type *find_struct(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? btf__type_by_id(btf, id) : NULL;
}

/* Which of the struct @t's members it is, -1: none. */
static int member(const struct btf *btf, const struct btf_type *t, const char *name)
{
	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_members(t)[i].name_off), name))
			return i;
	return -1;
}

/* In bytes; 0: it has none such, or at its begin. */
static __u32 member_offset(const struct btf *btf, const struct btf_type *t, const char *name)
{
	int i = member(btf, t, name);

	return i < 0 ? 0 : btf_member_bit_offset(t, i) / 8;
}

bool facts__has_member(const struct btf *btf, const char *name, const char *of)
{
	return member(btf, find_struct(btf, name), of) >= 0;
}

/* The kernel's own. NULL with *@err 0: there is none. */
static struct btf *open_own(struct facts *f, int *err)
{
	struct btf *btf = btf__parse(KERNEL_BTF, NULL);
	char why[90];

	*err = btf || !facts__broken(errno) ? 0 : -errno;
	if (!btf && facts__newer_btf(KERNEL_BTF, why, sizeof(why))) {
		/* a fact: there may be a file that this libbpf can read */
		snprintf(f->btf_reason, sizeof(f->btf_reason), "%s %s", KERNEL_BTF, why);
		*err = 0;
		return NULL;
	}
	if (*err)
		f->unreadable = KERNEL_BTF;
	else if (!btf) /* also looks in /boot, and has one errno for all */
		btf = btf__load_vmlinux_btf();
	return btf;
}

static struct btf *open_file(struct facts *f, const char *kallsyms, int *err)
{
	int fd = open(f->btf, O_RDONLY | O_CLOEXEC);
	struct btf *btf = NULL;
	struct stat st;

	f->unreadable = f->btf;
	*err = fd < 0 || fstat(fd, &st) ? -errno : S_ISDIR(st.st_mode) ? -EISDIR : 0;
	if (fd >= 0)
		close(fd);
	if (*err)
		return NULL;
	btf = btf__parse(f->btf, NULL); /* has one errno for all */
	*err = btf ? facts__check_btf(f, btf, kallsyms) : -ENOEXEC;
	if (!btf && !facts__newer_btf(f->btf, f->unfit, sizeof(f->unfit)))
		snprintf(f->unfit, sizeof(f->unfit), "is no BTF, nor an ELF file that has any");
	if (!*err) {
		f->unreadable = NULL;
		return btf;
	}
	btf__free(btf);
	return NULL;
}

int facts__read_btf(struct facts *f, const char *kallsyms)
{
	const struct btf_type *id[ASKED_COUNT] = { NULL };
	int err;
	struct btf *btf = f->btf ? open_file(f, kallsyms, &err) : open_own(f, &err);

	if (!btf)
		return err;
	log_step("BTF parsed");
	f->feature[FEAT_BTF] = true;
	f->feature[FEAT_BTF_ELSEWHERE] = access(KERNEL_BTF, F_OK);
	err = walk(f, btf, id);
	f->feature[FEAT_BH_MIGRATE] = has_constant(btf, id[ASKED_STATES], "BH_Migrate");
	f->feature[FEAT_COOKIES] =
		has_constant(btf, id[ASKED_HELPERS], "BPF_FUNC_get_attach_cookie");
	read_whys(f, btf, id[ASKED_WHY]);
	f->feature[FEAT_MMB] = id[ASKED_MMB];
	f->feature[FEAT_SLEEPING_LOOKUP] = id[ASKED_COMMON];
	f->feature[FEAT_CONTENDED] = id[ASKED_CONTENDED];
	f->feature[FEAT_LRU_DRAINS] = id[ASKED_DRAIN] && id[ASKED_DRAIN_ALL];
	f->lock_offset = member_offset(btf, id[ASKED_MAPPING], "i_private_lock") ?:
				 member_offset(btf, id[ASKED_MAPPING], "private_lock");
	f->kasan = id[ASKED_KASAN];
	f->kcsan = id[ASKED_KCSAN];
	f->feature[FEAT_RT] = id[ASKED_RT];
	f->feature[FEAT_TRAMPOLINE_GUARD] = member(btf, id[ASKED_PROG], "active") >= 0;
	f->types = btf;
	log_step("BTF asked");
	return err;
}

void facts__forget_types(struct facts *f)
{
	btf__free(f->types);
	f->types = NULL;
}

/*
 * Is a file's BTF the running kernel's? It has no release in it, and a wrong one gives plausible
 * figures out of wrong fields. But it names the kernel's functions, and where its per-CPU variables
 * lie, which are those of one source and one configuration; kallsyms knows both.
 */

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
