#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: what bench leaves behind, whatever ends it, and what it refuses. One line a case:
# "ok TEXT" or "not ok TEXT", into /out/cases; the run files of both movers to /out.
# COST: only what bench --cost measures.
set -u
. "$(dirname "$0")/lib.sh"

# nothing of ours: loop devices, mounts, processes, files
clean() # TEXT
{
	left=
	[ -z "$(losetup -a)" ] || left="$left loop"
	! grep -q loop /proc/self/mountinfo || left="$left mount"
	until_true 15 no_process || left="$left process" # what detaches is a child
	[ -z "$(ls -A /var/tmp)" ] || left="$left file"
	[ ! -e /sys/fs/ext4/loop0 ] || left="$left ext4"
	echo "left:$left" > /tmp/err
	[ -z "$left" ]
	say $? "$1: nothing is left${left:+ but$left}"
}

gone()
{
	[ -z "$(pidof migtrace)$(losetup -a)" ]
}

cd /tmp || exit 1
find / -xdev -exec chmod a+rX {} + # the initramfs is root's alone
[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
if [ -n "${COST:-}" ]; then
	expect 2 "'--light'" "--cost --light" migtrace bench --cost --light
	migtrace bench --cost -d 1 --rounds 4 -o /out/cost.json > /out/cost.txt 2> /tmp/err
	say $? "--cost"
	clean "after --cost"
	exit 0
fi
expect 2 "not numa, compact or auto" "unknown mover" migtrace bench --mover cart
expect 2 "'--readers': '0' is not" "no readers" migtrace bench --readers 0
expect 1 "/nowhere: No such file" "--dir that is not there" migtrace bench --dir /nowhere
expect 1 "/proc: " "--dir that takes no files" migtrace bench --dir /proc
expect 1 "'/nowhere/x': No such" "output that can't be written" migtrace bench -o /nowhere/x
expect 3 "needs root" "ordinary user" load user 65534 migtrace bench -o /tmp/u.json
mount -t tmpfs -o size=16m small /mnt
expect 1 "16 MiB free, 72 needed" "--dir without room" migtrace bench --dir /mnt
umount /mnt
mv /bin/mke2fs /bin/mke2fs.away
expect 3 "install e2fsprogs" "no mke2fs" migtrace bench
mv /bin/mke2fs.away /bin/mke2fs
clean "after refusals"

migtrace bench -d 2 --rounds 3 --warmup 1 -o /out/numa.json > /out/numa.txt 2> /tmp/err
say $? "numa mover"
clean "after numa"
migtrace bench -d 2 --rounds 3 --warmup 1 --mover compact -o /out/compact.json \
	> /out/compact.txt 2> /tmp/err
say $? "compaction"
clean "after compaction"

migtrace bench -d 1 --rounds 60 -o /out/interrupted.json > /tmp/out 2> /tmp/err &
until_true 40 counting $!
sleep 4 # a round or two
losetup -a | grep -q loop0
say $? "a loop device while it runs"
kill -INT $!
wait $!
[ $? = 0 ] && grep -q "stopped after [1-9]" /tmp/err
say $? "Ctrl-C keeps the rounds that are complete"
clean "after Ctrl-C"
migtrace bench -d 5 --rounds 20 -o /out/killed.json > /tmp/out 2> /tmp/err &
until_true 40 counting $!
kill -KILL $!
until_true 15 gone # its programs go one by one, each after a grace period
clean "after SIGKILL"
[ ! -e /out/killed.json ]
say $? "no run file after SIGKILL"
