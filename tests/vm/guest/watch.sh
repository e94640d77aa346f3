#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a truth kernel: `watch` under load, once for machines and once for people, each
# with the kernel's own count over the same time. Environment as for record.sh.
set -u
: "${KIB:=80}" "${SECONDS_:=12}"
truth=/sys/kernel/debug/migtrace_truth

load setup ext4 /mnt -s "$KIB" > /out/setup.json || exit 1
for form in json text; do
	cat > /load.sh <<-EOF
	echo 0 > $truth
	load run -d $SECONDS_ -m numa -w getdents --dev /dev/ram0 --dir /mnt > /out/load.$form.json
	cat $truth > /out/truth.$form
	EOF
	option=
	[ $form = text ] || option=--json
	migtrace watch $option --fail-on-race -- sh /load.sh > /out/watch.$form
	echo $? > /out/status.$form
	tail -n 6 /out/watch.$form | cut -c 1-160
done
