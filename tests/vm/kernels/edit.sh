# shellcheck shell=bash disable=SC2154 # used by build.sh, which sources this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What build.sh changes in a kernel's source, and that it came out as meant.  Sourced after lib.sh;
# $tree is the source of $package, $patches names the *.cocci files of the image.

# what is edited; the source tree keeps the originals in .pristine
EDITED=(fs/aio.c fs/buffer.c mm/Makefile mm/compaction.c mm/migrate.c)

. "$HERE/patch.sh"

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
	if has split; then
		patch split "$1"
		expect "$1" 1 "MIGTRACE_OUT_OF_LINE()"
	fi
	has switch-flag || return 0
	patch switch-flag "$1"
	expect_order "$1" __find_get_block_slow "migtrace_lock BH_Migrate, migtrace_racy \
migtrace_lookup_head migtrace_ref migtrace_unlock migtrace_lookup_done" \
		'migtrace_(lock|racy|lookup_[a-z]*|ref|unlock)|BH_Migrate,'
}

# edit_migrate FILE: mm/migrate.c
edit_migrate()
{
	patch truth "$1"
	expect "$1" 1 "migtrace_lock("
	expect "$1" 1 "migtrace_delay("
	expect "$1" 1 "migtrace_pause("
	expect_order "$1" __buffer_migrate_folio "migtrace_window_open migtrace_pause rc = f \
migtrace_window_close" 'migtrace_(window_open|pause|window_close)|rc = f'
	expect "$1" "$(has switch-flag && echo 1 || echo 2)" "migtrace_unlock("
	expect "$1" 1 "migtrace_window_open("
	expect "$1" 1 "migtrace_window_close("
	if has switch-flag; then
		expect_order "$1" __buffer_migrate_folio "BH_Migrate, migtrace_lock if (!busy) \
migtrace_window_open migtrace_unlock if (busy) migtrace_window_close BH_Migrate," \
			'BH_Migrate,|migtrace_(lock|window_[a-z]*|unlock)|if \(!?busy\)'
	fi
	patch reasons "$1"
	expect_order "$1" __buffer_migrate_folio "migtrace_called NO_BUFFERS EARLY_REFS LOCKED \
migtrace_busy migtrace_moved why)" 'migtrace_(called|busy|moved)|(NO_BUF|EARLY_R|LOCK)[A-Z]*|why\)'
	if has isolation; then
		patch isolation "$1"
		expect "$1" 1 "migtrace_count(iso_freed)"
		expect "$1" 1 "migtrace_count(iso_gone_at_move)"
		expect "$1" 1 "migtrace_count(iso_orphans)"
	fi
	! has switch-racy || edit_racy "$1"
	! has switch-order || edit_order "$1"
	has split || return 0
	patch split "$1"
	expect "$1" 1 "MIGTRACE_PART_ONLY()"
}

# edit_racy FILE: mm/migrate.c, the fix of 2019
edit_racy()
{
	patch switch-racy "$1"
	expect "$1" 1 "READ_ONCE(migtrace_racy)"
	expect "$1" 3 "migtrace_unlock("
	expect "$1" 2 "OPTIMIZER_HIDE_VAR(racy)"
	# one unlock before the busy test, and neither of the others in the same call
	expect_order "$1" __buffer_migrate_folio "migtrace_lock migtrace_window_open if (racy) \
migtrace_unlock if (busy) if (!racy) migtrace_unlock migtrace_window_close if (check_refs && !racy) \
migtrace_unlock" 'migtrace_(lock|window_open|unlock|window_close)|if \((busy|[^()]*racy)\)'
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
if (repoint_first && !rc) folio_migrate_copy migtrace_window_close" \
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
	applied=""
	rm -rf "$tmp"
	mkdir -p "$tmp"
	(cd "$tree/.pristine" && cp --parents "${EDITED[@]}" "$tmp")
	edit_buffer "$tmp/fs/buffer.c"
	edit_migrate "$tmp/mm/migrate.c"
	edit_aio "$tmp/fs/aio.c"
	! has isolation || edit_compaction "$tmp/mm/compaction.c"
	for f in $patches; do
		[[ " $applied " == *" $f "* ]] || die "$f.cocci was applied to nothing"
	done
	echo 'obj-y += migtrace_truth.o' >>"$tmp/mm/Makefile"
	for f in "${EDITED[@]}"; do
		install_changed "$tmp/$f" "$tree/$f"
	done
	install_changed "$HERE/migtrace_truth.c" "$tree/mm/migtrace_truth.c"
	install_changed "$HERE/migtrace_truth.h" "$tree/include/linux/migtrace_truth.h"
}
