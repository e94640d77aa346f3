/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Where trampolines go, and of which types fields are looked up, without libbpf's own search: it parses
 * all the kernel's types for each object, and goes through them for each name. Stage 2.
 */
#ifndef MIGTRACE_TARGETS_H
#define MIGTRACE_TARGETS_H

#include "kernel/facts.h"

struct bpf_program;

/* Before an object is opened. */
void targets__listen(void);
/* @p goes to the function @name. 0 or -errno. */
int targets__set(struct bpf_program *p, const struct facts *f, const char *name);
/* The types that our programs ask for, as a file @f->types_path; where that can't be made there is none. */
void targets__slim_types(struct facts *f);

#endif /* MIGTRACE_TARGETS_H */
