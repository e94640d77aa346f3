#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: 40 devices with a file system each, looked up and moved in one recording; its run file
# and report go to /out, and what each device's load did to /out/load.N. Environment as lib.sh has it.
set -u
. "$(dirname "$0")/lib.sh"
n=40

for i in $(seq $n); do
	[ -e /dev/loop$((i + 20)) ] || mknod /dev/loop$((i + 20)) b 7 $((i + 20))
	truncate -s 20M /tmp/disk$i
	losetup /dev/loop$((i + 20)) /tmp/disk$i || exit 1
	mkdir -p /tmp/mnt$i
	load setup "$FS" /tmp/mnt$i --dev /dev/loop$((i + 20)) -s 8 > /out/setup.json || exit 1
done
step disk
cat > /load.sh << EOF
for i in $(seq -s ' ' $n); do
	load run -d 0.4 -m numa -w getdents --dev /dev/loop\$((i + 20)) --dir /tmp/mnt\$i > /out/load.\$i
done
EOF
# shellcheck disable=SC2086
migtrace record -o /out/run.json $ARGS -- sh /load.sh > /out/report.txt
echo $? > /out/status
step record
for i in $(seq $n); do
	umount /tmp/mnt$i
	losetup -d /dev/loop$((i + 20))
done
