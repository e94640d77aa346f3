# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""aio rings on the move, and what keeps their readers apart from it."""
from .base import check, enough, equal, exited, expected, least, load, lossless, pairs, racy, same, sums, variants
from .kernel_counts import attempts


def aio(conf, out, args):
    """aio rings on the move: both locks of their migration, as often as the kernel takes them."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    done, floor = load(f"{out}/load")["completions"], least(args)
    exited(out, 0)
    enough(done >= 100000 * floor, f"completions: {done}")
    equal("ring mapping's lock", run["sites"]["aio_migrate"]["acquires"], count["aio_sections"])
    equal("completion_lock", run["sites"]["aio_completion"]["acquires"], count["aio_completions"])
    enough(count["aio_completions"] >= 1000 * floor, f"ring pages moved: {count['aio_completions']}")
    c, why = run["counters"], run["migrations"]["aio"]
    check(sum(why.values()) == c["aio_calls"], f"reasons add up to {c['aio_calls']} calls: {why}")
    equal("calls", c["aio_calls"], count["aio_sections"])  # none was refused before the lock
    same("ctx_gone", why["ctx_gone"], count["aio_sections"] - count["aio_tried"])
    same("ring_lock_busy, slot_changed", why["ring_lock_busy"] + why["slot_changed"],
          count["aio_tried"] - count["aio_switched"])
    same("refs", why["refs"], count["aio_switched"] - count["aio_ok"])
    equal("ok", why["ok"], count["aio_ok"])
    equal("copies", c["aio_copies"], count["aio_copied"])
    equal("reads", c["aio_reads"], count["aio_reads"])
    equal("completions", c["aio_completions"], count["aio_writes"])
    check(c["aio_completions"] == done, f"completions: the load's own tally {done}")
    enough(why["ring_lock_busy"] > 0, f"reads kept the migration out: {why['ring_lock_busy']}")
    check(c["aio_overlaps_read"] + c["aio_overlaps_completion"] + c["aio_unpaired"] == 0,
          f"no overlap: {c['aio_overlaps_read']} reads, {c['aio_overlaps_completion']} "
          f"completions, {c['aio_unpaired']} unknown")
    attempts(run, "aio", why)
    sums(run)
    lossless(run)


def rings(conf, out, args):
    """A kernel that counts the overlaps itself, with and without what keeps them out."""
    run, t = load(f"{out}/run.json"), pairs(f"{out}/truth")
    c, why = run["counters"], run["migrations"]["aio"]
    exited(out, 0)
    for ours in "ok", "ring_lock_busy", "ctx_gone", "slot_changed", "refs", "other":
        same(ours, why[ours], t["aio_" + ours])
    for n in "aio_copies", "aio_reads", "aio_completions":
        equal(n, c[n], t[n])
    check((why["ring_lock_busy"] == 0) == racy(args), f"ring_lock tried: busy {why['ring_lock_busy']}")
    want = expected(conf, run)
    for probe, got in variants(run, want).items():
        check(got == want.get(probe), f"probe {probe}: variant {got}, expected {want.get(probe)}")
    lossless(run)
    found, true = c["aio_overlaps_read"], t["aio_overlaps_read"]
    found2, true2 = c["aio_overlaps_completion"], t["aio_overlaps_completion"]
    if not racy(args):
        check(found == true == found2 == true2 == c["aio_unpaired"] == 0, "no overlap")
        return
    enough(true >= 20, f"reads in a copy: {true}")
    check(0.95 * true <= found <= 1.25 * true + 20, f"reads in a copy: migtrace {found}, the kernel {true}, "
          f"{c['aio_unpaired']} unknown")
    # sections as short as our probes: the kernel's copy is longer by two of our programs
    check("unlocked" not in args or 0 < 0.7 * true2 <= found2 <= 1.05 * true2,
          f"completions in a copy: migtrace {found2}, the kernel {true2}")
