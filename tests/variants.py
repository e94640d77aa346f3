#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Where each variant of each probe runs: variants.py DUMP (the program of tests/unit/variants.c)

Joins the probe table, the fact sheets, kernels.conf and cases.list. A variant that no case
of `make check` runs fails, unless NOWHERE says why; so does a table in tests/README.md that is not the
one made here (UPDATE_GOLDEN=1 writes it). Last line: "N passed, N failed".
"""
import os
import subprocess
import sys

from runner.caselist import read_cases, read_kernels, ring
from vm.judges.base import ASKED

TESTS = os.path.dirname(os.path.abspath(__file__))
README = f"{TESTS}/README.md"
BEGIN, END = "<!-- variants: made by tests/variants.py -->\n", "<!-- /variants -->\n"

# Variants that no case of make check runs, and why.
NO_WAYS = "for kernels without trampolines whose compiler split the function behind: of the list none is"
KPROBE = "for kernels without trampolines; asked for in drains-kprobe of make check-all"
NOWHERE = {"norefs_entry=ways:kprobe": NO_WAYS, "norefs_entry=page_ways:kprobe": NO_WAYS,
           "norefs_end=set_bh:site": "of the light tier: what exports beside the recordings of 6.12 and 7.x",
           "drain_all=function": "of 5.10, whose case of it is in make check-all",
           "drain_all=tracepoint": "of 7.x, whose case of it is in make check-all",
           "drain_batch=tracepoint": "of 7.x, whose case of it is in make check-all",
           "drain_all=functions:kprobe": KPROBE, "drain_buffers=function:kprobe": KPROBE,
           "stall_folio=page": "of 5.10, whose case of it is in make check-all",
           "lookup_exit=both:kprobe": "for kernels whose compiler inlined find_get_block_common: of the list none is"}

# Being attached is not running: loads (WORK) without which a probe has nothing to see.
AIO, FILES, LISTS = {"aio"}, {"truncate"}, {"fsync"}
NEEDS = {"aio_outcome": AIO, "aio_overlap": AIO, "aio_migrate": AIO, "aio_completion": AIO,
         "aio_teardown": AIO, "isolation": FILES, "truncation": FILES, "create_empty": FILES,
         "try_to_free": FILES, "dirty_folio": LISTS, "assoc_list": LISTS}

# Judges by which a case counts: they look at what was chosen, or at figures that need it.
SCRIPTS = {"record.sh", "forced.sh", "lacking.sh", "contended.sh", "stall.sh", "refs.sh", "drains.sh"}

passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL: {text}")


def table(dump):
    """(probe, row) to what to call it; a second row of the same name is told by its function."""
    rows = [line.split() for line in run(dump)]
    words = [f"{probe}={variant}" for probe, variant, *_ in rows]
    name = {}
    for word, (probe, _, row, _, func) in zip(words, rows):
        name[probe, int(row)] = f"{word} at {func}" if words.count(word) > 1 else word
    return name


def run(*argv):
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()


def expected():
    """What kernels.conf expects: kernel to {probe: variant}; of one that another stands for, nothing."""
    return {k: dict(w.split("=", 1) for w in v["expect"].split()) for k, v in read_kernels().items()}


def silent(kernel):
    """Probes that our guests of a kernel leave out, whatever its fact sheet says."""
    return read_kernels().get(kernel, {}).get("silent", "").split()


def cases():
    """(case, kernel, whether make check leaves it out, its environment) of those that record."""
    usual = {c.name for c in ring(read_cases(), "check")}
    for c in read_cases():
        if c.guest in SCRIPTS and not c.name.startswith("bars-"):
            yield c.name, c.kernel, c.name not in usual, c.environment()


def chosen(dump, names, sheet, expect, env, quiet):
    """(probe, row, whether it was asked for) that a case attaches and its loads reach."""
    args = env.get("ARGS", "")
    forced = args.split("--probe ")[1].split()[0].split(",") if "--probe " in args else []
    work = {w.split(":")[1] for w in env["LOADS"].split()} if "LOADS" in env else \
        {env.get("WORK", "getdents")}
    if os.path.exists(sheet):
        tier = "light" if "--light" in args else "full"
        got = [line.split(maxsplit=2) for line in run(dump, sheet, tier, *forced)]
        check(all(w.split("=")[0] in [g[0] for g in got if g[1] != "-"] for w in forced),
              f"{sheet}: not possible: {forced}")
    else:  # a kernel of ours: what its judge asks for
        got = [(p, next((r for q, r in names if names[q, r] == f"{p}={v}"), "-"))
               for p, v in expect.items()]
    for probe, row, *_ in got:
        if ASKED.get(probe, "") in args and row != "-" and probe not in quiet and (probe not in NEEDS or work & NEEDS[probe]):
            yield probe, int(row), any(w.startswith(f"{probe}=") for w in forced)


def column(where):
    """Cases or kernels, those that make check leaves out in brackets."""
    usual = [w for w in where if not where[w]]
    return ", ".join(usual + [f"({w})" for w in where if where[w]])


def main(dump):
    names, conf = table(dump), expected()
    itself, asked = ({n: {} for n in names} for _ in "ab")
    for case, kernel, long, env in cases():
        sheet = f"{TESTS}/data/kernels/{kernel}.facts"
        for probe, row, by_force in chosen(dump, names, sheet, conf[kernel], env, silent(kernel)):
            to, key = (asked, case) if by_force else (itself, kernel)
            to[probe, row][key] = to[probe, row].get(key, True) and long
    for kernel, want in conf.items():
        sheet = f"{TESTS}/data/kernels/{kernel}.facts"
        if os.path.exists(sheet):
            got = {p: names[p, int(r)].split("=", 1)[1].split(" at ")[0] if r != "-" else "-"
                   for p, r, *_ in (line.split(maxsplit=2) for line in run(dump, sheet, "full"))}
            got.pop("floor")  # not the kernel's business
            for probe in ASKED.keys() - want.keys():  # not said of this kernel
                got.pop(probe)
            for probe in silent(kernel):
                check(got[probe] != "-", f"{kernel}: {probe} is not there, and so not silent")
                got[probe] = "-"
            check(got == want, f"{kernel}: kernels.conf and the fact sheet: "
                  f"{set(got.items()) ^ set(want.items())}")
    text = "| variant | chosen by itself on | asked for in |\n|---|---|---|\n"
    for n in names:
        where = list(itself[n].values()) + list(asked[n].values())
        runs = not all(where)
        check(runs != (names[n] in NOWHERE),
              f"{names[n]}: {'runs, though NOWHERE has it' if runs else 'in no case of make check'}")
        text += f"| {names[n]} | {column(itself[n])} | {column(asked[n]) or NOWHERE.get(names[n], '')} |\n"
    check(not set(NOWHERE) - set(names.values()), f"NOWHERE: {set(NOWHERE) - set(names.values())}")
    whole = open(README).read()
    begin, end = whole.index(BEGIN) + len(BEGIN), whole.index(END)
    if os.environ.get("UPDATE_GOLDEN"):
        open(README, "w").write(whole[:begin] + text + whole[end:])
    else:
        check(whole[begin:end] == text, "the table of tests/README.md; UPDATE_GOLDEN=1 writes it")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main(sys.argv[1]))
