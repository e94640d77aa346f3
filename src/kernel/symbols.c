// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads kallsyms, and names addresses by it. Stage 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"
#include "kernel/symbols.h"

/* A symbol reaches to the next one, but what is that far behind it is none of its code. */
#define MAX_REACH  65536
#define READ_BYTES 65536
#define PAGE_BITS  12
#define PEEK_LINES 64 /* the first ones may be at zero: variables of a CPU, to 6.14 */

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int add(struct symbols *s, __u64 addr, const char *name)
{
	if (!(s->n & (s->n + 1)) || !s->v) {
		size_t room = s->n ? (s->n + 1) * 2 : 1024;
		struct symbol *v = realloc(s->v, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		s->v = v;
	}
	s->v[s->n] = (struct symbol){ addr, strdup(name) };
	if (!s->v[s->n].name)
		return -ENOMEM;
	s->n++;
	return 0;
}

static void clear(struct symbols *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].name);
	free(s->v);
	memset(s, 0, sizeof(*s));
}

bool facts__broken(int error)
{
	return error != ENOENT && error != EACCES && error != EPERM;
}

/* "ADDRESS TYPE NAME", or with "[MODULE]" behind it, which then is part of @name. By hand: there are many. */
static bool parse(const char *line, unsigned long long *addr, char *type, char name[SYMBOL_NAME],
		  bool *module)
{
	const char *of;
	char *p;
	size_t len;

	*addr = strtoull(line, &p, 16);
	if (p == line || p[0] != ' ' || !p[1] || p[2] != ' ')
		return false;
	*type = p[1];
	p += 3;
	len = strcspn(p, " \t\n");
	if (!len || len > SYMBOL_NAME / 2)
		return false;
	memcpy(name, p, len);
	name[len] = 0;
	of = strchr(p + len, '[');
	*module = of;
	if (of)
		snprintf(name + len, SYMBOL_NAME - len, " %.*s", (int)strcspn(of, "\n"), of);
	return true;
}

bool facts__next_symbol(FILE *kallsyms, unsigned long long *addr, char *type,
			char name[SYMBOL_NAME])
{
	char line[512];
	bool module;

	while (fgets(line, sizeof(line), kallsyms))
		if (parse(line, addr, type, name, &module) && !module)
			return true;
	return false;
}

static struct kernel_symbols kernel;

static int read_from(FILE *f)
{
	char line[512], name[SYMBOL_NAME], type;
	unsigned long long addr;
	bool module;
	int err = 0;

	while (!err && fgets(line, sizeof(line), f))
		if (parse(line, &addr, &type, name, &module) && strchr("tTwW", type))
			err = add(module ? &kernel.modules : &kernel.image, addr, name);
	return !err && ferror(f) ? -EIO : err;
}

bool symbols__visible(const char *path)
{
	char type, name[SYMBOL_NAME], line[512];
	unsigned long long addr = 0;
	FILE *f = fopen(path, "re");
	bool module;

	for (int i = 0; f && !addr && i < PEEK_LINES && fgets(line, sizeof(line), f); i++)
		if (!parse(line, &addr, &type, name, &module))
			addr = 0;
	if (f)
		fclose(f);
	return addr;
}

void symbols__find(const char *path, const char *const *names, size_t n, __u64 *addr)
{
	char name[SYMBOL_NAME], line[512], type;
	FILE *f = fopen(path, "re");
	unsigned long long at;
	bool module;

	memset(addr, 0, n * sizeof(*addr));
	if (f)
		setvbuf(f, NULL, _IOFBF, READ_BYTES);
	while (f && fgets(line, sizeof(line), f))
		for (size_t i = 0; i < n; i++)
			if (strstr(line, names[i]) && parse(line, &at, &type, name, &module) &&
			    !module && !strcmp(name, names[i]))
				addr[i] = at;
	if (f)
		fclose(f);
}

int symbols__read(const char *path)
{
	FILE *f = kernel.image.n ? NULL : fopen(path, "re");
	int err;

	if (!f)
		return kernel.image.n || !facts__broken(errno) ? 0 : -errno;
	setvbuf(f, NULL, _IOFBF, READ_BYTES); /* the kernel gives as much as is asked for */
	err = read_from(f);
	fclose(f);
	if (kernel.image.n)
		qsort(kernel.image.v, kernel.image.n, sizeof(struct symbol), by_addr);
	if (kernel.modules.n)
		qsort(kernel.modules.v, kernel.modules.n, sizeof(struct symbol), by_addr);
	return err;
}

const struct kernel_symbols *symbols__get(void)
{
	return &kernel;
}

void kernel__forget_symbols(void)
{
	clear(&kernel.image);
	clear(&kernel.modules);
}

static bool same_module(const struct symbol *a, const struct symbol *b)
{
	return !strcmp(a->name + strcspn(a->name, " "), b->name + strcspn(b->name, " "));
}

/*
 * Behind a module's last function lies what is none of it, such as programs that came later, from the
 * next page on.
 */
static bool reaches(const struct symbols *s, size_t i, __u64 addr)
{
	const struct symbol *v = &s->v[i];

	if (!v->addr || addr - v->addr >= MAX_REACH)
		return false;
	return s == &kernel.image ||
	       (i + 1 < s->n && same_module(v, v + 1) && v[1].addr - v->addr < MAX_REACH) ||
	       addr >> PAGE_BITS == v->addr >> PAGE_BITS;
}

/* The last one that begins at @addr or before it, and has it; else NULL. */
static const struct symbol *symbol_at(const struct symbols *s, __u64 addr)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (s->v[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo && reaches(s, lo - 1, addr) ? &s->v[lo - 1] : NULL;
}

static void format(const struct symbol *s, __u64 addr, char *buf, size_t size)
{
	size_t len = strcspn(s->name, " ");

	snprintf(buf, size, "%.*s+0x%llx%s", (int)len, s->name,
		 (unsigned long long)(addr - s->addr), s->name + len);
}

void kernel__symbol(__u64 addr, char *buf, size_t size)
{
	const struct symbol *s, *m;

	symbols__read(KALLSYMS);
	s = symbol_at(&kernel.image, addr);
	m = symbol_at(&kernel.modules, addr);
	if (m && (!s || m->addr > s->addr))
		s = m;
	if (s)
		format(s, addr, buf, size);
	else
		snprintf(buf, size, SYMBOL_UNKNOWN);
}
