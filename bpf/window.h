/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Windows and late references, as the BPF programs keep them and the command reads them (event.h has
 * the rest of that contract). Stage: shared.
 */
#ifndef MIGTRACE_WINDOW_H
#define MIGTRACE_WINDOW_H

enum late_kind { LATE_SLOW = 0, LATE_END = 1, LATE_ASSOC = 2, LATE_KINDS = 3, LATE_MOVED = 4 };

/* What the end of a window says of the lookups in it that released only behind its end. */
enum late_proof {
	PROOF_COUNT = 0, /* a count above zero: they are late */
	PROOF_NONE = 1,
	PROOF_EXIT = 2, /* a count at the function's exit only: one of them, kept as LATE_END */
};

enum window_state {
	WINDOW_FREE = 0,
	WINDOW_OPEN = 1,
	WINDOW_MOVED = 2,
	WINDOW_ABORTED = 3,   /* the check passed, the move failed */
	WINDOW_WITHDRAWN = 4, /* the check did not pass after all */
};

/*
 * One window: from the release of (racy, bh_migrate) or an event inside (held) the section in which
 * every b_count was seen zero to the end of the move. *_seq are readings of the logical clock, which
 * only openings, phases and ends advance: a lookup whose acquire reads a value in
 * [open_seq, close_seq) took its lock inside, whatever the CPUs' time stamps say.
 */
struct window {
	__u64 id;    /* 0 while the rest is being written; see window_read() */
	__u64 index; /* of the page in its mapping */
	__u64 open_seq, copy_seq, after_seq, close_seq; /* 0: not reached */
	__u64 t_open, t_close;
	__u64 noted;	/* lookups that returned a buffer, acquired and released inside */
	__u64 maybe;	/* acquired inside, released behind: late if the count at the end says so */
	__u64 prev_id;	/* the window that was here before, and how it ended */
	__u32 state;	/* enum window_state */
	__u8 busy;	/* some b_count above zero at the end */
	__u8 assoc;	/* that buffer is on an association list */
	__u8 busy_exit; /* racy: not at the flags step, but at the function's exit right behind it */
	__u8 pad;
	__u32 pid, cpu;
	__s32 stack;
	__u32 dev;
	__u32 prev_state, pad2;
	char comm[16];
};

/*
 * Whether the window ended with a reference. A count seen at the function's exit only (busy_exit)
 * needs a lookup that acquired inside when lookups are probed (@paired); else it is all there is.
 */
static inline __attribute__((always_inline)) int window_busy(const struct window *w, int paired)
{
	return w->busy || (w->busy_exit && (w->maybe || !paired));
}

/*
 * How many late references a window ended with, and of which kind: one rule for the programs, which
 * count a window when its place is reused, and for reading the table at the end.
 */
static inline __attribute__((always_inline)) __u64 window_late(const struct window *w, int paired,
							       __u32 *kind)
{
	__u64 late = w->noted + (w->busy ? w->maybe : 0);

	*kind = late ? LATE_SLOW : w->assoc ? LATE_ASSOC : LATE_END;
	if (w->state != WINDOW_MOVED)
		return 0;
	return late ? late : w->assoc || window_busy(w, paired);
}

#define WINDOW_SLOTS	 4096
#define WINDOW_WAYS	 4
#define WINDOW_BEHIND_NS 1000000ULL

/* Windows of one page: the current one and the one before, since lookups report a little later. */
struct window_page {
	__u64 mapping, index;
	__u32 current, pad;
	struct window w[2];
};

/*
 * One late reference as the kernel saw it (ring buffer; the counters are updated anyway). While its
 * window is open a lookup's record is only a candidate: a LATE_MOVED record for the same window
 * confirms it.
 */
struct late_record {
	__u64 window_id;
	__u64 t_ns, since_check_ns, block;
	__u64 b_state;
	__s64 b_count;
	__u32 dev;
	__u8 kind;	/* enum late_kind */
	__u8 phase;	/* enum late_phase */
	__u8 confirmed; /* 0: only when its window moves (LATE_MOVED) */
	__u8 maybe;	/* and ends with a count above zero; LATE_MOVED: enum late_proof */
	__u32 m_pid, m_cpu, l_pid, l_cpu;
	__s32 m_stack, l_stack;
	char m_comm[16], l_comm[16];
};

#define BH_STATE_DIRTY (1ULL << 1) /* enum bh_state_bits: BH_Dirty */

enum late_phase { PHASE_BEFORE_SWITCH = 0, PHASE_COPY = 1, PHASE_AFTER_SWITCH = 2 };

_Static_assert(sizeof(struct window) == 136, "window has no implicit padding");

#endif /* MIGTRACE_WINDOW_H */
