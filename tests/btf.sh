#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: btf.sh KERNEL...
#
# Builds against the types of real kernels of kernels.conf, warnings being errors: 6.1 has the oldest
# naming of what we read, the newest 7.x the newest.
set -eu
. "$(dirname "$0")/vm/lib.sh"

for name; do
	"$TOP/tests/vm/fetch.sh" "$name"
	make -C "$TOP" O="$O/gen/$name" WERROR=1 GEN_VMLINUX_H="$(kernel_dir "$name")/vmlinux.btf"
done
