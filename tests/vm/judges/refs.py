# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""References of every folio that migrates, against the kernel's own kprobe events (guest/refs.sh)."""
import os

from .base import check, enough, exited, load, lossless, pairs, promised, same

RESULTS = ("moved", "early", "switch", "other")
# what each load moves
LOADED = {"gup": ("file", "anonymous"), "fixed": ("file", "anonymous"), "memory": ("file", "anonymous"),
          "getdents": ("buffers",), "aio": ("aio_ring",)}


def near(what, ours, theirs):
    same(what, ours, theirs, share=0.005, few=3)


def total(refs, key):
    return sum(v[key] for v in refs.values())


def given_up(v):
    return sum(a["given_up"] for a in v["by_attempt"])


def mismatches(v):
    return v["early"] + v["switch"]


def adds_up(name, run):
    for kind, v in run["references"].items():
        tried, moved = (sum(a[k] for a in v["by_attempt"]) for k in ("tried", "moved"))
        folios = v["by_attempt"][0]["tried"] if v["by_attempt"] else 0
        check(sum(v[r] for r in RESULTS) == v["attempts"] == tried and moved == v["moved"] and
              moved + given_up(v) == folios,
              f"{name}, {kind}: {v['attempts']} attempts at {folios} folios, {[v[r] for r in RESULTS]}, given up {given_up(v)}")
        listed = {c: sum(r["count"] for r in run["reference_counts"] if (r["kind"], r["check"]) == (kind, c))
                  for c in ("early", "switch")}
        check(all(listed[c] == v[c] for c in listed), f"{name}, {kind}: counts are listed: {listed}")
        check(v["early_checked"] or not v["early"], f"{name}, {kind}: no early check, and none failed")


def as_kernel(name, refs, count):
    near(f"{name}, attempts", total(refs, "attempts"), count["move"])
    near(f"{name}, moved", total(refs, "moved"), count["moved"])
    near(f"{name}, came to the switch", total(refs, "came_to_switch"), count["switch"])
    near(f"{name}, failed there", total(refs, "switch"), count["frozen"])
    for kind, v in refs.items():
        if f"move_{kind}" not in count:
            continue
        near(f"{name}, {kind}, attempts", v["attempts"], count[f"move_{kind}"])
        near(f"{name}, {kind}, came to the switch", v["came_to_switch"], count[f"switch_{kind}"])
        if f"again_{kind}" not in count:
            continue
        near(f"{name}, {kind}, failed there", v["switch"], count[f"frozen_{kind}"])
        again, frozen = count[f"again_{kind}"], count[f"frozen_{kind}"]
        if kind in ("anonymous", "file"):  # nothing else sends them back
            near(f"{name}, {kind}, failed ahead of it", v["early"], again - frozen)
        else:
            check(v["early"] <= (again - frozen) * 1.005 + 3, f"{name}, {kind}, failed ahead of it: {v['early']} of {again - frozen}")


def few(n, of):
    """Other tasks' pages are among those that move."""
    return n <= max(2, 0.001 * of)


def transient(run):
    """By GUP-fast and its like: wrong now, right the next time."""
    v = run["references"]["file"]
    later = sum(a["moved"] for a in v["by_attempt"][1:])
    enough(mismatches(v) >= 10, f"gup: {mismatches(v)} counts were wrong")
    enough(later >= 1, f"gup: {later} folios were moved by a later attempt")
    folios = v["by_attempt"][0]["tried"]
    check(given_up(v) <= 0.02 * folios, f"gup: {given_up(v)} of {folios} were given up, which are few")


def lasting(run):
    """Fixed buffers: wrong each time, to the end. 5.10 makes its attempts at anonymous ones, later kernels none."""
    kinds = [k for k in ("file", "anonymous") if mismatches(run["references"][k])]
    check(kinds, f"fixed: {kinds} had wrong counts")
    for kind in kinds:
        v = run["references"][kind]
        enough(v["by_attempt"][0]["tried"] >= 64, f"fixed, {kind}: {v['by_attempt'][0]['tried']} folios")
        folios = v["by_attempt"][0]["tried"]  # some are not ours
        check(given_up(v) >= 0.95 * folios and v["moved"] <= 0.001 * v["attempts"] + 20,
              f"fixed, {kind}: all given up: {given_up(v)} of {folios}")
    right = sum(r["right_at_end"] for r in run["reference_counts"] if r["kind"] in kinds)
    check(few(right, sum(mismatches(run["references"][k]) for k in kinds)), f"fixed: never right again: {right}")


def none(run):
    for kind in "file", "anonymous":
        v = run["references"][kind]
        enough(v["moved"] >= 1000, f"memory, {kind}: {v['moved']} moved")
        check(few(mismatches(v), v["moved"]) and few(given_up(v), v["moved"]),
              f"memory, {kind}: {mismatches(v)} of {v['moved']} wrong, {given_up(v)} given up")


def refs(conf, out, args):
    """A load that has references for an instant, one that has them for good, one without; buffers, aio rings."""
    works = sorted(f[:-6] for f in os.listdir(out) if f.endswith(".count"))
    check(set(args.get("loads", "gup,fixed").split(",")) <= set(works), f"recorded: {works}")
    for work in works:
        exited(out, 0, f"{work}.status")
        run, count = load(f"{out}/{work}.json"), pairs(f"{out}/{work}.count")
        adds_up(work, run)
        promised(conf, count, "again_")
        as_kernel(work, run["references"], count)
        lossless(run)
        some = [k for k in LOADED[work] if run["references"][k]["attempts"] >= 200]
        enough(some, f"{work}: moves {some}")
        judge = {"gup": transient, "fixed": lasting, "memory": none}.get(work)
        if judge:
            judge(run)
        with open(f"{out}/{work}.txt") as f:
            check("\nREFERENCES " in f.read(), f"{work}: in the report")
    plain = load(f"{out}/plain.json")
    check("references" not in plain and not any(p["probe"].startswith("refs_") for p in plain["probes"]),
          "not asked for, not there")
    with open(f"{out}/last.prom") as f:
        check('migtrace_reference_attempts_total{mapping="file",result="moved"}' in f.read(), "as metrics")
    exited(out, 2, "light.status")
