#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: make_runs.py BASE.json DIR NAME N SEED LONGER

N run files DIR/NAME-1.json... for the tests of compare: BASE's recording as other boots of the same
kernel would give it. LONGER: the share of each bucket's holds that goes to the next bucket, beside
one or two percent that differ from boot to boot.
"""
import copy
import json
import random
import sys


def longer(hist, share):
    """Moves a share of every bucket to the next one; count, min and max stay what they are."""
    b, sum_ns = hist["buckets"], 0
    for i in reversed(range(len(b) - 1)):
        n = round(b[i][2] * share)
        b[i][2] -= n
        b[i + 1][2] += n
    hist["buckets"] = [x for x in b if x[2]]
    for low, high, n in hist["buckets"]:
        sum_ns += n * (low + high) // 2
    hist["sum_ns"] = min(max(sum_ns, hist["count"] * hist["min_ns"]),
                         hist["count"] * hist["max_ns"])


def boot(base, name, rng, share):
    run = copy.deepcopy(base)
    run["kernel"]["boot_id"] = "%08x-0000-4000-8000-%012x" % (rng.getrandbits(32), rng.getrandbits(48))
    run["start"] = "2026-11-21T%02d:%02d:%02dZ" % tuple(rng.randrange(n) for n in (24, 60, 60))
    run["intervals"], run["rounds"], run["devices"] = [], [], {}
    run["kernel"]["instruments"] = []
    run["losses"] = {k: 0 for k in run["losses"]}
    for site in run["sites"].values():
        site.pop("by_outcome", None)
        site["worst"] = []
        for kind in "hold", "wait":
            longer(site[kind], share + 0.02 * rng.random())
    with open(name, "w") as f:
        json.dump(run, f)


def main():
    base, folder, name, n, seed, share = sys.argv[1:]
    rng = random.Random(int(seed))
    with open(base) as f:
        base = json.load(f)
    for i in range(int(n)):
        boot(base, f"{folder}/{name}-{i + 1}.json", rng, float(share))


main()
