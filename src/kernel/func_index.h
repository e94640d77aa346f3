/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Finds the functions of a fact sheet by name, of which a kernel has a thousand others for each. Pure. */
#ifndef MIGTRACE_FUNC_INDEX_H
#define MIGTRACE_FUNC_INDEX_H

#include "kernel/facts.h"

struct func_index {
	__u32 *row; /* of @f->funcs, + 1; 0: none */
	__u32 mask;
	const struct facts *f;
};

/* Of those that @f has now; rows that come later are not in it. 0 or -ENOMEM. */
int func_index__make(struct func_index *x, const struct facts *f);
/* The one with this name, @len long, or NULL. */
struct fact_func *func_index__find(const struct func_index *x, const char *name, size_t len);
void func_index__free(struct func_index *x);

#endif /* MIGTRACE_FUNC_INDEX_H */
