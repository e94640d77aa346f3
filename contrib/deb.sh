#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: deb.sh TARBALL VERSION OUT
#
# Debian source and binary packages of TARBALL (make dist) with its contrib/debian, into the folder
# OUT, which is emptied first. lintian has to find neither errors nor warnings in them.
set -eu
tarball=$(realpath "$1") version=$2 out=${3%/}

rm -rf "$out"
mkdir -p "$out"
cd "$out"
cp "$tarball" "migtrace_$version.orig.tar.gz"
tar -xzf "$tarball"
cd "migtrace-$version"
cp -r contrib/debian debian
has=$(dpkg-parsechangelog -S Version)
[ "${has%-*}" = "$version" ] || {
	echo "deb.sh: contrib/debian/changelog begins with $has, and the Makefile says $version" >&2
	exit 1
}
# what a caller's make and environment set is not the package's
env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS -u O -u V -u PREFIX -u DESTDIR -u CFLAGS -u LDFLAGS \
	DEB_BUILD_OPTIONS="parallel=$(nproc)" dpkg-buildpackage -us -uc >../build.log 2>&1 || {
	tail -n 30 ../build.log >&2
	echo "deb.sh: dpkg-buildpackage failed; all it said is in $out/build.log" >&2
	exit 1
}
cd ..
rm -r "migtrace-$version"
mkdir lintian # it leaves files in its TMPDIR
code=0
TMPDIR=$PWD/lintian lintian --allow-root -i --fail-on error,warning ./*.changes || code=$?
rm -r lintian
[ $code = 0 ] || exit $code
ls -1 ./*.deb ./*.dsc | sed "s|^\./|$out/|"
