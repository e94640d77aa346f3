// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Every place in the kernel's text that takes a mapping's private lock, whoever's it is: what the table
 * of sites has to account for. Stage 0.
 */
#include <errno.h>
#include <string.h>

#include "kernel/facts.h"
#include "kernel/insn.h"
#include "kernel/symbols.h"

#define MAX_CODE (1 << 16)

int text__lock_calls(const unsigned char *code, size_t size, __u64 addr,
		     const struct text_target *targets, size_t n, __u32 lock_offset,
		     int (*cb)(void *ctx, __u32 offset), void *ctx)
{
	unsigned int regs = 0;
	struct insn insn;
	int err = 0;

	for (size_t at = 0; at < size && !err; at += insn.len) {
		__u64 to = 0;
		bool call;

		if (!insn__decode(code, size, at, &insn))
			break;
		if (insn.branch && size - at >= insn_branch_bytes)
			to = insn__target(code + at, addr + at, &call);
		for (size_t i = 0; to && i < n && !err; i++)
			if (to <= targets[i].addr && targets[i].addr - to <= insn_thunk_bytes &&
			    insn__is_argument(regs))
				err = cb(ctx, at);
		insn__follow(code + at, size - at, lock_offset, &regs);
	}
	return err;
}

struct walk {
	int (*cb)(void *ctx, const char *func, __u32 offset);
	void *ctx;
	const char *func;
};

static int walk_hit(void *ctx, __u32 offset)
{
	const struct walk *w = ctx;

	return w->cb(w->ctx, w->func, offset);
}

static int walk_symbols(struct text *t, const struct symbols *s, const struct text_target *targets,
			size_t n, __u32 lock_offset, struct walk *w)
{
	static unsigned char code[MAX_CODE];
	int err = 0;

	for (size_t i = 0; i + 1 < s->n && !err; i++) {
		__u64 addr = s->v[i].addr, size = s->v[i + 1].addr - addr;

		if (!size || size > sizeof(code) || text__read(t, addr, code, size))
			continue;
		w->func = s->v[i].name;
		err = text__lock_calls(code, size, addr, targets, n, lock_offset, walk_hit, w);
	}
	return err;
}

int image__lock_calls(const struct facts *f, const char *kcore, const char **why,
		      int (*cb)(void *ctx, const char *func, __u32 offset), void *ctx)
{
	static const char *const locks[] = { "_raw_spin_lock", "rt_spin_lock" };
	struct walk w = { cb, ctx, NULL };
	struct text_target targets[2];
	struct text *t;
	size_t n = 0;
	int err;

	for (size_t i = 0; i < sizeof(locks) / sizeof(*locks); i++) {
		const struct fact_func *v = facts__func(f, locks[i]);

		if (v && v->symbols == 1 && v->addr)
			targets[n++] = (struct text_target){ locks[i], v->addr };
	}
	*why = !f->lock_offset	      ? "no BTF says where the lock is" :
	       !f->feature[FEAT_TEXT] ? f->text_reason :
	       !insn_follows || !n    ? "spinlocks are inlined on this kernel" :
					NULL;
	t = *why ? NULL : text__open(kcore, why);
	if (!t)
		return -EOPNOTSUPP;
	err = walk_symbols(t, &symbols__get()->image, targets, n, f->lock_offset, &w);
	if (!err)
		err = walk_symbols(t, &symbols__get()->modules, targets, n, f->lock_offset, &w);
	text__close(t);
	return err;
}
