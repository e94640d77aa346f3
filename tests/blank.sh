#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# A tree in a folder whose name has blanks: it builds, and what the tests call works there. The files as
# they are here, committed or not. Last line: "N passed, N failed".
set -u
cd "$(dirname "$0")/.." || exit 1
# where the caller builds, and with what, is not meant for that tree
unset O MIGTRACE MAKEFLAGS MFLAGS MAKEOVERRIDES
. tests/tally.sh
tree="$tmp/a blank/and  another"
mkdir -p "$tree"
git ls-files -z -co --exclude-standard | tar -c --null -T - --ignore-failed-read | tar -x -C "$tree" || exit 1
cd "$tree" || exit 1

run() { # NAME COMMAND...
	name=$1
	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code = 0 ] || tail -n 20 "$tmp/out" >>"$tmp/err"
	verdict $code "$name"
}

run 'make' make -j2 WERROR=1
run 'it runs' build/migtrace --version
run 'the model builds' make build/model/model
run 'make install' make install DESTDIR="$tree/in here" PREFIX=/usr
run 'it is installed' "in here/usr/bin/migtrace" --version
run 'make uninstall' make uninstall DESTDIR="$tree/in here" PREFIX=/usr
run 'nothing is left of it' test -z "$(find 'in here' -type f)"
for t in cli.sh runs.sh completion.sh docs.sh schema.sh; do
	run "tests/$t" sh "tests/$t"
done
run 'tests/words.py' python3 tests/words.py build/migtrace
run 'the list of cases' tests/check.py --list --ring all
run 'a build folder of another name' make -n O=other other/migtrace.bpf.o
for folder in 'b c' "$tree/build"; do
	make O="$folder" >"$tmp/out" 2>"$tmp/err"
	[ $? = 2 ] && grep -q "can't build into a folder whose name has a blank" "$tmp/err"
	verdict $? "O=$folder is refused with a reason"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
