#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a truth kernel with the fix: a move that takes four seconds (a u32 of nanoseconds has no
# more) under the lock, for which a lookup spins; `watch` needs a CPU of its own. To /out: watch.CASE.
set -u
. "$(dirname "$0")/lib.sh"
pause=/sys/kernel/debug/migtrace_pause_ns

make_disk || exit 1
cat > /case.sh <<EOF
load run -d 8 -m numa -w getdents --dev $DEV --dir /mnt > /out/load.\$1 &
sleep 2
[ "\$1" = none ] || echo 4000000000 > $pause
usleep 200000
echo 0 > $pause
wait
EOF

for name in none spin; do
	migtrace watch --stall 1s --json -- sh /case.sh $name > /out/watch.$name
	echo $? > /out/status.$name
	grep '"stall' /out/watch.$name | cut -c 1-900
	step $name
done
