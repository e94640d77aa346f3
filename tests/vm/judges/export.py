# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges the textfiles that export wrote in a guest."""
import json
import os
import re

from .base import cases, check, enough, load, pairs, same


def prom(path):
    with open(path) as f:
        return {m[1]: float(m[2])
                for m in re.finditer(r"^(migtrace\S*?(?:\{.*\})?) (\S+)$", f.read(), re.M)}


def same_series(tier, first, last):
    """Nothing appears or goes down later, but what the kernel had not yet shown of itself."""
    late = {k for k in last if k not in first and "kernel_info" not in k and "program_run" not in k}
    check(not late, f"{tier}: all {len(first)} series from the first write on {sorted(late)[:2]}")
    down = [k for k in first if last.get(k, 0) < first[k] and "kernel_info" not in k]
    check(not down, f"{tier}: no series goes down {down[:2]}")


def whole_histograms(tier, v):
    names = {k.split("_count")[0] for k in v if "_seconds_count" in k}
    for name in names:
        of = [(k, n) for k, n in v.items() if k.startswith(name + "_bucket")]
        labels = {re.sub(r",?le=\"[^\"]*\"", "", k.split("{", 1)[1]) for k, _ in of}
        for site in labels:
            b = [n for k, n in of if re.sub(r",?le=\"[^\"]*\"", "", k.split("{", 1)[1]) == site]
            total = v[name + "_count" + ("{" + site if site != "}" else "")]
            check(b == sorted(b) and b[-1] == total and len(b) == 18,
                  f"{tier}: {name} {site} cumulative to {total:.0f}")


MOVED = 'migtrace_migrations_total{path="norefs",result="ok"}'
LOOKUPS = r"(_*find_get_block|__getblk|bdev_getblk|sb_getblk|__bread|lookup_bh_lru)"
LOCKS = r"(spin|rwlock|read|write|rt_spin|mutex)_(un|try)?lock|queued_spin|rt_mutex"


def attached(tier, out):
    """Where the kernel says that something sits, and which programs are linked."""
    with open(f"{out}/{tier}-kprobes") as f:
        places = [line.split()[2] for line in f if "[DISABLED]" not in line]
    with open(f"{out}/{tier}-ftrace") as f:
        places += [line.split()[0] for line in f if line[0] not in " \t"]
    with open(f"{out}/{tier}-links.json") as f, open(f"{out}/{tier}-progs.json") as g:
        links, names = json.load(f), {p["id"]: p["name"] for p in json.load(g)}
    linked = sorted({names[link["prog_id"]] for link in links if link.get("prog_id") in names})
    lookups = [p for p in places if re.match(LOOKUPS, p)]
    locks = [p for p in places if re.search(LOCKS, p)]
    check(len(places) >= 6 and len(linked) >= 6 and any("migrate_folio" in p or "migrate_page" in p for p in places),
          f"{tier}: {len(places)} places in the kernel, {len(linked)} linked programs")
    if tier == "light":
        check(not lookups and not locks, f"light: nothing on lookups or lock functions {lookups + locks}")
        made = [p for p in places if re.match(r"folio_set_bh|set_bh_page|folio_attach_private", p)]
        check(not made, f"light: nothing on what is called when buffers are made {made}")
        named = [n for n in linked if re.match(r"lookup|lock_|get_block", n)]
        check(not named, f"light: no program of theirs is linked {named}")
    else:
        mine = [p for p in lookups if re.match("_*find_get_block", p)]
        check(mine, f"full: lookups are probed {mine[:2]}")


def ordered(tier, out):
    """CPUs that need barriers have them in every program, and in every function that one calls."""
    if os.path.exists(f"{out}/{tier}-barriers"):
        n = pairs(f"{out}/{tier}-barriers")
        check(n["whole"] > 5 and not n["none"], f"{tier}: barriers with a result, that order, and without: {n}")


def tier_files(tier, out):
    """Every version of a tier's file: how many series, all from the first on, none ever lower."""
    files = sorted((f for f in os.listdir(out) if re.match(tier + r"-\d+\.prom", f)),
                   key=lambda f: int(re.findall(r"\d+", f)[0]))
    v = [prom(f"{out}/{f}") for f in files] + [prom(f"{out}/{tier}-last.prom")]
    limit = {"light": 250, "full": 800}[tier]
    check(100 < len(v[-1]) <= limit, f"{tier}: {len(v[-1])} series, at most {limit}")
    same_series(tier, v[0], v[-1])
    down = [k for a, b in zip(v, v[1:]) for k in a if b.get(k, 0) < a[k] and "kernel_info" not in k]
    check(not down, f"{tier}: nothing goes down between any two of {len(v)} {down[:2]}")
    whole_histograms(tier, v[-1])
    enough(v[-1][MOVED] > 100, f"{tier}: {v[-1][MOVED]:.0f} migrations")
    attached(tier, out)
    ordered(tier, out)
    return v


def short_export(out, tiers, pages=1):
    """What export does on this kernel, behind a recording: as many moves as the load's own tally has, of @pages each."""
    for tier in tiers.split():
        last = tier_files(tier, out)[-1]
        same(f"{tier}: pages moved", pages * int(last[MOVED]), load(f"{out}/{tier}-load.json")["moves_ok"])
        with open(f"{out}/{tier}-exit") as f:
            check(f.read().strip() == "0", f"{tier}: SIGTERM ends it well")


CHANGING = ("migtrace_last_write_timestamp_seconds", )


def export(conf, out, args):
    """Textfiles of both tiers under load, and what was attached meanwhile."""
    cases(conf, out, args)
    for tier in "light", "full":
        v = tier_files(tier, out)
        check(len(v) >= 5, f"{tier}: {len(v)} versions of the file")
        cost = pairs(f"{out}/{tier}-cost")
        # a write costs the same at any interval; 15 s are the default
        share = cost["ticks"] / 100 / cost["seconds"] * cost["interval"] / 15
        # an emulated CPU runs at half its speed for seconds: what the bar is, a long run says
        bar = 0.001 if tier == "light" else 0.002
        limit = bar if cost["seconds"] >= 300 else 2 * bar
        check(share <= limit, f"{tier}: {100 * share:.3f} % of a CPU at 15 s, at most {100 * limit} %")
        # what malloc gave back once all was attached it may take again, up to what it once had
        room = 64 if cost["seconds"] >= 300 else 3072
        check(cost["rss_last"] <= 12288 and cost["rss_last"] <= cost["rss_first"] + room,
              f"{tier}: resident {cost['rss_first']}, then {cost['rss_last']} kB")
        with open(f"{out}/{tier}-caps") as f:
            print(f"# {tier}: " + " ".join(f.read().split()))
    last, failures = prom(f"{out}/before-full.prom"), 0
    for what in "full", "readonly", "gone", "clock":
        during, after = prom(f"{out}/while-{what}.prom"), prom(f"{out}/after-{what}.prom")
        check(set(during) == set(last), f"{what}: the last file stays, whole")
        more = after["migtrace_write_failures_total"] - failures
        check((more > 1) == (what != "clock") and
              all(after.get(k, 0) >= n for k, n in last.items() if k not in CHANGING and "kernel_info" not in k),
              f"{what}: {more:.0f} failed writes, nothing is lost")
        last, failures = after, after["migtrace_write_failures_total"]
    stamps = [prom(f"{out}/{f}-clock.prom")["migtrace_last_write_timestamp_seconds"] for f in ("while", "after")]
    check(stamps[0] - stamps[1] > 80000, "a day on, then back: written all the same")
