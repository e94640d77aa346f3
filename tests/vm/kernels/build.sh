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
#
# All of them count the truth in /sys/kernel/debug/migtrace_truth.  before and after share an
# object folder: going from one to the other compiles mm/migrate.c and links.
set -eu
. "$(dirname "$0")/../lib.sh"

HERE=$TOP/tests/vm/kernels
SRC=$VM/src

# plan NAME: sets version, fragments, racy and obj
plan()
{
	racy=false fragments=config-common
	case $1 in
	after-lockstat) version=6.1 fragments="config-common config-lockstat" ;;
	before)         version=6.1 racy=true ;;
	after)          version=6.1 ;;
	before-6.12)    version=6.12 racy=true fragments="config-common config-6.12" ;;
	*) die "no kernel '$1'; there are: after-lockstat before after before-6.12" ;;
	esac
	obj=$VM/obj/$version
	case $fragments in *lockstat) obj=$obj-lockstat ;; esac
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
	mkdir -p "$tmp/linux-source-$v/.pristine"
	(cd "$tmp/linux-source-$v" && cp --parents fs/buffer.c mm/migrate.c mm/Makefile .pristine)
	mv "$tmp/linux-source-$v" "$SRC/linux-$v"
	mv "$tmp/version" "$SRC/linux-$v.version"
	rm -rf "$tmp"
}

# expect FILE COUNT TEXT: dies unless TEXT stands in FILE that often
expect()
{
	local n

	n=$(grep -cF -- "$3" "$1") || :
	[ "$n" = "$2" ] || die "${1##*/} of linux-source-$version holds '$3' $n times, not $2:" \
			       "truth.cocci or racy.cocci no longer fits the source"
}

# patch COCCI IN OUT
patch()
{
	spatch --very-quiet --sp-file "$HERE/$1" "$2" -o "$3" >"$3.log" 2>&1 && [ -s "$3" ] ||
		die "$1 does not apply to ${2##*/} of linux-source-$version; see $3.log"
}

# install_changed FROM TO: keeps the time of a file that is the same, so that make does too
install_changed()
{
	cmp -s "$1" "$2" || cp "$1" "$2"
}

# edit: the counters, and the revert when asked for, in the source tree
edit()
{
	local tmp=$SRC/edit-$version p=$tree/.pristine

	rm -rf "$tmp"
	mkdir -p "$tmp"
	patch truth.cocci "$p/fs/buffer.c" "$tmp/buffer.c"
	patch truth.cocci "$p/mm/migrate.c" "$tmp/migrate.c"
	expect "$tmp/buffer.c" 0 "spin_lock(&bd_mapping->"
	expect "$tmp/buffer.c" 1 "migtrace_lock("
	expect "$tmp/buffer.c" 1 "migtrace_unlock("
	expect "$tmp/buffer.c" 1 "migtrace_lookup_head("
	expect "$tmp/buffer.c" 1 "migtrace_ref("
	expect "$tmp/buffer.c" 1 "migtrace_lookup_done("
	expect "$tmp/migrate.c" 1 "migtrace_lock("
	expect "$tmp/migrate.c" 2 "migtrace_unlock("
	expect "$tmp/migrate.c" 1 "migtrace_window_open("
	expect "$tmp/migrate.c" 1 "migtrace_window_close("
	if $racy; then
		patch racy.cocci "$tmp/migrate.c" "$tmp/racy.c"
		mv "$tmp/racy.c" "$tmp/migrate.c"
		expect "$tmp/migrate.c" 1 "migtrace_unlock("
		# the one unlock left is the one before the busy test, not the one after the move
		[ "$(grep -oE 'migtrace_(lock|window_open|unlock|window_close)|if \(busy\)' \
			"$tmp/migrate.c" | xargs)" = "migtrace_lock migtrace_window_open \
migtrace_unlock if (busy) migtrace_window_close" ] ||
			die "racy.cocci left the calls of mm/migrate.c in another order"
	fi
	cp "$p/mm/Makefile" "$tmp/Makefile"
	echo 'obj-y += migtrace_truth.o' >>"$tmp/Makefile"
	install_changed "$tmp/buffer.c" "$tree/fs/buffer.c"
	install_changed "$tmp/migrate.c" "$tree/mm/migrate.c"
	install_changed "$tmp/Makefile" "$tree/mm/Makefile"
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

# configure NAME: .config from the fragments, and nothing of them lost
configure()
{
	local frag=$obj/fragment lost

	mkdir -p "$obj"
	(cd "$HERE" && sed -n '/^CONFIG_/p' $fragments) >"$frag.new"
	if ! cmp -s "$frag.new" "$frag" || [ ! -s "$obj/.config" ]; then
		"${KMAKE[@]}" KCONFIG_ALLCONFIG="$frag.new" allnoconfig >"$obj/config.log" 2>&1 ||
			{ tail -n 20 "$obj/config.log" >&2; die "$1: no configuration"; }
		mv "$frag.new" "$frag"
	fi
	lost=$(grep -vxFf "$obj/.config" "$frag") || :
	[ -z "$lost" ] || die "$1: the configuration of linux-source-$version lost:" $lost
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
	objcopy --dump-section ".BTF=$tmp/vmlinux.btf" "$obj/vmlinux" "$tmp/rest" ||
		die "$1: vmlinux has no .BTF section; see $obj/build.log"
	rm "$tmp/rest"
	echo "$2" >"$tmp/stamp"
	rm -rf "$dst"
	mv "$tmp" "$dst"
}

build()
{
	local name=$1 stamp begin=$SECONDS

	plan "$name"
	get_source "$version"
	stamp=$(cd "$HERE" && cat build.sh $fragments truth.cocci racy.cocci migtrace_truth.[ch] \
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
