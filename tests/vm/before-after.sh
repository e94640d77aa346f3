#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: before-after.sh
#
# `make before-after`: `migtrace bench` in many boots of two kernels that take turns, compared as
# text, JSON and one HTML page. Environment:
#   A, B    the kernels: names of kernels.conf (before and after, which are one image and a switch),
#           or paths: an image with its config beside it (/boot/vmlinuz-X, arch/x86/boot/bzImage of
#           a build tree)
#   BOOTS   of each (10); ROUND, ROUNDS: seconds and number of each boot's rounds (1, 5);
#           RESUME=1 keeps the boots that are there
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/boots.sh"

: "${A:=before}" "${B:=after}" "${BOOTS:=10}" "${ROUND:=1}" "${ROUNDS:=5}"
out=$VM/out/before-after

# kernel LABEL NAME-OR-PATH: its name in a list of kernels that has it
kernel()
{
	local name=$2

	case $2 in
	*/*)
		[ -s "$2" ] || die "$1=$2: no such kernel image"
		name=path-$1
		rm -rf "${VM:?}/path/$name"
		printf '\n[%s]\nsource = path\nimage = %s\n' "$name" "$(realpath "$2")" >>"$KERNELS_CONF"
		;;
	esac
	CONF=$KERNELS_CONF need_kernel "$name"
	echo "$name"
}

[ "$(uname -m)" = x86_64 ] || die "the test kernels are x86-64"
# a boot of another kernel, or with other rounds, is no sample of this one
what="$A $B $ROUND $ROUNDS"
[ -n "${RESUME:-}" ] || rm -rf "$out"
[ ! -e "$out/what" ] || [ "$(cat "$out/what")" = "$what" ] ||
	die "RESUME: what is there is of $(cat "$out/what"), and not of $what"
mkdir -p "$out"
echo "$what" >"$out/what"
# seconds of all rounds, which may be fractions
length=$(awk -v a="$ROUND" -v b="$ROUNDS" 'BEGIN { print int(a * b + 1) }')
BOOT_SECONDS=$((200 + length))
cp "$CONF" "$out/kernels.conf"
export KERNELS_CONF=$out/kernels.conf
a=$(kernel A "$A")
b=$(kernel B "$B")
for k in $a $b; do
	"$TOP/tests/vm/fetch.sh" "$k"
done
say "$BOOTS boots of each of $A and $B, taking turns: about $((BOOTS * 2 * (20 + length) / 60 + 1)) minutes"
boots "$out" "$BOOTS" "before $a ROUND=$ROUND ROUNDS=$ROUNDS" "after $b ROUND=$ROUND ROUNDS=$ROUNDS"
before=() after=() force=()
for n in $(seq "$BOOTS"); do
	before+=("$out/before-$n/run.json")
	after+=("$out/after-$n/run.json")
done
compare()
{
	"$O/migtrace" compare "${force[@]}" "$@" "${before[@]}" -- "${after[@]}"
}

# two builds seldom have quite the same functions to attach to: compared all the same, and said so
compare >/dev/null 2>"$out/refusal" || {
	cat "$out/refusal" >&2
	! grep -q 'within one side' "$out/refusal" || exit 1
	force=(--force)
}
compare --format html -o "$O/migtrace-before-after.html"
compare >"$O/migtrace-before-after.txt"
compare --format json -o "$O/migtrace-before-after.json"
echo "before: $A, ${failed[before]} boots failed; after: $B, ${failed[after]} boots failed"
# the release that both run files name is the same then
[ "$(kernel_dir "$a")" != "$(kernel_dir "$b")" ] ||
	echo "Both are one kernel image, $(kernel_of "$a"), with switches: $A '$(conf_get "$a" args)', $B '$(conf_get "$b" args)'"
cat "$O/migtrace-before-after.txt"
rel=$(realpath --relative-to="$PWD" "$O")
echo
echo "The same as a page: $rel/migtrace-before-after.html"
