#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a truth kernel: a recording under load with the kernel's own counters reset after
# the probes are in and read before they go out. Environment as for record.sh.
set -eu
: "${FS:=ext4}" "${KIB:=80}" "${SECONDS_:=12}" "${MOVER:=numa}" "${WORK:=getdents}" "${ARGS:=}"
: "${BLOCK:=4096}"
truth=/sys/kernel/debug/migtrace_truth

# aio-racy alone: completions are not kept out of the copy either
[ -z "${UNLOCKED:-}" ] || echo 1 > /sys/kernel/debug/migtrace_aio_unlocked
load setup "$FS" /mnt -s "$KIB" -b "$BLOCK" > /out/setup.json
cat > /load.sh <<EOF
echo 0 > $truth
load run -d $SECONDS_ -m $MOVER -w $WORK --dev /dev/ram0 --dir /mnt > /out/load.json
cat $truth > /out/truth
EOF
set +e
# shellcheck disable=SC2086
migtrace record -o /out/run.json $ARGS -- sh /load.sh > /out/report.txt
echo $? > /out/status
cat /out/truth
sed -n '/^losses/,/^$/p' /out/report.txt
dmesg | grep -iE 'ext4-fs (error|warning)|BUG:|WARNING:' > /out/errors
sed 5q /out/errors
