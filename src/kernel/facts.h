/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Stage 0: what this kernel offers, as a fact sheet. kernel.c, btf.c, symbols.c and image.c are
 * the only readers of BTF, tracefs, kallsyms and kcore; everything later sees only struct facts, which can also be saved and loaded,
 * so that the choice of variants is tested per kernel without one.
 */
#ifndef MIGTRACE_KERNEL_H
#define MIGTRACE_KERNEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum feature {
	FEAT_BTF,	       /* of its own, /sys/kernel/btf/vmlinux, or a file's */
	FEAT_BTF_ELSEWHERE,    /* a file's only */
	FEAT_KPROBES,	       /* perf's kprobe source */
	FEAT_BH_MIGRATE,       /* enum bh_state_bits has BH_Migrate (2d900efff915, 6.15) */
	FEAT_MMB,	       /* struct mapping_metadata_bhs (7.1) */
	FEAT_SLEEPING_LOOKUP,  /* find_get_block_common (7ffe3de53a88, 6.15; Debian 6.12.117) */
	FEAT_RT,	       /* spinlocks sleep: rt_spin_lock is a function */
	FEAT_TRAMPOLINE_GUARD, /* struct bpf_prog.active (ca06f55b9002, 5.12) */
	FEAT_TRAMPOLINES,      /* can go on functions: direct calls of ftrace (arm64: 6.4) */
	FEAT_COOKIES,	       /* bpf_get_attach_cookie() (7adfc6c9b315, 5.15) */
	FEAT_SYMBOLS,	       /* kallsyms shows addresses */
	FEAT_TEXT,	       /* kernel text is readable through /proc/kcore */
	FEAT_FILTER_LIST,      /* tracefs' available_filter_functions is readable */
	FEAT_CONTENDED,	       /* tracepoint lock:contended_release (7.2; of spinlocks 7.3, x86) */
	FEAT_LRU_DRAINS,       /* tracepoints mm_lru_add_drain_tp, mm_lru_add_drain_all_tp (7.3) */
	FEAT_COUNT,
};

#define FUNC_NAME 128 /* with what a compiler appends */

/* A function that some probe asks about, or a copy of it. */
struct fact_func {
	char name[FUNC_NAME];
	bool in_btf;
	bool traceable;	      /* has an fentry site; assumed when FEAT_FILTER_LIST is missing */
	unsigned int symbols; /* of the kernel itself in kallsyms under exactly this name */
	unsigned int modules; /* symbols of modules, which make a probe by name ambiguous */
	unsigned int wants;   /* WANT_*; not saved */
	bool implied;	      /* by others of an older sheet; not saved */
	__u64 addr, size;     /* 0 when not known; not saved */
	__u32 btf_id;	      /* in the kernel's own BTF; 0 when not known; not saved */
};

/* What probes want to know of a function beside its being there. */
enum {
	WANT_CALLS = 1,	 /* the calls in it, and its returns */
	WANT_CALLEE = 2, /* who calls it */
	WANT_ENTRY = 4,	 /* if it is traceable */
};

/* What a symbol is to a function, which it is named for; the later, the less is left of it. */
enum copy_kind {
	COPY_NONE, /* nothing */
	COPY_PLAIN,
	COPY_SAME,    /* the same under another name */
	COPY_CHANGED, /* all of it, but called with other arguments */
	COPY_PART,
	COPY_COLD, /* places of its owner, never entered from its begin */
};
#define WHOLE_COPY (1u << COPY_PLAIN | 1u << COPY_SAME | 1u << COPY_CHANGED)
#define ANY_COPY   (WHOLE_COPY | 1u << COPY_PART | 1u << COPY_COLD)

/* facts.c. The length of the name that @symbol is a copy of: its own when it is none. */
size_t copy__base(const char *symbol, enum copy_kind *kind);
enum copy_kind copy__kind(const char *symbol, const char *name);
/* Is @symbol one of @names, or a copy of one? */
bool copy__in_list(const char *const *names, const char *symbol);

