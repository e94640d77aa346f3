#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: an independent count of what migtrace counts, by the kernel's own kprobe events. No
# BPF, and no call sites: the lock function's callers are told apart by the return address on its
# stack. Counted are the records that pass the filter, overwritten ones included, in an instance of
# the ring buffer each (5.10's cloud kernel has no histogram triggers).
#
# usage: count.sh start | count.sh stop > FILE
#   FILE: "NAME N": norefs_calls, norefs_ok (returned 0), migrate_sections, invalidations (of the
#   CPUs' LRUs, between a busy check and the next), lookup_sections, folio_waits (in the lookup),
#   aio_sections, aio_completions (of the ring mapping's lock and of completion_lock in the migration)
set -eu
T=/sys/kernel/tracing
[ -d $T/events ] || T=/sys/kernel/debug/tracing

# first line: start and end of a function, from kallsyms
range()
{
	awk -v f="$1" '
		$3 == f { a = $1 }
		{ addr[NR] = $1 }
		END { if (a == "") exit 1
		      for (i in addr) if (addr[i] > a && (e == "" || addr[i] < e)) e = addr[i]
		      print "0x" a, "0x" e }' /proc/kallsyms
}

first()
{
	for f; do
		grep -q " [tT] $f\$" /proc/kallsyms && { echo "$f"; return; }
	done
	echo "count.sh: none of $* in kallsyms" >&2
	exit 1
}

within() # a filter: the return address lies in function $1
{
	range "$1" | sed 's/\(.*\) \(.*\)/ra >= \1 \&\& ra < \2/'
}

count_event() # NAME FILTER
{
	i=$T/instances/mt_$1
	mkdir "$i"
	echo 64 > "$i/buffer_size_kb"
	echo "$2" > "$i/events/mt/$1/filter"
	echo 1 > "$i/events/mt/$1/enable"
}

hits() # records of event $1 so far
{
	i=$T/instances/mt_$1
	echo 0 > "$i/events/mt/$1/enable"
	awk '/^(entries|overrun|dropped events):/ { n += $NF } END { print n }' "$i"/per_cpu/cpu*/stats
}

case $1 in
start)
	lock=$(first rt_spin_lock _raw_spin_lock)
	entry=$(first buffer_migrate_folio_norefs buffer_migrate_page_norefs)
	migrate=$(first __buffer_migrate_folio __buffer_migrate_page)
	lookup=$(first find_get_block_common __find_get_block)
	echo > $T/kprobe_events
	echo "p:mt/entry $entry" >> $T/kprobe_events
	echo "r:mt/returned $entry ret=\$retval:s32" >> $T/kprobe_events
	echo "p:mt/invalidate invalidate_bh_lrus ra=\$stack0:x64" >> $T/kprobe_events
	echo "p:mt/folio_wait __folio_lock ra=\$stack0:x64" >> $T/kprobe_events ||
		echo "p:mt/folio_wait __lock_page ra=\$stack0:x64" >> $T/kprobe_events
	echo "p:mt/lock_m $lock ra=\$stack0:x64" >> $T/kprobe_events
	echo "p:mt/lock_l $lock ra=\$stack0:x64" >> $T/kprobe_events
	count_event entry 0
	count_event returned "ret == 0"
	count_event invalidate "$(within "$migrate")"
	count_event folio_wait "$(within "$lookup")"
	if [ "${WORK:-}" = aio ]; then # not for all: every spinlock of the system passes these
		aio=$(first aio_migrate_folio aio_migratepage)
		echo "p:mt/aio_lock $lock ra=\$stack0:x64" >> $T/kprobe_events
		echo "p:mt/aio_irq _raw_spin_lock_irqsave ra=\$stack0:x64" >> $T/kprobe_events
		count_event aio_lock "$(within "$aio")"
		count_event aio_irq "$(within "$aio")"
	fi
	count_event lock_m "$(within "$migrate")"
	count_event lock_l "$(within "$lookup")"
	;;
stop)
	echo "norefs_calls $(hits entry)"
	echo "norefs_ok $(hits returned)"
	echo "invalidations $(hits invalidate)"
	echo "folio_waits $(hits folio_wait)"
	echo "migrate_sections $(hits lock_m)"
	if [ "${WORK:-}" = aio ]; then
		echo "aio_sections $(hits aio_lock)"
		echo "aio_completions $(hits aio_irq)"
	fi
	echo "lookup_sections $(hits lock_l)"
	;;
esac
