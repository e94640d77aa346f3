// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The running kernel's text: where a function calls another one directly. Stage 0.
 * The text in memory is read, not the image's: alternatives, paravirt calls and call-depth thunks
 * are patched in at boot.
 *
 * Bytes are matched at every offset rather than decoded. A branch's four displacement bytes that
 * lead to exactly the wanted function by accident have odds of 2^-32 a byte, and the kernel's own
 * decoder refuses a kprobe that is not on an instruction boundary.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/facts.h"
#include "kernel/insn.h"

#define MAX_SEGMENTS 256
#define MAX_NOTES    (1 << 20)

struct text {
	int fd;
	__u64 notes, notes_size; /* in the file */
	size_t n;
	struct {
		__u64 addr, size, offset;
	} seg[MAX_SEGMENTS];
};

static int read_segments(struct text *t)
{
	Elf64_Ehdr eh;
	Elf64_Phdr ph;

	if (pread(t->fd, &eh, sizeof(eh), 0) != sizeof(eh) || memcmp(eh.e_ident, ELFMAG, SELFMAG) ||
	    eh.e_ident[EI_CLASS] != ELFCLASS64 || eh.e_phentsize != sizeof(ph))
		return -EINVAL;
	for (unsigned int i = 0; i < eh.e_phnum && t->n < MAX_SEGMENTS; i++) {
		if (pread(t->fd, &ph, sizeof(ph), eh.e_phoff + i * sizeof(ph)) != sizeof(ph))
			return -EINVAL;
		if (ph.p_type == PT_NOTE) {
			t->notes = ph.p_offset;
			t->notes_size = ph.p_filesz;
		}
		if (ph.p_type != PT_LOAD || !ph.p_memsz)
			continue;
		t->seg[t->n].addr = ph.p_vaddr;
		t->seg[t->n].size = ph.p_memsz;
		t->seg[t->n++].offset = ph.p_offset;
	}
	return t->n ? 0 : -EINVAL;
}

struct text *text__open(const char *path, const char **why)
{
	struct text *t = calloc(1, sizeof(*t));

	if (!t) {
		*why = "out of memory";
		return NULL;
	}
	t->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0) {
		*why = errno == ENOENT ? "no /proc/kcore (CONFIG_PROC_KCORE)" :
		       errno == EACCES ? "/proc/kcore needs root" :
					 "/proc/kcore is refused (lockdown, CAP_SYS_RAWIO)";
		free(t);
		return NULL;
	}
	if (read_segments(t)) {
		*why = "/proc/kcore is not an ELF core file";
		text__close(t);
		return NULL;
	}
	return t;
}

void text__close(struct text *t)
{
	if (!t)
		return;
	close(t->fd);
	free(t);
}

int text__read(struct text *t, __u64 addr, void *buf, size_t size)
{
	for (size_t i = 0; i < t->n; i++) {
		__u64 at = addr - t->seg[i].addr;
		ssize_t got;

		if (addr < t->seg[i].addr || at >= t->seg[i].size || size > t->seg[i].size - at)
			continue;
		got = pread(t->fd, buf, size, t->seg[i].offset + at);
		if (got == (ssize_t)size)
			return 0;
		return got < 0 ? -errno : -EIO;
	}
	return -EFAULT;
}

/* What the note @name says, in @notes of @size bytes. The caller's; NULL: there is none, or no memory. */
static char *find_note(const char *notes, size_t size, const char *name)
{
	size_t at = 0, len = strlen(name) + 1;

	while (size - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr nh;
		size_t desc, end;

		memcpy(&nh, notes + at, sizeof(nh));
		at += sizeof(nh);
		desc = at + (((size_t)nh.n_namesz + 3) & ~3UL);
		end = desc + (((size_t)nh.n_descsz + 3) & ~3UL);
		if (end > size)
			return NULL;
		if (nh.n_namesz == len && !memcmp(notes + at, name, len))
			return strndup(notes + desc, nh.n_descsz);
		at = end;
	}
	return NULL;
}

char *text__note(struct text *t, const char *name)
{
	char *notes = NULL, *found = NULL;

	if (t->notes_size && t->notes_size <= MAX_NOTES)
		notes = malloc(t->notes_size);
	if (notes && pread(t->fd, notes, t->notes_size, t->notes) == (ssize_t)t->notes_size)
		found = find_note(notes, t->notes_size, name);
	free(notes);
	return found;
}

/* The target at @addr; in front of the next one lies what some calls are redirected to. */
static ssize_t find_target(const struct text_target *targets, size_t n, __u64 addr)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].addr == addr)
			return i;
	for (size_t i = 0; i < n; i++)
		if (targets[i].addr > addr && targets[i].addr - addr <= insn_thunk_bytes)
			return i;
	return -1;
}