/* A direct call in a function: what the call-site clock stands on. */
struct fact_call {
	char func[FUNC_NAME], callee[FUNC_NAME];
	__u32 offset; /* of the branch instruction from the function's start */
	__u32 next;   /* offset of the instruction it returns to; 0 for a tail jump */
	/* where a probe can be a jump, text__ahead() and text__behind(); else as the two above */
	__u32 ahead, behind;
	__u32 branch; /* text__branch(), or as next */
	__u8 reg; /* of the lock's address when it is inlined, as insn__unlock() has it; else 0 */
};

#define CALLEE_INLINE_UNLOCK "(inlined store)" /* x86 5.10: patched in; arm64: by the compiler */
/* arm64 without preemption: @offset of an attempt, @next where a lock that it got is held. */
#define CALLEE_INLINE_LOCK   "(inlined lock)"
#define CALLEE_UNKNOWN_LOCK  "(unknown lock)" /* one of which no such places were found */
#define CALLEE_HIDDEN_LOCK   "(hidden lock)"  /* the same, with probes of others in the function */
#define CALLEE_SLOW_LOCK     "queued_spin_lock_slowpath"
#define CALLEE_EXIT	     "(return)" /* @offset of the instruction */
#define CALLEE_BLOCKER	     "(atomic)" /* the same: one behind which probes are refused */

#define KERNEL_BTF "/sys/kernel/btf/vmlinux"
#define KCORE	   "/proc/kcore"

/* enum migrate_reason as this kernel has it: its values and names change. */
#define FACT_WHYS     16
#define FACT_WHY_NAME 24

/* What a fact sheet was asked for: 2: copies, and what may be out of line; 3: 7.1's lists of buffers. */
#define FACTS_ASKS 3

struct facts {
	char release[80], version[160], arch[16];
	unsigned int asks; /* FACTS_ASKS of the migtrace that made it */
	bool feature[FEAT_COUNT];
	struct btf *types;   /* until facts__forget_types(); not saved */
	char types_path[32]; /* those that our programs ask for (targets.h), or empty; not saved */
	__u64 image_start, image_end; /* of the kernel's text; not saved */
	bool emulates_branches;	      /* that are probed, in the probe's own exception; not saved */
	__u32 lock_offset; /* of a mapping's (i_)private_lock, 0 when not known; not saved */
	char why[FACT_WHYS][FACT_WHY_NAME]; /* "compaction"; empty when not known; not saved */
	bool kasan, kcsan; /* instrumented: its times are unlike others'; not saved */
	struct fact_func *funcs;
	size_t funcs_n;
	struct fact_call *calls;
	size_t calls_n;
	char text_reason[120]; /* why FEAT_TEXT is missing */
	char btf_reason[120];  /* why FEAT_BTF is, if not for want of it; else empty */
	const char *btf; /* file that the types come from; NULL: the kernel's own; not saved */
	const char *unreadable; /* the file that facts__read() failed at, or NULL; not saved */
	/* What is wrong with @btf: -ENOEXEC, -EXDEV (another kernel's), 0 (can't be told); not saved */
	char unfit[160];
};

/*
 * Reads this kernel. Never fails for what is missing, or not for this user: that is a fact too.
 * 0, or -errno with @f->unreadable: what is there and can't be read is no fact. Or -ENOMEM.
 * @btf: NULL, or a file with the types, in place of the kernel's own: -ENOEXEC, -EXDEV when it is unfit.
 * @want: asks for the functions that the sheet is about (probes__want()). @sooner: for a recording, not
 * for a sheet: without what modules have.
 */
int facts__read(struct facts *f, const char *btf, int (*want)(struct facts *f), bool sooner);

