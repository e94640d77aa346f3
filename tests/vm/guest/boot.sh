# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Several cases in one boot, for tests/runner/guest.py, whose job calls run_case once a case. Sourced.
# Each has an /out of its own, which goes to the host as soon as the case ends: a guest that hangs
# later has not lost it.

uptime_of()
{
	cut -d' ' -f1 /proc/uptime
}

# No probe is left, and no event of one: those that a killed migtrace left are defined for good. EBUSY
# while they are in use would end this shell if the command were a special one, as ":" is.
no_probes()
{
	events=/sys/kernel/tracing/kprobe_events
	[ ! -e $events ] || { true > $events; } 2> /dev/null || return 1
	[ ! -s /sys/kernel/debug/kprobes/list ]
}

# as it was before the case, so that the next one can't tell
clean_up()
{
	pkill -KILL migtrace
	pkill -KILL load
	n=0 # what was killed is taken off one by one, each behind a grace period
	until no_probes || [ $n -ge 120 ]; do
		sleep 0.5
		n=$((n + 1))
	done
	umount /mnt /tmp/* 2> /dev/null
	for i in /sys/kernel/tracing/instances/mt_*; do
		[ ! -d "$i" ] || rmdir "$i"
	done
	for i in /sys/kernel/debug/migtrace_*; do
		[ ! -e "$i" ] || echo 0 > "$i"
	done
	for i in "kernel/kptr_restrict 0" "kernel/bpf_stats_enabled 0" \
		"kernel/perf_event_paranoid $paranoid" "vm/drop_caches 3"; do
		echo "${i#* }" > "/proc/sys/${i% *}"
	done
	rm -rf /tmp/* /var/tmp/*
}

# run_case NAME SECONDS SCRIPT [VAR=VALUE]...: /out/log is what it printed
run_case()
{
	name=$1 limit=$2 script=$3
	shift 3
	rm -rf /out
	mkdir -p "/results/$name"
	ln -s "/results/$name" /out
	dmesg -c > /dev/null
	echo "$name begins"
	begin=$(uptime_of)
	(
		for v; do
			export "${v?}"
		done
		for v in ${SWITCHES:-}; do
			case $v in *=*) ;; *) v=$v=1 ;; esac
			echo "${v#*=}" > "/sys/kernel/debug/migtrace_${v%%=*}" || exit 1
		done
		# a call that moves pages waits for a grace period, and PREEMPT_RT asks for the slow ones
		[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
		exec timeout -s KILL "$limit" sh "/files/$script"
	) > /out/log 2>&1
	status=$?
	clean_up > /dev/null 2>&1
	deliver /results "$name"
	rm -rf "/results/$name"
	echo "ended $name: status $status seconds $(uptime_of | awk -v b="$begin" '{ print $1 - b }')"
}

paranoid=$(cat /proc/sys/kernel/perf_event_paranoid)
