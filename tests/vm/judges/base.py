# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What the judgements share: the tally, reading results, comparisons, sums that have to hold."""
import json
import os
import re

passed = failed = short = 0
ADDRESS = re.compile(r"\b(0x)?ffff[0-9a-f]{12}\b")


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text)


def enough(good, text):
    """A floor under the load, not a figure of ours: check.py gives a case more time for it. @good, for what
    can only be said of what is above it."""
    global short
    check(good, text if good else f"too little load: {text}")
    short += not good
    return good


def judged(judge, conf, out, args):
    """Runs one judge over the files in @out and prints the tally; the exit status of judge.py."""
    global passed, failed, short
    passed = failed = short = 0
    try:
        ended(out, args)
        judge(conf, out, args)
    except (OSError, LookupError, ValueError, TypeError) as e:
        check(False, f"{judge.__name__}: {type(e).__name__}: {e}")
    print(f"{passed} passed, {failed} failed")
    return failed and (3 if failed == short else 1)


def asked(out):
    """PROBE=VARIANT words that the recording was started with."""
    if not os.path.exists(f"{out}/asked"):
        return []
    with open(f"{out}/asked") as f:
        words = f.read().split()
    asked = words[words.index("--probe") + 1].split(",") if "--probe" in words else []
    return [w for w in asked if not w.startswith("floor=")]  # which no run file lists


def ended(out, args):
    """What holds for every recording of guest/record.sh: it did not fail, used the probes that it was told to, and the
    kernel had nothing to say."""
    got = {p["probe"]: p["variant"] for p in load(f"{out}/run.json")["probes"] if p["attached"]} if asked(out) else {}
    for word in asked(out):
        probe, _, variant = word.partition("=")
        check(got.get(probe) == variant, f"probe {probe}: {got.get(probe)}, asked for was {variant}")
    if os.path.exists(f"{out}/status"):
        with open(f"{out}/status") as f:
            status = int(f.read())
        check(status in (0, 4, 5), f"record did not fail: exit {status}")
    if os.path.exists(f"{out}/errors"):
        with open(f"{out}/errors") as f:
            # what a race does to a file system is its own
            said = [line.strip() for line in f if not racy(args) or "BUG:" in line or "WARNING:" in line]
        check(not said, f"the kernel's log is quiet {said[:2] or ''}".strip())
    shown = [name for name in os.listdir(out) if name in ("run.json", "report.txt") or name.endswith("-last.prom")]
    for name in shown:
        with open(f"{out}/{name}", errors="replace") as f:
            found = ADDRESS.search(f.read())
        check(not found, f"no address of the kernel's in {name} {found[0] if found else ''}".strip())


# Probes that only who asks for them has, and how: without the option a run file does not speak of them. kernels.conf
# says which variant a kernel has where its fact sheet knows.
ASKED = {"buffer_locks": "--buffer-locks", "stall_folio": "--stall", "stall_owner": "--stall", "stall_spin": "--stall",
         "refs_move": "--refs", "refs_switch": "--refs",
         "drain_all": "--drains", "drain_buffers": "--drains", "drain_batch": "--drains"}


def variants(run, want):
    """What is attached of each probe, of those that are asked for only if @want has them."""
    return {p["probe"]: p["variant"] if p["attached"] else "-" for p in run["probes"]
            if p["probe"] in want or p["probe"] not in ASKED}


def least(args, usual=1):
    """How much of the usual floor under a load is asked for; cases: how many."""
    return float(args.get("least", usual))


def racy(args):
    """Is the fault switched on in this kernel?"""
    return args.get("racy") == "1"


def generation(conf, args):
    """By the lock at the switch; a flag that lookups ignore is there all the same."""
    flag = conf["generation"].startswith("bh_migrate")
    return "racy" if racy(args) and not flag else conf["generation"]


def exited(out, want, name="status"):
    with open(f"{out}/{name}") as f:
        status = int(f.read())
    check(status == want, f"record exits {status}, {want} is right")


# losses that a late reference can't have gone with (migtrace-run(5))
HIDE_NONE = {"wait_start", "event_list", "recursion", "table_full"}


def fail_on_race(run):
    """What --fail-on-race exits with: found, can't be told, none."""
    late = run["late_references"]
    if late["total"]:
        return 4
    hidden = any(v for k, v in run["losses"].items() if k not in HIDE_NONE)
    return 5 if late["possible"] or hidden or run["tool"]["tier"] == "light" or not sum(late["lookups_waited"].values()) else 0


