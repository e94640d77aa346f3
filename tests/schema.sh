#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Run files against tests/schema/run.schema.json: the sample runs, what report makes of them, and
# files that must not pass. More run files (from real kernels) may be given as arguments.
# MIGTRACE: the binary (build/migtrace).
set -u
cd "$(dirname "$0")/.." || exit 1
migtrace=${MIGTRACE:-build/migtrace}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

check() { # valid|invalid FILE
	if python3 tests/schema/validate.py "$2" >"$tmp/log" 2>&1; then
		found=valid
	else
		found=invalid
	fi
	if [ "$found" = "$1" ]; then
		passed=$((passed + 1))
		echo "ok   $1: $2"
	else
		failed=$((failed + 1))
		echo "FAIL $2 should be $1"
		cat "$tmp/log"
	fi
}

bad() { # NAME SED-EXPRESSION: the sample with one fault must be refused
	sed "$2" tests/data/small.json >"$tmp/$1"
	cmp -s "$tmp/$1" tests/data/small.json && echo "FAIL $1: the edit changed nothing"
	check invalid "$tmp/$1"
}

for f in tests/data/small.json tests/data/full.json tests/data/migrate.json "$@"; do
	check valid "$f"
	"$migtrace" report --format json -o "$tmp/again.json" "$f" || failed=$((failed + 1))
	check valid "$tmp/again.json"
done
bad format.json 's/"migtrace-run"/"other"/'
bad version.json 's/"version":1,/"version":2,/'
bad sum.json 's/"hold":{"count":1,/"hold":{"count":2,/'
bad unknown.json 's/"rounds":/"surprise":1,"rounds":/'
bad missing.json 's/"losses":/"gains":/'
bad reason.json 's/"reason":"no"/"reason":null/'
bad negative.json 's/"floor_ns":41/"floor_ns":-41/'
bad kind.json 's/"kind":"slow_lookup"/"kind":"fast_lookup"/'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
