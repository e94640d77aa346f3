#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: words.py MIGTRACE

What is said, and what becomes of files: the inputs of tests/data/runs.tar.xz, each of which an earlier
version said something wrong of (its `cmd` shows it), and three more of each kind. Last line: "N passed,
M failed".
"""
import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile

MIGTRACE = os.path.realpath(sys.argv[1])
DATA = os.path.join(os.path.dirname(os.path.realpath(__file__)), "data")
FORMATS = "text", "csv", "json", "html"
ENV = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
passed = failed = 0


def check(good, name, *shown):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok   " if good else "FAIL ") + name)
    for text in () if good else shown:
        print("     | " + str(text)[:600].replace("\n", "\n     | "))


def say(*argv, **more):
    """Code, stdout, stderr; a report of a sanitiser is an exit code that no test expects."""
    done = subprocess.run([MIGTRACE, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV,
                          **{"stdin": subprocess.DEVNULL, **more})
    out, err = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    bad = "Sanitizer" in err or "runtime error" in err
    return -999 if bad else done.returncode, out, err


def expect(name, code, words, *argv, **more):
    got, out, err = say(*argv, **more)
    text = re.sub(r"\s+", " ", out + err)
    missing = [w for w in ([words] if isinstance(words, str) else words) if w not in text]
    check(got == code and not missing, name, f"exit code {got}, expected {code}; missing {missing}", text[-600:])
    return out


def load(path):
    with open(path) as f:
        return json.load(f)


def edit(path, to, *changes):
    """A copy with members changed: ("sites.find_get_block.clock", None)."""
    run = load(path)
    for where, value in changes:
        o, *keys = run, *where.split(".")
        for k in keys[:-1]:
            o = o[int(k) if isinstance(o, list) else k]
        o[int(keys[-1]) if isinstance(o, list) else keys[-1]] = value
    with open(to, "w") as f:
        json.dump(run, f)
    return to


EMPTY = {"count": 0, "sum_ns": 0, "min_ns": 0, "max_ns": 0, "buckets": []}


def side(prefix, n):
    return [f"{prefix}{i}.json" for i in n]


# What each `cmd` of the archive has to say: its exit status (of the last command), what is there, what is not.
COMMANDS = {
    "4x20": (0, ["6 worse"], ["too few"]),
    "csv-formula": (0, ["'=HYPERLINK", "'+1+cmd", "'@SUM(1)", "'-2+3"], [',=', ',+', ',@', ',-2+3', '"=', '"+', '"@']),
    "forged-late": (1, ["late_references.total: 0, but 27 by slow_lookup and end_count"], ["None seen", "_total"]),
    "merged-twice": (1, ["'t5x5-a0.json' is one of the recordings that 'merged.json' is the sum of"], ["recorded"]),
    "missing-site": (0, ["not tested: find_get_block (not measured in m-b3.json: no)", "\n5\n"], ["\n0\n"]),
    "mixed-sections": (0, ["not tested: find_get_block (99 sections in mx-a0.json", "\n5\n"], ["\n0\n"]),
    "overwrite-input": (0, ["would be written over", '"format":"migtrace-run"', "run.json\n"], ["run.json.old"]),
    "same-boot": (1, [], ["a boot each"]),
    "term-escape": (1, ["0\n0\n"], []),
    "unlike-cut": (0, ["variant of assoc_list (site; not attached)", "hint: --force"], ["..."]),
    "unsafe-after": (0, ["18 late references", "4\n"], []),
    "zero-side": (0, ["grow_buffers", "not tested: grow_buffers"], []),
}


def commands():
    check(set(COMMANDS) == set(os.listdir(".")), "each folder of the archive has its words here", os.listdir("."))
    os.mkdir("../bin")
    os.symlink(MIGTRACE, "../bin/migtrace")
    for name, (code, there, absent) in COMMANDS.items():
        shutil.copytree(name, "../copy-" + name)
        done = subprocess.run(["bash", "cmd"], cwd="../copy-" + name, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**ENV, "PATH": os.path.realpath("../bin") + ":" + os.environ["PATH"]})
        out = done.stdout.decode("utf-8", "replace")
        wrong = [w for w in there if w not in out] + [w for w in absent if w in out]
        check(done.returncode == code and not wrong and "Sanitizer" not in out, f"cmd of {name}", done.returncode, wrong, out[-500:])


def left_out():
    os.chdir("missing-site")
    a, b = side("m-a", range(6)), side("m-b", range(6))
    reason = "not tested: find_get_block (not measured in m-b3.json: no)"
    expect("a site that one file lacks", 5, [reason, "inconclusive"], "compare", "--fail-above", "5", *a, "--", *b)
    for f in FORMATS:
        code, out, _ = say("compare", "-f", f, *a, "--", *b)
        check(code == 0 and "not measured in m-b3.json: no" in out, f"it is named in {f}", out[:300])
    rows = list(csv.DictReader(io.StringIO(say("compare", "-f", "csv", *a, "--", *b)[1])))
    check(all(r["not_tested"] and r["tested"] == "0" for r in rows if r["subject"] == "find_get_block") and
          any(r["before"] for r in rows if r["subject"] == "find_get_block"), "its rows are there, with the values there are")
    without = [x for x in b if x != "m-b3.json"]
    expect("without that file it is found", 4, "find_get_block hold p50 is worse", "compare", "--fail-above", "5", *a, "--", *without)
    expect("found goes before not tested", 4, "is worse by more than 5", "compare", "--fail-above", "5", *a, "--", *[
        edit(x, "x" + x, ("sites.grow_buffers", load(x)["sites"]["find_get_block"] | {"hold": EMPTY | {
            "count": 1, "sum_ns": 100, "min_ns": 100, "max_ns": 100, "buckets": [[96, 104, 1]]}}))
        if x == "m-b4.json" else x for x in without])
    two = [edit(x, "y" + x, ("sites.find_get_block.clock", None), ("sites.find_get_block.reason", "\x1b[2Jwhy"))
           if x in ("m-a1.json", "m-a5.json") else x for x in a]
    out = expect("one that three files lack", 5, "(not measured in ym-a1.json and 2 more files: ?[2Jwhy)", "compare", "--fail-above", "5", *two, "--", *b)
    check("\x1b" not in out, "a reason's control characters are none")
    expect("--site: asked for, and nowhere", 5, "not tested: aio_teardown (", "compare", "--site", "migrate_norefs,aio_teardown", "--fail-above", "5", *a, "--", *b)
    expect("--site: not asked for", 0, "~ nothing significant in 3", "compare", "--site", "migrate_norefs", "--fail-above", "5", *a, "--", *b)
    expect("what was tested of them", 5, "hint: --site migrate_norefs asks for what was tested", "compare", "--site", "migrate_norefs,aio_teardown",
           "--fail-above", "5", *a, "--", *b)
    got, _, err = say("compare", "--site", "aio_teardown", "--fail-above", "5", *a, "--", *b)
    check(got == 5 and "not tested: aio_teardown" in err and "hint" not in err, "none of those asked for: no hint to ask for some", err)
    os.chdir("../mixed-sections")
    a, b = side("mx-a", range(6)), side("mx-b", range(6))
    expect("99 sections", 5, "not tested: find_get_block (99 sections in mx-a0.json and 11 more files, 100 needed)", "compare", "--fail-above", "5", *a, "--", *b)
    few = {n: EMPTY | {"count": n, "sum_ns": 100 * n, "min_ns": 100, "max_ns": 100, "buckets": [[96, 104, n]]} for n in (1, 99, 100)}
    def sections(path, prefix, n):
        site = load(path)["sites"]["find_get_block"]
        return edit(path, prefix + path, ("sites.find_get_block", site | {"hold": few[n], "wait": few[n]}))
    expect("a hundred each: tested", 0, "~ nothing significant in 6", "compare", "--fail-above", "5",
           *[sections(x, "h", 100) for x in a], "--", *[sections(x, "h", 100) for x in b])
    expect("one of the later files has 99", 5, "not tested: find_get_block (99 sections in nmx-b5.json, 100 needed)", "compare",
           "--fail-above", "5", *["h" + x for x in a], "--", *["h" + x for x in b[:5]], sections(b[5], "n", 99))
    expect("one of the earlier files has one", 5, "not tested: find_get_block (1 section in omx-a0.json, 100 needed)", "compare",
           "--fail-above", "5", sections(a[0], "o", 1), *["h" + x for x in a[1:]], "--", *["h" + x for x in b])
    os.chdir("../zero-side")
    a, b = side("ze-a", range(6)), side("ze-b", range(6))
    for name, x, y in ("a site of one side only", a, b), ("of the other side only", b, a):
        expect(name, 5, ["grow_buffers hold p50", "sections 6.67/s" if x is a else "sections 0/s",
                         "not tested: grow_buffers (0 sections in ze-b0.json and 5 more files, 100 needed)"],
               "compare", "--fail-above", "5", *x, "--", *y)
        for f in FORMATS:
            check("grow_buffers" in say("compare", "-f", f, *x, "--", *y)[1], f"{name}, in {f}")
    expect("of one file only", 0, ["grow_buffers hold p50", "(0 sections in ze-b0.json and 10 more files, 100 needed)"], "compare",
           a[0], *b[:3], "--", *b[3:], *[edit(x, "c" + x, ("kernel.boot_id", f"{i:08x}-aaaa-4000-8000-000000000000"),
                                             ("start", f"2026-08-01T00:00:0{i}Z")) for i, x in enumerate(b)][:5])
    expect("of nobody: no word", 0, "rows of holds", "compare", *b[:3], "--", *b[3:])
    check("grow_buffers" not in say("compare", *b[:3], "--", *b[3:])[1], "of nobody: no row")
    os.chdir("..")


def unmeasured():
    """What a side has no figure of is no zero: each format says so, and why."""
    os.chdir("missing-site")
    a, b = side("m-a", range(6)), side("m-b", range(6))[:3]
    bare = {"wait": EMPTY}
    for name, why, who, of in (
            ("a bracket", "migrate_norefs{}: not measured in u-m-b0.json and 2 more files: a bracket's clock has none", "migrate_norefs",
             lambda r: [("sites.migrate_norefs", r["sites"]["migrate_norefs"] | bare | {"clock": "bracket"})]),
            ("the light tier", "migrate_norefs{}: not measured in u-m-b0.json and 2 more files: not part of the light tier", "migrate_norefs",
             lambda r: [("sites.migrate_norefs", r["sites"]["migrate_norefs"] | bare), ("tool.tier", "light")]),
            ("a map that was full", "find_get_block{}: not measured in u-m-b0.json and 2 more files: none was kept", "find_get_block",
             lambda r: [("sites.find_get_block", r["sites"]["find_get_block"] | bare)] if r["sites"]["find_get_block"]["clock"] else []),
            ("no locks of buffers", "buffers_locked: not measured in m-a0.json and 5 more files: without --buffer-locks", "buffers_locked",
             lambda r: [("buffer_locks", {"wait": EMPTY, "wait_by_path": {p: {} for p in ("norefs", "buffers")}, "unlocked_by": {},
                                          "held": {"count": 1, "sum_ns": 9, "min_ns": 9, "max_ns": 9, "buckets": [[9, 10, 1]]}})])):
        later = [edit(x, "u-" + x, *of(load(x))) for x in b if name != "a map that was full" or x != "m-b3.json"]
        argv = ["--force", *a, "--", *later]
        expect(f"{name}: text", 0, why.format(", wait"), "compare", *argv)
        check("0ns/s" not in say("compare", *argv)[1], f"{name}: and no zero")
        words = why.split(": ", 1)[1]
        check(words.replace("'", "&#39;") in say("compare", "-f", "html", *argv)[1], f"{name}: html")
        rows = list(csv.DictReader(io.StringIO(say("compare", "-f", "csv", *argv)[1])))
        there = [r for r in rows if r["not_measured"] == words]
        check(there and all(r["subject"] == who and "" in (r["before"], r["after"]) for r in there), f"{name}: csv", there)
        rows = json.loads(say("compare", "-f", "json", *argv)[1])["rows"]
        check(any(r["not_measured"] == words and r["subject"] == who for r in rows), f"{name}: json", rows)
    os.chdir("..")


def questions():
    """What somebody asks who has the text alone, and where it answers: figures are the run file's."""
    run = load(f"{DATA}/full.json")
    text = say("report", f"{DATA}/full.json")[1]
    flat = re.sub(r"\s+", " ", text)
    late, losses = run["late_references"], run["losses"]
    event, norefs = late["events"][0], run["migrations"]["norefs"]
    stopped = max(run["pinned"], key=lambda b: b["tries"])
    rows = [line.split() for line in text[text.index("\nHOLD "):text.index("\nWAIT ")].splitlines()[2:] if line[:1] > " "]
    for question, answer in (
            ("which kernel, and what keeps lookups out there", f"kernel {run['kernel']['release']} x86_64.*generation racy \\(nothing keeps lookups out"),
            ("when was it recorded, and for how long", f"recorded {run['start']}, 30.0s, full tier"),
            ("was anything late", f"late refs FOUND {late['total']} \\(20 by lookup, 7 by the count at the end\\), up to {late['possible']} more possible"),
            ("is it safe, and what is to be done", r"may be lost: keep the run file, and check the file systems of sda1 \(8:1\)"),
            ("who took a late reference, and who migrated",
             f"reference taken by {event['lookup']['comm']}/{event['lookup']['pid']} .* page migrated by {event['migrator']['comm']}/45 "),
            ("what was lost, and does it matter", f"no_release {losses['no_release']} \\(taints\\): an acquire whose release was not seen"),
            ("which site holds longest, for how long, what is it", "migrate_norefs: migration of a page whose buffers must not be referenced"),
            ("for how long could a lookup be late", r"norefs_window 5600 \S+ 4.35us .*norefs_window: after a check that passed, from the release of the lock to the end"),
            ("do lookups wait for migrations", "of a million lookups 100k waited.* 75.0% of it in waits during which a migration had the lock"),
            ("why did pages stay", f"norefs 6000: ok {norefs['ok']} .*busy {norefs['busy']} .*busy: a buffer was referenced"),
            ("which block is in the way", f"sda1 \\(8:1\\) {stopped['block']} {stopped['is']} {stopped['tries']} "),
            ("what is norefs, what buffers", "norefs: migrations that check that no buffer is referenced .*buffers: those without"),
            ("is a short time the lock's or the clock's", "<= x: less than three times the floor; such a figure says more about the clock than about the lock")):
        check(re.search(answer, flat), f"asked of the text: {question}", answer)
    longest = max(rows, key=lambda r: float(r[-2][:-2]) * {"us": 1, "ns": 1e-3, "ms": 1e3}[r[-2][-2:]])
    check(longest[0] == "migrate_norefs" and longest[-2] == "136us", "which is the one with the longest maximum", longest)
    late_at, hold_at = text.index("\nLATE REFERENCES"), text.index("\nHOLD ")
    check(text.index("late refs") < late_at < hold_at, "what was found stands directly below the answer")
    hangs = say("report", f"{DATA}/migrate.json")[1]
    check(re.search(r"(?s)stalls      3 waits.*STALLS\n.*kcompactd0/38 \(migration\) has waited 10.2s.*owner fsync/4242.*\nHOLD ", hangs),
          "asked of the text: does anything hang, and who has it", hangs[:1500])


