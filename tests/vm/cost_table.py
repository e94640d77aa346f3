#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: cost_table.py OUT-DIR

Reads the raw figures that bench-cost.sh's guests left in OUT-DIR/cost-*, and prints what each
instrument costs. Every ratio is to the load alone in the same round; median, and least to greatest.
"""
import glob
import json
import os
import re
import sys
from statistics import median

from judges.base import pairs

NAMES = {
    "alone": "load alone",
    "again": "the same again (A/A)",
    "light": "migtrace --light",
    "full": "migtrace",
    "site": "two sites, call-site clock",
    "lock": "two sites, lock clock",
    "bracket": "migration, bracket clock",
    "bpftrace": "bpftrace, both functions",
    "klockstat": "klockstat",
    "funclatency": "funclatency, lookups",
    "lock_stat": "LOCK_STAT on",
}


def load(path):
    try:
        with open(path) as f:
            return json.load(f)
    except (OSError, ValueError):
        return None


class Guest:
    """One guest's figures: [round][name]."""

    def __init__(self, folder):
        self.dir = folder
        found = {os.path.basename(p).split(".")[:2][0] for p in glob.glob(f"{folder}/[0-9]*.*")}
        self.rounds = sorted(found, key=int)

    def path(self, r, name, what):
        return f"{self.dir}/{r}.{name}.{what}"

    def said(self, r, name, key, what="load"):
        d = load(self.path(r, name, what))
        return d and d[key]

    def rate(self, r, name, key):
        n, seconds = (self.said(r, name, k) for k in (key, "seconds"))
        return n / seconds if seconds else None

    def ratios(self, value, name):
        """Of value(round, name) to value(round, "alone"), a round each."""
        out = []
        for r in self.rounds:
            a, b = value(r, "alone"), value(r, name)
            if a and b is not None:
                out.append(b / a)
        return out

    def rates(self, name, key):
        return self.ratios(lambda r, n: self.rate(r, n, key), name)

    def truth(self, r, name):
        p = self.path(r, name, "truth")
        return pairs(p) if os.path.exists(p) else None

    def hold(self, side):
        def value(r, name):
            t = self.truth(r, name)
            return t[f"{side}_hold_ns"] / t[f"{side}_holds"] if t and t[f"{side}_holds"] else None
        return value


def spread(v, unit="x"):
    return f"{median(v):.2f}{unit} ({min(v):.2f}-{max(v):.2f})" if v else "-"


def throughput(g, title, key="getdents", what="lookups"):
    if not g.rounds:
        return
    print(f"\n{title}: {len(g.rounds)} rounds")
    print(f"  {'':28} {what:>20} {'migrations':>20}")
    for name, text in NAMES.items():
        a, b = g.rates(name, key), g.rates(name, "moves_ok")
        if a and name != "alone":
            print(f"  {text:28} {spread(a):>20} {spread(b):>20}")
    alone = [g.rate(r, "alone", "moves_ok") for r in g.rounds]
    print(f"  alone: {median([x for x in alone if x]):.0f} migrations a second")


def own_holds(g):
    """Error: of the recording's average hold. Above three floors, also without the floor, as a share."""
    if not g.rounds:
        return
    print("\nThe kernel's own average hold (kernel after), and how far the recording's is from it:")
    print(f"  {'':28} {'lookup':>20} {'migration':>20} {'error, ns':>16} {'less floor':>13} {'counts':>8}")
    for name, text in NAMES.items():
        holds = [g.ratios(g.hold(s), name) for s in ("lookup", "migrate")]
        if name == "alone" or not holds[0]:
            continue
        errors, shares, same = [], [], []
        for r in g.rounds:
            run, t = load(g.path(r, name, "json")), g.truth(r, name)
            for site, side in (("find_get_block", "lookup"), ("migrate_norefs", "migrate")):
                h = run["sites"][site]["hold"] if run and t else None
                if not h or not h["count"] or not t[f"{side}_holds"]:
                    continue
                own = t[f"{side}_hold_ns"] / t[f"{side}_holds"]
                errors.append(h["sum_ns"] / h["count"] - own)
                floor = run["sites"][site]["floor_ns"] or 0
                if floor and own >= 3 * floor:
                    shares.append((errors[-1] - floor) / own)
                if run["sites"][site]["clock"] != "bracket":
                    same.append(h["count"] == t[f"{side}_holds"])
        counts = f"{sum(same)}/{len(same)} eq" if same else "-"
        error = f"{min(errors):+.0f}..{max(errors):+.0f}" if errors else "-"
        share = f"{min(shares):+.0%}..{max(shares):+.0%}" if shares else "-"
        print(f"  {text:28} {spread(holds[0]):>20} {spread(holds[1]):>20} {error:>16} {share:>13} "
              f"{counts:>8}")


def detached(path):
    """Seconds, as -v says behind the report: run files are written before that."""
    said = open(path).read() if os.path.exists(path) else ""
    return sum(map(float, re.findall(r"\bdetached in ([\d.]+) s$", said, re.M)))


def resources(g):
    if not g.rounds:
        return
    print("\nRecordings: events lost, seconds to load, attach and detach, memory")
    for name, text in NAMES.items():
        lost, times, rss = [], [], []
        for r in g.rounds:
            run = load(g.path(r, name, "json"))
            p = g.path(r, name, "rss")
            if os.path.exists(p):
                rss += [int(n) / 1024 for n in re.findall(r"VmHWM:\s*(\d+)", open(p).read())]
            if run:
                lost.append(sum(run["losses"].values()))
                times.append([run["tool"].get(k, 0) / 1e9 for k in ("load_ns", "attach_ns")] +
                             [detached(g.path(r, name, "txt"))])
        if not rss:
            continue
        how = " ".join(f"{median(list(c)):.1f}" for c in zip(*times)) if times else "-"
        lost = sum(lost) if lost else "-"
        print(f"  {text:28} lost {lost!s:>4}   {how:>12}   {max(rss):.1f} MB")


def optimised(g):
    """Which kprobes the kernel has made jumps of; the others stop the CPU by an exception."""
    for name in "light", "full":
        for r in g.rounds[-1:]:
            p = g.path(r, name, "kprobes")
            if os.path.exists(p):
                lines = [x.split() for x in open(p) if "+0x" in x]
                jumps = [x[2] for x in lines if "[OPTIMIZED]" in x]
                print(f"  {NAMES[name]}: {len(jumps)} of {len(lines)} kprobes are jumps")


def programs(g):
    run = load(g.path("1", "full-stats", "json"))
    if not run:
        return
    print("\nPrograms by the kernel's statistics (their own time included), per probe:")
    for p in sorted(run["probes"], key=lambda p: -p["run_ns"]):
        if p["hits"]:
            print(f"  {p['probe']:20} {p['hits']:9} runs {p['run_ns'] / p['hits']:8.0f} ns each")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    out = sys.argv[1]
    throughput(Guest(f"{out}/cost-6.1"), "Throughput on stock 6.1, as a share of the load alone")
    throughput(Guest(f"{out}/cost-mixed"), "One page of buffers in sixteen that move")
    throughput(Guest(f"{out}/cost-storm"), "Files created, renamed and removed while memory is compacted",
               "storm_ops", "file operations")
    throughput(Guest(f"{out}/cost-lockstat"), "The same on a kernel with LOCK_STAT")
    own_holds(Guest(f"{out}/cost-after"))
    resources(Guest(f"{out}/cost-6.1"))
    optimised(Guest(f"{out}/cost-6.1"))
    programs(Guest(f"{out}/cost-stats"))


if __name__ == "__main__":
    main()
