#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: demo-race.sh
#
# `make demo-race`: the same load without and with the fix of 2019, what the kernel itself counted
# beside what migtrace found, and what the fix costs. Both are one image, truth-6.1: `before` sets its
# switch migtrace_racy.
# RACE_SECONDS: length of the load, default 30.
set -eu
. "$(dirname "$0")/lib.sh"

: "${RACE_SECONDS:=30}"
# freed pages are zeroed, as hardened kernels do: what a stale reference reads is then seen by ext4,
# and not the old contents that happen to be there still
ARGS=init_on_free=1

# guest NAME: the load on that kernel, results in $VM/out/race-NAME
guest()
{
	local out=$VM/out/race-$1 begin=$SECONDS pid status=0

	rm -rf "$out"
	mkdir -p "$out"
	"$TOP/tests/vm/run.sh" -k "$1" -t 240 -o "$out" -a "$ARGS" -e SECONDS_="$RACE_SECONDS" \
		-e KIB=80 -e ARGS=--stacks -f "$TOP/tests/vm/guest/lib.sh" "$TOP/tests/vm/guest/record.sh" \
		>"$out/guest.log" &
	pid=$!
	trap 'kill $pid 2>/dev/null; exit 130' INT TERM HUP
	while [ -t 2 ] && kill -0 $pid 2>/dev/null; do
		printf '\r%s: %s: %ss ' "${0##*/}" "$1" $((SECONDS - begin)) >&2
		sleep 1
	done
	[ ! -t 2 ] || printf '\r\033[K' >&2
	wait $pid || status=$?
	trap - INT TERM HUP
	[ $status = 0 ] || { tail -n 5 "$out/guest.log" >&2; die "$1: the guest failed ($status)"; }
	# whatever ext4 said, and how often, with all of it in the console's log
	grep -aE 'EXT4-fs (error|warning)' "$out/console.log" | tr -d '\r' >"$out/errors" || :
	cp "$out/run.json" "$O/migtrace-race-$1.json"
}

# what ext4 and the kernel's own counters say
kernel_says()
{
	local out=$VM/out/race-$1 n

	n=$(wc -l <"$out/errors")
	echo
	if [ "$n" -gt 0 ]; then
		echo "The guest's log, $n errors and warnings of ext4; the first three:"
		head -n 3 "$out/errors" | fold -w 76 -s | sed 's/^/    /; s/ *$//'
	else
		echo "The guest's log: no error of ext4."
	fi
	echo
	echo "The kernel's own counters (compiled in, no BPF):"
	awk '$1 ~ /^(windows|late_refs|busy_ends|lookups_behind_spin)$/ {
		printf "    %-22s %9d\n", $1, $2 }' "$out/truth"
}

# what migtrace recorded, and two of its reports
migtrace_says()
{
	local report=$VM/out/race-$1/report.host

	"$O/migtrace" report "$O/migtrace-race-$1.json" >"$report"
	echo
	echo "migtrace record:"
	sed -n '/^generation/p; /^losses/,/^$/p' "$report" | sed '/^$/d; s/^/    /'
	grep -q '^LATE REFERENCES' "$report" || return 0
	echo
	echo "Two of its reports, each with both sides:"
	awk '/^LATE REFERENCES/ { on = 1; next }
	     !on { next }
	     !/^=====/ { text = text ($0 == "" ? "" : "    " $0) "\n"; next }
	     text ~ /reference taken by/ && n < 2 { printf "\n%s", text; n++ }
	     { text = "" }' "$report"
}

[ "$(uname -m)" = x86_64 ] || die "the test kernels are x86-64"
kernel=$("$TOP/tests/vm/fetch.sh" -p truth-6.1)
echo
echo "Both sides are one kernel image; the switch migtrace_racy takes the fix away. Both run"
echo "with $ARGS: freed pages are zeroed at once, so that ext4 trips over what a stale"
echo "reference reads."
for name in before after; do
	say "$name: booting, $RACE_SECONDS s of directory reads against page migration"
	guest "$name"
	echo
	case $name in
	before) echo "=== Linux $(cat "$kernel/release") migtrace_racy=1: the fix of 2019 reverted ===" ;;
	after)  echo "=== Linux $(cat "$kernel/release"): the fix in place ===" ;;
	esac
	kernel_says $name
	migtrace_says $name
done
echo
python3 "$TOP/tests/vm/race_table.py" "$VM/out/race-before" "$VM/out/race-after"
rel=$(realpath --relative-to="$PWD" "$O")
echo
echo "Everything of one run: $rel/migtrace report $rel/migtrace-race-before.json"
