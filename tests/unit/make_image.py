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
  sealed=BYTES       what a CPU with IBT has for ENDBR where no address is taken, ahead of each
  masked             kallsyms shows no addresses
  zero               kcore reads as zeros
  places             the table's offsets are from where each lies, as since 7.0
  old                nothing says where the table is, as before 6.0; no-ops of some CPUs before 5.13
"""
import struct
import sys

BASE = 0xFFFFFFFF81000000
TABLE = 0xFFFFFFFF82000000
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


def entry(at):
    """ftrace's place."""
    code = b"".join(bytes.fromhex(seal) for (seal,) in of("sealed"))
    code += b"\x66\x66\x66\x66\x90" if of("old") else b"\x0f\x1f\x44\x00\x00"
    text[at - BASE : at - BASE + len(code)] = code


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
    if funcs[name]:
        entry(address[name])
    write_calls(name, address[name])
for name, tail in of("clone"):
    write_calls(name, place(name + tail, size_of(name)))
for kind, opcode in ("moved", 0xE9), ("split", 0xE9), ("inner", 0xE8):
    for name, tail, *caller in of(kind):
        part = tail if kind == "inner" else name + tail
        funcs[part] = True
        at, size = place(part, size_of(name)), size_of(name)
        entry(at)
        write_calls(name, at)
        start = address[name] - BASE
        text[start : start + size - 1] = b"\x90" * (size - 1)
        entry(address[name])
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
    entry(at)
    write_calls(name, at)
place("_etext", 64)
symbols += [(BASE, "_text"), (BASE + 64, "_stext")]


def table():
    """The kernel's own table of symbols, as kernel/kallsyms.c has it, and where its parts are."""
    tokens = [b"buffer" if i == 1 else b"_" * 3 if i == 2 else bytes([i or 32]) for i in range(256)]
    names, offsets = b"", b""
    # one that is no function, and, as up to 6.14, one that lies where a CPU's variables do
    first = [] if of("places") else [(64, "Acpu_variable")]
    for at, name in first + [(a, "t" + n) for a, n in sorted(symbols)] + [(BASE + (1 << 24), "dx")]:
        code = name.encode().replace(b"buffer", b"\1").replace(b"___", b"\2")
        names += bytes([len(code)] if len(code) < 128 else [len(code) & 127 | 128, len(code) >> 7]) + code
        here = TABLE + len(offsets) if of("places") else BASE - 1
        offsets += struct.pack("<i", at if at < BASE else at - here if of("places") else here - at)
    index = [sum(len(t) + 1 for t in tokens[:i]) for i in range(256)]
    parts = {
        "kallsyms_offsets": offsets,
        "kallsyms_relative_base": struct.pack("<Q", BASE),
        "kallsyms_num_syms": struct.pack("<I", len(offsets) // 4),
        "kallsyms_names": names,
        "kallsyms_token_table": b"".join(t + b"\0" for t in tokens).ljust(1024, b"\0"),
        "kallsyms_token_index": struct.pack("<256H", *index),
    }
    if of("places"):
        del parts["kallsyms_relative_base"]
    data, note = b"", f"OSRELEASE=0\nSYMBOL(_stext)={BASE + 64:x}\n"
    for name, part in parts.items() if not of("old") else ():
        data = data.ljust(len(data) + -len(data) % 8, b"\0")
        note += f"SYMBOL({name})={TABLE + len(data):x}\n"
        data += part
    return data, note.encode()

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
rodata, vmcoreinfo = table()
note = b""
for name, desc in (b"CORE", bytes(5)), (b"VMCOREINFO", vmcoreinfo):
    note += struct.pack("<III", len(name) + 1, len(desc), 1)
    note += (name + b"\0").ljust((len(name) + 4) & ~3, b"\0") + desc.ljust((len(desc) + 3) & ~3, b"\0")
if of("zero"):
    text, rodata = bytes(len(text)), bytes(len(rodata))
with open(f"{folder}/kcore", "wb") as f:
    f.write(b"\x7fELF\x02\x01\x01" + bytes(9))
    f.write(struct.pack("<HHIQQQIHHHHHH", 4, 62, 1, 0, 64, 0, 0, 64, 56, 3, 0, 0, 0))
    at = 4096
    for kind, addr, data in (4, 0, note), (1, BASE, text), (1, TABLE, rodata):
        f.write(struct.pack("<IIQQQQQQ", kind, 7, at, addr, 0, len(data), len(data) if addr else 0, 4096))
        at += len(data)
    f.write(bytes(4096 - f.tell()) + note + text + rodata)
