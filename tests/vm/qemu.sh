# shellcheck shell=bash disable=SC2034,SC2054 # used by the scripts that source this
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# Starting QEMU, for run.sh and shell.sh.  Sourced after lib.sh.

KVM_PROBE_SECONDS=20

# one_vm_only: waits until no other guest runs on this machine.  Two guests on the same cores distort
# each other's measurements, and four virtual CPUs on two real ones crawl.
one_vm_only()
{
	[ -z "${ICOUNT:-}" ] || return 0 # its clock counts instructions, whoever runs beside it
	cache_make .
	exec 9>"$CACHE/vm.lock"
	flock -n 9 && return
	say "another test guest is running; waiting for it to end"
	flock 9
}

# Before 8.1 a CPU may translate a page while another patches it and keep the stale code for good: the
# guest spins at an int3 that is no longer there (deba78709ae8 "accel/tcg: Always lock pages before
# translation"; seen as a hang of one guest in 60, and of each that moved probes on lock functions
# under load).
# And arm64's virt machine has a second serial port since 9.2 only.
QEMU_WANTED=8.1

# need_qemu ARCH
need_qemu()
{
	case $1 in
	arm64)
		command -v qemu-system-aarch64 >/dev/null ||
			die "'qemu-system-aarch64' is not installed; run: tests/deps.sh arm64"
		need_tool flock
		;;
	*)     need_tool qemu-system-x86_64 flock ;;
	esac
}

# qemu_new_enough BINARY
qemu_new_enough()
{
	local v

	v=$("$1" --version 2>/dev/null | sed -n 's/^QEMU emulator version \([0-9.]*\).*/\1/p')
	[ -n "$v" ] && dpkg --compare-versions "$v" ge $QEMU_WANTED
}

# qemu_find ARCH: sets QEMU to the binary: the system's, or a newer one of Debian's backports
qemu_find()
{
	local dir bin=qemu-system-x86_64 kind=x86

	[ "$1" != arm64 ] || bin=qemu-system-aarch64 kind=arm
	dir=$CACHE/qemu/$kind
	QEMU=("$bin")
	! qemu_new_enough "$bin" || return 0
	entry_whole "$dir" || "$TOP/tests/vm/fetch-qemu.sh" "$kind" || :
	if qemu_new_enough "$dir/usr/bin/$bin"; then
		QEMU=("$dir/usr/bin/$bin" -L "$dir/usr/share/qemu" -L "$dir/usr/share/seabios")
	else
		say "no QEMU $QEMU_WANTED or newer: a guest may hang where its kernel patches itself"
	fi
}

# accel KERNEL-DIR: kvm or tcg.  /dev/kvm may exist and the guest hang all the same, so it counts
# only if a kernel really starts under it; the answer is remembered in $CACHE/accel.
accel()
{
	local log answer=tcg

	if [ ! -s "$CACHE/accel" ]; then
		log=$(mktemp)
		if [ -r /dev/kvm ] && [ -w /dev/kvm ]; then
			say "trying whether /dev/kvm works (at most $KVM_PROBE_SECONDS s, once)"
			# no root file system: the kernel panics, and that ends QEMU
			timeout -k 2 "$KVM_PROBE_SECONDS" qemu-system-x86_64 -accel kvm -cpu host \
				-smp 2 -m 512 -nodefaults -no-reboot -display none \
				-serial "file:$log" -kernel "$1/vmlinuz" \
				-append "console=ttyS0 panic=-1" </dev/null >/dev/null 2>&1 &&
				grep -q 'Kernel panic' "$log" && answer=kvm
			say "guests run under $answer; to ask again, remove $CACHE/accel"
		fi
		rm -f "$log"
		echo $answer >"$CACHE/accel"
	fi
	cat "$CACHE/accel"
}

# qemu_args ARCH KERNEL-DIR INITRD CONSOLE-LOG EXTRA: fills QEMU with what every guest has:
# two NUMA nodes with one CPU each, because migration needs somewhere to go; MEMORY: GiB, in all
qemu_args()
{
	local how cpu arch=$1 console=ttyS0 line="unknown_nmi_panic reboot=t random.trust_cpu=on tsc=reliable"

	shift
	if [ "$arch" = arm64 ]; then # emulated wherever it runs; its own pointer signatures take too long
		how=tcg,thread=multi cpu=${ARM_CPU:-max,pauth-impdef=on} console=ttyAMA0 line=""
	else
		how=$(accel "$1")
		cpu=max
		[ "$how" != kvm ] || cpu=host
		[ "$how" != tcg ] || how=tcg,thread=multi
		[ -z "${ICOUNT:-}" ] || how=tcg,thread=single cpu=max
	fi
	qemu_find "$arch"
	[ "$arch" != arm64 ] || QEMU+=(-machine "virt,gic-version=3")
	QEMU+=(-accel "$how" -cpu "$cpu" -smp "${CPUS:-2},sockets=${CPUS:-2}" -m "${MEMORY:-2}G"
		-object "memory-backend-ram,size=$((${MEMORY:-2} / 2))G,id=m0"
		-object "memory-backend-ram,size=$((${MEMORY:-2} / 2))G,id=m1"
		-numa node,nodeid=0,memdev=m0,cpus=0
		-numa node,nodeid=1,memdev=m1,cpus="1-$((${CPUS:-2} - 1))"
		-nodefaults -no-reboot -display none
		-kernel "$1/vmlinuz" -initrd "$2"
		-append "console=$console panic=-1 oops=panic $line brd.rd_nr=2 brd.rd_size=262144 $4"
		-serial "file:$3"
		-chardev "stdio,id=out,signal=off" -serial chardev:out)
	# where instructions are counted: one seed and one date, so that boots differ in less
	[ -z "${ICOUNT:-}" ] || QEMU+=(-icount "shift=$ICOUNT,sleep=off" -seed 1
		-rtc "base=2026-01-01T00:00:00,clock=vm")
}
