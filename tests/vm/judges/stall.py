# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Waits that last: waiter and owner are named with their stacks while they do, and nothing is without them."""
import json

from .base import check, enough, exited, load
from .export import prom

OVER = 2e9  # watch --stall


def told(out, name):
    with open(f"{out}/watch.{name}") as f:
        lines = [json.loads(line) for line in f if line.startswith("{")]
    return ([v for v in lines if v.get("type") == "stall"], [v for v in lines if v.get("type") == "stall_end"])


def has(stack, *names):
    return any(frame.startswith(name) for frame in stack for name in names)


def sat_on(out, what, held):
    """The mover waits for what the sitter has."""
    exited(out, 0, f"status.{what}")
    begun, ended = told(out, what)
    mine = [v for v in begun if v["what"] == f"{what}_lock" and v["waiter"]["comm"] == "mover"]
    check(mine, f"{what}: {len(mine)} stalls of the mover of {len(begun)}")
    for v in mine[:1]:
        check(OVER <= v["wait_ns"] <= OVER + 1e9, f"{what}: told after {v['wait_ns'] / 1e9:.2f} s, within 1 s of 2 s")
        check(v["who"] == "migration" and has(v["waiter"]["stack"], "migrate_pages"), f"{what}: by a migration")
        check(v["device"] == "nbd0" and v["block"] is not None, f"{what}: on {v['device']}, block {v['block']}")
        owner = v["owner"] or {"comm": None, "stack": []}
        check(owner["comm"] == "sitter", f"{what}: the owner is {owner['comm']}: {v['owner_how']}")
        check(has(owner["stack"], "blk_mq_get_tag", "__blk_mq_alloc_requests", "blk_mq_submit_bio"),
              f"{what}: it sleeps at the disk: {owner['stack'][:6]}")
        over = [e for e in ended if e["waiter"]["pid"] == v["waiter"]["pid"] and e["what"] == v["what"]]
        check(over and held - 3 <= over[0]["wait_ns"] / 1e9 <= held + 3,
              f"{what}: over after {[round(e['wait_ns'] / 1e9, 2) for e in over]} s of {held}")


def spun(begun, ended, what, who, held):
    """One of those that wait for what the move has, and for how long."""
    mine = [v for v in begun if (v["what"], v["who"]) == (what, who)]
    check(mine, f"{len(mine)} stalls of {who} for {what} of {len(begun)}")
    for v in mine[:1]:
        check(1e9 <= v["wait_ns"] <= 2e9, f"told after {v['wait_ns'] / 1e9:.2f} s, within 1 s of 1 s")
        check(has(v["waiter"]["stack"], "__find_get_block", "find_get_block_common"), f"waits in {v['waiter']['stack'][:4]}")
        owner = v["owner"] or {"comm": None, "stack": []}
        check("a task that runs" in v["owner_how"] if what == "folio_lock" else has(owner["stack"], "__buffer_migrate_folio"),
              f"owner {owner['comm']}, {v['owner_how']}: {owner['stack'][:4]}")
        over = [e for e in ended if e["waiter"]["pid"] == v["waiter"]["pid"] and e["what"] == v["what"]]
        check(over and held - 1 <= over[0]["wait_ns"] / 1e9 <= held + 2,
              f"over after {[round(e['wait_ns'] / 1e9, 2) for e in over]} s of {held:g}")


def spin(conf, out, args):
    """A move that spends seconds under the lock: lookups that spin meanwhile, or, where they sleep for the
    folio, wait for its lock, whose owner runs."""
    held = float(args.get("held", 4))
    sleeps = "sleeping" in conf["generation"]
    what, who = ("folio_lock", "lookup") if sleeps else ("private_lock", "find_get_block")
    exited(out, 0, "status.spin")
    begun, ended = told(out, "spin")
    spun(begun, ended, what, who, held)
    exited(out, 0, "status.none")
    begun, ended = told(out, "none")
    check(not begun and not ended, f"without it {len(begun)} stalls told")
    moved = load(f"{out}/load.none")["moves_ok"]
    enough(moved > 100, f"without it {moved} pages moved")


def stall(conf, out, args):
    """A folio's and a buffer's lock that somebody sits on; the same load without."""
    held = float(args.get("held", 12))
    for what in "buffer", "folio":
        sat_on(out, what, held)
    for name in "none", "none2":
        exited(out, 0, f"status.{name}")
        begun, ended = told(out, name)
        check(not begun and not ended, f"{name}: a disk that answers: {len(begun)} stalls told")
        with open(f"{out}/moved.{name}") as f:
            moved = int(f.read().split()[1])
        enough(moved > 100, f"{name}: {moved} pages moved meanwhile")
    with open(f"{out}/watch.text") as f:
        text = f.read()
    check("for the lock of a buffer on nbd0" in text and "owner sitter/" in text and "it is over" in text, "for people, too")
    exited(out, 0)
    run = load(f"{out}/run.json")["stalls"]
    left = [s for s in run["under_way"] if s["what"] == "buffer_lock" and s["waiter"]["comm"] == "mover"]
    check(left and left[0]["wait_ns"] >= 5e8, f"record: had not ended: {[round(s['wait_ns'] / 1e9, 2) for s in run['under_way']]} s")
    check(left and (left[0]["owner"] or {}).get("comm") == "sitter", "record: with its owner")
    check(run["by"]["buffer_lock"] >= 1 and run["longest_ns"] >= 5e8, f"record: {run['by']}, longest {run['longest_ns']}")
    during, after = prom(f"{out}/during.prom"), prom(f"{out}/after.prom")
    name = 'migtrace_stalls_total{what="buffer_lock"}'
    check(during[name] >= 1 and after[name] >= during[name], f"export: {during[name]:.0f}, in the end {after[name]:.0f}")
    longest = [v["migtrace_stall_longest_seconds"] for v in (during, after)]
    check(longest[0] > 0.5 and longest[1] == 0, f"export: the longest under way {longest[0]} s, in the end {longest[1]} s")
