// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * BTF that a libbpf refuses for a kind of types that came after it: which. It has one errno for all
 * that may be wrong, and of a type that it does not know nobody can say where the next one begins.
 * Stage 0.
 */
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/facts.h"

#define MAX_BTF_BYTES (64u << 20)

struct raw_btf {
	unsigned char *data;
	size_t size;
};

static bool read_all(const char *path, struct raw_btf *b)
{
	FILE *f = fopen(path, "re");
	size_t room = 0, got = 1;

	while (f && got && b->size < MAX_BTF_BYTES) {
		if (b->size == room) {
			unsigned char *v = realloc(b->data, room = room ? room * 2 : 1 << 20);

			if (!v)
				break;
			b->data = v;
		}
		got = fread(b->data + b->size, 1, room - b->size, f);
		b->size += got;
	}
	if (f)
		fclose(f);
	return f && !got;
}

/* Bytes behind the type @t, whose kind is known. */
static size_t trailing(const struct btf_type *t)
{
	size_t n = BTF_INFO_VLEN(t->info);

	switch (BTF_INFO_KIND(t->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(__u32);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return n * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return n * sizeof(struct btf_enum);
	case BTF_KIND_FUNC_PROTO:
		return n * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return n * sizeof(struct btf_var_secinfo);
	case BTF_KIND_ENUM64:
		return n * sizeof(struct btf_enum64);
	default:
		return 0;
	}
}

/* The first kind in @b that is not known, 0: there is none. */
static unsigned int unknown_kind(const struct raw_btf *b)
{
	struct btf_header h;
	struct btf_type t;
	size_t at, end;

	if (b->size < sizeof(h))
		return 0;
	memcpy(&h, b->data, sizeof(h));
	at = (size_t)h.hdr_len + h.type_off;
	end = at + h.type_len;
	if (h.magic != BTF_MAGIC || end > b->size)
		return 0;
	for (; at + sizeof(t) <= end; at += sizeof(t) + trailing(&t)) {
		memcpy(&t, b->data + at, sizeof(t));
		if (BTF_INFO_KIND(t.info) > BTF_KIND_MAX)
			return BTF_INFO_KIND(t.info);
	}
	return 0;
}

bool facts__newer_btf(const char *path, char *why, size_t size)
{
	struct raw_btf b = { 0 };
	unsigned int kind = read_all(path, &b) ? unknown_kind(&b) : 0;

	free(b.data);
	if (kind)
		snprintf(
			why, size,
			"has types of kind %u, which came after this libbpf (it knows kinds to %u)",
			kind, BTF_KIND_MAX);
	return kind;
}
