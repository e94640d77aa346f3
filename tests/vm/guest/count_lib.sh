# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Events of the kernel's own on functions, callers and inlined locks, each counted by `load count`.
# For count.sh. Sourced; T is tracefs.

functions=/run/functions
[ -s $functions ] || load symbols > $functions

has() # FUNCTION
{
	load range $functions "$1" > /dev/null
}

range() # FUNCTION: its start and end
{
	load range $functions "$1" || { echo "count.sh: no $1" >&2; return 1; }
}

first() # FUNCTION...: the first one that this kernel has
{
	for f; do
		has "$f" && { echo "$f"; return; }
	done
	echo "count.sh: none of $* in kallsyms" >&2
	exit 1
}

within() # a filter: the return address lies in function $1
{
	range "$1" | sed 's/\(.*\) \(.*\)/ra >= \1 \&\& ra < \2/'
}

case $(uname -m) in
aarch64) ra=%lr ;;
*) ra=\$stack0 ;;
esac

# An event on a function, counted where its caller is @3
inside() # NAME FUNCTION CALLER
{
	echo "p:mt/$1 $2 ra=$ra:x64" >> $T/kprobe_events
	count_event "$1" "$(within "$3")"
}

# How often a function found a spinlock taken: by the slow path's callers, the lock function between them
waits() # NAME FUNCTION
{
	here=$(within "$2")
	for slow in native_queued_spin_lock_slowpath __pv_queued_spin_lock_slowpath; do
		has $slow || continue
		echo "p:mt/$1_$slow $slow ra=$ra:x64 rb=\$stack1:x64 rc=\$stack2:x64" >> $T/kprobe_events
		count_event "$1_$slow" \
			"($here) || ($(echo "$here" | sed 's/ra/rb/g')) || ($(echo "$here" | sed 's/ra/rc/g'))"
	done
}

# The instructions of a function as the kernel has them in memory (arm64: words), one a line
words() # FUNCTION
{
	# shellcheck disable=SC2046 # words
	set -- $(range "$1")
	start=$1 end=$2 i=0
	n=$(dd if=/proc/kcore bs=2 skip=28 count=1 2>/dev/null | od -An -t u2 | tr -d ' ')
	while [ $i -lt "$n" ]; do # program headers, 56 bytes: type and flags, offset, address, -, -, size
		# shellcheck disable=SC2046 # words
		set -- $(dd if=/proc/kcore bs=8 skip=$((8 + 7 * i)) count=7 2>/dev/null |
			od -An -v -t x8)
		if [ $((start >= 0x$3 && start < 0x$3 + 0x$6)) = 1 ]; then
			dd if=/proc/kcore bs=4 skip=$(((0x$2 + start - 0x$3) / 4)) \
				count=$(((end - start) / 4)) 2>/dev/null |
				od -An -v -t x4 | tr -s ' ' '\n' | sed '/^$/d'
			return
		fi
		i=$((i + 1))
	done
}

# How often a lock was taken in a function: by calls, or by attempts to which it was inlined
sections() # NAME LOCK FUNCTION
{
	if [ -n "$2" ]; then
		inside "$1" "$2" "$3"
		return
	fi
	lse=$(grep -c -m 1 -w atomics /proc/cpuinfo || :)
	places=$(words "$3" | awk -v lse="$lse" '
		/^88[ef].7[c-f]..$/ { print lse ? 4 * (NR - 2) : "dead" 4 * (NR - 1) } # casa
		!lse && /^885ff[c-f]..$/ && old ~ /^f980/ { print 4 * (NR - 3) } # prfm, ldaxr
		{ old = $1 }')
	[ -n "$places" ] || { echo "count.sh: no lock is taken in $3" >&2; exit 1; }
	for at in $places; do # a dead one never counts; without a probe it forbids those behind it
		echo "p:mt/$1_$at $3+${at#dead}" >> $T/kprobe_events
		count_event "$1_$at" 0
	done
}

# The sum of the events that sections() made
all_hits() # NAME
{
	awk -v n="$1" '$1 == n || index($1, n "_") == 1 { sum += $2 } END { print sum + 0 }' $counts.counted
}

# An event on every call of a function, or (filter) on its returns of 0
all() # NAME FUNCTION
{
	echo "p:mt/$1 $2" >> $T/kprobe_events
	count_event "$1" 0
}

returns_0() # NAME FUNCTION
{
	echo "r:mt/$1 $2 ret=\$retval:s32" >> $T/kprobe_events
	count_event "$1" "ret == 0"
}

counts=/run/mt-counts

# The events of the count before go; while a recording detaches, some of its own are in use.
no_events()
{
	until_true 60 sh -c "echo > $T/kprobe_events"
	rm -f $counts
}

count_event() # NAME FILTER
{
	echo "$1 $2" >> $counts
}

hits() # how often event $1 fired and passed its filter
{
	awk -v n="$1" '$1 == n { print $2; found = 1 } END { exit !found }' $counts.counted
}

start_counting()
{
	rm -f $counts.counted $counts.counted.ready
	load count $counts $counts.counted > /dev/null &
	echo $! > $counts.pid
	until_true 120 test -e $counts.counted.ready
}

stop_counting()
{
	kill "$(cat $counts.pid)"
	until_true 60 test -s $counts.counted
}
