# shellcheck shell=sh disable=SC2034 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# What the cases in the guest share. Sourced. How they say what they saw: say and expect write a line a
# check to /out/cases; files with the figures go to /out, for the judge.
truth=/sys/kernel/debug/migtrace_truth
: "${FS:=ext4}" "${KIB:=80}" "${SECONDS_:=6}" "${MOVER:=numa}" "${WORK:=getdents}" "${ARGS:=}"
: "${DEV:=/dev/ram0}"

step_begin=$(cut -d' ' -f1 /proc/uptime)
step() # NAME: what has just been done, and its seconds, for the table of tests/check.py
{
	step_end=$(cut -d' ' -f1 /proc/uptime)
	echo "$1 $step_begin $step_end" >> /out/steps
	step_begin=$step_end
}

say() # RESULT TEXT
{
	if [ "$1" = 0 ]; then echo "ok $2" >> /out/cases; else echo "not ok $2" >> /out/cases; fi
	[ "$1" = 0 ] || { echo "not ok $2:"; cat /tmp/err; }
}

# expect CODE PATTERN TEXT COMMAND...: exit code, one message matching, nothing else on stderr
expect()
{
	code=$1 pattern=$2 text=$3
	shift 3
	"$@" > /tmp/out 2> /tmp/err
	got=$?
	lines=$(grep -vc '^hint:' /tmp/err)
	[ "$got" = "$code" ] && grep -q "$pattern" /tmp/err && [ "$lines" = 1 ]
	say $? "$text (exit $got)"
}

# until SECONDS COMMAND...: waits until it succeeds; false when it has not by then
until_true()
{
	ends=$(($(cut -d. -f1 /proc/uptime) + $1))
	shift
	until "$@" > /dev/null 2>&1; do
		[ "$(cut -d. -f1 /proc/uptime)" -lt $ends ] || return 1
		usleep 50000
	done
}

# defined: how many kprobe events of ours tracefs has; running ones, or what a SIGKILL left
defined()
{
	grep -c '^[pr][0-9]*:migtrace_' /sys/kernel/tracing/kprobe_events
}

from_start() # OPTIONS...: one more, by which all rows count from the command's begin, as the kernel does
{
	case " $* " in
	*' --site '*) ;;
	*) echo --site all ;;
	esac
}

none_defined() # soon: a child deletes them behind the report
{
	[ "$(defined)" = 0 ]
}

# probed: how many places have an enabled kprobe; what is only defined costs nothing
probed()
{
	grep -vcF '[DISABLED]' /sys/kernel/debug/kprobes/list
}

# counting PID: it records, with all in place: it has given up what attaching needs
counting()
{
	grep -q '^CapEff:.*0000000000000000' "/proc/$1/status" || [ ! -d "/proc/$1" ]
}

no_process() # of ours; behind a recording's report a child takes its programs off
{
	[ -z "$(pidof migtrace)" ]
}

make_disk() # of FS with a directory of KIB, mounted
{
	# shellcheck disable=SC2086
	load setup "$FS" /mnt --dev "$DEV" -s "$KIB" ${BLOCK:+-b $BLOCK} > /out/setup.json
}

# make_load: /load.sh [NAME], the load with the kernel's own counters around it, if it has some, to
# /out/[NAME.]load and /out/[NAME.]truth
make_load()
{
	cat > /load.sh <<-EOF
	name=\${1:+\$1.}
	[ ! -e $truth ] || echo 0 > $truth
	load run -d $SECONDS_ -m $MOVER -w $WORK --dev $DEV --dir /mnt > /out/\${name}load
	[ ! -e $truth ] || cat $truth > /out/\${name}truth
	EOF
}

mkdir -p /tmp/prom
file=/tmp/prom/m.prom

# of our programs' barriers (order(), by what it adds), how many have a result and are barriers, and how many have none
barriers()
{
	for id in $(bpftool prog show | sed -n 's/^\([0-9]*\): \(kprobe\|tracing\) .*/\1/p'); do
		bpftool prog dump xlated id "$id"
	done | awk '/r0 = 1869767794$/ { at = NR + 2 }
		NR == at { n[/fetch_add/ ? "whole" : "none"]++ }
		END { print "whole", n["whole"] + 0; print "none", n["none"] + 0 }'
}

# start_export TIER INTERVAL: sets pid; returns with the first file and where the kernel is probed
start_export()
{
	rm -f $file
	full=--full
	[ "$1" != light ] || full=
	# shellcheck disable=SC2086
	migtrace export --textfile $file -i "$2" $full > /tmp/out 2> /tmp/export.err &
	pid=$!
	until_true 60 sh -c "[ -e $file ] || [ ! -d /proc/$pid ]"
	cp $file "/out/$1-0.prom"
	n=0
	bpftool -j prog show > "/out/$1-progs.json"
	bpftool -j link show > "/out/$1-links.json"
	# where: kprobes with their offsets, and functions whose entry or exit is taken
	cat /sys/kernel/debug/kprobes/list > "/out/$1-kprobes"
	cat /sys/kernel/tracing/enabled_functions > "/out/$1-ftrace"
	grep -E '^Cap(Prm|Eff)' /proc/$pid/status > "/out/$1-caps"
	[ "$(uname -m)" != aarch64 ] || barriers > "/out/$1-barriers"
}

# keep TIER SECONDS: every version of the file for so long, 40 at most
keep()
{
	end=$(($(date +%s) + $2))
	while [ "$(date +%s)" -lt $end ]; do
		if [ $n -lt 40 ] && ! cmp -s $file "/out/$1-$n.prom"; then
			n=$((n + 1))
			cp $file "/out/$1-$n.prom" || n=$((n - 1))
		fi
		sleep 0.5
	done
}

# end_export TIER: what it writes last is /out/TIER-last.prom; its exit status
end_export()
{
	kill -TERM "$pid"
	wait "$pid"
	status=$?
	echo $status > "/out/$1-exit"
	cp $file "/out/$1-last.prom"
	return $status
}
