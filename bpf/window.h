/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * Windows and late references, as the BPF programs keep them and the command reads them (event.h has
 * the rest of that contract). Stage: shared.
 */
#ifndef MIGTRACE_WINDOW_H
#define MIGTRACE_WINDOW_H

enum late_kind { LATE_SLOW = 0, LATE_END = 1, LATE_ASSOC = 2, LATE_KINDS = 3, LATE_MOVED = 4 };

enum window_state {
	WINDOW_FREE = 0,
	WINDOW_OPEN = 1,
	WINDOW_MOVED = 2,
	WINDOW_ABORTED = 3,   /* the check passed, the move failed */
	WINDOW_WITHDRAWN = 4, /* the check did not pass after all */
	WINDOW_UNSEEN = 5,    /* moved, but its end was not seen: nothing can be said of it */
};

/* The step of a move that ends it (window.bpf.h). */
enum end_step { END_FLAGS = 1, END_SET_BH = 2 };

#define END_MOVES 64 /* the first ones, that tell which step is the last one */

/*
 * One window: from the release of (racy, bh_migrate) or an event inside (held) the section in which
 * every b_count was seen zero to the end of the move. *_seq are readings of the logical clock, which
 * only openings, phases and ends advance: a lookup whose acquire reads a value in
 * [open_seq, close_seq) took its lock inside, whatever the CPUs' time stamps say.
 */
struct window {
	__u64 id;     /* 0 while the rest is being written; see window_read() */
	__u64 claims; /* who takes it to 1 may replace the window */
	__u64 pins;   /* lookups that are about to note something in it: it stays as it is */
	__u64 mapping;
	__u64 index, pages;				/* of the folio in its mapping */
	__u64 open_seq, copy_seq, after_seq, close_seq; /* 0: not reached */
	__u64 done_seq; /* the clearing of the flag or the function's exit, where that is another moment (@slips) */
	__u64 t_open, t_close;
	__u64 noted; /* lookups that returned a buffer, acquired and released inside: late */
	__u64 maybe; /* only acquired inside: late, or right behind the end */
	__u64 maybe_block, busy_block;
	__u32 state;	/* enum window_state */
	__u8 busy;	/* some b_count above zero at the end */
	__u8 assoc;	/* that buffer is on an association list */
	__u8 busy_exit; /* not at the end, but at the function's exit right behind it */
	__u8 slips; /* the lock is free: what comes behind the last step's end may still be late */
	__u32 pid, cpu;
	__s32 stack;
	__u32 dev;
	/* the window that was here before, for lookups that have still to hear of it */
	__u64 gone_mapping, gone_index, gone_open, gone_done;
	__u64 older_done; /* and the end of all before that one */
	__u32 retiring, pad;
	char comm[16];
};

/* What a window found. */
struct window_found {
	__u64 proven, possible;
	__u32 kind; /* enum late_kind, of what is proven */
};

/*
 * One rule for the programs, which count a window when its slot is reused, and for reading the table
 * at the end. Proven is who acquired and released inside; if nobody did, a count above zero at the end
 * proves one reference: that of the lookup which acquired inside and looked for that very block, or
 * nobody's whom we know.
 */
static inline __attribute__((always_inline)) struct window_found
window_found(const struct window *w)
{
	struct window_found f = { w->noted, w->maybe, LATE_SLOW };

	if (w->state != WINDOW_MOVED) {
		f.proven = 0;
		f.possible = 0;
	} else if (!f.proven && w->busy) {
		f.proven = 1;
		if (f.possible && w->maybe_block == w->busy_block)
			f.possible--;
		else
			f.kind = w->assoc ? LATE_ASSOC : LATE_END;
	} else if (!f.proven && !f.possible && w->busy_exit) {
		f.possible = 1;
	}
	return f;
}

#define WINDOW_SLOTS 4096
#ifndef WINDOW_WAYS /* in a model of few windows: fewer */
#define WINDOW_WAYS 4
#endif
#define WINDOW_BEHIND_NS 1000000ULL

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
	__u8 maybe;	/* of a lookup: it only acquired inside */
	__u32 m_pid, m_cpu, l_pid, l_cpu;
	__s32 m_stack, l_stack;
	char m_comm[16], l_comm[16];
	__u64 busy_block; /* whose count was above zero at the end, ~0: none's */
};

#define BH_STATE_DIRTY (1ULL << 1) /* enum bh_state_bits: BH_Dirty */

enum late_phase { LATE_PHASE_BEFORE_SWITCH = 0, LATE_PHASE_COPY = 1, LATE_PHASE_AFTER_SWITCH = 2 };

_Static_assert(sizeof(struct window) == 224, "window has no implicit padding");

#endif /* MIGTRACE_WINDOW_H */
