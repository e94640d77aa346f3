#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: an independent count of what migtrace counts, by the kernel's own kprobe events and
# histogram triggers. No BPF, and no call sites: the lock function's callers are told apart by the
# return address on its stack.
#
# usage: count.sh start | count.sh stop > FILE
#   FILE: "norefs_calls N", "migrate_sections N", "lookup_sections N"
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

case $1 in
start)
	lock=$(first rt_spin_lock _raw_spin_lock)
	entry=$(first buffer_migrate_folio_norefs buffer_migrate_page_norefs)
	migrate=$(first __buffer_migrate_folio __buffer_migrate_page)
	lookup=$(first find_get_block_common __find_get_block)
	echo > $T/kprobe_events
	echo "p:mt/entry $entry" >> $T/kprobe_events
	echo "p:mt/lock_m $lock ra=\$stack0:x64" >> $T/kprobe_events
	echo "p:mt/lock_l $lock ra=\$stack0:x64" >> $T/kprobe_events
	set -- $(range "$migrate")
	echo "hist:keys=ra:size=128 if ra >= $1 && ra < $2" > $T/events/mt/lock_m/trigger
	set -- $(range "$lookup")
	echo "hist:keys=ra:size=128 if ra >= $1 && ra < $2" > $T/events/mt/lock_l/trigger
	echo 'hist:keys=common_type:size=128' > $T/events/mt/entry/trigger
	;;
stop)
	hits()
	{
		awk '/Hits:/ { h = $2 } /Dropped:/ { d = $2 } END { print h + 0; exit d > 0 }' \
			$T/events/mt/$1/hist
	}
	echo "norefs_calls $(hits entry)"
	echo "migrate_sections $(hits lock_m)"
	echo "lookup_sections $(hits lock_l)"
	for e in entry lock_m lock_l; do
		sed 's/^hist/!hist/' $T/events/mt/$e/trigger | grep '^!hist' | cut -d' ' -f1 |
			cut -d: -f1,2 > /dev/null
		echo 0 > $T/events/mt/$e/enable
	done
	;;
esac
