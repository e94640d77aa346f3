# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Kernels that count themselves: migtrace's verdict against theirs."""
from .base import (as_kernel, asked, check, enough, equal, evidence, exited, fail_on_race, generation,
                   large_folios, load, lossless, pairs, racy, same, sums, variants, wanted)
from .kernel_counts import kernel_reasons, reasons, times, waited


def behind(ours, refused, t):
    """The kernel counts those that found their buffer; who is refused finds none, and came behind a window, too."""
    for how, more in ("spin", refused), ("folio", 0):
        true = t[f"lookups_behind_{how}"]
        check(0.97 * true - 10 <= ours[how] <= 1.03 * (true + more) + 10,
              f"lookups behind a window, {how}: migtrace {ours[how]}, the kernel {true}, {more} refused")


def truth(conf, out, args):
    """A kernel that counts itself; migtrace's verdict against its count."""
    run, t = load(f"{out}/run.json"), pairs(f"{out}/truth")
    late, light = run["late_references"], run["tool"]["tier"] == "light"
    status = int(open(f"{out}/status").read())
    want = wanted(conf, *(conf.get("light", "").split() if light else []), *asked(out))
    for probe, got in variants(run, want).items():
        if not light or got != "-":
            check(got == want.get(probe), f"probe {probe}: variant {got}, expected {want.get(probe)}")
    check(run["kernel"]["generation"] == generation(conf, args),
          f"generation {run['kernel']['generation']} ({run['kernel']['generation_evidence']})")
    # the moves by which the order of copy and re-pointing was told are in no window of ours
    equal("windows", late["windows"] + run["counters"]["windows_unjudged"], t["windows_closed"])
    equal("norefs lock sections", run["sites"]["migrate_norefs"]["acquires"], t["migrate_holds"])
    if not light:
        equal("lookup lock sections", run["sites"]["find_get_block"]["acquires"],
              t["lookup_holds"])
    sums(run)
    lossless(run)
    reasons(run)
    kernel_reasons(run, t, args)
    times(run, t)
    if not light:
        behind(late["lookups_behind"], run["counters"]["lookups_refused"], t)
    large_folios(run, args)
    if "waits" in args:
        waited(run, pairs(f"{out}/count"))
    kinds = late["by_kind"]
    if not racy(args):
        check(late["total"] == 0 and t["late_refs"] == 0,
              f"late references: migtrace {late['total']}, the kernel {t['late_refs']}")
        check(light or status == (5 if run["losses"]["lookup_exit_unseen"] else 0), f"--fail-on-race exits {status}")
        evidence(late, args)
        return
    if light:
        # both look at one moment, some microseconds apart, at references that last some more: each sees a few ends
        # busy that the other does not, and their difference has the spread of that many
        if t["busy_ends"] > 20:
            same("light: busy ends", late["total"], t["busy_ends"], share=0.05, few=2 * t["busy_ends"] ** 0.5)
        enough(t["busy_ends"] > 20, f"the kernel saw the race: {t['busy_ends']} windows that ended busy")
        return
    as_kernel("late references", late["total"], late["possible"], t["late_refs"], args)
    named = sum(1 for e in late["events"] if e["lookup"] and e["migrator"]["comm"])
    check(named >= 0.8 * len(late["events"]) > 0,
          f"both sides named in {named} of {len(late['events'])} listed")
    listed = sum(1 for e in late["events"] if e["kind"] == "slow_lookup")
    check(late["not_listed"] or [listed, len(late["events"])] == [kinds["slow_lookup"], late["total"]],
          f"listed: {listed} by their lookup, {len(late['events'])} in all, "
          f"{late['not_listed']} more")
    check(status == 4, f"--fail-on-race exits {status}")


def losses(conf, out, args):
    """Maps of one entry: the loss is counted, and the verdict is 'clean' only where it can hide nothing."""
    run = load(f"{out}/run.json")
    lost = {k: v for k, v in run["losses"].items() if v}
    check("map_full" in lost or "table_full" in lost, f"losses are counted: {lost}")
    exited(out, fail_on_race(run))
    if not racy(args):
        check(run["late_references"]["total"] == 0, "no late reference on a held kernel")
        return
    # the first stack map has one place: what collides there goes to the second
    events = run["late_references"]["events"]
    whole = sum(1 for e in events if e["migrator"]["stack"] and
                (e["kind"] != "slow_lookup" or e["lookup"]["stack"]))
    missing = run["counters"]["stacks_missing"]
    # Each migration takes one, whether it comes to be listed or not. Where a stack lies among the second map's 8192
    # places depends on the boot's addresses: in one of a hundred boots two of a dozen share one, and the rarer one of
    # these is never kept (140 of 27,421 once).
    taken = run["counters"]["norefs_calls"]
    check(events and whole >= len(events) - missing and missing <= taken // 50,
          f"stacks of {whole} of {len(events)} listed, {missing} of {taken} or more not kept")
