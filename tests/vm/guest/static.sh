#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: the file of `make static` records in a root folder that holds nothing else, no library
# and no shell. Cases as in misuse.sh; the run file goes to /out.
set -u
here=$(dirname "$0")
. "$here/lib.sh"
root=/tmp/root

mkdir -p $root/tmp
cp "$here/migtrace-static" $root/migtrace
for d in proc sys dev; do
	mkdir $root/$d
	mount --rbind /$d $root/$d
done
make_disk || exit 1
load run -d 60 -m "$MOVER" -w "$WORK" --dev "$DEV" --dir /mnt > /out/load &
# shellcheck disable=SC2086
chroot $root /migtrace record -d "$SECONDS_" -o /tmp/run.json $ARGS > /tmp/out 2> /tmp/err
echo $? > /out/status
pkill load
[ -z "$(find $root -xdev -name '*.so*' -o -xdev -name 'ld-*')" ] && [ ! -s /tmp/err ]
say $? "it says nothing on stderr, and there is no library for it"
grep -q 'private_lock in the migration' /tmp/out
say $? "it prints its report"
cp $root/tmp/run.json /out
wait
umount -l $root/proc $root/sys $root/dev
