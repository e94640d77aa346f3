// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a fact sheet says, and fact sheets as text, one fact a line, so that a bug report can carry
 * one and a test can load it. No kernel is asked here. Stage 0; addresses are left out: they are
 * secrets and differ at every boot.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/input.h"
#include "kernel/facts.h"

static const char *const feature_names[FEAT_COUNT] = {
	[FEAT_BTF] = "btf",
	[FEAT_BTF_ELSEWHERE] = "btf_elsewhere",
	[FEAT_KPROBES] = "kprobes",
	[FEAT_BH_MIGRATE] = "bh_migrate",
	[FEAT_MMB] = "mapping_metadata_bhs",
	[FEAT_SLEEPING_LOOKUP] = "sleeping_lookup",
	[FEAT_RT] = "preempt_rt",
	[FEAT_TRAMPOLINE_GUARD] = "trampoline_guard",
	[FEAT_TRAMPOLINES] = "trampolines",
	[FEAT_COOKIES] = "cookies",
	[FEAT_SYMBOLS] = "symbols",
	[FEAT_TEXT] = "text",
	[FEAT_FILTER_LIST] = "filter_list",
	[FEAT_CONTENDED] = "contended_release",
	[FEAT_LRU_DRAINS] = "lru_drains",
};

const char *feature__name(unsigned int feature)
{
	return feature < FEAT_COUNT ? feature_names[feature] : NULL;
}

/* What it is to be without, in the words of a reason; NULL: it is not a lack, or says so elsewhere. */
static const char *const lacking[FEAT_COUNT] = {
	[FEAT_BTF] = "this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)",
	[FEAT_KPROBES] = "this kernel has no kprobes (CONFIG_KPROBE_EVENTS)",
	[FEAT_BH_MIGRATE] = "kernel has no BH_Migrate",
	[FEAT_SLEEPING_LOOKUP] = "lookups of this kernel never sleep (find_get_block_common, 6.15)",
	[FEAT_TRAMPOLINE_GUARD] = "this kernel's trampolines have no recursion guard (5.12)",
	[FEAT_CONTENDED] = "this kernel has no tracepoint contended_release (7.3)",
	[FEAT_LRU_DRAINS] = "this kernel has no tracepoint mm_lru_add_drain (7.3)",
	[FEAT_TRAMPOLINES] =
		"this kernel has no trampolines on functions (CONFIG_FUNCTION_TRACER; arm64: 6.4)",
};

const char *facts__lacking(unsigned int feature)
{
	return feature < FEAT_COUNT ? lacking[feature] : NULL;
}

const char *facts__no_btf(const struct facts *f)
{
	return *f->btf_reason ? f->btf_reason : facts__lacking(FEAT_BTF);
}

bool facts__known(const struct facts *f, unsigned int feature)
{
	static const bool in_btf[FEAT_COUNT] = {
		[FEAT_BH_MIGRATE] = true, [FEAT_MMB] = true,	    [FEAT_SLEEPING_LOOKUP] = true,
		[FEAT_RT] = true,	  [FEAT_COOKIES] = true,    [FEAT_TRAMPOLINE_GUARD] = true,
		[FEAT_CONTENDED] = true,  [FEAT_LRU_DRAINS] = true,
	};

	return f->feature[FEAT_BTF] || !in_btf[feature];
}

const struct fact_func *facts__func(const struct facts *f, const char *name)
{
	for (size_t i = 0; i < f->funcs_n; i++)
		if (!strcmp(f->funcs[i].name, name))
			return &f->funcs[i];
	return NULL;
}

void facts__free(struct facts *f)
{
	free(f->funcs);
	free(f->calls);
	memset(f, 0, sizeof(*f));
}

