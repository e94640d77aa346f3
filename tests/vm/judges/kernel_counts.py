# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Migrations, lock sections and reasons beside the kernel's own counts of them."""
from .base import check, enough, equal, lossless, racy, same, sums


def attempts(run, path, why):
    """Every attempt at a page is one migration; every page moved was moved by one of them."""
    if not run["attempts"]:
        called = any(p["probe"] == "migrate_call" and p["attached"] for p in run["probes"])
        check(run["tool"]["tier"] == "light" or not called, f"{path}: attempts are not measured here")
        return
    v, no = run["attempts"][path], why.get("no_buffers", 0)
    tried, moved = sum(a["tried"] for a in v), sum(a["moved"] for a in v)
    check(tried == sum(why.values()) - no and moved == why["ok"],
          f"{path}: {tried} attempts, {moved} moves; given up "
          f"{sum(a['given_up'] for a in v)} of {v[0]['tried'] if v else 0} pages")

def reasons(run, count=None):
    """Every migration has one reason; `count`: the kernel's results and sections beside them."""
    for path in "norefs", "buffers":
        why, calls = run["migrations"][path], run["counters"][path + "_calls"]
        said = {k: v for k, v in why.items() if v}
        check(sum(why.values()) == calls, f"{path} reasons add up to {calls} calls: {said}")
        check(why["other"] <= max(2, 0.01 * calls), f"{path}, other: {why['other']} of {calls}")
        attempts(run, path, why)
    if not count:
        return
    why = run["migrations"]["norefs"]
    check(why["ok"] <= count["norefs_ok"] <= why["ok"] + why["no_buffers"],
          f"ok: migtrace {why['ok']} ({why['no_buffers']} without buffers), "
          f"the kernel {count['norefs_ok']}")
    same("without the check", run["counters"]["buffers_calls"], count["buffers_calls"])
    why = run["migrations"]["buffers"]
    check(why["ok"] <= count["buffers_ok"] <= why["ok"] + why["no_buffers"],
          f"of them ok: migtrace {why['ok']} ({why['no_buffers']} without buffers), "
          f"the kernel {count['buffers_ok']}")
    why = run["migrations"]["norefs"]
    locked = count["migrate_sections"] - count["invalidations"]
    ours = sum(why[k] for k in ("ok", "busy", "journal", "refs", "copy_fault"))
    # a bracket hears nothing of a check that ends a migration: whose reference is gone at the exit, it
    # takes for one refused before the lock, by a count that was right again
    unseen, share = 0, 0.005
    if run["sites"]["migrate_norefs"]["clock"] == "bracket":
        unseen, share = sum(r["count"] for r in run["refcounts"]
                            if r["stage"] == "early" and r["seen"] < 0), 0.01
    check(-0.005 * locked <= locked - ours <= share * locked + unseen,
          f"came as far as the lock: migtrace {ours}{f' to {ours + unseen}' if unseen else ''}, "
          f"the kernel {locked}")

def contention(run, count, moves=True):
    """Lookups that waited, against the lock's slow path; with one reader whoever had the lock migrates."""
    c = run["counters"]
    if "lookup_waits" not in count:
        return  # spinlocks without a slow path that can be counted
    n, true, behind = c["lookup_waits"], count["lookup_waits"], c["lookup_waits_behind"]
    if not moves:
        check(behind == c["lookup_wait_behind_ns"] == 0, f"no migration: behind none {behind} of {n} waits")
        return
    enough(true >= 20, f"the kernel found the lock taken in {true} lookups")
    # The count's own probe lies on the lock function, between a lookup's two moments: who comes just before a release
    # then waits for the probe alone, and seems to have waited for the lock. How many do is the host's (1640 of 1000 on
    # a busy one): what is no wait is counted where no probe of the count is in the way, in waited().
    check(behind >= 0.5 * true - 10,
          f"lookups that waited for a migration: migtrace {behind}, the kernel's slow path {true}")
    check(behind <= n, f"lookups that waited in all: {n}")

