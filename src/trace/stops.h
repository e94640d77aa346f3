/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/*
 * What the kernel made of kprobes: most stop the CPU by an exception at each hit, some it has replaced by
 * a jump or a call of ftrace's. Read from debugfs' list. Pure.
 */
#ifndef MIGTRACE_STOPS_H
#define MIGTRACE_STOPS_H

#include "trace/probes.h"

#define KPROBE_LIST "/sys/kernel/debug/kprobes/list"

struct stops {
	__u64 jumps, calls, exceptions;
};

/* Whose: all there are, and of our rows those by which a page comes that moves, or a slow lookup. */
enum stops_of { STOPS_ALL, STOPS_PAGE, STOPS_LOOKUP, STOPS_N };

/*
 * @choices: probes_n rows, or NULL: all kprobes only. Ours are known by their addresses. 0 or -errno of @path:
 * KPROBE_LIST.
 */
int stops__read(const char *path, const struct facts *f, const struct choice *choices,
		struct stops v[STOPS_N]);

/*
 * The same once the kernel has made its jumps, which it does behind the attaching: it is asked again for some
 * seconds at most.
 */
int stops__settled(const struct facts *f, const struct choice *choices, struct stops v[STOPS_N]);

#endif /* MIGTRACE_STOPS_H */
