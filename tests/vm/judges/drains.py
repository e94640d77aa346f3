# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What empties LRUs, and norefs migrations right behind it, against the kernel's own kprobe events (guest/drains.sh)."""
import os

from .base import check, enough, exited, load, lossless, pairs, promised, same

# what the load's own task asks for, and in which function the kernel does
CALLERS = {"numa": ("kernel_move_pages", "do_pages_move", "__x64_sys_move_pages", "__do_sys_move_pages", "migrate_prep"),
           "compact": ("compact_nodes", "compact_store", "sysfs_compact_node", "sysctl_compaction_handler")}


def near(what, ours, theirs):
    same(what, ours, theirs, share=0.005, few=3)


def as_kernel(name, run, count):
    by = run["drains"]["by"]
    asked = count["lru_add_drain_all"] + count.get("lru_cache_disable", 0)
    near(f"{name}, all", by["all"], asked)
    near(f"{name}, buffers", by["buffers"], count["invalidate_bh_lrus"])
    check(("batch" in by) == any(p["probe"] == "drain_batch" and p["attached"] for p in run["probes"]), f"{name}: {by}")
    if "batch" in by and "batch" in count:
        mine = [c for c in run["drains"]["callers"] if (c["what"], c["comm"]) == ("batch", "load")]
        near(f"{name}, batches of the load", sum(c["count"] for c in mine), count["batch"])
        same(f"{name}, their folios", sum(c["folios"] for c in mine), count.get("folios", 0), share=0.005, few=4)


def adds_up(name, run):
    d = run["drains"]
    after = {k: sum(v.values()) for k, v in d["norefs_after"].items()}
    norefs = {k: v for k, v in run["migrations"]["norefs"].items() if k != "no_buffers"}
    check(sum(v for k, v in after.items() if k != "itself") == sum(norefs.values()),
          f"{name}: {after} are all of {sum(norefs.values())} norefs migrations")
    for reason, n in norefs.items():
        parts = sum(v.get(reason, 0) for k, v in d["norefs_after"].items() if k != "itself")
        if parts != n:
            check(False, f"{name}: {reason}: {parts} of {n}")
    listed = sum(c["count"] for c in d["callers"]) + d["callers_not_listed"]
    check(listed == sum(d["by"].values()), f"{name}: callers add up: {listed} of {d['by']}")
    check(all(c["function"] and c["comm"] for c in d["callers"]), f"{name}: each has a name")


def itself(name, run, count):
    """A migration that finds a buffer referenced empties the LRUs, once."""
    mine = sum(run["drains"]["norefs_after"]["itself"].values())
    # where ours is a kretprobe, the kernel's event finds its trampoline in place of the caller
    true = count["by_norefs"] or (count["invalidate_bh_lrus"] if name == "forced" else 0)
    near(f"{name}, by norefs migrations", mine, true)
    listed = sum(c["count"] for c in run["drains"]["callers"]
                 if c["what"] == "buffers" and c["function"].startswith(("__buffer_migrate_", "buffer_migrate_")))
    near(f"{name}, listed as such", listed, true)


def drains(conf, out, args):
    """A load that asks for drains is seen doing it; one that moves nothing asks for none."""
    works = sorted(f[:-6] for f in os.listdir(out) if f.endswith(".count"))
    print(works)
    for work in works:
        exited(out, 0, f"{work}.status")
        run, count = load(f"{out}/{work}.json"), pairs(f"{out}/{work}.count")
        promised(conf, count, "batch")
        as_kernel(work, run, count)
        adds_up(work, run)
        itself(work, run, count)
        lossless(run)
        mine = [c for c in run["drains"]["callers"] if c["what"] == "all" and c["comm"] == "load"]
        after = {k: sum(v.values()) for k, v in run["drains"]["norefs_after"].items()}
        mover = args.get("first", "numa") if work == "forced" else work
        if mover == "none":
            check(not mine and run["drains"]["by"]["all"] <= 1, f"none: {run['drains']['by']}, by the load {mine}")
            check(not any(after.values()), f"none: no migration: {after}")
            continue
        if not enough(sum(c["count"] for c in mine) >= 10, f"{work}: the load asks for {sum(c['count'] for c in mine)}"):
            continue
        check(any(c["function"].split(".")[0] in CALLERS[mover] for c in mine), f"{work}: in {[c['function'] for c in mine]}")
        check(all(c["stack"] for c in mine), f"{work}: with a stack: {mine[:1]}")
        if work == "numa":  # compaction drains long before it moves
            enough(after["all"] >= 1, f"{work}: migrations behind one: {after}")
        with open(f"{out}/{work}.txt") as f:
            text = f.read()
        check("\nDRAINS " in text and ("\nNOREFS AFTER " in text) == any(after.values()), f"{work}: in the report")
    rest(out)


def rest(out):
    plain = load(f"{out}/plain.json")
    check("drains" not in plain and not any(p["probe"].startswith("drain_") for p in plain["probes"]), "not asked for, not there")
    with open(f"{out}/last.prom") as f:
        text = f.read()
    check('migtrace_lru_drains_total{what="all"}' in text and 'migtrace_norefs_after_drain_total{after="none",result="moved"}' in text,
          "as metrics")
    with open(f"{out}/last.html") as f:
        check('id="drains"' in f.read(), "on the page")
    exited(out, 0, "light.status")
    light = load(f"{out}/light.json")
    adds_up("light", light)
    enough(light["drains"]["by"]["all"] > 0, f"light: {light['drains']['by']}")
    batch = next(p for p in load(f"{out}/light.json")["probes"] if p["probe"] == "drain_batch")
    with open(f"{out}/doctor.txt") as f:
        said = "no tracepoint mm_lru_add_drain" in f.read()
    check(said != batch["attached"], f"doctor says whether batches are told of: {batch['attached']}")
