#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges what a guest brought back: judge.py JUDGE KERNEL OUT [KEY=VALUE]...

OUT is the folder of a case. JUDGE is a function of the modules below, KERNEL - where none matters. KEY=VALUE are the arguments that tests/cases.list gives it.
Prints "ok - TEXT" or "not ok - TEXT" with the figures, and last "N passed, N failed". Exits 3 if
nothing is wrong but that too little happened in the guest to say so.
A file that is missing is a failure, never a skip.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from runner.caselist import read_kernels  # noqa: E402
from vm.judges import (aio, base, before_after, bench, contended, drains, export, false_alarms, forced,  # noqa: E402
                       hard, isolation, lacking, lockstat, pinned, refs, soak, stall, stock, truth, watch, why)

MODULES = (aio, base, before_after, bench, contended, drains, export, false_alarms, forced, hard, isolation, lacking,
           lockstat, pinned, refs, soak, stall, stock, truth, watch, why)


def judge_of(name):
    return next(vars(m)[name] for m in MODULES if name in vars(m) and vars(m)[name].__module__ == m.__name__)


def main():
    name, kernel, out = sys.argv[1:4]
    args = dict(a.split("=", 1) for a in sys.argv[4:])
    return base.judged(judge_of(name), read_kernels().get(kernel, {}), out, args)


if __name__ == "__main__":
    sys.exit(main())
