#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
#
# In the guest: record while a directory is read and the pages of its device are moved between the
# NUMA nodes. The directory is small, so that the two meet often. Environment: SECONDS_.
set -eu
load setup ext4 /mnt -s 80 > /dev/null
cd /out
exec migtrace record -o migtrace-demo.json -- \
	sh -c "load run -d ${SECONDS_:-12} -m numa -w getdents --dev /dev/ram0 --dir /mnt > load.json"
