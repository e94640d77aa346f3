# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Blocks whose references stop migrations (guest/pinned.sh)."""
import re

from .base import check, enough, exited, load, lossless, pairs, same


def shown(blocks):
    return {f"{b['block']} {b['is']}": (b["tries"], b["journal"], b.get("in_lru"), (b["last_taken"] or {}).get("comm"))
            for b in blocks}


def whole(name, run):
    """Each failure has a block, as far as they are listed; the most stubborn come first."""
    blocks, why = run["pinned"], run["migrations"]["norefs"]
    tries = [b["tries"] for b in blocks]
    check(tries == sorted(tries, reverse=True), f"{name}: most tries first: {tries[:6]}")
    check(all(0 < b["first_ns"] <= b["last_ns"] <= run["duration_ns"] + 10**9 and b["journal"] <= b["tries"] for b in blocks),
          f"{name}: first and last")
    # one buffer a page; a reference can be gone by the time that it is looked at
    same(f"{name}: failures by blocks", run["pinned_tries"], why["busy"] + why["journal"], share=0.005, few=3)
    check(sum(tries) <= run["pinned_tries"], f"{name}: {len(tries)} blocks listed, {run['pinned_not_listed']} more")


def pinned(conf, out, args):
    """A mounted superblock, a journal under load and a directory that is read in a loop are told apart."""
    exited(out, 0)
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    blocks = run["pinned"]
    print(shown(blocks[:12]))
    whole("full", run)
    lossless(run)
    supers = [b for b in blocks if b["is"] == "superblock"]
    # ten tries a round: of one or two rounds little else can be said
    if not enough(count["zero"] >= 30, f"the superblock's page was to migrate: {count['zero']}"):
        return
    check(len(supers) == 1, f"the superblock: {shown(supers)}")
    for b in supers:
        check(b["block"] == 0 and b["block_bytes"] == 4096, "is block 0")
        same("its tries", b["tries"], count["zero"], share=0.005, few=2)
        check(not b["last_taken"] and not b.get("in_lru"), "nobody looked it up, no LRU had it")
        enough(b["last_ns"] - b["first_ns"] > 10**8, f"it stays: {b['first_ns']} to {b['last_ns']}")
    held = [b for b in blocks if b["is"] == "descriptors"]
    enough(held, f"group descriptors: {shown(held)}")
    listed = [b for b in blocks if b["is"] == "directory" and (b["last_taken"] or {}).get("comm") == "lister" and not b["journal"]]
    enough(any(b["is"] == "directory" for b in blocks), "directories")
    check(listed, f"the directory that is read: {shown(listed[:4])}")
    check(all(b["last_taken"]["stack"] for b in listed), f"with stacks: {listed[0]['last_taken']['stack'][:3] if listed else ''}")
    check(all("in_lru" in b for b in blocks), "where CPUs have their last ones is known")
    lru = sum(b["in_lru"] for b in listed)
    if args.get("lru") == "1":
        enough(lru, f"they have its blocks among them: {lru}")
    else:
        check(not lru, f"which move_pages keeps empty: {lru}")
    journal = [b for b in blocks if b["journal"] >= 0.9 * b["tries"] and b["is"] != "superblock"]
    enough(journal and sum(b["journal"] for b in journal) >= 100, f"a journal's: {shown(journal[:6])}")
    check({b["is"] for b in journal} & {"inode_table", "bitmap", "directory"}, f"are {sorted({str(b['is']) for b in journal})}")
    with open(f"{out}/report.txt") as f:
        text = f.read()
    check(re.search(rf"^PINNED .*\n\S.* \([0-9]+:[0-9]+\)\n  {blocks[0]['block']} +{blocks[0]['is'] or '-'} ", text, re.M), "in the report")
    with open(f"{out}/run.prom") as f:
        n = len(blocks) + run["pinned_not_listed"]
        check(f"migtrace_pinned_blocks {n}\n" in f.read(), f"as a metric: {n}")
    light = load(f"{out}/light.json")
    whole("light", light)
    check(not any(b["last_taken"] for b in light["pinned"]), "light: nobody is seen looking up")
    enough(any(b["is"] == "superblock" for b in light["pinned"]), f"light: {shown(light['pinned'][:3])}")
    idle = load(f"{out}/idle.json")
    enough(idle["migrations"]["norefs"]["ok"] > 100, f"not read: {idle['migrations']['norefs']['ok']} pages moved")
    check(idle["pinned"] == [], f"not read: nothing is pinned {shown(idle['pinned'][:3]) or ''}".strip())
    check("pinned" not in load(f"{out}/plain.json"), "not asked for, not there")
    with open(f"{out}/export.prom") as f:
        check(re.search(r"^migtrace_pinned_blocks \d+$", f.read(), re.M), "exported")
