#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""usage: fleet.py MIGTRACE [HOSTS [MINUTES]]

What a fleet costs a Prometheus: 1,000 hosts, simulated, whose textfiles (light tier) are scraped every 15 s,
as Debian configures it, with our rules and the queries of our dashboard. A text is what MIGTRACE writes of a
real run, its counters growing with time; a host differs by its load, and by how long its holds are. A second
Prometheus takes the recorded series by remote write. Six hours of the past are made for what the panels with
a time axis read: the fleet's recorded series, and all series of five hosts. Last line: "N passed, N failed".
"""
import asyncio
import http.client
import json
import math
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse

TESTS = os.path.dirname(os.path.realpath(__file__))
CONTRIB = os.path.join(TESTS, "..", "contrib")
INTERVAL, HOURS, CHOSEN, SLOW, LATE = 15, 6, 5, 10, 3
RESERVE = 64  # MiB: RSS of a Prometheus that does nothing, about
passed = failed = 0


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    print(("ok - " if good else "not ok - ") + text, flush=True)


def port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Host:
    """One machine: the series of the sample, and what they are at a time."""

    def __init__(self, number, sample, began):
        self.name, self.began = f"host-{number:05d}", began
        spread = random.Random(number)
        self.speed = math.exp(spread.gauss(-3, 1))  # of the sample's load, which did nothing else
        # how many octaves its holds are longer: the last ones stand out
        shift = 6 if number < SLOW else spread.choice((0, 0, 0, 1, 1, 2))
        self.late = 1 if SLOW <= number < SLOW + LATE else 0
        edges = {}
        for name, value in sample:
            if "_bucket{" in name and "+Inf" not in name:
                edges.setdefault(re.sub(r'le="[^"]*"', "", name), []).append((name, value))
        moved = {}
        for rows in edges.values():
            for i, (name, _) in enumerate(rows):
                moved[name] = rows[i - shift][1] if i >= shift else 0
        self.rows = []
        for name, value in sample:
            base = name.split("{")[0]
            grows = base.endswith(("_total", "_bucket", "_count", "_sum")) and not re.search("late_ref", base)
            if "late_references_total" in name:
                value = self.late
            if name.startswith("migtrace_kernel_info"):
                name = re.sub('release="[^"]*"', f'release="6.1.0-{50 + number % 4}-amd64"', name)
            value = moved.get(name, value) * (2 ** shift if base.endswith("hold_seconds_sum") else 1)
            self.rows.append((name, value, grows, base.endswith("_sum") or "seconds" in base and "_bucket" not in base and
                              "_count" not in base))

    def values(self, now):
        x = max(0.0, now - self.began) * self.speed
        for name, value, grows, real in self.rows:
            if name == "migtrace_last_write_timestamp_seconds":
                value = now - now % INTERVAL
            elif grows:
                value = value * x
            yield name, f"{value:.9f}" if real else str(int(value))

    def text(self, now):
        return "".join(f"{name} {value}\n" for name, value in self.values(now)) + \
            f'node_textfile_mtime_seconds{{file="migtrace.prom"}} {now:.0f}\nnode_textfile_scrape_error 0\n'


def sample_of(migtrace, folder):
    """The series of a real run in the light tier, on a kernel without the fix, by the second."""
    with tarfile.open(f"{TESTS}/data/judges/before-light.tar.xz") as tar:
        tar.extract("./run.json", folder)
    with open(f"{folder}/run.json") as f:
        seconds = json.load(f)["duration_ns"] / 1e9
    text = subprocess.run([migtrace, "report", "-f", "prometheus", f"{folder}/run.json"], check=True,
                          stdout=subprocess.PIPE, universal_newlines=True).stdout
    text += "migtrace_write_failures_total 0\n"
    rows = re.findall(r"^(migtrace\S*?(?:\{.*\})?) (\S+)$", text, re.M)
    return [(name, float(v) / seconds if re.search("_total|_bucket|_count|_sum", name) else float(v)) for name, v in rows]


def serve(hosts, at):
    """All hosts in one process: what node_exporter would answer."""
    async def one(reader, writer):
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                body = hosts[int(re.match(r"GET /(\d+)", head)[1])].text(time.time()).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: %d\r\n\r\n"
                             % len(body) + body)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def all_of_them():
        server = await asyncio.start_server(one, "127.0.0.1", at)
        async with server:
            await server.serve_forever()

    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    asyncio.run(all_of_them())


class Server:
    """A Prometheus on loopback."""

    def __init__(self, folder, name, config, *options):
        self.folder, self.port = f"{folder}/{name}", port()
        os.makedirs(self.folder, exist_ok=True)
        with open(f"{self.folder}/config.yml", "w") as f:
            f.write(config)
        self.log = open(f"{self.folder}/log", "w")
        self.argv = ["prometheus", f"--config.file={self.folder}/config.yml", f"--storage.tsdb.path={self.folder}/data",
                     f"--web.listen-address=127.0.0.1:{self.port}", *options]
        self.child = None

    def start(self):
        self.child = subprocess.Popen(self.argv, stdout=self.log, stderr=self.log)
        for _ in range(240):
            try:
                if self.get("/-/ready")[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.25)
        sys.exit(f"fleet.py: no Prometheus: see {self.folder}/log")

    def stop(self):
        if self.child:
            self.child.send_signal(signal.SIGTERM)
            self.child.wait()

    def get(self, path, **values):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        c.request("GET", path + ("?" + urllib.parse.urlencode(values, doseq=True) if values else ""))
        answer = c.getresponse()
        return answer.status, answer.read()

    def cpu(self):
        """Seconds used so far."""
        with open(f"/proc/{self.child.pid}/stat") as f:
            fields = f.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def ask(self, query):
        return json.loads(self.get("/api/v1/query", query=query)[1])["data"]["result"]

    def value(self, query):
        got = self.ask(query)
        return float(got[0]["value"][1]) if got else math.nan


def configuration(hosts, at, receiver):
    """Targets have one address and a path each; the rules are those that are installed."""
    targets = "".join(f"  - {{targets: ['127.0.0.1:{at}'], labels: {{__metrics_path__: '/{i}', instance: '{h.name}'}}}}\n"
                      for i, h in enumerate(hosts))
    return f"""global: {{scrape_interval: {INTERVAL}s, evaluation_interval: {INTERVAL}s}}
