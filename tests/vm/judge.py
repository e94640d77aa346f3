#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges what a guest brought back: judge.py CHECK KERNEL OUTDIR [KEY=VALUE]...

Prints "ok - TEXT" or "not ok - TEXT" with the figures, and last "N passed, N failed". Exits 3 if
nothing is wrong but that too little happened in the guest to say so.
A file that is missing is a failure, never a skip.
"""
import json
import os
import re
import sys

import judge_base
from judge_base import (attempts, cases, check, counts, enough, equal, evidence, kernel_reasons, load,
                        lossless, near, pairs, reasons, same, sums)
from judge_bench import bench  # noqa: F401
from judge_export import export, prom, short_export
from judge_forced import forced_runs
from judge_hard import hard
from judge_lacking import everything, owners
from judge_soak import soak  # noqa: F401


def bracket(conf, out, opts):
    """Without call sites, in the light tier: an innocent lookup behind the lock is no late reference."""
    run = load(f"{out}/run.json")
    late, site = run["late_references"], run["sites"]["migrate_norefs"]
    check(site["clock"] == "bracket", f"clock {site['clock']}")
    enough(site["hold"]["count"] > 1000, f"{site['hold']['count']} holds")
    enough(late["windows"] > 1000, f"{late['windows']} windows")
    check(late["total"] == 0, f"late references: {late['total']}")
    check(not run.get("norefs_window"), "no window outside of the lock")
    lossless(run)
    short_export(out, "light")
    shown = prom(f"{out}/light-last.prom")["migtrace_norefs_window_seconds_count"]
    check(shown == 0, f"nor in the textfile: {shown:.0f}")


def journal(conf, out, opts):
    """Under a storm of metadata the journal is what keeps pages from moving."""
    run = load(f"{out}/run.json")
    reasons(run, pairs(f"{out}/count"))
    lossless(run)
    why = run["migrations"]["norefs"]
    failed = {k: v for k, v in why.items() if k not in ("ok", "no_buffers")}
    check(why["journal"] > 0.5 * sum(failed.values()), f"mostly the journal: {failed}")


def aio(conf, out, opts):
    """aio rings on the move: both locks of their migration, as often as the kernel takes them."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    with open(f"{out}/report.txt") as f:  # what the load itself says comes first
        done = json.loads(f.readline())["completions"]
    least = opts.get("least", 1)
    enough(done >= 100000 * least, f"completions: {done}")
    equal("ring mapping's lock", run["sites"]["aio_migrate"]["acquires"], count["aio_sections"])
    equal("completion_lock", run["sites"]["aio_completion"]["acquires"], count["aio_completions"])
    enough(count["aio_completions"] >= 1000 * least, f"ring pages moved: {count['aio_completions']}")
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


def rings(conf, out, opts):
    """A kernel that counts the overlaps itself, with and without what keeps them out."""
    run, t = load(f"{out}/run.json"), pairs(f"{out}/truth")
    c, why, racy = run["counters"], run["migrations"]["aio"], opts["kernel"] == "aio-racy"
    for ours in "ok", "ring_lock_busy", "ctx_gone", "slot_changed", "refs", "other":
        same(ours, why[ours], t["aio_" + ours])
    for n in "aio_copies", "aio_reads", "aio_completions":
        equal(n, c[n], t[n])
    check((why["ring_lock_busy"] == 0) == racy, f"ring_lock tried: busy {why['ring_lock_busy']}")
    got = {p["probe"]: p["variant"] for p in run["probes"] if p["attached"]}
    for probe, want in (w.split("=", 1) for w in conf["expect"].split()):
        check(got.get(probe) == want, f"probe {probe}: variant {got.get(probe)}, expected {want}")
    lossless(run)
    found, true = c["aio_overlaps_read"], t["aio_overlaps_read"]
    found2, true2 = c["aio_overlaps_completion"], t["aio_overlaps_completion"]
    if not racy:
        check(found == true == found2 == true2 == c["aio_unpaired"] == 0, "no overlap")
        return
    enough(true > 0, f"reads in a copy: {true}")
    check(0.95 * true <= found <= 1.25 * true + 20, f"reads in a copy: migtrace {found}, the kernel {true}, "
          f"{c['aio_unpaired']} unknown")
    # sections as short as our probes: the kernel's copy is longer by two of our programs
    check("unlocked" not in out or 0 < 0.7 * true2 <= found2 <= 1.05 * true2,
          f"completions in a copy: migtrace {found2}, the kernel {true2}")


