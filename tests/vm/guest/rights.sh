#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: the capabilities that record, watch and bench still have while they count, those of
# what they run, and recording as an ordinary user with some. Cases as in misuse.sh.
set -u
. "$(dirname "$0")/lib.sh"
echo 1 > /proc/sys/kernel/kptr_restrict
# before 5.11 locked memory is what maps count as
# shellcheck disable=SC3045 # busybox has it
ulimit -l unlimited
# as in linux/capability.h; before 5.19 the kernel asks for CAP_BPF to read open maps
DAC_OVERRIDE=0000000000000002 KILL=0000000000000020 NONE=0000000000000000
BPF=0
case $(uname -r) in 5.*) BPF=0000008000000000 ;; esac

# rights FIELD: of every migtrace that runs, each once
rights()
{
	for status in /proc/[0-9]*/status; do
		grep -q '^Name:.*migtrace$' "$status" 2> /dev/null &&
			sed -n "s/^$1:[^0-9a-f]*//p" "$status" 2> /dev/null
	done | sort -u | xargs
}

# dropped WANTED TEXT [LOAD]: they come to have these capabilities, effective and permitted, and no
# others; LOAD: those of the ones that only run a load
dropped()
{
	wanted=$(printf '%016x\n' $((0x$1 | 0x$BPF)) "0x${3:-$(printf %x $((0x$1 | 0x$BPF)))}" | sort -u | xargs)
	n=0
	while [ "$(rights CapEff)" != "$wanted" ] && [ $n -lt 400 ]; do
		sleep 0.1
		n=$((n + 1))
	done
	effective=$(rights CapEff) permitted=$(rights CapPrm)
	[ "$effective" = "$wanted" ] && [ "$permitted" = "$wanted" ]
	say $? "$2: permitted $permitted, effective $effective, wanted $wanted"
}

# ends TEXT FILE [SIGNAL]: the recording in the background ends well, now, and has written FILE
ends()
{
	kill "-${3:-INT}" $!
	wait $! && [ -s "$2" ]
	say $? "$1: ends well, $2 is written"
}

cd /tmp || exit 1
find / -xdev -exec chmod a+rX {} + # the initramfs is root's alone
chmod 1777 /tmp
mkdir /tmp/root /tmp/theirs
chown 1000:1000 /tmp/theirs

migtrace record -o /tmp/root/a.json -d 60 > /tmp/out 2> /tmp/err &
dropped $NONE "record"
ends "record" /tmp/root/a.json
migtrace record --light -o /tmp/theirs/a.json -d 60 > /tmp/out 2> /tmp/err &
dropped $DAC_OVERRIDE "record into a user's folder"
ends "record into a user's folder" /tmp/theirs/a.json
migtrace watch -d 60 > /tmp/out 2> /tmp/err &
dropped $NONE "watch"
ends "watch" /tmp/out
migtrace bench --light --rounds 1 -d 8 -o /tmp/root/b.json > /tmp/out 2> /tmp/err &
dropped $NONE "bench and its load" 0
ends "bench" /tmp/root/b.json CONT

# what it runs has the rights of the user
grep -E '^(Cap|NoNewPrivs)' /proc/self/status > /tmp/mine
migtrace record --light -o /tmp/root/c.json -- \
	sh -c 'grep -E "^(Cap|NoNewPrivs)" /proc/self/status > /tmp/its; exec sleep 60' \
	> /tmp/out 2> /tmp/err &
dropped $KILL "record with a command"
ends "record with a command" /tmp/root/c.json
cmp -s /tmp/mine /tmp/its
say $? "the command has the user's: $(sed -n 's/^CapEff:[^0-9a-f]*//p' /tmp/its)"
timeout 60 migtrace record --light -d 1 -o /tmp/root/c.json -- load user 1000 sleep 1000 \
	> /tmp/out 2> /tmp/err
say $? "a command that became another user is ended"

# an ordinary user, with what the manual says: the same probes as root
SYS_RAWIO=17 SYSLOG=34 PERFMON=38 BPF_=39 DAC_READ_SEARCH=2
with()
{
	rm -f /tmp/theirs/d.json
	load ambient 1000 "$1" migtrace record -o /tmp/theirs/d.json -d 1 > /tmp/out 2> /tmp/err ||
		return
	migtrace report /tmp/theirs/d.json | sed -n '/^probes/,$p'
}
echo 2 > /proc/sys/kernel/perf_event_paranoid
migtrace report /tmp/root/a.json | sed -n '/^probes/,$p' > /tmp/root.probes
with "$BPF_,$PERFMON,$SYSLOG,$SYS_RAWIO,$DAC_READ_SEARCH" > /tmp/user.probes
[ -s /tmp/root.probes ] && cmp -s /tmp/root.probes /tmp/user.probes
say $? "a user with BPF PERFMON SYSLOG SYS_RAWIO DAC_READ_SEARCH: root's probes"
with "$BPF_,$PERFMON,$SYSLOG,$SYS_RAWIO" > /tmp/user.probes
[ -s /tmp/user.probes ] && ! cmp -s /tmp/root.probes /tmp/user.probes
say $? "without DAC_READ_SEARCH: others, $(wc -l < /tmp/user.probes) lines"
with "$BPF_,$PERFMON" > /tmp/user.probes
[ -s /tmp/user.probes ]
say $? "with BPF and PERFMON alone it records: $(wc -l < /tmp/user.probes) lines"
expect 3 "needs root, or CAP_BPF and CAP_PERFMON" "with BPF alone" \
	load ambient 1000 "$BPF_" migtrace record -o /tmp/theirs/d.json -d 1
load ambient 1000 "$BPF_,$PERFMON" migtrace record --light -o /tmp/theirs/e.json -d 60 \
	> /tmp/out 2> /tmp/err &
dropped $NONE "a user's recording"
ends "a user's recording" /tmp/theirs/e.json
echo 3 > /proc/sys/kernel/perf_event_paranoid
[ "$(cat /proc/sys/kernel/perf_event_paranoid)" = 3 ]
say $? "perf_event_paranoid is 3"
expect 3 "or kernel.perf_event_paranoid at 2" "a user, paranoid" \
	load ambient 1000 "$BPF_,$PERFMON" migtrace record -o /tmp/theirs/d.json -d 1