rule_files: ['{os.path.realpath(CONTRIB)}/prometheus/migtrace.rules.yml']
remote_write:
- url: http://127.0.0.1:{receiver.port}/api/v1/write
  write_relabel_configs: [{{source_labels: [__name__], regex: '.*:.*', action: keep}}]
scrape_configs:
- job_name: prometheus
  scrape_interval: 5s
  static_configs: [{{targets: ['127.0.0.1:SELF']}}]
- job_name: node
  static_configs:
{targets}"""


FLEET = r"^(site_le|path_result|site|migtrace_migrations_failed_ratio):"


def past(server, hosts, now, folder):
    """Blocks of the past: all series of the chosen hosts; the fleet's recorded series, as they are now."""
    recorded = [m for m in server.ask('{__name__=~".+:.+"}') if re.match(FLEET, m["metric"]["__name__"])]
    families = {}
    for stamp in range(int(now - HOURS * 3600), int(now), INTERVAL):
        for h in hosts[:CHOSEN]:
            for name, value in h.values(stamp):
                base, _, labels = name.partition("{")
                families.setdefault(base, []).append(
                    f'{base}{{instance="{h.name}",job="node"{"," + labels if labels else "}"} {value} {stamp}\n')
        for m in recorded:
            labels = ",".join(f'{k}="{v}"' for k, v in m["metric"].items() if k != "__name__")
            value = float(m["value"][1]) * (1 + 0.2 * math.sin(stamp / 3000 + len(labels)))
            families.setdefault(m["metric"]["__name__"], []).append(f"{m['metric']['__name__']}{{{labels}}} {value} {stamp}\n")
    with open(f"{folder}/past.txt", "w") as f:
        for rows in families.values():
            f.writelines(rows)
        f.write("# EOF\n")
    done = subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", f"{folder}/past.txt", f"{folder}/blocks"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, universal_newlines=True)
    check(done.returncode == 0 and recorded, f"{HOURS} hours of the past: {sum(map(len, families.values()))} samples "
          f"{done.stdout[-200:] if done.returncode else ''}")
    samples = size = 0
    for block in os.listdir(f"{folder}/blocks"):
        with open(f"{folder}/blocks/{block}/meta.json") as f:
            samples += json.load(f)["stats"]["numSamples"]
        size += sum(os.path.getsize(os.path.join(d, n)) for d, _, names in os.walk(f"{folder}/blocks/{block}") for n in names)
        shutil.move(f"{folder}/blocks/{block}", f"{server.folder}/data/{block}")
    return size / max(samples, 1)


