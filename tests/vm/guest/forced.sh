#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: variants that the kernel would not choose by itself, under one load after the other,
# each recorded and counted as by record.sh, into /out/WORK. Environment: as for record.sh, and
# LOADS ("MOVER:WORK ..."); ARGS, which name the variants, go to /out/args. What is said of each of
# REFUSED, variants whose functions the kernel has but does not come by, goes to /out/refused.
set -eu
here=$(dirname "$0")
. "$here/lib.sh"

migtrace doctor --facts > /out/facts
echo "$ARGS" > /out/args
for word in ${REFUSED:-}; do
	code=0
	migtrace record -o /tmp/refused.json -d 1 --probe "$word" > /dev/null 2> /tmp/err || code=$?
	echo "$word $code $(cat /tmp/err)" >> /out/refused
done
make_disk
for how in ${LOADS:=$MOVER:$WORK}; do
	WORK=${how#*:}
	MOVER=${how%:*}
	export WORK
	make_load
	mkdir "/out/$WORK"
	sh "$here/count.sh" start
	# shellcheck disable=SC2046,SC2086
	migtrace record -v -o "/out/$WORK/run.json" $(from_start $ARGS) $ARGS -- sh /load.sh > "/out/$WORK/report.txt"
	sh "$here/count.sh" stop > "/out/$WORK/count"
	mv /out/load "/out/$WORK/load"
	sed -n '1,/^clock/p' "/out/$WORK/report.txt"
done
