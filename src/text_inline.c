// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * Locks that the compiler inlined, and returns, in a function's code. Stage 0.
 *
 * Of an inlined lock, what is sure is the call of its slow path. Around it compilers order things as
 * they like: the way on is found once for those who got the lock at once and once for those who had to
 * wait, which need not meet again; the attempt is that from which every way comes to a branch between
 * the slow path and the way on.
 */
#include "insn.h"
#include "kernel.h"

#define STEPS	  8  /* of straight code, with jumps */
#define REACH	  24 /* instructions between an attempt and what is made of its result */
#define MAX_FOUND 4  /* attempts of one lock, and places where it is held */

struct search {
	const unsigned char *code;
	size_t size, slow;
	size_t todo[2 * REACH], seen[REACH];
	size_t todo_n, seen_n;
	size_t held[MAX_FOUND];
	size_t held_n;
};

/* Where @at is after unconditional jumps; @at when they lead out of the function. */
static size_t follow(const unsigned char *code, size_t size, size_t at)
{
	struct insn insn;

	for (int i = 0; i < STEPS && insn__decode(code, size, at, &insn) && insn.jump; i++) {
		if (insn.target < 0 || (size_t)insn.target >= size)
			break;
		at = insn.target;
	}
	return at;
}

/* Is the slow path what comes next at @at, whatever happens? */
static bool is_slow(const struct search *s, size_t at)
{
	struct insn insn;

	for (int i = 0; i < STEPS; i++) {
		at = follow(s->code, s->size, at);
		if (at == s->slow)
			return true;
		if (!insn__decode(s->code, s->size, at, &insn) || !insn.straight)
			return false;
		at += insn.len;
	}
	return false;
}

static bool add(size_t *list, size_t *n, size_t max, size_t what)
{
	for (size_t i = 0; i < *n; i++)
		if (list[i] == what)
			return true;
	if (*n == max)
		return false;
	list[(*n)++] = what;
	return true;
}

static bool was_seen(struct search *s, size_t at)
{
	for (size_t i = 0; i < s->seen_n; i++)
		if (s->seen[i] == at)
			return true;
	return false;
}

/* The instruction at @at: notes where it goes, or that the lock is held there. False: out of sight. */
static bool visit(struct search *s, size_t at)
{
	size_t on, to;
	struct insn insn;

	if (!insn__decode(s->code, s->size, at, &insn) || insn.call ||
	    !(insn.straight || insn.branch))
		return false;
	on = at + insn.len;
	to = insn.target;
	if (insn.branch && (insn.target < 0 || to >= s->size))
		return false;
	if (insn.branch && !insn.jump && is_slow(s, to))
		return add(s->held, &s->held_n, MAX_FOUND, follow(s->code, s->size, on));
	if (insn.branch && !insn.jump && is_slow(s, on))
		return add(s->held, &s->held_n, MAX_FOUND, follow(s->code, s->size, to));
	if (insn.branch)
		s->todo[s->todo_n++] = to;
	if (!insn.jump)
		s->todo[s->todo_n++] = on;
	return true;
}

/* Does the attempt at @at belong to the slow path? Then all of @s->held are where it got the lock. */
static bool decides(struct search *s, size_t at)
{
	s->seen_n = 0;
	s->todo_n = 0;
	s->todo[s->todo_n++] = at;
	while (s->todo_n) {
		at = s->todo[--s->todo_n];
		if (was_seen(s, at))
			continue;
		if (s->seen_n == REACH || at == s->slow)
			return false;
		s->seen[s->seen_n++] = at;
		if (!visit(s, at))
			return false;
	}
	return s->held_n;
}

static bool goes_to(const unsigned char *code, size_t size, size_t from, size_t to)
{
	struct insn insn;

	for (size_t at = 0; at + insn_step <= size; at += insn_step)
		if (insn__decode(code, size, at, &insn) && insn.branch &&
		    insn.target >= (__s64)from && insn.target <= (__s64)to)
			return true;
	return false;
}

/*
 * Is the instruction at @at ever executed? Of the two kinds of attempts the kernel has patched the way
 * to one out, at boot.
 */
static bool is_alive(const unsigned char *code, size_t size, size_t at)
{
	size_t from = at;
	struct insn insn;

	while (from >= insn_step && insn__decode(code, size, from - insn_step, &insn) &&
	       insn.straight)
		from -= insn_step;
	if (from < insn_step)
		return true;
	if (!insn__decode(code, size, from - insn_step, &insn))
		return true;
	return insn.call || (insn.branch && !insn.jump) || goes_to(code, size, from, at);
}

