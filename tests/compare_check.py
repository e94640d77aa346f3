#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: compare_check.py COMPARISON.json

The statistics of `compare --format json` once more, from its own values and the definitions: every
split of the pooled ranks is looked at, where migtrace counts them.
"""
import itertools
import json
import math
import sys


def median(v):
    v, n = sorted(v), len(v)
    return (v[(n - 1) // 2] + v[n // 2]) / 2


def rank_test(a, b):
    """U of the first sample, and the two-sided p over all splits of the midranks."""
    pool = sorted(a + b)
    rank = {x: pool.index(x) + (pool.count(x) + 1) / 2 for x in pool}
    ranks, middle = [rank[x] for x in a + b], len(a) * (len(pool) + 1) / 2
    seen = sum(ranks[:len(a)])
    far = sum(abs(sum(s) - middle) >= abs(seen - middle) - 1e-9
              for s in itertools.combinations(ranks, len(a)))
    return seen - len(a) * (len(a) + 1) / 2, far / math.comb(len(pool), len(a))


def holm(p):
    adjusted, worst = [0] * len(p), 0
    for k, i in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        worst = max(worst, min(1, (len(p) - k) * p[i]))
        adjusted[i] = worst
    return adjusted


def near(what, got, want):
    assert abs(got - want) <= 1e-9 * max(1, abs(want)), f"{what}: {got}, not {want}"


def main():
    with open(sys.argv[1]) as f:
        c = json.load(f)
    tested = [r for r in c["rows"] if r["tested"]]
    assert len(tested) == c["family"] > 0
    found = []
    for r in tested:
        a, b = r["before"]["values"], r["after"]["values"]
        what = f"{r['subject']} {r['metric']}"
        u, p = rank_test(a, b)
        near(what + " u", r["u"], u)
        near(what + " p", r["p"], p)
        near(what + " median", r["before"]["median"], median(a))
        near(what + " ratio", r["ratio"], median(b) / median(a))
        near(what + " difference", r["difference"]["estimate"],
             median([y - x for x in a for y in b]))
        found.append(p)
    for r, p in zip(tested, holm(found)):
        near("Holm", r["p_holm"], p)
        worse = r["difference"]["estimate"] > 0
        words = ("higher", "lower") if r["metric"] == "% behind moves" else ("worse", "better")
        want = "~" if p > c["alpha"] else words[not worse]
        assert r["verdict"] == want, f"{r['verdict']}, not {want}"
    holds = [r for r in tested if r["subject"] != "contention"]
    near("geomean", c["geomean"], math.exp(sum(math.log(r["ratio"]) for r in holds) / len(holds)))


main()
