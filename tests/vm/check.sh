#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# usage: check.sh [CASE]...     (default: all but LONG; `check.sh --list` names them)
#
# The live tests: real kernels in QEMU, the real binary, real migrations; judge.py decides from what
# the guest brought back. A kernel that can't be had or booted is a failure. Last line:
# "N passed, N failed". Where all figures are right and only too little happened to call them proven,
# a case runs again with twice the load's time, up to two times. Environment: O, SECONDS_ (of load,
# 12), BEHIND (lookups behind a window that a stock kernel must reach; 1000, the bar of 500000 takes
# about a minute of load a kernel), TIME (of a boot, 500), INTERVAL, FULL (export's).
set -u
here=$(cd "$(dirname "$0")" && pwd)
O=${O:-$here/../../build}
: "${SECONDS_:=12}" "${BEHIND:=1000}"
passed=0 failed=0

# name | kernel | judge, and BEHIND if the load reaches less, or the least number of cases | guest script | its environment
CASES='
5.10|5.10|stock|record.sh|DOCTOR=1 FS=ext4 KIB=80 EXPORT=light full
6.1|6.1|stock|record.sh|DOCTOR=1 FS=ext4 KIB=80 EXPORT=light full
6.12|6.12|stock|record.sh|DOCTOR=1 FS=fat KIB=32 EXPORT=light full
7.x|7.x|stock|record.sh|DOCTOR=1 FS=fat KIB=32 EXPORT=light full
rt|rt|stock|record.sh|DOCTOR=1 FS=ext4 KIB=80 HOGS=1 EXPORT=light
arm64-6.1|arm64-6.1|stock|record.sh|DOCTOR=1 FS=ext4 KIB=20 BLOCK=1024 EXPORT=light full
arm64-6.12|arm64-6.12|stock 200|record.sh|DOCTOR=1 FS=fat KIB=32 EXPORT=light full
journal|6.1|journal|record.sh|FS=ext4 KIB=80 WORK=storm
aio-5.10|5.10|aio|record.sh|FS=ext4 KIB=80 MOVER=ring WORK=aio
aio-6.1|6.1|aio|record.sh|FS=ext4 KIB=80 MOVER=ring WORK=aio ARGS=--probe aio_outcome=folio:kprobe,aio_overlap=ring:kprobe
aio-6.12|6.12|aio|record.sh|FS=ext4 KIB=80 MOVER=ring WORK=aio
aio-7.x|7.x|aio|record.sh|FS=ext4 KIB=80 MOVER=ring WORK=aio
trunc-5.10|5.10|isolation|record.sh|FS=ext4 KIB=80 MOVER=direct WORK=truncate
trunc-6.1|6.1|isolation|record.sh|FS=ext4 KIB=80 MOVER=direct WORK=truncate ARGS=--probe isolation=folio:kprobe,truncation=folio:kprobe
trunc-6.12|6.12|isolation|record.sh|FS=ext4 KIB=80 MOVER=direct WORK=truncate
trunc-7.x|7.x|isolation|record.sh|FS=ext4 KIB=80 MOVER=direct WORK=truncate
trunc-sync|6.1|isolation|record.sh|FS=ext4 KIB=80 MOVER=sync WORK=truncate
locked-6.1|6.1|locked|slow.sh|FS=ext4 KIB=4096 MOVER=direct WORK=cold MODULES=configfs null_blk
locked-6.12|6.12|locked|slow.sh|FS=ext4 KIB=4096 MOVER=direct WORK=cold MODULES=configfs null_blk
aio-after|after|rings|truth.sh|KIB=80 MOVER=ring WORK=aio
aio-racy|aio-racy|rings|truth.sh|KIB=80 MOVER=ring WORK=aio
aio-racy-unlocked|aio-racy|rings|truth.sh|KIB=80 MOVER=ring WORK=aio UNLOCKED=1
misuse|6.1|cases 22|misuse.sh|
bench|6.1|bench 18|bench_cases.sh|
export-6.1|6.1|export 17|export.sh|
caps-6.1|6.1|cases 11|caps.sh|
rights-5.10|5.10|cases 20|rights.sh|
rights-6.1|6.1|cases 20|rights.sh|
hard-6.1|6.1|hard 20|hard.sh|
faults-record|6.1|cases 45|faults.sh|WHAT=record STRACE=1
faults-export|6.1|cases 20|faults.sh|WHAT=export STRACE=1
bracket-6.1|6.1|bracket|record.sh|FS=ext4 KIB=80 ARGS=--light --probe migrate_norefs=bracket:folio_migrate_mapping EXPORT=light
forced-5.10|5.10|forced 300|forced.sh|FS=ext4 KIB=80 SECONDS_=5 LOADS=numa:getdents ARGS=--probe norefs_entry=page_ways,migrate_norefs=bracket:migrate_page_move_mapping,lookup_exit=plain:kprobe
forced-6.1|6.1|forced 300|forced.sh|FS=ext4 KIB=80 SECONDS_=5 LOADS=numa:getdents ARGS=--probe norefs_entry=folio:kprobe,norefs_switch=folio:kprobe,norefs_copy=folio:kprobe,norefs_end=flags:kprobe,migrate_norefs=lock,find_get_block=lock,floor=lock,lookup_exit=plain:kprobe
forced-6.12|6.12|forced 300|forced.sh|FS=fat KIB=32 SECONDS_=5 LOADS=numa:getdents REFUSED=norefs_switch=folio norefs_copy=folio norefs_end=flags migrate_norefs=bracket:folio_migrate_mapping lookup_exit=plain aio_outcome=untried ARGS=--probe norefs_entry=ways,norefs_switch=inner:kprobe,norefs_copy=mc:kprobe,migrate_norefs=bracket:folio_mc_copy,find_get_block=lock,floor=lock,lookup_exit=common:kprobe
forced-7.x|7.x|forced 300|forced.sh|FS=fat KIB=32 SECONDS_=5 LOADS=numa:getdents ring:aio direct:truncate ARGS=--probe norefs_entry=folio:kprobe,migrate_norefs=lock,find_get_block=lock,floor=lock,lookup_exit=common:kprobe,isolation=folio:kprobe,truncation=folio:kprobe,aio_outcome=folio:kprobe
soak-6.1|6.1|soak|soak.sh|SECONDS_=1200
soak-7.x|7.x|soak|soak.sh|SECONDS_=1200
no-kprobes|no-kprobes|lacking|lacking.sh|KIB=80 ARGS=--fail-on-race
no-ftrace|no-ftrace|lacking|lacking.sh|KIB=80 ARGS=--fail-on-race
no-btf|no-btf|lacking|lacking.sh|KIB=80 ARGS=--fail-on-race BTF=1
before-kprobe|before|truth|truth.sh|KIB=80 SECONDS_=36 ARGS=--fail-on-race --stacks --probe norefs_entry=folio:kprobe,norefs_switch=folio:kprobe,norefs_copy=folio:kprobe,norefs_end=flags:kprobe,lookup_exit=plain:kprobe
lockdep|after-lockstat|lacking|lacking.sh|KIB=80 ARGS=--fail-on-race
aio-no-ftrace|no-ftrace|rings|truth.sh|KIB=80 MOVER=ring WORK=aio
aio-lockdep|after-lockstat|rings|truth.sh|KIB=80 MOVER=ring WORK=aio
lockstat|after-lockstat|lockstat|lockstat.sh|ROUNDS=2
before|before|truth|truth.sh|KIB=80 ARGS=--fail-on-race --stacks
before-light|before|truth|truth.sh|KIB=80 ARGS=--light
before-losses|before|losses|truth.sh|KIB=80 ARGS=--fail-on-race --map-size 1 --stacks
before-1k|before|truth|truth.sh|KIB=80 BLOCK=1024 ARGS=--fail-on-race --stacks
watch|before|watch|watch.sh|KIB=80
watch-after|after|watch|watch.sh|KIB=80
after|after|truth|truth.sh|KIB=80 ARGS=--fail-on-race --stacks
after-losses|after|losses|truth.sh|KIB=80 ARGS=--fail-on-race --map-size 1 --stacks
before-storm|before|truth|truth.sh|KIB=160 BLOCK=1024 WORK=storm MOVER=compact SECONDS_=24 ARGS=--fail-on-race --stacks
after-storm|after|truth 100|truth.sh|KIB=160 BLOCK=1024 WORK=storm MOVER=compact SECONDS_=24 ARGS=--fail-on-race --stacks
before-6.12|before-6.12|truth|truth.sh|FS=fat KIB=32 ARGS=--fail-on-race --stacks
'

