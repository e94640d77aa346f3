#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: install.sh
#
# Installation: what `make install`, `make dist` and `make deb` put where, that it works there, that
# nothing of it stays, and that one version is in all of it. Nothing is installed on this machine.
# O: the build folder (build), with the tool in it.
set -u
cd "$(dirname "$0")/.." || exit 1
O=${O:-build}
. tests/tally.sh
unset MAKEFLAGS MAKELEVEL MFLAGS DESTDIR PREFIX
umask 077 # what is installed is for everybody all the same
version=$(make -s version)

# run NAME COMMAND...: it ends with 0; what it said is in $tmp/out and $tmp/err
run()
{
	local name=$1

	shift
	"$@" >"$tmp/out" 2>"$tmp/err"
	verdict $? "$name"
}

same() # NAME WANTED-FILE GOT-FILE
{
	diff "$2" "$3" >"$tmp/err"
	verdict $? "$1"
}

tree() # DIR: every file and folder, with mode, size and sum
{
	(cd "$1" && find . -type d -printf '%m %p\n' -o -printf '%m %s %p\n' | sort -k 3 &&
		find . -type f -exec sha256sum {} + | sort -k 2)
}

files() # DIR: every file in it
{
	(cd "$1" && find . ! -type d | sed 's/^\.//' | sort)
}

# as make has it: the one line, and what is made from it
echo "VERSION := $version" >"$tmp/want"
grep -rnIF "$version" Makefile src bpf man contrib | grep -v '^contrib/debian/changelog:' |
	cut -d : -f 3- >"$tmp/got"
same 'the version is in one place' "$tmp/want" "$tmp/got"
echo "migtrace $version" >"$tmp/want"
"$O/migtrace" --version >"$tmp/got"
same 'version of the program' "$tmp/want" "$tmp/got"
dpkg-parsechangelog -l contrib/debian/changelog -S Version | sed 's/^/migtrace /; s/-[^-]*$//' >"$tmp/got"
same "version of the Debian package" "$tmp/want" "$tmp/got"

