# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""What each case came to, kept on disk as it comes: an interrupted run can be gone on with."""
import hashlib
import json
import os
import subprocess
import threading

from .caselist import TESTS


def tree_id():
    """Of all files that are not ignored, new ones too: results of another tree are none of this one's. None where that
    can't be told: there nothing is gone on with."""
    top, whole = os.path.dirname(TESTS), hashlib.sha256()
    try:
        done = subprocess.run(["git", "-C", top, "ls-files", "-co", "--exclude-standard", "-z"], stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    for name in sorted(filter(None, done.stdout.split(b"\0"))):
        path = os.path.join(os.fsencode(top), name)
        if os.path.isfile(path):
            with open(path, "rb") as f:
                whole.update(name + b"\0" + hashlib.sha256(f.read()).digest())
    return whole.hexdigest()


class Results:
    def __init__(self, path, resume):
        self.path, self.tree, self.of, self.lock = path, tree_id(), {}, threading.Lock()
        if resume and os.path.exists(path):
            with open(path) as f:
                kept = json.load(f)
            if self.tree and kept["tree"] == self.tree:
                self.of = {k: v for k, v in kept["cases"].items() if not v["failed"]}
                print(f"# going on: {len(self.of)} cases are there", flush=True)

    def has(self, name):
        return name in self.of

    def add(self, name, verdict, spent):
        with self.lock:
            self.of[name] = {"passed": verdict.passed, "failed": verdict.failed,
                             "wrong": verdict.wrong(), "seconds": spent}
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            with open(self.path + ".tmp", "w") as f:
                json.dump({"tree": self.tree, "cases": self.of}, f, indent=1)
            os.rename(self.path + ".tmp", self.path)

    def rows(self, names):
        for name in names:
            r = self.of.get(name, {"passed": 0, "failed": 1, "seconds": {}})
            result = f"{r['passed']} passed" if not r["failed"] else f"{r['failed']} FAILED"
            yield name, result, r["seconds"]

    def wrong(self, names):
        """What each failed case said was wrong: whoever has only the end of the output sees why."""
        for name in names:
            for line in self.of.get(name, {"wrong": ["no result"]})["wrong"]:
                yield f"{name}: {line}"

    def sums(self, names):
        """Passed, failed, and the names of the cases that did."""
        of = {n: self.of.get(n, {"passed": 0, "failed": 1}) for n in names}
        return (sum(r["passed"] for r in of.values()), sum(r["failed"] for r in of.values()),
                [n for n, r in of.items() if r["failed"]])
