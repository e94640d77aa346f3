#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: build.sh NAME...
#
# Build kernels from Debian's source package and leave each in $O/vm/kernels/NAME:
#   vmlinuz  config  release  vmlinux.btf
# A kernel whose inputs (this folder and the source version) are unchanged is left alone.
# The source is fetched once; for a newer one remove $O/vm/src.
#
#   after-lockstat  6.1, the kernel's own lock statistics on
#   before          6.1, the fix for late buffer references reverted
#   after           6.1, the same without the revert
#   before-6.12     6.12, the fix reverted
#   aio-racy        6.1, as after, but aio rings move without their reader's lock (and, when told
#                   so in /sys/kernel/debug/migtrace_aio_unlocked, without completion_lock)
#   no-kprobes      6.1, as after, without kprobes
#   no-ftrace       6.1, as after, without function tracing, and so without trampolines
#   no-btf          6.1, as after, without BTF; vmlinux.btf is made of the debugging information
#
# All of them count the truth in /sys/kernel/debug/migtrace_truth.  before, after and aio-racy share
# an object folder: going from one to another compiles mm/migrate.c or fs/aio.c and links.
set -eu
. "$(dirname "$0")/../lib.sh"

HERE=$TOP/tests/vm/kernels
SRC=$VM/src
# what is edited; the source tree keeps the originals in .pristine
EDITED=(fs/aio.c fs/buffer.c mm/Makefile mm/compaction.c mm/migrate.c)

# plan NAME: sets version, fragments, racy, aio_racy, obj (own: one that is not shared) and tree
plan()
{
	racy=false aio_racy=false fragments=config-common own=""
	case $1 in
	after-lockstat) version=6.1 fragments="config-common config-lockstat" own=-lockstat ;;
	before)         version=6.1 racy=true ;;
	after)          version=6.1 ;;
	before-6.12)    version=6.12 racy=true fragments="config-common config-6.12" ;;
	aio-racy)       version=6.1 aio_racy=true ;;
	no-kprobes | no-ftrace | no-btf)
			version=6.1 fragments="config-common config-$1" own=-$1 ;;
	*) die "no kernel '$1'; there are: after-lockstat before after before-6.12 aio-racy" \
	       "no-kprobes no-ftrace no-btf" ;;
	esac
	obj=$VM/obj/$version$own
	tree=$SRC/linux-$version
}

# get_source VERSION: the unpacked source in $SRC/linux-VERSION, its package version beside it
get_source()
{
	local v=$1 tmp=$SRC/tmp-$1 log=$SRC/fetch-$1.log

	[ ! -s "$SRC/linux-$v.version" ] || return 0
	say "fetching linux-source-$v"
	rm -rf "$tmp" "$SRC/linux-$v"
	mkdir -p "$tmp/x"
	(cd "$tmp" && apt-get -q -o APT::Sandbox::User="$(id -un)" download "linux-source-$v") \
		>"$log" 2>&1 || die "no linux-source-$v: $(grep -m 1 '^E:' "$log"); see $log" \
				    "(is it in the suites apt is set up with? apt-get update)"
	dpkg -x "$tmp"/*.deb "$tmp/x"
	tar -xf "$tmp/x/usr/src/linux-source-$v.tar.xz" -C "$tmp"
	dpkg-deb -f "$tmp"/*.deb Version >"$tmp/version"
	mv "$tmp/linux-source-$v" "$SRC/linux-$v"
	mv "$tmp/version" "$SRC/linux-$v.version"
	rm -rf "$tmp"
}

# keep_pristine: the originals of what is edited.  A tree unpacked by an older build.sh has those of
# the files that were edited then; it has not touched the others.
keep_pristine()
{
	local f p=$tree/.pristine

	for f in "${EDITED[@]}"; do
		[ ! -s "$p/$f" ] || continue
		! grep -q migtrace "$tree/$f" ||
			die "linux-source-$version: $f is edited and its original is lost; remove $SRC"
		mkdir -p "$p/${f%/*}"
		cp "$tree/$f" "$p/$f.tmp"
		mv "$p/$f.tmp" "$p/$f"
	done
}

# expect FILE COUNT TEXT: dies unless TEXT stands in FILE that often
expect()
{
	local n

	n=$(grep -cF -- "$3" "$1") || :
	[ "$n" = "$2" ] || die "${1##*/} of linux-source-$version holds '$3' $n times, not $2:" \
			       "one of the *.cocci files no longer fits the source"
}

# expect_order FILE FUNCTION WORDS REGEX: dies unless what REGEX finds in FUNCTION is WORDS
expect_order()
{
	local found

	found=$(sed -n "/^[a-z].*\b$2(/,/^}/p" "$1" | grep -oE "$4" | xargs)
	[ "$found" = "$3" ] || die "${1##*/} of linux-source-$version: $2() has '$found', not '$3':" \
				   "one of the *.cocci files no longer fits the source"
}

