#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# smol image resize: every kind of image, smaller and larger, holds the same
# files, is consistent, and comes out the same each time; --append writes
# nothing.  makefs's images and Sleuthkit's eyes where they are.  TAP.
#
#   image_resize.py SMOL WORK

import json
import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.dirname(HERE)]
from tap import Tap, run  # noqa: E402

PART = 512 * 1024


class Test:
    def __init__(self, smol, work):
        self.smol, self.work, self.tap = smol, work, Tap()

    def path(self, name):
        return os.path.join(self.work, name)

    def image(self, *args):
        return run([self.smol, "image", *args], cwd=self.work)

    def same_files(self, what, a, b):
        p = self.image("diff", "-t", "--exit-code", a, b)
        self.tap.ok(p.returncode == 0, "%s: the same files, dates and all" % what, p.stdout, p.stderr)
        p = self.image("check", b)
        self.tap.ok(p.returncode == 0, "%s: smol image check is clean" % what, p.stdout, p.stderr)

    def resize(self, what, *args):
        p = self.image("resize", *args)
        return self.tap.ok(p.returncode == 0 and p.stderr == "", "%s: %s" % (what, " ".join(args)), p.stderr)


def listing(path, gpt):
    """Sleuthkit's view: every path with type, mode, owner, size and date."""
    p = run(["fls", "-r", "-p", "-l", "-f", "ufs", "-z", "UTC", "-o", "1024" if gpt else "0", path], text=False)
    # Inode numbers may change, and Sleuthkit's virtual files with them; a directory's size depends on its order.
    lines = [line.split(b"\t") for line in p.stdout.splitlines()]
    return {(f[1], f[0].split(b" ")[0], f[2], f[6] if not f[0].startswith(b"d") else b"", f[7], f[8]) for f in lines
            if len(f) > 8 and not f[1].startswith(b"$")}


def test_kind(t, name, gpt):
    old, kind = name + ".old", name[:-4]
    shutil.copyfile(t.path(name), t.path(old))
    size = os.path.getsize(t.path(name))
    if t.resize(kind, name, "600M"):
        t.same_files(kind + ", larger", old, name)
        t.tap.ok(os.path.getsize(t.path(name)) == 600 << 20 and os.stat(t.path(name)).st_blocks * 512 < 100 << 20, kind + ", larger: sparse")
        if shutil.which("fls") is None:
            t.tap.skip(kind + ", larger: fls", "Sleuthkit is not installed")
        else:
            a, b = listing(t.path(old), gpt), listing(t.path(name), gpt)
            if a or not kind.startswith("makefs"):
                t.tap.ok(a and a == b, kind + ", larger: fls sees the same %d files" % len(a), sorted(a ^ b)[:6])
            else:
                t.tap.skip(kind + ", larger: fls", "Sleuthkit cannot read makefs's own image")
    for target in ("auto", "min"):
        if t.resize(kind, name, target):
            t.same_files("%s, %s" % (kind, target), old, name)
    least = os.path.getsize(t.path(name))
    t.tap.ok(least < size, kind + ", min: smaller (%d of %d bytes)" % (least, size))
    shutil.copyfile(t.path(name), t.path("again.img"))
    t.resize(kind, "again.img", "min")
    t.tap.ok(open(t.path(name), "rb").read() == open(t.path("again.img"), "rb").read(), kind + ", min twice: the same bytes")
    p = t.image("resize", name, "2M")
    need = p.stderr.rpartition("(")[2].partition("K")[0]
    t.tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and need.isdigit(), kind + ", too small: one line says how much is needed", p.stderr)
    p = t.image("resize", name, "%dK" % (int(need or 0) - 512))
    t.tap.ok(p.returncode == 1, kind + ": less does not do")
    if t.resize(kind, name, need + "K"):
        t.same_files(kind + ", as small as it said", old, name)
    if t.resize(kind, name, "+0"):
        t.same_files(kind + ", as it is", old, name)
    p = t.image("resize", "--json", "--free", "10M", name, "auto")
    t.tap.ok(p.returncode == 0 and json.loads(p.stdout)["free_bytes"] >= 10 << 20, kind + ", auto --free: JSON tells of the room", p.stderr)
    for n in (old, name, "again.img"):
        os.unlink(t.path(n))


