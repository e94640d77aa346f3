#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: one boot's sample. Environment: ROUNDS, ROUND (seconds), DELAY (ns that a truth
# kernel adds to each section of the migration).
set -eu
truth=/sys/kernel/debug/migtrace_truth
[ -z "${DELAY:-}" ] || echo "$DELAY" > /sys/kernel/debug/migtrace_delay_ns
[ ! -e /sys/kernel/rcu_normal ] || echo 0 > /sys/kernel/rcu_normal
migtrace bench -d "${ROUND:-1}" --rounds "${ROUNDS:-5}" --warmup 1 -o /out/run.json \
	> /out/report.txt
[ ! -e $truth ] || cat $truth > /out/truth
