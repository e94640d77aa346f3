#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: deb-chroot.sh
#
# The package of `make deb` in a fresh Debian of this machine's release: apt finds what it depends
# on, doctor runs, a user completes words; removed and purged, the file system is as it was before.
# As root; needs the mirror that apt is set up with. O: the build folder (build).
set -u
cd "$(dirname "$0")/.." || exit 1
if [ $# = 0 ]; then
	[ "$(id -u)" = 0 ] || { echo "deb-chroot.sh: debootstrap needs root" >&2; exit 3; }
	# What is mounted there is so in another namespace: it goes with its last process, and out
	# here, where the folder is deleted, there are plain files only.
	root=$(mktemp -d)
	chmod 755 "$root"
	trap 'rm -rf --one-file-system "$root"' EXIT
	trap 'exit 1' INT TERM
	unshare --mount --propagation private -- "$0" "$root"
	exit
fi
root=$1
O=${O:-build}
. tests/vm/lib.sh
. tests/vm/apt.sh
. tests/tally.sh
deb=$(find "$O/deb" -name 'migtrace_*.deb')
[ -n "$deb" ] || die "no package in $O/deb; run make deb"
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
uri=$(apt_uri main)

# run NAME COMMAND...: in the chroot; it ends with 0
run()
{
	local name=$1

	shift
	inside "$@" >"$tmp/out" 2>"$tmp/err"
	verdict $? "$name"
}

inside()
{
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$root" "$@" </dev/null
}

# tree: everything but the books of dpkg and apt, with kind, mode, size and target
tree()
{
	(cd "$root" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o \
		-path ./var/cache -o -path ./var/log -o -path ./tmp -o -path ./run -o \
		-path ./proc -o -path ./sys \) -prune -o -type d -printf '%p %y %m\n' -o -printf '%p %y %m %s %l\n' | sort)
}

echo "deb-chroot.sh: debootstrap of $suite"
debootstrap --variant=minbase --include=bash-completion,procps,systemd "$suite" "$root" "$uri" \
	>"$tmp/err" 2>&1 ||
	die "debootstrap failed: $(tail -n 3 "$tmp/err")"
mount -t proc -o ro proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
cp "$deb" "$root/tmp/migtrace.deb"
run 'apt has what it depends on' apt-get -q -y --no-install-recommends satisfy \
	"$(dpkg-deb -f "$deb" Depends)"
tree >"$tmp/before"

run 'apt installs it' apt-get -q -y install /tmp/migtrace.deb
inside dpkg -L migtrace | while read -r f; do
	[ -e "$root$f" ] || [ -L "$root$f" ] || echo "$f"
done >"$tmp/err"
[ ! -s "$tmp/err" ]
verdict $? 'every file that dpkg lists is there'
run 'md5sums' dpkg -V migtrace
inside migtrace doctor >"$tmp/out" 2>"$tmp/err"
code=$?
[ $code = 0 ] || [ $code = 3 ]
verdict $? "doctor: exit status $code"
grep '^maps of the light tier' "$tmp/out"
verdict $? 'doctor came to its end'
cp tests/data/small.json "$root/tmp"
run 'a report' setpriv --reuid nobody --regid nogroup --clear-groups migtrace report /tmp/small.json
inside bash -c '. /usr/share/bash-completion/bash_completion
	_completion_loader migtrace
	COMP_WORDS=(migtrace record --si) COMP_CWORD=2
	_migtrace; echo "${COMPREPLY[@]}"' >"$tmp/out" 2>"$tmp/err"
[ "$(cat "$tmp/out")" = --site ]
verdict $? 'bash-completion finds it'

# not enabled by itself, and what the administrator enables is disabled with the package
wants=etc/systemd/system/multi-user.target.wants/migtrace-export.service
[ ! -L "$root/$wants" ]
verdict $? 'the unit is not enabled'
run 'systemd takes the unit' systemd-analyze verify --man=no migtrace-export.service
inside systemctl enable migtrace-export.service >"$tmp/out" 2>"$tmp/err"
[ -L "$root/$wants" ]
verdict $? 'the unit can be enabled'
run 'installed again' apt-get -q -y reinstall /tmp/migtrace.deb
[ -L "$root/$wants" ]
verdict $? 'and stays enabled'
run 'removed' apt-get -q -y remove migtrace
[ -z "$(inside sh -c 'command -v migtrace')" ]
verdict $? 'the program is gone'
run 'purged' apt-get -q -y purge migtrace
rm -f "$root/tmp/"*
tree >"$tmp/after"
diff "$tmp/before" "$tmp/after" >"$tmp/err"
verdict $? 'nothing is left, nothing else is changed'

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
