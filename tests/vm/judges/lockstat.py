# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The kernel's LOCK_STAT as a yardstick."""
import os
import re

from .base import check, enough, equal, load, lossless, pairs
from .kernel_counts import as_long


def lock_stat(path):
    """Acquisitions and average hold (us) of the class &mapping->private_lock."""
    for line in open(path):
        m = re.match(r"\s*&mapping->private_lock:\s+(.*)", line)
        if m:
            v = m.group(1).split()
            return int(v[7]), float(v[11])
    return 0, 0.0


def takers(path):
    """{function: how often it took the lock}, of a histogram of stacks of lock_acquire (kernel's hist triggers)."""
    found, frames, dropped = {}, [], 0
    for line in open(path):
        if m := re.match(r"\s+([\w.]+)\+0x", line):
            frames.append(m.group(1))
        elif m := re.match(r"\} hitcount:\s+(\d+)", line):
            func = next((f for f in frames if not re.fullmatch(r"lock_acquire|_raw_spin_lock|__traceiter_.*|event_.*|.*trace_event.*", f)), "?")
            found[func] = found.get(func, 0) + int(m.group(1))
            frames = []
        elif m := re.match(r"\s+Dropped: (\d+)", line):
            dropped = int(m.group(1))
    check(not dropped, f"the kernel's own list of who takes the lock: {dropped} dropped")
    return found


def attributed(out):
    """Nobody takes the lock whom no site has, and the sites together are what LOCK_STAT counted."""
    places, run = load(f"{out}/sites.json")["places"], load(f"{out}/0.who.json")
    sites = {p["place"].split("+")[0]: p["site"] for p in places if p["site"]}
    found, of_site = takers(f"{out}/0.who.takers"), {}
    for func, n in sorted(found.items(), key=lambda f: -f[1]):
        check(func in sites, f"{func} took the lock {n} times: site {sites.get(func)}")
        of_site[sites.get(func)] = of_site.get(sites.get(func), 0) + n
    enough(len(of_site) > 2, f"sites of those who took it: {len(of_site)}")
    for site, n in of_site.items():
        if site:
            summed(f"{site}, by the kernel's tracepoint", run["sites"][site]["hold"]["count"], n)
    summed("all who took it, by the kernel's tracepoint", sum(found.values()), lock_stat(f"{out}/0.who.lock_stat")[0])


def summed(what, ours, theirs):
    """Ours begins some milliseconds ahead of the kernel's count and ends as much behind it."""
    check(theirs and theirs <= ours <= theirs + 20 + theirs // 2000, f"{what}: {ours}, the kernel {theirs}")


def lockstat(conf, out, args):
    """Counts against LOCK_STAT; error and perturbation of each clock, printed."""
    attributed(out)
    rounds = sorted({n.split(".")[0] for n in os.listdir(out) if n.endswith(".off.lock_stat")})
    off = [lock_stat(f"{out}/{r}.off.lock_stat")[1] for r in rounds]
    base = sum(off) / len(off)
    print(f"# LOCK_STAT's own average hold without migtrace: {base:.2f} us")
    for clock in ("all", "site", "lock", "bracket"):
        for r in rounds:
            run = load(f"{out}/{r}.{clock}.json")
            n, avg = lock_stat(f"{out}/{r}.{clock}.lock_stat")
            t = pairs(f"{out}/{r}.{clock}.truth")
            ours = sum(s["hold"]["count"] for s in run["sites"].values())
            if clock == "all":
                summed(f"all sites, round {r}", ours, n)
                lossless(run)
            for site, key in (("migrate_norefs", "migrate"), ("find_get_block", "lookup")):
                s = run["sites"][site]
                asked = "site" if clock == "all" or (clock, key) == ("bracket", "lookup") else clock
                check(s["clock"] == asked, f"{clock}, round {r}: {site} by clock {s['clock']}")
                if s["clock"] != "bracket":
                    equal(f"{clock}, round {r}: {site} sections", s["hold"]["count"],
                          t[key + "_holds"])
                    as_long(f"{clock}, round {r}: {site}", s, t, key)
                mean = s["hold"]["sum_ns"] / s["hold"]["count"]
                true = t[key + "_hold_ns"] / t[key + "_holds"]
                print(f"# {clock:8} round {r} {site:15} clock {s['clock']:8} mean {mean:7.0f} ns,"
                      f" the kernel's {true:6.0f} ns: error {mean - true:+6.0f} ns"
                      f" (floor {s['floor_ns']}), LOCK_STAT's mean x {avg / base:.2f}")
