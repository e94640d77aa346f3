#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Runs the given cmocka executables and the script tests; ends with "N passed, N failed".
# UNIT is the folder with the sanitised migtrace.
set -u
export UNIT
cd "$(dirname "$0")/../.." || exit 1
passed=0
failed=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}"

count() { # cmocka: "[  PASSED  ] 3 test(s)."
	sed -n "s/.*\[  $1  \] [^0-9]*\([0-9][0-9]*\) test(s).*/\1/p" "$log" | tail -n 1
}

# tally NAME STATUS PASSED FAILED: a crash prints no summary, and a leak comes after it; who tested nothing failed
tally() {
	p=${3:-0} f=${4:-0} status=$2
	[ "$p" -gt 0 ] || [ "$status" -ne 0 ] || { status=1; echo "nothing was tested" >>"$log"; }
	[ "$status" -eq 0 ] || [ "$f" -gt 0 ] || f=1
	[ "$status" -eq 0 ] || cat "$log"
	printf '%-14s %3d passed, %d failed\n' "$(basename "$1")" "$p" "$f"
	passed=$((passed + p))
	failed=$((failed + f))
}

for t in "$@"; do
	CMOCKA_MESSAGE_OUTPUT=stdout "$t" >"$log" 2>&1
	tally "$t" $? "$(count PASSED)" "$(count FAILED)"
done

python3 tests/stats_check.py "$UNIT/stats_ask" >"$log" 2>&1
tally stats_check.py $? "$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)" \
	"$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$log" | tail -n 1)"

python3 tests/words.py "$UNIT/migtrace" >"$log" 2>&1
tally words.py $? "$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)" \
	"$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$log" | tail -n 1)"

python3 tests/layout.py "$UNIT/layout" >"$log" 2>&1
tally layout.py $? "$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)" \
	"$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$log" | tail -n 1)"

for t in tests/cli.sh tests/runs.sh tests/compare.sh tests/docs.sh tests/completion.sh tests/schema.sh tests/members.sh tests/html.sh \
	tests/variants.sh tests/rings.sh; do
	MIGTRACE=$UNIT/migtrace sh "$t" >"$log" 2>&1
	tally "$t" $? "$(sed -n 's/^\([0-9]*\) passed, .*/\1/p' "$log" | tail -n 1)" \
		"$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$log" | tail -n 1)"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
