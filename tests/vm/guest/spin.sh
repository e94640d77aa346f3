#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: a move that takes HELD seconds under the lock, for which a lookup spins; `watch` needs a CPU
# of its own. On stock kernels a program keeps the move, on truth kernels a switch (four seconds at most: a
# u32 of nanoseconds has no more). To /out: watch.CASE.
set -u
. "$(dirname "$0")/lib.sh"
: "${HELD:=4}"
pause=/sys/kernel/debug/migtrace_pause_ns

make_disk || exit 1
if [ ! -e $pause ]; then
	mount -t bpf bpf /sys/fs/bpf 2> /dev/null || :
	at=folio_migrate_mapping
	! grep -q ' folio_mc_copy$' /proc/kallsyms || at=folio_mc_copy
	bpftool prog load /files/hold-$at.bpf.o /sys/fs/bpf/hold || exit 1
	load stall attach /sys/fs/bpf/hold > /attached &
	until_true 30 [ -s /attached ] || exit 1
fi
ns=$((HELD * 1000000000)) bytes=
for _ in 1 2 3 4 5 6 7 8; do
	bytes="$bytes $((ns & 255))" ns=$((ns >> 8))
done
cat > /hold.sh <<EOF
if [ -e $pause ]; then
	echo ${HELD}000000000 > $pause
	usleep 200000
	echo 0 > $pause
else
	bpftool map update name hold_ns key 0 0 0 0 value$bytes
fi
EOF
cat > /case.sh <<EOF
load run -d $((HELD + 4)) -m numa -w getdents --dev $DEV --dir /mnt > /out/load.\$1 &
sleep 2
[ "\$1" = none ] || sh /hold.sh
wait
EOF

for name in none spin; do
	migtrace watch --stall 1s --json -- sh /case.sh $name > /out/watch.$name
	echo $? > /out/status.$name
	grep '"stall' /out/watch.$name | cut -c 1-900
	step $name
done
