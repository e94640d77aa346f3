# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Judges what doctor said of a kernel that lacks something, and what a recording left out; PREEMPT_RT."""
from .base import ASKED, cases, check, enough, load, wanted
from .truth import truth


def told(conf, out):
    """The lack by its name, a variant or the reason for every probe, and the same in the run file."""
    with open(f"{out}/doctor.txt") as f, open(f"{out}/doctor.status") as g:
        text, status = f.read(), int(g.read())
    doctor, run = load(f"{out}/doctor.json"), load(f"{out}/run.json")
    words = conf.get("lacks", "")
    if words:
        check(words in text, f"doctor says: {words}")
    else:  # nothing but its speed, which compare has to know
        check("lockdep" in run["kernel"]["instruments"], f"{run['kernel']['instruments']}")
    want = 3 if words.startswith("btf: no") else 0
    check(status == want, f"doctor exits {status}")
    check(doctor["trial"]["ok"], f"doctor: {doctor['trial']['message']}")
    variants = wanted(conf)
    reasons = dict(w.split("=", 1) for w in conf.get("reason", "").split())
    seen = {p["probe"]: p for p in doctor["probes"] if p["probe"] not in ASKED.keys() - variants | {"floor"}}
    for name in sorted(set(seen) | set(variants)):
        p = seen.get(name, {"variant": "missing", "reason": ""})
        check((p["variant"] or "-") == variants.get(name),
              f"probe {name}: variant {p['variant']}, expected {variants.get(name)}")
        if not p["variant"]:
            because = reasons.get(name, "nothing expected")
            check(because.replace("_", " ") in p["reason"].replace("_", " "),
                  f"probe {name}: {p['reason']}")
    for p in run["probes"]:
        d = seen.get(p["probe"])
        check(d is None or (p["variant"] if p["attached"] else None) == d["variant"],
              f"recorded as doctor says: {p['probe']} {p['variant'] if p['attached'] else '-'}")
    with open(f"{out}/report.txt") as f:
        report = " ".join(f.read().split())
    for name, s in run["sites"].items():
        if s["clock"]:
            continue
        check(s["reason"] == seen[name]["reason"] and not s["hold"]["count"],
              f"{name} not measurable: {s['reason']}")
        check("not measurable:" in report and s["reason"] in report, f"the report says so of {name}")


def everything(conf, out):
    told(conf, out)
    cases({}, out, {"least": "4"})


def owners(run, out):
    """Only PREEMPT_RT lets a spinlock's owner be switched out: there it is, and nowhere else a row."""
    rt = "preempt_rt" in run["kernel"]["instruments"]
    n = {k: (s["switched_out"], s["hold"]["count"]) for k, s in run["sites"].items() if "switched_out" in s}
    with open(f"{out}/report.txt") as f, open(f"{out}/light-last.prom") as g:
        shown = ["\nowners " in f.read(), "\nmigtrace_holds_switched_out_total{" in g.read()]
    check(shown == [rt, rt], f"owners in the report and the metrics: {shown}")
    if not rt:
        check(not n, "nobody is switched out under a spinlock here")
        return
    timed = {k for k, s in run["sites"].items() if s["clock"] == "site"}
    check(set(n) == timed and all(a <= b for a, b in n.values()), f"owners switched out, of holds: {n}")
    for site in "migrate_norefs", "find_get_block":
        enough(n[site][0] > 0, f"{site}: {n[site][0]} of {n[site][1]}")


def lacking(conf, out, args):
    """A kernel that lacks something: what is said of it, and what is left, beside its own count."""
    everything(conf, out)
    truth(conf, out, args)
