#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: bench-cost.sh [GUEST]...     (default: all)
#
# `make bench-cost`: what migtrace costs the load that it measures, beside other instruments in the
# same guest, in turns. Raw figures stay in $O/vm/out/cost-*; cost_table.py prints the table.
# Environment: ROUNDS (5), SECONDS_ (of each load, 4).
#
#   6.1             a stock kernel, nothing but lookups and migrations: the most that it can cost
#   mixed           6.1 again, where one page of sixteen that move has buffers
#   storm           6.1 with a file system at work, where lookups are one thing of many
#   after           counts its own holds: what they become (perturbation) and what is read (error)
#   lockstat        the kernel's own lock statistics as one more instrument
#   instructions    6.1 again, with a clock that counts the guest's instructions: no noise, but an
#                   exception or a cache miss costs as much as any instruction. By itself it is a test
#                   against the figures kept in the tree (cost_instructions.py)
#   instructions-7.x  the same of the newest kernel
set -eu
. "$(dirname "$0")/lib.sh"

: "${ROUNDS:=5}" "${SECONDS_:=4}"
here=$TOP/tests/vm
wanted=$*

# guest NAME KERNEL NAMES [RUN-ARG]...
guest()
{
	local name=$1 kernel=$2 names=$3 tool args=()

	case " $wanted " in *" $name "* | "  ") ;; *) return 0 ;; esac
	shift 3
	for tool in bpftrace klockstat funclatency; do
		case " $names " in *" $tool "*) ;; *) continue ;; esac
		tool=$(PATH=$PATH:/usr/sbin command -v $tool) || die "$tool is missing: tests/deps.sh cost"
		args+=(-f "$tool=bin/${tool##*/}")
	done
	rm -rf "$VM/out/cost-$name"
	say "$name: $ROUNDS rounds of $names"
	"$here/run.sh" -k "$kernel" -t 2400 -o "$VM/out/cost-$name" -e "ROUNDS=$ROUNDS" \
		-e "SECONDS_=$SECONDS_" -e "NAMES=$names" "$@" "${args[@]}" -f "$here/guest/nearest.bt" -f "$here/guest/lib.sh" \
		"$here/guest/cost.sh"
}

guest 6.1 6.1 'alone light full bpftrace again site lock bracket klockstat funclatency'
guest mixed 6.1 'alone light full bpftrace again' -e BESIDE=15
guest storm 6.1 'alone light full bpftrace again' -e MOVER=compact -e WORK=storm
guest after after 'alone light full again site lock bracket'
guest lockstat truth-6.1-lockstat 'alone full again lock_stat'
ROUNDS=1 SECONDS_=2 ICOUNT=3 guest instructions 6.1 'again alone light full bpftrace site lock bracket' \
	-e SIDES=1
ROUNDS=1 SECONDS_=2 ICOUNT=3 guest instructions-7.x 7.x 'again alone light full bpftrace' -e SIDES=1
ROUNDS=1 SECONDS_=1 guest stats 6.1 full-stats
case $wanted in instructions | instructions-7.x) ;; *) "$here/cost_table.py" "$VM/out" ;; esac
for name in instructions instructions-7.x; do
	case " $wanted " in *" $name "* | "  ") "$here/cost_instructions.py" "$VM/out" $name || status=1 ;; esac
done
exit "${status:-0}"
