# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Stock kernels: variants as expected, counts as the kernel's own, no late reference."""
from .base import (cases, check, enough, equal, evidence, exited, expected, large_folios, load, lossless,
                   pairs, promised, same, sums, variants)
from .kernel_counts import contention, counts, reasons
from .export import prom, short_export
from .lacking import owners


def bracket(conf, out, args):
    """Without call sites, in the light tier: an innocent lookup behind the lock is no late reference."""
    run = load(f"{out}/run.json")
    late, site = run["late_references"], run["sites"]["migrate_norefs"]
    exited(out, 0)
    check(site["clock"] == "bracket", f"clock {site['clock']}")
    enough(site["hold"]["count"] > 1000, f"{site['hold']['count']} holds")
    enough(late["windows"] > 1000, f"{late['windows']} windows")
    check(late["total"] == 0, f"late references: {late['total']}")
    check(not run.get("norefs_window"), "no window outside of the lock")
    lossless(run)
    short_export(out, "light")
    shown = prom(f"{out}/light-last.prom")["migtrace_norefs_window_seconds_count"]
    check(shown == 0, f"nor in the textfile: {shown:.0f}")


def journal(conf, out, args):
    """Under a storm of metadata the journal is what keeps pages from moving."""
    exited(out, 0)
    run = load(f"{out}/run.json")
    reasons(run, pairs(f"{out}/count"))
    lossless(run)
    why = run["migrations"]["norefs"]
    failed = {k: v for k, v in why.items() if k not in ("ok", "no_buffers")}
    check(why["journal"] > 0.5 * sum(failed.values()), f"mostly the journal: {failed}")


def buffer_locks(run, count):
    """The locks of buffers: as often waited for and held as the kernel says, each wait of one mode and unlocker."""
    b, why = run["buffer_locks"], run["migrations"]
    check(b["wait"]["count"] == count["buffer_waits"],
          f"waits for a buffer: migtrace {b['wait']['count']}, the kernel {count['buffer_waits']}")
    by_path = sum(h["count"] for path in b["wait_by_path"].values() for h in path.values())
    check(by_path == b["wait"]["count"], f"by path and mode: {by_path}")
    check(sum(b["unlocked_by"].values()) == b["wait"]["count"], f"by who unlocked: {b['unlocked_by']}")
    got_all = sum(n for path in ("norefs", "buffers") for reason, n in why[path].items()
                  if reason not in ("no_buffers", "early_refs", "locked", "writeback"))
    check(b["held"]["count"] == got_all, f"all locked: {b['held']['count']}, by reasons {got_all}")
    equal("unlocks, one a folio", b["held"]["count"], count["unlocks"])
    return b


def buffers(conf, out, args):
    """Who waits for a buffer's lock: least=N times, most=N, N of them let go by a task."""
    exited(out, 0)
    run = load(f"{out}/run.json")
    b = buffer_locks(run, pairs(f"{out}/count"))
    enough(b["held"]["count"] > 1000, f"{b['held']['count']} migrations with all buffers")
    enough(b["wait"]["count"] >= int(args.get("least", 0)), f"{b['wait']['count']} waits")
    check(b["wait"]["count"] <= int(args.get("most", 1 << 60)), f"at most {args.get('most', 'any')}")
    enough(b["unlocked_by"]["task"] >= int(args.get("task", 0)), f"unlocked by a task: {b['unlocked_by']}")
    lossless(run)


def locked(conf, out, args):
    """A slow disk: buffers under a read are locked, and a migration that may not wait gives up."""
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    exited(out, 0)
    reasons(run, count)
    n, true = run["migrations"]["norefs"]["locked"], count["locked"]
    enough(true > 0, f"the kernel found {true} locked")
    same("locked", n, true, share=0.02, few=3)
    b = run["buffer_locks"]
    equal("waits for a buffer", b["wait"]["count"], count["buffer_waits"])
    check(sum(b["unlocked_by"].values()) == b["wait"]["count"], f"by who unlocked: {b['unlocked_by']}")
    if "waits" in args:
        enough(b["wait"]["count"] >= int(args["waits"]), f"{b['wait']['count']} waits")
        check(b["unlocked_by"]["io_completion"] > 0.9 * b["wait"]["count"], "the disk lets them go")
        enough(b["wait"]["max_ns"] > 5e6, f"for as long as it takes: {b['wait']['max_ns']} ns")
    lossless(run)