def samples():
    os.chdir("4x20")
    a, b = side("t4x20-a", range(4)), side("t4x20-b", range(20))
    expect("4 against 20 are tested", 0, "of 6 tested rows 0 better, 6 worse", "compare", *a, "--", *b)
    expect("20 against 4", 0, "of 6 tested rows 6 better, 0 worse", "compare", *b, "--", *a)
    expect("4 against 6, of which chance makes 1 in 105", 5, "too few runs to test: 4 a side", "compare", "--fail-above", "0", *a, "--", *b[:6])
    expect("3 against 19", 0, "of 6 tested rows 0 better, 2 worse", "compare", *a[:3], "--", *b[:19])
    os.chdir("../same-boot")
    u, t = side("u", range(10)), side("t10x10-b", range(10))
    for f in FORMATS:
        code, out, _ = say("compare", "-f", f, *u, "--", *t)
        check(code == 0 and re.search(r'10 runs of 1 boot, which count as 1|,1,10,|"boots": 1,', re.sub(r"\s+", " ", out)) and
              "a boot each" not in out, f"ten runs of one boot, {f}", out[:300])
    expect("they are no sample", 5, ["1 boot, no test", "1 boot a side, at least 5 needed"], "compare", "--fail-above", "5", *u, "--", *t)
    pairs = [edit(x, "p" + x, ("kernel.boot_id", f"{i // 2:08x}-bbbb-4000-8000-000000000000")) for i, x in enumerate(u)]
    expect("ten runs of five boots", 0, ["10 runs of 5 boots, which count as 5", "of 6 tested rows"], "compare", *pairs, "--", *t)
    expect("the boots of both sides", 0, "BOOTS 1 boot is on both sides", "compare", *u[:5], "--", *u[5:])
    own = [edit(x, "o" + x, ("kernel.boot_id", "several")) for x in u]
    expect("what states no boot counts for itself", 0, ["before 10 runs;", "of 6 tested rows"], "compare", *own, "--", *t)
    os.chdir("..")


