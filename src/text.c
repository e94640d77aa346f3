// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * The running kernel's text: where a function calls another one directly. Stage 0.
 * The only place that knows instructions of an architecture. The text in memory is read, not the
 * image's: alternatives, paravirt calls and call-depth thunks are patched in at boot.
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

static ssize_t find_target(const struct text_target *targets, size_t n, __u64 addr)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].addr == addr)
			return i;
	return -1;
}

#if defined(__x86_64__)
#define BRANCH_BYTES 5

/*
 * Where retbleed is mitigated by call-depth tracking (80e4c1cd42ff, 6.2), calls are redirected to
 * the accounting code in the padding right before the callee: at most 16 bytes ahead.
 */
#define THUNK_BYTES 16

static ssize_t thunk_target(const struct text_target *targets, size_t n, __u64 addr)
{
	for (size_t i = 0; i < n; i++)
		if (targets[i].addr > addr && targets[i].addr - addr <= THUNK_BYTES)
			return i;
	return -1;
}

static ssize_t branch_at(const unsigned char *code, __u64 addr, const struct text_target *targets,
			 size_t n, bool *call)
{
	__s32 disp;
	ssize_t i;

	if (code[0] != 0xe8 && code[0] != 0xe9)
		return -1;
	*call = code[0] == 0xe8;
	memcpy(&disp, code + 1, sizeof(disp));
	addr += BRANCH_BYTES + (__s64)disp;
	i = find_target(targets, n, addr);
	return i >= 0 ? i : thunk_target(targets, n, addr);
}

#define BRANCH_STEP 1

/*
 * movb $0,(%rdi) and the four bytes of no-op that fill up the seven-byte paravirt call it replaced:
 * what 5.10 patches in for queued_spin_unlock where there are no PV spinlocks. Which no-op depends
 * on the CPU (P6, K8, generic).
 */
int text__inline_unlocks(const unsigned char *code, size_t size,
			 int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx)
{
	static const unsigned char stores[][7] = {
		{ 0xc6, 0x07, 0x00, 0x0f, 0x1f, 0x40, 0x00 },
		{ 0xc6, 0x07, 0x00, 0x66, 0x66, 0x66, 0x90 },
		{ 0xc6, 0x07, 0x00, 0x90, 0x90, 0x90, 0x90 },
	};
	const size_t len = sizeof(stores[0]);
	int found = 0, err;

	for (size_t i = 0; i + len <= size; i++) {
		bool hit = false;

		for (size_t j = 0; j < sizeof(stores) / len; j++)
			hit |= !memcmp(code + i, stores[j], len);
		if (!hit)
			continue;
		err = cb(ctx, 0, i, i + len);
		if (err)
			return err;
		found++;
	}
	return found;
}
#elif defined(__aarch64__)
#define BRANCH_BYTES 4
#define BRANCH_STEP  4

static ssize_t branch_at(const unsigned char *code, __u64 addr, const struct text_target *targets,
			 size_t n, bool *call)
{
	__s64 disp;
	__u32 insn;

	memcpy(&insn, code, sizeof(insn));
	if ((insn & 0x7c000000) != 0x14000000) /* b, bl */
		return -1;
	*call = insn >> 31;
	disp = (__s64)((__s32)(insn << 6) >> 4);
	return find_target(targets, n, addr + disp);
}

int text__inline_unlocks(const unsigned char *code, size_t size,
			 int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx)
{
	(void)code, (void)size, (void)cb, (void)ctx;
	return 0; /* UNINLINE_SPIN_UNLOCK holds on every arm64 configuration we know */
}
#else
#error "add this architecture's branch instructions here and its registers to vmlinux.h"
#endif

int text__branches(const unsigned char *code, size_t size, __u64 addr,
		   const struct text_target *targets, size_t n,
		   int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx)
{
	int found = 0, err;

	for (size_t i = 0; i + BRANCH_BYTES <= size; i += BRANCH_STEP) {
		bool call = false;
		ssize_t t = branch_at(code + i, addr + i, targets, n, &call);

		if (t < 0)
			continue;
		err = cb(ctx, t, i, call ? i + BRANCH_BYTES : 0);
		if (err)
			return err;
		found++;
	}
	return found;
}
