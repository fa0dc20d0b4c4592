# SPDX-License-Identifier: BSD-2-Clause
#
# e2fsprogs as a reader of our ext2 images: e2fsck must find nothing, mke2fs
# would have chosen the same geometry, debugfs shows devices as NetBSD has them.

import os
import re
import shutil

from tap import run

GEOMETRY = ("Inode count", "Block count", "First block", "Block size", "Blocks per group", "Inodes per group", "Inode blocks per group",
            "Filesystem revision #", "Filesystem features", "Inode size", "Reserved block count")


def tool(name):
    return shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin:/sbin")


def header(image):
    out = run([tool("dumpe2fs"), "-h", image]).stdout
    return dict(re.findall(r"^(.*?):\s+(.*)$", out, re.M))


def netbsd_dev(rdev):
    major, minor = rdev
    return (major << 8 & 0xfff00) | (minor << 12 & 0xfff00000) | (minor & 0xff)


def devices(image, paths):
    """path -> first block pointer of the inode, which is where a device's number lies."""
    script = "".join("inode_dump -b \"/%s\"\n" % p for p in paths)
    out = run([tool("debugfs"), "-f", "-", image], input=script, stdin=None).stdout
    firsts = re.findall(r"^0000  (\w{4}) (\w{4})", out, re.M)
    return {p: int.from_bytes(bytes.fromhex(a + b), "little") for p, (a, b) in zip(paths, firsts)}


def judge(tap, case):
    for name in ("e2fsck", "dumpe2fs", "debugfs", "mke2fs"):
        if tool(name) is None:
            tap.skip(case.name + ": e2fsprogs", name + " is not installed (e2fsprogs)")
            return
    image = "%s?offset=%d" % (case.image, case.sector * 512)
    p = run([tool("e2fsck"), "-fn", image])
    tap.ok(p.returncode == 0 and "?" not in p.stdout.replace("?offset", ""), case.name + ": e2fsck finds nothing", p.stdout, p.stderr)
    known = [p for p, f in case.files.items() if f.type in "cb" and re.fullmatch(r"[\w./-]+", p)]
    if known:  # a base set has none
        want, got = {p: netbsd_dev(case.files[p].rdev) for p in known}, devices(image, known)
        tap.ok(got == want, "%s: debugfs shows %d devices, numbered as NetBSD does" % (case.name, len(known)),
               [(p, hex(want[p]), hex(got.get(p, 0))) for p in known if got.get(p) != want[p]][:10])
    if "600M" not in case.name:
        return
    # Where a size was given, mke2fs given the same must make the same of it.
    ours = header(image)
    other = case.image + ".mke2fs"
    with open(other, "wb") as f:
        f.truncate(int(ours["Block count"]) * int(ours["Block size"]))
    run([tool("mke2fs"), "-q", "-F", "-O", "none", "-I", "128", "-m", "0", other])
    theirs = header(other)
    os.unlink(other)
    tap.same({k: ours.get(k) for k in GEOMETRY}, {k: theirs.get(k) for k in GEOMETRY}, case.name + ": mke2fs's geometry")