def races():
    os.chdir("unsafe-after")
    a, z = side("h-a", range(6)), side("z-b", range(6))
    expect("only the later side is late", 4, ["after had 18 late references and ", " file system errors; before had none", "IS NOT SAFE"], "compare", "--fail-above", "5", *a, "--", *z)
    expect("--fail-on-race", 4, "after had 18 late references", "compare", "--fail-on-race", *a, "--", *z)
    expect("with both options", 4, "18 late references", "compare", "--fail-on-race", "--fail-above", "5", *a, "--", *z)
    expect("only the earlier one", 0, "before IS NOT SAFE", "compare", "--fail-on-race", *z, "--", *a)
    expect("both", 5, "inconclusive: late references: both sides", "compare", "--fail-on-race", *z[:3], "--", *z[3:])
    blind = [edit(x, "b" + x, ("late_references.windows", 0), ("late_references.lookups_behind", {"spin": 0, "folio": 0}),
                  ("kernel.boot_id", f"{i:08x}-cccc-4000-8000-000000000000")) for i, x in enumerate(a)]
    expect("nothing would have shown it", 5, "late references: nothing was migrated", "compare", "--fail-on-race", *a, "--", *blind)
    expect("one run would have shown it", 0, "tested rows", "compare", "--fail-on-race", *z, "--", *blind[:5], a[5])
    lost = edit(a[0], "lost.json", ("losses.no_release", 3), ("kernel.boot_id", "0000dddd-0000-4000-8000-000000000000"))
    expect("it may be hidden in another", 5, "late references: events were lost", "compare", "--fail-on-race", *z, "--", *a[1:], lost)
    errors = [edit(x, "e" + x, ("counters.bench_fs_errors", 2)) for x in a]
    expect("errors of the file system", 4, "0 late references and 12 file system errors", "compare", "--fail-above", "5", *a, "--", *errors)
    os.chdir("..")


