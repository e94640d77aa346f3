#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause
"""An image of a kernel that has a fact sheet's calls: make_image.py SHEET FOLDER [OPTION...]

Writes FOLDER/kallsyms, FOLDER/filter and FOLDER/kcore, for x86-64: each function of the sheet is no-ops with its
calls in them. Options, each what a compiler or a kernel does to a function (OFF: of a call, in hex):
  add=NAME           one more function that calls nothing
  name=NAME:SUFFIX   the function has only this name
  clone=NAME:SUFFIX  a second one with all its calls
  moved=NAME:SUFFIX  the calls are in a part that it jumps to
  split=NAME:SUFFIX:CALLER  the same, and CALLER calls the part, too
  inner=NAME:INNER   the calls are in another function that it calls
  into=NAME:CALLER   it is inlined: CALLER has the calls, it has no name any more
  too=NAME:CALLER    the same, but it has its name, and its code
  cold=NAME:OFF      a call is in NAME.cold, and jumps back
  callee=OLD:NEW     a callee has another name
  module=NAME        a module has a function of that name
  cfi                clang's __cfi_NAME 16 bytes ahead of each
  masked             kallsyms shows no addresses
  zero               kcore reads as zeros
"""
import struct
import sys

BASE = 0xFFFFFFFF81000000
sheet, folder, *words = sys.argv[1:]
options = [(w.partition("=")[0], w.partition("=")[2].split(":")) for w in words]


def of(name):
    return [v for k, v in options if k == name]


renamed = {old: new for old, new in of("callee")}
funcs, calls = {}, []
for line in open(sheet):
    w = line.split()
    if w and w[0] == "func" and w[4] != "symbols=0":
        funcs[renamed.get(w[1], w[1])] = w[3] == "traceable=1"
    if w and w[0] == "call" and not w[4].startswith("("):
        calls.append((w[1], int(w[2], 16), int(w[3], 16), renamed.get(w[4], w[4])))
for name, caller in of("into"):
    del funcs[name]
    funcs.pop(caller, None)  # it comes again, with what it was given
for (name,) in of("add"):
    funcs[name] = True
funcs["register_ftrace_direct"] = False

text = bytearray(b"\xcc" * 0x1000)  # from BASE on
symbols, address = [], {}


def place(symbol, size):
    """Room for a function, no-ops that end in a return; its address."""
    text.extend(b"\xcc" * (-len(text) % 64 + 64))
    at = BASE + len(text)
    text.extend(b"\x90" * (size - 1) + b"\xc3")
    if of("cfi"):
        symbols.append((at - 16, "__cfi_" + symbol))
    symbols.append((at, symbol))
    return at


def branch(at, opcode, to):
    text[at - BASE : at - BASE + 5] = bytes([opcode]) + struct.pack("<i", to - (at + 5))


def size_of(name):
    return max([64] + [offset + 37 for f, offset, _, _ in calls if f == name])


def write_calls(name, at):
    for f, offset, back, callee in calls:
        if f == name and callee in address:
            branch(at + offset, 0xE8 if back else 0xE9, address[callee])


suffix = {n: s for n, s in of("name")}
for name in funcs:
    address[name] = place(name + suffix.get(name, ""), size_of(name))
for name in funcs:
    write_calls(name, address[name])
for name, tail in of("clone"):
    write_calls(name, place(name + tail, size_of(name)))
for kind, opcode in ("moved", 0xE9), ("split", 0xE9), ("inner", 0xE8):
    for name, tail, *caller in of(kind):
        part = tail if kind == "inner" else name + tail
        funcs[part] = True
        at, size = place(part, size_of(name)), size_of(name)
        write_calls(name, at)
        start = address[name] - BASE
        text[start : start + size - 1] = b"\x90" * (size - 1)
        branch(address[name] + 20, opcode, at)
        for c in caller:
            branch(address[c] + 8, 0xE8, at)
for name, offset in of("cold"):
    offset = int(offset, 16)
    back, callee = next((b, c) for f, o, b, c in calls if f == name and o == offset)
    at = place(name + ".cold", 16)
    branch(address[name] + offset, 0xE9, at)
    branch(at, 0xE8, address[callee])
    branch(at + 5, 0xE9, address[name] + back)
for name, caller in of("into") + of("too"):
    at = place(caller, size_of(name))
    funcs[caller] = True
    write_calls(name, at)
place("_etext", 64)
symbols.append((BASE, "_text"))

with open(f"{folder}/kallsyms", "w") as f:
    for at, name in sorted(symbols):
        f.write(f"{0 if of('masked') else at:016x} t {name}\n")
    for (name,) in of("module"):
        f.write(f"ffffffffc0b01000 t {name}\t[one]\n")
with open(f"{folder}/filter", "w") as f:
    for name, traceable in funcs.items():
        if traceable:
            f.write(name + suffix.get(name, "") + "\n")
    for (name,) in of("module"):
        f.write(f"{name} [one]\n")
with open(f"{folder}/kcore", "wb") as f:
    f.write(b"\x7fELF\x02\x01\x01" + bytes(9))
    f.write(struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 1, 0, 0, 0))
    f.write(struct.pack("<IIQQQQQQ", 1, 7, 4096, BASE, 0, len(text), len(text), 4096).ljust(4096 - 64, b"\0"))
    f.write(bytes(len(text)) if of("zero") else text)
