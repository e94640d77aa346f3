/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What of text_arm64.c is called: as in insn.h and kernel.h, for arm64. */
#ifndef TEXT_ARM64_H
#define TEXT_ARM64_H

#include "kernel/facts.h"

struct insn;
bool arm__decode(const unsigned char *code, size_t size, size_t at, struct insn *i);
bool arm__blocks(const unsigned char *code, size_t size);
int arm__branches(const unsigned char *code, size_t size, __u64 addr,
		  const struct text_target *targets, size_t n,
		  int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx);
__u32 arm__ahead(const struct text_func *f, __u32 call);
__u32 arm__behind(const struct text_func *f, __u32 next);
int arm__inline_unlocks(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx);
int arm__inline_lock(const unsigned char *code, size_t size, size_t slow, text_place_cb *cb,
		     void *ctx);
int arm__blockers(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx);
int arm__exits(const struct text_func *f, text_place_cb *cb, void *ctx);

#endif /* TEXT_ARM64_H */
