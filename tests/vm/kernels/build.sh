#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: build.sh NAME DIR [VERSION]   compile the image NAME: vmlinuz, config, release, version and
#                                      vmlinux.btf in DIR; nothing if VERSION is the newest
#        build.sh --recipe NAME        all that decides what comes out, but the version of the source
#        build.sh --newer NAME VERSION one line if Debian has a newer source than that
#
# fetch.sh is the way to have one of these kernels; it keeps them and sees to it that one build runs
# at a time.  Debian's source packages stay in the cache: what is there serves, and UPDATE=1 takes a
# newer one.  KEEP_WORK=1 keeps the source and object folders, so that the next build compiles what
# changed only.
#
# All of these kernels count the truth in /sys/kernel/debug/migtrace_truth, and are switched while
# they run (migtrace_truth.h): with the fix of 2019 or without it they are one image.
set -eu
HERE=$(cd "$(dirname "$0")" && pwd)
. "$HERE/../lib.sh"
. "$TOP/tests/vm/apt.sh"
. "$HERE/source.sh"
. "$HERE/edit.sh"

# raised when this script or edit.sh begin to make something else of the same files
RECIPE=1

PATCHES="truth reasons isolation aio switch-racy switch-aio"

# name | source package, and its suite if apt is not set up with that | config-* | *.cocci | clang's version
IMAGES="
truth-6.1|linux-source-6.1|common|$PATCHES|
truth-6.12|linux-source-6.12|common 6.12|$PATCHES switch-order|
truth-7.x|linux-source-7.2 trixie-backports|common 6.12 7.x|truth reasons aio switch-flag switch-aio|
truth-6.12-clang|linux-source-6.12|common 6.12 clang|$PATCHES switch-order|19
truth-6.12-split|linux-source-6.12|common 6.12|$PATCHES switch-order split|
truth-6.1-lockstat|linux-source-6.1|common lockstat|$PATCHES|
no-kprobes|linux-source-6.1|common no-kprobes|$PATCHES|
no-ftrace|linux-source-6.1|common no-ftrace|$PATCHES|
no-btf|linux-source-6.1|common no-btf|$PATCHES|
"

# plan NAME: sets package, suite, fragments, patches, clang, cc, and files to all that are used of this folder
plan()
{
	local row

	row=$(grep -- "^$1|" <<<"$IMAGES") || die "no image '$1'; there are:" \
		"$(sed -n 's/|.*//p' <<<"$IMAGES" | xargs)"
	IFS='|' read -r _ package fragments patches clang <<<"$row"
	read -r package suite <<<"$package"
	cc=(gcc ld)
	[ -z "$clang" ] || cc=("clang-$clang" "ld.lld-$clang")
	fragments=$(printf 'config-%s ' $fragments)
	read -ra files <<<"$fragments $(printf '%s.cocci ' $patches) migtrace_truth.c migtrace_truth.h"
}

recipe()
{
	{
		echo $RECIPE
		(cd "$HERE" && cat "${files[@]}")
		"${cc[0]}" --version
		"${cc[1]}" --version
		pahole --version
	} 2>&1 | sha256sum | head -c 12
}

# kmake NAME: sets KMAKE, make in the kernel tree with nothing of this machine in the image
kmake()
{
	KMAKE=(nice -n 5 make -C "$tree" O="$obj" LOCALVERSION="-$1" KBUILD_BUILD_VERSION=1
		KBUILD_BUILD_TIMESTAMP="Thu Jan 1 00:00:00 UTC 1970"
		KBUILD_BUILD_USER=migtrace KBUILD_BUILD_HOST=tests)
	[ -z "$clang" ] || KMAKE+=("LLVM=-$clang")
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
	[ -z "$lost" ] || die "$1: the configuration of $package lost:" $lost
	kept=$(grep -f <(taken_away) "$obj/.config") || :
	[ -z "$kept" ] || die "$1: the configuration of $package kept:" $kept
}

# compile NAME: with a line on a terminal while it goes on
compile()
{
	local log=$obj/build.log pid begin=$SECONDS

	"${KMAKE[@]}" -j"$(nproc)" bzImage >"$log" 2>&1 &
	pid=$!
	# a command in the background of a script does not get the Ctrl-C of the terminal
	trap 'kill $pid 2>/dev/null; exit 130' INT TERM HUP
	while [ -t 2 ] && kill -0 "$pid" 2>/dev/null; do
		printf '\r%s: %s: %s files built, %ss ' "${0##*/}" "$1" \
			"$(grep -cE '^  (CC|AS|LD|AR) ' "$log")" $((SECONDS - begin)) >&2
		sleep 1
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	wait $pid || { tail -n 30 "$log" >&2; die "$1: the kernel did not build"; }
}

# keep NAME DIR: the results of the object folder
keep()
{
	cp "$obj/arch/x86/boot/bzImage" "$2/vmlinuz"
	cp "$obj/.config" "$2/config"
	cp "$obj/include/config/kernel.release" "$2/release"
	if grep -q '^CONFIG_DEBUG_INFO_BTF=' "$2/config"; then
		objcopy --dump-section ".BTF=$2/vmlinux.btf" "$obj/vmlinux" "$obj/rest" ||
			die "$1: vmlinux has no .BTF section"
	else
		pahole -J --btf_encode_detached="$2/vmlinux.btf" "$obj/vmlinux" ||
			die "$1: pahole makes no BTF of $obj/vmlinux"
	fi
	version >"$2/version"
}

build()
{
	local begin=$SECONDS

	need_tool apt-get dpkg make gcc flex bison bc pahole spatch objcopy
	[ -z "$clang" ] || command -v "clang-$clang" "ld.lld-$clang" "llvm-ar-$clang" >/dev/null ||
		die "no clang $clang for $1; run: tests/deps.sh clang"
	cache_make work
	get_deb
	[ "$(version)" != "${3:-}" ] || return 0
	say "$1: building $package $(version)"
	unpack
	edit
	obj=$CACHE/work/obj-$1
	kmake "$1"
	configure "$1"
	compile "$1"
	keep "$1" "$2"
	[ -n "${KEEP_WORK:-}" ] || rm -rf "$obj"
	say "$1: $(cat "$2/release") in $((SECONDS - begin)) s"
}

case $#:${1:-} in
2:--recipe) plan "$2"; recipe ;;
3:--newer)  plan "$2"; newer "$3" ;;
[23]:[!-]*) plan "$1"; build "$@" ;;
*)          die "usage: build.sh NAME DIR [VERSION] | --recipe NAME | --newer NAME VERSION" ;;
esac
