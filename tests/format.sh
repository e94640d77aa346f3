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
# Folders of src: a file includes what is of its own or of an earlier one.
FOLDERS='base model kernel trace record report bench cmd'
# What includes libbpf and the skeleton: what loads, attaches and reads maps. Its parser of BTF has no
# kernel in it.
LIBBPF='src/trace/* src/record/snapshot*.c'
LIBBPF_BTF='src/kernel/btf.c src/kernel/btf_slim.c'
# Compiled into the test kernels, in the kernel's own format and licence; a changed comment there
# builds four kernels anew.
KERNEL='^tests/vm/kernels/(config-|.*\.(c|h|cocci)$)'

passed=0
failed=0
tmp=$(mktemp)
trap 'rm -rf "$tmp" "$tmp.d"' EXIT

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

# upward FILE...: includes of FILEs in src that lead to a later folder, or to none
upward()
{
	awk -v folders="$FOLDERS" '
		BEGIN { for (n = split(folders, name, " "); n; n--) level[name[n]] = n }
		!/^#[ \t]*include "/ { next }
		{
			n = split(FILENAME, part, "/")
			mine = n > 1 ? level[part[n - 1]] : 0
			split($0, quoted, "\"")
			split(quoted[2], to, "/")
			if (quoted[2] == "migtrace.skel.h" || quoted[2] == "../../bpf/event.h") next
			if (!mine || !level[to[1]] || level[to[1]] > mine)
				print FILENAME ":" FNR ": " $0
		}' "$@"
}
# libbpf FILE...: includes of FILEs in src that are not theirs
libbpf()
{
	local f allowed

	for f; do
		for allowed in $LIBBPF; do
			# shellcheck disable=SC2053 # a pattern
			[[ $f != $allowed ]] || continue 2
		done
		grep -Hn '#include ["<]\(bpf/\|migtrace\.skel\)' "$f" |
			{ [[ " $LIBBPF_BTF " != *" $f "* ]] && cat || grep -v '<bpf/btf\.h>'; } || :
	done
}
mapfile -t ours < <(git ls-files 'src/*.c' 'src/*.h')
upward "${ours[@]}" | check 'src: includes lead to the own folder or an earlier one'
libbpf "${ours[@]}" | check 'libbpf and the skeleton are included only where they are needed'
# the two notice what they are for
mkdir -p "$tmp.d/src/model" "$tmp.d/src/kernel"
for h in '"model/run.h"' '"base/log.h"' '"report/doc.h"' '"run.h"' '<bpf/bpf.h>' '"migtrace.skel.h"'; do
	echo "#include $h"
done >"$tmp.d/src/model/wrong.c"
echo '#include <bpf/btf.h>' | tee "$tmp.d/src/kernel/btf.c" >"$tmp.d/src/kernel/text.c"
(
	cd "$tmp.d"
	found="$(upward src/model/wrong.c) $(libbpf src/model/wrong.c src/kernel/btf.c src/kernel/text.c)"
	want='src/model/wrong.c:3: #include "report/doc.h"
src/model/wrong.c:4: #include "run.h" src/model/wrong.c:5:#include <bpf/bpf.h>
src/model/wrong.c:6:#include "migtrace.skel.h"
src/kernel/text.c:1:#include <bpf/btf.h>'
	[ "$found" = "$want" ] || printf 'found:\n%s\n' "$found"
) | check 'wrong includes are found'

# Features decide, never versions. src/kernel/kernel.c reads the release, for people.
{ grep -nE 'LINUX_(KERNEL_)?VERSION|KERNEL_VERSION' "${src[@]}" || :
  grep -nE '\buname\([^2]|utsname' "${src[@]}" | grep -v '^src/kernel/kernel\.c:' || :
  grep -nE '(strcmp|strncmp|strverscmp|strto[a-z]+)\([^;]*(\.|->)release\b' "${src[@]}" || :
} | check 'no decision by kernel version'

for f in "${all[@]}"; do
	case $f in *.c | *.h | *.sh | *.mk | *.py | Makefile) ;; *) continue ;; esac
	[[ ! $f =~ $KERNEL ]] || continue
	! grep -q "^$f	" <<<"$LONG" || continue
	lines=$(wc -l <"$f")
	[ "$lines" -le 600 ] || echo "$f: $lines lines"
done | check 'at most 600 lines a file'

awk '/^\{/ { at = FNR }
	/^\}/ && at { if (FNR - at > 61) print FILENAME ":" at ": a function of " FNR - at - 1 " lines"; at = 0 }' \
	"${src[@]}" | check 'at most 60 lines a function'

{ grep -nE '[ 	]+$' "${c[@]}" "${scripts[@]}" Makefile contrib/*.mk tests/*.mk tests/*/*.mk || :; } |
	check 'no blanks at the end of a line'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