def unlike():
    os.chdir("unlike-cut")
    _, _, err = say("compare", "demo.json", "full.json")
    probes = {p["probe"] for p in load("demo.json")["probes"]} | {p["probe"] for p in load("full.json")["probes"]}
    named = set(re.findall(r"variant of (\w+)", err))
    check(len(err) > 300 and "hint: --force" in err and "not attached)\n" in err and named <= probes and len(named) > 5,
          f"unlike things are listed to the last one: {len(named)} variants, {len(err)} bytes", err)
    check(all(len(re.findall(r"\(.*?; .*?\)", line)) == (not line.startswith("hint")) for line in err.splitlines()), "one in a line", err)
    for f in "text", "json", "html":
        out = re.sub(r"\s+", " ", say("compare", "--force", "-f", f, "demo.json", "full.json")[1])
        check(all(n in out for n in named), f"all of them by force, {f}")
    base = "full.json"
    many = [edit(base, f"u{i}.json", ("kernel.boot_id", f"{i:08x}-eeee-4000-8000-000000000000"),
                 ("start", f"2026-08-01T00:00:0{i}Z"), *c) for i, c in enumerate((
                     (), (("tool.tier", "light"),), (("kernel.arch", "aarch64"),), (("kernel.arch", "aarch64"), ("kernel.clocksource", "x" * 300))))]
    expect("of every file", 1, ["tier (full; light in u1.json)", "architecture (x86_64; aarch64 in u2.json and 1 more)",
                                "x" * 300 + " in u3.json)"], "compare", *many[:2], "--", *many[2:])
    expect("of two long words only the end differs", 1, "clock source (", "compare",
           edit(base, "v0.json", ("kernel.clocksource", "y" * 200 + "a")), edit(many[0], "v1.json", ("kernel.clocksource", "y" * 200 + "b")))
    extra = load(base)["probes"] + [{"probe": "later", "variant": "new", "attached": True, "reason": None, "hits": 0, "run_ns": 0}]
    expect("a probe that only the later one has", 1, "variant of later (not attached; new)", "compare", base, edit(many[0], "w.json", ("probes", extra)))
    os.chdir("..")


CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def controls():
    os.chdir("term-escape")
    base = os.path.join(DATA, "full.json")
    words = ["\x1b[31m", "\x9b31m", "\u202e\x85", "\x7f\x08\x07"]
    inputs = ["run.json"]
    for i, w in enumerate(words):
        run = load(base)
        for k in "release", "version", "generation", "generation_evidence", "boot_id", "hypervisor", "clocksource":
            run["kernel"][k] = w + run["kernel"][k]
        run["tool"]["version"] += w
        for s in run["sites"].values():
            s["note"], s["reason"] = w + (s["note"] or ""), w + (s["reason"] or "")
        for d in run["devices"].values():
            d["name"] = w + d["name"][:4]
        for p in run["probes"]:
            p["variant"], p["reason"] = w + (p["variant"] or ""), w
        with open(f"w{i}.json", "w") as f:
            json.dump(run, f)
        inputs.append(f"w{i}.json")
    for path in inputs:
        for f in (*FORMATS, "prometheus"):
            code, out, err = say("report", "-f", f, path)
            found = CONTROL.search(out + err)
            check(code == 0 and len(out) > 500 and not found, f"{path} has no control character in {f}",
                  found and out[max(0, found.start() - 40):found.end() + 40].encode(), err)
        for f in FORMATS:
            code, out, err = say("compare", "--force", "-f", f, path, base)
            check(code == 0 and not CONTROL.search(out + err), f"{path} has none in a comparison as {f}", err)
    for name in "\x1b[2Jx.json", "\x9b1mx.json", "x\x07.json":
        code, out, err = say("report", name)
        check(code == 1 and not CONTROL.search(out + err) and "No such file" in err, f"a file called {name!a} that is not there")
    os.chdir("../csv-formula")
    cell = re.compile(r"\s*[=+@\t\r-](?![0-9.]+$)")
    inputs = ["run.json"]
    for i, w in enumerate(("x;=1+1", " =1+1", "a,\"=cmd|'/c calc'!A1", "\t-2+3", "|@SUM(1)")):
        devices = {k: v | {"name": w} for k, v in load(base)["devices"].items()}
        inputs.append(edit(base, f"f{i}.json", ("devices", devices), ("sites.find_get_block.note", w)))
    for path in inputs:
        code, out, _ = say("report", "-f", "csv", path)
        run = [c for d in ",;|\t" for row in csv.reader(io.StringIO(out), delimiter=d) for c in row if cell.match(c)]
        check(code == 0 and len(out) > 1000 and not run, f"{path}: no cell that a spreadsheet runs", run)
    rows = list(csv.DictReader(io.StringIO(say("report", "-f", "csv", "f2.json")[1])))
    check(any(r["device"] == "a,\"'=cmd|''/c calc'!A1" or "cmd" in r["device"] for r in rows), "the words are still there")
    out = say("compare", "-f", "csv", "--site", "aio_teardown", base,
              edit(base, "=1+1.json", ("start", "2026-08-01T00:00:00Z")))[1]
    check(not [c for row in csv.reader(io.StringIO(out)) for c in row if cell.match(c)] and "aio_teardown" in out,
          "a comparison has none", out[-300:])
    os.chdir("..")


