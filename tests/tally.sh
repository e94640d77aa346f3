# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The tally of the script tests: sourced from the top of the tree. Sets tmp, a folder that goes away;
# what a test left in $tmp/err is shown when it fails. The command that is tested has to be there: some
# tests wait for it at a pipe.
[ -x "${migtrace:-/bin/sh}" ] || { echo "FAIL no $migtrace: run make"; echo "0 passed, 1 failed"; exit 1; }
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
failed=0

verdict() { # STATUS NAME
	if [ "$1" = 0 ]; then
		passed=$((passed + 1))
		echo "ok   $2"
	else
		failed=$((failed + 1))
		echo "FAIL $2"
		[ ! -e "$tmp/err" ] || sed 's/^/     | /' "$tmp/err" | head -n 20
	fi
}

as_said() { # NAME FILE DOCUMENT BEFORE: "BEFORE1.4 MB" in the document is the file's size, to 5 %
	bytes=$(stat -c %s "$2")
	said=$(tr '\n' ' ' <"$3" | sed -n "s/.*$4\([0-9.]*\) MB.*/\1/p")
	echo "$bytes bytes, but ${said:-nothing} MB in $3" >"$tmp/err"
	awk "BEGIN { exit !(\"$said\" && $bytes > 0.95e6 * ${said:-0} && $bytes < 1.05e6 * ${said:-0}) }"
	verdict $? "$1: ${said:-?} MB, as $3 says"
	rm -f "$tmp/err"
}
