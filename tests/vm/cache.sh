# shellcheck shell=bash disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What is fetched or built once a machine, for every clone: kernels, QEMU, the arm64 user land.
# Sourced by lib.sh.  An entry is a folder that was made in $CACHE/tmp and came to its place by a
# rename, so that others see all of it or nothing.  It holds .sums, checksums of the files that
# matter, and .manifest, the size of every file: what a full disk or a crash left of it is noticed.
#
#   kernels/NAME/VERSION_RECIPE   fetch.sh; VERSION is Debian's, RECIPE of all that is done with it
#   sources/                      Debian's source packages, as they are
#   qemu/x86, qemu/arm            fetch-qemu.sh
#   sysroot/arm64-RECIPE          sysroot.sh
#   base/                         initramfs.sh: the part of a guest's initramfs that seldom changes
#   work/                         where kernels are compiled; gone when that has ended
#   accel, vm.lock, locks/        how guests run here, and who runs one

CACHE=$(realpath -m "${MIGTRACE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/migtrace}")

# cache_make SUB: the folder $CACHE/SUB, or the end
cache_make()
{
	mkdir -p "$CACHE/$1" 2>/dev/null && [ -w "$CACHE/$1" ] ||
		die "cannot write to the cache $CACHE; MIGTRACE_CACHE=FOLDER names another one"
}

# cache_lock NAME: ours until the descriptor in `lock` is closed or the script ends
cache_lock()
{
	cache_make locks
	exec {lock}>"$CACHE/locks/$1"
	flock -n "$lock" || { say "waiting for another clone: $1"; flock "$lock"; }
}

# entry_new: prints a new folder to make an entry in
entry_new()
{
	cache_make tmp
	# of those that were killed
	find "$CACHE/tmp" -mindepth 1 -maxdepth 1 -mmin +600 -exec rm -rf {} +
	mktemp -d "$CACHE/tmp/XXXXXX"
}

# entry_sizes DIR: what .manifest holds
entry_sizes()
{
	(cd "$1" && find . ! -type d ! -name .manifest -printf '%s %P\n' | LC_ALL=C sort)
}

# entry_put TMP DST FILE...: TMP becomes the entry DST; of the FILEs the checksums are kept
entry_put()
{
	local tmp=$1 dst=$2 old=""

	shift 2
	(cd "$tmp" && sha256sum -- "$@" >.sums) || die "$dst: could not be written; is the disk full?"
	entry_sizes "$tmp" >"$tmp/.manifest"
	cache_make "$(realpath -m --relative-to="$CACHE" "$dst/..")"
	chmod 755 "$tmp"
	[ ! -e "$dst" ] || { old=$(entry_new) && mv "$dst" "$old"; }
	mv -T "$tmp" "$dst"
	touch "$dst"
	[ -z "$old" ] || rm -rf "$old"
}

# entry_whole DIR: whether it is there, as it was made
entry_whole()
{
	[ -s "$1/.manifest" ] && (cd "$1" && sha256sum --status -c .sums) 2>/dev/null &&
		entry_sizes "$1" | cmp -s - "$1/.manifest"
}
