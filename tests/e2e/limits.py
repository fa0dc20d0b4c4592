#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# The sizes that the specification promises, at their ends: 2 MB and 1 TB, a
# million files, a directory of 100,000 entries, a file to triple indirect.
# Each image passes our check; the numbers are printed.  ext2 at its ends, too,
# by e2fsck.  TAP.
#
#   limits.py SMOL WORK

import os
import random
import shutil
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402

SETS = os.path.join(os.path.dirname(HERE), "synth", "sets.py")


class Limits:
    def __init__(self, smol, work):
        self.tap, self.smol, self.work = Tap(), smol, work
        self.image = os.path.join(work, "x.img")
        os.environ["SMOL_CACHE"] = os.path.join(work, "cache")

    def make(self, name, options, inputs):
        """Makes and checks an image; True if both went well."""
        if os.path.exists(self.image):
            os.unlink(self.image)
        start = time.monotonic()
        p = subprocess.Popen([self.smol, "image", "make", "-q", *options, "-o", self.image, *inputs], stderr=subprocess.PIPE, text=True)
        errors = p.stderr.read()
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if not self.tap.ok(status == 0, "%s: image make" % name, errors):
            return False
        took = time.monotonic() - start
        st = os.stat(self.image)
        start = time.monotonic()
        p = run(["e2fsck", "-fn", self.image] if "ext2" in options else [self.smol, "image", "check", self.image])
        self.tap.note("%s: %d bytes, %d KiB on disk, %.2f s, peak %d MiB, check %.2f s" %
                      (name, st.st_size, st.st_blocks // 2, took, usage.ru_maxrss // 1024, time.monotonic() - start))
        return self.tap.ok(p.returncode == 0, "%s: check is clean" % name, p.stdout, p.stderr)

    def tar(self, *options):
        path = os.path.join(self.work, "x.tar")
        with open(path, "wb") as f:
            subprocess.run([sys.executable, SETS, *options], stdout=f, check=True)
        return path

    def count(self, path):
        p = subprocess.Popen([self.smol, "image", "ls", "-R", "--json", self.image + path], stdout=subprocess.PIPE)
        n = sum(line.count(b'"inode":') for line in p.stdout)
        p.wait()
        return n

    def sizes(self, small):
        for v in ("1", "2"):
            self.make("1 TB v" + v, ["--ffs", v, "--size", "1T"], [small])
            tiny = os.path.join(self.work, "tiny")
            os.makedirs(tiny, exist_ok=True)
            with open(os.path.join(tiny, "file"), "w") as f:
                f.write("x" * 5000)
            self.make("2 MB v" + v, ["--ffs", v, "--size", "2M"], [tiny])

    def wide(self):
        tar = self.tar("--wide", "100000")
        for v in ("1", "2"):
            if self.make("directory of 100,000 v" + v, ["--ffs", v], [tar]):
                p = run([self.smol, "image", "ls", self.image + ":/wide"])
                lines = p.stdout.split()
                self.tap.ok(len(lines) == 100000 and lines[77777] == "entry077777", "directory of 100,000 v%s: all are listed" % v, len(lines))

    def many(self):
        tar = self.tar("--many", "1000000")
        for v in ("1", "2"):
            if self.make("a million files v" + v, ["--ffs", v], [tar]):
                self.tap.same(self.count(""), 1001000, "a million files v%s: all are listed" % v)

    def deep(self):
        """Blocks of 4096: triple indirect begins at 4 GiB + 4 MiB for v1, 1 GiB + 2 MiB for v2."""
        for v, size in (("1", 4_400_000_000), ("2", 1_200_000_000)):
            tar = self.tar("--sparse", str(size))
            if not self.make("file to triple indirect v" + v, ["--ffs", v, "--bsize", "4096", "--fsize", "512"], [tar]):
                continue
            want = {start: random.Random(start).randbytes(n) for start, n in
                    ((0, 4096), (size // 2 // 4096 * 4096, 8192), (size - 5000, 5000))}
            p = subprocess.Popen([self.smol, "image", "cat", self.image + ":/sparse"], stdout=subprocess.PIPE, bufsize=0)
            zeros = bytes(1 << 20)
            at, good = 0, True
            while True:
                data = p.stdout.read(1 << 20)
                if not data:
                    break
                if data != zeros[:len(data)]:
                    data = bytearray(data)
                    for start, w in want.items():
                        lo, hi = max(start, at), min(start + len(w), at + len(data))
                        if lo < hi:
                            good = good and data[lo - at:hi - at] == w[lo - start:hi - start]
                            data[lo - at:hi - at] = zeros[:hi - lo]
                    good = good and data == zeros[:len(data)]
                elif any(s < at + len(data) and at < s + len(w) for s, w in want.items()):
                    good = False
                at += len(data)
            p.wait()
            self.tap.ok(good and at == size and p.returncode == 0, "file to triple indirect v%s: its islands and holes are right" % v, at, size)

    def ext2(self, small):
        if shutil.which("e2fsck") is None or shutil.which("debugfs") is None:
            return self.tap.skip("ext2", "e2fsck and debugfs are not installed (e2fsprogs)")
        options = ["--fs", "ext2", "--no-gpt"]
        self.make("65 GB ext2", options + ["--size", "65G"], [small])
        self.make("2 MB ext2", options + ["--size", "2M"], [os.path.join(self.work, "tiny")])
        self.make("directory of 100,000 ext2", options, [self.tar("--wide", "100000")])
        # Blocks of 1024: triple indirect begins at 64 MiB + 268 KiB.
        size = 100_000_000
        if not self.make("file to triple indirect ext2", options + ["--bsize", "1024"], [self.tar("--sparse", str(size))]):
            return None
        got = bytearray(run(["debugfs", "-R", "cat /sparse", self.image], text=False).stdout)
        self.tap.same(len(got), size, "file to triple indirect ext2: its size is right")
        good = True
        for start, n in ((0, 4096), (size // 2 // 4096 * 4096, 8192), (size - 5000, 5000)):
            good = good and got[start:start + n] == random.Random(start).randbytes(n)
            got[start:start + n] = bytes(n)
        return self.tap.ok(good and not any(got), "file to triple indirect ext2: its islands and holes are right")


def main():
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    smol, work = os.path.abspath(sys.argv[1]), os.path.abspath(os.path.join(sys.argv[2], "limits"))
    shutil.rmtree(work, ignore_errors=True)
    os.makedirs(work)
    run([sys.executable, SETS, "--small", "-o", work], check=True)
    limits = Limits(smol, work)
    limits.sizes(os.path.join(work, "base.tar.xz"))
    limits.ext2(os.path.join(work, "base.tar.xz"))
    limits.wide()
    limits.deep()
    limits.many()
    shutil.rmtree(work, ignore_errors=True)
    limits.tap.done()


if __name__ == "__main__":
    main()
