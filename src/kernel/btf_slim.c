// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* Types that a BPF object asks for, out of a kernel's (btf_slim.h). Stage 0. */
#include <bpf/btf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/btf_slim.h"

#define FLAVOUR "___" /* what follows it in a name is none of the kernel's */

struct slimming {
	const struct btf *all;
	struct btf *to;
	int *id; /* of @all's types in @to, 0: not there yet */
	int pointer;
	const char **name; /* wanted, by the alphabet, without what follows the flavour */
	size_t *len, n;
};

static int copy(struct slimming *s, __u32 id);

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t len = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, len);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

static bool is_root(const struct btf_type *t)
{
	return btf_is_composite(t) || btf_is_any_enum(t) || btf_is_typedef(t);
}

/* The wanted name that is @name, or where it would stand. */
static size_t find(const struct slimming *s, const char *name, size_t len, bool *found)
{
	size_t lo = 0, hi = s->n;

	*found = false;
	while (lo < hi && !*found) {
		size_t mid = (lo + hi) / 2;
		int order = compare(s->name[mid], s->len[mid], name, len);

		*found = !order;
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return *found ? hi : lo;
}

/* 0 or -ENOMEM. */
static int want_names(struct slimming *s, const struct btf *local)
{
	__u32 n = btf__type_cnt(local);

	s->name = calloc(n, sizeof(*s->name));
	s->len = calloc(n, sizeof(*s->len));
	for (__u32 id = 1; s->name && s->len && id < n; id++) {
		const struct btf_type *t = btf__type_by_id(local, id);
		const char *name = btf__name_by_offset(local, t->name_off), *flavour;
		size_t len, at;
		bool found;

		if (!is_root(t) || !name || !*name)
			continue;
		flavour = strstr(name, FLAVOUR);
		len = flavour && flavour > name ? (size_t)(flavour - name) : strlen(name);
		at = find(s, name, len, &found);
		if (found)
			continue;
		memmove(s->name + at + 1, s->name + at, (s->n - at) * sizeof(*s->name));
		memmove(s->len + at + 1, s->len + at, (s->n - at) * sizeof(*s->len));
		s->name[at] = name;
		s->len[at] = len;
		s->n++;
	}
	return s->name && s->len ? 0 : -ENOMEM;
}

/* What lies in it first, since its fields have to follow it without a break. */
static int copy_composite(struct slimming *s, const struct btf_type *t, const char *name)
{
	const struct btf_member *m = btf_members(t);
	__u16 n = btf_vlen(t);
	int *type = calloc(n + 1, sizeof(*type)), id, err = type ? 0 : -ENOMEM;

	for (__u16 i = 0; i < n && !err; i++) {
		type[i] = copy(s, m[i].type);
		err = type[i] < 0 ? type[i] : 0;
	}
	id = err ? err :
		   (btf_is_struct(t) ? btf__add_struct : btf__add_union)(s->to, name, t->size);
	for (__u16 i = 0; i < n && id > 0 && !err; i++)
		err = btf__add_field(s->to, btf__name_by_offset(s->all, m[i].name_off), type[i],
				     btf_member_bit_offset(t, i), btf_member_bitfield_size(t, i));
	free(type);
	return err ? err : id;
}

static int copy_enum(struct slimming *s, const struct btf_type *t, const char *name)
{
	bool wide = btf_is_enum64(t);
	int id = (wide ? btf__add_enum64(s->to, name, t->size, btf_kflag(t)) :
			 btf__add_enum(s->to, name, t->size)),
	    err = 0;

	for (__u16 i = 0; i < btf_vlen(t) && id > 0 && !err; i++) {
		__u32 off = wide ? btf_enum64(t)[i].name_off : btf_enum(t)[i].name_off;
		const char *word = btf__name_by_offset(s->all, off);

		err = wide ? btf__add_enum64_value(s->to, word,
						   btf_enum64_value(&btf_enum64(t)[i])) :
			     btf__add_enum_value(s->to, word, btf_enum(t)[i].val);
	}
	return err ? err : id;
}

static int copy_array(struct slimming *s, const struct btf_type *t)
{
	const struct btf_array *a = btf_array(t);
	int index = copy(s, a->index_type), of = index < 0 ? index : copy(s, a->type);

	return of < 0 ? of : btf__add_array(s->to, index, of, a->nelems);
}

static int copy_typedef(struct slimming *s, const struct btf_type *t, const char *name)
{
	int of = copy(s, t->type);

	return of < 0 ? of : btf__add_typedef(s->to, name, of);
}

static int copy_pointer(struct slimming *s)
{
	if (!s->pointer)
		s->pointer = btf__add_ptr(s->to, 0);
	return s->pointer;
}

static int copy_kind(struct slimming *s, const struct btf_type *t)
{
	const char *name = btf__name_by_offset(s->all, t->name_off);

	switch (btf_kind(t)) {
	case BTF_KIND_INT:
		return btf__add_int(s->to, name, t->size, btf_int_encoding(t));
	case BTF_KIND_FLOAT:
		return btf__add_float(s->to, name, t->size);
	case BTF_KIND_PTR:
		return copy_pointer(s);
	case BTF_KIND_ARRAY:
		return copy_array(s, t);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return copy_composite(s, t, name);
	case BTF_KIND_ENUM:
	case BTF_KIND_ENUM64:
		return copy_enum(s, t, name);
	case BTF_KIND_TYPEDEF:
		return copy_typedef(s, t, name);
	case BTF_KIND_CONST:
	case BTF_KIND_VOLATILE:
	case BTF_KIND_RESTRICT:
	case BTF_KIND_TYPE_TAG:
		return copy(s, t->type);
	default: /* a function's: nothing has its place, but as a pointer */
		return 0;
	}
}

/* The type's id in the copy, or -errno. */
static int copy(struct slimming *s, __u32 id)
{
	if (id && !s->id[id]) {
		int got = copy_kind(s, btf__type_by_id(s->all, id));

		if (got < 0)
			return got;
		s->id[id] = got;
	}
	return s->id[id];
}

static int copy_wanted(struct slimming *s)
{
	__u32 n = btf__type_cnt(s->all);

	for (__u32 id = 1; id < n; id++) {
		const struct btf_type *t = btf__type_by_id(s->all, id);
		const char *name;
		bool found;
		int got;

		if (!is_root(t))
			continue;
		name = btf__name_by_offset(s->all, t->name_off);
		find(s, name, strlen(name), &found);
		got = found ? copy(s, id) : 0;
		if (got < 0)
			return got;
	}
	return 0;
}

struct btf *btf__slim(const struct btf *all, const struct btf *local)
{
	struct slimming s = { .all = all, .to = btf__new_empty() };
	int err = -ENOMEM;

	s.id = calloc(btf__type_cnt(all), sizeof(*s.id));
	if (s.to && s.id)
		err = want_names(&s, local);
	if (!err)
		err = copy_wanted(&s);
	free(s.id);
	free(s.name);
	free(s.len);
	if (!err)
		return s.to;
	btf__free(s.to);
	errno = -err;
	return NULL;
}
