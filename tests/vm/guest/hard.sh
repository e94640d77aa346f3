#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: what can happen to a recording from outside. CPUs come and go, the device goes, two
# record at once, maps are too small, the process is killed while it attaches and while it records.
# Cases as in misuse.sh; judge.py looks at the run files in /out.
set -u
. "$(dirname "$0")/lib.sh"
[ ! -e /sys/kernel/rcu_expedited ] || echo 1 > /sys/kernel/rcu_expedited
cpu1=/sys/devices/system/cpu/cpu1/online
run="load run -m numa -w getdents --dev /dev/ram0 --dir /mnt"

attached() # how many programs, links and probed places the kernel knows of
{
	echo $(($(bpftool prog show 2>/dev/null | grep -c '^[0-9]') +
		$(bpftool link show 2>/dev/null | grep -c '^[0-9]') +
		$(probed) +
		$(wc -l < /sys/kernel/tracing/enabled_functions)))
}

idle_again()
{
	[ "$(attached)" -le "$idle" ]
}

clean() # clean TEXT [killed]: nothing is, and no file was left beside those that were there
{
	until_true 10 idle_again
	[ "$(attached)" = "$idle" ] && [ -z "$(find /tmp/hard /out -name '*.tmp.*')" ]
	say $? "$1: $(attached) programs, links and places remain, $idle before"
	[ -z "${2:-}" ] || return
	until_true 20 none_defined
	say $? "$1: $(defined) kprobe events remain"
}

now() # in hundredths of a second
{
	cut -d' ' -f1 /proc/uptime | tr -d .
}

places() # places N: waits until so many are probed
{
	n=0
	while [ "$(probed)" -lt "$1" ] && [ $n -lt 600 ]; do
		usleep 50000
		n=$((n + 1))
	done
}

recorded() # recorded STATUS NAME: it ended with that, and said nothing
{
	[ "$?" = "$1" ] && [ ! -s /tmp/err ] && [ -s "/out/$2.json" ]
	say $? "$2: ends with $1, no message, a run file"
}

mkdir /tmp/hard
idle=$(attached)
load setup ext4 /mnt -s 80 > /out/setup.json

# too small maps: counted as lost, and no verdict on what they held
for tier in full light; do
	light=
	[ $tier = full ] || light=--light
	# shellcheck disable=SC2086
	migtrace record -o /out/small-$tier.json $light --map-size 1 --fail-on-race -- $run -d 2 \
		> /tmp/out 2> /tmp/err
	echo $? > /out/small-$tier.status
	[ ! -s /tmp/err ] && [ -s /out/small-$tier.json ]
	say $? "small-$tier: no message, a run file"
	migtrace report /out/small-$tier.json | head -n 1 | grep -q '^TAINTED'
	say $? "small-$tier: TAINTED comes first"
done

# a CPU goes and comes back twice; one comes that was not there when the recording began
migtrace record -o /out/hotplug.json -- sh -c "$run -d 6 > /out/hotplug.load &
	for cpu in 0 1 0 1; do sleep 1.2; echo \$cpu > $cpu1; done; wait" > /tmp/out 2> /tmp/err
recorded 0 hotplug
echo 0 > $cpu1
migtrace record -o /out/online.json -- sh -c "sleep 1; echo 1 > $cpu1; $run -d 4" \
	> /tmp/out 2> /tmp/err
recorded 0 online
[ "$(cat $cpu1)" = 1 ]
say $? "online: the CPU came"

# two at once, one in the other: of this device both see the same
# shellcheck disable=SC2086
migtrace record -o /out/outer.json --device ram0 -- \
	migtrace record -o /out/inner.json --device ram0 -- $run -d 4 > /tmp/out 2> /tmp/err
recorded 0 outer
recorded 0 inner
clean "two at once"

# the device's driver is unloaded
migtrace record -o /out/unload.json --device ram0 -- \
	sh -c "$run -d 2 && umount /mnt && rmmod brd && sleep 1" > /tmp/out 2> /tmp/err
