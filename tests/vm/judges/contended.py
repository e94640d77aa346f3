# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Releases of private_lock that somebody waited for, against the kernel's histogram of stacks (guest/contended.sh)."""
import csv
import re

from .base import check, enough, exited, load, lossless, same

# who releases private_lock on these kernels, whatever migtrace calls it
HOSTS = {"migrate_norefs": ("__buffer_migrate_folio",), "find_get_block": ("find_get_block_common",),
         "grow_buffers": ("__getblk_slow",), "create_empty": ("create_empty_buffers",),
         "try_to_free": ("try_to_free_buffers",), "dirty_folio": ("block_dirty_folio",)}
LOADED = ("migrate_norefs", "find_get_block")


def stacks(path):
    """[(functions, innermost first, count)] of a histogram by stack."""
    with open(path) as f:
        text = f.read()
    found = [(re.findall(r"^\s+([\w.]+)\+0x", stack, re.M), int(n))
             for stack, n in re.findall(r"\{ common_stacktrace:(.*?)\} hitcount:\s+(\d+)", text, re.S)]
    dropped = re.search(r"Dropped: (\d+)", text)
    check(dropped and not int(dropped[1]), f"{path.rsplit('/', 1)[1]}: nothing dropped, {len(found)} stacks")
    return found


def released(path):
    """How often each site released: who called _raw_spin_unlock, first of all in the stack."""
    n = dict.fromkeys(HOSTS, 0)
    for functions, count in stacks(path):
        if "_raw_spin_unlock" not in functions[:4]:
            continue
        caller = functions[functions.index("_raw_spin_unlock") + 1:][:1]
        for site, hosts in HOSTS.items():
            n[site] += count * any(f in hosts for f in caller)
    return n


def as_kernel(out, name):
    run, true = load(f"{out}/{name}.json"), released(f"{out}/{name}.hist")
    for site, n in true.items():
        same(f"{name}, {site}", run["sites"][site]["contended"], n, share=0.005)
    return run, true


def probe(run):
    return next(p for p in run["probes"] if p["probe"] == "contended")


def owners(run):
    """The stacks of those who released begin in the site, and add up to its count."""
    for site in LOADED:
        v = run["sites"][site]
        listed = v["contended_owners"]
        same(f"owners of {site}", sum(o["count"] for o in listed), v["contended"], share=0.02, few=2)
        check(all(o["stack"] and o["stack"][0].split("+")[0] in HOSTS[site] for o in listed),
              f"they begin there: {sorted({o['stack'][0] for o in listed if o['stack']})}")


def contended(conf, out, args):
    """Two sides that meet on the lock raise the count, in full and light; one side alone, or another device, does not."""
    for name in "full", "light", "other", "alone":
        exited(out, 0, f"{name}.status")
    run, true = as_kernel(out, "full")
    for site in LOADED:
        enough(true[site] >= 20, f"the kernel has {true[site]} contended releases of {site}")
    owners(run)
    lossless(run)
    light, true = as_kernel(out, "light")
    enough(sum(true[s] for s in LOADED) >= 40, f"light: the kernel has {true}")
    lossless(light)
    check(light["tool"]["tier"] == "light" and not light["sites"]["find_get_block"]["clock"], "no clock on lookups in light")
    alone, true = as_kernel(out, "alone")
    check(not any(true.values()), f"one reader alone: none {true}")
    other, true = load(f"{out}/other.json"), released(f"{out}/other.hist")
    got = {s: other["sites"][s]["contended"] for s in HOSTS}
    enough(sum(true.values()) > 0, f"the kernel has {sum(true.values())} of the device that was not asked for")
    check(not any(got.values()), f"another device's: none {got}")
    check(all(probe(r)["attached"] for r in (run, light, other, alone)), "the probe was attached")
    check("contended" not in run["sites"]["aio_completion"], "no figure for what can't be told")
    doctor = load(f"{out}/doctor.json")
    check(doctor["features"]["contended_release"] and
          any(p["probe"] == "contended" and p["variant"] == "tracepoint" for p in doctor["probes"]), "doctor has it")
    with open(f"{out}/light.prom") as f:
        shown = re.findall(r'^migtrace_contended_releases_total\{site="(\w+)"\} \d+$', f.read(), re.M)
    told = [s for s, v in light["sites"].items() if "contended" in v]
    # export has every row from its start on, a recording of the light tier not those that are rarely entered
    check(set(HOSTS) <= set(told) <= set(shown), f"in the textfile: {shown}")
    with open(f"{out}/full.csv", newline="") as f:
        rows = {r["site"]: int(r["count"]) for r in csv.DictReader(f) if r["kind"] == "contended"}
    check(all(rows[s] == run["sites"][s]["contended"] for s in HOSTS), f"in CSV: {rows}")
    with open(f"{out}/full.txt") as f:
        text = f.read()
    n = run["sites"]["migrate_norefs"]["contended"]
    check(re.search(rf"^CONTENDED .*\nmigrate_norefs +{n if n < 1000 else ''}", text, re.M), "in the report")
    check("migrate_norefs, owners at contended releases" in text, "and who released")
