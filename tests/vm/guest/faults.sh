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
. "$(dirname "$0")/say.sh"
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

# plan LOG: "CALL NUMBER ERROR MUST NAME": NUMBER counts all calls of that name ("N+": and all that
# follow), MUST is 1 where the run can't succeed
plan()
{
	awk -v all="$ALL" -v target="$target" '
	function keep(must, name) {
		gsub(/ /, "_", name)
		key = call "|" name
		if (!(key in first)) { order[++keys] = key; first[key] = n[call] }
		else if (all) middle[key] = middle[key] " " n[call]
		last[key] = n[call]; musts[key] = must; names[key] = name
	}
	function print_one(key, number) {
		split(key, part, "|")
		# a look at what is still in flight may fail, the one at what is there at the end may not
		print part[1], number, "EIO", musts[key] && !(key ~ /LOOKUP|NEXT_KEY|GET_INFO/ && number != last[key]), names[key]
	}
	{ sub(/^[0-9]+ +/, "") }
	!match($0, /^[a-z_0-9]+\(/) { next }
	{ call = substr($0, 1, RLENGTH - 1); n[call]++; split($0, q, "\""); path = q[2] }
	!all && target == "m.prom" && (call ~ /^(perf|ioctl|epoll)/ || /BPF_/ && !/LOOKUP|NEXT_KEY/) { next }
	call == "openat" {
		# the loader, and the steps to a folder but the first
		if (path ~ /^\/(lib|etc)\// || (/O_PATH/ && path != "/")) next
		gsub(/tmp\.[0-9]+/, "tmp.PID", path)
		if (!all && path ~ /^\/dev\//) next
		keep(0, !all && path ~ /^\/(proc|sys)\/(sys|cpuinfo|class|devices)/ && path !~ /possible/ ?
			"the machine" : path)
	}
	call == "write" && /"[0-9]+\\n"/ { next } # who holds the lock, for a message
	call == "write" || call ~ /^rename/ || call == "fchmod" { keep(1, call n[call]) }
	call == "fsync" { keep(0, call n[call]) } # the second is the folder
	call == "flock" || call == "ftruncate" { keep(0, call) }
	call == "perf_event_open" { keep(1, call) }
	call == "ioctl" && match($0, /PERF_EVENT_IOC_[A-Z]+/) {
		keep(/ENABLE/, substr($0, RSTART, RLENGTH))
	}
	call == "mmap" && /MAP_SHARED/ && match($0, /, -?[0-9]+, (0x)?[0-9a-f]+\)/) {
		keep(target == "run.json", "mmap_of" substr($0, RSTART + 1, RLENGTH - 2))
	}
	call ~ /^epoll/ { keep(1, call) }
	call == "bpf" {
		match($0, /BPF_[A-Z_]+/); cmd = substr($0, RSTART, RLENGTH); name = ""
		if (match($0, /prog_type=[A-Z_]+/)) name = substr($0, RSTART + 10, RLENGTH - 10)
		else if (match($0, /attach_type=[A-Z_]+/)) name = substr($0, RSTART + 12, RLENGTH - 12)
		else if (match($0, /\{map_fd=[0-9]+/)) name = substr($0, RSTART + 1, RLENGTH - 1)
		if (/libbpf_|SOCKET_FILTER|TYPE_TRACEPOINT|BTF_LOAD|BIND_MAP|_fd=-1/) next
		# libbpf tries again to make a map or to load a program
		keep(cmd !~ /DELETE|MAP_CREATE|PROG_LOAD/, cmd "_" name)
	}
	END {
		for (i = 1; i <= keys; i++) {
			key = order[i]
			print_one(key, first[key])
			m = split(middle[key], list, " ")
			for (j = 1; j < m; j++) print_one(key, list[j])
			if (last[key] != first[key] && (all || key ~ /LOOKUP|NEXT_KEY|GET_INFO|PID|\/$/))
				print_one(key, last[key])
			if (key ~ /MAP_CREATE|PROG_LOAD/) print "bpf", first[key] "+", "EIO", 1, names[key]
			# refused, which is no failure but the kernel'"'"'s answer
			if (key ~ /PROG_LOAD.*KPROBE/) print "bpf", first[key] "+", "EPERM", 1, names[key]
			if (key ~ /^perf_event/) print "perf_event_open", first[key], "EACCES", 1, names[key]
		}
	}' "$1"
}

names() # of the files in a folder
{
	(cd "$1" && echo *)
}

quiet() # nothing of ours is attached any more; freeing takes the kernel a moment
{
	for _ in 1 2 3 4 5 6 7 8; do
		[ "$(bpftool prog show 2>/dev/null; bpftool link show 2>/dev/null)" = "$idle" ] &&
			[ ! -s /sys/kernel/debug/kprobes/list ] &&
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
plan /out/plan.log > /out/plan
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
echo "$(cat /proc/uptime): done"
