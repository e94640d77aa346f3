#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: one recording under load, with the kernel's own count around it: that of a truth
# kernel, else that of count.sh. Everything that the judge needs goes to /out. Environment: as lib.sh
# has it, BLOCK (bytes), DOCTOR (what it says of this kernel), HOGS (the load runs beside real-time
# tasks), DISK_MS (a disk that takes so long to answer), LARGE (the device's cache is of large folios,
# where the kernel makes them: 6.15), WAITS (a truth kernel's contended lookups are counted by count.sh),
# EXPORT (tiers in which it is tried afterwards).
set -u
here=$(dirname "$0")
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$here/lib.sh"

# What the kernel does not count itself
count() # start or stop
{
	if [ ! -e $truth ]; then
		sh "$here/count.sh" "$1"
	elif [ -n "${WAITS:-}" ]; then
		sh "$here/count.sh" "$1" waits
	fi
}

if [ -n "${DOCTOR:-}" ]; then
	migtrace doctor --json > /out/doctor.json || echo "doctor exits $?"
	migtrace doctor --facts > /out/facts || :
	step doctor
fi
[ -z "${DISK_MS:-}" ] || . "$here/slow.sh"
make_disk || exit 1
make_load
if [ -n "${LARGE:-}" ]; then
	echo 3 > /proc/sys/vm/drop_caches
	cat "$DEV" > /dev/null
fi
step disk
count start || exit 1
step count
echo "$ARGS" > /out/asked
# shellcheck disable=SC2046,SC2086
migtrace record -v -o /out/run.json $(from_start $ARGS) $ARGS -- ${HOGS:+load hogs} sh /load.sh > /out/report.txt
echo $? > /out/status
step record
count stop > /out/count
step count
cat /out/truth /out/count 2> /dev/null
sed -n '1,/^clock/p; /^losses/,/^$/p' /out/report.txt
dmesg | grep -iE 'ext4-fs (error|warning)|BUG:|WARNING:' > /out/errors
sed 5q /out/errors
for tier in ${EXPORT:-}; do
	start_export "$tier" 1
	load run -d 2 -m "$MOVER" -w "$WORK" --dev "$DEV" --dir /mnt > "/out/$tier-load.json"
	end_export "$tier" || :
	step export
done
