#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: fuzz.sh run|check|merge NAME...
#
# run: each target for SECONDS_ (600), one after the other at the lowest priority; what is new goes
# into $FUZZ/found/NAME, what stumbles into $FUZZ/crash.  check: the kept inputs of each target once.
# merge: keeps the fewest that reach the same edges of the program; names that begin with fixed-,
# once a finding each, stay in any case.  All end with "N passed, N failed".
# FUZZ: the folder with the targets.
set -u
cd "$(dirname "$0")/../.." || exit 1
FUZZ=${FUZZ:-build/fuzz}
what=${1:?run, check or merge}
shift
passed=0
failed=0
log=$(mktemp)
cpu_file=$(mktemp)
trap 'rm -f "$log" "$cpu_file"' EXIT
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1}"

# A run file of that length has every list it can have; a page of arguments is more than anybody types.
max_len()
{
	case $1 in
	runfile | compare) echo 16384 ;;
	facts | kernel) echo 8192 ;;
	*) echo 2048 ;;
	esac
}

fuzz_one()
{
	local crashes line before

	mkdir -p "$FUZZ/found/$1" "$FUZZ/crash"
	cpu_seconds
	before=$cpu
	# shellcheck disable=SC2086 # FUZZ_ARGS: more of libFuzzer's own options
	nice -n 19 "$FUZZ/fuzz_$1" -max_total_time="${SECONDS_:-600}" -max_len="$(max_len "$1")" \
		-timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
		-artifact_prefix="$FUZZ/crash/$1-" ${FUZZ_ARGS-} \
		"$FUZZ/found/$1" "tests/fuzz/corpus/$1" >"$log" 2>&1 </dev/null
	crashes=$?
	cpu_seconds
	line=$(grep -o 'cov: [0-9]* ft: [0-9]*' "$log" | tail -n 1)
	printf '%-10s %5s CPU-s, %9s inputs, %6s/s, %s, %s\n' "$1" $((cpu - before)) \
		"$(stat_of number_of_executed_units)" "$(stat_of average_exec_per_sec)" \
		"${line:-no coverage}" "$([ $crashes = 0 ] && echo 'nothing found' || echo FOUND)"
	[ $crashes = 0 ] && passed=$((passed + 1)) && return
	failed=$((failed + 1))
	sed -n '/does not hold\|runtime error:\|ERROR: /,$p' "$log" | head -n 40
}

stat_of()
{
	sed -n "s/^stat::$1: *//p" "$log" | tail -n 1
}

# Of all children that have ended, into cpu; no subshell, which would have no children.
cpu_seconds()
{
	times >"$cpu_file"
	cpu=$(awk 'NR == 2 { split($1 " " $2, t, /[ms ]+/)
			     print int(t[1] * 60 + t[2] + t[3] * 60 + t[4]) }' "$cpu_file")
}

# All at once, which is fast; one after the other when something is wrong, to count and to name it.
check_one()
{
	local inputs=(tests/fuzz/corpus/"$1"/*) input bad=0

	if ! "$FUZZ/fuzz_$1" -timeout=20 "${inputs[@]}" >"$log" 2>&1 </dev/null; then
		for input in "${inputs[@]}"; do
			"$FUZZ/fuzz_$1" -timeout=20 "$input" >"$log" 2>&1 </dev/null && continue
			echo "FAIL: $input"
			grep -v '^INFO\|^Running' "$log" | head -n 30 | sed 's/^/    /'
			bad=$((bad + 1))
		done
		[ $bad -gt 0 ] || { bad=1 && echo "FAIL: $1: its inputs together"; }
	fi
	printf '%-10s %4d inputs, %d failed\n' "$1" ${#inputs[@]} $bad
	passed=$((passed + ${#inputs[@]} - bad))
	failed=$((failed + bad))
}

# Edges only: how often each was taken is worth keeping while one looks, and not in a repository.
merge_one()
{
	local all="$FUZZ/merge/$1" kept=tests/fuzz/corpus/$1

	rm -rf "$all"
	mkdir -p "$all" "$FUZZ/found/$1"
	if nice -n 19 "$FUZZ/fuzz_$1" -set_cover_merge=1 -use_counters=0 -timeout=20 \
		-max_len="$(max_len "$1")" "$all" "$kept" "$FUZZ/found/$1" >"$log" 2>&1 </dev/null; then
		find "$kept" -type f ! -name 'fixed-*' -delete
		cp "$all"/* "$kept"
		passed=$((passed + 1))
		printf '%-10s %4d inputs, %s KiB\n' "$1" "$(find "$kept" -type f | wc -l)" \
			"$(du -s --apparent-size -k "$kept" | cut -f 1)"
	else
		failed=$((failed + 1))
		tail -n 20 "$log"
	fi
}

for name; do
	case $what in
	run) fuzz_one "$name" ;;
	check) check_one "$name" ;;
	merge) merge_one "$name" ;;
	*) echo "fuzz.sh: '$what' is not run, check or merge" >&2 && exit 2 ;;
	esac
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
