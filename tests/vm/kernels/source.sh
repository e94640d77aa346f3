# shellcheck shell=bash disable=SC2154 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Debian's source packages, for build.sh: kept in the cache, unpacked for a build.  Sourced after
# lib.sh and apt.sh; $package is the one that is wanted, of $suite if that is not apt's own.

# candidate OPTION...: the version of the source that apt has, or nothing
candidate()
{
	apt-cache "$@" policy "$package" 2>/dev/null | awk '$1 == "Candidate:" && $2 != "(none)" { print $2 }'
}

# kept: the newest of the source packages in the cache, or nothing
kept()
{
	find "$CACHE/sources" -name "${package}_*.deb" 2>/dev/null | sort -V | tail -n 1
}

# newer HAVE: says so if there is a newer source.  Once a day: asking apt takes a second.
newer()
{
	local asked=$CACHE/locks/asked-$package have=$1 got

	# of another suite it is known only when that was asked, for UPDATE=1
	[ -z "$suite" ] && [ -z "$(find "$asked" -mmin -1440 2>/dev/null)" ] || return 0
	touch "$asked" 2>/dev/null || return 0
	got=$(candidate)
	[ -n "$got" ] && dpkg --compare-versions "$got" gt "$have" || return 0
	say "$package $got is there, the kernels built are of $have; for newer ones: make kernels UPDATE=1"
}

# get_deb: sets deb to the source package, fetched unless one is there
get_deb()
{
	local tmp log opts=(-o "APT::Sandbox::User=$(id -un)")

	deb=$(kept)
	[ -z "$deb" ] || [ -n "${UPDATE:-}" ] || return 0
	tmp=$(entry_new) log=$CACHE/work/fetch-$package.log
	if [ -n "$suite" ]; then
		apt_lists "$tmp/apt" amd64 "$suite"
		mapfile -t opts < <(apt_private "$tmp/apt" amd64)
	fi
	if [ -n "$deb" ] && [ "$(version)" = "$(candidate "${opts[@]}")" ]; then
		rm -r "$tmp"
		return
	fi
	say "fetching $package"
	cache_make sources
	(cd "$tmp" && apt-get -q "${opts[@]}" download "$package") >"$log" 2>&1 ||
		die "no $package: $(grep -m 1 '^E:' "$log")" \
		    "(is it in ${suite:-the suites apt is set up with? apt-get update})"
	rm -f "$CACHE/sources/${package}_"*.deb
	mv "$tmp"/*.deb "$CACHE/sources/"
	rm -r "$tmp"
	deb=$(kept)
}

# version: of the source package $deb
version()
{
	[ -z "$deb" ] || dpkg-deb -f "$deb" Version
}

# unpack: sets tree to the source, without what no image here compiles
unpack()
{
	local tmp=$CACHE/work/tmp out=() d tar=$CACHE/work/tmp/usr/src/$package.tar.xz

	tree=$CACHE/work/$package
	[ "$(cat "$tree/.unpacked" 2>/dev/null)" != "$(version)" ] || return 0
	for d in drivers/{gpu,infiniband,media,scsi,staging} 'drivers/net/*' sound; do
		out+=(--exclude="*/$d/*.[ch]")
	done
	rm -rf "$tmp" "$tree"
	mkdir -p "$tmp" "$tree"
	if ! dpkg -x "$deb" "$tmp" || ! tar -xf "$tar" --strip-components=1 -C "$tree" "${out[@]}" \
		--exclude='*/Documentation/[!K]*' --exclude='*/tools/testing' --exclude='*/tools/perf'; then
		rm -f "$deb"
		die "$deb could not be unpacked and was removed; try again"
	fi
	rm -rf "$tmp"
	version >"$tree/.unpacked"
}
