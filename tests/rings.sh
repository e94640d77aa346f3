#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
# Does tests/README.md have every case in its ring?
cd "$(dirname "$0")/.." || exit 1
exec tests/rings.py
