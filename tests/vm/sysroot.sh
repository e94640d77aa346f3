#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: sysroot.sh
#
# Print the folder that holds what the tool is built with for arm64 and what its test guests have for
# a user land: Debian's arm64 packages, unpacked, in the cache. The machine's own package state stays.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/apt.sh"

PACKAGES=(libbpf-dev libelf-dev zlib1g-dev libjansson-dev busybox-static e2fsprogs dosfstools
	bpftool)
# what of them and their dependencies is unpacked: the C library to build with is the cross compiler's
WANTED='^(libbpf|libelf|zlib1g|libjansson|libzstd|libc6_|busybox-static|e2fsprogs|dosfstools'
WANTED+='|libext2fs2|libcom-err2|libblkid1|libuuid1|libss2|bpftool|libcap2_)'
root=$CACHE/sysroot/arm64-$(sha256sum "$0" | head -c 12)

! entry_whole "$root" || { echo "$root"; exit 0; }
cache_lock "fetching arm64 packages"
! entry_whole "$root" || { echo "$root"; exit 0; }
say "fetching Debian's arm64 packages"
tmp=$(entry_new)
trap 'rm -rf "$tmp"' EXIT
apt=$tmp/apt
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$tmp/root"
ring=/usr/share/keyrings/debian-archive-keyring.gpg opt=arch=arm64
[ ! -e "$ring" ] || opt="$opt signed-by=$ring"
apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(TARGET_OF)' |
	awk -v opt="$opt" '$3 == "deb" && !seen[$0]++ {
		print "deb [" opt "] " $1 " " $2 " main" }' >"$apt/sources.list"
[ -s "$apt/sources.list" ] || die "apt has no Debian repository set up; add one to its sources"
mapfile -t opts < <(apt_private "$apt" arm64)
apt-get "${opts[@]}" -q update >"$apt/log" 2>&1 ||
	die "apt-get update failed: $(grep -m 1 '^[EW]:' "$apt/log"); see $apt/log"
apt-get "${opts[@]}" -q -y --download-only --no-install-recommends install "${PACKAGES[@]}" \
	>>"$apt/log" 2>&1 ||
	die "apt-get download failed: $(grep -m 1 '^E:' "$apt/log"); see $apt/log"
for deb in "$apt"/cache/archives/*.deb; do
	[[ ${deb##*/} =~ $WANTED ]] || continue
	dpkg -x "$deb" "$tmp/root"
done
cd "$tmp/root"
mapfile -t libs < <(find . -name '*.so.*' -type f)
entry_put "$tmp/root" "$root" "${libs[@]}"
echo "$root"
