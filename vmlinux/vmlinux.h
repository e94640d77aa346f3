/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Kernel types, hand-written: only what is dereferenced, every record relocated by CO-RE.
 * `make GEN_VMLINUX_H=BTF` builds against a real kernel's BTF as a check on this file.
 *
 * The guard is spelled as bpftool spells it, since bpf_tracing.h looks for that name to choose the
 * register names of struct pt_regs.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef _Bool bool;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef unsigned int dev_t;
typedef u64 sector_t;

enum { false = 0, true = 1 };

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_HASH = 5,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_STACK_TRACE = 7,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_QUEUE = 22,
	BPF_MAP_TYPE_RINGBUF = 27,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
};

enum {
	BPF_F_FAST_STACK_CMP = 512,
	BPF_F_MMAPABLE = 1024,
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax;
	unsigned long ip, cs, flags, sp, ss;
};
#elif defined(__TARGET_ARCH_arm64)
struct user_pt_regs {
	__u64 regs[31];
	__u64 sp;
	__u64 pc;
	__u64 pstate;
};
struct pt_regs {
	struct user_pt_regs user_regs;
};
#else
#error "no register layout for this architecture; add it here"
#endif

typedef struct {
	int counter;
} atomic_t;

struct spinlock {
	int unused; /* the address is used, never a member: lockdep and RT differ in all of them */
};
typedef struct spinlock spinlock_t;

struct mutex {
	int unused; /* as above */
};

struct super_block {
	dev_t s_dev;
	unsigned long s_magic;
};

struct address_space {
	struct inode *host;
	unsigned long flags;
	const struct address_space_operations *a_ops;
};

struct inode {
	struct super_block *i_sb;
	struct address_space *i_mapping;
	dev_t i_rdev;
	struct address_space i_data;
};

struct page {
	struct address_space *mapping; /* in a union, at the same place on every kernel */
};

struct block_device {
	dev_t bd_dev;
};

struct buffer_head {
	unsigned long b_state;
	struct buffer_head *b_this_page;
	sector_t b_blocknr;
	unsigned long b_size;
	struct block_device *b_bdev;
	atomic_t b_count;
};

/* A waiter at a bit; @private is its task. */
struct wait_queue_entry {
	void *private;
};

struct wait_bit_key {
	void *flags;
};

#if defined(__TARGET_ARCH_x86)
struct thread_struct {
	unsigned long sp;
};
#else
struct cpu_context {
	unsigned long sp;
};
struct thread_struct {
	struct cpu_context cpu_context;
};
#endif

struct task_struct {
	void *stack;
	u8 on_cpu; /* an int, or since 7.3 at the latest a byte: the first one tells */
	int pid;
	int tgid;
	struct task_struct *group_leader;
	unsigned long nvcsw;
	unsigned long nivcsw;
	char comm[16];
	spinlock_t alloc_lock;
	struct thread_struct thread;
};

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

#pragma clang attribute pop

#endif /* __VMLINUX_H__ */
