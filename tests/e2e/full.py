#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-2-Clause
#
# A full disk: on small tmpfs, smol image make must say so in one line, leave
# the old image as it was and nothing beside it.  TAP.
#
#   full.py SMOL WORK

import os
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from tap import Tap, run  # noqa: E402


def inside(smol, sets, mnt):
    """In a mount namespace of our own, as its root."""
    tap = Tap()
    base, special = os.path.join(sets, "base.tar.xz"), os.path.join(sets, "special.tar")
    image = os.path.join(mnt, "x.img")
    ample = dict(os.environ, SMOL_CACHE=os.path.join(sets, "cache"))
    # Sizes in KiB: less than the new image (29 MB) in steps; the old one (4 MB) is there already.
    for kib in (6000, 9000, 16000, 24000, 32000):
        run(["mount", "-t", "tmpfs", "-o", "size=%dk" % kib, "none", mnt], check=True)
        run([smol, "image", "make", "-q", "-o", image, base], env=ample, check=True)
        with open(image, "rb") as f:
            old = f.read()
        p = run([smol, "image", "make", "-q", "-o", image, base, special], env=ample)
        if p.returncode == 0:
            tap.ok(False, "%d KiB: it is full" % kib)
        else:
            tap.ok(p.returncode == 1 and p.stderr.count("\n") == 1 and "No space left" in p.stderr, "%d KiB full: one line says so" % kib,
                   p.returncode, p.stderr)
        with open(image, "rb") as f:
            tap.ok(f.read() == old, "%d KiB full: the old image is as it was" % kib)
        tap.same(os.listdir(mnt), ["x.img"], "%d KiB full: nothing beside it" % kib)
        # The cache on the full disk instead: an error, and no half of a blob is taken later.
        cache = os.path.join(mnt, "cache")
        other = os.path.join(sets, "other.img")
        p = run([smol, "image", "make", "-q", "-o", other, base, special], env=dict(os.environ, SMOL_CACHE=cache))
        if p.returncode == 0:
            tap.ok(True, "%d KiB: the cache fits" % kib)
        else:
            tap.ok(p.stderr.count("\n") == 1 and "No space left" in p.stderr, "%d KiB full cache: one line says so" % kib, p.stderr)
            tap.ok(not os.path.exists(other), "%d KiB full cache: no image" % kib)
        if os.path.exists(other):
            os.unlink(other)
        run(["umount", mnt], check=True)
    tap.done()


def main():
    smol, work = os.path.abspath(sys.argv[1]), os.path.abspath(os.path.join(sys.argv[2], "full"))
    if len(sys.argv) > 3:
        return inside(smol, os.path.join(work, "sets"), os.path.join(work, "mnt"))
    shutil.rmtree(work, ignore_errors=True)
    sets, mnt = os.path.join(work, "sets"), os.path.join(work, "mnt")
    os.makedirs(mnt)
    unshare = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    p = run(unshare + ["mount", "-t", "tmpfs", "none", mnt]) if shutil.which("unshare") else None
    if p is None or p.returncode != 0:
        print("1..0 # SKIP no tmpfs of our own: %s" % (p.stderr.strip() if p else "unshare is not installed"))
        return 0
    for options in (["--small"], ["--special"]):
        run([sys.executable, os.path.join(os.path.dirname(HERE), "synth", "sets.py"), "-o", sets] + options, check=True)
    p = run(unshare + [sys.executable, os.path.abspath(__file__), smol, sys.argv[2], "inside"], stdout=None, stderr=None)
    shutil.rmtree(work, ignore_errors=True)
    return p.returncode


if __name__ == "__main__":
    sys.exit(main())
