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
# Changes are listed below, and no sample was kept yet: `test.py --keep CASE` behind a run that passed.
WANTING = {"lockstat", "lacking", "soak"}

# case: changes, each (file, what, how): a member of a JSON file, a name of a list of pairs, or text.
more, less, none, gone = (lambda n: n + max(9, n // 50)), (lambda n: n - max(9, n // 50)), (lambda n: 0), None
CHANGES = {
    "6.1": [("run.json", "sites.find_get_block.acquires", more), ("count", "norefs_calls", more),
            ("run.json", "losses.map_full", more), ("run.json", "late_references.total", more),
            ("run.json", "kernel.generation", lambda s: "racy"), ("status", "^0", "1"),
            ("run.json", "migrations.norefs.busy", more), ("light-last.prom", "le=\"\\+Inf\"} .*", "le=\"+Inf\"} 987654321"),
            ("light-kprobes", "^", "0 k find_get_block+0x10 [FTRACE]\n"), ("doctor.json", "trial.ok", lambda b: False)],
    "journal": [("run.json", "migrations.norefs.journal", none), ("count", "migrate_sections", more)],
    "aio-6.1": [("run.json", "migrations.aio.ok", more), ("count", "aio_copied", more), ("load", "completions", less)],
    "trunc-6.1": [("run.json", "isolations.dereferenced", more), ("count", "iso_moves", more)],
    "lists-6.1": [("run.json", "sites.dirty_folio.acquires", more), ("count", "list_sections", more)],
    "locked-6.1": [("run.json", "migrations.norefs.locked", more), ("count", "locked", more)],
    "bracket-6.1": [("run.json", "sites.migrate_norefs.clock", lambda s: "site"), ("run.json", "late_references.total", more)],
    "forced-6.1": [("getdents/run.json", "sites.find_get_block.clock", lambda s: "site"),
                   ("getdents/count", "lookup_sections", more)],
    "bench": [("numa.json", "late_references.total", more), ("cases", "^ok ", "not ok "), ("compact.json", "bench.mover", lambda s: "numa")],
    "export-6.1": [("after-full.prom", "^migtrace_write_failures_total .*", "migtrace_write_failures_total 0"),
                   ("cases", "^ok ", "not ok "), ("light-cost", "ticks", lambda n: n + 1000)],
    "misuse": [("cases", "^ok ", "not ok "), ("cases", "^.*\n", "")],
    "hard-6.1": [("outer.json", "counters.norefs_calls", more), ("small-full.json", "losses.*", none), ("small-light.status", "^5", "0"),
                 ("hotplug.json", "sites.find_get_block.acquires", more)],
    "before": [("run.json", "late_references.total", none), ("truth", "windows_closed", more), ("status", "^4", "0"),
               ("run.json", "late_references.total", lambda n: 3 * n), ("truth", "late_refs", lambda n: 2 * n),
               ("truth", "norefs_busy", lambda n: 2 * n + 50)],
    "before-light": [("run.json", "late_references.total", none), ("truth", "migrate_holds", more)],
    "after": [("run.json", "late_references.total", more), ("truth", "late_refs", more), ("status", "^0", "4")],
    "before-losses": [("status", "^4", "0"), ("run.json", "losses.*", none)],
    "watch": [("status.json", "^4", "0"), ("text.truth", "late_refs", lambda n: 3 * n),
              ("watch.text", "\\(found", "(none seen")],
    "aio-racy": [("truth", "aio_overlaps_read", lambda n: 2 * n), ("run.json", "migrations.aio.ok", more)],
    "large-6.18": [("count", "lookup_sections", more), ("run.json", "counters.norefs_calls", more)],
    "devices": [("run.json", "devices.*.sites.find_get_block.hold.count", more), ("run.json", "losses.table_full", more)],
    "static": [("cases", "^ok ", "not ok "), ("status", "^0", "5"), ("run.json", "losses.map_full", more)],
    "lockstat": [("1.site.truth", "lookup_holds", more), ("1.all.json", "sites.find_get_block.hold.count", lambda n: 2 * n)],
    "lockdep": [("doctor.json", "trial.ok", lambda b: False), ("truth", "windows_closed", more),
                ("run.json", "kernel.instruments", lambda v: [])],
    "soak-6.1": [("state", "progs \\d+ maps \\d+ kprobes (\\d+)(.*)\\Z", "progs 1 maps 1 kprobes 1\\2"),
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
        status = base.judged(judge_of(case.judge), read_kernels().get(case.kernel, {}), folder, case.args)
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
            if os.path.exists(f"{DATA}/{name}.tar.xz") or cases[name].judge not in WANTING:
                lines += list(tried(cases[name], tmp))
            else:
                print(f"# {name}: no sample of it is kept: judge {cases[name].judge} is not proven")
    judges = {c.judge for c in cases.values() if not c.host} | \
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