def queries(chosen):
    with open(f"{CONTRIB}/grafana/migtrace.json") as f:
        board = json.load(f)
    for panel in board["panels"]:
        for t in panel.get("targets", ()):
            query = t["expr"].replace("$__rate_interval", f"{4 * INTERVAL}s").replace("$device", ".*")
            yield panel["title"], query.replace("$instance", "|".join(chosen)), bool(t.get("instant"))


def ask_as_grafana(server, query, instant):
    """Seconds, and how many series."""
    now, began = time.time(), time.monotonic()
    if instant:
        got = server.get("/api/v1/query", query=query, time=now)
    else:
        got = server.get("/api/v1/query_range", query=query, start=now - HOURS * 3600, end=now, step=30)
    return time.monotonic() - began, len(json.loads(got[1])["data"]["result"]) if got[0] == 200 else -1


class Meter:
    """What a query takes: its time, and CPU time, that of scrapes and rules meanwhile included."""

    def __init__(self, server):
        self.server, self.busy = server, os.getloadavg()[0] > os.cpu_count()

    def typical(self, work, rounds=5):
        """Median time, CPU seconds of one, and what the last one said."""
        cpu, times, said = self.server.cpu(), [], None
        for _ in range(rounds):
            taken, said = work()
            times.append(taken)
        return sorted(times)[rounds // 2], (self.server.cpu() - cpu) / rounds, said

    def within(self, seconds, cpu, limit):
        """Where others use the CPUs, its CPU time is what can be judged: at least what the query took."""
        return (cpu if self.busy else seconds) <= limit


def dashboard(server, meter, hosts):
    slowest = [0, 0]
    for title, query, instant in queries([h.name for h in hosts[:CHOSEN]]):
        seconds, cpu, n = meter.typical(lambda q=query, i=instant: ask_as_grafana(server, q, i))
        slowest = [max(slowest[0], seconds), max(slowest[1], cpu)]
        # the light tier does not probe isolation
        good = n == 0 if "isolat" in query else n > 0
        check(meter.within(seconds, cpu, 1) and good, f"{title}: {seconds * 1000:.0f} ms, of CPU {cpu * 1000:.0f}, {n} series, "
              f"{'now' if instant else f'{HOURS} h'}: {query[:60]}")
    began = time.monotonic()
    got = json.loads(server.get("/api/v1/label/instance/values", **{"match[]": "migtrace_build_info"})[1])["data"]
    check(len(got) == len(hosts), f"the list of machines to choose from: {(time.monotonic() - began) * 1000:.0f} ms, {len(got)}")
    return slowest


def rules(server, meter):
    """CPU seconds of a round of each group: its queries by themselves."""
    took = {}
    for group in json.loads(server.get("/api/v1/rules")[1])["data"]["groups"]:
        for rule in group["rules"]:
            _, cpu, _ = meter.typical(lambda r=rule: ask_as_grafana(server, r["query"], True), 3)
            took[group["name"]] = took.get(group["name"], 0) + cpu
    return took


def right(server, hosts):
    """What the rules say against what was simulated."""
    check(server.value('count(up{job="node"} == 1)') == len(hosts), f"all of {len(hosts)} hosts are scraped")
    check(server.value("count(instance_release:migtrace_late_references:most > 0)") == LATE, f"the {LATE} with a late reference")
    worst = server.ask("instance_site:migtrace_private_lock_hold_seconds:p99_5m_worst")
    check({m["metric"]["instance"] for m in worst} == {h.name for h in hosts[:SLOW]}, f"the {SLOW} slow ones are the worst")
    p99 = sorted(float(m["value"][1]) for m in server.ask(
        'instance_site:migtrace_private_lock_hold_seconds:p99_5m{site="migrate_norefs"}'))
    for name, at in ("median", 0.5), ("q90", 0.9), ("max", 1):
        i = at * (len(p99) - 1)
        want = p99[int(i)] + (p99[min(int(i) + 1, len(p99) - 1)] - p99[int(i)]) * (i % 1)
        got = server.value(f'site:migtrace_private_lock_hold_seconds_p99:{name}{{site="migrate_norefs"}}')
        check(abs(got / want - 1) < 0.02 and len(p99) == len(hosts), f"p99 of the hosts, {name}: {got * 1e6:.1f} us, by hand {want * 1e6:.1f}")


def cost(server, receiver, meter, minutes, size):
    span = f"[{minutes * 60 - 90}s]"
    me = '{job="prometheus"}'
    seen = {
        "series": server.value("prometheus_tsdb_head_series" + me),
        "samples_per_second": server.value(f"rate(prometheus_tsdb_head_samples_appended_total{me}{span})"),
        "cpus": server.value(f"rate(process_cpu_seconds_total{me}{span})"),
        "resident_bytes": server.value(f"max_over_time(process_resident_memory_bytes{me}{span})"),
        "block_bytes_per_sample": size,
        "scrape_seconds_max": server.value(f'max(max_over_time(scrape_duration_seconds{{job="node"}}{span}))'),
        "remote_samples_per_second": server.value(f"sum(rate(prometheus_remote_storage_samples_total{me}{span}))"),
        "remote_bytes_per_second": server.value(f"sum(rate(prometheus_remote_storage_bytes_total{me}{span}))"),
        "receiver_series": receiver.value('count({__name__=~".+:.+"})'),
    }
    took = rules(server, meter)
    for group in server.ask(f"max_over_time(prometheus_rule_group_last_duration_seconds{me}{span})"):
        name, seconds = group["metric"]["rule_group"].split(";")[1], float(group["value"][1])
        seen[f"rules_seconds_max_{name}"], seen[f"rules_cpu_seconds_{name}"] = seconds, took[name]
        check(meter.within(seconds, took[name], INTERVAL / 2),
              f"rules {name}: {seconds:.3f} s at most, of CPU {took[name]:.3f}, each {INTERVAL} s")
    missed = server.value(f"sum(increase(prometheus_rule_group_iterations_missed_total{me}{span}))")
    check(missed == 0 or meter.busy, f"{missed:.0f} rounds of rules were left out")
    check(seen["receiver_series"] > 0 and seen["remote_samples_per_second"] > 0, "the recorded series arrive by remote write")
    return seen


def paper(seen, hosts, target=10000):
    """The same for more hosts: what grows with them grows in proportion."""
    k = target / hosts
    mib = seen["resident_bytes"] / 2 ** 20
    for name, value, unit in (
            ("series", seen["series"], ""), ("samples a second", seen["samples_per_second"], ""),
            ("CPUs", seen["cpus"], ""), ("memory, MiB", mib - RESERVE, ""),
            ("disk a day, GB", seen["samples_per_second"] * seen["block_bytes_per_sample"] * 86400 / 1e9, ""),
            ("by remote write: samples a second", seen["remote_samples_per_second"], ""),
            ("by remote write: kB a second", seen["remote_bytes_per_second"] / 1e3, "")):
        print(f"     {name:36} {value:12.2f} {unit} for {hosts} hosts, {value * k:12.2f} on paper for {target}")


def main():
    migtrace = os.path.realpath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    minutes = max(6, int(sys.argv[3])) if len(sys.argv) > 3 else 8
    with tempfile.TemporaryDirectory() as folder:
        sample, began, at = sample_of(migtrace, folder), time.time() - (HOURS + 1) * 3600, port()
        hosts = [Host(i, sample, began) for i in range(count)]
        print(f"     {count} hosts, {len(sample)} series each; load of this machine: {os.getloadavg()[0]:.1f}", flush=True)
        child = os.fork()
        if not child:
            serve(hosts, at)
        receiver = Server(folder, "receiver", "global: {}\n", "--web.enable-remote-write-receiver")
        server = Server(folder, "prometheus", configuration(hosts, at, receiver))
        with open(f"{server.folder}/config.yml") as f:
            text = f.read().replace("SELF", str(server.port))
        with open(f"{server.folder}/config.yml", "w") as f:
            f.write(text)
        try:
            receiver.start(), server.start()
            first = time.time()
            time.sleep(minutes * 60)
            right(server, hosts)
            # the server reads new blocks when it starts, or within a minute
            size = past(server, hosts, first, folder)
            time.sleep(75)
            meter = Meter(server)
            if meter.busy:
                print(f"     others use this machine (load {os.getloadavg()[0]:.1f} of {os.cpu_count()} CPUs): "
                      "CPU time is judged, not the clock's", flush=True)
            slowest = dashboard(server, meter, hosts)
            seen = cost(server, receiver, meter, minutes, size)
            seen.update(hosts=count, minutes=minutes, slowest_query_seconds=slowest[0],
                        slowest_query_cpu_seconds=slowest[1], load=os.getloadavg()[0])
            paper(seen, count)
            with open(os.path.join(os.environ.get("O", "build"), "fleet.json"), "w") as f:
                json.dump(seen, f, indent=1)
        finally:
            server.stop(), receiver.stop()
            os.kill(child, signal.SIGTERM)
            os.waitpid(child, 0)
    print(json.dumps(seen, indent=1))
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
