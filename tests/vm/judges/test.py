#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Do the judges refuse? Each passes what a guest once brought back (tests/data/judges/CASE.tar.xz), and
refuses the same with one figure changed. A judge without such a change fails. `test.py --keep CASE...`
packs what lies in build/vm/out/CASE. Last line: "N passed, N failed".
"""
import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile

sys.path.insert(0, os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")))
from runner.caselist import TESTS, read_cases, read_kernels  # noqa: E402
from vm.judge import MODULES, judge_of  # noqa: E402
from vm.judges import base  # noqa: E402

DATA = f"{TESTS}/data/judges"
# What no sample of a guest can show: their input is a comparison, or their figures take forty boots.
ELSEWHERE = {"before_after": "compare's JSON of twelve boots", "false_alarms": "sixty boots"}

# case: changes, each (file, what, how): a member of a JSON file, a name of a list of pairs, or text.
more, less, none, gone = (lambda n: n + max(9, n // 50)), (lambda n: n - max(9, n // 50)), (lambda n: 0), None
CHANGES = {
    "6.1": [("run.json", "sites.find_get_block.acquires", more), ("count", "norefs_calls", more),
            ("run.json", "losses.map_full", more), ("run.json", "late_references.total", more),
            ("run.json", "kernel.generation", lambda s: "racy"), ("status", "^0", "1"),
            ("run.json", "migrations.norefs.busy", more), ("light-last.prom", "le=\"\\+Inf\"} .*", "le=\"+Inf\"} 987654321"),
            ("light-kprobes", "^", "0 k find_get_block+0x10 [FTRACE]\n"), ("doctor.json", "trial.ok", lambda b: False),
            ("doctor.json", "kprobes.lookup.exceptions", none),
            ("run.json", "counters.lookup_waits_behind", none), ("count", "lookup_waits", lambda n: 4 * n),
            ("light-load.json", "moves_ok", more), ("errors", "\\A", "WARNING: CPU: 0\n"), ("report.txt", "\\A", "ffff888012345678\n"),
            ("count", "lookup_waits \\d+\n", ""), ("light-kprobes", "^", "0 k folio_set_bh+0x0 [FTRACE]\n")],
    "why-6.1": [("numa.json", "migrated_for", lambda v: [dict(w, norefs_pages=w["norefs_pages"] + 9) for w in v]),
                ("numa.json", "migrated_for", lambda v: [dict(w, why="demotion" if w["why"] == "syscall" else w["why"]) for w in v]),
                ("compact.count", "^0 \\d+", "0 98765"), ("offline.json", "migrations.norefs.ok", more), ("offline.txt", "memory_hotplug", "other")],
    "journal": [("run.json", "migrations.norefs.journal", none), ("count", "migrate_sections", more)],
    "aio-6.1": [("status", "^0", "139"), ("run.json", "migrations.aio.ok", more), ("count", "aio_copied", more), ("load", "completions", less)],
    "trunc-6.1": [("status", "^0", "1"), ("run.json", "isolations.dereferenced", more), ("count", "iso_moves", more)],
    "lists-6.1": [("run.json", "sites.dirty_folio.acquires", more), ("count", "list_sections", more), ("count", "free_sections", more),
                  ("run.json", "devices.1:0.name", lambda s: "sda")],
    "locked-6.1": [("run.json", "migrations.norefs.locked", more), ("count", "locked", more)],
    "buffers-7.x": [("run.json", "buffer_locks.wait.count", lambda n: n + 1), ("run.json", "buffer_locks.unlocked_by.task", more),
                    ("run.json", "buffer_locks.held.count", more), ("count", "unlocks", more), ("count", "buffer_waits", more)],
    "stall-6.1": [("watch.buffer", '"comm":"sitter"', '"comm":"nobody"'), ("watch.folio", '"type":"stall_end"', '"type":"other"'),
                  ("watch.none", "\\A", '{"type":"stall"}\n'),
                  ("watch.folio", '"wait_ns":2', '"wait_ns":5'), ("watch.text", "it is over", ""), ("run.json", "stalls.under_way", lambda v: []),
                  ("status.none", "^0", "1"), ("watch.folio", "(?s)\\A.*", "")],
    "spin-6.1": [("watch.spin", '"owner":\\{', '"owner":null,"o":{'), ("watch.spin", '"wait_ns":1', '"wait_ns":9'), ("watch.none", "\\A", '{"type":"stall"}\n')],
    "bracket-6.1": [("run.json", "sites.migrate_norefs.clock", lambda s: "site"), ("run.json", "late_references.total", more)],
    "forced-6.1": [("getdents/run.json", "sites.find_get_block.clock", lambda s: "site"),
                   ("getdents/count", "lookup_sections", more)],
    "bench": [("numa.json", "late_references.total", more), ("cases", "^ok ", "not ok "), ("compact.json", "bench.mover", lambda s: "numa")],
    "bench-cost": [("cost.json", "cost", lambda v: v[:-1]), ("cost.json", "cost", lambda v: [dict(t, attach_ns=0) if t["traced"] else t for t in v]),
                   ("cost.json", "cost", lambda v: [dict(t, moves=2 * t["moves"]) if t["what"] == "full" else t for t in v]),
                   ("cost.txt", "^again .*\\n", "")],
    "contended": [("full.json", "sites.migrate_norefs.contended", more), ("light.json", "sites.find_get_block.contended", less),
                  ("alone.json", "sites.find_get_block.contended", more), ("other.json", "sites.migrate_norefs.contended", more),
                  ("full.hist", "(_raw_spin_unlock\\S+\\s+__buffer_migrate_folio(?:.|\\n)*?hitcount: +)\\d+", "\\g<1>98765"), ("full.json", "sites.find_get_block.contended_owners", lambda v: v[:0]),
                  ("light.status", "^0", "3"), ("full.csv", "(find_get_block,contended,.*?,)\\d+(,,,)", "\\g<1>1\\2"),
                  ("light.prom", "^migtrace_contended_releases_total.*\\n", "")],
    "refs-5.10": [("gup.json", "references.file.attempts", more), ("gup.count", "frozen", more), ("fixed.json", "references.anonymous.moved", more),
                  ("gup.count", "move_file", more), ("gup.json", "references.file.came_to_switch", more), ("gup.json", "reference_counts", lambda v: v[1:]),
                  ("plain.json", "probes", lambda v: [dict(v[0], probe="refs_move")] + v[1:]), ("fixed.status", "^0", "1")],
    "drains-6.1": [("numa.json", "drains.by.all", more), ("numa.json", "drains.by.buffers", more), ("numa.count", "by_norefs", more),
                   ("numa.json", "drains.norefs_after.none.ok", more), ("numa.json", "drains.callers", lambda v: v[1:]),
                   ("numa.json", "drains.callers", lambda v: [dict(c, function="unknown", stack=[]) for c in v]),
                   ("none.json", "drains.by.all", lambda n: n + 5), ("plain.json", "probes", lambda v: [dict(v[0], probe="drain_all")] + v[1:]),
                   ("doctor.txt", "(?s)no tracepoint mm_lru_add_drain.*", "it is there"), ("last.prom", "^migtrace_lru_drains_total.*all.*\\n", ""),
                   ("numa.status", "^0", "1")],
    "pinned-6.1": [("run.json", "pinned_tries", more), ("run.json", "pinned", lambda v: v[::-1]), ("count", "zero", more),
                   ("run.json", "pinned", lambda v: [dict(b, **{"is": "bitmap"}) if b["is"] == "superblock" else b for b in v]),
                   ("run.json", "pinned", lambda v: [dict(b, last_taken=None) for b in v]), ("run.json", "pinned", lambda v: [dict(b, journal=0) for b in v]),
                   ("idle.json", "pinned", lambda v: [1]), ("run.prom", "^migtrace_pinned_blocks .*", "migtrace_pinned_blocks 0"), ("status", "^0", "1")],
    "export-6.1": [("after-full.prom", "^migtrace_write_failures_total .*", "migtrace_write_failures_total 0"),
                   ("cases", "^ok ", "not ok "), ("light-cost", "ticks", lambda n: n + 1000)],
    "misuse": [("cases", "^ok ", "not ok "), ("cases", "^.*\n", "")],
    "hard-6.1": [("outer.json", "counters.norefs_calls", more), ("small-full.json", "losses.*", none), ("small-light.status", "^5", "0"),
                 ("hotplug.json", "sites.find_get_block.acquires", more), ("hotplug.load", "moves_ok", more)],
    "before": [("run.json", "late_references.total", none), ("truth", "windows_closed", more), ("status", "^4", "0"),
               ("run.json", "late_references.total", lambda n: 3 * n), ("truth", "late_refs", lambda n: 2 * n),
               ("truth", "norefs_busy", lambda n: 2 * n + 50)],
    "before-light": [("run.json", "late_references.total", none), ("truth", "migrate_holds", more)],
    "after": [("run.json", "late_references.total", more), ("truth", "late_refs", more), ("status", "^0", "4"),
              ("count", "lookup_waits", lambda n: n // 2), ("count", "lookup_waits", lambda n: 2 * n),
              ("run.json", "sites.find_get_block.hold.sum_ns", lambda n: 6 * n), ("truth", "lookup_wait_ns", lambda n: 3 * n),
              ("truth", "lookups_behind_spin", lambda n: 2 * n), ("run.json", "probes", lambda v: [dict(p, variant="lock") if p["probe"] == "find_get_block" else p for p in v])],
    "before-losses": [("status", "^4", "0"), ("run.json", "losses.*", none), ("run.json", "counters.stacks_missing", lambda n: n + 999)],
    "watch": [("status.json", "^4", "0"), ("text.truth", "late_refs", lambda n: 3 * n),
              ("watch.text", "\\(found", "(none seen")],
    "aio-racy": [("truth", "aio_overlaps_read", lambda n: 2 * n), ("run.json", "migrations.aio.ok", more)],
    "large-6.18": [("count", "lookup_sections", more), ("run.json", "counters.norefs_calls", more)],
    "devices": [("load.7", "moves_ok", none), ("run.json", "devices.*.name", lambda s: "x" if s == "other" else s), ("run.json", "devices.*.sites.find_get_block.hold.count", more), ("run.json", "losses.table_full", more)],
    "static": [("cases", "^ok ", "not ok "), ("status", "^0", "5"), ("run.json", "losses.map_full", more)],
    "lockstat": [("1.lock.json", "sites.find_get_block.clock", lambda s: "site"), ("1.site.json", "sites.find_get_block.hold.sum_ns", lambda n: 6 * n), ("1.site.truth", "lookup_holds", more), ("1.all.json", "sites.find_get_block.hold.count", lambda n: 2 * n),
                 ("0.who.takers", "__find_get_block\\+", "somebody_else+"), ("0.who.json", "sites.find_get_block.hold.count", more)],
    "lockdep": [("doctor.json", "trial.ok", lambda b: False), ("truth", "windows_closed", more),
                ("run.json", "kernel.instruments", lambda v: [])],
    "soak-6.1": [("loads", "(?s)\\A.*", "{}\n"), ("state", "after progs \\d+", "after progs 99"),
                 ("dmesg", "\\Z", "BUG: soft lockup\n"), ("run.json", "late_references.total", more)],
}


def members(node, path):
    """(place, key) of what a path names in a JSON; * is every key."""
    first, _, rest = path.partition(".")
    for key in list(node) if first == "*" else [first]:
        if rest:
            yield from members(node[key], rest)
        else:
            yield node, key


def change(folder, name, what, how):
    path = f"{folder}/{name}"
    with open(path) as f:
        text = f.read()
    if callable(how) and text.lstrip().startswith("{"):
        tree = json.loads(text)
        for node, key in members(tree, what):
            node[key] = how(node[key])
        new = json.dumps(tree)
    elif callable(how):
        new = re.sub(rf"^{what} (\d+)$", lambda m: f"{what} {how(int(m[1]))}", text, count=1, flags=re.M)
    else:
        new = re.sub(what, how, text, count=1, flags=re.M)
    if new == text:
        raise ValueError(f"{name}: '{what}' changes nothing")
    with open(path, "w") as f:
        f.write(new)


def verdict(case, folder):
    """What the judge says of @folder: its exit status and its lines."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        # the soak that is kept was a short one
        args = {k: v for k, v in case.args.items() if k != "seconds"}
        status = base.judged(judge_of(case.judge), read_kernels().get(case.kernel, {}), folder, args)
    return status, [line for line in said.getvalue().splitlines() if line.startswith("not ok")]


