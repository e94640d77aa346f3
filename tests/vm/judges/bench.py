# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""`migtrace bench` in a guest (guest/bench_cases.sh)."""
from .base import cases, check, enough, load, lossless, sums


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
