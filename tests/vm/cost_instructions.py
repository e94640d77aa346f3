#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: cost_instructions.py OUT-DIR

Guest instructions of a page's move and of a pass of lookups (one read of the large directory), alone and
with each instrument, from OUT-DIR/cost-instructions; held against tests/data/cost-instructions.json:
more than 3 % above it fails. UPDATE_GOLDEN=1 writes that file. Last line: "N passed, N failed".
Exceptions cost more than their instructions, on every machine.
"""
import json
import os
import sys

from cost_table import NAMES, Guest

KEPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data", "cost-instructions.json")
NS = 8  # of an instruction: bench-cost.sh's ICOUNT=3
ROOM = 1.03
WHAT = {"moves": "moves_ok", "lookups": "getdents"}


def instructions(g):
    """{instrument: {"moves": instructions, "lookups": instructions}} of those that ran."""
    rows = {}
    for name in NAMES:
        rates = {what: g.rate("1", name, key, what) for what, key in WHAT.items()}
        if all(rates.values()):
            rows[name] = {what: round(1e9 / NS / rate) for what, rate in rates.items()}
    return rows


def share(rows, name, what):
    return rows[name][what] / rows["alone"][what] - 1


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    rows = instructions(Guest(f"{sys.argv[1]}/cost-instructions"))
    if os.environ.get("UPDATE_GOLDEN") and rows:
        with open(KEPT, "w") as f:
            json.dump(rows, f, indent=1)
            f.write("\n")
    with open(KEPT) as f:
        kept = json.load(f)
    passed = failed = 0
    print(f"  {'guest instructions':28} {'a move':>16} {'kept':>7} {'a lookups pass':>18} {'kept':>7}")
    for name, old in kept.items():
        new = rows.get(name)
        good = new and all(new[what] <= ROOM * old[what] for what in WHAT)
        passed, failed = passed + bool(good), failed + (not good)
        cells = "".join(f" {new[w]:9d} {share(rows, name, w):+6.1%} {old[w]:7d}{'' if w == 'lookups' else '  '}"
                        for w in WHAT) if new else " did not run"
        print(f"{'ok' if good else 'not ok'} - {NAMES[name]:28}{cells}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0 or not passed


if __name__ == "__main__":
    sys.exit(main())
