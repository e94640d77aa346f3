# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Why the kernel migrated: results by its enum migrate_reason, against its own account (guest/why.sh)."""
import os
import re

from .base import check, enough, exited, least, load, lossless, same

FOR = {"numa": "syscall", "compact": "compaction", "offline": "memory_hotplug", "contig": "contig_range"}

# the movers that want a range empty first bring the pages there
PLACED = {"offline": ("syscall",), "contig": ("syscall",)}


def rows(path):
    """{reason: (number, number)} of lines of three words."""
    with open(path) as f:
        return {w[0]: (int(w[1]), int(w[2])) for w in (line.split() for line in f) if len(w) == 3}


def kernel_names(path):
    """{"3": "syscall"}, as the tracepoint's format has them."""
    with open(path) as f:
        words = f.read().split("REC->reason", 1)[1]
    return {n: w.replace("syscall_or_cpuset", "syscall") for n, w in re.findall(r'\{ *(\d+), *"(\w+)" *\}', words)}


def results(run, why):
    v = next((w for w in run.get("migrated_for", []) if w["why"] == why), None)
    return v, (sum(v["norefs"].values()), v["norefs"].get("ok", 0)) if v else (0, 0)


def as_kernel(out, mover, run):
    """Every attempt and every move, reason by reason."""
    spare = run["migrations"]["norefs"]["no_buffers"]
    names = kernel_names(f"{out}/format")
    true = {names.get(k, k): v for k, v in rows(f"{out}/{mover}.count").items()}
    for why in sorted(set(true) | {w["why"] for w in run.get("migrated_for", []) if sum(w["norefs"].values())}):
        _, (tried, moved) = results(run, why)
        k_tried, k_moved = true.get(why, (0, 0))
        for what, n, k in ("attempts", tried, k_tried), ("moved", moved, k_moved):
            check(k - spare - max(2, 0.005 * k) <= n <= k + max(2, 0.005 * k),
                  f"{mover}, {why}, {what}: migtrace {n} ({spare} without buffers), the kernel {k}")
    return true


def adds_up(mover, run):
    """Reasons are a partition of what is counted without them, and so are the holds."""
    for path in "norefs", "buffers":
        by_result = {}
        for w in run.get("migrated_for", []):
            for k, n in w[path].items():
                by_result[k] = by_result.get(k, 0) + n
        want = {k: n for k, n in run["migrations"][path].items() if n and k != "no_buffers"}
        check({k: n for k, n in by_result.items() if n} == want, f"{mover}, {path}: reasons add up to {want}")
        pages = sum(w[f"{path}_pages"] for w in run.get("migrated_for", []))
        first = run["attempts"][path][0]["tried"] if run["attempts"][path] else 0
        check(pages == first, f"{mover}, {path}: {pages} pages, {first} first attempts")
    same(f"{mover}: holds", sum(w["hold"]["count"] for w in run.get("migrated_for", [])),
         run["sites"]["migrate_norefs"]["hold"]["count"], few=4)


def why(conf, out, args):
    """Each mover raises its reason, and only that one but for what compacts on the way; as often as the kernel says."""
    for mover, reason in FOR.items():
        if not os.path.exists(f"{out}/{mover}.json"):
            continue
        exited(out, 0, f"{mover}.status")
        run = load(f"{out}/{mover}.json")
        lossless(run)
        with open(f"{out}/{mover}.overrun") as f:
            check(not any(int(line.split(":")[1]) for line in f if line.startswith("overrun")), f"{mover}: no record was lost")
        true = as_kernel(out, mover, run)
        adds_up(mover, run)
        floor = (5 if mover == "contig" else 20) * least(args)  # a page of 1 GiB takes seconds to make
        if not enough(true.get(reason, (0, 0))[1] >= floor, f"{mover}: the kernel moved {true.get(reason, (0, 0))[1]} for {reason}"):
            continue
        v, (tried, moved) = results(run, reason)
        check(moved > 0 and v["norefs_pages"] >= moved and v["hold"]["count"] >= moved,
              f"{mover}: {reason} has pages and holds: {v and (v['norefs_pages'], v['hold']['count'])}")
        others = {w["why"] for w in run.get("migrated_for", []) if sum(w["norefs"].values())} - {reason, "compaction", *PLACED.get(mover, ())}
        check(not others, f"{mover}: nothing for other reasons {others or ''}")
        ok = rows(f"{out}/{mover}.all").get(reason.replace("syscall", "syscall_or_cpuset"), (0, 0))[0]
        check(moved <= ok, f"{mover}, {reason}: {moved} moved, of {ok} pages of any kind by the tracepoint")
        check(f"{reason} " in open(f"{out}/{mover}.txt").read(), f"{mover}: in the report")
