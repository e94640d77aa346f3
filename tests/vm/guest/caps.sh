#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: which capabilities export needs to attach all that it attaches as root with all of
# them. Debian's kernels ask for CAP_SYS_ADMIN to open any perf event, probes too, while
# kernel.perf_event_paranoid is 3, its default there. Cases as in misuse.sh.
set -u
. "$(dirname "$0")/lib.sh"
echo 1 > /proc/sys/kernel/kptr_restrict
# before 5.11 locked memory is what maps count as: no limit on it, as in the unit
# shellcheck disable=SC3045 # busybox has it
ulimit -l unlimited
# as in linux/capability.h
# shellcheck disable=SC2034 # used by name
SYS_RAWIO=17 SYS_ADMIN=21 SYSLOG=34 PERFMON=38 BPF=39

# attached NAME...: what is attached with these capabilities, or nothing
attached()
{
	list=
	for c; do
		eval "list=\$list,\$$c"
	done
	rm -f /tmp/caps.prom
	load caps "$list," migtrace export --textfile /tmp/caps.prom --once -i 1 > /tmp/out 2> /tmp/err || :
	grep '^migtrace_probe_attached.* 1$' /tmp/caps.prom 2>/dev/null || :
}

# exactly NAME...: all of them are enough, and without any of them less is attached
exactly()
{
	attached "$@" > /out/with
	cmp -s /out/root /out/with
	say $? "perf_event_paranoid $(cat /proc/sys/kernel/perf_event_paranoid): $* are enough"
	for out; do
		rest=
		for c; do
			[ "$c" = "$out" ] || rest="$rest $c"
		done
		# shellcheck disable=SC2086
		attached $rest > /out/without
		! cmp -s /out/root /out/without
		say $? "without $out: $(wc -l < /out/without) probes, $(head -n 1 /tmp/err)"
	done
}

migtrace export --textfile /tmp/caps.prom --once -i 1 > /tmp/out 2> /tmp/err
grep '^migtrace_probe_attached.* 1$' /tmp/caps.prom > /out/root
[ -s /out/root ]
say $? "root attaches $(wc -l < /out/root) probes"
for paranoid in 3 2; do
	echo $paranoid > /proc/sys/kernel/perf_event_paranoid
	if [ $paranoid = 3 ]; then
		exactly SYS_ADMIN SYS_RAWIO SYSLOG
		expect 3 "or kernel.perf_event_paranoid at 2" "paranoid, and not CAP_SYS_ADMIN" \
			load caps ",$BPF,$PERFMON,$SYS_RAWIO,$SYSLOG," \
			migtrace export --textfile /tmp/caps.prom --once -i 1
	else
		exactly BPF PERFMON SYS_RAWIO SYSLOG
	fi
done
