# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""The two lists: tests/cases.list (what is tested) and tests/vm/kernels.conf (on what)."""
import os
import re
from dataclasses import dataclass, field

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RINGS = ("quick", "check", "all", "named")
# Until a case counts as hung: beyond its load, one that is not about a load, and a command here, which
# may have what guests leave of the processors. TIME= has its own.
SPARE_SECONDS, SCRIPT_SECONDS, HOST_SECONDS = 120, 600, 1200


class Mistake(Exception):
    """A line of a list that can't be read."""


def words(text):
    """{"A": "x", "B": "y z"} of "A=x B=y z": a value reaches to the next NAME=."""
    parts = re.split(r"(?:^| )([A-Z_]+)=", text)
    if parts[0]:
        raise Mistake(f"'{parts[0]}' is not NAME=VALUE")
    return dict(zip(parts[1::2], parts[2::2]))


@dataclass
class Case:
    name: str
    ring: str
    kernel: str
    guest: str
    disk: str
    load: str
    s: str
    record: str
    more: str
    judge: str
    times: int = 1  # how much longer than the list says its load runs
    switches: list = field(default_factory=list)
    env: dict = field(default_factory=dict)

    def __post_init__(self):
        if self.ring not in RINGS:
            raise Mistake(f"{self.name}: ring '{self.ring}' is none of {' '.join(RINGS)}")
        self.kernel, _, switches = self.kernel.partition("+")
        self.switches = [w for w in switches.split(",") if w]
        self.env = words(self.more)
        self.judge, *args = self.judge.split()
        self.args = dict(a.split("=", 1) for a in args)

    @property
    def beside(self):
        """A command that runs beside the guests, at the lowest priority."""
        return self.kernel == "beside"

    @property
    def guest_kernel(self):
        """The kernel of its guest; None of a command that runs here."""
        return None if self.kernel in ("host", "beside") else self.kernel

    @property
    def boot(self):
        """Cases of one kernel share a boot, unless they name another. What a race left behind is in none
        that has to be right; a switch with a value makes none."""
        faults = [s for s in self.switches if "=" not in s]
        return self.kernel, self.env.get("BOOT", "") or ("switched" if faults else "")

    def seconds(self):
        return int(self.s or 0) * self.times

    def limit(self):
        script = SCRIPT_SECONDS if self.guest_kernel else HOST_SECONDS
        return int(self.env.get("TIME", 0)) or (SPARE_SECONDS + 4 * self.seconds() if self.s else script)

    def environment(self):
        """What its guest script gets."""
        env = {k: v for k, v in self.env.items() if k not in ("BOOT", "TIME", "LAST", "CPUS", "MODULES", "STATIC", "STRACE")}
        for names, column in (("FS", "KIB", "BLOCK"), self.disk), (("MOVER", "WORK"), self.load):
            env.update(zip(names, column.split()))
        if self.s:
            env["SECONDS_"] = str(self.seconds())
        if self.record:
            env["ARGS"] = self.record
        if self.switches:
            env["SWITCHES"] = " ".join(self.switches)
        return env


def boots_of(row):
    """The case of a row; NAME*N: N of them, each in a boot of its own."""
    name, _, times = row["name"].partition("*")
    if not times:
        return [Case(**row)]
    return [Case(**{**row, "name": f"{name}-{i}", "more": f"{row['more']} BOOT={i}".strip()})
            for i in range(1, int(times) + 1)]


def read_cases(path=f"{TESTS}/cases.list"):
    """Every case of the list, in its order."""
    rows, head = [], None
    with open(path) as f:
        for line in f:
            line = line.strip()
            if not line or line.startswith("#"):
                continue
            cells = [c.strip() for c in line.split("|")]
            if head is None:
                head = cells
                continue
            if len(cells) != len(head):
                raise Mistake(f"{cells[0]}: {len(cells)} columns, not {len(head)}")
            rows += boots_of(dict(zip(head, cells)))
    names = [r.name for r in rows]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        raise Mistake(f"twice in the list: {' '.join(sorted(twice))}")
    return rows


def ring(cases, name):
    """Those of a ring and of the rings inside it."""
    return [c for c in cases if RINGS.index(c.ring) <= RINGS.index(name)]


def read_kernels(path=None):
    """kernels.conf: {kernel: {key: value}}; of a key that is there several times, all of it."""
    path = path or os.environ.get("KERNELS_CONF", f"{TESTS}/vm/kernels.conf")
    conf, section = {}, None
    with open(path) as f:
        for line in f:
            line = line.split("#", 1)[0].strip()
            if line.startswith("["):
                section = conf[line.strip("[]")] = {"generation": "", "expect": ""}
            elif line:
                key, value = (w.strip() for w in line.split("=", 1))
                section[key] = (section.get(key, "") + " " + value).strip()
    return conf