int text__branches(const unsigned char *code, size_t size, __u64 addr,
		   const struct text_target *targets, size_t n,
		   int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx)
{
	int found = 0, err;

	for (size_t i = 0; i + insn_branch_bytes <= size; i += insn_step) {
		bool call = false;
		__u64 to = insn__target(code + i, addr + i, &call);
		ssize_t t = to ? find_target(targets, n, to) : -1;

		if (t < 0)
			continue;
		err = cb(ctx, t, i, call ? i + insn_branch_bytes : 0);
		if (err)
			return err;
		found++;
	}
	return found;
}

/*
 * One instruction of @part; @open: whether the one before it goes on to it. False where what stood
 * there can't be known: a kprobe's trap, or its jump out of the image.
 */
static bool decode(const struct text_func *f, const struct text_part *part, size_t at, bool *open,
		   struct insn *insn)
{
	if (!insn__decode(part->code, part->size, at, insn) || (insn->trap && *open))
		return false;
	if (insn->branch &&
	    (part->at + insn->target < f->image_start || part->at + insn->target >= f->image_end))
		return false;
	*open = insn->straight || (insn->branch && !insn->jump);
	return true;
}

/* Can anything in @part get to a byte behind @from and up to @to? True when that can't be told. */
static bool part_enters(const struct text_func *f, const struct text_part *part, __s64 from,
			__s64 to)
{
	struct insn insn;
	bool open = true;

	for (size_t at = 0; at < part->size; at += insn.len) {
		__s64 target;

		if (!decode(f, part, at, &open, &insn) || insn.indirect)
			return true;
		target = part->at + insn.target;
		if (insn.branch && target > from && target <= to)
			return true;
	}
	return false;
}

static bool entered(const struct text_func *f, size_t from, size_t to)
{
	return part_enters(f, &f->hot, from, to) || part_enters(f, &f->cold, from, to);
}

/* Do whole instructions at @at, none of them further than @end, make room for a jump? */
static bool room_for_jump(const struct text_func *f, size_t at, size_t end)
{
	size_t start = at;
	bool open = true;
	struct insn insn;

	while (at - start < insn_jump_bytes) {
		if (!decode(f, &f->hot, at, &open, &insn) || !insn.movable)
			return false;
		at += insn.len;
	}
	return at <= end;
}

__u32 text__ahead(const struct text_func *f, __u32 call)
{
	size_t run = 0, found = call, at;
	bool open = true;
	struct insn insn;

	for (at = 0; insn_jump_bytes && at < call; at += insn.len) {
		if (!decode(f, &f->hot, at, &open, &insn))
			return call;
		if (!insn.straight)
			run = at + insn.len;
	}
	if (at != call)
		return call;
	for (at = run; at < call; at += insn.len) {
		insn__decode(f->hot.code, f->hot.size, at, &insn);
		if (room_for_jump(f, at, call) && !entered(f, at, call))
			found = at;
	}
	return found;
}

__u32 text__behind(const struct text_func *f, __u32 next)
{
	size_t at = next;

	for (int steps = 0; insn_jump_bytes && steps < 8; steps++) {
		bool open = true;
		struct insn insn;

		/* the kernel counts the byte behind the jump as in its way, too */
		if (room_for_jump(f, at, f->hot.size) && !entered(f, at, at + insn_jump_bytes))
			return at;
		if (!decode(f, &f->hot, at, &open, &insn))
			break;
		if (insn.straight)
			at += insn.len;
		else if (insn.jump && insn.target >= 0 && (size_t)insn.target < f->hot.size)
			at = insn.target;
		else
			break;
	}
	return next;
}

__u32 text__branch(const struct text_func *f, __u32 next)
{
	size_t at = next;
	bool open = true;
	struct insn insn;

	if (!insn_jump_bytes || room_for_jump(f, next, f->hot.size))
		return next;
	for (int steps = 0; steps < 4; steps++, at += insn.len) {
		if (!decode(f, &f->hot, at, &open, &insn) || insn.call || insn.ret)
			return next;
		if (insn.branch)
			return entered(f, next, at) ? next : at;
		if (!insn.straight)
			return next;
	}
	return next;
}

/*
 * Locks that the compiler inlined, and returns, in a function's code. Stage 0.
 *
 * Of an inlined lock, what is sure is the call of its slow path. Around it compilers order things as
 * they like: the way on is found once for those who got the lock at once and once for those who had to
 * wait, which need not meet again; the attempt is that from which every way comes to a branch between
 * the slow path and the way on.
 */

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
