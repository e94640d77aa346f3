#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: references of every folio that migrates, as migtrace counts them and as the kernel's own
# kprobe events do, a recording for each of LOADS (MOVER:WORK). By kind of mapping are told: what is begun
# and comes to the switch, everywhere; how it ends, where a return probe can have the function's arguments
# (6.9). What is found goes to /out/WORK.*. The first load is also recorded without --refs (/out/plain.json).
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
T=/sys/kernel/tracing
# shellcheck source-path=SCRIPTDIR source=count_lib.sh
. "$(dirname "$0")/count_lib.sh"

move=$(first move_to_new_folio move_to_new_page)
switch=$(first __folio_migrate_mapping folio_migrate_mapping migrate_page_move_mapping)
# the mapping and, for a file's, the file system's magic; of what register or argument has the folio
case $(uname -r) in # offset of super_block.s_magic, as BTF has it
7.*) magic=112 ;;
*) magic=96 ;;
esac
what() { echo "m=+24($1):x64 mg=+$magic(+40(+0(+24($1)))):x64"; }
of_file='m != 0 && !(m & 3)'

filter() # KIND
{
	case $1 in
	anonymous) echo "m & 1" ;;
	file) echo "$of_file && mg == 16914836" ;;     # tmpfs
	buffers) echo "$of_file && mg == 1650746742" ;; # a block device
	aio_ring) echo "$of_file && mg == 2701791393" ;;
	esac
}

kinds="anonymous file buffers aio_ring"

start()
{
	no_events || exit 1
	all move "$move"
	all switch "$switch"
	returns_0 moved "$move"
	echo "r:mt/again $move ret=\$retval:s32" >> $T/kprobe_events
	count_event again "ret == -11"
	echo "r:mt/frozen $switch ret=\$retval:s32" >> $T/kprobe_events
	count_event frozen "ret == -11"
	for k in $kinds; do
		echo "p:mt/move_$k $move $(what %si)" >> $T/kprobe_events
		count_event "move_$k" "$(filter "$k")"
		echo "p:mt/switch_$k $switch $(what %dx)" >> $T/kprobe_events
		count_event "switch_$k" "$(filter "$k")"
		# shellcheck disable=SC2016 # the kernel's names
		echo "r:mt/again_$k $move ret=\$retval:s32 $(what '$arg2')" >> $T/kprobe_events ||
			continue
		count_event "again_$k" "ret == -11 && $(filter "$k")"
		# shellcheck disable=SC2016
		echo "r:mt/frozen_$k $switch ret=\$retval:s32 $(what '$arg3')" >> $T/kprobe_events
		count_event "frozen_$k" "ret == -11 && $(filter "$k")"
	done
	start_counting
}

make_disk
step disk
echo 1 > /proc/sys/kernel/bpf_stats_enabled # what each probe costs, into the run files
for load in $LOADS; do
	work=${load#*:}
	start || exit 1
	step count
	# shellcheck disable=SC2086
	migtrace record -v -o "/out/$work.json" $ARGS -- \
		load run -d "$SECONDS_" -m "${load%:*}" -w "$work" --dev "$DEV" --dir /mnt \
		> "/out/$work.txt" 2> "/out/$work.err"
	echo $? > "/out/$work.status"
	sed -n '/^{/p' "/out/$work.txt" > "/out/$work.load"
	stop_counting
	cp $counts.counted "/out/$work.count"
	until_true 60 no_process || :
	step record
	sed -n '/^REFERENCES/,/^attempts/p' "/out/$work.txt"
done
migtrace record -o /out/plain.json -d 1 > /out/plain.txt
migtrace report --format prometheus "/out/$work.json" > /out/last.prom
migtrace record --light --refs -d 1 2> /out/light.err
echo $? > /out/light.status
