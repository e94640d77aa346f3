# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges what PREEMPT_RT alone has."""
from judge_base import check, enough


def owners(run, out):
    """Only PREEMPT_RT lets a spinlock's owner be switched out: there it is, and nowhere else a row."""
    rt = "preempt_rt" in run["kernel"]["instruments"]
    n = {k: (s["switched_out"], s["hold"]["count"]) for k, s in run["sites"].items() if "switched_out" in s}
    with open(f"{out}/report.txt") as f, open(f"{out}/light-last.prom") as g:
        shown = ["\nowners " in f.read(), "\nmigtrace_holds_switched_out_total{" in g.read()]
    check(shown == [rt, rt], f"owners in the report and the metrics: {shown}")
    if not rt:
        check(not n, "nobody is switched out under a spinlock here")
        return
    timed = {k for k, s in run["sites"].items() if s["clock"] == "site"}
    check(set(n) == timed and all(a <= b for a, b in n.values()), f"owners switched out, of holds: {n}")
    for site in "migrate_norefs", "find_get_block":
        enough(n[site][0] > 0, f"{site}: {n[site][0]} of {n[site][1]}")
