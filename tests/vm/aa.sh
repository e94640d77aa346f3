#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: aa.sh
#
# `make bars-compare`: whether compare cries wolf, and whether it hears one. 40 boots of `after`,
# 20 comparisons of 20 against 20 drawn from them; and 20 boots whose migration holds the lock 5 us
# longer, taking turns with 20 that don't. 25 minutes. Last line: "N passed, N failed".
# With 10 a side the planted difference was not always found: an emulated CPU whose host has other
# guests runs at half its speed for seconds.
# RESUME=1 keeps the boots that are there.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/boots.sh"

out=$VM/out/aa
[ -n "${RESUME:-}" ] || rm -rf "$out"
mkdir -p "$out"
"$TOP/tests/vm/fetch.sh" after
boots "$out" 20 "after after" "slow after DELAY=5000"
RESUME=1 boots "$out" 40 "after after"
"$TOP/tests/vm/judge.py" false_alarms after "$out" migtrace="$O/migtrace" delay=5000