const char *facts__generation(const struct facts *f, const char **evidence)
{
	const struct fact_func *common = facts__func(f, "find_get_block_common");

	if (!f->feature[FEAT_BTF]) {
		*evidence = "no BTF";
		return "unknown";
	}
	if (f->feature[FEAT_BH_MIGRATE] && f->feature[FEAT_MMB]) {
		*evidence = "BTF: bh_state_bits has BH_Migrate, struct mapping_metadata_bhs exists";
		return "bh_migrate+mmb";
	}
	if (f->feature[FEAT_BH_MIGRATE]) {
		*evidence = "BTF: bh_state_bits has BH_Migrate";
		return "bh_migrate";
	}
	if (f->feature[FEAT_SLEEPING_LOOKUP]) {
		*evidence = common && common->in_btf ?
				    "BTF: find_get_block_common exists, BH_Migrate does not" :
				    "kallsyms: find_get_block_common, renamed; BTF: no BH_Migrate";
		return "held+sleeping";
	}
	*evidence = "BTF: neither BH_Migrate nor find_get_block_common; no migration with buffers "
		    "seen yet";
	return "held or racy";
}

static void save_call(const struct fact_call *c, FILE *out)
{
	fprintf(out, "call %s 0x%x 0x%x %s", c->func, c->offset, c->next, c->callee);
	if (c->ahead != c->offset || c->behind != c->next)
		fprintf(out, " ahead=0x%x behind=0x%x", c->ahead, c->behind);
	if (c->branch != c->next)
		fprintf(out, " branch=0x%x", c->branch);
	if (c->reg)
		fprintf(out, " reg=%u", c->reg);
	fputc('\n', out);
}

static void save_func(const struct fact_func *v, FILE *out)
{
	fprintf(out, "func %s btf=%d traceable=%d symbols=%u", v->name, v->in_btf, v->traceable,
		v->symbols);
	if (v->modules)
		fprintf(out, " modules=%u", v->modules);
	fputc('\n', out);
}

void facts__save(const struct facts *f, FILE *out)
{
	fprintf(out, "migtrace-facts 1\nrelease %s\narch %s\n", f->release, f->arch);
	if (f->asks > 1)
		fprintf(out, "asks %u\n", f->asks);
	for (unsigned int i = 0; i < FEAT_COUNT; i++)
		fprintf(out, "feature %s %s\n", feature__name(i), f->feature[i] ? "yes" : "no");
	if (!f->feature[FEAT_TEXT])
		fprintf(out, "text_reason %s\n", f->text_reason);
	if (*f->btf_reason)
		fprintf(out, "btf_reason %s\n", f->btf_reason);
	for (size_t i = 0; i < f->funcs_n; i++) {
		const struct fact_func *v = &f->funcs[i];

		if (!v->implied && (v->in_btf || v->traceable || v->symbols))
			save_func(v, out);
	}
	for (size_t i = 0; i < f->calls_n; i++)
		save_call(&f->calls[i], out);
}

static int load_func(struct facts *f, const char *line)
{
	struct fact_func *v = realloc(f->funcs, (f->funcs_n + 1) * sizeof(*v));
	int btf, traceable;

	if (!v)
		return -ENOMEM;
	f->funcs = v;
	v += f->funcs_n++;
	memset(v, 0, sizeof(*v));
	if (sscanf(line, "func %127s btf=%d traceable=%d symbols=%u modules=%u", v->name, &btf,
		   &traceable, &v->symbols, &v->modules) < 4)
		return -EINVAL;
	v->in_btf = btf;
	v->traceable = traceable;
	return 0;
}

/* " NAME=..." of a call's line, cut off from the callee's name; NULL: it has none. */
static char *call_option(struct fact_call *v, const char *name)
{
	char *found = strstr(v->callee, name);

	if (found)
		*found = 0;
	return found ? found + 1 : NULL;
}

static int load_call(struct facts *f, const char *line)
{
	struct fact_call *v = realloc(f->calls, (f->calls_n + 1) * sizeof(*v));
	char *text;

	if (!v)
		return -ENOMEM;
	f->calls = v;
	v += f->calls_n++;
	memset(v, 0, sizeof(*v));
	if (sscanf(line, "call %127s %x %x %127[^\n]", v->func, &v->offset, &v->next, v->callee) !=
	    4)
		return -EINVAL;
	v->ahead = v->offset;
	v->behind = v->branch = v->next;
	text = call_option(v, " reg=");
	if (text && sscanf(text, "reg=%hhu", &v->reg) != 1)
		return -EINVAL;
	text = call_option(v, " branch=");
	if (text && sscanf(text, "branch=%x", &v->branch) != 1)
		return -EINVAL;
	text = call_option(v, " ahead=");
	if (text && sscanf(text, "ahead=%x behind=%x", &v->ahead, &v->behind) != 2)
		return -EINVAL;
	return 0;
}