recorded 0 unload
grep -q '"command_status": *0' /out/unload.json && [ ! -e /sys/block/ram0 ]
say $? "unload: the driver is gone"
insmod /lib/modules/brd.ko rd_nr=2 rd_size=262144
load setup ext4 /mnt -s 80 > /out/setup.json

# killed: while it attaches, early and late, and, by the OOM killer, while it records
for want in 3 30; do
	migtrace record -o /tmp/hard/killed.json -d 60 > /tmp/out 2> /tmp/err &
	places $want
	probed=$(probed)
	kill -KILL $!
	wait $! 2> /dev/null
	[ "$probed" -ge $want ]
	say $? "killed with $probed places probed"
	clean "SIGKILL while it attaches" killed
done
migtrace record -o /tmp/hard/ended.json -d 60 > /tmp/out 2> /tmp/err &
places 10
kill -TERM $!
wait $!
[ $? = 1 ] && grep -q 'interrupted before anything was recorded' /tmp/err &&
	[ "$(wc -l < /tmp/err)" = 1 ]
say $? "SIGTERM while it attaches: $(cat /tmp/err)"
clean "SIGTERM while it attaches"
(
	echo 1000 > /proc/self/oom_score_adj
	exec migtrace record --light -o /tmp/hard/oom.json -d 100 > /tmp/out 2> /tmp/err
) &
victim=$!
until_true 30 counting $victim
echo f > /proc/sysrq-trigger
wait $victim 2> /dev/null
status=$?
[ $status = 137 ] && dmesg | grep -q "Killed process $victim (migtrace)"
say $? "the OOM killer took it (status $status)"
clean "killed by the OOM killer" killed

# what those that were killed left defined is gone as soon as the next one begins, and only that
left=$(defined)
migtrace record -o /tmp/hard/next.json --site migrate_norefs -d 60 > /tmp/out 2> /tmp/err &
until_true 30 counting $!
[ "$(defined)" -gt 0 ] && ! grep '^[pr][0-9]*:migtrace_' /sys/kernel/tracing/kprobe_events |
	grep -qv ":migtrace_$!_"
say $? "of $left kprobe events that were left there are only those of the one that runs: $(defined)"
migtrace record -o /tmp/hard/other.json --light -d 1 > /tmp/out2 2> /tmp/err2
[ $? = 0 ] && [ ! -s /tmp/err2 ] && grep -q ":migtrace_$!_" /sys/kernel/tracing/kprobe_events
say $? "another recording leaves it its own"
kill -INT $!
wait $!
clean "after those that were killed"

# the report comes first: whoever does not want to wait for the kernel finds it all there, and the child
# that waits leaves nothing; one that begins meanwhile is right
for signal in INT KILL; do
	rm -f /tmp/hard/*.json*
	migtrace record -o /tmp/hard/first.json -d 1 > /tmp/out 2> /tmp/err &
	until_true 60 test -e /tmp/hard/first.json
	[ $signal = INT ] || usleep 300000 # or the kernel takes the places off as it dies
	asked=$(now)
	kill -$signal $!
	wait $!
	status=$?
	left=$((($(now) - asked) * 10))
	busy=$(probed)
	migtrace report /tmp/hard/first.json > /dev/null && grep -q '^kernel' /tmp/out &&
		{ [ $status = 0 ] || [ $signal = KILL ]; } && [ $left -lt 1000 ]
	say $? "SIG$signal once the report is there: exit $status after $left ms, $busy places still probed"
	# shellcheck disable=SC2086
	migtrace record -o /out/next-$signal.json -- $run -d 2 > /tmp/out 2> /tmp/err
	recorded 0 next-$signal
	rm -f /tmp/hard/*.json*
	clean "after SIG$signal"
done

# and after all of that
# shellcheck disable=SC2086
migtrace record -o /out/after.json -- $run -d 2 > /tmp/out 2> /tmp/err
recorded 0 after
clean "the next recording"
[ -z "$(ls /tmp/hard)" ]
say $? "none of those that were killed left a file"
cut -d' ' -f1 /proc/uptime
