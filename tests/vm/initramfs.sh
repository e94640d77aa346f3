#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: initramfs.sh NAME JOB OUT [FILE[=DEST]]...
#
# Write the initramfs of kernel NAME to OUT: a base that is kept in the cache (busybox, modules,
# mkfs) and an overlay made each time (migtrace, load, bpftool, the FILEs, JOB as /job).  A FILE
# without DEST goes to /files, which is in the guest's PATH.  Dynamic programs bring their libraries.
# For arm64 the programs are those of sysroot.sh.
set -eu
. "$(dirname "$0")/lib.sh"

# module, its config symbol, and what asks for it by name: needed if that is a module, and this one is
# there (7.3 has no crc32c_generic)
MODULES="
virtio_pci	VIRTIO_PCI	-
virtio_blk	VIRTIO_BLK	-
virtio_console	VIRTIO_CONSOLE	-
brd		BLK_DEV_RAM	-
loop		BLK_DEV_LOOP	-
crc32c_generic	CRYPTO_CRC32C	EXT4_FS
ext4		EXT4_FS		-
vfat		VFAT_FS		-
nls_cp437	NLS_CODEPAGE_437 -
nls_ascii	NLS_ASCII	-
nls_iso8859-1	NLS_ISO8859_1	-
nls_utf8	NLS_UTF8	-
"

# add ROOT FILE DEST: copy FILE, and the libraries it needs if it is a dynamic program
add()
{
	local lib

	[ -e "$2" ] || die "$2 does not exist"
	mkdir -p "$1/$(dirname "$3")"
	install -m 755 "$2" "$1/$3"
	if [ -n "$sysroot" ]; then
		add_foreign "$1" "$2"
		return
	fi
	{ ldd "$2" 2>/dev/null || :; } | grep -o '/[^ ]*' | while read -r lib; do
		[ ! -e "$lib" ] || [ -e "$1$lib" ] || install -D -m 755 "$lib" "$1$lib"
	done
}

# add_foreign ROOT FILE: the libraries of a program that this machine can't run
add_foreign()
{
	local lib path

	for lib in $(readelf -d "$2" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[ ! -e "$1/lib/$lib" ] || continue
		path=$(find "$sysroot/lib" "$sysroot/usr/lib" -name "$lib" | head -n 1)
		[ -n "$path" ] || die "$2 needs $lib, which is not in $sysroot"
		install -D -m 755 "$path" "$1/lib/$lib"
		add_foreign "$1" "$path"
	done
}

# add_tool ROOT NAME: the same for an installed program
add_tool()
{
	local path

	if [ -n "$sysroot" ]; then
		path=$(find "$sysroot/bin" "$sysroot/sbin" "$sysroot/usr/bin" "$sysroot/usr/sbin" \
			-name "$2" ! -type d | head -n 1)
	else
		need_tool "$2"
		path=$(command -v "$2")
	fi
	add "$1" "$path" "bin/$2"
}

pack()
{
	(cd "$1" && find . | sort | cpio --quiet -o -H newc -R 0:0)
}

# is_kind SYMBOL y|m
is_kind()
{
	grep -q "^CONFIG_$1=$2\$" "$dir/config"
}

# has_module MODULE
has_module()
{
	[ -n "$(find "$dir/lib/modules" -name "$1.ko*" -print -quit)" ]
}

# add_modules ROOT: every needed module in load order, listed in /lib/modules.list
add_modules()
{
	local root=$1 mod sym only rel deps verb path file

	rel=$(cat "$dir/release")
	mkdir -p "$root/lib/modules"
	: >"$root/lib/modules.list"
	while read -r mod sym only; do
		[ -n "$mod" ] || continue
		! is_kind "$sym" y || continue
		[ "$only" = - ] || { is_kind "$only" m && has_module "$mod"; } || continue
		is_kind "$sym" m ||
			die "$name: CONFIG_$sym is not set, and the guest needs it;" \
			    "choose another kernel or configuration"
		deps=$(modprobe -C /dev/null -d "$dir" -S "$rel" --show-depends "$mod") ||
			die "$name: module $mod is not in $dir/lib/modules/$rel"
		while read -r verb path _; do
			[ "$verb" = insmod ] || continue
			file=$(basename "$path")
			file=lib/modules/${file%.ko*}.ko
			[ ! -e "$root/$file" ] || continue
			case $path in
			*.xz)  xz -dc "$path" ;;
			*.zst) zstd -dc "$path" ;;
			*)     cat "$path" ;;
			esac >"$root/$file"
			echo "/$file" >>"$root/lib/modules.list"
		done <<<"$deps"
	done <<<"$MODULES"
}

