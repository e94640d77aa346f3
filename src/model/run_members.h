/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How members of a run are written down: for run_table.c and run_table_asked.c. Stage 4 (model). */
#ifndef MIGTRACE_RUN_MEMBERS_H
#define MIGTRACE_RUN_MEMBERS_H

#include "model/run_table.h"

#define MEMBER(s, m)	   .at = offsetof(struct s, m), .size = sizeof(((struct s *)0)->m)
#define HAS(s, m)	   .has = offsetof(struct s, m), .has_size = sizeof(((struct s *)0)->m)
#define TEXTS(s, m)	   .at = offsetof(struct s, m), .n = offsetof(struct s, m##_n)
#define ENTRIES(s, m, cnt) ITEMS(s, m), .n = offsetof(struct s, cnt)
#define ITEMS(s, m)	   .at = offsetof(struct s, m), .size = sizeof(*((struct s *)0)->m)
#define WORDS(...)                                                                                 \
	.words = (const char *const[])                                                             \
	{                                                                                          \
		__VA_ARGS__, NULL                                                                  \
	}
#define SHAPE(name, title) const struct shape name##_shape = { title, name##_members }

extern const struct shape hist_shape, side_shape;
extern const struct shape why_shape, refs_shape, ref_shape, pinned_shape, buffer_locks_shape,
	stalls_shape, drains_shape;

#endif /* MIGTRACE_RUN_MEMBERS_H */
