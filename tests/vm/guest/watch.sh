#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest of a truth kernel: `watch` under load, once for machines and once for people, each
# with the kernel's own count over the same time. Environment as for record.sh.
set -u
. "$(dirname "$0")/lib.sh"

make_disk || exit 1
make_load
for form in json text; do
	option=
	[ $form = text ] || option=--json
	migtrace watch -v $option --fail-on-race -- sh /load.sh $form > /out/watch.$form
	echo $? > /out/status.$form
	tail -n 6 /out/watch.$form | cut -c 1-160
done
