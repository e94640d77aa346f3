#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: format.sh
#
# The rules for files that a program can check, one test each; ends with "N passed, N failed".
# Looks at what git tracks, so a file that is not added yet is not checked.
set -eu
shopt -s lastpipe # check counts here, not in a subshell
cd "$(dirname "$0")/.."

# Code of more than 600 lines, and why.
LONG='
tests/unit/test_select.c	holds the table of kernels
tests/model/model.c	holds the table of scenarios
'
# What includes libbpf: the reader of BTF, the loader, the reader of maps, and the version doctor
# prints.
LIBBPF='src/kernel.c src/kernel_btf.c src/btf_file.c src/tracer.c src/links.c src/hist_maps.c src/snapshot.c src/missed.c src/cmd_doctor.c'
# Compiled into the test kernels, in the kernel's own format and licence; a changed comment there
# builds four kernels anew.
KERNEL='^tests/vm/kernels/(config-|.*\.(c|h|cocci)$)'

passed=0
failed=0
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT

# check NAME: what comes on stdin are findings; none is a pass
check()
{
	cat >"$tmp"
	if [ -s "$tmp" ]; then
		failed=$((failed + 1))
		echo "FAIL: $1"
		sed 's/^/    /' "$tmp" | head -n 40
	else
		passed=$((passed + 1))
	fi
}

mapfile -t c < <(git ls-files '*.c' '*.h' | grep -vE "$KERNEL" | grep -v '^vmlinux/')
mapfile -t all < <(git ls-files | while read -r f; do [ ! -f "$f" ] || echo "$f"; done)
mapfile -t scripts < <(for f in "${all[@]}"; do
	[[ $f != tests/fuzz/corpus/* ]] || continue
	! head -n 1 "$f" | tr -d '\0' | grep -qE '^#!.*[ /](ba)?sh\b|^# shellcheck shell=' || echo "$f"
done)
mapfile -t src < <(git ls-files 'src/*.c' 'src/*.h' 'bpf/*')

{ clang-format --dry-run -Werror "${c[@]}" 2>&1 || :; } | check 'clang-format'
{ shellcheck -x -S warning "${scripts[@]}" 2>&1 || :; } | check 'shellcheck'

# data that has no comments is left out
for f in "${all[@]}"; do
	case $f in
	tests/data/* | tests/fuzz/corpus/* | *.json | *.png) continue ;;
	contrib/debian/changelog | contrib/debian/source/format) continue ;;
	esac
	[[ ! $f =~ $KERNEL ]] || continue
	head -n 4 "$f" | grep -qF 'SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause' || echo "$f"
done | check 'licence line at the top of every file'

for f in "${src[@]}"; do
	case $f in bpf/*) continue ;; esac
	[[ " $LIBBPF " == *" $f "* ]] || grep -Hn '#include [<"]bpf/' "$f" || :
done | check 'libbpf is included only where it is needed'
{ grep -no 'libbpf_[a-z_]*\|bpf_[a-z_]*__[a-z_]*' src/cmd_doctor.c |
	grep -v libbpf_version_string || :; } | check 'doctor asks libbpf for its version only'

# Features decide, never versions. kernel.c reads the release, for people.
{ grep -nE 'LINUX_(KERNEL_)?VERSION|KERNEL_VERSION' "${src[@]}" || :
  grep -nE '\buname\(|utsname' "${src[@]}" | grep -v '^src/kernel\.c:' || :
  grep -nE '(strcmp|strncmp|strverscmp|strto[a-z]+)\([^;]*(\.|->)release\b' "${src[@]}" || :
} | check 'no decision by kernel version'

for f in "${all[@]}"; do
	case $f in *.c | *.h | *.sh | *.mk | *.py | Makefile) ;; *) continue ;; esac
	[[ ! $f =~ $KERNEL ]] || continue
	! grep -q "^$f	" <<<"$LONG" || continue
	lines=$(wc -l <"$f")
	[ "$lines" -le 600 ] || echo "$f: $lines lines"
done | check 'at most 600 lines a file'

{ grep -nE '[ 	]+$' "${c[@]}" "${scripts[@]}" Makefile contrib/*.mk tests/*.mk tests/*/*.mk || :; } |
	check 'no blanks at the end of a line'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