def wanted(conf, *more):
    """Probe to variant as kernels.conf has it, and what is to be in its place: PROBE=VARIANT words."""
    return dict(w.split("=", 1) for w in [*conf["expect"].split(), *more])


def expected(conf, run):
    """Probe to variant, of those that @run is about."""
    there = {p["probe"] for p in run["probes"] if p["reason"] != "not asked for"}
    want = wanted(conf)
    return {k: v for k, v in want.items() if k not in ASKED or k in there}


def promised(conf, count, name):
    """Of the kernel's own counts those are compared that could be made; kernels.conf has where that is so for sure."""
    if name in conf.get("counted", "").split():
        check(any(k.startswith(name) for k in count), f"the kernel's own count has {name}")


def pairs(path):
    with open(path) as f:
        return {k: int(v) for k, v in (line.split() for line in f if line.strip())}


def load(path):
    with open(path) as f:
        return json.load(f)


def sums(run):
    """Every site's acquires, releases and histogram are one number; buckets add up to it."""
    for name, s in run["sites"].items():
        if not s["clock"] or not s["acquires"]:
            continue
        n = [s["acquires"], s["releases"], s["hold"]["count"],
             sum(b[2] for b in s["hold"]["buckets"])]
        check(len(set(n)) == 1, f"{name}: acquires, releases, holds, buckets: {n}")


def lossless(run):
    """Nothing that taints a verdict; recursion and a full list of events are shown (design.md §4)."""
    lost = {k: v for k, v in run["losses"].items() if v}
    harmless = {"wait_start", "event_list", "recursion"}
    # PREEMPT_LAZY (Debian's from 6.18 on): the kernel leaves out exits behind one that was preempted, and that is said
    if run["kernel"]["generation"].startswith("bh_migrate"):
        few = max(3, run["counters"].get("lookup_calls", 0) // 10000)
        harmless |= {k for k in ("lookup_exit_unseen",) if lost.get(k, 0) <= few}
    check(not set(lost) - harmless, f"nothing lost {lost or ''}".strip())


def same(what, ours, theirs, share=0.001, few=0):
    """Ours and the kernel's, but for a share or a few of them. None at all is a figure, too."""
    check(abs(ours - theirs) <= max(few, share * theirs), f"{what}: migtrace {ours}, the kernel {theirs}")


def equal(what, ours, theirs):
    """Where there has to be some."""
    same(what, ours, theirs) if theirs > 0 else enough(False, f"{what}: the kernel has none")


def near(what, ours, theirs):
    """Other tasks compact, too, before and after the recording: a handful is not ours."""
    same(what, ours, theirs, share=0.01, few=3)


def as_kernel(what, total, possible, true, args):
    """Late references against the kernel's own count of those in windows that moved (design.md §13).
    args["share"]: of a short load, whose chance is larger than what a long one is held to."""
    enough(true >= 50 * least(args), f"{what}: the kernel saw the race: {true} late references")
    check(int(float(args.get("share", 0.95)) * true) <= total <= 1.02 * true + 2,
          f"{what}: found {total} of the kernel's {true}, {100 * total / max(true, 1):.1f} %")
    check(total + possible >= true, f"{what}: with {possible} possible ones no fewer than the kernel's {true}")


def evidence(late, args):
    """"None" is worth as much as the lookups that came behind a window."""
    behind, floor = late["lookups_behind"], int(args.get("behind", 1000))
    enough(behind["spin"] + behind["folio"] >= floor,
           f"lookups behind a window: {behind}, at least {floor}, 95 % bound "
           f"{3 / max(1, behind['spin'] + behind['folio']):.1e}")
    enough(behind["spin"] >= floor / 5, f"by the spinlock: {behind['spin']}, at least {floor // 5}")
    check(late["possible"] == 0, f"possible: {late['possible']}")
    waited = late["lookups_waited"]
    enough(waited["spin"] + waited["folio"] >= int(args.get("waited", floor // 50)), f"of them waited for it: {waited}")


def large_folios(run, args):
    """The load was one of large folios: what they should be referenced by says how large."""
    if args.get("large") == "1":
        wrong = [r for r in run["refcounts"] if r["expected"] >= 2 + 4]
        enough(wrong, f"folios of four pages or more: {sum(r['count'] for r in wrong)} that were referenced by others, "
                      f"up to {max((r['expected'] for r in wrong), default=0)} references expected")


def cases(conf, out, args):
    ran = 0
    for ran, line in enumerate(open(f"{out}/cases"), 1):
        good = line.startswith("ok ")
        check(good, line.split(" ", 1)[1].strip() if good else line[7:].strip())
    check(ran >= least(args), f"{ran} cases ran")