# works ROOT PREFIX: what is installed there is whole, and of this version
works()
{
	local root=$1 prefix=$2 page text code

	run "$prefix: the program runs" "$root$prefix/bin/migtrace" --version
	same "$prefix: its version" "$tmp/want" "$tmp/out"
	"$root$prefix/bin/migtrace" doctor >"$tmp/out" 2>"$tmp/err"
	code=$?
	[ $code = 0 ] || [ $code = 3 ]
	verdict $? "$prefix: doctor ends with 0 or 3"
	grep -q '^maps of the light tier' "$tmp/out"
	verdict $? "$prefix: doctor came to its end"
	for page in man8/migtrace.8 man5/migtrace-run.5 man7/migtrace-guide.7 man7/migtrace-kernels.7; do
		text=$tmp/${page#*/} # mandoc takes what follows the last dot of a path, mktemp's too, for the section
		gzip -dcf "$root$prefix/share/man/$page"* >"$text"
		mandoc -T ascii "$text" 2>&1 | tail -n 1 | grep -q "^migtrace $version "
		verdict $? "$prefix: version of ${page#*/}"
		mandoc -T lint -W warning "$text" >"$tmp/err" 2>&1
		verdict $? "$prefix: ${page#*/} has no lint"
		# the files that it names are there
		sed -n 's/^\.\(It \)\{0,1\}Pa \(\/[^ ]*migtrace[^ ]*\)$/\2/p' "$text" | while read -r file; do
			[ -e "$root$file" ] || [ -e "$root${file#/usr}" ] || echo "$file"
		done >"$tmp/err"
		[ ! -s "$tmp/err" ]
		verdict $? "$prefix: files named by ${page#*/}"
		# and so are the pages of ours
		sed -n 's/^\.Xr \(migtrace[^ ]*\) \([0-9]\).*/\2\/\1.\2/p' "$text" | while read -r other; do
			[ -n "$(find "$root$prefix/share/man/man$other"* 2>/dev/null)" ] || echo "$other"
		done >"$tmp/err"
		[ ! -s "$tmp/err" ]
		verdict $? "$prefix: pages named by ${page#*/}"
	done
	find "$root" -name migtrace-export.service -exec sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' {} + \
		>"$tmp/out"
	echo "$prefix/bin/migtrace" >"$tmp/program"
	same "$prefix: program of the unit" "$tmp/program" "$tmp/out"
	bash --norc -c '. "$1"; COMP_WORDS=("$2" rep) COMP_CWORD=1; _migtrace; echo "${COMPREPLY[@]}"' - \
		"$root$prefix/share/bash-completion/completions/migtrace" \
		"$root$prefix/bin/migtrace" >"$tmp/out" 2>"$tmp/err"
	[ "$(cat "$tmp/out")" = report ]
	verdict $? "$prefix: bash completes"
}

# make install, into folders with a blank
for prefix in /usr/local /opt/m; do
	root="$tmp/a root$prefix"
	mkdir -p "$root"
	run "$prefix: install" make install O="$O" DESTDIR="$root" PREFIX=$prefix
	[ -z "$(grep -v '^install \|^sed ' "$tmp/out")" ]
	verdict $? "$prefix: install builds nothing that is built"
	tree "$root" >"$tmp/tree1"
	(cd "$root" && find . -mindepth 1 ! -perm 755 ! -perm 644) >"$tmp/err"
	[ ! -s "$tmp/err" ]
	verdict $? "$prefix: for everybody to read"
	run "$prefix: install again" make install O="$O" DESTDIR="$root" PREFIX=$prefix
	tree "$root" >"$tmp/tree2"
	same "$prefix: the same again" "$tmp/tree1" "$tmp/tree2"
	works "$root" $prefix
	mkdir -p "$root$prefix/share/man/man8"
	echo alien >"$root$prefix/share/man/man8/other.8"
	run "$prefix: uninstall" make uninstall O="$O" DESTDIR="$root" PREFIX=$prefix
	echo "$prefix/share/man/man8/other.8" >"$tmp/rest"
	files "$root" >"$tmp/got"
	same "$prefix: nothing is left, and what is not ours stays" "$tmp/rest" "$tmp/got"
	[ ! -e "$root$prefix/share/migtrace" ]
	verdict $? "$prefix: nor is a folder of ours"
	run "$prefix: uninstall of nothing" make uninstall O="$O" DESTDIR="$root" PREFIX=$prefix
done

# make dist, of the files as they are here, committed or not
rev=$(git stash create)
rev=${rev:-$(git rev-parse HEAD)}
dist=$tmp/o/migtrace-$version.tar.gz
run 'dist' make -s dist O="$tmp/o" REV="$rev"
sha256sum "$dist" >"$tmp/sum"
rm -f "$dist"
(umask 022 && TZ=Asia/Tokyo LC_ALL=C make -s dist O="$tmp/o" REV="$rev" >"$tmp/out" 2>"$tmp/err")
run 'dist is the same bytes again' sha256sum -c "$tmp/sum"
git ls-tree -r --name-only "$rev" | sed "s|^|migtrace-$version/|" | sort >"$tmp/files"
tar -tzf "$dist" | grep -v '/$' | sort >"$tmp/got"
same 'dist has every file in one folder' "$tmp/files" "$tmp/got"

# another version than the changelog's is no package
make -s dist O="$tmp/o" REV="$rev" VERSION=9.9.9 >"$tmp/out" 2>"$tmp/err"
! contrib/deb.sh "$tmp/o/migtrace-9.9.9.tar.gz" 9.9.9 "$tmp/o/deb" >"$tmp/out" 2>"$tmp/err" &&
	grep -q 'changelog begins with' "$tmp/err"
verdict $? 'deb of a version that the changelog does not have'

# the package: from the tarball alone, outside of any checkout
run 'deb: builds, and lintian finds no error or warning' \
	make -s deb O="$tmp/o" TARBALL="$dist"
[ -z "$(grep '^[EW]: ' "$tmp/out")" ]
verdict $? 'deb: no error, no warning'
deb=$(find "$tmp/o/deb" -name "migtrace_${version}-*.deb")
as_said 'deb: its size' "$deb" tests/RESULTS.md 'the Debian package '
root=$tmp/root
mkdir -p "$root/var/lib/dpkg/info" "$root/var/lib/dpkg/updates"
: >"$root/var/lib/dpkg/status"
root_cmd=
[ "$(id -u)" = 0 ] || root_cmd=fakeroot
in_root() # DPKG-ARGUMENT...: maintainer scripts work on that root, too
{
	$root_cmd env PATH="$PATH:/usr/sbin:/sbin" dpkg --root="$root" --log=/dev/null --force-not-root \
		--force-depends --force-script-chrootless "$@"
}
files "$root" | grep -v '^/var/lib/dpkg/' >"$tmp/before"
run 'deb: installs' in_root -i "$deb"
dpkg-deb -c "$deb" | awk '$1 !~ /^d/ { sub(/^\./, "", $6); print $6 }' | sort >"$tmp/files"
files "$root" | grep -v '^/var/lib/\(dpkg\|systemd\)/' >"$tmp/got"
same 'deb: its files and no other' "$tmp/files" "$tmp/got"
as_said 'deb: size of its binary' "$root/usr/bin/migtrace" tests/RESULTS.md 'The binary, stripped, has '
works "$root" /usr
run 'deb: removed' in_root -r migtrace
run 'deb: purged' in_root -P migtrace
files "$root" | grep -v '^/var/lib/dpkg/' >"$tmp/got"
same 'deb: nothing is left' "$tmp/before" "$tmp/got"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
