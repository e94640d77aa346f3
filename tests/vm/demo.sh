#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: demo.sh
#
# `make demo`: a recording in a guest with the stock 6.1 kernel.  The report is
# printed as the guest prints it; the run file stays as $O/migtrace-demo.json.
set -eu
. "$(dirname "$0")/lib.sh"

out=$VM/out/demo
kernel=$("$TOP/tests/vm/fetch.sh" -p 6.1)
say "booting Debian $(cat "$kernel/release") in QEMU; recording 12 s there"
"$TOP/tests/vm/run.sh" -k 6.1 -t 240 -o "$out" -e SECONDS_=12 "$TOP/tests/vm/guest/demo.sh"
cp "$out/migtrace-demo.json" "$O/migtrace-demo.json"

# as one would type it here
rel=$(realpath --relative-to="$PWD" "$O")
echo
echo "The run file is $rel/migtrace-demo.json. Without root, here or anywhere:"
echo "  $rel/migtrace report $rel/migtrace-demo.json"
