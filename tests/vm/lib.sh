# shellcheck shell=bash disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What the scripts in tests/vm share.  Sourced, after `set -eu`; sets TOP, O, VM, CACHE.

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

. "$TOP/tests/vm/cache.sh"

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

# kernel_of NAME: the kernel that NAME boots: its own, or another's with switches set
kernel_of()
{
	local of

	of=$(conf_get "$1" of)
	echo "${of:-$1}"
}

# conf_arch NAME: the architecture of a kernel, by Debian's name
conf_arch()
{
	local arch

	arch=$(conf_get "$(kernel_of "$1")" arch)
	echo "${arch:-amd64}"
}

# kernel_recipe NAME: all that decides what becomes of its package, as a few digits
kernel_recipe()
{
	case $(conf_get "$1" source) in
	built) "$TOP/tests/vm/kernels/build.sh" --recipe "$1" ;;
	*)     { echo 1; conf_arch "$1"; conf_get "$1" suites; conf_get "$1" packages; } |
			sha256sum | head -c 12 ;;
	esac
}

# kernel_newest NAME: the folder of the newest one in the cache, or nothing; NAME is no other's
kernel_newest()
{
	local recipe

	if [ "$(conf_get "$1" source)" = path ]; then
		echo "$VM/path/$1"
		return
	fi
	recipe=$(kernel_recipe "$1")
	[ ! -d "$CACHE/kernels/$1" ] ||
		find "$CACHE/kernels/$1" -maxdepth 1 -name "*_$recipe" | sort -V | tail -n 1
}

# kernel_dir NAME: the folder with its vmlinuz, config, release, vmlinux.btf and lib/modules.
# fetch.sh is what makes it be there.
kernel_dir()
{
	local dir

	dir=$(kernel_newest "$(kernel_of "$1")")
	[ -n "$dir" ] || die "kernel $1 is not in $CACHE; run: tests/vm/fetch.sh $1"
	echo "$dir"
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
