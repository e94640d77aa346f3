# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""One boot of several cases: the job for the guest, and what came back of each."""
import glob
import os
import re
import shlex
import shutil
import subprocess
import time
from dataclasses import dataclass, field

from .caselist import TESTS

VM = f"{TESTS}/vm"


@dataclass
class Ended:
    """How a case ended in the guest; status None: it did not come to its end."""
    status: int = None
    boot: float = 0  # until it began, of the first case of a boot
    seconds: float = 0
    why: str = ""
    log: list = field(default_factory=list)


class Unbootable(Exception):
    """A kernel that can't be had: the line says why."""


def fetch(kernel):
    """Makes the kernel be there, and the tool for it; what the scripts say of it is passed on."""
    arm64 = [[f"{TESTS}/arm64.sh"]] if kernel.startswith("arm64") else []
    for argv in [[f"{VM}/fetch.sh", kernel]] + arm64:
        done = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        last = f"{argv[0]} failed"
        for line in done.stderr:
            last = line.strip()
            print(f"# {last}", flush=True)
        if done.wait():
            raise Unbootable(last)


def kernel_dir(kernel):
    return subprocess.run(["bash", "-c", f'. {VM}/lib.sh; kernel_dir "$1"', "lib.sh", kernel],
                          check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


def module(kernel, name, folder):
    """A module that guests don't load by themselves, unpacked; None where it is built in."""
    found = glob.glob(f"{kernel_dir(kernel)}/lib/modules/**/{name}.ko*", recursive=True)
    if not found:
        return None
    out = f"{folder}/{name}.ko"
    unpack = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-dc"]}.get(os.path.splitext(found[0])[1], ["cat"])
    with open(out, "wb") as f:
        subprocess.run([*unpack, found[0]], check=True, stdout=f)
    return out


def files(cases, folder):
    """What the cases of a boot bring along, as run.sh's -f arguments."""
    args = set(glob.glob(f"{VM}/guest/*"))
    for case in cases:
        args |= {m for name in case.env.get("MODULES", "").split()
                 if (m := module(case.kernel, name, folder))}
        if case.env.get("STRACE"):
            args.add(f"{shutil.which('strace') or '/usr/bin/strace'}=bin/strace")
        if case.env.get("STATIC"):
            subprocess.run(["make", "-C", f"{TESTS}/..", "static"], check=True, stdout=subprocess.DEVNULL)
            args.add(f"{os.environ['O']}/migtrace-static")
        if case.env.get("BTF"):  # its own, and one that has to be refused
            fetch("6.1")
            args |= {f"{kernel_dir(case.kernel)}/vmlinux.btf",
                     f"{kernel_dir('6.1')}/vmlinux.btf=files/other.btf"}
    return [word for f in sorted(args) for word in ("-f", f)]


def write_job(cases, path):
    with open(path, "w") as f:
        f.write("#!/bin/sh\n. /files/boot.sh\n")
        for case in cases:
            env = [f"{k}={v}" for k, v in case.environment().items()]
            f.write(shlex.join(["run_case", case.name, str(case.limit()), case.guest, *env]) + "\n")
        f.write("rm -f /out\nmkdir /out\n")  # nothing is left to be sent at the end
    os.chmod(path, 0o755)


def boot(cases, out):
    """Runs the cases in one guest; their files go to @out/NAME. Returns {name: Ended} of those begun;
    the first one that did not end says why."""
    kernel, folder = cases[0].kernel, f"{out}/boot-{cases[0].name}"
    for name in [c.name for c in cases]:
        shutil.rmtree(f"{out}/{name}", ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    write_job(cases, f"{folder}/job.sh")
    guest = subprocess.Popen(
        [f"{VM}/run.sh", "-k", kernel, "-t", str(max(c.limit() for c in cases) + 60), "-o", folder,
         *files(cases, folder), f"{folder}/job.sh"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        env=dict(os.environ, CPUS=cases[0].env.get("CPUS", "2")))
    ended, said, booted, power_on = {}, [], 0, time.monotonic()
    with open(f"{folder}/log", "w", buffering=1) as log:
        for line in guest.stdout:
            log.write(line)
            said = said[-39:] + [line.rstrip()]
            booted = booted or time.monotonic() - power_on
            if m := re.match(r"ended (\S+): status (\d+) seconds (\S+)", line):
                ended[m[1]] = Ended(int(m[2]), 0 if ended else booted, float(m[3]))
    status = guest.wait()
    first = next((c.name for c in cases if c.name not in ended), None)
    if first:
        why = next((s for s in said if s.startswith("run.sh: ")), f"the guest ended with {status}")
        ended[first] = Ended(why=why, log=said)
    for case in cases:
        if os.path.isdir(f"{folder}/{case.name}"):
            os.rename(f"{folder}/{case.name}", f"{out}/{case.name}")
        if os.path.exists(f"{out}/{case.name}/log") and case.name in ended:
            with open(f"{out}/{case.name}/log", errors="replace") as f:
                ended[case.name].log = [line.rstrip() for line in f]
    return ended