# patch COCCI FILE: in place
patch()
{
	local log=$2.log

	spatch --very-quiet --sp-file "$HERE/$1" "$2" -o "$2.new" >"$log" 2>&1 && [ -s "$2.new" ] ||
		die "$1 does not apply to ${2##*/} of linux-source-$version; see $log"
	mv "$2.new" "$2"
}

# install_changed FROM TO: keeps the time of a file that is the same, so that make does too
install_changed()
{
	cmp -s "$1" "$2" || cp "$1" "$2"
}

# edit_buffer FILE: fs/buffer.c
edit_buffer()
{
	patch truth.cocci "$1"
	expect "$1" 0 "spin_lock(&bd_mapping->"
	expect "$1" 1 "migtrace_lock("
	expect "$1" 1 "migtrace_unlock("
	expect "$1" 1 "migtrace_lookup_head("
	expect "$1" 1 "migtrace_ref("
	expect "$1" 1 "migtrace_lookup_done("
}

# edit_migrate FILE: mm/migrate.c, with the fix reverted when asked for
edit_migrate()
{
	patch truth.cocci "$1"
	expect "$1" 1 "migtrace_lock("
	expect "$1" 1 "migtrace_delay("
	expect "$1" 2 "migtrace_unlock("
	expect "$1" 1 "migtrace_window_open("
	expect "$1" 1 "migtrace_window_close("
	patch reasons.cocci "$1"
	expect_order "$1" __buffer_migrate_folio "migtrace_called NO_BUFFERS EARLY_REFS LOCKED \
migtrace_busy migtrace_moved why)" 'migtrace_(called|busy|moved)|(NO_BUF|EARLY_R|LOCK)[A-Z]*|why\)'
	patch isolation.cocci "$1"
	expect "$1" 1 "migtrace_count(iso_freed)"
	expect "$1" 1 "migtrace_count(iso_gone_at_move)"
	expect "$1" 1 "migtrace_count(iso_orphans)"
	if $racy; then
		patch racy.cocci "$1"
		expect "$1" 1 "migtrace_unlock("
		# the one unlock left is the one before the busy test, not the one after the move
		expect_order "$1" __buffer_migrate_folio \
			"migtrace_lock migtrace_window_open migtrace_unlock if (busy) migtrace_window_close" \
			'migtrace_(lock|window_open|unlock|window_close)|if \(busy\)'
	fi
}

# edit_aio FILE: fs/aio.c, with its locks taken away when asked for
edit_aio()
{
	local unlocked="" unlock=" mutex_unlock" copy=folio_copy early=1 why

	# 6.1 returns before the lock in one more mode
	[ "$version" != 6.1 ] || copy=folio_migrate_copy early=2
	patch aio.cocci "$1"
	expect "$1" 1 "struct migtrace_ring migtrace;"
	if $aio_racy; then
		patch aio-racy.cocci "$1"
		expect "$1" 1 "static u32 migtrace_aio_unlocked;"
		expect "$1" 1 "debugfs_create_u32(\"migtrace_aio_unlocked\""
		expect "$1" 1 "READ_ONCE(migtrace_aio_unlocked)"
		expect "$1" 0 "mutex_trylock("
		expect "$1" 2 "migtrace_switch_page("
		unlocked="if (!unlocked) " unlock=""
	else
		expect "$1" 1 "migtrace_count(aio_ring_lock_busy)"
		expect "$1" 1 "mutex_trylock("
	fi
	for why in ctx_gone slot_changed refs ok; do
		expect "$1" 1 "migtrace_count(aio_$why)"
	done
	expect "$1" $early "migtrace_count(aio_other)"
	expect "$1" $early "migtrace_count(aio_calls)"
	expect_order "$1" aio_migrate_folio "${unlocked}spin_lock_irqsave migtrace_copy_begin $copy \
migtrace_copy_end ${unlocked}spin_unlock_irqrestore$unlock" \
		'(if \(!unlocked\) )?spin_[a-z]*_irq[a-z]*|[a-z_]*_copy(_[a-z]*)?\b|mutex_unlock'
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
	patch isolation.cocci "$1"
	expect "$1" 1 "#include <linux/migtrace_truth.h>"
	expect "$1" 1 "migtrace_isolating("
}

# edit: the counters, and what is to be taken away, in the source tree
edit()
{
	local tmp=$SRC/edit-$version f

	keep_pristine
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
	rm -rf "$tmp"
}

# kmake NAME: sets KMAKE, make in the kernel tree with nothing of this machine in the image
kmake()
{
	KMAKE=(nice -n 5 make -C "$tree" O="$obj" LOCALVERSION="-$1" KBUILD_BUILD_VERSION=1
		KBUILD_BUILD_TIMESTAMP="Thu Jan 1 00:00:00 UTC 1970"
		KBUILD_BUILD_USER=migtrace KBUILD_BUILD_HOST=tests)
}