def isolation(conf, out, opts):
    """Files truncated under direct compaction, or (sync) under one that does not look at mappings."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    iso, looks, least = run["isolations"], "-sync" not in out, opts.get("least", 1)
    taken = {k: v for k, v in iso.items() if k.startswith("taken")}
    near("pages taken", sum(taken.values()), count["iso_taken"])
    seen = [taken["taken_async"] + taken["taken_async_unevictable"], iso["dereferenced"],
            iso["mapping_gone"] + iso["mapping_exiting"]]
    for name in "dereferenced", "mapping_gone", "mapping_exiting", "moves", "gone_at_move":
        near(name, iso[name], count["iso_" + name])
    text = f"taken without waiting, looked at, of them gone or exiting: {seen}"
    if looks:
        enough(min(seen[:2]) > 1000 * least and (seen[2] > 0 or least < 1), text)
    else:
        check(seen[0] <= 1000 and seen[1] <= 1000 and not seen[2], text)
    enough(iso["freed"] > 0, f"freed before the move: {iso['freed']}")
    # the kernel's: a difference of two counts, of which a kretprobe's may miss some
    same("freed before the move", iso["freed"], count["iso_freed"], share=0.02, few=10)
    reasons(run, count)
    enough(run["counters"]["buffers_calls"] > 1000 * least, f"{run['migrations']['buffers']}")
    lossless(run)


def locked(conf, out, opts):
    """A slow disk: buffers under a read are locked, and a migration that may not wait gives up."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    reasons(run, count)
    n, true = run["migrations"]["norefs"]["locked"], count["locked"]
    enough(true > 0, f"the kernel found {true} locked")
    same("locked", n, true, share=0.02, few=3)
    lossless(run)


def sleepers(conf, run, count):
    """Where lookups sleep or are refused: both are seen, and what they do to the migrations."""
    c, why = run["counters"], run["migrations"]["norefs"]
    held, wait = run["flag_held"], run["folio_lock_wait"]
    if conf["generation"].startswith("bh_migrate"):
        locked = count["migrate_sections"] - count["invalidations"]
        check(held["count"] == locked, f"flag held: migtrace {held['count']}, the kernel {locked}")
        # the kernel's count holds the first lookups of each block, too, whose page is not there
        n, nulls = c["lookups_refused"], count["atomic_nulls"]
        enough(n > 0, f"lookups refused: {n}")
        check(n <= nulls <= n + 24 + n // 200,
              f"lookups refused: migtrace {n}, the kernel {nulls} with its first misses")
    else:
        check(held is None and c["lookups_refused"] == 0, "no flag here, nothing refused")
    if "lookup_folio=site" not in conf["expect"].split():
        check(wait is None and c["lookup_folio_waits"] == 0, "no lookup sleeps here")
        return
    enough(wait["count"] > 0 and c["refs_by_waiting_lookup"] > 0, "lookups slept on folios that move")
    check(wait["count"] <= c["lookup_folio_waits"],
          f"folio waits: {wait['count']} behind a migration of {c['lookup_folio_waits']}, "
          f"max {wait['max_ns']} ns")
    equal("lookups that found a folio locked", c["lookup_folio_waits"], count["folio_waits"])
    check(c["refs_by_waiting_lookup"] <= why["early_refs"] + why["refs"],
          f"migrations failed by a waiting lookup: {c['refs_by_waiting_lookup']} of "
          f"{why['early_refs']} + {why['refs']}")


def forced(conf, out, opts):
    """Variants that the kernel would not choose by itself: they are used, and count as its own do."""
    for work, run, count in forced_runs(conf, out):
        if work == "getdents":
            counts(run, count)
            evidence(run["late_references"], opts)
            sleepers(conf, run, count)
        else:
            # a third of the time of the cases that are about this load
            {"aio": aio, "truncate": isolation}[work](conf, f"{out}/{work}", {**opts, "least": 0.2})


