// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What a compiler makes of a function's name, and which functions of a fact sheet that concerns. gcc
 * and clang leave copies with other arguments, and parts, under the name with a suffix; a name of the
 * probe table stands for all of them. Stage 0.
 */
#include <string.h>

#include "kernel.h"

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

bool facts__calls(const struct facts *f, const char *func, const char *const *callees)
{
	for (size_t i = 0; i < f->calls_n; i++)
		if (copy__kind(f->calls[i].func, func) &&
		    copy__in_list(callees, f->calls[i].callee))
			return true;
	return false;
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
