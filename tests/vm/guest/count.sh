#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: an independent count of what migtrace counts, by the kernel's own kprobe events. No
# BPF, and no call sites: the lock function's callers are told apart by its return address. Where the
# compiler has inlined the lock, what is counted are the compare-and-swaps in the caller's text (or the
# exclusive loads in their place), by the instruction ahead, since a probe hides what it sits on: in the
# functions asked for there are none but the lock's.
#
# usage: count.sh start [waits] | count.sh stop [waits] > FILE; waits: lookup_waits alone, without a probe on
# what migtrace times
#   FILE: "NAME N": norefs_calls, norefs_ok (returned 0), migrate_sections, invalidations (of the
#   CPUs' LRUs, between a busy check and the next), buffers_calls, buffers_ok (the path without the
#   check), lookup_sections, lookup_waits (for the lock: in its slow path), folio_waits (in the lookup),
#   buffer_waits (calls of __lock_buffer in the migration), unlocks (of unlock_buffer in it),
#   atomic_nulls (lookups that may not sleep and found nothing, from 6.12 on);
#   WORK=aio: calls inside the migration of ring pages of: the ring mapping's lock (aio_sections),
#   completion_lock (aio_completions), mutex_trylock, the switch, the copy (aio_tried, aio_switched,
#   aio_copied); aio_ok (returned 0); mutex_lock in reads of rings (aio_reads), and aio_complete
#   (aio_writes);
#   WORK=fsync: sections of dirty_folio, of try_to_free, and of assoc_list, in all and in each function;
#   WORK=truncate: iso_*, as the names in the run file; iso_taken by compaction's own tracepoint
set -eu
LISTS="mark_buffer_dirty_inode __bforget invalidate_inode_buffers remove_inode_buffers
	sync_mapping_buffers fsync_buffers_list
	mmb_mark_buffer_dirty mmb_sync mmb_invalidate remove_assoc_queue" # since 7.1
T=/sys/kernel/tracing
[ -d $T/events ] || T=/sys/kernel/debug/tracing

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source-path=SCRIPTDIR source=count_lib.sh
. "$(dirname "$0")/count_lib.sh"

# The page's mapping when isolation unlocks it, and what is freed or moved
isolation()
{
	look=$(within "$(first __isolate_lru_page isolate_migratepages_block)")
	case $(uname -r) in # offset of address_space.flags, as BTF has it
	5.10.*) flags=120 ;;
	6.1.*) flags=152 ;;
	6.12.*) flags=112 ;;
	*) flags=104 ;;
	esac
	# unlock_page() of 6.1 jumps to folio_unlock(), with its caller's return address
	unlock=$(first folio_unlock unlock_page)
	for what in "look 1" "gone m==0" "exiting m!=0&&!(m&3)&&fl&16"; do
		n=${what%% *}
		echo "p:mt/$n $unlock ra=\$stack0:x64 m=+24(%di):x64 fl=+$flags(+24(%di)):x64" \
			>> $T/kprobe_events
		case $what in
		look*) count_event "$n" "$look" ;;
		*) count_event "$n" "$look && ${what#* }" ;;
		esac
	done
	move=$(first move_to_new_folio move_to_new_page)
	all moves "$move"
	returns_0 moved "$move"
	echo "p:mt/moves_gone $move m=+24(%si):x64" >> $T/kprobe_events
	count_event moves_gone "m == 0"
	inside put "$(first __folio_put __put_page)" "$(first migrate_pages_batch migrate_pages)"
	i=$T/instances/mt_taken
	mkdir $i
	echo 16384 > $i/buffer_size_kb
	echo "nr_taken > 0" > $i/events/compaction/mm_compaction_isolate_migratepages/filter
	echo 1 > $i/events/compaction/mm_compaction_isolate_migratepages/enable
}

taken() # pages, the sum over the records
{
	awk '{ for (i = 1; i <= NF; i++) if (sub(/^nr_taken=/, "", $i)) n += $i } END { print n + 0 }' \
		$T/instances/mt_taken/trace
}

lookup()
{
	first find_get_block_common __find_get_block
}

case "$*" in
"start waits")
	no_events || exit 1
	waits slow_l "$(lookup)"
	start_counting
	;;
"stop waits")
	stop_counting
	echo "lookup_waits $(all_hits slow_l)"
	;;
