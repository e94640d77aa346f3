#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: one recording for each way that makes the kernel migrate (MOVERS), and the kernel's own
# account beside it: what migrate_pages() was called for and how each migration of a page of the device
# then returned to the same task, in order; and what its tracepoint says of all pages. What is found
# goes to /out/NAME.*: count: "REASON TRIED MOVED"; all: "REASON SUCCEEDED FAILED".
set -u
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
T=/sys/kernel/tracing
I=$T/instances/mt_why

has() { grep -q " $1\$" /proc/kallsyms; }

make_disk || exit 1
entry=buffer_migrate_folio_norefs
has $entry || entry=buffer_migrate_page_norefs
echo "p:mt/why migrate_pages reason=%r9:u32" >> $T/kprobe_events
echo "r64:mt/done $entry ret=\$retval:s32" >> $T/kprobe_events
mkdir $I
echo 32768 > $I/buffer_size_kb
cp $T/events/migrate/mm_migrate_pages/format /out/format
step disk

one() # MOVER SECONDS
{
	echo > $I/trace
	for e in mt/why mt/done migrate/mm_migrate_pages; do echo 1 > $I/events/$e/enable; done
	echo 0 > "/out/$1.status"
	# shellcheck disable=SC2046,SC2086
	migtrace record -v -o "/out/$1.json" $(from_start $ARGS) $ARGS --why -- \
		load run -d "$2" -m "$1" -w "$WORK" --dev "$DEV" --dir /mnt \
		> "/out/$1.txt" 2> "/out/$1.err" || echo $? > "/out/$1.status"
	for e in mt/why mt/done migrate/mm_migrate_pages; do echo 0 > $I/events/$e/enable; done
	step "$1"
	# "    comm-pid [cpu] flags time: event: ..."; a comm may have blanks
	awk -v all="/out/$1.all" '
		{
			at = match($0, /-[0-9]+ +\[/)
			pid = substr($0, at + 1) + 0
		}
		/ why: / { sub(/.*reason=/, ""); reason[pid] = $1 }
		/ done: / { sub(/.*ret=/, ""); tried[reason[pid]]++; moved[reason[pid]] += $1 == 0 }
		/ mm_migrate_pages: / {
			r = $0; s = $0; f = $0
			sub(/.* reason=/, "", r); sub(/.*nr_succeeded=/, "", s); sub(/.*nr_failed=/, "", f)
			ok[r] += s; bad[r] += f
		}
		END {
			for (r in tried) print r == "" ? "unknown" : r, tried[r], moved[r]
			for (r in ok) print r, ok[r], bad[r] > all
		}' $I/trace > "/out/$1.count"
	grep -h overrun $I/per_cpu/cpu*/stats > "/out/$1.overrun"
	sed -n '/^contention/,/^maps/p; /^MIGRATED/,/^$/p' "/out/$1.txt"
	cat "/out/$1.count" "/out/$1.all"
	step count
}

for mover in $MOVERS; do
	case $mover in
	contig) one contig $((SECONDS_ * 3)) ;; # a GiB is to be filled first
	*) one "$mover" "$SECONDS_" ;;
	esac
done
rmdir $I
