# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges recordings during which something happened to the machine (guest/hard.sh)."""
from .base import cases, check, enough, exited, fail_on_race, load, lossless, same, sums


def hard(conf, out, args):
    """Recordings to which something happened: what they counted is right all the same."""
    cases(conf, out, args)
    for name in "hotplug", "online", "outer", "inner", "unload", "next-INT", "next-KILL", "after":
        run = load(f"{out}/{name}.json")
        apart = {k: (s["acquires"], s["releases"]) for k, s in run["sites"].items()
                 if s.get("acquires", 0) != s.get("releases", 0)}
        check(not apart, f"{name}: as many acquires as releases {apart or ''}".strip())
        enough(run["counters"]["norefs_calls"] > 100, f"{name}: {run['counters']['norefs_calls']} migrations")
        enough(run["counters"]["lookup_calls"] > 1000, f"{name}: {run['counters']['lookup_calls']} lookups")
        check(run["late_references"]["total"] == 0, f"{name}: late references: {run['late_references']['total']}")
        sums(run)
        lossless(run)
    for name in "small-full", "small-light":
        run = load(f"{out}/{name}.json")
        lost = {k: v for k, v in run["losses"].items() if v}
        check("map_full" in lost or "table_full" in lost, f"{name}: found no room: {lost}")
        exited(out, fail_on_race(run), f"{name}.status")
    a, b = load(f"{out}/outer.json"), load(f"{out}/inner.json")
    for key in "norefs_calls", "switch_locked", "lookup_calls":
        same(f"two at once, {key}", a["counters"][key], b["counters"][key])
    for site in "migrate_norefs", "find_get_block":
        same(f"two at once, sections of {site}", a["sites"][site]["hold"]["count"],
             b["sites"][site]["hold"]["count"])
    run = load(f"{out}/hotplug.json")
    n = sum(i["hold"]["count"] for i in run["sites"].values())
    enough(n > 10000, f"hotplug: {n} sections")
    # a CPU that came late counts as much as others
    same("hotplug: pages moved, by the load's own tally", run["migrations"]["norefs"]["ok"], load(f"{out}/hotplug.load")["moves_ok"])
