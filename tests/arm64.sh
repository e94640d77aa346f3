#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: arm64.sh
#
# Compile everything for arm64, warnings being errors: $O/arm64/migtrace, the same without libraries
# ($O/arm64/migtrace-static), and for its guests $O/arm64/vm/load. The libraries come as Debian's arm64 packages (tests/vm/sysroot.sh).
set -eu
. "$(dirname "$0")/vm/lib.sh"

dir=$O/arm64

command -v aarch64-linux-gnu-gcc >/dev/null ||
	die "'aarch64-linux-gnu-gcc' is not installed; run: tests/deps.sh arm64"
root=$("$TOP/tests/vm/sysroot.sh")
lib=$root/usr/lib/aarch64-linux-gnu
make -C "$TOP" O="$dir" CC=gcc CROSS=aarch64-linux-gnu- WERROR=1 \
	CPPFLAGS="-isystem $root/usr/include" \
	LDFLAGS="-L$lib -Wl,-rpath-link,$lib:$root/lib/aarch64-linux-gnu" all static
readelf -h "$dir/migtrace" | grep -q 'Machine:.*AArch64' || die "$dir/migtrace is not for arm64"
for need in libbpf libjansson; do
	readelf -d "$dir/migtrace" | grep -q "NEEDED.*\[$need\.so" ||
		die "$dir/migtrace is not linked with $need"
done
"$TOP/tests/static.sh" "$dir/migtrace-static" || die "$dir/migtrace-static is not static"
CC=aarch64-linux-gnu-gcc "$TOP/tests/vm/build-load.sh" "$dir/vm/load"
echo "arm64: $(stat -c %s "$dir/migtrace") bytes, $(readelf -h "$dir/migtrace" |
	sed -n 's/ *Machine: *//p')"
