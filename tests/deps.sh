#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: deps.sh [build|test|kernels|clang|page|package|prom|cost|arm64|ci]...
#
# Install the Debian packages that are missing for building, testing (build's too), compiling the
# test kernels (one of them with a clang of its own), looking at pages, packaging (build's too), arm64, and CI (all of it).  Default: test.
# Nothing missing: no root and no network needed.
# Exit status 3: something is missing and can't be installed from here; says what to do.
set -eu

# group, package, what for
PACKAGES='
build	gcc		the command
build	make		the build
build	libc6-dev	C headers; libc.a for the static load generator
build	pkg-config	where the libraries are
build	clang		the BPF programs
build	llvm		llvm-strip for BPF objects, llvm-cov
build	bpftool		BPF skeletons, vmlinux.h from a BTF
build	libbpf-dev	loading BPF programs
build	libelf-dev	libbpf needs it
build	zlib1g-dev	libbpf needs it
build	libjansson-dev	the run file
build	mandoc		man page check

test	libcmocka-dev	unit tests
test	python3		schema checks of the run file
test	python3-jsonschema	schema checks of the run file
test	qemu-system-x86	the test guests
test	busybox-static	their user land
test	cpio		their initramfs
test	e2fsprogs	ext4 in them
test	dosfstools	FAT in them
test	kmod		module dependencies of the fetched kernels
test	xz-utils	unpacking kernels and modules
test	zstd		unpacking kernels and modules
test	lz4		unpacking kernels
test	binutils	objcopy of the BTF section
test	util-linux	flock: one guest at a time
test	libclang-rt-dev	fuzzing: libFuzzer, sanitisers of clang
test	strace		calls that fail once, in a guest
test	file		versions of kernel images given by path

kernels	coccinelle	the semantic patches that revert the fix and add the counters
kernels	dwarves		pahole: BTF of the built kernels
kernels	libssl-dev	kernel build
kernels	bc		kernel build
kernels	flex		kernel build
kernels	bison		kernel build
kernels	rsync		kernel build
kernels	patch		kernel build

clang	clang-19	the test kernel by clang
clang	lld-19		the same
clang	llvm-19		the same

package	debhelper	the Debian package
package	debootstrap	a fresh Debian to install it in
package	dpkg-dev	the same
package	fakeroot	the same, and installing it somewhere without root
package	lintian	what Debian would say of it
package	git	what make dist packs

page	chromium	the HTML pages as a browser shows them
page	pngquant	the picture in README.md, in few colours
page	fonts-dejavu-core	text in their pictures

ci	clang-format	style of the C code
ci	shellcheck	style of the scripts

arm64	gcc-aarch64-linux-gnu	the arm64 build
arm64	libc6-dev-arm64-cross	the arm64 build
arm64	qemu-system-arm	its test guests

cost	bpftrace	what else could have measured it
cost	libbpf-tools	the same: klockstat, funclatency
prom	prometheus	promtool checks the metrics, a server scrapes them
prom	prometheus-node-exporter	the textfile collector
'

die()
{
	echo "deps.sh: $*" >&2
	exit 3
}

# wanted GROUP...: "package reason" lines of the groups and of those they include
wanted()
{
	local group list=

	for group; do
		case $group in
		build)   list="$list build" ;;
		test)    list="$list build test" ;;
		kernels) list="$list kernels" ;;
		clang)   list="$list kernels clang" ;;
		page)    list="$list page" ;;
		package) list="$list build package" ;;
		prom)    list="$list prom" ;;
		cost)    list="$list cost" ;;
		arm64)   list="$list arm64" ;;
		ci)      list="$list build test kernels page package prom arm64 cost ci" ;;
		*)       die "no group '$group'; there are: build test kernels clang page package prom cost arm64 ci" ;;
		esac
	done
	awk -F'\t+' -v groups="$list" '
		BEGIN { n = split(groups, g, " "); for (i = 1; i <= n; i++) in_it[g[i]] = 1 }
		$1 in in_it { print $2 "\t" $3 }' <<<"$PACKAGES"
}

list=$(wanted "${@:-test}")
if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
	echo "$list" >&2
	die "not a Debian system; install what the list above names (Debian's package names)"
fi
missing=()
while IFS=$'\t' read -r package _; do
	status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || :)
	[ "$status" = installed ] || missing+=("$package")
done <<<"$list"
[ ${#missing[@]} -gt 0 ] || exit 0
[ "$(id -u)" = 0 ] ||
	die "missing packages; run as root: apt-get install --no-install-recommends ${missing[*]}"
echo "deps.sh: installing ${missing[*]}" >&2
apt-get -q update >&2
DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends "${missing[@]}" >&2 ||
	die "apt-get could not install: ${missing[*]}"
