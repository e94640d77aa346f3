#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: one recording with every row on, for SECONDS_ (1200) of all the loads in turn, and an
# exporter beside it. What the recorder holds in memory, what the kernel has for BPF, and what it says
# goes to /out, once before, every half minute, and once after.
set -eu
: "${SECONDS_:=1200}" "${KIB:=80}"
dev="--dev /dev/ram0 --dir /mnt"

state() # state NAME: what a leak would make larger
{
	echo "$1 progs $(bpftool prog show | grep -c ' name ' || :)" \
		"maps $(bpftool map show | grep -c ' name ' || :)" \
		"kprobes $(wc -l < /sys/kernel/debug/kprobes/list)" \
		"enabled $(wc -l < /sys/kernel/tracing/enabled_functions 2>/dev/null || echo 0)" \
		"slab_kb $(awk '/^SUnreclaim/ { print $2 }' /proc/meminfo)" \
		"percpu_kb $(awk '/^Percpu/ { print $2 }' /proc/meminfo)" \
		"vmalloc_kb $(awk '/^VmallocUsed/ { print $2 }' /proc/meminfo)"
}

rss() # rss NAME PID
{
	echo "$1 $(cut -d. -f1 /proc/uptime) $(awk '/^VmRSS/ { print $2 }' "/proc/$2/status")"
}

cat > /mix.sh <<'EOS'
end=$(($(cut -d. -f1 /proc/uptime) + $1))
while [ "$(cut -d. -f1 /proc/uptime)" -lt "$end" ]; do
	for how in "numa getdents" "ring aio" "direct truncate" "compact storm" "numa storm"; do
		set -- $how
		load run -d 8 -m "$1" -w "$2" --dev /dev/ram0 --dir /mnt >> /out/loads
	done
done
EOS
# shellcheck disable=SC2086
load setup ext4 /mnt -s "$KIB" $dev > /out/setup.json 2>&1 || load setup ext4 /mnt -s "$KIB"
migtrace record -d 1 -o /tmp/first.json > /dev/null
sleep 5
dmesg > /out/dmesg.before
state before > /out/state
migtrace record --stacks -o /out/run.json -- sh /mix.sh "$SECONDS_" > /out/report.txt 2>&1 &
record=$!
migtrace export --full --textfile /tmp/m.prom -i 5 > /out/export.log 2>&1 &
export=$!
sleep 30
while [ -d /proc/$record ]; do
	{ rss record $record; rss export $export; } >> /out/rss 2>/dev/null || :
	sleep 15
done
status=0
wait $record || status=$?
echo $status > /out/status
kill -TERM $export
wait $export
cp /tmp/m.prom /out/last.prom
sleep 10
state after >> /out/state
dmesg | tail -n +$(($(wc -l < /out/dmesg.before) + 1)) > /out/dmesg
cat /out/state
