#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: blocks whose references stop migrations. All that is on the device moves, beside a storm
# that keeps the journal busy, and a directory that is read in a loop by a task called "lister". How often
# the page of block 0, the superblock's, was to migrate is counted by the kernel's own kprobe event. Then
# the same of a directory that nobody reads, in light.
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
T=/sys/kernel/tracing
# shellcheck source-path=SCRIPTDIR source=count_lib.sh
. "$(dirname "$0")/count_lib.sh"

make_disk
step disk
echo 1 > /proc/sys/kernel/bpf_stats_enabled # what each probe costs, into the run files
cp "$(command -v load)" /lister
no_events || exit 1
migrate=$(first __buffer_migrate_folio __buffer_migrate_page)
# page 0 with the check, and the references that it may have
echo "p:mt/zero $migrate i=+32(%dx):x64 r=+52(%dx):s32 check=%r8:u8" >> $T/kprobe_events
count_event zero "i == 0 && r == 3 && check == 1"
start_counting
cat > /load.sh <<-EOF
/lister run -d $SECONDS_ -m none -w getdents --dev $DEV --dir /mnt > /dev/null &
load run -d $SECONDS_ -m $MOVER -w $WORK --dev $DEV --dir /mnt
wait
EOF
# shellcheck disable=SC2046,SC2086
migtrace record -v -o /out/run.json $(from_start $ARGS) $ARGS -- sh /load.sh > /out/report.txt
echo $? > /out/status
stop_counting
cp $counts.counted /out/count
step record
sed -n '/^PINNED/,/^$/p' /out/report.txt
migtrace report --format prometheus /out/run.json > /out/run.prom
migtrace record --light --pinned -o /out/light.json -- \
	load run -d "$SECONDS_" -m "$MOVER" -w "$WORK" --dev "$DEV" --dir /mnt > /out/light.txt
until_true 60 no_process || :
umount /mnt
# a directory that nobody reads, and whose pages are moved as they were
mount -t "$FS" "$DEV" /mnt
migtrace record --light --pinned -o /out/idle.json -- \
	load run -d 2 -m "$MOVER" -w none --dev "$DEV" --dir /mnt > /out/idle.txt
umount /mnt
migtrace record -o /out/plain.json -d 1 > /out/plain.txt
migtrace export --pinned --once -i 1 --textfile /out/export.prom
step rest
