# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Where the seconds of a case went, by what the recordings in its folder say of themselves."""
import glob
import json
import re

NAMES = ("boot", "attach", "load", "detach", "other", "judge")


def detached(path):
    """What -v says of it on stderr: run files are written before that."""
    try:
        with open(path, errors="replace") as f:
            return sum(map(float, re.findall(r"^migtrace: .*\bdetached in ([\d.]+) s$", f.read(), re.M)))
    except OSError:
        return 0.0


def of_guest(folder, seconds):
    """{phase: seconds} of a case that took @seconds in the guest. `other` is what no recording says:
    making the disk, counting, exporting, waiting for a grace period."""
    spent = dict.fromkeys(NAMES, 0.0)
    for path in glob.glob(f"{folder}/**/*.json", recursive=True):
        try:
            with open(path) as f:
                run = json.load(f)
            tool = run["tool"]
            spent["attach"] += (tool.get("load_ns", 0) + tool.get("attach_ns", 0)) / 1e9
            spent["load"] += run["duration_ns"] / 1e9
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue  # no run file
    spent["detach"] = detached(f"{folder}/log")
    spent["other"] = max(0.0, seconds - spent["attach"] - spent["load"] - spent["detach"])
    return spent


def steps(folder):
    """{step: seconds} of what the guest's script says it did."""
    spent = {}
    try:
        with open(f"{folder}/steps") as f:
            for name, begin, end in (line.split() for line in f):
                spent[name] = spent.get(name, 0) + float(end) - float(begin)
    except OSError:
        pass
    return spent


def line(spent, names=NAMES):
    return ", ".join(f"{name} {spent[name]:.0f}" for name in names if spent.get(name, 0) >= 0.5)


def table(rows):
    """@rows: (name, result, {phase: seconds}); the table of a run, as lines."""
    rows = list(rows)
    width = max([len(r[0]) for r in rows] + [4])
    yield f"{'case':{width}}  {'result':>16}  {'all':>5}" + "".join(f"{n:>7}" for n in NAMES)
    for name, result, spent in rows:
        cells = "".join(f"{spent.get(n, 0):7.0f}" if spent.get(n, 0) >= 0.5 else f"{'':7}" for n in NAMES)
        yield f"{name:{width}}  {result:>16}  {sum(spent.values()):5.0f}{cells}"
