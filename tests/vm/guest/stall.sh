#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: waits that last. A disk stops answering for HELD seconds; its tags are taken, so that
# who writes back sleeps with what he has locked: a buffer alone (fsync of a file's inode, on a file
# system without a journal), or a folio (fsync of the device). Their pages are moved meanwhile, and
# `watch --stall` has to name waiter and owner. The same load with a disk that answers stays silent.
# To /out: watch.CASE, status.CASE; a recording that ends in the middle of a stall.
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck disable=SC2034 # for make_disk
DEV=/dev/nbd0 FS=ext4-nojournal HOLD=/tmp/hold
: "${HELD:=12}"

[ -z "${DOCTOR:-}" ] || migtrace doctor --facts > /out/facts
insmod /files/nbd.ko || exit 1
load stall nbd $DEV 72 $HOLD &
until_true 10 sh -c "[ \$(cat /sys/block/nbd0/size) -gt 0 ]" || exit 1
echo none > /sys/block/nbd0/queue/scheduler
echo 4 > /sys/block/nbd0/queue/nr_requests
make_disk || exit 1
echo data > /mnt/file
sync
cat $DEV > /dev/null
step disk

cat > /case.sh <<EOF
load stall move $DEV \$3 > /tmp/moved &
for try in \$(seq 300); do
	grep -q moving /tmp/moved && break
	sleep 0.1
done
[ -z "\$2" ] || touch $HOLD
[ -z "\$2" ] || load stall fill $DEV 4 &
sleep 0.5
cut -d' ' -f1 /proc/uptime > /out/begin.\$1
load stall sit \$4 &
[ -z "\$2" ] || { sleep \$2; rm $HOLD; }
wait
grep moved /tmp/moved > /out/moved.\$1
EOF

begun() # PID: it has given up rights that only attaching needs; 5.10 leaves it some
{
	[ "$(sed -n 's/^CapEff:.//p' "/proc/$1/status")" != "$(sed -n 's/^CapBnd:.//p' "/proc/$1/status")" ]
}

run() # NAME HELD SECONDS FILE
{
	migtrace watch --stall 2s --json -- sh /case.sh "$@" > "/out/watch.$1"
	echo $? > "/out/status.$1"
	grep '"stall' "/out/watch.$1" | cut -c 1-700
	step "$1"
}

run buffer "$HELD" $((HELD + 3)) /mnt/file
run folio "$HELD" $((HELD + 3)) $DEV
run none "" 4 /mnt/file
run none2 "" 4 $DEV
# for people, and with an end in the middle
migtrace watch --stall 500ms -- sh /case.sh text 5 6 /mnt/file > /out/watch.text
migtrace export --textfile $file -i 1 --stall 500ms &
exporting=$!
until_true 30 begun $exporting
migtrace record --stall 500ms -d 7 -o /out/run.json > /out/report.txt &
recording=$!
until_true 30 begun $recording
sh /case.sh record 9 11 /mnt/file &
until_true 20 grep -q '^migtrace_stall_longest_seconds [1-9]' $file
cp $file /out/during.prom # while it lasts: on a busy host the report comes later than the disk
wait $recording
echo $? > /out/status
rm -f $HOLD
sleep 3
kill $exporting
wait $exporting
cp $file /out/after.prom
sed -n '/waits of at least/,$p' /out/report.txt | head -40
step record
umount /mnt