build_base()
{
	local out=$1 root applet busybox

	need_tool busybox mke2fs e2fsck mkfs.vfat cpio modprobe xz zstd
	busybox=$(command -v busybox)
	[ -z "$sysroot" ] || busybox=$sysroot/bin/busybox
	# a pipeline's left side and command substitutions need not stop at a dynamic busybox,
	# the guest would: it has no libraries at that point
	! ldd "$busybox" >/dev/null 2>&1 ||
		die "busybox is not static; run: tests/deps.sh test (package busybox-static)"
	root=$(mktemp -d)
	mkdir -p "$root/bin" "$root/sbin" "$root/etc" "$root/dev" "$root/files"
	cp "$busybox" "$root/bin/busybox"
	for applet in mke2fs e2fsck mkfs.vfat; do
		add_tool "$root" "$applet"
	done
	ln -s mke2fs "$root/bin/mkfs.ext4"
	[ ! -e /etc/mke2fs.conf ] || cp /etc/mke2fs.conf "$root/etc/"
	ln -s /proc/mounts "$root/etc/mtab"
	echo "root:x:0:0:root:/:/bin/sh" >"$root/etc/passwd"
	echo "root:x:0:" >"$root/etc/group"
	for applet in $(busybox --list); do
		[ -e "$root/bin/$applet" ] || ln -s busybox "$root/bin/$applet"
	done
	install -m 755 "$TOP/tests/vm/init" "$root/init"
	install -m 755 "$TOP/tests/vm/guest/deliver.sh" "$root/bin/deliver"
	add_modules "$root"
	pack "$root" >"$out.$$"
	mv "$out.$$" "$out"
	rm -rf "$root"
}

[ $# -ge 3 ] || die "usage: initramfs.sh NAME JOB OUT [FILE[=DEST]]..."
name=$1 job=$2 out=$3
shift 3
need_kernel "$name"

sysroot="" bin=$O
if [ "$(conf_arch "$name")" = arm64 ]; then
	sysroot=$("$TOP/tests/vm/sysroot.sh")
	bin=$O/arm64
fi
dir=$(kernel_dir "$name")
base=$({ cat "$dir/vmlinuz" "$TOP/tests/vm/init" "$TOP/tests/vm/initramfs.sh" \
	"$TOP/tests/vm/guest/deliver.sh"
	echo "$sysroot"; } | sha256sum | head -c 12)
base=$CACHE/base/$(cat "$dir/release")-$base.cpio
if [ ! -s "$base" ]; then
	cache_make base
	# of other versions of this script, mostly
	find "$CACHE/base" -name '*.cpio*' -mtime +14 -delete
	build_base "$base"
fi
touch -c "$base"

over=$(mktemp -d)
trap 'rm -rf "$over"' EXIT
mkdir -p "$over/bin" "$over/files"
cp "$job" "$over/job"
# built by make; a guest without it is still good for a look around
[ ! -e "$bin/migtrace" ] || add "$over" "$bin/migtrace" bin/migtrace
[ ! -e "$bin/vm/load" ] || add "$over" "$bin/vm/load" bin/load
for file in "$bin"/vm/hold-*.bpf.o; do
	[ ! -e "$file" ] || install -m 644 "$file" "$over/files/"
done
[ -z "$sysroot" ] && ! command -v bpftool >/dev/null || add_tool "$over" bpftool
for file; do
	dest=files/$(basename "${file%%=*}")
	case $file in *=*) dest=${file#*=} ;; esac
	add "$over" "${file%%=*}" "${dest#/}"
done
{ cat "$base"; pack "$over"; } >"$out"
