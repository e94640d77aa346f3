#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: cache-list.sh [--clean]
#
# What the cache of kernels and QEMU holds: size, days since it was made, and what is wrong with it.
# --clean empties it, unless a guest runs or a kernel is being made.
set -eu
. "$(dirname "$0")/lib.sh"

[ $# = 0 ] || [ "$*" = --clean ] || die "usage: cache-list.sh [--clean]"
if [ ! -d "$CACHE" ]; then
	echo "$CACHE: nothing there"
	exit 0
fi

if [ $# = 1 ]; then
	cache_make .
	for file in "$CACHE"/vm.lock "$CACHE"/locks/*; do
		[ ! -e "$file" ] || flock -n "$file" true ||
			die "somebody is at work in the cache (${file##*/}); nothing was removed"
	done
	size=$(du -sh "$CACHE" | cut -f 1)
	# by name: a folder that MIGTRACE_CACHE names may hold other things
	rm -rf "$CACHE"/{kernels,sources,qemu,sysroot,base,work,tmp,locks,accel,vm.lock}
	rmdir "$CACHE" 2>/dev/null || :
	echo "$CACHE: $size removed"
	exit 0
fi

echo "$CACHE: $(du -sh "$CACHE" | cut -f 1)"
for path in "$CACHE"/kernels/*/* "$CACHE"/sources/* "$CACHE"/{qemu,sysroot,base}/* "$CACHE"/work; do
	[ -e "$path" ] || continue
	note=""
	case $path in
	*/kernels/* | */qemu/* | */sysroot/*) entry_whole "$path" || note=" (damaged)" ;;
	esac
	printf '%8s %4d d  %s%s\n' "$(du -sh "$path" | cut -f 1)" \
		$((($(date +%s) - $(stat -c %Y "$path")) / 86400)) "${path#"$CACHE"/}" "$note"
done
