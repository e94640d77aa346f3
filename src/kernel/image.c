// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* What is in the kernel's image, for the fact sheet: what is traceable, calls. Stage 0. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "kernel/facts.h"
#include "kernel/insn.h"
#include "kernel/symbols.h"

#define MAX_FUNC_BYTES 65536
#define ENTRY_BYTES    16

/*
 * What is traceable says the function's own entry: the place that ftrace has there. False: of one that
 * can't be told, somebody traces or probes it just now, or it is none; then the list has to be read. (Not
 * for one that is only called: folio_wait_bit_common() is not traceable on 6.1, and cost 0.35 s there.)
 */
static bool read_entries(struct facts *f, struct text *t)
{
	for (size_t i = 0; i < f->funcs_n; i++) {
		struct fact_func *v = &f->funcs[i];
		unsigned char code[ENTRY_BYTES];

		v->traceable = v->symbols && v->size >= sizeof(code) &&
			       !text__read(t, v->addr, code, sizeof(code)) &&
			       insn__traceable(code, sizeof(code));
		if (!v->in_btf || !v->symbols || v->traceable || !(v->wants & WANT_ENTRY))
			continue;
		if (log_level > 1)
			log_info("%s: its entry does not say if it is traceable", v->name);
		return false;
	}
	f->feature[FEAT_FILTER_LIST] = true;
	return true;
}

