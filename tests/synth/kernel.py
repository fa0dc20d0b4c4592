# SPDX-License-Identifier: BSD-2-Clause
#
# A NetBSD kernel for those who only look at it: an ELF file of either class
# with a table of devices, its symbol and the notes; it does not run.

import struct

BASE = {64: 0xFFFFFFFF80200000, 32: 0xC0100000}
NOTFOUND, STAR = 0, 2

# Of GENERIC, a few: name, attachment, unit, state, attribute, parent and its unit.
DEVICES = [
    ("mainbus", "mainbus", 0, NOTFOUND, None, None, 0),
    ("cpu", "cpu", 0, STAR, "cpubus", "mainbus", -1),
    ("acpi", "acpi", 0, STAR, "acpibus", "mainbus", -1),
    ("pci", "pci", 0, STAR, "pcibus", "mainbus", -1),
    ("isa", "isa", 0, NOTFOUND, "isabus", "mainbus", -1),
    ("com", "com_isa", 0, NOTFOUND, "isa", "isa", -1),
    ("wm", "wm", 0, STAR, "pci", "pci", -1),
    ("virtio", "virtio_pci", 0, STAR, "pci", "pci", -1),
    ("ld", "ld_virtio", 0, STAR, "virtio", "virtio", -1),
    ("usb", "usb", 0, STAR, "usbus", None, -1),
]


def make_kernel(bits=64, devices=DEVICES, symbols=True, pvh=False):
    word = struct.Struct("<Q" if bits == 64 else "<I")
    base, head = BASE[bits], 0x400
    data = bytearray(head)

    def put(blob):
        while len(data) % 8:
            data.append(0)
        at = len(data)
        data.extend(blob)
        return base + at

    def string(s):
        return put(s.encode() + b"\0")

    table = b""
    for name, attach, unit, state, iattr, parent, parent_unit in devices:
        pspec = 0
        if iattr:
            pspec = put(word.pack(string(iattr)) + word.pack(string(parent) if parent else 0) + struct.pack("<i", parent_unit))
        table += word.pack(string(name)) + word.pack(string(attach)) + struct.pack("<I", unit | state << 24)
        table += (b"\0" * 4 if bits == 64 else b"") + word.pack(0) + struct.pack("<I", 0) + (b"\0" * 4 if bits == 64 else b"") + word.pack(pspec)
    table += b"\0" * (48 if bits == 64 else 24)
    cfdata = put(table)
    notes = struct.pack("<III", 7, 4, 1) + b"NetBSD\0\0" + struct.pack("<I", 1100000000)
    if pvh:
        notes += struct.pack("<III", 4, 4, 18) + b"Xen\0" + struct.pack("<I", 0x200000)
    notes_at = put(notes) - base
    names = b"\0cfdata\0"
    sym = (struct.pack("<IBBHQQ", 1, 1, 0, 1, cfdata, len(table)) if bits == 64 else struct.pack("<IIIBBH", 1, cfdata, len(table), 1, 0, 1))
    symtab_at, strtab_at = put(b"\0" * len(sym) + sym) - base, put(names) - base
    end = len(data)
    if bits == 64:
        def ph(kind, off, size):
            return struct.pack("<IIQQQQQQ", kind, 6, off, base + off, off, size, size, 4)

        def sh(kind, off, size, link):
            return struct.pack("<IIQQQQIIQQ", 0, kind, 0, 0, off, size, link, 0, 8, 24)
        fmt, sizes = "<HHIQQQIHHHHHH", (64, 56, 64)
    else:
        def ph(kind, off, size):
            return struct.pack("<IIIIIIII", kind, off, base + off, off, size, size, 6, 4)

        def sh(kind, off, size, link):
            return struct.pack("<IIIIIIIIII", 0, kind, 0, 0, off, size, link, 0, 4, 16)
        fmt, sizes = "<HHIIIIIHHHHHH", (52, 32, 40)
    headers = struct.pack(fmt, 2, 62 if bits == 64 else 3, 1, base + head, 0x80, 0x100, 0, sizes[0], sizes[1], 2, sizes[2], 3, 0)
    ident = b"\x7fELF" + bytes([2 if bits == 64 else 1, 1, 1]) + b"\0" * 9
    data[0:len(ident) + len(headers)] = ident + headers
    phs = ph(1, 0, end) + ph(4, notes_at, len(notes))
    data[0x80:0x80 + len(phs)] = phs
    shs = sh(0, 0, 0, 0) + sh(2 if symbols else 1, symtab_at, 2 * len(sym), 2) + sh(3, strtab_at, len(names), 0)
    data[0x100:0x100 + len(shs)] = shs
    return bytes(data)
