#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: arm64.sh
#
# Compile everything for arm64, warnings being errors: $O/arm64/migtrace. The libraries come as
# Debian's arm64 packages, unpacked into $O/arm64/sysroot; the machine's own package state stays.
set -eu
. "$(dirname "$0")/vm/lib.sh"
. "$TOP/tests/vm/apt.sh"

DEV=(libbpf-dev libelf-dev zlib1g-dev libjansson-dev)
# what of their dependencies is unpacked: the C library is the cross compiler's
WANTED='^(libbpf|libelf|zlib1g|libjansson|libzstd)'
dir=$O/arm64
root=$dir/sysroot

# fetch: the packages of DEV and the shared libraries they stand for, unpacked in $root
fetch()
{
	local apt=$dir/apt ring=/usr/share/keyrings/debian-archive-keyring.gpg opt=arch=arm64 deb
	local -a opts

	rm -rf "$apt" "$root"
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$root.tmp"
	[ ! -e "$ring" ] || opt="$opt signed-by=$ring"
	apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(TARGET_OF)' |
		awk -v opt="$opt" '$3 == "deb" && !seen[$0]++ {
			print "deb [" opt "] " $1 " " $2 " main" }' >"$apt/sources.list"
	[ -s "$apt/sources.list" ] || die "apt has no Debian repository set up; add one to its sources"
	mapfile -t opts < <(apt_private "$apt" arm64)
	apt-get "${opts[@]}" -q update >"$apt/log" 2>&1 ||
		die "apt-get update failed: $(grep -m 1 '^[EW]:' "$apt/log"); see $apt/log"
	apt-get "${opts[@]}" -q -y --download-only --no-install-recommends install "${DEV[@]}" \
		>>"$apt/log" 2>&1 ||
		die "apt-get download failed: $(grep -m 1 '^E:' "$apt/log"); see $apt/log"
	for deb in "$apt"/cache/archives/*.deb; do
		[[ ${deb##*/} =~ $WANTED ]] || continue
		dpkg -x "$deb" "$root.tmp"
	done
	mv "$root.tmp" "$root"
	rm -rf "$apt"
}

command -v aarch64-linux-gnu-gcc >/dev/null ||
	die "'aarch64-linux-gnu-gcc' is not installed; run: tests/deps.sh ci"
[ -d "$root" ] || fetch
lib=$root/usr/lib/aarch64-linux-gnu
make -C "$TOP" O="$dir" CC=gcc CROSS=aarch64-linux-gnu- WERROR=1 \
	CPPFLAGS="-isystem $root/usr/include" \
	LDFLAGS="-L$lib -Wl,-rpath-link,$lib:$root/lib/aarch64-linux-gnu" all
readelf -h "$dir/migtrace" | grep -q 'Machine:.*AArch64' || die "$dir/migtrace is not for arm64"
for need in libbpf libjansson; do
	readelf -d "$dir/migtrace" | grep -q "NEEDED.*\[$need\.so" ||
		die "$dir/migtrace is not linked with $need"
done
echo "arm64: $(stat -c %s "$dir/migtrace") bytes, $(readelf -h "$dir/migtrace" |
	sed -n 's/ *Machine: *//p')"
