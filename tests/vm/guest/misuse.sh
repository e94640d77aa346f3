#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: what needs a kernel and must still end well. One line a case: "ok TEXT" or
# "not ok TEXT", into /out/cases.
set -u
. "$(dirname "$0")/lib.sh"

ours() # programs and links of ours that are loaded
{
	bpftool prog show 2>/dev/null | grep -cE 'name (norefs|lookup|lock|floor|place|aio|bracket|isolate|move|migrate)' || :
}

none_left()
{
	[ "$(ours)" = 0 ]
}

cd /tmp || exit 1
find / -xdev -exec chmod a+rX {} + # the initramfs is root's alone
chmod 1777 /tmp
expect 2 "unknown device" "unknown device" migtrace record --device /dev/nonesuch -d 1
expect 2 "unknown site" "unknown site" migtrace record --site nowhere -d 1
expect 2 "names no probe" "unknown probe" migtrace record --probe x=y -d 1
expect 2 "names no variant" "unknown variant" migtrace record --probe migrate_norefs=nonesuch -d 1
expect 3 "no such function here" "impossible variant" migtrace record --probe lookup_exit=common -d 1
expect 1 "can't run" "command that does not exist" migtrace record -- /nonesuch
expect 1 "/nowhere/run.json" "unwritable output" migtrace record -o /nowhere/run.json -d 1
expect 3 "needs root" "ordinary user" load user 65534 migtrace record -o /tmp/u.json -d 1

migtrace record -o /tmp/a.json -- sh -c 'exit 7' > /tmp/out 2> /tmp/err
[ $? = 0 ] && grep -q '"command_status": *7' /tmp/a.json
say $? "status of the command is in the run file, ours is 0"
migtrace record -o /tmp/a.json -d 1 > /tmp/out 2> /tmp/err && [ -e /tmp/a.json.old ]
say $? "an old run file is kept as .old"

migtrace record -o /tmp/b.json > /tmp/out 2> /tmp/err &
until_true 40 counting $!
kill -INT $!
wait $!
[ $? = 0 ] && grep -q "^kernel" /tmp/out && grep -q migtrace-run /tmp/b.json
say $? "Ctrl-C ends a recording and prints it"

# kprobes on a page's way by doctor: exceptions, all
stops()
{
	migtrace doctor 2> /tmp/err | sed -n 's/^exceptions: \([0-9]*\) of \([0-9]*\) kprobes .*/\1 \2/p'
}
made=$(stops)
echo 0 > /proc/sys/debug/kprobes-optimization
unmade=$(stops)
echo 1 > /proc/sys/debug/kprobes-optimization
[ "${made% *}" -lt "${made#* }" ] && [ "$unmade" = "${made#* } ${made#* }" ]
say $? "exceptions on a page's way, of all: $made; where the kernel makes no jumps: $unmade"

# which programs of the rows that --site can leave out are loaded
rows()
{
	migtrace record -o /tmp/d.json "$@" -d 60 > /tmp/out 2> /tmp/err &
	until_true 40 counting $!
	bpftool prog show 2>/dev/null | grep -oE 'name ((aio|isolate|move|lookup)_|place)' | sort -u | xargs
	kill -INT $!
	wait $!
}
loaded=$(rows)
[ "$loaded" = "name aio_ name isolate_ name lookup_ name move_ name place" ]
say $? "every row has its programs: $loaded"
loaded=$(rows --site migrate_norefs)
[ "$loaded" = "" ]
say $? "a row that is not asked for has none: $loaded"
loaded=$(rows --site aio_migrate)
[ "$loaded" = "name aio_ name place" ]
say $? "and one that is, only its own: $loaded"

migtrace record -o /tmp/c.json > /tmp/out 2> /tmp/err &
until_true 40 counting $!
before=$(ours)
kill -KILL $!
wait $!
until_true 10 none_left
[ "$before" -gt 10 ] && [ "$(ours)" = 0 ] && [ -z "$(find /tmp -name '*c.json*')" ]
say $? "SIGKILL leaves no program attached ($before before, $(ours) after) and no file"
[ "$(probed)" = 0 ]
say $? "and no kprobe: $(probed) enabled, $(defined) that the next one takes off"

migtrace record -o /tmp/d1.json -d 3 > /tmp/out 2> /tmp/err &
migtrace record -o /tmp/d2.json -d 3 > /tmp/out2 2>> /tmp/err
a=$?
wait $!
[ $? = 0 ] && [ $a = 0 ]
say $? "two recordings at once"
until_true 20 none_defined
say $? "which took off those as well: $(defined) kprobe events remain"

load setup ext4 /mnt -s 80 > /tmp/out 2> /tmp/err
migtrace record --device /dev/ram1 -o /tmp/e1.json -- \
	load run -d 2 --dev /dev/ram0 --dir /mnt > /tmp/out 2> /tmp/err &&
	grep -q '"norefs_calls": *0' /tmp/e1.json && grep -q '"lookup_calls": *0' /tmp/e1.json
say $? "another device's migrations and lookups are not counted"
migtrace record --device ram0 -o /tmp/e0.json -- \
	load run -d 2 --dev /dev/ram0 --dir /mnt > /tmp/out 2> /tmp/err &&
	grep -q '"norefs_calls": *[1-9]' /tmp/e0.json && grep -q '"lookup_calls": *[1-9]' /tmp/e0.json
say $? "the named device's are"
umount /mnt

# what a kernel may lack, by hiding it from this one
mount -t tmpfs none /sys/kernel/btf
expect 3 "no BTF" "no BTF" migtrace record -d 1
umount /sys/kernel/btf
mount -t tmpfs none /sys/bus/event_source/devices
migtrace record -o /tmp/k.json -d 1 > /tmp/out 2> /tmp/err &&
	grep -q '"clock": *"lock"' /tmp/k.json && grep -q 'has no kprobes' /tmp/k.json
say $? "no kprobes: the lock clock, and the reason at every other site"
expect 3 "has no kprobes" "no kprobes, call-site clock forced" \
	migtrace record --probe migrate_norefs=site -d 1
umount /sys/bus/event_source/devices
migtrace doctor > /tmp/out 2> /tmp/err
say $? "doctor exits 0 where record can record"
# the last case: there is no way back from lockdown
mount -t securityfs none /sys/kernel/security
echo confidentiality > /sys/kernel/security/lockdown
expect 3 "lockdown" "a kernel that refuses tracing programs" migtrace record -d 1
