# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The kernel's LOCK_STAT as a yardstick."""
import os
import re

from .base import check, equal, load, lossless, pairs


def lock_stat(path):
    """Acquisitions and average hold (us) of the class &mapping->private_lock."""
    for line in open(path):
        m = re.match(r"\s*&mapping->private_lock:\s+(.*)", line)
        if m:
            v = m.group(1).split()
            return int(v[7]), float(v[11])
    return 0, 0.0


def lockstat(conf, out, args):
    """Counts against LOCK_STAT; error and perturbation of each clock, printed."""
    rounds = sorted({n.split(".")[0] for n in os.listdir(out) if n.endswith(".lock_stat")})
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
                check(n and abs(ours - n) <= 0.01 * n,
                      f"all sites, round {r}: migtrace {ours}, LOCK_STAT {n}")
                lossless(run)
            for site, key in (("migrate_norefs", "migrate"), ("find_get_block", "lookup")):
                s = run["sites"][site]
                if not s["hold"]["count"]:
                    continue
                if s["clock"] != "bracket":
                    equal(f"{clock}, round {r}: {site} sections", s["hold"]["count"],
                          t[key + "_holds"])
                mean = s["hold"]["sum_ns"] / s["hold"]["count"]
                true = t[key + "_hold_ns"] / t[key + "_holds"]
                print(f"# {clock:8} round {r} {site:15} clock {s['clock']:8} mean {mean:7.0f} ns,"
                      f" the kernel's {true:6.0f} ns: error {mean - true:+6.0f} ns"
                      f" (floor {s['floor_ns']}), LOCK_STAT's mean x {avg / base:.2f}")