def make_images(t):
    """(name, whether it has a GPT)"""
    tars = ["base.tar.xz", "etc.tar.xz", "special.tar"]
    for name, options in (("v1.img", []), ("v2.img", ["--ffs", "2", "--bsize", "4096", "--fsize", "512"]), ("ro.img", ["--ro", "--no-gpt"])):
        size = [] if name == "ro.img" else ["--size", "300M"]
        run([t.smol, "image", "make", "-q", *options, *size, "-o", name, *tars], cwd=t.work, check=True)
        if name == "ro.img":  # or it could not become smaller
            run([t.smol, "image", "resize", "-q", name, "+40M"], cwd=t.work, check=True)
        yield name, name != "ro.img"
    if shutil.which("makefs") is None:
        return t.tap.skip("makefs's images", "makefs is not installed")
    run([t.smol, "image", "cp", "-q", "-r", "v1-tree.img:/", "tree"], cwd=t.work, check=True)
    for name, order, version in (("makefs1-le.img", "le", 1), ("makefs2-be.img", "be", 2)):
        p = run(["makefs", "-B", order, "-t", "ffs", "-M", "64m", "-b", "30%", "-o", "version=%d,bsize=8192,fsize=1024" % version, t.path(name), t.path("tree")])
        if t.tap.ok(p.returncode == 0, "makefs makes " + name, p.stderr):
            yield name, False


def test_log(t):
    """A journal stays as large as it is, and in the same image where it was."""
    run([t.smol, "image", "make", "-q", "--ffs", "2", "--size", "64M", "--log", "2M", "-o", "log.img", "base.tar.xz"], cwd=t.work, check=True)
    shutil.copyfile(t.path("log.img"), t.path("old.img"))
    for size in ("+0", "100M", "40M"):
        p = t.image("resize", "--json", "log.img", size)
        t.tap.ok(p.returncode == 0 and json.loads(p.stdout)["log_bytes"] == 2 << 20, "a journal, %s: as large as before" % size, p.stderr)
        if size == "+0":
            t.tap.ok(open(t.path("log.img"), "rb").read() == open(t.path("old.img"), "rb").read(), "a journal, %s: the same bytes" % size)
        t.same_files("a journal, " + size, "old.img", "log.img")


def test_append(t):
    def write(name, data):
        with open(t.path(name), "wb") as f:
            f.write(data)

    def size(name):
        return os.path.getsize(t.path(name))

    live = bytes(446) + b"\x80\0\0\0\xa9\0\0\0" + bytes(56) + b"\x55\xaa" + os.urandom(200000)  # an MBR with a NetBSD partition
    write("live.img", live)
    inode = os.stat(t.path("live.img")).st_ino
    p = t.image("resize", "--append", "live.img", "8G")
    t.tap.ok(p.returncode == 0 and size("live.img") == 8 << 30, "--append: the size that was asked for", p.stderr)
    with open(t.path("live.img"), "rb") as f:
        t.tap.ok(f.read(len(live)) == live and os.stat(t.path("live.img")).st_ino == inode, "in place: not a byte was changed")
    t.tap.ok(os.stat(t.path("live.img")).st_blocks * 512 < 1 << 20, "and sparse")
    p = t.image("resize", "--append", "--json", "live.img", "+1M")
    t.tap.same(json.loads(p.stdout or "{}"), {"path": "live.img", "old_bytes": 8 << 30, "bytes": (8 << 30) + (1 << 20)}, "+SIZE, and JSON")
    p = t.image("resize", "--append", "live.img", "1G")
    t.tap.ok(p.returncode == 1 and "only makes it larger" in p.stderr and size("live.img") == (8 << 30) + (1 << 20), "smaller is refused", p.stderr)
    p = t.image("resize", "--append", "live.img", "auto")
    t.tap.ok(p.returncode == 2, "so is auto", p.stderr)
    p = t.image("resize", "--append", "live.img", "100001")
    t.tap.ok(p.returncode == 2 and "multiple of 512" in p.stderr, "and half a sector", p.stderr)
    p = t.image("resize", "live.img", "1G")
    t.tap.ok(p.returncode == 1 and "it holds no FFS" in p.stderr, "without --append it must be an image that smol reads", p.stderr)
    p = t.image("resize", "--append", "absent.img", "1G")
    t.tap.ok(p.returncode == 1 and "absent.img" in p.stderr and not os.path.exists(t.path("absent.img")), "an absent one is not made", p.stderr)
    os.unlink(t.path("live.img"))


def main():
    t = Test(os.path.abspath(sys.argv[1]), os.path.abspath(os.path.join(sys.argv[2], "image-resize")))
    shutil.rmtree(t.work, ignore_errors=True)
    os.makedirs(t.work)
    os.environ["SMOL_CACHE"] = t.path("cache")
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", t.work] + options, check=True)
    run([t.smol, "image", "make", "-q", "-o", "v1-tree.img", "base.tar.xz", "etc.tar.xz"], cwd=t.work, check=True)
    for name, gpt in make_images(t):
        test_kind(t, name, gpt)
    test_log(t)
    test_append(t)
    shutil.rmtree(t.work, ignore_errors=True)
    t.tap.done()


if __name__ == "__main__":
    main()