static void read_filter_list(struct facts *f, const char *const paths[2])
{
	char line[512];
	FILE *list = NULL;

	for (size_t i = 0; i < 2 && !list; i++)
		list = fopen(paths[i], "re");
	for (size_t i = 0; i < f->funcs_n; i++)
		f->funcs[i].traceable = !list && f->funcs[i].in_btf;
	if (!list)
		return;
	setvbuf(list, NULL, _IOFBF, sizeof(line) * 128);
	while (fgets(line, sizeof(line), list)) {
		struct fact_func *v;

		f->feature[FEAT_FILTER_LIST] = true;
		if (strchr(line, '[')) /* a module's */
			continue;
		line[strcspn(line, " \n")] = 0;
		v = (struct fact_func *)facts__func(f, line);
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
	bool cold; /* entered from elsewhere: a place ahead of a call may be jumped over */
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
	v->next = v->behind = v->branch = next;
	return v;
}

static int scan_inlined(void *ctx, const struct text_place *p)
{
	struct scan *s = ctx;
	struct fact_call *v = scan_add(s, p->what, p->offset, p->next);

	if (!v)
		return -ENOMEM;
	v->reg = p->reg;
	if (!strcmp(p->what, CALLEE_INLINE_UNLOCK) && !s->cold) {
		v->ahead = text__ahead(s->text, p->offset);
		v->behind = text__behind(s->text, p->next);
	}
	return 0;
}

static int scan_hit(void *ctx, size_t target, __u32 offset, __u32 next)
{
	struct scan *s = ctx;
	const char *name = s->targets[target].name;
	struct fact_call *v;
	int ret = 0;

	if (!strcmp(name, s->func->name))
		return 0; /* a jump to its own begin */
	v = scan_add(s, name, offset, next);
	if (!v)
		return -ENOMEM;
	if (!s->cold) {
		v->ahead = text__ahead(s->text, offset);
		v->behind = next ? text__behind(s->text, next) : 0;
		v->branch = next && s->f->emulates_branches ? text__branch(s->text, next) : next;
	}
	if (!strcmp(name, CALLEE_SLOW_LOCK))
		ret = text__inline_lock(s->text->hot.code, s->text->hot.size, offset, scan_inlined,
					s);
	return ret < 0 ? ret : 0;
}

/* What the compiler moved away from @func, into @code. 0, with @part filled if there is any. */
static int read_cold(const struct facts *f, struct text *t, const struct fact_func *func,
		     unsigned char *code, size_t size, struct text_part *part)
{
	for (size_t i = 0; i < f->funcs_n; i++) {
		const struct fact_func *v = &f->funcs[i];
		size_t len = strlen(func->name);

		if (!v->symbols || strncmp(v->name, func->name, len) ||
		    strncmp(v->name + len, ".cold", 5))
			continue;
		part->code = code;
		part->size = v->size;
		part->at = v->addr - func->addr;
		return part->size > size ? -E2BIG : text__read(t, v->addr, code, part->size);
	}
	return 0;
}

static int scan_func(struct facts *f, struct text *t, const struct fact_func *func,
		     const struct text_target *targets, size_t n)
{
	static unsigned char code[MAX_FUNC_BYTES], cold[MAX_FUNC_BYTES];
	struct text_func whole = {
		.hot = { code, func->size, 0 },
		.image_start = f->image_start - func->addr,
		.image_end = f->image_end - func->addr,
	};
	struct scan s = { f, func, targets, &whole, false };
	enum copy_kind kind;
	int err;

	if (func->symbols != 1 || !func->size || func->size > sizeof(code))
		return 0;
	copy__base(func->name, &kind);
	s.cold = kind == COPY_COLD;
	err = text__read(t, func->addr, code, func->size);
	if (!err && !s.cold)
		err = read_cold(f, t, func, cold, sizeof(cold), &whole.cold);
	if (err)
		return err;
	err = text__branches(code, func->size, func->addr, targets, n, scan_hit, &s);
	if (err >= 0)
		err = text__inline_unlocks(code, func->size, scan_inlined, &s);
	if (err >= 0)
		err = text__blockers(code, func->size, scan_inlined, &s);
	if (err >= 0 && !s.cold)
		err = text__exits(&whole, scan_inlined, &s);
	return err < 0 ? err : 0;
}

/*
 * What calls are looked for of: what the probes name, functions whose calls are read, and the copies of
 * both. A callee's copy with the same arguments goes by the callee's name. NULL: no memory.
 */
static struct text_target *find_targets(const struct facts *f, size_t *n)
{
	struct text_target *targets = calloc(f->funcs_n + 1, sizeof(*targets));

	*n = 0;
	for (size_t i = 0; targets && i < f->funcs_n; i++) {
		const struct fact_func *v = &f->funcs[i];
		const char *name = v->name;
		enum copy_kind kind;
		size_t base = copy__base(name, &kind);

		if (v->symbols != 1 || !(v->wants & (WANT_CALLS | WANT_CALLEE)) ||
		    kind == COPY_COLD)
			continue;
		if (kind == COPY_SAME && v->wants & WANT_CALLEE)
			for (size_t j = 0; j < f->funcs_n; j++)
				if (strlen(f->funcs[j].name) == base &&
				    !strncmp(f->funcs[j].name, v->name, base))
					name = f->funcs[j].name;
		targets[(*n)++] = (struct text_target){ name, v->addr };
	}
	return targets;
}

static bool all_zero(const struct facts *f, struct text *t)
{
	unsigned char code[64];
	bool any = false;

	for (size_t i = 0; i < f->funcs_n; i++) {
		const struct fact_func *v = &f->funcs[i];
		size_t size = v->size < sizeof(code) ? v->size : sizeof(code);

		if (v->symbols != 1 || !size || text__read(t, v->addr, code, size))
			continue;
		for (size_t j = 0; j < size; j++)
			if (code[j])
				return false;
		any = true;
	}
	return any;
}

static int scan_all(struct facts *f, struct text *t)
{
	struct text_target *targets;
	size_t n, funcs_n = f->funcs_n;
	int err = 0;

	targets = find_targets(f, &n);
	if (!targets)
		return -ENOMEM;
	for (size_t i = 0; i < funcs_n && !err; i++)
		if (f->funcs[i].symbols && f->funcs[i].wants & WANT_CALLS)
			err = scan_func(f, t, &f->funcs[i], targets, n);
	free(targets);
	return err;
}

/* Why no place in the kernel's text is known. */
static const char *no_addresses(void)
{
	return symbols__get()->image.n ?
		       "/proc/kallsyms hides the addresses (kernel.kptr_restrict, or no CAP_SYSLOG)" :
		       "/proc/kallsyms has no symbols (CONFIG_KALLSYMS)";
}

static int read_text(struct facts *f, struct text *t, const char *why)
{
	int err;

	if (!f->feature[FEAT_SYMBOLS])
		why = no_addresses();
	if (!why && all_zero(f, t))
		why = "/proc/kcore reads as zeros";
	if (why) {
		snprintf(f->text_reason, sizeof(f->text_reason), "%s", why);
		return 0;
	}
	err = scan_all(f, t);
	f->feature[FEAT_TEXT] = !err;
	if (err)
		snprintf(f->text_reason, sizeof(f->text_reason), "/proc/kcore can't be read: %s",
			 strerror(-err));
	return err == -ENOMEM ? err : 0;
}

int facts__read_image(struct facts *f, const struct image_files *files)
{
	const char *why = NULL;
	struct text *t = text__open(files->kcore, &why);
	bool sooner = t && files->sooner && symbols__visible(files->kallsyms);
	bool table = sooner && !facts__read_table(f, t);
	int err = table ? 0 : facts__read_symbols(f, files->kallsyms);

	log_step(table ? "the kernel's table of symbols" : "/proc/kallsyms");
	if (!err && !(sooner && read_entries(f, t)))
		read_filter_list(f, files->filter_list);
	log_step("what is traceable");
	if (!err)
		err = read_text(f, t, why);
	log_step("the kernel's text");
	text__close(t);
	return err;
}
