# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What the judgements share: the tally, reading results, comparisons, sums that have to hold."""
import json

passed = failed = short = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text)


def enough(good, text):
    """A floor under the load, not a figure of ours: check.py gives a case more time for it."""
    global short
    check(good, text if good else f"too little load: {text}")
    short += not good


def judged(judge, conf, out, args):
    """Runs one judge over the files in @out and prints the tally; the exit status of judge.py."""
    global passed, failed, short
    passed = failed = short = 0
    try:
        judge(conf, out, args)
    except (OSError, KeyError, ValueError, TypeError) as e:
        check(False, f"{judge.__name__}: {type(e).__name__}: {e}")
    print(f"{passed} passed, {failed} failed")
    return failed and (3 if failed == short else 1)


def least(args, usual=1):
    """How much of the usual floor under a load is asked for; cases: how many."""
    return float(args.get("least", usual))


def racy(args):
    """Is the fault switched on in this kernel?"""
    return args.get("racy") == "1"


def generation(conf, args):
    return "racy" if racy(args) else conf["generation"]


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
    enough(waited["spin"] + waited["folio"] >= floor / 50, f"of them waited for it: {waited}")


def large_folios(run, args):
    """The load was one of large folios: what they should be referenced by says how large."""
    if args.get("large") == "1":
        wrong = [r for r in run["refcounts"] if r["expected"] >= 2 + 4]
        enough(wrong, f"folios of four pages or more: {sum(r['count'] for r in wrong)} that were referenced by others, "
                      f"up to {max((r['expected'] for r in wrong), default=0)} references expected")


def attempts(run, path, why):
    """Every attempt at a page is one migration; every page moved was moved by one of them."""
    if not run["attempts"]:
        called = any(p["probe"] == "migrate_call" and p["attached"] for p in run["probes"])
        check(run["tool"]["tier"] == "light" or not called, f"{path}: attempts are not measured here")
        return
    v, no = run["attempts"][path], why.get("no_buffers", 0)
    tried, moved = sum(a["tried"] for a in v), sum(a["moved"] for a in v)
    check(tried == sum(why.values()) - no and moved == why["ok"],
          f"{path}: {tried} attempts, {moved} moves; given up "
          f"{sum(a['given_up'] for a in v)} of {v[0]['tried'] if v else 0} pages")


def reasons(run, count=None):
    """Every migration has one reason; `count`: the kernel's results and sections beside them."""
    for path in "norefs", "buffers":
        why, calls = run["migrations"][path], run["counters"][path + "_calls"]
        said = {k: v for k, v in why.items() if v}
        check(sum(why.values()) == calls, f"{path} reasons add up to {calls} calls: {said}")
        check(why["other"] <= max(2, 0.01 * calls), f"{path}, other: {why['other']} of {calls}")
        attempts(run, path, why)
    if not count:
        return
    why = run["migrations"]["norefs"]
    check(why["ok"] <= count["norefs_ok"] <= why["ok"] + why["no_buffers"],
          f"ok: migtrace {why['ok']} ({why['no_buffers']} without buffers), "
          f"the kernel {count['norefs_ok']}")
    same("without the check", run["counters"]["buffers_calls"], count["buffers_calls"])
    why = run["migrations"]["buffers"]
    check(why["ok"] <= count["buffers_ok"] <= why["ok"] + why["no_buffers"],
          f"of them ok: migtrace {why['ok']} ({why['no_buffers']} without buffers), "
          f"the kernel {count['buffers_ok']}")
    why = run["migrations"]["norefs"]
    locked = count["migrate_sections"] - count["invalidations"]
    ours = sum(why[k] for k in ("ok", "busy", "journal", "refs", "copy_fault"))
    # a bracket hears nothing of a check that ends a migration: whose reference is gone at the exit, it
    # takes for one refused before the lock, by a count that was right again
    unseen, share = 0, 0.005
    if run["sites"]["migrate_norefs"]["clock"] == "bracket":
        unseen, share = sum(r["count"] for r in run["refcounts"]
                            if r["stage"] == "early" and r["seen"] < 0), 0.01
    check(-0.005 * locked <= locked - ours <= share * locked + unseen,
          f"came as far as the lock: migtrace {ours}{f' to {ours + unseen}' if unseen else ''}, "
          f"the kernel {locked}")


def counts(run, count):
    """Migrations, lock sections and reasons as often as the kernel's own count has them."""
    norefs = run["sites"]["migrate_norefs"]
    equal("norefs migrations", run["counters"]["norefs_calls"], count["norefs_calls"])
    if norefs["clock"] == "bracket":
        # opened by what is called under the lock: not where the check or the references end it
        why, late = run["migrations"]["norefs"], sum(
            r["count"] for r in run["refcounts"] if r["stage"] == "switch")
        equal("norefs brackets", norefs["acquires"], why["ok"] + late)
        check(count["norefs_ok"] <= norefs["acquires"] <= count["migrate_sections"],
              f"norefs brackets: {norefs['acquires']}; the kernel moved {count['norefs_ok']} in "
              f"{count['migrate_sections']} sections")
    else:
        equal("norefs lock sections", norefs["acquires"], count["migrate_sections"])
    equal("lookup lock sections", run["sites"]["find_get_block"]["acquires"],
          count["lookup_sections"])
    reasons(run, count)
    sums(run)
    lossless(run)


def kernel_reasons(run, t, args):
    """Where the kernel says why each migration ended: a locked buffer is one, whatever made it so. A late
    reference that fails the move, too, looks like one that the check had seen: on racy kernels some are."""
    for path in "norefs", "buffers":
        ours = dict(run["migrations"][path])
        ours["locked"] += ours.pop("writeback")
        # what was gone again when it could be read is "other", which reasons() bounds
        for reason in set(ours) - {"other", "copy_fault"}:
            same(f"{path}, {reason}", ours[reason], t[f"{path}_{reason}"], share=0.005, few=10 if racy(args) else 2)


def cases(conf, out, args):
    for line in open(f"{out}/cases"):
        good = line.startswith("ok ")
        check(good, line.split(" ", 1)[1].strip() if good else line[7:].strip())
    ran = passed + failed
    check(ran >= least(args), f"{ran} cases ran")
