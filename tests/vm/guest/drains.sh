#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: what empties LRUs, a recording for each of LOADS (MOVER:WORK), beside the kernel's own kprobe
# events on the functions, and of batches (of the load's own tasks) on what lru_add_drain_cpu() puts on the
# lists. The first load is recorded once more by the functions alone, where there are tracepoints (FORCED).
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
T=/sys/kernel/tracing
# shellcheck source-path=SCRIPTDIR source=count_lib.sh
. "$(dirname "$0")/count_lib.sh"

start()
{
	no_events || exit 1
	for f in lru_add_drain_all lru_cache_disable invalidate_bh_lrus; do
		! has $f || all $f $f
	done
	inside by_norefs invalidate_bh_lrus "$(first __buffer_migrate_folio __buffer_migrate_page)"
	if has __traceiter_mm_lru_add_drain_tp; then
		# shellcheck disable=SC2046 # words
		set -- $(range lru_add)
		echo "p:mt/batch folio_batch_move_lru ra=\$stack0:x64 to=%si:x64 nr=+0(%di):u8" \
			>> $T/kprobe_events
		# a CPU's batch is emptied by whoever runs there: of the load's tasks alone
		mine="to == $1 && $(within lru_add_drain_cpu) && comm == \"load\""
		count_event batch "$mine"
		echo "hist:keys=common_type:values=nr if $mine" > $T/events/mt/batch/trigger
	fi
	start_counting
}

one() # NAME MOVER WORK OPTIONS...
{
	name=$1 mover=$2 work=$3
	shift 3
	start || exit 1
	step count
	# shellcheck disable=SC2086
	migtrace record -v -o "/out/$name.json" $ARGS "$@" -- \
		load run -d "$SECONDS_" -m "$mover" -w "$work" --dev "$DEV" --dir /mnt \
		> "/out/$name.txt" 2> "/out/$name.err"
	echo $? > "/out/$name.status"
	stop_counting
	cp $counts.counted "/out/$name.count"
	# "{ common_type: N } hitcount: N  nr: N"
	[ ! -e $T/events/mt/batch/hist ] || {
		sed -n 's/.*hitcount: *\([0-9]*\) *nr: *\([0-9]*\)/folios \2/p' \
			$T/events/mt/batch/hist >> "/out/$name.count"
		echo '!hist' > $T/events/mt/batch/trigger
	}
	until_true 60 no_process || :
	step record
	sed -n '/^DRAINS/,/^[A-Z]*  *p50/p' "/out/$name.txt" | sed 40q
	cat "/out/$name.count"
}

make_disk || exit 1
echo 1 > /proc/sys/kernel/bpf_stats_enabled # what each probe costs, into the run files
step disk
for load in $LOADS; do
	one "${load%:*}" "${load%:*}" "${load#*:}"
done
load=${LOADS%% *}
[ -z "${FORCED:-}" ] || one forced "${load%:*}" "${load#*:}" --probe "$FORCED"
migtrace doctor > /out/doctor.txt
[ -z "${DOCTOR:-}" ] || migtrace doctor --facts > /out/facts
migtrace record -o /out/plain.json -d 1 > /out/plain.txt
migtrace report --format prometheus "/out/${load%:*}.json" > /out/last.prom
migtrace report --format html "/out/${load%:*}.json" > /out/last.html
migtrace record --light --drains -o /out/light.json -- \
	load run -d "$SECONDS_" -m "${load%:*}" -w "${load#*:}" --dev "$DEV" --dir /mnt > /out/light.txt
echo $? > /out/light.status
step rest