def lists(conf, out, args):
    """A file system without a journal: dirtying a folio, taking its buffers off, and the lists of an inode's.
    in=FUNCTION,...: that take the lists' lock under this load."""
    exited(out, 0)
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    sites = run["sites"]
    equal("dirty_folio sections", sites["dirty_folio"]["acquires"], count["dirty_sections"])
    equal("try_to_free sections", sites["try_to_free"]["acquires"], count["free_sections"])
    equal("assoc_list sections", sites["assoc_list"]["acquires"], count["list_sections"])
    own = {d["name"]: d["sites"]["assoc_list"]["hold"]["count"]
           for d in run["devices"].values() if "assoc_list" in d["sites"]}
    check(own == {"ram0": sites["assoc_list"]["hold"]["count"]}, f"by device: {own}")
    for func in filter(None, args.get("in", "").split(",")):
        enough(count[f"list_in_{func}"] > 0, f"in {func}: {count[f'list_in_{func}']}")
    contention(run, count, moves=run["counters"]["norefs_calls"] > 0)
    enough(count["dirty_sections"] > 1000, f"folios dirtied: {count['dirty_sections']}")
    sums(run)
    lossless(run)


def devices(conf, out, args):
    """More devices than have a histogram of their own: those beyond are counted as one, and nothing is lost."""
    exited(out, 0)
    run = load(f"{out}/run.json")
    names = [d["name"] for d in run["devices"].values()]
    check(len(names) > 8, f"{len(names)} devices have figures of their own: {' '.join(sorted(map(str, names)))}")
    for site in "migrate_norefs", "find_get_block":
        of_devices = sum(d["sites"].get(site, {"hold": {"count": 0}})["hold"]["count"] for d in run["devices"].values())
        check(of_devices == run["sites"][site]["hold"]["count"], f"{site}: {of_devices} holds of all devices together")
    moved = [load(f"{out}/load.{i}")["moves_ok"] for i in range(1, 41)]
    enough(min(moved) > 0, f"pages of {sum(n > 0 for n in moved)} devices of 40 were moved")
    same("pages moved, by the loads' own tally", run["migrations"]["norefs"]["ok"], sum(moved))
    # those beyond the table
    other = [d["sites"]["migrate_norefs"]["hold"]["count"] for d in run["devices"].values() if d["name"] == "other"]
    check(len(names) < 41 and other and other[0] > 0, f"holds of the others: {other}")
    enough(run["counters"]["lookup_calls"] > 1000, f"{run['counters']['lookup_calls']} lookups")
    check(run["late_references"]["total"] == 0, f"late references: {run['late_references']['total']}")
    sums(run)
    lossless(run)


def static(conf, out, args):
    """The file without libraries has recorded, alone in its root folder."""
    cases(conf, out, args)
    exited(out, 0)
    run = load(f"{out}/run.json")
    enough(run["counters"]["norefs_calls"] > 100, f"{run['counters']['norefs_calls']} migrations")
    enough(run["counters"]["lookup_calls"] > 1000, f"{run['counters']['lookup_calls']} lookups")
    sums(run)
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


def stock(conf, out, args):
    """A stock kernel: variants as expected, counts as the kernel's own, no late reference."""
    exited(out, 0)
    run, count = load(f"{out}/run.json"), pairs(f"{out}/count")
    late = run["late_references"]
    doctor = load(f"{out}/doctor.json")
    check(doctor["trial"]["ok"], f"doctor: {doctor['trial']['message']}")
    ways = {way: sum(n.values()) for way, n in doctor["kprobes"].items()}
    check(ways["page"] >= 4 and ways["lookup"] >= 3,
          f"doctor knows what the kernel made of the kprobes on a page's and a lookup's way: {doctor['kprobes']}")
    told = {p["probe"]: p["variant"] or "-" for p in doctor["probes"]}
    check(all(told[p["probe"]] == p["variant"] for p in run["probes"] if p["attached"]),
          f"doctor tells the variants that record uses, generation {doctor['kernel']['generation']}")
    check(run["kernel"]["generation"] == conf["generation"],
          f"generation {run['kernel']['generation']} ({run['kernel']['generation_evidence']})")
    want = expected(conf, run)
    got = variants(run, want)
    for probe in sorted(set(got) | set(want)):
        check(got.get(probe) == want.get(probe),
              f"probe {probe}: variant {got.get(probe)}, expected {want.get(probe)}")
    counts(run, count)
    promised(conf, count, "lookup_waits")
    contention(run, count)
    check(late["total"] == 0, f"late references: {late['total']}")
    evidence(late, args)
    large_folios(run, args)
    # attaching the full tier once more takes PREEMPT_RT two minutes
    short_export(out, args.get("export", "light full").replace(",", " "), 4 if args.get("large") == "1" else 1)
    flag = conf["generation"].startswith("bh_migrate")
    window = run["norefs_window"]
    check((window is not None) == flag and (not flag or window["count"] > 0),
          f"window histogram: {window and window['count']}")
    sleepers(conf, run, count)
    owners(run, out)
