#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: variants that the kernel would not choose by itself, under one load after the other,
# each recorded and counted as by record.sh, into /out/WORK. Environment: as for record.sh, and
# LOADS ("MOVER:WORK ..."); ARGS, which name the variants, go to /out/args. What is said of each of
# REFUSED, variants whose functions the kernel has but does not come by, goes to /out/refused.
set -eu
here=$(dirname "$0")
: "${FS:=ext4}" "${KIB:=80}" "${SECONDS_:=5}" "${LOADS:=numa:getdents}" "${ARGS:=}"
dev="--dev /dev/ram0 --dir /mnt"

[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
migtrace doctor --facts > /out/facts
echo "$ARGS" > /out/args
for word in ${REFUSED:-}; do
	code=0
	migtrace record -o /tmp/refused.json -d 1 --probe "$word" > /dev/null 2> /tmp/err || code=$?
	echo "$word $code $(cat /tmp/err)" >> /out/refused
done
# shellcheck disable=SC2086
load setup "$FS" /mnt $dev -s "$KIB" > /out/setup.json
for how in $LOADS; do
	WORK=${how#*:}
	export WORK
	mkdir "/out/$WORK"
	sh "$here/count.sh" start
	# shellcheck disable=SC2086
	migtrace record -o "/out/$WORK/run.json" $ARGS -- \
		load run -d "$SECONDS_" -m "${how%:*}" -w "$WORK" $dev > "/out/$WORK/report.txt"
	sh "$here/count.sh" stop > "/out/$WORK/count"
	sed -n '1,/^clock/p' "/out/$WORK/report.txt"
done
