#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: fetch-qemu.sh x86|arm
#
# Leave the QEMU of Debian's backports in $CACHE/qemu/KIND/usr, unpacked: the system's own stays as it
# is, and has brought the libraries that this one needs as well.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/apt.sh"

dst=$CACHE/qemu/$1
case $1 in
arm) bin=qemu-system-aarch64 packages="qemu-system-arm qemu-system-common qemu-system-data" ;;
*)   bin=qemu-system-x86_64 packages="qemu-system-x86 qemu-system-common qemu-system-data seabios" ;;
esac
suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}-backports")
cache_lock "fetching QEMU"
! entry_whole "$dst" || exit 0
[ ! -e "$dst" ] || say "the QEMU in the cache is damaged; it is fetched anew"
tmp=$(entry_new)
mkdir "$tmp/apt"
trap 'rm -rf "$tmp"' EXIT
apt_lists "$tmp/apt" amd64 "$suite"
mapfile -t opts < <(apt_private "$tmp/apt" amd64)
cd "$tmp/apt"
# shellcheck disable=SC2086 # words
apt-get "${opts[@]}" -q download $packages >>apt.log 2>&1 ||
	die "no QEMU in $suite: $(grep -m 1 '^E:' apt.log)"
for deb in *.deb; do
	dpkg -x "$deb" root
done
missing=$(ldd root/usr/bin/$bin | awk '/not found/ { print $1 }' | xargs)
[ -z "$missing" ] || die "the QEMU of $suite needs $missing, which the system's does not bring"
say "QEMU of $suite: $(root/usr/bin/$bin --version | head -n 1)"
entry_put "$tmp/apt/root" "$dst" usr/bin/$bin
