#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
"""What is built of smol-agent: small, static, for its machine, and known to
NetBSD's kernel by its note (sys/sys/exec_elf.h).

usage: agent_files.py SYSTEM-ARCH:PATH...	(prints TAP)
"""
import os, struct, sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from tap import Tap  # noqa: E402

LIMIT = 64 * 1024
MACHINES = {"i386": (1, 3), "amd64": (2, 62), "aarch64": (2, 183)}
PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_STACK = 2, 3, 4, 0x6474e551


def segments(data):
    """(type, flags, bytes) of each program header."""
    wide = data[4] == 2
    at, = struct.unpack_from("<Q" if wide else "<I", data, 32 if wide else 28)
    size, count = struct.unpack_from("<HH", data, 54 if wide else 42)
    for n in range(count):
        if wide:
            kind, flags, offset, _, _, length = struct.unpack_from("<IIQQQQ", data, at + n * size)
        else:
            kind, offset, _, _, length, _, flags = struct.unpack_from("<7I", data, at + n * size)
        yield kind, flags, data[offset:offset + length]


def notes(data):
    while len(data) >= 12:
        name, desc, kind = struct.unpack_from("<III", data)
        start = 12 + (name + 3 & ~3)
        yield data[12:12 + name], kind, data[start:start + desc]
        data = data[start + (desc + 3 & ~3):]


def main():
    tap = Tap()
    for word in sys.argv[1:]:
        target, path = word.split(":", 1)
        system, arch = target.split("-")
        with open(path, "rb") as f:
            data = f.read()
        tap.ok(len(data) < LIMIT, "%s: %d bytes, under 64 KiB" % (target, len(data)))
        tap.same((data[:4], data[4], struct.unpack_from("<HH", data, 16)), (b"\x7fELF", MACHINES[arch][0], (2, MACHINES[arch][1])),
                 target + ": a program for that machine")
        parts = list(segments(data))
        tap.ok(not any(k in (PT_DYNAMIC, PT_INTERP) for k, _, _ in parts), target + ": static")
        tap.ok(not any(f & 3 == 3 for k, f, _ in parts if k in (1, PT_GNU_STACK)), target + ": nothing is writable and executable")
        found = [n for k, _, d in parts if k == PT_NOTE for n in notes(d)]
        ident = any(n == b"NetBSD\0" and k == 1 and len(d) == 4 for n, k, d in found)
        tap.same(ident, system == "netbsd", target + ": NetBSD's note")
    if len(sys.argv) == 1:
        tap.skip("smol-agent", "no compiler for it")
    tap.done()


if __name__ == "__main__":
    main()
