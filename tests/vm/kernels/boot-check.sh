#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: boot-check.sh NAME...
#
# Boot kernels that build.sh made and see that each has what the tests need of it (or lacks what it is
# named for): two NUMA nodes, BTF, kprobes, /proc/kcore, a ram disk with ext4, the truth counters
# counting and resetting, and the switches.  It has its own few lines of QEMU and initramfs: a kernel that does not
# boot is told apart from a fault of the test machinery.
set -eu
. "$(dirname "$0")/../lib.sh"

# the checks, run by busybox as init; one `ok` or `BAD` line each
guest_init()
{
	cat <<'INIT'
#!/bin/busybox sh
/bin/busybox mkdir -p /proc /sys /mnt
/bin/busybox --install -s /bin
export PATH=/bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mount -t debugfs debugfs /sys/kernel/debug
mount -t tracefs tracefs /sys/kernel/tracing
T=/sys/kernel/debug/migtrace_truth

check()
{
	what=$1
	shift
	if "$@" >/dev/null 2>&1; then
		echo "boot-check: ok $what"
	else
		echo "boot-check: BAD $what"
	fi
}
value() { sed -n "s/^$1 //p" $T; }
ext4() { zcat /ext4.gz | dd of=/dev/ram0 bs=1M && mount -t ext4 /dev/ram0 /mnt; }
counts() { [ "$(value lookup_holds)" -gt 0 ]; }
# nothing but the reading of $T itself looks buffers up by now
resets() { umount /mnt && echo 0 >$T && [ "$(value lookup_holds)" -lt 100 ]; }
refuses() { ! echo 1 >$T; }
# the one that boot() sets on the command line, and each by its file, there and back
parameter() { [ "$(value migtrace_delay_ns)" = 5 ]; }
switches()
{
	for s in racy repoint_first aio_racy aio_unlocked delay_ns pause_ns; do
		for v in 1 0; do
			echo $v >/sys/kernel/debug/migtrace_$s && [ "$(value migtrace_$s)" = $v ] || return
		done
	done
}
# what the kernel is named for is absent, and in fact
absent() { ! "$1"; }
lacks() { case $(uname -r) in *-no-$1) ;; *) return 1 ;; esac; }
btf() { [ -s /sys/kernel/btf/vmlinux ]; }
tracer() { grep -q "^__buffer_migrate_folio" /sys/kernel/tracing/available_filter_functions; }
kprobe() { echo "p:t _raw_spin_unlock" >>/sys/kernel/tracing/kprobe_events; }
checks() { if lacks "$1"; then check "no $2" absent "$3"; else check "$2" "$3"; fi; }

check "two NUMA nodes" [ -d /sys/devices/system/node/node1 ]
check "two CPUs" [ -d /sys/devices/system/cpu/cpu1 ]
checks btf "BTF" btf
check "/proc/kcore" dd if=/proc/kcore of=/dev/null bs=64 count=1
checks kprobes "kprobe on _raw_spin_unlock" kprobe
checks ftrace "function tracer" tracer
check "direct calls into BPF programs" grep -q bpf_dispatcher_xdp_func /proc/kallsyms
check "ext4 on a ram disk" ext4
check "a virtio disk" [ -b /dev/vda ]
check "truth counts" counts
check "truth resets" resets
check "truth refuses another value" refuses
check "a switch is a boot parameter" parameter
check "switches" switches
[ ! -e /proc/lock_stat ] || check "lock statistics" grep -q private_lock /proc/lock_stat
complaint() { dmesg | grep -E "BUG|WARNING|Oops|INFO: " >/complaints; }
no_complaint() { ! complaint; }
check "no complaint in the log" no_complaint
sed 's/^/complaint: /' /complaints
sed 's/^/truth: /' $T
echo "boot-check: end"
poweroff -f
INIT
}

# make_initrd DIR: DIR/initrd
make_initrd()
{
	local dir=$1

	mkdir -p "$dir/root/bin" "$dir/root/dev" "$dir/fs"
	cp "$(command -v busybox)" "$dir/root/bin/busybox"
	guest_init >"$dir/root/init"
	chmod +x "$dir/root/init"
	truncate -s 16M "$dir/ext4"
	mke2fs -q -t ext4 -b 4096 -d "$dir/fs" "$dir/ext4"
	gzip -c "$dir/ext4" >"$dir/root/ext4.gz"
	(cd "$dir/root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$dir/initrd"
}

boot()
{
	local name=$1 dir=$2 k log=$2/$1.log

	k=$("$TOP/tests/vm/fetch.sh" -p "$1")
	truncate -s 1M "$dir/disk"
	# one virtual machine at a time: a test of timing may be running
	flock "$CACHE/vm.lock" timeout 300 qemu-system-x86_64 -accel tcg,thread=multi -cpu max \
		-smp 2,sockets=2 -m 512 -object memory-backend-ram,id=m0,size=256M \
		-object memory-backend-ram,id=m1,size=256M \
		-numa node,nodeid=0,cpus=0,memdev=m0 -numa node,nodeid=1,cpus=1,memdev=m1 \
		-kernel "$k/vmlinuz" -initrd "$dir/initrd" \
		-append "console=ttyS0 panic=-1 quiet migtrace_delay_ns=5" -no-reboot -nodefaults -display none \
		-drive "if=virtio,format=raw,file=$dir/disk" -serial stdio \
		</dev/null >"$log" 2>&1 || die "$name: QEMU failed: $(tail -n 1 "$log")"
	grep -E '^(boot-check: (ok|BAD)|truth:|complaint:)' "$log" | tr -d '\r' || :
	if ! grep -q '^boot-check: end' "$log" || grep -q '^boot-check: BAD' "$log"; then
		mkdir -p "$VM"
		cp "$log" "$VM/boot-check-$name.log"
		die "$name: failed; the console is in $VM/boot-check-$name.log"
	fi
	say "$name: fine"
}

[ $# -gt 0 ] || die "usage: boot-check.sh NAME..."
need_tool qemu-system-x86_64 busybox mke2fs cpio flock
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
make_initrd "$dir"
for name; do
	boot "$name" "$dir"
done
