#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: run.sh [-k NAME] [-t SECONDS] [-o OUTDIR] [-a 'KERNEL ARGS'] [-f FILE[=DEST]]...
#               [-e VAR=VALUE]... SCRIPT [ARG]...
#
# Boot kernel NAME (default 6.1) of kernels.conf and run SCRIPT in it as root; what it prints is
# printed here as it comes.  When it ends, its /out is unpacked to OUTDIR (default $O/vm/out/NAME)
# beside console.log, and its exit status is ours.  125: the guest panicked, said nothing for longer
# than SECONDS (default 300) or gave no result; what it had delivered by then (guest/boot.sh) is
# unpacked all the same.  -f brings a file along, -e sets a variable.
set -eu
. "$(dirname "$0")/lib.sh"
. "$TOP/tests/vm/qemu.sh"

usage()
{
	die "usage: run.sh [-k NAME] [-t SECONDS] [-o OUTDIR] [-a 'KERNEL ARGS'] [-f FILE[=DEST]]..." \
	    "[-e VAR=VALUE]... SCRIPT [ARG]..."
}

# broken TEXT [LINES]: the guest gave no result
broken()
{
	say "$name: $1; the console ends with:"
	tail -n "${2:-15}" "$out/console.log" | tr -d '\r' | sed 's/^/    /' >&2
	say "all of it: $out/console.log"
	exit 125
}

# write_job FILE ENV... -- SCRIPT ARG...: what init runs
write_job()
{
	local job=$1 var

	shift
	{
		echo MODE=run
		echo "TTY=$tty"
		if [ "$tty" = 1 ]; then
			printf 'GUEST_TERM=%q\n' "${TERM:-linux}"
			stty size 2>/dev/null </dev/tty | sed 's/\(.*\) \(.*\)/ROWS=\1 COLS=\2/' || :
		fi
		for var; do
			shift
			[ "$var" != -- ] || break
			printf 'export %q\n' "$var"
		done
		echo 'run_job() {'
		printf '%q ' "/files/$(basename "$1")" "${@:2}"
		printf '\n}\n'
	} >"$job"
}

# pass_on: what the guest says; through us, because QEMU leaves its stdout in non-blocking mode, which
# others share
pass_on()
{
	local line

	[ "$tty" = 0 ] || exec cat # a progress line has no end
	while IFS= read -r line; do
		printf '%s\n' "$line"
		: >"$tmp/alive"
	done
}

# boot: the guest from power-on to its end
boot()
{
	rm -f "$tmp/result" "$tmp/hung"
	truncate -s 2G "$tmp/result"
	: >"$out/console.log"
	pass_on <"$tmp/live" &
	"${QEMU[@]}" \
		-drive "file=$tmp/result,if=none,id=result,format=raw,cache=unsafe" \
		-device virtio-blk-pci,drive=result -chardev "pipe,id=monitor,path=$tmp/monitor" \
		-mon monitor </dev/null >"$tmp/live" 2>"$tmp/qemu.err" 9>&- &
	qemu=$!
	where_it_hangs &
	watcher=$!
	wait $qemu || :
	kill $watcher 2>/dev/null || :
	wait
}

# where_it_hangs: a guest that says nothing for too long is asked where it is: an NMI reaches a CPU with
# interrupts off too, and unknown_nmi_panic makes the kernel print where the one that takes it was
where_it_hangs()
{
	trap 'kill $! 2>/dev/null; exit' TERM
	: >"$tmp/alive"
	while [ $(($(date +%s) - $(stat -c %Y "$tmp/alive"))) -lt "$limit" ]; do
		sleep 1 9>&- &
		wait $!
	done
	echo "$limit" >"$tmp/hung"
	# a fifo that nobody reads any more would keep us
	timeout 5 sh -c 'echo nmi >"$1"' sh "$tmp/monitor.in" || :
	sleep 20 9>&- &
	wait $!
	kill -KILL $qemu 2>/dev/null || :
}

# result: the exit status the guest left, if it came to its end
result()
{
	head -c 512 "$tmp/result" | tr -d '\0' | sed -n 's/^migtrace-vm status \([0-9]*\)$/\1/p'
}

# panic: how the kernel ended, if it said so
panic()
{
	grep -a -m 1 -o 'Kernel panic.*' "$out/console.log" | tr -d '\r' || :
}

# fetch_result: the tars behind the first MiB, one a case delivered and one of what was left in /out
fetch_result()
{
	local end

	end=$(dd if="$tmp/result" bs=512 skip=1 count=1 status=none | tr -d '\0' |
		sed -n 's/^migtrace-vm results \([0-9]*\)$/\1/p')
	[ -n "$end" ] || return 0
	dd if="$tmp/result" bs=1M skip=1 count=$((end - 1)) status=none | tar -C "$out" -ixf - \
		2>"$tmp/tar.err" || broken "the result could not be unpacked: $(head -n 1 "$tmp/tar.err")"
}

name=6.1 limit=300 out="" extra="" files=() vars=()
while getopts k:t:o:a:f:e: opt; do
	case $opt in
	k) name=$OPTARG ;;
	t) limit=$OPTARG ;;
	o) out=$OPTARG ;;
	a) extra=$OPTARG ;;
	f) files+=("$OPTARG") ;;
	e) vars+=("$OPTARG") ;;
	*) usage ;;
	esac
done
shift $((OPTIND - 1))
tty=0
[ ! -t 1 ] || tty=1
[ $# -ge 1 ] || usage
need_kernel "$name"
[ -e "$1" ] || die "script $1 does not exist"
need_qemu "$(conf_arch "$name")"
out=${out:-$VM/out/$name}

"$TOP/tests/vm/fetch.sh" "$name"
kernel=$(kernel_dir "$name")
one_vm_only
mkdir -p "$out"
tmp=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || :; rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
write_job "$tmp/job" "${vars[@]}" -- "$@"
"$TOP/tests/vm/initramfs.sh" "$name" "$tmp/job" "$tmp/initrd" "$1" "${files[@]}"
MEMORY=$(conf_get "$name" memory)
qemu_args "$(conf_arch "$name")" "$kernel" "$tmp/initrd" "$out/console.log" \
	"$(conf_get "$name" args) $extra"
mkfifo "$tmp/live" "$tmp/monitor.in" "$tmp/monitor.out"
# QEMU's translation can lose a race with code that the kernel patches while it boots (seen on 7.3:
# "Oops: int3" at a static key in sched_clock_cpu). Before init nothing of ours has run in the
# guest, so such an end says nothing about it: it is reported, and the guest is booted again.
for try in 1 2 3; do
	boot
	status=$(result)
	if [ -n "$status" ] || [ ! -s "$out/console.log" ] ||
		grep -aq 'Run /init' "$out/console.log"; then
		break
	fi
	say "$name: the kernel did not get as far as init, boot $try of 3: $(panic)"
done

fetch_result
[ -z "$status" ] || exit "$status"
[ ! -s "$tmp/qemu.err" ] || say "$(tail -n 1 "$tmp/qemu.err")"
[ ! -e "$tmp/hung" ] || broken "not a word in $limit s, stopped (-t gives it more time)" 60
[ -z "$(panic)" ] || broken "$(panic)"
broken "the guest ended without a result"
