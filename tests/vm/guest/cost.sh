#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: the same load again and again, alone and with each instrument in turn, the order
# moved on by one each round. What the load got done, the kernel's own counters where it has them,
# and what the instrument said go to /out/ROUND.NAME.*; nothing is judged here.
# Environment: SECONDS_ of load, ROUNDS, KIB, NAMES (instruments), SIDES (moves and lookups apart),
# MOVER, WORK, BESIDE (anonymous pages that move with each of buffers).
set -eu
: "${SECONDS_:=4}" "${ROUNDS:=5}" "${KIB:=80}" "${FS:=ext4}" "${NAMES:=alone again}" "${SIDES:=}"
: "${MOVER:=numa}" "${WORK:=getdents}" "${BESIDE:=0}"
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
sites=migrate_norefs,find_get_block
two="--site $sites"

load setup "$FS" /mnt -s "$KIB" > /out/setup.json
cat > /load.sh <<EOS
[ ! -e $truth ] || echo 0 > $truth
if [ -n "$SIDES" ]; then
	# the first moves tell which programs are needed: what they cost is not what a page costs
	load run -d 2 -m $MOVER -A $BESIDE -w none --dev /dev/ram0 --dir /mnt > /dev/null
	load run -d $SECONDS_ -m $MOVER -A $BESIDE -B 400 -w none --dev /dev/ram0 --dir /mnt > /out/\$1.moves
	load run -d $SECONDS_ -m none -w $WORK --dev /dev/ram0 --dir /mnt > /out/\$1.lookups
else
	load run -d $SECONDS_ -m $MOVER -A $BESIDE -w $WORK --dev /dev/ram0 --dir /mnt > /out/\$1.load
fi
[ ! -e $truth ] || cat $truth > /out/\$1.truth
EOS

# record ARGS...: one recording around the load
record()
{
	# shellcheck disable=SC2046 # words
	migtrace record -v -o "/out/$run.json" $(from_start "$@") "$@" -- sh -c "sh /load.sh $run
		cat /sys/kernel/debug/kprobes/list > /out/$run.kprobes
		grep VmHWM /proc/\$PPID/status > /out/$run.rss" > "/out/$run.txt" 2>&1 ||
		cat "/out/$run.txt"
}

# beside PROGRAMS COMMAND...: the command runs, and once it has that many programs in place the load
beside()
{
	before=$(bpftool prog show | grep -c name || :)
	want=$((before + $1))
	shift
	"$@" > "/out/$run.said" 2> "/out/$run.err" &
	pid=$!
	n=0
	while [ "$(bpftool prog show | grep -c name)" -lt $want ]; do
		n=$((n + 1))
		if [ ! -d "/proc/$pid" ] || [ $n -gt 100 ]; then
			kill -9 $pid 2>/dev/null || :
			echo "$run: $1 does not run here: $(tail -n 2 "/out/$run.err" | tr '\n' ' ')"
			return 0
		fi
		usleep 100000
	done
	sleep 2
	sh /load.sh "$run"
	grep VmHWM "/proc/$pid/status" > "/out/$run.rss" || :
	kill -INT $pid
	until_true 10 [ ! -d "/proc/$pid" ] || :
	kill -9 $pid 2>/dev/null || :
	wait $pid || :
}

one()
{
	run=$r.$1
	until_true 60 no_process || : # what is being taken off is no cost of this row
	case $1 in
	alone | again) sh /load.sh "$run" ;;
	light) record --light ;;
	full) record ;;
	buffers) record --buffer-locks ;;
	stall) record --stall 10s ;;
	drains) record --drains ;;
	exits) record --probe lookup_exit=common:kprobe ;;
	full-stats)
		echo 1 > /proc/sys/kernel/bpf_stats_enabled
		record
		echo 0 > /proc/sys/kernel/bpf_stats_enabled
		;;
	site) record $two ;;
	lock) record $two --probe migrate_norefs=lock,find_get_block=lock,floor=lock ;;
	bracket) record --site migrate_norefs --probe "migrate_norefs=bracket:folio_migrate_mapping" ;;
	bpftrace) [ ! -x /bin/bpftrace ] || beside 4 bpftrace /files/nearest.bt ;;
	klockstat) [ ! -x /bin/klockstat ] || beside 4 klockstat ;;
	funclatency) [ ! -x /bin/funclatency ] || beside 2 funclatency __find_get_block ;;
	lock_stat)
		[ -e /proc/lock_stat ] || return 0
		echo 0 > /proc/lock_stat
		echo 1 > /proc/sys/kernel/lock_stat
		sh /load.sh "$run"
		echo 0 > /proc/sys/kernel/lock_stat
		;;
	esac
}

shift=0
for r in $(seq "$ROUNDS"); do
	# shellcheck disable=SC2086
	set -- $NAMES
	n=0
	while [ $n -lt $((shift % $#)) ]; do
		first=$1
		shift
		set -- "$@" "$first"
		n=$((n + 1))
	done
	for name; do
		one "$name"
	done
	shift=$((shift + 1))
	echo "round $r of $ROUNDS done"
done
