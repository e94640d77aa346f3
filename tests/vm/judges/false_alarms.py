# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Whether compare cries wolf over boots of one kernel, and hears a planted difference (aa.sh)."""
import json
import random
import subprocess

from .base import check, pairs

COMPARISONS, A_SIDE, MAY_DIFFER = 20, 20, 2


def compare(migtrace, before, after):
    done = subprocess.run([migtrace, "compare", "--format", "json", *before, "--", *after],
                          check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)


def significant(c):
    return [f"{r['subject']} {r['metric']} x{r['ratio']:.3f} p {r['p_holm']:.3f}"
            for r in c["rows"] if r["verdict"] in ("better", "worse")]


def kernel_mean(folder, names):
    """The kernel's own mean hold in the migration's section, ns."""
    t = [pairs(f"{folder}/{n}/truth") for n in names]
    return sum(x["migrate_hold_ns"] for x in t) / sum(x["migrate_holds"] for x in t)


def false_alarms(conf, folder, args):
    """@folder/after-N/run.json are boots of one kernel, slow-N of the same with args["delay"] ns in each
    section of the migration; args["migtrace"] is the command."""
    migtrace, delay = args["migtrace"], int(args["delay"])
    boots = [f"{folder}/after-{i}/run.json" for i in range(1, 41)]
    rng, differ = random.Random(1), 0
    for i in range(COMPARISONS):
        some = rng.sample(boots, 2 * A_SIDE)
        found = significant(compare(migtrace, some[:A_SIDE], some[A_SIDE:]))
        differ += bool(found)
        print(f"# A/A {i + 1}: {', '.join(found) or '~'}")
    check(differ <= MAY_DIFFER, f"A/A: {differ} of {COMPARISONS} comparisons with a significant row, "
          f"at most {MAY_DIFFER}")
    names = [(f"after-{i}", f"slow-{i}") for i in range(1, A_SIDE + 1)]
    c = compare(migtrace, *([f"{folder}/{n}/run.json" for n in side] for side in zip(*names)))
    t = [pairs(f"{folder}/slow-{i}/truth") for i in range(1, A_SIDE + 1)]
    planted = sum(x["delays_ns"] for x in t) / sum(x["delays"] for x in t)
    check(delay <= planted <= 1.1 * delay, f"planted: {delay} ns, as the kernel measured {planted:.0f}")
    kernel = [kernel_mean(folder, side) for side in zip(*names)]
    print(f"# the kernel's own mean hold: {kernel[0]:.0f} and {kernel[1]:.0f} ns, "
          f"{kernel[1] - kernel[0]:.0f} longer")
    # held per second hardly changes: with longer sections the mover gets to fewer of them
    r = next(r for r in c["rows"] if (r["subject"], r["metric"]) == ("migrate_norefs", "hold p50"))
    d = r["difference"]
    check(r["verdict"] == "worse", f"planted, hold p50: {r['verdict']}, p {r['p_holm']:.1e}")
    check(d["low"] <= planted <= d["high"], f"planted {planted:.0f} ns: found {d['estimate']:.0f}, "
          f"95 % interval {d['low']:.0f} to {d['high']:.0f}")
