#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: static.sh [FILE]    (default: $O/migtrace-static)
#
# Is it one file that needs no other? And, where it can run here: does it, with nothing else around? A
# file for another machine is looked at only. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
file=${1:-$O/migtrace-static}
. tests/tally.sh

readelf -h "$file" >"$tmp/header" 2>"$tmp/err"
verdict $? "$file is a program"
readelf -lW "$file" | grep -e INTERP -e DYNAMIC >"$tmp/err"
[ ! -s "$tmp/err" ]
verdict $? 'it has no interpreter, and nothing to link'

! grep -q 'Machine:.*X86-64' "$tmp/header" || # of which the document speaks
	as_said 'its size' "$file" README.md 'needs no library ('

# alone NAME PATTERN ARGUMENT...: in a root folder with the file and its inputs; by root, or as root of a
# user namespace
alone()
{
	local name=$1 pattern=$2 as=()

	shift 2
	[ "$(id -u)" = 0 ] || as=(unshare -Ur)
	"${as[@]}" chroot "$tmp/root" /migtrace "$@" >"$tmp/out" 2>"$tmp/err" && grep -q -e "$pattern" "$tmp/out"
	verdict $? "$name"
}

machine=$(sed -n 's/ *Machine: *//p' "$tmp/header")
case $(uname -m):$machine in
x86_64:*X86-64 | aarch64:AArch64)
	mkdir "$tmp/root"
	cp "$file" "$tmp/root/migtrace"
	cp tests/data/full.json tests/data/kernels/6.1.facts "$tmp/root"
	alone 'it says its version' '^migtrace [0-9]' --version
	alone 'it reads a run file' 'private_lock in the migration' report /full.json
	alone 'it writes JSON' '"probes"' doctor --json --from /6.1.facts
	;;
*)
	echo "$machine: not started here"
	;;
esac
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
