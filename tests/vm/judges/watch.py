# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""`migtrace watch` on a kernel that counts itself."""
import json
import re

from .base import as_kernel, check, enough, generation, pairs, racy


def watch(conf, out, args):
    """Both forms of watch: reports of both sides on a racy kernel, evidence on any."""
    for form in "json", "text":
        t = pairs(f"{out}/{form}.truth")
        status = int(open(f"{out}/status.{form}").read())
        check(status == (4 if racy(args) else 0), f"{form}: --fail-on-race exits {status}")
        with open(f"{out}/watch.{form}") as f:
            text = f.read()
        if form == "json":
            *events, last = [json.loads(line) for line in text.splitlines()]
            check(last["type"] == "summary" and last["generation"] == generation(conf, args),
                  f"json: summary, generation {last.get('generation')}")
            total = last["total"]
            behind, possible = sum(last["lookups_behind"].values()), last["possible"]
            events = [e for e in events if not e["possible"]]
            named = sum(1 for e in events if e["lookup"] and e["lookup"]["stack"]
                        and e["migrator"]["stack"])
            reports, verdict, bound = len(events), last["verdict"], last["upper_bound_95"]
        else:
            m = re.search(r"late references: (\d+) \((.*)\) on \S+ (.*?):", text)
            check(m and m[3].endswith(generation(conf, args)), f"text: summary: {m and m[0]}")
            total, verdict = int(m[1]), m[2]
            behind = sum(map(int, re.search(r"(?:behind one|1 ms after): (\d+) spin(?:lock)?, (\d+) folio", text).groups()))
            possible = int(re.search(r"up to (\d+) more possible", text)[1])
            reports = text.count("migtrace: late buffer reference")
            named = len(re.findall(r"taken by \S+/\d+ on CPU \d.*?:\n  \S+\+0x.*?"
                                   r"migrated by \S+/\d+ on CPU \d:\n  \S+\+0x", text, re.S))
            bound = re.search(r"95 % upper bound: (\S+)", text)
        enough(behind >= 1000, f"{form}: lookups behind a window: {behind}")
        if not racy(args):
            check(total == possible == reports == 0 == t["late_refs"] and verdict == "none seen" and bound,
                  f"{form}: {verdict}, {reports} reports, with a bound")
            continue
        check(verdict == "found" and not bound, f"{form}: verdict {verdict}")
        as_kernel(form, total, possible, t["late_refs"], args)
        check(0.99 * min(total, 4096) <= reports <= total, f"{form}: {reports} reports for {total}")
        check(named >= 0.8 * reports, f"{form}: both sides and stacks in {named} of {reports}")