/* btf.c: its BTF's part of it. */
int facts__read_btf(struct facts *f, const char *kallsyms);
/* Some megabytes. */
void facts__forget_types(struct facts *f);
/* Has the struct @name of @btf that member? */
struct btf;
bool facts__has_member(const struct btf *btf, const char *name, const char *member);
/* btf_kind.c: says in @why if the BTF in @path has a type of a kind that this libbpf does not know. */
bool facts__newer_btf(const char *path, char *why, size_t size);
/* btf.c: does a file's belong to this kernel? 0 with @f->unfit: can't be told. */
int facts__check_btf(struct facts *f, const struct btf *btf, const char *kallsyms);
/* An errno that says nothing about the kernel: the file is there, and ours to read. */
bool facts__broken(int error);
/* symbols.c: a symbol's longest name that is read, and what stands in place of an unknown one. */
#define SYMBOL_NAME    640
#define SYMBOL_UNKNOWN "?"
/* The next symbol in @kallsyms of the kernel itself, not of a module; false: there is none. */
bool facts__next_symbol(FILE *kallsyms, unsigned long long *addr, char *type,
			char name[SYMBOL_NAME]);

struct text_target {
	const char *name;
	__u64 addr;
};

/* The files that say what is in the kernel's image; the fuzzer has others than this kernel's. */
struct image_files {
	const char *kallsyms;
	const char *filter_list[2]; /* the first that can be opened */
	const char *kcore;
	bool sooner; /* kcore alone, where it says enough; the others are text that the kernel has to make */
};
/* Their part of it, BTF having been read: symbols, which are kept, what is traceable, calls. */
int facts__read_image(struct facts *f, const struct image_files *files);
/* image_symbols.c: the symbols' part of that. */
int facts__read_symbols(struct facts *f, const char *kallsyms);
/*
 * The same by the kernel's own table, which is much sooner done; modules' are not in it. 0, -ENOMEM, or
 * another -errno: it can't be had, and nothing was read.
 */
struct text;
int facts__read_table(struct facts *f, struct text *t);
/*
 * lock_calls.c: every direct call of a spinlock's lock function in the image and in modules, on a lock
 * that is @f->lock_offset bytes into something. 0, -errno (-EOPNOTSUPP with @why), or @cb's non-zero.
 */
int image__lock_calls(const struct facts *f, const char *kcore, const char **why,
		      int (*cb)(void *ctx, const char *func, __u32 offset), void *ctx);
/* One function's code: the same, at its call sites of @targets. */
int text__lock_calls(const unsigned char *code, size_t size, __u64 addr,
		     const struct text_target *targets, size_t n, __u32 lock_offset,
		     int (*cb)(void *ctx, __u32 offset), void *ctx);
/* A row for the function @name, of which WANT_* is asked; the rest of a fact sheet fills it in. 0 or -ENOMEM. */
int facts__want(struct facts *f, const char *name, unsigned int wants);
/*
 * The same from and to a text file (tests/data/kernels/NAME.facts, doctor --facts); "-" is standard
 * input. 0 or -errno: -EINVAL where it is no sheet, -EBADMSG where it is a damaged one or a part of one,
 * -EPROTONOSUPPORT where it is one of a later version.
 */
int facts__load(struct facts *f, const char *path);
void facts__save(const struct facts *f, FILE *out);
void facts__free(struct facts *f);

const struct fact_func *facts__func(const struct facts *f, const char *name);
/* The first of @name's copies in kallsyms that is of one of @kinds (1 << COPY_*), or NULL. */
const struct fact_func *facts__copy(const struct facts *f, const char *name, unsigned int kinds);
/* A part of @name that is entered past its begin, which callers have in their own code; or NULL. */
const struct fact_func *facts__split(const struct facts *f, const char *name);
/* Is there anything of the function on this kernel? */
bool facts__has_func(const struct facts *f, const char *name);
/* At how many places does @func, or a copy of it, call one of @callees? */
unsigned int facts__calls(const struct facts *f, const char *func, const char *const *callees);
/* Are there locks whose address is not in the register of a first argument? */
bool facts__inlined(const struct facts *f);
const char *feature__name(unsigned int feature);
/* What to say of a kernel without @feature; NULL: nothing. */
const char *facts__lacking(unsigned int feature);
/* The same of BTF, of which it is known what is wrong. */
const char *facts__no_btf(const struct facts *f);
/* False for what only BTF tells, on a kernel without. */
bool facts__known(const struct facts *f, unsigned int feature);