def stock(conf, out, opts):
    """A stock kernel: variants as expected, counts as the kernel's own, no late reference."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    late = run["late_references"]
    doctor = load(f"{out}/doctor.json")
    check(doctor["trial"]["ok"], f"doctor: {doctor['trial']['message']}")
    told = {p["probe"]: p["variant"] or "-" for p in doctor["probes"]}
    check(all(told[p["probe"]] == p["variant"] for p in run["probes"] if p["attached"]),
          f"doctor tells the variants that record uses, generation {doctor['kernel']['generation']}")
    check(run["kernel"]["generation"] == conf["generation"],
          f"generation {run['kernel']['generation']} ({run['kernel']['generation_evidence']})")
    got = {p["probe"]: p["variant"] if p["attached"] else "-" for p in run["probes"]}
    want = dict(w.split("=", 1) for w in conf["expect"].split())
    for probe in sorted(set(got) | set(want)):
        check(got.get(probe) == want.get(probe),
              f"probe {probe}: variant {got.get(probe)}, expected {want.get(probe)}")
    counts(run, count)
    check(late["total"] == 0, f"late references: {late['total']}")
    evidence(late, opts)
    # attaching the full tier once more takes PREEMPT_RT two minutes
    short_export(out, "light" if opts["kernel"] == "rt" else "light full")
    flag = conf["generation"].startswith("bh_migrate")
    window = run["norefs_window"]
    check((window is not None) == flag and (not flag or window["count"] > 0),
          f"window histogram: {window and window['count']}")
    sleepers(conf, run, count)
    owners(run, out)


def truth(conf, out, opts):
    """A kernel that counts itself; migtrace's verdict against its count."""
    run, t = load(f"{out}/run.json"), pairs(f"{out}/truth")
    late, light = run["late_references"], run["tool"]["tier"] == "light"
    status = int(open(f"{out}/status").read())
    racy = conf["generation"] == "racy"
    check(run["kernel"]["generation"] == conf["generation"],
          f"generation {run['kernel']['generation']} ({run['kernel']['generation_evidence']})")
    equal("windows", late["windows"], t["windows_closed"])
    equal("norefs lock sections", run["sites"]["migrate_norefs"]["acquires"], t["migrate_holds"])
    if not light:
        equal("lookup lock sections", run["sites"]["find_get_block"]["acquires"],
              t["lookup_holds"])
    sums(run)
    lossless(run)
    reasons(run)
    kernel_reasons(run, t)
    kinds = late["by_kind"]
    if not racy:
        check(late["total"] == 0 and t["late_refs"] == 0,
              f"late references: migtrace {late['total']}, the kernel {t['late_refs']}")
        check(light or status == 0, f"--fail-on-race exits {status}")
        evidence(late, opts)
        return
    enough(t["late_refs"] > 0, f"the kernel saw the race: {t['late_refs']} late references")
    if light:
        check(late["total"] >= 0.98 * t["busy_ends"],
              f"light: {late['total']} of {t['busy_ends']} busy ends")
        return
    check(late["total"] >= 0.95 * t["late_refs"],
          f"found {late['total']} of {t['late_refs']} late references {kinds}")
    check(late["total"] <= t["late_refs"] + kinds["end_count"],
          f"no more than the kernel's {t['late_refs']} and {kinds['end_count']} end counts")
    named = sum(1 for e in late["events"] if e["lookup"] and e["migrator"]["comm"])
    check(named >= 0.8 * len(late["events"]) > 0,
          f"both sides named in {named} of {len(late['events'])} listed")
    listed = sum(1 for e in late["events"] if e["kind"] == "slow_lookup")
    check(late["not_listed"] or [listed, len(late["events"])] == [kinds["slow_lookup"], late["total"]],
          f"listed: {listed} by their lookup, {len(late['events'])} in all, "
          f"{late['not_listed']} more")
    check(status == 4, f"--fail-on-race exits {status}")


def lacking(conf, out, opts):
    """A kernel that lacks something: what is said of it, and what is left, beside its own count."""
    everything(conf, out)
    truth(conf, out, opts)


def watch(conf, out, opts):
    """Both forms of watch: reports of both sides on a racy kernel, evidence on any."""
    racy = conf["generation"] == "racy"
    for form in "json", "text":
        t = pairs(f"{out}/truth.{form}")
        status = int(open(f"{out}/status.{form}").read())
        check(status == (4 if racy else 0), f"{form}: --fail-on-race exits {status}")
        with open(f"{out}/watch.{form}") as f:
            text = f.read()
        if form == "json":
            *events, last = [json.loads(line) for line in text.splitlines()]
            check(last["type"] == "summary" and last["generation"] == conf["generation"],
                  f"json: summary, generation {last.get('generation')}")
            total, kinds = last["total"], last["by_kind"]
            behind = sum(last["lookups_behind"].values())
            named = sum(1 for e in events if e["lookup"] and e["lookup"]["stack"]
                        and e["migrator"]["stack"])
            reports, verdict, bound = len(events), last["verdict"], last["upper_bound_95"]
        else:
            m = re.search(r"late references: (\d+) \((.*)\) on \S+ (.*?):", text)
            check(m and m[3].endswith(conf["generation"]), f"text: summary: {m and m[0]}")
            total, verdict = int(m[1]), m[2]
            kinds = {"end_count": int(re.search(r"count at the end (\d+)", text)[1])}
            behind = sum(map(int, re.search(r"one: (\d+) spin, (\d+) folio", text).groups()))
            reports = text.count("migtrace: late buffer reference")
            named = len(re.findall(r"taken by \S+/\d+ on CPU \d.*?:\n  \S+\+0x.*?"
                                   r"migrated by \S+/\d+ on CPU \d:\n  \S+\+0x", text, re.S))
            bound = re.search(r"95 % upper bound: (\S+)", text)
        enough(behind >= 1000, f"{form}: lookups behind a window: {behind}")
        if not racy:
            check(total == reports == 0 == t["late_refs"] and verdict == "none seen" and bound,
                  f"{form}: {verdict}, {reports} reports, with a bound")
            continue
        check(verdict == "found" and not bound, f"{form}: verdict {verdict}")
        check(0.95 * t["late_refs"] <= total <= t["late_refs"] + kinds["end_count"],
              f"{form}: found {total} of the kernel's {t['late_refs']}, "
              f"{kinds['end_count']} by the count at the end")
        check(0.99 * min(total, 4096) <= reports <= total, f"{form}: {reports} reports for {total}")
        check(named >= 0.8 * reports, f"{form}: both sides and stacks in {named} of {reports}")


