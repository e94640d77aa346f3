# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Packages of other suites and architectures, from the mirror apt is set up with.  apt gets private
# lists, so nothing of the host's package state is read or changed.  Sourced after lib.sh.

# apt_uri security|main: the repository apt already uses for that kind of suite
apt_uri()
{
	local uri

	uri=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(TARGET_OF)' |
	      awk -v kind="$1" '$3 == "deb" && $2 ~ /^[a-z]+(-[a-z]+)?$/ {
			if (($2 ~ /-security$/) == (kind == "security")) { print $1; exit }
	      }')
	[ -n "$uri" ] || die "apt has no $1 Debian repository set up; add one to its sources" \
			     "and run apt-get update (kernel packages come from its mirror)"
	echo "$uri"
}

# apt_private DIR ARCH: the options that keep apt inside DIR, looking at packages of ARCH
apt_private()
{
	printf '%s\n' \
		-o "Dir::State::Lists=$1/lists" -o "Dir::Etc::sourcelist=$1/sources.list" \
		-o "Dir::Etc::sourceparts=-" -o "Dir::Cache=$1/cache" \
		-o "Dir::State::Status=/dev/null" -o "Acquire::Languages=none" \
		-o "APT::Architecture=$2" -o "APT::Architectures=$2" \
		-o "APT::Sandbox::User=$(id -un)"
}

# apt_lists DIR ARCH SUITE...: what those suites have, in DIR; its log is DIR/apt.log
apt_lists()
{
	local dir=$1 arch=$2 suite kind uri ring=/usr/share/keyrings/debian-archive-keyring.gpg opt
	local -a opts

	shift 2
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial" "$dir/root"
	opt=arch=$arch
	[ ! -e "$ring" ] || opt="$opt signed-by=$ring"
	: >"$dir/sources.list"
	for suite; do
		kind=main
		case $suite in *-security) kind=security ;; esac
		uri=$(apt_uri $kind)
		echo "deb [$opt] $uri $suite main" >>"$dir/sources.list"
	done
	mapfile -t opts < <(apt_private "$dir" "$arch")
	apt-get "${opts[@]}" -q update >"$dir/apt.log" 2>&1 ||
		die "apt-get update of $* failed: $(grep -m 1 '^[EW]:' "$dir/apt.log"); see $dir/apt.log"
}
