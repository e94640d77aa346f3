#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Is every variant of every probe run somewhere, and does tests/README.md say where?
# UNIT: folder of the unit tests' programs (build/unit).
cd "$(dirname "$0")/.." || exit 1
exec tests/variants.py "${UNIT:-build/unit}/variants"
