// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/* The functions of a fact sheet by a hash of their names (func_index.h). Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/func_index.h"

static __u32 hash_of(const char *name, size_t len)
{
	__u32 h = 0;

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)name[i]) * 16777619u;
	return h ^ h >> 15;
}

int func_index__make(struct func_index *x, const struct facts *f)
{
	size_t size = 64;

	while (size < 4 * f->funcs_n)
		size *= 2;
	*x = (struct func_index){ calloc(size, sizeof(*x->row)), size - 1, f };
	for (size_t i = 0; x->row && i < f->funcs_n; i++) {
		const char *name = f->funcs[i].name;
		__u32 at = hash_of(name, strlen(name)) & x->mask;

		while (x->row[at])
			at = (at + 1) & x->mask;
		x->row[at] = i + 1;
	}
	return x->row ? 0 : -ENOMEM;
}

struct fact_func *func_index__find(const struct func_index *x, const char *name, size_t len)
{
	__u32 at = hash_of(name, len) & x->mask;

	for (; x->row[at]; at = (at + 1) & x->mask) {
		struct fact_func *v = &x->f->funcs[x->row[at] - 1];

		if (!strncmp(v->name, name, len) && !v->name[len])
			return v;
	}
	return NULL;
}

void func_index__free(struct func_index *x)
{
	free(x->row);
	x->row = NULL;
}
