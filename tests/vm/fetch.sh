#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: fetch.sh NAME | --all
#
# Leave the kernel NAME of kernels.conf in $O/vm/kernels/NAME:
#   vmlinuz  config  release  vmlinux.btf  lib/modules/RELEASE/ (Debian kernels)
# A kernel that is already there is left alone; to look for a newer one, remove its folder.
#
# Debian kernels come from the mirror apt is set up with, but from other suites than the ones it
# uses: apt gets private lists, so nothing of the host's package state is read or changed.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/apt.sh"

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

# download NAME DIR: the packages of NAME, unpacked, in DIR/root
download()
{
	local name=$1 dir=$2 re found ver="" log=$2/apt.log arch
	local -a opts pkgs=() regexes

	arch=$(conf_arch "$name")
	# shellcheck disable=SC2046 # suites are words
	apt_lists "$dir" "$arch" $(conf_get "$name" suites)
	mapfile -t opts < <(apt_private "$dir" "$arch")
	apt-cache "${opts[@]}" dumpavail |
		awk '$1 == "Package:" { p = $2 } $1 == "Version:" { print p, $2 }' >"$dir/avail"
	read -ra regexes <<<"$(conf_get "$name" packages)"
	for re in "${regexes[@]}"; do
		found=$(pick "$re" $ver <"$dir/avail")
		[ -n "$found" ] || die "$name: no package matches $re${ver:+ at version $ver} in" \
			"$(conf_get "$name" suites); correct its section in tests/vm/kernels.conf"
		ver=${found#* }
		pkgs+=("${found%% *}=$ver")
	done
	say "$name: ${pkgs[*]}"
	(cd "$dir" && apt-get "${opts[@]}" -q download "${pkgs[@]}") >>"$log" 2>&1 ||
		die "$name: apt-get download failed: $(grep -m 1 '^E:' "$log"); see $log"
	for re in "$dir"/*.deb; do
		dpkg -x "$re" "$dir/root"
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

fetch_debian()
{
	local name=$1 dst=$2 tmp=$2.tmp root mods rel p

	need_tool apt-get apt-cache dpkg depmod
	rm -rf "$tmp"
	mkdir -p "$tmp/apt"
	download "$name" "$tmp/apt"
	root=$tmp/apt/root
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
	rm -rf "$dst"
	mv "$tmp" "$dst"
}

# fetch_path NAME DST: an image that is there already, as installed or in its build tree
fetch_path()
{
	local name=$1 dst=$2 image dir rel config="" f

	image=$(conf_get "$name" image)
	dir=${image%/*}
	rel=$(file -bL "$image" | sed -n 's/.*bzImage, version \([^ ]*\).*/\1/p')
	[ -n "$rel" ] || die "$image is not a bzImage"
	for f in "$dir/config-$rel" "$dir/config" "${dir%/arch/x86*/boot}/.config"; do
		[ -n "$config" ] || [ ! -s "$f" ] || config=$f
	done
	[ -n "$config" ] || die "$image: no config-$rel or config beside it"
	mkdir -p "$dst/lib/modules"
	cp "$image" "$dst/vmlinuz"
	cp "$config" "$dst/config"
	echo "$rel" >"$dst/release"
	for f in "$dir/lib/modules/$rel" "${dir%/boot}/lib/modules/$rel" \
		"${dir%/boot}/usr/lib/modules/$rel"; do
		[ ! -d "$f" ] || [ -d "$dst/lib/modules/$rel" ] || cp -a "$f" "$dst/lib/modules/"
	done
	[ ! -d "$dst/lib/modules/$rel" ] || depmod -b "$dst" "$rel" 2>/dev/null ||
		die "$image: depmod failed for $rel"
	"$TOP/tests/vm/extract-btf.sh" "$dst/vmlinuz" "$dst/vmlinux.btf"
}

fetch_built()
{
	local name=$1 dst=$2 f

	"$TOP/tests/vm/kernels/build.sh" "$name"
	for f in vmlinuz config release; do
		[ -s "$dst/$f" ] || die "$name: tests/vm/kernels/build.sh left no $dst/$f"
	done
	[ "$dst/vmlinux.btf" -nt "$dst/vmlinuz" ] ||
		"$TOP/tests/vm/extract-btf.sh" "$dst/vmlinuz" "$dst/vmlinux.btf"
}

fetch()
{
	local dst=$VM/kernels/$1 src

	need_kernel "$1"
	src=$(conf_get "$1" source)
	# build.sh sees for itself whether its patches or options changed
	[ "$src" = built ] || [ ! -s "$dst/vmlinux.btf" ] || return 0
	mkdir -p "$VM/kernels"
	case $src in
	debian | built | path) "fetch_$src" "$1" "$dst" ;;
	*) die "$1: source = '$src' in kernels.conf; it is debian, built or path" ;;
	esac
}

[ $# = 1 ] || die "usage: fetch.sh NAME | --all"
if [ "$1" = --all ]; then
	for name in $(conf_names); do
		fetch "$name"
	done
else
	fetch "$1"
fi
