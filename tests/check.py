#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Runs the cases of tests/cases.list: the host's commands, and real kernels in QEMU with the real
binary and real migrations.

The host's commands run beside the guests, with what these leave of the processors. All cases of a
kernel share a boot. One that fails runs again in a boot of its own, and both results are shown: it
stays failed, unless only "too little load" was wrong, then it runs for twice as long.
A kernel that can't be had, a guest that hangs or panics is a failed case, and the run goes on.
Last comes a table of seconds and results, and "N passed, N failed".
"""
import argparse
import fnmatch
import os
import subprocess
import sys
import threading

from runner import phases
from runner.caselist import TESTS, Mistake, read_cases, ring
from runner.once import Once
from runner.results import Results


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    p.add_argument("cases", nargs="*", metavar="CASE", help="some of them, in whatever ring; bars-* stands for several")
    p.add_argument("--ring", default="check", choices=["quick", "check", "all"], help="default: check")
    p.add_argument("--guests", action="store_true", help="of the ring, only what runs in guests")
    p.add_argument("--list", action="store_true", help="name the cases, and do nothing")
    p.add_argument("--resume", action="store_true", help="leave out what this tree has passed before")
    return p.parse_args()


def chosen(args):
    cases = read_cases()
    if args.cases:
        unknown = [w for w in args.cases if not fnmatch.filter([c.name for c in cases], w)]
        if unknown:
            raise Mistake(f"no case {' '.join(unknown)}; tests/check.py --list --ring all names them")
        cases = [c for c in cases if any(fnmatch.fnmatchcase(c.name, w) for w in args.cases)]
    else:
        cases = [c for c in ring(cases, args.ring) if not (args.guests and not c.guest_kernel)]
    return cases


def groups(cases):
    """What is done in one go: a command of the host's, or the cases of one boot."""
    boots, order = {}, []
    for c in cases:
        if not c.guest_kernel:
            order.append([c])
            continue
        if c.boot not in boots:
            boots[c.boot] = []
            order.append(boots[c.boot])
        boots[c.boot].append(c)
    return [sorted(g, key=lambda c: "LAST" in c.env) for g in order]


def run(todo, once):
    """In turn, those that run beside the others in a thread of their own: it begins with the first of
    them, so that what comes before it in the list has ended."""
    beside = [g[0] for g in todo if g[0].beside]
    lane = threading.Thread(target=lambda: [once.host(c) for c in beside], daemon=True)
    for group in todo:
        if not group[0].beside:
            once.run(group)
        elif group[0] is beside[0]:
            lane.start()
    if beside:
        lane.join()


def main():
    args = arguments()
    try:
        cases = chosen(args)
    except Mistake as e:
        sys.exit(f"check.py: {e}")
    if args.list:
        print("\n".join(c.name for c in cases))
        return 0
    out = os.path.abspath(os.environ.get("O") or f"{TESTS}/../build")
    os.environ["O"] = out
    os.environ["MAKEFLAGS"] = f"-j{os.cpu_count()} --no-print-directory"
    results = Results(f"{out}/check.json", args.resume)
    run(groups([c for c in cases if not results.has(c.name)]), Once(f"{out}/vm/out", results))
    print("\n".join(phases.table(results.rows([c.name for c in cases]))))
    passed, failed, bad = results.sums([c.name for c in cases])
    if bad:
        print("\n".join(results.wrong(bad)) + f"\nfailed: {' '.join(bad)}")
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed > 0 or not passed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (KeyboardInterrupt, subprocess.CalledProcessError) as e:
        sys.exit(f"check.py: {e or 'interrupted'}; --resume goes on from here")
    finally:
        Once.stop()
