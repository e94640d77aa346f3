#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: one recording under load, with the independent count around it. Everything that the
# judge needs goes to /out. Environment: FS, KIB, BLOCK (bytes), SECONDS_, MOVER, WORK, ARGS (for record), DEV,
# DOCTOR (what it says of this kernel), HOGS (the load runs beside real-time tasks), EXPORT (tiers in
# which it is tried afterwards).
set -eu
here=$(dirname "$0")
: "${FS:=ext4}" "${KIB:=80}" "${SECONDS_:=12}" "${MOVER:=numa}" "${WORK:=getdents}" "${ARGS:=}"
: "${DEV:=/dev/ram0}"

# a call that moves pages waits for a grace period first, and PREEMPT_RT asks for the slow ones
[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
if [ -n "${DOCTOR:-}" ]; then
	migtrace doctor --json > /out/doctor.json || echo "doctor exits $?"
	migtrace doctor --facts > /out/facts || :
fi
# shellcheck disable=SC2086
load setup "$FS" /mnt --dev "$DEV" -s "$KIB" ${BLOCK:+-b $BLOCK} > /out/setup.json
sh "$here/count.sh" start
# shellcheck disable=SC2086
migtrace record -o /out/run.json $ARGS -- \
	${HOGS:+load hogs} load run -d "$SECONDS_" -m "$MOVER" -w "$WORK" --dev "$DEV" --dir /mnt \
	> /out/report.txt
sh "$here/count.sh" stop > /out/count
cat /out/count
sed -n '1,/^clock/p' /out/report.txt
. "$here/export_lib.sh"
for tier in ${EXPORT:-}; do
	start_export "$tier" 1
	load run -d 4 -m "$MOVER" -w "$WORK" --dev "$DEV" --dir /mnt > "/out/$tier-load.json"
	end_export "$tier" || :
done
