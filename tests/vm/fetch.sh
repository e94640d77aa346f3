#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: fetch.sh [-p] NAME... | --all
#
# Make kernels of kernels.conf be in the cache, where kernel_dir (lib.sh) finds them:
#   vmlinuz  config  release  version  vmlinux.btf  lib/modules/RELEASE/ (Debian kernels)
# One that is there is checked and left alone, though Debian may have a newer one by now: a line says
# so where that is known, and UPDATE=1 takes it.  -p prints each folder.
#
# Debian kernels come from the mirror apt is set up with, but from other suites than the ones it
# uses: apt gets private lists, so nothing of the host's package state is read or changed.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/apt.sh"
. "$TOP/tests/vm/fetch-path.sh"

# pick REGEX [VERSION] <"package version" lines: the newest match (of that version)
pick()
{
	local pkg ver best="" bestver=""

	while read -r pkg ver; do
		[[ $pkg =~ $1 ]] || continue
		[ $# = 1 ] || [ "$ver" = "$2" ] || continue
		if [ -z "$best" ] || dpkg --compare-versions "$ver" gt "$bestver"; then
			best=$pkg bestver=$ver
		fi
	done
	[ -z "$best" ] || echo "$best $bestver"
}

# find_packages NAME DIR: sets opts, ver, and pkgs to what apt has of NAME
find_packages()
{
	local name=$1 dir=$2 re found regexes arch

	arch=$(conf_arch "$name")
	# shellcheck disable=SC2046 # suites are words
	apt_lists "$dir" "$arch" $(conf_get "$name" suites)
	mapfile -t opts < <(apt_private "$dir" "$arch")
	apt-cache "${opts[@]}" dumpavail |
		awk '$1 == "Package:" { p = $2 } $1 == "Version:" { print p, $2 }' >"$dir/avail"
	read -ra regexes <<<"$(conf_get "$name" packages)"
	ver="" pkgs=()
	for re in "${regexes[@]}"; do
		found=$(pick "$re" $ver <"$dir/avail")
		[ -n "$found" ] || die "$name: no package matches $re${ver:+ at version $ver} in" \
			"$(conf_get "$name" suites); correct its section in tests/vm/kernels.conf"
		ver=${found#* }
		pkgs+=("${found%% *}=$ver")
	done
}

# download NAME DIR: the packages that were found, unpacked, in DIR/root
download()
{
	local deb log=$2/apt.log

	say "$1: ${pkgs[*]}"
	(cd "$2" && apt-get "${opts[@]}" -q download "${pkgs[@]}") >>"$log" 2>&1 ||
		die "$1: apt-get download failed: $(grep -m 1 '^E:' "$log"); see $log"
	for deb in "$2"/*.deb; do
		dpkg -x "$deb" "$2/root"
	done
}

# the one path that matches; packages moved things between releases
one_of()
{
	local p

	for p; do
		[ ! -e "$p" ] || { echo "$p"; return; }
	done
	die "the downloaded packages hold none of: ${*##*/root/}"
}

# unpack NAME TMP: what a guest needs of TMP/apt/root
unpack()
{
	local name=$1 tmp=$2 root=$2/apt/root mods rel p

	mods=$(one_of "$root"/lib/modules/* "$root"/usr/lib/modules/*)
	rel=${mods##*/}
	echo "$rel" >"$tmp/release"
	# assigned first: `set -e` does not see a failure inside another command's arguments
	p=$(one_of "$root/boot/vmlinuz-$rel" "$mods"/vmlinuz "$mods"/vmlinuz.unsigned)
	cp "$p" "$tmp/vmlinuz"
	p=$(one_of "$root/boot/config-$rel" "$mods/config")
	cp "$p" "$tmp/config"
	mkdir -p "$tmp/lib/modules"
	mv "$mods" "$tmp/lib/modules/"
	depmod -b "$tmp" "$rel" 2>/dev/null || die "$name: depmod failed for $rel"
	rm -rf "$tmp/apt"
	"$TOP/tests/vm/extract-btf.sh" "$tmp/vmlinuz" "$tmp/vmlinux.btf"
}

# fetch_debian NAME TMP HAVE: nothing if the version HAVE is the newest
fetch_debian()
{
	local opts pkgs ver

	need_tool apt-get apt-cache dpkg depmod
	mkdir -p "$2/apt"
	find_packages "$1" "$2/apt"
	[ "$ver" != "$3" ] || return 0
	download "$1" "$2/apt"
	unpack "$1" "$2"
	echo "$ver" >"$2/version"
}

fetch_built()
{
	"$TOP/tests/vm/kernels/build.sh" "$@"
}

# build_lock: one at a time: two would take twice as long each.  Held to the end, as is the source
# that was unpacked.
build_lock()
{
	[ -z "$building" ] || return 0
	cache_lock "building kernels"
	building=$lock lock=""
	[ -n "${KEEP_WORK:-}" ] || rm -rf "$CACHE/work"
	trap '[ -n "${KEEP_WORK:-}" ] || rm -rf "$CACHE/work"' EXIT
}

# make_entry NAME SOURCE: the entry, unless another clone has made it meanwhile
make_entry()
{
	local name=$1 dir have="" tmp lock="" recipe

	case $2 in
	built) build_lock ;;
	*)     cache_lock "fetching $name" ;;
	esac
	dir=$(kernel_newest "$name")
	if [ -n "$dir" ] && entry_whole "$dir"; then
		[ -n "${UPDATE:-}" ] || return 0
		have=$(cat "$dir/version")
	elif [ -n "$dir" ]; then
		say "$name: what the cache has of it is damaged; it is made anew"
		rm -rf "$dir"
	fi
	tmp=$(entry_new)
	# read now: an editor may be open
	recipe=$(kernel_recipe "$name")
	"fetch_$2" "$name" "$tmp" "$have"
	# not there: the version that we have is the newest
	if [ -s "$tmp/version" ]; then
		entry_put "$tmp" "$CACHE/kernels/$name/$(cat "$tmp/version")_$recipe" \
			vmlinuz config release version vmlinux.btf
	fi
	rm -rf "$tmp"
	[ -z "$lock" ] || exec {lock}>&-
}

fetch()
{
	local name src dir

	need_kernel "$1"
	name=$(kernel_of "$1")
	src=$(conf_get "$name" source)
	case $src in
	path) fetch_path "$name" ;;
	debian | built)
		dir=$(kernel_newest "$name")
		if [ -n "${UPDATE:-}" ] || [ -z "$dir" ] || ! entry_whole "$dir"; then
			make_entry "$name" "$src"
		elif [ "$src" = built ]; then
			"$TOP/tests/vm/kernels/build.sh" --newer "$name" "$(cat "$dir/version")"
		fi
		;;
	*) die "$1: source = '$src' in kernels.conf; it is debian, built or path" ;;
	esac
	[ -z "$print" ] || kernel_newest "$name"
}

print=""
[ "${1:-}" != -p ] || { print=1; shift; }
[ $# -gt 0 ] || die "usage: fetch.sh [-p] NAME... | --all"
[ "$1" != --all ] || mapfile -t names < <(conf_names)
[ "$1" = --all ] || names=("$@")
building=""
for name in "${names[@]}"; do
	fetch "$name"
done
