# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# An exporter in the guest, and what it leaves for judge_export.py. Sourced.
mkdir -p /tmp/prom
file=/tmp/prom/m.prom

# start_export TIER INTERVAL: sets pid; returns with the first file and where the kernel is probed
start_export()
{
	rm -f $file
	full=--full
	[ "$1" != light ] || full=
	# shellcheck disable=SC2086
	migtrace export --textfile $file -i "$2" $full > /tmp/out 2> /tmp/export.err &
	pid=$!
	while [ ! -e $file ] && [ -d /proc/$pid ]; do sleep 0.2; done
	cp $file "/out/$1-0.prom"
	n=0
	bpftool -j prog show > "/out/$1-progs.json"
	bpftool -j link show > "/out/$1-links.json"
	# where: kprobes with their offsets, and functions whose entry or exit is taken
	cat /sys/kernel/debug/kprobes/list > "/out/$1-kprobes"
	cat /sys/kernel/tracing/enabled_functions > "/out/$1-ftrace"
	grep -E '^Cap(Prm|Eff)' /proc/$pid/status > "/out/$1-caps"
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
