#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: extract-btf.sh VMLINUZ OUT
#
# Write the raw .BTF section of an x86 bzImage or of an arm64 Image to OUT.  The position of the
# compressed vmlinux is taken from the boot header (Documentation/arch/x86/boot.rst) instead of looking
# for magic bytes: the decompressor's own tables contain the magics too.  An arm64 Image is memory as
# it is, without sections: there the BTF is found by its header.
set -eu
. "$(dirname "$0")/lib.sh"

[ $# = 2 ] || die "usage: extract-btf.sh VMLINUZ OUT"
img=$1 out=$2
need_tool od objcopy

# le SIZE OFFSET: one little-endian number of the image
le()
{
	od -An -t "u$1" -j "$2" -N "$1" --endian=little "$img" | tr -d ' '
}

# from_image: struct btf_header (version 1, 24 bytes, types first, strings right behind them) that fits
from_image()
{
	local at types strings size

	size=$(stat -c %s "$img")
	for at in $(LC_ALL=C grep -aboP '\x9f\xeb\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00' "$img" |
		cut -d: -f1); do
		types=$(le 4 $((at + 12))) strings=$(le 4 $((at + 20)))
		[ "$(le 4 $((at + 16)))" = "$types" ] || continue
		[ $((types + strings)) -gt 100000 ] || continue
		[ $((at + 24 + types + strings)) -le "$size" ] || continue
		tail -c +$((at + 1)) "$img" | head -c $((24 + types + strings)) >"$out" || :
		return
	done
	die "$img: no BTF found in this arm64 Image"
}

if [ "$(od -An -c -j 56 -N 3 "$img" | tr -d ' ')" = ARM ]; then
	from_image
	exit
fi
[ "$(od -An -c -j 514 -N 4 "$img" | tr -d ' ')" = HdrS ] || die "$img is not an x86 bzImage"
start=$((($(le 1 497) + 1) * 512 + $(le 4 584)))
len=$(le 4 588)

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
tail -c +$((start + 1)) "$img" | head -c "$len" >"$tmp/z" || :

# all but gzip carry four more bytes at the end: the unpacked size
magic=$(od -An -t x1 -N 4 "$tmp/z" | tr -d ' ')
case $magic in
1f8b*)    unpack="gzip -dc" ;;
fd377a58) unpack="xz -dc" ;;
28b52ffd) unpack="zstd -dc" ;;
02214c18) unpack="lz4 -dc" ;;
*)        die "$img: unknown compression of the kernel (magic $magic)" ;;
esac
need_tool "${unpack%% *}"
[ "${unpack%% *}" = gzip ] || truncate -s -4 "$tmp/z"
$unpack <"$tmp/z" >"$tmp/vmlinux" || die "$img: ${unpack%% *} could not unpack the kernel"
objcopy --dump-section ".BTF=$tmp/btf" "$tmp/vmlinux" "$tmp/null" 2>"$tmp/err" ||
	die "$img: no .BTF section ($(head -n 1 "$tmp/err"))"
mv "$tmp/btf" "$out"
