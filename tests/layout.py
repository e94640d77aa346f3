#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""Are blocks named right? layout.py PROGRAM (of tests/unit/layout.c)

Images by mkfs.ext4 and mkfs.fat. Of ext4's each block is compared with what dumpe2fs(8) says of the groups
and debugfs(8) of journal and directories; FAT's directories are written here, into places that are known
then. Without these tools nothing is compared, and said so. Last line: "N passed, N failed".
"""
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile

passed = failed = 0
PROGRAM = sys.argv[1]


def check(good, text):
    global passed, failed
    passed, failed = passed + bool(good), failed + (not good)
    if not good:
        print(f"FAIL: {text}")


def run(*argv, **more):
    env = dict(os.environ, PATH=os.environ["PATH"] + ":/sbin:/usr/sbin", DEBUGFS_PAGER="", PAGER="")
    return subprocess.run(argv, check=True, capture_output=True, text=True, env=env, **more).stdout


def ours(image, size):
    first, *lines = run(PROGRAM, image, str(size)).splitlines()
    return first, {int(n): what for n, what in (line.split() for line in lines)}


def debugfs(image, commands):
    """[(command, what it says)]"""
    if not commands:
        return []
    with tempfile.NamedTemporaryFile("w") as f:
        f.write("\n".join(commands) + "\n")
        f.flush()
        text = run("debugfs", "-f", f.name, image)
    return [part.split("\n", 1) for part in re.split(r"^debugfs: ", text, flags=re.M)[1:]]


def spans(text):
    for a, b in re.findall(r"(\d+)(?:-(\d+))?", text):
        yield from range(int(a), int(b or a) + 1)


def groups_of(image):
    """By dumpe2fs: superblocks, descriptors, bitmaps, tables."""
    want = {}
    for line in run("dumpe2fs", image).splitlines():
        for pattern, what in ((r"(?:Primary|Backup) superblock at (\d+)", "superblock"), (r"Group descriptors? at (\d+-?\d*)", "descriptors"),
                              (r"Reserved GDT blocks at (\d+-?\d*)", "descriptors"), (r"Block bitmap at (\d+)", "bitmap"),
                              (r"Inode bitmap at (\d+)", "bitmap"), (r"Inode table at (\d+-\d+)", "inode_table")):
            for found in re.findall(pattern, line):
                want.update(dict.fromkeys(spans(found), what))
    return want


def directories(image):
    """Inode to size of each directory."""
    found, todo = {}, [2]
    while todo:
        listed = debugfs(image, [f"ls -p <{i}>" for i in todo])
        stats = debugfs(image, [f"stat <{i}>" for i in todo])
        for i, (_, text) in zip(todo, stats):
            found[i] = int(re.search(r"Size: (\d+)", text)[1])
        todo = sorted({int(m[0]) for _, text in listed for m in re.findall(r"^/(\d+)/(\d+)/\d+/\d+/([^/]*)/", text, re.M)
                       if m[1].startswith("04")} - set(found) - {0})
    return found


def bmaps(image, inode, n):
    return {int(text.split()[0]) for _, text in debugfs(image, [f"bmap <{inode}> {i}" for i in range(n)])} - {0}


def ext4(tmp, tree, size, more, mib=40, journal=True):
    image = f"{tmp}/image"
    with open(image, "wb") as f:
        f.truncate(mib << 20)
    run("mkfs.ext4", "-qF", "-b", str(size), *more, "-d", tree, image)
    name = f"ext4, {size} bytes {' '.join(more)}"
    first, got = ours(image, size)
    check(first == "ext4", f"{name}: {first}")
    want = groups_of(image)
    n = {"superblock": 0, "descriptors": 0, "bitmap": 0, "inode_table": 0}
    for what in want.values():
        n[what] += 1
    check(all(n.values()), f"{name}: dumpe2fs has {n}")
    if journal:
        bytes_ = int(re.search(r"Size: (\d+)", debugfs(image, ["stat <8>"])[0][1])[1])
        want.update(dict.fromkeys(bmaps(image, 8, bytes_ // size), "journal"))
    dirs = directories(image)
    for inode, bytes_ in dirs.items():
        want.update(dict.fromkeys(bmaps(image, inode, bytes_ // size), "directory"))
    check(sum(w == "directory" for w in want.values()) >= 60, f"{name}: {len(dirs)} directories")
    # what leads to their blocks is told apart, and belongs to them
    maps = [b for b, what in got.items() if what == "block_map"]
    owners = [text.split()[-1] for _, text in debugfs(image, [f"icheck {b}" for b in maps])]
    check(all(o == "8" or int(o) in dirs for o in owners), f"{name}: maps {dict(zip(maps, owners))}")
    rest = {b: w for b, w in got.items() if w != "block_map"}
    wrong = {b: (rest.get(b), want.get(b)) for b in set(rest) | set(want) if rest.get(b) != want.get(b)}
    check(not wrong, f"{name}: {len(wrong)} of {len(want)} blocks (ours, debugfs): {dict(sorted(wrong.items())[:8])}")


def make_tree(tmp):
    """Directories of one block and of many, deep ones; files of bytes, and one that looks like a directory."""
    tree = f"{tmp}/tree"
    for i in range(60):
        os.makedirs(f"{tree}/d{i % 7}/e{i}")
    os.makedirs(f"{tree}/large")
    for i in range(1500):
        open(f"{tree}/large/{i:060}", "w").close()
    rng = random.Random(1)
    for i in range(20):
        with open(f"{tree}/d1/f{i}", "wb") as f:
            f.write(rng.randbytes(20000))
    with open(f"{tree}/like", "wb") as f:
        f.write((struct.pack("<IHBB", 2, 12, 1, 2) + b".\0\0\0" + struct.pack("<IHBB", 2, 4084, 2, 2) + b"..").ljust(4096, b"\0") * 8)
    return tree


class Fat:
    """A FAT image whose directories are written here."""

    def __init__(self, path, mib, bits, sectors):
        with open(path, "wb") as f:
            f.truncate(mib << 20)
        run("mkfs.fat", "-F", str(bits), "-s", str(sectors), path)
        self.path, self.bits = path, bits
        with open(path, "rb") as f:
            self.b = bytearray(f.read())
        u16 = lambda at: struct.unpack_from("<H", self.b, at)[0]  # noqa: E731
        u32 = lambda at: struct.unpack_from("<I", self.b, at)[0]  # noqa: E731
        self.sector, self.cluster = u16(11), u16(11) * self.b[13]
        self.fat, self.fat_bytes, self.fats = u16(14) * self.sector, (u16(22) or u32(36)) * self.sector, self.b[16]
        self.root = self.fat + self.fats * self.fat_bytes
        self.data = self.root + u16(17) * 32
        self.used, self.known = 2, {}
        self.mark(0, self.fat, "superblock")
        self.mark(self.fat, self.root, "allocation_table")
        if bits == 32:
            self.take(1)
        self.mark(self.root, self.data, "directory")

    def mark(self, begin, end, what):
        self.known.update(dict.fromkeys(range(begin // 512, end // 512), what))

    def at(self, cluster):
        return self.data + (cluster - 2) * self.cluster

    def entry(self, cluster, value):
        for i in range(self.fats):
            base = self.fat + i * self.fat_bytes
            if self.bits == 32:
                struct.pack_into("<I", self.b, base + 4 * cluster, value & 0x0fffffff)
            elif self.bits == 16:
                struct.pack_into("<H", self.b, base + 2 * cluster, value & 0xffff)
            else:
                at = base + cluster * 3 // 2
                old = struct.unpack_from("<H", self.b, at)[0]
                new = old & 0xf | (value & 0xfff) << 4 if cluster & 1 else old & 0xf000 | value & 0xfff
                struct.pack_into("<H", self.b, at, new)

    def take(self, n, what="directory"):
        """A chain of n clusters, every second one."""
        chain = [self.used + 2 * i for i in range(n)]
        self.used = chain[-1] + 1
        for a, b in zip(chain, chain[1:] + [0x0fffffff]):
            self.entry(a, b)
            if what:
                self.mark(self.at(a), self.at(a) + self.cluster, what)
        return chain

    def name(self, at, name, attr, cluster):
        self.b[at:at + 32] = struct.pack("<11sBBBHHHHHHHI", name, attr, 0, 0, 0, 0, 0, cluster >> 16, 0, 0, cluster & 0xffff, 0)

    def directory(self, place, name, n, parent):
        chain = self.take(n)
        self.name(place, name, 0x10, chain[0])
        self.name(self.at(chain[0]), b".          ", 0x10, chain[0])
        self.name(self.at(chain[0]) + 32, b"..         ", 0x10, parent)
        return chain

    def write(self):
        with open(self.path, "wb") as f:
            f.write(self.b)


def fat(tmp, bits, mib, sectors):
    f = Fat(f"{tmp}/fat", mib, bits, sectors)
    root = f.at(2) if bits == 32 else f.root
    one = f.directory(root, b"ONE        ", 3, 0)
    two = f.directory(f.at(one[2]), b"TWO        ", 2, one[0])
    # behind a full first cluster: entries that are deleted, or of files
    for at in range(64, f.cluster, 32):
        f.name(f.at(one[0]) + at, b"\xe5" + b"X" * 10, 0x10, 9)
    for c in one[1:2]:
        for at in range(0, f.cluster, 32):
            f.name(f.at(c) + at, b"FILE%07d" % at, 0x20, 0)
    f.directory(f.at(two[0]) + 64, b"THREE      ", 1, two[0])
    data = f.take(4, None)
    f.name(root + 32, b"DATA       ", 0x20, data[0])
    struct.pack_into("<I", f.b, root + 32 + 28, 4 * f.cluster)
    f.b[f.at(data[0]):f.at(data[0]) + 64] = f.b[f.at(one[0]):f.at(one[0]) + 64]
    f.write()
    name = f"FAT{bits}, clusters of {f.cluster}"
    checked = subprocess.run(["fsck.fat", "-n", f.path], capture_output=True, text=True,
                             env=dict(os.environ, PATH=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    check("Bad" not in checked.stdout and "Start does point" not in checked.stdout, f"{name}: fsck.fat: {checked.stdout}")
    first, got = ours(f.path, 512)
    check(first == "fat", f"{name}: {first}")
    wrong = {b: (got.get(b), f.known.get(b)) for b in set(got) | set(f.known) if got.get(b) != f.known.get(b)}
    check(not wrong, f"{name}: {len(wrong)} of {len(f.known)} sectors (ours, written): {dict(sorted(wrong.items())[:8])}")
    check(sum(w == "directory" for w in got.values()) >= 7 * f.cluster // 512, f"{name}: directories")


def hostile(tmp, tree):
    """No image makes it loop, crash or name what is not there: bytes of the metadata changed at random."""
    image = f"{tmp}/image"
    with open(image, "wb") as f:
        f.truncate(8 << 20)
    run("mkfs.ext4", "-qF", "-b", "1024", "-d", f"{tree}/d2", image)
    made = [(image, 200 * 1024)]
    g = Fat(f"{tmp}/fat", 2, 12, 4)
    one = g.directory(g.root, b"ONE        ", 3, 0)
    g.entry(one[2], one[0])  # goes round
    g.write()
    made.append((g.path, g.data + 9 * g.cluster))
    rng = random.Random(2)
    for path, end in made:
        whole = open(path, "rb").read()
        for _ in range(60):
            b = bytearray(whole)
            for _ in range(rng.choice((1, 8, 200))):
                b[rng.randrange(end)] = rng.randrange(256)
            with open(f"{tmp}/changed", "wb") as f:
                f.write(b)
            r = subprocess.run([PROGRAM, f"{tmp}/changed", "1024"], capture_output=True, timeout=120)
            check(r.returncode in (0, 1), f"{path}: exit {r.returncode}: {r.stderr[:500]}")


def extents(b, block):
    """Into the journal's inode: a chain of maps, each of whose pointers lead to the next one, the last one empty."""
    def node(n, depth, to):
        return struct.pack("<HHHHI", 0xf30a, n, n, depth, 0) + struct.pack("<IIHH", 0, to, 0, 0) * n

    table, inode_size = struct.unpack_from("<I", b, 2048 + 8)[0], struct.unpack_from("<H", b, 1024 + 0x58)[0]
    at = table * 1024 + 7 * inode_size
    struct.pack_into("<I", b, at + 32, 0x80000)
    for where, made in [(at + 40, node(4, 5, block))] + [((block + i) * 1024, node(84 if i < 4 else 0, 4 - i, block + i + 1))
                                                         for i in range(5)]:
        b[where:where + len(made)] = made


