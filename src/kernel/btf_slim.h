/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Of the kernel's types those in which fields are looked up. Stage 0. */
#ifndef MIGTRACE_BTF_SLIM_H
#define MIGTRACE_BTF_SLIM_H

struct btf;

/*
 * A copy of @all's types whose names @local has, and of what lies in them; pointers lead nowhere. libbpf
 * then looks through some hundred types and not through 150000, for each that it has to find. The
 * caller's; NULL with errno.
 */
struct btf *btf__slim(const struct btf *all, const struct btf *local);

#endif /* MIGTRACE_BTF_SLIM_H */