# taken_away: what the fragments take away again, as regexes on lines of a .config
taken_away()
{
	(cd "$HERE" && sed -n 's/^# \(CONFIG_[A-Z0-9_]*\) is not set$/^\1=/p' $fragments)
}

# configure NAME: .config from the fragments; nothing of them lost, nothing there that they take away
configure()
{
	local frag=$obj/fragment lost kept

	mkdir -p "$obj"
	(cd "$HERE" && sed -n '/^CONFIG_/p' $fragments) | grep -v -f <(taken_away) >"$frag.new"
	if ! cmp -s "$frag.new" "$frag" || [ ! -s "$obj/.config" ]; then
		"${KMAKE[@]}" KCONFIG_ALLCONFIG="$frag.new" allnoconfig >"$obj/config.log" 2>&1 ||
			{ tail -n 20 "$obj/config.log" >&2; die "$1: no configuration"; }
		mv "$frag.new" "$frag"
	fi
	lost=$(grep -vxFf "$obj/.config" "$frag") || :
	[ -z "$lost" ] || die "$1: the configuration of linux-source-$version lost:" $lost
	kept=$(grep -f <(taken_away) "$obj/.config") || :
	[ -z "$kept" ] || die "$1: the configuration of linux-source-$version kept:" $kept
}

# progress NAME LOG PID: one line on a terminal while PID runs
progress()
{
	local name=$1 log=$2 pid=$3 begin=$SECONDS n

	[ -t 2 ] || return 0
	while kill -0 "$pid" 2>/dev/null; do
		n=$(grep -cE '^  (CC|AS|LD|AR) ' "$log") || :
		printf '\r%s: %s: %s files built, %ss ' "${0##*/}" "$name" "$n" \
			$((SECONDS - begin)) >&2
		sleep 1
	done
	printf '\r\033[K' >&2
}

compile()
{
	local name=$1 log=$obj/build.log pid

	"${KMAKE[@]}" -j"$(nproc)" bzImage >"$log" 2>&1 &
	pid=$!
	# a command in the background of a script does not get the Ctrl-C of the terminal
	trap 'kill $pid 2>/dev/null; exit 130' INT TERM HUP
	progress "$name" "$log" $pid
	wait $pid || { tail -n 30 "$log" >&2; die "$name: the kernel did not build; see $log"; }
}

# keep NAME STAMP: the results of the object folder
keep()
{
	local dst=$VM/kernels/$1 tmp=$VM/kernels/.$1.tmp

	rm -rf "$tmp"
	mkdir -p "$tmp"
	cp "$obj/arch/x86/boot/bzImage" "$tmp/vmlinuz"
	cp "$obj/.config" "$tmp/config"
	cp "$obj/include/config/kernel.release" "$tmp/release"
	if grep -q '^CONFIG_DEBUG_INFO_BTF=' "$tmp/config"; then
		objcopy --dump-section ".BTF=$tmp/vmlinux.btf" "$obj/vmlinux" "$tmp/rest" ||
			die "$1: vmlinux has no .BTF section; see $obj/build.log"
		rm "$tmp/rest"
	else
		pahole -J --btf_encode_detached="$tmp/vmlinux.btf" "$obj/vmlinux" ||
			die "$1: pahole makes no BTF of $obj/vmlinux"
	fi
	echo "$2" >"$tmp/stamp"
	rm -rf "$dst"
	mv "$tmp" "$dst"
}

build()
{
	local name=$1 stamp begin=$SECONDS

	plan "$name"
	get_source "$version"
	stamp=$(cd "$HERE" && cat build.sh $fragments ./*.cocci migtrace_truth.[ch] \
			"$SRC/linux-$version.version" | sha256sum | cut -d ' ' -f 1)
	if [ -s "$VM/kernels/$name/vmlinux.btf" ] &&
	   [ "$(cat "$VM/kernels/$name/stamp" 2>/dev/null)" = "$stamp" ]; then
		return 0
	fi
	say "$name: building linux-source-$version $(cat "$SRC/linux-$version.version")"
	edit
	kmake "$name"
	configure "$name"
	compile "$name"
	keep "$name" "$stamp"
	say "$name: $(cat "$VM/kernels/$name/release") in $((SECONDS - begin)) s"
}

[ $# -gt 0 ] || die "usage: build.sh NAME..."
need_tool apt-get dpkg make gcc flex bison bc pahole spatch objcopy flock
mkdir -p "$SRC" "$VM/kernels"
# two builds in one source tree would edit it under each other's feet
exec 9>"$SRC/.lock"
flock -n 9 || { say "waiting for another build.sh"; flock 9; }
for name; do
	build "$name"
done
