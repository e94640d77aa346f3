#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""
usage: links.py PAGE.md...

Links of a Markdown page that lead nowhere in this tree, one a line; exit status 1 if there are any.
Looked at: files, headings (as GitHub names them), `code` that reads like a file of the tree, `name()` behind
one, which has to be in it, and manual pages written as migtrace-NAME(N). Links to other hosts are left out.
"""
import os
import re
import sys

FOLDERS = ("bpf", "contrib", "man", "src", "tests", "vmlinux")


def prose(path):
    """The page without blocks of literal text."""
    text = re.sub(r"(?ms)^```.*?^```$", "", open(path).read())
    return re.sub(r"(?m)^(    |\t).*$", "", text)


def anchors(path):
    names = {}
    for heading in re.findall(r"(?m)^#+ +(.*)$", prose(path)):
        heading = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", heading).strip().replace(" ", "-")
        names[name] = names.get(name, -1) + 1
    return {n if not i else f"{n}-{i}" for n, most in names.items() for i in range(most + 1)}


def bad_links(page):
    text = prose(page)
    folder = os.path.dirname(page)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(folder, path)) if path else page
        if not os.path.exists(file):
            yield f"{target}: no such file"
        elif anchor and anchor not in anchors(file):
            yield f"{target}: no such heading"
    file = None
    for name in re.findall(r"`([\w./()-]+)`", text):
        if name.endswith("()") and file and not re.search(rf"\b{name[:-2]}\(", open(file).read()):
            yield f"{name}: not in {file}"
        if name.split("/")[0] in FOLDERS and "/" in name:
            if not os.path.exists(name):
                yield f"{name}: no such file"
            file = name if os.path.isfile(name) else None
    for name, number in re.findall(r"\b(migtrace(?:-[a-z]+)?)\((\d)\)", text):
        if not os.path.exists(f"man/{name}.{number}"):
            yield f"{name}({number}): no such page"


found = [f"{page}: {bad}" for page in sys.argv[1:] for bad in bad_links(page)]
for bad in found:
    print(bad)
sys.exit(bool(found))
