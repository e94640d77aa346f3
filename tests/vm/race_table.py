#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: race_table.py BEFORE-DIR AFTER-DIR

The side-by-side table of `make demo-race`, from run.json, truth, load and errors in each.
"""
import json
import sys


def quantile(hold, q):
    """The middle of the bucket in which the quantile lies, and the exact maximum for q = 1."""
    if q == 1:
        return hold["max_ns"]
    left = q * hold["count"]
    for low, high, count in hold["buckets"]:
        left -= count
        if left <= 0:
            return (low + high) / 2
    return hold["max_ns"]


def span(ns, floor=0):
    if ns < 3 * floor:
        return "<= " + span(3 * floor)
    for unit, size in (("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


class Side:
    def __init__(self, path):
        with open(path + "/run.json") as f:
            self.run = json.load(f)
        with open(path + "/load") as f:
            self.load = json.load(f)
        with open(path + "/truth") as f:
            self.truth = {k: int(v) for k, v in (line.split() for line in f)}
        with open(path + "/errors") as f:
            self.errors = len(f.readlines())
        self.late = self.run["late_references"]
        self.seconds = self.run["duration_ns"] / 1e9

    def span(self, site, kind, q):
        s = self.run["sites"][site]
        return span(quantile(s[kind], q), s["floor_ns"])

    def per_second(self, site, kind):
        """Milliseconds a second, all sections together."""
        return f"{self.run['sites'][site][kind]['sum_ns'] / 1e6 / self.seconds:.3g} ms/s"

    def kernel_mean(self, what):
        return span(self.truth[what + "_hold_ns"] / max(self.truth[what + "_holds"], 1))


def rows(s):
    behind, met = (sum(s.late[k].values()) for k in ("lookups_behind", "lookups_waited"))
    total = s.late["total"]
    bound = "-" if total or not met else f"1 in {met // 3}"
    tainted = sum(v for k, v in s.run["losses"].items() if k not in ("wait_start", "event_list", "recursion"))
    yield "errors and warnings of ext4", s.errors
    yield "late references, the kernel's count", s.truth["late_refs"]
    yield "late references, migtrace's count", total
    yield "  paired with the lookup", s.late["by_kind"]["slow_lookup"]
    yield "  by b_count at the window's end", s.late["by_kind"]["end_count"]
    yield "  possible ones beside them", s.late["possible"]
    yield "windows", s.late["windows"]
    yield "lookups during or right behind one", behind
    yield "  of them met one: N", met
    yield "none seen: 95 % upper bound 3/N", bound
    yield "losses that taint the verdict", tainted
    yield None
    for q, name in ((.5, "p50"), (.99, "p99"), (1, "max")):
        yield f"migrate_norefs hold {name}", s.span("migrate_norefs", "hold", q)
    yield "  held per second, all together", s.per_second("migrate_norefs", "hold")
    yield "  mean, by the kernel's own clock", s.kernel_mean("migrate")
    for q, name in ((.5, "p50"), (.99, "p99"), (1, "max")):
        yield f"find_get_block wait {name}", s.span("find_get_block", "wait", q)
    yield "  waited per second, all together", s.per_second("find_get_block", "wait")
    yield None
    yield "directory entries read per second", round(s.load["entries"] / s.load["seconds"])
    yield "pages moved per second", round(s.load["moves_ok"] / s.load["seconds"])


before, after = (Side(p) for p in sys.argv[1:3])
print(f"{'':38}{'before':>18}{'after':>18}")
print(f"{'':38}{'fix reverted':>18}{'fix in place':>18}")
for one, two in zip(rows(before), rows(after)):
    print(f"{one[0]:38}{one[1]:>18}{two[1]:>18}" if one else "-" * 74)
