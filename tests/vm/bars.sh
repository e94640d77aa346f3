#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: bars.sh
#
# The long form of what check.sh asserts in short: a minute of load a boot, five boots of `before`
# in both tiers, 500,000 lookups behind a window on `after` and every stock kernel (a fifth of them
# by the spinlock), and the storm against compaction. About 25 minutes. Last line: "N passed, N
# failed".
set -u
here=$(cd "$(dirname "$0")" && pwd)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
export SECONDS_=60

for boot in 1 2 3 4 5; do
	echo "# boot $boot of before"
	"$here/check.sh" before before-light
done | tee "$log"
BEHIND=500000 "$here/check.sh" after 5.10 6.1 | tee -a "$log"
# these reach little more than that in a minute
BEHIND=500000 SECONDS_=90 "$here/check.sh" 6.12 7.x rt | tee -a "$log"
"$here/check.sh" before-storm after-storm | tee -a "$log"
awk '/^[0-9]+ passed, [0-9]+ failed$/ { p += $1; f += $3 }
     END { print p + 0 " passed, " f + 0 " failed"; exit f > 0 || !p }' "$log"
