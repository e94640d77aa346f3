#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of truth-6.1-lockstat: the same load without migtrace and with each clock, interleaved,
# /proc/lock_stat and the kernel's own section counters read around each. Results: /out/N.CLOCK.*
set -eu
: "${SECONDS_:=5}" "${ROUNDS:=2}" "${KIB:=80}"
truth=/sys/kernel/debug/migtrace_truth
sites=migrate_norefs,find_get_block

load setup ext4 /mnt -s "$KIB" > /out/setup.json
echo 1 > /proc/sys/kernel/lock_stat
# one load between clearing and reading, so that both sides count the same interval
cat > /load.sh <<EOF
echo 0 > /proc/lock_stat
[ ! -e $truth ] || echo 0 > $truth
load run -d $SECONDS_ -m numa -w getdents --dev /dev/ram0 --dir /mnt > /out/\$1.load
cat /proc/lock_stat > /out/\$1.lock_stat
[ ! -e $truth ] || cat $truth > /out/\$1.truth
EOF

with() # with CLOCK ARGS...: one recording
{
	name=$r.$1
	shift
	migtrace record -o "/out/$name.json" "$@" -- sh /load.sh "$name" > "/out/$name.txt"
}

for r in $(seq "$ROUNDS"); do
	sh /load.sh "$r.off"
	with all
	with site --site $sites
	with lock --site $sites --probe migrate_norefs=lock,find_get_block=lock,floor=lock
	with bracket --site $sites \
		--probe migrate_norefs=bracket:folio_migrate_mapping,find_get_block=site
done
