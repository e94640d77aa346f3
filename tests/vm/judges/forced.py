# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Recordings with variants that the kernel would not choose by itself (guest/forced.sh)."""
import os

from .aio import aio
from .base import ASKED, check, evidence, load, pairs, variants, wanted
from .kernel_counts import counts
from .isolation import isolation
from .stock import sleepers

LOADS = "getdents", "aio", "truncate"


def forced_runs(conf, out):
    """Each load that ran, its recording and the kernel's count, once the variants are those asked for."""
    with open(f"{out}/args") as f:
        words = f.read().split("--probe ")[1].split()[0].split(",")
    want = {k: v for k, v in wanted(conf, *words).items() if k not in ASKED}
    floor = want.pop("floor", "site")  # not one of the rows; its clock shows in the figures
    if os.path.exists(f"{out}/refused"):
        for line in open(f"{out}/refused"):
            word, code, said = line.strip().split(" ", 2)
            check(code == "3" and f"probe '{word}': this kernel" in said, f"{word}: exit {code}, {said}")
    ran = [work for work in LOADS if os.path.isdir(f"{out}/{work}")]
    check(ran, f"loads: {ran}")
    for work in ran:
        run = load(f"{out}/{work}/run.json")
        got = variants(run, want)
        other = {p: f"{got.get(p)}, not {v}" for p, v in want.items() if got.get(p) != v}
        check(not other and set(got) == set(want), f"{work}: variants as asked for {other or words}")
        clocks = {n: s["clock"] or "-" for n, s in run["sites"].items()}
        other = {n: f"{c}, not {want[n]}" for n, c in clocks.items() if c != want[n].split(":")[0]}
        check(not other, f"{work}: clocks as asked for {other or set(clocks.values())}")
        floors = {n: s["floor_ns"] for n, s in run["sites"].items() if s["clock"] == floor}
        check(floors and min(floors.values()) > 0, f"{work}: floor of the clock {floor}: {floors}")
        late = run["late_references"]["total"]
        check(late == 0, f"{work}: late references: {late}")
        yield work, run, pairs(f"{out}/{work}/count")


def forced(conf, out, args):
    """Variants that the kernel would not choose by itself: they are used, and count as its own do."""
    for work, run, count in forced_runs(conf, out):
        if work == "getdents":
            counts(run, count)
            evidence(run["late_references"], args)
            sleepers(conf, run, count)
        else:
            # a third of the time of the cases that are about this load
            {"aio": aio, "truncate": isolation}[work](conf, f"{out}/{work}", {**args, "least": "0.2"})
