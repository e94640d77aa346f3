// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The table of symbols that the kernel has in its image (kernel/kallsyms.c), by /proc/kcore. /proc/kallsyms
 * is the same as text, of which the kernel makes a line each for 150000 symbols whenever it is read:
 * half a second, or four of a busy emulated CPU. Where the table lies says the note VMCOREINFO since
 * "vmcoreinfo: include kallsyms symbols" (5fd8fea935a1, 6.0). Of what is not understood nothing is
 * taken. Stage 0.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/image_table.h"

#define TOKENS	    256
#define MAX_SYMBOLS (1u << 22)
#define MAX_NAMES   (64u << 20)

/* Where its parts lie. */
struct places {
	__u64 names, count, token_table, token_index, offsets, base;
	__u64 stext; /* not of the table: to try it by */
};

struct table {
	unsigned char *names, *token_table;
	__u16 token_index[TOKENS];
	__s32 *offsets;
	size_t names_size, tokens_size;
	__u32 count;
	__u64 base;
	__u64 place; /* of the offsets, which are from each one's own; 0: from the base, to 6.19 */
	bool absolute; /* offsets that are not negative are addresses: of per-CPU variables, to 6.14 */
};

/* The address of @symbol in the note, 0: it says nothing of it. */
static __u64 place_of(const char *note, const char *symbol)
{
	char line[64];
	const char *at;

	snprintf(line, sizeof(line), "SYMBOL(%s)=", symbol);
	at = strstr(note, line);
	return at ? strtoull(at + strlen(line), NULL, 16) : 0;
}

static bool find_places(struct text *t, struct places *p)
{
	char *note = text__note(t, "VMCOREINFO");

	if (!note)
		return false;
	p->names = place_of(note, "kallsyms_names");
	p->count = place_of(note, "kallsyms_num_syms");
	p->token_table = place_of(note, "kallsyms_token_table");
	p->token_index = place_of(note, "kallsyms_token_index");
	p->offsets = place_of(note, "kallsyms_offsets");
	p->base = place_of(note, "kallsyms_relative_base");
	p->stext = place_of(note, "_stext");
	free(note);
	return p->names && p->count && p->token_table > p->names && p->token_index && p->offsets &&
	       p->stext;
}

/* @size bytes at @addr; the caller's, NULL: not to be had. */
static void *read_part(struct text *t, __u64 addr, size_t size)
{
	void *part = malloc(size);

	if (part && !text__read(t, addr, part, size))
		return part;
	free(part);
	return NULL;
}

static bool read_table(struct text *t, const struct places *p, struct table *s)
{
	/* markers lie between the two, which are not needed */
	s->names_size = p->token_table - p->names;
	if (s->names_size > MAX_NAMES || text__read(t, p->count, &s->count, sizeof(s->count)) ||
	    !s->count || s->count > MAX_SYMBOLS ||
	    (p->base && text__read(t, p->base, &s->base, sizeof(s->base))) ||
	    text__read(t, p->token_index, s->token_index, sizeof(s->token_index)))
		return false;
	/* the last token may be a symbol's longest */
	s->tokens_size = s->token_index[TOKENS - 1] + FUNC_NAME;
	s->token_table = read_part(t, p->token_table, s->tokens_size);
	s->names = read_part(t, p->names, s->names_size);
	s->offsets = read_part(t, p->offsets, s->count * sizeof(*s->offsets));
	s->place = p->base ? 0 : p->offsets;
	return s->token_table && s->names && s->offsets;
}

static void free_table(struct table *s)
{
	free(s->names);
	free(s->token_table);
	free(s->offsets);
}

/* Without a base: "kallsyms: Get rid of kallsyms relative base" (a081b5789255, 7.0). */
static __u64 address(const struct table *s, __u32 i)
{
	if (s->place)
		return s->place + i * sizeof(*s->offsets) + s->offsets[i];
	if (!s->absolute)
		return s->base + (__u32)s->offsets[i];
	return s->offsets[i] < 0 ? s->base - 1 - s->offsets[i] : (__u64)s->offsets[i];
}

/* The bytes of the name at *@at, which is moved behind them. Less than 0: it is cut off. */
static ssize_t name_bytes(const struct table *s, size_t *at)
{
	size_t len;

	if (*at + 2 > s->names_size)
		return -1;
	len = s->names[(*at)++];
	if (len & 0x80) /* "kallsyms: support "big" kernel symbols", 6.1 */
		len = (len & 0x7f) | (size_t)s->names[(*at)++] << 7;
	*at += len;
	return *at <= s->names_size ? (ssize_t)len : -1;
}

/* What @bytes stand for: type and name, in @out. Its length, 0: not to be understood, or too long. */
static size_t expand(const struct table *s, const unsigned char *bytes, size_t n, char *out,
		     size_t size)
{
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		size_t at = s->token_index[bytes[i]];

		for (; at < s->tokens_size && s->token_table[at]; at++) {
			if (len + 1 >= size)
				return 0;
			out[len++] = s->token_table[at];
		}
		if (at >= s->tokens_size)
			return 0;
	}
	out[len] = 0;
	return len > 1 ? len : 0;
}

static bool is_function(char type)
{
	return type == 't' || type == 'T' || type == 'w' || type == 'W';
}

static char type_of(const struct table *s, const unsigned char *bytes, size_t n)
{
	size_t at = n ? s->token_index[bytes[0]] : s->tokens_size;

	return at < s->tokens_size ? s->token_table[at] : 0;
}

/* Offsets of 2 GiB and more into the image there are none: the sign says how they are meant. */
static bool has_absolute(const struct table *s)
{
	for (__u32 i = 0; i < s->count; i++)
		if (s->offsets[i] < 0)
			return true;
	return false;
}

/*
 * Functions only. They have to come in order, and the one of which the note has the address as well has
 * to be where that says. 0, -EINVAL: it is not understood, or @cb's.
 */
static int walk(const struct table *s, __u64 stext, image_symbol_cb *cb, void *ctx)
{
	char name[SYMBOL_NAME];
	bool found = false;
	__u64 last = 0;
	size_t at = 0;

	for (__u32 i = 0; i < s->count; i++) {
		ssize_t n = name_bytes(s, &at);
		const unsigned char *bytes = s->names + at - n;
		__u64 addr = address(s, i);
		int err;

		if (n <= 0)
			return -EINVAL;
		if (!is_function(type_of(s, bytes, n)))
			continue;
		if (!expand(s, bytes, n, name, sizeof(name)) || addr < last)
			return -EINVAL;
		last = addr;
		found |= addr == stext && !strcmp(name + 1, "_stext");
		err = cb(ctx, addr, name + 1);
		if (err)
			return err;
	}
	return found ? 0 : -EINVAL;
}

int image_table__each(struct text *t, image_symbol_cb *cb, void *ctx)
{
	struct table s = { 0 };
	struct places p;
	int err = -ENOENT;

	if (!find_places(t, &p))
		return -ENOENT;
	if (read_table(t, &p, &s)) {
		s.absolute = has_absolute(&s);
		err = walk(&s, p.stext, cb, ctx);
	}
	free_table(&s);
	return err;
}