def alike():
    """Late references that came the same way: the stacks once, the others as rows."""
    base = load(os.path.join(DATA, "full.json"))["late_references"]
    one = base["events"][0]
    other = {**one, "lookup": {**one["lookup"], "stack": ["another_way+0x1"]}}
    rest = base["possible_events"]
    more = [{**one, "block": 777000 + i} for i in range(20)]
    run = edit(os.path.join(DATA, "full.json"), "alike.json", ("late_references.events", [one, other, *more]),
               ("late_references.not_listed", base["not_listed"] - 21))
    text, page = say("report", run)[1], say("report", "-f", "html", run)[1]
    check("20 more with the same stacks" in text and text.count("late buffer reference") == 2 + len(rest), "in text: how many more", text[-900:])
    check(all(page.count(f">{777000 + i}<") == 1 for i in range(20)), "on the page: a row each")
    check(page.count("late buffer reference") == 2 + len(rest) and page.count("another_way") == 1, "another way is not among them")
    ways = [{**one, "lookup": {**one["lookup"], "stack": [f"way_{i}+0x1"]}} for i in range(20)]
    run = edit(run, "ways.json", ("late_references.events", ways), ("late_references.not_listed", base["not_listed"] - 19))
    text, page = say("report", run)[1], say("report", "-f", "html", run)[1]
    check("17 more came other ways: --format json" in text and "4 more came other ways" in page, "more ways than are shown are said")
    check(page.index("FOUND 27") < page.index("private_lock was held"), "found: it is the page's first words")


def geomean():
    os.chdir("unsafe-after")
    out = say("compare", *side("z-b", range(6)), "--", *side("h-a", range(6)))[1]
    check("rows of holds that have no *: >x9999" in out, "no ratio of thirteen digits", out[-200:])
    os.chdir("..")


