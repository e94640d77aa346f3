// SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
/*
 * What only follows what instead.c refuses: the linker wants it, and nothing may reach it. No
 * header: what a function takes and gives does not matter then.
 */

#define NEVER(function)                                                                            \
	void function(void);                                                                       \
	void function(void)                                                                        \
	{                                                                                          \
		__builtin_trap();                                                                  \
	}

NEVER(cost__measure)
NEVER(load__alive)
NEVER(load__counts)
NEVER(load__directory_bytes)
NEVER(load__mover)
NEVER(load__new)
NEVER(load__prepare)
NEVER(load__start)
NEVER(scratch__errors)
NEVER(snapshot__figures)
NEVER(snapshot__read)
NEVER(snapshot__stack)
NEVER(tracer__attached)
NEVER(tracer__floor_ns)
NEVER(tracer__has_rare)
NEVER(tracer__in_place)
NEVER(tracer__is_attaching)
NEVER(tracer__object)
NEVER(tracer__opts)
NEVER(tracer__order_memory)
NEVER(tracer__poll)
NEVER(tracer__start)
NEVER(tracer__stall_waits)
NEVER(tracer__stall_tasks)
NEVER(tracer__stall_spins)
NEVER(tracer__stall_forget)
NEVER(tracer__stall_is_stale)
NEVER(tracer__stall_lasts)
NEVER(tracer__cpus)
NEVER(tracer__stop)
NEVER(tracer__times)
NEVER(tracer__trim)
NEVER(workload__end)
NEVER(workload__ended)
NEVER(workload__fork)
NEVER(workload__go)
NEVER(privileges__drop)
NEVER(privileges__drop_all)
NEVER(outfile__open)
NEVER(outfile__commit)
NEVER(outfile__abort)
NEVER(textfile__write)
NEVER(system_info__number)
