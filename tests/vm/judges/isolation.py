# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Pages isolated by compaction, and truncated meanwhile."""
from .base import check, enough, exited, least, load, lossless, near, pairs, same
from .kernel_counts import reasons


def isolation(conf, out, args):
    """Files truncated under direct compaction, or (sync) under one that does not look at mappings."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    iso, looks, floor = run["isolations"], args.get("looks") != "0", least(args)
    exited(out, 0)
    taken = {k: v for k, v in iso.items() if k.startswith("taken")}
    near("pages taken", sum(taken.values()), count["iso_taken"])
    seen = [taken["taken_async"] + taken["taken_async_unevictable"], iso["dereferenced"],
            iso["mapping_gone"] + iso["mapping_exiting"]]
    for name in "dereferenced", "mapping_exiting", "moves":
        near(name, iso[name], count["iso_" + name])
    for name in "mapping_gone", "gone_at_move":  # few, and of the load alone
        same(name, iso[name], count["iso_" + name], share=0.01, few=1)
    text = f"taken without waiting, looked at, of them gone or exiting: {seen}"
    if looks:
        enough(min(seen[:2]) > 1000 * floor and (seen[2] > 0 or floor < 1), text)
    else:
        check(seen[0] <= 1000 and seen[1] <= 1000 and not seen[2], text)
    enough(iso["freed"] > 0, f"freed before the move: {iso['freed']}")
    # the kernel's: a difference of two counts, of which a kretprobe's may miss some
    same("freed before the move", iso["freed"], count["iso_freed"], share=0.02, few=10)
    reasons(run, count)
    enough(run["counters"]["buffers_calls"] > 1000 * floor, f"{run['migrations']['buffers']}")
    lossless(run)
