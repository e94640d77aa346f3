# shellcheck shell=sh disable=SC2034 # used by record.sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# A disk that takes DISK_MS to answer, so that buffers are seen locked. With less than 30 their pages
# are gone from the CPUs' lists of new pages too late to be isolated meanwhile. Sourced; sets DEV.
insmod /files/configfs.ko 2> /dev/null || : # built in, perhaps
mkdir -p /sys/kernel/config
mount -t configfs configfs /sys/kernel/config
insmod /files/null_blk.ko nr_devices=0
DEV=/dev/nullb0
disk=/sys/kernel/config/nullb/nullb0
mkdir $disk
for set in memory_backed=1 size=128 blocksize=512 irqmode=2 hw_queue_depth=64 queue_mode=2 \
	"completion_nsec=${DISK_MS}000000" power=1; do
	echo "${set#*=}" > "$disk/${set%=*}"
done
