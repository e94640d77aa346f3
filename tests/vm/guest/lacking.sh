#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a kernel that lacks something: what doctor says of it, what each command does, and
# the recording of record.sh. Environment as there. BTF=1: the kernel has none itself; its types are in
# vmlinux.btf, those of another kernel in other.btf.
set -u
here=$(dirname "$0")
. "$here/lib.sh"
btf=

# all FUNCTION: calls it with the arguments of every command that loads programs
all()
{
	"$1" record -d 1 -o /tmp/run.json
	"$1" watch -d 1
	"$1" export --textfile /tmp/m.prom --once -i 1
	"$1" bench -d 1 --rounds 1 -o /tmp/bench.json
}

refused()
{
	expect 3 'this kernel has no BTF (CONFIG_DEBUG_INFO_BTF)' "$1 without it" migtrace "$@"
	grep -q '^hint:.*--btf FILE.*pahole' /tmp/err
	say $? "$1 says where to get it"
	expect 1 "can't read /none.btf: No such file" "$1, no such file" migtrace "$@" --btf /none.btf
	expect 1 '/bin/busybox: is no BTF' "$1, something else" migtrace "$@" --btf /bin/busybox
	expect 3 "other.btf: is another kernel's BTF: " "$1, of another kernel" \
		migtrace "$@" --btf "$here/other.btf"
	cat /tmp/err >> /out/refused
}

works()
{
	# shellcheck disable=SC2086 # words
	migtrace "$@" $btf > /tmp/out 2> /tmp/err
	got=$?
	[ $got = 0 ] || [ "$1.$got" = watch.5 ]
	say $? "$1 works (exit $got)"
}

migtrace doctor > /out/doctor.txt
echo $? > /out/doctor.status
if [ -n "${BTF:-}" ]; then
	all refused
	btf="--btf $here/vmlinux.btf"
fi
all works
# shellcheck disable=SC2086 # words
migtrace doctor --json $btf > /out/doctor.json
# shellcheck disable=SC2086 # words
migtrace doctor --facts $btf > /out/facts
ARGS="$ARGS $btf" sh "$here/record.sh"
