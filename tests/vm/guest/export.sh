#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: export under load, both tiers, with what goes wrong in months put into two minutes.
# Each version of the file is kept as /out/TIER-N.prom; cases as in misuse.sh.
# Environment: SECONDS_ of load for each tier, INTERVAL, and FULL, seconds for which the disk is.
set -u
: "${SECONDS_:=8}" "${INTERVAL:=1}" "${FULL:=3}"
. "$(dirname "$0")/lib.sh"
[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
sysctl -qw kernel.bpf_stats_enabled=1 2>/dev/null || echo 1 > /proc/sys/kernel/bpf_stats_enabled
load setup ext4 /mnt -s 80 > /out/setup.json

rss() # kB
{
	sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

ticks() # of CPU time, user and system, at 100 a second
{
	awk '{ print $14 + $15 }' "/proc/$1/stat"
}

for tier in light full; do
	start_export $tier "$INTERVAL"
	seconds=$SECONDS_
	# the long run is for the tier that runs for months
	[ $tier = light ] || [ "$seconds" -le 60 ] || seconds=60
	load run -d $((seconds + 4 * INTERVAL + 4)) -m numa -w getdents --dev /dev/ram0 --dir /mnt \
		> /out/$tier-load.json &
	# what the first writes under the load take for good, they have taken
	keep $tier $((2 + 4 * INTERVAL))
	begin=$(ticks $pid)
	{
		echo "interval $INTERVAL"
		echo "seconds $seconds"
		echo "rss_first $(rss $pid)"
		keep $tier "$seconds"
		echo "rss_last $(rss $pid)"
		echo "ticks $(($(ticks $pid) - begin))"
	} > /out/$tier-cost
	expect 1 "already written by another process, PID $pid" "$tier: a second exporter" \
		migtrace export --textfile /tmp/prom/m.prom
	end_export $tier
	say $? "$tier: SIGTERM ends it well"
	[ ! -s /tmp/export.err ] && [ "$(ls /tmp/prom)" = m.prom ]
	say $? "$tier: only the file is left"
done

# the file can't be written for a while: counted, said once each way, nothing lost
mkdir /tmp/small
mount -t tmpfs -o size=128k small /tmp/small
mkdir /tmp/small/d
small=/tmp/small/d/m.prom
migtrace export --textfile $small -i 1 > /tmp/out 2> /tmp/export.err &
pid=$!
until_true 60 sh -c "[ -e $small ] || [ ! -d /proc/$pid ]"
load run -d $((FULL + 16)) -m numa -w getdents --dev /dev/ram0 --dir /mnt > /out/small-load.json &
sleep 2
cp $small /out/before-full.prom

# trouble NAME SECONDS BEGIN END: the last file stays meanwhile; afterwards it is written again
trouble()
{
	eval "$3"
	sleep "$2"
	cp /tmp/small/*/m.prom "/out/while-$1.prom"
	eval "$4"
	cp $small /tmp/while.prom 2> /dev/null || cp "/out/while-$1.prom" /tmp/while.prom
	until_true 20 sh -c "[ -s $small ] && ! cmp -s $small /tmp/while.prom"
	cp $small "/out/after-$1.prom"
}
trouble full "$FULL" 'dd if=/dev/zero of=/tmp/small/filler bs=4k > /dev/null 2>&1' 'rm /tmp/small/filler'
trouble readonly 3 'mount --bind /tmp/small /tmp/small && mount -o remount,bind,ro /tmp/small' \
	'umount /tmp/small'
trouble gone 3 'mv /tmp/small/d /tmp/small/elsewhere' 'mv /tmp/small/elsewhere /tmp/small/d'
trouble clock 3 'date -s "@$(($(date +%s) + 86400))" > /dev/null' \
	'date -s "@$(($(date +%s) - 86400))" > /dev/null'
kill -INT $pid
wait $pid
say $? "SIGINT ends it well"
umount /tmp/small
cp /tmp/export.err /tmp/err
for what in 'No space left' 'Read-only file system' 'No such file'; do
	[ "$(grep -c "$what" /tmp/err)" = 1 ]
	say $? "$what: one line when it begins"
done
[ "$(grep -c 'is written again' /tmp/err)" = 3 ] && [ "$(wc -l < /tmp/err)" = 6 ]
say $? "one line when each ends, and no other"

migtrace export --textfile /tmp/hup.prom -i 60 > /tmp/out 2> /tmp/err &
pid=$!
until_true 60 [ -e /tmp/hup.prom ]
rm /tmp/hup.prom
kill -HUP $pid
until_true 10 [ -s /tmp/hup.prom ]
[ -s /tmp/hup.prom ]
say $? "SIGHUP writes at once"
kill -TERM $pid
wait $pid

expect 2 "does not end in .prom" "another suffix" migtrace export --textfile /tmp/x.txt
expect 2 "'--textfile' is missing" "no file" migtrace export
expect 1 "/nowhere/m.prom" "a folder that is not there" migtrace export --textfile /nowhere/m.prom
migtrace export --textfile /out/once.prom --once -i 1 > /tmp/out 2> /tmp/err
say $? "--once"
[ -s /out/once.prom ] && [ ! -e /out/once.prom.lock ]
say $? "--once leaves the file and no lock"
