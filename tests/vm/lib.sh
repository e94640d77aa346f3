# shellcheck shell=bash disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What the scripts in tests/vm share.  Sourced, after `set -eu`; sets TOP, O, VM.

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
O=$(realpath -m "${O:-$TOP/build}")
VM=$O/vm
CONF=${KERNELS_CONF:-$TOP/tests/vm/kernels.conf}

say()
{
	echo "${0##*/}: $*" >&2
}

die()
{
	say "$*"
	exit 1
}

# conf_names: every kernel in kernels.conf, in file order
conf_names()
{
	sed -n 's/^\[\(.*\)\]$/\1/p' "$CONF"
}

# conf_get NAME KEY: the value of a key (of every line with it, space separated), or nothing
conf_get()
{
	awk -v want="[$1]" -v key="$2" '
		/^\[/ { in_it = ($0 == want); next }
		in_it && $1 == key && $2 == "=" {
			sub(/^[^=]*=[ \t]*/, "")
			printf "%s%s", sep, $0
			sep = " "
		}' "$CONF"
}

# conf_arch NAME: the architecture of a kernel, by Debian's name
conf_arch()
{
	local arch

	arch=$(conf_get "$1" arch)
	echo "${arch:-amd64}"
}

# need_kernel NAME: dies unless NAME is a section of kernels.conf
need_kernel()
{
	conf_names | grep -qxF -- "$1" ||
		die "no kernel '$1' in tests/vm/kernels.conf; there are: $(conf_names | xargs)"
}

# need_tool TOOL...: dies with the way out if a program is missing
need_tool()
{
	local t

	for t; do
		command -v "$t" >/dev/null ||
			die "'$t' is not installed; run: tests/deps.sh test"
	done
}
