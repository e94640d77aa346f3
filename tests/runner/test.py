#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The runner itself, with scripts in the place of guests: what hangs, fails or can't be had is one
failed case each, and the run goes on to its end. Last line: "N passed, N failed"."""
import contextlib
import io
import os
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from runner import guest, phases  # noqa: E402
from runner.caselist import Mistake, read_cases, ring, words  # noqa: E402
from runner.once import Once  # noqa: E402
from runner.results import Results  # noqa: E402

HEAD = "name | ring | kernel | guest | disk | load | s | record | more | judge\n"
LIST = HEAD + """
fine | quick | k | x.sh | | | 2 | | | fine
hangs | check | k | hang.sh | | | | | | fine
behind | check | k | x.sh | | | | | | fine
wrong | all | k | x.sh | | | | | | wrong
once | all | k | x.sh | | | | | | once
short | all | k+racy | x.sh | | | 3 | | | short
killed | all | k+racy | killed.sh | | | | | | fine
dies | all | k2 | die.sh | | | | | | fine
away | all | gone | x.sh | | | | | | fine
twin*2 | all | k2 | x.sh | | | | | | fine
command | check | host | sh -c "echo 3 passed, 1 failed; exit 1" | | | | | | tally
silent | check | host | true | | | | | | tally
endless | check | host | sh -c "sleep 1000 & sleep 1000" | | | | | TIME=1 | tally
idle | check | beside | sh -c "nice; echo 1 passed, 0 failed" | | | | | | tally
slow | check | beside | sh -c "sleep 1; echo 1 passed, 0 failed" | | | | | | tally
"""
# a guest: what the job says of each case, and the end of those that have one
RUN = """#!/bin/bash
for job; do :; done
while [ $# -gt 1 ]; do [ "$1" != -o ] || out=$2; shift; done
run_case()
{
	echo "$1 begins"
	[ "$3" != hang.sh ] || { echo "run.sh: k: not a word in 150 s, stopped"; exit 125; }
	[ "$3" != die.sh ] || { echo "run.sh: k2: Kernel panic"; exit 125; }
	mkdir -p "$out/$1"
	printf '%s\\n' "$@" >"$out/$1/log"
	[ "$3" != killed.sh ] || { echo "ended $1: status 137 seconds 1.5"; return; }
	echo "ended $1: status 0 seconds 1.5"
}
eval "$(grep ^run_case "$job")"
"""
JUDGE = """#!/bin/bash
n=$(cat "$3/../tries-$1" 2>/dev/null || echo 0)
echo $((n + 1)) >"$3/../tries-$1"
case $1 in
wrong) echo "not ok - a figure"; echo "0 passed, 1 failed"; exit 1 ;;
once) [ $n -gt 0 ] || { echo "not ok - only once"; echo "1 passed, 1 failed"; exit 1; } ;;
short) grep -q SECONDS_=6 "$3/log" || { echo "not ok - too little load"; echo "0 passed, 1 failed"; exit 3; } ;;
esac
echo "ok - fine"
echo "2 passed, 0 failed"
"""
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text)


def mistaken(text):
    with tempfile.NamedTemporaryFile("w", suffix=".list") as f:
        f.write(HEAD + text)
        f.flush()
        try:
            read_cases(f.name)
        except Mistake as e:
            return str(e)
    return None


def script(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


def whole_run(tmp):
    """The list above, run; its results and what was printed."""
    from check import groups, run  # not a module of the package
    guest.VM = tmp
    script(f"{tmp}/run.sh", RUN)
    script(f"{tmp}/judge.py", JUDGE)
    script(f"{tmp}/fetch.sh", '#!/bin/sh\n[ "$1" != gone ] || { echo "fetch.sh: gone: no package" >&2; exit 1; }\n')
    with open(f"{tmp}/list", "w") as f:
        f.write(LIST)
    cases, said = read_cases(f"{tmp}/list"), io.StringIO()
    results = Results(f"{tmp}/check.json", False)
    with contextlib.redirect_stdout(said):
        run(groups(cases), Once(f"{tmp}/out", results))
    return cases, results, said.getvalue()


def main():
    with tempfile.TemporaryDirectory() as tmp:
        cases, results, said = whole_run(tmp)
        of, names = results.of, [c.name for c in cases]
        check(list(of) and set(of) == set(names), f"every case has a result: {len(of)} of {len(names)}")
        check(of["fine"]["passed"] == of["behind"]["passed"] == 2, "those beside a hang are run and pass")
        check(of["hangs"]["failed"] == 1 and "hangs: run.sh: k: not a word" in said, "a hang: one failed case")
        check(of["dies"]["failed"] == 1 and "Kernel panic" in said, "a panic: one failed case")
        check(of["killed"]["failed"] == 1 and "killed: the guest's script ended with 137" in said,
              "a script that is killed at its limit: one failed case")
        check(of["away"]["failed"] == 1 and "kernel gone can't be had: fetch.sh: gone: no package" in said,
              "a kernel that can't be had: one failed case, and why")
        check(of["wrong"]["failed"] == 1 and said.count("not ok - a figure") == 2, "a failure is tried again")
        check(of["once"] | {"seconds": 0} == {"passed": 1, "failed": 1, "seconds": 0,
                                              "wrong": ["not ok - only once"]} and
              "once: 1 failed beside others, 0 failed by itself: it stays failed" in said,
              "what failed beside others and not by itself stays failed, both shown")
        check(list(results.wrong(["fine", "wrong", "silent", "never"])) ==
              ["wrong: not ok - a figure", "silent: no 'N passed, N failed'", "never: no result"],
              "what was wrong is told again at the end")
        check(of["short"]["failed"] == 0 and "load x 2" in said, "too little load: longer, and that result counts")
        check(of["twin-1"]["passed"] == of["twin-2"]["passed"] == 2, "NAME*2 is two cases")
        check(of["command"]["passed"] == 3 and of["command"]["failed"] == 1, "a command's tally is counted")
        check(of["idle"]["passed"] == of["slow"]["passed"] == 1, "commands beside the guests are run and counted")
        with open(f"{tmp}/out/idle/log") as f:
            check(f.readline() == "19\n", "and have the lowest priority")
        check(of["endless"]["failed"] == 1 and "stopped after 1 s" in said, "a command that hangs: one failed case")
        check(of["silent"]["failed"] == 1, "a command that has to tell and does not has failed")
        check(len(list(phases.table(results.rows(names)))) == len(names) + 1, "a line each in the table")
        again = Results(f"{tmp}/check.json", True)
        check(again.has("fine") and not again.has("wrong"), "resumed: what passed is not run again")
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("migtrace: record: detached in 1.50 s\nit detached in 9 s\nmigtrace: watch: detached in 2.00 s\n")
        f.flush()
        check(phases.detached(f.name) == 3.5 and phases.detached("/nowhere") == 0, "the time to detach is what -v says")
    check([len(ring(cases, r)) for r in ("quick", "check", "all")] == [1, 8, len(cases)], "rings hold each other")
    check(words("A=x y B=z=1") == {"A": "x y", "B": "z=1"}, "a value reaches to the next NAME=")
    check("3 columns" in (mistaken("a | quick | k\n") or ""), "a row with too few columns is refused")
    row = "a | quick | k | x | | | | | | fine\n"
    check("twice" in (mistaken(row + row) or ""), "a name that is there twice is refused")
    check("ring" in (mistaken(row.replace("quick", "now")) or ""), "an unknown ring is refused")
    check(len({c.boot for c in cases if c.kernel == "k"}) == 2, "what is switched on has a boot of its own")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
