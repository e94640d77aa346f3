#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a LOCK_STAT kernel: the same load without migtrace and with each clock, interleaved,
# /proc/lock_stat and the kernel's own section counters read around each. Results: /out/N.CLOCK.*; and in
# /out/0.who.* who takes the lock, by the kernel's tracepoint: that slows each lock down, so in a round of its own.
set -eu
. "$(dirname "$0")/lib.sh"
: "${ROUNDS:=2}"
sites=migrate_norefs,find_get_block

make_disk
make_load
echo 1 > /proc/sys/kernel/lock_stat
# one load between clearing and reading, so that both sides count the same interval
taken=/sys/kernel/tracing/events/lock/lock_acquire
cat > /stat.sh <<EOS
echo 0 > /proc/lock_stat
[ "\$1" != 0.who ] || echo 'hist:keys=stacktrace:size=16384 if name == "&mapping->private_lock"' > $taken/trigger
sh /load.sh "\$1"
cat /proc/lock_stat > "/out/\$1.lock_stat"
[ "\$1" != 0.who ] || cat $taken/hist > "/out/\$1.takers"
EOS

with() # with CLOCK ARGS...: one recording
{
	name=$r.$1
	shift
	# shellcheck disable=SC2046 # words
	migtrace record -v -o "/out/$name.json" $(from_start "$@") "$@" -- sh /stat.sh "$name" > "/out/$name.txt"
}

migtrace doctor --sites --json > /out/sites.json
r=0
with who
echo '!hist:keys=stacktrace:size=16384 if name == "&mapping->private_lock"' > $taken/trigger

for r in $(seq "$ROUNDS"); do
	sh /stat.sh "$r.off"
	with all
	with site --site $sites
	with lock --site $sites --probe migrate_norefs=lock,find_get_block=lock,floor=lock
	with bracket --site $sites \
		--probe migrate_norefs=bracket:folio_migrate_mapping,find_get_block=site
done
