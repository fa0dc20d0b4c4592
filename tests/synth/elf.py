# SPDX-License-Identifier: BSD-2-Clause
#
# The start of an ELF program or library as a linker writes it: enough for who
# reads what it needs (PT_LOAD, PT_INTERP, PT_DYNAMIC), and NetBSD's note.

import struct

MACHINES = {"i386": (3, False), "amd64": (62, True), "aarch64": (183, True)}
ADDR = 0x400000


class Writer:
    def __init__(self, machine):
        self.machine, self.is64 = MACHINES[machine]
        self.ehdr, self.phdr = (64, 56) if self.is64 else (52, 32)

    def segment(self, kind, offset, size):
        if self.is64:
            return struct.pack("<IIQQQQQQ", kind, 5, offset, ADDR + offset, ADDR + offset, size, size, 8)
        return struct.pack("<IIIIIIII", kind, offset, ADDR + offset, ADDR + offset, size, size, 5, 4)

    def header(self, segments):
        ident = b"\x7fELF" + bytes([2 if self.is64 else 1, 1, 1]) + bytes(9)
        return ident + struct.pack("<HHIQQQIHHHHHH" if self.is64 else "<HHIIIIIHHHHHH", 3, self.machine, 1, ADDR + 0x100, self.ehdr,
                                   0, 0, self.ehdr, self.phdr, segments, 0, 0, 0)


def elf(needed=(), rpath=None, interp=None, soname=None, machine="amd64", runpath=None):
    """About 600 bytes; more may follow."""
    w = Writer(machine)
    count = 3 + (interp is not None)
    strings = b"\0"
    tags = []
    for tag, names in ((1, needed), (14, [soname]), (15, [rpath]), (29, [runpath])):
        for name in names:
            if name is not None:
                tags.append((tag, len(strings)))
                strings += name.encode() + b"\0"
    note = struct.pack("<III", 7, 4, 1) + b"NetBSD\0\0" + struct.pack("<I", 1100000000)
    head = w.ehdr + count * w.phdr
    at_interp = head + len(note)
    interp = b"" if interp is None else interp.encode() + b"\0"
    at_strings = at_interp + len(interp)
    at_dynamic = (at_strings + len(strings) + 7) & ~7
    tags += [(5, ADDR + at_strings), (10, len(strings)), (0, 0)]
    dynamic = b"".join(struct.pack("<QQ" if w.is64 else "<II", *t) for t in tags)
    total = at_dynamic + len(dynamic)
    segments = [w.segment(1, 0, total), w.segment(4, head, len(note)), w.segment(2, at_dynamic, len(dynamic))]
    if interp:
        segments.append(w.segment(3, at_interp, len(interp)))
    body = w.header(count) + b"".join(segments) + note + interp + strings
    return body + bytes(at_dynamic - len(body)) + dynamic
