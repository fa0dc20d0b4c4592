# SPDX-License-Identifier: BSD-2-Clause
#
# Disks as NetBSD's tools partition them where there is no GPT.

import array
import functools
import operator
import struct

FFS, SWAP, UNUSED = 7, 1, 0


def make_label(big, parts):
    """NetBSD's disklabel: (sectors, first sector, type) each."""
    order = ">" if big else "<"
    b = bytearray(148 + 16 * len(parts))
    total = max(sectors + first for sectors, first, _ in parts)
    for at, form, value in ((0, "I", 0x82564557), (132, "I", 0x82564557), (40, "I", 512), (44, "I", 63), (48, "I", 16), (52, "I", total // 1008),
                            (56, "I", 1008), (60, "I", total), (138, "H", len(parts)), (140, "I", 8192), (144, "I", 8192)):
        struct.pack_into(order + form, b, at, value)
    for i, (sectors, first, kind) in enumerate(parts):
        struct.pack_into(order + "IIIBB", b, 148 + 16 * i, sectors, first, 1024, kind, 8)
    b[136:138] = array.array("H", [functools.reduce(operator.xor, array.array("H", bytes(b)))]).tobytes()
    return bytes(b)


def make_mbr(path, fs, big=False, start=2048, before=()):
    """A live image of earlier releases: MBR, label in its partition, swap after the root; a port of the other byte order keeps it elsewhere."""
    end = start + len(fs) // 512
    mbr = bytearray(512)
    struct.pack_into("<BxxxBxxxII", mbr, 446, 0x80, 169, start, end + 4096 - start)
    mbr[510:] = b"\x55\xaa"
    label = make_label(big, [*before, (end - start, start, FFS), (4096, end, SWAP), (end + 4096 - start, start, UNUSED), (end + 4096, 0, UNUSED)])
    with open(path, "wb") as f:
        f.write(mbr)
        f.seek(start * 512)
        f.write(fs)
        f.seek(start * 512 + (128 if big else 512))
        f.write(label)
        f.truncate((end + 4096) * 512)