def losses(conf, out, opts):
    """Maps of one entry: the loss is counted and the verdict is not 'clean'."""
    run = load(f"{out}/run.json")
    status = int(open(f"{out}/status").read())
    lost = {k: v for k, v in run["losses"].items() if v}
    check(lost, f"losses are counted: {lost}")
    want = 4 if run["late_references"]["total"] else 5
    check(status == want, f"exit {status}, {run['late_references']['total']} late references")
    if conf["generation"] != "racy":
        check(run["late_references"]["total"] == 0, "no late reference on a held kernel")
        return
    # the first stack map has one place: what collides there goes to the second
    events = run["late_references"]["events"]
    whole = sum(1 for e in events if e["migrator"]["stack"] and
                (e["kind"] != "slow_lookup" or e["lookup"]["stack"]))
    missing = run["counters"]["stacks_missing"]
    check(events and whole >= len(events) - missing and missing <= len(events) // 100,
          f"stacks of {whole} of {len(events)}, {missing} not kept")


def lock_stat(path):
    """Acquisitions and average hold (us) of the class &mapping->private_lock."""
    for line in open(path):
        m = re.match(r"\s*&mapping->private_lock:\s+(.*)", line)
        if m:
            v = m.group(1).split()
            return int(v[7]), float(v[11])
    return 0, 0.0


def lockstat(conf, out, opts):
    """Counts against LOCK_STAT; error and perturbation of each clock, printed."""
    rounds = sorted({n.split(".")[0] for n in os.listdir(out) if n.endswith(".lock_stat")})
    off = [lock_stat(f"{out}/{r}.off.lock_stat")[1] for r in rounds]
    base = sum(off) / len(off)
    print(f"# LOCK_STAT's own average hold without migtrace: {base:.2f} us")
    for clock in ("all", "site", "lock", "bracket"):
        for r in rounds:
            run = load(f"{out}/{r}.{clock}.json")
            n, avg = lock_stat(f"{out}/{r}.{clock}.lock_stat")
            t = pairs(f"{out}/{r}.{clock}.truth")
            ours = sum(s["hold"]["count"] for s in run["sites"].values())
            if clock == "all":
                check(n and abs(ours - n) <= 0.01 * n,
                      f"all sites, round {r}: migtrace {ours}, LOCK_STAT {n}")
                lossless(run)
            for site, key in (("migrate_norefs", "migrate"), ("find_get_block", "lookup")):
                s = run["sites"][site]
                if not s["hold"]["count"]:
                    continue
                if s["clock"] != "bracket":
                    equal(f"{clock}, round {r}: {site} sections", s["hold"]["count"],
                          t[key + "_holds"])
                mean = s["hold"]["sum_ns"] / s["hold"]["count"]
                true = t[key + "_hold_ns"] / t[key + "_holds"]
                print(f"# {clock:8} round {r} {site:15} clock {s['clock']:8} mean {mean:7.0f} ns,"
                      f" the kernel's {true:6.0f} ns: error {mean - true:+6.0f} ns"
                      f" (floor {s['floor_ns']}), LOCK_STAT's mean x {avg / base:.2f}")


def main():
    name, kernel, out = sys.argv[1:4]
    opts = dict(a.split("=", 1) for a in sys.argv[4:])
    opts["kernel"] = kernel
    conf, section = {"generation": "", "expect": ""}, None
    for line in open(os.path.join(os.path.dirname(__file__), "kernels.conf")):
        line = line.split("#", 1)[0].strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line and section == kernel:
            key, value = (w.strip() for w in line.split("=", 1))
            conf[key] = (conf.get(key, "") + " " + value).strip()
    try:
        globals()[name](conf, out, opts)
    except (OSError, KeyError, ValueError) as e:
        check(False, f"{kernel}: {type(e).__name__}: {e}")
    print(f"{judge_base.passed} passed, {judge_base.failed} failed")
    return judge_base.failed and (3 if judge_base.failed == judge_base.short else 1)


sys.exit(main())