def waited(run, count):
    """The same beside nothing but the count of the slow path; with one reader all of them are behind a migration.
    None that the kernel has not; the kernel's shorter than three floors are no waits of ours (8 to 12 %)."""
    true, behind = count["lookup_waits"], run["counters"]["lookup_waits_behind"]
    enough(true >= 200, f"the kernel found the lock taken in {true} lookups")
    check(0.75 * true - 10 <= behind <= 1.02 * true + 10,
          f"lookups that waited for a migration: migtrace {behind}, the kernel's slow path {true}")

def counts(run, count):
    """Migrations, lock sections and reasons as often as the kernel's own count has them."""
    norefs = run["sites"]["migrate_norefs"]
    equal("norefs migrations", run["counters"]["norefs_calls"], count["norefs_calls"])
    if norefs["clock"] == "bracket":
        # opened by what is called under the lock: not where the check or the references end it
        why, late = run["migrations"]["norefs"], sum(
            r["count"] for r in run["refcounts"] if r["stage"] == "switch")
        equal("norefs brackets", norefs["acquires"], why["ok"] + late)
        check(count["norefs_ok"] <= norefs["acquires"] <= count["migrate_sections"],
              f"norefs brackets: {norefs['acquires']}; the kernel moved {count['norefs_ok']} in "
              f"{count['migrate_sections']} sections")
    else:
        equal("norefs lock sections", norefs["acquires"], count["migrate_sections"])
    equal("lookup lock sections", run["sites"]["find_get_block"]["acquires"],
          count["lookup_sections"])
    reasons(run, count)
    sums(run)
    lossless(run)

def as_long(what, site, t, key):
    """Mean hold and wait by the kernel's own clock, whose readings lie inside of a hold of ours and outside of a wait:
    it differs by the probes' way in and out, as the floor does, and by what else the host does there. (Seen in forty
    boots: holds 0.5 to 2.0 floors, waits 0.9 to 3.2, of floors that differ by two themselves.)"""
    f, n, true = site["floor_ns"], max(site["hold"]["count"], 1), max(t[f"{key}_holds"], 1)
    hold = site["hold"]["sum_ns"] / n - t[f"{key}_hold_ns"] / true
    wait = t[f"{key}_wait_ns"] / true - site["wait"]["sum_ns"] / n
    check(-0.1 * f <= hold <= 3 * f, f"{what}: mean hold {hold:+.0f} ns from the kernel's, {f} ns is the floor")
    if site["wait"]["count"]:  # light has none
        check(-0.1 * f <= wait <= 5 * f, f"{what}: mean wait {-wait:+.0f} ns from the kernel's")

def times(run, t):
    for name, key in (("migrate_norefs", "migrate"), ("find_get_block", "lookup")):
        if run["sites"][name]["clock"] in ("site", "lock"):
            as_long(name, run["sites"][name], t, key)

def kernel_reasons(run, t, args):
    """Where the kernel says why each migration ended: a locked buffer is one, whatever made it so. A late
    reference that fails the move, too, looks like one that the check had seen: on racy kernels some are."""
    for path in "norefs", "buffers":
        ours = dict(run["migrations"][path])
        ours["locked"] += ours.pop("writeback")
        # a buffer that is put between the kernel's reading and ours makes a busy end one by the folio's count: of
        # many busy ones some are like that, and may be many of the few others. A large folio's four buffers take longer
        # to read: 11 of 1308, 5 of 1576, 13 of 1108, 11 of 7548
        slips = (0.015 if args.get("large") == "1" else 0.005) * t[f"{path}_busy"]
        # what was gone again when it could be read is "other", which reasons() bounds
        for reason in set(ours) - {"other", "copy_fault"}:
            few = max(10 if racy(args) else 2, slips if reason in ("refs", "busy") else 0)
            same(f"{path}, {reason}", ours[reason], t[f"{path}_{reason}"], share=0.005, few=few)
