# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Twenty minutes of everything: no drift, no leak, no word from the kernel (guest/soak.sh)."""
import json
import re

from .base import check, enough, load, lossless, sums

TROUBLE = re.compile(r"WARNING|BUG|Oops|Call Trace|lockup|stall|hung task|RCU", re.I)


def states(path):
    with open(path) as f:
        rows = (line.split() for line in f)
        return {r[0]: {k: int(v) for k, v in zip(r[1::2], r[2::2])} for r in rows}


def soak(conf, out, args):
    run = load(f"{out}/run.json")
    sums(run)
    lossless(run)
    check(run["late_references"]["total"] == 0, f"late references: {run['late_references']['total']}")
    seconds = int(args.get("seconds", 0))
    check(run["duration_ns"] >= 0.95e9 * seconds, f"{run['duration_ns'] / 1e9:.0f} s of {seconds}")
    with open(f"{out}/loads") as f:
        loads = [json.loads(line) for line in f]
    for what in "moves_ok", "getdents", "completions", "truncated", "storm_ops":
        enough(sum(v[what] for v in loads) > 0, f"{what}: {sum(v[what] for v in loads)} in {len(loads)} loads")
    rows = [n for n, s in run["sites"].items() if s["clock"]]
    seen = [n for n in rows if run["sites"][n]["acquires"]]
    enough(len(seen) >= 6, f"sections at {len(seen)} of {len(rows)} sites: {seen}")
    with open(f"{out}/dmesg") as f:
        trouble = [line.strip() for line in f if TROUBLE.search(line)]
    check(not trouble, f"the kernel's log is quiet {trouble[:3] or ''}".strip())
    state = states(f"{out}/state")
    for what in ("progs", "maps", "kprobes", "enabled"):
        a, b = state["before"][what], state["after"][what]
        check(a == b, f"{what} before and after: {a}, {b}")
    for what, room in (("slab_kb", 8192), ("percpu_kb", 512), ("vmalloc_kb", 2048)):
        a, b = state["before"][what], state["after"][what]
        check(b - a <= room, f"{what} before and after: {a}, {b}")
    for who in ("record", "export"):
        with open(f"{out}/rss") as f:
            kb = [int(r[2]) for r in (line.split() for line in f) if r[0] == who and len(r) == 3]
        # the first minutes fill lists of events and names; what grows after that would go on growing
        late = kb[len(kb) // 3:]
        enough(len(late) > 10, f"{who}: memory read {len(kb)} times")
        check(late and max(late) - late[0] <= 512, f"{who}: {late[0]} kB at a third, at most {max(late)}")
    with open(f"{out}/export.log") as f:
        said = f.read().strip()
    check(not said, f"export said nothing {said[:200]}".strip())
