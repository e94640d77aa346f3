#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: prom.py MIGTRACE EXPORTED RUN.json...

EXPORTED is what the guest case of `export` left: the files as they were written under its load. What Prometheus makes of our textfile: promtool on the text of each run; then node_exporter and a
Prometheus on loopback scrape it twice, zeros first, and are asked for what the run file says. The
queries of the Grafana dashboard are asked there, too. Last line: "N passed, N failed".
"""
import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

passed = failed = 0
LE_FIRST, LE_LAST = 256, 2 ** 24
CONTRIB = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "contrib")


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text)


def run(*argv, text=None):
    return subprocess.run(argv, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          universal_newlines=True)


def series_of(text):
    return {m[1]: float(m[2]) for m in re.finditer(r"^(migtrace\S*?(?:\{.*\})?) (\S+)$", text, re.M)}


def zeros(text):
    """The first write of the same recording: every series is there, at zero."""
    return re.sub(r"^(?!#)(?!.*(?:measurable|attached|_info|timestamp))(.*) \S+$", r"\1 0", text,
                  flags=re.M)


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Peers:
    """node_exporter over a folder, and a Prometheus that scrapes it every second."""

    def __init__(self, folder):
        self.folder, self.ports, self.children = folder, (port(), port()), []
        os.mkdir(f"{folder}/text")
        with open(f"{folder}/prometheus.yml", "w") as f:
            f.write("global: {scrape_interval: 1s, evaluation_interval: 1s}\n"
                    f"rule_files: ['{os.path.realpath(CONTRIB)}/prometheus/migtrace.rules.yml']\n"
                    "scrape_configs: [{job_name: node, "
                    f"static_configs: [{{targets: ['127.0.0.1:{self.ports[0]}']}}]}}]\n")

    def __enter__(self):
        self.start("prometheus-node-exporter", "--collector.disable-defaults",
                   "--collector.textfile", f"--collector.textfile.directory={self.folder}/text",
                   f"--web.listen-address=127.0.0.1:{self.ports[0]}")
        self.start("prometheus", f"--config.file={self.folder}/prometheus.yml",
                   f"--storage.tsdb.path={self.folder}/data",
                   f"--web.listen-address=127.0.0.1:{self.ports[1]}")
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.send_signal(signal.SIGTERM)
            child.wait()

    def start(self, *argv):
        log = open(f"{self.folder}/{argv[0]}.log", "w")
        self.children.append(subprocess.Popen(argv, stdout=log, stderr=log))

    def write(self, text, name="m"):
        with open(f"{self.folder}/text/{name}.tmp", "w") as f:
            f.write(text)
        os.rename(f"{self.folder}/text/{name}.tmp", f"{self.folder}/text/{name}.prom")

    def scraped(self):
        url = f"http://127.0.0.1:{self.ports[0]}/metrics"
        return urllib.request.urlopen(url, timeout=5).read().decode()

    def ask(self, query):
        url = f"http://127.0.0.1:{self.ports[1]}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            return json.load(urllib.request.urlopen(url, timeout=5))["data"]["result"]
        except (urllib.error.URLError, ConnectionError):
            return []

    def wait(self, query, want, seconds=40):
        """Until the query has a value that is wanted."""
        for _ in range(seconds * 4):
            got = self.ask(query)
            if got and want(float(got[0]["value"][1])):
                return True
            time.sleep(0.25)
        return False


def quantile(hist, q):
    """The run file's bucket of that rank, and what Prometheus makes of it: its buckets are octaves,
    within one of which it interpolates."""
    rank = q * hist["count"]
    below, octaves, found = 0, {}, None
    for low, high, n in hist["buckets"]:
        below += n
        if not found and below >= rank:
            found = low, high
        edge = min(max(2 ** ((high or 2 ** 63) - 1).bit_length(), LE_FIRST), 2 * LE_LAST)
        octaves[edge] = octaves.get(edge, 0) + n
    below = 0
    for edge in sorted(octaves):
        if below + octaves[edge] >= rank:
            if edge > LE_LAST:
                return found, LE_LAST
            start = 0 if edge == LE_FIRST else edge / 2
            return found, start + (edge - start) * (rank - below) / octaves[edge]
        below += octaves[edge]
    return found, 0


def same_as_run(p, data, text):
    """What the server says against the run file."""
    span = "[2m]"
    for site, s in data["sites"].items():
        if not s["clock"] or not s["hold"]["count"]:
            continue
        name = f'migtrace_private_lock_hold_seconds_bucket{{site="{site}"}}'
        got = p.ask(f"histogram_quantile(0.99, increase({name}{span}))")
        bucket, want = quantile(s["hold"], 0.99)
        value = float(got[0]["value"][1]) * 1e9
        check(abs(value - want) < 1, f"{site}: p99 {value:.1f} ns, from the run file's buckets "
              f"{want:.1f}; its own bucket is {bucket}")
        got = p.ask(f'migtrace_private_lock_hold_seconds_count{{site="{site}"}}')
        check(float(got[0]["value"][1]) == s["hold"]["count"], f"{site}: {s['hold']['count']} holds")
    for result, n in data["migrations"]["norefs"].items():
        got = p.ask(f'migtrace_migrations_total{{path="norefs",result="{result}"}}')
        check(got and float(got[0]["value"][1]) == n, f"norefs, {result}: {n}")
    n = data["sites"]["migrate_norefs"]["hold"]["count"]
    one = 'migtrace_private_lock_hold_seconds_count{site="migrate_norefs"}'
    got = p.ask(f'rate({one}{span})')
    rate = float(got[0]["value"][1]) if got else -1
    scrapes = len(p.ask(f'{one}{span}')[0]["values"])
    # it extends what it saw to the ends of the range, by at most 1.1 scrapes
    check(n / 120 - 1e-9 <= rate <= n / 120 * (1 + 1.1 / (scrapes - 1)),
          f"rate over 120 s of {scrapes} scrapes: {rate:.3f}/s for {n}")
    stale = [k for k in series_of(text) if k.split("{")[0] not in p.scraped()]
    check(not stale, f"node_exporter passes all of {len(series_of(text))} series on {stale[:3]}")


def dashboard(p):
    with open(f"{CONTRIB}/grafana/migtrace.json") as f:
        board = json.load(f)
    check(board["schemaVersion"] >= 36 and board["uid"] and board["title"], "dashboard: schema")
    seen = [panel["gridPos"] for panel in board["panels"]]
    check(len({(g["x"], g["y"]) for g in seen}) == len(seen) and
          all(g["x"] + g["w"] <= 24 for g in seen), "dashboard: panels do not overlap")
    for panel in board["panels"]:
        check((panel["type"] == "row") != ("targets" in panel), f"dashboard, {panel['title']}: asks for something")
        for target in panel.get("targets", []):
            query = target["expr"].replace("$__rate_interval", "2m").replace("$instance", ".+").replace("$device", ".*")
            check(p.ask(query), f"dashboard, {panel['title']}: {query[:60]}")


def canonical(text):
    """Series whatever the order of their labels and the spelling of a bucket's edge."""
    def labels(s):
        return frozenset((k, float(v) if k == "le" else v) for k, v in re.findall(r'(\w+)="([^"]*)"', s))
    return {(k.split("{")[0], labels(k)): v for k, v in series_of(text).items()}


