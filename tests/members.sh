#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# The schema and the list in migtrace-run(5) are what src/model/run_table.c says; --write makes them so.
# UNIT: the folder with the tests' binaries (build/unit).
set -u
cd "$(dirname "$0")/.." || exit 1
members=${UNIT:-build/unit}/members
schema=tests/schema/run.schema.json
man=man/migtrace-run.5
. tests/tally.sh

"$members" schema >"$tmp/schema" && "$members" man >"$tmp/list" || exit 1
awk -v list="$tmp/list" '
	/^\.\\" End of the list/ { skip = 0 }
	!skip
	/^\.\\" From here to the end of the list/ {
		while ((getline line <list) > 0) print line
		skip = 1
	}' "$man" >"$tmp/man"
if [ "${1:-}" = --write ]; then
	cat "$tmp/schema" >"$schema"
	cat "$tmp/man" >"$man"
	exit
fi
for pair in "$schema schema" "$man man"; do
	diff -u "${pair% *}" "$tmp/${pair#* }" >"$tmp/diff"
	verdict $? "${pair% *} is what the table says; 'make members' writes it"
	head -n 20 "$tmp/diff" | sed 's/^/     | /'
done

# A row that is missing, or one too many, must be seen.
grep -v '"floor_ns"' "$schema" | cmp -s - "$tmp/schema"
[ $? -eq 1 ] && [ "$(grep -c '^\.It Cm ' "$tmp/list")" -gt 100 ]
verdict $? 'a row that is missing is seen'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
