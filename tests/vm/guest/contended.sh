#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: releases that somebody waited for, as migtrace counts them and as the kernel's own
# histogram of the tracepoint has them, by stack: under a load of two sides that meet on the lock, in
# full, in light and for another device only, and of one side alone. What is found goes to /out/NAME.*.
# The kernel has to believe that it is on bare metal (clearcpuid=hypervisor): a guest's waiters do not
# queue, and such releases are not traced.
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
T=/sys/kernel/tracing/instances/mt_contended

make_disk
mkdir $T
trigger=$T/events/lock/contended_release/trigger

# one NAME MOVER WORK ARGS...: one recording, the kernel's histogram around it
one()
{
	name=$1 mover=$2 work=$3
	shift 3
	echo 'hist:keys=common_stacktrace:size=8192' > $trigger # opened so, it forgets the one before
	echo 0 > /out/$name.status
	migtrace record -v -o "/out/$name.json" "$@" -- \
		load run -d "$SECONDS_" -m "$mover" -w "$work" --dev "$DEV" --dir /mnt \
		> "/out/$name.txt" 2> "/out/$name.err" || echo $? > "/out/$name.status"
	cat $T/events/lock/contended_release/hist > "/out/$name.hist"
	until_true 60 no_process || :
	step "$name"
}

one full numa getdents --stacks
one light numa getdents --light
one other numa getdents --device "$(cat /sys/block/ram1/dev)"
one alone none getdents
migtrace doctor --json > /out/doctor.json || :
migtrace export --textfile /out/light.prom --once
migtrace report --format csv /out/full.json > /out/full.csv
echo > $trigger
rmdir $T
