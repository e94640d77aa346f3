#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: aa.sh
#
# `make bars-compare`: whether compare cries wolf, and whether it hears one. 40 boots of `after`,
# 20 comparisons of 10 against 10 drawn from them; and 10 boots whose migration holds the lock 5 us
# longer, taking turns with 10 that don't. 25 minutes. Last line: "N passed, N failed".
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/boots.sh"

out=$VM/out/aa
mkdir -p "$out"
"$TOP/tests/vm/fetch.sh" after
boots "$out" 10 "after after" "slow after DELAY=5000"
RESUME=1 boots "$out" 40 "after after"
"$TOP/tests/vm/aa_judge.py" "$O/migtrace" "$out" 5000