static int load_feature(struct facts *f, const char *line)
{
	char name[64], value[8];

	if (sscanf(line, "feature %63s %7s", name, value) != 2)
		return -EINVAL;
	for (unsigned int i = 0; i < FEAT_COUNT; i++)
		if (!strcmp(feature__name(i), name))
			f->feature[i] = !strcmp(value, "yes");
	return 0;
}

/* Sheets come from strangers, and what they say goes to terminals. */
static bool printable(const char *line)
{
	while (*line >= ' ' && *line < 127)
		line++;
	return !*line || !strcmp(line, "\n");
}

static int load_line(struct facts *f, const char *line)
{
	if (!printable(line))
		return -EINVAL;
	if (!strncmp(line, "func ", 5))
		return load_func(f, line);
	if (!strncmp(line, "call ", 5))
		return load_call(f, line);
	if (!strncmp(line, "feature ", 8))
		return load_feature(f, line);
	sscanf(line, "release %79s", f->release);
	sscanf(line, "arch %15s", f->arch);
	sscanf(line, "asks %u", &f->asks);
	sscanf(line, "text_reason %119[^\n]", f->text_reason);
	sscanf(line, "btf_reason %119[^\n]", f->btf_reason);
	return 0;
}

/*
 * Sheets of an older migtrace say nothing of the two ways to __buffer_migrate_*(). Their addresses are
 * in tables, so that where it is they are, under their own names.
 */
static int add_ways(struct facts *f)
{
	static const char *const ways[][2] = {
		{ "__buffer_migrate_folio", "buffer_migrate_folio" },
		{ "__buffer_migrate_folio", "buffer_migrate_folio_norefs" },
		{ "__buffer_migrate_page", "buffer_migrate_page" },
		{ "__buffer_migrate_page", "buffer_migrate_page_norefs" },
	};
	char line[FUNC_NAME];
	int err = 0;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways) && !err; i++) {
		if (!facts__has_func(f, ways[i][0]) || facts__func(f, ways[i][1]))
			continue;
		snprintf(line, sizeof(line), "func %s btf=1 traceable=1 symbols=1", ways[i][1]);
		err = load_func(f, line);
		if (!err)
			f->funcs[f->funcs_n - 1].implied = true;
	}
	return err;
}

#define HEAD "migtrace-facts "

/* Sheets come by mail, too, which may end lines in its own way. */
static bool next_line(char *line, int size, FILE *in)
{
	char *end;

	if (!fgets(line, size, in))
		return false;
	end = strstr(line, "\r\n");
	if (end)
		strcpy(end, "\n");
	return true;
}

/* The lines of @in, of which a part is none, and which are one sheet. */
static int load_lines(struct facts *f, FILE *in)
{
	char line[512] = "";
	int err = 0;

	errno = 0;
	if (!next_line(line, sizeof(line), in))
		return ferror(in) && errno ? -errno : -EINVAL;
	if (strcmp(line, HEAD "1\n") != 0)
		return strncmp(line, HEAD, strlen(HEAD)) || !strchr(line, '\n') ? -EINVAL :
										  -EPROTONOSUPPORT;
	while (!err && next_line(line, sizeof(line), in)) {
		err = load_line(f, line);
		if (err == -EINVAL || !strncmp(line, HEAD, strlen(HEAD)))
			err = -EBADMSG;
	}
	if (!err && ferror(in))
		err = errno ? -errno : -EIO;
	return !err && !strchr(line, '\n') ? -EBADMSG : err;
}

int facts__load(struct facts *f, const char *path)
{
	FILE *in = input__open(path);
	int err;

	memset(f, 0, sizeof(*f));
	f->asks = 1;
	if (!in)
		return -errno;
	err = load_lines(f, in);
	fclose(in);
	if (!err && f->asks == 1 && f->feature[FEAT_BTF])
		err = add_ways(f);
	if (err)
		facts__free(f);
	return err;
}

