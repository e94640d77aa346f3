# shellcheck shell=bash disable=SC2154 # used by build.sh, which sources this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What build.sh changes in a kernel's source, and that it came out as meant.  Sourced after lib.sh;
# $tree is the source of $package, $patches names the *.cocci files of the image.

# what is edited; the source tree keeps the originals in .pristine
EDITED=(fs/aio.c fs/buffer.c mm/Makefile mm/compaction.c mm/migrate.c)

# pristine: the originals of what is edited, in $tree/.pristine
pristine()
{
	local p=$tree/.pristine

	[ ! -d "$p" ] || return 0
	rm -rf "$p.tmp"
	mkdir "$p.tmp"
	(cd "$tree" && cp --parents "${EDITED[@]}" "$p.tmp")
	mv "$p.tmp" "$p"
}

# expect FILE COUNT TEXT: dies unless TEXT stands in FILE that often
expect()
{
	local n

	n=$(grep -cF -- "$3" "$1") || :
	[ "$n" = "$2" ] || die "${1##*/} of $package holds '$3' $n times, not $2:" \
			       "one of the *.cocci files no longer fits the source"
}

# expect_order FILE FUNCTION WORDS REGEX: dies unless what REGEX finds in FUNCTION is WORDS
expect_order()
{
	local found

	found=$(sed -n "/^[a-z].*\b$2(/,/^}/p" "$1" | grep -oE "$4" | xargs)
	[ "$found" = "$3" ] || die "${1##*/} of $package: $2() has '$found', not '$3':" \
				   "one of the *.cocci files no longer fits the source"
}

# patch PATCH FILE: PATCH.cocci, in place
patch()
{
	local log=$2.log

	has "$1" || die "the row of this image in build.sh does not name $1"
	spatch --very-quiet --sp-file "$HERE/$1.cocci" "$2" -o "$2.new" >"$log" 2>&1 && [ -s "$2.new" ] ||
		die "$1.cocci does not apply to ${2##*/} of $package: $(grep -v '^warning' "$log" | tail -n 3)"
	mv "$2.new" "$2"
}

# has PATCH: whether the image is to have it
has()
{
	case " $patches " in *" $1 "*) ;; *) return 1 ;; esac
}

# install_changed FROM TO: keeps the time of a file that is the same, so that make does too
install_changed()
{
	cmp -s "$1" "$2" || cp "$1" "$2"
}

# edit_buffer FILE: fs/buffer.c
edit_buffer()
{
	patch truth "$1"
	expect "$1" 0 "spin_lock(&bd_mapping->"
	expect "$1" 1 "migtrace_lock("
	expect "$1" 1 "migtrace_unlock("
	expect "$1" 1 "migtrace_lookup_head("
	expect "$1" 1 "migtrace_ref("
	expect "$1" 1 "migtrace_lookup_done("
}

# edit_migrate FILE: mm/migrate.c
edit_migrate()
{
	patch truth "$1"
	expect "$1" 1 "migtrace_lock("
	expect "$1" 1 "migtrace_delay("
	expect "$1" 2 "migtrace_unlock("
	expect "$1" 1 "migtrace_window_open("
	expect "$1" 1 "migtrace_window_close("
	patch reasons "$1"
	expect_order "$1" __buffer_migrate_folio "migtrace_called NO_BUFFERS EARLY_REFS LOCKED \
migtrace_busy migtrace_moved why)" 'migtrace_(called|busy|moved)|(NO_BUF|EARLY_R|LOCK)[A-Z]*|why\)'
	patch isolation "$1"
	expect "$1" 1 "migtrace_count(iso_freed)"
	expect "$1" 1 "migtrace_count(iso_gone_at_move)"
	expect "$1" 1 "migtrace_count(iso_orphans)"
	patch switch-racy "$1"
	expect "$1" 1 "READ_ONCE(migtrace_racy)"
	expect "$1" 3 "migtrace_unlock("
	expect "$1" 2 "OPTIMIZER_HIDE_VAR(racy)"
	# one unlock before the busy test, and neither of the others in the same call
	expect_order "$1" __buffer_migrate_folio "migtrace_lock migtrace_window_open if (racy) \
migtrace_unlock if (busy) if (!racy) migtrace_unlock migtrace_window_close if (check_refs && !racy) \
migtrace_unlock" 'migtrace_(lock|window_open|unlock|window_close)|if \((busy|[^()]*racy)\)'
	! has switch-order || edit_order "$1"
}