static int report(const struct search *s, const size_t *tries, const __u8 *regs, size_t n,
		  text_place_cb *cb, void *ctx)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < s->held_n; j++) {
			struct text_place p = { CALLEE_INLINE_LOCK, tries[i], s->held[j], regs[i] };
			int err = cb(ctx, &p);

			if (err)
				return err;
		}
	return n;
}

static bool has_probes(const unsigned char *code, size_t size)
{
	struct insn insn;

	for (size_t at = 0; at + insn_step <= size; at += insn_step)
		if (insn__decode(code, size, at, &insn) && insn.hidden)
			return true;
	return false;
}

int text__inline_lock(const unsigned char *code, size_t size, size_t slow, text_place_cb *cb,
		      void *ctx)
{
	struct search s = { .code = code, .size = size, .slow = slow }, old;
	struct text_place unknown = { CALLEE_UNKNOWN_LOCK, slow, 0, 0 };
	size_t tries[MAX_FOUND], n = 0;
	__u8 regs[MAX_FOUND], reg;
	struct insn call;

	if (has_probes(code, size))
		unknown.what = CALLEE_HIDDEN_LOCK;
	if (!insn__decode(code, size, slow, &call) || !call.call)
		return cb(ctx, &unknown);
	for (size_t at = 0; at + insn_step <= size; at += insn_step) {
		if (!insn__lock_try(code + at, size - at, &reg))
			continue;
		old = s;
		if (!is_alive(code, size, at) || !decides(&s, at)) {
			s = old;
			continue;
		}
		if (n == MAX_FOUND)
			return cb(ctx, &unknown);
		tries[n] = at;
		regs[n++] = reg;
	}
	if (!n || !add(s.held, &s.held_n, MAX_FOUND, follow(code, size, slow + call.len)))
		return cb(ctx, &unknown);
	return report(&s, tries, regs, n, cb, ctx);
}

int text__inline_unlocks(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx)
{
	int found = 0, err;

	for (size_t i = 0; i < size; i += insn_step) {
		struct text_place p = { CALLEE_INLINE_UNLOCK, i, 0, 0 };
		size_t len = insn__unlock(code + i, size - i, &p.reg);

		if (!len)
			continue;
		p.next = i + len;
		err = cb(ctx, &p);
		if (err)
			return err;
		found++;
	}
	return found;
}

int text__blockers(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx)
{
	int found = 0, err;

	for (size_t at = 0; at + insn_step <= size; at += insn_step) {
		struct text_place p = { CALLEE_BLOCKER, at, 0, 0 };

		if (!insn__blocks(code + at, size - at))
			continue;
		err = cb(ctx, &p);
		if (err)
			return err;
		found++;
	}
	return found;
}

static bool inside(const struct text_part *part, __s64 at)
{
	return at >= part->at && at < part->at + (__s64)part->size;
}

/* Is every way out of @part one into the function, or a return? Or, in the cold part, only the first? */
static bool leaves_by_returns(const struct text_func *f, const struct text_part *part, bool returns)
{
	struct insn insn;
	bool open = true;

	for (size_t at = 0; at < part->size; at += insn.len) {
		__s64 target;

		if (!insn__decode(part->code, part->size, at, &insn) || insn.indirect)
			return false;
		if ((insn.trap && open) || (insn.ret && !returns)) /* a kprobe: who knows of what */
			return false;
		open = insn.straight || (insn.branch && !insn.jump);
		target = part->at + insn.target;
		if (insn.branch && !insn.call && !inside(&f->hot, target) &&
		    !inside(&f->cold, target))
			return false;
	}
	return true;
}

int text__exits(const struct text_func *f, text_place_cb *cb, void *ctx)
{
	int found = 0, err;
	struct insn insn;

	if (!leaves_by_returns(f, &f->hot, true) || !leaves_by_returns(f, &f->cold, false))
		return 0;
	for (size_t at = 0; at < f->hot.size; at += insn.len) {
		struct text_place p = { CALLEE_EXIT, at, 0, 0 };

		insn__decode(f->hot.code, f->hot.size, at, &insn);
		if (!insn.ret)
			continue;
		err = cb(ctx, &p);
		if (err)
			return err;
		found++;
	}
	return found;
}