def exported_files(p, folder):
    """The files that export itself wrote: first and last of each tier, through node_exporter."""
    for tier in "light", "full":
        for name in f"{tier}-0.prom", f"{tier}-last.prom":
            with open(f"{folder}/{name}") as f:
                text = f.read()
            done = run("promtool", "check", "metrics", text=text)
            check(done.returncode == 0 and not done.stdout, f"promtool check metrics, {name}: {done.stdout[:200]}")
            p.write(text)
            want, got = canonical(text), canonical(p.scraped())
            wrong = [k for k in want if got.get(k) != want[k]]
            check(len(want) > 100 and not wrong, f"node_exporter passes {name} on: {len(want)} series {wrong[:3]}")


def labelled(text, device):
    """As an exporter with --device writes it (tests/unit/test_metrics.c holds it to that)."""
    text = re.sub(r"^(migtrace\w+)\{", rf'\1{{device="{device}",', text, flags=re.M)
    return re.sub(r"^(migtrace\w+) ", rf'\1{{device="{device}"}} ', text, flags=re.M)


def two_exporters(p, text):
    """Two files of one host: with a label each they are passed on whole, without one they are not."""
    p.write(labelled(text, "sda"))
    p.write(labelled(text, "sdb"), "n")
    done = run("promtool", "check", "metrics", text=labelled(text, "sda"))
    check(done.returncode == 0 and not done.stdout, f"promtool check metrics, with a device: {done.stdout[:200]}")
    got = canonical(p.scraped())
    want = {**canonical(labelled(text, "sda")), **canonical(labelled(text, "sdb"))}
    wrong = [k for k in want if got.get(k) != want[k]]
    check(len(want) == 2 * len(canonical(text)) and not wrong, f"two exporters: {len(want)} series {wrong[:3]}")
    check(p.wait('count(migtrace_build_info{device=~"sd[ab]"})', lambda v: v == 2), "two exporters: Prometheus has both")
    dashboard(p)
    p.write(text)
    p.write(text, "n")
    try:
        p.scraped()
    except urllib.error.HTTPError:
        pass
    with open(f"{p.folder}/prometheus-node-exporter.log") as f:
        check("was collected before with the same name and label values" in f.read(),
              "two without a device are an error of node_exporter's: what the label is for")
    os.unlink(f"{p.folder}/text/n.prom")


def main():
    migtrace, folder, *runs = sys.argv[1:]
    for path in runs:
        text = run(migtrace, "report", "--format", "prometheus", path).stdout
        done = run("promtool", "check", "metrics", text=text)
        check(done.returncode == 0 and not done.stdout, f"promtool check metrics, {path}: {done.stdout[:200]}")
        with open(path) as f:
            tier = json.load(f)["tool"]["tier"]
        limit = 250 if tier == "light" else 800
        check(0 < len(series_of(text)) <= limit, f"{len(series_of(text))} series, {tier}")
    done = run("promtool", "check", "rules", f"{CONTRIB}/prometheus/migtrace.rules.yml")
    check(done.returncode == 0, f"rules: {done.stdout.strip().splitlines()[-1:]}")
    done = run("promtool", "test", "rules", f"{CONTRIB}/prometheus/migtrace.rules.test.yml")
    check(done.returncode == 0, f"tests of the rules: {done.stdout.strip().splitlines()[-1:]}")
    with open(runs[-1]) as f:
        data = json.load(f)
    with tempfile.TemporaryDirectory() as own, Peers(own) as p:
        p.write(zeros(text))
        one = 'migtrace_private_lock_hold_seconds_count{site="migrate_norefs"}'
        check(p.wait(one, lambda v: v == 0), "the first scrape: zeros")
        time.sleep(3)
        p.write(text)
        check(p.wait(one, lambda v: v > 0), "the second scrape")
        time.sleep(2)
        same_as_run(p, data, text)
        dashboard(p)
        exported_files(p, folder)
        two_exporters(p, text)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