def writes():
    os.chdir("overwrite-input")
    before = open("run.json", "rb").read()
    shutil.copy("run.json", "other.json")
    os.link("run.json", "hard.json")
    os.symlink("run.json", "soft.json")
    for to, how in ("run.json", "by name"), ("./run.json", "by another name"), ("hard.json", "by a hard link"), ("soft.json", "by a link"):
        for argv in ("report", "-o", to, "run.json"), ("report", "-f", "html", "-o", to, "-"), ("compare", "--force", "-o", to, "other.json", "run.json"):
            code, _, err = say(*argv, stdin=open("run.json"))
            check(code == 2 and "would be written over" in err and open("run.json", "rb").read() == before and
                  not os.path.exists("run.json.old"), f"{argv[0]} -o does not overwrite its input {how}", code, err)
    with open("run.json", "ab") as f:
        done = subprocess.run([MIGTRACE, "report", "run.json"], stdout=f, stderr=subprocess.PIPE, env=ENV)
    check(done.returncode == 2 and b"standard output" in done.stderr and open("run.json", "rb").read() == before, ">> does not, either")
    code, _, err = say("report", "-o", "new.txt", "run.json")
    check(code == 0 and "late refs" in open("new.txt").read(), "another file is written", err)

    for mode in 0o600, 0o640, 0o444, 0o755:
        os.chmod("new.txt", mode)
        say("report", "-o", "new.txt", "run.json")
        check(os.stat("new.txt").st_mode & 0o7777 == mode, f"mode {mode:o} is kept")
    if os.geteuid() == 0:
        os.chown("new.txt", 65534, 65534)
        say("report", "-o", "new.txt", "run.json")
        st = os.stat("new.txt")
        check((st.st_uid, st.st_gid) == (65534, 65534), "the owner is kept")
    os.umask(0o027)
    say("report", "-o", "fresh.txt", "run.json")
    check(os.stat("fresh.txt").st_mode & 0o777 == 0o640, "a new file's mode is the umask's")
    os.umask(0o022)

    for name in "n" * 254, "n" * 255, "é" * 127, "n" * 250 + ".prom":
        code, _, err = say("report", "-o", name, "run.json")
        check(code == 0 and os.path.getsize(name) > 500, f"a name of {len(name.encode())} bytes", err)
    check(say("report", "-o", "n" * 256, "run.json")[0] == 1, "one of 256 is none")
    check(not [n for n in os.listdir() if ".tmp." in n], "no temporary file is left")
    os.chdir("..")


