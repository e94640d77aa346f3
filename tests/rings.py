#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: rings.py [CHECK.json]

The table of rings in tests/README.md: which case is in which, and the seconds it took in the run that
build/check.json is of. With CHECK.json it writes the seconds of that run's cases; without, it sees that
the table has all cases of the list in their rings. Last line: "N passed, N failed".
"""
import json
import os
import re
import sys

from runner.caselist import TESTS, read_cases
from runner.phases import NAMES

README = f"{TESTS}/README.md"
BEGIN, END = "<!-- rings: made by tests/rings.py -->\n", "<!-- /rings -->\n"


def kept(text):
    """{case: its cells from "result" on} of the table that is there."""
    rows = re.findall(r"^\| (\S+) \| \S* \| \S* \| (.*) \|$", text, re.M)
    return {name: cells for name, cells in rows if name not in ("case", "---")}


def row(case, cells):
    return f"| {case.name} | {case.ring} | {'+'.join([case.kernel] + case.switches)} | {cells} |\n"


def cells_of(result):
    spent = [f"{result['seconds'].get(n, 0):.0f}" for n in NAMES]
    return f"{result['passed']} | {sum(result['seconds'].values()):.0f} | " + \
        " | ".join("" if s == "0" else s for s in spent)


def main():
    with open(README) as f:
        whole = f.read()
    begin, end = whole.index(BEGIN) + len(BEGIN), whole.index(END)
    old = kept(whole[begin:end])
    if len(sys.argv) > 1:
        with open(sys.argv[1]) as f:
            old.update({n: cells_of(r) for n, r in json.load(f)["cases"].items() if not r["failed"]})
    text = f"| case | ring | kernel | passed | seconds | {' | '.join(NAMES)} |\n|{'---|' * (5 + len(NAMES))}\n"
    text += "".join(row(c, old.get(c.name, f" | {'| ' * len(NAMES)}".rstrip())) for c in read_cases())
    if len(sys.argv) > 1 or os.environ.get("UPDATE_GOLDEN"):
        with open(README, "w") as f:
            f.write(whole[:begin] + text + whole[end:])
        return 0
    good = whole[begin:end] == text
    print("ok   the table of rings" if good else "FAIL tests/README.md: tests/rings.py build/check.json writes it")
    print(f"{int(good)} passed, {int(not good)} failed")
    return not good


sys.exit(main())