# Run when they are named: make soak, make check-faults, make check-vm-arm64, make check-vm-lacking, make
# check-more. The last are like others, on a kernel between two that have them.
LONG='soak-6.1 soak-7.x faults-record faults-export arm64-6.1 arm64-6.12'
LONG="$LONG no-kprobes no-ftrace no-btf lockdep aio-no-ftrace aio-lockdep before-kprobe"
LONG="$LONG trunc-6.12 trunc-sync aio-6.12 rights-5.10 forced-7.x locked-6.12"

long_case()
{
	case " $LONG " in *" $1 "*) ;; *) return 1 ;; esac
}

# module KERNEL NAME: one that the guests don't load by themselves
module()
{
	local file

	file=$(find "$O/vm/kernels/$1/lib" -name "$2.ko*" | head -n 1)
	case $file in *.xz) xz -dc "$file" ;; ?*) cat "$file" ;; *) return 1 ;; esac
}

# run_case NAME KERNEL JUDGE SCRIPT ENV
run_case()
{
	local out=$O/vm/out/check-$1 env=() line start=$SECONDS judge behind try status seconds

	read -r judge behind <<<"$3"
	printf '== %s (%s)\n' "$1" "$2"
	rm -f "$out.judged"
	mkdir -p "$O/vm/out"
	if ! "$here/fetch.sh" "$2"; then
		echo "not ok - $1: kernel $2 can't be had"
		failed=$((failed + 1))
		return
	fi
	# "A=x B=y z": a value reaches to the next NAME=
	while read -r line; do
		[ -z "$line" ] || env+=(-e "$line")
	done < <(printf '%s\n' "$5" | sed -E 's/ ([A-Z_]+=)/\n\1/g')
	# shellcheck disable=SC2013 # words are wanted
	for line in $(sed -n "s/.*MODULES=//p" <<<"$5"); do
		module "$2" "$line" > "$O/vm/out/$line.ko" && env+=(-f "$O/vm/out/$line.ko")
	done
	case $5 in *STRACE=1*)
		env+=(-f "$(command -v strace || echo /usr/bin/strace)=bin/strace") ;;
	esac
	case $5 in *BTF=1*) # another kernel's is refused
		"$here/fetch.sh" 6.1 || echo "# no kernel 6.1"
		env+=(-f "$O/vm/kernels/$2/vmlinux.btf" -f "$O/vm/kernels/6.1/vmlinux.btf=files/other.btf")
		;;
	esac
	seconds=$(sed -n 's/.*SECONDS_=\([0-9]*\).*/\1/p' <<<"$5")
	seconds=${seconds:-$SECONDS_}
	for try in 1 2 4; do
		rm -rf "$out"
		if ! "$here/run.sh" -k "$2" -t $((${TIME:-500} + 100 * try)) -o "$out" \
			"${env[@]}" -e "SECONDS_=$((seconds * try))" \
			-e "INTERVAL=${INTERVAL:-1}" -e "FULL=${FULL:-6}" \
			-f "$here/guest/count.sh" -f "$here/guest/record.sh" -f "$here/guest/say.sh" -f "$here/guest/truth.sh" \
			-f "$here/guest/export_lib.sh" "$here/guest/$4" \
			> "$out.log" 2>&1; then
			echo "# the guest's script failed:"
			tail -n 80 "$out.log" | sed 's/^/# /'
		fi
		"$here/judge.py" "$judge" "$2" "$out" "behind=${behind:-$BEHIND}" > "$out.judged"
		status=$?
		[ -s "$out.judged" ] || echo "0 passed, 1 failed" > "$out.judged"
		[ "$status" = 3 ] && [ "$try" != 4 ] || break
		grep '^not ok' "$out.judged" | sed 's/^not ok -/# again, longer:/'
	done
	sed '$d' "$out.judged"
	read -r p _ f _ < <(tail -n 1 "$out.judged")
	case $p$f in *[!0-9]* | '') echo "not ok - $1: no verdict"; p=0 f=1 ;; esac
	passed=$((passed + p)) failed=$((failed + f))
	echo "# $1: $p passed, $f failed, $((SECONDS - start)) s"
}

if [ "${1:-}" = --list ]; then
	echo "$CASES" | cut -d'|' -f1 | sed '/^$/d'
	exit
fi
while IFS='|' read -r name kernel judge script env <&3; do
	[ -n "$name" ] || continue
	case " $* " in *" $name "*) ;; *) [ $# = 0 ] && ! long_case "$name" || continue ;; esac
	run_case "$name" "$kernel" "$judge" "$script" "$env"
done 3<<<"$CASES"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ] && [ "$passed" -gt 0 ]