def keep(names):
    for name in names:
        source = f"{os.environ.get('O', f'{TESTS}/../build')}/vm/out/{name}"
        tar = subprocess.run(["tar", "-C", source, "--exclude=console.log", "--sort=name", "--mtime=@0", "--owner=0",
                              "--group=0", "-cf", "-", "."], check=True, stdout=subprocess.PIPE).stdout
        with open(f"{DATA}/{name}.tar.xz", "wb") as f:
            f.write(subprocess.run(["xz", "-9e"], input=tar, check=True, stdout=subprocess.PIPE).stdout)


def tried(case, tmp):
    """One line a change: the judge refuses it; the sample itself it passes."""
    whole, copy = f"{tmp}/{case.name}", f"{tmp}/changed"
    with tarfile.open(f"{DATA}/{case.name}.tar.xz") as tar:
        tar.extractall(whole)
    status, wrong = verdict(case, whole)
    yield not status, f"{case.name}: {case.judge} passes what a guest brought back {wrong or ''}".strip()
    for file, what, how in CHANGES[case.name]:
        shutil.copytree(whole, copy)
        try:
            change(copy, file, what, how)
            status, wrong = verdict(case, copy)
            yield status == 1 and wrong, f"{case.name}: {file}, {what}: {wrong[:1] or 'goes unnoticed'}"
        except (OSError, KeyError, ValueError, TypeError) as e:
            yield False, f"{case.name}: {file}, {what}: {type(e).__name__}: {e}"
        shutil.rmtree(copy)


def main():
    if sys.argv[1:2] == ["--keep"]:
        return keep(sys.argv[2:])
    cases, good, bad = {c.name: c for c in read_cases()}, 0, 0
    lines = []
    with tempfile.TemporaryDirectory() as tmp:
        for name in CHANGES:
            lines += list(tried(cases[name], tmp))
    judges = {c.judge for c in cases.values() if c.guest_kernel} | \
        {n for m in MODULES for n, f in vars(m).items() if n in ELSEWHERE}
    for judge in sorted(judges):
        proven = judge in ELSEWHERE or any(cases[n].judge == judge for n in CHANGES)
        lines.append((proven, f"judge {judge} has a change that it refuses"))
    for ok, text in lines:
        good, bad = good + bool(ok), bad + (not ok)
        print(("ok - " if ok else "not ok - ") + text)
    print(f"{good} passed, {bad} failed")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
