# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""A group of cases run, judged, and where one failed tried again by itself."""
import contextlib
import os
import re
import shlex
import signal
import subprocess
import sys
import time

from . import guest, phases
from .caselist import TESTS

MOST = 8  # lines of a failed case that the summary repeats
TOO_LITTLE = 3  # a judge's exit: nothing is wrong but that too little happened to say so


LOWEST = ["nice", "-n", "19"]  # guests are timed, so what runs beside them takes what they leave


def say(text):
    """In one piece: two threads speak."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


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

    def wrong(self):
        """The lines that say so, or the last one of what failed without a word."""
        if not self.failed:
            return []
        return [s for s in self.lines if s.lstrip().startswith("not ok")][:MOST] or self.lines[-1:]


def command(argv, log, limit):
    """Runs @argv in a process group of its own, so that what it began ends with it; returns what it
    exits with, or None if it was stopped after @limit seconds. No session of its own: the scheduler
    weighs sessions alike (sched_autogroup), whatever the priorities in them."""
    with subprocess.Popen(argv, cwd=f"{TESTS}/..", stdout=log, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, process_group=0) as child:
        Once.running.add(child)
        try:
            return child.wait(limit)
        except subprocess.TimeoutExpired:
            end(child)
            return None
        finally:
            Once.running.discard(child)


def end(child):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


class Once:
    running = set()  # of the host's commands

    def __init__(self, out, results):
        self.out, self.results = out, results
        os.makedirs(out, exist_ok=True)

    @classmethod
    def stop(cls):
        for child in list(cls.running):
            end(child)

    def run(self, group):
        if not group[0].guest_kernel:
            self.host(group[0])
            return
        try:
            guest.fetch(group[0].kernel)
        except guest.Unbootable as e:
            for c in group:
                why = f"not ok - {c.name}: kernel {c.kernel} can't be had: {e}"
                say(f"== {c.name} ({c.kernel})\n{why}")
                self.results.add(c.name, Verdict(why, 1), {})
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
        self.results.add(case.name, verdict, spent)

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
        if not ended.status:
            return Verdict(done.stdout, done.returncode), spent
        why = [f"not ok - {case.name}: the guest's script ended with {ended.status}"] + [f"# {s}" for s in ended.log[-20:]]
        return Verdict("\n".join(why + [done.stdout]), 1), spent

    def host(self, case):
        said = f"== {case.name}: {case.guest}"
        if not case.beside:
            say(said)
        folder, begin = f"{self.out}/{case.name}", time.monotonic()
        os.makedirs(folder, exist_ok=True)
        with open(f"{folder}/log", "w+", errors="replace") as log:
            argv = (LOWEST if case.beside else []) + shlex.split(case.guest)
            status = command(argv, log, case.limit())
            log.seek(0)
            verdict = Verdict(log.read(), 1 if status is None else status)
        if status is None:
            verdict.lines.append(f"stopped after {case.limit()} s")
        elif case.judge == "tally" and not verdict.sums:
            verdict.passed, verdict.failed = 0, 1
            verdict.lines.append("no 'N passed, N failed'")
        spent = {"other": time.monotonic() - begin}
        lines = [said] if case.beside else []
        if verdict.failed:
            lines += [f"    {s}" for s in verdict.lines[-60:]]
        say("\n".join(lines + [f"# {case.name}: {verdict.passed} passed, {verdict.failed} failed, "
                               f"{spent['other']:.0f} s"]))
        self.results.add(case.name, verdict, spent)

    def show(self, case, verdict, spent):
        say(f"-- {case.name} ({case.kernel}{''.join(' +' + s for s in case.switches)})")
        say("\n".join(s for s in verdict.lines if not re.match(r"\d+ passed, \d+ failed$", s)))
        steps = phases.steps(f"{self.out}/{case.name}")
        steps = f" (steps: {phases.line(steps, steps)})" if steps else ""
        say(f"# {case.name}: {verdict.passed} passed, {verdict.failed} failed; "
            f"seconds: {phases.line(spent)}{steps}")
