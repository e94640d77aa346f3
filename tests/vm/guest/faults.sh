#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: each kind of call that record or export makes fails once (strace's -e inject), and
# the run has to end with one line that names what failed, or well and with a whole file, and leave
# nothing. The calls are taken from a run that is only watched: of each kind (a path, a command of
# bpf(2), ...) the first, and the last where the first may be a different one, so that a new map,
# program or file is tried without being listed here. What libbpf does to find out about the kernel
# is left out: a failure there is an answer to it. Cases as in misuse.sh.
# Environment: WHAT, "record" or "export", which leaves out what both share; ALL=1 tries every call.
set -u
. "$(dirname "$0")/lib.sh"
: "${WHAT:=record}" "${ALL:=0}"
CALLS=openat,write,fsync,rename,renameat,renameat2,fchmod,flock,ftruncate,bpf,perf_event_open,ioctl,mmap
CALLS=$CALLS,epoll_create1,epoll_ctl
[ ! -e /sys/kernel/rcu_expedited ] || echo 1 > /sys/kernel/rcu_expedited

case $WHAT in
record) target=run.json ;;
export) target=m.prom ;;
esac

# run DIR COMMAND...: under strace; the file of the run before is there
run()
{
	dir=$1
	shift
	rm -rf "$dir"
	mkdir -p "$dir"
	echo older > "$dir/$target"
	[ "$WHAT" = export ] || echo oldest > "$dir/$target.old"
	if [ "$WHAT" = record ]; then
		timeout -s KILL 90 "$@" migtrace record --light --site migrate_norefs -d 0.1 \
			-o "$dir/$target" < /dev/null > "$dir.stdout" 2> "$dir.stderr"
	else
		timeout -s KILL 90 "$@" migtrace export --once -i 1 \
			--textfile "$dir/$target" < /dev/null > "$dir.stdout" 2> "$dir.stderr"
	fi
}

names() # of the files in a folder
{
	(cd "$1" && echo *)
}

quiet() # nothing of ours is attached any more; freeing takes the kernel a moment
{
	for _ in 1 2 3 4 5 6 7 8; do
		[ "$(bpftool prog show 2>/dev/null; bpftool link show 2>/dev/null)" = "$idle" ] &&
			[ "$(probed)" = 0 ] &&
			[ ! -s /sys/kernel/tracing/enabled_functions ] && return
		sleep 0.5
	done
	return 1
}

untouched() # what is not as it was before the run
{
	[ "$(cat "$1/$target")" = older ] || echo "the older file was touched"
	[ ! -e "$1/$target.old" ] || [ "$(cat "$1/$target.old")" = oldest ] || echo ".old was touched"
}

written() # what is missing of a run that succeeded
{
	if [ "$WHAT" = export ]; then
		grep -q '^migtrace_last_write' "$1/$target" || echo "no whole file"
		return
	fi
	migtrace report "$1/$target" > /dev/null 2>&1 || echo "no whole run file"
	[ "$(cat "$1/$target.old")" = older ] || echo "no .old"
}

# wrong DIR ERROR MUST: why the run that left DIR is not as it should be, or nothing
wrong()
{
	got=$(cat "$1.status")
	lines=$(grep -vc '^hint:' "$1.stderr")
	wanted=1
	case $2 in EPERM | EACCES) wanted=3 ;; esac
	grep -q INJECTED "$1.log" || echo "the call was not reached"
	[ "$(names "$1")" = "$files" ] || echo "left: $(names "$1")"
	if [ "$got" = 0 ]; then
		[ "$3" = 0 ] || echo "it must not succeed"
		[ "$lines" = 0 ] || echo "$lines lines"
		written "$1"
		return
	fi
	[ "$got" = $wanted ] || echo "exit $got, not $wanted"
	[ "$lines" = 1 ] || echo "$lines lines"
	# the file, probe or place, and why
	case $(cat "$1.stderr") in
	*"standard output: Input/output error"*) written "$1" && return ;;
	*"cannot write '$1/$target': "*"/output error"*) ;;
	*"probe '"*"can't attach '"*": "*) ;;
	*"can't load the programs: "* | *"refuses tracing programs even to root"*) ;;
	*"can't read "*": Input/output error"* | *"can't reset "*": Input/output error"*) ;;
	*"probe '"*"program '"*"': can't read the kernel's BTF") ;;
	*"can't open the programs: Input/output error") ;;
	*) echo "the line does not name it" ;;
	esac
	untouched "$1"
}

try() # try DIR CALL NUMBER ERROR
{
	run "$1" strace -f --seccomp-bpf -qq -o "$1.log" -e "trace=$2" \
		-e "inject=$2:error=$4:when=$3"
	echo $? > "$1.status"
}

judge() # judge DIR CALL NUMBER ERROR MUST NAME
{
	cp "$1.stderr" /tmp/err
	why=$(wrong "$1" "$4" "$5" | xargs)
	[ -z "$why" ]
	say $? "$WHAT: $6, $2 $3 fails with $4: exit $(cat "$1.status")${why:+: $why}: $(head -n 1 "$1.stderr")"
}

mkdir /tmp/f
run /tmp/f/plan strace -f --seccomp-bpf -qq -s 300 -o /out/plan.log -e "trace=$CALLS"
files=$(names /tmp/f/plan)
idle=$(bpftool prog show 2>/dev/null; bpftool link show 2>/dev/null)
awk -v all="$ALL" -v target="$target" -f /files/faults_plan.awk /out/plan.log > /out/plan
[ "$(wc -l < /out/plan)" -ge 30 ] && quiet
say $? "$WHAT: $(wc -l < /out/plan) calls to fail"
# two at a time, one a CPU
while read -r call number error must name; do
	try /tmp/f/a "$call" "$number" "$error" &
	if read -r call2 number2 error2 must2 name2; then
		try /tmp/f/b "$call2" "$number2" "$error2"
	else
		call2=
	fi
	wait
	judge /tmp/f/a "$call" "$number" "$error" "$must" "$name"
	[ -z "$call2" ] || judge /tmp/f/b "$call2" "$number2" "$error2" "$must2" "$name2"
	quiet || { say 1 "$WHAT: something stays attached after $name or ${name2:-}"; }
done < /out/plan
# kprobe events whose deletion failed are off, and the next one takes them off
left=$(defined)
run /tmp/f/last
until_true 20 none_defined
say $? "$WHAT: of $left kprobe events that were left none is: $(defined)"
echo "$(cat /proc/uptime): done"