bool facts__inlined(const struct facts *f)
{
	for (size_t i = 0; i < f->calls_n; i++)
		if (f->calls[i].reg)
			return true;
	return false;
}

/*
 * What a compiler makes of a function's name, and which functions of a fact sheet that concerns. gcc
 * and clang leave copies with other arguments, and parts, under the name with a suffix; a name of the
 * probe table stands for all of them.
 */

static const struct {
	const char *word;
	enum copy_kind kind;
} suffixes[] = {
	{ ".llvm.", COPY_SAME },	 /* clang's LTO: local, made global; a number follows */
	{ ".constprop.", COPY_CHANGED }, /* gcc: an argument was constant, and is gone */
	{ ".isra.", COPY_CHANGED },	 /* gcc: arguments were dropped, or passed by value */
	{ ".part.", COPY_PART },	 /* gcc: the rest of it, its beginning is in its callers */
	{ ".cold", COPY_COLD }, /* what is rarely executed, elsewhere; with or without number */
};

/* The length of the suffix at @p, 0: it is none; @kind: of what it makes of the function. */
static size_t suffix_length(const char *p, enum copy_kind *kind)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		size_t word = strlen(suffixes[i].word), digits;
		bool numbered = suffixes[i].word[word - 1] == '.';

		if (strncmp(p, suffixes[i].word, word))
			continue;
		*kind = suffixes[i].kind;
		if (!numbered && p[word] == '.')
			word++;
		digits = strspn(p + word, "0123456789");
		if (!digits && (numbered || p[word - 1] == '.'))
			return 0;
		return word + digits;
	}
	return 0;
}

size_t copy__base(const char *symbol, enum copy_kind *kind)
{
	size_t base = strcspn(symbol, "."), at = base, n;
	enum copy_kind one;

	*kind = COPY_PLAIN;
	for (; symbol[at]; at += n) {
		n = suffix_length(symbol + at, &one);
		if (!n) {
			*kind = COPY_PLAIN;
			return strlen(symbol);
		}
		if (one > *kind)
			*kind = one;
	}
	return base;
}

enum copy_kind copy__kind(const char *symbol, const char *name)
{
	size_t len = strlen(name);
	enum copy_kind kind;

	if (strncmp(symbol, name, len))
		return COPY_NONE;
	return copy__base(symbol, &kind) == len ? kind : COPY_NONE;
}

bool copy__in_list(const char *const *names, const char *symbol)
{
	for (; *names; names++)
		if (copy__kind(symbol, *names))
			return true;
	return false;
}

const struct fact_func *facts__copy(const struct facts *f, const char *name, unsigned int kinds)
{
	for (size_t i = 0; i < f->funcs_n; i++)
		if (f->funcs[i].symbols && kinds & 1u << copy__kind(f->funcs[i].name, name))
			return &f->funcs[i];
	return NULL;
}

bool facts__has_func(const struct facts *f, const char *name)
{
	const struct fact_func *v = facts__func(f, name);

	if ((v && v->in_btf) || facts__copy(f, name, ANY_COPY))
		return true;
	for (size_t i = 0; i < f->calls_n; i++)
		if (copy__kind(f->calls[i].func, name))
			return true;
	return false;
}

unsigned int facts__calls(const struct facts *f, const char *func, const char *const *callees)
{
	unsigned int n = 0;

	for (size_t i = 0; i < f->calls_n; i++)
		n += copy__kind(f->calls[i].func, func) &&
		     copy__in_list(callees, f->calls[i].callee);
	return n;
}

const struct fact_func *facts__split(const struct facts *f, const char *name)
{
	const struct fact_func *part = facts__copy(f, name, 1u << COPY_PART);

	if (!part || !facts__copy(f, name, WHOLE_COPY))
		return part;
	for (size_t i = 0; i < f->calls_n; i++)
		if (copy__kind(f->calls[i].callee, name) == COPY_PART &&
		    !copy__kind(f->calls[i].func, name))
			return facts__func(f, f->calls[i].callee) ?: part;
	return NULL;
}
