#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: build-load.sh [OUT]
#
# Build the load generator (static, so that it needs nothing in the guest), by default as
# $O/vm/load, where initramfs.sh looks for it.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
out=${1:-${O:-$top/build}/vm/load}
mkdir -p "$(dirname "$out")"
${CC:-gcc} -std=gnu11 -O2 -g -Wall -Wextra -Werror -static -I"$top/src" -o "$out.$$" \
	"$top"/tests/vm/load*.c "$top"/src/bench/bench_dir.c
# at one go: a guest may be packed meanwhile, and an empty program succeeds at everything
mv "$out.$$" "$out"