start)
	lock=$(first rt_spin_lock _raw_spin_lock 2>/dev/null) || [ "$(uname -m)" = aarch64 ]
	entry=$(first buffer_migrate_folio_norefs buffer_migrate_page_norefs)
	migrate=$(first __buffer_migrate_folio __buffer_migrate_page)
	lookup=$(lookup)
	[ ! -d $T/instances/mt_taken ] || rmdir $T/instances/mt_taken # of the count before
	no_events || exit 1
	all entry "$entry"
	returns_0 returned "$entry"
	plain=$(first buffer_migrate_folio buffer_migrate_page)
	all plain "$plain"
	returns_0 plain_ok "$plain"
	if [ "$lookup" = find_get_block_common ] &&
	   echo "r:mt/null $lookup ret=\$retval:x64 atomic=\$arg4:u8" >> $T/kprobe_events; then
		count_event null "ret == 0 && atomic == 1"
	fi
	inside invalidate invalidate_bh_lrus "$migrate"
	inside buffer_wait __lock_buffer "$migrate"
	inside unlock unlock_buffer "$migrate"
	inside folio_wait "$(first __folio_lock __lock_page)" "$lookup"
	if [ "${WORK:-}" = aio ]; then # not for all: every spinlock of the system passes these
		aio=$(first aio_migrate_folio aio_migratepage)
		inside aio_lock "$lock" "$aio"
		inside aio_irq _raw_spin_lock_irqsave "$aio"
		inside aio_tried mutex_trylock "$aio"
		inside aio_switch "$(first folio_migrate_mapping migrate_page_move_mapping)" "$aio"
		case $(uname -r) in # the others exist there too, and are not what is called
		5.*) inside aio_copy migrate_page_copy "$aio" ;;
		6.1.*) inside aio_copy folio_migrate_copy "$aio" ;;
		*) inside aio_copy folio_copy "$aio" ;;
		esac
		returns_0 aio_ok "$aio"
		inside aio_read mutex_lock "$(first aio_read_events_ring aio_read_events)"
		all aio_write aio_complete
	fi
	if [ "${WORK:-}" = truncate ]; then
		isolation
	fi
	if [ "${WORK:-}" = cold ]; then
		# at the entry: the first buffer locked, no reference too many, and a mode that does
		# not wait for the lock (the light one does until 6.11, or for a buffer that is up
		# to date)
		light="|| (mode==1&&!(st&1))"
		case $(uname -r) in 5.10.* | 6.1.*) light= ;; esac
		echo "p:mt/locked $entry mode=%cx:x32 st=+0(+40(%dx)):x64 r=+52(%dx):x32" \
			>> $T/kprobe_events
		count_event locked "r==3 && st&4 && (mode==0 $light)"
	fi
	if [ "${WORK:-}" = fsync ]; then
		sections lock_d "$lock" "$(first block_dirty_folio __set_page_dirty_buffers)"
		sections lock_f "$lock" try_to_free_buffers
		for f in $LISTS; do
			! has "$f" || sections "lock_a_$f" "$lock" "$f"
		done
	fi
	sections lock_m "$lock" "$migrate"
	sections lock_l "$lock" "$lookup"
	[ "$lock" != _raw_spin_lock ] || waits slow_l "$lookup"
	start_counting
	;;
stop)
	stop_counting
	echo "norefs_calls $(hits entry)"
	echo "norefs_ok $(hits returned)"
	echo "buffers_calls $(hits plain)"
	echo "buffers_ok $(hits plain_ok)"
	echo "invalidations $(hits invalidate)"
	! grep -q "^null " $counts || echo "atomic_nulls $(hits null)"
	echo "folio_waits $(hits folio_wait)"
	echo "buffer_waits $(hits buffer_wait)"
	echo "unlocks $(hits unlock)"
	echo "migrate_sections $(all_hits lock_m)"
	if [ "${WORK:-}" = aio ]; then
		echo "aio_sections $(hits aio_lock)"
		echo "aio_completions $(hits aio_irq)"
		echo "aio_tried $(hits aio_tried)"
		echo "aio_switched $(hits aio_switch)"
		echo "aio_copied $(hits aio_copy)"
		echo "aio_ok $(hits aio_ok)"
		echo "aio_reads $(hits aio_read)"
		echo "aio_writes $(hits aio_write)"
	fi
	if [ "${WORK:-}" = truncate ]; then
		echo "iso_taken $(taken)"
		echo "iso_dereferenced $(hits look)"
		echo "iso_mapping_gone $(hits gone)"
		echo "iso_mapping_exiting $(hits exiting)"
		# pages freed by the mover; where it moves them in a function of its own, only those
		# that it did not move
		put=$(hits put) moved=$(hits moved)
		has migrate_folio_move && moved=0
		echo "iso_freed $((put - moved))"
		echo "iso_moves $(hits moves)"
		echo "iso_gone_at_move $(hits moves_gone)"
	fi
	[ "${WORK:-}" != cold ] || echo "locked $(hits locked)"
	if [ "${WORK:-}" = fsync ]; then
		echo "dirty_sections $(all_hits lock_d)"
		echo "free_sections $(all_hits lock_f)"
		echo "list_sections $(all_hits lock_a)"
		for f in $LISTS; do
			echo "list_in_$f $(all_hits "lock_a_$f")"
		done
	fi
	echo "lookup_sections $(all_hits lock_l)"
	! grep -q "^slow_l" $counts || echo "lookup_waits $(all_hits slow_l)"
	;;
esac
