#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: html-pages.sh [PAGE...]
#
# Pages of report and compare in headless Chromium: light, dark and narrow, to be looked at in
# $O/pages. Made from the run files of the tests; PAGEs (of real runs) may be added. Last line:
# "N passed, N failed".
set -eu
cd "$(dirname "$0")/.."
O=${O:-build}
pages=$O/pages
rm -rf "$pages"
mkdir -p "$pages/runs"
tests/make_runs.py tests/data/full.json "$pages/runs" a 10 1 0
tests/make_runs.py tests/data/full.json "$pages/runs" b 10 2 0.25
"$O/migtrace" report -f html -o "$pages/report.html" tests/data/full.json
"$O/migtrace" report -f html -o "$pages/report-7.x.html" tests/data/migrate.json
"$O/migtrace" compare -f html -o "$pages/compare.html" "$pages"/runs/a-*.json -- "$pages"/runs/b-*.json
passed=0 failed=0
for page in "$pages"/*.html "$@"; do
	if tests/html-shots.sh "$page" "$pages/$(basename "$page" .html)"; then
		passed=$((passed + 1))
	else
		echo "not ok - $page"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
