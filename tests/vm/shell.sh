#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: shell.sh [NAME [FILE[=DEST]]...]
#
# A root shell in the test kernel NAME (default 6.1), with migtrace, load and bpftool in the PATH and
# the FILEs in /files.  `exit` ends the guest; Ctrl-C goes to the guest.  /out is not kept.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/qemu.sh"

name=${1:-6.1}
[ $# = 0 ] || shift
need_kernel "$name"
need_qemu "$(conf_arch "$name")"
need_tool stty
[ -t 0 ] && [ -t 1 ] || die "needs a terminal; to run a script, use tests/vm/run.sh"
"$TOP/tests/vm/fetch.sh" "$name"
one_vm_only
out=$VM/out/$name
mkdir -p "$out"
tmp=$(mktemp -d)
saved=$(stty -g)
trap 'stty "$saved"; rm -rf "$tmp"' EXIT
read -r rows cols <<<"$(stty size)"
{
	echo MODE=shell
	printf 'GUEST_TERM=%q ROWS=%q COLS=%q\n' "${TERM:-linux}" "$rows" "$cols"
} >"$tmp/job"
"$TOP/tests/vm/initramfs.sh" "$name" "$tmp/job" "$tmp/initrd" "$@"
MEMORY=$(conf_get "$name" memory)
qemu_args "$(conf_arch "$name")" "$(kernel_dir "$name")" "$tmp/initrd" "$out/console.log" \
	"$(conf_get "$name" args)"
say "kernel messages: $out/console.log"
"${QEMU[@]}" 9>&-
