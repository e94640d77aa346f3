# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A group of cases run, judged, and where one failed tried again by itself."""
import os
import re
import shlex
import subprocess
import time

from . import guest, phases
from .caselist import TESTS

TOO_LITTLE = 3  # a judge's exit: nothing is wrong but that too little happened to say so


def say(text):
    print(text, flush=True)


class Verdict:
    """Of one case, once: its lines, how many passed and failed, what it exits with."""

    def __init__(self, text, status):
        self.lines = text.splitlines()
        self.sums = [tuple(map(int, m)) for m in re.findall(r"^(\d+) passed, (\d+) failed$", text, re.M)]
        self.status = status
        self.passed, self.failed = (sum(s[i] for s in self.sums) for i in (0, 1))
        if status and not self.failed:
            self.failed = 1
        elif not self.sums:
            self.passed = 1


class Once:
    def __init__(self, out, results):
        self.out, self.results = out, results
        os.makedirs(out, exist_ok=True)

    def run(self, group):
        if group[0].host:
            self.host(group[0])
            return
        try:
            guest.fetch(group[0].kernel)
        except guest.Unbootable as e:
            for c in group:
                say(f"== {c.name} ({c.kernel})\nnot ok - {c.name}: kernel {c.kernel} can't be had: {e}")
                self.results.add(c.name, 0, 1, {})
            return
        while group:
            group = self.boot(group)

    def boot(self, group):
        """The cases in one guest; returns those that it did not come to."""
        say(f"== {group[0].kernel}: {' '.join(c.name for c in group)}")
        ended = guest.boot(group, self.out)
        for c in group:
            if c.name in ended:
                self.first(c, ended[c.name], alone=len(group) == 1)
        return [c for c in group if c.name not in ended]

    def first(self, case, ended, alone):
        verdict, spent = self.judge(case, ended)
        self.show(case, verdict, spent)
        if verdict.failed:
            verdict = self.again(case, verdict, spent, alone)
        self.results.add(case.name, verdict.passed, verdict.failed, spent)

    def again(self, case, first, spent, alone):
        """By itself; where the load was too short, for longer. What was wrong stays wrong."""
        last = first
        for case.times in (2, 4) if first.status == TOO_LITTLE else (1,):
            say(f"# {case.name}: again, by itself, load x {case.times}")
            ended = guest.boot([case], self.out)
            last, more = self.judge(case, ended.get(case.name, guest.Ended(why="it did not begin")))
            for name, seconds in more.items():
                spent[name] = spent.get(name, 0) + seconds
            self.show(case, last, more)
            if last.status != TOO_LITTLE:
                break
        case.times = 1
        if first.status == TOO_LITTLE:
            return last
        say(f"# {case.name}: {first.failed} failed{'' if alone else ' beside others'}, "
            f"{last.failed} failed by itself: it stays failed")
        return first

    def judge(self, case, ended):
        folder = f"{self.out}/{case.name}"
        spent = phases.of_guest(folder, ended.seconds)
        spent["boot"] = ended.boot
        if ended.status is None:
            text = "\n".join([f"not ok - {case.name}: {ended.why}"] + [f"# {s}" for s in ended.log[-15:]])
            return Verdict(text, 1), spent
        begin = time.monotonic()
        words = [f"{k}={v}" for k, v in case.args.items()]
        done = subprocess.run([f"{guest.VM}/judge.py", case.judge, case.kernel, folder, *words],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        spent["judge"] = time.monotonic() - begin
        text = done.stdout
        if ended.status:
            text = f"# the guest's script ended with {ended.status}: " \
                   + "\n# ".join(ended.log[-20:]) + "\n" + text
        return Verdict(text, done.returncode), spent

    def host(self, case):
        say(f"== {case.name}: {case.guest}")
        folder, begin = f"{self.out}/{case.name}", time.monotonic()
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/log", "w+", errors="replace") as log:
            done = subprocess.run(shlex.split(case.guest), cwd=f"{TESTS}/..", stdout=log,
                                  stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
            log.seek(0)
            verdict = Verdict(log.read(), done.returncode)
        if case.judge == "tally" and not verdict.sums:
            verdict.passed, verdict.failed = 0, 1
            verdict.lines.append("no 'N passed, N failed'")
        spent = {"other": time.monotonic() - begin}
        if verdict.failed:
            say("\n".join(f"    {s}" for s in verdict.lines[-60:]))
        say(f"# {case.name}: {verdict.passed} passed, {verdict.failed} failed, {spent['other']:.0f} s")
        self.results.add(case.name, verdict.passed, verdict.failed, spent)

    def show(self, case, verdict, spent):
        say(f"-- {case.name} ({case.kernel}{''.join(' +' + s for s in case.switches)})")
        say("\n".join(s for s in verdict.lines if not re.match(r"\d+ passed, \d+ failed$", s)))
        steps = phases.steps(f"{self.out}/{case.name}")
        steps = f" (steps: {phases.line(steps, steps)})" if steps else ""
        say(f"# {case.name}: {verdict.passed} passed, {verdict.failed} failed; "
            f"seconds: {phases.line(spent)}{steps}")
