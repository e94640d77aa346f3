# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# The tally of the script tests: sourced from the top of the tree. Sets tmp, a folder that goes away;
# what a test left in $tmp/err is shown when it fails.
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
