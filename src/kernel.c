// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Reads BTF, kallsyms, tracefs and the kernel's text once into a fact sheet. Stage 0. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cmd.h"
#include "kernel.h"
#include "probes.h"

#define MAX_FUNC_BYTES 65536
#define KALLSYMS       "/proc/kallsyms"

struct symbol {
	__u64 addr;
	char *name;
};

static struct symbol *symbols;
static size_t symbols_n;

static const struct image_files running = {
	.kallsyms = KALLSYMS,
	.filter_list = { "/sys/kernel/tracing/available_filter_functions",
			 "/sys/kernel/debug/tracing/available_filter_functions" },
	.kcore = "/proc/kcore",
};

static int by_addr(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

static int symbols_add(__u64 addr, const char *name)
{
	if (!(symbols_n & (symbols_n + 1)) || !symbols) {
		size_t room = symbols_n ? (symbols_n + 1) * 2 : 1024;
		struct symbol *v = realloc(symbols, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		symbols = v;
	}
	symbols[symbols_n].addr = addr;
	symbols[symbols_n].name = strdup(name);
	if (!symbols[symbols_n].name)
		return -ENOMEM;
	symbols_n++;
	return 0;
}

void kernel__forget_symbols(void)
{
	for (size_t i = 0; i < symbols_n; i++)
		free(symbols[i].name);
	free(symbols);
	symbols = NULL;
	symbols_n = 0;
}

bool facts__broken(int error)
{
	return error != ENOENT && error != EACCES && error != EPERM;
}

bool facts__next_symbol(FILE *kallsyms, unsigned long long *addr, char *type, char name[256])
{
	char line[512];

	while (fgets(line, sizeof(line), kallsyms))
		if (!strchr(line, '[') && sscanf(line, "%llx %c %255s", addr, type, name) == 3)
			return true;
	return false;
}

/* Text symbols of the image, not of modules: buffer.c, migrate.c and aio.c are built in. */
static int symbols_read(const char *path)
{
	FILE *f = symbols ? NULL : fopen(path, "re");
	unsigned long long addr;
	char name[256], type;
	int err = 0;

	if (!f)
		return symbols || !facts__broken(errno) ? 0 : -errno;
	while (!err && facts__next_symbol(f, &addr, &type, name))
		if (strchr("tTwW", type)) /* the address is 0 for who may not see it */
			err = symbols_add(addr, name);
	if (!err && ferror(f))
		err = -EIO;
	fclose(f);
	if (symbols_n)
		qsort(symbols, symbols_n, sizeof(*symbols), by_addr);
	return err;
}

static const struct symbol *symbol_at(__u64 addr)
{
	size_t lo = 0, hi = symbols_n;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (symbols[mid].addr <= addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo ? &symbols[lo - 1] : NULL;
}

void kernel__symbol(__u64 addr, char *buf, size_t size)
{
	const struct symbol *s;

	symbols_read(running.kallsyms);
	s = symbol_at(addr);
	if (s && addr - s->addr < MAX_FUNC_BYTES)
		snprintf(buf, size, "%s+0x%llx", s->name, (unsigned long long)(addr - s->addr));
	else
		snprintf(buf, size, "0x%llx", (unsigned long long)addr);
}

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

static int want_func(void *ctx, const char *name)
{
	return func_create(ctx, name) ? 0 : -ENOMEM;
}

/* libbpf speaks when asked: -vv its warnings, -vvv all. */
static int __attribute__((format(printf, 2, 0)))
print_libbpf(enum libbpf_print_level level, const char *fmt, va_list args)
{
	if (log_level < 2 || (level == LIBBPF_DEBUG && log_level < 3))
		return 0;
	return vfprintf(stderr, fmt, args);
}

static int read_symbols(struct facts *f, const char *path)
{
	int err = symbols_read(path);

	if (err) {
		f->unreadable = err == -ENOMEM ? NULL : KALLSYMS;
		return err;
	}
	f->feature[FEAT_SYMBOLS] = symbols_n && symbols[symbols_n - 1].addr;
	f->feature[FEAT_TRAMPOLINES] =
		!symbols_n; /* who may not see it will be told by the kernel */
	for (size_t i = 0; i < symbols_n; i++) {
		struct fact_func *v = (struct fact_func *)facts__func(f, symbols[i].name);
		size_t next = i + 1;

		if (!strcmp(symbols[i].name, "register_ftrace_direct"))
			f->feature[FEAT_TRAMPOLINES] = true;
		if (!v)
			continue;
		v->symbols++;
		if (!symbols[i].addr)
			continue;
		while (next < symbols_n && symbols[next].addr == symbols[i].addr)
			next++;
		v->addr = symbols[i].addr;
		v->size = next < symbols_n ? symbols[next].addr - v->addr : 0;
	}
	return 0;
}

static void read_filter_list(struct facts *f, const char *const paths[2])
{
	char line[256];
	FILE *list = NULL;

	for (size_t i = 0; i < 2 && !list; i++)
		list = fopen(paths[i], "re");
	for (size_t i = 0; !list && i < f->funcs_n; i++)
		f->funcs[i].traceable = f->funcs[i].in_btf;
	if (!list)
		return;
	while (fgets(line, sizeof(line), list)) {
		struct fact_func *v;

		line[strcspn(line, " \n")] = 0;
		v = (struct fact_func *)facts__func(f, line);
		f->feature[FEAT_FILTER_LIST] = true;
		if (v)
			v->traceable = true;
	}
	if (ferror(list)) { /* half a list is none */
		f->feature[FEAT_FILTER_LIST] = false;
		for (size_t i = 0; i < f->funcs_n; i++)
			f->funcs[i].traceable = f->funcs[i].in_btf;
	}
	fclose(list);
}

struct scan {
	struct facts *f;
	const struct fact_func *func;
	const struct text_target *targets;
	const struct text_func *text;
};

static struct fact_call *scan_add(struct scan *s, const char *callee, __u32 offset, __u32 next)
{
	struct fact_call *v = realloc(s->f->calls, (s->f->calls_n + 1) * sizeof(*v));

	if (!v)
		return NULL;
	s->f->calls = v;
	v += s->f->calls_n++;
	memset(v, 0, sizeof(*v));
	snprintf(v->func, sizeof(v->func), "%s", s->func->name);
	snprintf(v->callee, sizeof(v->callee), "%s", callee);
	v->offset = v->ahead = offset;
	v->next = v->behind = next;
	return v;
}

static int scan_inlined(void *ctx, const struct text_place *p)
{
	struct scan *s = ctx;
	struct fact_call *v = scan_add(s, p->what, p->offset, p->next);

	if (!v)
		return -ENOMEM;
	v->reg = p->reg;
	if (!strcmp(p->what, CALLEE_INLINE_UNLOCK)) {
		v->ahead = text__ahead(s->text, p->offset);
		v->behind = text__behind(s->text, p->next);
	}
	return 0;
}

static int scan_hit(void *ctx, size_t target, __u32 offset, __u32 next)
{
	struct scan *s = ctx;
	const char *name = s->targets[target].name;
	struct fact_call *v = scan_add(s, name, offset, next);
	int ret = 0;

	if (!v)
		return -ENOMEM;
	v->ahead = text__ahead(s->text, offset);
	v->behind = next ? text__behind(s->text, next) : 0;
	if (!strcmp(name, CALLEE_SLOW_LOCK))
		ret = text__inline_lock(s->text->hot.code, s->text->hot.size, offset, scan_inlined,
					s);
	return ret < 0 ? ret : 0;
}

/* Names like NAME.cold and NAME.cold.3 */
static bool is_cold_of(const char *symbol, const char *name)
{
	size_t len = strlen(name);

	return !strncmp(symbol, name, len) && !strncmp(symbol + len, ".cold", 5);
}

/* What the compiler moved away from @func, into @code. 0, with @part filled if there is any. */
static int read_cold(struct text *t, const struct fact_func *func, unsigned char *code, size_t size,
		     struct text_part *part)
{
	for (size_t i = 0; i + 1 < symbols_n; i++) {
		if (!is_cold_of(symbols[i].name, func->name))
			continue;
		part->code = code;
		part->size = symbols[i + 1].addr - symbols[i].addr;
		part->at = symbols[i].addr - func->addr;
		return part->size > size ? -E2BIG :
					   text__read(t, symbols[i].addr, code, part->size);
	}
	return 0;
}

static int scan_func(struct facts *f, struct text *t, const struct fact_func *func,
		     const struct text_target *targets, size_t n)
{
	static unsigned char code[MAX_FUNC_BYTES], cold[MAX_FUNC_BYTES];
	struct text_func whole = {
		.hot = { code, func->size, 0 },
		.image_start = symbols[0].addr - func->addr,
		.image_end = symbols[symbols_n - 1].addr - func->addr,
	};
	struct scan s = { f, func, targets, &whole };
	int err;

	if (func->symbols != 1 || !func->size || func->size > sizeof(code))
		return 0;
	err = text__read(t, func->addr, code, func->size);
	if (!err)
		err = read_cold(t, func, cold, sizeof(cold), &whole.cold);
	if (err)
		return err;
	err = text__branches(code, func->size, func->addr, targets, n, scan_hit, &s);
	if (err >= 0)
		err = text__inline_unlocks(code, func->size, scan_inlined, &s);
	if (err >= 0)
		err = text__blockers(code, func->size, scan_inlined, &s);
	if (err >= 0)
		err = text__exits(&whole, scan_inlined, &s);
	return err < 0 ? err : 0;
}

static int read_text(struct facts *f, const char *kcore)
{
	const char *const *hosts = probes__hosts(), *const *callees = probes__callees();
	struct text_target targets[32];
	const char *why = NULL;
	struct text *t;
	size_t n = 0;
	int err = 0;

	t = f->feature[FEAT_SYMBOLS] ? text__open(kcore, &why) : NULL;
	if (!t) {
		snprintf(f->text_reason, sizeof(f->text_reason), "%s",
			 why ? why : "no addresses in /proc/kallsyms (kernel.kptr_restrict, root)");
		return 0;
	}
	for (; *callees && n < 32; callees++) {
		const struct fact_func *v = facts__func(f, *callees);

		if (v && v->symbols == 1)
			targets[n++] = (struct text_target){ *callees, v->addr };
	}
	for (; *hosts && !err; hosts++) {
		const struct fact_func *v = facts__func(f, *hosts);

		if (v && v->symbols)
			err = scan_func(f, t, v, targets, n);
	}
	text__close(t);
	f->feature[FEAT_TEXT] = !err;
	if (err)
		snprintf(f->text_reason, sizeof(f->text_reason), "/proc/kcore can't be read: %s",
			 strerror(-err));
	return err == -ENOMEM ? err : 0;
}

int facts__want(struct facts *f)
{
	return probes__interest(want_func, f);
}

int facts__read_image(struct facts *f, const struct image_files *files)
{
	int err = read_symbols(f, files->kallsyms);

	if (err)
		return err;
	read_filter_list(f, files->filter_list);
	return read_text(f, files->kcore);
}

int facts__read(struct facts *f, const char *btf)
{
	struct utsname u;
	int err;

	memset(f, 0, sizeof(*f));
	f->btf = btf;
	uname(&u);
	snprintf(f->release, sizeof(f->release), "%s", u.release);
	snprintf(f->version, sizeof(f->version), "%s", u.version);
	snprintf(f->arch, sizeof(f->arch), "%.15s", u.machine);
	libbpf_set_print(print_libbpf);
	err = facts__want(f);
	if (err)
		return err;
	f->feature[FEAT_KPROBES] = !access("/sys/bus/event_source/devices/kprobe/type", F_OK);
	err = facts__read_btf(f, running.kallsyms);
	return err ? err : facts__read_image(f, &running);
}