/* "held or racy", "held+sleeping", "bh_migrate", "bh_migrate+mmb" by BTF alone (design.md §3). */
const char *facts__generation(const struct facts *f, const char **evidence);

/* Frees what facts__read() left for kernel__symbol(): some megabytes. */
void kernel__forget_symbols(void);

/*
 * Symbol of a kernel address as "name+0xoff" or "name+0xoff [module]" into @buf; never an address, which
 * is a secret that reports would carry away.
 */
void kernel__symbol(__u64 addr, char *buf, size_t size);

/*
 * text.c: the direct branches of a function, read from the running kernel's text.
 * text__open() returns NULL with *@why (static) when the text can't be read.
 */
struct text;
struct text *text__open(const char *kcore_path, const char **why);
void text__close(struct text *t);
/* What the core file's note @name says; the caller's. NULL: it has none such. */
char *text__note(struct text *t, const char *name);
/* Copies @size bytes at kernel address @addr. 0 or -errno. */
int text__read(struct text *t, __u64 addr, void *buf, size_t size);

/*
 * Reports every direct branch of the @size bytes at @code (address @addr) that leads to one of
 * @targets, call-depth thunks resolved. @cb gets the target's index, the branch's offset, and the
 * offset it returns to (0: tail jump). Returns how many, or the first non-zero @cb result.
 */
int text__branches(const unsigned char *code, size_t size, __u64 addr,
		   const struct text_target *targets, size_t n,
		   int (*cb)(void *ctx, size_t target, __u32 offset, __u32 next), void *ctx);
/*
 * A function's code: what kallsyms has under its name, and what the compiler moved out of the way
 * (NAME.cold; nothing with size 0). All places in bytes from the function's start.
 */
struct text_part {
	const unsigned char *code;
	size_t size;
	__s64 at;
};
struct text_func {
	struct text_part hot, cold;
	__s64 image_start, image_end; /* a branch out of the image was put there by a tracer */
};

/*
 * Where a kprobe for the call at @call can sit so that the kernel makes it a jump, which spares an
 * exception: a few instructions ahead of it, such that whoever comes to them comes to the call, and
 * the other way round. @call if there is no such place (or none is needed, as on arm64), or where
 * somebody else's kprobes hide what stood there.
 *
 * Read for one state of the kernel: of a static branch that is off nothing is seen but a no-op. And
 * functions with an exception table have ways that are not seen; none of the norefs ones has.
 */
__u32 text__ahead(const struct text_func *f, __u32 call);
/*
 * The same for the place that a call returns to: straight on and along unconditional jumps. Others
 * may come to that place as well, as in a loop: the program has to know them.
 */
__u32 text__behind(const struct text_func *f, __u32 next);
/*
 * The first branch behind @next, come to from there alone: the kernel emulates it in the probe's own
 * exception (6256e668b7af, 5.13), where any other instruction takes a second one. @next itself where a
 * jump fits, or if there is none.
 */
__u32 text__branch(const struct text_func *f, __u32 next);
/*
 * what the compiler put in a function's code instead of calls. Each place goes to
 * @cb; returned is how many there were, or the first non-zero @cb result.
 */
struct text_place {
	const char *what; /* CALLEE_* */
	__u32 offset, next;
	__u8 reg;
};
typedef int text_place_cb(void *ctx, const struct text_place *p);

/* Each inlined queued_spin_unlock. */
int text__inline_unlocks(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx);
/* The inlined queued_spin_lock whose slow path is called at @slow, or that it is not understood. */
int text__inline_lock(const unsigned char *code, size_t size, size_t slow, text_place_cb *cb,
		      void *ctx);
/* Each instruction behind which probes are refused while it has none. */
int text__blockers(const unsigned char *code, size_t size, text_place_cb *cb, void *ctx);
/* Each return; none where the function can be left in another way, or where they can't be told. */
int text__exits(const struct text_func *f, text_place_cb *cb, void *ctx);

#endif /* MIGTRACE_KERNEL_H */
