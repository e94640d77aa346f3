# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""`migtrace bench` in a guest (guest/bench_cases.sh)."""
import math
import re
from statistics import fmean, stdev

from .base import cases, check, enough, load, lossless, sums


def rate(turn, what):
    return turn[what] / turn["duration_ns"] * 1e9


def ratios(turns, name, what):
    """Of each round: what is left beside it."""
    by = {(t["what"], t["round"]): t for t in turns}
    return [rate(by[name, r], what) / rate(by["alone", r], what) for n, r in by if n == name]


def shares(text, head):
    """{row: (share, low, high, ns more)} of one of the tables in a report."""
    table = text[text.index(head):].split("\n\n")[0]
    number = r"([+-]?[\d.]+)"
    return {name: [float(v) for v in rest] for name, *rest in
            re.findall(rf"^(again|light|full)\b.*? {number} \[{number}, {number}\] +{number} \[", table, re.M)}


def bench_cost(conf, out, args):
    """bench --cost: every figure is there, two alike are alike, and beside a recording no more is done than alone."""
    cases(conf, out, args)
    turns, rounds = load(f"{out}/cost.json")["cost"], 4
    with open(f"{out}/cost.txt") as f:
        text = f.read()
    names = [t["what"] for t in turns]
    check(all(names.count(n) == rounds for n in ("alone", "again", "light", "full")), f"{rounds} rounds of four: {len(turns)} turns")
    check(all(0.95e9 < t["duration_ns"] < 1.5e9 for t in turns), f"of {sorted({t['duration_ns'] // 10**7 for t in turns})} 10 ms")
    traced = [t for t in turns if t["what"] in ("light", "full")]
    check(all(t["traced"] == (t in traced) for t in turns), "a recording runs beside the tiers alone")
    for figure in "load_ns", "attach_ns", "detach_ns", "floor_ns":
        check(all(t[figure] > 0 for t in traced), f"{figure}: {[t[figure] for t in traced]}")
    kinds = [[t[k] for k in ("jumps", "calls", "exceptions")] for t in traced]
    check(all(sum(k) > 0 for k in kinds), f"jumps, ftrace calls, exceptions: {kinds}")
    light, full = ([sum(k) for k, t in zip(kinds, traced) if t["what"] == n] for n in ("light", "full"))
    check(max(light) < min(full), f"kprobes: light {light}, full {full}")
    for what, head in ("moves", "MOVES"), ("lookups", "LOOKUPS"):
        enough(min(t[what] for t in turns) > 100, f"{what}: {[t[what] for t in turns]}")
        said = shares(text, head)
        check(set(said) == {"again", "light", "full"}, f"{what}: shares with intervals of {sorted(said)}")
        for name, (share, low, high, _) in said.items():
            v = [math.log(r) for r in ratios(turns, name, what)]
            mean, half = fmean(v), 3.1824 * stdev(v) / math.sqrt(len(v))  # t of 3 degrees of freedom
            want = [math.exp(x) for x in (mean, mean - half, mean + half)]
            check(all(abs(a - b) < 0.002 for a, b in zip((share, low, high), want)),
                  f"{what}, {name}: {share} [{low}, {high}], by the turns {[round(x, 3) for x in want]}")
            check(name == "again" or share < 1.25 or low < 1, f"{what}, {name}: {share} [{low}, {high}] is no gain")
        share, low, high, _ = said["again"]
        # one interval in twenty does not hold 1, and four turns of a second say little
        check(0.8 * low <= 1 <= 1.25 * high, f"{what}, A/A: {share} [{low}, {high}]")
    check("kprobes: " in text and "attach " in text and "floor " in text, "the report says how it is attached")


def bench(conf, out, args):
    """What bench refuses and leaves behind, and what its two movers recorded."""
    cases(conf, out, args)
    for mover in "numa", "compact":
        run = load(f"{out}/{mover}.json")
        b, c, late = run["bench"], run["counters"], run["late_references"]
        check(b["mover"] == mover and b["readers"] == 1, f"{mover}: {b}")
        check(len(run["rounds"]) == 3 and not run["intervals"], f"{len(run['rounds'])} rounds")
        check(all(abs(r["duration_ns"] - 2e9) < 4e8 for r in run["rounds"]),
              f"of {[r['duration_ns'] for r in run['rounds']]} ns")
        for site in "migrate_norefs", "find_get_block":
            n = [r["sites"].get(site, {"hold": {"count": 0}})["hold"]["count"] for r in run["rounds"]]
            all_n = run["sites"][site]["hold"]["count"]
            # compaction moves what was read between its passes, and a pass can be longer than a round
            enough(min(n) > 0 if mover == "numa" else sum(n) > 0, f"{site} in every round: {n}")
            # counting goes on while the maps are read at the end of the last round
            check(0.9 * all_n <= sum(n) <= all_n, f"{site}: {sum(n)} in rounds of {all_n}")
            check(run["sites"][site]["floor_ns"] > 0, f"{site}: floor {run['sites'][site]['floor_ns']}")
        check(set(run["devices"]) == {"7:0"}, f"only the scratch device: {list(run['devices'])}")
        check(c["bench_entries"] > 0 and c["bench_fs_errors"] == c["bench_read_errors"] == 0,
              f"{c['bench_entries']} entries read, no errors")
        check(late["total"] == 0, f"late references: {late['total']}")
        sums(run)
        lossless(run)
