#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: stats_check.py STATS_ASK [--all]

The statistics of compare against another implementation, over 1000 random data sets: U and its exact
p, ties included, by a recursion over group sizes where migtrace counts rank sums; the difference and
its interval, from the outermost ones that the test does not reject; and whether a difference of the size
that is printed is found in 4 of 5 further comparisons, within 5 points: for 5, 7, 10 and 20 runs a
side, for families of 3 and 6. --all: more of them, and of shapes that 5 or 7 values can't tell from a
normal one (within 10 points there). Last line: "N passed, M failed".
"""
import bisect
import math
import random
import subprocess
import sys

POWER, POINTS = 0.8, 0.05
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text)


def ask(program, sets):
    text = "\n".join(" ".join(map(repr, (alpha, POWER, len(a), len(b), *a, *b))) for alpha, a, b in sets)
    out = subprocess.run([program], input=text, stdout=subprocess.PIPE, universal_newlines=True, check=True)
    lines = [[float(v) for v in line.split()] for line in out.stdout.splitlines()]
    assert len(lines) == len(sets)
    return lines


def u_of(a, b):
    order = sorted(b)
    return sum(bisect.bisect_left(order, x) + (bisect.bisect_right(order, x) - bisect.bisect_left(order, x)) / 2
               for x in a)


def p_of(a, b):
    """Two-sided, over all ways to deal the tied groups out to the sides: {(taken, 2 U): ways}."""
    pool = a + b
    groups = [pool.count(x) for x in sorted(set(pool))]
    ways = {(0, 0): 1}
    seen = 0
    for size in groups:
        step = {}
        for (taken, u2), n in ways.items():
            for k in range(min(size, len(a) - taken) + 1):
                # each of the k beats all of b below, and half of b's share of the group
                below, here = seen - taken, size - k
                if below + here > len(b):
                    continue
                key = taken + k, u2 + k * (2 * below + here)
                step[key] = step.get(key, 0) + n * math.comb(size, k)
        ways, seen = step, seen + size
    middle, u2 = len(a) * len(b), 2 * u_of(a, b)
    far = sum(n for (_, v), n in ways.items() if abs(v - middle) >= abs(u2 - middle))
    return far / math.comb(len(pool), len(a))


CRITICAL = {}


def critical(na, nb, alpha):
    """The largest U that is called different at alpha, -1 when none is."""
    if (na, nb, alpha) not in CRITICAL:
        ways = {(0, 0): 1}
        for _ in range(na + nb):
            step = {}
            for (taken, u), n in ways.items():
                below = _ - taken
                if taken < na:
                    step[taken + 1, u + below] = step.get((taken + 1, u + below), 0) + n
                if below < nb:
                    step[taken, u] = step.get((taken, u), 0) + n
            ways = step
        total, most, sum_ = math.comb(na + nb, na), -1, 0
        for u in range(na * nb + 1):
            sum_ += ways.get((na, u), 0)
            if 2 * sum_ / total > alpha * (1 + 1e-12):
                break
            most = u
        CRITICAL[na, nb, alpha] = most
    return CRITICAL[na, nb, alpha]


def interval(a, b, alpha):
    """The differences that the test would not reject, ends included."""
    d, most = sorted(y - x for x in a for y in b), critical(len(a), len(b), alpha)
    return (d[most], d[len(d) - 1 - most]) if most >= 0 else (None, None)


def median(v):
    v = sorted(v)
    return (v[(len(v) - 1) // 2] + v[len(v) // 2]) / 2


SHAPES = {
    "normal": lambda r: r.gauss(100, 5),
    "lognormal": lambda r: 100 * math.exp(r.gauss(0, 0.3)),
    "uniform": lambda r: r.uniform(90, 110),
    "one in ten stands out": lambda r: r.gauss(100, 5 if r.random() > 0.1 else 15),
}


def figures(program, count):
    r, sets = random.Random(7), []
    for i in range(count):
        na, nb = r.randint(2, 12), r.randint(2, 12)
        draw = list(SHAPES.values())[i % len(SHAPES)]
        shift, digits = r.choice((0, 0, 5, 20)), r.choice((0, 0, 12))
        sets.append((0.05, [round(draw(r), digits) for _ in range(na)],
                     [round(draw(r) + shift, digits) for _ in range(nb)]))
    wrong = {"u": 0, "p": 0, "difference": 0, "interval": 0}
    intervals = 0
    for (_, a, b), (u, p, shift, low, high, _) in zip(sets, ask(program, sets)):
        wrong["u"] += u != u_of(a, b)
        wrong["p"] += abs(p - p_of(a, b)) > 1e-12
        wrong["difference"] += abs(shift - median([y - x for x in a for y in b])) > 1e-9
        want = interval(a, b, 0.05)
        intervals += want[0] is not None
        wrong["interval"] += (want[0] is None) != math.isnan(low) or \
            (want[0] is not None and max(abs(want[0] - low), abs(want[1] - high)) > 1e-9)
    for name, n in wrong.items():
        check(not n, f"{name}: {n} of {count} data sets differ" + (f", {intervals} have one" if name == "interval" else ""))


def found_share(program, draw, n, alpha, count, r):
    """How often a shift of the printed size is found in comparisons that are drawn anew."""
    sets = [(alpha, [draw(r) for _ in range(n)], [draw(r) for _ in range(n)]) for _ in range(count)]
    most, hits, tries = critical(n, n, alpha), 0, 0
    for _, _, _, _, _, shift in ask(program, sets):
        for _ in range(8):
            a, b = [draw(r) for _ in range(n)], [draw(r) + shift for _ in range(n)]
            hits += u_of(a, b) <= most
            tries += 1
    return hits / tries


def power(program, count):
    r = random.Random(11)
    for name, draw in list(SHAPES.items())[:4 if count > 100 else 2]:
        for n in 5, 7, 10, 20:
            for family in 3, 6:
                share = found_share(program, draw, n, 0.05 / family, count, r)
                points = POINTS if n > 7 or name.endswith("normal") else 2 * POINTS
                check(abs(share - POWER) <= points,
                      f"{n} runs a side, {family} tested rows, {name}: found in {100 * share:.1f} of 100")


def main():
    program = sys.argv[1]
    figures(program, 1000)
    power(program, 400 if sys.argv[2:] == ["--all"] else 100)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
