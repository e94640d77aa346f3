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

#include "insn.h"
#include "kernel.h"

#define MAX_SEGMENTS 256

struct text {
	int fd;
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