def as_by_hand():
    """What a shell runs in the background has SIGINT and SIGQUIT ignored, and so have its children."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


def signals():
    """As soon as there is a temporary file; where it was gone again before the signal came, once more."""
    os.chdir("overwrite-input")
    for sig in signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGQUIT:
        caught = False
        for _ in range(200):  # until it came while there was a temporary file
            child = subprocess.Popen([MIGTRACE, "report", "-f", "html", "-o", "page.html", "run.json"], env=ENV,
                                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=as_by_hand)
            while child.poll() is None:
                if [n for n in os.listdir() if ".tmp." in n]:
                    child.send_signal(sig)
                    break
            if child.wait() == -sig:
                caught = True
                break
        left = [n for n in os.listdir() if ".tmp." in n]
        check(caught and not left, f"{sig.name} takes the temporary file along", caught, left)
    for limit in 0, 1000, 4096:
        done = subprocess.run([MIGTRACE, "report", "-f", "html", "-o", "large.html", "run.json"], env=ENV, stderr=subprocess.PIPE,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        left = [n for n in os.listdir() if ".tmp." in n]
        check(done.returncode == 1 and b"File too large" in done.stderr and not left and not os.path.exists("large.html"),
              f"no larger than {limit} bytes: an error, and nothing left", done.returncode, done.stderr, left)
    os.chdir("..")


def pipes():
    os.chdir("overwrite-input")
    full = edit(os.path.join(DATA, "full.json"), "full.json", ("kernel.boot_id", "00000000-eeee-4000-8000-000000000000"))
    for argv in ("report", "run.json"), ("report", "-f", "json", "run.json"), ("compare", "--force", "run.json", full), ("--help",):
        r, w = os.pipe()
        os.close(r)
        done = subprocess.run([MIGTRACE, *argv], stdout=w, stderr=subprocess.PIPE, env=ENV)
        os.close(w)
        check(done.returncode == -signal.SIGPIPE and not done.stderr, f"{argv[0]}: nobody reads, and nothing is said", done.returncode, done.stderr)
    whole = say("report", "-f", "csv", "run.json")[1]
    with open("run.json", "rb") as f:
        check(say("report", "-f", "csv", "-", stdin=f)[1] == whole, "a file as standard input")
    text = open("run.json", "rb").read()
    done = subprocess.run([MIGTRACE, "report", "-f", "csv", "-"], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    check(done.returncode == 0 and done.stdout.decode() == whole, "a pipe as standard input", done.stderr)
    a, b = socket.socketpair()
    a.sendall(text[:60000])
    a.shutdown(socket.SHUT_WR)
    code, out, err = say("report", "-f", "csv", "-", stdin=b)
    check(code == 0 and out == whole, "a socket as standard input", err)
    done = subprocess.run([MIGTRACE, "compare", "--force", "-", os.path.join(DATA, "full.json")], input=text, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    check(done.returncode == 0 and b"after" in done.stdout, "one side of a comparison", done.stderr)
    expect("both sides", 2, "standard input ('-') is one run file", "compare", "-", "-")
    expect("twice", 2, "standard input ('-') is one run file", "report", "-", "-")
    expect("nothing", 1, "standard input: empty file", "report", "-")
    done = subprocess.run([MIGTRACE, "report", "-"], input=text[:4000], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=ENV)
    check(done.returncode == 1 and b"standard input: truncated" in done.stderr, "half a file", done.stderr)
    os.chdir("..")


def sums():
    os.chdir("merged-twice")
    expect("a sum and one of its parts", 1, "'t5x5-a0.json' is one of the recordings that 'merged.json' is the sum of",
           "report", "merged.json", "t5x5-a0.json")
    runs = [edit("t5x5-a0.json", f"r{i}.json", ("start", f"2026-09-01T00:00:0{i}Z"),
                 ("kernel.boot_id", f"{i:08x}-ffff-4000-8000-000000000000")) for i in range(5)]
    check(say("report", "-f", "json", "-o", "s1.json", *runs[:3])[0] == 0 and len(load("s1.json")["parts"]) == 3, "a sum says of what")
    check(say("report", "-f", "json", "-o", "s2.json", *runs[2:])[0] == 0, "another sum")
    check(say("report", "-f", "json", "-o", "s3.json", "s1.json", *runs[3:])[0] == 0 and load("s3.json")["merged"] == 5 and
          len(load("s3.json")["parts"]) == 5, "a sum of a sum and others")
    expect("a sum and its last part", 1, "'r2.json' is one of the recordings that 's1.json' is the sum of", "report", "s1.json", "r2.json")
    expect("two sums with a part in common", 1, "'s1.json' and 's2.json' have a recording in common", "report", "s1.json", "s2.json")
    expect("a sum of a sum, and a part of that", 1, "'r0.json' is one of", "report", "s3.json", "r0.json")
    expect("on one side of a comparison", 1, "'r1.json' is one of", "compare", "s1.json", "r1.json", "--", "r4.json")
    expect("a sum and another recording", 0, "(4 runs merged", "report", "s1.json", "r3.json")
    edit("merged.json", "old.json", ("start", "2025-01-01T00:00:00Z"))
    expect("a sum that does not say of what", 0, "'old.json' does not say which 5 recordings it is the sum of", "report", "old.json", "r0.json")
    os.chdir("..")


def options():
    run = os.path.join(DATA, "full.json")
    for argv in ("record", "sleep", "5"), ("record", "-d", "3", "sda"), ("watch", "10"), ("record", "-o", "--", "ls"):
        code, _, err = say(*argv)
        check(code == 2 and "unexpected word" in err and "-- " + argv[-1] in err or argv[-1] == "5" and "-- sleep" in err,
              " ".join(argv) + ": a command stands after --", code, err)
    expect("record --: no command", 2, "no command after '--'", "record", "--")
    for f in "csv", "json", "prometheus":
        expect(f"--linear of {f}", 2, f"option '--linear': nothing of {f}", "report", "--linear", "5us:20", "-f", f, run)
    expect("doctor --facts --json", 2, "option '--facts': ", "doctor", "--facts", "--json")
    expect("doctor --facts --sites", 2, "option '--facts': ", "doctor", "--facts", "--sites")
    expect("doctor --sites --probe", 2, "option '--probe': ", "doctor", "--sites", "--probe", "lookup_exit=common")
    expect("record --light --site of the other side", 2, "the light tier has nothing of 'find_get_block'", "record", "--light", "--site", "find_get_block", "-d", "1")
    expect("help of two", 2, "one command at a time", "help", "record", "watch")
    expect("export of an unknown device", 2, "unknown device 'nowhere'", "export", "--textfile", "x.prom", "--device", "nowhere")


def main():
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(os.path.join(DATA, "runs.tar.xz")) as tar:
            tar.extractall(f"{folder}/runs")
        os.chdir(f"{folder}/runs")
        for f in questions, commands, left_out, unmeasured, samples, races, unlike, controls, alike, geomean, writes, signals, pipes, sums, options:
            f()
        os.chdir("/")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