# edit_order FILE: mm/migrate.c, the other order of work
edit_order()
{
	patch switch-order "$1"
	expect "$1" 1 "READ_ONCE(migtrace_repoint_first)"
	expect "$1" 2 "OPTIMIZER_HIDE_VAR(repoint_first)"
	expect_order "$1" folio_migrate_copy "folio_copy folio_migrate_flags" \
		'folio_(copy|migrate_flags)'
	expect_order "$1" __buffer_migrate_folio "migtrace_window_open if (repoint_first) \
folio_migrate_mapping else filemap_migrate_folio if (repoint_first) folio_attach_private folio_set_bh \
if (repoint_first && rc == MIGRATEPAGE_SUCCESS) folio_migrate_copy migtrace_window_close" \
		'migtrace_window_[a-z]*|if \(repoint[^()]*\)|\b(else|folio_(attach_private|set_bh)|folio_migrate_(mapping|copy)|filemap_migrate_folio)\b'
}

# edit_aio FILE: fs/aio.c
edit_aio()
{
	local copy=folio_copy early=1 why

	# 6.1 returns before the lock in one more mode
	! grep -qw MIGRATE_SYNC_NO_COPY "$1" || copy=folio_migrate_copy early=2
	patch aio "$1"
	expect "$1" 1 "struct migtrace_ring migtrace;"
	expect "$1" 1 "migtrace_count(aio_ring_lock_busy)"
	for why in ctx_gone slot_changed refs ok; do
		expect "$1" 1 "migtrace_count(aio_$why)"
	done
	expect "$1" $early "migtrace_count(aio_other)"
	expect "$1" $early "migtrace_count(aio_calls)"
	patch switch-aio "$1"
	expect "$1" 1 "READ_ONCE(migtrace_aio_unlocked)"
	expect "$1" 1 "READ_ONCE(migtrace_aio_racy)"
	expect "$1" 1 "mutex_init(&ctx->migtrace.nobodys)"
	expect "$1" 2 "migtrace_switch_page("
	expect_order "$1" aio_migrate_folio "mutex_trylock(migtrace_ring_lock(ctx, racy) \
if (!unlocked) spin_lock_irqsave migtrace_copy_begin $copy migtrace_copy_end \
if (racy || unlocked) migtrace_switch_page if (!unlocked) spin_unlock_irqrestore \
mutex_unlock(migtrace_ring_lock(ctx, racy)" \
		'if \([^()]*unlocked\)|spin_[a-z]*_irq[a-z]*|[a-z_]*_copy(_[a-z]*)?\b|migtrace_switch_page|mutex_[a-z]*\([a-z_]*\([^)]*\)'
	expect_order "$1" aio_complete "lock_irqsave(&ctx->c migtrace_completion_begin \
migtrace_completion_end unlock_irqrestore(&ctx->c" \
		'(un)?lock_irq[a-z]*\(&ctx->c|migtrace_completion_[a-z]*'
	expect_order "$1" aio_read_events_ring \
		"mutex_lock migtrace_read_begin migtrace_read_pages migtrace_read_end mutex_unlock" \
		'mutex_(un)?lock|migtrace_read_[a-z]*'
}

# edit_compaction FILE: mm/compaction.c
edit_compaction()
{
	patch isolation "$1"
	expect "$1" 1 "#include <linux/migtrace_truth.h>"
	expect "$1" 1 "migtrace_isolating("
}

# edit: the counters and switches, in the source tree
edit()
{
	local tmp=$CACHE/work/edit f

	pristine
	rm -rf "$tmp"
	mkdir -p "$tmp"
	(cd "$tree/.pristine" && cp --parents "${EDITED[@]}" "$tmp")
	edit_buffer "$tmp/fs/buffer.c"
	edit_migrate "$tmp/mm/migrate.c"
	edit_aio "$tmp/fs/aio.c"
	edit_compaction "$tmp/mm/compaction.c"
	echo 'obj-y += migtrace_truth.o' >>"$tmp/mm/Makefile"
	for f in "${EDITED[@]}"; do
		install_changed "$tmp/$f" "$tree/$f"
	done
	install_changed "$HERE/migtrace_truth.c" "$tree/mm/migtrace_truth.c"
	install_changed "$HERE/migtrace_truth.h" "$tree/include/linux/migtrace_truth.h"
}
