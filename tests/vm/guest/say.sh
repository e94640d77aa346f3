# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The tally of cases in the guest, for misuse.sh and bench_cases.sh. Sourced.
exec 3> /out/cases

say() # say RESULT TEXT
{
	if [ "$1" = 0 ]; then echo "ok $2" >&3; else echo "not ok $2" >&3; fi
	[ "$1" = 0 ] || { echo "not ok $2:"; cat /tmp/err; }
}

# expect CODE PATTERN TEXT COMMAND...: exit code, one message matching, nothing else on stderr
expect()
{
	code=$1 pattern=$2 text=$3
	shift 3
	"$@" > /tmp/out 2> /tmp/err
	got=$?
	lines=$(grep -vc '^hint:' /tmp/err)
	[ "$got" = "$code" ] && grep -q "$pattern" /tmp/err && [ "$lines" = 1 ]
	say $? "$text (exit $got)"
}