def endless(tmp, tree):
    """Maps that lead to themselves, or to each other, end the walk; what was found before has its name."""
    image = f"{tmp}/image"
    # behind the end of the file system but in the image; in it, until there are enough of directories, parts, or maps
    for what, block in (("journal, outside", 20000), ("root, inside", 8000), ("journal, inside", 8000),
                        ("extents, outside", 20000), ("extents, inside", 8000)):
        with open(image, "wb") as f:
            f.truncate(8 << 20)
        run("mkfs.ext4", "-qF", "-b", "1024", "-O", "^extents,^64bit,^metadata_csum", "-d", f"{tree}/d2", image)
        want = {n for n, is_ in groups_of(image).items() if is_ == "superblock"}
        if not what.startswith("extents"):
            run("debugfs", "-w", "-R", f"set_inode_field <{2 if what.startswith('root') else 8}> block[TIND] {block}", image)
        with open(image, "rb") as f:
            b = bytearray(f.read().ljust(24 << 20, b"\0"))
        if what.startswith("extents"):
            extents(b, block)
        else:
            b[block * 1024:(block + 1) * 1024] = struct.pack("<I", block) * 256
        with open(image, "wb") as f:
            f.write(b)
        try:
            r = subprocess.run([PROGRAM, image, "1024"], capture_output=True, text=True, timeout=120)
        except subprocess.TimeoutExpired:
            check(False, f"endless, {what}: goes on")
            continue
        first, *lines = r.stdout.splitlines() or [r.stderr]
        got = {int(n): is_ for n, is_ in (line.split() for line in lines)}
        check(first == "ext4 partial", f"endless, {what}: exit {r.returncode}: {first}")
        check(want and all(got.get(n) == "superblock" for n in want), f"endless, {what}: superblocks {want}")
        check(("directory" in got.values()) == (what != "journal, inside"), f"endless, {what}: directories")
        check((block in got) == ("inside" in what), f"endless, {what}: block {block}: {got.get(block)}")


def main():
    path = os.environ["PATH"] + ":/sbin:/usr/sbin"
    missing = [t for t in ("mkfs.ext4", "debugfs", "dumpe2fs", "mkfs.fat", "fsck.fat") if not shutil.which(t, path=path)]
    if missing:
        print(f"not compared: no {', '.join(missing)}")
        print("0 passed, 0 failed")
        return 0
    with tempfile.TemporaryDirectory() as tmp:
        tree = make_tree(tmp)
        for size in 1024, 2048, 4096:
            ext4(tmp, tree, size, ())
        ext4(tmp, tree, 1024, ("-O", "^extents,^64bit,^metadata_csum"))
        ext4(tmp, tree, 1024, ("-O", "meta_bg,^resize_inode"))
        ext4(tmp, tree, 1024, ("-O", "sparse_super2,^has_journal"), journal=False)
        ext4(tmp, tree, 1024, ("-O", "^sparse_super,^flex_bg,^resize_inode"))
        ext4(tmp, tree, 4096, ("-I", "128", "-g", "1024"))
        fat(tmp, 12, 2, 4)
        fat(tmp, 16, 20, 4)
        fat(tmp, 32, 40, 1)
        hostile(tmp, tree)
        endless(tmp, tree)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main())
