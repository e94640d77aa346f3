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
