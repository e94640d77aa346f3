# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Kernels that somebody names by a path, for fetch.sh.  Sourced after lib.sh.

# fetch_path NAME: an image that is there already, as installed or in its build tree; not kept
fetch_path()
{
	local name=$1 dst image dir rel config="" f

	dst=$(kernel_newest "$name")
	[ ! -s "$dst/vmlinux.btf" ] || return 0
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
